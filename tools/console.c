/* SPDX-License-Identifier: ISC */
/*
 * Relays the console and waits for the machine's end (see console.h). All state is on the stack
 * of console_run; signals arrive through a descriptor, so nothing runs beside the loop.
 */
#include "tools/console.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "abi/exo.h"
#include "tools/hang.h"
#include "tools/post_mortem.h"
#include "tools/symbolize.h"

enum {
	CONSOLE_LEAVE_KEY = 0x1d,	/* Ctrl-] */
	CONSOLE_GRACE_S = 2,		/* what the backtrace of one that hangs may take */
	CONSOLE_END_LINE = 256,
	CONSOLE_NO_STATUS = -1,
};

enum console_state {
	CONSOLE_RUNNING,
	CONSOLE_TIMED_OUT,	/* asked where it is, the answer awaited */
	CONSOLE_LEFT,
	CONSOLE_ENDED,
};

struct console {
	struct qemu *qemu;
	struct memory *memory;
	const struct run_options *options;
	enum console_state state;
	double deadline_s;		/* on the monotonic clock; 0: none */
	struct symbolize symbolize;
	struct hang hang;
	char last[CONSOLE_END_LINE];	/* the kernel's unfinished last words */
	unsigned int last_length;
	int status;			/* what the kernel said, or CONSOLE_NO_STATUS */
	char typed[256];		/* read from the user, not yet taken by the machine */
	size_t typed_at, typed_end;
	bool terminal;			/* saved is to be restored */
	struct termios saved;
};

static double console_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void console_terminal_open(struct console *console)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
	    tcgetattr(STDIN_FILENO, &console->saved) != 0)
		return;
	raw = console->saved;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	console->terminal = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void console_terminal_close(struct console *console)
{
	if (console->terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &console->saved);
	console->terminal = false;
}

static bool console_write(int fd, const char *bytes, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t n = write(fd, bytes, size_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		size_bytes -= (size_t)n;
	}
	return true;
}

static const char *console_death_name(uint64_t status)
{
	switch (EXO_STATUS_DEATH(status)) {
	case EXO_DEATH_EXIT:
		return "exited with more than a byte";
	case EXO_DEATH_UPCALL_STACK:
		return "died: an upcall found no room on its stack";
	case EXO_DEATH_NO_ENTRY:
		return "died: an upcall found no entry";
	case EXO_DEATH_LAST_VCPU:
		return "died: its last vcpu stopped";
	default:
		return "died";
	}
}

/* A line of the kernel's end channel: "exit N" (RUN_RESTART: start it again), "panic", "info
 * ADDRESS" (at boot), or a remark for the user. */
static void console_take_last(struct console *console)
{
	uint64_t status, physical;

	console->last[console->last_length] = '\0';
	console->last_length = 0;
	if (sscanf(console->last, "exit %" SCNu64, &status) == 1) {
		console->status = (int)status;
		if (status > 255 && status != RUN_RESTART) {
			fprintf(stderr, "chitin-run: the first program %s (status 0x%" PRIx64 ")\n",
				console_death_name(status), status);
			console->status = RUN_DIED;
		}
	} else if (strncmp(console->last, "panic", 5) == 0) {
		fprintf(stderr, "chitin-run: kernel %s\n", console->last);
		console->status = RUN_PANIC;
	} else if (sscanf(console->last, "info 0x%" SCNx64, &physical) == 1) {
		memory_set_info(console->memory, physical);
	} else {
		fprintf(stderr, "kernel: %s\n", console->last);
	}
}

/* Read what there is; false at the end of the stream, which is QEMU's end. */
static bool console_from_end(struct console *console)
{
	char buffer[CONSOLE_END_LINE];
	ssize_t i, n = read(console->qemu->end, buffer, sizeof(buffer));

	for (i = 0; i < n; i++) {
		if (buffer[i] == '\n')
			console_take_last(console);
		else if (console->last_length < CONSOLE_END_LINE - 1)
			console->last[console->last_length++] = buffer[i];
	}
	return n > 0;
}

static bool console_from_serial(struct console *console)
{
	char buffer[4096];
	ssize_t n = read(console->qemu->serial, buffer, sizeof(buffer));

	if (n <= 0)
		return false;
	symbolize_scan(&console->symbolize, buffer, (size_t)n);
	return console_write(STDOUT_FILENO, buffer, (size_t)n);
}

/* Read what the user typed; false when no more will come. The end of a file or a pipe becomes the
 * key that says so on the console's terminal, Ctrl-D: twice after an unfinished line, which the
 * first only hands over. */
static bool console_from_user(struct console *console)
{
	bool is_line = console->typed_end == 0 || console->typed[console->typed_end - 1] == '\n';
	ssize_t n = read(STDIN_FILENO, console->typed, sizeof(console->typed));

	console->typed_at = 0;
	console->typed_end = n > 0 ? (size_t)n : 0;
	if (n == 0 && !console->terminal) {
		console->typed[console->typed_end++] = '\004';
		if (!is_line)
			console->typed[console->typed_end++] = '\004';
	}
	if (n > 0 && console->terminal && memchr(console->typed, CONSOLE_LEAVE_KEY, (size_t)n))
		console->state = CONSOLE_LEFT;
	return n > 0 && console->state != CONSOLE_LEFT;
}

