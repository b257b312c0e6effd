/* SPDX-License-Identifier: ISC */
/*
 * chitin-run: boots Chitin in QEMU with one program, and exits with that program's status. This
 * file reads the options and packs the archive; console.c has the time in between.
 */
#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/again.h"
#include "tools/archive.h"
#include "tools/console.h"
#include "tools/memory.h"
#include "tools/program.h"
#include "tools/qemu.h"
#include "tools/run.h"
#include "tools/trace.h"

#define RUN_MEMORY_DEFAULT	(256ull << 20)
#define RUN_MEMORY_LEAST	(16ull << 20)
#define RUN_MEMORY_BESIDE	(8ull << 20)	/* beside the archive, for kernel and program */

enum { RUN_CPUS_MOST = 64, RUN_HZ_DEFAULT = 100, RUN_HZ_MOST = 10000 };

static const struct run_arch run_archs[] = {
	{
		.name = "x86_64", .human = "x86-64", .elf = EM_X86_64,
		.qemu = "qemu-system-x86_64", .qemu_package = "qemu-system-x86",
		.gdb = "gdb",
		.cpu = "max,-erms,-pku", .machines = { "q35", "microvm" },
		.kernel = "exo-x86_64.elf", .boot_image = "exo-x86_64.elf", .libos = "libos.elf",
	},
	{
		.name = "aarch64", .human = "AArch64", .elf = EM_AARCH64,
		.qemu = "qemu-system-aarch64", .qemu_package = "qemu-system-arm",
		.gdb = "gdb-multiarch",
		.cpu = "max", .machines = { "virt" },
		.kernel = "exo-aarch64.elf", .boot_image = "exo-aarch64.img",
		.libos = "aarch64/libos.elf",
	},
};

static const char run_help[] =
"usage: chitin-run [OPTION]... PROGRAM [ARGUMENT]...\n"
"Boot Chitin in QEMU with PROGRAM as its first process; exit with its status.\n"
"\n"
"  --add FILE[=PATH]  put FILE into the boot archive as /PATH (else under its base name)\n"
"  --env NAME=VALUE   add to the program's environment (LIBOS_STRACE=1 shows its calls)\n"
"  --memory SIZE      of the machine, with K, M or G (256M; at least 16M)\n"
"  --cpus N           of the machine (1)\n"
"  --hz N             timer ticks a second, 1 to 10000 (100)\n"
"  --timeout SECONDS  give up then, with a backtrace of the kernel\n"
"  --icount           one nanosecond an instruction, from 1970 on: exact, repeatable\n"
"  --arch NAME        x86_64 or aarch64 (x86_64)\n"
"  --machine NAME     q35 or microvm (q35); of aarch64 virt\n"
"  --cpu NAME         another of QEMU's CPUs than max\n"
"  --gdb[=PORT]       wait for a debugger before the first instruction\n"
"  --kernel FILE      another kernel\n"
"  --libos FILE       another library for programs that bring none\n"
"  --append WORD      add to the kernel's command line\n"
"  --trace FILE       note what the kernel does, and write it as a timeline for Perfetto\n"
"  --post-mortem      a program that dies tells all: registers, memory, its last calls\n"
"  --raw              PROGRAM takes the library's place: for tests of the kernel\n"
"  --archive FILE     only write the boot archive, to FILE\n"
"\n"
"In a terminal Ctrl-] leaves. Exit status: the program's own; 2 bad usage or input,\n"
"123 the program died abnormally, 124 timeout, 125 kernel panic, 126 QEMU failed, 130 left.\n";

void run_end(enum run_status status, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "chitin-run: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(status);
}

static void *run_grow(void *array, unsigned int count, size_t item_bytes)
{
	void *grown = reallocarray(array, count + 1, item_bytes);

	if (grown == NULL)
		run_end(RUN_USAGE, "out of memory");
	return grown;
}

static unsigned int run_number(const char *name, const char *text, unsigned int least,
	unsigned int most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' ||
	    value < least || value > most)
		run_end(RUN_USAGE, "--%s %s: a number from %u to %u is wanted", name, text, least,
			most);
	return (unsigned int)value;
}

