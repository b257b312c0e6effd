/* SPDX-License-Identifier: ISC */
/*
 * The contract between the exokernel and whoever runs on it: numbers, structures, constants.
 * Owned by neither side; included by the kernel, the library OS, the fuzzers and the tests.
 * doc/abi.md is its manual. Everything is fixed-width and the same on all architectures, except
 * the register file (struct exo_regs in <machine/regs.h>) and how a slot is encoded in memory
 * (<machine/slot.h>).
 */
#ifndef ABI_EXO_H
#define ABI_EXO_H

#include <stddef.h>
#include <stdint.h>

#include <machine/regs.h>

#include "abi/table.h"

#define EXO_ABI_VERSION 1u

/* A system call's number in the number register: all 64 bits are compared. */
#define EXO_CALL_PREFIX UINT64_C(0x4348544e00000000)

enum exo_call {
#define CALL(number, NAME, handler, text) EXO_CALL_##NAME = number,
#include "abi/call.def"
#undef CALL
	EXO_CALLS
};

enum exo_error {
#define ERROR(number, NAME, text) EXO_E_##NAME = number,
#include "abi/error.def"
#undef ERROR
	EXO_OK = 0
};

enum exo_slot_op_kind {
#define SLOT_OP(number, NAME, handler, text) EXO_OP_##NAME = number,
#include "abi/slot_op.def"
#undef SLOT_OP
	EXO_OPS
};

enum exo_upcall {
#define UPCALL(number, NAME, text) EXO_UPCALL_##NAME = number,
#include "abi/upcall.def"
#undef UPCALL
	EXO_UPCALLS
};

enum exo_event {
#define EVENT(bit, NAME, text) EXO_EVENT_##NAME = 1u << (bit),
#include "abi/upcall.def"
#undef EVENT
};

enum exo_resource {
#define RESOURCE(number, NAME, text) EXO_RESOURCE_##NAME = number,
#include "abi/resource.def"
#undef RESOURCE
	EXO_RESOURCES
};

/* Results: the first result register says 0 or an error, the second has the call's value. */

/* Geometry. A table has 512 slots of 8 bytes; level 1 slots are leaves, level 4 is the root. */
/* An exhaustive explorer builds the same code with a smaller geometry. */
#ifndef EXO_TABLE_SHIFT
#define EXO_TABLE_SHIFT 9
#define EXO_LEVELS      4u
#define EXO_ROOT_USER   256u /* root slots below it are the program's */
#endif
#define EXO_TABLE_SLOTS (1u << EXO_TABLE_SHIFT)
#define EXO_PAGE_SHIFT  (EXO_TABLE_SHIFT + 3)
#define EXO_PAGE_SIZE   (UINT64_C(1) << EXO_PAGE_SHIFT)

/* Fixed root slots. No operation names the recursive one, which is for reading only. */
#define EXO_ROOT_RECURSIVE (EXO_ROOT_USER - 1) /* the recursive view of the tables themselves */
#define EXO_ROOT_LIBRARY   (EXO_ROOT_USER - 2) /* by convention: the library OS */
#define EXO_ROOT_INFO      (EXO_ROOT_USER - 3) /* the kernel's read-only tables, shared downward */

/* Bytes that one slot of a level covers. */
#define EXO_SPAN(level) \
	(UINT64_C(1) << (EXO_PAGE_SHIFT + EXO_TABLE_SHIFT * ((level) - 1)))
#define EXO_ROOT_SPAN   EXO_SPAN(EXO_LEVELS)
#define EXO_LIBRARY_BASE (EXO_ROOT_LIBRARY * EXO_ROOT_SPAN)
#define EXO_INFO_BASE    (EXO_ROOT_INFO * EXO_ROOT_SPAN)

/* Where things are below EXO_INFO_BASE; every page there is for reading only, for ever. */
#define EXO_INFO_PAGE    EXO_INFO_BASE                                /* struct exo_info */
#define EXO_INFO_ARCHIVE (EXO_INFO_BASE + EXO_SPAN(EXO_LEVELS - 1))       /* the boot archive */
#define EXO_INFO_TABLES  (EXO_INFO_BASE + EXO_ROOT_SPAN / 2)              /* the kernel's tables */

/* Rights and access of a leaf; rights of a branch (READ is implied there). */
enum { EXO_READ = 1u, EXO_WRITE = 2u, EXO_EXEC = 4u, EXO_RWX = 7u };

#define EXO_SOFT_MASK    0xfu                        /* 4 soft bits in a leaf */
#define EXO_PAYLOAD_MASK ((UINT64_C(1) << 48) - 1u) /* 48 payload bits in an empty slot */

/* Flags of a slot operation. */
enum {
	EXO_OP_MASK = 1u,   /* PROTECT: access only shrinks, to what it was and `access` */
	EXO_OP_COMMON = 2u, /* TABLE: make common tables (level 2 slots only) */
	EXO_OP_CLEAN = 4u,  /* PROTECT: clear the accessed and dirty bits */
	EXO_OP_DOWN = 8u,   /* TABLE: the run goes down, each table in the one before */
};

