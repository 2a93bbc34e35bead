// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What holds for every codec of this build, whatever it is: files that are cut or damaged do no
// harm, full disks and broken ones are told, and short transfers change nothing.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "memory_place.h"
#include "pastream/codec.h"

enum { RATE = 48000, N_CHANNELS = 2, N_FRAMES = 5000, MOST_FRAMES = 1 << 20, PIECE = 700 };

static float data[N_FRAMES * N_CHANNELS];

static void make_data(void) {
    uint64_t seed = 7;
    for (int i = 0; i < N_FRAMES * N_CHANNELS; ++i)
        data[i] = (float)(0.4 * sin(i * 0.05) +
                          0.2 * (double)(int32_t)check_random(&seed) / 2147483648.0);
}

// ---- Each kind of file ------------------------------------------------------------------------

typedef void (*kind_test)(const pst_file_format *format);

static void for_every_kind(kind_test test, bool encodes) {
    pst_codec_info info;
    for (uint32_t i = 0; pst_codec_get_info(i, &info) == PST_OK; ++i)
        for (int container = 1; container < 32; ++container) {
            const uint32_t set = encodes ? info.encodes : info.encodes & info.decodes;
            if ((set >> container & 1) == 0 || container == PST_CONTAINER_PACKETS)
                continue;
            pst_file_format format = {.container = (pst_container)container,
                                      .encoding = info.encoding,
                                      .sample_format = PST_FORMAT_I16,
                                      .rate_hz = RATE,
                                      .n_channels = N_CHANNELS};
            test(&format);
        }
}

// Writes all frames in pieces. Returns the first status that is not PST_OK.
static pst_status write_all(memory_place *m, const pst_io_functions *functions,
                            const pst_file_format *format, pst_error *err) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_WRITE, NULL), PST_OK);
    pst_status status = pst_encoder_open(&encoder, io, format, NULL, err);
    if (status != PST_OK) {
        pst_io_close(io, NULL);
        return status;
    }
    for (int at = 0; at < N_FRAMES && status == PST_OK; at += PIECE) {
        const int n = at + PIECE < N_FRAMES ? PIECE : N_FRAMES - at;
        status = pst_encoder_write(encoder, data + (size_t)at * N_CHANNELS, PST_FORMAT_F32,
                                   (uint64_t)n, err);
        if (status == PST_OK)
            status = pst_encoder_update(encoder, err);
    }
    const pst_status ended = pst_encoder_finish(encoder, err);
    CHECK_EQ(m->n_closed, 1);
    if (status != PST_OK)
        CHECK_EQ(ended, status);
    pst_encoder_release(encoder);
    m->n_closed = 0;
    return ended;
}

// Reads a file to its end. Returns how many frames there were, or the failure.
static int64_t read_all(memory_place *m, const pst_io_functions *functions,
                        const pst_file_format *raw, pst_damage *damage, uint64_t *sum) {
    static float buffer[PIECE * PST_MAX_CHANNELS];
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    m->position = 0;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_READ, NULL), PST_OK);
    pst_status status = pst_decoder_open(&decoder, io, raw, &err);
    if (status != PST_OK) {
        CHECK_TEXT(err.status == status && err.text[0] != '\0', "%d: %s", (int)status, err.text);
        pst_io_close(io, NULL);
        m->n_closed = 0;
        return status;
    }
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    CHECK(info.format.n_channels >= 1 && info.format.n_channels <= PST_MAX_CHANNELS);
    CHECK(info.format.rate_hz >= 1 && info.format.rate_hz <= PST_FILE_MAX_RATE_HZ);
    int64_t n_frames = 0;
    while (status == PST_OK && n_frames < MOST_FRAMES) {
        uint64_t n = 0;
        status = pst_decoder_read(decoder, buffer, PST_FORMAT_F32, PIECE, &n, &err);
        n_frames += (int64_t)n;
        for (size_t i = 0; sum != NULL && i < (size_t)n * info.format.n_channels; ++i) {
            uint32_t bits;
            memcpy(&bits, &buffer[i], sizeof bits);
            *sum = (*sum ^ bits) * UINT64_C(1099511628211);
        }
    }
    if (info.is_seekable && n_frames > 1) {
        uint64_t n;
        const pst_status sought = pst_decoder_seek(decoder, n_frames / 2, NULL);
        const pst_status again = pst_decoder_read(decoder, buffer, PST_FORMAT_F32, 1, &n, NULL);
        CHECK(sought <= PST_END && again <= PST_END);
    }
    if (damage != NULL)
        pst_decoder_get_damage(decoder, damage);
    pst_decoder_release(decoder);
    m->n_closed = 0;
    return status < 0 ? status : n_frames;
}

