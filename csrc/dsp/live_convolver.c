// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/live_convolver.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/convolver_row.h"

struct pst_live_convolver {
    uint32_t n_response;
    int64_t n_frames; // Of the response.
    int64_t reach;    // After so many silent ones, nothing is left anywhere.
    pst_heard heard;
    uint32_t n_rows;
    pst_convolver_row rows[PST_CUT_ROWS];
    // Of the first row, in a block that comes in pieces: what was heard before it.
    pst_bins before[2];
    uint32_t n_before;  // So many outputs have that,
    bool has_before[2]; // unless it is silence.
    float *block;
};

static const int64_t NEVER = INT64_MIN / 2;

static pst_status make_all(pst_live_convolver *self, const pst_response *response,
                           const pst_cut *cut) {
    const size_t n_first = cut->rows[0].n_block;
    const size_t n_last = cut->rows[cut->n_rows - 1].n_block;
    self->n_rows = cut->n_rows;
    self->heard.mask = 4 * n_last - 1;
    self->heard.silence = pst_alloc_array(n_last, sizeof(float));
    self->block = pst_alloc_array(n_first, sizeof(float));
    bool ok = self->heard.silence != NULL && self->block != NULL;
    for (int c = 0; c < 2 && ok; ++c) {
        self->heard.planes[c] = pst_alloc_array(4 * n_last, sizeof(float));
        self->before[c].re = pst_alloc_array(n_first, sizeof(float));
        self->before[c].im = pst_alloc_array(n_first, sizeof(float));
        ok = self->heard.planes[c] != NULL && self->before[c].re != NULL &&
             self->before[c].im != NULL;
    }
    for (uint32_t i = 0; i < cut->n_rows && ok; ++i)
        ok = pst_convolver_row_init(&self->rows[i], &cut->rows[i], response);
    self->reach = response->n_frames + 4 * (int64_t)n_last;
    return ok ? PST_OK : PST_NO_MEMORY;
}

pst_status pst_live_convolver_create(pst_live_convolver **convolver, const pst_response *response,
                                     uint32_t call_frames, pst_error *err) {
    pst_live_convolver *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    pst_cut cut;
    pst_cut_response(&cut, response->n_frames, call_frames);
    self->n_response = response->n_channels;
    self->n_frames = response->n_frames;
    if (make_all(self, response, &cut) != PST_OK) {
        pst_live_convolver_destroy(self);
        return pst_fail_memory(err);
    }
    pst_live_convolver_reset(self);
    *convolver = self;
    return PST_OK;
}

void pst_live_convolver_destroy(pst_live_convolver *convolver) {
    if (convolver == NULL)
        return;
    for (uint32_t i = 0; i < convolver->n_rows; ++i)
        pst_convolver_row_free(&convolver->rows[i]);
    for (int c = 0; c < 2; ++c) {
        pst_free(convolver->heard.planes[c]);
        pst_free(convolver->before[c].re);
        pst_free(convolver->before[c].im);
    }
    pst_free(convolver->heard.silence);
    pst_free(convolver->block);
    pst_free(convolver);
}

void pst_live_convolver_reset(pst_live_convolver *convolver) PST_RT {
    for (uint32_t i = 0; i < convolver->n_rows; ++i)
        pst_convolver_row_reset(&convolver->rows[i]);
    convolver->heard.n_frames = 0;
    convolver->heard.sound_end = NEVER;
    convolver->heard.stereo_end = NEVER;
}

bool pst_live_convolver_is_silent(const pst_live_convolver *convolver) PST_RT {
    return convolver->heard.n_frames - convolver->heard.sound_end >= convolver->reach;
}

uint32_t pst_live_convolver_n_out(const pst_live_convolver *convolver, uint32_t n_in) PST_RT {
    const pst_heard *heard = &convolver->heard;
    const bool is_mono = convolver->n_response == 1 && n_in == 1 &&
                         heard->n_frames - heard->stereo_end >= convolver->n_frames;
    return is_mono ? 1 : 2;
}

// ---- One piece: within a block of the first row -------------------------------------------------

static void take(pst_heard *heard, const float *const *in, uint32_t n_in, uint32_t from,
                 uint32_t n) PST_RT {
    const uint64_t at = (uint64_t)heard->n_frames & heard->mask;
    for (uint32_t c = 0; c < 2; ++c) {
        float *to = heard->planes[c] + at;
        if (in == NULL) {
            memset(to, 0, n * sizeof *to);
            continue;
        }
        memcpy(to, in[c < n_in ? c : 0] + from, n * sizeof *to);
        (void)pst_kernels_now()->convert->scrub_f32((unsigned char *)to, n);
    }
    if (in == NULL)
        return;
    heard->sound_end = heard->n_frames + n;
    if (n_in == 2)
        heard->stereo_end = heard->n_frames + n;
}

// What was heard before the block that comes in pieces.
static void look_back(pst_live_convolver *self, uint32_t output) PST_RT {
    pst_convolver_row *row = &self->rows[0];
    const uint32_t n = pst_convolver_row_list(row, output, 1, row->n_parts, row->products[0]);
    self->has_before[output] = n > 0;
    if (n > 0)
        pst_kernels_now()->spectrum->multiply_sum(self->before[output], row->products[0], n, 0,
                                                  row->n_block);
}

