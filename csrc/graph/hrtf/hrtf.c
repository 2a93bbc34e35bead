// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/hrtf/hrtf.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum {
    BLOCK = 128, // Frames at once.
    // A delay of a part of a frame is a polynomial through so many points: three frames later.
    POINTS = 8,
    POINTS_BEFORE = 3,
    FADE_MIN = 128,
    FADE_MAX = 1024
};

typedef struct filter {
    float *taps;
    uint32_t delay; // In frames.
} filter;

struct pst_hrtf {
    pst_shared shared;
    pst_ears *ears;
    uint32_t n_taps;
    uint32_t n_past;       // Frames that the filters look back.
    bool has_aim;          // What follows is known.
    pst_aim aim;           // Of the new filters.
    filter old[2], now[2]; // Left and right.
    uint32_t fade_frames;
    uint32_t n_faded; // How far the way from the old ones to the new ones is.
    float *past[2];   // n_past frames, a block, and what kernels read behind it.
    float *mixed;     // A response between points behind it and in front of it.
    float *faded;     // A block.
    float *room;
};

// ---- Control side -------------------------------------------------------------------------------

static void destroy(pst_shared *shared) {
    pst_hrtf *hrtf = (pst_hrtf *)shared;
    pst_shared_release(&hrtf->ears->shared);
    pst_free(hrtf->room);
    pst_free(hrtf);
}

static float *cut(float **room, size_t n) {
    float *piece = *room;
    *room += n;
    return piece;
}

pst_status pst_hrtf_create(pst_hrtf **hrtf, pst_ears *ears, uint32_t quantum_frames,
                           pst_error *err) {
    pst_hrtf *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, destroy);
    made->ears = ears;
    pst_shared_retain(&ears->shared);
    made->n_taps = ears->n_taps + POINTS - 1;
    made->n_past = made->n_taps - 1 + (uint32_t)ears->longest;
    made->fade_frames = quantum_frames < FADE_MIN   ? FADE_MIN
                        : quantum_frames > FADE_MAX ? FADE_MAX
                                                    : quantum_frames;
    made->n_faded = made->fade_frames;
    const size_t n_past = made->n_past + BLOCK + PST_SUM_SLACK;
    const size_t n_mixed = made->n_taps + POINTS - 1 + PST_SUM_SLACK;
    made->room =
        pst_alloc_array(2 * n_past + 4 * (size_t)made->n_taps + n_mixed + BLOCK, sizeof(float));
    if (made->room == NULL) {
        destroy(&made->shared);
        return pst_fail_memory(err);
    }
    float *room = made->room;
    for (int e = 0; e < 2; ++e) {
        made->past[e] = cut(&room, n_past);
        made->old[e].taps = cut(&room, made->n_taps);
        made->now[e].taps = cut(&room, made->n_taps);
    }
    made->mixed = cut(&room, n_mixed);
    made->faded = cut(&room, BLOCK);
    *hrtf = made;
    return PST_OK;
}

// ---- Aiming -------------------------------------------------------------------------------------

// Four places of the grid around a direction, and how much each counts.
typedef struct corners {
    size_t at[4];
    double share[4];
} corners;

static corners find_corners(const pst_aim *aim) PST_RT {
    const double pi = 3.14159265358979323846;
    double column = aim->right * (PST_EARS_COLUMNS / (2.0 * pi));
    column -= floor(column / PST_EARS_COLUMNS) * PST_EARS_COLUMNS;
    double row = (aim->up / pi + 0.5) * (PST_EARS_ROWS - 1);
    row = row > 0.0 ? row : 0.0;
    row = row < PST_EARS_ROWS - 1 ? row : PST_EARS_ROWS - 1;
    const uint32_t r = row < PST_EARS_ROWS - 2 ? (uint32_t)row : PST_EARS_ROWS - 2;
    const uint32_t c = (uint32_t)column % PST_EARS_COLUMNS; // Rounded, it may be once round.
    const double up = row - r, right = column - floor(column);
    const uint32_t next = (c + 1) % PST_EARS_COLUMNS;
    return (corners){
        .at = {pst_ears_at(r, c), pst_ears_at(r, next), pst_ears_at(r + 1, c),
               pst_ears_at(r + 1, next)},
        .share = {(1.0 - up) * (1.0 - right), (1.0 - up) * right, up * (1.0 - right), up * right},
    };
}

// Makes the polynomial (Lagrange's) through points that delays by a part of a frame.
static void find_points(double part, float *points) PST_RT {
    const double at = POINTS_BEFORE + part;
    for (int k = 0; k < POINTS; ++k) {
        double point = 1.0;
        for (int m = 0; m < POINTS; ++m)
            if (m != k)
                point *= (at - m) / (k - m);
        points[k] = (float)point;
    }
}

