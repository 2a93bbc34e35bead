// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/control/parcel.h"

#include "graph/control/change.h"

void pst_changes_append(pst_changes *changes, pst_change *change) {
    change->next[0] = NULL;
    if (changes->last == NULL)
        changes->first = change;
    else
        changes->last->next[0] = change;
    changes->last = change;
}

void pst_parcel_pack(pst_parcel *parcel, const pst_changes *changes) {
    parcel->first = changes->first;
    parcel->link = 0;
}

void pst_parcel_repack(pst_parcel *parcel, const pst_parcel *old, const pst_changes *changes) {
    const uint32_t link = parcel->link = 1 - old->link;
    pst_change **end = &parcel->first;
    for (pst_change *change = old->first; change != NULL; change = change->next[old->link])
        if (!change->is_superseded) {
            *end = change;
            end = &change->next[link];
        }
    *end = changes->first;
    if (link == 0)
        return; // As they are chained already.
    for (pst_change *change = changes->first; change != NULL; change = change->next[0])
        change->next[link] = change->next[0];
}
