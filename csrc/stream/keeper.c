// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "device/text.h"
#include "stream/keeper_private.h"

// The keeper's thread goes round: look at the stream, close what it left behind, try to find its
// device, sleep. Between two steps it holds neither the stream nor any lock; it reaches the stream
// through a pointer that whoever closes the stream takes away.

static const int64_t look_every_ns = 50 * PST_NS_PER_MS;
static const int64_t first_pause_ns = 100 * PST_NS_PER_MS;
static const int64_t longest_pause_ns = 2 * PST_NS_PER_SECOND;

// ---- Life --------------------------------------------------------------------------------------

static void unref(pst_keeper *keeper) {
    if (atomic_fetch_sub_explicit(&keeper->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    if (!atomic_load(&keeper->is_leaky))
        pst_free(keeper->memory);
    pthread_mutex_destroy(&keeper->lock);
    pst_event_deinit(&keeper->wake);
    pst_system_release(keeper->system);
    pst_free(keeper);
}

static pst_status take_config(pst_keeper *keeper, const pst_stream_config *config, pst_error *err) {
    keeper->config = *config;
    keeper->config.input_ring = keeper->config.output_ring = NULL; // Not its business.
    keeper->config.input_map.gains = keeper->config.output_map.gains = NULL;
    keeper->config.virtual_config = NULL;
    if (config->virtual_config == NULL)
        return PST_OK;
    keeper->virtual_config = *config->virtual_config;
    keeper->config.virtual_config = &keeper->virtual_config;
    keeper->memory = pst_alloc(sizeof *keeper->memory);
    return keeper->memory != NULL ? PST_OK : pst_fail_memory(err);
}

pst_status pst_keeper_create(pst_keeper **keeper, pst_stream *stream,
                             const pst_stream_config *config, pst_error *err) {
    pst_keeper *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_status status = take_config(made, config, err);
    if (status != PST_OK)
        goto fail_config;
    status = pst_event_init(&made->wake, err);
    if (status != PST_OK)
        goto fail_config;
    const int code = pthread_mutex_init(&made->lock, NULL);
    if (code != 0) {
        status = pst_fail_errno(err, code, "make a lock");
        goto fail_lock;
    }
    atomic_init(&made->n_refs, 1);
    made->stream = stream;
    made->system = stream->system;
    pst_system_retain(made->system);
    made->step_ns = stream->control_timeout_ns;
    made->reopen_timeout_ns =
        config->reopen_timeout_s > 0.0 ? (int64_t)(config->reopen_timeout_s * 1e9) + 1 : -1;
    *keeper = made;
    return PST_OK;

fail_lock:
    pst_event_deinit(&made->wake);
fail_config:
    pst_free(made->memory);
    pst_free(made);
    return status;
}

pst_virtual_memory *pst_keeper_memory(pst_keeper *keeper) {
    return keeper->memory;
}

void pst_keeper_wake(pst_keeper *keeper) {
    if (keeper != NULL)
        pst_event_post(&keeper->wake);
}

void pst_keeper_end(pst_keeper *keeper, bool is_leaky) {
    if (keeper == NULL)
        return;
    if (is_leaky)
        atomic_store(&keeper->is_leaky, true);
    pthread_mutex_lock(&keeper->lock);
    keeper->stream = NULL;
    pthread_mutex_unlock(&keeper->lock);
    atomic_store(&keeper->ends, true);
    pst_event_post(&keeper->wake);
}

void pst_keeper_release(pst_keeper *keeper) {
    if (keeper != NULL)
        unref(keeper);
}

// ---- What others ask ---------------------------------------------------------------------------

void pst_keeper_get_uid(pst_keeper *keeper, pst_direction direction, char *uid, size_t n_bytes) {
    pthread_mutex_lock(&keeper->lock);
    pst_text_copy(uid, n_bytes, direction == PST_INPUT ? keeper->input_uid : keeper->output_uid);
    pthread_mutex_unlock(&keeper->lock);
}

pst_status pst_keeper_explain(pst_keeper *keeper, int64_t frame, pst_error *err) {
    pthread_mutex_lock(&keeper->lock);
    const pst_error last = keeper->last;
    pthread_mutex_unlock(&keeper->lock);
    return pst_fail(err, PST_DEVICE_LOST, last.native_code,
                    "The device was lost after frame %lld and could not be opened again within "
                    "%.3g s%s%s",
                    (long long)frame, (double)keeper->reopen_timeout_ns * 1e-9,
                    last.status != PST_OK ? ": " : "", last.status != PST_OK ? last.text : "");
}

// ---- The stream --------------------------------------------------------------------------------

pst_stream *pst_keeper_hold(pst_keeper *keeper) {
    pthread_mutex_lock(&keeper->lock);
    pst_stream *stream = keeper->stream;
    if (stream != NULL)
        pst_stream_retain(stream);
    pthread_mutex_unlock(&keeper->lock);
    return stream;
}

void pst_keeper_note_uids(pst_keeper *keeper, const pst_handle *handle) {
    pthread_mutex_lock(&keeper->lock);
    pst_text_copy(keeper->input_uid, sizeof keeper->input_uid, pst_handle_uid(handle, PST_INPUT));
    pst_text_copy(keeper->output_uid, sizeof keeper->output_uid,
                  pst_handle_uid(handle, PST_OUTPUT));
    pthread_mutex_unlock(&keeper->lock);
}

bool pst_keeper_take_line(pst_stream *stream) {
    pst_keeper *keeper = stream->keeper;
    pst_flow *flow = &stream->flow;
    if (!pst_tap_cut(stream->line.tap))
        return false;
    atomic_store(&stream->host_runs, false);
    atomic_store(&stream->presence, PST_DEVICE_AWAY);
    pthread_mutex_lock(&keeper->lock);
    keeper->left = stream->line; // It is empty: only one line is taken at a time.
    keeper->away_since_ns = pst_now_ns();
    keeper->last = (pst_error){.status = PST_OK};
    pthread_mutex_unlock(&keeper->lock);
    stream->line = (pst_line){.handle = NULL};
    if (pst_flow_phase(flow) == PST_PHASE_RUNNING)
        pst_flow_push_event(flow, PST_EVENT_DEVICE_LOST, 0, flow->frame, 0, pst_now_ns());
    pst_event_post(&flow->over); // The state has changed.
    pst_event_post(&keeper->wake);
    return true;
}

void pst_keeper_start_away(pst_stream *stream) {
    pst_keeper *keeper = stream->keeper;
    pthread_mutex_lock(&keeper->lock);
    keeper->away_since_ns = pst_now_ns();
    keeper->last = (pst_error){.status = PST_OK};
    pthread_mutex_unlock(&keeper->lock);
    atomic_store(&stream->presence, PST_DEVICE_AWAY);
    pst_event_post(&keeper->wake);
}

static void close_left(pst_keeper *keeper) {
    pthread_mutex_lock(&keeper->lock);
    pst_line left = keeper->left;
    keeper->left = (pst_line){.handle = NULL};
    pthread_mutex_unlock(&keeper->lock);
    if (pst_line_close(&left, keeper->step_ns, NULL) != PST_OK)
        atomic_store(&keeper->is_leaky, true);
}

// What to do about the stream. Takes the line of one that has just been lost.
typedef enum next_step { STEP_LOOK, STEP_SLEEP, STEP_OPEN } next_step;

static next_step look(pst_keeper *keeper, pst_stream *stream) {
    pst_flow *flow = &stream->flow;
    next_step step = STEP_SLEEP;
    pthread_mutex_lock(&stream->control);
    if (!atomic_load(&stream->closing) && pst_flow_phase(flow) == PST_PHASE_RUNNING) {
        step = STEP_LOOK;
        if (stream->line.handle != NULL && pst_stream_look_closely(stream) == PST_STATE_LOST &&
            pst_keeper_take_line(stream))
            keeper->pause_ns = 0;
        if (atomic_load(&stream->presence) == PST_DEVICE_AWAY)
            step = STEP_OPEN;
        else if (atomic_load(&stream->presence) == PST_DEVICE_GONE)
            step = STEP_SLEEP;
    }
    pthread_mutex_unlock(&stream->control);
    return step;
}

// ---- The thread --------------------------------------------------------------------------------

// Looks for the device once, and returns how long to wait before the next look at anything.
static int64_t open_once(pst_keeper *keeper, pst_flow *flow, int64_t *list_from_ns) {
    pthread_mutex_lock(&keeper->lock);
    const int64_t away_since_ns = keeper->away_since_ns;
    pthread_mutex_unlock(&keeper->lock);
    const int64_t list_ns = *list_from_ns > away_since_ns ? *list_from_ns : away_since_ns;
    if (pst_keeper_try_to_open(keeper, flow, list_ns))
        return look_every_ns;
    *list_from_ns = pst_now_ns();
    const int64_t longer_ns = keeper->pause_ns > 0 ? 2 * keeper->pause_ns : first_pause_ns;
    keeper->pause_ns = longer_ns < longest_pause_ns ? longer_ns : longest_pause_ns;
    // The last try comes when the time is over.
    const int64_t left_ns = away_since_ns + keeper->reopen_timeout_ns - pst_now_ns();
    const bool is_last =
        keeper->reopen_timeout_ns >= 0 && left_ns > 0 && left_ns < keeper->pause_ns;
    return is_last ? left_ns : keeper->pause_ns;
}

static void keep(void *arg) {
    pst_keeper *keeper = arg;
    pst_system *system = keeper->system;
    int64_t list_from_ns = 0; // A list that was read before this is too old.
    pst_system_retain(system);
    while (!atomic_load(&keeper->ends)) {
        const uint32_t ticket = pst_event_prepare(&keeper->wake);
        next_step step = STEP_SLEEP;
        pst_flow *flow = NULL;
        pst_stream *stream = pst_keeper_hold(keeper);
        if (stream != NULL) {
            step = look(keeper, stream);
            flow = &stream->flow;
            pst_stream_release(stream);
        }
        close_left(keeper);
        int64_t pause_ns = look_every_ns;
        if (step == STEP_OPEN && !atomic_load(&keeper->ends))
            pause_ns = open_once(keeper, flow, &list_from_ns);
        if (atomic_load(&keeper->ends))
            pst_event_cancel(&keeper->wake);
        else
            (void)pst_event_wait(&keeper->wake, ticket,
                                 step == STEP_SLEEP ? PST_NEVER_NS : pst_deadline_ns(pause_ns));
    }
    close_left(keeper);
    unref(keeper);
    pst_system_end_work(system);
    pst_system_release(system);
}

pst_status pst_keeper_start(pst_keeper *keeper, pst_error *err) {
    pst_thread thread;
    pst_keeper_note_uids(keeper, keeper->stream->line.handle);
    atomic_fetch_add_explicit(&keeper->n_refs, 1, memory_order_relaxed);
    pst_system_begin_work(keeper->system);
    const pst_status status = pst_thread_start(&thread, "pst-keeper", keep, keeper, err);
    if (status == PST_OK) {
        pst_thread_detach(&thread);
        return PST_OK;
    }
    pst_system_end_work(keeper->system);
    unref(keeper);
    return status;
}
