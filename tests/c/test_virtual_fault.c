// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Each kind of fault of the virtual host does what device.h says. All on the free clock, where the
// times are exact, but for the last few.

#include <math.h>

#include "device/virtual.h"
#include "device_fixture.h"

enum { BLOCK = 480 }; // 10 ms at 48 kHz.

#define BLOCK_NS (10 * PST_NS_PER_MS)

static pst_virtual_config free_script(const pst_virtual_fault *faults, uint32_t n_faults) {
    pst_virtual_config config;
    pst_virtual_config_default(&config);
    config.clock = PST_CLOCK_FREE;
    config.n_faults = n_faults;
    memcpy(config.faults, faults, n_faults * sizeof *faults);
    return config;
}

// Runs a duplex stream of 10 ms blocks on the loopback. Free the notes.
static notes *run_script(const pst_virtual_fault *faults, uint32_t n_faults, int64_t n_frames) {
    pst_system *system = make_system();
    const pst_virtual_config config = free_script(faults, n_faults);
    notes *noted = make_notes(n_frames);
    const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_I16);
    const pst_open_request request =
        make_request(side, side, 48000.0, BLOCK, &config, process_notes, noted);
    CHECK(run_request(system, &request, NULL));
    pst_system_release(system);
    return noted;
}

static bool is_near(double got, double wanted) {
    return CHECK_TEXT(fabs(got - wanted) < 1e-6, "got %g, wanted %g", got, wanted);
}

static void test_late(void) {
    const pst_virtual_fault fault = {PST_FAULT_LATE, 2 * BLOCK, 35 * PST_NS_PER_MS};
    notes *noted = run_script(&fault, 1, 10 * BLOCK);
    // Block 2 is late by 35 ms; blocks 3, 4 and 5 follow at once; 6 comes in time.
    static const int64_t after_first_ms[] = {0, 10, 55, 55, 55, 55, 60, 70, 80, 90};
    for (int i = 0; i < 10; ++i) {
        const noted_block *block = &noted->blocks[i];
        CHECK_EQ(block->now_ns - noted->blocks[0].now_ns, after_first_ms[i] * PST_NS_PER_MS);
        CHECK_EQ(block->device_frame, i * BLOCK);
        CHECK_EQ(block->n_frames, BLOCK);
        CHECK_EQ(block->flags, 0);
        // The first frame of block i was taken i blocks after the start.
        const int64_t start_ns = noted->blocks[0].now_ns - BLOCK_NS;
        is_near(block->input_age_s, (double)(block->now_ns - start_ns - i * BLOCK_NS) * 1e-9);
    }
    free(noted);
}

static void test_stall(void) {
    const pst_virtual_fault fault = {PST_FAULT_STALL, 3 * BLOCK, 1000};
    notes *noted = run_script(&fault, 1, 6 * BLOCK);
    for (int i = 0; i < 6; ++i) {
        const noted_block *block = &noted->blocks[i];
        const int64_t frame = i * BLOCK + (i >= 3 ? 1000 : 0);
        CHECK_EQ(block->device_frame, frame);
        CHECK_EQ(block->flags, i == 3 ? PST_FLAG_INPUT_OVERFLOW | PST_FLAG_OUTPUT_UNDERFLOW : 0);
        is_near((double)(block->now_ns - noted->blocks[0].now_ns) * 1e-9, (double)frame / 48000.0);
    }
    free(noted);
}

// With one side only, the xrun is of that side.
static void test_flags_fit_the_sides(void) {
    pst_system *system = make_system();
    const pst_virtual_fault faults[] = {{PST_FAULT_XRUN, 0, 0}};
    const pst_virtual_config config = free_script(faults, 1);
    const pst_side side = make_side(NULL_DEVICE, 1, PST_FORMAT_F32);
    for (int i = 0; i < 2; ++i) {
        notes *noted = make_notes(2 * BLOCK);
        const pst_open_request request =
            make_request(i == 0 ? side : no_side, i == 0 ? no_side : side, 48000.0, BLOCK, &config,
                         process_notes, noted);
        CHECK(run_request(system, &request, NULL));
        CHECK_EQ(noted->blocks[0].flags,
                 i == 0 ? PST_FLAG_INPUT_OVERFLOW : PST_FLAG_OUTPUT_UNDERFLOW);
        CHECK_EQ(noted->blocks[1].flags, 0);
        CHECK((noted->blocks[0].input_age_s < 0.0) == (i == 1));
        CHECK((noted->blocks[0].output_delay_s < 0.0) == (i == 0));
        free(noted);
    }
    pst_system_release(system);
}

