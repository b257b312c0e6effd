/* SPDX-License-Identifier: ISC */
/* The parts of the guest's program: its supervisor (supervisor.c) and the agents (agent.c). */
#ifndef FUZZ_GUEST_GUEST_H
#define FUZZ_GUEST_GUEST_H

#include "fuzz/guest/mailbox.h"

/* Once, by the supervisor: what the decoder is told. */
void agent_init(struct guest_mailbox *box, const struct exo_info *info);
/* Where agents begin, their calls come back, and they take upcalls. */
uint64_t agent_entry(void);
uint64_t agent_call_return(void);
uint64_t agent_upcall_entry(void);
/* Is there a record, and room for a note of it? */
bool agent_has_more(const struct guest_mailbox *box);
/* The first agent's env makes its children, then is an agent. */
void supervisor_first(void);

#endif
