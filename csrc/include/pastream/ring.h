// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_RING_H
#define PASTREAM_RING_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A lock-free ring of frames: one producer, up to PST_RING_MAX_READERS readers, each with its own
// position. Every reader sees every frame, unless the producer drops its oldest on purpose.
//
// Positions count frames from the ring's creation, in 64 bits, and never wrap in practice. The
// frame at position p lies at memory + (p % capacity_frames) * frame_bytes. The memory is mapped
// twice in a row, so any run of up to capacity_frames frames is contiguous, wherever it starts.
//
// Roles: the producer's functions are called by one thread at a time, those of one reader by one
// thread at a time; different readers and the producer run freely beside each other.

typedef struct pst_ring pst_ring;

enum { PST_RING_MAX_READERS = 16, PST_RING_MAX_FRAME_BYTES = 65536 };

typedef enum pst_ring_memory {
    PST_RING_AUTO = 0,     // Mirrored where the system allows it and the rounding is cheap.
    PST_RING_MIRRORED = 1, // One memory mapped twice in a row. The capacity is rounded up.
    PST_RING_COPYING = 2,  // Twice the memory; the producer copies each frame to both halves.
    PST_RING_FLAT = 3      // The caller's memory, once: spans end at the edge of the memory.
} pst_ring_memory;

typedef struct pst_ring_config {
    uint64_t capacity_frames; // Wanted, at least 1. Mirrored memory rounds it up.
    uint32_t frame_bytes;     // 1 to PST_RING_MAX_FRAME_BYTES.
    pst_ring_memory memory;
    void *flat_memory; // PST_RING_FLAT only: capacity_frames * frame_bytes bytes that outlive
                       // the ring; owned by the caller.
} pst_ring_config;

typedef struct pst_ring_info {
    uint8_t *memory;          // First byte. Owned by the ring.
    uint64_t memory_bytes;    // Bytes that may be addressed: both mappings together.
    uint64_t capacity_frames; // As rounded.
    uint32_t frame_bytes;
    pst_ring_memory memory_kind; // Never PST_RING_AUTO.
} pst_ring_info;

// A run of frames inside the ring's memory.
typedef struct pst_span {
    uint8_t *data;
    uint64_t n_frames;      // 0 if there is none.
    uint64_t position;      // Of the first frame.
    uint64_t offset_frames; // position % capacity_frames.
} pst_span;

