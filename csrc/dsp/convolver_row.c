// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/convolver_row.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

// What a step of a transform reads and writes lies apart by powers of two, and would contend for
// the same few lines of the cache. So arrays begin so many lines later than others.
enum { LINE = PST_CACHE_LINE_BYTES / sizeof(float), LATER_PAST = 0, LATER_B = 8, LATER_A = 32 };
enum { LATER_IM = 16 };

static bool make_bins(pst_bins *made, size_t n, size_t later) {
    float *memory = pst_alloc_array(2 * n + (later + LATER_IM) * LINE, sizeof(float));
    if (memory == NULL)
        return false;
    made->re = memory + later * LINE;
    made->im = made->re + n + (size_t)LATER_IM * LINE;
    return true;
}

static void free_bins(const pst_bins *made, size_t later) {
    if (made->re != NULL)
        pst_free(made->re - later * LINE);
}

static pst_bins part_of(pst_bins all, size_t index) PST_RT {
    return (pst_bins){all.re + index, all.im + index};
}

static pst_bins exchanged(pst_bins all) PST_RT {
    return (pst_bins){all.im, all.re};
}

// ---- Making it ----------------------------------------------------------------------------------

// Of all but the last step: where a transform is, so that it ends in `end`.
static pst_bins place_of(pst_bins end, pst_bins other, uint32_t n_steps_left) PST_RT {
    return n_steps_left % 2 == 0 ? end : other;
}

static void transform(const pst_convolver_row *row, const float *first, const float *second,
                      pst_bins end) PST_RT {
    pst_fft32_fold(row->fft, place_of(end, row->a, row->n_steps), first, second);
    for (uint32_t i = 0; i < row->n_steps; ++i)
        pst_fft32_step(row->fft, i, place_of(end, row->a, row->n_steps - i),
                       place_of(end, row->a, row->n_steps - i - 1));
}

// Neither direction divides by the number; the parts do. Two blocks of zeros wait at b.
static void transform_response(pst_convolver_row *row, int64_t first,
                               const pst_response *response) {
    float *block = row->b.re;
    const double gain = response->gain / row->n_block;
    for (uint32_t c = 0; c < response->n_channels; ++c)
        for (uint32_t p = 0; p < row->n_parts; ++p) {
            const int64_t from = first + (int64_t)p * row->n_block;
            const int64_t n_left = response->n_frames - from;
            for (uint32_t i = 0; i < row->n_block; ++i) {
                const double x = i < n_left ? (double)response->channels[c][from + i] : 0.0;
                block[i] = isfinite(x) ? (float)(gain * x) : 0.0f;
            }
            transform(row, block, row->b.im,
                      part_of(row->parts, ((size_t)c * row->n_parts + p) * row->n_block));
        }
    memset(block, 0, row->n_block * sizeof *block);
}

bool pst_convolver_row_init(pst_convolver_row *row, const pst_cut_row *cut,
                            const pst_response *response) {
    const size_t n_block = cut->n_block;
    row->n_block = cut->n_block;
    row->n_parts = cut->n_parts;
    row->n_response = response->n_channels;
    row->fft = pst_fft32_create(cut->n_block);
    row->n_heard = pst_alloc(cut->n_parts);
    if (row->fft == NULL || row->n_heard == NULL || !make_bins(&row->a, n_block, LATER_A) ||
        !make_bins(&row->b, n_block, LATER_B) ||
        !make_bins(&row->past, 2 * n_block * cut->n_parts, LATER_PAST) ||
        !make_bins(&row->parts, response->n_channels * n_block * cut->n_parts, LATER_PAST))
        return false;
    for (int c = 0; c < 2; ++c) {
        row->products[c] = pst_alloc_array(2 * (size_t)cut->n_parts, sizeof *row->products[c]);
        row->ready[c] = pst_alloc_array(n_block, sizeof(float));
        row->next[c] = pst_alloc_array(n_block, sizeof(float));
        if (row->products[c] == NULL || row->ready[c] == NULL || row->next[c] == NULL)
            return false;
    }
    row->n_steps = pst_fft32_n_steps(row->fft);
    transform_response(row, cut->first, response);
    return true;
}