static void find_filter(const pst_hrtf *hrtf, const corners *c, size_t ear, double gain,
                        filter *to) PST_RT {
    const pst_kernels *kernels = pst_kernels_now();
    const pst_ears *ears = hrtf->ears;
    float *mixed = hrtf->mixed + POINTS - 1;
    memset(mixed, 0, ears->n_taps * sizeof *mixed);
    double delay = 0.0;
    for (int k = 0; k < 4; ++k) {
        if (c->share[k] == 0.0)
            continue;
        const size_t from = c->at[k] + ear;
        delay += c->share[k] * (double)ears->delays[from];
        kernels->planes->add_scaled(mixed, ears->taps + from * ears->n_taps,
                                    (float)(c->share[k] * gain), ears->n_taps);
    }
    const double longest = (double)(uint32_t)ears->longest;
    const double whole = floor(delay) < longest ? floor(delay) : longest;
    float points[POINTS];
    find_points(delay - whole, points);
    to->delay = (uint32_t)whole;
    kernels->filter->sum_f32(to->taps, mixed, points, POINTS, 1, hrtf->n_taps);
}

static bool is_same(const pst_aim *a, const pst_aim *b) PST_RT {
    return a->right == b->right && a->up == b->up && a->gain == b->gain;
}

static void turn(pst_hrtf *hrtf, const pst_aim *aim) PST_RT {
    if (hrtf->has_aim && (hrtf->n_faded < hrtf->fade_frames || is_same(aim, &hrtf->aim)))
        return;
    const corners c = find_corners(aim);
    for (int e = 0; e < 2; ++e) {
        const filter old = hrtf->old[e];
        hrtf->old[e] = hrtf->now[e];
        hrtf->now[e] = old;
        find_filter(hrtf, &c, (size_t)e, aim->gain, &hrtf->now[e]);
    }
    hrtf->n_faded = hrtf->has_aim ? 0 : hrtf->fade_frames;
    hrtf->has_aim = true;
    hrtf->aim = *aim;
}

// ---- Running ------------------------------------------------------------------------------------

static void copy_filter(const pst_hrtf *hrtf, filter *to, const filter *from) PST_RT {
    memcpy(to->taps, from->taps, hrtf->n_taps * sizeof *to->taps);
    to->delay = from->delay;
}

void pst_hrtf_follow(pst_hrtf *hrtf, const pst_hrtf *old) PST_RT {
    if (hrtf->ears != old->ears)
        return;
    hrtf->has_aim = old->has_aim;
    hrtf->aim = old->aim;
    hrtf->n_faded = old->n_faded;
    for (int e = 0; e < 2; ++e) {
        copy_filter(hrtf, &hrtf->old[e], &old->old[e]);
        copy_filter(hrtf, &hrtf->now[e], &old->now[e]);
        memcpy(hrtf->past[e], old->past[e], hrtf->n_past * sizeof(float));
    }
}

static void fade(const pst_hrtf *hrtf, float *to, uint32_t n) PST_RT {
    const float step = 1.0f / (float)hrtf->fade_frames;
    for (uint32_t i = 0; i < n; ++i) {
        const uint32_t done = hrtf->n_faded + i + 1;
        const float left = done < hrtf->fade_frames ? 1.0f - (float)done * step : 0.0f;
        to[i] += (hrtf->faded[i] - to[i]) * left;
    }
}

static void run_ear(pst_hrtf *hrtf, int e, const float *from, float *to, uint32_t n) PST_RT {
    const pst_filter_kernels *kernels = pst_kernels_now()->filter;
    float *past = hrtf->past[e];
    float *begin = past + hrtf->n_past;
    const filter *now = &hrtf->now[e], *old = &hrtf->old[e];
    memcpy(begin, from, n * sizeof *begin);
    kernels->sum_f32(to, begin - now->delay, now->taps, hrtf->n_taps, 1, n);
    if (hrtf->n_faded < hrtf->fade_frames) {
        kernels->sum_f32(hrtf->faded, begin - old->delay, old->taps, hrtf->n_taps, 1, n);
        fade(hrtf, to, n);
    }
    memmove(past, past + n, hrtf->n_past * sizeof *past);
}

void pst_hrtf_run(pst_hrtf *hrtf, const pst_aim *aim, const float *const *from, float *const *to,
                  uint32_t n_frames) PST_RT {
    for (uint32_t at = 0; at < n_frames; at += BLOCK) {
        const uint32_t n = n_frames - at < BLOCK ? n_frames - at : BLOCK;
        turn(hrtf, aim);
        for (int e = 0; e < 2; ++e)
            run_ear(hrtf, e, from[e] + at, to[e] + at, n);
        hrtf->n_faded =
            hrtf->n_faded + n < hrtf->fade_frames ? hrtf->n_faded + n : hrtf->fade_frames;
    }
}

uint32_t pst_hrtf_tail(const pst_hrtf *hrtf) PST_RT {
    return hrtf->n_past;
}