// Makes a ring with one reader, number 0, attached. Memory is touched here, so that no page fault
// waits for the audio thread. The ring starts with one reference, the caller's.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY (also for a ring that would take more than half
// of the machine's memory), PST_SYSTEM_ERROR (PST_RING_MIRRORED asked for and refused by the
// system).
// Thread: control. Realtime: no (allocates).
PST_API PST_NODISCARD pst_status pst_ring_create(pst_ring **ring, const pst_ring_config *config,
                                                 pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_ring_retain(pst_ring *ring) PST_RT;

// Drops a reference; the last one frees the ring. NULL is allowed.
// Thread: control. Realtime: no (may free).
PST_API void pst_ring_release(pst_ring *ring);

// Tells how the ring was made.
// Thread: any. Realtime: yes (constants).
PST_API void pst_ring_get_info(const pst_ring *ring, pst_ring_info *info) PST_RT;

// ---- Producer ------------------------------------------------------------------------------

// Returns how many frames fit now, which is what the slowest reader leaves free.
// Thread: producer. Realtime: yes.
PST_API uint64_t pst_ring_writable(const pst_ring *ring) PST_RT;

// Gives the span for the next frames: up to max_frames, as many as fit. Nothing is published
// until pst_ring_commit_write. Returns span->n_frames.
// Thread: producer. Realtime: yes.
PST_API uint64_t pst_ring_begin_write(pst_ring *ring, uint64_t max_frames, pst_span *span) PST_RT;

// Publishes n_frames, at most what the last begin gave (more is cut), and wakes the readers that
// wait for them.
// Thread: producer. Realtime: yes (a system call that does not block, only if somebody waits).
PST_API void pst_ring_commit_write(pst_ring *ring, uint64_t n_frames) PST_RT;

// Copies up to n_frames in and publishes them. Returns how many went in.
// Thread: producer. Realtime: yes.
PST_API uint64_t pst_ring_write(pst_ring *ring, const void *data, uint64_t n_frames) PST_RT;

// The same if all n_frames fit and the ring was not ended; else nothing goes in. Returns whether
// they went in. Thread: producer. Realtime: yes.
PST_API bool pst_ring_write_whole(pst_ring *ring, const void *data, uint64_t n_frames) PST_RT;

// Moves readers forward over their oldest frames until n_frames (at most the capacity) fit, except
// readers that hold a span. Returns how many frames fit now. What a reader lost is counted in
// pst_ring_dropped.
// Thread: producer. Realtime: yes.
PST_API uint64_t pst_ring_make_room(pst_ring *ring, uint64_t n_frames) PST_RT;

// Moves reader 0 forward until n_frames fit, if it is idle (see pst_ring_clear), holds no span, and
// is not the only reader that there has been since then. Nothing is counted: nobody wanted these
// frames. Returns how many fit now.
// Thread: producer. Realtime: yes.
PST_API uint64_t pst_ring_pass_idle(pst_ring *ring, uint64_t n_frames) PST_RT;

// Moves all readers that hold no span to the end, uncounted: what was written and not read yet is
// taken back. Returns whether all readers are there.
// Thread: producer. Realtime: yes.
PST_API bool pst_ring_discard(pst_ring *ring) PST_RT;

// Returns the position of the next frame to be written: all frames written so far.
// Thread: any. Realtime: yes.
PST_API uint64_t pst_ring_written(const pst_ring *ring) PST_RT;

// Says that nothing more will be written, and wakes everybody. Idempotent.
// Thread: any. Realtime: yes.
PST_API void pst_ring_end(pst_ring *ring) PST_RT;

// Takes pst_ring_end back, for a new run over the same ring.
// Thread: control, while neither producer nor readers are active. Realtime: yes.
PST_API void pst_ring_restart(pst_ring *ring) PST_RT;

// Moves all readers that hold no span to the end, uncounted, and makes reader 0 idle unless it is
// claimed: until it is read or waited for the next time, pst_ring_pass_idle may pass over its
// frames. Returns whether all readers are at the end.
// Thread: control, while the producer is not active. Realtime: yes.
PST_API bool pst_ring_clear(pst_ring *ring) PST_RT;

// Says that somebody is going to read through reader 0, so that it is not made idle, or that nobody
// is any more. Thread: any. Realtime: yes.
PST_API void pst_ring_claim(pst_ring *ring, bool claimed) PST_RT;

// Whether pst_ring_end was called. Thread: any. Realtime: yes.
PST_API bool pst_ring_ended(const pst_ring *ring) PST_RT;

// ---- Readers -------------------------------------------------------------------------------

// Takes a free reader and places it at the end: it will see what is written from now on.
// Returns PST_OK or PST_LIMIT.
// Thread: control, any time, also while the producer runs. Realtime: yes (starts over only when the
// producer publishes in the very moment).
PST_API PST_NODISCARD pst_status pst_ring_attach(pst_ring *ring, uint32_t *reader) PST_RT;

// The same, placed where another attached reader stands, so that it also sees what that one has not
// read yet; at the end if that one is not attached, or being detached.
// Returns PST_OK, PST_LIMIT or PST_BAD_ARGUMENT (no such number).
// Thread: control, any time. Realtime: yes (starts over when the other reader moves).
PST_API PST_NODISCARD pst_status pst_ring_attach_beside(pst_ring *ring, uint32_t other,
                                                        uint32_t *reader) PST_RT;

// Gives a reader back: it holds the producer up no longer. A span it holds becomes invalid.
// Thread: as the reader. Realtime: yes.
PST_API void pst_ring_detach(pst_ring *ring, uint32_t reader) PST_RT;

// Returns how many frames wait for this reader. 0 for a reader that is not attached.
// Thread: any. Realtime: yes.
PST_API uint64_t pst_ring_readable(const pst_ring *ring, uint32_t reader) PST_RT;

// Returns the position of the next frame this reader will read. Thread: any. Realtime: yes.
PST_API uint64_t pst_ring_position(const pst_ring *ring, uint32_t reader) PST_RT;

// Returns how many frames pst_ring_make_room took from this reader. Thread: any. Realtime: yes.
PST_API uint64_t pst_ring_dropped(const pst_ring *ring, uint32_t reader) PST_RT;

// Gives the span of the next frames, up to max_frames, and holds it: the producer does not write
// over it until pst_ring_commit_read. A second begin replaces the first. Returns span->n_frames;
// 0 holds nothing.
// Thread: reader. Realtime: yes.
PST_API uint64_t pst_ring_begin_read(pst_ring *ring, uint32_t reader, uint64_t max_frames,
                                     pst_span *span) PST_RT;

// Lets the span go and moves n_frames (at most its length, 0 to read it again) forward.
// Thread: reader. Realtime: yes.
PST_API void pst_ring_commit_read(pst_ring *ring, uint32_t reader, uint64_t n_frames) PST_RT;

// Copies up to n_frames out and moves on. Returns how many came.
// Thread: reader. Realtime: yes.
PST_API uint64_t pst_ring_read(pst_ring *ring, uint32_t reader, void *data,
                               uint64_t n_frames) PST_RT;

// Moves forward over up to n_frames without reading them. Returns how many were passed.
// Thread: reader. Realtime: yes.
PST_API uint64_t pst_ring_skip(pst_ring *ring, uint32_t reader, uint64_t n_frames) PST_RT;

// ---- Waiting -------------------------------------------------------------------------------

// Waits until n_frames (at most the capacity) can be read. A timeout of 0 only looks; a negative
// one waits for ever.
// Returns PST_OK; PST_END if the ring was ended with fewer left (they can still be read);
// PST_TIMEOUT; PST_CLOSED after pst_ring_interrupt; PST_BAD_ARGUMENT (reader not attached, or
// n_frames beyond the capacity).
// Thread: reader. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_ring_wait_readable(pst_ring *ring, uint32_t reader,
                                                        uint64_t n_frames, int64_t timeout_ns);