// Frames at to at + n - 1 of one channel, n of them.
static uint64_t hear_first(pst_live_convolver *self, uint32_t output, uint32_t at, uint32_t n,
                           float *to) PST_RT {
    const pst_kernels *kernels = pst_kernels_now();
    pst_convolver_row *row = &self->rows[0];
    const bool is_whole = n == row->n_block;
    if (!is_whole && output >= self->n_before) {
        look_back(self, output);
        self->n_before = output + 1;
    }
    const bool adds = !is_whole && self->has_before[output];
    const uint32_t n_products =
        pst_convolver_row_list(row, output, 0, is_whole ? row->n_parts : 1, row->products[0]);
    if (n_products == 0 && !adds) {
        memset(to, 0, n * sizeof *to);
        return 0;
    }
    kernels->spectrum->multiply_sum(row->a, row->products[0], n_products, 0, row->n_block);
    if (adds) {
        kernels->planes->add(row->a.re, self->before[output].re, row->n_block);
        kernels->planes->add(row->a.im, self->before[output].im, row->n_block);
    }
    pst_convolver_row_return(row, is_whole ? to : self->block);
    if (!is_whole)
        memcpy(to, self->block + at, n * sizeof *to);
    return (uint64_t)(n_products + row->n_steps + 1) * row->n_block;
}

static uint64_t run_first(pst_live_convolver *self, float *const *out, uint32_t n_out,
                          uint32_t from, uint32_t n) PST_RT {
    pst_convolver_row *row = &self->rows[0];
    const pst_heard *heard = &self->heard;
    const uint32_t at = (uint32_t)((uint64_t)heard->n_frames & (row->n_block - 1));
    if (at == 0) {
        pst_convolver_row_turn(row);
        self->n_before = 0;
        // What comes later changes nothing that is heard now, but it may not be anything.
        for (uint32_t c = 0; c < 2; ++c)
            memset(heard->planes[c] + ((uint64_t)heard->n_frames & heard->mask) + n, 0,
                   (row->n_block - n) * sizeof(float));
    }
    const int64_t first = heard->n_frames - at - row->n_block;
    pst_convolver_row_look(row, heard, first);
    const uint32_t n_in = row->n_heard[row->newest];
    uint64_t work = (uint64_t)n_in * (row->n_steps + 1) * row->n_block;
    for (uint32_t c = 0; c < n_in; ++c)
        pst_convolver_row_transform(row, heard, c, first);
    for (uint32_t o = 0; o < n_out; ++o)
        work += hear_first(self, o, at, n, out[o] + from);
    return work;
}

static void hear_ready(const pst_convolver_row *row, const pst_heard *heard, float *const *out,
                       uint32_t n_out, uint32_t from, uint32_t n) PST_RT {
    const uint32_t at = (uint32_t)((uint64_t)heard->n_frames & (row->n_block - 1));
    for (uint32_t o = 0; o < n_out && row->n_ready > 0; ++o)
        pst_kernels_now()->planes->add(out[o] + from, row->ready[row->n_ready == 1 ? 0 : o] + at,
                                       n);
}

static uint64_t work_on(pst_convolver_row *row, const pst_heard *heard) PST_RT {
    const uint32_t at = (uint32_t)((uint64_t)heard->n_frames & (row->n_block - 1));
    const uint64_t work = pst_convolver_row_go_on(row, heard, at == 0 ? row->n_block : at);
    if (at == 0)
        pst_convolver_row_begin(row, heard);
    return work;
}

uint64_t pst_live_convolver_run(pst_live_convolver *convolver, const float *const *in,
                                uint32_t n_in, float *const *out, uint32_t n_frames) PST_RT {
    pst_live_convolver *self = convolver;
    const uint32_t n_out = pst_live_convolver_n_out(self, n_in);
    if (in == NULL && pst_live_convolver_is_silent(self)) {
        if (self->heard.n_frames > 0)
            pst_live_convolver_reset(self);
        for (uint32_t o = 0; o < n_out; ++o)
            memset(out[o], 0, n_frames * sizeof *out[o]);
        return 0;
    }
    uint64_t work = 0;
    const uint32_t n_block = self->rows[0].n_block;
    for (uint32_t from = 0; from < n_frames;) {
        const uint32_t n_left =
            n_block - (uint32_t)((uint64_t)self->heard.n_frames & (n_block - 1));
        const uint32_t n = n_frames - from < n_left ? n_frames - from : n_left;
        take(&self->heard, in, n_in, from, n);
        // Its frames are looked at before they count.
        work += run_first(self, out, n_out, from, n);
        for (uint32_t i = 1; i < self->n_rows; ++i)
            hear_ready(&self->rows[i], &self->heard, out, n_out, from, n);
        self->heard.n_frames += n;
        for (uint32_t i = 1; i < self->n_rows; ++i)
            work += work_on(&self->rows[i], &self->heard);
        from += n;
    }
    return work;
}
