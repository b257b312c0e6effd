/* SPDX-License-Identifier: ISC */
/*
 * Linux: the system calls of Linux, answered in the process itself. Every handler has the same
 * shape: it takes the call's six arguments from struct linux_call and returns the result register,
 * negative error numbers included. Handlers run in library context on the calling thread's library
 * stack, masked; they touch the program's memory through vm_read and vm_write only.
 */
#ifndef LIBOS_LINUX_LINUX_H
#define LIBOS_LINUX_LINUX_H

#include "libos/fs/open.h"
#include "libos/linux/errno.h"
#include "libos/linux/saved.h"
#include "libos/linux/signal.h"
#include "libos/state.h"

enum { LINUX_CALLS = 512 };

/* In the place of a directory's descriptor: the current directory. */
enum { LINUX_AT_CWD = -100 };

/* A thread in futex_wait, on its own library stack. */
struct futex_waiter {
	struct futex_waiter *next;
	uint64_t address;
	uint32_t bits;
	bool is_woken;
	struct wait_queue queue;
};

/* Limits that are none. */
#define LINUX_UNLIMITED UINT64_MAX

struct linux_state {
	char *exe;                            /* absolute path of the program's file */
	bool is_traced;                       /* LIBOS_STRACE=1 */
	uint64_t named[LINUX_CALLS / 64];     /* absent calls that were named on the console */
	char comm[16];                        /* prctl: the thread's name */
	uint32_t threads;                     /* alive */
	uint64_t random;                      /* state of the generator, if the CPU has none */
	struct futex_waiter *waiters;
	struct mapped *mapped;                /* files that are mapped shared (mapped.c) */
	struct linux_thread thread0;          /* of thread slot 0; the others' are in */
	struct linux_thread *threads_more;    /* this array, by slot; NULL: none yet */
	struct linux_signals signals;
	struct linux_limit limit[LINUX_LIMITS];
	uint64_t loan;                        /* made by vfork: its parent's stack from here on is
					       * given back at its end; 0: none */
	char (*path)[FS_PATH_MAX];            /* two of the call that runs, never held over a wait;
					       * NULL: none yet */
};

struct linux_call {
	struct libos *os;
	struct linux_state *linux;
	struct fs *fs;
	struct thread *thread;
	struct exo_frame *frame;
	uint64_t number;
	uint64_t arg[6];
};

/* Linux's struct timespec; timeval has microseconds in the place of nanoseconds. */
struct linux_time {
	int64_t s;
	int64_t ns;
};

/* One line of the table of calls. */
struct linux_entry {
	const char *name;
	int64_t (*handler)(struct linux_call *c); /* NULL: absent */
	const char *arguments;                    /* see <machine/linux.def> */
	bool is_on_files;                         /* runs with the family's lock `file` held */
};

#define CALL(number, name, handler, arguments) int64_t handler(struct linux_call *c);
#define FILE_CALL(number, name, handler, arguments) CALL(number, name, handler, arguments)
#define ABSENT(number, name)
#include <machine/linux.def>
#undef CALL
#undef FILE_CALL
#undef ABSENT

/* struct upcall_hooks.syscall: a system call of the program. */
void call_hook(struct thread *t, struct exo_frame *frame);
/* struct upcall_hooks.linux_call: one made by libos_linux. */
int64_t call_native(struct thread *t, struct exo_frame *frame, uint64_t number,
		    const uint64_t argument[4]);

/* Copy from and to the program: 0 or -LINUX_EFAULT. */
int64_t linux_in(struct linux_call *c, void *to, uint64_t from, size_t bytes) MUST_USE;
int64_t linux_out(struct linux_call *c, uint64_t to, const void *from, size_t bytes) MUST_USE;
/* Could that be memory of a program at all, mapped or not? Linux asks that first. */
bool linux_is_user(uint64_t address, uint64_t bytes);
/* linux->path[which]; NULL: no memory. */
char *linux_path(struct linux_call *c, unsigned which);
/* A path into linux->path[which]: 0, -LINUX_EFAULT, -LINUX_ENAMETOOLONG, -LINUX_ENOMEM. */
int64_t linux_in_path(struct linux_call *c, unsigned which, uint64_t from) MUST_USE;
/* Where a path relative to a directory's descriptor begins. NULL: no such directory; *error. */
struct fs_node *linux_dir(struct linux_call *c, uint64_t fd, const char *path, int64_t *error);

/* hooks.died (post_mortem.c). */
void post_mortem(struct libos *os, const struct exo_frame *frame);
/* LIBOS_STRACE: a call before it runs (one that does not return) and after. */
void strace_before(struct linux_call *c, const struct linux_entry *entry);
void strace_after(struct linux_call *c, const struct linux_entry *entry, int64_t result);
/* A signal that a thread takes. */
void strace_signal(struct thread *t, const struct signal_info *info);

/* Nanoseconds since the boot; since 1970; clock units of an interval. */
uint64_t time_now_ns(void);
uint64_t time_calendar_ns(void);
uint64_t time_units(uint64_t ns);
uint64_t time_ns(uint64_t units);
/* In clock units, a moment in nanoseconds since 1970 (is_calendar) or the boot. */
uint64_t time_deadline(uint64_t ns, bool is_calendar);
/* A time in, checked: -LINUX_EFAULT, -LINUX_EINVAL. */
int64_t time_in(struct linux_call *c, uint64_t from, uint64_t *ns) MUST_USE;

/* Memory that this process's account may still take. */
uint64_t info_free_bytes(void);
/* Fill with random bytes. */
void info_random(struct linux_state *linux, void *bytes, size_t count);

/* May this thread now read (is_write: write) what is perhaps the terminal, or change its modes? 0;
 * -LINUX_EIO: nobody can ever continue it; -LINUX_ERESTARTSYS: its group stops. */
int64_t job_check_move(struct linux_call *c, const struct fs_open *open, bool is_write);
int64_t job_check_change(struct linux_call *c);
/* The end of a child of vfork: what it wrote to its parent's stack (that its program was not
 * found, say) the parent will see, as if they had shared memory. */
void task_loan_give(struct libos *os);
/* CPU time of this process. */
uint64_t usage_self_ns(struct libos *os);
/* A struct rusage of a child that used so much CPU time. */
int64_t usage_child_out(struct linux_call *c, uint64_t to, uint64_t units);

/* Limits of a program that nobody gave any. */
void limit_init(struct linux_state *linux);
/* How many processes there may be. */
uint64_t limit_processes(const struct linux_state *linux);

/* The number that a thread has as a task: the process's for the first. */
uint64_t task_id(const struct libos *os, const struct thread *t);
/* The thread of this process that has that number, or NULL. */
struct thread *task_thread(struct libos *os, uint64_t id);
/* The process that it belongs to. */
uint32_t task_process(uint32_t id);
/* A thread ends: the locks of its robust list (set_robust_list) are free, and say so. */
void futex_robust_end(struct thread *t);
/* A forked child: no other threads, nobody waits. */
void futex_fork_child(struct linux_state *linux);
/* Wake up to count waiters on a word; how many. */
int64_t futex_wake(struct libos *os, uint64_t address, uint64_t count, uint32_t bits);


#endif
