/* SPDX-License-Identifier: ISC */
/*
 * What /proc says (libos/fs/proc.h): of the machine from the kernel's tables, of processes from
 * the family's table, of this one from its own state. Reads these, writes the file that it is
 * given; the family's lock `file` is held.
 */
#include "libos/linux/proc.h"

#include <machine/call.h>

#include "libos/fs/data.h"
#include "libos/fs/proc.h"
#include "libos/linux/mapped.h"

enum { PROC_LINE = 512, PROC_TICK_NS = 10000000, PROC_TERMINAL = 0x501 };

/* A text that is being written, and of whom. */
struct proc_out {
	struct fs *fs;
	struct fs_node *file;
	struct libos *os;
	struct family_process *process; /* NULL: of the machine */
	err_t error;
};

/* Bytes at the end of the file. */
static void proc_put(struct proc_out *o, const char *bytes, size_t count)
{
	size_t part;
	char *to;

	for (; count > 0; count -= part, bytes += part) {
		if (o->error >= 0)
			o->error = data_write(o->fs, o->file, o->file->size, &to, &part);
		if (o->error < 0)
			return;
		part = part < count ? part : count;
		memcpy(to, bytes, part);
		o->file->size += part;
	}
}

__attribute__((format(printf, 2, 3)))
static void proc_print(struct proc_out *o, const char *format, ...)
{
	char line[PROC_LINE];
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = format_text_v(line, sizeof(line), format, arguments);
	va_end(arguments);
	proc_put(o, line, (size_t)count < sizeof(line) ? (size_t)count : sizeof(line) - 1);
}

static void proc_cpuinfo(struct proc_out *o)
{
	uint32_t i;

	for (i = 0; i < libos_info()->cpus; i++)
		proc_print(o, "processor\t: %u\n\n", i);
}

static void proc_filesystems(struct proc_out *o)
{
	proc_print(o, "nodev\ttmpfs\nnodev\tproc\n");
}

static void proc_loadavg(struct proc_out *o)
{
	const struct family_process *p;
	uint32_t place = 0, all = 0, running = 0;

	while ((p = family_next(&place)) != NULL) {
		all++;
		running += p->state == FAMILY_ALIVE && !p->is_waiting && p->pid != FAMILY_INIT;
	}
	proc_print(o, "0.00 0.00 0.00 %u/%u %u\n", running, all, family_root()->last_pid);
}

static void proc_meminfo(struct proc_out *o)
{
	const unsigned long kib = EXO_PAGE_SIZE / 1024;
	unsigned long total = (unsigned long)libos_info()->frames * kib, free;

	free = (unsigned long)info_free_bytes() / 1024;
	proc_print(o, "MemTotal:     %11lu kB\nMemFree:      %11lu kB\nMemAvailable: %11lu kB\n"
		"Buffers:      %11u kB\nCached:       %11u kB\nSwapTotal:    %11u kB\n"
		"SwapFree:     %11u kB\nShmem:        %11u kB\nSReclaimable: %11u kB\n",
		total, free, free, 0u, 0u, 0u, 0u, 0u, 0u);
}

static void proc_mounts(struct proc_out *o)
{
	proc_print(o, "tmpfs / tmpfs rw 0 0\nproc /proc proc ro 0 0\n");
}

/* What all CPUs have been idle, in nanoseconds. */
static uint64_t proc_idle_ns(uint64_t *switches)
{
	const struct exo_info *info = libos_info();
	const struct exo_array *cpus = &info->arrays[EXO_ARRAY_CPUS];
	const char *table = exo_table(info, EXO_ARRAY_CPUS);
	uint64_t idle = 0, now = machine_clock();
	uint32_t i;

	*switches = 0;
	for (i = 0; i < info->cpus; i++) {
		const struct exo_table_cpu *cpu =
			(const struct exo_table_cpu *)(table + (size_t)i * cpus->size);

		idle += cpu->idle_units;
		if (cpu->current == 0xffff && now > cpu->since)
			idle += now - cpu->since;
		*switches += cpu->switches;
	}
	return time_ns(idle);
}

