# SPDX-License-Identifier: ISC
# The contract: headers and tables that both sides and every program include.
ABI_H = abi/exo.h abi/call.def abi/error.def abi/resource.def abi/slot_op.def abi/upcall.def

EXTRA_DIST += $(ABI_H)
