/* SPDX-License-Identifier: ISC */
/*
 * A terminal with somebody at it: runs a command on a new one and does what the lines on standard
 * input say:
 *	> TEXT	wait until TEXT has come, after what the line before waited for
 *	< TEXT	type TEXT
 * with C's escapes \r \n \t \\ \xHH in TEXT. All that comes goes to standard output. Exits with the
 * command's status; 254: a text did not come before the command ended or ALARM seconds had passed.
 *	usage: terminal ALARM COMMAND [ARGUMENT]... <LINES
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_SEEN = 254, TEXT = 1024 };

struct terminal {
	int fd;
	char *seen;	/* since the last match */
	size_t count;
	pid_t pid;	/* of the command, which is its group's number too */
	char text[TEXT];
};

static struct terminal terminal;

static void fail(const char *what)
{
	perror(what);
	exit(NOT_SEEN);
}

/* The command does not outlive us. */
static void leave(void)
{
	kill(-terminal.pid, SIGKILL);
	_exit(NOT_SEEN);
}

static void late(int number)
{
	static const char said[] = "\nterminal: too late; waited for: ";

	(void)number;
	if (write(2, said, sizeof(said) - 1) < 0
			|| write(2, terminal.text, strlen(terminal.text)) < 0)
		leave();
	leave();
}

static void child(int fd, char **command)
{
	setsid();
	if (ioctl(fd, TIOCSCTTY, 0) < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		fail("terminal");
	execvp(command[0], command);
	fail(command[0]);
}

/* Take escapes apart, in place; how many bytes. */
static size_t unescape(char *text)
{
	char *from = text, *to = text, hex[3] = "";

	for (; *from != '\0' && *from != '\n'; from++) {
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		switch (*++from) {
		case 'r':
			*to++ = '\r';
			break;
		case 'n':
			*to++ = '\n';
			break;
		case 't':
			*to++ = '\t';
			break;
		case 'x':
			memcpy(hex, from + 1, 2);
			*to++ = (char)strtol(hex, NULL, 16);
			from += 2;
			break;
		default:
			*to++ = *from;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* Read what comes; false at the end of the command. */
static int hear(void)
{
	char chunk[4096];
	ssize_t n = read(terminal.fd, chunk, sizeof(chunk));

	if (n <= 0)
		return 0;
	if (write(1, chunk, (size_t)n) != n)
		fail("terminal");
	terminal.seen = realloc(terminal.seen, terminal.count + (size_t)n);
	if (terminal.seen == NULL)
		fail("terminal");
	memcpy(terminal.seen + terminal.count, chunk, (size_t)n);
	terminal.count += (size_t)n;
	return 1;
}

/* Wait for a text; false: it does not come. */
static int await(const char *text, size_t bytes)
{
	char *at;

	while ((at = memmem(terminal.seen, terminal.count, text, bytes)) == NULL)
		if (!hear())
			return 0;
	terminal.count -= (size_t)(at - terminal.seen) + bytes;
	memmove(terminal.seen, at + bytes, terminal.count);
	return 1;
}

int main(int argc, char **argv)
{
	int status, slave;
	char line[TEXT];

	if (argc < 3)
		return NOT_SEEN;
	terminal.seen = malloc(1);
	terminal.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal.fd < 0 || grantpt(terminal.fd) < 0 || unlockpt(terminal.fd) < 0)
		fail("terminal");
	slave = open(ptsname(terminal.fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		fail("terminal");
	terminal.pid = fork();
	if (terminal.pid == 0)
		child(slave, argv + 2);
	close(slave);
	signal(SIGALRM, late);
	alarm((unsigned)atoi(argv[1]));
	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t bytes;

		strcpy(terminal.text, line);
		if (strlen(line) < 3)
			continue;
		bytes = unescape(line + 2);
		if (line[0] == '<' && write(terminal.fd, line + 2, bytes) != (ssize_t)bytes)
			fail("terminal");
		if (line[0] == '>' && !await(line + 2, bytes)) {
			fprintf(stderr, "\nterminal: did not come: %s", terminal.text);
			leave();
		}
	}
	while (hear())
		continue;
	waitpid(terminal.pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_SEEN;
}
