// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "base/denormals.h"
#include "mixer/state.h"

// The mixer on the audio thread. A block has four steps: take what was sent, hand out what happens
// in this block, let the voices play, give back what is spent.

enum { MOVING_FRAMES = 256 };

typedef struct block {
    const pst_callback_time *time;
    int64_t n_frames;
    float *output;
} block;

void pst_mixer_retire(pst_mixer *mixer, pst_voice *voice) PST_RT {
    pst_voice_publish(voice);
    atomic_fetch_sub_explicit(&mixer->n_voices, 1, memory_order_acq_rel);
    pst_event_post(&voice->retired);
    mixer->has_retired = true;
}

// What is part of a voice that goes on is not given back by itself.
static void spend(pst_mixer *mixer, pst_message *message) PST_RT {
    if (!message->is_embedded)
        pst_letters_append(&mixer->spent, &message->letter);
}

// ---- Step 1: what was sent ----------------------------------------------------------------------

static void take_messages(pst_mixer *mixer, const block *now) PST_RT {
    pst_letters list = pst_letterbox_take(&mixer->inbox);
    for (;;) {
        pst_message *message = pst_list_take(&list);
        if (message == NULL)
            return;
        const pst_moment *moment = &message->command.moment;
        message->sequence = mixer->n_arrived++;
        if (moment->frame < 0 && moment->time_s >= 0) {
            message->key = moment->time_s;
            pst_schedule_add(&mixer->by_time, message);
        } else {
            message->key = (double)(moment->frame < 0 ? now->time->frame : moment->frame);
            pst_schedule_add(&mixer->by_frame, message);
        }
    }
}

// ---- Step 2: what happens in this block ---------------------------------------------------------

// Starts a voice, whose start message comes back when it is retired.
static void link_voice(pst_mixer *mixer, pst_voice *voice) PST_RT {
    voice->next = NULL;
    voice->is_linked = true;
    *mixer->last_link = voice;
    mixer->last_link = &voice->next;
}

// Notes how late a message is. Returns whether it is too late to happen.
static bool is_refused(pst_voice *voice, pst_message *message) PST_RT {
    const int64_t late = message->offset < 0 ? -message->offset : 0;
    if (voice != NULL && message->is_start)
        voice->late_frames = late;
    else if (voice != NULL && late > voice->late_command_frames)
        voice->late_command_frames = late;
    message->offset += late;
    if (late == 0 || message->command.moment.allow_belated)
        return false;
    if (voice != NULL && !message->is_start)
        voice->n_refused_commands += 1;
    return true;
}

static void hand_to_voice(pst_mixer *mixer, pst_message *message, const block *now) PST_RT {
    pst_voice *voice = message->voice;
    if (pst_voice_is_retired(voice) || is_refused(voice, message)) {
        spend(mixer, message);
    } else if (voice->is_linked) {
        pst_list_insert(&voice->due, message);
    } else {
        pst_voice_obey(voice, message, now->time->frame + message->offset);
        if (pst_voice_is_retired(voice))
            pst_mixer_retire(mixer, voice);
        else
            pst_voice_publish(voice);
        spend(mixer, message);
    }
}

static void hand_start(pst_mixer *mixer, pst_message *message, const block *now) PST_RT {
    pst_voice *voice = message->voice;
    if (pst_voice_is_retired(voice)) {
        pst_letters_append(&mixer->spent, &message->letter);
    } else if (is_refused(voice, message)) {
        voice->state = PST_VOICE_LATE;
        pst_mixer_retire(mixer, voice);
        pst_letters_append(&mixer->spent, &message->letter);
    } else {
        link_voice(mixer, voice);
        pst_list_insert(&voice->due, message);
        if (voice->replaces != NULL) {
            voice->replace.offset = message->offset;
            hand_to_voice(mixer, &voice->replace, now);
        }
    }
}

static void hand_out(pst_mixer *mixer, pst_message *message, int64_t offset,
                     const block *now) PST_RT {
    message->offset = offset;
    if (message->is_start)
        hand_start(mixer, message, now);
    else if (message->voice != NULL)
        hand_to_voice(mixer, message, now);
    else if (is_refused(NULL, message))
        spend(mixer, message);
    else
        pst_list_insert(&mixer->due, message);
}

// Returns the frame of the block that is heard at a time; before the block it is negative.
static double offset_of_time(const block *now, double time_s) PST_RT {
    return nearbyint((time_s - now->time->output_dac_s) * now->time->samplerate_hz);
}

static void hand_out_due(pst_mixer *mixer, const block *now) PST_RT {
    const double first = (double)now->time->frame;
    const double n_frames = (double)now->n_frames;
    while (mixer->by_frame.soonest != NULL && mixer->by_frame.soonest->key - first < n_frames) {
        pst_message *message = pst_schedule_take(&mixer->by_frame);
        hand_out(mixer, message, (int64_t)(message->key - first), now);
    }
    while (mixer->by_time.soonest != NULL) {
        const double offset = offset_of_time(now, mixer->by_time.soonest->key);
        if (offset >= n_frames)
            return;
        hand_out(mixer, pst_schedule_take(&mixer->by_time), (int64_t)offset, now);
    }
}

