/* SPDX-License-Identifier: ISC */
/*
 * What a test asks of the kernel that has faults planted on purpose (hook.c): to refuse something
 * once, or to stop who is at a named point until it is ended. One test at a time asks; what it asks
 * for befalls the envs below its own. Holds no state.
 */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

#include "abi/exo.h"

/* The number; of other kernels an error, EXO_E_CALL. Result 0; value: see below. */
#define FAULTS_CALL 0x10000

enum faults_operation {
	/* (request, n): refuse the n-th such request from now on, once; 0: none. */
	FAULTS_REFUSE,
	/* () -> how many such requests there were. */
	FAULTS_REQUESTS,
	/* (point, n): who is the n-th at that point, from now on, is held there, not longer than a
	 * slice; n is 0: nobody. */
	FAULTS_AIM,
	/* (units, status): wait for that so many clock units, and end its env with that status; it
	 * goes on when that is done, or waits for what the held one has -> whether anybody was. */
	FAULTS_END,
	/* () -> how often the point was passed, till somebody was held. */
	FAULTS_PASSED,
};

/* What may be refused: REQUEST(NAME, text). Errors are those of doc/abi.md. */
#define FAULTS_REQUESTS_ALL(REQUEST)							\
	REQUEST(FRAME,    "a frame: LIMIT")						\
	REQUEST(DRAINED,  "a frame, as tables are still taken apart: AGAIN")		\
	REQUEST(COUNT,    "a reference: COUNT")						\
	REQUEST(ENV,      "an env: LIMIT")						\
	REQUEST(VCPU,     "a vcpu: LIMIT")						\
	REQUEST(SLICE,    "a slice: LIMIT")						\
	REQUEST(ENV_FULL, "an env: FULL")						\
	REQUEST(VCPU_FULL, "a vcpu: FULL")						\
	REQUEST(SLICE_FULL, "a slice: FULL")						\
	REQUEST(TIME,     "time to go on with a batch: AGAIN")				\
	REQUEST(REAPED,   "a dead env's end: AGAIN")					\
	REQUEST(SLEEP,    "a wait: woken for nothing")

#define FAULTS_REQUEST(NAME, text) FAULTS_##NAME,
enum faults_request { FAULTS_NONE, FAULTS_REQUESTS_ALL(FAULTS_REQUEST) FAULTS_REQUEST_COUNT };

/* The kernel's named points: POINT(name). A point that is missing here is a panic. */
#define FAULTS_POINTS_ALL(POINT)							\
	POINT(lock_acquire) POINT(lock_spin) POINT(lock_release) POINT(root_spin)	\
	POINT(env_ending) POINT(vcpu_edge) POINT(event_pended) POINT(free_list_empty)	\
	POINT(frame_alloc_charged) POINT(frame_drain_step) POINT(unshare_copied)	\
	POINT(dup_copied) POINT(flush_remote_spin) POINT(flush_done)			\
	POINT(batch_preempt) POINT(idle_drain) POINT(parked) POINT(quantum_begun)

#define FAULTS_POINT(name) FAULTS_AT_##name,
enum faults_point { FAULTS_POINTS_ALL(FAULTS_POINT) FAULTS_POINT_COUNT };

#endif
