/* SPDX-License-Identifier: ISC */
/*
 * ctx-ready-complete, on-cpu-gate, ctx-register-identity, ctx-window, ctx-no-lock-escape,
 * current-outside-process: vcpus with slices on four CPUs yield and sleep, and any CPU takes them
 * at any point. A context is whole when it is taken (a canary in every register), no vcpu is on
 * two CPUs, its page says who it is, and at every point who is said to run does run there. Slices
 * change while a CPU chooses among them.
 */
#include "tests/host/sides.h"

#define PROGRAM 0x2000
#define PAGE(n) (2 * EXO_ROOT_SPAN + (n) * 8 * EXO_PAGE_SIZE)

enum { CPUS = 4, MOVERS = 6 };

static uint64_t child, mover[MOVERS];
static uint64_t position[MOVERS]; /* of each one's slice on CPU 1 */
static uint64_t turn[EXO_VCPUS]; /* of each vcpu: its canaries change with it */
static unsigned long hand_overs, wanted, slept, torn, twice, strangers, unknown;

static uint64_t canary(uint64_t vcpu, unsigned n)
{
	return (vcpu + 1) * UINT64_C(0x9e3779b97f4a7c15) + turn[vcpu & 0xffff] * 64 + n;
}

/* Put canaries into a register file, or count it if one of them is not there. */
static void registers(uint64_t vcpu, struct exo_regs *regs, struct arch_fpu *fpu, bool is_set)
{
	const unsigned generals = sizeof(regs->general) / sizeof(*regs->general);
	bool is_own = true;
	unsigned i;

	turn[vcpu & 0xffff] += is_set;
	for (i = 0; i < generals + 5; i++) {
		uint64_t *at = i < generals ? &regs->general[i]
			: i < generals + 4 ? &fpu->word[i - generals] : &fpu->thread;

		if (is_set)
			*at = canary(vcpu, i);
		is_own &= *at == canary(vcpu, i);
	}
	torn += !is_own;
}

static void watch(struct sides *s, unsigned cpu, const char *name)
{
	struct machine *m = s->l->m;
	unsigned i, j;

	(void)cpu;
	(void)name;
	for (i = 0; i < CPUS; i++) {
		unsigned current = m->cpus[i].current;

		unknown += current != VCPU_NONE
			&& ((m->vcpus[current].state != VCPU_RUNNING
			     && m->vcpus[current].state != VCPU_STOPPING)
			    || m->cpus[i].root_env != m->vcpus[current].env);
		for (j = 0; j < i; j++)
			twice += current != VCPU_NONE && current == m->cpus[j].current;
	}
}

/* CPU 1's slices change while it chooses among them. */
static void move_slice(struct sides *s)
{
	unsigned i = (unsigned)sides_random(s, MOVERS);

	side_call(s, EXO_CALL_SLICE_FREE, 1, position[i], 0);
	side_call(s, EXO_CALL_SLICE_ALLOC, mover[i], 1, EXO_SLICE_ANY);
	position[i] = s->side[0].value;
}

/* Whoever runs here compares what it holds, and yields, or sleeps for a short time. */
static void side_move(struct sides *s, unsigned cpu)
{
	struct machine *m = s->l->m;

	while (hand_overs < wanted) {
		unsigned current = m->cpus[cpu].current;
		struct vcpu *v = &m->vcpus[current];

		registers(vcpu_handle(m, current), &v->regs, &host_self.fpu, false);
		registers(vcpu_handle(m, current), &v->regs, &host_self.fpu,
			  v->regs.pc != LAB_ENTRY);
		strangers += vcpu_page(m, current)->vcpu != vcpu_handle(m, current)
			|| m->cpus[cpu].root_env != v->env;
		hand_overs++;
		if (current == 0 && cpu == 0 && sides_random(s, 4) == 0)
			move_slice(s);
		host_advance(m, 100);
		if (v->regs.pc == LAB_ENTRY) { /* in an upcall: its timer came */
			side_call(s, EXO_CALL_RESUME, v->regs.sp, 0, 0);
		} else if (sides_random(s, 2)) {
			uint64_t word = current < CPUS ? LAB_BATCH : PAGE(0) + EXO_PAGE_SIZE;

			side_call(s, EXO_CALL_TIMER, m->arch.clock + 300 + sides_random(s, 3000), 0,
				  0);
			if (m->cpus[cpu].current == current && v->regs.pc != LAB_ENTRY)
				slept += side_call(s, EXO_CALL_WAIT, word, 0, 0) == 0;
		} else {
			side_call(s, EXO_CALL_YIELD, 0, 0, 0);
		}
	}
}

static void begin(struct sides *s)
{
	struct machine *m = s->l->m;
	unsigned i, cpu;

	uint32_t zero = 0;

	child = lab_child(s->l, 0);
	for (i = 0; i < MOVERS; i++) {
		mover[i] = lab_vcpu(s->l, child, PAGE(i), 0);
		for (cpu = CPUS; cpu-- > 1;)
			lab_call(s->l, EXO_CALL_SLICE_ALLOC, mover[i], cpu, EXO_SLICE_ANY, 0, 0);
		position[i] = s->l->value;
		m->vcpus[mover[i] & 0xffff].regs.pc = PROGRAM;
		registers(mover[i], &m->vcpus[mover[i] & 0xffff].regs,
			  &m->vcpus[mover[i] & 0xffff].fpu, true);
	}
	for (cpu = 0; cpu < CPUS; cpu++) {
		m->vcpus[s->side[cpu].vcpu & 0xffff].regs.pc = PROGRAM;
		vcpu_page(m, s->side[cpu].vcpu & 0xffff)->masked = 0;
		registers(s->side[cpu].vcpu, &m->vcpus[s->side[cpu].vcpu & 0xffff].regs,
			  &s->side[cpu].self.fpu, true);
	}
	host_write(m, 0, LAB_BATCH, &zero, sizeof(zero)); /* the word that all there wait for */
}

static void check_moves(struct sides *s)
{
	unsigned i;

	wanted = tap_iterations(1000000);
	s->choose = sides_shuffle;
	s->watch = watch;
	s->random = tap_seed(1);
	for (i = 0; i < CPUS; i++)
		s->side[i].program = side_move;
	sides_run(s);
	tap_ok(hand_overs >= wanted && slept > wanted / 200, "%lu hand-overs, %lu sleeps",
	       hand_overs, slept);
	tap_eq(torn, 0, "every register of every context is its own");
	tap_eq(twice, 0, "no vcpu is on two CPUs");
	tap_eq(unknown, 0, "who is said to run on a CPU is RUNNING, in its root, or nobody");
	tap_eq(strangers, 0, "each finds itself in its page, in its own root");
	lab_sound(s->l, "the machine is sound");
}

int main(void)
{
	struct lab *l = lab_open(512, CPUS);
	struct sides s;

	sides_init(&s, l, CPUS);
	begin(&s);
	check_moves(&s);
	sides_destroy(&s);
	lab_destroy(l);
	return tap_done("tests/host/contexts_move_between_cpus.tap");
}
