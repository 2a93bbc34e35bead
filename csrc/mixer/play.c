// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "mixer/loop.h"
#include "mixer/voice.h"

// A voice on the audio thread: it obeys messages, and is played in segments in which nothing
// changes but the position: no loop's end, no end of a ramp, no begin of a crossfade.

// Where gains move, so many frames are played at once: the memory for their gains.
enum { MOVING_FRAMES = 256 };

// ---- Messages -----------------------------------------------------------------------------------

static void retire(pst_voice *voice, pst_voice_state state) PST_RT {
    voice->state = state;
}

static void begin(pst_voice *voice, int64_t frame) PST_RT {
    if (voice->state != PST_VOICE_SCHEDULED)
        return;
    voice->started_frame = frame;
    voice->state = voice->is_held ? PST_VOICE_PAUSED : PST_VOICE_PLAYING;
    if (voice->position >= voice->n_frames)
        retire(voice, PST_VOICE_FINISHED);
}

static void pause(pst_voice *voice, const pst_command *command) PST_RT {
    if (voice->state == PST_VOICE_SCHEDULED) {
        voice->is_held = true;
    } else if (voice->state == PST_VOICE_PLAYING && voice->fade_end != PST_FADE_TO_CANCEL) {
        if (command->ramp_frames == 0) {
            voice->state = PST_VOICE_PAUSED;
            return;
        }
        pst_ramp_move(&voice->fade, 0.0f, command->ramp_frames, command->curve);
        voice->fade_end = PST_FADE_TO_PAUSE;
    }
}

static void resume(pst_voice *voice, const pst_command *command) PST_RT {
    if (voice->state == PST_VOICE_SCHEDULED) {
        voice->is_held = false;
        return;
    }
    if (voice->fade_end == PST_FADE_TO_CANCEL)
        return;
    const bool was_paused = voice->state == PST_VOICE_PAUSED;
    if (was_paused && command->ramp_frames > 0)
        pst_ramp_hold(&voice->fade, 0.0f);
    // A fade in that a pause without a fade has interrupted goes on.
    if (voice->fade_end == PST_FADE_TO_PAUSE || (was_paused && command->ramp_frames > 0))
        pst_ramp_move(&voice->fade, 1.0f, command->ramp_frames, command->curve);
    voice->fade_end = PST_FADE_TO_PLAY;
    voice->state = PST_VOICE_PLAYING;
}

static void cancel(pst_voice *voice, const pst_command *command) PST_RT {
    if (voice->state != PST_VOICE_PLAYING || command->ramp_frames == 0) {
        retire(voice, PST_VOICE_CANCELLED);
        return;
    }
    pst_ramp_move(&voice->fade, 0.0f, command->ramp_frames, command->curve);
    voice->fade_end = PST_FADE_TO_CANCEL;
}

static void move_gain(pst_voice *voice, const pst_command *command) PST_RT {
    const int64_t n_frames = voice->state == PST_VOICE_SCHEDULED ? 0 : command->ramp_frames;
    pst_ramp_move(&voice->gain, command->gain, n_frames, command->curve);
}

static void take_next_loop(pst_voice *voice) PST_RT {
    if (voice->has_next_loop)
        voice->loop = voice->next_loop;
    voice->has_next_loop = false;
}

static bool is_blending(const pst_voice *voice) PST_RT {
    return pst_loop_is_ahead(&voice->loop, voice->position) &&
           voice->position > pst_loop_fade_start(&voice->loop);
}

static void set_loop(pst_voice *voice, const pst_loop *loop) PST_RT {
    voice->next_loop = pst_loop_resolved(loop, voice->n_frames);
    voice->has_next_loop = true;
    if (!is_blending(voice))
        take_next_loop(voice);
}

static void seek(pst_voice *voice, int64_t position) PST_RT {
    voice->position = position;
    take_next_loop(voice);
    if (position >= voice->n_frames && voice->state != PST_VOICE_SCHEDULED)
        retire(voice, PST_VOICE_FINISHED);
}

