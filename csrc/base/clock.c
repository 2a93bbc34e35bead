// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"

#include <errno.h>
#include <time.h>

#include "base/rt.h"

PST_RT_UNCHECKED_BEGIN

// Reads a page that the kernel shares with every process: no system call on common systems.
int64_t pst_now_ns(void) PST_RT {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * PST_NS_PER_SECOND + now.tv_nsec;
}

PST_RT_UNCHECKED_END

int64_t pst_deadline_ns(int64_t timeout_ns) PST_RT {
    if (timeout_ns < 0)
        return PST_NEVER_NS;
    const int64_t now = pst_now_ns();
    return timeout_ns > PST_NEVER_NS - now ? PST_NEVER_NS : now + timeout_ns;
}

void pst_sleep_until_ns(int64_t deadline_ns) {
#ifdef __APPLE__
    // No sleep with an absolute time there.
    for (int64_t left; (left = deadline_ns - pst_now_ns()) > 0;) {
        const struct timespec span = {.tv_sec = (time_t)(left / PST_NS_PER_SECOND),
                                      .tv_nsec = (long)(left % PST_NS_PER_SECOND)};
        nanosleep(&span, NULL);
    }
#else
    if (deadline_ns <= 0)
        return;
    const struct timespec until = {.tv_sec = (time_t)(deadline_ns / PST_NS_PER_SECOND),
                                   .tv_nsec = (long)(deadline_ns % PST_NS_PER_SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
#endif
}
