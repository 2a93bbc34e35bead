// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/event.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/eventfd.h>
#endif
#ifndef PST_EVENT_SEMAPHORE
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include "base/clock.h"
#include "base/error.h"
#include "base/rt.h"

// Why no wake-up is lost. All accesses to sequence and n_waiters are seq_cst, so they have one
// order. If a post finds no waiter, its count of the sequence came before the waiter's prepare:
// then the ticket includes that post, and the waiter, having read the sequence, sees everything
// that the poster wrote before. Otherwise the post wakes the waiter, whose ticket is then old.

// ---- Sleeping and waking, in two versions ----------------------------------------------------

#ifndef PST_EVENT_SEMAPHORE

static pst_status sleeper_init(pst_event *event, pst_error *err) {
    (void)event;
    (void)err;
    return PST_OK;
}

static void sleeper_deinit(pst_event *event) {
    (void)event;
}

// Sleeps while sequence == ticket. May return early. Returns false when the deadline has passed.
static bool sleep_on(pst_event *event, uint32_t ticket, int64_t deadline_ns) {
    const struct timespec until = {.tv_sec = (time_t)(deadline_ns / PST_NS_PER_SECOND),
                                   .tv_nsec = (long)(deadline_ns % PST_NS_PER_SECOND)};
    // The bitset form takes an absolute time of the monotonic clock.
    const long code =
        syscall(SYS_futex, &event->sequence, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, ticket,
                deadline_ns == PST_NEVER_NS ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    return !(code != 0 && errno == ETIMEDOUT);
}

PST_RT_UNCHECKED_BEGIN

// The wake-up takes a spinning lock in the kernel for some hundred nanoseconds; it does not sleep.
static void wake(pst_event *event, uint32_t n_waiters) PST_RT {
    (void)n_waiters;
    const int saved_errno = errno;
    PST_RT_SANITIZER_OFF();
    syscall(SYS_futex, &event->sequence, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, NULL, NULL, 0);
    PST_RT_SANITIZER_ON();
    errno = saved_errno;
}

PST_RT_UNCHECKED_END

#else

static pst_status sleeper_init(pst_event *event, pst_error *err) {
    if (sem_init(&event->semaphore, 0, 0) != 0)
        return pst_fail_errno(err, errno, "make a semaphore");
    return PST_OK;
}

static void sleeper_deinit(pst_event *event) {
    sem_destroy(&event->semaphore);
}

// The portable timed wait goes by the wall clock, which may jump. So it sleeps in slices, and only
// the monotonic clock decides when time is up. The slices also help a waiter whose token another
// one took: a semaphore does not know who was meant.
static bool sleep_on(pst_event *event, uint32_t ticket, int64_t deadline_ns) {
    (void)ticket;
    const int64_t now = pst_now_ns();
    if (now >= deadline_ns)
        return false;
    const int64_t slice_ns = 50 * PST_NS_PER_MS;
    const int64_t span_ns = deadline_ns - now < slice_ns ? deadline_ns - now : slice_ns;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    const int64_t nanoseconds = until.tv_nsec + span_ns;
    until.tv_sec += (time_t)(nanoseconds / PST_NS_PER_SECOND);
    until.tv_nsec = (long)(nanoseconds % PST_NS_PER_SECOND);
    sem_timedwait(&event->semaphore, &until);
    return true;
}

PST_RT_UNCHECKED_BEGIN

// POSIX allows sem_post even in signal handlers: it cannot block.
static void wake(pst_event *event, uint32_t n_waiters) PST_RT {
    const int saved_errno = errno;
    PST_RT_SANITIZER_OFF();
    for (uint32_t i = 0; i < n_waiters; ++i)
        sem_post(&event->semaphore);
    PST_RT_SANITIZER_ON();
    errno = saved_errno;
}

PST_RT_UNCHECKED_END

#endif

// ---- The descriptor --------------------------------------------------------------------------

static pst_status make_fds(pst_event *event, pst_error *err) {
#ifdef __linux__
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return pst_fail_errno(err, errno, "make an eventfd");
    event->read_fd = event->write_fd = fd;
#else
    int fds[2];
    if (pipe(fds) != 0)
        return pst_fail_errno(err, errno, "make a pipe");
    for (int i = 0; i < 2; ++i) {
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    event->read_fd = fds[0];
    event->write_fd = fds[1];
#endif
    return PST_OK;
}

PST_RT_UNCHECKED_BEGIN

// The descriptor is non-blocking, and one write per arming cannot fill it.
static void signal_fd(pst_event *event) PST_RT {
    const uint64_t one = 1; // What an eventfd takes; any 8 bytes will do for a pipe.
    const int saved_errno = errno;
    PST_RT_SANITIZER_OFF();
    const ssize_t n_written = write(event->write_fd, &one, sizeof one);
    PST_RT_SANITIZER_ON();
    (void)n_written; // It can only fail because the descriptor is readable already.
    errno = saved_errno;
}

PST_RT_UNCHECKED_END

int pst_event_arm_fd(pst_event *event) {
    if (event->read_fd < 0) {
        const pst_status status = make_fds(event, NULL);
        if (status != PST_OK)
            return PST_SYSTEM_ERROR;
    }
    atomic_store(&event->fd_armed, 0);
    uint64_t sink[8];
    // A read that is not full has left nothing: an eventfd never fills it.
    while (read(event->read_fd, sink, sizeof sink) == (ssize_t)sizeof sink)
        continue;
    // The store publishes write_fd; the poster reads it only after taking the 1 away.
    atomic_store(&event->fd_armed, 1);
    // As in prepare: a post that did not see the 1 is seen here, with what was written before it.
    (void)atomic_load(&event->sequence);
    return event->read_fd;
}

void pst_event_disarm_fd(pst_event *event) PST_RT {
    atomic_store(&event->fd_armed, 0);
}

bool pst_event_fd_armed(const pst_event *event) PST_RT {
    return atomic_load(&event->fd_armed) != 0;
}

// ---- The event -------------------------------------------------------------------------------

pst_status pst_event_init(pst_event *event, pst_error *err) {
    atomic_init(&event->sequence, 0);
    atomic_init(&event->n_waiters, 0);
    atomic_init(&event->fd_armed, 0);
    atomic_init(&event->n_wakes, 0);
    event->read_fd = event->write_fd = -1;
    return sleeper_init(event, err);
}

void pst_event_deinit(pst_event *event) {
    if (event->read_fd >= 0)
        close(event->read_fd);
    if (event->write_fd >= 0 && event->write_fd != event->read_fd)
        close(event->write_fd);
    event->read_fd = event->write_fd = -1;
    sleeper_deinit(event);
}

uint32_t pst_event_prepare(pst_event *event) PST_RT {
    atomic_fetch_add(&event->n_waiters, 1);
    return atomic_load(&event->sequence);
}

void pst_event_cancel(pst_event *event) PST_RT {
    atomic_fetch_sub(&event->n_waiters, 1);
}

pst_status pst_event_wait(pst_event *event, uint32_t ticket, int64_t deadline_ns) {
    pst_status status = PST_OK;
    while (atomic_load(&event->sequence) == ticket) {
        if (!sleep_on(event, ticket, deadline_ns)) {
            // A post may have come in the last moment.
            status = atomic_load(&event->sequence) == ticket ? PST_TIMEOUT : PST_OK;
            break;
        }
    }
    atomic_fetch_sub(&event->n_waiters, 1);
    return status;
}

void pst_event_post(pst_event *event) PST_RT {
    atomic_fetch_add(&event->sequence, 1);
    const uint32_t n_waiters = atomic_load(&event->n_waiters);
    if (n_waiters > 0) {
        atomic_fetch_add_explicit(&event->n_wakes, 1, memory_order_relaxed);
        wake(event, n_waiters);
    }
    if (atomic_load(&event->fd_armed) != 0 && atomic_exchange(&event->fd_armed, 0) != 0) {
        atomic_fetch_add_explicit(&event->n_wakes, 1, memory_order_relaxed);
        signal_fd(event);
    }
}

uint64_t pst_event_wakes(const pst_event *event) PST_RT {
    return atomic_load_explicit(&event->n_wakes, memory_order_relaxed);
}
