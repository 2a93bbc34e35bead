// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_CHAIN_H
#define PASTREAM_CHAIN_H

#include "pastream/codec.h"
#include "pastream/device.h"
#include "pastream/format.h"
#include "pastream/ring.h"
#include "pastream/stream.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// The worker: one thread that moves frames from one source into one sink. It waits for whichever of
// the two is slower, holds no more than one piece at a time, and never needs Python.
//
// A chain is made of a source and a sink that nobody else uses, and owns them from then on. It runs
// once. The first error ends it and is kept.
typedef struct pst_chain pst_chain;
typedef struct pst_source pst_source;
typedef struct pst_sink pst_sink;

typedef enum pst_chain_state {
    PST_CHAIN_CREATED = 0,
    PST_CHAIN_RUNNING = 1,
    PST_CHAIN_DRAINING = 2, // Stopping, or at the source's end: what is under way still arrives.
    PST_CHAIN_DONE = 3,     // All of it has arrived, and the sink is complete.
    PST_CHAIN_FAILED = 4,
    PST_CHAIN_CANCELLED = 5
} pst_chain_state;

// Counters since the start. Each is exact; they are read one after another.
typedef struct pst_chain_progress {
    pst_chain_state state;
    int64_t pulled_frames; // Taken from the source, fillers included.
    int64_t pushed_frames; // That the sink has taken.
    int64_t filler_frames; // Of those pushed: silence in place of frames that the source has lost.
} pst_chain_progress;

// ---- Sources ----------------------------------------------------------------------------------

// A source of the frames of a ring, from a reader's position to the ring's end. The reader is
// attached already, and becomes the source's, which detaches it; the ring is retained.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT (the frame is not n_channels samples of that
// format, or there is no such reader); the reader stays the caller's then.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_ring(pst_source **source, pst_ring *ring,
                                                 uint32_t reader, pst_format format,
                                                 uint32_t n_channels, pst_error *err);

// The same with a reader that goes back to the caller, still attached, when the chain is over.
// Returns as above. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_ring_lent(pst_source **source, pst_ring *ring,
                                                      uint32_t reader, pst_format format,
                                                      uint32_t n_channels, pst_error *err);

// A source of n_frames that lie in memory: interleaved, borrowed until the chain is over.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_memory(pst_source **source, const void *frames,
                                                   uint64_t n_frames, pst_format format,
                                                   uint32_t n_channels, pst_error *err);

// A source of a sound file, in a format of the caller's choice, from where the decoder stands to
// the file's end; with loops, from frame 0 again and again. The decoder is retained, and nobody
// else uses it until the chain is over.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT (loops, and the file cannot seek or is empty).
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_file(pst_source **source, pst_decoder *decoder,
                                                 pst_format format, bool loops, pst_error *err);

// Destroys a source that no chain owns. NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_source_destroy(pst_source *source);

// ---- Sinks ------------------------------------------------------------------------------------

// A sink that writes to a ring, as its only producer, waits for room, and ends the ring in the end.
// The ring is retained. stream: NULL, or the stream whose output ring it is (retained): the chain
// then ends with the stream's run, and with its errors.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_sink_ring(pst_sink **sink, pst_ring *ring, pst_stream *stream,
                                               pst_format format, uint32_t n_channels,
                                               pst_error *err);

// A sink that appends to a sound file, from frames in a format of the caller's choice, and brings
// the file's header up to date twice a second and at the end; the file stays open. The encoder is
// retained, and nobody else uses it until the chain is over. stream: NULL, or the stream that is
// recorded (retained): it is aborted when the file takes no more.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_sink_file(pst_sink **sink, pst_encoder *encoder,
                                               pst_stream *stream, pst_format format,
                                               pst_error *err);

// Destroys a sink that no chain owns. NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_sink_destroy(pst_sink *sink);

// ---- Chains -----------------------------------------------------------------------------------

// Makes a chain; it owns source and sink if this succeeds. system: NULL, or the system whose end
// waits for the chain (retained), for chains that end with a stream.
// Returns PST_OK, PST_NO_MEMORY, PST_SYSTEM_ERROR, PST_BAD_ARGUMENT (format or channels of the two
// differ). Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_chain_create(pst_chain **chain, pst_system *system,
                                                  pst_source *source, pst_sink *sink,
                                                  pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_chain_retain(pst_chain *chain) PST_RT;

// Drops a reference. A chain that nobody refers to any more is cancelled; this never waits for it.
// NULL is allowed. Thread: any. Realtime: no (may free).
PST_API void pst_chain_release(pst_chain *chain);

// Starts the worker. Returns PST_OK, PST_BAD_STATE (it was started or cancelled before),
// PST_NO_MEMORY, PST_SYSTEM_ERROR, PST_FORKED. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_chain_start(pst_chain *chain, pst_error *err);

// Lets the source end where it is now; all up to there still goes into the sink. Does not wait.
// Idempotent. A chain that was not started is cancelled. Thread: any. Realtime: no.
PST_API void pst_chain_stop(pst_chain *chain);

// Ends the chain as soon as possible; what is under way is dropped, and the sink is told. Does not
// wait. Idempotent. Thread: any. Realtime: no.
PST_API void pst_chain_cancel(pst_chain *chain);

// Waits until the chain is done, failed or cancelled, and its sink closed.
// Returns PST_OK (done or cancelled), PST_TIMEOUT, PST_BAD_STATE (never started), PST_FORKED, or
// the error that ended it, as pst_chain_error. Thread: any, several at once. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_chain_wait(pst_chain *chain, int64_t timeout_ns,
                                                pst_error *err);

// Arms a descriptor that becomes readable at the end of the chain; at once if that has come. It
// belongs to the chain. Look again after a wake-up.
// Returns it, or a negative pst_status. Thread: one at a time. Realtime: no.
PST_API int pst_chain_arm(pst_chain *chain);

// Thread: any. Realtime: no.
PST_API void pst_chain_get_progress(pst_chain *chain, pst_chain_progress *progress);

// Returns the error that ended the chain, PST_OK if there is none. Thread: any. Realtime: no.
PST_API pst_status pst_chain_error(pst_chain *chain, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
