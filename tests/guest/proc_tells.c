/* SPDX-License-Identifier: ISC */
/*
 * /proc, as far as a program may rely on it: itself, its descriptors, memory and children there, by
 * number and as self; what is not there and what cannot be done; the machine's clocks and memory.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>

#include "tests/same.h"

static char text[65536];

static long slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	long all = 0, n = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	close(fd);
	text[all] = '\0';
	return all;
}

static const char *of(pid_t pid, const char *name)
{
	static char path[100];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return path;
}

/* The n-th word of the text behind the name in brackets, which is number 2. */
static const char *word(int n)
{
	static char copy[4096];
	char *at = strrchr(strcpy(copy, text), ')'), *one = NULL;

	for (one = at ? strtok(at + 1, " \n") : NULL; one && n > 3; n--)
		one = strtok(NULL, " \n");
	return one ? one : "none";
}

static char state(pid_t pid)
{
	return slurp(of(pid, "stat")) > 0 ? word(3)[0] : '-';
}

static void myself(void)
{
	char target[300], mine[20], *line;
	ssize_t n = readlink("/proc/self", target, sizeof(target) - 1);
	struct stat info, other;

	snprintf(mine, sizeof(mine), "%d", getpid());
	target[n > 0 ? n : 0] = '\0';
	say("self is my number", strcmp(target, mine) == 0);
	slurp("/proc/self/stat");
	say("stat begins with it", atoi(text) == getpid());
	printf("state %s\n", word(3));
	say("parent", atoi(word(4)) == getppid());
	say("group and session", atoi(word(5)) == getpgrp() && atoi(word(6)) == getsid(0));
	say("52 words", strcmp(word(52), "none") != 0 && strcmp(word(53), "none") == 0);
	say("bytes of memory", atol(word(23)) > 4096);
	prctl(PR_SET_NAME, "a b)c");
	slurp("/proc/self/comm");
	printf("comm: %s", text);
	slurp("/proc/self/status");
	printf("status: %.11s\n", text);
	line = strstr(text, "\nPid:\t");
	say("it has a Pid", line && atoi(line + 6) == getpid());
	n = readlink("/proc/self/exe", target, sizeof(target));
	say("exe leads to this program", n > 1 && stat("/proc/self/exe", &info) == 0
		&& info.st_size > 9999);
	say("which is the same by number", stat(of(getpid(), "exe"), &other) == 0
		&& other.st_ino == info.st_ino);
	n = slurp("/proc/self/cmdline");
	say("its only argument ends in NUL", n > 0 && strlen(text) == (size_t)n - 1);
}

/* Only a name that can be read whole is taken. */
static void names(void)
{
	char *end = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[16];

	end += 4096;
	munmap(end, 4096);
	memcpy(end - 4, "lost", 4);
	say("half a name is none", prctl(PR_SET_NAME, end - 4) < 0 && errno == EFAULT);
	prctl(PR_GET_NAME, name);
	printf("the former stays: %s, ", name);
	slurp("/proc/self/comm");
	printf("%s", text);
	memcpy(end - 15, "fifteen letters", 15);
	say("fifteen need no end", prctl(PR_SET_NAME, end - 15) == 0);
	prctl(PR_GET_NAME, name);
	printf("name: %s\n", name);
	prctl(PR_SET_NAME, "b\0behind its end");
	prctl(PR_GET_NAME, name);
	say("nothing is behind a name's end", strcmp(name, "b") == 0 && !name[2] && !name[14]);
}

