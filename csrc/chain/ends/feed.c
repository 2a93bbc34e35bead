// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/ends/feed_private.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event.h"
#include "core/planes.h"
#include "chain/stage.h"
#include "chain/times.h"

// Neither side is the audio thread: a lock is held for some steps, never while bytes are copied.
// What was taken out is used again, the last one first, so that there is as much memory as buffers
// ever waited.

enum { MOST_SPARE = 64 };                        // Buffers, and
static const size_t most_spare_bytes = 8U << 20; // all that is in them.

struct pst_feed {
    _Atomic uint32_t n_refs;
    pst_media_kind kind;
    uint32_t capacity;
    pid_t pid;
    pst_event came; // Something to take, or an end.
    pst_event went; // Room, or an end.

    pthread_mutex_t lock; // For all that follows.
    pst_feed_memory *first, *last;
    pst_feed_memory *spare;
    uint32_t n_spare;
    size_t spare_bytes;
    uint32_t n_reserved; // Of the capacity, by those who are about to put.
    uint64_t n_buffers;
    uint64_t n_frames;
    uint64_t n_put;
    uint64_t n_taken;
    bool has_ended;
    bool is_left;
    bool is_cancelled;
    pst_error cause;    // PST_OK: nothing failed.
    int64_t next_frame; // Behind what was put last,
    double next_hz;     // at this rate; 0: nothing was put.
};

// ---- Life -------------------------------------------------------------------------------------

pst_status pst_feed_create(pst_feed **feed, pst_media_kind kind, uint32_t capacity,
                           pst_error *err) {
    if ((unsigned)kind > PST_MEDIA_PACKETS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "kind is %d, which is no kind of media",
                        (int)kind);
    if (capacity < 1 || capacity > PST_FEED_MAX_BUFFERS)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "capacity is %u; it must be from 1 to %d",
                        (unsigned)capacity, PST_FEED_MAX_BUFFERS);
    pst_feed *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    pst_status status = pst_event_init(&self->came, err);
    if (status != PST_OK)
        goto fail;
    status = pst_event_init(&self->went, err);
    if (status != PST_OK) {
        pst_event_deinit(&self->came);
        goto fail;
    }
    atomic_init(&self->n_refs, 1);
    self->kind = kind;
    self->capacity = capacity;
    self->pid = getpid();
    pthread_mutex_init(&self->lock, NULL);
    *feed = self;
    return PST_OK;

fail:
    pst_free(self);
    return status;
}

void pst_feed_retain(pst_feed *feed) PST_RT {
    atomic_fetch_add_explicit(&feed->n_refs, 1, memory_order_relaxed);
}

static void free_memory(pst_feed_memory *memory) {
    pst_free(memory->bytes);
    pst_free(memory);
}

static void free_all(pst_feed_memory *memory) {
    while (memory != NULL) {
        pst_feed_memory *next = memory->next;
        free_memory(memory);
        memory = next;
    }
}

void pst_feed_release(pst_feed *feed) {
    if (feed == NULL || atomic_fetch_sub(&feed->n_refs, 1) > 1)
        return;
    free_all(feed->first);
    free_all(feed->spare);
    pthread_mutex_destroy(&feed->lock);
    pst_event_deinit(&feed->went);
    pst_event_deinit(&feed->came);
    pst_free(feed);
}

static pst_status check_fork(const pst_feed *feed, pst_error *err) {
    return feed->pid == getpid()
               ? PST_OK
               : pst_fail(err, PST_FORKED, 0,
                          "The feed belongs to the process that made it, which was forked since");
}

pst_media_kind pst_feed_kind(const pst_feed *feed) PST_RT {
    return feed->kind;
}

// ---- Memory -----------------------------------------------------------------------------------

// Keeps it for another buffer. Returns it if it is not to be kept. With the lock.
static pst_feed_memory *keep(pst_feed *feed, pst_feed_memory *memory) {
    if (feed->n_spare >= MOST_SPARE || memory->n_room > most_spare_bytes - feed->spare_bytes)
        return memory;
    feed->spare_bytes += memory->n_room;
    memory->next = feed->spare;
    feed->spare = memory;
    ++feed->n_spare;
    return NULL;
}

