// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_CHECK_H
#define PST_TESTS_CHECK_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Checks with output in the Test Anything Protocol, which Meson reads. A test is a function; it is
// passed when no check in it failed, in whatever thread. Checks do not end the test, except those
// with REQUIRE.
//
//     static void test_something(void) { CHECK_EQ(1 + 1, 2); }
//
//     int main(void) {
//         RUN(test_something);
//         return check_done();
//     }

#if defined(__SANITIZE_ADDRESS__)
#define CHECK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECK_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define CHECK_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHECK_TSAN 1
#endif
#endif
#ifndef CHECK_ASAN
#define CHECK_ASAN 0
#endif
#ifndef CHECK_TSAN
#define CHECK_TSAN 0
#endif

#if defined(__GNUC__)
#define CHECK_UNUSED __attribute__((unused))
#define CHECK_PRINTF __attribute__((format(printf, 3, 4)))
#else
#define CHECK_UNUSED
#define CHECK_PRINTF
#endif

static struct {
    int n_tests;
    int n_failed_tests;
    char skipped[200];      // Why the running test was skipped.
    _Atomic int n_failures; // Of the running test.
} check_state;

enum { CHECK_MAX_REPORTS = 20 }; // Per test: a loop may fail a million times.

CHECK_UNUSED CHECK_PRINTF static bool check_report(const char *file, int line, const char *format,
                                                   ...) {
    if (atomic_fetch_add(&check_state.n_failures, 1) >= CHECK_MAX_REPORTS)
        return false;
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("# %s:%d: %s\n", file, line, text);
    fflush(stdout);
    return false;
}

// The condition holds.
#define CHECK(condition) ((condition) ? true : check_report(__FILE__, __LINE__, "%s", #condition))

// As CHECK, with a printf format and its arguments in the report.
#define CHECK_TEXT(condition, ...)                                                                 \
    ((condition) ? true : check_report(__FILE__, __LINE__, __VA_ARGS__))

// Always fails, with a printf format and its arguments in the report.
#define FAIL(...) check_report(__FILE__, __LINE__, __VA_ARGS__)

// As CHECK; leaves the function if it does not hold.
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!CHECK(condition))                                                                     \
            return;                                                                                \
    } while (0)

CHECK_UNUSED static bool check_eq(const char *file, int line, const char *text, long long got,
                                  long long wanted) {
    if (got == wanted)
        return true;
    check_report(file, line, "%s: got %lld, wanted %lld", text, got, wanted);
    return false;
}

// Whole numbers alone: others would lose what lies behind the point, and be equal to what they are
// not.
#if defined(__cplusplus)
#define CHECK_WHOLE(x) (x)
#else
#define CHECK_WHOLE(x) ((x) | 0)
#endif

// Two integers are equal.
#define CHECK_EQ(got, wanted)                                                                      \
    check_eq(__FILE__, __LINE__, #got, (long long)CHECK_WHOLE(got), (long long)CHECK_WHOLE(wanted))

CHECK_UNUSED static bool check_str(const char *file, int line, const char *text, const char *got,
                                   const char *wanted) {
    if (got != NULL && strcmp(got, wanted) == 0)
        return true;
    check_report(file, line, "%s: got \"%s\", wanted \"%s\"", text, got == NULL ? "NULL" : got,
                 wanted);
    return false;
}

// Two texts are equal.
#define CHECK_STR(got, wanted) check_str(__FILE__, __LINE__, #got, got, wanted)

// Marks the running test as skipped; the caller returns.
CHECK_UNUSED static void check_skip(const char *reason) {
    snprintf(check_state.skipped, sizeof check_state.skipped, "%s", reason);
}

CHECK_UNUSED static void check_run(const char *name, void (*test)(void)) {
    if (check_state.n_tests == 0)
        printf("TAP version 13\n");
    check_state.skipped[0] = '\0';
    atomic_store(&check_state.n_failures, 0);
    fflush(stdout);
    test();
    const int n_failures = atomic_load(&check_state.n_failures);
    if (n_failures > CHECK_MAX_REPORTS)
        printf("# ... %d failures in all\n", n_failures);
    check_state.n_failed_tests += n_failures > 0;
    printf("%s %d - %s", n_failures > 0 ? "not ok" : "ok", ++check_state.n_tests, name);
    if (check_state.skipped[0] != '\0')
        printf(" # SKIP %s", check_state.skipped);
    printf("\n");
    fflush(stdout);
}

#define RUN(test) check_run(#test, test)

// Ends the output. Returns the exit code of the program.
CHECK_UNUSED static int check_done(void) {
    printf("1..%d\n", check_state.n_tests);
    return check_state.n_failed_tests > 0 ? 1 : 0;
}

// ---- Random numbers --------------------------------------------------------------------------

// A small generator with a state of its own, so that every thread's run can be repeated.
CHECK_UNUSED static uint32_t check_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = *state;
    x ^= x >> 33;
    x *= UINT64_C(0xFF51AFD7ED558CCD);
    x ^= x >> 33;
    return (uint32_t)(x >> 16);
}

// Returns a number from low to high, both included.
CHECK_UNUSED static uint32_t check_random_in(uint64_t *state, uint32_t low, uint32_t high) {
    return low + check_random(state) % (high - low + 1);
}

#endif