void pst_convolver_row_free(pst_convolver_row *row) {
    for (int c = 0; c < 2; ++c) {
        pst_free(row->products[c]);
        pst_free(row->ready[c]);
        pst_free(row->next[c]);
    }
    free_bins(&row->a, LATER_A);
    free_bins(&row->b, LATER_B);
    free_bins(&row->past, LATER_PAST);
    free_bins(&row->parts, LATER_PAST);
    pst_free(row->n_heard);
    pst_fft32_destroy(row->fft);
}

void pst_convolver_row_reset(pst_convolver_row *row) PST_RT {
    memset(row->n_heard, 0, row->n_parts);
    row->job = (pst_row_job){0};
    row->n_ready = 0;
}

// ---- Pieces of work -----------------------------------------------------------------------------

void pst_convolver_row_turn(pst_convolver_row *row) PST_RT {
    row->newest = row->newest + 1 == row->n_parts ? 0 : row->newest + 1;
}

void pst_convolver_row_look(pst_convolver_row *row, const pst_heard *heard, int64_t first) PST_RT {
    row->n_heard[row->newest] = heard->stereo_end > first ? 2 : heard->sound_end > first ? 1 : 0;
}

// One channel of one slot with one of the response.
static uint32_t list_path(const pst_convolver_row *row, uint32_t input, uint32_t channel,
                          uint32_t first, uint32_t end, pst_bins_product *products) PST_RT {
    uint32_t n = 0;
    uint32_t slot = row->newest >= first ? row->newest - first : row->newest + row->n_parts - first;
    for (uint32_t p = first; p < end; ++p) {
        const uint32_t n_heard = row->n_heard[slot];
        const size_t heard = (n_heard == 2 ? input : 0) * (size_t)row->n_parts + slot;
        if (n_heard > 0)
            products[n++] = (pst_bins_product){
                part_of(row->past, heard * row->n_block),
                part_of(row->parts, ((size_t)channel * row->n_parts + p) * row->n_block)};
        slot = slot == 0 ? row->n_parts - 1 : slot - 1;
    }
    return n;
}

uint32_t pst_convolver_row_list(const pst_convolver_row *row, uint32_t output, uint32_t first,
                                uint32_t end, pst_bins_product *products) PST_RT {
    const uint32_t channel = row->n_response == 1 ? 0 : output;
    if (row->n_response < 4)
        return list_path(row, output, channel, first, end, products);
    const uint32_t n = list_path(row, 0, output, first, end, products);
    return n + list_path(row, 1, 2 + output, first, end, products + n);
}

static const float *block_at(const pst_heard *heard, uint32_t channel, int64_t frame) PST_RT {
    return frame < 0 ? heard->silence : heard->planes[channel] + ((uint64_t)frame & heard->mask);
}

static pst_bins newest_of(const pst_convolver_row *row, uint32_t channel) PST_RT {
    return part_of(row->past, ((size_t)channel * row->n_parts + row->newest) * row->n_block);
}

void pst_convolver_row_transform(pst_convolver_row *row, const pst_heard *heard, uint32_t channel,
                                 int64_t first) PST_RT {
    transform(row, block_at(heard, channel, first), block_at(heard, channel, first + row->n_block),
              newest_of(row, channel));
}

static void step_back(const pst_convolver_row *row, uint32_t step) PST_RT {
    const pst_bins from = step % 2 == 0 ? row->a : row->b, to = step % 2 == 0 ? row->b : row->a;
    pst_fft32_step(row->fft, step, exchanged(from), exchanged(to));
}

static void unfold(const pst_convolver_row *row, float *block) PST_RT {
    pst_fft32_unfold(row->fft, block, row->n_steps % 2 == 0 ? row->a : row->b);
}

void pst_convolver_row_return(pst_convolver_row *row, float *block) PST_RT {
    for (uint32_t i = 0; i < row->n_steps; ++i)
        step_back(row, i);
    unfold(row, block);
}

