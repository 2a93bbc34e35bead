// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What host APIs print is kept; what others print is not touched.

#include <pthread.h>
#include <unistd.h>

#include "base/thread.h"
#include "capture_fd.h"
#include "device/chatter.h"

static void forget_lines(void) {
    char line[256];
    while (pst_chatter_pop(line, sizeof line))
        continue;
}

static void expect_line(const char *wanted) {
    char line[256] = "";
    if (CHECK_TEXT(pst_chatter_pop(line, sizeof line), "no line \"%s\"", wanted))
        CHECK_STR(line, wanted);
}

static void expect_no_line(void) {
    char line[256] = "";
    CHECK_TEXT(!pst_chatter_pop(line, sizeof line), "a line too many: %s", line);
}

// Runs fn on a thread of this name, with stderr held.
static void run_named(const char *name, pst_thread_fn fn) {
    pst_thread thread;
    pst_chatter_hold_stderr();
    if (CHECK_EQ(pst_thread_start(&thread, name, fn, NULL, NULL), PST_OK))
        pst_thread_join(&thread);
    pst_chatter_release_stderr();
}

static bool can_watch(void) {
#ifdef __GLIBC__
    return true;
#else
    check_skip("this C library's stderr cannot be watched");
    return false;
#endif
}

static void print_in_pieces(void *arg) {
    (void)arg;
    fprintf(stderr, "one %d\n", 1);
    fprintf(stderr, "two ");
    fputs("and a half\n\nthree\nfo", stderr);
    fputs("ur\n", stderr);
    perror("five");
}

static void test_host_threads_are_heard(void) {
    if (!can_watch())
        return;
    forget_lines();
    FILE *const before = stderr;
    fd_capture *capture = capture_begin();
    run_named("pst-host", print_in_pieces);
    CHECK_STR(capture_end(capture), "");
    CHECK(stderr == before);
    expect_line("one 1");
    expect_line("two and a half");
    expect_line("three");
    expect_line("four");
    char line[256] = "";
    CHECK(pst_chatter_pop(line, sizeof line));
    CHECK(strncmp(line, "five: ", 6) == 0);
    expect_no_line();
    capture_free(capture);
}

static void test_other_threads_are_left_alone(void) {
    forget_lines();
    fd_capture *capture = capture_begin();
    run_named("somebody", print_in_pieces);
    const char *text = capture_end(capture);
    static const char wanted[] = "one 1\ntwo and a half\n\nthree\nfour\nfive: ";
    CHECK_TEXT(strncmp(text, wanted, sizeof wanted - 1) == 0, "got: %s", text);
    expect_no_line();
    capture_free(capture);
}

static void *print_once(void *arg) {
    (void)arg;
    fprintf(stderr, "from a child\n");
    return NULL;
}

// PortAudio's own threads are started by our helper threads.
static void start_a_thread(void *arg) {
    (void)arg;
    pthread_t thread;
    if (CHECK_EQ(pthread_create(&thread, NULL, print_once, NULL), 0))
        pthread_join(thread, NULL);
}

static void test_threads_of_host_threads_are_heard(void) {
    if (!can_watch())
        return;
    forget_lines();
    fd_capture *capture = capture_begin();
    run_named("pst-host", start_a_thread);
    CHECK_STR(capture_end(capture), "");
    expect_line("from a child");
    expect_no_line();
    capture_free(capture);
}

static void print_much(void *arg) {
    (void)arg;
    for (int i = 0; i < 1000; ++i)
        fputc('a' + i % 26, stderr);
    fputc('\n', stderr);
    for (int i = 0; i < 500; ++i)
        fprintf(stderr, "line %d\n", i);
}

static void test_much_is_cut(void) {
    if (!can_watch())
        return;
    forget_lines();
    fd_capture *capture = capture_begin();
    run_named("pst-host", print_much);
    CHECK_STR(capture_end(capture), "");
    char line[2000];
    int n_lines = 0;
    size_t n_letters = 0;
    while (pst_chatter_pop(line, sizeof line)) {
        ++n_lines;
        if (line[0] != 'l' || line[1] != 'i')
            n_letters += strlen(line);
    }
    CHECK_EQ(n_letters, 1000);
    CHECK_EQ(n_lines, 128); // The log is full then.
    capture_free(capture);
}

static void ask_fileno(void *arg) {
    (void)arg;
    CHECK_EQ(fileno(stderr), STDERR_FILENO);
}

static void test_stderr_keeps_its_number(void) {
    run_named("pst-host", ask_fileno);
    run_named("somebody", ask_fileno);
}

static void test_holding_nests(void) {
    FILE *const before = stderr;
    pst_chatter_hold_stderr();
    pst_chatter_hold_stderr();
    FILE *const held = stderr;
    pst_chatter_release_stderr();
    CHECK(stderr == held);
    pst_chatter_release_stderr();
    CHECK(stderr == before);
    // Somebody else's stderr is not taken away.
    pst_chatter_hold_stderr();
    FILE *const theirs = tmpfile();
    FILE *const watched = stderr;
    stderr = theirs;
    pst_chatter_release_stderr();
    CHECK(stderr == theirs);
    stderr = before;
    (void)watched;
    fclose(theirs);
}

static void print_last_words(void *arg) {
    (void)arg;
    fprintf(stderr, "%s:%d: %s: Assertion `%s' failed.\n", "file.c", 1, "fn", "x");
}

// The process is about to end, and the log with it.
static void test_failed_assertions_are_seen(void) {
    if (!can_watch())
        return;
    forget_lines();
    fd_capture *capture = capture_begin();
    run_named("pst-host", print_last_words);
    CHECK_STR(capture_end(capture), "file.c:1: fn: Assertion `x' failed.\n");
    expect_line("file.c:1: fn: Assertion `x' failed.");
    capture_free(capture);
}

static void test_short_buffers(void) {
    if (!can_watch())
        return;
    forget_lines();
    fd_capture *capture = capture_begin();
    run_named("pst-host", print_in_pieces);
    CHECK_STR(capture_end(capture), "");
    char line[4] = "xxx";
    CHECK(pst_chatter_pop(line, 1));
    CHECK_STR(line, "");
    CHECK(pst_chatter_pop(line, 4));
    CHECK_STR(line, "two");
    forget_lines();
    capture_free(capture);
}

static void test_handlers_nest(void) {
    // Nothing to see without the libraries; but the calls must pair up.
    CHECK(pst_chatter_take_handlers());
    CHECK(pst_chatter_take_handlers());
    pst_chatter_retake_handlers();
    pst_chatter_drop_handlers();
    pst_chatter_drop_handlers();
}

int main(void) {
    RUN(test_host_threads_are_heard);
    RUN(test_other_threads_are_left_alone);
    RUN(test_threads_of_host_threads_are_heard);
    RUN(test_much_is_cut);
    RUN(test_stderr_keeps_its_number);
    RUN(test_holding_nests);
    RUN(test_failed_assertions_are_seen);
    RUN(test_short_buffers);
    RUN(test_handlers_nest);
    return check_done();
}
