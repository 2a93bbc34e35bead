// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The header of a new file:
//
//   RIFF size WAVE
//   JUNK   28 bytes, which become ds64 when the file outgrows sizes of 32 bits
//   fmt
//   fact   the number of frames, unless the samples are integers
//   LIST   tags, if there are any
//   id3    all of them again, if LIST has no names for some
//   data   size

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/id3.h"
#include "codec/wav/wav.h"

enum {
    RIFF_BYTES = 12,
    CHUNK_BYTES = 8,
    SPARE_BYTES = 28,
    FACT_BYTES = 4,
    PLAIN_FMT_BYTES = 16,
    SIZED_FMT_BYTES = 18, // With the size of what follows: nothing.
    EXTENSIBLE_FMT_BYTES = 40,
    MAX_HEADER_BYTES = RIFF_BYTES + CHUNK_BYTES + SPARE_BYTES + CHUNK_BYTES + EXTENSIBLE_FMT_BYTES +
                       CHUNK_BYTES + FACT_BYTES + CHUNK_BYTES
};

// Which loudspeakers 1 to 8 channels are for, as Windows has it: mono, stereo, 3.0, quad, 5.0, 5.1,
// 6.1, 7.1.
static const uint32_t loudspeakers[] = {0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x13F, 0x63F};
enum { MOST_LOUDSPEAKERS = sizeof loudspeakers / sizeof *loudspeakers - 1 };

static uint32_t tag_of(const pst_file_format *format) {
    switch (format->encoding) {
    case PST_ENCODING_ULAW:
        return PST_WAV_TAG_ULAW;
    case PST_ENCODING_ALAW:
        return PST_WAV_TAG_ALAW;
    default:
        return format->sample_format == PST_FORMAT_F32 || format->sample_format == PST_FORMAT_F64
                   ? PST_WAV_TAG_FLOAT
                   : PST_WAV_TAG_PCM;
    }
}

static uint32_t sample_bytes(const pst_file_format *format) {
    return format->encoding == PST_ENCODING_PCM ? pst_format_bytes(format->sample_format) : 1;
}

static uint8_t *put_chunk(uint8_t *at, const char *name, uint64_t n_bytes, bool is_big) {
    memcpy(at, name, 4);
    pst_wav_put(at + 4, n_bytes, 4, is_big);
    return at + CHUNK_BYTES;
}

static uint8_t *put_fmt(uint8_t *at, const pst_file_format *format, bool is_big) {
    static const uint8_t guid_tail[] = {0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};
    const uint32_t tag = tag_of(format), n_channels = format->n_channels;
    const uint32_t n_sample = sample_bytes(format);
    const bool is_extensible = format->container == PST_CONTAINER_WAVEX || n_channels > 2;
    const uint32_t n_bytes = is_extensible            ? EXTENSIBLE_FMT_BYTES
                             : tag == PST_WAV_TAG_PCM ? PLAIN_FMT_BYTES
                                                      : SIZED_FMT_BYTES;
    at = put_chunk(at, "fmt ", n_bytes, is_big);
    pst_wav_put(at, is_extensible ? PST_WAV_TAG_EXTENSIBLE : tag, 2, is_big);
    pst_wav_put(at + 2, n_channels, 2, is_big);
    pst_wav_put(at + 4, format->rate_hz, 4, is_big);
    pst_wav_put(at + 8, (uint64_t)format->rate_hz * n_sample * n_channels, 4, is_big);
    pst_wav_put(at + 12, n_sample * n_channels, 2, is_big);
    pst_wav_put(at + 14, 8 * n_sample, 2, is_big);
    if (n_bytes > PLAIN_FMT_BYTES)
        pst_wav_put(at + 16, n_bytes - SIZED_FMT_BYTES, 2, is_big);
    if (is_extensible) {
        pst_wav_put(at + 18, 8 * n_sample, 2, is_big);
        pst_wav_put(at + 20, n_channels <= MOST_LOUDSPEAKERS ? loudspeakers[n_channels] : 0, 4,
                    is_big);
        pst_wav_put(at + 24, tag, 4, is_big);
        pst_wav_put(at + 28, 0x0000, 2, is_big);
        pst_wav_put(at + 30, 0x0010, 2, is_big);
        memcpy(at + 32, guid_tail, sizeof guid_tail);
    }
    return at + n_bytes;
}

