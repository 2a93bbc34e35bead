// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/coroutine.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

typedef enum stage { NOT_BEGUN, STOPPED, RUNNING, ENDED } stage;

struct pst_coroutine {
    pst_coroutine_fn function;
    void *user;
    ucontext_t own;
    ucontext_t resumer;
    uint8_t *memory; // The guard page, and behind it the stack.
    size_t guard_bytes;
    size_t stack_bytes;
    stage stage;
    // What the sanitizers want to know about a change of stacks:
    void *fake_stack;
    const void *resumer_stack;
    size_t resumer_bytes;
    void *fiber;
    void *resumer_fiber;
};

// ---- Stacks change ---------------------------------------------------------------------------

// Called before a change; into the coroutine or out of it.
static void before_change(pst_coroutine *c, bool enters, void **fake_stack) {
    (void)c, (void)enters, (void)fake_stack;
#ifdef WITH_ASAN
    if (enters)
        __sanitizer_start_switch_fiber(fake_stack, c->memory + c->guard_bytes, c->stack_bytes);
    else
        __sanitizer_start_switch_fiber(fake_stack, c->resumer_stack, c->resumer_bytes);
#endif
#ifdef WITH_TSAN
    if (enters)
        c->resumer_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(enters ? c->fiber : c->resumer_fiber, 0);
#endif
}

// Called behind a change, by those who have arrived.
static void after_change(pst_coroutine *c, bool has_entered, void *fake_stack) {
    (void)c, (void)has_entered, (void)fake_stack;
#ifdef WITH_ASAN
    if (has_entered)
        __sanitizer_finish_switch_fiber(fake_stack, &c->resumer_stack, &c->resumer_bytes);
    else
        __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
}

static void leave(pst_coroutine *c, stage next) {
    c->stage = next;
    before_change(c, false, next == ENDED ? NULL : &c->fake_stack);
    swapcontext(&c->own, &c->resumer);
    after_change(c, true, c->fake_stack);
}

// makecontext passes on int only.
static void begin(unsigned high, unsigned low) {
    pst_coroutine *c = (pst_coroutine *)(((uintptr_t)high << 16 << 16) | (uintptr_t)low);
    after_change(c, true, NULL);
    c->function(c, c->user);
    leave(c, ENDED);
}

bool pst_coroutine_resume(pst_coroutine *c) {
    if (c->stage == ENDED)
        return false;
    c->stage = RUNNING;
    void *fake_stack = NULL;
    // Which signals are blocked is the thread's affair, and this may be another one.
    pthread_sigmask(SIG_SETMASK, NULL, &c->own.uc_sigmask);
    before_change(c, true, &fake_stack);
    swapcontext(&c->resumer, &c->own);
    after_change(c, false, fake_stack);
    return c->stage == STOPPED;
}

void pst_coroutine_yield(pst_coroutine *self) {
    leave(self, STOPPED);
    self->stage = RUNNING;
}

bool pst_coroutine_is_under_way(const pst_coroutine *coroutine) {
    return coroutine->stage == STOPPED || coroutine->stage == RUNNING;
}

// ---- Memory ----------------------------------------------------------------------------------

static pst_status map_stack(pst_coroutine *c, size_t stack_bytes, pst_error *err) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    c->guard_bytes = page;
    c->stack_bytes = (stack_bytes + page - 1) / page * page;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    void *memory =
        mmap(NULL, c->guard_bytes + c->stack_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED)
        return pst_fail_errno(err, errno, "map the stack of a coroutine");
    c->memory = memory;
    return mprotect(memory, c->guard_bytes, PROT_NONE) == 0
               ? PST_OK
               : pst_fail_errno(err, errno, "guard the stack of a coroutine");
}

pst_status pst_coroutine_create(pst_coroutine **coroutine, pst_coroutine_fn function, void *user,
                                size_t stack_bytes, pst_error *err) {
    *coroutine = NULL;
    pst_coroutine *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->function = function;
    made->user = user;
    pst_status status = map_stack(made, stack_bytes, err);
    if (status == PST_OK && getcontext(&made->own) != 0)
        status = pst_fail_errno(err, errno, "make a coroutine");
    if (status != PST_OK) {
        pst_coroutine_destroy(made);
        return status;
    }
    made->own.uc_stack.ss_sp = made->memory + made->guard_bytes;
    made->own.uc_stack.ss_size = made->stack_bytes;
    made->own.uc_link = NULL;
    const uintptr_t address = (uintptr_t)made;
    makecontext(&made->own, (void (*)(void))begin, 2, (unsigned)(address >> 16 >> 16),
                (unsigned)(address & UINT32_MAX));
#ifdef WITH_TSAN
    made->fiber = __tsan_create_fiber(0);
#endif
    *coroutine = made;
    return PST_OK;
}

void pst_coroutine_destroy(pst_coroutine *coroutine) {
    if (coroutine == NULL)
        return;
#ifdef WITH_TSAN
    if (coroutine->fiber != NULL)
        __tsan_destroy_fiber(coroutine->fiber);
#endif
    if (coroutine->memory != NULL)
        munmap(coroutine->memory, coroutine->guard_bytes + coroutine->stack_bytes);
    pst_free(coroutine);
}
