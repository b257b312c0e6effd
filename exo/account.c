/* SPDX-License-Identifier: ISC */
/* Accounts: quotas as limit and used in one word, changed by compare-and-swap. Touches the
 * accounts. Takes no locks but through frame_drain; the tree lock guards which accounts there
 * are. */
#include "exo/machine.h"

#define QUOTA(limit, used) ((uint64_t)(limit) * (UINT64_C(1) << 32) + (uint64_t)(used))
#define QUOTA_LIMIT(quota) ((uint32_t)((quota) / QUOTA(1, 0)))
#define QUOTA_USED(quota)  ((uint32_t)((quota) % QUOTA(1, 0)))
#define QUOTA_OF(m, account, resource)	\
	atomic_load_explicit(&(m)->accounts[account].quota[resource], memory_order_relaxed)

/* Add to limit and used; false and nothing changed if one would leave its range. Relaxed: a number
 * that orders nothing. */
/*@ requires \valid(quota) && QUOTA_USED(*quota) <= QUOTA_LIMIT(*quota);
  @ requires -UINT32_MAX <= limit <= UINT32_MAX && -UINT32_MAX <= used <= UINT32_MAX;
  @ assigns *quota;
  @ ensures QUOTA_USED(*quota) <= QUOTA_LIMIT(*quota);
  @ ensures \result ==> QUOTA_LIMIT(*quota) == QUOTA_LIMIT(\old(*quota)) + limit;
  @ ensures \result ==> QUOTA_USED(*quota) == QUOTA_USED(\old(*quota)) + used;
  @ ensures !\result ==> *quota == \old(*quota); */
static bool quota_change(_Atomic uint64_t *quota, int64_t limit, int64_t used)
{
	uint64_t old = atomic_load_explicit(quota, memory_order_relaxed);
	int64_t new_limit, new_used;

	/*@ loop invariant old == *quota == \at(*quota, Pre);
	  @ loop assigns *quota, old, new_limit, new_used; */
	do {
		new_limit = (int64_t)QUOTA_LIMIT(old) + limit;
		new_used = (int64_t)QUOTA_USED(old) + used;
		if (new_used < 0 || new_limit > (int64_t)UINT32_MAX || new_used > new_limit)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(quota, &old, QUOTA(new_limit, new_used),
							memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

err_t account_charge(struct machine *m, unsigned account, enum exo_resource resource, uint32_t n)
{
	return quota_change(&m->accounts[account].quota[resource], 0, n) ? EXO_OK : EXO_E_LIMIT;
}

void account_discharge(struct machine *m, unsigned account, enum exo_resource resource, uint32_t n)
{
	/* Relaxed: as quota_change. */
	assert(QUOTA_USED(atomic_fetch_sub_explicit(&m->accounts[account].quota[resource], n,
						    memory_order_relaxed)) >= n);
}

uint32_t account_limit(struct machine *m, unsigned account, enum exo_resource resource)
{
	return QUOTA_LIMIT(QUOTA_OF(m, account, resource));
}

uint32_t account_used(struct machine *m, unsigned account, enum exo_resource resource)
{
	return QUOTA_USED(QUOTA_OF(m, account, resource));
}

bool account_move(struct machine *m, unsigned from, unsigned to, enum exo_resource resource,
		  uint32_t n)
{
	if (!quota_change(&m->accounts[from].quota[resource], -(int64_t)n, 0))
		return false;
	if (quota_change(&m->accounts[to].quota[resource], n, 0))
		return true;
	quota_change(&m->accounts[from].quota[resource], n, 0);
	return false;
}

err_t account_create(struct machine *m, unsigned parent, const struct exo_limits *limits,
		     unsigned *account)
{
	unsigned i, r;

	for (i = 0; i < EXO_ACCOUNTS && m->accounts[i].state != ACCOUNT_FREE; i++)
		;
	if (i == EXO_ACCOUNTS)
		return EXO_E_FULL;
	for (r = 0; r < EXO_RESOURCES; r++)
		if (limits->limit[r] > UINT32_MAX
		    || !account_move(m, parent, i, r, (uint32_t)limits->limit[r])) {
			while (r-- > 0)
				account_move(m, i, parent, r, (uint32_t)limits->limit[r]);
			return EXO_E_LIMIT;
		}
	m->accounts[i].state = ACCOUNT_LIVE;
	m->accounts[i].parent = parent;
	m->accounts[i].envs = 0;
	*account = i;
	return EXO_OK;
}

/* One merging account: its slack goes up. True if nothing is charged to it any more. */
static bool settle_one(struct machine *m, unsigned account) REQUIRES(tree_class)
{
	struct account *a = &m->accounts[account];
	bool is_empty = true;
	unsigned r;

	frame_drain(m, account, EXO_TABLE_SLOTS);
	for (r = 0; r < EXO_RESOURCES; r++) {
		uint32_t slack = account_limit(m, account, r) - account_used(m, account, r);

		account_move(m, account, a->parent, r, slack);
		is_empty &= !account_limit(m, account, r);
	}
	return is_empty;
}

void account_settle(struct machine *m)
{
	unsigned i, j;

	for (i = 0; i < EXO_ACCOUNTS && m->merging; i++) {
		struct account *a = &m->accounts[i];

		if (a->state != ACCOUNT_MERGING || !settle_one(m, i))
			continue;
		for (j = 0; j < EXO_ACCOUNTS; j++)
			if (m->accounts[j].state != ACCOUNT_FREE && m->accounts[j].parent == i)
				m->accounts[j].parent = a->parent;
		a->state = ACCOUNT_FREE;
		m->merging--;
		a->parent = ACCOUNT_NONE;
		a->revoke_deadline = a->revoke_frames = 0;
	}
}

void account_leave(struct machine *m, unsigned account)
{
	if (!--m->accounts[account].envs && m->accounts[account].parent != ACCOUNT_NONE) {
		m->accounts[account].state = ACCOUNT_MERGING;
		m->merging++;
	}
	account_settle(m);
}
