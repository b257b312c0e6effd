# SPDX-License-Identifier: ISC
# What things cost: instructions under icount, printed as a table.
