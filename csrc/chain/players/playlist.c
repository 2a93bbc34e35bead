// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/players/playlist.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event.h"

// Files that have the same rate and channels go through the same stages without an end between
// them, as if they were one file: so a loop is seamless at another rate, too.
//
// Where a file lies among the frames that come out is known from its length and those before it. A
// length that turns out to be another, or was not known, is put right when the file has ended.

static const uint64_t piece_frames = 4096;

typedef struct list_item {
    pst_decoder *decoder; // Retained.
    pst_decoder_info info;
    int64_t first; // Frames of the file: the first one to be played,
    int64_t end;   // and the first one not to be; INT64_MAX: not known.
    double begins; // Frame of the pass at which it begins; NAN: not known.
} list_item;

typedef struct playlist {
    pst_source base;
    pst_ring *ring; // Retained.
    int64_t n_passes;
    pst_resample_quality quality;
    uint32_t n_items;

    // The worker's.
    pst_stage *stages[PST_FIT_MAX_STAGES]; // For the items like the present one.
    uint32_t n_stages;
    pst_piece waiting[PST_FIT_MAX_STAGES]; // For each stage: what it has not taken yet.
    bool is_draining;
    uint8_t *samples; // Of the decoder.
    uint64_t sample_bytes;
    uint32_t index;
    int64_t pass;
    int64_t next_frame; // Of the frames that come out.
    int64_t in_frame;   // Of those that go in, which count on.
    pst_piece ready;    // What pull gave and pass has not taken.
    int64_t sought;
    bool is_at_end;
    bool has_told_end; // The chain knows that there is nothing now.
    bool has_shut;     // The ring was ended.
    uint64_t n_seen;   // Orders, at the last look.

    pst_event woken;
    _Atomic uint64_t n_orders;
    _Atomic bool stopping;
    pthread_mutex_t lock; // Guards the items' ends and begins, which only the worker changes.
    double pass_frames;   // NAN: not known. The same.
    list_item items[];
} playlist;

// ---- Places -----------------------------------------------------------------------------------

static double rate_of(const list_item *item) {
    return (double)item->info.format.rate_hz;
}

// Computes where items begin. Under the lock, unless nobody else can be there.
static void lay_out(playlist *self) {
    double at = 0.0;
    for (uint32_t i = 0; i < self->n_items; ++i) {
        list_item *item = &self->items[i];
        item->begins = at;
        if (item->end == INT64_MAX)
            at = (double)NAN;
        else
            at += (double)(item->end - item->first) * self->base.rate_hz / rate_of(item);
    }
    self->pass_frames = at;
}

void pst_playlist_find(pst_source *source, int64_t frame, pst_playlist_place *place) {
    playlist *self = (playlist *)source;
    pthread_mutex_lock(&self->lock);
    double at = (double)frame;
    *place = (pst_playlist_place){0, 0, 0};
    if (self->pass_frames > 0.0 && self->n_passes != 1) {
        place->n_passes = (int64_t)floor((at + 0.5) / self->pass_frames);
        if (self->n_passes > 0 && place->n_passes >= self->n_passes)
            place->n_passes = self->n_passes - 1; // The end of all.
        at = fmax(0.0, at - (double)place->n_passes * self->pass_frames);
    }
    while (place->index + 1 < self->n_items && self->items[place->index + 1].begins <= at + 0.5)
        ++place->index;
    const list_item *item = &self->items[place->index];
    const double in_item = (at - item->begins) * rate_of(item) / self->base.rate_hz;
    place->frame = item->first + llround(fmax(0.0, in_item));
    if (place->frame > item->end)
        place->frame = item->end;
    pthread_mutex_unlock(&self->lock);
}

static pst_status check_place(const playlist *self, uint32_t index, int64_t of_file,
                              pst_error *err) {
    if (index >= self->n_items)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "index is %u; there are %u files",
                        (unsigned)index, (unsigned)self->n_items);
    const list_item *item = &self->items[index];
    if (of_file < item->first || of_file > item->end)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "frame is %lld; it must be from %lld to %lld",
                        (long long)of_file, (long long)item->first, (long long)item->end);
    if (!item->info.is_seekable)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "The sound file comes from a pipe, in which nobody can go to a frame");
    if (isnan(item->begins))
        return pst_fail(err, PST_BAD_STATE, 0,
                        "A file before this one has a length that is not known yet");
    return PST_OK;
}

