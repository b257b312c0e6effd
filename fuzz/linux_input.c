/* SPDX-License-Identifier: ISC */
/* What records mean to the target `linux`; see linux_input.h. Holds nothing. */
#include "fuzz/linux_input.h"

#include <stdio.h>
#include <string.h>

#include <machine/linux.h>

struct call {
	uint16_t number;
	bool is_absent;
	const char *name, *letters;
};

static const struct call calls[] = {
#define CALL(number, name, handler, letters) { number, false, #name, letters },
#define FILE_CALL(number, name, handler, letters) { number, false, #name, letters },
#define ABSENT(number, name) { number, true, #name, "xxxxxx" },
#include <machine/linux.def>
#undef CALL
#undef FILE_CALL
#undef ABSENT
};

static const struct { char letter; uint64_t value; } words[] = {
#define NAME(letter, mask, value, name) { letter, value },
#include "libos/linux/strace.def"
#undef NAME
};

static const int16_t errors[] = {
#define ERRNO(number, name) number,
#include "libos/linux/errno.def"
#undef ERRNO
};

enum { STRING_BYTES = 64, SLOT_BYTES = 64, BAD_POINTERS = 8, GOOD_BYTES = 2048 };

static const char *const strings[] = {
	"/tmp/a", "/tmp/b", "/tmp/d", "/tmp/d/c", "a", "d", "..", ".", "/", "", "/dev/null",
	"/dev/zero", "/dev/tty", "/dev/full", "/proc/self/exe", "/init", "/etc/file", "/etc/link",
	"/tmp/d/", "/tmp/a/b", "/tmp/l", "/tmp/fifo", "./d/../d/c", "/dev/console", "/tmp",
	"/dev/random", "/etc", "/nothing/here", "b", "/tmp/d/d", "/etc/script", "../../tmp/b",
};

bool linux_input_is_error(int64_t number)
{
	unsigned i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]) && number < 512; i++)
		if (errors[i] == number)
			return true;
	return false;
}

void linux_input_text(char *page)
{
	unsigned i;

	memset(page, 'x', EXO_PAGE_SIZE);
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		memcpy(page + i * STRING_BYTES, strings[i], strlen(strings[i]) + 1);
}

void linux_input_data(char *page)
{
	static const uint64_t slots[][8] = {
		{ 0 },
		{ LINUX_DATA + 2048, 16, LINUX_DATA + 2100, 0, LINUX_DATA + 2048, 7 }, /* iovec */
		{ LINUX_DATA + 2048, 16, 0, 8, UINT64_MAX, 1 },
		{ 0, 1000000, 0, 2000 },                                    /* timespec, timeval */
		{ 1, UINT64_MAX, UINT64_MAX, 1 },
		{ LINUX_TEXT, 0x14000000, LINUX_TEXT, 0 },                  /* sigaction */
		{ 1, 0, 0, UINT64_MAX },
		{ 0x200, 0, UINT64_MAX, 0xfffffffffffbfeff },               /* sigset */
		{ 0x100000000, 0x500000003, 0x100000001, 4 },               /* pollfd */
		{ 20, 64, 1024, 1024 },                                     /* rlimit */
		{ 0, 0, 0, 0, 17, 0, 0, 0 },                                /* clone_args */
		{ LINUX_TEXT, LINUX_TEXT + 256, 0, LINUX_TEXT, UINT64_MAX, 0 }, /* argv */
		{ LINUX_DATA + 0x2000, 0, 0x1000, 0 },                      /* stack_t */
		{ LINUX_DATA + 832, 0, 0 },                                 /* robust list */
		{ 1, 0, 100, 0 },                                           /* flock */
		{ 0x400000003, 10, 0x100000001, 0x7fffffff },
		{ 0x1b00000008, 0, 0, 0 },                                  /* termios-like */
		{ 0x0000000500000100, 0x8a3b000000bf, 0x7f1503 },
	};

	memset(page, 0, EXO_PAGE_SIZE);
	memcpy(page, slots, sizeof(slots));
}

static size_t archive_add(char *to, const char *name, unsigned mode, const char *data)
{
	size_t at = (size_t)sprintf(to,
		"070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", 1u, mode,
		0u, 0u, 1u, 5u, (unsigned)strlen(data), 0u, 0u, 0u, 0u, (unsigned)strlen(name) + 1,
		0u, name) + 1;

	at = (at + 3) / 4 * 4;
	memcpy(to + at, data, strlen(data));
	return (at + strlen(data) + 3) / 4 * 4;
}

