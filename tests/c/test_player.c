// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Players: files into a ring, and the knowledge of what leaves it.

#include <math.h>
#include <stdlib.h>

#include "failing_alloc.h"
#include "memory_place.h"
#include "pastream/player.h"
#include "stream_fixture.h"

enum { MOST_FILES = 4 };

typedef struct rig {
    memory_place places[MOST_FILES];
    pst_decoder *decoders[MOST_FILES];
    uint32_t n_files;
    pst_ring *ring;
    pst_player *player;
    pst_player_config config;
} rig;

// Adds a file of one channel whose samples count from `first` on.
static void add_file(rig *r, uint32_t rate_hz, int first, int n_frames,
                     const pst_io_functions *functions) {
    memory_place *m = &r->places[r->n_files];
    const pst_file_format format = {
        PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, rate_hz, 1, PST_ENCODING_DEFAULT, 0};
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &format, NULL, NULL), PST_OK);
    for (int i = 0; i < n_frames; ++i) {
        const int16_t sample = (int16_t)(first + i);
        CHECK_EQ(pst_encoder_write(encoder, &sample, PST_FORMAT_I16, 1, NULL), PST_OK);
    }
    pst_encoder_release(encoder);
    m->position = 0;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_READ, NULL), PST_OK);
    CHECK_EQ(pst_decoder_open(&r->decoders[r->n_files], io, NULL, NULL), PST_OK);
    ++r->n_files;
}

static void set_up(rig *r) {
    const pst_ring_config ring = {.capacity_frames = 2048, .frame_bytes = 2};
    CHECK_EQ(pst_ring_create(&r->ring, &ring, NULL), PST_OK);
    r->config = (pst_player_config){.decoders = r->decoders,
                                    .n_decoders = r->n_files,
                                    .end_frame = PST_UNLIMITED,
                                    .n_passes = 1,
                                    .format = PST_FORMAT_I16,
                                    .n_channels = 1,
                                    .rate_hz = 8000.0,
                                    .quality = PST_RESAMPLE_FAST};
}

static void make(rig *r) {
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_player_create(&r->player, NULL, r->ring, &r->config, &err) == PST_OK, "%s",
               err.text);
}

static void start(rig *r) {
    make(r);
    CHECK_EQ(pst_player_start(r->player, NULL), PST_OK);
}

static void tear_down(rig *r) {
    if (r->player != NULL) {
        pst_player_cancel(r->player);
        CHECK_EQ(pst_player_wait(r->player, PATIENCE_NS, NULL), PST_OK);
    }
    pst_player_destroy(r->player);
    for (uint32_t i = 0; i < r->n_files; ++i) {
        pst_decoder_release(r->decoders[i]);
        memory_free(&r->places[i]);
    }
    pst_ring_release(r->ring);
    *r = (rig){.n_files = 0};
}

// Takes the next frame out of the ring; false at its end.
static bool take(const rig *r, int16_t *sample) {
    *sample = -1;
    while (pst_ring_read(r->ring, 0, sample, 1) == 0) {
        const pst_status status = pst_ring_wait_readable(r->ring, 0, 1, PATIENCE_NS);
        if (status == PST_END)
            return false;
        if (!CHECK_EQ(status, PST_OK))
            return false;
    }
    return true;
}

// The next frames count.
static void check_counts(const rig *r, int first, int n_frames) {
    for (int i = 0; i < n_frames; ++i) {
        int16_t sample;
        if (!CHECK(take(r, &sample)) || !CHECK_EQ(sample, first + i))
            return;
    }
}

static void check_end(const rig *r) {
    int16_t sample;
    CHECK(!take(r, &sample));
    CHECK(pst_ring_ended(r->ring));
}

static void check_place(const rig *r, uint32_t index, int64_t frame, int64_t n_passes) {
    pst_player_status status;
    pst_player_get_status(r->player, &status);
    CHECK_EQ(status.index, index);
    CHECK_EQ(status.frame, frame);
    CHECK_EQ(status.n_passes, n_passes);
}

static void wait_seeks(const rig *r, int64_t n_seeks) {
    const int64_t deadline_ns = pst_now_ns() + PATIENCE_NS;
    pst_player_status status;
    do {
        pst_player_get_status(r->player, &status);
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 10);
    } while (status.n_seeks < n_seeks && pst_now_ns() < deadline_ns);
    CHECK_EQ(status.n_seeks, n_seeks);
}