static void descriptors(void)
{
	char path[40], target[300], byte = 0;
	int fd, again, ends[2], count = 0;
	struct stat info, other;
	struct dirent *entry;
	ssize_t n;
	DIR *dir;

	fd = open("file", O_RDWR | O_CREAT, 0600);
	if (write(fd, "abc", 3) != 3 || pipe(ends) < 0)
		perror("file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	say("a file's path", n >= 5 && strcmp(target + n - 5, "/file") == 0);
	say("lstat says a link", lstat(path, &info) == 0 && S_ISLNK(info.st_mode));
	say("stat the file", stat(path, &info) == 0 && fstat(fd, &other) == 0
		&& info.st_ino == other.st_ino);
	again = open(path, O_RDONLY);
	say("opened anew it begins anew", read(again, &byte, 1) == 1 && byte == 'a');
	close(again);
	unlink("file");
	again = open(path, O_RDONLY);
	say("without a name too", read(again, &byte, 1) == 1 && byte == 'a');
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	say("and says so", strstr(target, "file (deleted)") != NULL);
	close(fd);
	say("closed", readlink(path, target, sizeof(target)));
	say("opened then", open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	n = readlink(path, target, sizeof(target) - 1);
	printf("a pipe: %.6s\n", n > 6 ? target : "none");
	if (write(ends[1], "p", 1) != 1)
		perror("pipe");
	fd = open(path, O_RDONLY | O_NONBLOCK);
	say("is opened by its number", read(fd, &byte, 1) == 1 && byte == 'p');
	close(fd);
	dir = opendir("/proc/self/fd");
	while (dir && (entry = readdir(dir)))
		count += atoi(entry->d_name) > 2 && entry->d_type == DT_LNK;
	say("listed from 3 on", count);
	closedir(dir);
	say("/dev/stdin is standard input", stat("/dev/stdin", &info) == 0 && fstat(0, &other) == 0
		&& info.st_ino == other.st_ino);
	close(again);
	close(ends[0]);
	close(ends[1]);
}

/* The line of maps that has this address: what may be done there. */
static void map_of(const char *what, const void *address)
{
	unsigned long start, end;
	char rights[5], *line, *save = NULL;

	slurp("/proc/self/maps");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3
		    && start <= (unsigned long)address && (unsigned long)address < end) {
			printf("%s: %s%s\n", what, rights, strstr(line, "[stack]") ? " stack"
				: strstr(line, "[heap]") ? " heap" : "");
			return;
		}
	printf("%s: not there\n", what);
}

static void memory(void)
{
	char *map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0);
	int local = 0;

	mprotect(map + 4096, 4096, PROT_NONE);
	map_of("a map", map);
	map_of("its middle", map + 4096);
	map_of("its end", map + 2 * 4096);
	munmap(map, 3 * 4096);
	map_of("unmapped", map);
	map_of("stack", &local);
	map_of("break", (sbrk(8192), (char *)sbrk(0) - 1));
	map_of("code", (const void *)(uintptr_t)myself);
	map_of("data", text);
}

static void children(void)
{
	int ends[2], status;
	char byte;
	pid_t pid;

	if (pipe(ends) < 0)
		perror("pipe");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, "child");
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	if (read(ends[0], &byte, 1) != 1)
		perror("read");
	slurp(of(pid, "comm"));
	printf("a child's name: %s", text);
	slurp(of(pid, "stat"));
	say("its parent", atoi(word(4)) == getpid());
	say("its descriptor", access(of(pid, "fd/1"), F_OK));
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	printf("stopped: %c\n", state(pid));
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	printf("dead: %c\n", state(pid));
	say("the dead one's arguments", slurp(of(pid, "cmdline")));
	waitpid(pid, &status, 0);
	say("waited for", access(of(pid, "stat"), F_OK));
	say("nobody", access(of(SAME_NOBODY, "stat"), F_OK));
	say("a number with a zero before it", access("/proc/01", F_OK));
}

static void refused(void)
{
	char here[20];

	snprintf(here, sizeof(here), "/proc/%d", getpid());
	say("a new file", open("/proc/new", O_CREAT | O_WRONLY, 0600));
	say("a new directory", mkdir("/proc/new", 0700));
	say("one of a process", mkdir(of(getpid(), "new"), 0700));
	say("removed", unlink(of(getpid(), "stat")));
	say("a directory removed", rmdir(here));
	say("moved", rename(of(getpid(), "stat"), "stat"));
	say("another name", link(of(getpid(), "stat"), "stat"));
}

static double number_in(const char *path)
{
	slurp(path);
	return atof(text);
}

static void machine(void)
{
	struct sysinfo info;
	double up = number_in("/proc/uptime");
	const char *line;

	sysinfo(&info);
	say("uptime as sysinfo", up <= (double)info.uptime + 1 && up >= (double)info.uptime - 2);
	say("and goes on", (usleep(20000), number_in("/proc/uptime") > up));
	slurp("/proc/meminfo");
	line = strstr(text, "MemTotal:");
	say("memory as sysinfo", line && strtoul(line + 9, NULL, 10)
		== info.totalram * info.mem_unit / 1024);
	say("free memory", strstr(text, "\nMemFree:") && strstr(text, "\nMemAvailable:"));
	slurp("/proc/stat");
	say("stat", strncmp(text, "cpu  ", 5) == 0 && strstr(text, "\nbtime ") != NULL);
	say("loadavg", slurp("/proc/loadavg") > 0 && strchr(text, '/') != NULL);
	say("mounts", slurp("/proc/mounts") > 0 && strstr(text, " /proc proc ") != NULL);
	say("cpuinfo", slurp("/proc/cpuinfo") > 0 && strncmp(text, "processor\t: 0\n", 14) == 0);
	slurp("/proc/version");
	printf("%.13s\n", text);
}

int main(void)
{
	same_begin();
	myself();
	names();
	descriptors();
	memory();
	children();
	refused();
	machine();
	return 0;
}
