// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/gaps.h"

#include "pastream/stream.h"

typedef struct gap {
    uint64_t position;
    uint64_t end;
    int64_t missing;
    uint32_t flags;
} gap;

static gap unpack(const pst_history_entry *entry) PST_RT {
    return (gap){entry->words[0], entry->words[1], (int64_t)entry->words[2],
                 (uint32_t)entry->words[3]};
}

void pst_gaps_clear(pst_gaps *gaps) PST_RT {
    pst_history_clear(&gaps->log);
    gaps->missing = 0;
}

void pst_gaps_push(pst_gaps *gaps, uint64_t position, uint64_t end, int64_t n_missing,
                   uint32_t flags) PST_RT {
    gaps->missing += n_missing;
    const pst_history_entry entry = {{position, end, (uint64_t)gaps->missing, flags}};
    pst_history_push(&gaps->log, &entry);
}

// For positions that are older than the log: the oldest entry that can still be read.
static int64_t oldest_missing(const pst_gaps *gaps, uint64_t n_entries) PST_RT {
    if (n_entries <= PST_HISTORY_ENTRIES)
        return 0; // Nothing was written over, so nothing was missing there.
    for (uint64_t i = n_entries - PST_HISTORY_ENTRIES; i < n_entries; ++i) {
        pst_history_entry entry;
        if (pst_history_get(&gaps->log, i, &entry))
            return unpack(&entry).missing;
    }
    return 0;
}

void pst_gaps_look(const pst_gaps *gaps, uint64_t position, uint64_t n_frames,
                   pst_gaps_view *view) PST_RT {
    const uint64_t end = position + n_frames;
    const uint64_t last = n_frames > 0 ? end - 1 : position;
    *view = (pst_gaps_view){0};
    const uint64_t n_entries = pst_history_count(&gaps->log);
    if (n_entries == 0)
        return;
    pst_history_entry entry;
    uint64_t index = n_entries - 1;
    // Most of the time all gaps lie behind.
    const bool newest = pst_history_get(&gaps->log, index, &entry) && entry.words[0] <= last;
    if (!newest && !pst_history_find(&gaps->log, last, &index, &entry)) {
        view->missing = oldest_missing(gaps, n_entries);
        return;
    }
    gap at = unpack(&entry);
    const int64_t missing_at_end = at.missing;
    int64_t missing_before = at.missing; // Before the run's first frame, but not just before it.
    bool first_known = false;
    // Walks back over all entries in the run, to the first one that begins before it.
    for (;;) {
        if (at.position < end && (at.end > position || at.position >= position))
            view->flags |= at.flags;
        if (!first_known && at.position <= position) {
            view->missing = at.missing;
            first_known = true;
        }
        missing_before = at.missing;
        if (at.position < position)
            break;
        if (index == 0) {
            missing_before = 0;
            break;
        }
        if (!pst_history_get(&gaps->log, index - 1, &entry))
            break; // Written over: what was missing there is taken as known before.
        at = unpack(&entry);
        --index;
    }
    if (!first_known)
        view->missing = missing_before;
    view->gap_frames = missing_at_end - missing_before;
    if (view->gap_frames > 0)
        view->flags |= PST_FLAG_GAP;
}