// ---- Jobs ---------------------------------------------------------------------------------------

void pst_convolver_row_begin(pst_convolver_row *row, const pst_heard *heard) PST_RT {
    pst_row_job *job = &row->job;
    for (int c = 0; c < 2; ++c) {
        float *ready = row->next[c];
        row->next[c] = row->ready[c];
        row->ready[c] = ready;
    }
    row->n_ready = job->n_out;
    *job = (pst_row_job){.first = heard->n_frames - 2 * (int64_t)row->n_block};
    pst_convolver_row_turn(row);
    pst_convolver_row_look(row, heard, job->first);
    job->n_in = row->n_heard[row->newest];
    uint32_t most = 0;
    for (uint32_t slot = 0; slot < row->n_parts; ++slot)
        most = row->n_heard[slot] > most ? row->n_heard[slot] : most;
    if (most > 0)
        job->n_out = row->n_response > 1 ? 2 : most;
    job->total = (uint64_t)job->n_in * (row->n_steps + 1) * row->n_block;
    most = 1;
    for (uint32_t o = 0; o < job->n_out; ++o) {
        const uint32_t n = pst_convolver_row_list(row, o, 0, row->n_parts, row->products[o]);
        job->n_products[o] = n;
        job->total += (uint64_t)(n + row->n_steps + 1) * row->n_block;
        most = n > most ? n : most;
    }
    // Products wait for memory; so their items have half the work of a step.
    job->n_chunk = row->n_block;
    while (job->n_chunk > PST_BINS_MIN && 2 * (uint64_t)job->n_chunk * most > row->n_block)
        job->n_chunk /= 2;
}

// Returns how much work it was.
static uint64_t do_forward(const pst_convolver_row *row, const pst_heard *heard, uint32_t channel,
                           uint32_t k) PST_RT {
    const pst_bins end = newest_of(row, channel);
    const int64_t first = row->job.first;
    if (k == 0)
        pst_fft32_fold(row->fft, place_of(end, row->a, row->n_steps),
                       block_at(heard, channel, first),
                       block_at(heard, channel, first + row->n_block));
    else
        pst_fft32_step(row->fft, k - 1, place_of(end, row->a, row->n_steps - k + 1),
                       place_of(end, row->a, row->n_steps - k));
    return row->n_block;
}

static uint64_t do_back(const pst_convolver_row *row, uint32_t output, uint32_t k) PST_RT {
    const pst_row_job *job = &row->job;
    const uint32_t n_chunks = row->n_block / job->n_chunk;
    if (k < n_chunks) {
        pst_kernels_now()->spectrum->multiply_sum(row->a, row->products[output],
                                                  job->n_products[output], (size_t)k * job->n_chunk,
                                                  job->n_chunk);
        return (uint64_t)job->n_products[output] * job->n_chunk;
    }
    k -= n_chunks;
    if (k < row->n_steps)
        step_back(row, k);
    else
        unfold(row, row->next[output]);
    return row->n_block;
}

static uint64_t do_item(pst_convolver_row *row, const pst_heard *heard) PST_RT {
    pst_row_job *job = &row->job;
    const uint32_t n_forward = row->n_steps + 1;
    const uint32_t n_back = row->n_block / job->n_chunk + row->n_steps + 1;
    uint32_t item = job->item++;
    if (item < job->n_in * n_forward)
        return do_forward(row, heard, item / n_forward, item % n_forward);
    item -= job->n_in * n_forward;
    return do_back(row, item / n_back, item % n_back);
}

uint64_t pst_convolver_row_go_on(pst_convolver_row *row, const pst_heard *heard,
                                 uint32_t n_frames) PST_RT {
    pst_row_job *job = &row->job;
    const uint64_t before = job->done;
    const uint64_t due = (job->total * n_frames + row->n_block - 1) / row->n_block;
    while (job->done < due)
        job->done += do_item(row, heard);
    return job->done - before;
}
