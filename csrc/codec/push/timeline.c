// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/push/timeline.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { FIRST_ROOM = 16 };

void pst_timeline_deinit(pst_timeline *timeline) {
    pst_free(timeline->marks);
    *timeline = (pst_timeline){0};
}

int64_t pst_timeline_at(const pst_timeline *timeline, int64_t frame) {
    const pst_time_mark *mark = &timeline->base;
    size_t low = timeline->first, high = timeline->end;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (timeline->marks[middle].frame <= frame) {
            mark = &timeline->marks[middle];
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return mark->pts + (frame - mark->frame);
}

static bool make_room(pst_timeline *timeline) {
    if (timeline->end < timeline->room)
        return true;
    const size_t n = timeline->end - timeline->first;
    const size_t room = n < timeline->first ? timeline->room : FIRST_ROOM + 2 * n;
    pst_time_mark *marks = pst_alloc_array(room, sizeof *marks);
    if (marks == NULL)
        return false;
    if (n > 0)
        memcpy(marks, timeline->marks + timeline->first, n * sizeof *marks);
    pst_free(timeline->marks);
    timeline->marks = marks;
    timeline->first = 0;
    timeline->end = n;
    timeline->room = room;
    return true;
}

pst_status pst_timeline_mark(pst_timeline *timeline, int64_t frame, int64_t pts, pst_error *err) {
    if (pst_timeline_at(timeline, frame) == pts)
        return PST_OK;
    if (frame == 0) {
        timeline->base = (pst_time_mark){0, pts};
        return PST_OK;
    }
    if (!make_room(timeline))
        return pst_fail_memory(err);
    timeline->marks[timeline->end++] = (pst_time_mark){frame, pts};
    return PST_OK;
}

void pst_timeline_pass(pst_timeline *timeline, int64_t frame) {
    while (timeline->first < timeline->end && timeline->marks[timeline->first].frame <= frame)
        timeline->base = timeline->marks[timeline->first++];
}