uint64_t linux_input_archive(char *pages)
{
	size_t at = archive_add(pages, "init", 0100755, "\177ELF and nothing more");

	at += archive_add(pages + at, "etc/script", 0100755, "#!/init once\n");
	at += archive_add(pages + at, "etc/link", 0120777, "file");
	at += archive_add(pages + at, "etc/file", 0100644, "what the archive has\n");
	at += archive_add(pages + at, "TRAILER!!!", 0, "");
	return at;
}

/* ---- Arguments ---- */

static uint64_t pointer_of(uint8_t byte, bool *is_good)
{
	static const uint64_t bad[BAD_POINTERS] = { 0, 8, UINT64_MAX, UINT64_C(1) << 63,
		UINT64_C(0x7f0000001000), UINT64_C(0x7e0000000000) - 4,
		LINUX_DATA + LINUX_DATA_BYTES + 16, UINT64_C(0x600000) };
	unsigned part = byte >> 3;

	switch (byte & 7) {
	case 5:
		*is_good = false;
		return LINUX_DATA + LINUX_DATA_BYTES - part;
	case 6:
		*is_good = false;
		return bad[part % BAD_POINTERS];
	case 7:
		*is_good = false;
		return LINUX_TEXT + part * STRING_BYTES;
	default:
		return LINUX_DATA + part * SLOT_BYTES + (byte & 4 ? GOOD_BYTES : 0);
	}
}

static uint64_t string_of(uint8_t byte, bool *is_good)
{
	if (byte >= 0xe8) {
		*is_good = false;
		return byte & 1 ? LINUX_TEXT + EXO_PAGE_SIZE - 8 : pointer_of(byte, is_good);
	}
	return LINUX_TEXT + byte % 32 * STRING_BYTES;
}

static uint64_t number_of(uint8_t byte)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 17, 63, 64, 1023, 1024,
		UINT64_MAX, (uint32_t)-100, INT32_MAX, UINT32_MAX, UINT64_C(1) << 32 | 1,
		INT64_MAX };

	return byte & 0xe0 ? byte & 7 : values[(byte & 31) % 20];
}

static uint64_t size_of(uint8_t byte, bool *is_good)
{
	static const uint64_t values[] = { 0, 1, 8, 16, 24, 64, 100, 4096, 4097, 8192, 20000,
		UINT64_C(1) << 31, INT64_MAX, UINT64_MAX, UINT64_C(1) << 47, EXO_PAGE_SIZE * 3 };
	uint64_t value = byte & 0x80 ? values[byte & 15] : values[byte & 7 ? byte & 7 : 2];

	*is_good &= value <= 128;
	return value;
}

static uint64_t flags_of(uint8_t byte)
{
	static const uint64_t addresses[] = { LINUX_DATA + 0x1000, LINUX_DATA + 0x3000, 0x800000,
		0x801000, UINT64_C(0x200000000), LINUX_STACK, 0x10000000, 0x10003000 };

	if (byte & 0x80)
		return addresses[byte & 7];
	return byte & 0x40 ? UINT64_C(1) << (byte & 31) : byte & 31;
}

/* One or two of the values that a letter has names for. */
static uint64_t words_of(char letter, uint8_t byte)
{
	unsigned count = 0, i;
	uint64_t value = 0;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		count += words[i].letter == letter;
	if (!count)
		return number_of(byte);
	count = byte % count;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].letter != letter)
			continue;
		if (count == 0 || (byte & 0x80 && count == 3))
			value |= words[i].value;
		count--;
	}
	return value;
}

static uint64_t argument_of(char letter, uint8_t byte, bool *is_good)
{
	switch (letter) {
	case 's':
		return string_of(byte, is_good);
	case 'p':
	case 'b':
	case 'w':
		return pointer_of(byte, is_good);
	case 'u':
		return size_of(byte, is_good);
	case 'x':
	case 'o':
		return flags_of(byte);
	case 'a':
		return byte & 1 ? (uint32_t)-100 : number_of(byte);
	case 'S':
		return byte & 63;
	case 'd':
		return number_of(byte);
	default:
		return words_of(letter, byte);
	}
}

/* Calls whose structures lead further, or whose pointers are not of the kind their letters say;
 * restart_syscall's are of the call that it goes on with. */
