// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/opus/decode.h"

#include "base/error.h"
#include "codec/ogg/channels.h"
#include "codec/opus/opus_codec.h"

// Whether the channels are those of the only stream, in their order.
static bool is_alone(const pst_opus_head *head, const uint8_t *mapping) {
    return head->n_streams == 1 && head->n_channels == head->n_coupled + 1 && mapping[0] == 0 &&
           (head->n_channels == 1 || mapping[1] == 1);
}

pst_status pst_opus_make_decoder(pst_opus_streams *decoder, const pst_opus_head *head,
                                 pst_error *err) {
    // The channels come out in another order if they are asked for in another order.
    uint8_t mapping[PST_OPUS_MAX_CHANNELS];
    const uint8_t *order = head->family == 1 ? pst_ogg_channel_order(head->n_channels) : NULL;
    for (uint32_t i = 0; i < head->n_channels; ++i)
        mapping[i] = head->mapping[order == NULL ? i : order[i]];
    int code = OPUS_OK;
    decoder->alone = NULL;
    decoder->all =
        opus_multistream_decoder_create(PST_OPUS_RATE_HZ, (int)head->n_channels,
                                        (int)head->n_streams, (int)head->n_coupled, mapping, &code);
    if (decoder->all == NULL)
        return code == OPUS_ALLOC_FAIL
                   ? pst_fail_memory(err)
                   : pst_fail(err, PST_BAD_FILE, code, "libopus refuses the stream: %s",
                              opus_strerror(code));
    opus_multistream_decoder_ctl(decoder->all, OPUS_SET_GAIN(head->gain));
    if (is_alone(head, mapping))
        opus_multistream_decoder_ctl(decoder->all,
                                     OPUS_MULTISTREAM_GET_DECODER_STATE(0, &decoder->alone));
    return PST_OK;
}

int32_t pst_opus_decode(pst_opus_streams *decoder, const uint8_t *data, int32_t n_bytes,
                        float *frames, int32_t most_frames, bool is_fec) {
    return decoder->alone != NULL
               ? opus_decode_float(decoder->alone, data, n_bytes, frames, most_frames, is_fec)
               : opus_multistream_decode_float(decoder->all, data, n_bytes, frames, most_frames,
                                               is_fec);
}

void pst_opus_reset_decoder(pst_opus_streams *decoder) {
    opus_multistream_decoder_ctl(decoder->all, OPUS_RESET_STATE);
}

void pst_opus_drop_decoder(pst_opus_streams *decoder) {
    if (decoder->all != NULL)
        opus_multistream_decoder_destroy(decoder->all);
    *decoder = (pst_opus_streams){NULL, NULL};
}

int32_t pst_opus_packet_frames(const uint8_t *data, uint64_t n_bytes) {
    if (n_bytes < 1 || n_bytes > INT32_MAX)
        return -1;
    const int n = opus_packet_get_nb_samples(data, (opus_int32)n_bytes, PST_OPUS_RATE_HZ);
    return n > 0 && n <= PST_OPUS_MAX_PACKET_FRAMES ? n : -1;
}