pst_status pst_wav_lay_out(pst_wav_layout *layout, const pst_file_format *format,
                           const pst_tags *tags, bool has_spare, pst_error *err) {
    const bool is_big = format->byte_order == PST_BYTES_BIG;
    const uint32_t n_info = pst_wav_info_bytes(tags);
    *layout =
        (pst_wav_layout){.is_big = is_big, .is_rf64 = format->container == PST_CONTAINER_RF64};
    uint8_t *id3 = NULL;
    size_t n_id3 = 0;
    if (!pst_wav_info_holds(tags) && pst_id3_make(tags, &id3, &n_id3, err) != PST_OK)
        return PST_NO_MEMORY;
    layout->bytes = pst_alloc(MAX_HEADER_BYTES + n_info + CHUNK_BYTES + n_id3 + 1);
    if (layout->bytes == NULL) {
        pst_free(id3);
        return pst_fail_memory(err);
    }
    uint8_t *at = put_chunk(layout->bytes, is_big ? "RIFX" : "RIFF", 0, is_big);
    memcpy(at, "WAVE", 4);
    at += 4;
    if (has_spare) {
        layout->spare_at = RIFF_BYTES;
        at = put_chunk(at, "JUNK", SPARE_BYTES, is_big) + SPARE_BYTES;
    }
    at = put_fmt(at, format, is_big);
    if (tag_of(format) != PST_WAV_TAG_PCM) {
        at = put_chunk(at, "fact", FACT_BYTES, is_big);
        layout->fact_at = (uint32_t)(at - layout->bytes);
        at += FACT_BYTES;
    }
    if (n_info > 0) {
        pst_wav_put_info(at, tags, is_big);
        at += n_info;
    }
    if (n_id3 > 0) {
        at = put_chunk(at, "id3 ", n_id3, is_big);
        memcpy(at, id3, n_id3);
        at += n_id3 + n_id3 % 2;
    }
    pst_free(id3);
    at = put_chunk(at, "data", 0, is_big);
    layout->n_bytes = (uint32_t)(at - layout->bytes);
    return PST_OK;
}

bool pst_wav_fits_riff(const pst_wav_layout *layout, int64_t n_data_bytes) {
    // The largest number of 32 bits means that the size is unknown.
    return n_data_bytes < (int64_t)PST_WAV_UNKNOWN_SIZE - layout->n_bytes;
}

void pst_wav_put_sizes(pst_wav_layout *layout, int64_t n_data_bytes, int64_t n_frames,
                       bool is_padded) {
    uint8_t *bytes = layout->bytes, *spare = bytes + layout->spare_at;
    const int64_t riff_bytes = layout->n_bytes - CHUNK_BYTES + n_data_bytes + is_padded;
    const bool is_known = n_data_bytes >= 0;
    if (layout->is_rf64) {
        memcpy(bytes, "RF64", 4);
        memcpy(spare, "ds64", 4);
        pst_wav_put(spare + 8, (uint64_t)riff_bytes, 8, false);
        pst_wav_put(spare + 16, (uint64_t)n_data_bytes, 8, false);
        pst_wav_put(spare + 24, (uint64_t)n_frames, 8, false);
    }
    const bool is_short = is_known && !layout->is_rf64;
    pst_wav_put(bytes + 4, is_short ? (uint64_t)riff_bytes : PST_WAV_UNKNOWN_SIZE, 4,
                layout->is_big);
    pst_wav_put(bytes + layout->n_bytes - 4,
                is_short ? (uint64_t)n_data_bytes : PST_WAV_UNKNOWN_SIZE, 4, layout->is_big);
    if (layout->fact_at > 0)
        pst_wav_put(bytes + layout->fact_at,
                    is_known && n_frames < PST_WAV_UNKNOWN_SIZE ? (uint64_t)n_frames
                                                                : PST_WAV_UNKNOWN_SIZE,
                    4, layout->is_big);
}
