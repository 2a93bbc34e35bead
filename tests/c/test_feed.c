// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "chain/ends/feed_private.h"
#include "chain/stage.h"
#include "chain/times.h"
#include "check.h"
#include "failing_alloc.h"

// Feeds: what is put in comes out, in its order and with its borders and times, and each side
// learns of the other's end.

#define PATIENCE_NS (20 * PST_NS_PER_SECOND)

static const pst_media mono = {.format = PST_FORMAT_I32, .n_channels = 1, .rate_hz = 8000.0};

static pst_feed *make_feed(pst_media_kind kind, uint32_t capacity) {
    pst_feed *feed = NULL;
    CHECK_EQ(pst_feed_create(&feed, kind, capacity, NULL), PST_OK);
    return feed;
}

static pst_buffer numbers(const int32_t *values, uint64_t n, int64_t pts) {
    return (pst_buffer){.media = mono, .data = values, .n_frames = n, .pts = pts};
}

static pst_status put(pst_feed *feed, int32_t value, uint64_t n, int64_t pts) {
    int32_t values[64];
    for (int32_t i = 0; i < 64; ++i)
        values[i] = value + i;
    const pst_buffer buffer = numbers(values, n, pts);
    return pst_feed_put(feed, &buffer, 0, NULL);
}

// Takes the next buffer and looks at it.
static void expect(pst_feed *feed, int32_t value, uint64_t n, int64_t pts) {
    pst_buffer buffer;
    if (!CHECK_EQ(pst_feed_get(feed, &buffer, PATIENCE_NS, NULL), PST_OK))
        return;
    CHECK_EQ(buffer.n_frames, n);
    CHECK_EQ(buffer.pts, pts);
    for (uint64_t i = 0; i < buffer.n_frames; ++i)
        CHECK_EQ(((const int32_t *)buffer.data)[i], value + (int32_t)i);
    pst_feed_pass(feed, &buffer);
    CHECK(buffer.memory == NULL);
}

static pst_status get_status(pst_feed *feed, pst_error *err) {
    pst_buffer buffer;
    return pst_feed_get(feed, &buffer, 0, err);
}

static pst_feed_info info_of(pst_feed *feed) {
    pst_feed_info info;
    pst_feed_get_info(feed, &info);
    return info;
}

// ---- The row ----------------------------------------------------------------------------------

static void test_buffers_come_out_as_they_were_put_in(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 3);
    CHECK_EQ(put(feed, 10, 5, PST_NO_PTS), PST_OK);
    CHECK_EQ(put(feed, 20, 1, PST_NO_PTS), PST_OK);
    CHECK_EQ(put(feed, 0, 0, 99), PST_OK); // Nothing.
    CHECK_EQ(put(feed, 30, 64, 1000), PST_OK);
    CHECK_EQ(put(feed, 40, 2, PST_NO_PTS), PST_TIMEOUT);
    CHECK_EQ(info_of(feed).n_buffers, 3);
    CHECK_EQ(info_of(feed).n_frames, 70);
    expect(feed, 10, 5, 0);
    CHECK_EQ(put(feed, 40, 2, PST_NO_PTS), PST_OK);
    expect(feed, 20, 1, 5);
    expect(feed, 30, 64, 1000);
    expect(feed, 40, 2, 1064);
    CHECK_EQ(get_status(feed, NULL), PST_TIMEOUT);
    CHECK_EQ(put(feed, 50, 1, PST_NO_PTS), PST_OK);
    pst_feed_end(feed);
    pst_feed_end(feed);
    CHECK_EQ(put(feed, 60, 1, PST_NO_PTS), PST_BAD_STATE);
    expect(feed, 50, 1, 1066);
    CHECK_EQ(get_status(feed, NULL), PST_END);
    CHECK_EQ(get_status(feed, NULL), PST_END);
    CHECK_EQ(info_of(feed).n_put, 5);
    CHECK_EQ(info_of(feed).n_taken, 5);
    CHECK(info_of(feed).has_ended && !info_of(feed).is_left);
    pst_feed_release(feed);
}

