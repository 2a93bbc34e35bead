// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/matrix.h"

#include <math.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "core/convert.h"
#include "core/kernels/kernels.h"

// ---- Gains, ready to be applied ----------------------------------------------------------------

enum {
    N_PLANS = 3,
    IS_FRESH = 4,                  // In `middle`, beside the number of a plan.
    CHUNK_FRAMES = PST_MIX_FRAMES, // Computed at once.
    NO_SOURCE = UINT16_MAX
};

typedef enum plan_kind {
    PLAN_IDENTITY, // Each channel to itself.
    PLAN_SELECT,   // At most one source each, at gain 1.
    PLAN_MIX
} plan_kind;

typedef struct matrix_plan {
    plan_kind kind;
    uint16_t *picks; // Select: the source of each destination, or NO_SOURCE.
    // Mix: the gains that are not 0. Those of destination d are entries first[d] to first[d + 1].
    uint32_t *first;
    uint16_t *sources;
    float *gains;
} matrix_plan;

struct pst_matrix {
    uint32_t n_sources;
    uint32_t n_destinations;
    // Control fills plans[back] and swaps it for the middle one; the audio thread swaps
    // plans[front] for it. Acquire and release at the swaps: whoever gets a plan has it alone.
    matrix_plan plans[N_PLANS];
    uint32_t back;
    float *gains; // Set last.
    alignas(PST_CACHE_LINE_BYTES) _Atomic uint32_t middle;
    // The audio thread's.
    uint32_t front;
    void *source_chunk; // CHUNK_FRAMES interleaved frames of samples up to 8 bytes.
    void *planes;       // The same, channel by channel.
    void *destination_chunk;
};

static float default_gain(uint32_t destination, uint32_t source) PST_RT {
    return destination == source ? 1.0f : 0.0f;
}

// Writes the gains that are not 0 into a plan, and finds out which kind it is.
static void make_plan(matrix_plan *plan, const pst_matrix *m) PST_RT {
    uint32_t n_entries = 0;
    bool selects = true;
    bool is_identity = m->n_sources == m->n_destinations;
    for (uint32_t d = 0; d < m->n_destinations; ++d) {
        const float *row = m->gains + (size_t)d * m->n_sources;
        const uint32_t begin = n_entries;
        plan->first[d] = begin;
        for (uint32_t s = 0; s < m->n_sources; ++s) {
            if (row[s] == 0.0f)
                continue;
            selects = selects && row[s] == 1.0f;
            plan->sources[n_entries] = (uint16_t)s;
            plan->gains[n_entries++] = row[s];
        }
        selects = selects && n_entries <= begin + 1;
        plan->picks[d] = n_entries > begin ? plan->sources[begin] : (uint16_t)NO_SOURCE;
        is_identity = is_identity && plan->picks[d] == d;
    }
    plan->first[m->n_destinations] = n_entries;
    plan->kind = !selects ? PLAN_MIX : is_identity ? PLAN_IDENTITY : PLAN_SELECT;
}

pst_status pst_matrix_create(pst_matrix **matrix, uint32_t n_sources, uint32_t n_destinations,
                             pst_error *err) {
    const size_t n_gains = (size_t)n_sources * n_destinations;
    pst_matrix *m = pst_alloc(sizeof *m);
    if (m == NULL)
        return pst_fail_memory(err);
    m->n_sources = n_sources;
    m->n_destinations = n_destinations;
    m->gains = pst_alloc_array(n_gains, sizeof *m->gains);
    bool complete = m->gains != NULL;
    for (int i = 0; i < N_PLANS; ++i) {
        matrix_plan *plan = &m->plans[i];
        plan->picks = pst_alloc_array(n_destinations, sizeof *plan->picks);
        plan->first = pst_alloc_array((size_t)n_destinations + 1, sizeof *plan->first);
        plan->sources = pst_alloc_array(n_gains, sizeof *plan->sources);
        plan->gains = pst_alloc_array(n_gains, sizeof *plan->gains);
        complete = complete && plan->picks != NULL && plan->first != NULL &&
                   plan->sources != NULL && plan->gains != NULL;
    }
    const size_t chunk_bytes = CHUNK_FRAMES * sizeof(double);
    // Chunks of the source are also where selected samples are before they are converted.
    const uint32_t most = n_sources > n_destinations ? n_sources : n_destinations;
    m->source_chunk = pst_alloc_array(most, chunk_bytes);
    m->planes = pst_alloc_array(n_sources, chunk_bytes);
    m->destination_chunk = pst_alloc_array(n_destinations, chunk_bytes);
    if (!complete || m->source_chunk == NULL || m->planes == NULL || m->destination_chunk == NULL) {
        pst_matrix_destroy(m);
        return pst_fail_memory(err);
    }
    m->back = 0;
    atomic_init(&m->middle, 1);
    m->front = 2;
    pst_matrix_set(m, NULL);
    pst_matrix_refresh(m);
    *matrix = m;
    return PST_OK;
}

void pst_matrix_destroy(pst_matrix *matrix) {
    if (matrix == NULL)
        return;
    for (int i = 0; i < N_PLANS; ++i) {
        pst_free(matrix->plans[i].picks);
        pst_free(matrix->plans[i].first);
        pst_free(matrix->plans[i].sources);
        pst_free(matrix->plans[i].gains);
    }
    pst_free(matrix->gains);
    pst_free(matrix->source_chunk);
    pst_free(matrix->planes);
    pst_free(matrix->destination_chunk);
    pst_free(matrix);
}

