// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "mixer/voice.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "mixer/loop.h"

void pst_voice_config_default(pst_voice_config *config) PST_RT {
    *config = (pst_voice_config){
        .n_channels = 1,
        .start = {.frame = -1, .time_s = -1, .allow_belated = true},
        .gain = 1.0f,
        .loop = {.end_frame = -1, .crossfade_curve = PST_CURVE_EQUAL_POWER},
    };
}

void pst_command_default(pst_command *command, pst_command_kind kind) PST_RT {
    *command = (pst_command){
        .kind = kind,
        .moment = {.frame = -1, .time_s = -1, .allow_belated = true},
        .gain = 1.0f,
        .loop = {.end_frame = -1, .crossfade_curve = PST_CURVE_EQUAL_POWER},
    };
}

static pst_status copy_gains(pst_voice *voice, const float *gains) {
    const size_t n_gains = (size_t)voice->route.n_out * voice->route.n_in;
    voice->gains = pst_alloc_array(n_gains, sizeof *gains);
    if (voice->gains == NULL)
        return PST_NO_MEMORY;
    memcpy(voice->gains, gains, n_gains * sizeof *gains);
    voice->route.gains = voice->gains;
    return PST_OK;
}

// The messages that come with the voice: its start, and the end of the one it replaces.
static void fill_messages(pst_voice *voice, const pst_voice_config *config) {
    voice->start.is_start = true;
    voice->start.is_embedded = true;
    voice->start.voice = voice;
    voice->start.command.moment = config->start;
    if (config->replaces == NULL)
        return;
    voice->replaces = config->replaces;
    pst_voice_retain(config->replaces);
    voice->replace.is_embedded = true;
    voice->replace.voice = config->replaces;
    pst_command_default(&voice->replace.command, PST_COMMAND_CANCEL);
    voice->replace.command.ramp_frames = config->fade_in_frames;
    voice->replace.command.curve = config->fade_in_curve;
}

pst_status pst_voice_create(pst_voice **voice, const pst_mixer *mixer, uint32_t n_channels,
                            const pst_voice_config *config, pst_error *err) {
    pst_status status = pst_voice_config_check(config, n_channels, mixer, err);
    if (status != PST_OK)
        return status;
    pst_voice *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->route = (pst_route){.n_in = config->n_channels, .n_out = n_channels};
    if (config->gains != NULL && copy_gains(made, config->gains) != PST_OK) {
        pst_free(made);
        return pst_fail_memory(err);
    }
    status = pst_event_init(&made->retired, err);
    if (status != PST_OK) {
        pst_free(made->gains);
        pst_free(made);
        return status;
    }
    atomic_init(&made->n_refs, 2);
    made->mixer = mixer;
    made->data = config->data;
    made->n_frames = config->n_frames;
    if (config->ring != NULL) {
        pst_ring_retain(config->ring);
        made->ring = config->ring;
        made->n_frames = INT64_MAX;
    }
    made->position = config->offset_frames;
    made->started_frame = -1;
    made->loop = pst_loop_resolved(&config->loop, config->n_frames);
    pst_ramp_hold(&made->gain, config->gain);
    pst_ramp_hold(&made->fade, config->fade_in_frames > 0 ? 0.0f : 1.0f);
    pst_ramp_move(&made->fade, 1.0f, config->fade_in_frames, config->fade_in_curve);
    fill_messages(made, config);
    pst_voice_publish(made);
    *voice = made;
    return PST_OK;
}

void pst_voice_retain(pst_voice *voice) PST_RT {
    atomic_fetch_add_explicit(&voice->n_refs, 1, memory_order_relaxed);
}

void pst_voice_release(pst_voice *voice) {
    // A voice may hold the one that it replaced, and so on: no recursion.
    while (voice != NULL &&
           atomic_fetch_sub_explicit(&voice->n_refs, 1, memory_order_acq_rel) == 1) {
        pst_voice *replaced = voice->replaces;
        pst_event_deinit(&voice->retired);
        pst_ring_release(voice->ring);
        pst_free(voice->gains);
        pst_free(voice);
        voice = replaced;
    }
}

static int64_t get(const _Atomic int64_t *number) PST_RT {
    return atomic_load_explicit(number, memory_order_relaxed);
}

void pst_voice_get_status(const pst_voice *voice, pst_voice_status *status) PST_RT {
    const pst_voice_numbers *numbers = &voice->numbers;
    // The state first: what a retired voice has counted is final.
    const int32_t state = atomic_load_explicit(&numbers->state, memory_order_acquire);
    *status = (pst_voice_status){
        .state = (pst_voice_state)state,
        .position_frame = get(&numbers->position_frame),
        .started_frame = get(&numbers->started_frame),
        .played_frames = get(&numbers->played_frames),
        .n_repeats = get(&numbers->n_repeats),
        .late_frames = get(&numbers->late_frames),
        .late_command_frames = get(&numbers->late_command_frames),
        .n_refused_commands = get(&numbers->n_refused_commands),
        .missing_frames = get(&numbers->missing_frames),
        .gain = atomic_load_explicit(&numbers->gain, memory_order_relaxed),
    };
}

static bool is_over(const pst_voice *voice) {
    return atomic_load_explicit(&voice->numbers.state, memory_order_acquire) >= PST_VOICE_FINISHED;
}

pst_status pst_voice_wait(pst_voice *voice, int64_t timeout_ns) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&voice->retired);
        if (is_over(voice)) {
            pst_event_cancel(&voice->retired);
            return PST_OK;
        }
        if (pst_event_wait(&voice->retired, ticket, deadline_ns) == PST_TIMEOUT)
            return is_over(voice) ? PST_OK : PST_TIMEOUT;
    }
}

int32_t pst_voice_arm(pst_voice *voice) {
    const int fd = pst_event_arm_fd(&voice->retired);
    if (fd >= 0 && is_over(voice))
        pst_event_post(&voice->retired);
    return fd;
}
