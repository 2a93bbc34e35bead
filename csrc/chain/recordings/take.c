// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/recordings/take.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "stream/describe.h"
#include "stream/state.h"

// The frames of a take as a source: brings the picker what the stream's ring holds, run by run, and
// does what it says. Frames that may be wanted as pre-roll stay in the ring: the reader
// just does not move on.

typedef struct take_source {
    pst_source base;
    pst_stream *stream; // Retained.
    pst_ring *ring;     // Of the stream.
    uint32_t reader;
    uint64_t most_frames; // Per piece.
    uint8_t *silence;
    double samplerate_hz;

    // The worker's own.
    uint64_t run;    // Number of the stream's run, once it has begun.
    bool has_begun;  // It has.
    uint64_t judged; // Ring position up to which the picker has seen the frames.
    bool is_dry;     // Nothing more will come into the ring.
    pst_error why;   // If that is an error.
    bool is_filler;  // The last piece was.

    pthread_mutex_t lock; // Guards the rest.
    pst_picker picker;
    bool stops_early; // It was stopped before the run began.
    bool is_detached;
    int64_t lost_frames;
} take_source;

// ---- Ring positions and frame numbers ---------------------------------------------------------

static int64_t frame_at(const take_source *self, uint64_t position) {
    pst_gaps_view view;
    pst_gaps_look(&self->stream->flow.gaps, position, 1, &view);
    const uint64_t first = atomic_load(&self->stream->flow.first_position);
    return atomic_load(&self->stream->flow.first_frame) + (int64_t)(position - first) +
           view.missing;
}

