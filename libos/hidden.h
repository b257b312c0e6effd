/* SPDX-License-Identifier: ISC */
/*
 * Included first in every file of the library (see the build's flags): its names are its own and
 * are referred to directly. A reference through the global offset table would look for that table
 * in the program's part, out of reach.
 */
#ifndef LIBOS_HIDDEN_H
#define LIBOS_HIDDEN_H

#pragma GCC visibility push(hidden)

#endif
