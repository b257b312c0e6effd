/* SPDX-License-Identifier: ISC */
/* What host tests share; see lab.h. Makes the first env by the kernel's own functions, everything
 * after that by system calls. One thread; takes the kernel's locks as its functions ask. */
#include "tests/host/lab.h"

#include <string.h>

#include "exo/boot.h"

/* The first env with the pages that calls need, before it can make any. */
static err_t lab_first_pages(struct machine *m, unsigned env)
{
	struct pfn pfn;
	unsigned page;
	err_t err = EXO_OK;

	for (page = 1; page < LAB_PAGES && !err; page++) {
		err = frame_alloc(m, 0, FRAME_DATA, 0, 0, &pfn);
		if (err)
			break;
		err = boot_map(m, m->envs[env].root, EXO_LEVELS, LAB_BASE + page * EXO_PAGE_SIZE,
			       slot_leaf(pfn.n, EXO_RWX, EXO_READ | EXO_WRITE, 0));
	}
	return err;
}

/* The lab itself fails: no test. */
static _Noreturn void lab_give_up(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(99);
}

static void lab_first(struct lab *l, struct pfn archive, uint64_t bytes)
{
	struct exo_vcpu_start start = { .page = LAB_VCPU, .entry = LAB_ENTRY,
		.stack = LAB_STACK_TOP, .upcall_entry = LAB_ENTRY, .stack_base = LAB_STACK,
		.stack_top = LAB_STACK_TOP };
	unsigned env, vcpu;
	err_t err;

	err = machine_first_env(l->m, archive, bytes, &env);
	if (!err)
		err = lab_first_pages(l->m, env);
	if (!err)
		err = machine_first_vcpu(l->m, &start, env, &vcpu);
	if (err)
		lab_give_up("no first env");
	l->env = env_handle(l->m, env);
	l->vcpu = vcpu_handle(l->m, vcpu);
	l->next = cpu_leave(l->m, &l->m->cpus[0]);
}

struct lab *lab_create(uint32_t frames, unsigned cpus)
{
	struct lab *l = calloc(1, sizeof(*l));

	l->m = host_create(frames, cpus);
	l->scratch = calloc(frames, sizeof(*l->scratch));
	lab_first(l, (struct pfn){ 0 }, 0);
	l->before = host_snapshot(l->m);
	return l;
}

void lab_destroy(struct lab *l)
{
	host_destroy(l->m);
	free(l->before);
	free(l->scratch);
	free(l);
}

int64_t lab_call(struct lab *l, enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2,
		 uint64_t a3, uint64_t a4)
{
	struct cpu *c = &l->m->cpus[l->cpu];
	struct vcpu *v = &l->m->vcpus[c->current];

	EXO_REG_NUMBER(&v->regs) = EXO_CALL_PREFIX | call;
	EXO_REG_ARG0(&v->regs) = a0;
	EXO_REG_ARG1(&v->regs) = a1;
	EXO_REG_ARG2(&v->regs) = a2;
	EXO_REG_ARG3(&v->regs) = a3;
	EXO_REG_ARG4(&v->regs) = a4;
	host_self.index = l->cpu;
	l->next = kernel_syscall(l->m, c);
	l->value = EXO_REG_RESULT2(&v->regs);
	return (int64_t)EXO_REG_RESULT(&v->regs);
}

int64_t lab_call_with(struct lab *l, enum exo_call call, const void *data, size_t bytes,
		      unsigned place, uint64_t a0, uint64_t a1)
{
	if (host_write(l->m, l->cpu, LAB_BATCH, data, bytes))
		return 1;
	return lab_call(l, call, place == 0 ? LAB_BATCH : a0,
			place == 1 ? LAB_BATCH : place == 0 ? a0 : a1,
			place == 2 ? LAB_BATCH : a1, 0, 0);
}

int64_t lab_run(struct lab *l, const struct exo_slot_op *ops, unsigned count)
{
	return lab_call_with(l, EXO_CALL_SLOTS, ops, count * sizeof(*ops), 0, count, 0);
}

int64_t lab_op(struct lab *l, struct exo_slot_op op)
{
	return lab_run(l, &op, 1);
}

bool lab_does_check(struct lab *l, struct exo_slot_op op)
{
	int64_t err = lab_op(l, op);

	if (err)
		printf("# error %lld, done %llx\n", (long long)err, (unsigned long long)l->value);
	return !err && l->value == UINT64_C(1) << 32 && lab_audit(l);
}

