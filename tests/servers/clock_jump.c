// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Preloaded into a program, it makes the calendar clock jump back by an hour, again and again,
// while the monotonic clock stays true: what a correction of the system's time does to a running
// program.

#include <dlfcn.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

enum { JUMP_S = 3600, PERIOD_S = 2 };

typedef int clock_function(clockid_t, struct timespec *);

static int true_time(clockid_t clock, struct timespec *now) {
    clock_function *call;
    *(void **)&call = dlsym(RTLD_NEXT, "clock_gettime"); // As POSIX wants it written.
    return call(clock, now);
}

// In every second period the calendar clock is an hour behind.
int clock_gettime(clockid_t clock, struct timespec *now) {
    const int result = true_time(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        if (now->tv_sec / PERIOD_S % 2)
            now->tv_sec -= JUMP_S;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0)
        return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}
