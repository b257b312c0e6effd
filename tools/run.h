/* SPDX-License-Identifier: ISC */
/* What chitin-run's parts share: the options of one run, and the ways it can end. */
#ifndef TOOLS_RUN_H
#define TOOLS_RUN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Exit statuses of chitin-run beside the program's own. A program may use these numbers too;
 * when they are chitin-run's, a line that begins with "chitin-run:" says so.
 */
enum run_status {
	RUN_USAGE = 2,		/* bad usage or bad input, nothing was booted */
	RUN_DIED = 123,		/* the first program did not exit but was ended by the kernel */
	RUN_TIMEOUT = 124,	/* --timeout passed */
	RUN_PANIC = 125,	/* the kernel panicked or reset the machine */
	RUN_QEMU = 126,		/* QEMU could not be started or failed */
	RUN_LEFT = 130,		/* left with Ctrl-] or by a signal */
	RUN_RESTART = 256,	/* no exit status: the machine is to be started again */
};

/* One --add FILE=PATH. */
struct run_file {
	const char *file;	/* on the host */
	const char *path;	/* in the archive, without a leading slash */
};

/* What depends on the architecture of the machine. */
struct run_arch {
	const char *name;		/* of --arch */
	const char *human;		/* "x86-64" */
	unsigned int elf;		/* e_machine of its programs */
	const char *qemu;		/* the emulator, and Debian's package of it */
	const char *qemu_package;
	const char *gdb;		/* a debugger that knows its CPU */
	const char *cpu;
	const char *machines[3];	/* of --machine, the usual one first; ended by NULL */
	const char *kernel, *libos;	/* images; of the kernel also what QEMU boots */
	const char *boot_image;
};

struct run_options {
	const struct run_arch *arch;
	unsigned int cpus;
	const char *cpu;		/* of QEMU's; NULL: arch->cpu */
	uint64_t memory_bytes;
	unsigned int hz;
	unsigned int timeout_s;		/* 0: none */
	unsigned int gdb_port;		/* 0: no debugger */
	bool raw;			/* the program itself is the first program */
	const char *icount;		/* of QEMU's option; NULL: a real clock */
	const char *machine;		/* one of arch->machines */
	const char *plugin;		/* of QEMU's, with its arguments; NULL: none */
	const char *kernel;		/* with symbols ... */
	const char *boot_image;		/* ... and as QEMU boots it */
	const char *libos;
	const char *archive;		/* only write the archive, to this file */
	const char *trace;		/* write the timeline to this file; NULL: no trace */
	const char *program;
	const char **arguments;		/* argv[1] and on, ended by NULL */
	unsigned int add_count;
	struct run_file *add;
	unsigned int env_count;
	const char **env;
	unsigned int word_count;
	const char **words;		/* of the kernel's command line */
};

/* Print "chitin-run: ..." as one line and exit with the given status. */
__attribute__((noreturn, format(printf, 2, 3)))
void run_end(enum run_status status, const char *format, ...);

#endif
