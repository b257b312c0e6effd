/* SPDX-License-Identifier: ISC */
/* The guest's machine: QEMU, its RAM, the kernel's image and the hand-off. One thread. */
#include "fuzz/guest/host.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/archive.h"
#include "tools/memory.h"
#include "tools/qemu.h"

#define GUEST_KERNEL    "fuzz/guest/exo-" GUEST_ARCH ".elf"
#define GUEST_IMAGE     "fuzz/guest/exo-" GUEST_ARCH ".img"
#define GUEST_PROGRAM   "fuzz/guest/program-" GUEST_ARCH
#define GUEST_HANDOFF   "./fuzz/guest/handoff.so"

/* How much CPU time an order may take, or time if QEMU sleeps: then it uses less than SLEEP_MS of
 * CPU time in each second. The host may have much else to do. An input that runs pages of zeros, on
 * x86-64 code that changes itself, may need a second. */
enum { WAIT_SECONDS = 10, SLEEP_SECONDS = 20, SLEEP_MS = 10, BOOT_SECONDS = 60 };

_Static_assert(GUEST_NOBODY == VCPU_NONE, "fuzz/guest/mailbox.h");

static const struct run_arch guest_arch = {
	.name = GUEST_ARCH, .elf = MACHINE_ELF, .qemu = "qemu-system-" GUEST_ARCH, .cpu = GUEST_CPU,
};

void run_end(enum run_status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	_exit(status);
}

/* ---- The image ---- */

static const void *image_map(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	const void *bytes;

	if (fd < 0 || fstat(fd, &status))
		run_end(RUN_USAGE, "%s: %s", path, strerror(errno));
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED)
		run_end(RUN_USAGE, "%s: %s", path, strerror(errno));
	return bytes;
}

/* The physical address of an address of the image's. */
static uint64_t image_physical(const Elf64_Ehdr *elf, uint64_t address)
{
	const Elf64_Phdr *p = (const void *)((const char *)elf + elf->e_phoff);
	unsigned i;

	for (i = 0; i < elf->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && address - p[i].p_vaddr < p[i].p_memsz)
			return address - p[i].p_vaddr + p[i].p_paddr;
	return 0;
}

const struct guest_image *guest_image(void)
{
	static struct guest_image image;
	const Elf64_Ehdr *elf;
	const Elf64_Shdr *s;
	const char *names;
	unsigned i;

	if (image.count)
		return &image;
	elf = image_map(GUEST_KERNEL);
	s = (const void *)((const char *)elf + elf->e_shoff);
	names = (const char *)elf + s[elf->e_shstrndx].sh_offset;
	for (i = 0; i < elf->e_shnum; i++) {
		const char *name = names + s[i].sh_name;

		if (!strcmp(name, "__sancov_cntrs")) {
			image.counters = image_physical(elf, s[i].sh_addr);
			image.count = (uint32_t)s[i].sh_size;
		} else if (!strcmp(name, "__sancov_pcs")) {
			image.pcs = (const void *)((const char *)elf + s[i].sh_offset);
		} else if (!strcmp(name, "handoff")) {
			memcpy(&image.handoff, (const char *)elf + s[i].sh_offset,
			       sizeof(image.handoff));
		}
	}
	if (!image.count || !image.pcs || !image.handoff)
		run_end(RUN_USAGE, "%s has no counters or no hand-off", GUEST_KERNEL);
	return &image;
}

/* ---- The hand-off ---- */

/* Take what the guest printed. False: QEMU has gone. */
static bool hear(struct guest *g)
{
	char bytes[4096];
	ssize_t length = read(g->serial, bytes, sizeof(bytes));
	size_t keep = sizeof(g->said) - 1, kept = strlen(g->said), fresh;

	if (length <= 0)
		return false;
	fresh = (size_t)length < keep ? (size_t)length : keep;
	if (kept > keep - fresh) {
		memmove(g->said, g->said + kept - (keep - fresh), keep - fresh);
		kept = keep - fresh;
	}
	memcpy(g->said + kept, bytes + length - fresh, fresh);
	g->said[kept + fresh] = '\0';
	return true;
}

/* CPU time that QEMU has had, in milliseconds. */
static uint64_t used_ms(const struct guest *g)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (!clock_getcpuclockid(g->pid, &clock))
		clock_gettime(clock, &used);
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

/* Until the guest has carried out the order, and its CPU waits for the next. */
static const char *await(struct guest *g, unsigned seconds, unsigned sleep_seconds)
{
	struct pollfd f = { .fd = g->serial, .events = POLLIN };
	uint64_t before = used_ms(g), last = before, now = before;
	unsigned sleeps = 0;
	char byte;
	ssize_t n;

	while ((n = read(g->handoff, &byte, 1)) < 0 /* for a second */
	       && (errno == EAGAIN || errno == EINTR) /* libFuzzer's own clock */
	       && sleeps < sleep_seconds && now - before < seconds * UINT64_C(1000)) {
		if (errno == EINTR)
			continue;
		now = used_ms(g);
		sleeps = now - last < SLEEP_MS ? sleeps + 1 : 0;
		last = now;
	}
	if (n == 1)
		return NULL;
	while (poll(&f, 1, 0) > 0 && hear(g))
		;
	return n < 0 ? "the guest hangs" : "the guest's machine has ended";
}

const char *guest_order(struct guest *g, unsigned order)
{
	const char *wrong;

	g->box->order = order;
	atomic_store(&g->box->turn, GUEST_WORKS);
	if (write(g->handoff, "x", 1) != 1)
		return "the guest's machine has ended";
	wrong = await(g, WAIT_SECONDS, SLEEP_SECONDS);
	return wrong || atomic_load(&g->box->turn) == GUEST_SLEEPS ? wrong
		: "the guest has not carried out its order";
}