static void test_files_follow_each_other(void) {
    rig r = {.n_files = 0};
    add_file(&r, 8000, 0, 5000, &memory_file);
    add_file(&r, 8000, 5000, 1, &memory_file);
    add_file(&r, 8000, 5001, 0, &memory_file);
    add_file(&r, 8000, 5001, 9000, &memory_file);
    set_up(&r);
    start(&r);
    check_place(&r, 0, 0, 0);
    check_counts(&r, 0, 5000);
    check_place(&r, 1, 0, 0);
    check_counts(&r, 5000, 1);
    check_place(&r, 3, 0, 0);
    check_counts(&r, 5001, 8000);
    check_place(&r, 3, 8000, 0);
    check_counts(&r, 13001, 1000);
    check_end(&r);
    check_place(&r, 3, 9000, 0);
    tear_down(&r);
}

static void test_passes_and_parts(void) {
    rig r = {.n_files = 0};
    add_file(&r, 8000, 0, 3000, &memory_file);
    set_up(&r);
    r.config.first_frame = 100;
    r.config.end_frame = 2500;
    r.config.n_passes = 3;
    start(&r);
    for (int pass = 0; pass < 3; ++pass) {
        check_place(&r, 0, 100, pass);
        check_counts(&r, 100, 1200);
        check_place(&r, 0, 1300, pass);
        check_counts(&r, 1300, 1200);
    }
    check_end(&r);
    tear_down(&r);
}

static void test_a_short_loop_for_ever(void) {
    static const int lengths[] = {1, 2, 4095, 4096, 4097};
    for (int i = 0; i < 5; ++i) {
        rig r = {.n_files = 0};
        add_file(&r, 8000, 0, lengths[i], &memory_file);
        set_up(&r);
        r.config.n_passes = PST_UNLIMITED;
        start(&r);
        for (int n = 0; n < 9000; n += lengths[i])
            check_counts(&r, 0, lengths[i]);
        check_place(&r, 0, 0, (9000 + lengths[i] - 1) / lengths[i]);
        tear_down(&r);
    }
}

