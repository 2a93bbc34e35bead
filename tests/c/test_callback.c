// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "flow_rig.h"

// The callback without a device: every kind of limit, policy, width, block and format, frame by
// frame against the model of flow_model.h.

static const pst_format ring_formats[] = {PST_FORMAT_F32, PST_FORMAT_I16, PST_FORMAT_I32,
                                          PST_FORMAT_U8,  PST_FORMAT_I8,  PST_FORMAT_F64};
static const pst_format device_formats[] = {PST_FORMAT_F32, PST_FORMAT_I16, PST_FORMAT_I24,
                                            PST_FORMAT_I32, PST_FORMAT_U8,  PST_FORMAT_I8};
static const uint32_t widths[] = {1, 2, 3, 8};
static const int64_t bases[] = {0, 0, (INT64_C(1) << 31) - 100, (INT64_C(1) << 32) - 100,
                                (INT64_C(1) << 53) - 100};

#define PICK(table, state) ((table)[check_random(state) % (sizeof(table) / sizeof *(table))])

static void choose_formats(rig_setup *setup, uint64_t *state) {
    setup->in_format = PICK(ring_formats, state);
    setup->out_format = PICK(ring_formats, state);
    // Most often as users have it, sometimes anything.
    setup->in_device_format =
        check_random(state) % 2 == 0 ? setup->in_format : PICK(device_formats, state);
    setup->out_device_format =
        check_random(state) % 2 == 0 ? setup->out_format : PICK(device_formats, state);
    setup->in_channels = PICK(widths, state);
    setup->out_channels = PICK(widths, state);
    setup->base = PICK(bases, state);
    setup->flat = check_random(state) % 4 == 0;
}

static uint32_t next_block(uint32_t block, uint64_t *state) {
    if (block > 0)
        return block;
    switch (check_random(state) % 4) {
    case 0:
        return check_random_in(state, 0, 4);
    case 1:
        return check_random_in(state, 0, 300);
    default:
        return check_random_in(state, 0, 64);
    }
}

// Runs a flow until it ends or has seen enough. How well readers and writers keep up is drawn anew
// for each run.
static void run(const rig_setup *setup, uint32_t block, int n_blocks, uint64_t *state) {
    rig *r = rig_make(setup);
    const uint32_t laziness = check_random(state) % 4; // Of the reader.
    const uint32_t thrift = check_random(state) % 4;   // Of the writer.
    const int64_t room = (int64_t)setup->out_capacity;
    const int ends_at = check_random(state) % 2 == 0 ? -1 : (int)(check_random(state) % 8);
    const bool troubled = check_random(state) % 3 == 0;
    for (int i = 0; i < n_blocks && r->verdict == PST_CONTINUE; ++i) {
        if (setup->has_output && !r->model.out_ended) {
            if (thrift < 2 || (thrift == 2 && check_random(state) % 3 == 0))
                rig_write(r, thrift == 0 ? room : check_random_in(state, 0, (uint32_t)room));
            if (i == ends_at)
                rig_end_output(r);
        }
        if (setup->has_input && laziness > 0 && check_random(state) % 4 == 0)
            rig_read(r, 5, true);
        // The first block is where the count begins: nothing can be lost before it.
        const int64_t n_lost =
            troubled && i > 0 && check_random(state) % 5 == 0 ? check_random_in(state, 1, 200) : 0;
        const uint32_t flags =
            troubled && check_random(state) % 5 == 0 ? 1u << check_random_in(state, 0, 4) : 0;
        rig_block(r, next_block(block, state), n_lost, flags);
        if (r->model.held)
            rig_let_go(r);
        if (setup->has_input && laziness == 0)
            rig_read_all(r);
        else if (setup->has_input && laziness < 3)
            rig_read(r, check_random_in(state, 0, 300), false);
    }
    if (setup->has_input) {
        rig_read_all(r);
        CHECK_EQ(pst_ring_ended(r->flow->in.ring), r->verdict != PST_CONTINUE);
    }
    if (setup->has_output && r->verdict != PST_CONTINUE) {
        CHECK_EQ(pst_ring_readable(r->flow->out.ring, 0), 0); // Nothing is left for the next run.
        CHECK(!pst_ring_ended(r->flow->out.ring));
    }
    if (r->verdict == PST_ABORT)
        CHECK_EQ(atomic_load(&r->flow->reason), r->model.failure);
    rig_check_events(r);
    rig_destroy(r);
}

