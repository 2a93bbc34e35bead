// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// The files that libsndfile may open, in its numbers and ours.

#include "codec/registry.h"
#include "codec/sndfile/sndfile.h"

typedef struct row {
    int number;
    int64_t max_bytes;
} row;

// Sizes of 32 bits count headers, too.
#define MAX_32_BITS (INT64_C(0xFFFFFFFF) - 65536)

// WAV files come here only for what is compressed in them.
static const row rows[] = {
    [PST_CONTAINER_WAV] = {SF_FORMAT_WAV, MAX_32_BITS},
    [PST_CONTAINER_AIFF] = {SF_FORMAT_AIFF, MAX_32_BITS},
    [PST_CONTAINER_AU] = {SF_FORMAT_AU, INT64_MAX},
    [PST_CONTAINER_CAF] = {SF_FORMAT_CAF, INT64_MAX},
    [PST_CONTAINER_W64] = {SF_FORMAT_W64, INT64_MAX},
    [PST_CONTAINER_RAW] = {SF_FORMAT_RAW, INT64_MAX},
};

static const int pcm_subtypes[] = {
    [PST_FORMAT_F32] = SF_FORMAT_FLOAT,  [PST_FORMAT_F64] = SF_FORMAT_DOUBLE,
    [PST_FORMAT_I32] = SF_FORMAT_PCM_32, [PST_FORMAT_I24] = SF_FORMAT_PCM_24,
    [PST_FORMAT_I16] = SF_FORMAT_PCM_16, [PST_FORMAT_I8] = SF_FORMAT_PCM_S8,
    [PST_FORMAT_U8] = SF_FORMAT_PCM_U8,
};

// All of them give 16 bits.
static const int other_subtypes[] = {
    [PST_ENCODING_ULAW] = SF_FORMAT_ULAW,           [PST_ENCODING_ALAW] = SF_FORMAT_ALAW,
    [PST_ENCODING_IMA_ADPCM] = SF_FORMAT_IMA_ADPCM, [PST_ENCODING_MS_ADPCM] = SF_FORMAT_MS_ADPCM,
    [PST_ENCODING_GSM] = SF_FORMAT_GSM610,
};

static const int byte_orders[] = {
    [PST_BYTES_DEFAULT] = SF_ENDIAN_FILE,
    [PST_BYTES_LITTLE] = SF_ENDIAN_LITTLE,
    [PST_BYTES_BIG] = SF_ENDIAN_BIG,
};

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

static const row *row_of(pst_container container) {
    const size_t index = (size_t)container;
    return index < COUNT_OF(rows) && rows[index].number != 0 ? &rows[index] : NULL;
}

int64_t pst_sndfile_max_bytes(pst_container container) {
    const row *found = row_of(container);
    return found == NULL ? 0 : found->max_bytes;
}

static bool is_pcm(const pst_file_format *format) {
    return format->encoding == PST_ENCODING_PCM || format->encoding == PST_ENCODING_DEFAULT;
}

static int subtype_of(const pst_file_format *format) {
    const size_t sample = (size_t)format->sample_format;
    const size_t encoding = (size_t)format->encoding;
    if (is_pcm(format))
        return sample < COUNT_OF(pcm_subtypes) ? pcm_subtypes[sample] : 0;
    return encoding < COUNT_OF(other_subtypes) ? other_subtypes[encoding] : 0;
}

int pst_sndfile_format(const pst_file_format *format) {
    const row *found = row_of(format->container);
    const int subtype = subtype_of(format);
    const size_t order = (size_t)format->byte_order;
    if (found == NULL || subtype == 0 || order >= COUNT_OF(byte_orders))
        return 0;
    return found->number | subtype | byte_orders[order];
}