/* Give the machine what it takes of that now: waiting for it here, while it waits for us to read
 * its output, would be for ever. */
static void console_to_serial(struct console *console)
{
	ssize_t n = send(console->qemu->serial, console->typed + console->typed_at,
		console->typed_end - console->typed_at, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		console->typed_at += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		console->typed_at = console->typed_end;
}

static void console_on_deadline(struct console *console)
{
	if (console->state == CONSOLE_TIMED_OUT) {
		console->state = CONSOLE_ENDED;
		return;
	}
	fprintf(stderr, "chitin-run: no end within %u s; asking the kernel where it is\n",
		console->options->timeout_s);
	console->state = CONSOLE_TIMED_OUT;
	console->deadline_s = console_now_s() + CONSOLE_GRACE_S;
	if (console->options->arch->elf == EM_AARCH64)
		console_write(console->qemu->monitor, HANG_QUESTION, strlen(HANG_QUESTION));
	else
		console_write(console->qemu->monitor, "nmi\n", 4);
}

/* Read what there is; false at the end of the stream. Only what answers our question matters. */
static bool console_from_monitor(struct console *console)
{
	char buffer[4096];
	ssize_t n = read(console->qemu->monitor, buffer, sizeof(buffer));

	if (n > 0 && console->state == CONSOLE_TIMED_OUT
	    && hang_take(&console->hang, buffer, (size_t)n, console->options->cpus))
		console->state = CONSOLE_ENDED;
	return n > 0;
}

/* Milliseconds to the deadline for poll; -1 if there is none. */
static int console_wait_ms(const struct console *console)
{
	double left_s = console->deadline_s - console_now_s();

	if (console->deadline_s == 0)
		return -1;
	return left_s > 0 ? (int)(left_s * 1e3) + 1 : 0;
}

static void console_loop(struct console *console, int signals)
{
	struct pollfd fds[] = {
		{ .fd = console->qemu->serial, .events = POLLIN },
		{ .fd = console->qemu->end, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = console->qemu->monitor, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	int user = STDIN_FILENO;

	/* The two channels end with QEMU; both are read to their ends. */
	while ((fds[0].fd >= 0 || fds[1].fd >= 0) &&
	       (console->state == CONSOLE_RUNNING || console->state == CONSOLE_TIMED_OUT)) {
		bool has_typed = console->typed_at < console->typed_end;

		fds[0].events = has_typed ? POLLIN | POLLOUT : POLLIN;
		fds[2].fd = has_typed ? -1 : user;
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), console_wait_ms(console)) == 0) {
			console_on_deadline(console);
			continue;
		}
		if (fds[0].revents & POLLOUT)
			console_to_serial(console);
		if (fds[0].revents & ~POLLOUT && !console_from_serial(console))
			fds[0].fd = -1;
		if (fds[1].revents != 0 && !console_from_end(console))
			fds[1].fd = -1;
		if (fds[2].revents != 0 && !console_from_user(console))
			user = -1;
		if (fds[3].revents != 0 && !console_from_monitor(console))
			fds[3].fd = -1;
		if (fds[4].revents != 0)
			console->state = CONSOLE_LEFT;
	}
}

/* QEMU has ended, or is ended here: turn what is known into the status of chitin-run. */
static int console_end(struct console *console)
{
	bool timed_out = console->state == CONSOLE_TIMED_OUT || console->state == CONSOLE_ENDED;
	int status;

	if (console->state != CONSOLE_RUNNING)
		kill(console->qemu->pid, SIGKILL);
	while (waitpid(console->qemu->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (console->state == CONSOLE_LEFT)
		return RUN_LEFT;
	if (timed_out)
		return RUN_TIMEOUT;
	if (console->status != CONSOLE_NO_STATUS)
		return console->status;
	if (WIFEXITED(status) && WEXITSTATUS(status) == QEMU_NOT_FOUND)
		fprintf(stderr, "chitin-run: no %s: install %s\n", console->options->arch->qemu,
			console->options->arch->qemu_package);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		fprintf(stderr, "chitin-run: the machine was reset: the kernel faulted thrice\n");
		return RUN_PANIC;
	} else {
		fprintf(stderr, "chitin-run: QEMU failed, wait status 0x%x\n", (unsigned)status);
	}
	return RUN_QEMU;
}

int console_run(struct qemu *qemu, struct memory *memory, const struct run_options *options)
{
	struct console console = { .qemu = qemu, .memory = memory, .options = options,
		.status = CONSOLE_NO_STATUS };
	sigset_t signals;
	int status;

	if (options->timeout_s != 0)
		console.deadline_s = console_now_s() + options->timeout_s;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	console_terminal_open(&console);
	console_loop(&console, signalfd(-1, &signals, SFD_CLOEXEC));
	status = console_end(&console);
	console_terminal_close(&console);
	hang_print(&console.hang, memory, &console.symbolize);
	symbolize_print(&console.symbolize, options);
	if (console.status == RUN_PANIC)
		post_mortem_print(memory, options);
	return status;
}