static bool is_nested(const char *name)
{
	static const char *const names[] = { "readv", "writev", "preadv", "pwritev", "execve",
		"clone", "clone3", "pselect6", "futex", "mremap", "rt_sigreturn", "poll", "ppoll",
		"mmap", "fcntl", "ioctl", "select", "utimensat", "set_robust_list", "arch_prctl",
		"prctl", "getcwd", "rt_sigaction", "reboot", "madvise", "restart_syscall" };
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void know(struct linux_step *s)
{
	enum { CLOEXEC = 4, DUPFD_CLOEXEC = 1030, LOCK_MAND = 32 };
	static const struct { const char *name; enum linux_effect effect; } effects[] = {
		{ "open", LINUX_OPENS }, { "openat", LINUX_OPENS }, { "creat", LINUX_OPENS },
		{ "memfd_create", LINUX_OPENS },
		{ "dup", LINUX_OPENS }, { "dup2", LINUX_OPENS_AS }, { "dup3", LINUX_OPENS_AS },
		{ "pipe", LINUX_OPENS_TWO }, { "pipe2", LINUX_OPENS_TWO },
		{ "close", LINUX_CLOSES }, { "close_range", LINUX_CLOSES_RANGE },
	};
	static const char *const used[] = { "read", "write", "fstat", "lseek", "pread64",
		"pwrite64", "ftruncate", "fchdir", "fsync", "dup", "fchmod", "flock", "readv",
		"writev", "fcntl", "ioctl", "getdents64" };
	unsigned i;

	for (i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (!strcmp(effects[i].name, s->name))
			s->effect = effects[i].effect;
	for (i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		s->has_descriptor |= !strcmp(used[i], s->name);
	if (!strcmp(s->name, "flock") && s->argument[1] & LOCK_MAND)
		s->has_descriptor = false; /* Linux looks at nothing more */
	if (!strcmp(s->name, "fcntl") && (!s->argument[1] || s->argument[1] == DUPFD_CLOEXEC)) {
		s->effect = LINUX_OPENS;
		s->least = (uint32_t)s->argument[2];
	}
	if (s->effect == LINUX_CLOSES_RANGE && s->argument[2] & CLOEXEC)
		s->effect = LINUX_NONE;
	s->is_good &= !is_nested(s->name);
}

/* Flags that there are not, and lengths of what is filled. */
static void know_limits(struct linux_step *s)
{
	static const struct { const char *name; unsigned argument; uint64_t flags; } allowed[] = {
		{ "dup3", 2, 0x80000 }, { "pipe2", 1, 0x80800 }, { "close_range", 2, 6 },
		{ "unlinkat", 2, 0x200 }, { "renameat2", 4, 1 }, { "linkat", 4, 0x400 },
		{ "memfd_create", 1, 3 }, { "mremap", 3, 3 }, { "msync", 2, 7 },
		{ "newfstatat", 3, 0x7900 },
	};
	static const struct { const char *name; unsigned argument; } lengths[] = {
		{ "read", 2 }, { "pread64", 2 }, { "getdents64", 2 }, { "readlink", 2 },
		{ "readlinkat", 3 }, { "getcwd", 1 }, { "getrandom", 1 },
	};
	unsigned i;

	s->most = UINT64_MAX;
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (!strcmp(allowed[i].name, s->name)
		    && s->argument[allowed[i].argument] & ~allowed[i].flags)
			s->refused = "a call has a flag that there is not";
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		if (!strcmp(lengths[i].name, s->name))
			s->most = s->argument[lengths[i].argument];
}

/* What the program may do with what it opens, and must be able to do with what it uses. */
static void know_modes(struct linux_step *s)
{
	enum { PATH = 0x200000, SHARED = 1, TYPE = 0xf, WRITE = 2, ANONYMOUS = 0x20 };
	static const struct { const char *name; unsigned needs; } used[] = {
		{ "read", LINUX_READS }, { "pread64", LINUX_READS }, { "readv", LINUX_READS },
		{ "preadv", LINUX_READS }, { "write", LINUX_WRITES }, { "pwrite64", LINUX_WRITES },
		{ "writev", LINUX_WRITES }, { "pwritev", LINUX_WRITES },
		{ "ftruncate", LINUX_WRITES }, { "fallocate", LINUX_WRITES },
		{ "sendfile", LINUX_WRITES },
	};
	uint64_t flags = !strcmp(s->name, "open") ? s->argument[1] : s->argument[2];
	unsigned i;

	s->opens = LINUX_COPIES;
	if (!strcmp(s->name, "open") || !strcmp(s->name, "openat"))
		s->opens = flags & PATH ? 0 : flags & 2 ? LINUX_READS | LINUX_WRITES
			: flags & 1 ? LINUX_WRITES : LINUX_READS;
	else if (!strcmp(s->name, "creat"))
		s->opens = LINUX_WRITES;
	else if (!strcmp(s->name, "memfd_create"))
		s->opens = LINUX_READS | LINUX_WRITES;
	s->descriptor = (uint32_t)s->argument[0];
	for (i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		if (!strcmp(used[i].name, s->name))
			s->needs = used[i].needs;
	if (strcmp(s->name, "mmap") != 0 || s->argument[3] & ANONYMOUS)
		return;
	s->descriptor = (uint32_t)s->argument[4];
	s->needs = LINUX_READS;
	if ((s->argument[3] & TYPE) != 2 && s->argument[2] & WRITE)
		s->needs |= LINUX_WRITES;
}

static void decode_call(struct linux_step *s, const struct fuzz_record *r)
{
	const struct call *call = &calls[(r->kind << 1 | (r->where >> 7)) % (sizeof(calls)
									    / sizeof(calls[0]))];
	const char *letters = call->letters;
	unsigned i;

	letters += *letters == '!';
	s->kind = LINUX_CALL;
	s->number = call->number;
	s->name = call->name;
	s->letters = letters;
	s->is_good = true;
	for (i = 0; i < 6; i++) {
		char letter = *letters ? *letters++ : 'x';

		s->argument[i] = argument_of(letter, r->byte[i], &s->is_good);
		if (!(r->where >> i & 1))
			continue;
		s->argument[i] = r->wild;
		s->is_good = false;
	}
	s->is_native = r->where & 0x40 && !call->is_absent;
	if (s->is_native) {
		s->argument[4] = s->argument[5] = 0;
		s->is_good &= strlen(s->letters) <= 4;
	}
	know(s);
	know_limits(s);
	know_modes(s);
}

void linux_input_decode(struct linux_step *s, const struct fuzz_record *r)
{
	static const enum linux_kind others[] = { LINUX_POKE, LINUX_TYPE, LINUX_ADVANCE,
		LINUX_TRAP };
	uint8_t kind = r->kind & 0x3f;

	*s = (struct linux_step){ .name = "", .letters = "" };
	if (kind < 60 || r->byte[5] & 1) {
		decode_call(s, r);
		return;
	}
	s->kind = others[kind - 60];
	s->argument[0] = s->kind == LINUX_POKE ? LINUX_DATA + r->byte[0] * 8u : r->byte[0];
	s->argument[1] = r->wild;
}

void linux_input_print(const struct linux_step *s)
{
	static const char *const kinds[] = { "", "poke", "type", "advance", "trap" };
	const char *letter = s->letters;
	unsigned i;

	printf("%s%s", kinds[s->kind], s->name);
	for (i = 0; i < 6 && (*letter || s->kind != LINUX_CALL); i++) {
		if (s->kind != LINUX_CALL && i == 2)
			break;
		if (*letter == 's' && s->argument[i] - LINUX_TEXT < 32 * STRING_BYTES)
			printf(" \"%s\"", strings[(s->argument[i] - LINUX_TEXT) / STRING_BYTES]);
		else
			printf(" %#llx", (unsigned long long)s->argument[i]);
		letter += *letter != '\0';
	}
	printf(s->is_native ? " (native)" : s->kind == LINUX_CALL ? "" : "\n");
}

bool linux_input_maps(const struct linux_step *s)
{
	static const char *const names[] = { "mmap", "mprotect", "munmap", "mremap", "brk",
		"madvise" };
	uint64_t bytes = s->argument[1] > s->argument[2] ? s->argument[1] : s->argument[2];
	uint64_t end = LINUX_SECRET + EXO_PAGE_SIZE;
	unsigned i;

	for (i = 0; i < 6; i++)
		if (s->argument[i] - LINUX_SECRET < EXO_PAGE_SIZE)
			return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], s->name))
			break;
	if (i == sizeof(names) / sizeof(names[0]))
		return false;
	return (s->argument[0] < end && bytes > LINUX_TEXT - EXO_PAGE_SIZE - s->argument[0])
		|| (s->argument[4] < end && bytes > LINUX_TEXT - EXO_PAGE_SIZE - s->argument[4])
		|| s->argument[0] - LINUX_TEXT < end - LINUX_TEXT
		|| s->argument[4] - LINUX_TEXT < end - LINUX_TEXT;
}