bool pst_from_sndfile_format(int number, pst_file_format *format) {
    format->container = 0;
    format->sample_format = 0;
    format->byte_order = PST_BYTES_DEFAULT;
    for (size_t i = 1; i < COUNT_OF(rows); ++i)
        if (rows[i].number == (number & SF_FORMAT_TYPEMASK))
            format->container = (pst_container)i;
    for (size_t i = 1; i < COUNT_OF(byte_orders); ++i)
        if (byte_orders[i] == (number & SF_FORMAT_ENDMASK))
            format->byte_order = (pst_byte_order)i;
    for (size_t i = 1; i < COUNT_OF(pcm_subtypes); ++i)
        if (pcm_subtypes[i] == (number & SF_FORMAT_SUBMASK)) {
            format->sample_format = (pst_format)i;
            format->encoding = PST_ENCODING_PCM;
        }
    for (size_t i = 1; i < COUNT_OF(other_subtypes); ++i)
        if (other_subtypes[i] != 0 && other_subtypes[i] == (number & SF_FORMAT_SUBMASK)) {
            format->sample_format = PST_FORMAT_I16;
            format->encoding = (pst_encoding)i;
        }
    return format->container != 0 && format->sample_format != 0;
}

int64_t pst_sndfile_frame_bytes(const pst_file_format *format) {
    if (is_pcm(format))
        return (int64_t)pst_format_bytes(format->sample_format) * format->n_channels;
    return format->encoding == PST_ENCODING_ULAW || format->encoding == PST_ENCODING_ALAW
               ? format->n_channels
               : 0;
}

// The widest of these holds every sample of the others exactly.
pst_format pst_sndfile_native(const pst_file_format *format) {
    if (!is_pcm(format))
        return PST_FORMAT_I16;
    switch (format->sample_format) {
    case PST_FORMAT_F32:
    case PST_FORMAT_F64:
        return format->sample_format;
    case PST_FORMAT_I24:
    case PST_FORMAT_I32:
        return PST_FORMAT_I32;
    default:
        return PST_FORMAT_I16;
    }
}

// ---- The codecs ------------------------------------------------------------------------------

static void libraries(char *text, size_t n_bytes) {
    snprintf(text, n_bytes, "%s", sf_version_string());
}

#define PLAIN_CONTAINERS                                                                           \
    (PST_IN(PST_CONTAINER_AIFF) | PST_IN(PST_CONTAINER_AU) | PST_IN(PST_CONTAINER_CAF) |           \
     PST_IN(PST_CONTAINER_W64) | PST_IN(PST_CONTAINER_RAW))

// Of the containers of compressed samples, WAV is looked through before libsndfile sees it, and
// in AIFF the blocks have one size.

const pst_codec pst_sndfile_pcm_codec = {
    .name = "pcm",
    .encoding = PST_ENCODING_PCM,
    .decodes = PLAIN_CONTAINERS,
    .encodes = PLAIN_CONTAINERS,
    .is_lossless = true,
    .libraries = libraries,
    .decoder = &pst_sndfile_decoder,
    .encoder = &pst_sndfile_encoder,
};

const pst_codec pst_sndfile_ulaw_codec = {
    .name = "ulaw",
    .encoding = PST_ENCODING_ULAW,
    .decodes = PLAIN_CONTAINERS,
    .encodes = PLAIN_CONTAINERS,
    .libraries = libraries,
    .decoder = &pst_sndfile_decoder,
    .encoder = &pst_sndfile_encoder,
};

const pst_codec pst_sndfile_alaw_codec = {
    .name = "alaw",
    .encoding = PST_ENCODING_ALAW,
    .decodes = PLAIN_CONTAINERS,
    .encodes = PLAIN_CONTAINERS,
    .libraries = libraries,
    .decoder = &pst_sndfile_decoder,
    .encoder = &pst_sndfile_encoder,
};

const pst_codec pst_sndfile_ima_adpcm_codec = {
    .name = "ima_adpcm",
    .encoding = PST_ENCODING_IMA_ADPCM,
    .decodes = PST_IN(PST_CONTAINER_WAV) | PST_IN(PST_CONTAINER_AIFF),
    .libraries = libraries,
    .decoder = &pst_sndfile_decoder,
};

const pst_codec pst_sndfile_ms_adpcm_codec = {
    .name = "ms_adpcm",
    .encoding = PST_ENCODING_MS_ADPCM,
    .decodes = PST_IN(PST_CONTAINER_WAV),
    .libraries = libraries,
    .decoder = &pst_sndfile_decoder,
};

const pst_codec pst_sndfile_gsm_codec = {
    .name = "gsm",
    .encoding = PST_ENCODING_GSM,
    .decodes = PST_IN(PST_CONTAINER_WAV),
    .libraries = libraries,
    .decoder = &pst_sndfile_decoder,
};