static void test_xrun_loses_nothing(void) {
    const pst_virtual_fault fault = {PST_FAULT_XRUN, 700, 0};
    notes *noted = run_script(&fault, 1, 5 * BLOCK);
    for (int i = 0; i < 5; ++i) {
        CHECK_EQ(noted->blocks[i].device_frame, i * BLOCK);
        CHECK_EQ(noted->blocks[i].flags != 0, i == 2); // The first that begins at 700 or later.
    }
    free(noted);
}

static void test_burst(void) {
    const pst_virtual_fault fault = {PST_FAULT_BURST, 2 * BLOCK, 3 * BLOCK};
    notes *noted = run_script(&fault, 1, 8 * BLOCK);
    // Blocks 2, 3 and 4 come at once, and then the clock has to catch up.
    static const int64_t after_first_ms[] = {0, 10, 10, 10, 10, 50, 60, 70};
    for (int i = 0; i < 8; ++i) {
        CHECK_EQ(noted->blocks[i].now_ns - noted->blocks[0].now_ns,
                 after_first_ms[i] * PST_NS_PER_MS);
        CHECK_EQ(noted->blocks[i].device_frame, i * BLOCK);
        CHECK(noted->blocks[i].input_age_s >= 0.0);
    }
    free(noted);
}

static void test_drift(void) {
    const pst_virtual_fault faults[] = {{PST_FAULT_DRIFT, 48000, 1000},
                                        {PST_FAULT_DRIFT, 96000, -1000}};
    notes *noted = run_script(faults, 2, 144000);
    const double start_ns = (double)(noted->blocks[0].now_ns - BLOCK_NS);
    for (int i = 0; i < 300; ++i) {
        // When the block's last frame is taken.
        const double end_s = (i + 1) * 0.01;
        const double fast_s = end_s < 1.0 ? 0.0 : end_s < 2.0 ? end_s - 1.0 : 1.0;
        const double slow_s = end_s < 2.0 ? 0.0 : end_s - 2.0;
        const double wanted_s =
            end_s - fast_s - slow_s + fast_s / (1.0 + 1e-3) + slow_s / (1.0 - 1e-3);
        is_near(((double)noted->blocks[i].now_ns - start_ns) * 1e-9, wanted_s);
        CHECK_EQ(noted->blocks[i].device_frame, i * BLOCK);
    }
    free(noted);
}

static void test_block(void) {
    const pst_virtual_fault faults[] = {{PST_FAULT_BLOCK, BLOCK, 1},
                                        {PST_FAULT_BLOCK, BLOCK + 10, 65536},
                                        {PST_FAULT_BLOCK, BLOCK + 11, 7}};
    notes *noted = run_script(faults, 3, BLOCK + 10 + 65536 + 70);
    CHECK_EQ(noted->blocks[0].n_frames, BLOCK);
    for (int i = 1; i <= 10; ++i)
        CHECK_EQ(noted->blocks[i].n_frames, 1);
    CHECK_EQ(noted->blocks[11].n_frames, 65536);
    for (int i = 12; i < 22; ++i)
        CHECK_EQ(noted->blocks[i].n_frames, 7);
    CHECK_EQ(atomic_load(&noted->n_blocks), 22);
    free(noted);
}

static void test_empty(void) {
    const pst_virtual_fault faults[] = {
        {PST_FAULT_EMPTY, 0, 0}, {PST_FAULT_EMPTY, BLOCK, 0}, {PST_FAULT_EMPTY, BLOCK, 0}};
    notes *noted = run_script(faults, 3, 3 * BLOCK);
    static const uint32_t sizes[] = {0, BLOCK, 0, 0, BLOCK, BLOCK};
    static const int64_t firsts[] = {0, 0, BLOCK, BLOCK, BLOCK, 2 * BLOCK};
    CHECK_EQ(atomic_load(&noted->n_blocks), 6);
    for (int i = 0; i < 6; ++i) {
        CHECK_EQ(noted->blocks[i].n_frames, sizes[i]);
        CHECK_EQ(noted->blocks[i].device_frame, firsts[i]);
    }
    free(noted);
}

