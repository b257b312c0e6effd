# SPDX-License-Identifier: ISC
# The contract: headers and tables that both sides and every program include.
ABI_H = abi/exo.h abi/call.def abi/error.def abi/resource.def abi/slot_op.def \
	abi/table.def abi/table.h abi/trace.def abi/upcall.def

# Installed as they lie here, so that a program says #include "abi/exo.h" in both places.
chitinincludedir = $(includedir)/$(PACKAGE)
nobase_chitininclude_HEADERS = $(ABI_H)
