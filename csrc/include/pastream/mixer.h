// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_MIXER_H
#define PASTREAM_MIXER_H

#include "pastream/base.h"
#include "pastream/callback.h"
#include "pastream/format.h"
#include "pastream/ring.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A mixer plays any number of sounds, its voices, into one float32 output, each scheduled to the
// frame. It is a function of the audio thread, pst_mixer_render, and calls from other threads that
// send voices and commands to it. Nothing is allocated or freed on the audio thread: what was sent
// comes back, and the next call from another thread frees it. The number of voices and of commands
// on their way has no limit but memory.
//
// Frames are numbered as the stream's device frames. They begin at 0 with each run: voices that
// play or are paused go on where they were, and what waits for a frame number waits for that frame
// of the new run. Frames that the device loses are not skipped in the voices.
typedef struct pst_mixer pst_mixer;

// One sound on its way. Made by pst_mixer_play; the handle may be released at any time, the sound
// plays on.
typedef struct pst_voice pst_voice;

// How a gain moves from a to b, x going from 0 to 1.
typedef enum pst_curve {
    PST_CURVE_LINEAR = 0,      // a + (b - a) x
    PST_CURVE_EQUAL_POWER = 1, // sqrt((a cos(x pi/2))^2 + (b sin(x pi/2))^2)
    PST_CURVE_EXPONENTIAL = 2  // a (b / a)^x: even in decibels. 0 counts as -100 dB on the way.
} pst_curve;

typedef enum pst_voice_state {
    PST_VOICE_SCHEDULED = 0, // Its start frame is still to come.
    PST_VOICE_PLAYING = 1,
    PST_VOICE_PAUSED = 2,
    PST_VOICE_FINISHED = 3, // Retired: played to its end. So are all from here on.
    PST_VOICE_CANCELLED = 4,
    PST_VOICE_LATE = 5 // It came too late for its start frame, which was not allowed.
} pst_voice_state;

typedef enum pst_command_kind {
    PST_COMMAND_PAUSE = 1,  // Hold; ramp_frames: fade out before.
    PST_COMMAND_RESUME = 2, // Go on; ramp_frames: fade in.
    PST_COMMAND_CANCEL = 3, // Retire; ramp_frames: fade out before.
    PST_COMMAND_GAIN = 4,   // Move the gain to `gain` within ramp_frames.
    PST_COMMAND_SEEK = 5,   // Go on at data frame seek_frame. Not of a ring.
    PST_COMMAND_LOOP = 6    // Replace the loop by `loop`. Not of a ring.
} pst_command_kind;

// When something happens. A ramp of n frames that begins at frame f still has its first value at f
// and has its last value from f + n on.
typedef struct pst_moment {
    int64_t frame;      // Device frame number, or -1: the next block.
    double time_s;      // Used if frame is -1 and this is not negative: when the frame is heard, in
                        // seconds of the monotonic clock; the callback's DAC time decides.
    bool allow_belated; // If the moment has passed: happen at once (true), or not at all.
} pst_moment;

// Repeating part of the data. Playing reaches end_frame and jumps to start_frame, n_repeats times;
// then it goes on behind end_frame. What lies before start_frame is heard once.
//
// With a crossfade of X frames, the last X frames of a pass that will jump are blended with the X
// frames before start_frame, so that the jump is seamless. Where the data has no X frames before
// start_frame, they are blended with the first X frames of the loop, and the jump goes to
// start_frame + X: passes after the first are X frames shorter. A crossfade that has begun is
// finished: a new loop that comes meanwhile takes effect behind its jump.
typedef struct pst_loop {
    int64_t start_frame;
    int64_t end_frame;        // First frame not in the loop; -1: the end of the data.
    int64_t n_repeats;        // Jumps: 0 none, -1 for ever.
    int64_t crossfade_frames; // At most the loop's length, or half of it if start_frame is less.
    pst_curve crossfade_curve;
} pst_loop;

typedef struct pst_voice_config {
    const float *data; // n_frames interleaved frames: the caller's, valid until the voice is
                       // retired.
    int64_t n_frames;  // At least 1.
    uint32_t
        n_channels; // 1 to PST_MAX_CHANNELS; without gains: the mixer's, or 1, which goes to all.
    const float *gains;      // NULL, or [mixer's channels][n_channels], finite. Copied.
    pst_moment start;        // When the first frame is heard.
    int64_t offset_frames;   // Data frame to begin with, 0 to n_frames - 1.
    float gain;              // 0 or more.
    int64_t fade_in_frames;  // From the start on; 0: none.
    pst_curve fade_in_curve; // Also of the voice that is replaced.
    pst_loop loop;
    // NULL, or, in place of data, a ring of float32 frames of n_channels, whose reader 0 is the
    // voice until it is retired. Retained. n_frames and offset_frames must be 0 then, and there is
    // no loop. Where the ring is empty there is silence; the voice finishes once the ring is ended
    // and empty.
    pst_ring *ring;
    // NULL, or a voice of this mixer to cancel at the moment of the start, with a fade out of
    // fade_in_frames: a crossfade. Retained while needed.
    pst_voice *replaces;
} pst_voice_config;

typedef struct pst_command {
    pst_command_kind kind;
    pst_moment moment;
    int64_t ramp_frames; // 0 or more.
    pst_curve curve;     // Of the ramp.
    float gain;          // 0 or more.
    int64_t seek_frame;  // 0 to n_frames, which is the end.
    pst_loop loop;
} pst_command;

