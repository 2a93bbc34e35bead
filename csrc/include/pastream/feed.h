// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_FEED_H
#define PASTREAM_FEED_H

#include "pastream/buffer.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A bounded row of buffers between two sides: chains, or whoever else puts them in and takes them
// out. Any thread may use either side, at any time; the order is that of the calls. A feed outlives
// both sides, and each learns what has become of the other. In a steady state nothing is allocated.
typedef struct pst_feed pst_feed;

enum { PST_FEED_MAX_BUFFERS = 1 << 20 };

typedef struct pst_feed_info {
    uint64_t n_buffers; // That wait.
    uint64_t n_frames;  // Of those, or packets.
    uint64_t n_put;     // Buffers, ever.
    uint64_t n_taken;
    uint32_t capacity;
    bool has_ended; // Nothing will be put any more.
    bool is_left;   // Nothing will be taken any more.
} pst_feed_info;

// capacity: buffers that can wait, from 1 to PST_FEED_MAX_BUFFERS.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY, PST_SYSTEM_ERROR.
// Thread: control. Realtime: no. Ownership: the caller's, given back by pst_feed_release.
PST_API PST_NODISCARD pst_status pst_feed_create(pst_feed **feed, pst_media_kind kind,
                                                 uint32_t capacity, pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_feed_retain(pst_feed *feed) PST_RT;

// Drops a reference. NULL is allowed. Thread: any. Realtime: no (may free).
PST_API void pst_feed_release(pst_feed *feed);

// ---- Putting in -------------------------------------------------------------------------------

// Puts a copy of a buffer in, as soon as there is room. Times count on from one buffer to the next:
// where pts differs by less than a unit of its time base from that, it is rounding; otherwise it is
// a gap. A buffer without frames changes nothing.
//
// buffer: its format, channels and rate are told; where it has a time base, too, the rate is more
// than 0.
// timeout_ns: 0 does not wait.
// Returns PST_OK; PST_TIMEOUT (no room); PST_CLOSED (nothing will be taken any more); PST_BAD_STATE
// (after the end); PST_BAD_ARGUMENT; PST_NO_MEMORY; PST_FORKED.
// Thread: any. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_feed_put(pst_feed *feed, const pst_buffer *buffer,
                                              int64_t timeout_ns, pst_error *err);

// Says that nothing more will be put in. What waits can still be taken. Idempotent; later ends and
// failures change nothing. Thread: any. Realtime: no.
PST_API void pst_feed_end(pst_feed *feed);

// The same when something failed: behind what waits, whoever takes gets PST_CLOSED, EPIPE as the
// native code, and the text of the cause. Thread: any. Realtime: no.
PST_API void pst_feed_fail(pst_feed *feed, const pst_error *cause);

// Arms a descriptor that becomes readable when there may be room, or nothing will be taken any
// more; at once if that is so. It belongs to the feed. Look again after a wake-up.
// Returns it, or a negative pst_status. Thread: one at a time. Realtime: no.
PST_API int pst_feed_arm_room(pst_feed *feed);

// ---- Taking out -------------------------------------------------------------------------------

// Takes the first buffer out, as soon as there is one. Frames come frame after frame. Their pts are
// counted in the time base that was told with them if their rate is still that, else in frames.
//
// timeout_ns: 0 does not wait.
// Returns PST_OK (the buffer is the caller's until pst_feed_pass, which has to follow);
// PST_TIMEOUT; PST_END; PST_CLOSED (what was putting in has failed, or the feed was cancelled);
// PST_FORKED.
// Thread: any. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_feed_get(pst_feed *feed, pst_buffer *buffer,
                                              int64_t timeout_ns, pst_error *err);

// Gives a buffer back that was taken out of this feed. Thread: any. Realtime: no (may free).
PST_API void pst_feed_pass(pst_feed *feed, pst_buffer *buffer);

// Says that nothing more will be taken: what waits is dropped, and whoever puts learns of it.
// Idempotent. Thread: any. Realtime: no.
PST_API void pst_feed_leave(pst_feed *feed);

// Arms a descriptor that becomes readable when there is a buffer, or will never be one; at once if
// that is so. It belongs to the feed. Look again after a wake-up.
// Returns it, or a negative pst_status. Thread: one at a time. Realtime: no.
PST_API int pst_feed_arm_buffer(pst_feed *feed);

// ---- Both -------------------------------------------------------------------------------------

// Ends both sides at once: what waits is dropped, and all calls return PST_CLOSED. Idempotent.
// Thread: any. Realtime: no.
PST_API void pst_feed_cancel(pst_feed *feed);

// Drops what waits. Thread: any. Realtime: no.
PST_API void pst_feed_clear(pst_feed *feed);

// Thread: any. Realtime: no.
PST_API void pst_feed_get_info(pst_feed *feed, pst_feed_info *info);

// A source of what is put into a feed, one piece for each buffer. Retains the feed, and leaves it
// when the chain is over; a failure on the other side fails the chain, too.
// Returns PST_OK, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_feed(pst_source **source, pst_feed *feed,
                                                 pst_error *err);

// A sink that puts into a feed: what comes of one piece of the chain's source is one buffer, unless
// there is a gap in it, or a stage makes other borders. Retains the feed, and ends it as the chain
// ends. When nothing will be taken any more, the chain is done.
// Returns PST_OK, PST_NO_MEMORY. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_sink_feed(pst_sink **sink, pst_feed *feed, pst_error *err);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