static const pst_file_format *raw_of(const pst_file_format *format) {
    return format->container == PST_CONTAINER_RAW ? format : NULL;
}

// Frames that a whole file has: Opus counts at 48 kHz, which is the rate here.
static void check_whole(const pst_file_format *format, int64_t n_frames) {
    CHECK_TEXT(n_frames == N_FRAMES, "container %d, encoding %d: %lld frames",
               (int)format->container, (int)format->encoding, (long long)n_frames);
}

// ---- Tests ------------------------------------------------------------------------------------

static void cut(const pst_file_format *format) {
    memory_place m = {0};
    pst_error err = {0};
    CHECK_TEXT(write_all(&m, &memory_file, format, &err) == PST_OK, "%d: %s",
               (int)format->container, err.text);
    const int64_t n_bytes = m.n_bytes;
    pst_damage damage = {0};
    check_whole(format, read_all(&m, &memory_file, raw_of(format), &damage, NULL));
    CHECK_TEXT(damage.flags == 0, "container %d, encoding %d: damage %u", (int)format->container,
               (int)format->encoding, (unsigned)damage.flags);
    // Every byte of the headers and of the end, and a sample of those between.
    for (int64_t at = 0; at < n_bytes; at += at < 600 || at > n_bytes - 300 ? 1 : 37) {
        m.n_bytes = at;
        const int64_t n = read_all(&m, &memory_file, raw_of(format), NULL, NULL);
        CHECK_TEXT(n <= N_FRAMES && (n >= 0 || n == PST_BAD_FILE),
                   "container %d, encoding %d, cut at %lld: %lld", (int)format->container,
                   (int)format->encoding, (long long)at, (long long)n);
        (void)read_all(&m, &memory_pipe, raw_of(format), NULL, NULL);
    }
    memory_free(&m);
}

static void test_files_that_are_cut(void) {
    for_every_kind(cut, false);
}

static void damage_at_random(const pst_file_format *format) {
    memory_place m = {0};
    uint64_t seed = 3;
    REQUIRE(write_all(&m, &memory_file, format, NULL) == PST_OK);
    uint8_t *whole = malloc((size_t)m.n_bytes);
    REQUIRE(whole != NULL);
    memcpy(whole, m.bytes, (size_t)m.n_bytes);
    const int64_t n_bytes = m.n_bytes;
    for (int turn = 0; turn < 200; ++turn) {
        const int n_hits = 1 + turn % 5;
        const int64_t range = turn % 2 == 0 && n_bytes > 200 ? 200 : n_bytes;
        for (int hit = 0; hit < n_hits; ++hit)
            m.bytes[check_random(&seed) % (uint64_t)range] = (uint8_t)check_random(&seed);
        const int64_t n =
            read_all(&m, turn % 3 == 0 ? &memory_pipe : &memory_file, raw_of(format), NULL, NULL);
        CHECK_TEXT(n >= 0 || n == PST_BAD_FILE, "container %d, encoding %d: %lld",
                   (int)format->container, (int)format->encoding, (long long)n);
        memcpy(m.bytes, whole, (size_t)n_bytes);
        m.n_bytes = n_bytes;
    }
    free(whole);
    memory_free(&m);
}

static void test_files_that_are_damaged(void) {
    for_every_kind(damage_at_random, false);
}