static void test_seeks(void) {
    rig r = {.n_files = 0};
    add_file(&r, 8000, 0, 10000, &memory_file);
    add_file(&r, 8000, 10000, 10000, &memory_file);
    set_up(&r);
    make(&r);
    CHECK_EQ(pst_player_seek(r.player, 0, 7000, NULL), PST_OK); // Before the start.
    CHECK_EQ(pst_player_start(r.player, NULL), PST_OK);
    wait_seeks(&r, 1);
    check_place(&r, 0, 7000, 0);
    check_counts(&r, 7000, 500);
    for (int i = 0; i < 200; ++i) {
        const uint32_t index = (uint32_t)(i * 7 % 2);
        const int64_t frame = (int64_t)i * 7919 % 9000;
        CHECK_EQ(pst_player_seek(r.player, index, frame, NULL), PST_OK);
        wait_seeks(&r, 2 + i);
        check_place(&r, index, frame, 0);
        check_counts(&r, (int)(10000 * index) + (int)frame, i % 3 * 300);
        check_place(&r, index, frame + i % 3 * 300, 0);
    }
    // To the very end, and back from there.
    for (int i = 0; i < 3; ++i) {
        CHECK_EQ(pst_player_seek(r.player, 1, 10000, NULL), PST_OK);
        wait_seeks(&r, 202 + 2 * i);
        check_end(&r);
        CHECK_EQ(pst_player_seek(r.player, 1, 9900, NULL), PST_OK);
        wait_seeks(&r, 203 + 2 * i);
        CHECK(!pst_ring_ended(r.ring) || pst_ring_readable(r.ring, 0) > 0);
        check_counts(&r, 19900, 100);
        check_end(&r);
    }
    pst_error err;
    CHECK_EQ(pst_player_seek(r.player, 2, 0, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "there are 2 files") != NULL);
    CHECK_EQ(pst_player_seek(r.player, 1, 10001, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "from 0 to 10000") != NULL);
    pst_player_cancel(r.player);
    CHECK_EQ(pst_player_wait(r.player, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(pst_player_seek(r.player, 0, 0, &err), PST_BAD_STATE);
    tear_down(&r);
}

static void test_a_pipe_plays_but_does_not_seek(void) {
    rig r = {.n_files = 0};
    add_file(&r, 8000, 0, 3000, &memory_pipe);
    add_file(&r, 8000, 3000, 500, &memory_file);
    set_up(&r);
    start(&r);
    pst_error err;
    CHECK_EQ(pst_player_seek(r.player, 0, 0, &err), PST_BAD_STATE);
    CHECK(strstr(err.text, "pipe") != NULL);
    check_counts(&r, 0, 3500);
    check_end(&r);
    tear_down(&r);
    add_file(&r, 8000, 0, 3000, &memory_pipe);
    set_up(&r);
    r.config.n_passes = PST_UNLIMITED;
    CHECK_EQ(pst_player_create(&r.player, NULL, r.ring, &r.config, &err), PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "pipe") != NULL);
    tear_down(&r);
}

// A file that is shorter than it says: what follows is at its place all the same.
static void test_a_file_that_ends_early(void) {
    rig r = {.n_files = 0};
    add_file(&r, 8000, 0, 3000, &memory_file);
    add_file(&r, 8000, 3000, 2000, &memory_file);
    r.places[0].n_bytes -= 2 * 1000;
    set_up(&r);
    r.config.n_passes = 2;
    start(&r);
    for (int pass = 0; pass < 2; ++pass) {
        check_counts(&r, 0, 2000);
        check_counts(&r, 3000, 500);
        check_place(&r, 1, 500, pass);
        check_counts(&r, 3500, 1500);
    }
    check_end(&r);
    tear_down(&r);
}

// All that comes out has the wanted rate and channels, and its length.
static void test_other_rates(void) {
    rig r = {.n_files = 0};
    add_file(&r, 4000, 1000, 2000, &memory_file);
    add_file(&r, 8000, 1000, 100, &memory_file);
    add_file(&r, 16000, 1000, 2001, &memory_file);
    set_up(&r);
    r.config.n_passes = 2;
    start(&r);
    int64_t n_frames = 0;
    int16_t sample;
    while (take(&r, &sample)) {
        ++n_frames;
        if (n_frames == 1000)
            check_place(&r, 0, 500, 0);
        else if (n_frames == 4050)
            check_place(&r, 1, 50, 0);
        else if (n_frames > 4000 && n_frames <= 4100)
            CHECK_EQ(sample, 1000 + n_frames - 4001);
    }
    CHECK(llabs(n_frames - 2 * (4000 + 100 + 1000)) <= 2);
    tear_down(&r);
}

// A loop at another rate is as smooth at its seam as everywhere else.
static void test_a_resampled_loop_has_no_seam(void) {
    rig r = {.n_files = 0};
    add_file(&r, 4000, 0, 1, &memory_file);
    memory_place *m = &r.places[0];
    pst_decoder_release(r.decoders[0]);
    memory_free(m);
    *m = (memory_place){0};
    const pst_file_format format = {
        PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 4000, 1, PST_ENCODING_DEFAULT, 0};
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &format, NULL, NULL), PST_OK);
    for (int i = 0; i < 400; ++i) { // Ten periods.
        const int16_t sine = (int16_t)lround(20000.0 * sin(6.283185307179586 * i / 40.0));
        CHECK_EQ(pst_encoder_write(encoder, &sine, PST_FORMAT_I16, 1, NULL), PST_OK);
    }
    pst_encoder_release(encoder);
    m->position = 0;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, m, PST_IO_READ, NULL), PST_OK);
    CHECK_EQ(pst_decoder_open(&r.decoders[0], io, NULL, NULL), PST_OK);
    set_up(&r);
    r.config.n_passes = PST_UNLIMITED;
    start(&r);
    int largest = 0;
    for (int i = 0; i < 8000; ++i) {
        int16_t sample;
        CHECK(take(&r, &sample));
        const int wanted = (int)lround(20000.0 * sin(6.283185307179586 * i / 80.0));
        if (i > 100 && abs(sample - wanted) > largest)
            largest = abs(sample - wanted);
    }
    CHECK_TEXT(largest <= 8, "off by %d", largest);
    tear_down(&r);
}

