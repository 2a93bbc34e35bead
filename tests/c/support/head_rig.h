// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_HEAD_RIG_H
#define PST_TESTS_HEAD_RIG_H

#include "graph/hrtf/ears.h"
#include "graph_rig.h"

// A head that was not measured but computed: each response is a pulse, some time late, with an
// echo, louder on the near side.

enum { RATE = 44100, N_DIRECTIONS = 24 * 12 + 1, N_FRAMES = 128, LATE = 30 };

static const double turn = 6.283185307179586;

static float directions[3 * N_DIRECTIONS];
static float responses[2 * N_DIRECTIONS * N_FRAMES];
static float delays[2 * N_DIRECTIONS];

// How much nearer an ear is: -1 to 1.
CHECK_UNUSED static double nearness(const float *direction, int ear) {
    return ear == 0 ? (double)direction[1] : -(double)direction[1];
}

CHECK_UNUSED static double delay_of(double near) {
    return LATE - 12.0 * near;
}

CHECK_UNUSED static double gain_of(double near) {
    return 0.5 + 0.3 * near;
}

// A pulse between frames has no end; this one is faded.
static void add_pulse(float *response, double at, double gain) {
    for (int i = 0; i < N_FRAMES; ++i) {
        const double x = i - at;
        const double window = fabs(x) < 16.0 ? 0.5 + 0.5 * cos(x * turn / 32.0) : 0.0;
        const double sinc = fabs(x) < 1e-9 ? 1.0 : sin(x * turn / 2.0) / (x * turn / 2.0);
        response[i] += (float)(gain * sinc * window);
    }
}

// Rings at 15 degrees, and the top.
CHECK_UNUSED static void compute_head(void) {
    for (int i = 0; i < N_DIRECTIONS; ++i) {
        const double up = i == N_DIRECTIONS - 1 ? turn / 4 : (i / 24 - 5) * turn / 24.0;
        const double left = (i % 24) * turn / 24.0;
        directions[3 * i] = (float)(2.0 * cos(up) * cos(left));
        directions[3 * i + 1] = (float)(2.0 * cos(up) * sin(left));
        directions[3 * i + 2] = (float)(2.0 * sin(up));
        float unit[3];
        for (int k = 0; k < 3; ++k)
            unit[k] = directions[3 * i + k] / 2.0f;
        for (int e = 0; e < 2; ++e) {
            float *response = responses + (2 * i + e) * N_FRAMES;
            const double near = nearness(unit, e);
            memset(response, 0, N_FRAMES * sizeof *response);
            add_pulse(response, delay_of(near), gain_of(near));
            add_pulse(response, delay_of(near) + 9.0, 0.3 * gain_of(near));
        }
    }
}

CHECK_UNUSED static pst_head head_of(void) {
    return (pst_head){.rate_hz = RATE,
                      .n_directions = N_DIRECTIONS,
                      .n_frames = N_FRAMES,
                      .directions = directions,
                      .responses = responses,
                      .delays = delays};
}

CHECK_UNUSED static pst_ears *make_ears(double rate_hz) {
    const pst_head head = head_of();
    pst_ears *ears = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_ears_create(&ears, &head, rate_hz, &err) == PST_OK, "%s", err.text);
    return ears;
}

#endif
