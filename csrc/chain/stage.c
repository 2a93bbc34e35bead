// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/stage.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"

pst_status pst_check_frames(pst_format format, uint32_t n_channels, pst_error *err) {
    if (pst_format_bytes(format) == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no sample format",
                        (int)format);
    if (n_channels < 1 || n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        (unsigned)n_channels, PST_MAX_CHANNELS);
    return PST_OK;
}

pst_status pst_check_ring(const pst_ring *ring, pst_format format, uint32_t n_channels,
                          pst_error *err) {
    const pst_status status = pst_check_frames(format, n_channels, err);
    if (status != PST_OK)
        return status;
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    const uint32_t frame_bytes = n_channels * pst_format_bytes(format);
    if (info.frame_bytes != frame_bytes)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the ring has %u bytes per frame; %u channels of %s are %u",
                        (unsigned)info.frame_bytes, (unsigned)n_channels, pst_format_name(format),
                        (unsigned)frame_bytes);
    return PST_OK;
}

bool pst_is_same_rate(double a_hz, double b_hz) PST_RT {
    return a_hz <= 0.0 || b_hz <= 0.0 || fabs(a_hz - b_hz) < 0.5;
}

uint64_t pst_piece_frames(const pst_ring_info *info) PST_RT {
    const uint64_t most = 16384;
    const uint64_t quarter = info->capacity_frames / 4;
    return quarter < 1 ? 1 : quarter < most ? quarter : most;
}

pst_status pst_source_set_rate(pst_source *source, double rate_hz, pst_error *err) {
    if (!(rate_hz > 0.0) || !isfinite(rate_hz))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "rate_hz is %g; it must be more than 0", rate_hz);
    if (source->format == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "source is a %s source: what it gives tells its rate", source->ops->name);
    if (!pst_is_same_rate(source->rate_hz, rate_hz))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "rate_hz is %g; the source (%s) gives frames at %g Hz", rate_hz,
                        source->ops->name, source->rate_hz);
    source->rate_hz = rate_hz;
    return PST_OK;
}

// ---- What all stages have in common -----------------------------------------------------------

// Enough for the calls not to count, little enough for the nearest cache.
static uint64_t scratch_frames(uint32_t frame_bytes) {
    enum { BYTES = 32768, MOST = 4096, LEAST = 64 };
    const uint64_t n = BYTES / frame_bytes;
    return n > MOST ? MOST : n < LEAST ? LEAST : n;
}

pst_media pst_source_media(const pst_source *source) PST_RT {
    return (pst_media){.kind = source->kind,
                       .format = source->format,
                       .n_channels = source->n_channels,
                       .rate_hz = source->rate_hz};
}

pst_media pst_sink_media(const pst_sink *sink) PST_RT {
    return (pst_media){.kind = sink->kind,
                       .format = sink->format,
                       .n_channels = sink->n_channels,
                       .rate_hz = sink->rate_hz};
}

uint32_t pst_media_bytes(const pst_media *media) PST_RT {
    return media->kind == PST_MEDIA_PACKETS ? (uint32_t)sizeof(pst_packet)
                                            : media->n_channels * pst_format_bytes(media->format);
}

bool pst_media_fits(const pst_media *given, const pst_media *taken) PST_RT {
    return given->kind == taken->kind &&
           (given->format == 0 || taken->format == 0 || given->format == taken->format) &&
           (given->n_channels == 0 || taken->n_channels == 0 ||
            given->n_channels == taken->n_channels) &&
           pst_is_same_rate(given->rate_hz, taken->rate_hz);
}

const char *pst_media_text(const pst_media *media, char *text) {
    char rate[32] = "";
    if (media->rate_hz > 0.0)
        snprintf(rate, sizeof rate, " at %g Hz", media->rate_hz);
    if (media->kind == PST_MEDIA_PACKETS)
        snprintf(text, PST_MEDIA_TEXT_BYTES, "packets");
    else if (media->n_channels == 0)
        snprintf(text, PST_MEDIA_TEXT_BYTES, "frames%s", rate);
    else if (media->format == 0)
        snprintf(text, PST_MEDIA_TEXT_BYTES, "%u %s%s", (unsigned)media->n_channels,
                 media->n_channels == 1 ? "channel" : "channels", rate);
    else
        snprintf(text, PST_MEDIA_TEXT_BYTES, "%u %s of %s%s", (unsigned)media->n_channels,
                 media->n_channels == 1 ? "channel" : "channels", pst_format_name(media->format),
                 rate);
    return text;
}

pst_status pst_stage_create_open(pst_stage **stage, size_t n_bytes, const pst_stage_ops *ops,
                                 const pst_media *in, const pst_media *out, pst_error *err) {
    pst_stage *made = pst_alloc(n_bytes);
    if (made == NULL)
        return pst_fail_memory(err);
    made->ops = ops;
    made->name = ops->name;
    made->in = *in;
    made->out = *out;
    *stage = made;
    return PST_OK;
}

pst_status pst_stage_create(pst_stage **stage, size_t n_bytes, const pst_stage_ops *ops,
                            const pst_media *in, const pst_media *out, bool has_scratch,
                            pst_error *err) {
    pst_status status = pst_check_frames(in->format, in->n_channels, err);
    if (status == PST_OK)
        status = pst_check_frames(out->format, out->n_channels, err);
    pst_stage *made = NULL;
    if (status == PST_OK)
        status = pst_stage_create_open(&made, n_bytes, ops, in, out, err);
    if (status != PST_OK)
        return status;
    if (has_scratch) {
        made->scratch_frames = scratch_frames(pst_media_bytes(out));
        made->scratch = pst_alloc_array((size_t)made->scratch_frames, pst_media_bytes(out));
        if (made->scratch == NULL) {
            pst_free(made);
            return pst_fail_memory(err);
        }
    }
    *stage = made;
    return PST_OK;
}

void pst_stage_destroy(pst_stage *stage) {
    if (stage == NULL)
        return;
    if (stage->ops->deinit != NULL)
        stage->ops->deinit(stage);
    pst_free(stage->scratch);
    pst_free(stage);
}

void pst_stage_count(pst_stage *stage, const pst_convert_counts *counts) PST_RT {
    while (stage->owner != NULL)
        stage = stage->owner;
    if (counts->n_clipped > 0)
        atomic_fetch_add_explicit(&stage->n_clipped, counts->n_clipped, memory_order_relaxed);
    if (counts->n_nonfinite > 0)
        atomic_fetch_add_explicit(&stage->n_nonfinite, counts->n_nonfinite, memory_order_relaxed);
}

void pst_stage_get_counts(const pst_stage *stage, pst_convert_counts *counts) PST_RT {
    counts->n_clipped = atomic_load_explicit(&stage->n_clipped, memory_order_relaxed);
    counts->n_nonfinite = atomic_load_explicit(&stage->n_nonfinite, memory_order_relaxed);
}

pst_piece pst_stage_begin(pst_stage *stage, const pst_piece *in) PST_RT {
    pst_piece out = *in;
    out.n_frames = in->n_frames < stage->scratch_frames ? in->n_frames : stage->scratch_frames;
    out.data = stage->scratch;
    out.is_whole = false;
    out.media = NULL;
    return out;
}
