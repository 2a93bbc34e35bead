// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/effect.h"

// A limiter that knows what is coming. Of each frame the gain is computed that it needs; then
//
//   the least of the gains of a window (from a frame to lookahead frames behind it),
//   going up again slowly: never above that least one,
//   and the mean of such a window (from lookahead frames before to the frame)
//
// is the gain of the frame at the window's other end. Each number in that mean is at most what this
// frame needs, for the frame lies in the window of each; so the mean is, too. And where all gains
// are one, the mean is exactly one: gains are whole numbers of a small step, which add up without
// rounding, however long the sound is.

#define WHOLE (INT64_C(1) << 32)

typedef struct limiter_effect {
    pst_effect base;
    double ceiling; // That can be told in the format.
    double release; // Factor of the follower.
    uint64_t n_window;
    int64_t n_seen; // Frames.
    // Gains that may become the least one: rising, each with the number of its frame. A circle.
    int64_t *rising;
    int64_t *rising_frames;
    uint64_t first, n_rising;
    double now;     // The gain on its way up.
    int64_t *gains; // The last ones, a circle, and their sum.
    uint64_t at;
    int64_t sum;
    uint8_t *line; // The frames that wait for their gain, a circle like the one before.
} limiter_effect;

static uint64_t wrapped(const limiter_effect *self, uint64_t index) PST_RT {
    return index < self->n_window ? index : index - self->n_window;
}

// Takes the gain that the next frame needs, and returns the least one of the window.
static int64_t least_gain(limiter_effect *self, int64_t gain) PST_RT {
    const int64_t frame = self->n_seen++;
    if (self->n_rising > 0 && self->rising_frames[self->first] <= frame - (int64_t)self->n_window) {
        self->first = wrapped(self, self->first + 1);
        --self->n_rising;
    }
    while (self->n_rising > 0 &&
           self->rising[wrapped(self, self->first + self->n_rising - 1)] >= gain)
        --self->n_rising;
    const uint64_t last = wrapped(self, self->first + self->n_rising++);
    self->rising[last] = gain;
    self->rising_frames[last] = frame;
    return self->rising[self->first];
}

// Takes the loudest sample of the next frame, and returns the gain of the oldest one.
static double next_gain(limiter_effect *self, double peak) PST_RT {
    int64_t needed = WHOLE;
    if (peak > self->ceiling) {
        needed = (int64_t)(self->ceiling / peak * (double)WHOLE);
        needed = needed > 0 ? needed : 1;
    }
    const double least = (double)least_gain(self, needed);
    self->now = least - (least > self->now ? (least - self->now) * self->release : 0.0);
    if (least - self->now < 0.5)
        self->now = least;
    const int64_t gain = (int64_t)self->now;
    self->sum += gain - self->gains[self->at];
    self->gains[self->at] = gain;
    self->at = wrapped(self, self->at + 1);
    return (double)self->sum / (double)(WHOLE * (int64_t)self->n_window);
}

// The clamp takes what rounding may have added. Where the frame is put down it lies for a window:
// the next place in the circle is that of the oldest one.
#define DEFINE_LIMIT(name, real)                                                                   \
    static void name(limiter_effect *self, real *frames, size_t n_frames) PST_RT {                 \
        const uint32_t n_channels = self->base.n_channels;                                         \
        const real ceiling = (real)self->ceiling;                                                  \
        real *line = (real *)(void *)self->line;                                                   \
        for (size_t i = 0; i < n_frames; ++i, frames += n_channels) {                              \
            real *newest = line + self->at * n_channels;                                           \
            double peak = 0.0;                                                                     \
            for (uint32_t c = 0; c < n_channels; ++c) {                                            \
                peak = fmax(peak, fabs((double)frames[c]));                                        \
                newest[c] = frames[c];                                                             \
            }                                                                                      \
            const double gain = next_gain(self, peak);                                             \
            const real *oldest = line + self->at * n_channels;                                     \
            for (uint32_t c = 0; c < n_channels; ++c) {                                            \
                const real y = gain == 1.0 ? oldest[c] : (real)((double)oldest[c] * gain);         \
                frames[c] = y > ceiling ? ceiling : y < -ceiling ? -ceiling : y;                   \
            }                                                                                      \
        }                                                                                          \
    }
