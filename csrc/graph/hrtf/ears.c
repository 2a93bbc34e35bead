// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/hrtf/ears.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "dsp/fft.h"

static const double pi = 3.14159265358979323846;

// ---- Responses ----------------------------------------------------------------------------------

// Both ears are transformed at once, one as the real part and the other as the imaginary part.
enum { EARS = 2 };

// The first half of a spectrum, and the middle.
typedef struct spectrum {
    double *re, *im;
} spectrum;

typedef struct work {
    pst_fft *fft;
    uint32_t n;
    double *re, *im;         // n of each.
    double *levels[EARS];    // Logarithms of sizes.
    spectrum ears[EARS];     // What is computed,
    spectrum measured[EARS]; // and what was measured.
    double *room;
} work;

static double *cut(double **room, size_t n) {
    double *piece = *room;
    *room += n;
    return piece;
}

static bool init_work(work *w, uint32_t n) {
    const size_t half = n / 2 + 1;
    *w = (work){.fft = pst_fft_create(n), .n = n};
    w->room = pst_alloc_array(2 * (size_t)n + 5 * EARS * half, sizeof(double));
    if (w->fft == NULL || w->room == NULL)
        return false;
    double *room = w->room;
    w->re = cut(&room, n);
    w->im = cut(&room, n);
    for (int e = 0; e < EARS; ++e) {
        w->levels[e] = cut(&room, half);
        w->ears[e] = (spectrum){cut(&room, half), cut(&room, half)};
        w->measured[e] = (spectrum){cut(&room, half), cut(&room, half)};
    }
    return true;
}

static void free_work(work *w) {
    pst_fft_destroy(w->fft);
    pst_free(w->room);
}

// From re and im to the spectra of both.
static void take_apart(work *w, const spectrum *to) {
    pst_fft_run(w->fft, w->re, w->im);
    for (uint32_t k = 0; k <= w->n / 2; ++k) {
        const uint32_t m = (w->n - k) % w->n;
        to[0].re[k] = 0.5 * (w->re[k] + w->re[m]);
        to[0].im[k] = 0.5 * (w->im[k] - w->im[m]);
        to[1].re[k] = 0.5 * (w->im[k] + w->im[m]);
        to[1].im[k] = 0.5 * (w->re[m] - w->re[k]);
    }
}

// From the spectra of both to re and im.
static void put_together(work *w) {
    const spectrum *a = &w->ears[0], *b = &w->ears[1];
    for (uint32_t k = 0; k <= w->n / 2; ++k) {
        const uint32_t m = (w->n - k) % w->n;
        // The first and the middle have no partner, and no imaginary part.
        const double ai = k == m ? 0.0 : a->im[k], bi = k == m ? 0.0 : b->im[k];
        w->re[k] = a->re[k] - bi;
        w->im[k] = ai + b->re[k];
        w->re[m] = a->re[k] + bi;
        w->im[m] = b->re[k] - ai;
    }
    pst_fft_run(w->fft, w->im, w->re);
    for (uint32_t i = 0; i < w->n; ++i) {
        w->re[i] /= w->n;
        w->im[i] /= w->n;
    }
}

// From levels to spectra of minimum phase: of the cepstrum, the causal half counts twice.
static void to_minimum_phase(work *w) {
    const uint32_t n = w->n;
    for (int e = 0; e < EARS; ++e) {
        memcpy(w->ears[e].re, w->levels[e], (n / 2 + 1) * sizeof(double));
        memset(w->ears[e].im, 0, (n / 2 + 1) * sizeof(double));
    }
    put_together(w);
    for (uint32_t i = 1; i < n / 2; ++i) {
        w->re[i] *= 2.0;
        w->im[i] *= 2.0;
        w->re[n - i] = w->im[n - i] = 0.0;
    }
    take_apart(w, w->ears);
    for (int e = 0; e < EARS; ++e)
        for (uint32_t k = 0; k <= n / 2; ++k) {
            const double size = exp(w->ears[e].re[k]);
            const double phase = w->ears[e].im[k];
            w->ears[e].re[k] = size * cos(phase);
            w->ears[e].im[k] = size * sin(phase);
        }
}

