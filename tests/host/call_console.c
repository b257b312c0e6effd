/* SPDX-License-Identifier: ISC */
/* console_write and console_read: lengths, pointers, bytes lost to nobody, readers woken. */
#include <string.h>

#include "exo/console.h"
#include "tests/host/lab.h"

#define T EXO_ROOT_SPAN

static void check_write(struct lab *l)
{
	uint64_t last = LAB_BASE + LAB_PAGES * EXO_PAGE_SIZE;
	struct machine_arch *arch = &l->m->arch;

	host_write(l->m, 0, LAB_BATCH + EXO_PAGE_SIZE - 3, "hello", 5);
	tap_eq(lab_call(l, EXO_CALL_CONSOLE_WRITE, LAB_BATCH + EXO_PAGE_SIZE - 3, 5, 0, 0, 0), 0,
	       "a write across pages");
	tap_eq(l->value, 5, "all of it");
	tap_ok(arch->console_out_count == 5 && !memcmp(arch->console_out, "hello", 5),
	       "which is on the console");
	lab_denies(l, EXO_CALL_CONSOLE_WRITE, LAB_BATCH, 4097, 0, EXO_E_TOO_LONG, "4097 bytes");
	lab_denies(l, EXO_CALL_CONSOLE_WRITE, LAB_BATCH, UINT64_MAX, 0, EXO_E_TOO_LONG, "more");
	lab_denies(l, EXO_CALL_CONSOLE_WRITE, 9 * T, 1, 0, EXO_E_POINTER, "from nowhere");
	lab_denies(l, EXO_CALL_CONSOLE_WRITE, last - 200, 201, 0, EXO_E_POINTER,
		   "partly from nowhere: nothing is written");
	lab_denies(l, EXO_CALL_CONSOLE_WRITE, EXO_ROOT_RECURSIVE * T, 8, 0, EXO_E_POINTER,
		   "from a table");
	lab_denies(l, EXO_CALL_CONSOLE_WRITE, 0, 0, 0, 0, "nothing, from nowhere");
	tap_eq(lab_call(l, EXO_CALL_CONSOLE_WRITE, LAB_BATCH, 4096, 0, 0, 0), 0, "4096 bytes");
	tap_eq(arch->console_out_count, 4101, "are written");
}

static void check_read(struct lab *l)
{
	uint64_t last = LAB_BASE + LAB_PAGES * EXO_PAGE_SIZE;
	char bytes[300] = { 0 };

	lab_denies(l, EXO_CALL_CONSOLE_READ, LAB_BATCH, 10, 0, 0, "nothing has come");
	host_type(l->m, "abc");
	console_receive(l->m);
	tap_eq(machine_info(l->m)->console_in, 3, "the info page counts what came");
	lab_denies(l, EXO_CALL_CONSOLE_READ, 9 * T, 10, 0, EXO_E_POINTER, "read to nowhere");
	lab_denies(l, EXO_CALL_CONSOLE_READ, EXO_INFO_PAGE, 10, 0, EXO_E_POINTER,
		   "read to the info page");
	tap_eq(lab_call(l, EXO_CALL_CONSOLE_READ, last - 2, 10, 0, 0, 0), EXO_E_POINTER,
	       "partly to nowhere: nothing is taken");
	tap_eq(lab_call(l, EXO_CALL_CONSOLE_READ, LAB_BATCH, 2, 0, 0, 0), 0, "read of two");
	tap_eq(l->value, 2, "gives two");
	lab_call(l, EXO_CALL_CONSOLE_READ, LAB_BATCH + 2, 10, 0, 0, 0);
	tap_eq(l->value, 1, "then the third");
	host_read(l->m, 0, LAB_BATCH, bytes, 3);
	tap_ok(!memcmp(bytes, "abc", 3), "in order");
}

/* More than the ring holds: the rest waits in the device. */
static void check_full(struct lab *l)
{
	char bytes[400], back[400] = { 0 };
	unsigned i, got = 0;

	for (i = 0; i < 399; i++)
		bytes[i] = (char)('a' + i % 23);
	bytes[399] = 0;
	host_type(l->m, bytes);
	console_receive(l->m);
	for (i = 0; i < 9 && got < 399; i++) {
		lab_call(l, EXO_CALL_CONSOLE_READ, LAB_BATCH, 1000, 0, 0, 0);
		host_read(l->m, 0, LAB_BATCH, back + got, l->value);
		got += (unsigned)l->value;
	}
	tap_ok(got == 399 && !memcmp(bytes, back, 399), "399 bytes come, none lost, in order");
	lab_sound(l, "all is sound");
}

/* A reader that waits on the counter is woken by input, from idleness too. */
static void check_wait(struct lab *l)
{
	uint64_t word = EXO_INFO_PAGE + offsetof(struct exo_info, console_in);

	tap_eq(lab_call(l, EXO_CALL_WAIT, word, machine_info(l->m)->console_in - 1,
			EXO_WAIT_SHARED, 0, 0), EXO_E_VALUE, "input has come: no wait");
	tap_eq(lab_call(l, EXO_CALL_WAIT, word, machine_info(l->m)->console_in,
			EXO_WAIT_SHARED | EXO_WAIT_DOORBELL, 0, 0), 0, "a doorbell for more");
	vcpu_page(l->m, 0)->masked = 1;
	host_type(l->m, "x");
	console_receive(l->m);
	tap_eq(vcpu_page(l->m, 0)->pending, EXO_EVENT_DOORBELL, "rings");
	l->m->vcpus[0].pending = vcpu_page(l->m, 0)->pending = 0;
	host_type(l->m, "y");
	tap_eq(lab_call(l, EXO_CALL_WAIT, word, machine_info(l->m)->console_in, EXO_WAIT_SHARED,
			0, 0), 0, "a wait that idles is woken by a key");
	tap_eq(l->m->cpus[0].current, 0, "and runs");
	lab_sound(l, "all is sound");
}

int main(void)
{
	struct lab *l = lab_open(128, 1);

	check_write(l);
	check_read(l);
	check_full(l);
	check_wait(l);
	lab_close(l);
	return tap_done("tests/host/call_console.tap");
}
