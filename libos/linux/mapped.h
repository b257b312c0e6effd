/* SPDX-License-Identifier: ISC */
/* Files that are mapped shared, as memory objects (libos/vm/vm.h). */
#ifndef LIBOS_LINUX_MAPPED_H
#define LIBOS_LINUX_MAPPED_H

#include "libos/linux/linux.h"

/* This process's object for the file, made if it has none, to be kept until mapped_unref; then it
 * lives as long as a region is on it. NULL: no memory. The family's lock `file` is held. */
struct vm_object *mapped_ref(struct libos *os, struct fs_node *node) MUST_USE;
/* The file may be shorter than it was: what this process has mapped beyond its end goes. */
void mapped_cut(struct libos *os, const struct fs_node *node);
/* The file of an object. */
const struct fs_node *mapped_node(const struct vm_object *object);
void mapped_unref(struct libos *os, struct vm_object *object);

#endif
