/* SPDX-License-Identifier: ISC */
/*
 * Limits and usage: what setrlimit says getrlimit tells, children and executed programs have it,
 * descriptors obey it; CPU time is that of who computed, sleeping costs none; names and numbers of
 * the system. What this prints is the same here and on Linux
 * (tests/tools/processes_match_linux.sh). argv[1]: the executed program.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>

#include "tests/same.h"

static void show_limit(const char *what, int which)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) < 0)
		say(what, -1);
	else if (limit.rlim_max == RLIM_INFINITY)
		printf("%s: %ld of any\n", what, (long)limit.rlim_cur);
	else
		printf("%s: %ld of %ld\n", what, (long)limit.rlim_cur, (long)limit.rlim_max);
	fflush(stdout);
}

static long set(int which, rlim_t soft, rlim_t hard)
{
	struct rlimit limit = { soft, hard };

	return setrlimit(which, &limit);
}

static void check_limits(void)
{
	static const int which[] = { RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_AS };
	char *argv[] = { (char *)"x", (char *)"limits", NULL };
	struct rlimit old, new = { 20, 25 };
	unsigned i;
	pid_t pid;

	for (i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		say("set", set(which[i], 1000000000, 2000000000));
		show_limit("is", which[i]);
	}
	say("processes", set(RLIMIT_NPROC, 900, 1000));
	show_limit("is", RLIMIT_NPROC);
	say("more than the hard one", set(RLIMIT_FSIZE, 2000000001, 2000000000));
	say("as much", set(RLIMIT_FSIZE, 2000000000, 2000000000));
	say("less", set(RLIMIT_FSIZE, 500000, 2000000000));
	show_limit("is", RLIMIT_FSIZE);
	say("prlimit", syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &new, &old));
	say("had more", old.rlim_cur > 20);
	show_limit("now", RLIMIT_NOFILE);
	say("of oneself by number", syscall(SYS_prlimit64, getpid(), RLIMIT_NOFILE, NULL, &old));
	say("is", (long)old.rlim_cur);
	pid = fork();
	if (pid == 0) {
		show_limit("a child has", RLIMIT_NOFILE);
		execv("/proc/self/exe", argv);
		_exit(1);
	}
	say("executed", ended(pid));
}

static void check_files(void)
{
	struct pollfd p[30];
	int fd, last = -1, ends[2], i;

	for (i = 0; i < 30; i++)
		p[i] = (struct pollfd){ .fd = -1 };
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	say("no more", fd);
	say("the last", last);
	say("dup", dup(0));
	say("pipe", pipe(ends));
	close(19);
	say("one is not two", pipe(ends));
	say("dup2 beyond", dup2(0, 20));
	say("F_DUPFD beyond", fcntl(0, F_DUPFD, 20));
	say("F_DUPFD from", fcntl(0, F_DUPFD, 10));
	say("poll of 20", poll(p, 20, 0));
	say("poll of 21", poll(p, 21, 0));
	set(RLIMIT_NOFILE, 10, 25);
	say("what is open stays", fcntl(19, F_GETFD));
	say("nothing new", dup(0));
	set(RLIMIT_NOFILE, 25, 25);
	say("up to the hard one", dup2(0, 24));
	for (i = 3; i < 25; i++)
		close(i);
}

/* ---- Usage ---- */

static long us_of(const struct timeval *t)
{
	return t->tv_sec * 1000000 + t->tv_usec;
}

static long used_us(int who)
{
	struct rusage usage;

	if (getrusage(who, &usage) < 0)
		return -1;
	return us_of(&usage.ru_utime) + us_of(&usage.ru_stime);
}

