// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/virtual_loop.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define MAX_LINE_BYTES (UINT64_C(1) << 30)

struct pst_loop {
    pst_loop_config config;
    uint32_t input_frame_bytes;
    uint32_t output_frame_bytes; // After conversion.
    uint32_t common_bytes;       // Of the channels that both sides have.
    bool converts;
    unsigned char *line;
    unsigned char *converted; // One block; NULL if formats are equal.
};

pst_status pst_loop_create(pst_loop **loop, const pst_loop_config *config, pst_error *err) {
    const uint32_t sample_bytes = pst_format_bytes(config->input_format);
    const uint32_t frame_bytes = config->n_inputs * sample_bytes;
    if (config->delay_frames > MAX_LINE_BYTES / frame_bytes)
        return pst_fail(
            err, PST_LIMIT, 0,
            "latency_frames is too large: the loopback would hold %llu frames of %u bytes, "
            "and at most 1 GiB",
            (unsigned long long)config->delay_frames, (unsigned)frame_bytes);
    pst_loop *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->config = *config;
    made->input_frame_bytes = frame_bytes;
    made->output_frame_bytes = config->n_outputs * sample_bytes;
    made->common_bytes =
        made->output_frame_bytes < frame_bytes ? made->output_frame_bytes : frame_bytes;
    made->converts = config->output_format != config->input_format;
    made->line = pst_alloc_array((size_t)config->delay_frames, frame_bytes);
    if (made->converts)
        made->converted = pst_alloc_array(config->max_block_frames, made->output_frame_bytes);
    if (made->line == NULL || (made->converts && made->converted == NULL)) {
        pst_loop_destroy(made);
        return pst_fail_memory(err);
    }
    pst_loop_clear(made);
    *loop = made;
    return PST_OK;
}

void pst_loop_destroy(pst_loop *loop) {
    if (loop == NULL)
        return;
    pst_free(loop->line);
    pst_free(loop->converted);
    pst_free(loop);
}

void pst_loop_clear(pst_loop *loop) {
    pst_silence(loop->line, loop->config.input_format,
                (size_t)loop->config.delay_frames * loop->config.n_inputs);
}

// Returns how many of n_frames lie in one piece from a frame on, and where.
static uint32_t piece(const pst_loop *loop, uint64_t frame, uint32_t n_frames,
                      unsigned char **place) PST_RT {
    const uint64_t at = frame % loop->config.delay_frames;
    const uint64_t room = loop->config.delay_frames - at;
    *place = loop->line + at * loop->input_frame_bytes;
    return n_frames < room ? n_frames : (uint32_t)room;
}

void pst_loop_read(const pst_loop *loop, uint64_t frame, void *input, uint32_t n_frames) PST_RT {
    unsigned char *to = input;
    while (n_frames > 0) {
        unsigned char *place;
        const uint32_t n = piece(loop, frame, n_frames, &place);
        const size_t n_bytes = (size_t)n * loop->input_frame_bytes;
        memcpy(to, place, n_bytes);
        to += n_bytes;
        frame += n;
        n_frames -= n;
    }
}

// Input channels that the output does not have are silent from the beginning, and stay so.
static void place_frames(const pst_loop *loop, unsigned char *place, const unsigned char *from,
                         uint32_t n_frames) PST_RT {
    if (loop->output_frame_bytes == loop->input_frame_bytes) {
        memcpy(place, from, (size_t)n_frames * loop->input_frame_bytes);
        return;
    }
    for (uint32_t i = 0; i < n_frames; ++i)
        memcpy(place + (size_t)i * loop->input_frame_bytes,
               from + (size_t)i * loop->output_frame_bytes, loop->common_bytes);
}

void pst_loop_write(pst_loop *loop, uint64_t frame, const void *output, uint32_t n_frames) PST_RT {
    const unsigned char *from = output;
    if (loop->converts) {
        pst_convert(loop->converted, loop->config.input_format, output, loop->config.output_format,
                    (size_t)n_frames * loop->config.n_outputs, NULL);
        from = loop->converted;
    }
    while (n_frames > 0) {
        unsigned char *place;
        const uint32_t n = piece(loop, frame, n_frames, &place);
        place_frames(loop, place, from, n);
        from += (size_t)n * loop->output_frame_bytes;
        frame += n;
        n_frames -= n;
    }
}

void pst_loop_skip(pst_loop *loop, uint64_t frame, uint64_t n_frames) PST_RT {
    // More than the whole line is the whole line.
    uint64_t left = n_frames < loop->config.delay_frames ? n_frames : loop->config.delay_frames;
    while (left > 0) {
        unsigned char *place;
        const uint32_t most = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
        const uint32_t n = piece(loop, frame, most, &place);
        pst_silence(place, loop->config.input_format, (size_t)n * loop->config.n_inputs);
        frame += n;
        left -= n;
    }
}
