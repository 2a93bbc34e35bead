// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/jack_watch.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"

// As jack/jack.h declares them; jack_options_t and jack_status_t are ints, jack_nframes_t is a
// uint32_t.
typedef void *(*client_open_fn)(const char *name, int options, int *status, ...);
typedef int (*client_close_fn)(void *client);
typedef void (*on_shutdown_fn)(void *client, void (*fn)(void *arg), void *arg);
typedef uint32_t (*get_frames_fn)(void *client);
typedef uint32_t (*get_time_fn)(const void *client);
typedef char *(*get_name_fn)(void *client);
typedef char *(*get_uuid_fn)(void *client, const char *name);
typedef void (*free_fn)(void *memory);

enum { JACK_NO_START_SERVER = 0x01, JACK_SERVER_FAILED = 0x10 };

static void find_function(const char *name, void *fn) {
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(fn, &found, sizeof found);
}

// Called by a thread of libjack.
static void on_shutdown(void *arg) {
    pst_jack_watch *watch = arg;
    atomic_store(&watch->is_gone, true);
}

// The current period began a little while ago, by the server's clock.
static bool tells_frame_now(const pst_jack_watch *watch, get_time_fn frame_time) {
    const uint32_t began = watch->last_frame_time(watch->client);
    const uint32_t since = frame_time(watch->client) - began;
    return began != 0 && since < 4 * watch->period_frames;
}

// Some replacements of JACK tell the frame only to clients that process. A busy server may be late
// at the moment, so one look is not enough to say no.
static bool tells_frames(pst_jack_watch *watch) {
    enum { LOOKS = 20 };
    get_time_fn frame_time;
    find_function("jack_frame_time", &frame_time);
    if (frame_time == NULL || !watch->last_frame_time || watch->period_frames == 0)
        return false;
    for (int look = 0; look < LOOKS; ++look) {
        if (tells_frame_now(watch, frame_time))
            return true;
        pst_sleep_until_ns(pst_now_ns() + 5 * PST_NS_PER_MS);
    }
    return false;
}

// Libjack knows our own number only from the server, which has to answer for it.
static bool has_answer(const pst_jack_watch *watch) {
    get_name_fn get_name;
    get_uuid_fn get_uuid;
    free_fn free_memory;
    find_function("jack_get_client_name", &get_name);
    find_function("jack_get_uuid_for_client_name", &get_uuid);
    find_function("jack_free", &free_memory);
    if (get_name == NULL || get_uuid == NULL || free_memory == NULL)
        return false;
    char *uuid = get_uuid(watch->client, get_name(watch->client));
    if (uuid != NULL)
        free_memory(uuid);
    return uuid != NULL;
}

void pst_jack_watch_begin(pst_jack_watch *watch) {
    client_open_fn client_open;
    on_shutdown_fn set_on_shutdown;
    get_frames_fn get_buffer_size;
    find_function("jack_client_open", &client_open);
    find_function("jack_on_shutdown", &set_on_shutdown);
    find_function("jack_get_buffer_size", &get_buffer_size);
    find_function("jack_last_frame_time", &watch->last_frame_time);
    if (client_open == NULL || set_on_shutdown == NULL || get_buffer_size == NULL)
        return;
    int status = 0;
    watch->client = client_open("pastream_ng-watch", JACK_NO_START_SERVER, &status);
    if (watch->client == NULL) { // Gone, or it takes no more clients.
        atomic_store(&watch->is_gone, (status & JACK_SERVER_FAILED) != 0);
        return;
    }
    set_on_shutdown(watch->client, on_shutdown, watch);
    watch->period_frames = get_buffer_size(watch->client);
    watch->has_frames = tells_frames(watch);
    watch->answers = has_answer(watch);
}

// A client whose server has gone is leaked: closing it crashes if another one has tried to find a
// server in between.
void pst_jack_watch_end(pst_jack_watch *watch) {
    client_close_fn client_close;
    find_function("jack_client_close", &client_close);
    if (watch->client != NULL && client_close != NULL && !pst_jack_watch_is_gone(watch))
        (void)client_close(watch->client);
    watch->client = NULL;
}

void pst_jack_watch_ask(pst_jack_watch *watch) {
    if (watch->answers && !pst_jack_watch_is_gone(watch) && !has_answer(watch))
        atomic_store(&watch->is_gone, true);
}

void pst_jack_watch_suspect(pst_jack_watch *watch) {
    if (watch->client == NULL)
        atomic_store(&watch->is_gone, true);
    else
        pst_sleep_until_ns(pst_now_ns() + 50 * PST_NS_PER_MS);
}

bool pst_jack_watch_is_gone(const pst_jack_watch *watch) PST_RT {
    return atomic_load_explicit(&watch->is_gone, memory_order_acquire);
}

uint32_t pst_jack_watch_frame(const pst_jack_watch *watch) PST_RT {
    return watch->last_frame_time(watch->client);
}
