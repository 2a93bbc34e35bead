// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/nodes/fork_check.h"

#include "base/error.h"
#include "chain/nodes/reduce.h"

static const char *kind_name(pst_media_kind kind) {
    return kind == PST_MEDIA_PACKETS ? "packets" : "frames";
}

// What goes into a fork and comes out of it, as far as the branches tell.
typedef struct fork_sides {
    pst_media in, out;
    int64_t in_from, out_from; // The branches that told, -1: none has.
} fork_sides;

// Adds what one more branch tells about a side. what: "takes" or "gives".
static pst_status agree(pst_media *all, int64_t *from, const pst_media *one, uint32_t index,
                        const char *what, pst_error *err) {
    if (*from >= 0 && !pst_media_fits(all, one)) {
        char text_a[PST_MEDIA_TEXT_BYTES], text_b[PST_MEDIA_TEXT_BYTES];
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "branch %u %s %s, branch %u %s", (unsigned)index,
                        what, pst_media_text(one, text_a), (unsigned)*from,
                        pst_media_text(all, text_b));
    }
    if (*from < 0 || (all->format == 0 && one->format != 0)) {
        *all = *one;
        *from = index;
    }
    return PST_OK;
}

static pst_status check_row(const pst_branch *branch, uint32_t index, pst_error *err) {
    if (branch->n_stages > PST_CHAIN_MAX_STAGES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "branch %u has %u stages; there may be %d",
                        (unsigned)index, (unsigned)branch->n_stages, PST_CHAIN_MAX_STAGES);
    for (uint32_t i = 1; i < branch->n_stages; ++i) {
        const pst_stage *before = branch->stages[i - 1], *after = branch->stages[i];
        char given[PST_MEDIA_TEXT_BYTES], taken[PST_MEDIA_TEXT_BYTES];
        if (!pst_media_fits(&before->out, &after->in))
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "branch %u: %s gives %s, and %s behind it takes %s", (unsigned)index,
                            before->name, pst_media_text(&before->out, given), after->name,
                            pst_media_text(&after->in, taken));
    }
    return PST_OK;
}

// What a branch without stages gives is what it takes: it tells nothing.
static pst_status check_branches(const pst_branch *branches, uint32_t n_branches, pst_media *in,
                                 pst_media *out, pst_error *err) {
    fork_sides sides = {.in_from = -1, .out_from = -1};
    pst_status status = PST_OK;
    uint32_t empty = n_branches; // The first one without stages.
    for (uint32_t i = 0; i < n_branches && status == PST_OK; ++i) {
        const pst_branch *branch = &branches[i];
        status = check_row(branch, i, err);
        if (branch->n_stages == 0 && empty == n_branches)
            empty = i;
        if (status != PST_OK || branch->n_stages == 0)
            continue;
        status = agree(&sides.in, &sides.in_from, &branch->stages[0]->in, i, "takes", err);
        if (status == PST_OK)
            status = agree(&sides.out, &sides.out_from, &branch->stages[branch->n_stages - 1]->out,
                           i, "gives", err);
    }
    if (status == PST_OK && empty < n_branches && sides.in.kind != sides.out.kind)
        status =
            pst_fail(err, PST_BAD_ARGUMENT, 0,
                     "branch %u turns %s into %s, and branch %u, which has no stages, does not",
                     (unsigned)sides.in_from, kind_name(sides.in.kind), kind_name(sides.out.kind),
                     (unsigned)empty);
    *in = sides.in;
    *out = (pst_media){.kind = sides.out.kind};
    return status;
}

static pst_status check_kind(const pst_reducer *reducer, const pst_branch *branches,
                             uint32_t n_branches, pst_media *in, pst_media *out, pst_error *err) {
    bool are_empty = true;
    for (uint32_t i = 0; i < n_branches; ++i)
        are_empty = are_empty && branches[i].n_stages == 0;
    const bool wants_packets = reducer->kind == PST_REDUCE_XOR;
    if (are_empty)
        in->kind = out->kind = wants_packets ? PST_MEDIA_PACKETS : PST_MEDIA_FRAMES;
    if (reducer->kind == PST_REDUCE_CONCAT || wants_packets == (out->kind == PST_MEDIA_PACKETS))
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "the reducer %s is for %s, and the branches give %s",
                    pst_reduce_name(reducer->kind), wants_packets ? "packets" : "frames",
                    kind_name(out->kind));
}

pst_status pst_fork_check(const pst_branch *branches, uint32_t n_branches,
                          const pst_reducer *reducer, pst_media *in, pst_media *out,
                          pst_error *err) {
    if (n_branches < 1 || n_branches > PST_FORK_MAX_BRANCHES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "there are %u branches; there must be 1 to %d",
                        (unsigned)n_branches, PST_FORK_MAX_BRANCHES);
    pst_status status = pst_reduce_check(reducer, n_branches, err);
    if (status == PST_OK)
        status = check_branches(branches, n_branches, in, out, err);
    if (status == PST_OK)
        status = check_kind(reducer, branches, n_branches, in, out, err);
    return status;
}
