// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/mp3/frame_index.h"

#include <string.h>

#include "base/alloc.h"

enum { FIRST_ROOM = 256, MOST_PLACES = 65536 };

static bool make_room(pst_frame_index *index) {
    if (index->n_places < index->n_room)
        return true;
    if (index->n_room == MOST_PLACES) {
        for (size_t i = 0; i < MOST_PLACES / 2; ++i)
            index->places[i] = index->places[2 * i];
        index->n_places = MOST_PLACES / 2;
        index->stride *= 2;
        return true;
    }
    const size_t n_room = index->n_room == 0 ? FIRST_ROOM : index->n_room * 2;
    pst_frame_place *places = pst_alloc_array(n_room, sizeof *places);
    if (places == NULL)
        return false;
    if (index->n_places > 0)
        memcpy(places, index->places, index->n_places * sizeof *places);
    pst_free(index->places);
    index->places = places;
    index->n_room = n_room;
    return true;
}

bool pst_frame_index_add(pst_frame_index *index, int64_t slot, int64_t at, bool is_start) {
    if (index->stride == 0)
        index->stride = PST_MPEG_PHASE_FRAMES;
    if (is_start)
        index->run = 0;
    if (index->run++ % index->stride != 0)
        return true;
    if (!make_room(index))
        return false;
    index->places[index->n_places++] = (pst_frame_place){slot, at, is_start};
    return true;
}

const pst_frame_place *pst_frame_index_find(const pst_frame_index *index, int64_t slot,
                                            const pst_mpeg_header *kind) {
    enum { FRAMES_BEFORE = 2, MOST_RESERVOIR_BYTES = 512, MOST_PLACES_BACK = 128 };
    const int64_t wanted = slot - FRAMES_BEFORE;
    size_t low = 0, high = index->n_places; // The last place at or before wanted is in [low, high).
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (index->places[middle].slot <= wanted)
            low = middle;
        else
            high = middle;
    }
    const pst_frame_place *last = &index->places[low];
    const pst_frame_place *place = last;
    const int64_t overhead = PST_MPEG_HEADER_BYTES + 2 + (int64_t)pst_mpeg_side_bytes(kind);
    for (int i = 0; i < MOST_PLACES_BACK && place > index->places && !place->is_start; ++i) {
        if (last->at - place->at - (last->slot - place->slot) * overhead >= MOST_RESERVOIR_BYTES)
            break;
        --place;
    }
    return place;
}

void pst_frame_index_free(pst_frame_index *index) {
    pst_free(index->places);
    index->places = NULL;
}