static void test_planes_become_frames_and_flags_are_kept(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 2);
    const int16_t planes[] = {1, 2, 3, 11, 12, 13};
    const int16_t frames[] = {1, 11, 2, 12, 3, 13};
    const pst_buffer in = {.media = {.format = PST_FORMAT_I16, .n_channels = 2},
                           .data = planes,
                           .n_frames = 3,
                           .is_planar = true,
                           .is_filler = true,
                           .begins = true,
                           .pts = PST_NO_PTS};
    CHECK_EQ(pst_feed_put(feed, &in, 0, NULL), PST_OK);
    pst_buffer out;
    CHECK_EQ(pst_feed_get(feed, &out, 0, NULL), PST_OK);
    CHECK(memcmp(out.data, frames, sizeof frames) == 0);
    CHECK(!out.is_planar && out.is_filler && out.begins);
    CHECK_EQ(out.media.time_base_den, 0); // There is no rate.
    pst_feed_pass(feed, &out);
    pst_feed_release(feed);
}

static void test_packets_are_copied(void) {
    pst_feed *feed = make_feed(PST_MEDIA_PACKETS, 4);
    uint8_t bytes[] = {1, 2, 3};
    pst_packet packet = {.data = bytes,
                         .n_bytes = 3,
                         .pts = -312,
                         .dts = -312,
                         .duration = 960,
                         .time_base_num = 1,
                         .time_base_den = 48000,
                         .flags = PST_PACKET_HEADER};
    const pst_buffer in = {.media = {.kind = PST_MEDIA_PACKETS}, .data = &packet};
    CHECK_EQ(pst_feed_put(feed, &in, 0, NULL), PST_OK);
    packet.n_bytes = 0;
    packet.data = NULL;
    CHECK_EQ(pst_feed_put(feed, &in, 0, NULL), PST_OK);
    bytes[0] = 99;
    pst_buffer out;
    CHECK_EQ(pst_feed_get(feed, &out, 0, NULL), PST_OK);
    CHECK_EQ(out.media.kind, PST_MEDIA_PACKETS);
    CHECK_EQ(out.n_frames, 1);
    CHECK_EQ(out.pts, -312);
    const pst_packet *got = out.data;
    CHECK(got->data != bytes && memcmp(got->data, "\1\2\3", 3) == 0);
    CHECK_EQ(got->duration, 960);
    CHECK_EQ(got->flags, PST_PACKET_HEADER);
    pst_feed_pass(feed, &out);
    CHECK_EQ(pst_feed_get(feed, &out, 0, NULL), PST_OK);
    CHECK_EQ(((const pst_packet *)out.data)->n_bytes, 0);
    pst_feed_pass(feed, &out);
    pst_feed_release(feed);
}

