// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What the samples are. All numbers are checked here before anything is multiplied.

#include <string.h>

#include "base/error.h"
#include "codec/wav/wav.h"

enum {
    LEAST_BYTES = 16,
    EXTRA_AT = 18,
    EXTENSIBLE_BYTES = 40,
    GUID_AT = 24,
    LARGEST_BLOCK_BYTES = 65535,
    MOST_MS_COEFFICIENTS = 256
};

typedef struct fmt {
    uint32_t tag;
    uint32_t n_channels;
    uint32_t rate_hz;
    uint32_t block_bytes;
    uint32_t n_bits;
    const uint8_t *at;
    uint32_t n_there;
    bool is_big;
    bool is_extensible;
} fmt;

// Reads the format out of the GUID of an extensible chunk: a tag, and a tail that is the same for
// all of them, or one of two for ambisonics.
static bool tag_of_guid(fmt *f) {
    static const uint8_t plain[] = {0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};
    static const uint8_t ambisonic[] = {0x86, 0x44, 0xC8, 0xC1, 0xCA, 0x00, 0x00, 0x00};
    const uint8_t *guid = f->at + GUID_AT;
    const uint32_t second = pst_wav_get(guid + 4, 2, f->is_big);
    const uint32_t third = pst_wav_get(guid + 6, 2, f->is_big);
    f->tag = pst_wav_get(guid, 4, f->is_big);
    return (second == 0x0000 && third == 0x0010 && memcmp(guid + 8, plain, sizeof plain) == 0) ||
           (second == 0x0721 && third == 0x11D3 &&
            memcmp(guid + 8, ambisonic, sizeof ambisonic) == 0);
}

static pst_status read_fields(fmt *f, pst_error *err) {
    if (f->n_there < LEAST_BYTES)
        return pst_fail(err, PST_BAD_FILE, 0, "The WAV file's fmt chunk has %u bytes, not 16",
                        (unsigned)f->n_there);
    f->tag = pst_wav_get(f->at, 2, f->is_big);
    f->n_channels = pst_wav_get(f->at + 2, 2, f->is_big);
    f->rate_hz = pst_wav_get(f->at + 4, 4, f->is_big);
    f->block_bytes = pst_wav_get(f->at + 12, 2, f->is_big);
    f->n_bits = pst_wav_get(f->at + 14, 2, f->is_big);
    f->is_extensible = f->tag == PST_WAV_TAG_EXTENSIBLE;
    if (f->is_extensible && (f->n_there < EXTENSIBLE_BYTES || !tag_of_guid(f)))
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The WAV file names its format by a GUID that is not known here");
    if (f->n_channels < 1 || f->n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file says that it has %u channels; 1 to %d can be read",
                        (unsigned)f->n_channels, (int)PST_MAX_CHANNELS);
    if (f->rate_hz < 1 || f->rate_hz > PST_FILE_MAX_RATE_HZ)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The file says that its sample rate is %u Hz; 1 to %d can be read",
                        (unsigned)f->rate_hz, (int)PST_FILE_MAX_RATE_HZ);
    return PST_OK;
}

// Returns the format of a plain sample, 0 if there is none such.
static pst_format sample_of(const fmt *f) {
    static const pst_format by_bytes[] = {0, PST_FORMAT_U8, PST_FORMAT_I16, PST_FORMAT_I24,
                                          PST_FORMAT_I32};
    if (f->tag == PST_WAV_TAG_FLOAT)
        return f->n_bits == 32 ? PST_FORMAT_F32 : f->n_bits == 64 ? PST_FORMAT_F64 : 0;
    return f->n_bits >= 1 && f->n_bits <= 32 ? by_bytes[(f->n_bits + 7) / 8] : 0;
}

static pst_status take_plain(pst_wav_header *header, const fmt *f, pst_damage *damage,
                             pst_error *err) {
    const bool is_law = f->tag == PST_WAV_TAG_ALAW || f->tag == PST_WAV_TAG_ULAW;
    const pst_format sample = is_law ? PST_FORMAT_I16 : sample_of(f);
    if (sample == 0)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The WAV file has %s samples of %u bits; 1 to 32, or floats of 32 or 64, "
                        "can be read",
                        f->tag == PST_WAV_TAG_FLOAT ? "float" : "integer", (unsigned)f->n_bits);
    const uint32_t sample_bytes = is_law ? 1 : pst_format_bytes(sample);
    header->block_bytes = sample_bytes * f->n_channels;
    header->block_frames = 1;
    header->format.sample_format = sample;
    header->format.encoding = f->tag == PST_WAV_TAG_ALAW   ? PST_ENCODING_ALAW
                              : f->tag == PST_WAV_TAG_ULAW ? PST_ENCODING_ULAW
                                                           : PST_ENCODING_PCM;
    if (f->block_bytes == header->block_bytes)
        return PST_OK;
    // Wider frames are meant where they divide evenly, but nobody agrees on where the bits lie.
    if (f->block_bytes > header->block_bytes && f->block_bytes % f->n_channels == 0 &&
        f->block_bytes / f->n_channels <= sizeof(double))
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The WAV file keeps samples of %u bits in %u bytes each, which cannot be "
                        "read",
                        (unsigned)f->n_bits, (unsigned)(f->block_bytes / f->n_channels));
    pst_note_damage(damage, PST_DAMAGE_HEADER, -1, 0);
    return PST_OK;
}

