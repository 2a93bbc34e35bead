// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_FORK_RIG_H
#define PST_TESTS_FORK_RIG_H

#include "odd_stages.h"
#include "pastream/fork.h"
#include "row_rig.h"

// Up to four branches of up to two stages each; NULL ends a branch.
typedef pst_stage *branch_table[4][2];

static inline pst_stage *make_fork(pst_reducer reducer, uint32_t n_branches, branch_table table) {
    pst_branch branches[4];
    for (uint32_t i = 0; i < n_branches; ++i)
        branches[i] = (pst_branch){table[i], (table[i][0] != NULL) + (table[i][1] != NULL)};
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_node_fork(&stage, NULL, branches, n_branches, &reducer, &err) == PST_OK, "%s",
               err.text);
    return stage;
}

static inline pst_stage *make_gain(pst_format format, uint32_t n_channels, double gain) {
    pst_stage *stage = NULL;
    CHECK_EQ(pst_stage_gain(&stage, format, n_channels, gain, 0, NULL), PST_OK);
    return stage;
}

static inline row_rig *make_rig(pst_stage *stage) {
    row_rig *rig = row_make();
    row_add(rig, stage);
    return rig;
}

static const pst_reducer sum = {PST_REDUCE_SUM, NULL, 0};
static const pst_reducer concat = {PST_REDUCE_CONCAT, NULL, 0};
static const pst_reducer bits = {PST_REDUCE_XOR, NULL, 0};

#endif
