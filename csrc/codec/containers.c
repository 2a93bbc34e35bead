// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/containers.h"

#include <sndfile.h>

typedef struct row {
    int number;
    int64_t max_bytes;
} row;

// Sizes of 32 bits count headers, too.
#define MAX_32_BITS (INT64_C(0xFFFFFFFF) - 65536)

static const row rows[] = {
    [PST_CONTAINER_WAV] = {SF_FORMAT_WAV, MAX_32_BITS},
    [PST_CONTAINER_WAVEX] = {SF_FORMAT_WAVEX, MAX_32_BITS},
    [PST_CONTAINER_RF64] = {SF_FORMAT_RF64, INT64_MAX},
    [PST_CONTAINER_AIFF] = {SF_FORMAT_AIFF, MAX_32_BITS},
    [PST_CONTAINER_AU] = {SF_FORMAT_AU, INT64_MAX},
    [PST_CONTAINER_CAF] = {SF_FORMAT_CAF, INT64_MAX},
    [PST_CONTAINER_W64] = {SF_FORMAT_W64, INT64_MAX},
    [PST_CONTAINER_RAW] = {SF_FORMAT_RAW, INT64_MAX},
};

static const int subtypes[] = {
    [PST_FORMAT_F32] = SF_FORMAT_FLOAT,  [PST_FORMAT_F64] = SF_FORMAT_DOUBLE,
    [PST_FORMAT_I32] = SF_FORMAT_PCM_32, [PST_FORMAT_I24] = SF_FORMAT_PCM_24,
    [PST_FORMAT_I16] = SF_FORMAT_PCM_16, [PST_FORMAT_I8] = SF_FORMAT_PCM_S8,
    [PST_FORMAT_U8] = SF_FORMAT_PCM_U8,
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

int64_t pst_container_max_bytes(pst_container container) {
    const row *found = row_of(container);
    return found == NULL ? 0 : found->max_bytes;
}

int pst_sndfile_format(const pst_file_format *format) {
    const row *found = row_of(format->container);
    const size_t subtype = (size_t)format->sample_format;
    const size_t order = (size_t)format->byte_order;
    if (found == NULL || subtype >= COUNT_OF(subtypes) || subtypes[subtype] == 0 ||
        order >= COUNT_OF(byte_orders))
        return 0;
    return found->number | subtypes[subtype] | byte_orders[order];
}

bool pst_from_sndfile_format(int number, pst_file_format *format) {
    format->container = 0;
    format->sample_format = 0;
    format->byte_order = PST_BYTES_DEFAULT;
    for (size_t i = 1; i < COUNT_OF(rows); ++i)
        if (rows[i].number == (number & SF_FORMAT_TYPEMASK))
            format->container = (pst_container)i;
    for (size_t i = 1; i < COUNT_OF(subtypes); ++i)
        if (subtypes[i] == (number & SF_FORMAT_SUBMASK))
            format->sample_format = (pst_format)i;
    for (size_t i = 1; i < COUNT_OF(byte_orders); ++i)
        if (byte_orders[i] == (number & SF_FORMAT_ENDMASK))
            format->byte_order = (pst_byte_order)i;
    format->encoding = PST_ENCODING_PCM;
    return format->container != 0 && format->sample_format != 0;
}
