// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/loss.h"

#include "base/clock.h"
#include "pastream/stream.h"

enum {
    XRUN_FLAGS = PST_FLAG_INPUT_UNDERFLOW | PST_FLAG_INPUT_OVERFLOW | PST_FLAG_OUTPUT_UNDERFLOW |
                 PST_FLAG_OUTPUT_OVERFLOW
};

void pst_loss_init(pst_loss *loss, const pst_loss_config *config) PST_RT {
    *loss = (pst_loss){.config = *config};
    // Without a default, one late wake-up would be called a loss.
    if (config->settle_ns <= 0 && config->counter == PST_COUNTER_ESTIMATED)
        loss->config.settle_ns = 100 * PST_NS_PER_MS;
    if (config->settle_ns <= 0 && config->counter == PST_COUNTER_NONE)
        loss->config.settle_ns = 500 * PST_NS_PER_MS;
}

static double frames_of_ns(const pst_loss *loss, int64_t ns) PST_RT {
    return (double)ns * loss->config.rate_hz / (double)PST_NS_PER_SECOND;
}

static double deviation(const pst_loss *loss, const pst_block *block) PST_RT {
    if (loss->config.counter == PST_COUNTER_NONE)
        return frames_of_ns(loss, block->now_ns - loss->origin) - (double)loss->count;
    return (double)(block->device_frame - loss->origin - loss->count);
}

static double larger(double a, double b) PST_RT {
    return a > b ? a : b;
}

// Hosts without a clock in frames may hand out some blocks at once and begin in earnest a second or
// two later (measured: PulseAudio through ALSA, both directions). Nothing is lost by that: the
// device had not begun. So time counts from the last pause in the first quarter of a second.
static bool is_starting(const pst_loss *loss) PST_RT {
    return loss->config.counter == PST_COUNTER_NONE &&
           (double)loss->count < 0.25 * loss->config.rate_hz;
}

// Whether frames may be missing at all. A clock in frames is always worth looking at; without one
// there must be a sign of trouble.
static bool is_alert(pst_loss *loss, const pst_block *block) PST_RT {
    if (loss->config.counter != PST_COUNTER_NONE)
        return true;
    const double silence = frames_of_ns(loss, block->now_ns - loss->last_ns);
    const double shortest = loss->config.rate_hz * 0.05;
    const double four_blocks = 4.0 * loss->block_frames;
    if ((block->flags & XRUN_FLAGS) != 0 || silence > larger(four_blocks, shortest))
        loss->alert_until_ns = block->now_ns + loss->config.settle_ns;
    return block->now_ns <= loss->alert_until_ns;
}

// How far the deviation has to jump. Less than that is the wake-up's jitter, and where that is
// heavy, its smallest value over a while is not near to nothing either.
static double threshold(const pst_loss *loss) PST_RT {
    if (loss->config.grain_frames > 0)
        return larger(0.6 * loss->config.grain_frames, loss->jitter);
    const double share = loss->config.counter == PST_COUNTER_NONE ? 0.005 : 0.002;
    return larger(larger(0.5 * loss->block_frames, share * loss->config.rate_hz), loss->jitter);
}

static int64_t whole_frames(const pst_loss *loss, double frames) PST_RT {
    const uint32_t grain = loss->config.grain_frames > 0 ? loss->config.grain_frames : 1;
    return (int64_t)(frames / grain + 0.5) * grain;
}

// What is normal follows the smallest deviation of each second upwards, and at once downwards.
static void follow_drift(pst_loss *loss, double now_deviation, int64_t now_ns) PST_RT {
    if (now_deviation < loss->normal)
        loss->normal = now_deviation;
    if (now_deviation < loss->window_smallest)
        loss->window_smallest = now_deviation;
    if (now_ns >= loss->window_end_ns) {
        loss->normal = loss->window_smallest;
        loss->window_smallest = now_deviation;
        loss->window_end_ns = now_ns + PST_NS_PER_SECOND;
    }
}

static void begin_window(pst_loss *loss, double now_deviation, int64_t now_ns) PST_RT {
    loss->window_smallest = now_deviation;
    loss->window_end_ns = now_ns + PST_NS_PER_SECOND;
}

// Watches jumps. Returns the frames that stayed missing.
static int64_t watch(pst_loss *loss, const pst_block *block, int64_t *gap_frame) PST_RT {
    const double now_deviation = deviation(loss, block);
    const bool alert = is_alert(loss, block);
    const bool jumped = now_deviation - loss->normal >= threshold(loss);
    const double jitter_before = loss->jitter;
    loss->jitter += (larger(now_deviation - loss->normal, 0.0) - loss->jitter) / 256.0;
    if (!loss->suspected && !(jumped && alert)) {
        follow_drift(loss, now_deviation, block->now_ns);
        return 0;
    }
    if (!jumped) { // It has caught up.
        loss->suspected = false;
        begin_window(loss, now_deviation, block->now_ns);
        follow_drift(loss, now_deviation, block->now_ns);
        return 0;
    }
    if (!loss->suspected) {
        loss->suspected = true;
        loss->n_suspect = 0;
        loss->suspect_ns = block->now_ns;
        loss->suspect_frame = loss->count;
        loss->suspect_smallest = now_deviation;
        loss->suspect_jitter = jitter_before;
    }
    ++loss->n_suspect;
    if (now_deviation < loss->suspect_smallest)
        loss->suspect_smallest = now_deviation;
    if (loss->n_suspect < 3 || block->now_ns - loss->suspect_ns < loss->config.settle_ns)
        return 0;
    const int64_t n_lost = whole_frames(loss, loss->suspect_smallest - loss->normal);
    loss->suspected = false;
    loss->jitter = loss->suspect_jitter; // The jump was no jitter.
    begin_window(loss, loss->suspect_smallest - (double)n_lost, block->now_ns);
    *gap_frame = loss->suspect_frame;
    return n_lost;
}

// An exact clock that goes back was set anew by the host: we go on from there.
static int64_t compare(pst_loss *loss, const pst_block *block, int64_t *gap_frame) PST_RT {
    const int64_t n_lost = block->device_frame - loss->origin - loss->count;
    if (n_lost < 0)
        loss->origin += n_lost;
    *gap_frame = loss->count;
    return n_lost > 0 ? n_lost : 0;
}

int64_t pst_loss_update(pst_loss *loss, const pst_block *block, int64_t *gap_frame) PST_RT {
    int64_t n_lost = 0;
    loss->restarted = false;
    if (!loss->begun) {
        loss->begun = true;
        loss->origin =
            loss->config.counter == PST_COUNTER_NONE ? block->now_ns : block->device_frame;
        loss->last_ns = block->now_ns;
        begin_window(loss, 0.0, block->now_ns);
    } else if (loss->config.counter == PST_COUNTER_EXACT) {
        n_lost = compare(loss, block, gap_frame);
    } else if (is_starting(loss) && deviation(loss, block) >= threshold(loss)) {
        loss->origin = block->now_ns - (int64_t)((double)loss->count * 1e9 / loss->config.rate_hz);
        loss->restarted = true;
        begin_window(loss, 0.0, block->now_ns);
    } else {
        n_lost = watch(loss, block, gap_frame);
    }
    loss->count += n_lost + block->n_frames;
    loss->last_ns = block->now_ns;
    if (block->n_frames > loss->block_frames)
        loss->block_frames = block->n_frames;
    return n_lost;
}
