// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "rt_guard.h"

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"

#if CHECK_ASAN || CHECK_TSAN || !defined(__GLIBC__)

bool rt_guard_works(void) {
    return false;
}

void rt_guard_enter(void) {}

int rt_guard_leave(void) {
    return 0;
}

const char *rt_guard_culprit(void) {
    return "";
}

#else

static _Thread_local int depth;
static _Thread_local int n_found;
static _Thread_local const char *culprit = "";

bool rt_guard_works(void) {
    return true;
}

void rt_guard_enter(void) {
    if (depth++ == 0)
        n_found = 0;
}

int rt_guard_leave(void) {
    --depth;
    return n_found;
}

const char *rt_guard_culprit(void) {
    return culprit;
}

static void forbid(const char *name) {
    if (depth > 0) {
        ++n_found;
        culprit = name;
    }
}

// The C library's own, under names that cannot be interposed.
void *__libc_malloc(size_t n_bytes);
void *__libc_calloc(size_t n_items, size_t item_bytes);
void *__libc_realloc(void *memory, size_t n_bytes);
void *__libc_memalign(size_t alignment, size_t n_bytes);
void __libc_free(void *memory);

void *malloc(size_t n_bytes) {
    forbid("malloc");
    return __libc_malloc(n_bytes);
}

void *calloc(size_t n_items, size_t item_bytes) {
    forbid("calloc");
    return __libc_calloc(n_items, item_bytes);
}

void *realloc(void *memory, size_t n_bytes) {
    forbid("realloc");
    return __libc_realloc(memory, n_bytes);
}

void *aligned_alloc(size_t alignment, size_t n_bytes) {
    forbid("aligned_alloc");
    return __libc_memalign(alignment, n_bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t n_bytes) {
    forbid("posix_memalign");
    *memory = __libc_memalign(alignment, n_bytes);
    return *memory == NULL;
}

void free(void *memory) {
    forbid("free");
    __libc_free(memory);
}

// Everything else: note the name, then call the function of the C library.
#define GUARD(result, name, parameters, arguments)                                                 \
    result name parameters {                                                                       \
        static result(*next_function) parameters;                                                  \
        forbid(#name);                                                                             \
        if (next_function == NULL) {                                                               \
            void *found = dlsym(RTLD_NEXT, #name);                                                 \
            memcpy(&next_function, &found, sizeof found);                                          \
        }                                                                                          \
        return next_function arguments;                                                            \
    }

GUARD(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
GUARD(int, pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
GUARD(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
GUARD(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
GUARD(int, pthread_spin_lock, (pthread_spinlock_t * lock), (lock))
GUARD(int, pthread_cond_signal, (pthread_cond_t * condition), (condition))
GUARD(int, pthread_cond_broadcast, (pthread_cond_t * condition), (condition))
GUARD(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t *mutex),
      (condition, mutex))
GUARD(int, pthread_join, (pthread_t thread, void **result), (thread, result))
GUARD(int, sem_wait, (sem_t * semaphore), (semaphore))
GUARD(int, sem_timedwait, (sem_t * semaphore, const struct timespec *until), (semaphore, until))
GUARD(int, nanosleep, (const struct timespec *span, struct timespec *left), (span, left))
GUARD(int, clock_nanosleep,
      (clockid_t clock, int flags, const struct timespec *span, struct timespec *left),
      (clock, flags, span, left))
GUARD(void *, mmap, (void *place, size_t n_bytes, int protection, int flags, int fd, off_t offset),
      (place, n_bytes, protection, flags, fd, offset))
GUARD(int, munmap, (void *place, size_t n_bytes), (place, n_bytes))

#endif
