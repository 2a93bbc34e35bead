// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec/push/push_times.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

// Times beyond are none; sums of two of them are still numbers.
#define MOST_FRAMES (INT64_MAX / 8)

// Returns number * up / down, rounded to nearest; brought into the range of numbers.
static int64_t scale(int64_t number, uint64_t up, uint64_t down) {
    __extension__ __int128 scaled = number;
    scaled *= (int64_t)up;
    scaled += scaled >= 0 ? (int64_t)(down / 2) : -(int64_t)(down / 2);
    scaled /= (int64_t)down;
    return scaled > MOST_FRAMES    ? MOST_FRAMES
           : scaled < -MOST_FRAMES ? -MOST_FRAMES
                                   : (int64_t)scaled;
}

int64_t pst_push_times_in_frames(int64_t units, uint32_t num, uint32_t den, uint32_t rate_hz) {
    return scale(units, (uint64_t)num * rate_hz, den);
}

static pst_status add_mark(pst_push_times *t, const pst_time_mark *mark, pst_error *err) {
    if (t->n_marks == t->marks_room) {
        const size_t n_room = t->marks_room == 0 ? 4 : 2 * t->marks_room;
        pst_time_mark *marks = pst_alloc_array(n_room, sizeof *marks);
        if (marks == NULL)
            return pst_fail_memory(err);
        if (t->n_marks > 0)
            memcpy(marks, t->marks, t->n_marks * sizeof *marks);
        pst_free(t->marks);
        t->marks = marks;
        t->marks_room = n_room;
    }
    t->marks[t->n_marks++] = *mark;
    return PST_OK;
}

// Returns the difference of two times, as far as there are numbers for it.
static int64_t difference(int64_t a, int64_t b) {
    int64_t result;
    if (!__builtin_sub_overflow(a, b, &result))
        return result;
    return a < b ? INT64_MIN : INT64_MAX;
}

pst_status pst_push_times_note(pst_push_times *times, const pst_packet *packet, int64_t frame,
                               pst_error *err) {
    if ((packet->flags & PST_PACKET_HEADER) != 0)
        return PST_OK;
    const bool has_base =
        times->num == packet->time_base_num && times->den == packet->time_base_den;
    const int64_t due = times->is_set && has_base ? times->next : PST_NO_PTS;
    times->num = packet->time_base_num;
    times->den = packet->time_base_den;
    times->next = PST_NO_PTS;
    if (packet->pts == PST_NO_PTS)
        return PST_OK;
    if (packet->duration >= 0 &&
        __builtin_add_overflow(packet->pts, packet->duration, &times->next))
        times->next = PST_NO_PTS;
    pst_time_mark mark = {frame, packet->pts, times->num, times->den};
    if (times->is_set)
        mark.units = due == PST_NO_PTS ? 0 : difference(packet->pts, due);
    // Times are rounded where a unit is longer than a frame.
    const bool is_jump = mark.units > 1 || mark.units < -1;
    const pst_status status = !times->is_set || is_jump ? add_mark(times, &mark, err) : PST_OK;
    times->is_set = times->is_set || status == PST_OK;
    return status;
}

void pst_push_times_end(pst_push_times *times, const pst_packet *packet, int64_t n_frames,
                        uint32_t rate_hz) {
    if (packet->duration >= 0 || packet->pts == PST_NO_PTS)
        return;
    times->next = packet->pts;
    pst_push_times_pass(times, n_frames, rate_hz);
}

void pst_push_times_pass(pst_push_times *times, int64_t n_frames, uint32_t rate_hz) {
    if (!times->is_set || times->next == PST_NO_PTS)
        return;
    const int64_t units = scale(n_frames, times->den, (uint64_t)times->num * rate_hz);
    if (__builtin_add_overflow(times->next, units, &times->next))
        times->next = PST_NO_PTS;
}

static int64_t mark_frames(const pst_time_mark *mark, uint32_t rate_hz) {
    return pst_push_times_in_frames(mark->units, mark->num, mark->den, rate_hz);
}

int64_t pst_push_times_of(pst_push_times *times, int64_t frame, uint32_t rate_hz) {
    size_t n = 0;
    for (; n < times->n_marks && times->marks[n].frame <= frame; ++n) {
        const int64_t change = mark_frames(&times->marks[n], rate_hz);
        const int64_t sum = times->offset + change;
        times->offset = sum > MOST_FRAMES || sum < -MOST_FRAMES ? change : sum;
    }
    if (n > 0) {
        times->n_marks -= n;
        memmove(times->marks, times->marks + n, times->n_marks * sizeof *times->marks);
    }
    return times->offset + frame;
}

uint64_t pst_push_times_until_jump(const pst_push_times *times, int64_t frame, uint64_t n_frames) {
    for (size_t i = 0; i < times->n_marks; ++i)
        if (times->marks[i].frame > frame)
            return (uint64_t)(times->marks[i].frame - frame) < n_frames
                       ? (uint64_t)(times->marks[i].frame - frame)
                       : n_frames;
    return n_frames;
}

void pst_push_times_free(pst_push_times *times) {
    pst_free(times->marks);
    *times = (pst_push_times){0};
}
