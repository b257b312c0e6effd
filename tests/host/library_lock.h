/* SPDX-License-Identifier: ISC */
/*
 * Included before all else in libos/thread/vcpu.c as it is built for the test of the library lock:
 * where vcpus have their pages and records, and what the simulated machine has no instruction for.
 */
#ifndef TESTS_HOST_LIBRARY_LOCK_H
#define TESTS_HOST_LIBRARY_LOCK_H

#include "abi/exo.h"
#include "libos/layout.h"

uint64_t test_pages(void);
uint64_t test_info(void);
void machine_relax(void);
void machine_set_vcpu(uint64_t page);

#undef LIBOS_VCPU_PAGE
#define LIBOS_VCPU_PAGE test_pages()
#undef LIBOS_VCPU_PAGES
#define LIBOS_VCPU_PAGES test_pages()
#undef EXO_INFO_PAGE
#define EXO_INFO_PAGE test_info()

#endif
