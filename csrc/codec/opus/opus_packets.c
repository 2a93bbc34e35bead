// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Packets of Opus with nothing around them, as they come over a network.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/opus/decode.h"
#include "codec/opus/opus_codec.h"

// Sound is concealed in pieces of 2.5 ms, the shortest frames that there are.
enum { STEP_FRAMES = PST_OPUS_RATE_HZ / 400 };

typedef struct opus_packets {
    pst_opus_streams decoder; // Nothing until the channels are known.
    uint32_t n_channels;
    bool is_guessed; // The first packet told them.
    int32_t last_frames;
    float *frames; // Room for a packet.
} opus_packets;

// Without a header there are one or two channels: more would need to know which is where.
static pst_status make(opus_packets *o, const pst_opus_head *head, pst_error *err) {
    pst_status status = pst_opus_make_decoder(&o->decoder, head, err);
    if (status != PST_OK)
        return status;
    o->n_channels = head->n_channels;
    o->frames = pst_alloc_array(PST_OPUS_MAX_PACKET_FRAMES, o->n_channels * sizeof *o->frames);
    return o->frames == NULL ? pst_fail_memory(err) : PST_OK;
}

static pst_status make_plain(opus_packets *o, uint32_t n_channels, pst_error *err) {
    const pst_opus_head head = {
        .n_channels = n_channels,
        .n_streams = 1,
        .n_coupled = n_channels == 2,
        .mapping = {0, 1},
    };
    return make(o, &head, err);
}

static void drop(opus_packets *o) {
    pst_opus_drop_decoder(&o->decoder);
    pst_free(o->frames);
    o->frames = NULL;
    o->n_channels = 0;
}

static pst_status read_head(opus_packets *o, pst_packet_setup *setup, pst_error *err) {
    enum { MAGIC_BYTES = 8 };
    if (setup->n_extradata < MAGIC_BYTES || memcmp(setup->extradata, "OpusHead", MAGIC_BYTES) != 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "The extradata, of %llu bytes, is none of Opus: that is an OpusHead",
                        (unsigned long long)setup->n_extradata);
    pst_opus_head head;
    const pst_status status =
        pst_opus_head_read(&head, setup->extradata, (size_t)setup->n_extradata, err);
    if (status != PST_OK)
        return status;
    if (setup->n_channels != 0 && setup->n_channels != head.n_channels)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "channels is %u, but the OpusHead tells %u",
                        (unsigned)setup->n_channels, (unsigned)head.n_channels);
    setup->n_skipped = head.n_skipped;
    return make(o, &head, err);
}

static void close_packets(void *state) {
    drop(state);
    pst_free(state);
}

static pst_status open_packets(void **state, pst_packet_setup *setup, pst_error *err) {
    if (setup->n_extradata == 0 && setup->n_channels > 2)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "channels is %u; Opus packets of more than 2 need an OpusHead as extradata",
                        (unsigned)setup->n_channels);
    opus_packets *o = pst_alloc(sizeof *o);
    if (o == NULL)
        return pst_fail_memory(err);
    pst_status status = PST_OK;
    if (setup->n_extradata != 0)
        status = read_head(o, setup, err);
    else if (setup->n_channels != 0)
        status = make_plain(o, setup->n_channels, err);
    if (status != PST_OK) {
        close_packets(o);
        return status;
    }
    o->is_guessed = o->decoder.all == NULL;
    setup->rate_hz = PST_OPUS_RATE_HZ;
    *state = o;
    return PST_OK;
}

static pst_status refuse(uint64_t n_bytes, const char *why, pst_error *err) {
    return pst_fail(err, PST_BAD_FILE, 0, "A packet of %llu bytes is not one of Opus: %s",
                    (unsigned long long)n_bytes, why);
}

// Checks the packet, and has a decoder for it. n_frames: gets how long it is.
static pst_status look(opus_packets *o, const uint8_t *data, uint64_t n_bytes, int32_t *n_frames,
                       pst_error *err) {
    *n_frames = pst_opus_packet_frames(data, n_bytes);
    if (*n_frames < 0)
        return refuse(n_bytes, "its first bytes tell an impossible length", err);
    if (o->decoder.all != NULL)
        return PST_OK;
    const pst_status status = make_plain(o, (uint32_t)opus_packet_get_nb_channels(data), err);
    if (status != PST_OK)
        drop(o);
    return status;
}

// Has n_frames made: of data, or out of thin air if that is NULL. n_given: how many to give.
static pst_status run(opus_packets *o, const uint8_t *data, uint64_t n_bytes, int32_t n_frames,
                      bool is_fec, int32_t n_given, pst_packet_sound *sound, pst_error *err) {
    const int n = pst_opus_decode(&o->decoder, data, (int32_t)n_bytes, o->frames, n_frames, is_fec);
    if (n == OPUS_ALLOC_FAIL)
        return pst_fail_memory(err);
    if (n < n_given)
        return refuse(n_bytes, n < 0 ? opus_strerror(n) : "it is cut", err);
    *sound = (pst_packet_sound){
        .frames = o->frames,
        .n_frames = (uint64_t)n_given,
        .rate_hz = PST_OPUS_RATE_HZ,
        .n_channels = o->n_channels,
    };
    return PST_OK;
}

static pst_status decode(void *state, const uint8_t *data, uint64_t n_bytes,
                         pst_packet_sound *sound, pst_error *err) {
    opus_packets *o = state;
    int32_t n_frames;
    pst_status status = look(o, data, n_bytes, &n_frames, err);
    if (status == PST_OK)
        status = run(o, data, n_bytes, PST_OPUS_MAX_PACKET_FRAMES, false, n_frames, sound, err);
    if (status == PST_OK)
        o->last_frames = n_frames;
    return status;
}

static pst_status conceal(void *state, int64_t n_frames, const uint8_t *next, uint64_t n_next,
                          pst_packet_sound *sound, pst_error *err) {
    enum { MOST = PST_OPUS_MAX_PACKET_FRAMES };
    opus_packets *o = state;
    int32_t next_frames = 0;
    if (next != NULL) {
        const pst_status status = look(o, next, n_next, &next_frames, err);
        if (status != PST_OK)
            return status;
    }
    const int64_t gap = n_frames > 0 ? n_frames : o->last_frames > 0 ? o->last_frames : next_frames;
    if (o->decoder.all == NULL || gap == 0)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "Nothing is known yet of what is to be concealed: no packet has come, %s",
                        o->decoder.all == NULL ? "nor an OpusHead" : "and no length was told");
    // What is not a whole number of steps comes first, so that the end meets the next packet.
    const int32_t odd = (int32_t)(gap % STEP_FRAMES);
    if (odd != 0)
        return run(o, NULL, 0, STEP_FRAMES, false, odd, sound, err);
    // The next packet tells of one as long as itself, or less: libopus knows how much. It conceals
    // what lies before that, up to its longest packet.
    if (next != NULL && gap <= MOST && gap >= next_frames)
        return run(o, next, n_next, (int32_t)gap, true, (int32_t)gap, sound, err);
    const int64_t before = next != NULL && gap > MOST ? gap - MOST : gap;
    const int32_t n = (int32_t)(before < MOST ? before : MOST);
    return run(o, NULL, 0, n, false, n, sound, err);
}

static void reset(void *state) {
    opus_packets *o = state;
    o->last_frames = 0;
    if (o->is_guessed)
        drop(o);
    else
        pst_opus_reset_decoder(&o->decoder);
}

const pst_packet_codec_ops pst_opus_packets = {
    .open = open_packets,
    .decode = decode,
    .conceal = conceal,
    .reset = reset,
    .close = close_packets,
};