void pst_voice_obey(pst_voice *voice, const pst_message *message, int64_t frame) PST_RT {
    if (message->is_start) {
        begin(voice, frame);
        return;
    }
    const pst_command *command = &message->command;
    switch (command->kind) {
    case PST_COMMAND_PAUSE:
        pause(voice, command);
        break;
    case PST_COMMAND_RESUME:
        resume(voice, command);
        break;
    case PST_COMMAND_CANCEL:
        cancel(voice, command);
        break;
    case PST_COMMAND_GAIN:
        move_gain(voice, command);
        break;
    case PST_COMMAND_SEEK:
        seek(voice, command->seek_frame);
        break;
    case PST_COMMAND_LOOP:
        set_loop(voice, &command->loop);
        break;
    default:
        break;
    }
}

// ---- Sound --------------------------------------------------------------------------------------

static int64_t lesser(int64_t a, int64_t b) PST_RT {
    return a < b ? a : b;
}

// A segment of a voice: n_frames from its position.
typedef struct segment {
    const float *input; // NULL: silence, because the ring is empty.
    int64_t n_frames;   // 0: the ring is over.
    bool is_blended;    // Within a loop's crossfade.
    bool is_moving;     // Its gain moves.
} segment;

static segment next_segment(const pst_voice *voice, int64_t n_frames) PST_RT {
    const pst_loop *loop = &voice->loop;
    segment next = {.n_frames = lesser(n_frames, voice->n_frames - voice->position)};
    if (pst_loop_is_ahead(loop, voice->position)) {
        next.is_blended = voice->position >= pst_loop_fade_start(loop);
        next.n_frames =
            lesser(next.n_frames, (next.is_blended ? loop->end_frame : pst_loop_fade_start(loop)) -
                                      voice->position);
    }
    const int64_t gain_left = pst_ramp_left(&voice->gain);
    const int64_t fade_left = pst_ramp_left(&voice->fade);
    if (gain_left > 0)
        next.n_frames = lesser(next.n_frames, gain_left);
    if (fade_left > 0)
        next.n_frames = lesser(next.n_frames, fade_left);
    next.is_moving = gain_left > 0 || fade_left > 0 || next.is_blended;
    if (next.is_moving)
        next.n_frames = lesser(next.n_frames, MOVING_FRAMES);
    return next;
}

static const float *data_at(const pst_voice *voice, int64_t frame) PST_RT {
    return voice->data + frame * voice->route.n_in;
}

// Multiplies gains by those of a ramp, which may stand still.
static void apply(const pst_ramp *ramp, float *gains, int64_t n_frames) PST_RT {
    if (pst_ramp_left(ramp) > 0)
        pst_ramp_apply(ramp, gains, (int32_t)n_frames);
    else if (ramp->to != 1.0f)
        pst_scale_steady(gains, n_frames, ramp->to);
}

static void add_blended(const pst_voice *voice, float *output, const float *gains,
                        int64_t n_frames) PST_RT {
    const pst_loop *loop = &voice->loop;
    const int64_t n_done = voice->position - pst_loop_fade_start(loop);
    float shares[MOVING_FRAMES];
    pst_ramp ramp;
    for (int side = 0; side < 2; ++side) {
        const float to = (float)side;
        pst_ramp_hold(&ramp, 1.0f - to);
        pst_ramp_move(&ramp, to, loop->crossfade_frames, loop->crossfade_curve);
        pst_ramp_advance(&ramp, n_done);
        memcpy(shares, gains, (size_t)n_frames * sizeof *shares);
        pst_ramp_apply(&ramp, shares, (int32_t)n_frames);
        const int64_t frame = side == 0 ? voice->position : pst_loop_blend_start(loop) + n_done;
        pst_add_moving(output, data_at(voice, frame), n_frames, &voice->route, shares);
    }
}

static void add_segment(const pst_voice *voice, float *output, const segment *part) PST_RT {
    float gains[MOVING_FRAMES];
    if (!part->is_moving) {
        const float gain = voice->gain.to * voice->fade.to;
        if (gain != 0)
            pst_add_steady(output, part->input, part->n_frames, &voice->route, gain);
        return;
    }
    for (int64_t i = 0; i < part->n_frames; ++i)
        gains[i] = 1.0f;
    apply(&voice->gain, gains, part->n_frames);
    apply(&voice->fade, gains, part->n_frames);
    if (part->is_blended)
        add_blended(voice, output, gains, part->n_frames);
    else
        pst_add_moving(output, part->input, part->n_frames, &voice->route, gains);
}

