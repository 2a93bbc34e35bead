// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/recordings/picker.h"

#include <math.h>

static int64_t smaller(int64_t a, int64_t b) PST_RT {
    return a < b ? a : b;
}

void pst_take_default(pst_take *take) PST_RT {
    *take = (pst_take){.start_frame = PST_UNLIMITED,
                       .total_frames = PST_UNLIMITED,
                       .trigger = PST_TRIGGER_NONE,
                       .release_frames = PST_UNLIMITED};
}

void pst_picker_init(pst_picker *picker, const pst_take *take, pst_format format,
                     uint32_t n_channels) PST_RT {
    *picker = (pst_picker){.take = *take,
                           .format = format,
                           .n_channels = n_channels,
                           .frame_bytes = n_channels * pst_format_bytes(format),
                           .next_frame = PST_UNLIMITED,
                           .stop_frame = PST_UNLIMITED,
                           .pause_frame = PST_UNLIMITED,
                           .resume_frame = PST_UNLIMITED,
                           .trigger_frame = PST_UNLIMITED};
    picker->take.watched = NULL;
    for (uint32_t i = 0; i < n_channels; ++i)
        picker->watched[i] = take->n_watched == 0;
    for (uint32_t i = 0; i < take->n_watched; ++i)
        picker->watched[take->watched[i]] = true;
}

pst_take_state pst_picker_state(const pst_picker *picker) PST_RT {
    switch (picker->phase) {
    case PST_PICK_OPEN:
        return PST_TAKE_TAKING;
    case PST_PICK_PAUSED:
        return PST_TAKE_PAUSED;
    case PST_PICK_OVER:
        return PST_TAKE_OVER;
    default:
        return PST_TAKE_WAITING;
    }
}

// ---- Listening --------------------------------------------------------------------------------

enum { SCRATCH_SAMPLES = 1024 };

static bool is_frame_loud(const pst_picker *picker, const double *samples) PST_RT {
    for (uint32_t i = 0; i < picker->n_channels; ++i) {
        if (picker->watched[i] && fabs(samples[i]) >= picker->take.level)
            return true;
    }
    return false;
}

// Walks over n_frames. Stops at the first loud frame if until_loud, and else when so many in a row
// were quiet that the segment ends. Returns how many frames lie before that one, or n_frames.
static int64_t listen(pst_picker *picker, const uint8_t *data, int64_t n_frames,
                      bool until_loud) PST_RT {
    double scratch[SCRATCH_SAMPLES];
    const int64_t most = SCRATCH_SAMPLES / picker->n_channels;
    for (int64_t done = 0; done < n_frames;) {
        const int64_t n = smaller(most, n_frames - done);
        (void)pst_convert(scratch, PST_FORMAT_F64, data + done * picker->frame_bytes,
                          picker->format, (size_t)n * picker->n_channels, NULL);
        for (int64_t i = 0; i < n; ++i) {
            const bool loud = is_frame_loud(picker, scratch + i * picker->n_channels);
            picker->quiet_frames = loud ? 0 : picker->quiet_frames + 1;
            if (until_loud ? loud : picker->quiet_frames >= picker->take.release_frames)
                return done + i;
        }
        done += n;
    }
    return n_frames;
}

// ---- Segments ---------------------------------------------------------------------------------

void pst_picker_open(pst_picker *picker, int64_t trigger) PST_RT {
    picker->phase = PST_PICK_OPEN;
    picker->next_frame = PST_UNLIMITED;
    picker->left_frames = picker->take.total_frames;
    picker->quiet_frames = 0;
    picker->listen_from = trigger;
}

static void end_segment(pst_picker *picker) PST_RT {
    picker->phase = picker->take.retrigger ? PST_PICK_ARMED : PST_PICK_OVER;
    picker->next_frame = PST_UNLIMITED;
}

// Returns how many of n_frames from `frame` on come before any order.
static int64_t frames_before_orders(const pst_picker *picker, int64_t frame,
                                    int64_t n_frames) PST_RT {
    if (picker->stop_frame >= 0)
        n_frames = smaller(n_frames, picker->stop_frame - frame);
    if (picker->pause_frame >= 0)
        n_frames = smaller(n_frames, picker->pause_frame - frame);
    return n_frames;
}

// What came before the trigger, and so much after it, is not compared with the level.
static bool has_release(const pst_picker *picker) PST_RT {
    return picker->take.trigger == PST_TRIGGER_LEVEL && picker->take.release_frames >= 0;
}

static void move_on(pst_picker *picker, int64_t frame, int64_t n_frames, bool released) PST_RT {
    picker->next_frame = frame + n_frames;
    if (picker->left_frames >= 0)
        picker->left_frames -= n_frames;
    if (released || picker->left_frames == 0)
        end_segment(picker);
}

static pst_picker_verdict fill(pst_picker *picker, int64_t gap) PST_RT {
    const bool begins = picker->next_frame < 0;
    int64_t n =
        frames_before_orders(picker, picker->next_frame, smaller(gap, PST_PICK_FILL_FRAMES));
    if (picker->left_frames >= 0)
        n = smaller(n, picker->left_frames);
    bool released = false;
    if (has_release(picker) && picker->next_frame >= picker->listen_from) {
        n = smaller(n, picker->take.release_frames - picker->quiet_frames);
        picker->quiet_frames += n;
        released = picker->quiet_frames >= picker->take.release_frames;
    }
    move_on(picker, picker->next_frame, n, released);
    return (pst_picker_verdict){PST_PICK_FILL, n, n, begins};
}