// Returns how many of n frames from a position on follow each other without a gap.
static int64_t frames_to_gap(const take_source *self, uint64_t position, int64_t frame, int64_t n) {
    if (frame_at(self, position + (uint64_t)n - 1) - frame == n - 1)
        return n;
    int64_t low = 1, high = n - 1; // Sure to be without, and at most.
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        if (frame_at(self, position + (uint64_t)middle - 1) - frame == middle - 1)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

// Returns how many of these frames are silence that the stream has put in for lost ones.
static int64_t count_inserted(const take_source *self, uint64_t position, int64_t n) {
    const pst_gaps *gaps = &self->stream->flow.gaps;
    pst_gaps_view view;
    if (self->stream->flow.in.policy != PST_OVERFLOW_SILENCE)
        return 0;
    pst_gaps_look(gaps, position, (uint64_t)n, &view);
    if ((view.flags & PST_FLAG_GAP) == 0)
        return 0;
    int64_t n_inserted = 0;
    for (int64_t i = 0; i < n; ++i) {
        pst_gaps_look(gaps, position + (uint64_t)i, 1, &view);
        n_inserted += (view.flags & PST_FLAG_GAP) != 0;
    }
    return n_inserted;
}

// ---- One step ---------------------------------------------------------------------------------

// Whether the frames that were readable a moment ago are of the take's run.
static bool is_own_run(take_source *self) {
    const uint64_t run = atomic_load(&self->stream->flow.shown_run);
    if (!self->has_begun) {
        self->has_begun = true;
        self->run = run;
    }
    return run == self->run;
}

static pst_run make_run(const take_source *self, const pst_span *span, uint64_t n_kept) {
    const uint32_t frame_bytes = self->picker.frame_bytes;
    const uint64_t position = span->position + n_kept;
    pst_run run = {.data = span->data + n_kept * frame_bytes,
                   .frame = frame_at(self, position),
                   .rate_hz = self->samplerate_hz};
    run.n_frames = frames_to_gap(self, position, run.frame, (int64_t)(span->n_frames - n_kept));
    if (self->picker.phase == PST_PICK_BEFORE && self->picker.take.start_time_s > 0.0)
        run.time_s = pst_flow_input_time_s(&self->stream->flow, run.frame);
    return run;
}

// Lets the span go, and moves the reader to a position, if it is not there already.
static void move_to(take_source *self, uint64_t position) {
    pst_ring_commit_read(self->ring, self->reader, 0);
    const uint64_t from = pst_ring_position(self->ring, self->reader);
    if (position > from)
        pst_ring_skip(self->ring, self->reader, position - from);
}

// Keeps as much as the pre-roll before a position.
static void keep_before(take_source *self, uint64_t position) {
    const uint64_t pre_roll = (uint64_t)self->picker.take.pre_roll_frames;
    move_to(self, position > pre_roll ? position - pre_roll : 0);
}

// Does what the picker says about a run at a position. Returns PST_OK with a piece, PST_END, or
// PST_TIMEOUT if there is none yet.
static pst_status follow(take_source *self, const pst_run *run, uint64_t position,
                         pst_piece *piece) {
    const pst_picker_verdict verdict = pst_picker_judge(&self->picker, run);
    const uint64_t n = (uint64_t)verdict.n_frames;
    self->lost_frames += verdict.lost_frames;
    self->is_filler = verdict.action == PST_PICK_FILL;
    switch (verdict.action) {
    case PST_PICK_PASS:
        self->judged = position + n;
        move_to(self, self->judged);
        return PST_TIMEOUT;
    case PST_PICK_KEEP:
        self->judged = position + n;
        keep_before(self, self->judged);
        return PST_TIMEOUT;
    case PST_PICK_FIRE:
        pst_picker_open(&self->picker, run->frame + verdict.n_frames);
        keep_before(self, position + n);
        self->judged = 0; // All of it comes again.
        return PST_TIMEOUT;
    case PST_PICK_TAKE:
        self->lost_frames += count_inserted(self, position, verdict.n_frames);
        self->judged = position + n;
        *piece = (pst_piece){
            .data = run->data, .n_frames = n, .frame = run->frame, .begins = verdict.begins};
        return PST_OK;
    case PST_PICK_FILL:
        move_to(self, position); // The run comes again after it.
        *piece = (pst_piece){.data = self->silence,
                             .n_frames = n,
                             .frame = self->picker.next_frame - verdict.n_frames,
                             .is_filler = true,
                             .begins = verdict.begins};
        return PST_OK;
    default:
        move_to(self, position);
        return PST_END;
    }
}

// Goes on with a piece of what the ring holds; other threads wait for the lock meanwhile. Returns
// PST_OK with a piece for the sink, PST_END when the take is over, or PST_TIMEOUT: *is_idle then
// says that everything was judged.
static pst_status advance(take_source *self, pst_piece *piece, bool *is_idle) {
    const uint64_t from = pst_ring_position(self->ring, self->reader);
    const uint64_t n_kept = self->judged > from ? self->judged - from : 0;
    pst_span span = {NULL, 0, 0, 0};
    if (pst_ring_readable(self->ring, self->reader) > n_kept) {
        if (!is_own_run(self))
            return PST_END;
        pst_ring_begin_read(self->ring, self->reader, n_kept + self->most_frames, &span);
    }
    // The oldest may have been taken from the reader in between.
    const uint64_t kept = self->judged > span.position ? self->judged - span.position : 0;
    *is_idle = span.n_frames <= kept;
    if (*is_idle) {
        pst_ring_commit_read(self->ring, self->reader, 0);
        return self->has_begun && pst_picker_is_stopped(
                                      &self->picker, frame_at(self, pst_ring_written(self->ring)))
                   ? PST_END
                   : PST_TIMEOUT;
    }
    const pst_run run = make_run(self, &span, kept);
    return follow(self, &run, span.position + kept, piece);
}

// ---- Waiting ----------------------------------------------------------------------------------

// Whether the end of the ring that was just seen is that of the take's run. run: the number of the
// stream's run before the look.
static bool is_run_over(const take_source *self, uint64_t run) {
    return self->has_begun || run > self->run;
}

static void wait_for_run(const take_source *self, uint64_t run) {
    pst_stream *stream = self->stream;
    const uint32_t ticket = pst_event_prepare(&stream->flow.over);
    if (atomic_load(&stream->flow.shown_run) != run || atomic_load(&stream->closing))
        pst_event_cancel(&stream->flow.over);
    else
        (void)pst_event_wait(&stream->flow.over, ticket, pst_now_ns() + PST_CHAIN_SLICE_NS);
}

// Whoever closes the stream sends everybody home first; frames may still come until it is done.
static void wait_until_closed(const take_source *self) {
    while (!atomic_load(&self->stream->closed))
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 2);
}