static void test_arguments_are_checked(void) {
    pst_feed *feed = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_feed_create(&feed, (pst_media_kind)7, 1, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "kind is 7, which is no kind of media");
    CHECK_EQ(pst_feed_create(&feed, PST_MEDIA_FRAMES, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "capacity is 0; it must be from 1 to 1048576");
    CHECK(feed == NULL);
    feed = make_feed(PST_MEDIA_FRAMES, 1);
    const int32_t value = 1;
    static const struct {
        pst_buffer buffer;
        const char *text;
    } cases[] = {
        {{.media = {.kind = PST_MEDIA_PACKETS}}, "the buffer has a packet; the feed is one of"},
        {{.media = {.format = (pst_format)99, .n_channels = 1}}, "format is 99"},
        {{.media = {.format = PST_FORMAT_I32}}, "n_channels is 0"},
        {{.media = {.format = PST_FORMAT_I32, .n_channels = 1, .rate_hz = -1.0}}, "rate_hz is -1"},
        {{.media = {.format = PST_FORMAT_I32, .n_channels = 1, .time_base_num = 1}},
         "the time base is 1/0; both"},
        {{.media = {.format = PST_FORMAT_I32,
                    .n_channels = 1,
                    .time_base_num = 1,
                    .time_base_den = 1000}},
         "the time base is 1/1000, but the rate is not told"},
        {{.media = {.format = PST_FORMAT_I32, .n_channels = 1}, .pts = INT64_MAX},
         "which is beyond all times"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        pst_buffer buffer = cases[i].buffer;
        buffer.data = &value;
        buffer.n_frames = 1;
        CHECK_EQ(pst_feed_put(feed, &buffer, 0, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, cases[i].text) != NULL, "%s", err.text);
    }
    pst_buffer buffer = numbers(NULL, 3, 0);
    CHECK_EQ(pst_feed_put(feed, &buffer, 0, &err), PST_BAD_ARGUMENT);
    buffer = numbers(&value, UINT64_MAX / 2, 0);
    CHECK_EQ(pst_feed_put(feed, &buffer, 0, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(info_of(feed).n_put, 0);
    CHECK_EQ(put(feed, 1, 1, 0), PST_OK); // Nothing of all that takes room.
    pst_feed_release(feed);
    feed = make_feed(PST_MEDIA_PACKETS, 1);
    const pst_packet packet = {.n_bytes = 1, .time_base_num = 1, .time_base_den = 1};
    const pst_packet timeless = {.n_bytes = 0, .time_base_num = 1};
    buffer = (pst_buffer){.media = {.kind = PST_MEDIA_PACKETS}, .data = &packet};
    CHECK_EQ(pst_feed_put(feed, &buffer, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "the buffer has no packet");
    buffer.data = &timeless;
    CHECK_EQ(pst_feed_put(feed, &buffer, 0, &err), PST_BAD_ARGUMENT);
    pst_feed_release(feed);
    pst_feed_release(NULL);
}

// ---- Times --------------------------------------------------------------------------------------

static void test_times_are_exact_and_kept_in_range(void) {
    pst_media media = {.rate_hz = 44100.0, .time_base_num = 1, .time_base_den = 44100};
    CHECK_EQ(pst_frame_of_pts(&media, INT64_C(1) << 60), INT64_C(1) << 60);
    CHECK_EQ(pst_pts_of_frame(&media, (INT64_C(1) << 60) + 1), (INT64_C(1) << 60) + 1);
    media.time_base_den = 1000;
    CHECK_EQ(pst_frame_of_pts(&media, 1000000000001), 44100000000044);
    CHECK_EQ(pst_frame_of_pts(&media, -10), -441);
    CHECK_EQ(pst_pts_of_frame(&media, 441), 10);
    CHECK_EQ(pst_pts_of_frame(&media, -44100 - 23), -1001); // Rounded, not cut.
    CHECK_EQ(pst_frame_of_pts(&media, INT64_MAX), PST_MOST_FRAMES);
    CHECK_EQ(pst_frame_of_pts(&media, -INT64_MAX), -PST_MOST_FRAMES);
    media.time_base_num = 3000000000U;
    media.time_base_den = 1;
    CHECK_EQ(pst_frame_of_pts(&media, INT64_MAX), PST_MOST_FRAMES);
    CHECK_EQ(pst_frame_of_pts(&media, 1), INT64_C(3000000000) * 44100);
    CHECK_EQ(pst_pts_of_frame(&media, INT64_C(3000000000) * 44100), 1);
    media = (pst_media){.rate_hz = 22050.5, .time_base_num = 1, .time_base_den = 2};
    CHECK_EQ(pst_frame_of_pts(&media, 4), 44101);
    CHECK_EQ(pst_pts_of_frame(&media, 44101), 4);
}

static void test_what_is_less_than_a_unit_is_no_gap(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 8);
    int32_t values[1024] = {0};
    pst_buffer buffer = numbers(values, 1024, 0);
    buffer.media.rate_hz = 48000.0;
    buffer.media.time_base_num = 1;
    buffer.media.time_base_den = 1000;
    // 1024 frames are 21.33 units. The last two are a gap, forwards and backwards.
    static const int64_t pts[] = {0, 21, 42, 64, 87, 60};
    static const int64_t frames[] = {0, 1024, 2048, 3072, 87 * 48, 60 * 48};
    for (int i = 0; i < 6; ++i) {
        buffer.pts = pts[i];
        CHECK_EQ(pst_feed_put(feed, &buffer, 0, NULL), PST_OK);
    }
    for (int i = 0; i < 6; ++i) {
        pst_feed_memory *memory = NULL;
        CHECK_EQ(pst_feed_take(feed, 0, NULL, &memory, NULL), PST_OK);
        CHECK_EQ(memory->frame, frames[i]);
        CHECK_EQ(pst_pts_of_frame(&memory->media, memory->frame), pts[i]); // As it was told.
        pst_feed_forget(feed, memory);
    }
    // Another rate counts on from the same moment.
    buffer.media = mono;
    buffer.media.rate_hz = 24000.0;
    buffer.pts = PST_NO_PTS;
    CHECK_EQ(pst_feed_put(feed, &buffer, 0, NULL), PST_OK);
    pst_buffer out;
    CHECK_EQ(pst_feed_get(feed, &out, 0, NULL), PST_OK);
    CHECK_EQ(out.pts, (60 * 48 + 1024) / 2);
    CHECK_EQ(out.media.time_base_num, 1);
    CHECK_EQ(out.media.time_base_den, 24000);
    pst_feed_pass(feed, &out);
    pst_feed_release(feed);
}

// ---- Ends ---------------------------------------------------------------------------------------

static void test_who_leaves_is_missed(void) {
    pst_error err = {.status = PST_OK};
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 2);
    CHECK_EQ(put(feed, 1, 5, 0), PST_OK);
    pst_feed_leave(feed);
    const pst_buffer buffer = numbers(&(int32_t){0}, 1, 0);
    CHECK_EQ(pst_feed_put(feed, &buffer, PST_NEVER_NS, &err), PST_CLOSED);
    CHECK_EQ(err.native_code, EPIPE);
    CHECK_EQ(info_of(feed).n_buffers, 0);
    CHECK_EQ(get_status(feed, NULL), PST_END);
    pst_feed_release(feed);

    feed = make_feed(PST_MEDIA_FRAMES, 2);
    CHECK_EQ(put(feed, 1, 5, 0), PST_OK);
    const pst_error cause = {.status = PST_SYSTEM_ERROR, .native_code = 28, .text = "disk full"};
    pst_feed_fail(feed, &cause);
    pst_feed_end(feed);
    expect(feed, 1, 5, 0); // What was there before is still good.
    CHECK_EQ(get_status(feed, &err), PST_CLOSED);
    CHECK_STR(err.text, "disk full");
    CHECK_EQ(err.native_code, EPIPE);
    CHECK_EQ(get_status(feed, NULL), PST_CLOSED);
    pst_feed_release(feed);

    feed = make_feed(PST_MEDIA_FRAMES, 2);
    CHECK_EQ(put(feed, 1, 5, 0), PST_OK);
    pst_feed_cancel(feed);
    CHECK_EQ(get_status(feed, &err), PST_CLOSED);
    CHECK_EQ(put(feed, 1, 5, 0), PST_CLOSED);
    CHECK_STR(err.text, "The feed was cancelled");
    pst_feed_release(feed);

    feed = make_feed(PST_MEDIA_FRAMES, 2);
    CHECK_EQ(put(feed, 1, 5, 7), PST_OK);
    CHECK_EQ(put(feed, 2, 5, PST_NO_PTS), PST_OK);
    pst_feed_clear(feed);
    CHECK_EQ(put(feed, 3, 1, PST_NO_PTS), PST_OK);
    expect(feed, 3, 1, 17);
    pst_feed_release(feed);
}

static bool is_readable(int fd) {
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, 0) == 1;
}

static void test_descriptors_tell_when_to_look(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    const int buffer_fd = pst_feed_arm_buffer(feed), room_fd = pst_feed_arm_room(feed);
    CHECK(buffer_fd >= 0 && room_fd >= 0 && buffer_fd != room_fd);
    CHECK(!is_readable(buffer_fd));
    CHECK(is_readable(room_fd));
    CHECK_EQ(put(feed, 1, 1, 0), PST_OK);
    CHECK(is_readable(buffer_fd));
    CHECK_EQ(pst_feed_arm_room(feed), room_fd);
    CHECK(!is_readable(room_fd));
    expect(feed, 1, 1, 0);
    CHECK(is_readable(room_fd));
    CHECK_EQ(pst_feed_arm_buffer(feed), buffer_fd);
    CHECK(!is_readable(buffer_fd));
    pst_feed_end(feed);
    CHECK(is_readable(buffer_fd));
    CHECK(is_readable(pst_feed_arm_buffer(feed)));
    CHECK(is_readable(pst_feed_arm_room(feed)));
    pst_feed_release(feed);
}

static void test_a_child_may_not_use_it(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    const pid_t child = fork();
    if (child == 0) {
        pst_buffer buffer;
        bool ok = put(feed, 1, 1, 0) == PST_FORKED;
        ok = ok && pst_feed_get(feed, &buffer, PST_NEVER_NS, NULL) == PST_FORKED;
        ok = ok && pst_feed_arm_buffer(feed) == PST_FORKED;
        pst_feed_cancel(feed);
        pst_feed_end(feed);
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(put(feed, 1, 1, 0), PST_OK);
    pst_feed_release(feed);
}

static void test_memory_is_used_again(void) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 4);
    for (int i = 0; i < 4; ++i)
        CHECK_EQ(put(feed, i, 64, PST_NO_PTS), PST_OK);
    for (int i = 0; i < 4; ++i)
        expect(feed, i, 64, 64 * i);
    if (!failing_alloc_works()) {
        pst_feed_release(feed);
        check_skip("allocations cannot be counted here");
        return;
    }
    failing_alloc_begin(0);
    for (int i = 4; i < 1000; ++i) {
        CHECK_EQ(put(feed, i, 64, PST_NO_PTS), PST_OK);
        expect(feed, i, 64, 64 * i);
    }
    CHECK_EQ(failing_alloc_end(), 0); // No allocation in a steady state.
    pst_feed_release(feed);
}

static void test_memory_may_run_out(void) {
    if (!failing_alloc_works()) {
        check_skip("allocations cannot fail here");
        return;
    }
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 1);
    for (long n = 1; n <= 2; ++n) {
        failing_alloc_begin(n);
        CHECK_EQ(put(feed, 1, n == 1 ? 5 : 64, 0), PST_NO_MEMORY);
        failing_alloc_end();
    }
    CHECK_EQ(put(feed, 2, 5, 0), PST_OK); // The room was given back.
    expect(feed, 2, 5, 0);
    pst_feed_release(feed);
    for (long n = 1;; ++n) {
        failing_alloc_begin(n);
        feed = NULL;
        pst_source *source = NULL;
        pst_sink *sink = NULL;
        pst_status status = pst_feed_create(&feed, PST_MEDIA_FRAMES, 5, NULL);
        if (status == PST_OK)
            status = pst_source_feed(&source, feed, NULL);
        if (status == PST_OK)
            status = pst_sink_feed(&sink, feed, NULL);
        pst_source_destroy(source);
        pst_sink_destroy(sink);
        pst_feed_release(feed);
        if (failing_alloc_end() < n)
            break;
        CHECK(status != PST_OK);
        CHECK_EQ(failing_alloc_live(), 0);
    }
}

