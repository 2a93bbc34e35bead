// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"
#include "base/error.h"
#include "mixer/state.h"

// The side that sends, waits and frees.

pst_status pst_mixer_create(pst_mixer **mixer, uint32_t n_channels, bool stop_when_idle,
                            pst_error *err) {
    if (n_channels < 1 || n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        n_channels, PST_MAX_CHANNELS);
    pst_mixer *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    const pst_status status = pst_event_init(&made->idle, err);
    if (status != PST_OK) {
        pst_free(made);
        return status;
    }
    atomic_init(&made->n_refs, 1);
    made->n_channels = n_channels;
    made->stop_when_idle = stop_when_idle;
    made->last_link = &made->first_voice;
    pst_ramp_hold(&made->gain, 1.0f);
    atomic_init(&made->gain_now, 1.0f);
    *mixer = made;
    return PST_OK;
}

void pst_mixer_retain(pst_mixer *mixer) PST_RT {
    atomic_fetch_add_explicit(&mixer->n_refs, 1, memory_order_relaxed);
}

void pst_mixer_release(pst_mixer *mixer) {
    if (mixer == NULL || atomic_fetch_sub_explicit(&mixer->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    pst_mixer_clear(mixer);
    pst_event_deinit(&mixer->idle);
    pst_free(mixer);
}

static void release_message(pst_message *message) {
    // Of a start: the mixer's reference on the voice that the message is part of.
    pst_voice *voice = message->voice;
    if (!message->is_embedded)
        pst_free(message);
    pst_voice_release(voice);
}

void pst_mixer_collect(pst_mixer *mixer) {
    pst_letters list = pst_letterbox_take(&mixer->outbox);
    for (;;) {
        pst_message *message = pst_list_take(&list);
        if (message == NULL)
            return;
        release_message(message);
    }
}

static void send(pst_mixer *mixer, pst_message *message) {
    pst_letters list = {NULL, NULL};
    pst_letters_append(&list, &message->letter);
    pst_letterbox_post(&mixer->inbox, &list);
}

pst_status pst_mixer_play(pst_mixer *mixer, const pst_voice_config *config, pst_voice **voice,
                          pst_error *err) {
    pst_mixer_collect(mixer);
    const pst_status status = pst_voice_create(voice, mixer, mixer->n_channels, config, err);
    if (status != PST_OK)
        return status;
    // Counted before it can be retired. Released: who sees the count has the voice in the inbox
    // soon, and the run is not ended without it.
    atomic_fetch_add_explicit(&mixer->n_voices, 1, memory_order_acq_rel);
    send(mixer, &(*voice)->start);
    return PST_OK;
}

pst_status pst_mixer_command(pst_mixer *mixer, pst_voice *voice, const pst_command *command,
                             pst_error *err) {
    pst_mixer_collect(mixer);
    if (voice != NULL && voice->mixer != mixer)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "voice is of another mixer");
    const pst_status status = pst_command_check(command, voice, err);
    if (status != PST_OK)
        return status;
    pst_message *message = pst_alloc(sizeof *message);
    if (message == NULL)
        return pst_fail_memory(err);
    message->command = *command;
    message->voice = voice;
    if (voice != NULL)
        pst_voice_retain(voice);
    send(mixer, message);
    return PST_OK;
}

void pst_mixer_get_status(const pst_mixer *mixer, pst_mixer_status *status) PST_RT {
    const uint64_t n_voices = atomic_load_explicit(&mixer->n_voices, memory_order_acquire);
    *status = (pst_mixer_status){
        .n_voices = (int64_t)(n_voices & ~PST_MIXER_OVER),
        .next_frame = atomic_load_explicit(&mixer->next_frame, memory_order_relaxed),
        .gain = atomic_load_explicit(&mixer->gain_now, memory_order_relaxed),
        .is_over = (n_voices & PST_MIXER_OVER) != 0,
    };
}

// ---- Waiting ------------------------------------------------------------------------------------

static bool is_idle(const pst_mixer *mixer) {
    pst_mixer_status status;
    pst_mixer_get_status(mixer, &status);
    return status.n_voices == 0;
}

pst_status pst_mixer_wait(pst_mixer *mixer, int64_t timeout_ns) {
    const int64_t deadline_ns = pst_deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = pst_event_prepare(&mixer->idle);
        if (is_idle(mixer)) {
            pst_event_cancel(&mixer->idle);
            return PST_OK;
        }
        if (pst_event_wait(&mixer->idle, ticket, deadline_ns) == PST_TIMEOUT)
            return is_idle(mixer) ? PST_OK : PST_TIMEOUT;
    }
}

int32_t pst_mixer_arm(pst_mixer *mixer) {
    const int fd = pst_event_arm_fd(&mixer->idle);
    if (fd >= 0 && is_idle(mixer))
        pst_event_post(&mixer->idle);
    return fd;
}

// ---- The end ------------------------------------------------------------------------------------

static void cancel_voice(pst_mixer *mixer, pst_voice *voice) {
    if (pst_voice_is_retired(voice))
        return;
    voice->state = PST_VOICE_CANCELLED;
    pst_mixer_retire(mixer, voice);
}

static void drop(pst_mixer *mixer, pst_message *message) {
    if (message->is_start)
        cancel_voice(mixer, message->voice);
    release_message(message);
}

void pst_mixer_clear(pst_mixer *mixer) {
    pst_letters inbox = pst_letterbox_take(&mixer->inbox);
    for (pst_message *message = pst_list_take(&inbox); message != NULL;
         message = pst_list_take(&inbox))
        drop(mixer, message);
    while (mixer->by_frame.soonest != NULL)
        drop(mixer, pst_schedule_take(&mixer->by_frame));
    while (mixer->by_time.soonest != NULL)
        drop(mixer, pst_schedule_take(&mixer->by_time));
    pst_voice *voice = mixer->first_voice;
    mixer->first_voice = NULL;
    mixer->last_link = &mixer->first_voice;
    while (voice != NULL) {
        pst_voice *next = voice->next;
        drop(mixer, &voice->start);
        voice = next;
    }
    pst_mixer_collect(mixer);
    pst_event_post(&mixer->idle);
}