// Finds what is heard in a segment, which may become shorter by that.
static void find_input(const pst_voice *voice, segment *part) PST_RT {
    if (voice->ring == NULL) {
        part->input = data_at(voice, voice->position);
        return;
    }
    // Looked at first: after the end nothing is written any more, so an empty ring stays empty.
    const bool is_ended = pst_ring_ended(voice->ring);
    pst_span span;
    const uint64_t n_frames = pst_ring_begin_read(voice->ring, 0, (uint64_t)part->n_frames, &span);
    if (n_frames > 0) {
        part->input = (const float *)(const void *)span.data;
        part->n_frames = (int64_t)n_frames;
    } else if (is_ended) {
        part->n_frames = 0;
    }
}

static void jump(pst_voice *voice) PST_RT {
    voice->position = pst_loop_target(&voice->loop);
    voice->n_repeats += 1;
    if (voice->loop.n_repeats > 0)
        voice->loop.n_repeats -= 1;
    take_next_loop(voice);
}

static void end_fade(pst_voice *voice) PST_RT {
    if (voice->fade_end == PST_FADE_TO_CANCEL)
        retire(voice, PST_VOICE_CANCELLED);
    else if (voice->fade_end == PST_FADE_TO_PAUSE)
        voice->state = PST_VOICE_PAUSED;
}

static void advance(pst_voice *voice, const segment *part) PST_RT {
    const int64_t n_frames = part->n_frames;
    const bool jumps = pst_loop_is_ahead(&voice->loop, voice->position);
    if (part->input != NULL) {
        voice->position += n_frames;
        voice->n_played += n_frames;
        if (voice->ring != NULL)
            pst_ring_commit_read(voice->ring, 0, (uint64_t)n_frames);
    } else if (voice->n_played > 0) {
        voice->missing_frames += n_frames;
    }
    pst_ramp_advance(&voice->gain, n_frames);
    if (pst_ramp_left(&voice->fade) > 0) {
        pst_ramp_advance(&voice->fade, n_frames);
        if (pst_ramp_left(&voice->fade) == 0)
            end_fade(voice);
    }
    if (jumps && voice->position == voice->loop.end_frame)
        jump(voice);
    else if (voice->position == voice->n_frames && voice->state != PST_VOICE_CANCELLED)
        retire(voice, PST_VOICE_FINISHED);
}

void pst_voice_render(pst_voice *voice, float *output, int64_t n_frames) PST_RT {
    while (n_frames > 0 && voice->state == PST_VOICE_PLAYING) {
        segment part = next_segment(voice, n_frames);
        find_input(voice, &part);
        if (part.n_frames == 0) {
            retire(voice, PST_VOICE_FINISHED);
            break;
        }
        if (part.input != NULL)
            add_segment(voice, output, &part);
        advance(voice, &part);
        output += part.n_frames * voice->route.n_out;
        n_frames -= part.n_frames;
    }
    // Time goes on for gains in a pause, too.
    pst_ramp_advance(&voice->gain, n_frames);
}

static void set(_Atomic int64_t *number, int64_t value) PST_RT {
    atomic_store_explicit(number, value, memory_order_relaxed);
}

void pst_voice_publish(pst_voice *voice) PST_RT {
    pst_voice_numbers *numbers = &voice->numbers;
    set(&numbers->position_frame, voice->position);
    set(&numbers->started_frame, voice->started_frame);
    set(&numbers->played_frames, voice->n_played);
    set(&numbers->n_repeats, voice->n_repeats);
    set(&numbers->late_frames, voice->late_frames);
    set(&numbers->late_command_frames, voice->late_command_frames);
    set(&numbers->n_refused_commands, voice->n_refused_commands);
    set(&numbers->missing_frames, voice->missing_frames);
    atomic_store_explicit(&numbers->gain, pst_ramp_value(&voice->gain), memory_order_relaxed);
    atomic_store_explicit(&numbers->state, (int32_t)voice->state, memory_order_release);
}
