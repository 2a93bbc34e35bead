// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Decoding by push gives what a pipe gives, however the bytes are cut, for every codec.

#include "push_rig.h"

enum { RATE = 48000, N_CHANNELS = 2, N_FRAMES = 3000 };

static const char *name_of(const pst_file_format *format, const char *what) {
    static char text[128];
    snprintf(text, sizeof text, "container %d, encoding %d, %s", (int)format->container,
             (int)format->encoding, what);
    return text;
}

typedef void (*kind_test)(const pst_file_format *format, memory_place *m,
                          pst_push_decoder *decoder);

static void for_every_kind(kind_test test) {
    pst_codec_info info;
    for (uint32_t i = 0; pst_codec_get_info(i, &info) == PST_OK; ++i)
        for (int container = 1; container < 32; ++container) {
            if (((info.encodes & info.decodes) >> container & 1) == 0 ||
                container == PST_CONTAINER_PACKETS)
                continue;
            pst_file_format format = {.container = (pst_container)container,
                                      .encoding = info.encoding,
                                      .sample_format = PST_FORMAT_I16,
                                      .rate_hz = RATE,
                                      .n_channels = N_CHANNELS};
            memory_place m = {0};
            REQUIRE(push_make(&m, &format, N_FRAMES, false));
            pst_push_decoder *decoder = push_decoder(&format);
            test(&format, &m, decoder);
            pst_push_decoder_destroy(decoder);
            memory_free(&m);
        }
}

static const pst_file_format *raw_of(const pst_file_format *format) {
    return format->container == PST_CONTAINER_RAW ? format : NULL;
}

static push_result push_again(pst_push_decoder *decoder, const uint8_t *bytes, size_t n_bytes,
                              int slice, uint64_t seed) {
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    return push_push(decoder, bytes, n_bytes, slice, seed);
}

// A pipe that ends too soon to be known is an error, and a stream that does has no frames.
static bool is_too_short(const push_result *pulled, const push_result *pushed) {
    return pulled->status == PST_BAD_FILE && pushed->status == PST_OK && pushed->n_frames == 0 &&
           pushed->damage.flags == PST_DAMAGE_TRUNCATED;
}

static push_result check_slices(const pst_file_format *format, pst_push_decoder *decoder,
                                const uint8_t *bytes, size_t n_bytes, uint64_t seed,
                                const char *what) {
    const push_result whole = push_again(decoder, bytes, n_bytes, 0, 0);
    const push_result pulled = push_pull(bytes, n_bytes, raw_of(format), whole.info.native);
    if (!is_too_short(&pulled, &whole))
        push_compare(&pulled, &whole, name_of(format, what));
    const push_result some = push_again(decoder, bytes, n_bytes, -900, seed);
    push_compare(&whole, &some, name_of(format, what));
    return whole;
}

// ---- Whole streams ---------------------------------------------------------------------------

static void slice_whole(const pst_file_format *format, memory_place *m, pst_push_decoder *decoder) {
    const size_t n_bytes = (size_t)m->n_bytes;
    const push_result whole = check_slices(format, decoder, m->bytes, n_bytes, 1, "whole");
    if (whole.status != PST_OK)
        return; // Containers that cannot be read from pipes.
    CHECK_EQ(whole.damage.flags, 0);
    CHECK(whole.info.is_known && whole.info.has_ended);
    CHECK_EQ(whole.info.format.n_channels, N_CHANNELS);
    CHECK_EQ(whole.info.format.rate_hz, RATE);
    CHECK_EQ(whole.info.format.encoding, format->encoding);
    CHECK_EQ(whole.n_frames, N_FRAMES);
    const bool is_ogg = format->container == PST_CONTAINER_OGG;
    const bool is_silent =
        format->container == PST_CONTAINER_RAW || (is_ogg && format->encoding != PST_ENCODING_FLAC);
    CHECK_TEXT(whole.info.n_frames == (is_silent ? -1 : N_FRAMES), "%s: %lld frames",
               name_of(format, "told"), (long long)whole.info.n_frames);
    const push_result bytes = push_again(decoder, m->bytes, n_bytes, 1, 0);
    push_compare(&whole, &bytes, name_of(format, "byte by byte"));
    for (int slice = 2; slice < 5000; slice = slice * 3 + 1) {
        const push_result sliced = push_again(decoder, m->bytes, n_bytes, slice, 0);
        push_compare(&whole, &sliced, name_of(format, "sliced"));
    }
}

static void test_slices_make_no_difference(void) {
    for_every_kind(slice_whole);
}

// ---- Broken ones -----------------------------------------------------------------------------

static void slice_cut(const pst_file_format *format, memory_place *m, pst_push_decoder *decoder) {
    for (size_t n = 0; n < (size_t)m->n_bytes; n += n < 128 ? 13 : (size_t)m->n_bytes / 23 + 1)
        check_slices(format, decoder, m->bytes, n, n, "cut");
}

static void test_cut_streams_are_the_same_in_slices(void) {
    for_every_kind(slice_cut);
}

static void slice_damaged(const pst_file_format *format, memory_place *m,
                          pst_push_decoder *decoder) {
    uint8_t *bytes = malloc((size_t)m->n_bytes);
    uint64_t seed = 5;
    for (int round = 0; round < 20; ++round) {
        memcpy(bytes, m->bytes, (size_t)m->n_bytes);
        for (int i = 0; i < 3; ++i) {
            const uint32_t most = round < 6 ? 200 : (uint32_t)m->n_bytes;
            const uint32_t at = check_random_in(&seed, 0, most - 1);
            if (at < m->n_bytes)
                bytes[at] = (uint8_t)check_random(&seed);
        }
        check_slices(format, decoder, bytes, (size_t)m->n_bytes, seed, "damaged");
    }
    free(bytes);
}

static void test_damaged_streams_are_the_same_in_slices(void) {
    for_every_kind(slice_damaged);
}

int main(void) {
    RUN(test_slices_make_no_difference);
    RUN(test_cut_streams_are_the_same_in_slices);
    RUN(test_damaged_streams_are_the_same_in_slices);
    return check_done();
}
