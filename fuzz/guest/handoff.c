/* SPDX-License-Identifier: ISC */
/*
 * A plugin of QEMU's, by which the guest fuzzer's host and guest hand over to each other: in
 * hook_wait (hook.c) the CPU's thread sends the host a byte and sleeps until one comes back. A
 * serial port would do the same through QEMU's main thread and an interrupt, at several times the
 * cost. One CPU, so one thread; takes no locks.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is used of QEMU's interface for plugins, whose header Debian's package does not have. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t n);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*call)(uint64_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
					    void (*call)(unsigned, void *), int flags, void *data);
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments);
extern int qemu_plugin_version;

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

struct handoff {
	int fd;      /* a socket: its other end is the host's */
	uint64_t at; /* address of the instruction before which the CPU waits */
};

static struct handoff *handoff(void)
{
	static struct handoff h;

	return &h;
}

/* Without a host there is nothing to do. */
static void handoff_wait(unsigned cpu, void *data)
{
	char byte = '!';

	(void)cpu;
	(void)data;
	if (write(handoff()->fd, &byte, 1) != 1 || read(handoff()->fd, &byte, 1) != 1)
		_exit(0);
}

/* A block of instructions has been translated. */
static void handoff_find(uint64_t id, struct qemu_plugin_tb *block)
{
	size_t n = qemu_plugin_tb_n_insns(block), i;

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);

		if (qemu_plugin_insn_vaddr(instruction) == handoff()->at)
			qemu_plugin_register_vcpu_insn_exec_cb(instruction, handoff_wait, 0, NULL);
	}
}

/* The arguments are fd=N and at=ADDRESS. */
__attribute__((visibility("default")))
int qemu_plugin_install(uint64_t id, const void *info, int count, char **arguments)
{
	int i;

	(void)info;
	for (i = 0; i < count; i++) {
		if (!strncmp(arguments[i], "fd=", 3))
			handoff()->fd = atoi(arguments[i] + 3);
		else if (!strncmp(arguments[i], "at=", 3))
			handoff()->at = strtoull(arguments[i] + 3, NULL, 0);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, handoff_find);
	return 0;
}
