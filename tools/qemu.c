/* SPDX-License-Identifier: ISC */
/* Builds QEMU's command line and starts it (see qemu.h). One machine a run, no locks. */
#include "tools/qemu.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { QEMU_ARGUMENTS = 64 };

struct qemu_command {
	char *argument[QEMU_ARGUMENTS + 1];
	unsigned int count;
};

__attribute__((format(printf, 2, 3)))
static void qemu_add(struct qemu_command *command, const char *format, ...)
{
	va_list arguments;

	if (command->count == QEMU_ARGUMENTS)
		run_end(RUN_QEMU, "QEMU's command line is too long");
	va_start(arguments, format);
	if (vasprintf(&command->argument[command->count++], format, arguments) < 0)
		run_end(RUN_QEMU, "out of memory");
	va_end(arguments);
}

static void qemu_add_pair(struct qemu_command *command, const char *option, const char *value)
{
	qemu_add(command, "%s", option);
	qemu_add(command, "%s", value);
}

/* A socket that is a character device of the machine: name, and its end in QEMU. */
static void qemu_add_channel(struct qemu_command *command, const char *name, int fd)
{
	qemu_add(command, "-chardev");
	qemu_add(command, "socket,id=%s,fd=%d", name, fd);
}

static void qemu_add_machine(struct qemu_command *command, const struct run_options *options,
	int memory_fd)
{
	qemu_add(command, "-machine");
	qemu_add(command, "%s,memory-backend=ram", options->machine);
	qemu_add(command, "-object");
	qemu_add(command, "memory-backend-file,id=ram,share=on,mem-path=/proc/self/fd/%d,"
		"size=%" PRIu64 "k", memory_fd, options->memory_bytes >> 10);
	qemu_add_pair(command, "-accel", "tcg");
	qemu_add_pair(command, "-cpu", options->cpu != NULL ? options->cpu : options->arch->cpu);
	qemu_add(command, "-m");
	qemu_add(command, "size=%" PRIu64 "k", options->memory_bytes >> 10);
	qemu_add(command, "-smp");
	qemu_add(command, "%u", options->cpus);
	qemu_add_pair(command, "-display", "none");
	qemu_add(command, "-nodefaults");
	qemu_add(command, "-no-user-config");
	qemu_add(command, "-no-reboot");
	if (options->icount != NULL)
		qemu_add_pair(command, "-icount", options->icount);
	if (options->plugin != NULL)
		qemu_add_pair(command, "-plugin", options->plugin);
	if (options->gdb_port != 0) {
		qemu_add(command, "-S");
		qemu_add(command, "-gdb");
		qemu_add(command, "tcp:127.0.0.1:%u", options->gdb_port);
	}
}

static void qemu_add_images(struct qemu_command *command, const struct run_options *options,
	int archive_fd)
{
	char *line = NULL;
	size_t size;
	FILE *stream = open_memstream(&line, &size);
	bool is_epoch_told = options->icount != NULL;
	unsigned int i;

	qemu_add_pair(command, "-kernel", options->boot_image);
	qemu_add(command, "-initrd");
	qemu_add(command, "/proc/self/fd/%d", archive_fd);
	if (stream == NULL)
		run_end(RUN_QEMU, "out of memory");
	for (i = 0; i < options->word_count; i++)
		is_epoch_told |= strncmp(options->words[i], "epoch=", 6) == 0;
	fprintf(stream, "hz=%u", options->hz);
	if (!is_epoch_told)
		fprintf(stream, " epoch=%" PRIdMAX, (intmax_t)time(NULL));
	for (i = 0; i < options->word_count; i++)
		fprintf(stream, " %s", options->words[i]);
	fclose(stream);
	qemu_add_pair(command, "-append", line);
	free(line);
}

/* What takes the kernel's last words, and ends QEMU: a port, or calls of the debugger's host. */
static void qemu_add_end(struct qemu_command *command, const struct run_options *options, int end)
{
	qemu_add_channel(command, "end", end);
	if (options->arch->elf == EM_AARCH64) {
		qemu_add_pair(command, "-semihosting-config",
			"enable=on,target=native,chardev=end");
		return;
	}
	qemu_add_pair(command, "-device", "isa-debugcon,iobase=0xe9,chardev=end");
	qemu_add_pair(command, "-device", "isa-debug-exit,iobase=0xf4,iosize=4");
}

static int qemu_socket_pair(int *theirs)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		run_end(RUN_QEMU, "no socket for QEMU: %s", strerror(errno));
	fcntl(ends[1], F_SETFD, 0);
	*theirs = ends[1];
	return ends[0];
}

__attribute__((noreturn))
static void qemu_execute(char **argument, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(QEMU_NOT_FOUND);
	dup2(null, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argument[0], argument);
	_exit(QEMU_NOT_FOUND);
}

void qemu_create(struct qemu *qemu, const struct run_options *options, int archive_fd,
	int memory_fd)
{
	struct qemu_command command = { .count = 0 };
	int serial, end, monitor;
	pid_t self = getpid();

	qemu->serial = qemu_socket_pair(&serial);
	qemu->end = qemu_socket_pair(&end);
	qemu->monitor = qemu_socket_pair(&monitor);

	qemu_add(&command, "%s", options->arch->qemu);
	qemu_add_machine(&command, options, memory_fd);
	qemu_add_images(&command, options, archive_fd);
	qemu_add_channel(&command, "serial", serial);
	qemu_add_pair(&command, "-serial", "chardev:serial");
	qemu_add_end(&command, options, end);
	qemu_add_channel(&command, "monitor", monitor);
	qemu_add_pair(&command, "-mon", "chardev=monitor,mode=readline");

	qemu->pid = fork();
	if (qemu->pid < 0)
		run_end(RUN_QEMU, "no process for QEMU: %s", strerror(errno));
	if (qemu->pid == 0)
		qemu_execute(command.argument, self);
	close(serial);
	close(end);
	close(monitor);
	while (command.count > 0)
		free(command.argument[--command.count]);
}