pst_status pst_playlist_number(pst_source *source, uint32_t index, int64_t of_file, int64_t near,
                               int64_t *frame, pst_error *err) {
    playlist *self = (playlist *)source;
    pst_playlist_place now;
    pst_playlist_find(source, near, &now);
    pthread_mutex_lock(&self->lock);
    const pst_status status = check_place(self, index, of_file, err);
    if (status == PST_OK) {
        const list_item *item = &self->items[index];
        const double passes = now.n_passes > 0 ? (double)now.n_passes * self->pass_frames : 0.0;
        *frame = llround(passes + item->begins +
                         (double)(of_file - item->first) * self->base.rate_hz / rate_of(item));
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

int64_t pst_playlist_sought(const pst_source *source) PST_RT {
    return ((const playlist *)source)->sought;
}

// ---- Stages -----------------------------------------------------------------------------------

static void drop_stages(playlist *self) {
    while (self->n_stages > 0)
        pst_stage_destroy(self->stages[--self->n_stages]);
}

static bool is_alike(const list_item *a, const list_item *b) {
    return a->info.format.rate_hz == b->info.format.rate_hz &&
           a->info.format.n_channels == b->info.format.n_channels;
}

// What comes out of a decoder: what the ring gets if nothing has to be done with it.
static pst_source decoded(const playlist *self, const list_item *item) {
    const bool is_same = item->info.format.n_channels == self->base.n_channels &&
                         pst_is_same_rate(rate_of(item), self->base.rate_hz);
    const bool is_wide = self->base.format == PST_FORMAT_F64 || self->base.format == PST_FORMAT_I32;
    return (pst_source){.format = is_same   ? self->base.format
                                  : is_wide ? PST_FORMAT_F64
                                            : PST_FORMAT_F32,
                        .n_channels = item->info.format.n_channels,
                        .rate_hz = rate_of(item)};
}

// Makes the stages for an item, and forgets what was in those before.
static pst_status make_stages(playlist *self, const list_item *item, pst_error *err) {
    const pst_source from = decoded(self, item);
    const pst_sink to = {.format = self->base.format,
                         .n_channels = self->base.n_channels,
                         .rate_hz = self->base.rate_hz};
    pst_fit fit;
    drop_stages(self);
    for (uint32_t i = 0; i < PST_FIT_MAX_STAGES; ++i)
        self->waiting[i].n_frames = 0;
    self->is_draining = false;
    pst_fit_default(&fit);
    fit.quality = self->quality;
    pst_status status = pst_chain_fit(self->stages, &self->n_stages, &from, &to, &fit, err);
    const uint64_t n_bytes = piece_frames * from.n_channels * pst_format_bytes(from.format);
    if (status == PST_OK && n_bytes > self->sample_bytes) {
        pst_free(self->samples);
        self->samples = pst_alloc((size_t)n_bytes);
        self->sample_bytes = self->samples != NULL ? n_bytes : 0;
        status = self->samples != NULL ? PST_OK : pst_fail_memory(err);
    }
    return status;
}

// ---- From item to item --------------------------------------------------------------------------

// The item has ended here: that is its length, whatever it said.
static void note_end(playlist *self, list_item *item) {
    const int64_t end = pst_decoder_position(item->decoder);
    if (end == item->end)
        return;
    pthread_mutex_lock(&self->lock);
    item->end = end > item->first ? end : item->first;
    lay_out(self);
    pthread_mutex_unlock(&self->lock);
}

static pst_status begin_item(playlist *self, int64_t frame, pst_error *err) {
    list_item *item = &self->items[self->index];
    if (pst_decoder_position(item->decoder) == frame)
        return PST_OK;
    return pst_decoder_seek(item->decoder, frame, err);
}

// Goes on with the next item. Returns PST_OK; PST_END if there is none; or an error.
static pst_status next_item(playlist *self, pst_error *err) {
    const list_item *last = &self->items[self->index];
    const bool ends_pass = self->index + 1 == self->n_items;
    if (ends_pass && self->n_passes >= 0 && self->pass + 1 >= self->n_passes)
        return PST_END;
    // A pass that gave nothing would be followed by others for ever.
    if (ends_pass && !(self->pass_frames > 0.0))
        return pst_fail(err, PST_BAD_FILE, 0,
                        "The sound file has no frames: it cannot be played in a loop");
    const list_item *item = &self->items[ends_pass ? 0 : self->index + 1];
    if (!is_alike(last, item) && self->n_stages > 0 && !self->is_draining) {
        self->is_draining = true; // What the stages still hold comes first.
        return PST_TIMEOUT;
    }
    self->index = ends_pass ? 0 : self->index + 1;
    self->pass += ends_pass;
    pst_status status = is_alike(last, item) ? PST_OK : make_stages(self, item, err);
    if (status == PST_OK)
        status = begin_item(self, item->first, err);
    return status;
}

// Decodes a piece. Returns PST_OK; PST_END where the item ends; or an error.
static pst_status decode(playlist *self, pst_piece *piece, pst_error *err) {
    list_item *item = &self->items[self->index];
    const pst_source from = decoded(self, item);
    const int64_t left = item->end - pst_decoder_position(item->decoder);
    const uint64_t n_wanted =
        left < (int64_t)piece_frames ? (uint64_t)(left > 0 ? left : 0) : piece_frames;
    uint64_t n_read = 0;
    pst_status status = n_wanted == 0 ? PST_END
                                      : pst_decoder_read(item->decoder, self->samples, from.format,
                                                         n_wanted, &n_read, err);
    *piece = (pst_piece){.data = self->samples, .n_frames = n_read, .frame = self->in_frame};
    self->in_frame += (int64_t)n_read;
    if (status == PST_END)
        note_end(self, item);
    return n_read > 0 && status == PST_END ? PST_OK : status;
}

// Gives the frames that come out of stage number n_stages - 1 next; with 0, of the decoder. Returns
// PST_OK with frames, PST_END where they end, or an error.
static pst_status draw(playlist *self, uint32_t n_stages, pst_piece *out, pst_error *err) {
    if (n_stages == 0)
        return self->is_draining ? PST_END : decode(self, out, err);
    pst_stage *stage = self->stages[n_stages - 1];
    pst_piece *in = &self->waiting[n_stages - 1];
    for (;;) {
        pst_status status = PST_OK;
        if (in->n_frames == 0)
            status = draw(self, n_stages - 1, in, err);
        if (status == PST_END && self->is_draining && stage->ops->drain != NULL) {
            *out = (pst_piece){0};
            status = stage->ops->drain(stage, out, err);
            return status == PST_OK && out->n_frames == 0 ? PST_END : status;
        }
        if (status != PST_OK)
            return status;
        uint64_t n_used = 0;
        *out = (pst_piece){0};
        status = stage->ops->process(stage, in, &n_used, out, err);
        if (status != PST_OK)
            return status;
        in->data += n_used * pst_media_bytes(&stage->in);
        in->n_frames -= n_used;
        in->frame += (int64_t)n_used;
        if (out->n_frames > 0)
            return PST_OK;
    }
}

// Gives the next frames of all. Returns PST_OK, PST_END, or an error.
static pst_status next_frames(playlist *self, pst_piece *out, pst_error *err) {
    for (;;) {
        pst_status status = draw(self, self->n_stages, out, err);
        if (status != PST_END)
            return status;
        status = next_item(self, err);
        if (status == PST_END && self->n_stages > 0 && !self->is_draining) {
            self->is_draining = true;
            status = PST_OK;
        }
        if (status != PST_OK && status != PST_TIMEOUT)
            return status;
    }
}

// ---- The source ---------------------------------------------------------------------------------

// Waits for an order that came after the last look, or for a slice.
static void wait_for_orders(playlist *self) {
    const uint32_t ticket = pst_event_prepare(&self->woken);
    if (atomic_load(&self->n_orders) != self->n_seen)
        pst_event_cancel(&self->woken);
    else
        (void)pst_event_wait(&self->woken, ticket, pst_now_ns() + PST_CHAIN_SLICE_NS);
    self->n_seen = atomic_load(&self->n_orders);
}

// A read that was called back from a pipe has not failed.
static pst_status list_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    playlist *self = (playlist *)source;
    if (atomic_load(&self->stopping))
        return PST_END;
    if (self->ready.n_frames == 0 && !self->is_at_end) {
        pst_error why = {.status = PST_OK};
        const pst_status status = next_frames(self, &self->ready, &why);
        if (status < 0 && why.native_code == ECANCELED)
            return PST_END;
        if (status < 0) {
            if (err != NULL)
                *err = why;
            return status;
        }
        self->is_at_end = status == PST_END;
        self->ready.frame = self->next_frame;
        self->next_frame += (int64_t)self->ready.n_frames;
    }
    if (!self->is_at_end) {
        *piece = self->ready;
        return PST_OK;
    }
    // Frames from before a seek have to be gone before the ring ends.
    if (self->has_told_end) {
        if (!self->has_shut)
            pst_ring_end(self->ring);
        self->has_shut = true;
        wait_for_orders(self);
    }
    self->has_told_end = true;
    return PST_TIMEOUT;
}

static void list_pass(pst_source *source, uint64_t n_frames) {
    playlist *self = (playlist *)source;
    const uint32_t frame_bytes = self->base.n_channels * pst_format_bytes(self->base.format);
    self->ready.data += n_frames * frame_bytes;
    self->ready.n_frames -= n_frames;
    self->ready.frame += (int64_t)n_frames;
}

static pst_status list_seek(pst_source *source, int64_t frame, pst_error *err) {
    playlist *self = (playlist *)source;
    pst_playlist_place place;
    pst_playlist_find(source, frame, &place);
    self->sought = self->next_frame = frame;
    self->in_frame = 0;
    self->ready.n_frames = 0;
    self->index = place.index;
    self->pass = place.n_passes;
    self->is_at_end = self->has_told_end = false;
    if (self->has_shut)
        pst_ring_restart(self->ring);
    self->has_shut = false;
    const pst_status status = make_stages(self, &self->items[place.index], err);
    return status == PST_OK ? begin_item(self, place.frame, err) : status;
}

void pst_playlist_wake(pst_source *source) {
    playlist *self = (playlist *)source;
    atomic_fetch_add(&self->n_orders, 1);
    pst_event_post(&self->woken);
}

static void list_wake(pst_source *source) {
    playlist *self = (playlist *)source;
    for (uint32_t i = 0; i < self->n_items; ++i)
        pst_decoder_cancel(self->items[i].decoder, true);
    pst_playlist_wake(source);
}

static void list_stop(pst_source *source) {
    playlist *self = (playlist *)source;
    atomic_store(&self->stopping, true);
}

// Lets the files go before the chain is said to be over. Their facts stay.
static void list_end(pst_source *source) {
    playlist *self = (playlist *)source;
    for (uint32_t i = 0; i < self->n_items; ++i) {
        if (self->items[i].decoder == NULL)
            continue;
        pst_decoder_cancel(self->items[i].decoder, false);
        pst_decoder_release(self->items[i].decoder);
        self->items[i].decoder = NULL;
    }
}

static void list_destroy(pst_source *source) {
    playlist *self = (playlist *)source;
    list_end(source);
    drop_stages(self);
    pst_ring_release(self->ring);
    pthread_mutex_destroy(&self->lock);
    pst_event_deinit(&self->woken);
    pst_free(self->samples);
    pst_free(self);
}

static const pst_source_ops list_ops = {
    .name = "playlist",
    .pull = list_pull,
    .pass = list_pass,
    .stop = list_stop,
    .wake = list_wake,
    .seek = list_seek,
    .end = list_end,
    .destroy = list_destroy,
};

// ---- Life ---------------------------------------------------------------------------------------

static pst_status refuse_loop(pst_error *err, const char *why) {
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "loop (n_passes): %s", why);
}