// Each number is exact as of the last block; they are read one after another.
typedef struct pst_voice_status {
    pst_voice_state state;
    int64_t position_frame; // Data frame to be heard next.
    int64_t started_frame;  // Device frame at which it began; -1 before.
    int64_t played_frames;  // Frames heard in all.
    int64_t n_repeats;      // Jumps made from the loop's end to its start.
    int64_t late_frames;    // How late the start was. Of a voice that is late: would have been.
    int64_t late_command_frames; // How late the latest of its commands was.
    int64_t n_refused_commands;  // Belated commands that were not allowed to be.
    int64_t missing_frames; // Silence because the ring was empty, after its first frame and before
                            // its end.
    float gain;             // Now, in a ramp too; fades are not part of it.
} pst_voice_status;

typedef struct pst_mixer_status {
    int64_t n_voices;   // Not retired yet.
    int64_t next_frame; // Device frame after the last block; 0 before the first.
    float gain;         // Of the mixer, now.
    bool is_over;       // stop_when_idle ended the run, and no new one has begun.
} pst_mixer_status;

// Makes a mixer for n_channels (1 to PST_MAX_CHANNELS). It starts with one reference.
// stop_when_idle: end the stream's run in the block in which no voice is left.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY or PST_SYSTEM_ERROR.
// Thread: control. Realtime: no (allocates).
PST_API pst_status pst_mixer_create(pst_mixer **mixer, uint32_t n_channels, bool stop_when_idle,
                                    pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_mixer_retain(pst_mixer *mixer) PST_RT;

// Drops a reference; the last one clears the mixer and frees it. NULL is allowed.
// Thread: any but callback; nobody may be rendering at the last one. Realtime: no (frees).
PST_API void pst_mixer_release(pst_mixer *mixer);

// Adds the voices to one block of output: a pst_callback_fn, to be given to a stream with float32
// output of the mixer's channels, with the mixer as its user pointer. The mixer's gain is applied
// to all that output holds then. input is not looked at.
// Returns PST_CALLBACK_CONTINUE, or PST_CALLBACK_COMPLETE if stop_when_idle says so.
// Thread: callback. Realtime: yes.
PST_API int32_t pst_mixer_render(const void *input, void *output, int64_t n_frames,
                                 const pst_callback_time *time, uint32_t flags, void *mixer) PST_RT;

// Fills in the defaults: no data, start with the next block, belated or not, gain 1, no fade, no
// loop, linear fades, equal-power crossfades of loops.
// Thread: any. Realtime: yes.
PST_API void pst_voice_config_default(pst_voice_config *config) PST_RT;

// Fills in the defaults: at the next block, belated or not, gain 1, no ramp.
// Thread: any. Realtime: yes.
PST_API void pst_command_default(pst_command *command, pst_command_kind kind) PST_RT;

// Sends a new voice to the audio thread.
// voice: gets a handle with one reference for the caller.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the field) or PST_NO_MEMORY.
// Thread: any but callback. Realtime: no (allocates).
PST_API pst_status pst_mixer_play(pst_mixer *mixer, const pst_voice_config *config,
                                  pst_voice **voice, pst_error *err);

// Sends a command to a voice, or, with voice NULL, to the mixer, which knows PST_COMMAND_GAIN only.
//
// Commands of one thread for one moment happen in the order in which they were sent. Before the
// start of its voice a command acts at once: a gain without its ramp; a pause holds the start back
// until the resume. A command to a retired voice does nothing.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the field) or PST_NO_MEMORY.
// Thread: any but callback. Realtime: no (allocates).
PST_API pst_status pst_mixer_command(pst_mixer *mixer, pst_voice *voice, const pst_command *command,
                                     pst_error *err);

// Retires all voices as cancelled, and forgets all commands, at once.
// Thread: control; nobody may be rendering: the stream must be closed. Realtime: no (frees).
PST_API void pst_mixer_clear(pst_mixer *mixer);

// Frees what has come back from the audio thread; pst_mixer_play and pst_mixer_command do so too.
// Thread: any but callback. Realtime: no (frees).
PST_API void pst_mixer_collect(pst_mixer *mixer);

// Thread: any. Realtime: yes.
PST_API void pst_mixer_get_status(const pst_mixer *mixer, pst_mixer_status *status) PST_RT;

// Waits until no voice is left that is not retired. A negative timeout waits for ever.
// Returns PST_OK or PST_TIMEOUT.
// Thread: any but callback. Realtime: no (blocks).
PST_API pst_status pst_mixer_wait(pst_mixer *mixer, int64_t timeout_ns);

// Arms a descriptor that becomes readable when no voice is left; it may do so too early.
// Returns the descriptor, which belongs to the mixer, or a negative status: PST_SYSTEM_ERROR.
// Thread: one at a time. Realtime: no.
PST_API int32_t pst_mixer_arm(pst_mixer *mixer);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_voice_retain(pst_voice *voice) PST_RT;

// Drops a reference; the sound plays on. NULL is allowed.
// Thread: any but callback. Realtime: no (may free).
PST_API void pst_voice_release(pst_voice *voice);

// Thread: any. Realtime: yes.
PST_API void pst_voice_get_status(const pst_voice *voice, pst_voice_status *status) PST_RT;

// Waits until the voice is retired: its last frame was handed to the device, and its data is not
// needed any more. A negative timeout waits for ever.
// Returns PST_OK or PST_TIMEOUT.
// Thread: any but callback. Realtime: no (blocks).
PST_API pst_status pst_voice_wait(pst_voice *voice, int64_t timeout_ns);

// Arms a descriptor that becomes readable when the voice is retired; it may do so too early.
// Returns the descriptor, which belongs to the voice, or a negative status: PST_SYSTEM_ERROR.
// Thread: one at a time. Realtime: no.
PST_API int32_t pst_voice_arm(pst_voice *voice);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
