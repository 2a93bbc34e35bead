// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "check.h"
#include "failing_alloc.h"
#include "pastream/mixer.h"

// Everything that a mixer allocates, failing one after the other.

static const float data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const float gains[4] = {1, 0, 0, 1};

static void render(pst_mixer *mixer) {
    const pst_callback_time time = {.samplerate_hz = 48000};
    float output[64] = {0};
    CHECK_EQ(pst_mixer_render(NULL, output, 32, &time, 0, mixer), PST_CALLBACK_CONTINUE);
}

static pst_status play_both(pst_mixer *mixer, pst_voice **first, pst_voice **second) {
    pst_voice_config config;
    pst_voice_config_default(&config);
    config.data = data;
    config.n_frames = 4;
    config.n_channels = 2;
    config.gains = gains;
    config.loop.n_repeats = -1;
    pst_status status = pst_mixer_play(mixer, &config, first, NULL);
    if (status != PST_OK)
        return status;
    config.replaces = *first;
    config.fade_in_frames = 5;
    status = pst_mixer_play(mixer, &config, second, NULL);
    if (status != PST_OK)
        return status;
    pst_command command;
    pst_command_default(&command, PST_COMMAND_CANCEL);
    command.ramp_frames = 10;
    status = pst_mixer_command(mixer, *second, &command, NULL);
    if (status == PST_OK && pst_voice_arm(*second) < 0)
        status = PST_SYSTEM_ERROR;
    return status;
}

static pst_status use(void) {
    pst_mixer *mixer = NULL;
    pst_voice *first = NULL;
    pst_voice *second = NULL;
    pst_status status = pst_mixer_create(&mixer, 2, false, NULL);
    if (status == PST_OK)
        status = play_both(mixer, &first, &second);
    if (mixer != NULL)
        render(mixer);
    pst_voice_release(first);
    pst_voice_release(second);
    pst_mixer_release(mixer);
    return status;
}

static void test_each_allocation_may_fail(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring an allocator of their own");
        return;
    }
    CHECK_EQ(use(), PST_OK);
    const int n_fds = failing_alloc_count_fds();
    int n_failed = 0;
    for (long n = 1;; ++n) {
        failing_alloc_begin(n);
        const pst_status status = use();
        const bool got_by = failing_alloc_end() < n;
        CHECK_EQ(failing_alloc_live(), 0);
        CHECK_EQ(failing_alloc_count_fds(), n_fds);
        if (got_by) {
            CHECK_EQ(status, PST_OK);
            break;
        }
        CHECK(status == PST_NO_MEMORY || status == PST_SYSTEM_ERROR);
        ++n_failed;
    }
    CHECK(n_failed >= 6); // Mixer, two voices with gains, a command, a descriptor.
}

int main(void) {
    RUN(test_each_allocation_may_fail);
    return check_done();
}
