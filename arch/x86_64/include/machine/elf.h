/* SPDX-License-Identifier: ISC */
/* What ELF files say of this CPU. */
#ifndef MACHINE_ELF_H
#define MACHINE_ELF_H

#define MACHINE_ELF 62u /* EM_X86_64 */

#endif
