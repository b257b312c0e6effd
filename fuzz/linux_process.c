/* SPDX-License-Identifier: ISC */
/*
 * The process of the target `linux`: how it begins, makes a call, takes signals, ends, and what
 * must be so in between. Its family: pid 1, which never runs, itself, and two children, one of
 * which has ended. Takes the family's locks.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/linux_library.h"
#include "libos/arch.h"
#include "libos/fork/fork.h"
#include "libos/fs/device.h"
#include "libos/linux/linux.h"
#include "libos/vm/region.h"

#include <machine/call.h>
#include <machine/linux.h>

enum { SELF = 2, CHILD, ENDED_CHILD, FAMILY_BYTES_USED = 8 };

/* ---- The simulated CPU's signal frames ---- */

struct pushed_frame {
	struct exo_regs regs;
	uint64_t mask;
	struct signal_stack stack;
};

err_t signal_frame_save(struct libos *os, struct exo_regs *regs, const struct signal_setup *setup)
{
	struct pushed_frame frame = { .regs = *regs, .mask = setup->mask, .stack = setup->stack };
	uint64_t at = (setup->top - sizeof(frame)) & ~UINT64_C(15);
	err_t err;

	if (at < setup->bottom || at > setup->top || setup->top > VM_TOP
	    || !signal_is_code(setup->handler))
		return EXO_E_POINTER;
	err = vm_write(os, at, &frame, sizeof(frame));
	if (err)
		return err;
	EXO_REG_PC(regs) = setup->handler;
	EXO_REG_SP(regs) = at;
	EXO_REG_ARG0(regs) = (uint64_t)setup->info->number;
	return EXO_OK;
}

err_t signal_frame_load(struct libos *os, struct exo_regs *regs, uint64_t *mask,
			struct signal_stack *stack)
{
	struct pushed_frame frame;
	err_t err = vm_read(os, &frame, EXO_REG_SP(regs), sizeof(frame));

	if (err || !signal_is_code(frame.regs.pc) || frame.regs.sp > VM_TOP)
		return EXO_E_POINTER;
	*regs = frame.regs;
	*mask = frame.mask;
	*stack = frame.stack;
	return EXO_OK;
}

void signal_of_trap(const struct exo_frame *frame, struct signal_info *info,
		    struct signal_trap *trap)
{
	info->address = frame->address;
	*trap = (struct signal_trap){ .code = frame->code, .address = frame->address };
}

/* ---- How it begins ---- */

static void begin_member(uint32_t pid, uint32_t parent, enum family_state state)
{
	struct family *f = linux_library()->family;
	unsigned place = pid - 1;

	f->process[place] = (struct family_process){ .state = state, .pid = pid, .parent = parent,
		.group = pid == FAMILY_INIT ? 1 : SELF, .session = pid == FAMILY_INIT ? 1 : SELF,
		.has_executed = pid != CHILD, .end_signal = LINUX_SIGCHLD, .env = pid << 16 | pid,
		.status = PROCESS_STATUS_EXIT(3) };
	f->used[0] |= UINT64_C(1) << place;
	f->by_pid[pid % (2 * FAMILY_PROCESSES)] = (uint16_t)(place + 1);
}

static void begin_family(void)
{
	struct linux_library *l = linux_library();
	struct family *f;

	if (!l->family) {
		l->family = calloc(1, sizeof(*l->family));
		l->exec = calloc(1, LIBOS_EXEC_BYTES);
	}
	f = l->family;
	memset(f, 0, offsetof(struct family, process));
	memset(f->process, 0, FAMILY_BYTES_USED * sizeof(f->process[0]));
	memset(f->info, 0, FAMILY_BYTES_USED * sizeof(f->info[0]));
	f->version = FAMILY_VERSION;
	f->bytes = sizeof(*f);
	begin_member(FAMILY_INIT, 0, FAMILY_ALIVE);
	begin_member(SELF, FAMILY_INIT, FAMILY_ALIVE);
	begin_member(CHILD, SELF, FAMILY_ALIVE);
	begin_member(ENDED_CHILD, SELF, FAMILY_ZOMBIE);
	f->places = ENDED_CHILD;
	f->last_pid = ENDED_CHILD;
	f->main = f->foreground = f->session = SELF;
}

static void begin_facts(uint64_t archive_bytes)
{
	struct linux_library *l = linux_library();

	l->info = (struct exo_info){ .abi_version = 1, .cpus = 1, .frames = 1024,
		.clock_hz = 1000000000, .clock_mult = 1 << 20, .clock_shift = 20,
		.slice_units = 10000000, .fpu_bytes = 512, .archive_bytes = archive_bytes };
	l->clock = 1000000;
	l->thread_pointer = 0;
	l->typed_count = 0;
	l->end = NULL;
}

