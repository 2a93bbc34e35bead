// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "failing_alloc.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "check.h"

int failing_alloc_count_fds(void) {
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        ++n;
    closedir(dir);
    return n;
}

int failing_alloc_count_mappings(const char *word) {
    int n = 0;
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL)
        return -1;
    while (fgets(line, sizeof line, maps) != NULL)
        n += strstr(line, word) != NULL;
    fclose(maps);
    return n;
}

#if CHECK_ASAN || CHECK_TSAN || !defined(__GLIBC__)

bool failing_alloc_works(void) {
    return false;
}

void failing_alloc_begin(long fail_at) {
    (void)fail_at;
}

long failing_alloc_end(void) {
    return 0;
}

long failing_alloc_live(void) {
    return 0;
}

#else

// The C library's own, under names that cannot be interposed.
void *__libc_malloc(size_t n_bytes);
void *__libc_calloc(size_t n_items, size_t item_bytes);
void *__libc_realloc(void *memory, size_t n_bytes);
void *__libc_memalign(size_t alignment, size_t n_bytes);
void __libc_free(void *memory);

static _Atomic bool is_counting;
static _Atomic long n_tried;
static _Atomic long n_live;
static _Atomic long failing_number;

bool failing_alloc_works(void) {
    return true;
}

void failing_alloc_begin(long fail_at) {
    atomic_store(&n_tried, 0);
    atomic_store(&n_live, 0);
    atomic_store(&failing_number, fail_at);
    atomic_store(&is_counting, true);
}

long failing_alloc_end(void) {
    atomic_store(&is_counting, false);
    return atomic_load(&n_tried);
}

long failing_alloc_live(void) {
    return atomic_load(&n_live);
}

// Counts a try. Returns whether it has to fail.
static bool fails_now(void) {
    return atomic_load(&is_counting) &&
           atomic_fetch_add(&n_tried, 1) + 1 == atomic_load(&failing_number);
}

static void *counted(void *memory) {
    if (memory != NULL && atomic_load(&is_counting))
        atomic_fetch_add(&n_live, 1);
    return memory;
}

static void *no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t n_bytes) {
    return fails_now() ? no_memory() : counted(__libc_malloc(n_bytes));
}

void *calloc(size_t n_items, size_t item_bytes) {
    return fails_now() ? no_memory() : counted(__libc_calloc(n_items, item_bytes));
}

void *realloc(void *memory, size_t n_bytes) {
    if (fails_now())
        return no_memory();
    void *moved = __libc_realloc(memory, n_bytes);
    return memory == NULL ? counted(moved) : moved;
}

void *aligned_alloc(size_t alignment, size_t n_bytes) {
    return fails_now() ? no_memory() : counted(__libc_memalign(alignment, n_bytes));
}

int posix_memalign(void **memory, size_t alignment, size_t n_bytes) {
    if (fails_now())
        return ENOMEM;
    *memory = counted(__libc_memalign(alignment, n_bytes));
    return *memory == NULL ? ENOMEM : 0;
}

void free(void *memory) {
    if (memory != NULL && atomic_load(&is_counting))
        atomic_fetch_sub(&n_live, 1);
    __libc_free(memory);
}

// Everything else: fail in the function's own way, or call the function of the C library.
#define WRAP(result, name, parameters, arguments, failure)                                         \
    result name parameters {                                                                       \
        static result(*next_function) parameters;                                                  \
        if (fails_now())                                                                           \
            return failure;                                                                        \
        if (next_function == NULL) {                                                               \
            void *found = dlsym(RTLD_NEXT, #name);                                                 \
            memcpy(&next_function, &found, sizeof found);                                          \
        }                                                                                          \
        return next_function arguments;                                                            \
    }

WRAP(void *, mmap, (void *place, size_t n_bytes, int protection, int flags, int fd, off_t offset),
     (place, n_bytes, protection, flags, fd, offset), (errno = ENOMEM, MAP_FAILED))
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), (errno = EMFILE, -1))
WRAP(int, posix_fallocate, (int fd, off_t offset, off_t n_bytes), (fd, offset, n_bytes), ENOSPC)
WRAP(int, eventfd, (unsigned value, int flags), (value, flags), (errno = EMFILE, -1))
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*fn)(void *), void *arg),
     (thread, attributes, fn, arg), EAGAIN)

#endif