static void test_latency(void) {
    const pst_virtual_fault faults[] = {
        {PST_FAULT_LATENCY, BLOCK, 3 * PST_NS_PER_MS},
        {PST_FAULT_LATENCY, 2 * BLOCK, -3 * PST_NS_PER_MS},
        {PST_FAULT_LATENCY, 3 * BLOCK, -90000 * PST_NS_PER_SECOND},
        {PST_FAULT_LATENCY, 4 * BLOCK, 0},
    };
    notes *noted = run_script(faults, 4, 5 * BLOCK);
    is_near(noted->blocks[0].input_age_s, 0.010);
    is_near(noted->blocks[0].output_delay_s, 0.0);
    is_near(noted->blocks[1].input_age_s, 0.007);
    is_near(noted->blocks[1].output_delay_s, 0.003);
    is_near(noted->blocks[2].input_age_s, 0.013);
    CHECK(noted->blocks[2].output_delay_s < 0.0); // Before now: nonsense.
    CHECK(noted->blocks[3].input_age_s < 0.0);    // A day ago: nonsense.
    is_near(noted->blocks[4].input_age_s, 0.010);
    free(noted);
}

// Losing frames makes the faults due that lie in the gap.
static void test_faults_in_a_gap(void) {
    const pst_virtual_fault faults[] = {{PST_FAULT_STALL, BLOCK, 1000},
                                        {PST_FAULT_STALL, BLOCK + 500, 2000},
                                        {PST_FAULT_XRUN, BLOCK + 3001, 0}};
    notes *noted = run_script(faults, 3, 4 * BLOCK);
    CHECK_EQ(noted->blocks[1].device_frame, BLOCK + 3000);
    CHECK(noted->blocks[1].flags != 0);
    CHECK_EQ(noted->blocks[2].device_frame, 2 * BLOCK + 3000);
    CHECK(noted->blocks[2].flags != 0);
    CHECK_EQ(noted->blocks[3].flags, 0);
    free(noted);
}

// ---- What is played while frames are lost ----------------------------------------------------

// Plays the frame numbers, and remembers what came back for each.
typedef struct tape {
    notes notes;
    int16_t heard[20 * BLOCK];
} tape;

static pst_verdict process_tape(void *user, const pst_block *block) PST_RT {
    tape *self = user;
    for (uint32_t i = 0; i < block->n_frames; ++i) {
        const int64_t frame = block->device_frame + i;
        if (frame < 20 * BLOCK)
            self->heard[frame] = ((const int16_t *)block->input)[i];
        ((int16_t *)block->output)[i] = (int16_t)(frame + 1);
    }
    note_block(&self->notes, block);
    return verdict_of(&self->notes);
}

static void test_gap_goes_round_the_loopback(void) {
    static const int64_t gaps[] = {1, 100, BLOCK, BLOCK + 1, 3 * BLOCK + 7};
    for (int g = 0; g < 5; ++g) {
        const pst_virtual_fault fault = {PST_FAULT_STALL, 5 * BLOCK, gaps[g]};
        pst_virtual_config config = free_script(&fault, 1);
        config.latency_frames = 50;
        pst_system *system = make_system();
        tape *self = calloc(1, sizeof *self);
        self->notes.stop_after_frames = 14 * BLOCK;
        self->notes.last_verdict = PST_COMPLETE;
        memset(self->heard, 0x7F, sizeof self->heard);
        const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_I16);
        const pst_open_request request =
            make_request(side, side, 48000.0, BLOCK, &config, process_tape, self);
        CHECK(run_request(system, &request, NULL));
        const int64_t delay = BLOCK + 50, gap_begin = 5 * BLOCK, gap_end = gap_begin + gaps[g];
        for (int64_t frame = 0; frame < 14 * BLOCK; ++frame) {
            const int64_t played = frame - delay;
            const bool was_lost = frame >= gap_begin && frame < gap_end;
            const bool was_silent = played < 0 || (played >= gap_begin && played < gap_end);
            CHECK_EQ(self->heard[frame], was_lost ? 0x7F7F : was_silent ? 0 : played + 1);
        }
        free(self);
        pst_system_release(system);
    }
}

