// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/nodes/lane.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

void pst_lane_deinit(pst_lane *lane) {
    pst_free(lane->bytes);
    pst_free(lane->runs);
    *lane = (pst_lane){0};
}

void pst_lane_clear(pst_lane *lane) {
    lane->at = lane->n_bytes = 0;
    lane->run = lane->n_runs = 0;
    lane->n_frames = lane->n_put = 0;
}

// Makes room behind the items of an array, of which those before `at` are wanted no more: by moving
// the others to the begin if they are few, else by a larger array.
static bool make_room(void **items, size_t item_bytes, uint64_t *at, uint64_t *n, uint64_t *room,
                      uint64_t n_more) {
    if (*room - *n >= n_more)
        return true;
    const uint64_t n_left = *n - *at;
    uint8_t *to = *items;
    const uint8_t *from = to;
    if (*at < n_left || *room - n_left < n_more) {
        *room = 2 * (n_left + n_more);
        to = pst_alloc_array((size_t)*room, item_bytes);
        if (to == NULL) {
            *room = *n;
            return false;
        }
    }
    if (n_left > 0)
        memmove(to, from + *at * item_bytes, (size_t)n_left * item_bytes);
    if (to != from) {
        pst_free(*items);
        *items = to;
    }
    *n = n_left;
    *at = 0;
    return true;
}

static uint64_t run_bytes(const pst_media *media, const pst_piece *piece) {
    if (media->kind == PST_MEDIA_PACKETS)
        return ((const pst_packet *)(const void *)piece->data)->n_bytes;
    return piece->n_frames * pst_media_bytes(media);
}

// Whether a piece is more of what the last run has.
static bool goes_on(const pst_lane *lane, const pst_media *media, const pst_piece *piece) {
    if (lane->run == lane->n_runs || media->kind == PST_MEDIA_PACKETS)
        return false;
    const pst_lane_run *last = &lane->runs[lane->n_runs - 1];
    return pst_media_fits(&last->media, media) &&
           last->media.time_base_num == media->time_base_num &&
           last->media.time_base_den == media->time_base_den && !piece->begins &&
           piece->is_filler == last->piece.is_filler &&
           piece->frame == last->piece.frame + (int64_t)last->piece.n_frames;
}

static void add_run(pst_lane *lane, const pst_media *media, const pst_piece *piece) {
    pst_lane_run *run = &lane->runs[lane->n_runs++];
    *run = (pst_lane_run){.media = *media, .piece = *piece};
    run->piece.data = NULL;
    run->piece.media = NULL;
    if (media->kind == PST_MEDIA_PACKETS)
        run->packet = *(const pst_packet *)(const void *)piece->data;
}

pst_status pst_lane_put(pst_lane *lane, const pst_media *media, const pst_piece *piece,
                        pst_error *err) {
    const uint64_t n_bytes = run_bytes(media, piece);
    void *bytes = lane->bytes, *runs = lane->runs;
    const bool has_room =
        make_room(&bytes, 1, &lane->at, &lane->n_bytes, &lane->bytes_room, n_bytes) &&
        make_room(&runs, sizeof *lane->runs, &lane->run, &lane->n_runs, &lane->runs_room, 1);
    lane->bytes = bytes;
    lane->runs = runs;
    if (!has_room)
        return pst_fail_memory(err);
    const uint8_t *data = media->kind == PST_MEDIA_PACKETS
                              ? ((const pst_packet *)(const void *)piece->data)->data
                              : piece->data;
    if (n_bytes > 0)
        memcpy(lane->bytes + lane->n_bytes, data, (size_t)n_bytes);
    lane->n_bytes += n_bytes;
    if (goes_on(lane, media, piece))
        lane->runs[lane->n_runs - 1].piece.n_frames += piece->n_frames;
    else
        add_run(lane, media, piece);
    lane->n_frames += piece->n_frames;
    lane->n_put += piece->n_frames;
    return PST_OK;
}

const pst_lane_run *pst_lane_front(pst_lane *lane) {
    if (lane->run == lane->n_runs)
        return NULL;
    pst_lane_run *first = &lane->runs[lane->run];
    first->piece.media = &first->media;
    if (first->media.kind == PST_MEDIA_PACKETS) {
        first->packet.data = lane->bytes + lane->at;
        first->piece.data = (const uint8_t *)(const void *)&first->packet;
    } else {
        first->piece.data = lane->bytes + lane->at;
    }
    return first;
}

void pst_lane_pass(pst_lane *lane, uint64_t n_frames) {
    pst_lane_run *first = &lane->runs[lane->run];
    pst_piece *piece = &first->piece;
    lane->at += first->media.kind == PST_MEDIA_PACKETS ? first->packet.n_bytes
                                                       : n_frames * pst_media_bytes(&first->media);
    lane->n_frames -= n_frames;
    piece->n_frames -= n_frames;
    piece->frame += (int64_t)n_frames;
    piece->begins = piece->begins && n_frames == 0;
    if (piece->n_frames == 0)
        ++lane->run;
    if (lane->run == lane->n_runs)
        lane->at = lane->n_bytes = lane->run = lane->n_runs = 0;
}
