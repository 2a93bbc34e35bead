// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Packets of AAC with nothing around them. What they have in common, the AudioSpecificConfig tells.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/aac/aac.h"
#include "codec/aac/decode.h"
#include "codec/aac/silence.h"

typedef struct aac_packets {
    pst_aac_reader reader;
    uint32_t wanted_channels; // 0: whatever comes.
    uint8_t *extradata;
    uint8_t silence[PST_AAC_SILENCE_BYTES];
    size_t n_silence;
    bool is_silent; // What the last packet left behind was given already.
    int64_t n_given;
    float *frames; // Room for a packet, once its size is known.
} aac_packets;

static void close_packets(void *state) {
    aac_packets *a = state;
    pst_aac_close(&a->reader);
    pst_free(a->extradata);
    pst_free(a->frames);
    pst_free(a);
}

static pst_status open_packets(void **state, pst_packet_setup *setup, pst_error *err) {
    if (setup->n_extradata == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "AAC without ADTS needs extradata: its AudioSpecificConfig");
    if (setup->n_extradata > PST_AAC_MAX_CONFIG_BYTES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "The extradata has %llu bytes; an AudioSpecificConfig is shorter",
                        (unsigned long long)setup->n_extradata);
    pst_status status = pst_av_load(err);
    if (status != PST_OK)
        return status;
    aac_packets *a = pst_alloc(sizeof *a);
    if (a == NULL)
        return pst_fail_memory(err);
    a->extradata = pst_alloc((size_t)setup->n_extradata);
    if (a->extradata == NULL) {
        pst_free(a);
        return pst_fail_memory(err);
    }
    memcpy(a->extradata, setup->extradata, (size_t)setup->n_extradata);
    a->wanted_channels = setup->n_channels;
    a->reader.extradata = a->extradata;
    a->reader.n_extradata = setup->n_extradata;
    a->n_silence = pst_aac_make_silence(a->silence, a->extradata, (size_t)setup->n_extradata);
    status = pst_aac_open(&a->reader, NULL, err);
    if (status != PST_OK) {
        if (status == PST_BAD_FILE)
            status = pst_fail(err, PST_BAD_ARGUMENT, 0,
                              "libavcodec refuses the extradata, of %llu bytes: it is no "
                              "AudioSpecificConfig of a kind that can be decoded",
                              (unsigned long long)setup->n_extradata);
        close_packets(a);
        return status;
    }
    *state = a;
    return PST_OK;
}

// Gets the frame of a packet into the reader's frame.
static pst_status decode_frame(aac_packets *a, const uint8_t *data, uint64_t n_bytes,
                               pst_error *err) {
    pst_aac_reader *reader = &a->reader;
    if (n_bytes > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE)
        return pst_fail(err, PST_BAD_FILE, 0, "A packet of %llu bytes is not one of AAC",
                        (unsigned long long)n_bytes);
    if (av_new_packet(reader->packet, (int)n_bytes) < 0)
        return pst_fail_memory(err);
    memcpy(reader->packet->data, data, (size_t)n_bytes);
    int code = avcodec_send_packet(reader->codec, reader->packet);
    av_packet_unref(reader->packet);
    if (code >= 0)
        code = avcodec_receive_frame(reader->codec, reader->frame);
    if (code == AVERROR(ENOMEM))
        return pst_fail_memory(err);
    if (code < 0)
        return pst_fail(err, PST_BAD_FILE, code,
                        "A packet of %llu bytes cannot be decoded as AAC: it is damaged, or not of "
                        "the kind that the extradata tells",
                        (unsigned long long)n_bytes);
    return PST_OK;
}

