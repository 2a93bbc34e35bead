// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_STAGE_H
#define PST_CHAIN_STAGE_H

#include <stdatomic.h>

#include "pastream/chain.h"
#include "pastream/packet.h"

// What a chain is made of. A source embeds pst_source as its first member and fills it; so does a
// sink with pst_sink, and a stage with pst_stage.
//
// All calls come from the chain's worker, except those marked "any": they may come at the same time
// as the others, one at a time, and never after end. No call blocks for longer than
// PST_CHAIN_SLICE_NS unless the outside does (a slow disk). A call that is NULL in the table is one
// that there is no need for, where that is said.

#define PST_CHAIN_SLICE_NS INT64_C(100000000)

// A run of frames on its way, or a packet.
typedef struct pst_piece {
    const uint8_t *data; // The giver's, valid until the next pass, or call of the same stage. Of
                         // packets: a pst_packet.
    uint64_t n_frames;   // A packet is one.
    int64_t frame;  // Number of the first one, counted as the source counts (of the device, or of
                    // the file), in frames of the rate that it has here. A jump between two pieces
                    // is a gap. Whoever plays on without one counts on: a loop does.
    bool is_filler; // Silence in place of frames that are lost.
    bool begins;    // A new segment of a take: what came before has nothing to do with it.
    bool is_whole;  // It is a buffer of its own, not a part of what came before and after. A stage
                    // sets it where it makes borders itself. Packets always are.
    const pst_media
        *media; // What it is, valid as long as the data. Sources and stages leave it NULL
                // unless the side that gave it is open; whoever gets it always finds it.
} pst_piece;

typedef struct pst_source_ops {
    const char *name; // Such as "ring".
    // Gives the next piece, waiting for it. Until the pass the source keeps it where it is.
    // Returns PST_OK (at least one frame), PST_TIMEOUT (nothing yet, or woken), PST_END, or an
    // error.
    pst_status (*pull)(pst_source *source, pst_piece *piece, pst_error *err);
    // Moves on over n_frames of the piece, 0 to all of it.
    void (*pass)(pst_source *source, uint64_t n_frames);
    // Any: the source shall end with what there is now.
    void (*stop)(pst_source *source);
    // Any: a pull that waits returns soon.
    void (*wake)(pst_source *source);
    // Goes to a frame, from 0 to pst_source.n_seekable; the piece is dropped. Also after PST_END,
    // which may not be the end then. NULL: it cannot.
    pst_status (*seek)(pst_source *source, int64_t frame, pst_error *err);
    // The last pull was made: gives back what others may be waiting for. Called once, by whoever
    // cancels the chain if it was never started.
    void (*end)(pst_source *source);
    // Frees it. Also without end, if the chain was never started.
    void (*destroy)(pst_source *source);
} pst_source_ops;

struct pst_source {
    const pst_source_ops *ops;
    pst_media_kind kind;
    pst_format format; // 0: each piece tells what it is.
    uint32_t n_channels;
    double rate_hz;     // 0: not known, so any will do.
    int64_t n_seekable; // The last frame that one can go to, the end included.
};

// How a chain ended, for its sink.
typedef enum pst_ending {
    PST_ENDING_COMPLETE = 0,
    PST_ENDING_BROKEN = 1,   // Something failed: keep what is there, in a usable state.
    PST_ENDING_CANCELLED = 2 // Nobody wants it.
} pst_ending;

typedef struct pst_sink_ops {
    const char *name;
    // Takes frames from the begin of a piece, waiting for room.
    // Returns PST_OK (n_taken is at least 1), PST_TIMEOUT (no room yet, or woken), PST_END (nothing
    // more will ever be taken; no error), or an error.
    pst_status (*push)(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken, pst_error *err);
    // All that has come of one piece of the source, or of a stage that makes borders, was pushed: a
    // buffer ends here. Never waits. NULL: borders do not count.
    pst_status (*settle)(pst_sink *sink, pst_error *err);
    // Nothing has come for a slice, for whatever reason. NULL: nothing to do then.
    pst_status (*idle)(pst_sink *sink, pst_error *err);
    // Forgets what was taken and has not been used yet: a push from another place follows at once.
    // NULL: nothing is kept.
    void (*flush)(pst_sink *sink);
    // Any: a push that waits for room returns soon, and nothing is lost. NULL: none waits, or none
    // can be called back without loss.
    void (*nudge)(pst_sink *sink);
    // Any: a push that waits returns soon, for the end of it all.
    void (*wake)(pst_sink *sink);
    // Completes and closes. Called once, if the chain was started; pst_sink.cause tells what broke.
    // Returns PST_OK or an error, which counts if it is the first.
    pst_status (*end)(pst_sink *sink, pst_ending ending, pst_error *err);
    // Frees it. Also without end, if the chain was never started.
    void (*destroy)(pst_sink *sink);
} pst_sink_ops;

struct pst_sink {
    const pst_sink_ops *ops;
    pst_media_kind kind;
    pst_format format; // 0: any will do; pst_piece.media tells.
    uint32_t n_channels;
    double rate_hz;         // 0: not known, so any will do.
    const pst_error *cause; // During an end with PST_ENDING_BROKEN: the error.
};

