// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/engine.h"
#include "dsp/tame.h"

// Frames are handed to the engine in pieces of at most so many frames, and about so many samples
// on the larger side: an engine may keep all that it makes of a piece.
enum { MOST_PIECE_FRAMES = 4096, LEAST_PIECE_FRAMES = 16, PIECE_SAMPLES = 16384 };

struct pst_resampler {
    pst_resampler_config config;
    const pst_resample_ops *ops;
    void *state;
    pst_format native; // The engine's.
    int64_t piece_frames;
    unsigned char *in, *out; // One piece each, where frames need a change; out only if converted.
    _Alignas(double) unsigned char spare[PST_MAX_CHANNELS *
                                         sizeof(double)]; // A frame of room, see process.
    int64_t n_taken, n_made;
    bool is_draining; // The input has ended, and `in` holds what follows it.
};

void pst_resampler_config_default(pst_resampler_config *config) PST_RT {
    *config = (pst_resampler_config){
        .from_hz = 48000.0,
        .to_hz = 48000.0,
        .n_channels = 1,
        .format = PST_FORMAT_F32,
        .quality = PST_RESAMPLE_BEST,
        .engine = PST_RESAMPLER_AUTO,
    };
}

int64_t pst_resampled_frames(int64_t n_frames, double from_hz, double to_hz) PST_RT {
    return (int64_t)floor((double)n_frames * to_hz / from_hz + 0.5);
}

// ---- Moving frames -----------------------------------------------------------------------------

// Returns a piece of the input as the engine takes it.
static const void *fit_input(pst_resampler *r, const unsigned char *in, int64_t n_frames) {
    const size_t n_samples = (size_t)n_frames * r->config.n_channels;
    if (r->native == r->config.format && pst_is_tame(in, r->native, n_samples))
        return in;
    // Its formats are formats.
    (void)pst_convert(r->in, r->native, in, r->config.format, n_samples, NULL);
    pst_tame(r->in, r->native, n_samples);
    return r->in;
}

static pst_status give_piece(pst_resampler *r, const void *in, int64_t n_in, int64_t *n_used,
                             unsigned char *out, int64_t n_out_max, int64_t *n_made,
                             pst_error *err) {
    if (r->native == r->config.format)
        return r->ops->process(r->state, in, n_in, n_used, out, n_out_max, n_made, err);
    if (n_out_max > r->piece_frames)
        n_out_max = r->piece_frames;
    const pst_status status =
        r->ops->process(r->state, in, n_in, n_used, r->out, n_out_max, n_made, err);
    (void)pst_convert(out, r->config.format, r->out, r->native,
                      (size_t)*n_made * r->config.n_channels, NULL);
    return status;
}

pst_status pst_resampler_process(pst_resampler *resampler, const void *in, int64_t n_in,
                                 int64_t *n_used, void *out, int64_t n_out_max, int64_t *n_made,
                                 pst_error *err) {
    pst_resampler *r = resampler;
    const size_t frame_bytes = (size_t)r->config.n_channels * pst_format_bytes(r->config.format);
    pst_status status = PST_OK;
    bool moves = true;
    *n_used = 0;
    *n_made = 0;
    if (r->is_draining)
        return pst_fail(err, PST_BAD_STATE, 0,
                        "The input of this resampler has ended; it has to be reset first");
    // Without room an engine takes nothing, even while nothing is due: then it gets room that it
    // cannot use.
    const bool is_due = pst_resampler_room(r, n_in) > 0;
    while (status == PST_OK && moves) {
        const int64_t n_left = n_in - *n_used;
        const int64_t n_piece = n_left < r->piece_frames ? n_left : r->piece_frames;
        const void *piece = r->in; // No engine is given NULL, which would end its input.
        if (n_piece > 0)
            piece =
                fit_input(r, (const unsigned char *)in + (size_t)*n_used * frame_bytes, n_piece);
        int64_t n_taken = 0, n_given = 0;
        const int64_t n_room = n_out_max - *n_made;
        if (n_room > 0)
            status = give_piece(r, piece, n_piece, &n_taken,
                                (unsigned char *)out + (size_t)*n_made * frame_bytes, n_room,
                                &n_given, err);
        else if (!is_due)
            status = give_piece(r, piece, n_piece, &n_taken, r->spare, 1, &n_given, err);
        *n_used += n_taken;
        *n_made += n_given;
        moves = n_taken > 0 || n_given > 0;
    }
    r->n_taken += *n_used;
    r->n_made += *n_made;
    return status;
}

