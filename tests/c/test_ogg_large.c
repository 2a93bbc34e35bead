// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Ogg files that are too large to be gone through at opening: whatever their pages say, what is
// read is whole, or damage is told.

#include "ogg_rig.h"

enum { SECONDS = 20, N_FRAMES = SECONDS * 48000 };

// Makes a file of more than 1 MiB, of noise.
static void make_large(memory_place *m) {
    const pst_file_format format = ogg_format(PST_ENCODING_OPUS, 48000, 2);
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.compression = 0;
    options.bitrate_bps = 510000;
    options.bitrate_mode = PST_BITRATE_CONSTANT;
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    REQUIRE(pst_io_open_user(&io, &memory_file, m, PST_IO_WRITE, NULL) == PST_OK);
    REQUIRE(pst_encoder_open(&encoder, io, &format, &options, NULL) == PST_OK);
    static float noise[2 * 48000];
    uint64_t seed = 3;
    for (int i = 0; i < SECONDS; ++i) {
        for (size_t k = 0; k < sizeof noise / sizeof *noise; ++k)
            noise[k] = (float)((double)(int32_t)check_random(&seed) / 4294967296.0);
        CHECK_EQ(pst_encoder_write(encoder, noise, PST_FORMAT_F32, 48000, NULL), PST_OK);
    }
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
    CHECK(m->n_bytes > 1 << 20);
}

static int64_t count_to_the_end(pst_decoder *decoder, pst_status *status) {
    static float piece[2 * 48000];
    int64_t n_frames = 0;
    do
        n_frames += ogg_read_on(decoder, piece, 48000, status, NULL);
    while (*status == PST_OK);
    return n_frames;
}

// Changes pages, leaves some out and puts some twice.
static void damage_pages(const memory_place *whole, memory_place *m, uint64_t *seed) {
    const ogg_pages_of pages = ogg_find_pages(whole);
    const int n_changes = (int)check_random_in(seed, 1, 3);
    int changed[3];
    for (int i = 0; i < n_changes; ++i)
        changed[i] = (int)check_random_in(seed, 2, (uint32_t)pages.n - 1);
    const uint32_t kind = check_random_in(seed, 0, 5);
    const int64_t jump = (int64_t)check_random_in(seed, 0, 3000000) - 1500000;
    for (int i = 0; i < pages.n; ++i) {
        bool is_changed = false;
        for (int k = 0; k < n_changes; ++k)
            is_changed = is_changed || changed[k] == i;
        const int64_t at = m->n_bytes;
        if (!(is_changed && kind == 0))
            ogg_append_page(m, &pages.all[i]);
        if (is_changed && kind == 1)
            ogg_append_page(m, &pages.all[i]);
        ogg_page page = pages.all[i];
        page.header = m->bytes + at;
        page.body = page.header + page.header_len;
        if (is_changed && kind == 2)
            ogg_set_granule(&page, ogg_page_granulepos(&page) + jump);
        if (is_changed && kind == 3)
            ogg_set(&page, 5, 1, (int64_t)check_random_in(seed, 0, 7));
        if (is_changed && kind == 4)
            page.body[0] ^= 0x55;        // The checksum is wrong now.
        if (kind == 5 && i > changed[0]) // A piece of sound was cut out, and nothing else shows it.
            ogg_set_granule(&page, ogg_page_granulepos(&page) + llabs(jump));
    }
}

static void test_damage_anywhere(void) {
    memory_place whole = {0};
    make_large(&whole);
    uint64_t seed = 5;
    for (int round = 0; round < 40; ++round) {
        memory_place m = {0};
        damage_pages(&whole, &m, &seed);
        pst_decoder *decoder = NULL;
        const pst_status opened = ogg_open(&decoder, &m, false, NULL);
        if (!CHECK_EQ(opened, PST_OK)) {
            memory_free(&m);
            continue;
        }
        pst_decoder_info info;
        pst_decoder_get_info(decoder, &info);
        pst_status status = PST_OK;
        // Going anywhere does no harm, and goes there.
        for (int i = 0; i < 5 && info.n_frames > 0; ++i) {
            const int64_t frame = (int64_t)(check_random(&seed) % (uint64_t)info.n_frames);
            float frames[2 * 10];
            CHECK_EQ(pst_decoder_seek(decoder, frame, NULL), PST_OK);
            CHECK_EQ(pst_decoder_position(decoder), frame);
            (void)ogg_read_on(decoder, frames, 10, &status, NULL);
            CHECK(status == PST_OK || status == PST_END || status == PST_BAD_FILE);
        }
        // Decoding all of it would take long: the last second is enough to come to the end.
        CHECK_EQ(pst_decoder_seek(decoder, info.n_frames > 48000 ? info.n_frames - 48000 : 0, NULL),
                 PST_OK);
        (void)count_to_the_end(decoder, &status);
        pst_decoder_release(decoder);
        memory_free(&m);
    }
    memory_free(&whole);
}

static void test_what_was_told_and_is_not_so_is_damage(void) {
    memory_place whole = {0};
    make_large(&whole);
    uint64_t seed = 9;
    for (int round = 0; round < 6; ++round) {
        memory_place m = {0};
        damage_pages(&whole, &m, &seed);
        pst_decoder *decoder = NULL;
        if (CHECK_EQ(ogg_open(&decoder, &m, false, NULL), PST_OK)) {
            pst_decoder_info info;
            pst_damage damage;
            pst_status status;
            pst_decoder_get_info(decoder, &info);
            const int64_t n_frames = count_to_the_end(decoder, &status);
            pst_decoder_get_damage(decoder, &damage);
            CHECK_TEXT((info.n_frames == n_frames && n_frames == N_FRAMES) || damage.flags != 0,
                       "round %d: %lld frames, told %lld, and no damage", round,
                       (long long)n_frames, (long long)info.n_frames);
            pst_decoder_release(decoder);
        }
        memory_free(&m);
    }
    memory_free(&whole);
}

int main(void) {
    RUN(test_damage_anywhere);
    RUN(test_what_was_told_and_is_not_so_is_damage);
    return check_done();
}
