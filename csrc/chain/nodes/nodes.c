// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/node.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/node.h"
#include "chain/stages/gain.h"
#include "core/matrix.h"

// Which stages each kind of node is made of.

static const char *or_kind(const char *name, const char *kind) {
    return name != NULL ? name : kind;
}

// Makes a node with a copy of a spec of n_bytes, which has nothing to free but itself.
static pst_status create(pst_stage **stage, const char *name, pst_node_make make, const void *spec,
                         size_t n_bytes, pst_error *err) {
    void *copy = pst_alloc(n_bytes);
    if (copy == NULL)
        return pst_fail_memory(err);
    memcpy(copy, spec, n_bytes);
    const pst_status status = pst_node_create(stage, name, make, copy, pst_free, err);
    if (status != PST_OK)
        pst_free(copy);
    return status;
}

static pst_status check_format(pst_format format, pst_error *err) {
    return format == 0 || pst_format_bytes(format) > 0
               ? PST_OK
               : pst_fail(err, PST_BAD_ARGUMENT, 0, "format is %d, which is no sample format",
                          (int)format);
}

static pst_status check_dither(pst_dither dither, pst_error *err) {
    return (unsigned)dither <= PST_DITHER_TPDF
               ? PST_OK
               : pst_fail(err, PST_BAD_ARGUMENT, 0, "dither is %d, which is no dither",
                          (int)dither);
}

static pst_status check_channels(const char *name, uint32_t n_channels, pst_error *err) {
    return n_channels >= 1 && n_channels <= PST_MAX_CHANNELS
               ? PST_OK
               : pst_fail(err, PST_BAD_ARGUMENT, 0, "%s is %u; it must be from 1 to %d", name,
                          (unsigned)n_channels, PST_MAX_CHANNELS);
}

// ---- Identity -----------------------------------------------------------------------------------

static pst_status identity_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                   pst_piece *out, pst_error *err) {
    (void)stage;
    (void)err;
    *out = *in;
    *n_used = in->n_frames;
    return PST_OK;
}

typedef struct identity_stage {
    pst_stage base;
    char *name;
} identity_stage;

static void identity_deinit(pst_stage *stage) {
    pst_free(((identity_stage *)stage)->name);
}

static const pst_stage_ops identity_ops = {
    .name = "identity", .process = identity_process, .deinit = identity_deinit};

static pst_status make_nothing(void *spec, const pst_media *in, pst_stage **stages,
                               uint32_t *n_stages, pst_error *err) {
    (void)spec;
    (void)in;
    (void)stages;
    (void)n_stages;
    (void)err;
    return PST_OK;
}

