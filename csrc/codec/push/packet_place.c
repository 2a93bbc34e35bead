// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/push/packet_place.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/io_private.h"

enum { FIRST_BYTES = 4096, FIRST_ENDS = 32 };

// Where a packet ends.
typedef struct packet_end {
    size_t n_bytes;
    int64_t n_frames;
    uint32_t flags;
} packet_end;

struct pst_packet_place {
    // Of the bytes, those from first_byte to end_byte count; the last open_bytes of them are of a
    // packet that is being written.
    uint8_t *bytes;
    size_t byte_room, first_byte, end_byte, open_bytes;
    int64_t open_frames, ended_frames;
    packet_end *ends;
    size_t end_room, first_end, end_end;
};

// Makes room for n more items behind the used ones of an array, of which the first are done with.
// Returns the array, or NULL; then nothing is changed.
static void *make_room(void *items, size_t item_bytes, size_t n, size_t *room, size_t *first,
                       size_t *end) {
    if (n <= *room - *end)
        return items;
    const size_t n_used = *end - *first;
    uint8_t *from = (uint8_t *)items + *first * item_bytes;
    uint8_t *to = items;
    // Moving costs less than what was done with since the last time.
    if (n_used > *first || n > *room - n_used) {
        if (n > SIZE_MAX / 4 - n_used)
            return NULL;
        const size_t wanted = n_used + n > *room ? 2 * (n_used + n) : 2 * *room;
        to = pst_alloc_array(wanted, item_bytes);
        if (to == NULL)
            return NULL;
        *room = wanted;
    }
    memmove(to, from, n_used * item_bytes);
    if (to != items)
        pst_free(items);
    *first = 0;
    *end = n_used;
    return to;
}

static int64_t append(void *user, const void *data, int64_t n_bytes) {
    pst_packet_place *p = user;
    const size_t n = (size_t)n_bytes;
    uint8_t *bytes = make_room(p->bytes, 1, n, &p->byte_room, &p->first_byte, &p->end_byte);
    if (bytes == NULL)
        return -ENOMEM;
    p->bytes = bytes;
    memcpy(bytes + p->end_byte, data, n);
    p->end_byte += n;
    p->open_bytes += n;
    return n_bytes;
}

static int64_t end_packet(void *user, int64_t n_frames, uint32_t flags) {
    pst_packet_place *p = user;
    p->open_frames += n_frames;
    if (p->open_bytes == 0)
        return 0;
    packet_end *ends =
        make_room(p->ends, sizeof *ends, 1, &p->end_room, &p->first_end, &p->end_end);
    if (ends == NULL)
        return -ENOMEM;
    p->ends = ends;
    ends[p->end_end++] = (packet_end){p->open_bytes, p->open_frames, flags};
    p->open_bytes = 0;
    p->ended_frames += p->open_frames;
    p->open_frames = 0;
    return 0;
}

pst_status pst_packet_place_create(pst_packet_place **place, pst_io **io, pst_error *err) {
    static const pst_io_functions functions = {.write = append};
    *place = NULL;
    *io = NULL;
    pst_packet_place *p = pst_alloc(sizeof *p);
    if (p == NULL)
        return pst_fail_memory(err);
    p->byte_room = FIRST_BYTES;
    p->end_room = FIRST_ENDS;
    p->bytes = pst_alloc(FIRST_BYTES);
    p->ends = pst_alloc_array(FIRST_ENDS, sizeof *p->ends);
    pst_status status = p->bytes == NULL || p->ends == NULL
                            ? pst_fail_memory(err)
                            : pst_io_make(io, &functions, p, true, err);
    if (status != PST_OK) {
        pst_packet_place_destroy(p);
        return status;
    }
    (*io)->end_packet = end_packet;
    *place = p;
    return PST_OK;
}

void pst_packet_place_destroy(pst_packet_place *place) {
    if (place == NULL)
        return;
    pst_free(place->bytes);
    pst_free(place->ends);
    pst_free(place);
}

bool pst_packet_place_take(pst_packet_place *place, pst_placed_packet *packet) {
    if (place->first_end == place->end_end)
        return false;
    const packet_end *end = &place->ends[place->first_end++];
    *packet = (pst_placed_packet){
        .data = place->bytes + place->first_byte,
        .n_bytes = end->n_bytes,
        .n_frames = end->n_frames,
        .flags = end->flags,
    };
    place->first_byte += end->n_bytes;
    return true;
}

uint64_t pst_packet_place_count(const pst_packet_place *place) PST_RT {
    return place->end_end - place->first_end;
}

int64_t pst_packet_place_frames(const pst_packet_place *place) PST_RT {
    return place->ended_frames;
}

size_t pst_packet_place_open_bytes(const pst_packet_place *place) {
    return place->open_bytes;
}
