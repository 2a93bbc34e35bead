// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/ends/user_buffer.h"

#include <math.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "core/planes.h"
#include "chain/times.h"

// ---- From the caller's buffers to pieces --------------------------------------------------------

static pst_status check_frames(const pst_buffer *buffer, pst_error *err) {
    const pst_media *media = &buffer->media;
    pst_status status = pst_check_frames(media->format, media->n_channels, err);
    if (status == PST_OK)
        status = pst_check_times(media, buffer->pts, err);
    if (status != PST_OK)
        return status;
    if (!(media->rate_hz > 0.0) || !isfinite(media->rate_hz))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the buffer has a rate of %g Hz", media->rate_hz);
    if (buffer->data == NULL && buffer->n_frames > 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the buffer has %llu frames, but no data",
                        (unsigned long long)buffer->n_frames);
    return PST_OK;
}

static pst_status check_packet(const pst_buffer *buffer, pst_error *err) {
    const pst_packet *packet = buffer->data;
    if (packet == NULL || (packet->data == NULL && packet->n_bytes > 0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the buffer has no packet");
    if (packet->time_base_num == 0 || packet->time_base_den == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the packet has a time base of %u/%u",
                        (unsigned)packet->time_base_num, (unsigned)packet->time_base_den);
    return PST_OK;
}

static pst_status put_in_order(pst_user_giver *giver, const pst_buffer *buffer,
                               const uint8_t **frames, pst_error *err) {
    const uint32_t n_channels = buffer->media.n_channels;
    const uint32_t sample_bytes = pst_format_bytes(buffer->media.format);
    const uint64_t n_bytes = buffer->n_frames * n_channels * sample_bytes;
    if (!buffer->is_planar || n_channels == 1) {
        *frames = buffer->data;
        return PST_OK;
    }
    if (n_bytes > giver->n_bytes) {
        uint8_t *more = pst_alloc((size_t)n_bytes);
        if (more == NULL)
            return pst_fail_memory(err);
        pst_free(giver->frames);
        giver->frames = more;
        giver->n_bytes = n_bytes;
    }
    pst_interleave(giver->frames, buffer->data, (size_t)buffer->n_frames, sample_bytes, n_channels,
                   (size_t)buffer->n_frames);
    *frames = giver->frames;
    return PST_OK;
}

static int64_t first_frame(const pst_user_giver *giver, double rate_hz) {
    return giver->in_rate_hz > 0.0 ? llround((double)giver->in_frame / giver->in_rate_hz * rate_hz)
                                   : 0;
}

// Before anything was given, there is nothing that a time could follow.
static int64_t number_of(const pst_user_giver *giver, const pst_buffer *buffer) {
    const pst_media *media = &buffer->media;
    if (giver->has_begun)
        return pst_frame_after(media, buffer->pts, giver->next_frame);
    return buffer->pts == PST_NO_PTS ? first_frame(giver, media->rate_hz)
                                     : pst_frame_of_pts(media, buffer->pts);
}

static bool is_other(const pst_media *a, const pst_media *b) {
    return a->format != b->format || a->n_channels != b->n_channels || a->rate_hz != b->rate_hz;
}

pst_status pst_user_give(pst_user_giver *giver, pst_media_kind kind, const pst_buffer *buffer,
                         pst_piece *piece, pst_error *err) {
    if (buffer->media.kind != kind)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the buffer is of %s; it must be of %s",
                        buffer->media.kind == PST_MEDIA_PACKETS ? "packets" : "frames",
                        kind == PST_MEDIA_PACKETS ? "packets" : "frames");
    const bool is_packet = kind == PST_MEDIA_PACKETS;
    pst_status status = is_packet ? check_packet(buffer, err) : check_frames(buffer, err);
    if (status != PST_OK)
        return status;
    *piece = (pst_piece){.data = buffer->data, .n_frames = 1, .is_whole = true};
    if (!is_packet) {
        status = put_in_order(giver, buffer, &piece->data, err);
        if (status != PST_OK)
            return status;
        piece->n_frames = buffer->n_frames;
        piece->is_filler = buffer->is_filler;
        piece->begins = buffer->begins;
        giver->has_begun = giver->has_begun && !is_other(&giver->media, &buffer->media);
        piece->frame = number_of(giver, buffer);
        giver->next_frame = piece->frame + (int64_t)buffer->n_frames;
        giver->has_begun = true;
    }
    giver->media = buffer->media;
    pst_tell_pts(&giver->media, buffer->pts, piece->frame);
    piece->media = &giver->media;
    return PST_OK;
}

void pst_user_giver_follow(pst_user_giver *giver, const pst_piece *in) PST_RT {
    if (giver->in_rate_hz > 0.0)
        return;
    giver->in_frame = in->frame;
    giver->in_rate_hz = in->media->rate_hz;
}

void pst_user_giver_reset(pst_user_giver *giver) PST_RT {
    giver->has_begun = false;
    giver->in_rate_hz = 0.0;
}

void pst_user_giver_deinit(pst_user_giver *giver) {
    pst_free(giver->frames);
}

// Times go out in the unit that they came in.
static int64_t pts_of(const pst_piece *piece) PST_RT {
    return piece->media->kind == PST_MEDIA_PACKETS
               ? ((const pst_packet *)(const void *)piece->data)->pts
               : pst_pts_of_frame(piece->media, piece->frame);
}

pst_buffer pst_user_buffer(const pst_piece *piece) PST_RT {
    return (pst_buffer){.media = *piece->media,
                        .data = piece->data,
                        .n_frames = piece->n_frames,
                        .is_filler = piece->is_filler,
                        .begins = piece->begins,
                        .pts = pts_of(piece)};
}

// ---- Patience -----------------------------------------------------------------------------------

#define SHORTEST_NS (PST_NS_PER_MS / 2)
#define LONGEST_NS (8 * PST_NS_PER_MS)

pst_status pst_user_patience_init(pst_user_patience *patience, pst_error *err) {
    patience->wait_ns = SHORTEST_NS;
    return pst_event_init(&patience->woken, err);
}

void pst_user_patience_deinit(pst_user_patience *patience) {
    pst_event_deinit(&patience->woken);
}

// A wake-up that comes before the wait is not missed for longer than the wait is.
void pst_user_wait(pst_user_patience *patience) {
    const uint32_t ticket = pst_event_prepare(&patience->woken);
    (void)pst_event_wait(&patience->woken, ticket, pst_now_ns() + patience->wait_ns);
    patience->wait_ns = patience->wait_ns * 2 < LONGEST_NS ? patience->wait_ns * 2 : LONGEST_NS;
}

void pst_user_went_on(pst_user_patience *patience) PST_RT {
    patience->wait_ns = SHORTEST_NS;
}

void pst_user_wake(pst_user_patience *patience) PST_RT {
    pst_event_post(&patience->woken);
}
