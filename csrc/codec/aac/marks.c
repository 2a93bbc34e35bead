// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/aac/marks.h"

#include <string.h>

#include "base/alloc.h"

bool pst_marks_add(pst_marks *marks, int64_t place) {
    const int64_t n_marks = (marks->n_packets + PST_MARK_EVERY - 1) / PST_MARK_EVERY;
    if (marks->n_packets++ % PST_MARK_EVERY != 0)
        return true;
    if (n_marks == marks->n_room) {
        const int64_t n_room = n_marks == 0 ? 64 : n_marks * 2;
        int64_t *places = pst_alloc_array((size_t)n_room, sizeof *places);
        if (places == NULL)
            return false;
        if (n_marks > 0)
            memcpy(places, marks->places, (size_t)n_marks * sizeof *places);
        pst_free(marks->places);
        marks->places = places;
        marks->n_room = n_room;
    }
    marks->places[n_marks] = place;
    return true;
}

int64_t pst_marks_before(const pst_marks *marks, int64_t packet, int64_t *place) {
    int64_t mark = packet < 0 ? 0 : packet / PST_MARK_EVERY;
    const int64_t n_marks = (marks->n_packets + PST_MARK_EVERY - 1) / PST_MARK_EVERY;
    if (mark >= n_marks)
        mark = n_marks - 1;
    *place = mark < 0 ? 0 : marks->places[mark];
    return mark < 0 ? 0 : mark * PST_MARK_EVERY;
}

void pst_marks_free(pst_marks *marks) {
    pst_free(marks->places);
    *marks = (pst_marks){0};
}