/* What is said first is not of interest, nor are the vector registers. */
void guest_print_cpu(struct guest *g)
{
	static const char ask[] = "info registers\n";
	struct pollfd f = { .fd = g->monitor, .events = POLLIN };
	char said[8192] = "";
	size_t length = 0;
	const char *cpu;
	ssize_t n = send(g->monitor, ask, sizeof(ask) - 1, MSG_NOSIGNAL);

	while (n > 0 && length < sizeof(said) - 1 && poll(&f, 1, 1000) > 0) {
		n = read(g->monitor, said + length, sizeof(said) - 1 - length);
		length += n > 0 ? (size_t)n : 0;
	}
	cpu = strstr(said, "CPU#0");
	printf("%.1000s\n", cpu ? cpu : "QEMU does not answer");
}

/* ---- Boot ---- */

/* The guest's program and nothing else. */
static int boot_archive(void)
{
	int fd = memfd_create("guest-archive", 0);
	struct archive archive;

	if (fd < 0)
		run_end(RUN_QEMU, "no file for the boot archive: %s", strerror(errno));
	archive_create(&archive, fd);
	archive_add_file(&archive, "init", GUEST_PROGRAM);
	archive_add_bytes(&archive, "args", S_IFREG | 0644, "", 1);
	archive_end(&archive);
	return fd;
}

/* The kernel says on the channel for last words where its tables are, first of all. */
static void boot_tables(struct guest *g, int end, struct memory *memory)
{
	struct pollfd f = { .fd = end, .events = POLLIN };
	struct pollfd serial = { .fd = g->serial, .events = POLLIN };
	char line[128];
	size_t length = 0;
	ssize_t n;

	while (!memory->info) {
		n = poll(&f, 1, BOOT_SECONDS * 1000);
		if (n < 0 && errno == EINTR) /* libFuzzer's own clock */
			continue;
		if (n > 0)
			n = read(end, line + length, sizeof(line) - 1 - length);
		if (n <= 0) {
			while (poll(&serial, 1, 0) > 0 && hear(g))
				;
			run_end(RUN_QEMU, "the guest does not boot: %s", g->said);
		}
		length += (size_t)n;
		line[length] = '\0';
		if (strchr(line, '\n') && !strncmp(line, "info 0x", 7))
			memory_set_info(memory, strtoull(line + 5, NULL, 16));
	}
}

/* Our end of the hand-off's socket; QEMU inherits the other. */
static int boot_handoff(int *theirs)
{
	const struct timeval second = { .tv_sec = 1 };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		run_end(RUN_QEMU, "no socket for the hand-off: %s", strerror(errno));
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	*theirs = ends[1];
	return ends[0];
}

/* The mailbox's pages in a row, from wherever they are in RAM. */
static void boot_mailbox(struct guest *g, int fd)
{
	size_t pages = (sizeof(*g->box) + EXO_PAGE_SIZE - 1) / EXO_PAGE_SIZE, i;
	char *at = mmap(NULL, pages * EXO_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (i = 0; i < pages; i++) {
		const uint8_t *page = guest_look(g, 0, GUEST_MAILBOX + i * EXO_PAGE_SIZE, EXO_READ);

		if (!page || mmap(at + i * EXO_PAGE_SIZE, EXO_PAGE_SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, fd, page - g->ram) == MAP_FAILED)
			run_end(RUN_QEMU, "the guest has no mailbox: %s", g->said);
	}
	g->box = (struct guest_mailbox *)at;
}

static void boot(struct guest *g)
{
	const char *words[] = { "fuzz" };
	char plugin[80];
	struct run_options options = { .arch = &guest_arch, .cpus = 1, .hz = 1000,
		.memory_bytes = GUEST_RAM_BYTES, .machine = GUEST_MACHINE, .icount = "shift=0",
		.boot_image = GUEST_IMAGE, .words = words, .word_count = 1,
		.plugin = plugin };
	struct memory memory;
	struct qemu qemu;
	int theirs;

	g->image = *guest_image();
	g->handoff = boot_handoff(&theirs);
	snprintf(plugin, sizeof(plugin), "file=" GUEST_HANDOFF ",fd=%d,at=%#llx", theirs,
		 (unsigned long long)g->image.handoff);
	memory_create(&memory, &options);
	fcntl(198, F_SETFD, FD_CLOEXEC); /* AFL++'s pipes end with us, not with QEMU */
	fcntl(199, F_SETFD, FD_CLOEXEC);
	qemu_create(&qemu, &options, boot_archive(), memory.fd);
	close(theirs);
	g->pid = qemu.pid;
	g->serial = qemu.serial;
	g->monitor = qemu.monitor;
	g->ram_bytes = GUEST_RAM_BYTES;
	g->ram = mmap(NULL, g->ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd, 0);
	g->said[0] = '\0';
	boot_tables(g, qemu.end, &memory);
	if (await(g, BOOT_SECONDS, BOOT_SECONDS))
		run_end(RUN_QEMU, "the guest does not sleep: %s", g->said);
	g->counters = g->ram + (g->image.counters - memory.start);
	g->m = (struct machine *)(g->ram + (memory.info->arrays[EXO_ARRAY_MACHINE].physical
					    - memory.start));
	g->scratch = calloc(g->m->frame_count, sizeof(*g->scratch));
	boot_mailbox(g, memory.fd);
	g->box->sleepers = offsetof(struct cpu, sleepers);
}

struct guest *guest_get(void)
{
	static struct guest *guest;

	if (!guest)
		guest = calloc(1, sizeof(*guest));
	if (!guest->pid)
		boot(guest);
	return guest;
}

void guest_stop(struct guest *g)
{
	kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
	g->pid = 0;
}
