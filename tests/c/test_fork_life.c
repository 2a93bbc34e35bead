// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/clock.h"
#include "failing_alloc.h"
#include "fork_rig.h"

// Forks in chains, those that cannot be made, and those without memory.

enum { N = 5000 };

static float data[N];

// ---- In a chain ---------------------------------------------------------------------------------

static pst_chain *make_chain(pst_stage *stage) {
    pst_source *source = NULL;
    CHECK_EQ(pst_source_memory(&source, data, N, PST_FORMAT_F32, 1, NULL), PST_OK);
    const pst_ring_config config = {.frame_bytes = 4, .capacity_frames = 8192};
    pst_ring *ring = NULL;
    CHECK_EQ(pst_ring_create(&ring, &config, NULL), PST_OK);
    pst_sink *sink = NULL;
    CHECK_EQ(pst_sink_ring(&sink, ring, NULL, PST_FORMAT_F32, 1, NULL), PST_OK);
    pst_ring_release(ring);
    pst_chain *chain = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_chain_create_staged(&chain, NULL, source, &stage, 1, sink, &err) == PST_OK, "%s",
               err.text);
    return chain;
}

static void test_cancelling_wakes_the_branches(void) {
    odd_stage *odd = make_odd();
    odd->waits = true;
    branch_table table = {{0}, {make_gain(PST_FORMAT_F32, 1, 2.0), &odd->base}};
    atomic_store(&n_all_ends, 0);
    pst_chain *chain = make_chain(make_fork(sum, 2, table));
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, 20000000, NULL), PST_TIMEOUT);
    pst_chain_cancel(chain);
    CHECK_EQ(pst_chain_wait(chain, 20 * PST_NS_PER_SECOND, NULL), PST_OK);
    CHECK_EQ(atomic_load(&n_all_ends), 1);
    pst_chain_release(chain);
}

static void test_a_bad_end_is_told(void) {
    odd_stage *odd = make_odd();
    odd->ends_badly = true;
    branch_table table = {{0}, {make_gain(PST_FORMAT_F32, 1, 2.0), &odd->base}};
    pst_branch branches[2] = {{table[0], 0}, {table[1], 2}};
    pst_stage *stage = NULL;
    CHECK_EQ(pst_node_fork(&stage, "both", branches, 2, &sum, NULL), PST_OK);
    pst_chain *chain = make_chain(stage);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_chain_wait(chain, 20 * PST_NS_PER_SECOND, &err), PST_SYSTEM_ERROR);
    CHECK_STR(err.text, "branch 1, odd: a bad end");
    pst_chain_release(chain);
    odd = make_odd();
    odd->fails = PST_UNSUPPORTED;
    branch_table bad = {{&odd->base}, {0}};
    pst_branch bad_branches[2] = {{bad[0], 1}, {bad[1], 0}};
    CHECK_EQ(pst_node_fork(&stage, "both", bad_branches, 2, &sum, NULL), PST_OK);
    chain = make_chain(stage);
    CHECK_EQ(pst_chain_start(chain, NULL), PST_OK);
    CHECK_EQ(pst_chain_wait(chain, 20 * PST_NS_PER_SECOND, &err), PST_UNSUPPORTED);
    CHECK_STR(err.text, "branch 0, odd: it was told to fail"); // Not the bad end, which is second.
    int32_t place = 0;
    CHECK_STR(pst_chain_origin(chain, &place), "both");
    CHECK_EQ(place, 1);
    pst_chain_release(chain);
}

// ---- What is refused ---------------------------------------------------------------------------

static void check_refused(pst_reducer reducer, uint32_t n_branches, branch_table table,
                          const char *text) {
    pst_branch branches[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    for (uint32_t i = 0; i < n_branches && i < 4; ++i)
        branches[i] = (pst_branch){table[i], (table[i][0] != NULL) + (table[i][1] != NULL)};
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_node_fork(&stage, NULL, branches, n_branches, &reducer, &err), PST_BAD_ARGUMENT);
    CHECK(stage == NULL);
    CHECK_STR(err.text, text);
    for (uint32_t i = 0; i < 4; ++i)
        for (int k = 0; k < 2; ++k)
            pst_stage_destroy(table[i][k]); // They are still the caller's.
}