// Takes all out of the row. Returns it, to be freed without the lock.
static pst_feed_memory *empty(pst_feed *feed) {
    pst_feed_memory *all = feed->first;
    feed->first = feed->last = NULL;
    feed->n_taken += feed->n_buffers;
    feed->n_buffers = feed->n_frames = 0;
    return all;
}

uint8_t *pst_feed_make_room(pst_feed_memory *memory, size_t n_bytes) {
    if (n_bytes > SIZE_MAX / 4 - memory->n_bytes)
        return NULL;
    const size_t wanted = memory->n_bytes + n_bytes;
    if (wanted > memory->n_room || memory->bytes == NULL) {
        const size_t n_room = wanted > 2 * memory->n_room ? wanted : 2 * memory->n_room;
        uint8_t *bytes = pst_alloc(n_room);
        if (bytes == NULL)
            return NULL;
        if (memory->n_bytes > 0)
            memcpy(bytes, memory->bytes, memory->n_bytes);
        pst_free(memory->bytes);
        memory->bytes = bytes;
        memory->n_room = n_room;
    }
    return memory->bytes + memory->n_bytes;
}

// ---- Waits ------------------------------------------------------------------------------------

typedef pst_status (*look_fn)(pst_feed *feed, pst_feed_memory **memory, pst_error *err);

// Looks, with the lock, until there is something else than PST_TIMEOUT.
static pst_status wait_for(pst_feed *feed, pst_event *event, look_fn look, int64_t deadline_ns,
                           _Atomic bool *woken, pst_feed_memory **memory, pst_error *err) {
    pst_status status = check_fork(feed, err);
    if (status != PST_OK)
        return status;
    for (bool is_first = true;; is_first = false) {
        const uint32_t ticket = is_first ? 0 : pst_event_prepare(event);
        pthread_mutex_lock(&feed->lock);
        status = look(feed, memory, err);
        pthread_mutex_unlock(&feed->lock);
        const bool is_over = status != PST_TIMEOUT || pst_now_ns() >= deadline_ns ||
                             (woken != NULL && atomic_exchange(woken, false));
        if (!is_first && is_over)
            pst_event_cancel(event);
        if (is_over)
            return status;
        if (!is_first)
            (void)pst_event_wait(event, ticket, deadline_ns);
    }
}

void pst_feed_wake(pst_feed *feed) PST_RT {
    pst_event_post(&feed->came);
    pst_event_post(&feed->went);
}

// ---- Putting in -------------------------------------------------------------------------------

static bool has_room(const pst_feed *feed) {
    return feed->n_buffers + feed->n_reserved < feed->capacity;
}

static pst_status look_for_room(pst_feed *feed, pst_feed_memory **memory, pst_error *err) {
    if (feed->is_cancelled)
        return pst_fail(err, PST_CLOSED, EPIPE, "The feed was cancelled");
    if (feed->is_left)
        return pst_fail(err, PST_CLOSED, EPIPE, "Nothing takes buffers out of the feed any more");
    if (feed->has_ended)
        return pst_fail(err, PST_BAD_STATE, 0, "The feed has ended: nothing can be put into it");
    if (!has_room(feed))
        return PST_TIMEOUT;
    pst_feed_memory *got = feed->spare;
    if (got != NULL) {
        feed->spare = got->next;
        --feed->n_spare;
        feed->spare_bytes -= got->n_room;
    }
    ++feed->n_reserved;
    *memory = got;
    return PST_OK;
}

pst_status pst_feed_reserve(pst_feed *feed, int64_t deadline_ns, _Atomic bool *woken,
                            pst_feed_memory **memory, pst_error *err) {
    pst_feed_memory *got = NULL;
    const pst_status status =
        wait_for(feed, &feed->went, look_for_room, deadline_ns, woken, &got, err);
    if (status != PST_OK)
        return status;
    if (got == NULL)
        got = pst_alloc(sizeof *got);
    if (got == NULL) {
        pthread_mutex_lock(&feed->lock);
        --feed->n_reserved;
        pthread_mutex_unlock(&feed->lock);
        return pst_fail_memory(err);
    }
    got->n_bytes = 0;
    got->n_frames = 0;
    got->next = NULL;
    *memory = got;
    return PST_OK;
}

