// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What the device layer marks as realtime does not allocate, lock or sleep.

#include <stdlib.h>

#include "check.h"
#include "device/jack_watch.h"
#include "device/portaudio_clock.h"
#include "device/virtual_loop.h"
#include "device/virtual_signal.h"
#include "pastream/device.h"
#include "rt_guard.h"

static const pst_format formats[] = {PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
                                     PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8};
enum { N_FORMATS = 7, FRAMES = 1000, MAX_FRAME_BYTES = 4 * 8 };

static bool can_guard(void) {
    if (!rt_guard_works())
        check_skip("nothing can be guarded in this build");
    return rt_guard_works();
}

static void check_guarded(int n_found) {
    CHECK_TEXT(n_found == 0, "%d calls, the last of %s", n_found, rt_guard_culprit());
}

static void test_signals(void) {
    if (!can_guard())
        return;
    static unsigned char block[FRAMES * MAX_FRAME_BYTES];
    for (int i = 0; i < 3 * N_FORMATS; ++i) {
        const pst_signal signal = {(pst_virtual_input)(i / N_FORMATS), formats[i % N_FORMATS], 4,
                                   44100.0};
        rt_guard_enter();
        pst_signal_fill(&signal, block, 12345, FRAMES);
        check_guarded(rt_guard_leave());
    }
}

static void test_loops(void) {
    if (!can_guard())
        return;
    static unsigned char block[FRAMES * MAX_FRAME_BYTES];
    for (int i = 0; i < N_FORMATS * N_FORMATS; ++i) {
        const pst_loop_config config = {.input_format = formats[i / N_FORMATS],
                                        .output_format = formats[i % N_FORMATS],
                                        .n_inputs = 3,
                                        .n_outputs = 4,
                                        .delay_frames = FRAMES + 7,
                                        .max_block_frames = FRAMES};
        pst_loop *loop;
        CHECK_EQ(pst_loop_create(&loop, &config, NULL), PST_OK);
        rt_guard_enter();
        for (uint64_t frame = 0; frame < 5 * FRAMES; frame += FRAMES) {
            pst_loop_read(loop, frame, block, FRAMES);
            pst_loop_write(loop, frame, block, FRAMES);
        }
        pst_loop_skip(loop, 5 * FRAMES, 10 * FRAMES);
        check_guarded(rt_guard_leave());
        pst_loop_destroy(loop);
    }
    pst_loop_destroy(NULL);
}

static void test_the_rest(void) {
    if (!can_guard())
        return;
    pst_frame_clock clock = {.is_running = false};
    const pst_jack_watch watch = {.client = NULL};
    pst_virtual_config config;
    rt_guard_enter();
    (void)pst_frame_clock_step(&clock, pst_frame_clock_count(1.0, 48000.0), 256);
    (void)pst_jack_watch_is_gone(&watch);
    pst_virtual_config_default(&config);
    check_guarded(rt_guard_leave());
    CHECK_EQ(config.clock, PST_CLOCK_WALL);
    CHECK_EQ(config.n_faults, 0);
    CHECK_EQ(config.stop_hang_ns, 0);
}

int main(void) {
    RUN(test_signals);
    RUN(test_loops);
    RUN(test_the_rest);
    return check_done();
}
