/* SPDX-License-Identifier: ISC */
/* Asking frames back and taking them. Touches accounts' revocation fields, slots of the account's
 * envs, their vcpu pages. The tree lock is the caller's; takes env and what flush_finish takes. */
#include "exo/revoke.h"

#include "exo/slot.h"

/* Slots looked at in one call. */
#define REVOKE_STEP 512u

void revoke_tell(struct machine *m, unsigned account)
{
	struct account *a = &m->accounts[account];
	unsigned env;

	for (env = 0; env < EXO_ENVS; env++)
		if (m->envs[env].state == ENV_ALIVE && m->envs[env].account == account
		    && m->envs[env].vcpus != VCPU_NONE) {
			struct exo_vcpu_page *page = vcpu_page(m, m->envs[env].vcpus);

			page->revoke_frames = a->revoke_frames;
			page->revoke_deadline = a->revoke_deadline;
			vcpu_event(m, m->envs[env].vcpus, EXO_EVENT_REVOKE);
			return;
		}
}

/* Move what is unused of the amount asked for to the parent: dying tables first. */
static void revoke_collect(struct machine *m, unsigned account) REQUIRES(tree_class)
{
	struct account *a = &m->accounts[account];
	uint32_t slack, n;

	frame_drain(m, account, REVOKE_STEP);
	slack = account_limit(m, account, EXO_RESOURCE_FRAMES)
		- account_used(m, account, EXO_RESOURCE_FRAMES);
	n = slack < a->revoke_frames ? slack : a->revoke_frames;
	if (n && account_move(m, account, a->parent, EXO_RESOURCE_FRAMES, n))
		a->revoke_frames -= n;
}

void revoke_ask(struct machine *m, unsigned account, uint32_t amount, uint64_t deadline)
{
	struct account *a = &m->accounts[account];

	a->revoke_frames += amount;
	a->revoke_deadline = deadline;
	a->revoke_env = 0;
	a->revoke_address = 0;
	a->is_revoking_branches = false;
	revoke_collect(m, account);
	if (a->revoke_frames)
		revoke_tell(m, account);
}

/* Take one slot and list it. */
static void revoke_slot(struct machine *m, struct cpu *c, unsigned env, struct slot_path *path,
			uint64_t address, unsigned level) REQUIRES(tree_class)
{
	uint64_t old = atomic_exchange(path->slot, 0);

	frame_use(m, path->table, -1);
	if (level == 1)
		flush_pages(m, c, env, address, 1);
	else
		flush_all(m, c, env, false);
	flush_drop(m, c, (struct pfn){ slot_pfn(old) });
	if (m->envs[env].vcpus != VCPU_NONE) {
		struct exo_vcpu_page *page = vcpu_page(m, m->envs[env].vcpus);

		page->taken_list[page->taken % EXO_TAKEN_MAX] =
			(struct exo_taken){ address, level };
		page->taken++;
	}
}

/* Look at the slot that covers `address`, from the root down; take it if it is of the kind wanted.
 * Returns the level at which the look ended: the next address is that far on. */
static unsigned revoke_look(struct machine *m, struct cpu *c, unsigned account, unsigned env,
			    uint64_t address) REQUIRES(tree_class)
{
	bool is_branches = m->accounts[account].is_revoking_branches;
	unsigned level = EXO_LEVELS + 1;
	struct slot_path path;
	uint64_t slot;
	uint32_t meta;

	do {
		level--;
		if (slot_find(m, m->envs[env].root, address, level, &path)
		    || !slot_is_present(slot_get(path.slot)))
			return level;
		slot = slot_get(path.slot);
	} while (level > 1 && slot_is_writable(slot));
	meta = frame_meta(m, (struct pfn){ slot_pfn(slot) });
	if (level == 1 ? !is_branches && frame_type(meta) == FRAME_DATA
			&& frame_account(meta) == account && !table_is_common(m, path.table)
	    : is_branches && frame_type(meta) == FRAME_TABLE && slot_pfn(slot) != m->info_table.n)
		revoke_slot(m, c, env, &path, address & -EXO_SPAN(level), level);
	return level;
}

/* Look at the slot where the cursor stands, and move it on. False: the env is no member, or its
 * space is at its end. What was taken is counted at once: no more is taken than is missing. */
static bool revoke_step(struct machine *m, struct cpu *c, unsigned account) REQUIRES(tree_class)
{
	struct account *a = &m->accounts[account];
	unsigned env = a->revoke_env, level;

	if (m->envs[env].state != ENV_ALIVE || m->envs[env].account != account
	    || a->revoke_address >= EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN)
		return false;
	env_lock(m, env);
	level = revoke_look(m, c, account, env, a->revoke_address);
	flush_finish(m, c);
	env_unlock(m, env);
	a->revoke_address = (a->revoke_address / EXO_SPAN(level) + 1) * EXO_SPAN(level);
	revoke_collect(m, account);
	return true;
}

err_t revoke_take(struct machine *m, struct cpu *c, unsigned account)
{
	struct account *a = &m->accounts[account];
	unsigned steps;

	if (!a->revoke_deadline)
		return EXO_E_STATE;
	if (arch_clock(m) < a->revoke_deadline)
		return EXO_E_EARLY;
	revoke_collect(m, account);
	for (steps = 0; steps < REVOKE_STEP && a->revoke_frames; steps++) {
		if (revoke_step(m, c, account))
			continue;
		a->revoke_address = 0;
		if (++a->revoke_env < EXO_ENVS)
			continue;
		a->revoke_env = 0;
		/* Frames may still be in dying tables; if a full round of both found none, stop. */
		if (a->is_revoking_branches && !frame_drain(m, account, REVOKE_STEP))
			break;
		a->is_revoking_branches = true;
	}
	revoke_collect(m, account);
	if (a->revoke_frames && steps == REVOKE_STEP)
		return EXO_E_AGAIN;
	a->revoke_deadline = a->revoke_frames = 0;
	return EXO_OK;
}