static void test_bad_arguments(void) {
    static const char *const words[] = {"n_decoders", "n_passes", "rate_hz",  "format",
                                        "n_channels", "first_fr", "end_frame"};
    rig r = {.n_files = 0};
    add_file(&r, 8000, 0, 100, &memory_file);
    for (int i = 0; i < 7; ++i) {
        set_up(&r);
        if (i == 0)
            r.config.n_decoders = 0;
        else if (i == 1)
            r.config.n_passes = 0;
        else if (i == 2)
            r.config.rate_hz = (double)NAN;
        else if (i == 3)
            r.config.format = (pst_format)0;
        else if (i == 4)
            r.config.n_channels = 0;
        else if (i == 5)
            r.config.first_frame = 101;
        else
            r.config.end_frame = 101;
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_player_create(&r.player, NULL, r.ring, &r.config, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, words[i]) != NULL, "%s", err.text);
        pst_ring_release(r.ring);
        r.ring = NULL;
    }
    tear_down(&r);
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    rig r = {.n_files = 0};
    // soxr does not bear it.
    const bool resamples = !pst_resampler_has_engine(PST_RESAMPLER_SOXR);
    add_file(&r, resamples ? 4000 : 8000, 0, 100, &memory_file);
    set_up(&r);
    for (long n = 1; n < 1000; ++n) {
        failing_alloc_begin(n);
        const pst_status status = pst_player_create(&r.player, NULL, r.ring, &r.config, NULL);
        if (status == PST_OK)
            pst_player_destroy(r.player);
        r.player = NULL;
        const bool is_done = failing_alloc_end() < n;
        CHECK_EQ(failing_alloc_live(), 0);
        if (is_done) {
            CHECK_EQ(status, PST_OK);
            break;
        }
    }
    tear_down(&r);
}

// ---- Streams that are held, or have a gain -----------------------------------------------------

static void test_an_output_that_is_held(void) {
    pst_system *system = make_system();
    stream_setup setup = make_setup(false, true);
    setup.config.samplerate_hz = 1000000.0;
    pst_stream *stream = open_stream(system, &setup);
    pst_ring *ring = pst_stream_output_ring(stream);
    static const int32_t frames[4096] = {0};
    CHECK_EQ(pst_ring_write(ring, frames, 4096), 4096);
    pst_stream_hold_output(stream, true);
    start_stream(stream);
    const int64_t deadline_ns = pst_now_ns() + PATIENCE_NS;
    while (stats_of(stream).padded_frames < 1000 && pst_now_ns() < deadline_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 10);
    CHECK_EQ(stats_of(stream).played_frames, 0);
    CHECK_EQ(pst_ring_readable(ring, 0), 4096);
    pst_ring_end(ring);
    pst_stream_hold_output(stream, false);
    CHECK_EQ(pst_stream_wait(stream, PATIENCE_NS, NULL), PST_OK);
    CHECK_EQ(stats_of(stream).played_frames, 4096);
    CHECK_EQ(stats_of(stream).missing_frames, 0);
    CHECK_EQ(stats_of(stream).frames % 64, 0);
    CHECK_EQ(stats_of(stream).frames,
             stats_of(stream).played_frames + stats_of(stream).padded_frames);
    end_stream(stream);
    // Without an output nothing happens.
    setup = make_setup(true, false);
    stream = open_stream(system, &setup);
    pst_stream_hold_output(stream, true);
    end_stream(stream);
    pst_system_release(system);
}

static void test_a_gain_glides_where_the_frames_lie(void) {
    pst_stage *gain = NULL;
    static int16_t samples[20000];
    CHECK_EQ(pst_stage_gain(&gain, PST_FORMAT_I16, 2, 1.0, 100, NULL), PST_OK);
    for (int i = 0; i < 20000; ++i)
        samples[i] = 10000;
    CHECK_EQ(pst_gain_render(NULL, samples, 10000, NULL, 0, gain), PST_CALLBACK_CONTINUE);
    for (int i = 0; i < 20000; ++i)
        if (!CHECK_EQ(samples[i], 10000))
            break;
    CHECK_EQ(pst_stage_set_gain(gain, 0.5, NULL), PST_OK);
    CHECK_EQ(pst_gain_render(NULL, samples, 10000, NULL, 0, gain), PST_CALLBACK_CONTINUE);
    for (int i = 0; i < 20000; ++i) {
        const int wanted = i / 2 < 100 ? 10000 - 50 * (i / 2) : 5000;
        if (!CHECK_EQ(samples[i], wanted))
            break;
    }
    CHECK_EQ(pst_gain_render(NULL, NULL, 10, NULL, 0, gain), PST_CALLBACK_CONTINUE);
    pst_stage_destroy(gain);
}

int main(void) {
    RUN(test_files_follow_each_other);
    RUN(test_passes_and_parts);
    RUN(test_a_short_loop_for_ever);
    RUN(test_seeks);
    RUN(test_a_pipe_plays_but_does_not_seek);
    RUN(test_a_file_that_ends_early);
    RUN(test_other_rates);
    RUN(test_a_resampled_loop_has_no_seam);
    RUN(test_bad_arguments);
    RUN(test_every_allocation_failing_in_turn);
    RUN(test_an_output_that_is_held);
    RUN(test_a_gain_glides_where_the_frames_lie);
    return check_done();
}