// ---- Threads ------------------------------------------------------------------------------------

enum { STORM = 3000 };

typedef struct storm {
    pst_feed *feed;
    int n_most;      // Buffers to put or to take before it goes away.
    bool is_rude;    // By cancelling.
    int64_t n_moved; // Sum of the frames.
} storm;

static void *put_all(void *user) {
    storm *self = user;
    int32_t values[64] = {0};
    uint64_t random = 7;
    for (int i = 0; i < self->n_most; ++i) {
        const pst_buffer buffer = numbers(values, check_random_in(&random, 1, 64), PST_NO_PTS);
        values[0] = i;
        const pst_status status = pst_feed_put(self->feed, &buffer, PATIENCE_NS, NULL);
        if (status != PST_OK) {
            CHECK_EQ(status, PST_CLOSED);
            break;
        }
        self->n_moved += (int64_t)buffer.n_frames;
    }
    if (self->is_rude)
        pst_feed_cancel(self->feed);
    else
        pst_feed_end(self->feed);
    pst_feed_release(self->feed);
    return NULL;
}

static void *take_all(void *user) {
    storm *self = user;
    for (int i = 0; i < self->n_most; ++i) {
        pst_buffer buffer;
        const pst_status status = pst_feed_get(self->feed, &buffer, PATIENCE_NS, NULL);
        if (status != PST_OK) {
            CHECK(status == PST_END || status == PST_CLOSED);
            break;
        }
        CHECK_EQ(*(const int32_t *)buffer.data, i);
        CHECK_EQ(buffer.pts, self->n_moved);
        self->n_moved += (int64_t)buffer.n_frames;
        pst_feed_pass(self->feed, &buffer);
    }
    pst_feed_leave(self->feed);
    pst_feed_release(self->feed);
    return NULL;
}

