// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/fork.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/nodes/fork_check.h"
#include "chain/nodes/join.h"
#include "chain/nodes/reduce.h"
#include "chain/row.h"

// Each piece goes through all branches, one after another, into a lane for each; then it is given
// on what the lanes have in common.

// What a lane may keep beyond one piece, while others have nothing: a branch that swallows all that
// comes shall not take all memory.
static const uint64_t most_waiting_bytes = UINT64_C(1) << 26;

typedef struct fork_branch {
    struct fork_stage *fork;
    pst_lane *lane;
    pst_stage *stages[PST_CHAIN_MAX_STAGES];
    pst_row row;
} fork_branch;

typedef struct fork_stage {
    pst_stage base;
    char *name;
    pst_join join;
    fork_branch *branches;
    uint32_t n_branches;
    _Atomic bool is_woken;
    bool is_taken;    // The piece at hand has gone through the branches.
    bool must_settle; // Something came since the last border.
    bool is_drained;
    double out_rate_hz; // Of the frames in the lanes; 0: not known.
    // What came in, to tell which branch gave too little:
    pst_media media;
    uint64_t n_in;
    uint64_t n_runs;
    int64_t next_frame;
} fork_stage;

// ---- Branches ---------------------------------------------------------------------------------

static pst_status take_from_branch(void *user, const pst_piece *piece, pst_error *err) {
    fork_branch *branch = user;
    branch->fork->out_rate_hz = piece->media->rate_hz;
    return pst_lane_put(branch->lane, piece->media, piece, err);
}

static bool is_called_off(void *user) {
    const fork_branch *branch = user;
    return atomic_load(&branch->fork->is_woken);
}

static const pst_row_ops branch_ops = {.emit = take_from_branch, .is_called_off = is_called_off};

// Says which stage of which branch has failed.
static pst_status name_failed(const fork_stage *self, uint32_t index, pst_status status,
                              pst_error *err) {
    const pst_row *row = &self->branches[index].row;
    if (status >= 0 || row->failed_at == 0 || row->failed_at > row->n_stages || err == NULL)
        return status;
    char text[sizeof err->text];
    memcpy(text, err->status == status ? err->text : pst_strerror(status), sizeof text);
    return pst_fail(err, status, err->native_code, "branch %u, %s: %s", (unsigned)index,
                    row->stages[row->failed_at - 1]->name, text);
}

typedef pst_status (*row_call)(pst_row *row, pst_error *err);

static pst_status call_all(fork_stage *self, row_call call, pst_error *err) {
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < self->n_branches && status == PST_OK; ++i)
        status = name_failed(self, i, call(&self->branches[i].row, err), err);
    return status;
}

// ---- Lengths ----------------------------------------------------------------------------------

static pst_status fail_short(const fork_stage *self, uint32_t few, uint32_t many, pst_error *err) {
    const pst_lane *lanes = self->join.lanes;
    const bool has_packets = lanes[many].n_put > 0 && self->base.out.kind == PST_MEDIA_PACKETS;
    return pst_fail(err, PST_BAD_ARGUMENT, 0,
                    "branch %u gave %llu %s and branch %u %llu; %s needs the same of both%s",
                    (unsigned)few, (unsigned long long)lanes[few].n_put,
                    has_packets ? "packets" : "frames", (unsigned)many,
                    (unsigned long long)lanes[many].n_put, pst_reduce_name(self->join.kind),
                    has_packets ? "" : ", or more than came in");
}

// Whether a branch gave as much as came in. Each run is rounded where rates are changed.
static bool covers_input(const fork_stage *self, const pst_lane *lane) {
    if (self->media.kind != PST_MEDIA_FRAMES)
        return false;
    double wanted = (double)self->n_in;
    if (self->media.rate_hz > 0.0 && self->out_rate_hz > 0.0)
        wanted *= self->out_rate_hz / self->media.rate_hz;
    return (double)lane->n_put + (double)(1 + self->n_runs) >= wanted;
}

