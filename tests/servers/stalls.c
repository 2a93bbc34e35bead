// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The yardstick for sound servers on virtual machines: on each processor a thread sleeps again and
// again, above all servers, and counts how often it woke up late. Nothing but the machine itself
// can keep it waiting.
//
// Usage: stalls PERIOD_MICROSECONDS LIMIT_MICROSECONDS. Prints "ready" when it runs. For each line
// of its standard input, and at the end of it, which is its own, one line of JSON tells how often a
// thread has come later than the limit so far, and the most in microseconds.

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PRIORITY = 50 };

static int64_t period_ns;
static int64_t limit_ns;
static _Atomic bool is_over;
static _Atomic int64_t n_late;
static _Atomic int64_t longest_ns;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void note(int64_t late_ns) {
    if (late_ns > limit_ns)
        atomic_fetch_add(&n_late, 1);
    int64_t longest = atomic_load(&longest_ns);
    while (late_ns > longest && !atomic_compare_exchange_weak(&longest_ns, &longest, late_ns)) {
    }
}

static void *watch(void *unused) {
    (void)unused;
    int64_t due_ns = now_ns();
    while (!atomic_load(&is_over)) {
        due_ns += period_ns;
        const struct timespec due = {due_ns / 1000000000, due_ns % 1000000000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR) {
        }
        const int64_t late_ns = now_ns() - due_ns;
        note(late_ns);
        if (late_ns > period_ns)
            due_ns += late_ns;
    }
    return NULL;
}

static void tell(void) {
    printf("{\"late\": %lld, \"longest_us\": %lld}\n", (long long)atomic_load(&n_late),
           (long long)atomic_load(&longest_ns) / 1000);
    fflush(stdout);
}

// Returns 0 or an error's number.
static int start(pthread_t *thread, int cpu) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    pthread_attr_setaffinity_np(&attributes, sizeof cpus, &cpus);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &(struct sched_param){.sched_priority = PRIORITY});
    const int error = pthread_create(thread, &attributes, watch, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

int main(int argc, char **argv) {
    if (argc != 3 || (period_ns = 1000 * atoll(argv[1])) <= 0 ||
        (limit_ns = 1000 * atoll(argv[2])) <= 0) {
        fprintf(stderr, "usage: stalls PERIOD_MICROSECONDS LIMIT_MICROSECONDS\n");
        return 2;
    }
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    pthread_t threads[CPU_SETSIZE];
    int n_threads = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && start(&threads[n_threads++], cpu) != 0) {
            fprintf(stderr, "stalls: realtime scheduling is not allowed\n");
            return 1;
        }
    printf("ready\n");
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        if (byte == '\n')
            tell();
    atomic_store(&is_over, true);
    for (int i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    tell();
    return 0;
}