typedef struct pst_stage_ops {
    const char *name;
    // Takes frames from the begin of the piece `in`, and gives what came of them, if anything did.
    // At least one of *n_used and out->n_frames is not 0. What it gives of one piece may come with
    // later calls, and gaps and fillers stay where they are in the sound.
    // Returns PST_OK, PST_TIMEOUT (it has waited for something and did nothing: it is asked again,
    // with the same piece), or an error. What is given when a call fails is lost.
    pst_status (*process)(pst_stage *stage, const pst_piece *in, uint64_t *n_used, pst_piece *out,
                          pst_error *err);
    // All of a piece of the source, or of a stage before that makes borders, has been processed:
    // gives what it has kept for that, until out->n_frames is 0. May come more than once. NULL:
    // borders do not count.
    pst_status (*settle)(pst_stage *stage, pst_piece *out, pst_error *err);
    // The source has ended: gives what is still inside, until out->n_frames is 0. NULL: nothing is.
    // Returns as process.
    pst_status (*drain)(pst_stage *stage, pst_piece *out, pst_error *err);
    // Forgets what is inside, for frames from another place. NULL: nothing is.
    // Returns PST_OK or PST_NO_MEMORY.
    pst_status (*reset)(pst_stage *stage, pst_error *err);
    // Any: a call that waits returns soon, for the end of it all. NULL: none waits.
    void (*wake)(pst_stage *stage);
    // The last of the calls above was made: completes what it has opened itself. Called once, if
    // the chain was started, before the sink's end. Returns PST_OK or an error, which counts if it
    // is the first. NULL: nothing is open.
    pst_status (*end)(pst_stage *stage, pst_ending ending, pst_error *err);
    // Frees what there is beside the struct, which is freed by pst_stage_destroy. NULL: nothing.
    void (*deinit)(pst_stage *stage);
} pst_stage_ops;

struct pst_stage {
    const pst_stage_ops *ops;
    const char *name;        // In errors: that of the ops unless it has one of its own.
    const pst_error *cause;  // During an end with PST_ENDING_BROKEN: the error.
    pst_media in;            // Rate 0: as it comes; the other side has the same then. Format 0:
    pst_media out;           // open, so that each piece tells what it is.
    uint8_t *scratch;        // For the frames it gives; NULL: it needs none.
    uint64_t scratch_frames; // That fit there.
    pst_stage *owner;        // Counts what this one counts; NULL: itself.
    _Atomic uint64_t n_clipped;
    _Atomic uint64_t n_nonfinite;
};

// Allocates a stage of n_bytes, with pst_stage as the first member, and scratch if that is wanted.
// Both sides are of frames and known.
// Returns PST_OK, PST_BAD_ARGUMENT (of a side), PST_NO_MEMORY. Thread: control. Realtime: no.
pst_status pst_stage_create(pst_stage **stage, size_t n_bytes, const pst_stage_ops *ops,
                            const pst_media *in, const pst_media *out, bool has_scratch,
                            pst_error *err);

// The same for a stage with a side that is open or of packets. It has no scratch.
// Returns PST_OK, PST_NO_MEMORY. Thread: control. Realtime: no.
pst_status pst_stage_create_open(pst_stage **stage, size_t n_bytes, const pst_stage_ops *ops,
                                 const pst_media *in, const pst_media *out, pst_error *err);

// Adds to the stage's counts. Thread: worker. Realtime: yes.
void pst_stage_count(pst_stage *stage, const pst_convert_counts *counts) PST_RT;

// Returns a piece with the numbers and flags of `in` except its border, and with as many of its
// frames as fit into scratch, where the data is to be put. For stages that give a frame for each.
// Thread: worker. Realtime: yes.
pst_piece pst_stage_begin(pst_stage *stage, const pst_piece *in) PST_RT;

// What a source gives, and what a sink takes. Thread: any. Realtime: yes.
pst_media pst_source_media(const pst_source *source) PST_RT;
pst_media pst_sink_media(const pst_sink *sink) PST_RT;

// Returns the size of a frame, or of a pst_packet. Thread: any. Realtime: yes.
uint32_t pst_media_bytes(const pst_media *side) PST_RT;

// Returns PST_OK, or PST_BAD_ARGUMENT if this is no format, or these are no channels.
// Thread: any. Realtime: no.
pst_status pst_check_frames(pst_format format, uint32_t n_channels, pst_error *err);

// The same for the frames of a ring.
pst_status pst_check_ring(const pst_ring *ring, pst_format format, uint32_t n_channels,
                          pst_error *err);

// Whether what is given can be taken: the same kind, and, as far as both sides say, the same
// format, channels and rate. Thread: any. Realtime: yes.
bool pst_media_fits(const pst_media *given, const pst_media *taken) PST_RT;

enum { PST_MEDIA_TEXT_BYTES = 64 };

// Writes such as "2 channels of float32 at 48000 Hz", or "packets", into PST_MEDIA_TEXT_BYTES.
// Returns the text. Thread: any. Realtime: no.
const char *pst_media_text(const pst_media *media, char *text);

// Whether frames of one rate can be taken for frames of the other: rates of a device are never
// quite what they should be, and 0 is one that is not known. Thread: any. Realtime: yes.
bool pst_is_same_rate(double a_hz, double b_hz) PST_RT;

// Returns how long a piece of a ring may be at most: the producer needs room beside it, and a stop
// should not wait for long. Thread: any. Realtime: yes.
uint64_t pst_piece_frames(const pst_ring_info *info) PST_RT;

#endif
