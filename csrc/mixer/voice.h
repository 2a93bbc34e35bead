// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_MIXER_VOICE_H
#define PST_MIXER_VOICE_H

#include "base/event.h"
#include "mixer/add.h"
#include "mixer/message.h"
#include "mixer/ramp.h"

// What a fade leads to.
typedef enum pst_fade_end {
    PST_FADE_TO_PLAY = 0,
    PST_FADE_TO_PAUSE = 1,
    PST_FADE_TO_CANCEL = 2
} pst_fade_end;

// The audio thread's numbers, for everybody to read. Stored at the end of a block, the state last.
typedef struct pst_voice_numbers {
    _Atomic int64_t position_frame;
    _Atomic int64_t started_frame;
    _Atomic int64_t played_frames;
    _Atomic int64_t n_repeats;
    _Atomic int64_t late_frames;
    _Atomic int64_t late_command_frames;
    _Atomic int64_t n_refused_commands;
    _Atomic int64_t missing_frames;
    _Atomic float gain;
    _Atomic int32_t state;
} pst_voice_numbers;

struct pst_voice {
    _Atomic uint32_t n_refs; // Handles; one is the mixer's, until the start message is collected.
    const pst_mixer *mixer;  // Only compared.
    pst_voice *replaces;     // A reference.
    float *gains;            // Memory of route.gains.
    pst_event retired;
    pst_voice_numbers numbers;
    pst_message start;   // Comes back when the voice is retired and unlinked.
    pst_message replace; // Cancels the voice that this one replaces.
    // The rest belongs to the audio thread once the voice is sent.
    const float *data;
    pst_ring *ring;   // In place of data. A reference.
    int64_t n_frames; // Of a ring: more than can come.
    pst_route route;
    pst_voice *next; // In the mixer's list.
    bool is_linked;  // In it.
    pst_letters due; // What happens in this block, in order.
    pst_voice_state state;
    bool is_held; // Paused before its start.
    pst_fade_end fade_end;
    pst_ramp gain;
    pst_ramp fade;
    pst_loop loop;      // n_repeats: jumps still to come.
    pst_loop next_loop; // Behind the crossfade that has begun.
    bool has_next_loop;
    int64_t position;
    int64_t started_frame;
    int64_t n_played;
    int64_t n_repeats;
    int64_t late_frames;
    int64_t late_command_frames;
    int64_t n_refused_commands;
    int64_t missing_frames;
};

// Checks what a voice of a mixer with n_channels is to be.
pst_status pst_voice_config_check(const pst_voice_config *config, uint32_t n_channels,
                                  const pst_mixer *mixer, pst_error *err);

// Makes a voice with two references, the caller's and the mixer's.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY or PST_SYSTEM_ERROR. Realtime: no.
PST_NODISCARD pst_status pst_voice_create(pst_voice **voice, const pst_mixer *mixer,
                                          uint32_t n_channels, const pst_voice_config *config,
                                          pst_error *err);

// Checks a command for a voice, or for the mixer (NULL).
pst_status pst_command_check(const pst_command *command, const pst_voice *voice, pst_error *err);

// ---- On the audio thread ------------------------------------------------------------------------

static inline bool pst_voice_is_retired(const pst_voice *voice) PST_RT {
    return voice->state >= PST_VOICE_FINISHED;
}

// Lets a message to the voice happen now; frame: the device frame number of now.
void pst_voice_obey(pst_voice *voice, const pst_message *message, int64_t frame) PST_RT;

// Adds the next n_frames to output and advances, up to the voice's end.
void pst_voice_render(pst_voice *voice, float *output, int64_t n_frames) PST_RT;

// Stores the numbers for others to read. Once the state of a retired voice is stored its data is
// not touched any more.
void pst_voice_publish(pst_voice *voice) PST_RT;

#endif