// Where a correlation is largest, between the frames as well.
static double find_peak(const double *x, uint32_t n) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < n / 2; ++i)
        if (x[i] > x[best])
            best = i;
    const double before = x[best == 0 ? n - 1 : best - 1];
    const double bend = before - 2.0 * x[best] + x[best + 1];
    return bend < 0.0 ? best + 0.5 * (before - x[best + 1]) / bend : best;
}

// Finds the levels of a measured pair, and how late each is against its minimum phase.
static void analyse(work *w, const float *left, const float *right, uint32_t n_frames,
                    double *delays) {
    const uint32_t half = w->n / 2;
    memset(w->re, 0, w->n * sizeof(double));
    memset(w->im, 0, w->n * sizeof(double));
    for (uint32_t i = 0; i < n_frames; ++i) {
        w->re[i] = (double)left[i];
        w->im[i] = (double)right[i];
    }
    take_apart(w, w->measured);
    for (int e = 0; e < EARS; ++e)
        for (uint32_t k = 0; k <= half; ++k) {
            const double re = w->measured[e].re[k], im = w->measured[e].im[k];
            w->levels[e][k] = 0.5 * log(re * re + im * im + 1e-20);
        }
    to_minimum_phase(w);
    for (int e = 0; e < EARS; ++e)
        for (uint32_t k = 0; k <= half; ++k) {
            const double ar = w->measured[e].re[k], ai = w->measured[e].im[k];
            const double br = w->ears[e].re[k], bi = w->ears[e].im[k];
            w->ears[e].re[k] = ar * br + ai * bi;
            w->ears[e].im[k] = ai * br - ar * bi;
        }
    put_together(w);
    delays[0] = find_peak(w->re, w->n);
    delays[1] = find_peak(w->im, w->n);
}

// Makes responses of minimum phase out of levels that another rate has, as long as the ears' are.
// Their ends are faded. Where the other rate has nothing to say any more, and what filters were in
// the way of the measurement says more than the ears do, the level stays.
static void synthesise(work *w, const work *from, double bins_per_bin, uint32_t n_taps, float *left,
                       float *right) {
    const uint32_t last = bins_per_bin == 1.0 ? from->n / 2 : (uint32_t)(0.85 * (from->n / 2.0));
    for (int e = 0; e < EARS; ++e)
        for (uint32_t k = 0; k <= w->n / 2; ++k) {
            const double at = k * bins_per_bin;
            const uint32_t low = at < last ? (uint32_t)at : last;
            const uint32_t high = low < last ? low + 1 : last;
            const double part = at < last ? at - low : 0.0;
            w->levels[e][k] = from->levels[e][low] * (1.0 - part) + from->levels[e][high] * part;
        }
    to_minimum_phase(w);
    put_together(w);
    const uint32_t whole = n_taps - n_taps / 4;
    for (uint32_t i = 0; i < n_taps; ++i) {
        const double way = i < whole ? 0.0 : (double)(i - whole + 1) / (n_taps - whole + 1);
        const double share = 0.5 + 0.5 * cos(pi * way);
        left[i] = (float)(w->re[i] * share);
        right[i] = (float)(w->im[i] * share);
    }
}

// ---- A whole head -------------------------------------------------------------------------------

// What was measured, taken apart.
typedef struct parts {
    float *directions; // Of length 1.
    float *taps;       // [direction][ear][n_taps]
    float *delays;     // [direction][ear]
    double *weights;   // [direction]
} parts;

static void free_parts(parts *p) {
    pst_free(p->directions);
    pst_free(p->taps);
    pst_free(p->delays);
    pst_free(p->weights);
}

static uint32_t power_of_two(double least) {
    uint32_t n = 4;
    while (n < least && n < PST_FFT_MAX)
        n *= 2;
    return n;
}