/* A size with K, M or G; without a letter in MiB, as QEMU has it. */
static uint64_t run_size(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);
	unsigned int shift;

	switch (*end) {
	case 'K': case 'k':
		shift = 10;
		break;
	case '\0': case 'M': case 'm':
		shift = 20;
		break;
	case 'G': case 'g':
		shift = 30;
		break;
	default:
		shift = 0;
		break;
	}
	if (*text < '0' || *text > '9' || shift == 0 || (*end != '\0' && end[1] != '\0') ||
	    value > (1ull << 40) >> shift)
		run_end(RUN_USAGE, "--memory %s: a size like 64M or 1G is wanted", text);
	if (value << shift < RUN_MEMORY_LEAST)
		run_end(RUN_USAGE, "--memory %s: too little memory, 16M is the least", text);
	return value << shift;
}

/* FILE or FILE=PATH. A file whose name has an equals sign is taken whole if it exists. */
static void run_add_file(struct run_options *options, char *text)
{
	struct run_file *file;
	char *sign = strchr(text, '=');
	struct stat info;

	options->add = run_grow(options->add, options->add_count, sizeof(*options->add));
	file = &options->add[options->add_count++];
	file->file = text;
	if (sign != NULL && stat(text, &info) != 0) {
		file->file = strndup(text, (size_t)(sign - text)); /* argv stays as it was */
		file->path = sign + 1 + strspn(sign + 1, "/");
	} else {
		file->path = strrchr(text, '/') != NULL ? strrchr(text, '/') + 1 : text;
	}
	if (*file->path == '\0')
		run_end(RUN_USAGE, "--add %s: no name to put it under", text);
}

static void run_add_env(struct run_options *options, const char *text)
{
	const char *sign = strchr(text, '=');

	if (sign == NULL || sign == text)
		run_end(RUN_USAGE, "--env %s: NAME=VALUE is wanted", text);
	if (sign[1] == '\0')
		return;		/* an empty value is as good as none, and easier on scripts */
	options->env = run_grow(options->env, options->env_count, sizeof(*options->env));
	options->env[options->env_count++] = text;
}

static void run_add_word(struct run_options *options, const char *text)
{
	options->words = run_grow(options->words, options->word_count, sizeof(*options->words));
	options->words[options->word_count++] = text;
}

/* A TCP port that is free now. */
static unsigned int run_free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		run_end(RUN_QEMU, "no port for the debugger: %s", strerror(errno));
	close(fd);
	return ntohs(address.sin_port);
}

enum run_option {
	OPTION_ADD = 256, OPTION_APPEND, OPTION_ARCH, OPTION_ARCHIVE, OPTION_CPU, OPTION_CPUS,
	OPTION_ENV,
	OPTION_GDB, OPTION_HELP, OPTION_HZ, OPTION_ICOUNT, OPTION_KERNEL, OPTION_LIBOS,
	OPTION_MACHINE, OPTION_MEMORY, OPTION_POST_MORTEM, OPTION_RAW, OPTION_TIMEOUT, OPTION_TRACE,
};

static const struct option run_long_options[] = {
	{ "add", required_argument, NULL, OPTION_ADD },
	{ "append", required_argument, NULL, OPTION_APPEND },
	{ "arch", required_argument, NULL, OPTION_ARCH },
	{ "archive", required_argument, NULL, OPTION_ARCHIVE },
	{ "cpu", required_argument, NULL, OPTION_CPU },
	{ "cpus", required_argument, NULL, OPTION_CPUS },
	{ "env", required_argument, NULL, OPTION_ENV },
	{ "gdb", optional_argument, NULL, OPTION_GDB },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "hz", required_argument, NULL, OPTION_HZ },
	{ "icount", no_argument, NULL, OPTION_ICOUNT },
	{ "kernel", required_argument, NULL, OPTION_KERNEL },
	{ "libos", required_argument, NULL, OPTION_LIBOS },
	{ "machine", required_argument, NULL, OPTION_MACHINE },
	{ "memory", required_argument, NULL, OPTION_MEMORY },
	{ "post-mortem", no_argument, NULL, OPTION_POST_MORTEM },
	{ "raw", no_argument, NULL, OPTION_RAW },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "trace", required_argument, NULL, OPTION_TRACE },
	{ NULL, 0, NULL, 0 },
};

static const struct run_arch *run_find_arch(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(run_archs) / sizeof(run_archs[0]); i++)
		if (strcmp(name, run_archs[i].name) == 0)
			return &run_archs[i];
	run_end(RUN_USAGE, "--arch %s: there are x86_64 and aarch64", name);
}

