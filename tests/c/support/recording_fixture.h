// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_RECORDING_FIXTURE_H
#define PST_TESTS_RECORDING_FIXTURE_H

#include "pastream/recording.h"
#include "stream_fixture.h"

// Recordings of a device whose frames count.

CHECK_UNUSED static pst_take any_take(void) {
    pst_take take;
    pst_take_default(&take);
    return take;
}

CHECK_UNUSED static pst_recording *record(pst_stream *stream, const pst_take *take,
                                          int64_t max_frames) {
    pst_recording *recording = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_recording_create(&recording, stream, take, max_frames, &err) == PST_OK, "%s",
               err.text);
    return recording;
}

CHECK_UNUSED static pst_recording_info info_of(pst_recording *recording) {
    pst_recording_info info;
    pst_recording_get_info(recording, &info);
    return info;
}

// Waits for the end and expects it to be of this kind.
CHECK_UNUSED static void finish(pst_recording *recording, pst_chain_state state) {
    const pst_status status = pst_recording_wait(recording, PATIENCE_NS, NULL);
    CHECK_TEXT(status != PST_TIMEOUT, "the recording does not end");
    CHECK_EQ(info_of(recording).state, state);
    CHECK_EQ(info_of(recording).take_state, PST_TAKE_OVER);
}

CHECK_UNUSED static void wait_recorded(pst_recording *recording, int64_t n_frames) {
    const int64_t deadline_ns = pst_deadline_ns(PATIENCE_NS);
    while (info_of(recording).n_frames < n_frames && pst_now_ns() < deadline_ns)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 4);
    CHECK(info_of(recording).n_frames >= n_frames);
}

CHECK_UNUSED static int32_t frame_of(pst_recording *recording, int64_t offset) {
    int32_t value = -1;
    CHECK_EQ(pst_recording_copy(recording, offset, 1, &value), 1);
    return value;
}

CHECK_UNUSED static void check_segment(pst_recording *recording, int64_t index, int64_t frame,
                                       int64_t n_frames) {
    pst_segment segment = {-1, -1, -1};
    CHECK(pst_recording_get_segment(recording, index, &segment));
    CHECK_EQ(segment.frame, frame);
    CHECK_EQ(segment.n_frames, n_frames);
}

// All of a recording counts, from a frame on, without a break.
CHECK_UNUSED static void check_counts(pst_recording *recording, int64_t first, int64_t n_frames) {
    CHECK_EQ(info_of(recording).n_frames, n_frames);
    CHECK_EQ(info_of(recording).n_segments, n_frames > 0);
    if (n_frames == 0)
        return;
    check_segment(recording, 0, first, n_frames);
    int32_t *frames = calloc((size_t)n_frames, sizeof *frames);
    CHECK_EQ(pst_recording_copy(recording, 0, n_frames, frames), n_frames);
    for (int64_t i = 0; i < n_frames; ++i)
        CHECK_EQ(frames[i], first + i);
    free(frames);
}

#endif