static bool is_head_sound(const pst_head *head) {
    const size_t n = head->n_directions;
    if (n < 1 || head->n_frames < 8 || head->n_frames > PST_HEAD_FRAMES_MAX ||
        !(head->rate_hz >= 1000.0 && head->rate_hz <= 1e6))
        return false;
    for (size_t i = 0; i < n * EARS * head->n_frames; ++i)
        if (!(fabs((double)head->responses[i]) < 1e6))
            return false;
    for (size_t i = 0; i < n * EARS; ++i)
        if (!(fabs((double)head->delays[i]) < PST_HEAD_FRAMES_MAX))
            return false;
    for (size_t i = 0; i < n; ++i) {
        const float *d = head->directions + 3 * i;
        const double square =
            (double)d[0] * (double)d[0] + (double)d[1] * (double)d[1] + (double)d[2] * (double)d[2];
        if (!(square > 1e-12 && square < 1e12))
            return false;
    }
    return true;
}

static bool take_head_apart(const pst_head *head, double rate_hz, uint32_t n_taps, parts *p) {
    const size_t n = head->n_directions;
    work here, there;
    // Both transforms are about as long, in seconds.
    const uint32_t n_here = power_of_two(fmax(2.0 * head->n_frames, 1024.0));
    const double n_there = fmax(n_here * rate_hz / head->rate_hz, 2.0 * n_taps);
    const bool has_here = init_work(&here, n_here);
    const bool has_there = init_work(&there, power_of_two(n_there));
    p->directions = pst_alloc_array(3 * n, sizeof(float));
    p->taps = pst_alloc_array(n * EARS, n_taps * sizeof(float));
    p->delays = pst_alloc_array(n * EARS, sizeof(float));
    p->weights = pst_alloc_array(n, sizeof(double));
    const bool has_all = has_here && has_there && p->directions != NULL && p->taps != NULL &&
                         p->delays != NULL && p->weights != NULL;
    const double bins_per_bin = rate_hz / there.n / (head->rate_hz / n_here);
    for (size_t i = 0; has_all && i < n; ++i) {
        const float *response = head->responses + i * EARS * head->n_frames;
        const float *d = head->directions + 3 * i;
        double delays[EARS];
        analyse(&here, response, response + head->n_frames, head->n_frames, delays);
        float *taps = p->taps + i * EARS * n_taps;
        synthesise(&there, &here, bins_per_bin, n_taps, taps, taps + n_taps);
        const double length = sqrt((double)d[0] * (double)d[0] + (double)d[1] * (double)d[1] +
                                   (double)d[2] * (double)d[2]);
        for (int k = 0; k < 3; ++k)
            p->directions[3 * i + (size_t)k] = (float)((double)d[k] / length);
        for (size_t e = 0; e < EARS; ++e)
            p->delays[EARS * i + e] = (float)((delays[e] + (double)head->delays[EARS * i + e]) *
                                              (rate_hz / head->rate_hz));
    }
    free_work(&here);
    free_work(&there);
    return has_all;
}

// Gives each measured direction a weight, by how near it is to another one: what was measured there
// counts alone, and what is equally far counts the same, as a whole ring does around the pole that
// nobody has measured. Returns the largest weight.
static double weigh(const float *directions, size_t n, const double *to, double *weights) {
    double most = 0.0;
    for (size_t i = 0; i < n; ++i) {
        const float *d = directions + 3 * i;
        const double cosine = (double)d[0] * to[0] + (double)d[1] * to[1] + (double)d[2] * to[2];
        const double square = fmax(2.0 - 2.0 * cosine, 0.0) + 1e-9; // Of what lies between them.
        weights[i] = 1.0 / (square * square * square);
        most = fmax(most, weights[i]);
    }
    return most;
}

static void fill_place(pst_ears *ears, const parts *p, size_t n, double most, size_t at) {
    const double *weights = p->weights;
    double sum = 0.0;
    double delays[EARS] = {0.0, 0.0};
    for (size_t i = 0; i < n; ++i) {
        if (weights[i] < 1e-3 * most)
            continue;
        sum += weights[i];
        for (size_t e = 0; e < EARS; ++e) {
            const float *measured = p->taps + (i * EARS + e) * ears->n_taps;
            float *taps = ears->taps + (at + e) * ears->n_taps;
            const float share = (float)(weights[i] / most);
            delays[e] += weights[i] * (double)p->delays[i * EARS + e];
            for (uint32_t k = 0; k < ears->n_taps; ++k)
                taps[k] += share * measured[k];
        }
    }
    for (size_t e = 0; e < EARS; ++e) {
        const float share = (float)(most / sum);
        ears->delays[at + e] = (float)(delays[e] / sum);
        for (uint32_t k = 0; k < ears->n_taps; ++k)
            ears->taps[(at + e) * ears->n_taps + k] *= share;
    }
}

