// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/clock_wall.h"

#include <time.h>

#include "base/clock.h"
#include "base/rt.h"

PST_RT_UNCHECKED_BEGIN

// Like the monotonic clock it lies on a page of the kernel's.
static int64_t calendar_ns(void) PST_RT {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * PST_NS_PER_SECOND + now.tv_nsec;
}

PST_RT_UNCHECKED_END

void pst_clock_wall_read(int64_t *monotonic_ns, int64_t *wall_ns, int64_t *error_ns) PST_RT {
    enum { ATTEMPTS = 5 };
    *error_ns = INT64_MAX;
    for (int i = 0; i < ATTEMPTS; ++i) {
        // Whoever interrupts us makes the bracket wider: the narrowest tells most.
        const int64_t before_ns = pst_now_ns();
        const int64_t calendar = calendar_ns();
        const int64_t after_ns = pst_now_ns();
        const int64_t half_ns = (after_ns - before_ns + 1) / 2;
        if (half_ns < *error_ns) {
            *error_ns = half_ns;
            *monotonic_ns = before_ns + half_ns;
            *wall_ns = calendar;
        }
    }
}