void linux_begin(uint64_t archive_bytes)
{
	struct linux_library *l = linux_library();
	struct libos *os = &l->os;

	linux_free_all();
	begin_facts(archive_bytes);
	begin_family();
	memset(os, 0, sizeof(*os));
	memcpy(os->process.name, "fuzz", 5);
	os->threads_used = 1;
	os->thread0 = (struct thread){ .word = THREAD_RUNNING | 1 << 8, .os = os, .has_stack = 1,
		.stack_base = LIBOS_WIRED, .stack_top = LIBOS_WIRED_END, .frame = &l->frame };
	vm_init(os);
	os->process.pid = FAMILY_INIT;
	os->family.self = &l->family->process[0];
	fs_init(os);
	os->process.pid = SELF;
	os->process.env = SELF << 16 | SELF;
	os->family.self = &l->family->process[SELF - 1];
	linux_init(os);
	vm_break_init(os, 0x10000000);
}

void linux_map(uint64_t address, uint64_t bytes, unsigned protection)
{
	uint64_t where;

	assert(!vm_map(&linux_library()->os, address, bytes, protection, VM_FIXED, NULL, &where));
}

void linux_protect(uint64_t address, uint64_t bytes, unsigned protection)
{
	assert(!vm_protect(&linux_library()->os, address, bytes, protection));
}

/* ---- What it does ---- */

/* Run a statement of the process; false: it has ended. */
#define ALIVE(statement) ({						\
	jmp_buf alive_jump;						\
	bool is_alive = false;						\
	linux_library()->end = &alive_jump;				\
	linux_library()->idles = 0;					\
	if (!setjmp(alive_jump)) {					\
		statement;						\
		is_alive = true;					\
	}								\
	linux_library()->end = NULL;					\
	is_alive;							\
})

/* On the way back to the program: an alarm, signals. */
static void leave(struct libos *os)
{
	if (os->sched.alarm && linux_library()->clock >= os->sched.alarm) {
		os->sched.alarm = 0;
		os->hooks.events(os, EXO_EVENT_TIMER);
	}
	if (os->thread0.is_signalled)
		os->hooks.leave(&os->thread0, &linux_library()->frame);
}

static void call_make(uint64_t number, const uint64_t argument[6], bool is_native, int64_t *result)
{
	struct linux_library *l = linux_library();
	struct exo_regs *regs = &l->frame.regs;

	l->frame = (struct exo_frame){ .kind = EXO_UPCALL_SYSCALL };
	EXO_REG_PC(regs) = 0x400000;
	EXO_REG_SP(regs) = 0x3fd08000;
	EXO_REG_NUMBER(regs) = number;
	EXO_REG_ARG0(regs) = argument[0];
	EXO_REG_ARG1(regs) = argument[1];
	EXO_REG_ARG2(regs) = argument[2];
	EXO_REG_ARG3(regs) = argument[3];
	EXO_REG_ARG4(regs) = argument[4];
	LINUX_ARG5(regs) = argument[5];
	if (is_native) {
		*result = l->os.hooks.linux_call(&l->os.thread0, &l->frame, number, argument);
	} else {
		l->os.hooks.syscall(&l->os.thread0, &l->frame);
		*result = (int64_t)EXO_REG_RESULT(regs);
	}
	leave(&l->os);
}

bool linux_call(uint64_t number, const uint64_t argument[6], bool is_native, int64_t *result)
{
	return ALIVE(call_make(number, argument, is_native, result));
}

bool linux_fault(uint64_t address, uint64_t code)
{
	const struct exo_frame frame = { .kind = EXO_UPCALL_FAULT, .code = code,
		.address = address };

	return vm_fault0(&frame)
		|| vm_fault(&linux_library()->os, address, code) == UPCALL_FAULT_NONE;
}

static void trap_make(uint64_t address, uint64_t code)
{
	struct linux_library *l = linux_library();

	l->frame = (struct exo_frame){ .kind = EXO_UPCALL_FAULT, .code = code,
		.address = address };
	EXO_REG_PC(&l->frame.regs) = 0x400000;
	EXO_REG_SP(&l->frame.regs) = 0x3fd08000;
	if (!l->os.hooks.fault(&l->os.thread0, &l->frame, UPCALL_FAULT_UNMAPPED))
		process_exit(&l->os, PROCESS_STATUS_SIGNAL(LINUX_SIGSEGV));
	leave(&l->os);
}

bool linux_trap(uint64_t address, uint64_t code)
{
	return ALIVE(trap_make(address, code));
}

