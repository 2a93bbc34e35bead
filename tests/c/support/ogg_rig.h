// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_OGG_RIG_H
#define PST_TESTS_OGG_RIG_H

#include <math.h>
#include <ogg/ogg.h>
#include <stdlib.h>

#include "check.h"
#include "memory_place.h"
#include "pastream/codec.h"

// Ogg files in memory, and their pages to be changed.

// ---- Files -----------------------------------------------------------------------------------

typedef struct ogg_sound {
    float *frames;
    int64_t n_frames;
    uint32_t n_channels;
    int64_t told_frames;
    pst_damage damage;
    pst_status status; // Of opening, or of the read that ended.
    pst_error err;
} ogg_sound;

CHECK_UNUSED static pst_file_format ogg_format(pst_encoding encoding, uint32_t rate_hz,
                                               uint32_t n_channels) {
    return (pst_file_format){.container = PST_CONTAINER_OGG,
                             .sample_format = PST_FORMAT_F32,
                             .rate_hz = rate_hz,
                             .n_channels = n_channels,
                             .encoding = encoding};
}

CHECK_UNUSED static float ogg_sample(int64_t frame, uint32_t channel) {
    return (float)(0.4 * sin((double)frame * (0.031 + 0.017 * channel)));
}

CHECK_UNUSED static pst_status ogg_write_frames(pst_encoder *encoder, int64_t first, int64_t n,
                                                uint32_t n_channels, pst_error *err) {
    float *frames = calloc((size_t)n * n_channels + 1, sizeof *frames);
    for (int64_t i = 0; i < n; ++i)
        for (uint32_t c = 0; c < n_channels; ++c)
            frames[i * n_channels + c] = ogg_sample(first + i, c);
    const pst_status status = pst_encoder_write(encoder, frames, PST_FORMAT_F32, (uint64_t)n, err);
    free(frames);
    return status;
}

CHECK_UNUSED static pst_status ogg_begin(pst_encoder **encoder, memory_place *m,
                                         const pst_io_functions *functions,
                                         const pst_file_format *format, pst_error *err) {
    pst_io *io = NULL;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    pst_status status = pst_io_open_user(&io, functions, m, PST_IO_WRITE, err);
    if (status != PST_OK)
        return status;
    if (format->encoding == PST_ENCODING_OPUS)
        options.compression = 0;
    status = pst_encoder_open(encoder, io, format, &options, err);
    if (status != PST_OK)
        pst_io_close(io, NULL);
    return status;
}

