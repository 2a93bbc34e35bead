// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Frames wait for a full chunk, then go through an encoder of files into a place that keeps
// packets.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/codec.h"
#include "codec/push/packet_place.h"
#include "codec/push/timeline.h"
#include "core/planes.h"
#include "pastream/push.h"

enum { USUAL_CHUNK_FRAMES = 1024 };

// What a stream is made with; another one is another of these.
typedef struct stream {
    pst_encoder *encoder;
    pst_io *io; // The encoder's.
    pst_packet_place *place;
} stream;

struct pst_push_encoder {
    pst_push_encoder_config config;
    pst_tags *tags; // Of the options.
    stream stream;
    const pst_encoder_stream *told; // By the codec.
    uint32_t chunk_frames;
    uint32_t n_channels;
    // The frames of the chunk that is not full: the first ones went to the codec already, the
    // others are here.
    uint32_t n_given;
    uint32_t n_waiting;
    uint8_t *waiting;
    size_t waiting_room; // In bytes.
    pst_format waiting_format;
    int64_t n_frames; // Put in,
    int64_t n_taken;  // and of the packets that were taken.
    pst_timeline times;
    bool has_ended;
    pst_error failure; // The first one; its status is PST_OK until then.
};

// ---- Life ------------------------------------------------------------------------------------

void pst_push_encoder_config_default(pst_push_encoder_config *config) PST_RT {
    *config = (pst_push_encoder_config){
        .format = {.container = PST_CONTAINER_WAV,
                   .sample_format = PST_FORMAT_I16,
                   .rate_hz = 48000,
                   .n_channels = 2},
    };
    pst_encoder_options_init(&config->options);
}

static void close_stream(const stream *s) {
    pst_encoder_release(s->encoder);
    pst_packet_place_destroy(s->place);
}

static pst_status open_stream(stream *s, const pst_push_encoder_config *config, pst_error *err) {
    *s = (stream){NULL, NULL, NULL};
    pst_status status = pst_packet_place_create(&s->place, &s->io, err);
    if (status != PST_OK)
        return status;
    status = pst_encoder_open(&s->encoder, s->io, &config->format, &config->options, err);
    if (status != PST_OK) {
        pst_io_close(s->io, NULL);
        pst_packet_place_destroy(s->place);
    }
    return status;
}

static pst_status begin(pst_push_encoder *p, pst_error *err) {
    const pst_tags *tags = p->config.options.tags;
    p->config.options.tags = NULL;
    if (tags != NULL) {
        const pst_status status = pst_tags_copy(&p->tags, tags, err);
        if (status != PST_OK)
            return status;
        p->config.options.tags = p->tags;
    }
    return open_stream(&p->stream, &p->config, err);
}

pst_status pst_push_encoder_create(pst_push_encoder **encoder,
                                   const pst_push_encoder_config *config, pst_error *err) {
    *encoder = NULL;
    if (config->chunk_frames > PST_PUSH_MAX_CHUNK_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "chunk_frames is %u; it must be at most %d",
                        (unsigned)config->chunk_frames, (int)PST_PUSH_MAX_CHUNK_FRAMES);
    pst_push_encoder *p = pst_alloc(sizeof *p);
    if (p == NULL)
        return pst_fail_memory(err);
    p->config = *config;
    const pst_status status = begin(p, err);
    if (status != PST_OK) {
        pst_tags_destroy(p->tags);
        pst_free(p);
        return status;
    }
    p->told = pst_encoder_get_stream(p->stream.encoder);
    p->n_channels = config->format.n_channels;
    p->chunk_frames = config->chunk_frames != 0     ? config->chunk_frames
                      : p->told->packet_frames != 0 ? p->told->packet_frames
                                                    : USUAL_CHUNK_FRAMES;
    *encoder = p;
    return PST_OK;
}

void pst_push_encoder_destroy(pst_push_encoder *encoder) {
    if (encoder == NULL)
        return;
    close_stream(&encoder->stream);
    pst_timeline_deinit(&encoder->times);
    pst_tags_destroy(encoder->tags);
    pst_free(encoder->waiting);
    pst_free(encoder);
}

pst_status pst_push_encoder_reset(pst_push_encoder *encoder, pst_error *err) {
    stream fresh;
    const pst_status status = open_stream(&fresh, &encoder->config, err);
    if (status != PST_OK)
        return status;
    close_stream(&encoder->stream);
    pst_timeline_deinit(&encoder->times);
    encoder->stream = fresh;
    encoder->told = pst_encoder_get_stream(fresh.encoder);
    encoder->n_given = encoder->n_waiting = 0;
    encoder->n_frames = encoder->n_taken = 0;
    encoder->has_ended = false;
    encoder->failure = (pst_error){0};
    return PST_OK;
}

