// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/opus/head.h"

#include <string.h>

#include "base/error.h"

// Where things lie in the packet.
enum {
    VERSION_AT = 8,
    CHANNELS_AT = 9,
    SKIPPED_AT = 10,
    RATE_AT = 12,
    GAIN_AT = 16,
    FAMILY_AT = 18,
    STREAMS_AT = 19,
    COUPLED_AT = 20,
    MAPPING_AT = 21,
    SHORT_BYTES = 19, // Of a packet without a mapping.
    SILENT = 255,
    DEMIXED = 3 // Ambisonics with a matrix instead of a mapping.
};

static uint32_t get_number(const uint8_t *data, unsigned n_bytes) {
    uint32_t number = 0;
    for (unsigned i = 0; i < n_bytes; ++i)
        number |= (uint32_t)data[i] << 8 * i;
    return number;
}

static void put_number(uint8_t *data, unsigned n_bytes, uint32_t number) {
    for (unsigned i = 0; i < n_bytes; ++i)
        data[i] = (uint8_t)(number >> 8 * i);
}

// Reads how the channels are arranged. Families that are not known are like 255, as the RFC says.
static bool read_mapping(pst_opus_head *head, const uint8_t *data, size_t n_bytes) {
    enum { MOST_IN_FAMILY_1 = 8 };
    if (n_bytes < (size_t)MAPPING_AT + head->n_channels ||
        (head->family == 1 && head->n_channels > MOST_IN_FAMILY_1))
        return false;
    head->n_streams = data[STREAMS_AT];
    head->n_coupled = data[COUPLED_AT];
    if (head->n_streams < 1 || head->n_coupled > head->n_streams ||
        head->n_streams + head->n_coupled > PST_OPUS_MAX_CHANNELS)
        return false;
    memcpy(head->mapping, data + MAPPING_AT, head->n_channels);
    for (uint32_t i = 0; i < head->n_channels; ++i)
        if (head->mapping[i] != SILENT && head->mapping[i] >= head->n_streams + head->n_coupled)
            return false;
    return true;
}

pst_status pst_opus_head_read(pst_opus_head *head, const uint8_t *data, size_t n_bytes,
                              pst_error *err) {
    if (n_bytes < SHORT_BYTES)
        return pst_fail(err, PST_BAD_FILE, 0, "The header of the Opus stream has %zu bytes, not %d",
                        n_bytes, (int)SHORT_BYTES);
    if ((data[VERSION_AT] & 0xF0) != 0)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The Opus stream is of version %d; versions below 16 can be read",
                        data[VERSION_AT]);
    *head = (pst_opus_head){
        .n_channels = data[CHANNELS_AT],
        .n_skipped = get_number(data + SKIPPED_AT, 2),
        .rate_hz = get_number(data + RATE_AT, 4),
        .gain = (int16_t)get_number(data + GAIN_AT, 2),
        .family = data[FAMILY_AT],
    };
    bool is_right = head->n_channels > 0 && head->family != DEMIXED;
    if (head->family == 0) {
        head->n_streams = 1;
        head->n_coupled = head->n_channels == 2;
        head->mapping[1] = 1;
        is_right = is_right && head->n_channels <= 2;
    } else {
        is_right = is_right && read_mapping(head, data, n_bytes);
    }
    if (!is_right)
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The Opus stream says that it has %u channels in an arrangement of family "
                        "%u, which is not possible or not known",
                        (unsigned)head->n_channels, (unsigned)head->family);
    return PST_OK;
}

size_t pst_opus_head_write(const pst_opus_head *head, uint8_t *data) {
    memcpy(data, "OpusHead", VERSION_AT);
    data[VERSION_AT] = 1;
    data[CHANNELS_AT] = (uint8_t)head->n_channels;
    put_number(data + SKIPPED_AT, 2, head->n_skipped);
    put_number(data + RATE_AT, 4, head->rate_hz);
    put_number(data + GAIN_AT, 2, (uint32_t)head->gain);
    data[FAMILY_AT] = (uint8_t)head->family;
    if (head->family == 0)
        return SHORT_BYTES;
    data[STREAMS_AT] = (uint8_t)head->n_streams;
    data[COUPLED_AT] = (uint8_t)head->n_coupled;
    memcpy(data + MAPPING_AT, head->mapping, head->n_channels);
    return MAPPING_AT + head->n_channels;
}
