// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/nodes/join.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/reduce.h"

enum { ROOM_BYTES = 32768 }; // Of frames that are computed at once. 16 of the largest fit.

pst_status pst_join_init(pst_join *join, const pst_reducer *reducer, uint32_t n_lanes,
                         pst_error *err) {
    join->kind = reducer->kind;
    join->n_lanes = n_lanes;
    join->lanes = pst_alloc_array(n_lanes, sizeof *join->lanes);
    join->sources = pst_alloc_array(n_lanes, sizeof *join->sources);
    join->room = pst_alloc(ROOM_BYTES);
    join->room_bytes = ROOM_BYTES;
    join->silence = pst_alloc(ROOM_BYTES);
    if (reducer->weights != NULL)
        join->weights = pst_alloc_array(n_lanes, sizeof *join->weights);
    if (join->lanes == NULL || join->sources == NULL || join->room == NULL ||
        join->silence == NULL || (reducer->weights != NULL && join->weights == NULL))
        return pst_fail_memory(err);
    if (reducer->weights != NULL)
        memcpy(join->weights, reducer->weights, n_lanes * sizeof *join->weights);
    return PST_OK;
}

void pst_join_deinit(pst_join *join) {
    for (uint32_t i = 0; join->lanes != NULL && i < join->n_lanes; ++i)
        pst_lane_deinit(&join->lanes[i]);
    pst_free(join->lanes);
    pst_free((void *)join->sources);
    pst_free(join->room);
    pst_free(join->silence);
    pst_free(join->weights);
    *join = (pst_join){.kind = join->kind};
}

void pst_join_clear(pst_join *join) {
    for (uint32_t i = 0; i < join->n_lanes; ++i)
        pst_lane_clear(&join->lanes[i]);
    join->is_under_way = false;
    join->lane = 0;
    join->n_packets = 0;
}

// ---- What fits together ----------------------------------------------------------------------

static pst_status check_alike(const pst_join *join, uint32_t a, const pst_media *of_a, uint32_t b,
                              const pst_media *of_b, pst_error *err) {
    if (pst_media_fits(of_a, of_b))
        return PST_OK;
    char text_a[PST_MEDIA_TEXT_BYTES], text_b[PST_MEDIA_TEXT_BYTES];
    return pst_fail(err, PST_BAD_ARGUMENT, 0,
                    "branch %u gives %s, branch %u %s; %s needs branches that are alike",
                    (unsigned)b, pst_media_text(of_b, text_b), (unsigned)a,
                    pst_media_text(of_a, text_a), pst_reduce_name(join->kind));
}

// Looks at all that wait. first: gets the first lane that has something, n_lanes if none has.
// is_full: whether all have.
static pst_status look(pst_join *join, uint32_t *first, bool *is_full, pst_error *err) {
    *first = join->n_lanes;
    *is_full = true;
    const pst_media *media = NULL;
    for (uint32_t i = 0; i < join->n_lanes; ++i) {
        const pst_lane_run *run = pst_lane_front(&join->lanes[i]);
        if (run == NULL) {
            *is_full = false;
            continue;
        }
        if (media == NULL) {
            *first = i;
            media = &run->media;
        }
        const pst_status status = check_alike(join, *first, media, i, &run->media, err);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}

// ---- Sample by sample ------------------------------------------------------------------------

// How many frames all lanes have; those that are silent, any number. Sets sources.
static uint64_t common_frames(pst_join *join, uint64_t most, bool *is_filler) {
    uint64_t n = most;
    *is_filler = true;
    for (uint32_t i = 0; i < join->n_lanes; ++i) {
        const pst_lane_run *run = pst_lane_front(&join->lanes[i]);
        join->sources[i] = run == NULL ? join->silence : run->piece.data;
        if (run != NULL && run->piece.n_frames < n)
            n = run->piece.n_frames;
        *is_filler = *is_filler && (run == NULL || run->piece.is_filler);
    }
    return n;
}

static void join_samples(pst_join *join, uint32_t first, bool is_full, pst_piece *out,
                         pst_convert_counts *counts) {
    const pst_lane_run *lead = pst_lane_front(&join->lanes[first]);
    join->media = lead->media;
    *out = lead->piece;
    const uint32_t n_channels = join->media.n_channels;
    const uint64_t most = ROOM_BYTES / pst_media_bytes(&join->media);
    if (!is_full)
        pst_silence(join->silence, join->media.format, (size_t)most * n_channels);
    out->n_frames = common_frames(join, most, &out->is_filler);
    out->data = join->room;
    out->media = &join->media;
    out->is_whole = false;
    const pst_reducer reducer = {join->kind, join->weights, join->n_lanes};
    pst_reduce_samples(&reducer, join->room, join->sources, join->n_lanes, join->media.format,
                       (size_t)out->n_frames * n_channels, counts);
    for (uint32_t i = 0; i < join->n_lanes; ++i)
        if (pst_lane_front(&join->lanes[i]) != NULL)
            pst_lane_pass(&join->lanes[i], out->n_frames);
}

// ---- Packet by packet ------------------------------------------------------------------------

static pst_status packet_bytes(pst_join *join, uint64_t *n_bytes, pst_error *err) {
    const uint64_t n_first = pst_lane_front(&join->lanes[0])->packet.n_bytes;
    *n_bytes = join->kind == PST_REDUCE_XOR ? n_first : 0;
    for (uint32_t i = 0; i < join->n_lanes; ++i) {
        const uint64_t n = pst_lane_front(&join->lanes[i])->packet.n_bytes;
        if (join->kind == PST_REDUCE_XOR && n != n_first)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "packet %llu of branch %u has %llu bytes, that of branch 0 %llu; xor "
                            "needs packets of one length",
                            (unsigned long long)join->n_packets, (unsigned)i, (unsigned long long)n,
                            (unsigned long long)n_first);
        if (join->kind != PST_REDUCE_XOR)
            *n_bytes += n;
    }
    return PST_OK;
}