DEFINE_LIMIT(limit_f32, float)
DEFINE_LIMIT(limit_f64, double)

static void limiter_process(pst_effect *effect, void *frames, size_t n_frames) PST_RT {
    if (effect->format == PST_FORMAT_F32)
        limit_f32((limiter_effect *)effect, frames, n_frames);
    else
        limit_f64((limiter_effect *)effect, frames, n_frames);
}

static void limiter_reset(pst_effect *effect) PST_RT {
    limiter_effect *self = (limiter_effect *)effect;
    const size_t frame_bytes = (size_t)effect->n_channels * pst_format_bytes(effect->format);
    self->n_seen = 0;
    self->first = self->n_rising = 0;
    self->now = (double)WHOLE;
    for (uint64_t i = 0; i < self->n_window; ++i)
        self->gains[i] = WHOLE;
    self->sum = WHOLE * (int64_t)self->n_window;
    self->at = 0;
    memset(self->line, 0, (size_t)self->n_window * frame_bytes);
}

static void limiter_deinit(pst_effect *effect) {
    limiter_effect *self = (limiter_effect *)effect;
    pst_free(self->rising);
    pst_free(self->rising_frames);
    pst_free(self->gains);
    pst_free(self->line);
}

static const pst_effect_ops limiter_ops = {.name = "limiter",
                                           .process = limiter_process,
                                           .reset = limiter_reset,
                                           .deinit = limiter_deinit};

void pst_limiter_config_default(pst_limiter_config *config) PST_RT {
    *config = (pst_limiter_config){
        .rate_hz = 48000.0, .ceiling_db = -1.0, .lookahead_s = 0.005, .release_s = 0.05};
}

static pst_status check_config(const pst_limiter_config *c, pst_error *err) {
    pst_status status = pst_effect_check("rate_hz", c->rate_hz, 1e-6, 1e12, " Hz", err);
    if (status == PST_OK)
        status = pst_effect_check("ceiling_db", c->ceiling_db, -200.0, 200.0, " dB", err);
    if (status == PST_OK)
        status = pst_effect_check("lookahead_s", c->lookahead_s, 0.0,
                                  PST_EFFECT_MAX_LOOKAHEAD_FRAMES / c->rate_hz, " seconds", err);
    if (status == PST_OK)
        status = pst_effect_check("release_s", c->release_s, 0.0, 1000.0, " seconds", err);
    return status;
}

static double ceiling_of(const pst_limiter_config *config, pst_format format) {
    const double ceiling = pow(10.0, config->ceiling_db / 20.0);
    if (format == PST_FORMAT_F64)
        return ceiling;
    const float near = (float)ceiling;
    return (double)near > ceiling ? (double)nextafterf(near, 0.0F) : (double)near;
}

pst_status pst_effect_limiter(pst_effect **effect, pst_format format, uint32_t n_channels,
                              const pst_limiter_config *config, pst_error *err) {
    pst_status status = check_config(config, err);
    if (status != PST_OK)
        return status;
    pst_effect *made = NULL;
    status =
        pst_effect_create(&made, sizeof(limiter_effect), &limiter_ops, format, n_channels, err);
    if (status != PST_OK)
        return status;
    limiter_effect *self = (limiter_effect *)made;
    made->delay_frames = (uint64_t)llround(config->lookahead_s * config->rate_hz);
    self->n_window = made->delay_frames + 1;
    const size_t n = (size_t)self->n_window;
    self->rising = pst_alloc_array(n, sizeof *self->rising);
    self->rising_frames = pst_alloc_array(n, sizeof *self->rising_frames);
    self->gains = pst_alloc_array(n, sizeof *self->gains);
    self->line = pst_alloc_array(n, (size_t)n_channels * pst_format_bytes(format));
    if (self->rising == NULL || self->rising_frames == NULL || self->gains == NULL ||
        self->line == NULL) {
        pst_effect_destroy(made);
        return pst_fail_memory(err);
    }
    self->ceiling = ceiling_of(config, format);
    self->release = pst_effect_follow(config->release_s, config->rate_hz);
    pst_effect_reset(made);
    *effect = made;
    return PST_OK;
}
