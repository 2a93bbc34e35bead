// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/rings.h"

#include "base/error.h"
#include "graph/control/model.h"
#include "pastream/graph_ring.h"

pst_status pst_node_check_ring(const pst_slot *slot, uint32_t frame_bytes, pst_error *err) {
    if (slot->object == NULL)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "ring is none; the node needs one");
    pst_ring_info info;
    pst_ring_get_info(pst_ring_of(slot), &info);
    if (info.frame_bytes == frame_bytes)
        return PST_OK;
    return pst_fail(err, PST_BAD_ARGUMENT, 0,
                    "ring has frames of %u bytes; with these channels they must have %u",
                    info.frame_bytes, frame_bytes);
}

uint64_t pst_gnode_lost_frames(const pst_gnode *node) PST_RT {
    if (node->kind == &pst_kind_tap)
        return pst_tap_lost(&node->live);
    return node->kind == &pst_kind_stream_source ? pst_stream_source_lost(&node->live) : 0;
}