// Waits until n_frames (at most the capacity) can be written. Returns as above; PST_END if the
// ring was ended.
// Thread: producer. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_ring_wait_writable(pst_ring *ring, uint64_t n_frames,
                                                        int64_t timeout_ns);

// Makes every wait, now and later, return PST_CLOSED at once; false takes it back.
// Thread: any. Realtime: yes.
PST_API void pst_ring_interrupt(pst_ring *ring, bool interrupted) PST_RT;

// The same for the waits of one side alone, so that whoever runs it on a thread of its own can call
// it back. A reader that is attached anew is not interrupted. Returns what held before.
// Thread: any. Realtime: yes.
PST_API bool pst_ring_interrupt_reader(pst_ring *ring, uint32_t reader, bool interrupted) PST_RT;
PST_API bool pst_ring_interrupt_producer(pst_ring *ring, bool interrupted) PST_RT;

// Arms a file descriptor that becomes readable once n_frames can be read by this reader, or once
// the ring is ended or interrupted; at once if that holds already. For event loops. The descriptor
// belongs to the ring and lives as long as it; each arming allows one wake-up, and clears the last.
// A wake-up may be early (a wait in between, frames taken by make_room): look again.
// Returns the descriptor, or a negative pst_status: PST_UNSUPPORTED where the system has none,
// PST_BAD_ARGUMENT, PST_SYSTEM_ERROR.
// Thread: reader. Realtime: no (makes the descriptor on first use).
PST_API int pst_ring_arm_readable(pst_ring *ring, uint32_t reader, uint64_t n_frames);

// The same for room to write. Thread: producer. Realtime: no.
PST_API int pst_ring_arm_writable(pst_ring *ring, uint64_t n_frames);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