// Puts what follows the end of the input into r->in.
static void begin_drain(pst_resampler *r) {
    const uint32_t n_channels = r->config.n_channels;
    pst_silence(r->in, r->native, (size_t)r->piece_frames * n_channels);
    if (r->ops->last != NULL) {
        const size_t frame_bytes = (size_t)n_channels * pst_format_bytes(r->native);
        for (int64_t frame = 0; frame < r->piece_frames; ++frame)
            memcpy(r->in + (size_t)frame * frame_bytes, r->ops->last(r->state), frame_bytes);
    }
    r->is_draining = true;
}

pst_status pst_resampler_drain(pst_resampler *resampler, void *out, int64_t n_out_max,
                               int64_t *n_made, pst_error *err) {
    pst_resampler *r = resampler;
    const size_t frame_bytes = (size_t)r->config.n_channels * pst_format_bytes(r->config.format);
    const int64_t n_left = pst_resampler_room(r, 0);
    const int64_t n_most = n_out_max < n_left ? n_out_max : n_left;
    pst_status status = PST_OK;
    *n_made = 0;
    if (!r->is_draining)
        begin_drain(r);
    while (status == PST_OK && *n_made < n_most) {
        int64_t n_taken = 0, n_given = 0;
        status = give_piece(r, r->in, r->piece_frames, &n_taken,
                            (unsigned char *)out + (size_t)*n_made * frame_bytes, n_most - *n_made,
                            &n_given, err);
        *n_made += n_given;
        r->n_made += n_given;
        // An engine that does not go on would be an error of its own; nobody shall wait for it.
        if (status == PST_OK && n_taken == 0 && n_given == 0)
            status = pst_fail(err, PST_BAD_STATE, 0, "The resampler does not go on");
    }
    return status;
}

int64_t pst_resampler_room(const pst_resampler *resampler, int64_t n_in) PST_RT {
    const pst_resampler *r = resampler;
    return pst_resampled_frames(r->n_taken + n_in, r->config.from_hz, r->config.to_hz) - r->n_made;
}

pst_resample_engine pst_resampler_engine(const pst_resampler *resampler) PST_RT {
    return resampler->ops->engine;
}

pst_status pst_resampler_reset(pst_resampler *resampler, pst_error *err) {
    resampler->n_taken = 0;
    resampler->n_made = 0;
    resampler->is_draining = false;
    return resampler->ops->reset(resampler->state, err);
}

pst_status pst_resampler_latency(const pst_resampler *resampler, int64_t *n_frames,
                                 pst_error *err) {
    // Far enough for the longest filter to be full, and for each engine's blocks to come round.
    enum { ENOUGH_FRAMES = 16384, OUT_FRAMES = 512 };
    static const double silence[PST_RESAMPLE_MAX_RATIO];
    double out[OUT_FRAMES];
    pst_resampler_config config = resampler->config;
    config.n_channels = 1;
    pst_resampler *twin = NULL;
    pst_status status = pst_resampler_create(&twin, &config, err);
    if (status != PST_OK)
        return status;
    // Pieces that are worth one output frame.
    const double ratio = config.to_hz / config.from_hz;
    const int64_t n_piece = ratio < 1.0 ? (int64_t)floor(1.0 / ratio) : 1;
    double most = 0.0;
    while (status == PST_OK && twin->n_taken < ENOUGH_FRAMES * n_piece) {
        int64_t n_used = 0, n_taken = 0, n_made = 0;
        // It is furthest behind just before a piece that makes it give something.
        most = fmax(most, (double)(twin->n_taken + n_piece) * ratio - (double)twin->n_made);
        do {
            status = pst_resampler_process(twin, silence, n_piece - n_taken, &n_used, out,
                                           OUT_FRAMES, &n_made, err);
            n_taken += n_used;
        } while (status == PST_OK && n_made == OUT_FRAMES);
    }
    pst_resampler_destroy(twin);
    *n_frames = (int64_t)ceil(most);
    return status;
}

// ---- Making and unmaking -----------------------------------------------------------------------

static bool is_filtered(pst_resample_quality quality) {
    return quality != PST_RESAMPLE_LINEAR && quality != PST_RESAMPLE_HOLD;
}

