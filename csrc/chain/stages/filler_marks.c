// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/stages/filler_marks.h"

void pst_filler_marks_begin(pst_filler_marks *self, bool is_filler) PST_RT {
    self->marks[0] = (pst_filler_mark){0, is_filler};
    self->n_marks = 1;
}

void pst_filler_marks_add(pst_filler_marks *self, int64_t at, bool is_filler) PST_RT {
    if (self->marks[self->n_marks - 1].is_filler == is_filler)
        return;
    if (self->n_marks == PST_FILLER_MARKS) {
        self->marks[PST_FILLER_MARKS - 1].is_filler = false; // Rather too few than too many.
        return;
    }
    self->marks[self->n_marks++] = (pst_filler_mark){at, is_filler};
}

uint64_t pst_filler_marks_at(pst_filler_marks *self, int64_t now, bool *is_filler) PST_RT {
    uint32_t n_past = 0;
    while (n_past + 1 < self->n_marks && self->marks[n_past + 1].at <= now)
        ++n_past;
    self->n_marks -= n_past;
    for (uint32_t i = 0; i < self->n_marks && n_past > 0; ++i)
        self->marks[i] = self->marks[i + n_past];
    *is_filler = self->marks[0].is_filler;
    return self->n_marks > 1 ? (uint64_t)(self->marks[1].at - now) : UINT64_MAX;
}
