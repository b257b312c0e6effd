/* SPDX-License-Identifier: ISC */
/* Boot order: the machine's tables, its frames, then the first program. Owns everything until the
 * first vcpu runs, so what is UNCHECKED here needs no locks; takes those that what it calls
 * takes. */
#include "exo/machine.h"

#include "exo/audit.h"
#include "exo/boot.h"
#include "exo/console.h"
#include "exo/slot.h"

/* Where the first program's vcpu page is, and how much of its stack is the upcall stack. */
#define FIRST_VCPU_PAGE   (EXO_LIBRARY_BASE + 2 * EXO_SPAN(2) - EXO_PAGE_SIZE)
#define FIRST_STACK_BYTES UINT64_C(16384)

/* Times: a slice by `hz=` on the command line; then the allowance after its end; then the least
 * that a vcpu runs between two events. */
enum { HZ_DEFAULT = 100, HZ_MAX = 20000, ALLOWANCE_US = 50, QUANTUM_NS = 1000 };

enum { STATUS_BAD_BOOT = 126, TRACE_MAX = 1 << 24 };

/* The number that follows a word of the kernel's command line, at most `most`; else, and for 0,
 * `usual`. */
static uint64_t command_number(const char *line, const char *word, uint64_t usual, uint64_t most)
{
	size_t length = __builtin_strlen(word);
	uint64_t number = 0;

	while (*line && __builtin_strncmp(line, word, length) != 0)
		line++;
	for (line += *line ? length : 0; *line >= '0' && *line <= '9' && number < most; line++)
		number = number * 10 + (uint64_t)(*line - '0');
	return !number ? usual : number > most ? most : number;
}

/* Where the trace begins: behind the frame table and the audit's scratch array. */
static size_t machine_trace(uint32_t frame_count, const char *cmdline)
{
	size_t bytes = sizeof(struct machine) + (frame_count + FREE_ENDS) * sizeof(struct frame)
		+ audit_scratch_bytes(frame_count, cmdline);

	return (bytes + sizeof(struct exo_trace) - 1) & -sizeof(struct exo_trace);
}

size_t machine_size(uint32_t frame_count, const char *cmdline)
{
	return machine_trace(frame_count, cmdline)
		+ command_number(cmdline, "trace=", 0, TRACE_MAX) * sizeof(struct exo_trace);
}

static void init_accounts(struct machine *m) UNCHECKED
{
	_Atomic uint64_t *quota = m->accounts[0].quota;
	unsigned i;

	for (i = 0; i < EXO_ACCOUNTS; i++) {
		m->accounts[i].dying = FRAME_NONE;
		m->accounts[i].parent = ACCOUNT_NONE;
	}
	m->accounts[0].state = ACCOUNT_LIVE;
	quota[EXO_RESOURCE_SLICES] = (uint64_t)EXO_SLICES * m->cpu_count << 32;
	quota[EXO_RESOURCE_ENVS] = (uint64_t)EXO_ENVS << 32;
	quota[EXO_RESOURCE_VCPUS] = (uint64_t)EXO_VCPUS << 32;
	quota[EXO_RESOURCE_TRANSFERS] = UINT64_C(64) << 32;
}

static void init_cpu(struct machine *m, unsigned cpu) UNCHECKED
{
	struct cpu *c = &m->cpus[cpu];
	uint32_t ends = free_ends(m, cpu);

	c->current = VCPU_NONE;
	c->root_env = ENV_NONE;
	c->flush.env = ENV_NONE;
	c->slice_end = c->deadline = UINT64_MAX;
	c->sleepers = VCPU_NONE;
	m->frames[ends].refs = ends;
	m->frames[ends].meta = FRAME_KERNEL | ends << 4;
	c->in_kernel = 1;
	__builtin_memset(c->slices, 0xff, sizeof(c->slices)); /* VCPU_NONE */
}