static long clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void compute(long us)
{
	long end = clock_us(CLOCK_PROCESS_CPUTIME_ID) + us;

	while (clock_us(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
}

static void check_usage(void)
{
	long used = used_us(RUSAGE_SELF), cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID), all;
	struct rusage usage;
	struct tms before, after;
	int status;
	pid_t pid;

	all = clock_us(CLOCK_MONOTONIC);
	compute(60000);
	say("computing takes CPU time", used_us(RUSAGE_SELF) - used >= 40000);
	say("by its clock too", clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu >= 60000);
	say("of the thread", clock_us(CLOCK_THREAD_CPUTIME_ID) >= 40000);
	say("not more than time", clock_us(CLOCK_MONOTONIC) - all >= 40000);
	cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	nap(300);
	say("sleeping does not", clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu < 200000);
	say("no children yet", used_us(RUSAGE_CHILDREN) < 20000);
	times(&before);
	pid = fork();
	if (pid == 0) {
		say("a child begins with little", clock_us(CLOCK_PROCESS_CPUTIME_ID) < 40000);
		if (fork() == 0) {
			compute(100000);
			_exit(0);
		}
		wait(NULL);
		compute(100000);
		_exit(0);
	}
	wait4(pid, &status, 0, &usage);
	say("wait4 tells both", us_of(&usage.ru_utime) + us_of(&usage.ru_stime) >= 150000);
	say("so do the children", used_us(RUSAGE_CHILDREN) >= 150000);
	times(&after);
	say("and times", after.tms_cutime + after.tms_cstime
		- before.tms_cutime - before.tms_cstime >= 15);
	say("times goes on", times(&after) > 0);
}

/* ---- The system ---- */

static void check_system(void)
{
	struct sched_param param;
	struct utsname names;
	struct sysinfo info;
	cpu_set_t cpus;
	unsigned cpu = 99, node = 99;
	int nice, nicer;

	uname(&names);
	printf("%s %s\n", names.sysname, names.machine);
	say("sysinfo", sysinfo(&info));
	say("makes sense", info.totalram > info.freeram && info.freeram > 0 && info.mem_unit == 1
		&& info.procs > 0 && info.uptime >= 0);
	CPU_ZERO(&cpus);
	say("affinity", sched_getaffinity(0, sizeof(cpus), &cpus));
	say("a CPU at least", CPU_COUNT(&cpus) > 0);
	say("getcpu", syscall(SYS_getcpu, &cpu, &node, NULL));
	say("is among them", CPU_ISSET((int)cpu, &cpus) != 0);
	say("affinity as it is", sched_setaffinity(0, sizeof(cpus), &cpus));
	CPU_ZERO(&cpus);
	CPU_SET(1000, &cpus);
	say("to none that is", sched_setaffinity(0, sizeof(cpus), &cpus));
	say("yield", sched_yield());
	say("scheduler", syscall(SYS_sched_getscheduler, 0));
	say("its parameters", syscall(SYS_sched_getparam, 0, &param));
	say("priority", param.sched_priority);
	say("most", syscall(SYS_sched_get_priority_max, SCHED_FIFO));
	say("least", syscall(SYS_sched_get_priority_min, SCHED_OTHER));
	say("of none", syscall(SYS_sched_get_priority_min, 99));
	nice = (int)(20 - syscall(SYS_getpriority, PRIO_PROCESS, 0)); /* of who tests */
	nicer = nice < 15 ? nice + 4 : 19;
	say("getpriority", nice >= -20 && nice < 20);
	say("of nobody", syscall(SYS_getpriority, PRIO_PROCESS, SAME_NOBODY));
	say("of what", syscall(SYS_getpriority, 9, 0));
	say("nicer", syscall(SYS_setpriority, PRIO_PROCESS, 0, nicer));
	say("is", 20 - nicer == syscall(SYS_getpriority, PRIO_PROCESS, 0));
	say("too nice is most", syscall(SYS_setpriority, PRIO_PROCESS, 0, 100));
	say("is", syscall(SYS_getpriority, PRIO_PROCESS, 0));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "limits")) {
		show_limit("executed, descriptors", RLIMIT_NOFILE);
		show_limit("file size", RLIMIT_FSIZE);
		show_limit("processes", RLIMIT_NPROC);
		return 3;
	}
	same_begin();
	check_limits();
	check_files();
	check_usage();
	check_system();
	return 0;
}
