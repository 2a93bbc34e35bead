// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_WAV_BYTES_H
#define PST_TESTS_WAV_BYTES_H

#include "check.h"
#include "memory_place.h"
#include "pastream/codec.h"

// WAV files made by hand, chunk by chunk.

static void wav_put(memory_place *m, const void *data, int64_t n_bytes) {
    m->position = m->n_bytes;
    if (n_bytes > 0)
        CHECK_EQ(memory_write(m, data, n_bytes), n_bytes);
}

CHECK_UNUSED static void wav_number(memory_place *m, uint64_t value, int n_bytes) {
    for (int i = 0; i < n_bytes; ++i) {
        const uint8_t byte = (uint8_t)(value >> 8 * i);
        wav_put(m, &byte, 1);
    }
}

CHECK_UNUSED static void wav_begin(memory_place *m, const char *riff) {
    wav_put(m, riff, 4);
    wav_number(m, 0, 4);
    wav_put(m, "WAVE", 4);
}

// Without padding.
CHECK_UNUSED static void wav_chunk(memory_place *m, const char *name, uint32_t size,
                                   const void *data, int64_t n_bytes) {
    wav_put(m, name, 4);
    wav_number(m, size, 4);
    wav_put(m, data, n_bytes);
}

CHECK_UNUSED static void wav_fmt(memory_place *m, uint32_t tag, uint32_t n_channels,
                                 uint32_t block_bytes, uint32_t n_bits) {
    wav_chunk(m, "fmt ", 16, NULL, 0);
    wav_number(m, tag, 2);
    wav_number(m, n_channels, 2);
    wav_number(m, 8000, 4);
    wav_number(m, (uint64_t)8000 * block_bytes, 4);
    wav_number(m, block_bytes, 2);
    wav_number(m, n_bits, 2);
}

// As above, with more bytes behind: fields of two bytes.
CHECK_UNUSED static void wav_long_fmt(memory_place *m, uint32_t tag, uint32_t n_channels,
                                      uint32_t block_bytes, uint32_t n_bits, const uint16_t *more,
                                      uint32_t n_more) {
    wav_fmt(m, tag, n_channels, block_bytes, n_bits);
    m->bytes[m->n_bytes - 20] = (uint8_t)(16 + 2 * n_more);
    for (uint32_t i = 0; i < n_more; ++i)
        wav_number(m, more[i], 2);
}

CHECK_UNUSED static pst_status wav_open(pst_decoder **decoder, memory_place *m, bool is_pipe,
                                        pst_error *err) {
    pst_io *io = NULL;
    m->position = 0;
    *decoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, is_pipe ? &memory_pipe : &memory_file, m, PST_IO_READ, NULL),
             PST_OK);
    const pst_status status = pst_decoder_open(decoder, io, NULL, err);
    if (status != PST_OK)
        pst_io_close(io, NULL);
    return status;
}

// Reads all frames of 16 bits, of which data is the right one; returns how many came, -1 if the
// file cannot be opened. flags: gets the damage.
CHECK_UNUSED static int64_t wav_read_all(memory_place *m, bool is_pipe, const int16_t *data,
                                         uint32_t *flags) {
    enum { ROOM = 8192 };
    static int16_t got[ROOM];
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    *flags = 0;
    const pst_status status = wav_open(&decoder, m, is_pipe, &err);
    if (status != PST_OK) {
        CHECK_EQ(status, PST_BAD_FILE);
        return -1;
    }
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, got, PST_FORMAT_I16, ROOM / info.format.n_channels, &n_read,
                              NULL),
             PST_END);
    CHECK(memcmp(got, data, (size_t)n_read * 2 * info.format.n_channels) == 0);
    CHECK_EQ(info.n_frames, is_pipe ? -1 : (int64_t)n_read);
    pst_damage damage;
    pst_decoder_get_damage(decoder, &damage);
    *flags = damage.flags;
    pst_decoder_release(decoder);
    return (int64_t)n_read;
}

#endif