// ---- Frames ----------------------------------------------------------------------------------

// Keeps the first failure: frames are missing then, so that nothing may follow. Returns it.
static pst_status keep(pst_push_encoder *p, pst_status status, const pst_error *failure,
                       pst_error *err) {
    if (status != PST_OK && p->failure.status == PST_OK)
        p->failure = *failure;
    if (err != NULL && p->failure.status != PST_OK)
        *err = p->failure;
    return p->failure.status;
}

// Ends a packet with what was written to the place since the last one.
static pst_status end_packet(pst_push_encoder *p, int64_t n_frames, uint32_t flags,
                             pst_error *err) {
    return pst_io_write_packet(p->stream.io, NULL, 0, n_frames, flags) == 0
               ? PST_OK
               : pst_io_fail(p->stream.io, err);
}

static pst_status give(pst_push_encoder *p, const void *data, pst_format format, uint32_t n_frames,
                       pst_error *err) {
    p->n_given += n_frames;
    return pst_encoder_write(p->stream.encoder, data, format, n_frames, err);
}

static pst_status give_waiting(pst_push_encoder *p, pst_error *err) {
    const uint32_t n = p->n_waiting;
    p->n_waiting = 0;
    return n == 0 ? PST_OK : give(p, p->waiting, p->waiting_format, n, err);
}

static pst_status end_chunk(pst_push_encoder *p, pst_error *err) {
    const uint32_t n = p->n_given;
    p->n_given = 0;
    if (!p->told->has_packets)
        return end_packet(p, n, 0, err);
    if (p->config.chunk_frames != 0 && p->config.format.container == PST_CONTAINER_OGG)
        return pst_encoder_update(p->stream.encoder, err);
    return PST_OK;
}

static pst_status make_room(pst_push_encoder *p, size_t n_bytes, pst_error *err) {
    if (n_bytes <= p->waiting_room)
        return PST_OK;
    const size_t room = 2 * n_bytes;
    uint8_t *waiting = pst_alloc(room);
    if (waiting == NULL)
        return pst_fail_memory(err);
    if (p->n_waiting > 0)
        memcpy(waiting, p->waiting, p->waiting_room);
    pst_free(p->waiting);
    p->waiting = waiting;
    p->waiting_room = room;
    return PST_OK;
}

// Frames of a caller's.
typedef struct input {
    const uint8_t *data;
    pst_format format;
    uint32_t sample_bytes;
    bool is_planar;
    uint64_t n_frames;
} input;

// Appends n frames from one on to those that wait.
static pst_status wait_with(pst_push_encoder *p, const input *in, uint64_t at, uint32_t n,
                            pst_error *err) {
    const size_t frame_bytes = (size_t)in->sample_bytes * p->n_channels;
    const pst_status status = make_room(p, (p->n_waiting + (size_t)n) * frame_bytes, err);
    if (status != PST_OK)
        return status;
    uint8_t *to = p->waiting + p->n_waiting * frame_bytes;
    if (in->is_planar)
        pst_interleave(to, in->data + at * in->sample_bytes, (size_t)in->n_frames, in->sample_bytes,
                       p->n_channels, n);
    else
        memcpy(to, in->data + at * frame_bytes, n * frame_bytes);
    p->n_waiting += n;
    p->waiting_format = in->format;
    return PST_OK;
}

static pst_status take_input(pst_push_encoder *p, const input *in, pst_error *err) {
    const bool is_planar = in->is_planar && p->n_channels > 1;
    // Samples of one kind only can wait together. The codec does not mind how they come.
    pst_status status = in->format != p->waiting_format ? give_waiting(p, err) : PST_OK;
    uint64_t at = 0;
    while (status == PST_OK && at < in->n_frames) {
        const uint32_t room = p->chunk_frames - p->n_given - p->n_waiting;
        const uint64_t left = in->n_frames - at;
        const uint32_t n = left < room ? (uint32_t)left : room;
        if (p->n_waiting == 0 && n == room && !is_planar)
            status = give(p, in->data + at * in->sample_bytes * p->n_channels, in->format, n, err);
        else
            status = wait_with(p, in, at, n, err);
        at += n;
        p->n_frames += n;
        if (status == PST_OK && n == room) {
            status = give_waiting(p, err);
            if (status == PST_OK)
                status = end_chunk(p, err);
        }
    }
    return status;
}

static pst_status check_open(pst_push_encoder *p, pst_error *err) {
    if (p->has_ended)
        return pst_fail(err, PST_CLOSED, 0,
                        "The encoder has ended its stream; reset it to begin another one");
    return keep(p, PST_OK, NULL, err);
}