// Takes over what the first frame tells.
static pst_status begin(aac_packets *a, pst_error *err) {
    pst_aac_reader *reader = &a->reader;
    const uint32_t n_channels = (uint32_t)reader->frame->ch_layout.nb_channels;
    if (a->wanted_channels != 0 && a->wanted_channels != n_channels)
        return pst_fail(err, PST_BAD_FILE, 0, "channels is %u, but the packets have %u",
                        (unsigned)a->wanted_channels, (unsigned)n_channels);
    pst_free(a->frames);
    a->frames = pst_alloc_array((size_t)reader->frame->nb_samples, n_channels * sizeof *a->frames);
    if (a->frames == NULL)
        return pst_fail_memory(err);
    reader->n_channels = n_channels;
    reader->rate_hz = (uint32_t)reader->frame->sample_rate;
    reader->packet_frames = reader->frame->nb_samples;
    return PST_OK;
}

static void give(aac_packets *a, int64_t n_frames, pst_packet_sound *sound) {
    a->n_given += n_frames;
    *sound = (pst_packet_sound){
        .frames = a->frames,
        .n_frames = (uint64_t)n_frames,
        .rate_hz = a->reader.rate_hz,
        .n_channels = a->reader.n_channels,
    };
}

static pst_status decode(void *state, const uint8_t *data, uint64_t n_bytes,
                         pst_packet_sound *sound, pst_error *err) {
    aac_packets *a = state;
    pst_aac_reader *reader = &a->reader;
    pst_status status = PST_OK;
    if (reader->codec == NULL)
        status = pst_aac_open(reader, NULL, err);
    if (status == PST_OK)
        status = decode_frame(a, data, n_bytes, err);
    if (status != PST_OK)
        return status;
    const bool is_first = reader->packet_frames == 0;
    if (!pst_aac_fits(reader) || (!is_first && reader->frame->nb_samples != reader->packet_frames))
        return is_first ? pst_fail(err, PST_BAD_FILE, 0,
                                   "A packet of %llu bytes holds no AAC that can be taken",
                                   (unsigned long long)n_bytes)
                        : pst_aac_refuse_change(reader, a->n_given, err);
    if (is_first && (status = begin(a, err)) != PST_OK)
        return status;
    pst_aac_interleave(reader, 0, a->frames, reader->packet_frames);
    a->is_silent = false;
    give(a, reader->packet_frames, sound);
    return PST_OK;
}

// A packet of AAC fades in where the one before fades out. Silence that comes as a packet lets the
// last sound end so, and what comes after it begin so; silence put in between would click.
static pst_status conceal(void *state, int64_t n_frames, const uint8_t *next, uint64_t n_next,
                          pst_packet_sound *sound, pst_error *err) {
    aac_packets *a = state;
    pst_aac_reader *reader = &a->reader;
    (void)next; // AAC says nothing of the packet before.
    (void)n_next;
    if (reader->packet_frames == 0)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "Nothing is known yet of what is to be concealed: no packet has come");
    const int64_t n =
        n_frames > 0 && n_frames < reader->packet_frames ? n_frames : reader->packet_frames;
    bool has_fade = false;
    if (!a->is_silent && a->n_silence > 0)
        has_fade = decode_frame(a, a->silence, a->n_silence, NULL) == PST_OK &&
                   pst_aac_fits(reader) && reader->frame->nb_samples == reader->packet_frames;
    if (has_fade)
        pst_aac_interleave(reader, 0, a->frames, reader->packet_frames);
    else
        memset(a->frames, 0,
               (size_t)reader->packet_frames * reader->n_channels * sizeof *a->frames);
    if (!a->is_silent && !has_fade)
        avcodec_flush_buffers(reader->codec);
    a->is_silent = true;
    give(a, n, sound);
    return PST_OK;
}

// The codec is opened anew with the next packet: libavcodec's own way back keeps its random numbers
// as they are.
static void reset(void *state) {
    aac_packets *a = state;
    pst_aac_close(&a->reader);
    a->reader.packet_frames = 0;
    a->is_silent = false;
    a->n_given = 0;
}

const pst_packet_codec_ops pst_aac_packets = {
    .open = open_packets,
    .decode = decode,
    .conceal = conceal,
    .reset = reset,
    .close = close_packets,
};
