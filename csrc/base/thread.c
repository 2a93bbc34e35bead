// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/rt.h"

enum { NAME_BYTES = 16 }; // Linux keeps no more.

// What the new thread needs to know; freed by it.
typedef struct start_note {
    pst_thread_fn fn;
    void *arg;
    char name[NAME_BYTES];
} start_note;

static void *run_thread(void *arg) {
    start_note *note = arg;
    const start_note copy = *note;
    pst_free(note);
#ifdef __APPLE__
    pthread_setname_np(copy.name);
#else
    pthread_setname_np(pthread_self(), copy.name);
#endif
    copy.fn(copy.arg);
    return NULL;
}

// A new thread inherits the mask of its parent, so there is no moment when it could take a signal.
static void block_signals(sigset_t *before) {
    static const int kept_open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t mask;
    sigfillset(&mask);
    for (size_t i = 0; i < sizeof kept_open / sizeof kept_open[0]; ++i)
        sigdelset(&mask, kept_open[i]);
    pthread_sigmask(SIG_SETMASK, &mask, before);
}

pst_status pst_thread_start(pst_thread *thread, const char *name, pst_thread_fn fn, void *arg,
                            pst_error *err) {
    start_note *note = pst_alloc(sizeof *note);
    if (note == NULL)
        return pst_fail_memory(err);
    note->fn = fn;
    note->arg = arg;
    snprintf(note->name, sizeof note->name, "%s", name);

    sigset_t before;
    block_signals(&before);
    const int code = pthread_create(&thread->handle, NULL, run_thread, note);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0) {
        pst_free(note);
        return pst_fail_errno(err, code, "start a thread");
    }
    return PST_OK;
}

void pst_thread_join(pst_thread *thread) {
    pthread_join(thread->handle, NULL);
}

void pst_thread_detach(pst_thread *thread) {
    pthread_detach(thread->handle);
}

pst_status pst_thread_try_realtime(int priority, pst_error *err) {
    const int lowest = sched_get_priority_min(SCHED_FIFO);
    const int highest = sched_get_priority_max(SCHED_FIFO);
    const struct sched_param param = {.sched_priority = priority < lowest    ? lowest
                                                        : priority > highest ? highest
                                                                             : priority};
    const int code = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
    if (code == EPERM)
        return pst_fail(err, PST_UNSUPPORTED, code, "No permission for realtime scheduling");
    if (code != 0)
        return pst_fail_errno(err, code, "ask for realtime scheduling");
    return PST_OK;
}

PST_RT_UNCHECKED_BEGIN

// Asks the kernel about this thread, which it answers at once. (pthread_getschedparam would lock.)
int pst_thread_realtime_priority(void) PST_RT {
#ifdef __linux__
    struct sched_param param;
    const int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
    const bool is_realtime = policy == SCHED_FIFO || policy == SCHED_RR;
    return is_realtime && sched_getparam(0, &param) == 0 ? param.sched_priority : 0;
#else
    return 0;
#endif
}

// Reads the thread register.
uint64_t pst_thread_id(void) PST_RT {
    return (uint64_t)(uintptr_t)pthread_self();
}

PST_RT_UNCHECKED_END
