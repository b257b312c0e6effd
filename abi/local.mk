# SPDX-License-Identifier: ISC
# The contract: headers and tables that both sides and every program include.
ABI_H =

EXTRA_DIST += $(ABI_H)