/* What pid 1 does. */
static void type_make(const char *bytes, size_t count)
{
	struct linux_library *l = linux_library();
	unsigned signal;

	l->typed = bytes;
	l->typed_count = count;
	family_lock(&l->os, FAMILY_FILE);
	signal = device_pump(l->os.fs);
	family_unlock(&l->os, FAMILY_FILE);
	l->typed_count = 0;
	if (signal)
		(void)!family_signal(&l->os, -(int32_t)l->family->foreground, signal,
				     &(struct family_siginfo){ .code = 0x80 });
	l->os.hooks.bell(&l->os);
	leave(&l->os);
}

bool linux_type(const char *bytes, size_t count)
{
	return ALIVE(type_make(bytes, count));
}

bool linux_advance(uint64_t ns)
{
	linux_library()->clock += ns;
	return ALIVE(leave(&linux_library()->os));
}

/* Calls of the library that are no slot operations. */
struct exo_result linux_own_call(enum exo_call number, const uint64_t argument[5])
{
	struct linux_library *l = linux_library();
	struct exo_result r = { EXO_OK, 0 };

	if (number == EXO_CALL_ENV_REAP)
		r.value = EXO_E_EMPTY;
	if (number == EXO_CALL_CONSOLE_WRITE)
		r.second = argument[1];
	if (number == EXO_CALL_CONSOLE_READ) {
		r.second = argument[1] < l->typed_count ? argument[1] : l->typed_count;
		memcpy((void *)argument[0], l->typed, r.second);
		l->typed += r.second;
		l->typed_count -= r.second;
	}
	if (number == EXO_CALL_ENV_KILL) {
		if (!l->end)
			fuzz_fail("the process ends where it must not");
		longjmp(*l->end, 1);
	}
	return r;
}

/* ---- What must be so ---- */

bool linux_is_open(unsigned fd)
{
	return files_find(linux_library()->os.files, fd) != NULL;
}

bool linux_is_mapped(uint64_t address, uint64_t bytes, unsigned protection)
{
	return vm_is_mapped(&linux_library()->os, address, bytes, protection);
}

static void check_regions(const struct vm *vm)
{
	uint64_t end = VM_BOTTOM;
	uint32_t i;

	if (vm->count > VM_REGIONS)
		fuzz_fail("too many regions");
	for (i = 0; i < vm->count; i++) {
		const struct vm_region *r = &vm->region[i];

		if (r->start < end || r->end <= r->start || r->end > VM_TOP
		    || (r->start | r->end) % EXO_PAGE_SIZE)
			fuzz_fail("regions are not in order");
		if (r->protection & ~(uint32_t)EXO_RWX
		    || (r->protection && !(r->protection & EXO_READ)))
			fuzz_fail("a region has a protection that there is not");
		end = r->end;
	}
	if (vm->break_end < vm->break_start)
		fuzz_fail("the program's heap ends before it begins");
}

static void check_files(const struct fs_files *files)
{
	uint32_t fd;

	if (files->top > files->room || files->room > OPEN_FILES || !files->dir)
		fuzz_fail("descriptors are not in order");
	for (fd = 0; fd < files->top; fd++)
		if (files->open[fd] && (!files->open[fd]->refs || !files->open[fd]->node->refs))
			fuzz_fail("a descriptor names what nobody holds");
}

/* Nothing keeps SIGKILL and SIGSTOP from the process. */
static void check_signals(struct libos *os)
{
	const uint64_t kept = SIGNAL_BIT(LINUX_SIGKILL) | SIGNAL_BIT(LINUX_SIGSTOP);
	const struct linux_sigaction *action = os->linux->signals.action;
	unsigned i;

	if (signal_thread(&os->thread0)->blocked & kept || action[LINUX_SIGKILL].handler
	    || action[LINUX_SIGSTOP].handler)
		fuzz_fail("a signal is blocked or handled that must not be");
	for (i = 1; i <= LINUX_SIGNALS; i++)
		if (action[i].mask & kept)
			fuzz_fail("a handler blocks a signal that must not be");
}

void linux_check(void)
{
	struct linux_library *l = linux_library();
	unsigned i;

	lock_check_none(&l->os);
	for (i = 0; i < FAMILY_LOCKS; i++)
		if (l->family->lock[i])
			fuzz_fail("a call ended with a lock of the family");
	if (l->os.process.is_exiting)
		return;
	if (l->os.family.held || l->os.thread0.is_deaf || l->os.linux->threads != 1
	    || l->os.linux->waiters || signal_thread(&l->os.thread0)->waited)
		fuzz_fail("a call left its thread in a wait");
	check_regions(&l->os.vm);
	check_files(l->os.files);
	check_signals(&l->os);
}

void linux_end(void)
{
	if (ALIVE(process_exit(&linux_library()->os, PROCESS_STATUS_EXIT(0))))
		fuzz_fail("a process goes on behind its end");
}