static pst_status check_loop(const playlist *self, pst_error *err) {
    int64_t n_frames = 0;
    for (uint32_t i = 0; i < self->n_items; ++i) {
        const list_item *item = &self->items[i];
        if (!item->info.is_seekable)
            return refuse_loop(err, "a sound file comes from a pipe, which cannot go back");
        n_frames += item->end == INT64_MAX ? 1 : item->end - item->first;
    }
    return n_frames > 0 ? PST_OK : refuse_loop(err, "there are no frames to be played again");
}

static pst_status fill_items(playlist *self, const pst_player_config *config, pst_error *err) {
    for (uint32_t i = 0; i < self->n_items; ++i) {
        list_item *item = &self->items[i];
        item->decoder = config->decoders[i];
        pst_decoder_retain(item->decoder);
        pst_decoder_get_info(item->decoder, &item->info);
        item->end = item->info.n_frames < 0 ? INT64_MAX : item->info.n_frames;
    }
    list_item *first = &self->items[0], *last = &self->items[self->n_items - 1];
    if (config->first_frame < 0 || config->first_frame > first->end ||
        (config->first_frame > 0 && !first->info.is_seekable))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "first_frame is %lld; it must be a frame of the first file, which can seek",
                        (long long)config->first_frame);
    first->first = config->first_frame;
    if (config->end_frame != PST_UNLIMITED) {
        if (config->end_frame < last->first || config->end_frame > last->end)
            return pst_fail(
                err, PST_BAD_ARGUMENT, 0, "end_frame is %lld; it must be from %lld to %lld",
                (long long)config->end_frame, (long long)last->first, (long long)last->end);
        last->end = config->end_frame;
    }
    return config->n_passes == 1 ? PST_OK : check_loop(self, err);
}

