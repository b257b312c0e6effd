/* SPDX-License-Identifier: ISC */
/* Waits and wakes. Touches wait buckets, vcpus' wait fields, frames' wait counts. Takes env, wait,
 * cpu; drops a frame's reference only after its bucket's lock is given back. */
#include "exo/machine.h"

#include "exo/user.h"

#include "exo/slot.h"

/* What a word is called: env and address, or frame and offset. Bit 63 of key says which. */
struct wait_name {
	uint64_t key;
	uint64_t offset;
};

static struct wait_bucket *wait_bucket(struct machine *m, uint64_t key, uint64_t offset)
{
	/* All waits on a frame share a bucket, so that dropping a slot finds them in one. */
	uint64_t hash = key & WAIT_KEY_SHARED ? key : key ^ offset >> 2;

	return &m->buckets[hash * UINT64_C(0x9e3779b97f4a7c15) >> 40 & (EXO_BUCKETS - 1)];
}

LOCK_PAIR(wait, RANK_WAIT, (struct machine *m, struct wait_bucket *b), &b->lock)

/* Name the word at an address, and find where the kernel sees it. */
static err_t wait_name(struct machine *m, unsigned env, uint64_t word, uint64_t flags,
		       struct wait_name *name, _Atomic uint32_t **at) REQUIRES(env_class)
{
	struct slot_path path;

	if (flags & ~(uint64_t)(EXO_WAIT_SHARED | EXO_WAIT_DOORBELL) || word % 4)
		return EXO_E_ARGUMENT;
	*at = user_window(m, env, (struct uaddr){ word }, 4, false, &path);
	if (!*at)
		return EXO_E_POINTER;
	if (flags & EXO_WAIT_SHARED) {
		uint64_t slot = slot_get(path.slot);

		if (!slot_is_present(slot)) /* a common one, just cleared */
			return EXO_E_POINTER;
		name->key = slot_pfn(slot) | WAIT_KEY_SHARED;
		name->offset = word % EXO_PAGE_SIZE;
	} else {
		name->key = env_handle(m, env) & ~WAIT_KEY_SHARED;
		name->offset = word;
	}
	return EXO_OK;
}

#define wait_frame(key) ((struct pfn){ (uint32_t)(key) })

/* A wait is over: drop what it held. */
static void wait_drop(struct machine *m, uint64_t key)
{
	if (key & WAIT_KEY_SHARED)
		frame_unref(m, wait_frame(key));
}

/* Take a vcpu off its bucket's list: its wait is over. A blocked one runs again with that result, a
 * doorbell rings if it is to. The mode goes last: until then nobody can end the vcpu and give its
 * entry away, since wait_end waits for the bucket's lock. */
static void wait_finish(struct machine *m, struct wait_bucket *b, unsigned vcpu, err_t result,
			bool is_ringing) REQUIRES(wait_class)
{
	struct vcpu *v = &m->vcpus[vcpu];
	uint32_t *link = &b->head;

	while (*link != vcpu)
		link = &m->vcpus[*link].wait_next;
	*link = v->wait_next;
	if (v->wait_key & WAIT_KEY_SHARED)
		frame_use(m, wait_frame(v->wait_key), -1);
	if (v->wait_mode == WAIT_BLOCK) {
		cpu_unsleep(m, vcpu);
		EXO_REG_RESULT(&v->regs) = (uint64_t)(int64_t)result;
		vcpu_edge(m, vcpu, VCPU_WAITING, VCPU_RUNNABLE);
	} else if (is_ringing) {
		vcpu_pend(m, vcpu, EXO_EVENT_DOORBELL);
	}
	vcpu_kick(m, vcpu);
	v->wait_mode = WAIT_NONE; /* pairs with: wait_end */
}

/* The vcpu's key may change until its bucket's lock is held. */
void wait_end(struct machine *m, unsigned vcpu, bool is_any)
{
	struct vcpu *v = &m->vcpus[vcpu];
	bool is_same = false;

	/* pairs with: wait_finish, wait_enqueue */
	while (!is_same && v->wait_mode != WAIT_NONE) {
		uint64_t key = v->wait_key, offset = v->wait_offset;
		struct wait_bucket *b = wait_bucket(m, key, offset);
		bool is_over;

		wait_lock(m, b);
		is_same = v->wait_key == key && v->wait_offset == offset;
		is_over = is_same && (v->wait_mode == WAIT_BLOCK
				      || (is_any && v->wait_mode == WAIT_BELL));
		if (is_over)
			wait_finish(m, b, vcpu, EXO_E_PENDING, false);
		wait_unlock(m, b);
		if (is_over)
			wait_drop(m, key);
	}
}

/* Enqueue the current vcpu under a name. False, and nothing done: it may not block, for an event or
 * its end has come. */
