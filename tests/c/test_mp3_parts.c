// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Headers, info frames and the index of files of MPEG audio.

#include "check.h"
#include "codec/mp3/frame_index.h"
#include "codec/mp3/info_frame.h"

static void test_headers(void) {
    static const struct {
        uint8_t bytes[4];
        uint32_t rate_hz, n_bytes, n_samples, n_channels;
    } rows[] = {
        {{0xFF, 0xFB, 0x90, 0x64}, 44100, 417, 1152, 2},
        {{0xFF, 0xFB, 0x92, 0x64}, 44100, 418, 1152, 2},
        {{0xFF, 0xFA, 0x94, 0xC4}, 48000, 384, 1152, 1},
        {{0xFF, 0xF3, 0x80, 0xC4}, 22050, 208, 576, 1},
        {{0xFF, 0xE3, 0x18, 0xC4}, 8000, 72, 576, 1},
        {{0xFF, 0xFD, 0xE8, 0x04}, 32000, 1728, 1152, 2},
        {{0xFF, 0xFF, 0xE4, 0x04}, 48000, 448, 384, 2},
        {{0xFF, 0xF5, 0xE4, 0x04}, 24000, 960, 1152, 2},
    };
    pst_mpeg_header header;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        CHECK(pst_mpeg_header_read(rows[i].bytes, &header));
        CHECK_EQ(header.rate_hz, rows[i].rate_hz);
        CHECK_EQ(header.n_bytes, rows[i].n_bytes);
        CHECK_EQ(header.n_samples, rows[i].n_samples);
        CHECK_EQ(header.n_channels, rows[i].n_channels);
    }
    static const uint8_t bad[][4] = {
        {0xFF, 0xEB, 0x90, 0x64}, {0xFF, 0xF9, 0x90, 0x64}, {0xFF, 0xFB, 0xF0, 0x64},
        {0xFF, 0xFB, 0x9C, 0x64}, {0xFF, 0xFB, 0x90, 0x66}, {0xFE, 0xFB, 0x90, 0x64},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
        CHECK(!pst_mpeg_header_read(bad[i], &header));
}

static void test_info_frames_say_what_they_were_told(void) {
    pst_info_frame info = {.is_variable = true,
                           .has_frames = true,
                           .has_bytes = true,
                           .has_toc = true,
                           .n_frames = 0x12345678,
                           .n_bytes = 0x9ABCDEF0,
                           .delay = 576,
                           .padding = 1728,
                           .encoder = "LAME3.100"};
    for (int i = 0; i < PST_MP3_TOC_ENTRIES; ++i)
        info.toc[i] = (uint8_t)(2 * i);
    static const uint8_t versions[] = {0xFB, 0xF3, 0xE3}, channels[] = {0x44, 0xC4};
    for (int i = 0; i < 3 * 2 * 14; ++i) {
        const uint8_t head[4] = {0xFF, versions[i % 3], (uint8_t)((i / 6 + 1) << 4),
                                 channels[i / 3 % 2]};
        uint8_t bytes[PST_MPEG_MAX_FRAME_BYTES];
        const uint32_t n = pst_info_frame_write(bytes, head, &info);
        pst_mpeg_header header;
        pst_info_frame got;
        REQUIRE(pst_mpeg_header_read(bytes, &header));
        CHECK_EQ(header.n_bytes, n);
        REQUIRE(pst_info_frame_read(bytes, &header, &got));
        CHECK_EQ(got.n_frames, info.n_frames);
        CHECK_EQ(got.n_bytes, info.n_bytes);
        CHECK_EQ(got.delay, info.delay);
        CHECK_EQ(got.padding, info.padding);
        CHECK(got.is_variable && got.has_delay && memcmp(got.toc, info.toc, sizeof got.toc) == 0);
    }
    CHECK_EQ(pst_info_checksum(0, (const uint8_t *)"123456789", 9), 0xBB3D);
}

static void test_an_index_of_a_long_file_stays_small(void) {
    enum { N = 3000000, FRAME_BYTES = 40, GAP_AT = 1000003 };
    pst_frame_index index = {0};
    pst_mpeg_header kind;
    const uint8_t head[4] = {0xFF, 0xF3, 0x10, 0xC4};
    REQUIRE(pst_mpeg_header_read(head, &kind));
    for (int64_t i = 0; i < N; ++i)
        REQUIRE(pst_frame_index_add(&index, i, i * FRAME_BYTES, i == 0 || i == GAP_AT));
    CHECK(index.n_room <= 65536);
    for (int64_t slot = 0; slot < N; slot += 12347) {
        const pst_frame_place *place = pst_frame_index_find(&index, slot, &kind);
        CHECK_EQ(place->at, place->slot * FRAME_BYTES);
        const int64_t n_before = slot - place->slot;
        CHECK(place->slot == 0 || place->is_start || n_before >= 512 / (FRAME_BYTES - 15));
        CHECK(n_before >= 0 && n_before <= 2 * index.stride + 64);
        CHECK_EQ((place->slot - (place->slot >= GAP_AT ? GAP_AT : 0)) % PST_MPEG_PHASE_FRAMES, 0);
    }
    pst_frame_index_free(&index);
}

int main(void) {
    RUN(test_headers);
    RUN(test_info_frames_say_what_they_were_told);
    RUN(test_an_index_of_a_long_file_stays_small);
    return check_done();
}