// Packets are passed on by a stage of their own: the frame of nodes is for frames.
static pst_status pass_packets(pst_stage **stage, const char *name, pst_error *err) {
    const pst_media side = {.kind = PST_MEDIA_PACKETS};
    pst_stage *made = NULL;
    const pst_status status =
        pst_stage_create_open(&made, sizeof(identity_stage), &identity_ops, &side, &side, err);
    if (status != PST_OK)
        return status;
    identity_stage *self = (identity_stage *)made;
    self->name = pst_alloc_text(name);
    if (self->name == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    made->name = self->name;
    *stage = made;
    return PST_OK;
}

pst_status pst_node_identity(pst_stage **stage, const char *name, pst_media_kind kind,
                             pst_error *err) {
    if ((unsigned)kind > PST_MEDIA_PACKETS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is %d, which is no kind of media",
                        (int)kind);
    if (kind == PST_MEDIA_PACKETS)
        return pass_packets(stage, or_kind(name, "identity"), err);
    return pst_node_create(stage, or_kind(name, "identity"), make_nothing, NULL, NULL, err);
}

// ---- Gain ---------------------------------------------------------------------------------------

typedef struct gain_spec {
    _Atomic double wanted; // By anybody, at any time; the stages look here.
    uint32_t ramp_frames;
} gain_spec;

static pst_status make_gain(void *spec, const pst_media *in, pst_stage **stages, uint32_t *n_stages,
                            pst_error *err) {
    gain_spec *self = spec;
    const pst_status status = pst_stage_gain(&stages[0], in->format, in->n_channels,
                                             atomic_load(&self->wanted), self->ramp_frames, err);
    *n_stages = status == PST_OK;
    if (status == PST_OK)
        pst_stage_gain_follow(stages[0], &self->wanted);
    return status;
}

pst_status pst_node_gain(pst_stage **stage, const char *name, double gain, uint32_t ramp_frames,
                         pst_error *err) {
    pst_status status = pst_stage_gain_check(gain, ramp_frames, err);
    if (status != PST_OK)
        return status;
    gain_spec *spec = pst_alloc(sizeof *spec);
    if (spec == NULL)
        return pst_fail_memory(err);
    atomic_init(&spec->wanted, gain);
    spec->ramp_frames = ramp_frames;
    status = pst_node_create(stage, or_kind(name, "gain"), make_gain, spec, pst_free, err);
    if (status != PST_OK)
        pst_free(spec);
    return status;
}

_Atomic double *pst_node_gain_wanted(const pst_stage *stage) PST_RT {
    gain_spec *spec = pst_node_spec(stage, make_gain);
    return spec != NULL ? &spec->wanted : NULL;
}

// ---- Resample -----------------------------------------------------------------------------------

void pst_resample_node_config_default(pst_resample_node_config *config) PST_RT {
    *config = (pst_resample_node_config){.quality = PST_RESAMPLE_BEST};
}

static pst_status make_resample(void *spec, const pst_media *in, pst_stage **stages,
                                uint32_t *n_stages, pst_error *err) {
    const pst_resample_node_config *config = spec;
    if (config->rate_hz > 0.0 && in->rate_hz <= 0.0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "frames of an unknown rate came; they cannot be resampled to %g Hz",
                        config->rate_hz);
    // All that fitting asks of the two is what they are like.
    const pst_source source = {
        .format = in->format, .n_channels = in->n_channels, .rate_hz = in->rate_hz};
    const pst_sink sink = {.format = config->format != 0 ? config->format : in->format,
                           .n_channels =
                               config->n_channels != 0 ? config->n_channels : in->n_channels,
                           .rate_hz = config->rate_hz > 0.0 ? config->rate_hz : in->rate_hz};
    const pst_fit fit = {.quality = config->quality,
                         .engine = config->engine,
                         .dither = config->dither,
                         .seed = config->seed};
    pst_status status = pst_chain_fit(stages, n_stages, &source, &sink, &fit, err);
    if (status != PST_OK || config->out_chunk_frames == 0)
        return status;
    status = pst_stage_rechunk(&stages[*n_stages], sink.format, sink.n_channels,
                               config->out_chunk_frames, config->pads_final, err);
    *n_stages += status == PST_OK;
    return status;
}

// The engine's own limits are looked at here already, with frames that could come.
static pst_status try_resampler(const pst_resample_node_config *config, pst_error *err) {
    if (config->rate_hz == 0.0)
        return PST_OK;
    pst_resampler_config tried;
    pst_resampler_config_default(&tried);
    tried.from_hz = config->rate_hz;
    tried.to_hz = config->rate_hz;
    tried.n_channels = 1;
    tried.format = PST_FORMAT_F32;
    tried.quality = config->quality;
    tried.engine = config->engine;
    pst_resampler *resampler = NULL;
    const pst_status status = pst_resampler_create(&resampler, &tried, err);
    pst_resampler_destroy(resampler);
    return status;
}

pst_status pst_node_resample(pst_stage **stage, const char *name,
                             const pst_resample_node_config *config, pst_error *err) {
    pst_status status = check_format(config->format, err);
    if (status == PST_OK && config->n_channels != 0)
        status = check_channels("n_channels", config->n_channels, err);
    if (status == PST_OK)
        status = check_dither(config->dither, err);
    if (status == PST_OK && (!(config->rate_hz >= 0.0) || !isfinite(config->rate_hz)))
        status = pst_fail(err, PST_BAD_ARGUMENT, 0, "rate_hz is %g; it must be 0 or more",
                          config->rate_hz);
    if (status == PST_OK && config->out_chunk_frames > PST_MAX_CHUNK_FRAMES)
        status =
            pst_fail(err, PST_BAD_ARGUMENT, 0, "out_chunk_frames is %u; it must be from 0 to %d",
                     (unsigned)config->out_chunk_frames, PST_MAX_CHUNK_FRAMES);
    if (status == PST_OK)
        status = try_resampler(config, err);
    if (status == PST_OK)
        status =
            create(stage, or_kind(name, "resample"), make_resample, config, sizeof *config, err);
    if (status == PST_OK)
        (*stage)->out.rate_hz = config->rate_hz;
    return status;
}

// ---- Convert ------------------------------------------------------------------------------------

typedef struct convert_spec {
    pst_format format;
    pst_dither dither;
    uint64_t seed;
} convert_spec;

static pst_status make_convert(void *spec, const pst_media *in, pst_stage **stages,
                               uint32_t *n_stages, pst_error *err) {
    const convert_spec *self = spec;
    if (in->format == self->format)
        return PST_OK;
    const pst_status status = pst_stage_convert(&stages[0], in->format, self->format,
                                                in->n_channels, self->dither, self->seed, err);
    *n_stages = status == PST_OK;
    return status;
}

pst_status pst_node_convert(pst_stage **stage, const char *name, pst_format format,
                            pst_dither dither, uint64_t seed, pst_error *err) {
    const convert_spec spec = {format, dither, seed};
    pst_status status = pst_check_frames(format, 1, err);
    if (status == PST_OK)
        status = check_dither(dither, err);
    if (status == PST_OK)
        status = create(stage, or_kind(name, "convert"), make_convert, &spec, sizeof spec, err);
    return status;
}

// ---- Channels -----------------------------------------------------------------------------------

typedef struct remix_spec {
    uint32_t n_out;
    uint32_t n_in;
    float gains[];
} remix_spec;

static pst_status make_remix(void *spec, const pst_media *in, pst_stage **stages,
                             uint32_t *n_stages, pst_error *err) {
    const remix_spec *self = spec;
    if (in->n_channels != self->n_in)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "there are gains for %u channels; %u came",
                        (unsigned)self->n_in, (unsigned)in->n_channels);
    const pst_status status = pst_stage_remix(&stages[0], in->format, in->n_channels, in->format,
                                              self->n_out, self->gains, err);
    *n_stages = status == PST_OK;
    return status;
}