static bool wait_enqueue(struct machine *m, struct cpu *c, const struct wait_name *name,
			 struct wait_bucket *b, enum wait_mode mode) REQUIRES(wait_class)
{
	unsigned vcpu = c->current;
	struct vcpu *v = &m->vcpus[vcpu];

	v->wait_key = name->key;
	v->wait_offset = name->offset;
	v->wait_mode = mode; /* before pending is read; pairs with: wait_end, vcpu_pend */
	if (mode == WAIT_BLOCK) {
		if (!v->pending)
			cpu_sleep(m, c, vcpu);
		if (v->pending || !cpu_put(m, c, VCPU_WAITING)) {
			cpu_unsleep(m, vcpu);
			v->wait_mode = WAIT_NONE;
			return false;
		}
	}
	if (name->key & WAIT_KEY_SHARED)
		frame_use(m, wait_frame(name->key), 1);
	v->wait_next = b->head;
	b->head = vcpu;
	return true;
}

/* The wait may begin: its reference is taken, nothing else has changed. The word is looked at again
 * under the bucket's lock; if it has changed since, that is a wake that came at once. */
static err_t wait_commit(struct machine *m, struct cpu *c, const struct wait_name *name,
			 _Atomic uint32_t *at, uint32_t expected, enum wait_mode mode)
{
	struct wait_bucket *b = wait_bucket(m, name->key, name->offset);
	unsigned vcpu = c->current;
	bool is_late, is_queued;

	wait_end(m, vcpu, true);
	wait_lock(m, b);
	/* seq_cst: either this sees the new value, or the waker sees this in the bucket.
	 * pairs with: wait_wake */
	is_late = atomic_load(at) != expected;
	is_queued = !is_late && wait_enqueue(m, c, name, b, mode);
	wait_unlock(m, b);
	if (!is_queued)
		wait_drop(m, name->key);
	if (is_late && mode == WAIT_BELL)
		vcpu_event(m, vcpu, EXO_EVENT_DOORBELL);
	return is_late || is_queued ? EXO_OK : EXO_E_PENDING;
}

err_t wait_start(struct machine *m, struct cpu *c, uint64_t word, uint32_t expected, uint64_t flags)
{
	struct vcpu *v = &m->vcpus[c->current];
	enum wait_mode mode = flags & EXO_WAIT_DOORBELL ? WAIT_BELL : WAIT_BLOCK;
	unsigned env = v->env;
	struct wait_name name;
	_Atomic uint32_t *at;
	err_t err;

	env_lock(m, env);
	err = wait_name(m, env, word, flags, &name, &at);
	if (!err && atomic_load(at) != expected)
		err = EXO_E_VALUE;
	if (!err && mode == WAIT_BLOCK && v->pending)
		err = EXO_E_PENDING;
	if (!err && name.key & WAIT_KEY_SHARED)
		err = frame_ref(m, wait_frame(name.key));
	if (!err)
		err = wait_commit(m, c, &name, at, expected, mode);
	env_unlock(m, env);
	return err;
}

/* Wake the first n of a bucket that wait on the name (any offset of the frame, if so asked): those
 * that wait now, for the lock is held all the while. */
static uint64_t wait_wake_name(struct machine *m, const struct wait_name *name, uint64_t n,
			       bool is_any)
{
	struct wait_bucket *b = wait_bucket(m, name->key, name->offset);
	uint64_t woken = 0, i;
	unsigned vcpu, next;

	wait_lock(m, b);
	for (vcpu = b->head; vcpu != VCPU_NONE && woken < n; vcpu = next) {
		struct vcpu *v = &m->vcpus[vcpu];

		next = v->wait_next;
		if (v->wait_key != name->key || (!is_any && v->wait_offset != name->offset))
			continue;
		wait_finish(m, b, vcpu, EXO_OK, true);
		woken++;
	}
	wait_unlock(m, b);
	for (i = 0; i < woken; i++)
		wait_drop(m, name->key);
	return woken;
}

err_t wait_wake(struct machine *m, struct cpu *c, uint64_t word, uint64_t n, uint64_t flags,
		uint64_t *woken)
{
	unsigned env = m->vcpus[c->current].env;
	struct wait_name name;
	_Atomic uint32_t *at;
	err_t err;

	if (flags & EXO_WAIT_DOORBELL)
		return EXO_E_ARGUMENT;
	env_lock(m, env);
	err = wait_name(m, env, word, flags, &name, &at);
	env_unlock(m, env);
	if (!err)
		*woken = wait_wake_name(m, &name, n, false);
	return err;
}

void wait_wake_frame(struct machine *m, struct pfn pfn)
{
	wait_wake_name(m, &(struct wait_name){ pfn.n | WAIT_KEY_SHARED, 0 }, UINT64_MAX, true);
}