#define EXO_BATCH_MAX 64u

/* One operation of a batch, on `count` adjacent slots of one table. A slot is named by an env (0:
 * the caller), any address that it covers and its level. Fields an operation does not use must be
 * zero. */
struct exo_slot_op {
	uint8_t op;        /* EXO_OP_... */
	uint8_t level;     /* level of the slots, 1..4, of target and source */
	uint16_t count;    /* slots, 1..512 */
	uint8_t flags;     /* EXO_OP_MASK, EXO_OP_COMMON, EXO_OP_CLEAN, EXO_OP_DOWN */
	uint8_t rights;    /* most rights of the new slots (masked, never raised) */
	uint8_t access;    /* access of the leaves */
	uint8_t soft;      /* soft bits ... */
	uint8_t soft_mask; /* ... of which these are changed; 0: kept or, in a fresh leaf, 0 */
	uint8_t zero[7];
	uint64_t target_env;
	uint64_t target;   /* address */
	uint64_t source_env;
	uint64_t source;   /* address */
	uint64_t argument; /* payload or frame number */
	uint64_t reserve;  /* 0, or an address: this leaf's frame of the caller's is used up */
};

/* slot() is slots() with a batch of one, in registers, on the caller's own slots: `word` has the
 * first eight bytes of its struct exo_slot_op, op to soft, and soft_mask in the four highest
 * bits. */
static inline uint64_t exo_slot_word(unsigned op, unsigned level, unsigned count, unsigned flags,
				     unsigned rights, unsigned access)
{
	return op | level << 8 | (uint64_t)count << 16 | (uint64_t)flags << 32
		| (uint64_t)rights << 40 | (uint64_t)access << 48;
}

static inline uint64_t exo_slot_word_soft(unsigned soft, unsigned soft_mask)
{
	return (uint64_t)soft << 56 | (uint64_t)soft_mask << 60;
}

/* The second result of slots(): operations done in the upper half, slots done of the next one in
 * the lower. */
#define EXO_DONE_OPS(r)   ((uint32_t)((r) >> 32))
#define EXO_DONE_SLOTS(r) ((uint32_t)(r))

/* Limits of a carved account. */
struct exo_limits {
	uint64_t limit[EXO_RESOURCES];
};

/* Operations of the account call; env: whose account (0: the caller's). */
enum {
	EXO_ACCOUNT_LIMIT = 0,      /* -> limit of the resource */
	EXO_ACCOUNT_USED = 1,       /* -> how much of it is used */
	/* move `amount` of unused limit from the parent account to env's */
	EXO_ACCOUNT_GRANT = 2,
	/* move `amount` of unused limit from env's account to its parent's */
	EXO_ACCOUNT_RETURN = 3,
	EXO_ACCOUNT_REVOKE = 4,     /* ask env's account for `amount` frames by `deadline` */
	EXO_ACCOUNT_REPOSSESS = 5,  /* past that deadline: take what was not returned */
};

/* How a vcpu begins. */
struct exo_vcpu_start {
	uint64_t page;         /* where the vcpu page is mapped: an empty slot, page-aligned */
	uint64_t entry;        /* first program counter */
	uint64_t stack;        /* first stack pointer */
	uint64_t argument;     /* first argument register */
	uint64_t upcall_entry; /* as in the vcpu page */
	uint64_t stack_base;
	uint64_t stack_top;
	uint64_t masked;       /* 0 or 1 */
};

/* One entry of the repossession list. */
struct exo_taken {
	uint64_t address; /* first address that the slot covered */
	uint64_t level;   /* 1: a leaf; more: a branch */
};

#ifndef EXO_TAKEN_MAX /* as the geometry */
#define EXO_TAKEN_MAX 240u
#endif

/* The vcpu page: readable and writable by its env. The kernel reads the fields marked L as hostile
 * input, writes those marked K and never relies on what it wrote. */
struct exo_vcpu_page {
	uint64_t env;             /* K: handle of the env */
	uint64_t vcpu;            /* K: handle of the vcpu */
	uint64_t upcall_entry;    /* L: 0: upcalls kill the env */
	uint64_t stack_base;      /* L: lowest byte of the upcall stack */
	/* L: one past its highest; frames nest below the stack pointer if that is inside, else
	 * they start here */
	uint64_t stack_top;
	uint32_t masked;          /* L, K: asynchronous upcalls stay pending */
	uint32_t pending;         /* K: events that wait for `masked` to clear */
	uint32_t fpu_dead;        /* L: the FPU state need not be kept over a switch */
	uint32_t zero;
	uint64_t slice_end;       /* K: when the running slice ends */
	uint64_t excess;          /* K: clock units run past slice ends, in all */
	uint64_t switches;        /* K: forced preemptions, in all */
	uint64_t revoke_frames;   /* K: how many frames are asked back */
	uint64_t revoke_deadline; /* K: by when */
	/* K: slots repossessed, in all; entry n is at n % EXO_TAKEN_MAX */
	uint64_t taken;
	char name[16];            /* L: of what runs, for traces and debuggers */
	struct exo_taken taken_list[EXO_TAKEN_MAX];
};