CHECK_UNUSED static void ogg_make(memory_place *m, pst_encoding encoding, uint32_t n_channels,
                                  int64_t n_frames) {
    const pst_file_format format = ogg_format(encoding, 48000, n_channels);
    pst_encoder *encoder = NULL;
    REQUIRE(ogg_begin(&encoder, m, &memory_file, &format, NULL) == PST_OK);
    CHECK_EQ(ogg_write_frames(encoder, 0, n_frames, n_channels, NULL), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    pst_encoder_release(encoder);
}

CHECK_UNUSED static pst_status ogg_open(pst_decoder **decoder, memory_place *m, bool is_pipe,
                                        pst_error *err) {
    pst_io *io = NULL;
    m->position = 0;
    pst_status status =
        pst_io_open_user(&io, is_pipe ? &memory_pipe : &memory_file, m, PST_IO_READ, err);
    if (status != PST_OK)
        return status;
    status = pst_decoder_open(decoder, io, NULL, err);
    if (status != PST_OK)
        pst_io_close(io, NULL);
    return status;
}

// Reads up to most frames from a decoder. Returns how many.
CHECK_UNUSED static int64_t ogg_read_on(pst_decoder *decoder, float *frames, int64_t most,
                                        pst_status *status, pst_error *err) {
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    int64_t n_done = 0;
    for (*status = PST_OK; *status == PST_OK && n_done < most;) {
        uint64_t n = 0;
        const uint64_t wanted = most - n_done < 1001 ? (uint64_t)(most - n_done) : 1001;
        *status = pst_decoder_read(decoder, frames + n_done * info.format.n_channels,
                                   PST_FORMAT_F32, wanted, &n, err);
        n_done += (int64_t)n;
    }
    return n_done;
}

enum { OGG_MOST_FRAMES = 1 << 20 };

CHECK_UNUSED static ogg_sound ogg_read(memory_place *m, bool is_pipe) {
    ogg_sound sound = {0};
    pst_decoder *decoder = NULL;
    sound.status = ogg_open(&decoder, m, is_pipe, &sound.err);
    if (sound.status != PST_OK)
        return sound;
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    sound.told_frames = info.n_frames;
    sound.n_channels = info.format.n_channels;
    sound.frames = calloc((size_t)OGG_MOST_FRAMES * sound.n_channels, sizeof *sound.frames);
    sound.n_frames = ogg_read_on(decoder, sound.frames, OGG_MOST_FRAMES, &sound.status, &sound.err);
    pst_decoder_get_damage(decoder, &sound.damage);
    pst_decoder_release(decoder);
    return sound;
}

CHECK_UNUSED static void ogg_free(ogg_sound *sound) {
    free(sound->frames);
    *sound = (ogg_sound){0};
}

// Returns the largest difference between two sounds from one frame to another.
CHECK_UNUSED static double ogg_difference(const ogg_sound *a, const ogg_sound *b, int64_t first,
                                          int64_t end) {
    double worst = 0.0;
    for (int64_t i = first * a->n_channels; i < end * a->n_channels; ++i)
        worst = fmax(worst, fabs((double)a->frames[i] - (double)b->frames[i]));
    return worst;
}

// ---- Pages -----------------------------------------------------------------------------------

enum { OGG_MAX_PAGES = 256 };

typedef struct ogg_pages_of {
    ogg_page all[OGG_MAX_PAGES]; // Within the file.
    int n;
} ogg_pages_of;

CHECK_UNUSED static int64_t ogg_page_bytes(const ogg_page *page) {
    return page->header_len + page->body_len;
}

CHECK_UNUSED static ogg_pages_of ogg_find_pages(const memory_place *m) {
    ogg_pages_of pages = {.n = 0};
    for (int64_t at = 0; at + 27 <= m->n_bytes && pages.n < OGG_MAX_PAGES;) {
        uint8_t *header = m->bytes + at;
        if (memcmp(header, "OggS", 4) != 0) {
            FAIL("no page at %lld", (long long)at);
            break;
        }
        ogg_page *page = &pages.all[pages.n++];
        *page = (ogg_page){header, 27 + header[26], header + 27 + header[26], 0};
        for (int i = 0; i < header[26]; ++i)
            page->body_len += header[27 + i];
        at += ogg_page_bytes(page);
    }
    return pages;
}

CHECK_UNUSED static void ogg_set(ogg_page *page, int at, int n_bytes, int64_t value) {
    for (int i = 0; i < n_bytes; ++i)
        page->header[at + i] = (uint8_t)((uint64_t)value >> 8 * i);
    ogg_page_checksum_set(page);
}

CHECK_UNUSED static void ogg_set_granule(ogg_page *page, int64_t granule) {
    ogg_set(page, 6, 8, granule);
}

CHECK_UNUSED static void ogg_set_serial(ogg_page *page, int serial) {
    ogg_set(page, 14, 4, serial);
}

// Appends bytes to a file.
CHECK_UNUSED static void ogg_append(memory_place *m, const void *bytes, int64_t n_bytes) {
    m->position = m->n_bytes;
    CHECK_EQ(memory_write(m, bytes, n_bytes), n_bytes);
}

CHECK_UNUSED static void ogg_append_page(memory_place *m, const ogg_page *page) {
    ogg_append(m, page->header, page->header_len);
    ogg_append(m, page->body, page->body_len);
}

#endif
