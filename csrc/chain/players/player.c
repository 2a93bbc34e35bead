// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/player.h"

#include <pthread.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/players/playlist.h"
#include "chain/stages/gain.h"

// A player: a playlist as the source, a ring as the sink, and between the two the knowledge of
// which frame lies where in the ring. Frames count on in both, except at a seek: two numbers are
// enough.

typedef struct list_sink {
    pst_sink base;
    pst_sink *inner; // Of pst_sink_ring.
    pst_ring *ring;  // Its.
    pst_source *source;

    pthread_mutex_t lock; // Guards the rest.
    uint64_t position;    // In the ring,
    int64_t frame;        // where this frame lies.
    int64_t n_seeks;
} list_sink;

struct pst_player {
    pid_t pid;
    pst_chain *chain;
    pst_source *list;
    list_sink *sink;
};

// ---- The sink -----------------------------------------------------------------------------------

static pst_status sink_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    const list_sink *self = (const list_sink *)sink;
    return self->inner->ops->push(self->inner, piece, n_taken, err);
}

static void sink_flush(pst_sink *sink) {
    list_sink *self = (list_sink *)sink;
    pthread_mutex_lock(&self->lock);
    self->inner->ops->flush(self->inner);
    self->position = pst_ring_written(self->ring);
    self->frame = pst_playlist_sought(self->source);
    ++self->n_seeks;
    pthread_mutex_unlock(&self->lock);
}

static void sink_wake(pst_sink *sink) {
    const list_sink *self = (const list_sink *)sink;
    self->inner->ops->wake(self->inner);
}

static pst_status sink_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    const list_sink *self = (const list_sink *)sink;
    return self->inner->ops->end(self->inner, ending, err);
}

static void sink_destroy(pst_sink *sink) {
    list_sink *self = (list_sink *)sink;
    pst_sink_destroy(self->inner);
    pthread_mutex_destroy(&self->lock);
    pst_free(self);
}

static const pst_sink_ops sink_ops = {
    .name = "ring",
    .push = sink_push,
    .flush = sink_flush,
    .nudge = sink_wake,
    .wake = sink_wake,
    .end = sink_end,
    .destroy = sink_destroy,
};

static pst_status make_sink(list_sink **sink, pst_ring *ring, pst_source *source, pst_error *err) {
    list_sink *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    const pst_status status =
        pst_sink_ring(&made->inner, ring, NULL, source->format, source->n_channels, err);
    if (status != PST_OK) {
        pst_free(made);
        return status;
    }
    made->base =
        (pst_sink){.ops = &sink_ops, .format = source->format, .n_channels = source->n_channels};
    made->ring = ring;
    made->source = source;
    made->position = pst_ring_written(ring);
    pthread_mutex_init(&made->lock, NULL);
    *sink = made;
    return PST_OK;
}

// Returns the number of the frame that leaves the ring next.
static int64_t heard_frame(list_sink *self, int64_t *n_seeks) {
    pthread_mutex_lock(&self->lock);
    const uint64_t position = pst_ring_position(self->ring, 0);
    const int64_t frame =
        self->frame + (position > self->position ? (int64_t)(position - self->position) : 0);
    *n_seeks = self->n_seeks;
    pthread_mutex_unlock(&self->lock);
    return frame;
}

// ---- Life ---------------------------------------------------------------------------------------

pst_status pst_player_create(pst_player **player, pst_system *system, pst_ring *ring,
                             const pst_player_config *config, pst_error *err) {
    pst_player *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->pid = getpid();
    pst_status status = pst_source_playlist(&made->list, ring, config, err);
    if (status == PST_OK)
        status = make_sink(&made->sink, ring, made->list, err);
    if (status == PST_OK)
        status = pst_chain_create(&made->chain, system, made->list, &made->sink->base, err);
    if (status != PST_OK) {
        pst_source_destroy(made->list);
        pst_sink_destroy(made->sink == NULL ? NULL : &made->sink->base);
        pst_free(made);
        return status;
    }
    *player = made;
    return PST_OK;
}

void pst_player_destroy(pst_player *player) {
    if (player == NULL)
        return;
    pst_chain_release(player->chain);
    pst_free(player);
}

static bool is_child(const pst_player *player) {
    return player->pid != getpid();
}

pst_status pst_player_start(pst_player *player, pst_error *err) {
    return pst_chain_start(player->chain, err);
}

pst_status pst_player_seek(pst_player *player, uint32_t index, int64_t frame, pst_error *err) {
    if (is_child(player))
        return pst_fail(err, PST_FORKED, 0,
                        "The player belongs to the process that made it, which was forked since");
    int64_t number = 0, n_seeks = 0;
    pst_status status = pst_playlist_number(player->list, index, frame,
                                            heard_frame(player->sink, &n_seeks), &number, err);
    if (status == PST_OK)
        status = pst_chain_seek(player->chain, number, err);
    if (status == PST_OK)
        pst_playlist_wake(player->list);
    return status;
}

void pst_player_cancel(pst_player *player) {
    pst_chain_cancel(player->chain);
}

pst_status pst_player_wait(pst_player *player, int64_t timeout_ns, pst_error *err) {
    return pst_chain_wait(player->chain, timeout_ns, err);
}

pst_status pst_player_error(pst_player *player, pst_error *err) {
    return pst_chain_error(player->chain, err);
}

void pst_player_get_status(pst_player *player, pst_player_status *status) {
    pst_chain_progress progress;
    pst_playlist_place place = {0, 0, 0};
    int64_t n_seeks = 0;
    pst_chain_get_progress(player->chain, &progress);
    if (!is_child(player))
        pst_playlist_find(player->list, heard_frame(player->sink, &n_seeks), &place);
    *status = (pst_player_status){.state = progress.state,
                                  .index = place.index,
                                  .frame = place.frame,
                                  .n_passes = place.n_passes,
                                  .n_seeks = n_seeks};
}

int32_t pst_gain_render(const void *input, void *output, int64_t n_frames,
                        const pst_callback_time *time, uint32_t flags, void *stage) PST_RT {
    (void)input;
    (void)time;
    (void)flags;
    if (output != NULL)
        pst_stage_gain_apply(stage, output, (uint64_t)n_frames);
    return PST_CALLBACK_CONTINUE;
}