static void fill_disk(const pst_file_format *format) {
    memory_place whole = {0};
    REQUIRE(write_all(&whole, &memory_file, format, NULL) == PST_OK);
    for (int i = 1; i < 24; ++i) {
        memory_place m = {.full_at = whole.n_bytes * i / 24};
        pst_error err = {0};
        const pst_status status = write_all(&m, &memory_file, format, &err);
        CHECK_TEXT(status == PST_SYSTEM_ERROR && err.native_code == ENOSPC,
                   "container %d, encoding %d, full at %lld of %lld: %d, %s",
                   (int)format->container, (int)format->encoding, (long long)m.full_at,
                   (long long)whole.n_bytes, (int)status, err.text);
        m.full_at = 0;
        const int64_t n = read_all(&m, &memory_file, raw_of(format), NULL, NULL);
        CHECK_TEXT(n <= N_FRAMES && (n >= 0 || n == PST_BAD_FILE),
                   "container %d, encoding %d, full at %d: %lld", (int)format->container,
                   (int)format->encoding, i, (long long)n);
        memory_free(&m);
    }
    memory_free(&whole);
}

static void test_disks_that_are_full(void) {
    for_every_kind(fill_disk, true);
}

static void break_disk(const pst_file_format *format) {
    memory_place m = {0};
    REQUIRE(write_all(&m, &memory_file, format, NULL) == PST_OK);
    for (int i = 1; i < 16; ++i) {
        m.broken_at = m.n_bytes * i / 16;
        const int64_t n = read_all(&m, &memory_file, raw_of(format), NULL, NULL);
        CHECK_TEXT(n == PST_SYSTEM_ERROR, "container %d, encoding %d, broken at %lld: %lld",
                   (int)format->container, (int)format->encoding, (long long)m.broken_at,
                   (long long)n);
    }
    memory_free(&m);
}

static void test_disks_that_are_broken(void) {
    for_every_kind(break_disk, false);
}

static void transfer(const pst_file_format *format) {
    memory_place m = {0}, choppy = {.is_choppy = true, .random = 5};
    uint64_t sum = 0, choppy_sum = 0, pipe_sum = 0;
    REQUIRE(write_all(&m, &memory_file, format, NULL) == PST_OK);
    CHECK_EQ(write_all(&choppy, &memory_file, format, NULL), PST_OK);
    check_whole(format, read_all(&m, &memory_file, raw_of(format), NULL, &sum));
    check_whole(format, read_all(&choppy, &memory_file, raw_of(format), NULL, &choppy_sum));
    CHECK_TEXT(sum == choppy_sum, "container %d, encoding %d", (int)format->container,
               (int)format->encoding);
    // From a pipe the same sound comes, of what can be read from one.
    const int64_t n = read_all(&choppy, &memory_pipe, raw_of(format), NULL, &pipe_sum);
    CHECK_TEXT(n == PST_BAD_FILE || (n == N_FRAMES && pipe_sum == sum),
               "container %d, encoding %d, pipe: %lld", (int)format->container,
               (int)format->encoding, (long long)n);
    memory_free(&m);
    memory_free(&choppy);
}

static void test_transfers_of_any_size(void) {
    for_every_kind(transfer, false);
}

// What is written to a pipe can be read again, with all its frames; perhaps with some of silence
// around them, where the kind of file has no place to tell.
static void pipe_out(const pst_file_format *format) {
    enum { MOST_PADDING = 3 * 1152 };
    memory_place m = {0};
    pst_error err = {0};
    const pst_status status = write_all(&m, &memory_pipe, format, &err);
    if (status == PST_BAD_ARGUMENT) {
        memory_free(&m);
        return;
    }
    CHECK_TEXT(status == PST_OK, "container %d: %s", (int)format->container, err.text);
    const int64_t n = read_all(&m, &memory_file, raw_of(format), NULL, NULL);
    CHECK_TEXT(n >= N_FRAMES && n <= N_FRAMES + MOST_PADDING,
               "container %d, encoding %d, from a pipe: %lld", (int)format->container,
               (int)format->encoding, (long long)n);
    memory_free(&m);
}

static void test_pipes_that_are_written(void) {
    for_every_kind(pipe_out, false);
}

int main(void) {
    make_data();
    RUN(test_files_that_are_cut);
    RUN(test_files_that_are_damaged);
    RUN(test_disks_that_are_full);
    RUN(test_disks_that_are_broken);
    RUN(test_transfers_of_any_size);
    RUN(test_pipes_that_are_written);
    return check_done();
}