/* The machine asked for, or the architecture's usual one. */
static void run_check_machine(struct run_options *options)
{
	const char *const *machine = options->arch->machines;

	if (options->machine == NULL)
		options->machine = machine[0];
	while (*machine != NULL && strcmp(*machine, options->machine) != 0)
		machine++;
	if (*machine == NULL && strncmp(options->machine, "virt,", 5) != 0)
		run_end(RUN_USAGE, "--machine %s: there are q35 and microvm, of aarch64 virt",
			options->machine);
}

/* Where an option's value is kept as it is; NULL: it is not. */
static const char **run_find_text(struct run_options *options, int option)
{
	switch (option) {
	case OPTION_ARCHIVE:
		return &options->archive;
	case OPTION_CPU:
		return &options->cpu;
	case OPTION_KERNEL:
		return &options->kernel;
	case OPTION_LIBOS:
		return &options->libos;
	case OPTION_MACHINE:
		return &options->machine;
	case OPTION_TRACE:
		return &options->trace;
	default:
		return NULL;
	}
}

static void run_take_option(struct run_options *options, int option, char *value)
{
	const char **text = run_find_text(options, option);

	if (text != NULL) {
		*text = value;
		return;
	}
	switch (option) {
	case OPTION_ADD:
		run_add_file(options, value);
		break;
	case OPTION_APPEND:
		run_add_word(options, value);
		break;
	case OPTION_ARCH:
		options->arch = run_find_arch(value);
		break;
	case OPTION_CPUS:
		options->cpus = run_number("cpus", value, 1, RUN_CPUS_MOST);
		break;
	case OPTION_ENV:
		run_add_env(options, value);
		break;
	case OPTION_GDB:
		options->gdb_port = value != NULL ? run_number("gdb", value, 1, 65535) :
			run_free_port();
		break;
	case OPTION_HZ:
		options->hz = run_number("hz", value, 1, RUN_HZ_MOST);
		break;
	case OPTION_ICOUNT:
		options->icount = "shift=0,sleep=off";
		break;
	case OPTION_MEMORY:
		options->memory_bytes = run_size(value);
		break;
	case OPTION_POST_MORTEM:
		run_add_env(options, "LIBOS_POSTMORTEM=1");
		break;
	case OPTION_RAW:
		options->raw = true;
		break;
	case OPTION_TIMEOUT:
		options->timeout_s = run_number("timeout", value, 0, 1000000);
		break;
	case OPTION_HELP:
		fputs(run_help, stdout);
		exit(0);
	default:
		fputs("chitin-run: see chitin-run --help\n", stderr);
		exit(RUN_USAGE);
	}
}

/*
 * Where an image is: beside the build tree's tools folder, else where it was installed, which
 * may have been moved as a whole.
 */
static const char *run_find_image(const char *name)
{
	static const char *const places[] = { "/..", "/../lib/chitin" };
	char self[PATH_MAX], *path;
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	unsigned int i;

	self[length > 0 ? length : 0] = '\0';
	if (strrchr(self, '/') != NULL)
		*strrchr(self, '/') = '\0';
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (asprintf(&path, "%s%s/%s", self, places[i], name) < 0)
			run_end(RUN_USAGE, "out of memory");
		if (access(path, R_OK) == 0)
			return path;
		free(path);
	}
	if (asprintf(&path, "%s/%s", IMAGE_DIRECTORY, name) < 0)
		run_end(RUN_USAGE, "out of memory");
	return path;
}

static void run_read_options(struct run_options *options, int argc, char **argv)
{
	int option;

	/* '+': what follows PROGRAM is the program's own. */
	while ((option = getopt_long(argc, argv, "+h", run_long_options, NULL)) != -1)
		run_take_option(options, option == 'h' ? OPTION_HELP : option, optarg);
	if (optind == argc)
		run_end(RUN_USAGE, "no program given; see chitin-run --help");
	options->program = argv[optind];
	options->arguments = (const char **)&argv[optind + 1];
	program_check(options->program, options->arch);
	run_check_machine(options);
	options->boot_image = options->kernel;
	if (options->kernel == NULL) {
		options->kernel = run_find_image(options->arch->kernel);
		options->boot_image = run_find_image(options->arch->boot_image);
	}
	if (options->libos == NULL)
		options->libos = run_find_image(options->arch->libos);
	if (options->archive == NULL && access(options->kernel, R_OK) != 0)
		run_end(RUN_USAGE, "%s: no such kernel file", options->kernel);
	if (!options->raw)
		program_check(options->libos, options->arch);
}