// Returns the frame that would follow what was put last.
static int64_t next_frame(const pst_feed *feed, double rate_hz) {
    if (feed->next_hz == 0.0 || rate_hz == 0.0 || feed->next_hz == rate_hz)
        return feed->next_frame;
    return llround((double)feed->next_frame / feed->next_hz * rate_hz);
}

// Gives the place back that was reserved. With the lock.
static void count(pst_feed *feed, pst_feed_memory *memory, const int64_t *pts) {
    const pst_media *media = &memory->media;
    if (pts != NULL)
        memory->frame = feed->kind == PST_MEDIA_PACKETS
                            ? feed->next_frame
                            : pst_frame_after(media, *pts, next_frame(feed, media->rate_hz));
    if (pts != NULL)
        pst_tell_pts(&memory->media, *pts, memory->frame);
    feed->next_frame = memory->frame + (int64_t)memory->n_frames;
    feed->next_hz = media->rate_hz;
    if (feed->last != NULL)
        feed->last->next = memory;
    else
        feed->first = memory;
    feed->last = memory;
    ++feed->n_buffers;
    ++feed->n_put;
    feed->n_frames += memory->n_frames;
}

void pst_feed_commit(pst_feed *feed, pst_feed_memory *memory, const int64_t *pts) {
    pst_feed_memory *unwanted = NULL;
    pthread_mutex_lock(&feed->lock);
    --feed->n_reserved;
    if (feed->is_left || feed->has_ended || memory->n_frames == 0)
        unwanted = memory;
    else
        count(feed, memory, pts);
    pthread_mutex_unlock(&feed->lock);
    if (unwanted != NULL)
        free_memory(unwanted);
    pst_event_post(&feed->came);
}

// What was reserved and is not needed.
static void give_up(pst_feed *feed, pst_feed_memory *memory) {
    pthread_mutex_lock(&feed->lock);
    --feed->n_reserved;
    pthread_mutex_unlock(&feed->lock);
    pst_feed_forget(feed, memory);
    pst_event_post(&feed->went);
}

static pst_status check_buffer(const pst_feed *feed, const pst_buffer *buffer, pst_error *err) {
    const pst_media *media = &buffer->media;
    if (media->kind != feed->kind)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the buffer has %s; the feed is one of %s",
                        media->kind == PST_MEDIA_PACKETS ? "a packet" : "frames",
                        feed->kind == PST_MEDIA_PACKETS ? "packets" : "frames");
    if (feed->kind == PST_MEDIA_FRAMES) {
        if (buffer->data == NULL && buffer->n_frames > 0)
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "data is NULL and n_frames %llu",
                            (unsigned long long)buffer->n_frames);
        if (buffer->n_frames > (uint64_t)PST_MOST_FRAMES)
            return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_frames is %llu, which is too many",
                            (unsigned long long)buffer->n_frames);
        const pst_status status = pst_check_frames(media->format, media->n_channels, err);
        return status != PST_OK ? status : pst_check_times(media, buffer->pts, err);
    }
    const pst_packet *packet = buffer->data;
    if (packet == NULL || (packet->data == NULL && packet->n_bytes > 0))
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "the buffer has no packet");
    if (packet->time_base_num == 0 || packet->time_base_den == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the packet's time base is %u/%u; both must be more than 0",
                        (unsigned)packet->time_base_num, (unsigned)packet->time_base_den);
    return PST_OK;
}

static pst_status copy_frames(pst_feed_memory *memory, const pst_buffer *buffer, pst_error *err) {
    const uint32_t frame_bytes = pst_media_bytes(&buffer->media);
    if (buffer->n_frames > SIZE_MAX / 4 / frame_bytes)
        return pst_fail_memory(err);
    const size_t n_bytes = (size_t)buffer->n_frames * frame_bytes;
    uint8_t *bytes = pst_feed_make_room(memory, n_bytes);
    if (bytes == NULL)
        return pst_fail_memory(err);
    if (buffer->is_planar && buffer->media.n_channels > 1)
        pst_interleave(bytes, buffer->data, (size_t)buffer->n_frames,
                       pst_format_bytes(buffer->media.format), buffer->media.n_channels,
                       (size_t)buffer->n_frames);
    else
        memcpy(bytes, buffer->data, n_bytes);
    memory->n_bytes = n_bytes;
    memory->n_frames = buffer->n_frames;
    memory->is_filler = buffer->is_filler;
    memory->begins = buffer->begins;
    return PST_OK;
}

