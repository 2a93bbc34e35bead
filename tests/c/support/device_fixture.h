// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_DEVICE_FIXTURE_H
#define PST_TESTS_DEVICE_FIXTURE_H

#include <stdlib.h>

#include "base/clock.h"
#include "check.h"
#include "device/system.h"

// A system with the virtual host alone, and streams on it that write down what happens to them.

static const pst_backend_ops *const virtual_only[] = {&pst_backend_virtual, NULL};

enum { LOOPBACK = 0, NULL_DEVICE = 1 }; // Indices in such a system.

// How long tests wait for what must come. Only a failing test takes so long.
#define PATIENCE_NS (20 * PST_NS_PER_SECOND)

CHECK_UNUSED static pst_system *make_system(void) {
    pst_system *system = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_system_create_with(&system, virtual_only, &err) == PST_OK, "%s", err.text);
    return system;
}

static const pst_side no_side = {.device = PST_NO_INDEX};

// One side of a stream in a format, both in the ring and on the device.
CHECK_UNUSED static pst_side make_side(int32_t device, uint32_t n_channels, pst_format format) {
    const pst_format in_ring = format == PST_FORMAT_I24 ? PST_FORMAT_I32 : format;
    return (pst_side){
        .device = device, .n_channels = n_channels, .format = in_ring, .device_format = format};
}

// What the virtual host told with a block.
typedef struct noted_block {
    uint32_t n_frames;
    uint32_t flags;
    int64_t device_frame;
    int64_t now_ns;
    double input_age_s;
    double output_delay_s;
} noted_block;

enum { MAX_NOTED = 4096 };

// The user of a stream: notes the blocks, and ends after so many frames.
typedef struct notes {
    _Atomic int64_t stop_after_frames;
    pst_verdict last_verdict; // To end with.
    _Atomic int64_t n_frames;
    _Atomic uint32_t n_blocks;
    noted_block blocks[MAX_NOTED];
} notes;

CHECK_UNUSED static notes *make_notes(int64_t stop_after_frames) {
    notes *made = calloc(1, sizeof *made);
    made->stop_after_frames = stop_after_frames;
    made->last_verdict = PST_COMPLETE;
    return made;
}

CHECK_UNUSED static void note_block(notes *to, const pst_block *block) {
    const uint32_t n = atomic_load(&to->n_blocks);
    if (n < MAX_NOTED)
        to->blocks[n] = (noted_block){
            .n_frames = block->n_frames,
            .flags = block->flags,
            .device_frame = block->device_frame,
            .now_ns = block->now_ns,
            .input_age_s = block->input_age_s,
            .output_delay_s = block->output_delay_s,
        };
    atomic_store(&to->n_blocks, n + 1);
    atomic_fetch_add(&to->n_frames, block->n_frames);
}

CHECK_UNUSED static pst_verdict verdict_of(const notes *from) {
    return atomic_load(&from->n_frames) >= from->stop_after_frames ? from->last_verdict
                                                                   : PST_CONTINUE;
}

CHECK_UNUSED static pst_verdict process_notes(void *user, const pst_block *block) PST_RT {
    note_block(user, block);
    return verdict_of(user);
}

CHECK_UNUSED static pst_open_request make_request(pst_side input, pst_side output,
                                                  double samplerate_hz, uint32_t block_frames,
                                                  const pst_virtual_config *config,
                                                  pst_process_fn process, void *user) {
    return (pst_open_request){
        .input = input,
        .output = output,
        .samplerate_hz = samplerate_hz,
        .block_frames = block_frames,
        .virtual_config = config,
        .process = process,
        .user = user,
    };
}

CHECK_UNUSED static pst_handle *open_handle(pst_system *system, const pst_open_request *request,
                                            pst_open_info *info) {
    pst_handle *handle = NULL;
    bool abandoned = false;
    pst_error err = {.status = PST_OK};
    const pst_status status =
        pst_handle_open(&handle, system, request, PATIENCE_NS, info, &abandoned, &err);
    CHECK_TEXT(status == PST_OK, "opening: %s", err.text);
    return status == PST_OK ? handle : NULL;
}

// Waits until the host says that nothing more will come.
CHECK_UNUSED static bool wait_inactive(pst_handle *handle) {
    const int64_t end_ns = pst_now_ns() + PATIENCE_NS;
    while (pst_handle_is_active(handle)) {
        if (pst_now_ns() > end_ns)
            return FAIL("the stream does not end");
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 5);
    }
    return true;
}

CHECK_UNUSED static bool wait_blocks(notes *from, uint32_t n_blocks) {
    const int64_t end_ns = pst_now_ns() + PATIENCE_NS;
    while (atomic_load(&from->n_blocks) < n_blocks) {
        if (pst_now_ns() > end_ns)
            return FAIL("only %u of %u blocks came", (unsigned)atomic_load(&from->n_blocks),
                        (unsigned)n_blocks);
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS / 5);
    }
    return true;
}

// Starts, waits for the end, stops and closes.
CHECK_UNUSED static bool run_to_end(pst_handle *handle) {
    pst_error err = {.status = PST_OK};
    const pst_status started = pst_handle_start(handle, PATIENCE_NS, &err);
    bool good = CHECK_TEXT(started == PST_OK, "starting: %s", err.text);
    good = good && wait_inactive(handle);
    good = CHECK_EQ(pst_handle_stop(handle, PATIENCE_NS, NULL), PST_OK) && good;
    return CHECK_EQ(pst_handle_close(handle, PATIENCE_NS, NULL), PST_OK) && good;
}

// Opens, runs to the end and closes.
CHECK_UNUSED static bool run_request(pst_system *system, const pst_open_request *request,
                                     pst_open_info *info) {
    pst_open_info unwanted;
    pst_handle *handle = open_handle(system, request, info != NULL ? info : &unwanted);
    return handle != NULL && run_to_end(handle);
}

#endif
