// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CODEC_PUSH_PUSH_TIMES_H
#define PST_CODEC_PUSH_PUSH_TIMES_H

#include "pastream/packet.h"

// Which time decoded frames have, by the times of the packets that they came from. The first packet
// that tells one sets the clock; from then on frames are counted, since a codec's frames need not
// come with the packet that they are in. Only a jump in the packets' own times, from the end of
// one to the begin of the next, is carried over to the frames that follow.

// A change of the clock at a frame, in units of a time base.
typedef struct pst_time_mark {
    int64_t frame;
    int64_t units;
    uint32_t num, den;
} pst_time_mark;

typedef struct pst_push_times {
    int64_t offset; // Of the times of frames from their numbers, as far as marks were passed.
    bool is_set;
    pst_time_mark *marks; // Those still ahead, in order.
    size_t n_marks, marks_room;
    int64_t next; // When the next packet should begin, in units of the last one; PST_NO_PTS.
    uint32_t num, den;
} pst_push_times;

// Notes a packet's time; one without sound has none. A packet that does not say how long it is
// cannot be followed by a jump.
//
// frame: the number of the first frame that may come of it. Numbers never get smaller.
// Returns PST_OK or PST_NO_MEMORY.
pst_status pst_push_times_note(pst_push_times *times, const pst_packet *packet, int64_t frame,
                               pst_error *err);

// Returns the time of a frame, in frames. Marks up to it are passed, so it must not go back.
int64_t pst_push_times_of(pst_push_times *times, int64_t frame, uint32_t rate_hz);

// Returns how many of n_frames from a frame on lie before the next jump.
uint64_t pst_push_times_until_jump(const pst_push_times *times, int64_t frame, uint64_t n_frames);

// Returns a duration in frames, rounded to nearest.
int64_t pst_push_times_in_frames(int64_t units, uint32_t num, uint32_t den, uint32_t rate_hz);

// Tells how long the packet that was noted last was, if it did not say that itself.
void pst_push_times_end(pst_push_times *times, const pst_packet *packet, int64_t n_frames,
                        uint32_t rate_hz);

// Goes on by frames that came without a packet.
void pst_push_times_pass(pst_push_times *times, int64_t n_frames, uint32_t rate_hz);

void pst_push_times_free(pst_push_times *times);

#endif