// ---- Step 3: sound ------------------------------------------------------------------------------

static void play_voice(pst_mixer *mixer, pst_voice *voice, const block *now) PST_RT {
    int64_t done = 0;
    for (;;) {
        pst_message *message = pst_list_take(&voice->due);
        const int64_t until = message != NULL ? message->offset : now->n_frames;
        pst_voice_render(voice, now->output + done * mixer->n_channels, until - done);
        done = until;
        if (message == NULL)
            return;
        if (!pst_voice_is_retired(voice))
            pst_voice_obey(voice, message, now->time->frame + message->offset);
        spend(mixer, message);
    }
}

// Plays all voices, and unlinks those that are over.
static void play_voices(pst_mixer *mixer, const block *now) PST_RT {
    pst_voice **link = &mixer->first_voice;
    while (*link != NULL) {
        pst_voice *voice = *link;
        play_voice(mixer, voice, now);
        if (!pst_voice_is_retired(voice)) {
            pst_voice_publish(voice);
            link = &voice->next;
            continue;
        }
        *link = voice->next;
        voice->is_linked = false;
        pst_mixer_retire(mixer, voice);
        pst_letters_append(&mixer->spent, &voice->start.letter);
    }
    mixer->last_link = link;
}

static void scale(pst_mixer *mixer, float *output, int64_t n_frames) PST_RT {
    pst_ramp *gain = &mixer->gain;
    float gains[MOVING_FRAMES];
    while (n_frames > 0 && pst_ramp_left(gain) > 0) {
        int64_t n = n_frames < MOVING_FRAMES ? n_frames : MOVING_FRAMES;
        if (n > pst_ramp_left(gain))
            n = pst_ramp_left(gain);
        for (int64_t i = 0; i < n; ++i)
            gains[i] = 1.0f;
        pst_ramp_apply(gain, gains, (int32_t)n);
        pst_scale_moving(output, n, mixer->n_channels, gains);
        pst_ramp_advance(gain, n);
        output += n * mixer->n_channels;
        n_frames -= n;
    }
    if (n_frames > 0 && gain->to != 1.0f)
        pst_scale_steady(output, n_frames * mixer->n_channels, gain->to);
}

// Applies the mixer's own gain to all that is in the output.
static void scale_output(pst_mixer *mixer, const block *now) PST_RT {
    int64_t done = 0;
    for (;;) {
        pst_message *message = pst_list_take(&mixer->due);
        const int64_t until = message != NULL ? message->offset : now->n_frames;
        scale(mixer, now->output + done * mixer->n_channels, until - done);
        done = until;
        if (message == NULL)
            break;
        const pst_command *command = &message->command;
        pst_ramp_move(&mixer->gain, command->gain, command->ramp_frames, command->curve);
        spend(mixer, message);
    }
    atomic_store_explicit(&mixer->gain_now, pst_ramp_value(&mixer->gain), memory_order_relaxed);
}

// ---- Step 4: what is spent ----------------------------------------------------------------------

// Returns whether the run is to end: no voice is left, not even one that is just being sent.
static bool is_over(pst_mixer *mixer) PST_RT {
    uint64_t none = 0;
    return mixer->stop_when_idle &&
           atomic_compare_exchange_strong_explicit(&mixer->n_voices, &none, PST_MIXER_OVER,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

int32_t pst_mixer_render(const void *input, void *output, int64_t n_frames,
                         const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    (void)input;
    (void)flags;
    pst_mixer *mixer = user;
    const block now = {.time = time, .n_frames = n_frames, .output = output};
    // Called again after the end: a new run.
    if ((atomic_load_explicit(&mixer->n_voices, memory_order_relaxed) & PST_MIXER_OVER) != 0)
        atomic_fetch_and_explicit(&mixer->n_voices, ~PST_MIXER_OVER, memory_order_acq_rel);
    mixer->has_retired = false;
    const uint64_t denormals = pst_denormals_flush();
    take_messages(mixer, &now);
    hand_out_due(mixer, &now);
    play_voices(mixer, &now);
    scale_output(mixer, &now);
    pst_denormals_restore(denormals);
    atomic_store_explicit(&mixer->next_frame, time->frame + n_frames, memory_order_relaxed);
    const bool ends = is_over(mixer);
    pst_letterbox_post(&mixer->outbox, &mixer->spent);
    if (mixer->has_retired)
        pst_event_post(&mixer->idle);
    return ends ? PST_CALLBACK_COMPLETE : PST_CALLBACK_CONTINUE;
}