bool lab_refuses_check(struct lab *l, struct exo_slot_op op, int64_t error)
{
	host_write(l->m, l->cpu, LAB_BATCH, &op, sizeof(op));
	return lab_denies_check(l, EXO_CALL_SLOTS, LAB_BATCH, 1, 0, error);
}

bool lab_denies_check(struct lab *l, enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2,
		      int64_t error)
{
	int64_t err;

	lab_remember(l);
	err = lab_call(l, call, a0, a1, a2, 0, 0);
	if (err != error || l->value)
		printf("# error %lld, want %lld, value %llx\n", (long long)err, (long long)error,
		       (unsigned long long)l->value);
	return err == error && !l->value && lab_is_same(l) && lab_audit(l);
}

bool lab_audit(struct lab *l)
{
	struct audit_report *r = &l->report;

	if (audit(l->m, l->scratch, r) && host_audit_tlb(l->m, r))
		return true;
	printf("# I-%u: %s: at %llx slot %lld: got %llx, want %llx\n", r->invariant, r->what,
	       (unsigned long long)r->where, (long long)r->slot, (unsigned long long)r->got,
	       (unsigned long long)r->want);
	return false;
}

void lab_remember(struct lab *l)
{
	host_save(l->m, l->before);
}

/* Forget what a refused call may change: results, caches, clocks, hints and counts of refusals. */
static UNCHECKED void lab_forget(struct machine *m, const struct machine *other)
{
	unsigned i;

	m->refusals = other->refusals;
	for (i = 0; i < EXO_CPUS; i++) {
		m->arch.cpus[i] = other->arch.cpus[i];
		m->cpus[i].deadline = other->cpus[i].deadline;
		m->cpus[i].armed = other->cpus[i].armed;
		m->cpus[i].in_kernel = other->cpus[i].in_kernel;
		memcpy(m->cpus[i].flush.drops, other->cpus[i].flush.drops,
		       sizeof(m->cpus[i].flush.drops));
		memcpy(m->cpus[i].flush.pages, other->cpus[i].flush.pages,
		       sizeof(m->cpus[i].flush.pages));
	}
	for (i = 0; i < EXO_ENVS; i++) {
		m->envs[i].window = other->envs[i].window;
		m->envs[i].window_frame = other->envs[i].window_frame;
	}
	for (i = 0; i < EXO_VCPUS; i++) {
		m->vcpus[i].has_progressed = other->vcpus[i].has_progressed;
		if (m->vcpus[i].state == VCPU_RUNNING)
			m->vcpus[i].regs = other->vcpus[i].regs;
	}
}

/* The kernel reads user memory as a program does: accessed bits may be set. */
static void lab_forget_accessed(struct machine *m, struct machine *other)
{
	struct pfn pfn = { 1 };
	unsigned i;

	for (; pfn.n < m->frame_count; pfn.n++) {
		if (frame_type(frame_meta(m, pfn)) != FRAME_TABLE
		    && frame_type(frame_meta(m, pfn)) != FRAME_COMMON)
			continue;
		for (i = 0; i < EXO_TABLE_SLOTS; i++)
			if ((table_slots(m, pfn)[i] ^ table_slots(other, pfn)[i]) == SLOT_ACCESSED)
				table_slots(m, pfn)[i] = table_slots(other, pfn)[i];
	}
}

bool lab_is_same(struct lab *l)
{
	struct machine *after = host_snapshot(l->m);
	bool is_same;
	uint64_t i;

	lab_forget(after, l->before);
	lab_forget_accessed(after, l->before);
	is_same = !memcmp(after, l->before, l->m->arch.bytes);
	for (i = 0; !is_same && i < l->m->arch.bytes / 8; i++) {
		if (((uint64_t *)after)[i] == ((uint64_t *)l->before)[i])
			continue;
		printf("# word at %#llx of the machine (memory at %#llx) was %llx, is %llx\n",
		       (unsigned long long)i * 8, (unsigned long long)l->m->arch.memory,
		       (unsigned long long)((uint64_t *)l->before)[i],
		       (unsigned long long)((uint64_t *)after)[i]);
		break;
	}
	free(after);
	return is_same;
}

static unsigned lab_env(struct lab *l, uint64_t env)
{
	return (unsigned)((env ? env : l->env) & 0xffff);
}