// ---- Devices that go away --------------------------------------------------------------------

static void check_gone(pst_fault_kind kind, pst_virtual_clock clock, bool says_active) {
    pst_system *system = make_system();
    const pst_virtual_fault fault = {kind, 4 * BLOCK, 0};
    pst_virtual_config config = free_script(&fault, 1);
    config.clock = clock;
    notes *noted = make_notes(INT64_MAX);
    const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, side, 48000.0, BLOCK, &config, process_notes, noted);
    pst_open_info info;
    pst_handle *handle = open_handle(system, &request, &info);
    REQUIRE(handle != NULL);
    for (uint32_t run = 1; run <= 2; ++run) { // It comes back with the next start.
        CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, NULL), PST_OK);
        CHECK(wait_blocks(noted, 4 * run));
        if (!says_active)
            CHECK(wait_inactive(handle));
        pst_sleep_until_ns(pst_now_ns() + 30 * PST_NS_PER_MS);
        CHECK_EQ(atomic_load(&noted->n_blocks), 4 * run);
        CHECK_EQ(pst_handle_is_active(handle), says_active);
        CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK);
        CHECK(!pst_handle_is_active(handle));
    }
    CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    free(noted);
    pst_system_release(system);
}

static void test_vanish(void) {
    check_gone(PST_FAULT_VANISH, PST_CLOCK_FREE, true);
    check_gone(PST_FAULT_VANISH, PST_CLOCK_WALL, true);
}

static void test_dead(void) {
    check_gone(PST_FAULT_DEAD, PST_CLOCK_FREE, false);
    check_gone(PST_FAULT_DEAD, PST_CLOCK_WALL, false);
}

// ---- The wall clock --------------------------------------------------------------------------

static void test_late_and_stall_on_the_wall_clock(void) {
    pst_system *system = make_system();
    pst_virtual_fault faults[] = {{PST_FAULT_LATE, 48, 8 * PST_NS_PER_MS},
                                  {PST_FAULT_STALL, 480, 960}};
    pst_virtual_config config = free_script(faults, 2);
    config.clock = PST_CLOCK_WALL;
    notes *noted = make_notes(960);
    const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, side, 48000.0, 48, &config, process_notes, noted);
    const int64_t before_ns = pst_now_ns();
    CHECK(run_request(system, &request, NULL));
    CHECK_EQ(atomic_load(&noted->n_blocks), 20);
    for (int i = 0; i < 20; ++i) {
        const int64_t frame = i * 48 + (i >= 10 ? 960 : 0);
        CHECK_EQ(noted->blocks[i].device_frame, frame);
        CHECK_EQ(noted->blocks[i].flags != 0, i == 10);
        const int64_t late_ns = i == 1 ? 8 * PST_NS_PER_MS : 0;
        CHECK(noted->blocks[i].now_ns >= before_ns + (frame / 48 + 1) * PST_NS_PER_MS + late_ns);
    }
    free(noted);
    pst_system_release(system);
}

// ---- Failing on demand -----------------------------------------------------------------------