static pst_status join_packets(pst_join *join, pst_piece *out, pst_error *err) {
    uint64_t n_bytes = 0;
    const pst_status status = packet_bytes(join, &n_bytes, err);
    if (status != PST_OK)
        return status;
    if (n_bytes > join->room_bytes) {
        pst_free(join->room);
        join->room_bytes = 0;
        join->room = pst_alloc((size_t)(2 * n_bytes));
        if (join->room == NULL)
            return pst_fail_memory(err);
        join->room_bytes = 2 * n_bytes;
    }
    const pst_lane_run *lead = pst_lane_front(&join->lanes[0]);
    join->media = lead->media;
    join->packet = lead->packet;
    *out = lead->piece;
    uint64_t at = 0;
    for (uint32_t i = 0; i < join->n_lanes; ++i) {
        const pst_packet packet = pst_lane_front(&join->lanes[i])->packet;
        if (join->kind == PST_REDUCE_XOR && i > 0)
            pst_reduce_xor(join->room, packet.data, (size_t)packet.n_bytes);
        else if (packet.n_bytes > 0)
            memcpy(join->room + at, packet.data, (size_t)packet.n_bytes);
        at += join->kind == PST_REDUCE_XOR ? 0 : packet.n_bytes;
        pst_lane_pass(&join->lanes[i], 1);
    }
    ++join->n_packets;
    join->packet.data = join->room;
    join->packet.n_bytes = n_bytes;
    out->data = (const uint8_t *)(const void *)&join->packet;
    out->media = &join->media;
    return PST_OK;
}

// ---- One branch after another ----------------------------------------------------------------

// All of a buffer is one run, numbered from the first branch's frame on.
static void append_frames(pst_join *join, pst_piece *out) {
    while (join->lane < join->n_lanes && pst_lane_front(&join->lanes[join->lane]) == NULL)
        ++join->lane;
    if (join->lane == join->n_lanes) {
        join->lane = 0;
        join->is_under_way = false;
        return;
    }
    pst_lane *lane = &join->lanes[join->lane];
    const pst_lane_run *run = pst_lane_front(lane);
    join->media = run->media;
    *out = run->piece;
    if (join->is_under_way) {
        out->frame = join->next_frame;
        out->begins = false;
    }
    out->media = &join->media;
    out->is_whole = false;
    join->is_under_way = true;
    join->next_frame = out->frame + (int64_t)out->n_frames;
    pst_lane_pass(lane, out->n_frames); // The data stays until the next put.
}

pst_status pst_join_next(pst_join *join, pst_join_when when, pst_piece *out,
                         pst_convert_counts *counts, pst_error *err) {
    out->n_frames = 0;
    uint32_t first = 0;
    bool is_full = false;
    const pst_status status = look(join, &first, &is_full, err);
    if (status != PST_OK)
        return status;
    const bool has_any = first < join->n_lanes;
    const bool has_packets =
        has_any && pst_lane_front(&join->lanes[first])->media.kind == PST_MEDIA_PACKETS;
    if (has_packets)
        return is_full ? join_packets(join, out, err) : PST_OK;
    if (pst_reduce_is_by_sample(join->kind)) {
        if (is_full || (has_any && when == PST_JOIN_END))
            join_samples(join, first, is_full, out, counts);
    } else if (when != PST_JOIN_AMID) {
        append_frames(join, out);
    }
    return PST_OK;
}
