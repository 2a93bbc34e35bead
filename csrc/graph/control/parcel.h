// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_PARCEL_H
#define PST_GRAPH_PARCEL_H

#include "core/mailbox.h"

// Changes that are sent together: the renderer takes all of them in one quantum, or none. A parcel
// that was sent may be replaced by another one with the same changes, and more, as long as the
// renderer has not taken it, which may be at any moment. So each change has two links, and a parcel
// says by which of them its changes are chained: the one that it replaces uses the other one.

typedef struct pst_change pst_change;

// Changes in the order of making, chained by the first link.
typedef struct pst_changes {
    pst_change *first;
    pst_change *last;
} pst_changes;

typedef struct pst_parcel {
    pst_letter letter;
    pst_change *first;
    uint32_t link;
} pst_parcel;

void pst_changes_append(pst_changes *changes, pst_change *change);

// Fills a parcel with changes. The list is not touched.
void pst_parcel_pack(pst_parcel *parcel, const pst_changes *changes);

// Fills a parcel with what is not superseded in another one, and then with changes. Neither is
// touched, and pst_parcel_pack may follow if the other one is gone.
void pst_parcel_repack(pst_parcel *parcel, const pst_parcel *old, const pst_changes *changes);

#endif
