// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_IO_H
#define PST_CODEC_IO_H

#include "pastream/io.h"

// Byte I/O as the codecs see it: whole transfers, one position, and lengths. All functions are for
// one thread at a time. Failures are negative errno values, kept as the place's first error.

// Reads up to n_bytes; fewer only at the end. Returns how many, or the failure if none came.
int64_t pst_io_read(pst_io *io, void *data, int64_t n_bytes);

// Reads up to n_bytes, as many units of unit_bytes as a pipe has at hand, and at least one; that
// one is waited for. Files give all n_bytes. n_bytes: a number of whole units.
// Returns how many bytes; fewer than a unit, or a broken one, at the end only; the failure if none
// came.
int64_t pst_io_read_some(pst_io *io, void *data, int64_t unit_bytes, int64_t n_bytes);

// Returns how many bytes can be read without waiting; -1 if the place cannot tell.
int64_t pst_io_at_hand(const pst_io *io);

// Writes all n_bytes. Returns n_bytes, or fewer if it failed on the way (pst_io_error tells why).
int64_t pst_io_write(pst_io *io, const void *data, int64_t n_bytes);

// Writes all n_bytes, with which a packet of n_frames frames (at the encoder's rate) ends: to most
// places as pst_io_write; a place that keeps packets ends one here, in which lies all that was
// written since the last one. Nothing makes no packet; its frames are the next one's.
// flags: pst_packet_flags. data: NULL for 0 bytes. Returns as pst_io_write, or a failure.
int64_t pst_io_write_packet(pst_io *io, const void *data, int64_t n_bytes, int64_t n_frames,
                            uint32_t flags);

// Notes that a packet of sound was made, whatever it is written in; and returns how many were.
void pst_io_note_packet(pst_io *io);
int64_t pst_io_packets(const pst_io *io);

// Whether the place keeps packets.
bool pst_io_keeps_packets(const pst_io *io);

// Goes to a position. Returns it or a failure; a pipe fails with ESPIPE when it would have to go
// back behind its head.
int64_t pst_io_seek(pst_io *io, int64_t position);

// Returns where the next byte comes from or goes to.
int64_t pst_io_tell(const pst_io *io);

// Returns how many bytes lie before the end of what was written; also after the end.
int64_t pst_io_written(const pst_io *io);

// Returns how many bytes there are, INT64_MAX for a pipe that is read.
int64_t pst_io_length(pst_io *io);

// Cuts what lies behind n_bytes, where that is possible. Returns 0 or a failure.
int64_t pst_io_truncate(pst_io *io, int64_t n_bytes);

// Waits until the disk has what was written. Returns 0 or a failure.
int64_t pst_io_sync(pst_io *io);

// While on, a pipe gives only what its head can keep, as if it ended there: parsers may then look
// around without losing anything.
void pst_io_peek(pst_io *io, bool on);

// Begins the head of a pipe anew where the place stands: nobody goes back behind that any more.
// Returns 0; a failure; -ESPIPE if what follows the position was read and is not kept.
int64_t pst_io_rebase(pst_io *io);

// Closes the place but keeps its memory, so that another thread may still cancel it. Returns as
// pst_io_close. Idempotent.
pst_status pst_io_shut(pst_io *io, pst_error *err);

// Fills err with the place's first error. Returns PST_SYSTEM_ERROR (or PST_NO_MEMORY).
pst_status pst_io_fail(const pst_io *io, pst_error *err);

#endif