static void fill_ears(pst_ears *ears, const parts *p, size_t n) {
    for (uint32_t row = 0; row < PST_EARS_ROWS; ++row)
        for (uint32_t column = 0; column < PST_EARS_COLUMNS; ++column) {
            const double up = (row * 180.0 / (PST_EARS_ROWS - 1) - 90.0) * pi / 180.0;
            const double right = column * 2.0 * pi / PST_EARS_COLUMNS;
            const double to[] = {cos(up) * cos(right), -cos(up) * sin(right), sin(up)};
            const double most = weigh(p->directions, n, to, p->weights);
            fill_place(ears, p, n, most, pst_ears_at(row, column));
        }
}

// How much is heard of sound from the front, with all frequencies that were measured.
static double front_power(const pst_head *head) {
    double most = -INFINITY;
    const float *front = head->responses;
    for (size_t i = 0; i < head->n_directions; ++i) {
        const float *d = head->directions + 3 * i;
        const double ahead =
            (double)d[0] / sqrt((double)d[0] * (double)d[0] + (double)d[1] * (double)d[1] +
                                (double)d[2] * (double)d[2]);
        if (ahead > most) {
            most = ahead;
            front = head->responses + i * EARS * head->n_frames;
        }
    }
    double power = 0.0;
    for (size_t i = 0; i < (size_t)EARS * head->n_frames; ++i)
        power += (double)front[i] * (double)front[i];
    return power;
}

static void level_ears(pst_ears *ears, double power) {
    const size_t n_filters = (size_t)PST_EARS_ROWS * PST_EARS_COLUMNS * EARS;
    float shortest = ears->delays[0];
    for (size_t i = 1; i < n_filters; ++i)
        shortest = ears->delays[i] < shortest ? ears->delays[i] : shortest;
    for (size_t i = 0; i < n_filters; ++i) {
        ears->delays[i] -= shortest;
        ears->longest = ears->delays[i] > ears->longest ? ears->delays[i] : ears->longest;
    }
    const float gain = (float)(1.0 / sqrt(power));
    for (size_t i = 0; i < n_filters * ears->n_taps; ++i)
        ears->taps[i] *= gain;
}

void pst_ears_destroy(pst_shared *shared) {
    pst_ears *ears = (pst_ears *)shared;
    pst_free(ears->taps);
    pst_free(ears->delays);
    pst_free(ears);
}

pst_status pst_ears_create(pst_ears **ears, const pst_head *head, double rate_hz, pst_error *err) {
    if (!is_head_sound(head))
        return pst_fail(err, PST_BAD_FILE, 0, "the measurements of the head make no sense");
    const double power = front_power(head);
    if (!(power > 1e-12))
        return pst_fail(err, PST_BAD_FILE, 0, "the head hears nothing from the front");
    // The rest of a response has nothing to say: 5 ms are left.
    const uint32_t n_taps = (uint32_t)ceil(rate_hz * 0.005 / 16.0) * 16;
    const size_t n_filters = (size_t)PST_EARS_ROWS * PST_EARS_COLUMNS * EARS;
    pst_ears *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    pst_shared_init(&made->shared, pst_ears_destroy);
    made->rate_hz = rate_hz;
    made->n_taps = n_taps;
    made->taps = pst_alloc_array(n_filters, n_taps * sizeof(float));
    made->delays = pst_alloc_array(n_filters, sizeof(float));
    parts p = {0};
    const bool has_all =
        made->taps != NULL && made->delays != NULL && take_head_apart(head, rate_hz, n_taps, &p);
    if (has_all) {
        fill_ears(made, &p, head->n_directions);
        level_ears(made, power);
        *ears = made;
    } else {
        pst_ears_destroy(&made->shared);
    }
    free_parts(&p);
    return has_all ? PST_OK : pst_fail_memory(err);
}