pst_status pst_feed_copy_packet(pst_feed_memory *memory, const pst_packet *packet, pst_error *err) {
    uint8_t *bytes = pst_feed_make_room(memory, (size_t)packet->n_bytes);
    if (bytes == NULL)
        return pst_fail_memory(err);
    if (packet->n_bytes > 0)
        memcpy(bytes, packet->data, (size_t)packet->n_bytes);
    memory->n_bytes = (size_t)packet->n_bytes;
    memory->n_frames = 1;
    memory->packet = *packet;
    memory->packet.data = bytes;
    memory->is_filler = memory->begins = false;
    return PST_OK;
}

pst_status pst_feed_put(pst_feed *feed, const pst_buffer *buffer, int64_t timeout_ns,
                        pst_error *err) {
    pst_status status = check_buffer(feed, buffer, err);
    if (status != PST_OK || (feed->kind == PST_MEDIA_FRAMES && buffer->n_frames == 0))
        return status;
    pst_feed_memory *memory = NULL;
    status = pst_feed_reserve(feed, pst_deadline_ns(timeout_ns), NULL, &memory, err);
    if (status == PST_TIMEOUT)
        return pst_fail(err, PST_TIMEOUT, 0, "The feed had no room within %.3g s",
                        (double)timeout_ns * 1e-9);
    if (status != PST_OK)
        return status;
    memory->media = buffer->media;
    status = feed->kind == PST_MEDIA_FRAMES ? copy_frames(memory, buffer, err)
                                            : pst_feed_copy_packet(memory, buffer->data, err);
    if (status != PST_OK)
        give_up(feed, memory);
    else
        pst_feed_commit(feed, memory, &buffer->pts);
    return status;
}

static void end(pst_feed *feed, const pst_error *cause) {
    pthread_mutex_lock(&feed->lock);
    if (!feed->has_ended && cause != NULL)
        feed->cause = *cause;
    if (feed->cause.status == PST_OK && cause != NULL)
        feed->cause.status = PST_CLOSED;
    feed->has_ended = true;
    pthread_mutex_unlock(&feed->lock);
    pst_feed_wake(feed);
}

void pst_feed_end(pst_feed *feed) {
    if (feed->pid == getpid())
        end(feed, NULL);
}

void pst_feed_fail(pst_feed *feed, const pst_error *cause) {
    if (feed->pid == getpid())
        end(feed, cause);
}

int pst_feed_arm_room(pst_feed *feed) {
    if (feed->pid != getpid())
        return PST_FORKED;
    const int fd = pst_event_arm_fd(&feed->went);
    pthread_mutex_lock(&feed->lock);
    const bool holds = has_room(feed) || feed->is_left || feed->has_ended;
    pthread_mutex_unlock(&feed->lock);
    if (fd >= 0 && holds)
        pst_event_post(&feed->went);
    return fd;
}

// ---- Taking out -------------------------------------------------------------------------------

static pst_status look_for_buffer(pst_feed *feed, pst_feed_memory **memory, pst_error *err) {
    pst_feed_memory *got = feed->first;
    if (feed->is_cancelled)
        return pst_fail(err, PST_CLOSED, EPIPE, "The feed was cancelled");
    if (got == NULL && feed->cause.status != PST_OK)
        return pst_fail(err, PST_CLOSED, EPIPE, "%s", feed->cause.text);
    if (got == NULL)
        return feed->has_ended || feed->is_left ? PST_END : PST_TIMEOUT;
    feed->first = got->next;
    if (got->next == NULL)
        feed->last = NULL;
    --feed->n_buffers;
    feed->n_frames -= got->n_frames;
    ++feed->n_taken;
    *memory = got;
    return PST_OK;
}

pst_status pst_feed_take(pst_feed *feed, int64_t deadline_ns, _Atomic bool *woken,
                         pst_feed_memory **memory, pst_error *err) {
    const pst_status status =
        wait_for(feed, &feed->came, look_for_buffer, deadline_ns, woken, memory, err);
    if (status == PST_OK)
        pst_event_post(&feed->went);
    return status;
}