static pst_status check_config(const pst_player_config *config, pst_error *err) {
    if (config->n_decoders < 1 || config->n_decoders > PST_PLAYER_MAX_FILES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_decoders is %u; it must be from 1 to %d",
                        (unsigned)config->n_decoders, PST_PLAYER_MAX_FILES);
    if (config->n_passes < PST_UNLIMITED || config->n_passes == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "n_passes is %lld; it must be at least 1, or PST_UNLIMITED",
                        (long long)config->n_passes);
    if (!(config->rate_hz >= 1.0 && config->rate_hz <= PST_FILE_MAX_RATE_HZ))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "rate_hz is %g; it must be from 1 to %d",
                        config->rate_hz, PST_FILE_MAX_RATE_HZ);
    return pst_check_frames(config->format, config->n_channels, err);
}

pst_status pst_source_playlist(pst_source **source, pst_ring *ring, const pst_player_config *config,
                               pst_error *err) {
    pst_status status = check_config(config, err);
    if (status != PST_OK)
        return status;
    playlist *self = pst_alloc(sizeof *self + (size_t)config->n_decoders * sizeof self->items[0]);
    if (self == NULL)
        return pst_fail_memory(err);
    status = pst_event_init(&self->woken, err);
    if (status != PST_OK) {
        pst_free(self);
        return status;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->base = (pst_source){.ops = &list_ops,
                              .format = config->format,
                              .n_channels = config->n_channels,
                              .rate_hz = config->rate_hz,
                              .n_seekable = INT64_MAX};
    self->ring = ring;
    pst_ring_retain(ring);
    self->n_passes = config->n_passes;
    self->quality = config->quality;
    self->n_items = config->n_decoders;
    status = fill_items(self, config, err);
    if (status == PST_OK) {
        lay_out(self);
        status = make_stages(self, &self->items[0], err);
    }
    if (status == PST_OK)
        status = begin_item(self, self->items[0].first, err);
    if (status != PST_OK) {
        list_destroy(&self->base);
        return status;
    }
    *source = &self->base;
    return PST_OK;
}
