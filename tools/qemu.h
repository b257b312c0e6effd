/* SPDX-License-Identifier: ISC */
/* Starts the machine: QEMU's command line, its process and the sockets to it. */
#ifndef TOOLS_QEMU_H
#define TOOLS_QEMU_H

#include <sys/types.h>

#include "tools/run.h"

/* A running machine. Each of the sockets reads end-of-file once QEMU has gone. */
struct qemu {
	pid_t pid;
	int serial;	/* the console, both ways */
	int end;	/* the kernel's last words: a line "exit N" or "panic" */
	int monitor;	/* QEMU's human monitor */
};

/*
 * Start QEMU with the archive that is open at archive_fd, and the file open at memory_fd as its
 * RAM. QEMU is killed when this process dies. Ends the run with RUN_QEMU if no process can be had;
 * that QEMU itself is missing or refuses is seen by its exit status.
 */
void qemu_create(struct qemu *qemu, const struct run_options *options, int archive_fd,
	int memory_fd);

/* What QEMU exits with when it could not be executed at all. */
#define QEMU_NOT_FOUND 127

#endif