static void run_storm(int n_put, int n_taken, bool is_rude, int64_t *moved) {
    pst_feed *feed = make_feed(PST_MEDIA_FRAMES, 3);
    pst_feed_retain(feed);
    storm putter = {.feed = feed, .n_most = n_put, .is_rude = is_rude};
    storm taker = {.feed = feed, .n_most = n_taken};
    pthread_t threads[2];
    CHECK_EQ(pthread_create(&threads[0], NULL, put_all, &putter), 0);
    CHECK_EQ(pthread_create(&threads[1], NULL, take_all, &taker), 0);
    CHECK_EQ(pthread_join(threads[0], NULL), 0);
    CHECK_EQ(pthread_join(threads[1], NULL), 0);
    moved[0] = putter.n_moved;
    moved[1] = taker.n_moved;
}

static void test_two_threads_in_all_orders_of_leaving(void) {
    int64_t moved[2];
    run_storm(STORM, STORM + 1, false, moved);
    CHECK_EQ(moved[0], moved[1]);
    run_storm(STORM, STORM / 2, false, moved); // Whoever takes goes first.
    CHECK(moved[1] <= moved[0]);
    for (int i = 0; i < 50; ++i) {
        run_storm(20 + i, 100, true, moved);
        run_storm(100, i, true, moved);
    }
}

