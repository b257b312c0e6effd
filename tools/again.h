/* SPDX-License-Identifier: ISC */
/* Starting the machine again. */
#ifndef TOOLS_AGAIN_H
#define TOOLS_AGAIN_H

/* How often the machine has been started again. */
unsigned long again_count(void);
/* Begin from the beginning: chitin-run becomes itself, with the same arguments. */
_Noreturn void again_start(char **argv);

#endif