// Waits for a frame that was not judged yet. Sets is_dry when none will come.
static void wait_for_more(take_source *self) {
    pst_error why = {.status = PST_OK};
    const uint64_t run = atomic_load(&self->stream->flow.shown_run);
    const uint64_t from = pst_ring_position(self->ring, self->reader);
    const uint64_t n_kept = self->judged > from ? self->judged - from : 0;
    const pst_status status =
        pst_stream_wait_input(self->stream, self->reader, n_kept + 1, PST_CHAIN_SLICE_NS, &why);
    if (status == PST_OK || status == PST_TIMEOUT)
        return;
    if (status == PST_CLOSED && pst_ring_interrupt_reader(self->ring, self->reader, false))
        return; // The chain, or an order, wants us back.
    if (status == PST_CLOSED) {
        wait_until_closed(self);
        self->is_dry = true;
    } else if (status != PST_END) {
        self->why = why;
        self->is_dry = true;
    } else if (is_run_over(self, run)) {
        self->is_dry = true;
    } else {
        wait_for_run(self, run);
    }
}

static pst_status take_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    take_source *self = (take_source *)source;
    bool is_idle = false;
    pthread_mutex_lock(&self->lock);
    pst_status status = advance(self, piece, &is_idle);
    if (is_idle && status == PST_TIMEOUT && self->is_dry)
        status = self->why.status != PST_OK ? self->why.status : PST_END;
    else if (is_idle && status == PST_TIMEOUT && self->stops_early && !self->has_begun)
        status = PST_END;
    if (status != PST_OK && status != PST_TIMEOUT)
        self->picker.phase = PST_PICK_OVER;
    pthread_mutex_unlock(&self->lock);
    if (status < 0 && status != PST_TIMEOUT)
        *err = self->why;
    if (is_idle && status == PST_TIMEOUT)
        wait_for_more(self);
    return status;
}

static void take_pass(pst_source *source, uint64_t n_frames) {
    take_source *self = (take_source *)source;
    if (!self->is_filler)
        pst_ring_skip(self->ring, self->reader, n_frames);
}

// ---- Orders -----------------------------------------------------------------------------------

static void take_wake(pst_source *source) {
    const take_source *self = (const take_source *)source;
    pst_ring_interrupt_reader(self->ring, self->reader, true);
    pst_event_post(&self->stream->flow.over);
}

static bool has_run_begun(const take_source *self) {
    return self->has_begun || atomic_load(&self->stream->flow.shown_run) > self->run;
}

// Of a run that has not begun, the next frame is the first.
static int64_t next_frame(const take_source *self) {
    return has_run_begun(self) ? frame_at(self, pst_ring_written(self->ring)) : 0;
}

// Under the lock.
static void give_order(take_source *self, pst_order order, int64_t frame) {
    const bool is_now = frame < 0;
    if (is_now)
        frame = next_frame(self);
    switch (order) {
    case PST_ORDER_STOP:
        self->stops_early = self->stops_early || is_now;
        if (self->picker.stop_frame < 0 || frame < self->picker.stop_frame)
            self->picker.stop_frame = frame;
        return;
    case PST_ORDER_PAUSE:
        self->picker.pause_frame = frame;
        return;
    case PST_ORDER_RESUME:
        self->picker.resume_frame = frame;
        return;
    default:
        if (self->picker.phase != PST_PICK_OPEN)
            self->picker.trigger_frame = frame;
        return;
    }
}

void pst_take_order(pst_source *source, pst_order order, int64_t frame) {
    take_source *self = (take_source *)source;
    pthread_mutex_lock(&self->lock);
    if (!self->is_detached) {
        give_order(self, order, frame);
        take_wake(source);
    }
    pthread_mutex_unlock(&self->lock);
}