void machine_init(struct machine *m, uint32_t frame_count, unsigned cpus) UNCHECKED
{
	unsigned i;

	m->frame_count = frame_count;
	m->cpu_count = cpus;
	m->trace_records = (uint32_t)command_number(m->arch.cmdline, "trace=", 0, TRACE_MAX) / cpus;
	m->trace_offset = machine_trace(frame_count, m->arch.cmdline);
	init_accounts(m);
	for (i = 0; i < EXO_BUCKETS; i++)
		m->buckets[i].head = VCPU_NONE;
	for (i = 0; i < cpus; i++)
		init_cpu(m, i);
	for (i = 0; i < EXO_ENVS; i++)
		m->envs[i].vcpus = VCPU_NONE;
	for (i = 0; i < frame_count; i++) {
		atomic_init(&m->frames[i].refs, 1);
		atomic_init(&m->frames[i].meta, FRAME_KERNEL);
	}
}

void machine_give_frames(struct machine *m, struct pfn pfn, struct pfn end)
{
	m->accounts[0].quota[EXO_RESOURCE_FRAMES] += (uint64_t)(end.n - pfn.n) << 32;
	for (; pfn.n < end.n; pfn.n++)
		frame_free(m, pfn, false);
}

static void init_times(struct machine *m, struct exo_info *info)
{
	uint64_t clock_hz = m->arch.clock_hz;

	m->slice_units = info->slice_units =
		clock_hz / command_number(m->arch.cmdline, "hz=", HZ_DEFAULT, HZ_MAX);
	m->allowance_units = info->allowance_units = clock_hz * ALLOWANCE_US / 1000000;
	m->quantum_units = info->quantum_units = clock_hz * QUANTUM_NS / 1000000000;
	info->clock_hz = clock_hz;
	info->epoch_s = command_number(m->arch.cmdline, "epoch=", 0, UINT32_MAX);
	info->clock_shift = 24;
	info->clock_mult = (UINT64_C(1000000000) << 24) / clock_hz;
}

/* Whole frames of the kernel's that programs may read for ever, `offset` behind EXO_INFO_BASE: one
 * reference stays with the kernel. */
static err_t map_for_reading(struct machine *m, uint64_t physical, uint64_t bytes, unsigned rights,
			     uint64_t offset)
{
	err_t err = EXO_OK;
	uint64_t at;

	for (at = 0; at < bytes && !err; at += EXO_PAGE_SIZE) {
		struct pfn pfn = { (uint32_t)((physical + at) >> EXO_PAGE_SHIFT) };

		err = frame_ref(m, pfn);
		frame_retype(m, pfn, FRAME_BOOT, 0);
		if (!err)
			err = boot_map(m, m->info_table, EXO_LEVELS - 1, offset + at,
				       slot_leaf(pfn.n, rights, rights, 0));
	}
	return err;
}

/* The tables, from the accounts on; a simulated machine has its state in no frame. */
static err_t init_tables(struct machine *m, struct exo_array *arrays)
{
	const uint64_t machine = m->arch.machine_physical;
	const uint64_t first = offsetof(struct machine, accounts);

#define TABLE(NAME, field, n) (arrays[EXO_ARRAY_##NAME] = (struct exo_array){			\
		machine + offsetof(struct machine, field), n, sizeof(m->field[0]) })
	TABLE(FRAMES, frames, m->frame_count);
	TABLE(ACCOUNTS, accounts, EXO_ACCOUNTS);
	TABLE(CPUS, cpus, m->cpu_count);
	TABLE(ENVS, envs, EXO_ENVS);
#undef TABLE
	arrays[EXO_ARRAY_MACHINE] = (struct exo_array){ machine, 1, sizeof(*m) };
	arrays[EXO_ARRAY_TRACE] = (struct exo_array){
		machine + m->trace_offset, m->trace_records * m->cpu_count,
		sizeof(struct exo_trace) };
	return !machine ? EXO_OK : map_for_reading(
		m, machine + first, machine_size(m->frame_count, m->arch.cmdline) - first,
		EXO_READ, EXO_INFO_TABLES - EXO_INFO_BASE);
}