static const pst_resample_ops *ops_of(const pst_resampler_config *c) {
    // Between equal rates lines change nothing, and filters would.
    if (!is_filtered(c->quality) || c->from_hz == c->to_hz)
        return &pst_interpolator_ops;
#if PST_HAS_SOXR
    return c->engine == PST_RESAMPLER_SAMPLERATE ? &pst_samplerate_ops : &pst_soxr_ops;
#else
    return &pst_samplerate_ops;
#endif
}

bool pst_resampler_has_engine(pst_resample_engine engine) PST_RT {
    return engine == PST_RESAMPLER_AUTO || engine == PST_RESAMPLER_SAMPLERATE ||
           (engine == PST_RESAMPLER_SOXR && PST_HAS_SOXR);
}

static pst_status check_config(const pst_resampler_config *c, pst_error *err) {
    if (!(c->from_hz > 0.0 && c->to_hz > 0.0) || isinf(c->from_hz) || isinf(c->to_hz) ||
        c->to_hz > c->from_hz * PST_RESAMPLE_MAX_RATIO ||
        c->from_hz > c->to_hz * PST_RESAMPLE_MAX_RATIO)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "A rate of %g Hz cannot be changed to %g Hz; a factor of %d is the most",
                        c->from_hz, c->to_hz, PST_RESAMPLE_MAX_RATIO);
    if (c->n_channels < 1 || c->n_channels > PST_MAX_CHANNELS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_channels is %u; it must be from 1 to %d",
                        (unsigned)c->n_channels, PST_MAX_CHANNELS);
    if (c->format != PST_FORMAT_F32 && c->format != PST_FORMAT_F64)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "format is %s; frames to be resampled must be float32 or float64",
                        pst_format_name(c->format));
    if ((unsigned)c->quality > PST_RESAMPLE_HOLD)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "quality is %d; it must be a "
                        "pst_resample_quality",
                        (int)c->quality);
    if ((unsigned)c->engine > PST_RESAMPLER_SOXR)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "engine is %d; it must be a "
                        "pst_resample_engine",
                        (int)c->engine);
    if (!pst_resampler_has_engine(c->engine))
        return pst_fail(err, PST_UNSUPPORTED, 0,
                        "This build has no soxr; install its headers and build again");
    if (!is_filtered(c->quality) && c->engine != PST_RESAMPLER_AUTO)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "Lines and holding are computed by the library itself: no other engine "
                        "can be chosen for them");
    return PST_OK;
}

static int64_t piece_frames(const pst_resampler_config *c) {
    const double widening = c->to_hz > c->from_hz ? c->to_hz / c->from_hz : 1.0;
    const int64_t n = (int64_t)(PIECE_SAMPLES / (widening * c->n_channels));
    return n > MOST_PIECE_FRAMES    ? MOST_PIECE_FRAMES
           : n < LEAST_PIECE_FRAMES ? LEAST_PIECE_FRAMES
                                    : n;
}

static pst_status make_state(pst_resampler *r, pst_error *err) {
    pst_resampler_config config = r->config;
    config.format = r->native;
    const size_t n_samples = (size_t)r->piece_frames * config.n_channels;
    r->in = pst_alloc_array(n_samples, pst_format_bytes(r->native));
    const bool converts = r->native != r->config.format;
    if (converts)
        r->out = pst_alloc_array(n_samples, pst_format_bytes(r->native));
    if (r->in == NULL || (converts && r->out == NULL))
        return pst_fail_memory(err);
    return r->ops->create(&r->state, &config, err);
}

pst_status pst_resampler_create(pst_resampler **resampler, const pst_resampler_config *config,
                                pst_error *err) {
    pst_status status = check_config(config, err);
    if (status != PST_OK)
        return status;
    pst_resampler *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->config = *config;
    made->ops = ops_of(config);
    made->native = made->ops->has_f64 ? config->format : PST_FORMAT_F32;
    made->piece_frames = piece_frames(config);
    status = make_state(made, err);
    if (status != PST_OK) {
        pst_resampler_destroy(made);
        return status;
    }
    *resampler = made;
    return PST_OK;
}

void pst_resampler_destroy(pst_resampler *resampler) {
    if (resampler == NULL)
        return;
    if (resampler->state != NULL)
        resampler->ops->destroy(resampler->state);
    pst_free(resampler->in);
    pst_free(resampler->out);
    pst_free(resampler);
}
