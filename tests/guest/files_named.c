/* SPDX-License-Identifier: ISC */
/*
 * Names of files: several of one, moved, removed and made anew; what stat says of it; times; bytes
 * at a position in several pieces; room made before; descriptors closed in one go.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "tests/same.h"

static void make(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror(name);
	close(fd);
}

static long names_of(const char *name)
{
	struct stat info;

	return lstat(name, &info) < 0 ? -1 : (long)info.st_nlink;
}

static int is_same(const char *a, const char *b)
{
	struct stat one, other;

	return lstat(a, &one) == 0 && lstat(b, &other) == 0 && one.st_ino == other.st_ino;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
	struct dirent *entry;
	char *names[32];
	int count = 0, i;
	DIR *dir = opendir(path);

	while (dir != NULL && count < 32 && (entry = readdir(dir)) != NULL)
		if (asprintf(&names[count], "%s/%d", entry->d_name, entry->d_type) > 0)
			count++;
	qsort(names, (size_t)count, sizeof(names[0]), compare);
	printf("%s:", path);
	for (i = 0; i < count; i++)
		printf(" %s", names[i]);
	printf("\n");
	closedir(dir);
}

static void test_links(void)
{
	char text[32] = "";
	struct stat info;
	int fd;

	mkdir("dir", 0755);
	make("first", "what it says");
	say("a second name", link("first", "dir/second"));
	say("a third", linkat(AT_FDCWD, "dir/second", AT_FDCWD, "third", 0));
	say("names", names_of("first"));
	say("one file", is_same("first", "dir/second") && is_same("first", "third"));
	list(".");
	list("dir");
	say("taken", link("first", "third"));
	say("of a directory", link("dir", "other"));
	say("of nothing", link("nothing", "other"));
	say("into nothing", link("first", "nothing/other"));
	say("with a slash", link("first", "other/"));
	say("the first goes", unlink("first"));
	say("names", names_of("third"));
	fd = open("dir/second", O_RDWR | O_APPEND);
	say("it is still there", read(fd, text, sizeof(text)));
	printf("%s\n", text);
	say("written by one name", write(fd, "!", 1));
	stat("third", &info);
	say("seen by the other", info.st_size);
	make("first", "another");
	say("another of the same name", is_same("first", "third"));
	say("moved over its own other name", rename("third", "dir/second"));
	say("both stay", names_of("third"));
	say("moved over another file", rename("third", "first"));
	say("names", names_of("first"));
	say("moved away", rename("dir/second", "moved"));
	list("dir");
	say("names", names_of("moved"));
	say("both go", unlink("first") + unlink("moved"));
	fstat(fd, &info);
	say("names of what is open", (long)info.st_nlink);
	say("and it can be read", pread(fd, text, sizeof(text), 0));
	say("but not named again", linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH) < 0);
	close(fd);
	say("a link", symlink("dir", "link"));
	say("and another name of the link", link("link", "link2"));
	say("which is one", is_same("link", "link2") && names_of("link") == 2);
	say("or of where it leads", linkat(AT_FDCWD, "link", AT_FDCWD, "link3", AT_SYMLINK_FOLLOW));
	say("the text", readlink("link2", text, sizeof(text)));
	say("a file's directory", rmdir("dir") + unlink("link") + unlink("link2"));
	list(".");
}

static void test_times(void)
{
	struct timeval old[2] = { { 1000, 5 }, { 2000, 7 } }, bad[2] = { { 0, 0 }, { 0, 1000000 } };
	struct stat info;

	make("timed", "x");
	say("utimes", syscall(SYS_utimes, "timed", old));
	stat("timed", &info);
	say("seconds", (long)info.st_mtime);
	say("nanoseconds", info.st_mtim.tv_nsec);
	say("too many microseconds", syscall(SYS_utimes, "timed", bad));
	old[1].tv_sec = 3000;
	say("futimesat", syscall(SYS_futimesat, AT_FDCWD, "timed", old));
	stat("timed", &info);
	say("seconds", (long)info.st_mtime);
	say("of nothing", syscall(SYS_futimesat, AT_FDCWD, "nothing", old));
	unlink("timed");
}

static void test_bytes(void)
{
	char a[4] = "", b[8] = "";
	struct iovec parts[2] = { { a, 3 }, { b, 5 } };
	struct stat info;
	int fd = open("bytes", O_RDWR | O_CREAT, 0600), other;

	say("made", write(fd, "0123456789", 10));
	say("preadv", preadv(fd, parts, 2, 2));
	printf("%s %s\n", a, b);
	say("pwritev", pwritev(fd, parts, 2, 8));
	say("the position stays", lseek(fd, 0, SEEK_CUR));
	say("before the start", preadv(fd, parts, 2, -1));
	fstat(fd, &info);
	say("size", info.st_size);
	say("room", fallocate(fd, 0, 10, 100));
	say("room that is there", fallocate(fd, 0, 0, 5));
	say("no room", fallocate(fd, 0, 0, 0));
	fstat(fd, &info);
	say("size", info.st_size);
	say("zeros", pread(fd, a, 1, 109) == 1 && a[0] == 0);
	say("as safe as it gets", syncfs(fd) + sync_file_range(fd, 0, 10, 0));
	other = dup2(fd, 20);
	say("closed in one go", syscall(SYS_close_range, 10, 30, 0));
	say("it is", fcntl(other, F_GETFD));
	say("in the wrong order", syscall(SYS_close_range, 30, 10, 0));
	say("on exec", syscall(SYS_close_range, fd, ~0u, 4));
	say("then", fcntl(fd, F_GETFD));
	close(fd);
	unlink("bytes");
}

int main(void)
{
	same_begin();
	if (mkdir("named", 0755) < 0 || chdir("named") < 0)
		return 1;
	test_links();
	test_times();
	test_bytes();
	return chdir("..") < 0 || rmdir("named") < 0;
}