static void proc_stat(struct proc_out *o)
{
	const struct exo_info *info = libos_info();
	uint64_t switches, idle = proc_idle_ns(&switches) / PROC_TICK_NS;
	uint64_t all = time_now_ns() / PROC_TICK_NS * info->cpus;

	proc_print(o, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\nctxt %lu\nbtime %lu\nprocesses %u\n",
		(unsigned long)(all > idle ? all - idle : 0), (unsigned long)idle,
		(unsigned long)switches, (unsigned long)info->epoch_s, family_root()->last_pid);
}

static void proc_seconds(struct proc_out *o, uint64_t ns, const char *end)
{
	proc_print(o, "%lu.%02lu%s", (unsigned long)(ns / 1000000000),
		(unsigned long)(ns / PROC_TICK_NS % 100), end);
}

static void proc_uptime(struct proc_out *o)
{
	uint64_t switches;

	proc_seconds(o, time_now_ns(), " ");
	proc_seconds(o, proc_idle_ns(&switches), "\n");
}

static void proc_version(struct proc_out *o)
{
	proc_print(o, "Linux version 6.1.0-chitin #1 Chitin\n");
}

static void proc_own_cmdline(struct proc_out *o)
{
	if (o->process->state != FAMILY_ZOMBIE)
		proc_put(o, o->process->command, o->process->command_bytes);
}

static void proc_own_comm(struct proc_out *o)
{
	proc_print(o, "%s\n", o->process->name);
}

/* One line; what is behind it is known of files that are mapped shared, and of the program. */
static void proc_map(struct proc_out *o, const struct vm_region *r, char *path)
{
	const struct vm_backing *b = &r->backing;
	const struct fs_node *node = b->object != NULL ? mapped_node(b->object) : NULL;
	const char *what = r->flags & VM_STACK ? "[stack]" : r->flags & VM_BREAK ? "[heap]" : "";

	path[0] = '\0';
	if (node != NULL && node_path(o->fs, node, path, FS_PATH_MAX) >= 0)
		what = path;
	else if (b->bytes != 0 && r->start < o->os->vm.break_start)
		what = o->os->linux->exe;
	proc_print(o, "%08lx-%08lx %c%c%c%c %08lx 00:%02u %-10lu ", (unsigned long)r->start,
		(unsigned long)r->end, r->protection & EXO_READ ? 'r' : '-',
		r->protection & EXO_WRITE ? 'w' : '-', r->protection & EXO_EXEC ? 'x' : '-',
		r->flags & VM_SHARED ? 's' : 'p', (unsigned long)b->offset, node != NULL,
		node != NULL ? (unsigned long)node->ino : 0);
	proc_put(o, what, strlen(what));
	proc_put(o, "\n", 1);
}

static void proc_own_maps(struct proc_out *o)
{
	char *path;
	uint32_t i;

	if (o->process != family_self(o->os))
		return;
	path = o->fs->outside->alloc(FS_PATH_MAX);
	for (i = 0; path != NULL && i < o->os->vm.count; i++)
		proc_map(o, &o->os->vm.region[i], path);
	o->fs->outside->free(path);
}

static char proc_state(const struct family_process *p)
{
	return p->state == FAMILY_STOPPED ? 'T' : p->state == FAMILY_ZOMBIE ? 'Z'
		: p->is_waiting || p->pid == FAMILY_INIT ? 'S' : 'R';
}

/* Bytes of address space, which only a process itself knows; others: 0. */
static uint64_t proc_bytes(const struct proc_out *o)
{
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; o->process == family_self(o->os) && i < o->os->vm.count; i++)
		bytes += o->os->vm.region[i].end - o->os->vm.region[i].start;
	return bytes;
}

