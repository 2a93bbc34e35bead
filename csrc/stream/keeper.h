// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_STREAM_KEEPER_H
#define PST_STREAM_KEEPER_H

#include "stream/line.h"

// Whoever keeps a stream running when its device goes: a thread for each stream that asks for it
// (pst_on_lost). It looks at the stream's health; when the device is lost it leaves the old handle
// behind, reads the list of devices again, and opens the device anew into the same flow and rings,
// as often as it takes. No Python is needed for that, and no other thread waits for it: what takes
// long (opening, closing) it does without the stream's lock.
typedef struct pst_keeper pst_keeper;

// Where a stream's device is.
typedef enum pst_presence {
    PST_DEVICE_HERE = 0,
    PST_DEVICE_AWAY = 1, // The keeper tries to find it.
    PST_DEVICE_GONE = 2  // It has given up.
} pst_presence;

// Makes a keeper for a stream that is about to be opened; its thread does not run yet.
// Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR. Thread: control. Realtime: no.
// Ownership: the stream's, given back by pst_keeper_release.
PST_NODISCARD pst_status pst_keeper_create(pst_keeper **keeper, pst_stream *stream,
                                           const pst_stream_config *config, pst_error *err);

// Returns what virtual devices remember from one opening to the next, or NULL.
pst_virtual_memory *pst_keeper_memory(pst_keeper *keeper);

// Starts the thread, once the stream is open.
// Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR. Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_keeper_start(pst_keeper *keeper, pst_error *err);

// Has it look at the stream now. NULL is allowed. Thread: any. Realtime: no.
void pst_keeper_wake(pst_keeper *keeper);

// Takes a stream's line away from it, to be closed by the keeper, which then looks for the device.
// Returns false if a callback does not leave the stream; then nothing was changed.
// Thread: control, under the stream's lock. Realtime: no.
PST_NODISCARD bool pst_keeper_take_line(pst_stream *stream);

// A run begins while the device is away: it is looked for from now on.
// Thread: control, under the stream's lock. Realtime: no.
void pst_keeper_start_away(pst_stream *stream);

// The stream is closed: the thread ends as soon as it can, and touches the stream no more. Nobody
// waits for it. is_leaky: a handle was given up. NULL is allowed.
// Thread: control, under the stream's lock. Realtime: no.
void pst_keeper_end(pst_keeper *keeper, bool is_leaky);

// Drops the stream's reference. NULL is allowed. Thread: control. Realtime: no.
void pst_keeper_release(pst_keeper *keeper);

// Writes the uid of the device that one side has now, or had last.
// Thread: any. Realtime: no.
void pst_keeper_get_uid(pst_keeper *keeper, pst_direction direction, char *uid, size_t n_bytes);

// Fills *err with why it has given up; frame: where the device was lost. Returns PST_DEVICE_LOST.
// Thread: any. Realtime: no.
pst_status pst_keeper_explain(pst_keeper *keeper, int64_t frame, pst_error *err);

#endif
