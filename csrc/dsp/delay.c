// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/effect.h"

// A delay line: samples change places with those that lie in a circle.

typedef struct delay_effect {
    pst_effect base;
    uint8_t *line; // delay_frames, a circle.
    size_t n_bytes;
    size_t at; // Where the oldest ones lie.
} delay_effect;

static void swap_bytes(uint8_t *restrict a, uint8_t *restrict b, size_t n_bytes) PST_RT {
    uint8_t between[1024];
    while (n_bytes > 0) {
        const size_t n = n_bytes < sizeof between ? n_bytes : sizeof between;
        memcpy(between, a, n);
        memcpy(a, b, n);
        memcpy(b, between, n);
        a += n;
        b += n;
        n_bytes -= n;
    }
}

static void delay_process(pst_effect *effect, void *frames, size_t n_frames) PST_RT {
    delay_effect *self = (delay_effect *)effect;
    size_t n_left = n_frames * effect->n_channels * pst_format_bytes(effect->format);
    uint8_t *at = frames;
    while (n_left > 0 && self->n_bytes > 0) {
        const size_t n_room = self->n_bytes - self->at;
        const size_t n = n_left < n_room ? n_left : n_room;
        swap_bytes(at, self->line + self->at, n);
        at += n;
        n_left -= n;
        self->at = self->at + n == self->n_bytes ? 0 : self->at + n;
    }
}

static void delay_reset(pst_effect *effect) PST_RT {
    delay_effect *self = (delay_effect *)effect;
    if (self->n_bytes > 0)
        memset(self->line, 0, self->n_bytes);
    self->at = 0;
}

static void delay_deinit(pst_effect *effect) {
    pst_free(((delay_effect *)effect)->line);
}

static const pst_effect_ops delay_ops = {
    .name = "delay", .process = delay_process, .reset = delay_reset, .deinit = delay_deinit};

pst_status pst_effect_delay(pst_effect **effect, pst_format format, uint32_t n_channels,
                            uint64_t delay_frames, pst_error *err) {
    if (delay_frames > PST_EFFECT_MAX_DELAY_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "delay_frames is %llu; it must be from 0 to %d",
                        (unsigned long long)delay_frames, PST_EFFECT_MAX_DELAY_FRAMES);
    pst_effect *made = NULL;
    const pst_status status =
        pst_effect_create(&made, sizeof(delay_effect), &delay_ops, format, n_channels, err);
    if (status != PST_OK)
        return status;
    delay_effect *self = (delay_effect *)made;
    made->delay_frames = delay_frames;
    made->is_delay_wanted = true;
    const size_t frame_bytes = (size_t)n_channels * pst_format_bytes(format);
    if (delay_frames > 0)
        self->line = pst_alloc_array((size_t)delay_frames, frame_bytes);
    if (delay_frames > 0 && self->line == NULL) {
        pst_effect_destroy(made);
        return pst_fail_memory(err);
    }
    self->n_bytes = (size_t)delay_frames * frame_bytes;
    *effect = made;
    return PST_OK;
}
