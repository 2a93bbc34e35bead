// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_RECORDINGS_PICKER_H
#define PST_CHAIN_RECORDINGS_PICKER_H

#include "pastream/recording.h"

// Decides which frames a take is made of. It sees the frames of a stream as runs without gaps, in
// order, and says of the first frames of each what is to become of them. It knows nothing of rings
// and threads; take.c brings it the frames and the orders.

enum { PST_PICK_FILL_FRAMES = 4096 }; // The most that one verdict fills.

typedef enum pst_picker_phase {
    PST_PICK_BEFORE = 0, // The start.
    PST_PICK_ARMED = 1,  // Listening for the trigger.
    PST_PICK_OPEN = 2,
    PST_PICK_PAUSED = 3,
    PST_PICK_OVER = 4
} pst_picker_phase;

typedef struct pst_picker {
    pst_take take;
    pst_format format;
    uint32_t n_channels;
    uint32_t frame_bytes;
    bool watched[PST_MAX_CHANNELS];

    pst_picker_phase phase;
    pst_picker_phase resumes_as; // When paused: armed or open.
    int64_t next_frame;   // When open: the frame that the next one should be, or PST_UNLIMITED
                          // if a segment begins.
    int64_t left_frames;  // Of the segment, or PST_UNLIMITED.
    int64_t quiet_frames; // How many in a row were below the level.
    int64_t listen_from;  // Frames before are pre-roll: not compared with the level.

    // Orders. PST_UNLIMITED: none.
    int64_t stop_frame;
    int64_t pause_frame;
    int64_t resume_frame;
    int64_t trigger_frame;
} pst_picker;

// A run of frames without a gap.
typedef struct pst_run {
    const uint8_t *data;
    int64_t n_frames;
    int64_t frame;  // Number of the first.
    double time_s;  // When it was taken, monotonic clock; 0: unknown.
    double rate_hz; // Of the stream.
} pst_run;

typedef enum pst_picker_action {
    PST_PICK_PASS = 0,  // Over the first n_frames of the run.
    PST_PICK_TAKE = 1,  // They are of the take.
    PST_PICK_FILL = 2,  // n_frames of silence come before the run.
    PST_PICK_KEEP = 3,  // All n_frames may be wanted later, as pre-roll.
    PST_PICK_FIRE = 4,  // The trigger is n_frames into the run. Come back with the pre-roll.
    PST_PICK_FINISH = 5 // Nothing more is wanted.
} pst_picker_action;

typedef struct pst_picker_verdict {
    pst_picker_action action;
    int64_t n_frames;    // At least 1, but for PST_PICK_FIRE and PST_PICK_FINISH.
    int64_t lost_frames; // Missing before the run, seen now for the first time.
    bool begins;         // With take and fill: the first frames of a segment.
} pst_picker_verdict;

// Thread: control. take and its channels have been checked. Realtime: yes.
void pst_picker_init(pst_picker *picker, const pst_take *take, pst_format format,
                     uint32_t n_channels) PST_RT;

// Judges a run that begins at the first frame which was neither passed, taken nor kept. What it
// says has happened when it returns. Thread: worker. Realtime: yes.
pst_picker_verdict pst_picker_judge(pst_picker *picker, const pst_run *run) PST_RT;

// After PST_PICK_FIRE: the next run begins with the pre-roll, and the frame `trigger` has fired.
// Thread: as judge. Realtime: yes.
void pst_picker_open(pst_picker *picker, int64_t trigger) PST_RT;

// Whether the take is over without a further frame, if the next one will have this number.
// Thread: as judge. Realtime: yes.
bool pst_picker_is_stopped(const pst_picker *picker, int64_t frame) PST_RT;

// Returns what to tell others. Thread: as judge. Realtime: yes.
pst_take_state pst_picker_state(const pst_picker *picker) PST_RT;

#endif
