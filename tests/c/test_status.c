// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <limits.h>

#include "base/clock.h"
#include "base/denormals.h"
#include "base/error.h"
#include "check.h"

static const pst_status all[] = {
    PST_END,         PST_OK,       PST_NO_MEMORY, PST_BAD_ARGUMENT, PST_BAD_STATE,
    PST_CLOSED,      PST_TIMEOUT,  PST_NO_DEVICE, PST_DEVICE_BUSY,  PST_DEVICE_LOST,
    PST_UNSUPPORTED, PST_OVERFLOW, PST_UNDERFLOW, PST_HOST_ERROR,   PST_SYSTEM_ERROR,
    PST_FORKED,      PST_LIMIT,
};
enum { N_ALL = sizeof all / sizeof all[0] };

static void test_every_status_has_its_sentence(void) {
    for (int i = 0; i < N_ALL; ++i) {
        const char *text = pst_strerror(all[i]);
        const size_t length = strlen(text);
        CHECK_TEXT(length > 0 && text[0] >= 'A' && text[0] <= 'Z', "%d: %s", all[i], text);
        CHECK_TEXT(text[length - 1] != '.', "%d: %s", all[i], text);
        CHECK_TEXT(strcmp(text, "Unknown status") != 0, "%d", all[i]);
        for (int j = 0; j < i; ++j)
            CHECK_TEXT(strcmp(text, pst_strerror(all[j])) != 0, "%d and %d", all[i], all[j]);
    }
    CHECK_STR(pst_strerror((pst_status)99), "Unknown status");
    CHECK_STR(pst_strerror((pst_status)INT_MIN), "Unknown status");
}

static void test_version_has_three_numbers(void) {
    int major = -1, minor = -1, patch = -1;
    char rest = 0;
    CHECK_EQ(sscanf(pst_version(), "%d.%d.%d%c", &major, &minor, &patch, &rest), 3);
    CHECK(major >= 0 && minor >= 0 && patch >= 0);
}

static void test_fail_fills_the_detail(void) {
    pst_error err = {0};
    CHECK_EQ(pst_fail(&err, PST_NO_DEVICE, 7, "Device %d of %s", 3, "ALSA"), PST_NO_DEVICE);
    CHECK_EQ(err.status, PST_NO_DEVICE);
    CHECK_EQ(err.native_code, 7);
    CHECK_STR(err.text, "Device 3 of ALSA");
    CHECK_EQ(pst_fail(NULL, PST_LIMIT, 0, "nobody reads this"), PST_LIMIT);
}

static void test_long_text_is_cut_between_characters(void) {
    // Euro signs of three bytes, shifted by 0 to 2 bytes: the cut falls everywhere in one.
    for (int shift = 0; shift < 3; ++shift) {
        char text[700];
        memset(text, 'x', sizeof text);
        for (size_t i = (size_t)shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3);
        text[sizeof text - 1] = '\0';
        pst_error err;
        pst_fail(&err, PST_HOST_ERROR, 0, "%s", text);
        const size_t length = strlen(err.text);
        CHECK(length < PST_ERROR_TEXT_BYTES && length >= PST_ERROR_TEXT_BYTES - 4);
        CHECK_EQ((length - (size_t)shift) % 3, 0);
        CHECK(memcmp(err.text, text, length) == 0);
    }
}

static void test_errno_becomes_a_status(void) {
    pst_error err;
    CHECK_EQ(pst_fail_errno(&err, EMFILE, "open the door"), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, EMFILE);
    CHECK(strncmp(err.text, "Could not open the door: ", 25) == 0 && strlen(err.text) > 27);
    CHECK_EQ(pst_fail_errno(&err, ENOMEM, "open the door"), PST_NO_MEMORY);
    CHECK_EQ(pst_fail_errno(NULL, ENOMEM, "open the door"), PST_NO_MEMORY);
    CHECK_EQ(pst_fail_errno(NULL, EIO, "open the door"), PST_SYSTEM_ERROR);
    CHECK_EQ(pst_fail_memory(&err), PST_NO_MEMORY);
    CHECK_EQ(err.native_code, 0);
}

static void test_clock_and_deadlines(void) {
    const int64_t before = pst_now_ns();
    CHECK(before > 0);
    pst_sleep_until_ns(before + 2 * PST_NS_PER_MS);
    CHECK(pst_now_ns() >= before + 2 * PST_NS_PER_MS);
    pst_sleep_until_ns(before); // In the past: returns.
    pst_sleep_until_ns(-5);
    CHECK_EQ(pst_deadline_ns(-1), PST_NEVER_NS);
    CHECK_EQ(pst_deadline_ns(INT64_MAX), PST_NEVER_NS);
    const int64_t deadline = pst_deadline_ns(PST_NS_PER_SECOND);
    CHECK(deadline >= before + PST_NS_PER_SECOND);
}

static void test_denormals_are_flushed_and_restored(void) {
#if defined(__SSE2__) || defined(__aarch64__)
    volatile float tiny = 1e-39f;
    volatile float one = 1.0f;
    volatile float product = tiny * one;
    CHECK(product != 0.0f);
    const uint64_t saved = pst_denormals_flush();
    product = tiny * one;
    CHECK(product == 0.0f);
    const uint64_t inner = pst_denormals_flush(); // Nested: the inner restore changes nothing.
    pst_denormals_restore(inner);
    product = tiny * one;
    CHECK(product == 0.0f);
    pst_denormals_restore(saved);
    product = tiny * one;
    CHECK(product != 0.0f);
#else
    check_skip("no such setting on this processor");
#endif
}

int main(void) {
    RUN(test_every_status_has_its_sentence);
    RUN(test_version_has_three_numbers);
    RUN(test_fail_fills_the_detail);
    RUN(test_long_text_is_cut_between_characters);
    RUN(test_errno_becomes_a_status);
    RUN(test_clock_and_deadlines);
    RUN(test_denormals_are_flushed_and_restored);
    return check_done();
}