// What it finds is what would be played and stored without it.
static int32_t do_nothing(const void *input, void *output, int64_t n_frames,
                          const pst_callback_time *time, uint32_t flags, void *user) PST_RT {
    (void)input, (void)output, (void)n_frames, (void)time, (void)flags, (void)user;
    return PST_CALLBACK_CONTINUE;
}

// The whole product of limits, policies and block sizes; what is not enumerated is drawn.
static void run_all(bool has_input, bool has_output, uint32_t block, uint32_t stride) {
    uint64_t state = block + 100 * has_input + 200 * has_output + 1;
    const int64_t n = block > 0 ? block : 50;
    const int64_t skips[] = {0, 1, n + n / 2};
    const int64_t totals[] = {PST_UNLIMITED, 0, 1, 2 * n, 5 * n + 1};
    const int64_t out_totals[] = {PST_UNLIMITED, 0, 2 * n, 3 * n + 1};
    const int64_t pads[] = {0, 1, 2 * n + 1, PST_UNLIMITED};
    const int64_t runs[] = {-1, -1, -1, 0, n + 1, 4 * n};
    for (uint32_t i = check_random(&state) % stride; i < 3 * 5 * 4 * 4 * 8; i += stride) {
        uint32_t rest = i;
        rig_setup setup = {.has_input = has_input, .has_output = has_output};
        setup.limits.input_skip_frames = skips[rest % 3];
        rest /= 3;
        setup.limits.input_total_frames = totals[rest % 5];
        rest /= 5;
        setup.limits.output_total_frames = out_totals[rest % 4];
        rest /= 4;
        setup.limits.output_pad_frames = pads[rest % 4];
        setup.limits.output_run_frames = runs[check_random(&state) % 6];
        rest /= 4;
        setup.overflow = (pst_overflow)(rest % 4);
        setup.underflow = (pst_underflow)(rest / 4);
        choose_formats(&setup, &state);
        setup.in_capacity = (uint64_t)n * check_random_in(&state, 1, 5) + check_random(&state) % 7;
        setup.out_capacity = (uint64_t)n * check_random_in(&state, 1, 5) + check_random(&state) % 7;
        if (check_random(&state) % 3 == 0)
            setup.callback = do_nothing;
        run(&setup, block, 12, &state);
    }
}

static void run_all_sides(uint32_t block, uint32_t stride) {
    run_all(true, false, block, stride);
    run_all(false, true, block, stride);
    run_all(true, true, block, stride);
}

// Sanitizers are slow: they see fewer of the combinations, all of which the plain build sees.
#define STRIDE(n) ((n) * (CHECK_TSAN ? 97 : CHECK_ASAN ? 17 : 1))

static void test_blocks_of_1(void) {
    run_all_sides(1, STRIDE(1));
}

static void test_blocks_of_2(void) {
    run_all_sides(2, STRIDE(1));
}

static void test_blocks_of_3(void) {
    run_all_sides(3, STRIDE(1));
}

static void test_blocks_of_64(void) {
    run_all_sides(64, STRIDE(1));
}

static void test_blocks_of_1000(void) {
    run_all_sides(1000, STRIDE(23));
}

static void test_blocks_of_4096(void) {
    run_all_sides(4096, STRIDE(101));
}

static void test_blocks_of_any_size(void) {
    run_all_sides(0, STRIDE(1));
}

// Rings smaller than a block.
static void test_blocks_beyond_the_ring(void) {
    uint64_t state = 5;
    for (int i = 0; i < 300; ++i) {
        rig_setup setup = {.has_input = true,
                           .has_output = true,
                           .overflow = (pst_overflow)(i % 4),
                           .limits = {0, PST_UNLIMITED, PST_UNLIMITED, 0, PST_UNLIMITED}};
        choose_formats(&setup, &state);
        setup.in_capacity = check_random_in(&state, 1, 60);
        setup.out_capacity = check_random_in(&state, 1, 60);
        run(&setup, 64, 8, &state);
    }
}

int main(void) {
    RUN(test_blocks_of_1);
    RUN(test_blocks_of_2);
    RUN(test_blocks_of_3);
    RUN(test_blocks_of_64);
    RUN(test_blocks_of_1000);
    RUN(test_blocks_of_4096);
    RUN(test_blocks_of_any_size);
    RUN(test_blocks_beyond_the_ring);
    return check_done();
}
