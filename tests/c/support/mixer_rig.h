// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_MIXER_RIG_H
#define PST_TESTS_MIXER_RIG_H

#include <math.h>

#include "check.h"
#include "pastream/mixer.h"
#include "rt_guard.h"

// A mixer that is rendered by hand, with voices whose samples tell what they are.

enum { RATE = 1000, MAX_FRAMES = 4096 };

typedef struct rig {
    pst_mixer *mixer;
    uint32_t n_channels;
    int64_t frame;
    int32_t result;
    float output[2 * MAX_FRAMES];
} rig;

CHECK_UNUSED static void rig_open(rig *r, uint32_t n_channels, bool stop_when_idle) {
    memset(r, 0, sizeof *r);
    r->n_channels = n_channels;
    REQUIRE(pst_mixer_create(&r->mixer, n_channels, stop_when_idle, NULL) == PST_OK);
}

// Renders the next block into output, which holds silence before, under the realtime guard.
CHECK_UNUSED static void rig_block(rig *r, int64_t n_frames) {
    const pst_callback_time time = {
        .output_dac_s = 50.0 + (double)r->frame / RATE, .samplerate_hz = RATE, .frame = r->frame};
    memset(r->output, 0, sizeof r->output);
    rt_guard_enter();
    r->result = pst_mixer_render(NULL, r->output, n_frames, &time, 0, r->mixer);
    CHECK_EQ(rt_guard_leave(), 0);
    CHECK_STR(rt_guard_culprit(), "");
    r->frame += n_frames;
}

// 1, 2, 3 ...: every frame is told from every other.
CHECK_UNUSED static const float *numbers(void) {
    static float data[MAX_FRAMES];
    for (int i = 0; i < MAX_FRAMES; ++i)
        data[i] = (float)(i + 1);
    return data;
}

CHECK_UNUSED static pst_voice_config config_of(int64_t n_frames) {
    pst_voice_config config;
    pst_voice_config_default(&config);
    config.data = numbers();
    config.n_frames = n_frames;
    return config;
}

CHECK_UNUSED static pst_voice *play(rig *r, const pst_voice_config *config) {
    pst_voice *voice = NULL;
    pst_error err = {.status = PST_OK};
    if (pst_mixer_play(r->mixer, config, &voice, &err) != PST_OK)
        check_report(__FILE__, __LINE__, "refused: %s", err.text);
    return voice;
}

CHECK_UNUSED static void command(rig *r, pst_voice *voice, pst_command_kind kind, int64_t frame,
                                 int64_t ramp_frames) {
    pst_command order;
    pst_command_default(&order, kind);
    order.moment.frame = frame;
    order.ramp_frames = ramp_frames;
    order.gain = 0.5f;
    CHECK_EQ(pst_mixer_command(r->mixer, voice, &order, NULL), PST_OK);
}

CHECK_UNUSED static pst_voice_status status_of(const pst_voice *voice) {
    pst_voice_status status;
    pst_voice_get_status(voice, &status);
    return status;
}

CHECK_UNUSED static void check_output(const rig *r, int64_t first, int64_t n, const float *wanted) {
    for (int64_t i = 0; i < n; ++i)
        if (!(fabsf(r->output[first + i] - wanted[i]) <= 1e-5f * (1 + fabsf(wanted[i]))))
            check_report(__FILE__, __LINE__, "sample %d: got %g, wanted %g", (int)(first + i),
                         (double)r->output[first + i], (double)wanted[i]);
}

#endif
