// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_PLAYER_H
#define PASTREAM_PLAYER_H

#include "pastream/chain.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Sound files one after another into a ring, without a gap: a chain that knows which frame of which
// file is the next to leave the ring. It belongs to the process that made it.
typedef struct pst_player pst_player;

typedef struct pst_player_config {
    pst_decoder *const *decoders; // Retained; nobody else uses them until the player is over.
    uint32_t n_decoders;          // 1 to PST_PLAYER_MAX_FILES.
    int64_t first_frame;          // Of the first file, to begin with.
    int64_t end_frame; // Of the last file, not to be played any more; PST_UNLIMITED: all of it.
    int64_t n_passes;  // How often to play all of it, or PST_UNLIMITED: again and again.
    pst_format format; // What to make of each: see pst_chain_fit.
    uint32_t n_channels;
    double rate_hz;
    pst_resample_quality quality;
} pst_player_config;

enum { PST_PLAYER_MAX_FILES = 65536 };

typedef struct pst_player_status {
    pst_chain_state state;
    uint32_t index;   // Of the file,
    int64_t frame;    // and the frame of it, that will leave the ring next.
    int64_t n_passes; // Completed before.
    int64_t n_seeks;  // That have had their effect.
} pst_player_status;

// Makes a player that will fill a ring, as its only producer, and end it behind the last frame.
// Reader 0 of the ring is who plays. The ring is retained; system: as in pst_chain_create.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the field; a loop over what cannot seek or has
// no frames), PST_UNSUPPORTED, PST_NO_MEMORY, PST_SYSTEM_ERROR. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_player_create(pst_player **player, pst_system *system,
                                                   pst_ring *ring, const pst_player_config *config,
                                                   pst_error *err);

// Frees the player, cancelling it if need be. Never waits. NULL is allowed.
// Thread: any, the last call. Realtime: no.
PST_API void pst_player_destroy(pst_player *player);

// As pst_chain_start. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_player_start(pst_player *player, pst_error *err);

// Goes to a frame of a file, before the start or while it plays; see pst_chain_seek. What is in the
// ring is dropped in the moment in which the new frames are there.
// Returns PST_OK, PST_BAD_ARGUMENT (no such file or frame), PST_BAD_STATE (the file cannot seek, a
// file before it has an unknown length, or the player is over), PST_FORKED.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_player_seek(pst_player *player, uint32_t index, int64_t frame,
                                                 pst_error *err);

// As pst_chain_cancel, pst_chain_wait and pst_chain_error. A player is over when it is cancelled or
// has failed: one that has come to the end of its files waits for a seek.
// Thread: any. Realtime: no.
PST_API void pst_player_cancel(pst_player *player);
PST_API PST_NODISCARD pst_status pst_player_wait(pst_player *player, int64_t timeout_ns,
                                                 pst_error *err);
PST_API pst_status pst_player_error(pst_player *player, pst_error *err);

// Thread: any. Realtime: no.
PST_API void pst_player_get_status(pst_player *player, pst_player_status *status);

// A pst_callback_fn that multiplies the output of a stream with a gain. stage: one of
// pst_stage_gain, of the stream's format and channels, which no chain has.
// Thread: callback. Realtime: yes.
PST_API int32_t pst_gain_render(const void *input, void *output, int64_t n_frames,
                                const pst_callback_time *time, uint32_t flags, void *stage) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