uint64_t lab_slot(struct lab *l, uint64_t env, uint64_t address, unsigned level)
{
	struct pfn table = l->m->envs[lab_env(l, env)].root;
	unsigned at;
	uint64_t slot;

	for (at = EXO_LEVELS;; at--) {
		slot = table_slots(l->m, table)[address / EXO_SPAN(at) % EXO_TABLE_SLOTS];
		if (at == level || !slot_is_present(slot))
			return at == level ? slot : 0;
		table.n = slot_pfn(slot);
	}
}

struct pfn lab_frame(struct lab *l, uint64_t env, uint64_t address, unsigned level)
{
	return (struct pfn){ slot_pfn(lab_slot(l, env, address, level)) };
}

uint32_t lab_refs(struct lab *l, uint64_t env, uint64_t address, unsigned level)
{
	return frame_refs(l->m, lab_frame(l, env, address, level));
}

uint32_t lab_used(struct lab *l, uint64_t env, enum exo_resource resource)
{
	return account_used(l->m, l->m->envs[lab_env(l, env)].account, resource);
}

uint64_t lab_child(struct lab *l, uint64_t frames)
{
	struct exo_limits limits = { { frames, 8, 8, 8, 8 } };
	int64_t err;

	if (frames)
		err = lab_call_with(l, EXO_CALL_ENV_CREATE, &limits, sizeof(limits), 0, 0, 0);
	else
		err = lab_call(l, EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0);
	return err ? 0 : l->value;
}

uint64_t lab_vcpu(struct lab *l, uint64_t env, uint64_t page, unsigned cpu)
{
	struct exo_vcpu_start start = { .page = page, .entry = LAB_ENTRY,
		.stack = page + 4 * EXO_PAGE_SIZE, .argument = 77, .upcall_entry = LAB_ENTRY,
		.stack_base = page + EXO_PAGE_SIZE, .stack_top = page + 4 * EXO_PAGE_SIZE };
	uint64_t vcpu;

	lab_map(l, env, page + EXO_PAGE_SIZE, 3);
	if (lab_call_with(l, EXO_CALL_VCPU_START, &start, sizeof(start), 1, env, 0))
		lab_give_up("a vcpu cannot be started");
	vcpu = l->value;
	if (lab_call(l, EXO_CALL_SLICE_ALLOC, vcpu, cpu, EXO_SLICE_ANY, 0, 0))
		lab_give_up("a slice cannot be had");
	return vcpu;
}

int64_t lab_reap(struct lab *l, uint64_t env)
{
	int64_t err;

	do
		err = lab_call(l, EXO_CALL_ENV_REAP, env, 0, 0, 0, 0);
	while (err == EXO_E_AGAIN);
	return err;
}

void lab_map(struct lab *l, uint64_t env, uint64_t address, unsigned pages)
{
	unsigned level;
	int64_t err = 0;

	for (level = EXO_LEVELS; level > 1 && !err; level--)
		if (!slot_is_present(lab_slot(l, env, address, level)))
			err = lab_op(l, OP(TABLE, level, address, 1, .target_env = env));
	if (!err && pages)
		err = lab_op(l, OP(ALLOC, 1, address, pages, .target_env = env,
				   .access = EXO_RWX));
	if (err)
		lab_give_up("a table or page for the test cannot be had");
}

void lab_poke(struct lab *l, uint64_t env, uint64_t address, uint64_t value)
{
	*(uint64_t *)((char *)arch_frame_memory(l->m, lab_frame(l, env, address, 1))
		      + address % EXO_PAGE_SIZE) = value;
}

uint64_t lab_peek(struct lab *l, uint64_t env, uint64_t address)
{
	return *(uint64_t *)((char *)arch_frame_memory(l->m, lab_frame(l, env, address, 1))
			     + address % EXO_PAGE_SIZE);
}

static int lab_access(struct lab *l, uint64_t env, uint64_t address, uint64_t *value,
		      bool is_store)
{
	struct host_cpu kept = l->m->arch.cpus[l->cpu];
	int code;

	arch_root_load(l->m, &l->m->cpus[l->cpu], lab_env(l, env));
	code = is_store ? host_store(l->m, l->cpu, address, *value)
		: host_load(l->m, l->cpu, address, value);
	l->m->arch.cpus[l->cpu] = kept;
	return code;
}

int lab_load(struct lab *l, uint64_t env, uint64_t address, uint64_t *value)
{
	return lab_access(l, env, address, value, false);
}

int lab_store(struct lab *l, uint64_t env, uint64_t address, uint64_t value)
{
	return lab_access(l, env, address, &value, true);
}