/* What an upcall pushes and resume takes. 16-byte aligned. */
struct exo_frame {
	uint64_t kind;    /* EXO_UPCALL_... */
	uint64_t code;    /* see abi/upcall.def */
	uint64_t address;
	uint64_t masked;  /* as it was before the upcall */
	struct exo_regs regs;
};

enum { EXO_FAULT_WRITE = 2u, EXO_FAULT_EXEC = 4u, EXO_FAULT_PRESENT = 8u };

enum exo_exception {
	EXO_EXCEPTION_DIVIDE = 1,
	EXO_EXCEPTION_DEBUG = 2,
	EXO_EXCEPTION_BREAKPOINT = 3,
	EXO_EXCEPTION_UNDEFINED = 4,
	EXO_EXCEPTION_ALIGNMENT = 5,
	EXO_EXCEPTION_FPU = 6,
	EXO_EXCEPTION_PROTECTION = 7,
	EXO_EXCEPTION_OTHER = 8,
};

/* Flags of wait and wake. */
enum {
	EXO_WAIT_SHARED = 1u,   /* keyed by frame, not by env and address */
	EXO_WAIT_DOORBELL = 2u, /* do not block: a wake becomes a DOORBELL event */
};

/* Why an env died, in the upper 32 bits of its status; the lower are its own in the first case. */
enum exo_death {
	EXO_DEATH_EXIT = 0,          /* env_kill by itself or from above, with that status */
	EXO_DEATH_UPCALL_STACK = 1,  /* an upcall's frame could not be pushed */
	EXO_DEATH_NO_ENTRY = 2,      /* an upcall with no upcall entry */
	EXO_DEATH_LAST_VCPU = 3,     /* its last vcpu stopped */
};

#define EXO_STATUS(death, status) ((uint64_t)(death) << 32 | (uint32_t)(status))
#define EXO_STATUS_DEATH(s)       ((uint32_t)((s) >> 32))

/* slice_alloc: any free position. */
#define EXO_SLICE_ANY UINT64_MAX

/* The info page. Written by the kernel at boot; console_in later. */
struct exo_info {
	uint32_t abi_version;
	uint32_t cpus;
	uint64_t frames;          /* physical frames that there are */
	uint64_t frames_kernel;   /* of these taken by the kernel at boot */
	uint64_t clock_hz;        /* clock units in a second */
	uint64_t clock_mult;      /* ns = units * clock_mult >> clock_shift */
	uint64_t clock_shift;
	uint64_t slice_units;     /* length of a slice in clock units */
	uint64_t allowance_units; /* time to yield after a slice's end */
	uint64_t quantum_units;   /* the least time between the kernel and the next event */
	uint64_t boot_clock;      /* clock when the kernel began */
	uint64_t user_clock;      /* clock when the first program began */
	uint64_t epoch_s;         /* seconds since 1970 at boot_clock, or 0: nobody has said */
	uint64_t archive_bytes;
	uint32_t fpu_bytes;       /* size of the FPU save area that the CPU needs */
	uint32_t console_in;      /* bytes received so far: wait on it, shared, for input */
	struct exo_array arrays[EXO_ARRAYS];
};

/* An array of the kernel's as programs read it (not EXO_ARRAY_MACHINE); the n-th element is
 * arrays[which].size bytes times n further on. */
static inline const void *exo_table(const struct exo_info *info, unsigned which)
{
	return (const void *)(EXO_INFO_TABLES + info->arrays[which].physical
			      - info->arrays[EXO_ARRAY_ACCOUNTS].physical);
}

_Static_assert(sizeof(struct exo_slot_op) == 64, "struct exo_slot_op");
_Static_assert(sizeof(struct exo_vcpu_page) == 120 + 16 * EXO_TAKEN_MAX, "struct exo_vcpu_page");
_Static_assert(sizeof(struct exo_vcpu_start) == 64, "struct exo_vcpu_start");
_Static_assert(sizeof(((struct exo_table_account *)0)->quota) == 8 * EXO_RESOURCES, "table.h");
_Static_assert(sizeof(((struct exo_table_cpu *)0)->upcalls) == 8 * EXO_UPCALLS, "table.h");
_Static_assert(sizeof(struct exo_frame) % 16 == 0, "struct exo_frame");

/* The address of the slot at `level` that covers `address`, in the recursive view: level 1 slots
 * lie in the span of the recursive root slot, level 4 ones in its innermost page. */
static inline uint64_t exo_slot_address(uint64_t address, unsigned level)
{
	uint64_t view = 0;
	unsigned depth;

	for (depth = 0; depth < level; depth++)
		view |= EXO_ROOT_RECURSIVE * EXO_SPAN(EXO_LEVELS - depth);
	address &= EXO_SPAN(EXO_LEVELS + 1) - 1;
	return view | (address >> (EXO_TABLE_SHIFT * level) & ~UINT64_C(7));
}

#endif
