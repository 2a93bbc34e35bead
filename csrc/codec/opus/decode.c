// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/opus/decode.h"

#include "base/error.h"
#include "codec/ogg/channels.h"
#include "codec/opus/opus_codec.h"

pst_status pst_opus_make_decoder(OpusMSDecoder **decoder, const pst_opus_head *head,
                                 pst_error *err) {
    // The channels come out in another order if they are asked for in another order.
    uint8_t mapping[PST_OPUS_MAX_CHANNELS];
    const uint8_t *order = head->family == 1 ? pst_ogg_channel_order(head->n_channels) : NULL;
    for (uint32_t i = 0; i < head->n_channels; ++i)
        mapping[i] = head->mapping[order == NULL ? i : order[i]];
    int code = OPUS_OK;
    *decoder =
        opus_multistream_decoder_create(PST_OPUS_RATE_HZ, (int)head->n_channels,
                                        (int)head->n_streams, (int)head->n_coupled, mapping, &code);
    if (*decoder == NULL)
        return code == OPUS_ALLOC_FAIL
                   ? pst_fail_memory(err)
                   : pst_fail(err, PST_BAD_FILE, code, "libopus refuses the stream: %s",
                              opus_strerror(code));
    opus_multistream_decoder_ctl(*decoder, OPUS_SET_GAIN(head->gain));
    return PST_OK;
}

int32_t pst_opus_packet_frames(const uint8_t *data, uint64_t n_bytes) {
    if (n_bytes < 1 || n_bytes > INT32_MAX)
        return -1;
    const int n = opus_packet_get_nb_samples(data, (opus_int32)n_bytes, PST_OPUS_RATE_HZ);
    return n > 0 && n <= PST_OPUS_MAX_PACKET_FRAMES ? n : -1;
}