static void test_what_does_not_fit_is_refused(void) {
    branch_table none = {{0}};
    check_refused(sum, 0, none, "there are 0 branches; there must be 1 to 64");
    check_refused(sum, 65, none, "there are 65 branches; there must be 1 to 64");
    check_refused((pst_reducer){(pst_reduce_kind)9, NULL, 0}, 1, none,
                  "kind is 9, which is no kind of reducer");
    const double weights[] = {1.0};
    check_refused((pst_reducer){PST_REDUCE_SUM, weights, 1}, 2, none,
                  "there are 1 weights for 2 branches; there must be one for each");
    branch_table takes = {
        {0}, {make_gain(PST_FORMAT_I16, 1, 2.0)}, {make_gain(PST_FORMAT_F32, 1, 2.0)}};
    check_refused(sum, 3, takes,
                  "branch 2 takes 1 channel of float32, branch 1 1 channel of "
                  "int16");
    pst_stage *convert = NULL;
    CHECK_EQ(
        pst_stage_convert(&convert, PST_FORMAT_F32, PST_FORMAT_I16, 1, PST_DITHER_NONE, 0, NULL),
        PST_OK);
    branch_table gives = {{make_gain(PST_FORMAT_F32, 1, 2.0)}, {convert}};
    check_refused(sum, 2, gives,
                  "branch 1 gives 1 channel of int16, branch 0 1 channel of "
                  "float32");
    branch_table within = {{make_gain(PST_FORMAT_F32, 1, 2.0), make_gain(PST_FORMAT_I16, 1, 2.0)}};
    check_refused(sum, 1, within,
                  "branch 0: gain gives 1 channel of float32, and gain behind it "
                  "takes 1 channel of int16");
    branch_table packs = {{make_pack(1, 1, 0)}};
    check_refused(sum, 1, packs, "the reducer sum is for frames, and the branches give packets");
    branch_table frames = {{make_gain(PST_FORMAT_F32, 1, 2.0)}};
    check_refused(bits, 1, frames, "the reducer xor is for packets, and the branches give frames");
    branch_table kinds = {{make_pack(1, 1, 0)}, {0}};
    check_refused(concat, 2, kinds,
                  "branch 0 turns frames into packets, and branch 1, which has "
                  "no stages, does not");
}

// ---- Memory ------------------------------------------------------------------------------------

static void test_every_allocation_failing_in_turn(void) {
    bool got_by = !failing_alloc_works();
    for (long n = 1; n < 200 && !got_by; ++n) {
        const double weights[] = {1.0, 2.0};
        odd_stage *late = make_odd();
        late->n_late = 40;
        pst_stage *stages[2] = {&late->base, make_gain(PST_FORMAT_F32, 1, 2.0)};
        const pst_branch branches[2] = {{stages, 2}, {NULL, 0}};
        const pst_reducer reducer = {PST_REDUCE_SUM, weights, 2};
        row_rig *rig = row_make();
        rig->numbers = malloc(N * sizeof *rig->numbers); // The rig's own memory does not count.
        rig->data = malloc(N * sizeof(float));
        rig->numbers_room = N;
        rig->room = N * sizeof(float);
        failing_alloc_begin(n);
        pst_stage *stage = NULL;
        pst_status status = pst_node_fork(&stage, "named", branches, 2, &reducer, NULL);
        if (status == PST_OK)
            row_add(rig, stage);
        if (status == PST_OK)
            status = row_give_all(rig, data, 2000, 300, 0, 1, NULL);
        got_by = failing_alloc_end() < n;
        CHECK_EQ(status, got_by ? PST_OK : PST_NO_MEMORY);
        for (int i = 0; stage == NULL && i < 2; ++i)
            pst_stage_destroy(stages[i]);
        if (stage == NULL)
            CHECK_EQ(failing_alloc_live(), 0);
        row_free(rig);
    }
    CHECK(got_by);
}

static void test_no_memory_is_taken_under_way(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers bring their own allocator");
        return;
    }
    odd_stage *late = make_odd();
    late->n_late = 40;
    branch_table table = {{&late->base}, {make_gain(PST_FORMAT_F32, 1, 2.0)}};
    row_rig *rig = make_rig(make_fork(sum, 2, table));
    CHECK_EQ(row_give_all(rig, data, N, 300, 0, 1, NULL), PST_OK);
    CHECK_EQ(pst_row_reset(&rig->row, NULL), PST_OK);
    row_forget(rig);
    failing_alloc_begin(0);
    CHECK_EQ(row_give_all(rig, data, N, 300, 0, 1, NULL), PST_OK);
    CHECK_EQ(failing_alloc_end(), 0);
    row_free(rig);
}

int main(void) {
    RUN(test_cancelling_wakes_the_branches);
    RUN(test_a_bad_end_is_told);
    RUN(test_what_does_not_fit_is_refused);
    RUN(test_every_allocation_failing_in_turn);
    RUN(test_no_memory_is_taken_under_way);
    return check_done();
}