// After the end: whether those that gave less may be silent.
static pst_status check_lengths(const fork_stage *self, pst_error *err) {
    const pst_lane *lanes = self->join.lanes;
    const bool has_packets = self->base.out.kind == PST_MEDIA_PACKETS;
    if (!has_packets && !pst_reduce_is_by_sample(self->join.kind))
        return PST_OK;
    uint32_t longest = 0;
    for (uint32_t i = 1; i < self->n_branches; ++i)
        if (lanes[i].n_put > lanes[longest].n_put)
            longest = i;
    for (uint32_t i = 0; i < self->n_branches; ++i)
        if (lanes[i].n_put < lanes[longest].n_put &&
            (has_packets || !covers_input(self, &lanes[i])))
            return fail_short(self, i, longest, err);
    return PST_OK;
}

static pst_status check_waiting(const fork_stage *self, pst_error *err) {
    const pst_lane *lanes = self->join.lanes;
    for (uint32_t i = 0; i < self->n_branches; ++i) {
        if (lanes[i].n_bytes - lanes[i].at <= most_waiting_bytes)
            continue;
        uint32_t empty = 0;
        while (empty + 1 < self->n_branches && lanes[empty].n_frames > 0)
            ++empty;
        return pst_fail(err, PST_LIMIT, 0,
                        "branch %u has given %llu %s and branch %u only %llu: what waits for it "
                        "takes more than %llu MiB",
                        (unsigned)i, (unsigned long long)lanes[i].n_put,
                        self->base.out.kind == PST_MEDIA_PACKETS ? "packets" : "frames",
                        (unsigned)empty, (unsigned long long)lanes[empty].n_put,
                        (unsigned long long)(most_waiting_bytes >> 20));
    }
    return PST_OK;
}

// ---- The stage --------------------------------------------------------------------------------

static pst_status give_joined(fork_stage *self, pst_join_when when, pst_piece *out,
                              pst_error *err) {
    pst_convert_counts counts = {0, 0};
    const pst_status status = pst_join_next(&self->join, when, out, &counts, err);
    pst_stage_count(&self->base, &counts);
    return status;
}

static void count_in(fork_stage *self, const pst_piece *in) {
    if (self->n_in == 0 || in->begins || in->frame != self->next_frame)
        ++self->n_runs;
    self->n_in += in->n_frames;
    self->next_frame = in->frame + (int64_t)in->n_frames;
    self->media = *in->media;
}

static pst_status take(fork_stage *self, const pst_piece *in, pst_error *err) {
    count_in(self, in);
    pst_piece piece = *in;
    piece.is_whole = in->is_whole && in->media->kind == PST_MEDIA_PACKETS;
    pst_status status = PST_OK;
    for (uint32_t i = 0; i < self->n_branches && status == PST_OK; ++i)
        status = name_failed(self, i, pst_row_give(&self->branches[i].row, &piece, err), err);
    self->is_taken = true;
    self->must_settle = true;
    return status;
}

static void forget(fork_stage *self) {
    pst_join_clear(&self->join);
    self->is_taken = self->must_settle = self->is_drained = false;
    self->n_in = self->n_runs = 0;
}

static pst_status fork_reset(pst_stage *stage, pst_error *err) {
    fork_stage *self = (fork_stage *)stage;
    forget(self);
    return call_all(self, pst_row_reset, err);
}

static pst_status fork_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    fork_stage *self = (fork_stage *)stage;
    pst_status status = PST_OK;
    if (!self->is_drained) {
        status = call_all(self, pst_row_drain, err);
        self->is_drained = true;
        if (status == PST_OK && !atomic_load(&self->is_woken))
            status = check_lengths(self, err);
    }
    return status == PST_OK ? give_joined(self, PST_JOIN_END, out, err) : status;
}

static pst_status fork_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                               pst_piece *out, pst_error *err) {
    fork_stage *self = (fork_stage *)stage;
    pst_status status = PST_OK;
    if (!self->is_taken && self->n_in > 0 && !pst_media_fits(&self->media, in->media)) {
        // Other media are another stream: this one ends first.
        status = fork_drain(stage, out, err);
        if (status != PST_OK || out->n_frames > 0)
            return status;
        status = fork_reset(stage, err);
    }
    if (status == PST_OK && !self->is_taken)
        status = take(self, in, err);
    if (status == PST_OK)
        status = give_joined(self, PST_JOIN_AMID, out, err);
    if (status != PST_OK || out->n_frames > 0)
        return status;
    *n_used = in->n_frames;
    self->is_taken = false;
    return check_waiting(self, err);
}