static void test_open_and_start_fail_on_demand(void) {
    pst_system *system = make_system();
    pst_virtual_config config;
    pst_virtual_config_default(&config);
    notes *noted = make_notes(BLOCK);
    const pst_side side = make_side(LOOPBACK, 1, PST_FORMAT_F32);
    const pst_open_request request =
        make_request(side, side, 48000.0, BLOCK, &config, process_notes, noted);
    static const pst_status statuses[] = {PST_DEVICE_BUSY, PST_HOST_ERROR, PST_UNSUPPORTED,
                                          PST_NO_MEMORY, PST_TIMEOUT};
    for (int i = 0; i < 5; ++i) {
        pst_handle *handle = NULL;
        pst_open_info info;
        bool abandoned;
        pst_error err = {.status = PST_OK};
        config.open_status = statuses[i];
        config.start_status = PST_OK;
        CHECK_EQ(pst_handle_open(&handle, system, &request, PATIENCE_NS, &info, &abandoned, &err),
                 statuses[i]);
        CHECK_EQ(err.status, statuses[i]);
        CHECK(strstr(err.text, "loopback") != NULL);
        CHECK(!abandoned);
        CHECK(handle == NULL);
        config.open_status = PST_OK;
        config.start_status = statuses[i];
        handle = open_handle(system, &request, &info);
        REQUIRE(handle != NULL);
        CHECK_EQ(pst_handle_start(handle, PATIENCE_NS, &err), statuses[i]);
        CHECK(!pst_handle_is_abandoned(handle));
        CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK);
        CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK);
    }
    CHECK_EQ(atomic_load(&noted->n_blocks), 0);
    CHECK_EQ(pst_system_abandoned(system), 0);
    free(noted);
    pst_system_release(system);
}

// Every wrong field is named.
static void test_bad_scripts(void) {
    static const struct {
        const char *word;
        pst_virtual_config config;
    } rows[] = {
        {"clock", {.clock = (pst_virtual_clock)7}},
        {"input", {.input = (pst_virtual_input)-1}},
        {"open_status", {.open_status = PST_END}},
        {"start_status", {.start_status = PST_END}},
        {"n_faults", {.n_faults = PST_MAX_FAULTS + 1}},
        {"faults[0].kind", {.n_faults = 1}},
        {"faults[0].kind", {.n_faults = 1, .faults = {{(pst_fault_kind)11, 0, 0}}}},
        {"faults[0].amount", {.n_faults = 1, .faults = {{PST_FAULT_STALL, 0, -1}}}},
        {"faults[0].amount", {.n_faults = 1, .faults = {{PST_FAULT_LATE, 0, -1}}}},
        {"faults[0].amount", {.n_faults = 1, .faults = {{PST_FAULT_BURST, 0, INT64_MAX}}}},
        {"faults[0].amount", {.n_faults = 1, .faults = {{PST_FAULT_BLOCK, 0, 65537}}}},
        {"faults[0].amount", {.n_faults = 1, .faults = {{PST_FAULT_DRIFT, 0, -1000000}}}},
        {"faults[1].at_frame",
         {.n_faults = 2, .faults = {{PST_FAULT_XRUN, 5, 0}, {PST_FAULT_XRUN, 4, 0}}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
        pst_error err = {.status = PST_OK};
        CHECK_EQ(pst_virtual_config_check(&rows[i].config, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, rows[i].word) != NULL, "no %s in: %s", rows[i].word, err.text);
    }
    pst_system *system = make_system();
    notes *noted = make_notes(BLOCK);
    const pst_side side = make_side(LOOPBACK, 64, PST_FORMAT_F64);
    pst_virtual_config config;
    pst_virtual_config_default(&config);
    config.latency_frames = UINT32_MAX;
    const pst_open_request request =
        make_request(side, side, 48000.0, BLOCK, &config, process_notes, noted);
    pst_handle *handle = NULL;
    pst_open_info info;
    bool abandoned;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_handle_open(&handle, system, &request, PATIENCE_NS, &info, &abandoned, &err),
             PST_LIMIT);
    CHECK(strstr(err.text, "latency_frames") != NULL);
    free(noted);
    pst_system_release(system);
}

int main(void) {
    RUN(test_late);
    RUN(test_stall);
    RUN(test_flags_fit_the_sides);
    RUN(test_xrun_loses_nothing);
    RUN(test_burst);
    RUN(test_drift);
    RUN(test_block);
    RUN(test_empty);
    RUN(test_latency);
    RUN(test_faults_in_a_gap);
    RUN(test_gap_goes_round_the_loopback);
    RUN(test_vanish);
    RUN(test_dead);
    RUN(test_late_and_stall_on_the_wall_clock);
    RUN(test_open_and_start_fail_on_demand);
    RUN(test_bad_scripts);
    return check_done();
}
