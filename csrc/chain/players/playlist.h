// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CHAIN_PLAYERS_PLAYLIST_H
#define PST_CHAIN_PLAYERS_PLAYLIST_H

#include "chain/stage.h"
#include "pastream/player.h"

// A source of files one after another. Its frames are numbered as they come out, and count on where
// the files begin again. At the end it ends the ring and waits for a seek, which takes that back.

// Where a number of a frame lies.
typedef struct pst_playlist_place {
    uint32_t index;
    int64_t frame; // Of the file.
    int64_t n_passes;
} pst_playlist_place;

// Returns as pst_player_create. Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_source_playlist(pst_source **source, pst_ring *ring,
                                             const pst_player_config *config, pst_error *err);

// Thread: any, until the source is destroyed. Realtime: no.
void pst_playlist_find(pst_source *source, int64_t frame, pst_playlist_place *place);

// Gives the number of the frame at a place, in the pass of `near`, in *frame. Returns as
// pst_player_seek. Thread: as above.
PST_NODISCARD pst_status pst_playlist_number(pst_source *source, uint32_t index, int64_t of_file,
                                             int64_t near, int64_t *frame, pst_error *err);

// Lets a source that waits at its end look for a seek. Thread: any, until the source is destroyed.
// Realtime: no.
void pst_playlist_wake(pst_source *source);

// Returns the frame that was last sought, for whoever flushes what is behind the source.
// Thread: worker. Realtime: yes.
int64_t pst_playlist_sought(const pst_source *source) PST_RT;

#endif