pst_status pst_matrix_check(const float *gains, uint32_t n_sources, uint32_t n_destinations,
                            const char *name, pst_error *err) {
    for (uint32_t d = 0; d < n_destinations; ++d)
        for (uint32_t s = 0; s < n_sources; ++s) {
            const float gain = gains[(size_t)d * n_sources + s];
            if (!isfinite(gain))
                return pst_fail(err, PST_BAD_ARGUMENT, 0,
                                "%s[%u][%u] is %g; a gain must be a finite number", name,
                                (unsigned)d, (unsigned)s, (double)gain);
        }
    return PST_OK;
}

void pst_matrix_set(pst_matrix *matrix, const float *gains) PST_RT {
    for (uint32_t d = 0; d < matrix->n_destinations; ++d)
        for (uint32_t s = 0; s < matrix->n_sources; ++s) {
            const size_t i = (size_t)d * matrix->n_sources + s;
            matrix->gains[i] = gains != NULL ? gains[i] : default_gain(d, s);
        }
    make_plan(&matrix->plans[matrix->back], matrix);
    const uint32_t old =
        atomic_exchange_explicit(&matrix->middle, matrix->back | IS_FRESH, memory_order_acq_rel);
    matrix->back = old & (IS_FRESH - 1);
}

void pst_matrix_get(const pst_matrix *matrix, float *gains) PST_RT {
    memcpy(gains, matrix->gains,
           (size_t)matrix->n_sources * matrix->n_destinations * sizeof *gains);
}

// ---- On the audio thread -----------------------------------------------------------------------

void pst_matrix_refresh(pst_matrix *matrix) PST_RT {
    if ((atomic_load_explicit(&matrix->middle, memory_order_relaxed) & IS_FRESH) == 0)
        return;
    const uint32_t fresh =
        atomic_exchange_explicit(&matrix->middle, matrix->front, memory_order_acq_rel);
    matrix->front = fresh & (IS_FRESH - 1);
}

bool pst_matrix_is_identity(const pst_matrix *matrix) PST_RT {
    return matrix->plans[matrix->front].kind == PLAN_IDENTITY;
}

// Copies samples of n_bytes each, which is a constant wherever this is inlined.
static inline void pick(unsigned char *dst, const unsigned char *src, size_t n_frames,
                        const pst_matrix *m, const uint16_t *picks, size_t n_bytes,
                        int silence) PST_RT {
    const size_t n_sources = m->n_sources;
    const size_t n_destinations = m->n_destinations;
    for (size_t i = 0; i < n_frames; ++i) {
        for (size_t d = 0; d < n_destinations; ++d, dst += n_bytes) {
            if (picks[d] == NO_SOURCE)
                memset(dst, silence, n_bytes);
            else
                memcpy(dst, src + picks[d] * n_bytes, n_bytes);
        }
        src += n_sources * n_bytes;
    }
}

static void pick_format(unsigned char *dst, const unsigned char *src, pst_format format,
                        size_t n_frames, const pst_matrix *m, const uint16_t *picks) PST_RT {
    unsigned char silence[8];
    pst_silence(silence, format, 1);
    switch (pst_format_bytes(format)) {
    case 1:
        pick(dst, src, n_frames, m, picks, 1, silence[0]);
        break;
    case 2:
        pick(dst, src, n_frames, m, picks, 2, silence[0]);
        break;
    case 3:
        pick(dst, src, n_frames, m, picks, 3, silence[0]);
        break;
    case 4:
        pick(dst, src, n_frames, m, picks, 4, silence[0]);
        break;
    default:
        pick(dst, src, n_frames, m, picks, 8, silence[0]);
    }
}

static bool needs_f64(pst_format format) PST_RT {
    return format == PST_FORMAT_F64 || format == PST_FORMAT_I32 || format == PST_FORMAT_I24;
}

void pst_matrix_apply(pst_matrix *matrix, void *dst, pst_format dst_format, const void *src,
                      pst_format src_format, size_t n_frames, bool keep_nonfinite,
                      pst_convert_counts *counts) PST_RT {
    const pst_mix_kernels *kernels = pst_kernels_now()->mix;
    const matrix_plan *plan = &matrix->plans[matrix->front];
    const pst_mix mix = {matrix->n_sources, matrix->n_destinations, plan->first, plan->sources,
                         plan->gains};
    const pst_format middle =
        needs_f64(src_format) || needs_f64(dst_format) ? PST_FORMAT_F64 : PST_FORMAT_F32;
    const size_t src_step = (size_t)matrix->n_sources * pst_format_bytes(src_format);
    const size_t dst_step = (size_t)matrix->n_destinations * pst_format_bytes(dst_format);
    const unsigned char *from = src;
    unsigned char *to = dst;
    for (size_t done = 0; done < n_frames;) {
        const size_t n_left = n_frames - done;
        const uint32_t n = n_left < CHUNK_FRAMES ? (uint32_t)n_left : CHUNK_FRAMES;
        if (plan->kind == PLAN_MIX) {
            pst_convert_samples(matrix->source_chunk, middle, from, src_format,
                                (size_t)n * matrix->n_sources, keep_nonfinite, counts);
            if (middle == PST_FORMAT_F64)
                kernels->mix_f64(&mix, matrix->destination_chunk, matrix->source_chunk,
                                 matrix->planes, n);
            else
                kernels->mix_f32(&mix, matrix->destination_chunk, matrix->source_chunk,
                                 matrix->planes, n);
            pst_convert_samples(to, dst_format, matrix->destination_chunk, middle,
                                (size_t)n * matrix->n_destinations, keep_nonfinite, counts);
        } else {
            pick_format(matrix->source_chunk, from, src_format, n, matrix, plan->picks);
            pst_convert_samples(to, dst_format, matrix->source_chunk, src_format,
                                (size_t)n * matrix->n_destinations, keep_nonfinite, counts);
        }
        from += n * src_step;
        to += n * dst_step;
        done += n;
    }
}