pst_status pst_node_remix(pst_stage **stage, const char *name, const float *gains, uint32_t n_out,
                          uint32_t n_in, pst_error *err) {
    pst_status status = check_channels("n_out", n_out, err);
    if (status == PST_OK)
        status = check_channels("n_in", n_in, err);
    if (status == PST_OK && gains == NULL)
        status = pst_fail(err, PST_BAD_ARGUMENT, 0, "gains is NULL");
    if (status == PST_OK)
        status = pst_matrix_check(gains, n_in, n_out, "gains", err);
    if (status != PST_OK)
        return status;
    const size_t n_bytes = (size_t)n_out * n_in * sizeof *gains;
    remix_spec *spec = pst_alloc(sizeof *spec + n_bytes);
    if (spec == NULL)
        return pst_fail_memory(err);
    spec->n_out = n_out;
    spec->n_in = n_in;
    memcpy(spec->gains, gains, n_bytes);
    status = pst_node_create(stage, or_kind(name, "remix"), make_remix, spec, pst_free, err);
    if (status != PST_OK)
        pst_free(spec);
    return status;
}

typedef struct pick_spec {
    uint32_t n_out;
    int32_t sources[];
} pick_spec;

static pst_status make_pick(void *spec, const pst_media *in, pst_stage **stages, uint32_t *n_stages,
                            pst_error *err) {
    const pick_spec *self = spec;
    for (uint32_t k = 0; k < self->n_out; ++k)
        if (self->sources[k] >= (int32_t)in->n_channels)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "channel %u is to be number %d of those that come; %u came, counted "
                            "from 0",
                            (unsigned)k, (int)self->sources[k], (unsigned)in->n_channels);
    const pst_status status =
        pst_stage_pick(&stages[0], in->format, in->n_channels, self->sources, self->n_out, err);
    *n_stages = status == PST_OK;
    return status;
}

pst_status pst_node_pick(pst_stage **stage, const char *name, const int32_t *sources,
                         uint32_t n_out, pst_error *err) {
    pst_status status = check_channels("n_out", n_out, err);
    if (status == PST_OK && sources == NULL)
        status = pst_fail(err, PST_BAD_ARGUMENT, 0, "sources is NULL");
    for (uint32_t k = 0; status == PST_OK && k < n_out; ++k)
        if (sources[k] < -1 || sources[k] >= PST_MAX_CHANNELS)
            status =
                pst_fail(err, PST_BAD_ARGUMENT, 0, "sources[%u] is %d; it must be from -1 to %d",
                         (unsigned)k, (int)sources[k], PST_MAX_CHANNELS - 1);
    if (status != PST_OK)
        return status;
    pick_spec *spec = pst_alloc(sizeof *spec + n_out * sizeof *sources);
    if (spec == NULL)
        return pst_fail_memory(err);
    spec->n_out = n_out;
    memcpy(spec->sources, sources, n_out * sizeof *sources);
    status = pst_node_create(stage, or_kind(name, "pick"), make_pick, spec, pst_free, err);
    if (status != PST_OK)
        pst_free(spec);
    return status;
}

// ---- Rechunk ------------------------------------------------------------------------------------

typedef struct rechunk_spec {
    uint32_t n_frames;
    bool pads_final;
} rechunk_spec;

static pst_status make_rechunk(void *spec, const pst_media *in, pst_stage **stages,
                               uint32_t *n_stages, pst_error *err) {
    const rechunk_spec *self = spec;
    const pst_status status = pst_stage_rechunk(&stages[0], in->format, in->n_channels,
                                                self->n_frames, self->pads_final, err);
    *n_stages = status == PST_OK;
    return status;
}

pst_status pst_node_rechunk(pst_stage **stage, const char *name, uint32_t n_frames, bool pads_final,
                            pst_error *err) {
    const rechunk_spec spec = {n_frames, pads_final};
    if (n_frames < 1 || n_frames > PST_MAX_CHUNK_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_frames is %u; it must be from 1 to %d",
                        (unsigned)n_frames, PST_MAX_CHUNK_FRAMES);
    return create(stage, or_kind(name, "rechunk"), make_rechunk, &spec, sizeof spec, err);
}