static pst_status fork_settle(pst_stage *stage, pst_piece *out, pst_error *err) {
    fork_stage *self = (fork_stage *)stage;
    pst_status status = PST_OK;
    if (self->must_settle)
        status = call_all(self, pst_row_settle, err);
    self->must_settle = false;
    return status == PST_OK ? give_joined(self, PST_JOIN_BORDER, out, err) : status;
}

static void fork_wake(pst_stage *stage) {
    fork_stage *self = (fork_stage *)stage;
    atomic_store(&self->is_woken, true);
    for (uint32_t i = 0; i < self->n_branches; ++i)
        for (uint32_t k = 0; k < self->branches[i].row.n_stages; ++k) {
            pst_stage *inner = self->branches[i].stages[k];
            if (inner->ops->wake != NULL)
                inner->ops->wake(inner);
        }
}

static pst_status fork_end(pst_stage *stage, pst_ending ending, pst_error *err) {
    fork_stage *self = (fork_stage *)stage;
    pst_status first = PST_OK;
    for (uint32_t i = 0; i < self->n_branches; ++i)
        for (uint32_t k = 0; k < self->branches[i].row.n_stages; ++k) {
            pst_stage *inner = self->branches[i].stages[k];
            if (inner->ops->end == NULL)
                continue;
            inner->cause = first != PST_OK ? err : stage->cause;
            const pst_status status = inner->ops->end(
                inner, first != PST_OK ? PST_ENDING_BROKEN : ending, first == PST_OK ? err : NULL);
            if (status >= 0 || first != PST_OK)
                continue;
            self->branches[i].row.failed_at = k + 1;
            first = name_failed(self, i, status, err);
        }
    return first;
}

static void fork_deinit(pst_stage *stage) {
    fork_stage *self = (fork_stage *)stage;
    for (uint32_t i = 0; i < self->n_branches; ++i)
        for (uint32_t k = 0; k < self->branches[i].row.n_stages; ++k)
            pst_stage_destroy(self->branches[i].stages[k]);
    pst_join_deinit(&self->join);
    pst_free(self->branches);
    pst_free(self->name);
}

static const pst_stage_ops fork_ops = {
    .name = "fork-join",
    .process = fork_process,
    .settle = fork_settle,
    .drain = fork_drain,
    .reset = fork_reset,
    .wake = fork_wake,
    .end = fork_end,
    .deinit = fork_deinit,
};

// ---- Making one -------------------------------------------------------------------------------

static pst_status fill(fork_stage *self, const char *name, const pst_branch *branches,
                       uint32_t n_branches, const pst_reducer *reducer, pst_error *err) {
    self->name = pst_alloc_text(name == NULL ? fork_ops.name : name);
    self->branches = pst_alloc_array(n_branches, sizeof *self->branches);
    const pst_status status = pst_join_init(&self->join, reducer, n_branches, err);
    if (status != PST_OK || self->name == NULL || self->branches == NULL)
        return pst_fail_memory(err);
    self->base.name = self->name;
    self->n_branches = n_branches;
    for (uint32_t i = 0; i < n_branches; ++i) {
        fork_branch *branch = &self->branches[i];
        branch->fork = self;
        branch->lane = &self->join.lanes[i];
        for (uint32_t k = 0; k < branches[i].n_stages; ++k)
            branch->stages[k] = branches[i].stages[k];
        branch->row = (pst_row){.stages = branch->stages,
                                .n_stages = branches[i].n_stages,
                                .ops = &branch_ops,
                                .user = branch,
                                .taken = self->base.out};
    }
    return PST_OK;
}

pst_status pst_node_fork(pst_stage **stage, const char *name, const pst_branch *branches,
                         uint32_t n_branches, const pst_reducer *reducer, pst_error *err) {
    pst_media in, out;
    pst_status status = pst_fork_check(branches, n_branches, reducer, &in, &out, err);
    if (status != PST_OK)
        return status;
    pst_stage *made = NULL;
    status = pst_stage_create_open(&made, sizeof(fork_stage), &fork_ops, &in, &out, err);
    if (status != PST_OK)
        return status;
    status = fill((fork_stage *)made, name, branches, n_branches, reducer, err);
    if (status == PST_OK)
        *stage = made;
    else
        pst_stage_destroy(made); // Without branches, which stay the caller's.
    return status;
}