void pst_feed_forget(pst_feed *feed, pst_feed_memory *memory) {
    pthread_mutex_lock(&feed->lock);
    pst_feed_memory *unwanted = keep(feed, memory);
    pthread_mutex_unlock(&feed->lock);
    if (unwanted != NULL)
        free_memory(unwanted);
}

// Where no time base was told, times are frames.
static void tell_time_base(pst_media *media) {
    if (media->time_base_num > 0 || !(media->rate_hz >= 1.0) ||
        media->rate_hz != floor(media->rate_hz) || media->rate_hz > (double)UINT32_MAX)
        return;
    media->time_base_num = 1;
    media->time_base_den = (uint32_t)media->rate_hz;
}

pst_status pst_feed_get(pst_feed *feed, pst_buffer *buffer, int64_t timeout_ns, pst_error *err) {
    pst_feed_memory *memory = NULL;
    const pst_status status = pst_feed_take(feed, pst_deadline_ns(timeout_ns), NULL, &memory, err);
    if (status == PST_TIMEOUT)
        return pst_fail(err, PST_TIMEOUT, 0, "The feed had no buffer within %.3g s",
                        (double)timeout_ns * 1e-9);
    if (status != PST_OK)
        return status;
    const bool is_packet = feed->kind == PST_MEDIA_PACKETS;
    *buffer = (pst_buffer){.media = memory->media,
                           .data = is_packet ? (const void *)&memory->packet : memory->bytes,
                           .n_frames = memory->n_frames,
                           .is_filler = memory->is_filler,
                           .begins = memory->begins,
                           .memory = memory};
    buffer->pts = is_packet ? memory->packet.pts : pst_pts_of_frame(&memory->media, memory->frame);
    if (!is_packet)
        tell_time_base(&buffer->media);
    return PST_OK;
}

void pst_feed_pass(pst_feed *feed, pst_buffer *buffer) {
    if (buffer->memory != NULL && feed->pid == getpid())
        pst_feed_forget(feed, buffer->memory);
    *buffer = (pst_buffer){.pts = PST_NO_PTS};
}

static void leave(pst_feed *feed, bool is_cancelled) {
    if (feed->pid != getpid())
        return;
    pthread_mutex_lock(&feed->lock);
    feed->is_left = true;
    feed->is_cancelled = feed->is_cancelled || is_cancelled;
    pst_feed_memory *all = empty(feed);
    pthread_mutex_unlock(&feed->lock);
    free_all(all);
    pst_feed_wake(feed);
}

void pst_feed_leave(pst_feed *feed) {
    leave(feed, false);
}

int pst_feed_arm_buffer(pst_feed *feed) {
    if (feed->pid != getpid())
        return PST_FORKED;
    const int fd = pst_event_arm_fd(&feed->came);
    pthread_mutex_lock(&feed->lock);
    const bool holds = feed->first != NULL || feed->is_left || feed->has_ended;
    pthread_mutex_unlock(&feed->lock);
    if (fd >= 0 && holds)
        pst_event_post(&feed->came);
    return fd;
}

// ---- Both -------------------------------------------------------------------------------------

void pst_feed_cancel(pst_feed *feed) {
    leave(feed, true);
}

void pst_feed_clear(pst_feed *feed) {
    if (feed->pid != getpid())
        return;
    pthread_mutex_lock(&feed->lock);
    pst_feed_memory *all = empty(feed);
    pthread_mutex_unlock(&feed->lock);
    free_all(all);
    pst_event_post(&feed->went);
}

void pst_feed_get_info(pst_feed *feed, pst_feed_info *info) {
    *info = (pst_feed_info){.capacity = feed->capacity, .is_left = true};
    if (feed->pid != getpid())
        return;
    pthread_mutex_lock(&feed->lock);
    info->n_buffers = feed->n_buffers;
    info->n_frames = feed->n_frames;
    info->n_put = feed->n_put;
    info->n_taken = feed->n_taken;
    info->has_ended = feed->has_ended;
    info->is_left = feed->is_left;
    pthread_mutex_unlock(&feed->lock);
}
