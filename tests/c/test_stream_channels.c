// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "stream_fixture.h"

// Channel maps of whole streams.

static void check_gains(pst_stream *stream, pst_direction direction, const float *wanted,
                        size_t n_gains) {
    float gains[16];
    CHECK_EQ(pst_stream_get_matrix(stream, direction, gains, NULL), PST_OK);
    CHECK(memcmp(gains, wanted, n_gains * sizeof *gains) == 0);
}

static void test_get_and_set(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, true);
    const float down[] = {0.5f, 0.5f};
    setup.config.input_map = (pst_channel_map){2, down};
    pst_stream *stream = open_stream(system, &setup);
    check_gains(stream, PST_INPUT, down, 2);
    const float one = 1.0f, half = 0.5f, right[] = {0.0f, 1.0f}, left[] = {1.0f, 0.0f};
    check_gains(stream, PST_OUTPUT, &one, 1);
    CHECK_EQ(pst_stream_set_matrix(stream, PST_INPUT, right, NULL), PST_OK);
    check_gains(stream, PST_INPUT, right, 2);
    CHECK_EQ(pst_stream_set_matrix(stream, PST_OUTPUT, NULL, NULL), PST_OK);
    check_gains(stream, PST_OUTPUT, &one, 1);
    CHECK_EQ(pst_stream_set_matrix(stream, PST_OUTPUT, &half, NULL), PST_OK);
    check_gains(stream, PST_OUTPUT, &half, 1);
    CHECK_EQ(pst_stream_set_matrix(stream, PST_INPUT, NULL, NULL), PST_OK);
    check_gains(stream, PST_INPUT, left, 2);
    // A gain that is none changes nothing.
    pst_error err = {.status = PST_OK};
    const float bad[] = {1.0f, NAN};
    CHECK_EQ(pst_stream_set_matrix(stream, PST_INPUT, bad, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "gains[0][1]") != NULL);
    check_gains(stream, PST_INPUT, left, 2);
    CHECK_EQ(pst_stream_close(stream, NULL), PST_OK);
    float gains[2];
    CHECK_EQ(pst_stream_set_matrix(stream, PST_INPUT, right, &err), PST_CLOSED);
    CHECK_EQ(pst_stream_get_matrix(stream, PST_INPUT, gains, &err), PST_CLOSED);
    pst_stream_release(stream);
    pst_system_release(system);
}

static void test_missing_side(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    pst_error err = {.status = PST_OK};
    float gain = 1.0f;
    CHECK_EQ(pst_stream_set_matrix(stream, PST_OUTPUT, &gain, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "direction") != NULL);
    CHECK_EQ(pst_stream_get_matrix(stream, PST_OUTPUT, &gain, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(pst_stream_set_matrix(stream, PST_DUPLEX, &gain, &err), PST_BAD_ARGUMENT);
    end_stream(stream);
    pst_system_release(system);
}

// While frames run, and from several threads at once: what is captured is always one of the gains.
static void *change_often(void *context) {
    pst_stream *stream = context;
    for (int i = 0; i < 2000; ++i) {
        const float gain = (float)(i % 3);
        CHECK_EQ(pst_stream_set_matrix(stream, PST_INPUT, &gain, NULL), PST_OK);
    }
    return NULL;
}

static void test_change_while_running(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(true, false);
    pst_stream *stream = open_stream(system, &setup);
    pst_ring *ring = pst_stream_input_ring(stream);
    start_stream(stream);
    pthread_t threads[2];
    for (int i = 0; i < 2; ++i)
        REQUIRE(pthread_create(&threads[i], NULL, change_often, stream) == 0);
    for (int64_t n = 0; n < 640000;) {
        pst_span span;
        CHECK_EQ(pst_stream_wait_input(stream, 0, 64, PATIENCE_NS, NULL), PST_OK);
        if (!CHECK_EQ(pst_ring_begin_read(ring, 0, 64, &span), 64))
            break;
        int32_t gain = 0;
        for (int32_t i = 0; i < 64; ++i) {
            int32_t value;
            memcpy(&value, span.data + 4 * i, 4);
            const int32_t frame = (int32_t)n + i;
            if (i == 1)
                gain = value / frame;
            if (i > 0 && !CHECK_EQ(value, gain * frame))
                break;
        }
        CHECK(gain >= 0 && gain <= 2);
        n += 64;
        pst_ring_commit_read(ring, 0, 64);
    }
    for (int i = 0; i < 2; ++i)
        pthread_join(threads[i], NULL);
    end_stream(stream);
    pst_system_release(system);
}

static void test_refused(void) {
    pst_system *system = make_system();
    const float bad[] = {1.0f, INFINITY};
    for (int i = 0; i < 3; ++i) {
        stream_setup setup = make_setup(true, true);
        setup.config.virtual_config = &setup.host;
        if (i == 0)
            setup.config.input_map.n_device_channels = 257;
        else if (i == 1)
            setup.config.input_map = (pst_channel_map){2, bad};
        else
            setup.config.output_map = (pst_channel_map){2, bad};
        pst_stream *stream = NULL;
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_stream_open(&stream, system, &setup.config, &err), PST_BAD_ARGUMENT);
        const char *names[] = {"input_map.n_device_channels", "input_map.gains[0][1]",
                               "output_map.gains[1][0]"};
        CHECK_TEXT(strstr(err.text, names[i]) != NULL, "%s", err.text);
        CHECK(stream == NULL);
    }
    pst_system_release(system);
}

int main(void) {
    RUN(test_get_and_set);
    RUN(test_missing_side);
    RUN(test_change_while_running);
    RUN(test_refused);
    return check_done();
}