// ---- Compressed samples ----------------------------------------------------------------------

// Returns how many frames a block holds by its size; 0 for a size that cannot be.
static uint32_t frames_of_block(const fmt *f) {
    const uint32_t n_channels = f->n_channels, n_bytes = f->block_bytes;
    switch (f->tag) {
    case PST_WAV_TAG_IMA_ADPCM: // Four bytes each with the first sample, then groups of eight.
        return n_bytes >= 8 * n_channels && n_bytes % (4 * n_channels) == 0
                   ? (n_bytes - 4 * n_channels) * 2 / n_channels + 1
                   : 0;
    case PST_WAV_TAG_MS_ADPCM: // Seven bytes each with the first two samples, then half bytes.
        return n_bytes > 7 * n_channels ? (n_bytes - 7 * n_channels) * 2 / n_channels + 2 : 0;
    default: // GSM
        return n_channels == 1 && n_bytes == 65 ? 320 : 0;
    }
}

static pst_status take_blocks(pst_wav_header *header, const fmt *f, pst_error *err) {
    const uint32_t n_frames = f->n_channels <= 2 ? frames_of_block(f) : 0;
    const uint32_t n_said =
        f->n_there >= EXTRA_AT + 2 ? pst_wav_get(f->at + EXTRA_AT, 2, f->is_big) : 0;
    bool is_sane = n_frames > 0 && n_said > 0 && n_said <= n_frames;
    if (f->tag == PST_WAV_TAG_MS_ADPCM)
        is_sane = is_sane && f->n_bits == 4 && f->n_there >= EXTRA_AT + 4 &&
                  pst_wav_get(f->at + EXTRA_AT + 2, 2, f->is_big) <= MOST_MS_COEFFICIENTS;
    else if (f->tag == PST_WAV_TAG_IMA_ADPCM)
        is_sane = is_sane && f->n_bits == 4 && n_said == n_frames;
    if (!is_sane)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The WAV file has compressed samples whose blocks of %u bytes and %u "
                        "frames in %u channels make no sense",
                        (unsigned)f->block_bytes, (unsigned)n_said, (unsigned)f->n_channels);
    header->block_bytes = f->block_bytes;
    header->block_frames = n_said;
    header->format.sample_format = PST_FORMAT_I16;
    header->format.encoding = f->tag == PST_WAV_TAG_IMA_ADPCM  ? PST_ENCODING_IMA_ADPCM
                              : f->tag == PST_WAV_TAG_MS_ADPCM ? PST_ENCODING_MS_ADPCM
                                                               : PST_ENCODING_GSM;
    return PST_OK;
}

pst_status pst_wav_parse_fmt(pst_wav_header *header, const uint8_t *at, uint32_t n_there,
                             pst_damage *damage, pst_error *err) {
    fmt f = {.at = at, .n_there = n_there, .is_big = header->is_big};
    const pst_status status = read_fields(&f, err);
    if (status != PST_OK)
        return status;
    header->format.rate_hz = f.rate_hz;
    header->format.n_channels = f.n_channels;
    if (f.is_extensible && header->format.container == PST_CONTAINER_WAV)
        header->format.container = PST_CONTAINER_WAVEX;
    switch (f.tag) {
    case PST_WAV_TAG_PCM:
    case PST_WAV_TAG_FLOAT:
    case PST_WAV_TAG_ALAW:
    case PST_WAV_TAG_ULAW:
        return take_plain(header, &f, damage, err);
    case PST_WAV_TAG_MS_ADPCM:
    case PST_WAV_TAG_IMA_ADPCM:
    case PST_WAV_TAG_GSM:
        return take_blocks(header, &f, err);
    case PST_WAV_TAG_MPEG:
    case PST_WAV_TAG_MP3:
        header->block_bytes = header->block_frames = 1;
        header->format.encoding = PST_ENCODING_MP3;
        return PST_OK;
    default:
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The WAV file holds samples of the kind 0x%04X, which cannot be read; "
                        "PCM, floats, A-law, mu-law, ADPCM and GSM can",
                        (unsigned)f.tag);
    }
}