/* The member `args`: argv, an empty string, the environment, an empty string. */
static void run_add_arguments(struct archive *archive, const struct run_options *options,
	const char *name)
{
	char *bytes = NULL;
	size_t size_bytes;
	FILE *stream = open_memstream(&bytes, &size_bytes);
	unsigned int i;

	if (stream == NULL)
		run_end(RUN_USAGE, "out of memory");
	fprintf(stream, "/bin/%s%c", name, '\0');
	for (i = 0; options->arguments[i] != NULL; i++)
		fprintf(stream, "%s%c", options->arguments[i], '\0');
	fputc('\0', stream);
	for (i = 0; i < options->env_count; i++)
		fprintf(stream, "%s%c", options->env[i], '\0');
	if (again_count() > 0)
		fprintf(stream, "RESTARTS=%lu%c", again_count(), '\0');
	fputc('\0', stream);
	fclose(stream);
	archive_add_bytes(archive, "args", S_IFREG | 0644, bytes, size_bytes);
	free(bytes);
}

static uint64_t run_write_archive(const struct run_options *options, int fd)
{
	const char *slash = strrchr(options->program, '/');
	const char *name = slash != NULL ? slash + 1 : options->program;
	char path[PATH_MAX];
	struct archive archive;
	unsigned int i;

	archive_create(&archive, fd);
	archive_add_start(&archive, "init", options->raw ? options->program : options->libos,
			  options->raw ? UINT64_MAX : program_loaded_bytes(options->libos));
	run_add_arguments(&archive, options, name);
	if (!options->raw) {
		snprintf(path, sizeof(path), "bin/%s", name);
		archive_add_file(&archive, path, options->program);
	}
	for (i = 0; i < options->add_count; i++)
		archive_add_file(&archive, options->add[i].path, options->add[i].file);
	archive_end(&archive);
	return archive.size_bytes;
}

/* The kernel takes the first such word, so the user's own comes before. */
static void run_begin_trace(struct run_options *options)
{
	FILE *stream;

	if (options->trace == NULL)
		return;
	run_add_word(options, "trace=65536");
	stream = fopen(options->trace, "we");
	if (stream == NULL)
		run_end(RUN_USAGE, "%s: %s", options->trace, strerror(errno));
	fclose(stream);
}

static void run_end_trace(const struct run_options *options, const struct memory *memory)
{
	FILE *stream = options->trace != NULL ? fopen(options->trace, "we") : NULL;
	int64_t lost;

	if (stream == NULL)
		return;
	lost = trace_write(memory, stream);
	fclose(stream);
	if (lost < 0)
		fprintf(stderr, "chitin-run: the kernel has left no trace\n");
	else if (lost > 0)
		fprintf(stderr, "chitin-run: %s: the first %" PRId64 " records were overwritten; "
			"--append trace=N keeps more than 65536\n", options->trace, lost);
}

static void run_tell_gdb(const struct run_options *options)
{
	if (options->gdb_port == 0)
		return;
	fprintf(stderr, "chitin-run: waiting for a debugger; in another terminal:\n"
		"%s -ex 'target remote localhost:%u' -ex 'add-symbol-file %s' %s\n",
		options->arch->gdb, options->gdb_port, options->program, options->kernel);
}

int main(int argc, char **argv)
{
	struct run_options options = {
		.cpus = 1, .memory_bytes = RUN_MEMORY_DEFAULT, .hz = RUN_HZ_DEFAULT,
		.arch = &run_archs[0] };
	struct memory memory;
	struct qemu qemu;
	uint64_t size_bytes;
	int fd, status;

	run_read_options(&options, argc, argv);
	if (options.archive != NULL)
		fd = open(options.archive, O_RDWR | O_CREAT | O_TRUNC, 0644);
	else
		fd = memfd_create("chitin-archive", 0);
	if (fd < 0)
		run_end(RUN_USAGE, "no file for the boot archive: %s", strerror(errno));
	size_bytes = run_write_archive(&options, fd);
	if (options.archive != NULL)
		return 0;
	if (size_bytes + RUN_MEMORY_BESIDE > options.memory_bytes)
		run_end(RUN_USAGE, "too little memory: the files alone take %llu MiB",
			(unsigned long long)(size_bytes >> 20));
	run_tell_gdb(&options);
	run_begin_trace(&options);
	memory_create(&memory, &options);
	qemu_create(&qemu, &options, fd, memory.fd);
	status = console_run(&qemu, &memory, &options);
	run_end_trace(&options, &memory);
	if (status == RUN_RESTART)
		again_start(argv);
	return status;
}