static pst_picker_verdict take(pst_picker *picker, const pst_run *run) PST_RT {
    int64_t lost = 0;
    if (picker->next_frame >= 0 && run->frame > picker->next_frame) {
        lost = run->frame - picker->next_frame;
        if (!picker->take.leave_gaps_out)
            return fill(picker, lost);
        picker->next_frame = PST_UNLIMITED;
    }
    const bool begins = picker->next_frame < 0;
    int64_t n = frames_before_orders(picker, run->frame, run->n_frames);
    if (picker->left_frames >= 0)
        n = smaller(n, picker->left_frames);
    bool released = false;
    const int64_t pre = picker->listen_from > run->frame ? picker->listen_from - run->frame : 0;
    if (has_release(picker) && pre < n) {
        const int64_t n_more =
            listen(picker, run->data + pre * picker->frame_bytes, n - pre, false);
        released = picker->quiet_frames >= picker->take.release_frames;
        if (released)
            n = pre + n_more + 1;
    }
    move_on(picker, run->frame, n, released);
    return (pst_picker_verdict){PST_PICK_TAKE, n, lost, begins};
}

// ---- Judging ----------------------------------------------------------------------------------

// Returns how many frames lie between the run's first one and the start; 0 or less if it has come.
static int64_t frames_to_start(const pst_picker *picker, const pst_run *run) PST_RT {
    if (picker->take.start_frame >= 0)
        return picker->take.start_frame - run->frame;
    if (picker->take.start_time_s <= 0.0)
        return 0;
    if (run->time_s <= 0.0)
        return run->n_frames; // Nobody knows when it was.
    const double frames = (picker->take.start_time_s - run->time_s) * run->rate_hz;
    // A frame that is a thousandth early is the one that was meant.
    return frames >= (double)run->n_frames ? run->n_frames : (int64_t)ceil(frames - 1e-3);
}

static pst_picker_verdict hear(pst_picker *picker, const pst_run *run) PST_RT {
    int64_t n = frames_before_orders(picker, run->frame, run->n_frames);
    bool fires = false;
    if (picker->trigger_frame >= 0 && picker->trigger_frame - run->frame < n) {
        n = picker->trigger_frame > run->frame ? picker->trigger_frame - run->frame : 0;
        fires = true;
    }
    if (picker->take.trigger == PST_TRIGGER_LEVEL) {
        const int64_t n_quiet = listen(picker, run->data, n, true);
        fires = fires || n_quiet < n;
        n = n_quiet;
    }
    if (fires)
        picker->trigger_frame = PST_UNLIMITED;
    return (pst_picker_verdict){fires ? PST_PICK_FIRE : PST_PICK_KEEP, n, 0, false};
}

// Where the take has got to: behind what it has, or at the run.
static int64_t here(const pst_picker *picker, int64_t frame) PST_RT {
    const bool fills = picker->phase == PST_PICK_OPEN && !picker->take.leave_gaps_out;
    return fills && picker->next_frame >= 0 ? smaller(picker->next_frame, frame) : frame;
}

bool pst_picker_is_stopped(const pst_picker *picker, int64_t frame) PST_RT {
    return picker->phase == PST_PICK_OVER ||
           (picker->stop_frame >= 0 && here(picker, frame) >= picker->stop_frame);
}

static void follow_orders(pst_picker *picker, const pst_run *run) PST_RT {
    if (pst_picker_is_stopped(picker, run->frame))
        picker->phase = PST_PICK_OVER;
    const bool can_pause = picker->phase == PST_PICK_ARMED || picker->phase == PST_PICK_OPEN;
    if (can_pause && picker->pause_frame >= 0 && here(picker, run->frame) >= picker->pause_frame) {
        picker->resumes_as = picker->phase;
        picker->phase = PST_PICK_PAUSED;
        picker->pause_frame = PST_UNLIMITED;
    }
    if (picker->phase == PST_PICK_PAUSED && picker->resume_frame >= 0 &&
        run->frame >= picker->resume_frame) {
        picker->phase = picker->resumes_as;
        picker->resume_frame = PST_UNLIMITED;
        picker->next_frame = PST_UNLIMITED;
        if (picker->pause_frame <= run->frame)
            picker->pause_frame = PST_UNLIMITED; // It came while there was nothing to pause.
    }
}

static pst_picker_verdict pass(const pst_picker *picker, const pst_run *run,
                               int64_t n_frames) PST_RT {
    int64_t n = smaller(n_frames, run->n_frames);
    if (picker->stop_frame >= 0)
        n = smaller(n, picker->stop_frame - run->frame);
    return (pst_picker_verdict){PST_PICK_PASS, n, 0, false};
}

pst_picker_verdict pst_picker_judge(pst_picker *picker, const pst_run *run) PST_RT {
    if (picker->phase == PST_PICK_BEFORE) {
        const int64_t n = frames_to_start(picker, run);
        if (n > 0 && !pst_picker_is_stopped(picker, run->frame))
            return pass(picker, run, n);
        if (picker->take.trigger == PST_TRIGGER_NONE)
            pst_picker_open(picker, run->frame);
        else
            picker->phase = PST_PICK_ARMED;
    }
    follow_orders(picker, run);
    switch (picker->phase) {
    case PST_PICK_ARMED:
        return hear(picker, run);
    case PST_PICK_OPEN:
        return take(picker, run);
    case PST_PICK_PAUSED:
        return pass(picker, run,
                    picker->resume_frame >= 0 ? picker->resume_frame - run->frame : run->n_frames);
    default:
        return (pst_picker_verdict){PST_PICK_FINISH, 0, 0, false};
    }
}