typedef struct crowd {
    pst_feed *feed;
    _Atomic int64_t n_frames; // Moved, in all.
    _Atomic int64_t sum;      // Of their values.
    _Atomic int n_left;       // Who put.
} crowd;

enum { CROWD = 3, EACH = 400 };

static void *put_some(void *user) {
    crowd *self = user;
    for (int32_t i = 1; i <= EACH; ++i) {
        const pst_buffer buffer = numbers(&i, 1, PST_NO_PTS);
        CHECK_EQ(pst_feed_put(self->feed, &buffer, PATIENCE_NS, NULL), PST_OK);
    }
    if (atomic_fetch_sub(&self->n_left, 1) == 1)
        pst_feed_end(self->feed);
    return NULL;
}

static void *take_some(void *user) {
    crowd *self = user;
    pst_buffer buffer;
    int64_t last = -1;
    while (pst_feed_get(self->feed, &buffer, PATIENCE_NS, NULL) == PST_OK) {
        CHECK(buffer.pts > last); // Each sees the row in its order.
        last = buffer.pts;
        atomic_fetch_add(&self->n_frames, (int64_t)buffer.n_frames);
        atomic_fetch_add(&self->sum, *(const int32_t *)buffer.data);
        pst_feed_pass(self->feed, &buffer);
    }
    return NULL;
}

static void test_several_threads_on_each_side(void) {
    crowd all = {.feed = make_feed(PST_MEDIA_FRAMES, 2), .n_left = CROWD};
    pthread_t threads[2 * CROWD];
    for (int i = 0; i < 2 * CROWD; ++i)
        CHECK_EQ(pthread_create(&threads[i], NULL, i % 2 == 0 ? put_some : take_some, &all), 0);
    for (int i = 0; i < 2 * CROWD; ++i)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(all.n_frames, CROWD * EACH);
    CHECK_EQ(all.sum, CROWD * EACH * (EACH + 1) / 2);
    CHECK_EQ(info_of(all.feed).n_put, CROWD * EACH);
    pst_feed_release(all.feed);
}

int main(void) {
    RUN(test_buffers_come_out_as_they_were_put_in);
    RUN(test_planes_become_frames_and_flags_are_kept);
    RUN(test_packets_are_copied);
    RUN(test_arguments_are_checked);
    RUN(test_times_are_exact_and_kept_in_range);
    RUN(test_what_is_less_than_a_unit_is_no_gap);
    RUN(test_who_leaves_is_missed);
    RUN(test_descriptors_tell_when_to_look);
    RUN(test_a_child_may_not_use_it);
    RUN(test_memory_is_used_again);
    RUN(test_memory_may_run_out);
    RUN(test_two_threads_in_all_orders_of_leaving);
    RUN(test_several_threads_on_each_side);
    return check_done();
}
