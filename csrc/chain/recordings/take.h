// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_RECORDINGS_TAKE_H
#define PST_CHAIN_RECORDINGS_TAKE_H

#include "chain/recordings/picker.h"
#include "chain/stage.h"

// The orders that a source of pst_source_take understands while its chain runs. A frame of
// PST_UNLIMITED is the next one to be captured.

typedef enum pst_order {
    PST_ORDER_STOP = 0,
    PST_ORDER_PAUSE = 1,
    PST_ORDER_RESUME = 2,
    PST_ORDER_TRIGGER = 3
} pst_order;

// Thread: any, until the source is destroyed. Realtime: no.
void pst_take_order(pst_source *source, pst_order order, int64_t frame);

// Returns the device frame that will be captured next; 0 before the run. Thread: any, until the
// source is destroyed. Realtime: no.
int64_t pst_take_next_frame(pst_source *source);

// Whether the take has a trigger. Thread: any. Realtime: yes (constant).
bool pst_take_has_trigger(const pst_source *source) PST_RT;

// Fills in state and lost_frames. Thread: any. Realtime: no.
void pst_take_look(pst_source *source, pst_take_state *state, int64_t *lost_frames);

// Returns PST_OK, or PST_BAD_ARGUMENT with the field's name in the text, as pst_source_take does.
// info: of the stream. Thread: any. Realtime: no.
pst_status pst_check_take(pst_stream *stream, const pst_take *take, const pst_stream_info *info,
                          pst_error *err);

#endif
