/* SPDX-License-Identifier: ISC */
/*
 * Bytes, strings, the library's heap, and formatted lines on the console. Library context.
 */
#ifndef LIBOS_MEMORY_H
#define LIBOS_MEMORY_H

#include <stdarg.h>

#include "libos/base.h"

struct libos;

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

/* Library memory of at least n bytes, zeroed, aligned to 16 (from a page up: to a page, whole
 * pages). NULL: out of address space. Frames come when it is touched; when there are none left the
 * process dies there. Takes heap. */
void *heap_alloc(struct libos *os, size_t n) MUST_USE;
/* Give it back; NULL is allowed. Whole pages return their frames. Takes heap. */
void heap_free(struct libos *os, void *p);

/* One formatted text to the console: %s %d %u %x %c %lu %ld %lx %p %%, widths and 0 padding.
 * At most 512 bytes. Takes no lock. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same into a buffer, always ended by 0; returns the bytes it would need without the 0. */
int format_text(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int format_text_v(char *buffer, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

#endif