/* The read-only tables: the info page, the archive, the kernel's own. */
static err_t init_info(struct machine *m, struct pfn archive, uint64_t bytes)
{
	const unsigned rights = EXO_READ | EXO_EXEC;
	struct exo_info *info;
	err_t err;

	err = frame_alloc(m, 0, FRAME_TABLE, EXO_LEVELS - 1, 0, &m->info_table);
	if (err)
		return err;
	info = machine_info(m);
	info->abi_version = EXO_ABI_VERSION;
	info->cpus = m->cpu_count;
	info->frames = m->frame_count;
	info->frames_kernel = m->frame_count - account_limit(m, 0, EXO_RESOURCE_FRAMES);
	info->archive_bytes = bytes;
	info->fpu_bytes = sizeof(struct arch_fpu);
	info->boot_clock = m->arch.boot_clock;
	init_times(m, info);
	err = map_for_reading(m, (uint64_t)m->info.n << EXO_PAGE_SHIFT, EXO_PAGE_SIZE, rights,
			      EXO_INFO_PAGE - EXO_INFO_BASE);
	if (!err)
		err = map_for_reading(m, (uint64_t)archive.n << EXO_PAGE_SHIFT, bytes, rights,
				      EXO_INFO_ARCHIVE - EXO_INFO_BASE);
	return err ? err : init_tables(m, info->arrays);
}

/* Take the info page before the archive is looked at: the first frame given. */
err_t machine_first_env(struct machine *m, struct pfn archive, uint64_t bytes, unsigned *env)
{
	err_t err = frame_alloc(m, 0, FRAME_DATA, 0, 0, &m->info);

	if (err)
		return err;
	account_discharge(m, 0, EXO_RESOURCE_FRAMES, 1);
	m->accounts[0].quota[EXO_RESOURCE_FRAMES] -= UINT64_C(1) << 32;
	err = init_info(m, archive, bytes);
	if (err)
		return err;
	tree_lock(m);
	err = env_create(m, ENV_NONE, NULL, env);
	tree_unlock(m);
	if (err)
		return err;
	err = frame_ref(m, m->info_table);
	table_slots(m, m->envs[*env].root)[EXO_ROOT_INFO] =
		slot_branch(m->info_table.n, EXO_READ | EXO_EXEC, false);
	table_use(m, m->envs[*env].root, 1, table_groups(EXO_ROOT_INFO, 1));
	return err;
}

err_t machine_first_vcpu(struct machine *m, const struct exo_vcpu_start *start, unsigned env,
			 unsigned *vcpu)
{
	uint64_t position;
	err_t err;

	tree_lock(m);
	err = vcpu_start(m, env, start, vcpu);
	if (!err)
		err = slice_alloc(m, *vcpu, 0, EXO_SLICE_ANY, 0, &position);
	tree_unlock(m);
	return err;
}

/* Say in one line why there is nothing to run, and end. */
static _Noreturn void boot_fail(struct machine *m, const char *why)
{
	console_print(m, "chitin: cannot start the first program: ");
	console_print(m, why);
	console_print(m, "\n");
	arch_power_off(m, EXO_STATUS(EXO_DEATH_EXIT, STATUS_BAD_BOOT));
}

struct vcpu *machine_start(struct machine *m, struct cpu *c, struct pfn archive, uint64_t bytes)
{
	struct exo_vcpu_start start = { .page = FIRST_VCPU_PAGE, .argument = FIRST_VCPU_PAGE,
					.masked = 1 };
	const uint8_t *data = arch_frame_memory(m, archive);
	struct boot_member init = { 0 };
	const char *wrong;
	unsigned env, vcpu;
	err_t err;

	if (machine_first_env(m, archive, bytes, &env))
		boot_fail(m, "out of memory");
	wrong = boot_find(data, bytes, "init", &init);
	if (!wrong)
		wrong = boot_check(&init);
	if (wrong)
		boot_fail(m, wrong);
	if ((init.data - data) % (int64_t)EXO_PAGE_SIZE == 0)
		init.first.n = archive.n + (uint32_t)((init.data - data) >> EXO_PAGE_SHIFT);
	err = boot_load(m, env, &init, &start.entry, &start.stack);
	if (err)
		boot_fail(m, err == EXO_E_USED ? "its segments overlap" : "out of memory");
	start.stack_top = start.stack;
	start.stack_base = start.stack - FIRST_STACK_BYTES;
	if (boot_map(m, m->envs[env].root, EXO_LEVELS, FIRST_VCPU_PAGE, 0)
	    || machine_first_vcpu(m, &start, env, &vcpu))
		boot_fail(m, "out of memory, or its stack is missing");
	machine_info(m)->user_clock = c->since = arch_clock(m);
	m->joined = 1;
	return cpu_leave(m, c);
}