static void proc_own_stat(struct proc_out *o)
{
	const struct family_process *p = o->process;
	bool has_terminal = p->session == family_root()->session;
	uint64_t units = p->state == FAMILY_ZOMBIE ? p->units : process_units(p->env);
	unsigned i;

	proc_print(o, "%u (%s) %c %u %u %u %u %d 0 0 0 0 0 %lu 0 %lu 0 ", p->pid, p->name,
		proc_state(p), p->parent, p->group, p->session, has_terminal ? PROC_TERMINAL : 0,
		has_terminal ? (int)family_root()->foreground : -1,
		(unsigned long)(time_ns(units) / PROC_TICK_NS),
		(unsigned long)(time_ns(p->children_units) / PROC_TICK_NS));
	proc_print(o, "%d %d 1 0 %lu %lu", 20 + p->nice, (int)p->nice,
		(unsigned long)(time_ns(p->start_clock - libos_info()->boot_clock) / PROC_TICK_NS),
		(unsigned long)proc_bytes(o));
	for (i = 24; i <= 52; i++)	/* what is not counted */
		proc_print(o, i == 38 ? " 17" : " 0");
	proc_print(o, "\n");
}

static void proc_own_status(struct proc_out *o)
{
	const struct family_process *p = o->process;
	char state = proc_state(p);

	proc_print(o, "Name:\t%s\nState:\t%c (%s)\nTgid:\t%u\nPid:\t%u\nPPid:\t%u\nTracerPid:\t0\n"
		"Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n", p->name, state, state == 'T' ? "stopped"
		: state == 'Z' ? "zombie" : state == 'S' ? "sleeping" : "running", p->pid, p->pid,
		p->parent);
	if (p == family_self(o->os))
		proc_print(o, "VmSize:\t%8lu kB\nThreads:\t%u\n",
			(unsigned long)proc_bytes(o) / 1024, o->os->linux->threads);
}

static err_t proc_write(struct fs *fs, struct fs_node *file, uint32_t kind, uint32_t pid)
{
	struct proc_out o = { .fs = fs, .file = file, .os = libos_state() };

	if (pid != 0) {
		o.process = family_find(pid);
		if (o.process == NULL)
			return FS_E_MISSING;
	}
	switch (kind) {
#define PROC_FILE(NAME, name, function) case PROC_##NAME: function(&o); break;
#define PROC_OWN(NAME, name, function) case PROC_##NAME: function(&o); break;
#include "libos/fs/proc.def"
#undef PROC_FILE
#undef PROC_OWN
	}
	return o.error;
}

static bool proc_is_process(uint32_t pid)
{
	return family_find(pid) != NULL;
}

static uint32_t proc_next(uint32_t *place)
{
	const struct family_process *p = family_next(place);

	return p != NULL ? p->pid : 0;
}

static uint32_t proc_self(void)
{
	return libos_state()->process.pid;
}

static const char *proc_exe(void)
{
	const char *exe = libos_state()->linux->exe;

	return exe != NULL ? exe : "";
}

static const struct fs_files *proc_files(uint32_t pid)
{
	const struct family_process *p = family_find(pid);

	return p != NULL ? p->files : NULL;
}

const struct fs_proc linux_proc = {
	.is_process = proc_is_process,
	.next = proc_next,
	.self = proc_self,
	.exe = proc_exe,
	.files = proc_files,
	.write = proc_write,
};

void proc_note_command(struct libos *os)
{
	struct family_process *self = family_self(os);
	const char *text;
	uint32_t bytes = 0, part;
	unsigned i;

	for (i = 0; bytes < sizeof(self->command); i++) {
		text = process_argument(os, i);
		if (text == NULL)
			break;
		part = (uint32_t)strlen(text) + 1;
		if (part > sizeof(self->command) - bytes)
			part = sizeof(self->command) - bytes;
		memcpy(self->command + bytes, text, part);
		bytes += part;
	}
	self->command_bytes = bytes;
}