pst_status pst_push_encoder_write(pst_push_encoder *encoder, const void *data, pst_format format,
                                  uint64_t n_frames, bool is_planar, int64_t pts, pst_error *err) {
    const uint32_t sample_bytes = pst_format_bytes(format);
    if (sample_bytes == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no format", (int)format);
    if (pts != PST_NO_PTS && (pts > PST_MAX_PTS || pts < -PST_MAX_PTS))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "pts is %lld; it must be from %lld to %lld",
                        (long long)pts, -(long long)PST_MAX_PTS, (long long)PST_MAX_PTS);
    pst_status status = check_open(encoder, err);
    if (status != PST_OK || n_frames == 0)
        return status;
    if (pts != PST_NO_PTS)
        status = pst_timeline_mark(&encoder->times, encoder->n_frames, pts, err);
    if (status != PST_OK)
        return status;
    const input in = {data, format, sample_bytes, is_planar, n_frames};
    pst_error failure = {0};
    status = take_input(encoder, &in, &failure);
    return keep(encoder, status, &failure, err);
}

// Gives the codec what waits. What is not a full chunk is one all the same.
static pst_status give_rest(pst_push_encoder *p, pst_error *err) {
    const pst_status status = give_waiting(p, err);
    return status == PST_OK && p->n_given > 0 ? end_chunk(p, err) : status;
}

pst_status pst_push_encoder_flush(pst_push_encoder *encoder, pst_error *err) {
    pst_status status = check_open(encoder, err);
    if (status != PST_OK)
        return status;
    pst_error failure = {0};
    status = give_rest(encoder, &failure);
    if (status == PST_OK)
        status = pst_encoder_update(encoder->stream.encoder, &failure);
    return keep(encoder, status, &failure, err);
}

pst_status pst_push_encoder_end(pst_push_encoder *encoder, pst_error *err) {
    pst_push_encoder *p = encoder;
    if (p->has_ended)
        return keep(p, PST_OK, NULL, err);
    p->has_ended = true;
    pst_error failure = {0};
    pst_status status = p->failure.status == PST_OK ? give_rest(p, &failure) : PST_OK;
    (void)keep(p, status, &failure, NULL);
    status = pst_encoder_finish(p->stream.encoder, &failure);
    // A header that no sound came to, or a byte behind all of it.
    if (status == PST_OK && pst_packet_place_open_bytes(p->stream.place) > 0)
        status = end_packet(p, 0, p->n_frames == 0 ? PST_PACKET_HEADER : 0, &failure);
    return keep(p, status, &failure, err);
}

// ---- Packets ---------------------------------------------------------------------------------

pst_status pst_push_encoder_next(pst_push_encoder *encoder, pst_packet *packet) {
    pst_placed_packet placed;
    if (!pst_packet_place_take(encoder->stream.place, &placed))
        return PST_END;
    const int64_t frame = encoder->n_taken - encoder->told->delay_frames;
    const bool is_header = (placed.flags & PST_PACKET_HEADER) != 0;
    const int64_t pts = is_header ? PST_NO_PTS : pst_timeline_at(&encoder->times, frame);
    *packet = (pst_packet){
        .data = placed.data,
        .n_bytes = placed.n_bytes,
        .pts = pts,
        .dts = pts,
        .duration = placed.n_frames,
        .time_base_num = 1,
        .time_base_den = encoder->config.format.rate_hz,
        .flags = placed.flags,
    };
    encoder->n_taken += placed.n_frames;
    pst_timeline_pass(&encoder->times, frame);
    return PST_OK;
}

void pst_push_encoder_get_info(const pst_push_encoder *encoder,
                               pst_push_encoder_info *info) PST_RT {
    const pst_encoder_stream *told = encoder->told;
    const int64_t n_all = pst_packet_place_frames(encoder->stream.place);
    *info = (pst_push_encoder_info){
        .chunk_frames = encoder->chunk_frames,
        .packet_frames = told->packet_frames,
        .n_packets = pst_packet_place_count(encoder->stream.place),
        .pending_frames = (uint64_t)encoder->n_given + encoder->n_waiting,
        .n_frames = encoder->n_frames,
        .delay_frames = told->delay_frames,
        .padding_frames = encoder->has_ended ? n_all - told->delay_frames - encoder->n_frames : -1,
        .extradata = told->n_extradata > 0 ? told->extradata : NULL,
        .n_extradata = told->n_extradata,
        .has_ended = encoder->has_ended,
    };
    pst_encoder_get_format(encoder->stream.encoder, &info->format);
    pst_encoder_get_counts(encoder->stream.encoder, &info->counts);
}