static void take_stop(pst_source *source) {
    pst_take_order(source, PST_ORDER_STOP, PST_UNLIMITED);
}

int64_t pst_take_next_frame(pst_source *source) {
    take_source *self = (take_source *)source;
    pthread_mutex_lock(&self->lock);
    const int64_t frame = self->is_detached ? 0 : next_frame(self);
    pthread_mutex_unlock(&self->lock);
    return frame;
}

bool pst_take_has_trigger(const pst_source *source) PST_RT {
    const take_source *self = (const take_source *)source;
    return self->picker.take.trigger != PST_TRIGGER_NONE;
}

void pst_take_look(pst_source *source, pst_take_state *state, int64_t *lost_frames) {
    take_source *self = (take_source *)source;
    pthread_mutex_lock(&self->lock);
    *state = pst_picker_state(&self->picker);
    *lost_frames = self->lost_frames;
    pthread_mutex_unlock(&self->lock);
}

// ---- Life -------------------------------------------------------------------------------------

static void take_end(pst_source *source) {
    take_source *self = (take_source *)source;
    pthread_mutex_lock(&self->lock);
    if (!self->is_detached)
        pst_stream_detach_worker(self->stream, self->reader);
    self->is_detached = true;
    self->picker.phase = PST_PICK_OVER;
    pthread_mutex_unlock(&self->lock);
}

static void take_destroy(pst_source *source) {
    take_source *self = (take_source *)source;
    take_end(source);
    pst_stream_release(self->stream);
    pthread_mutex_destroy(&self->lock);
    pst_free(self->silence);
    pst_free(self);
}

static const pst_source_ops take_ops = {
    .name = "take",
    .pull = take_pull,
    .pass = take_pass,
    .stop = take_stop,
    .wake = take_wake,
    .end = take_end,
    .destroy = take_destroy,
};

// From now on, or as much earlier as the pre-roll wants and the ring still holds.
static void place(take_source *self, bool is_running, uint64_t run) {
    self->run = run;
    self->has_begun = is_running;
    if (!is_running)
        return;
    const pst_take *take = &self->picker.take;
    const bool is_now = take->start_frame < 0 && take->start_time_s <= 0.0;
    if (is_now)
        keep_before(self, pst_ring_written(self->ring));
    if (take->trigger != PST_TRIGGER_NONE && is_now)
        self->judged = pst_ring_written(self->ring); // What was before cannot be the trigger.
}

pst_status pst_source_take(pst_source **source, pst_stream *stream, const pst_take *take,
                           pst_error *err) {
    pst_stream_info info;
    pst_stream_get_info(stream, &info);
    pst_status status = pst_check_take(stream, take, &info, err);
    if (status != PST_OK)
        return status;
    pst_ring_info ring_info;
    pst_ring_get_info(pst_stream_input_ring(stream), &ring_info);
    take_source *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->silence = pst_alloc_array((size_t)PST_PICK_FILL_FRAMES, ring_info.frame_bytes);
    bool is_running = false;
    uint64_t run = 0;
    status = self->silence == NULL
                 ? pst_fail_memory(err)
                 : pst_stream_attach_worker(stream, &self->reader, &is_running, &run, err);
    if (status != PST_OK) {
        pst_free(self->silence);
        pst_free(self);
        return status;
    }
    const uint32_t n_channels = stream->flow.in.n_channels;
    self->base = (pst_source){.ops = &take_ops,
                              .format = info.input_format,
                              .n_channels = n_channels,
                              .rate_hz = info.samplerate_hz};
    pst_silence(self->silence, info.input_format, (size_t)PST_PICK_FILL_FRAMES * n_channels);
    pst_stream_retain(stream);
    self->stream = stream;
    self->ring = pst_stream_input_ring(stream);
    self->most_frames = pst_piece_frames(&ring_info);
    self->samplerate_hz = info.samplerate_hz;
    pthread_mutex_init(&self->lock, NULL);
    pst_picker_init(&self->picker, take, info.input_format, n_channels);
    place(self, is_running, run);
    *source = &self->base;
    return PST_OK;
}
