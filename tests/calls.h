/* SPDX-License-Identifier: ISC */
/* Numbers of Linux's older calls, which not every machine has: there they are CALL_NONE. */
#ifndef TESTS_CALLS_H
#define TESTS_CALLS_H

#include <sys/syscall.h>

enum { CALL_NONE = -1 };

#ifndef SYS_open
#define SYS_open CALL_NONE
#define SYS_stat CALL_NONE
#define SYS_access CALL_NONE
#define SYS_rename CALL_NONE
#define SYS_mkdir CALL_NONE
#define SYS_mknod CALL_NONE
#define SYS_unlink CALL_NONE
#define SYS_readlink CALL_NONE
#define SYS_fork CALL_NONE
#define SYS_vfork CALL_NONE
#define SYS_poll CALL_NONE
#define SYS_select CALL_NONE
#define SYS_dup2 CALL_NONE
#define SYS_alarm CALL_NONE
#define SYS_pause CALL_NONE
#endif
#ifndef SYS_arch_prctl
#define SYS_arch_prctl CALL_NONE
#endif
#ifndef SYS_getrlimit
#define SYS_getrlimit CALL_NONE
#endif

#endif
