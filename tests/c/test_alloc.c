// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/task.h"
#include "check.h"
#include "core/queue.h"
#include "failing_alloc.h"
#include "pastream/ring.h"

static void test_memory_is_aligned_and_zero(void) {
    for (size_t n = 0; n < 300; n += 7) {
        unsigned char *memory = pst_alloc(n);
        REQUIRE(memory != NULL);
        CHECK_EQ((uintptr_t)memory % PST_CACHE_LINE_BYTES, 0);
        for (size_t i = 0; i < n; ++i)
            CHECK_EQ(memory[i], 0);
        memset(memory, 0xAA, n);
        pst_free(memory);
    }
    pst_free(NULL);
}

static void test_sizes_that_do_not_fit(void) {
    CHECK(pst_alloc(SIZE_MAX) == NULL);
    CHECK(pst_alloc(SIZE_MAX - 32) == NULL);
    CHECK(pst_alloc_array(SIZE_MAX / 2, 3) == NULL);
    void *none = pst_alloc_array(5, 0);
    CHECK(none != NULL);
    pst_free(none);
}

static void test_text_is_copied(void) {
    char *copy = pst_alloc_text("Front: 50 Hz");
    CHECK_STR(copy, "Front: 50 Hz");
    pst_free(copy);
    CHECK(pst_alloc_text(NULL) == NULL);
}

// ---- Every allocation failing in turn --------------------------------------------------------

typedef pst_status (*life_fn)(pst_error *err);

static int return_five(void *arg) {
    return *(int *)arg + 5;
}

static pst_status live_as_task(pst_error *err) {
    int zero = 0, result = 0;
    const pst_status status = pst_task_run("alloc", return_five, &zero, -1, NULL, &result, err);
    if (status == PST_OK)
        CHECK_EQ(result, 5);
    return status;
}

// Fails the first, the second, ... allocation of a life until it gets by without. expect_failure:
// whether each of them must be reported.
static void sweep(const char *name, life_fn live, bool expect_failure) {
    const int n_fds = failing_alloc_count_fds();
    const int n_mappings = failing_alloc_count_mappings("pastream-ring");
    for (long n = 1; n < 1000; ++n) {
        pst_error err = {PST_OK, 0, ""};
        failing_alloc_begin(n);
        const pst_status status = live(&err);
        const long n_tried = failing_alloc_end();
        // The C library keeps a block with the stack of a thread that has ended.
        CHECK_TEXT(live == live_as_task || failing_alloc_live() == 0,
                   "%s, allocation %ld: %ld leaked", name, n, failing_alloc_live());
        CHECK_EQ(failing_alloc_count_fds(), n_fds);
        CHECK_EQ(failing_alloc_count_mappings("pastream-ring"), n_mappings);
        if (n_tried < n) {
            CHECK_TEXT(status == PST_OK, "%s, no failure: %d", name, status);
            CHECK(n > 1); // Otherwise nothing was intercepted.
            return;
        }
        if (expect_failure) {
            CHECK_TEXT(status == PST_NO_MEMORY || status == PST_SYSTEM_ERROR,
                       "%s, allocation %ld: status %d", name, n, status);
            CHECK_EQ(err.status, status);
            CHECK(err.text[0] != '\0');
        }
    }
    FAIL("%s never succeeded", name);
}

static pst_status live_as_ring(pst_ring_memory memory, pst_error *err) {
    const pst_ring_config config = {.capacity_frames = 100, .frame_bytes = 8, .memory = memory};
    pst_ring *ring = NULL;
    const pst_status status = pst_ring_create(&ring, &config, err);
    if (status == PST_OK) {
        CHECK_EQ(pst_ring_write(ring, "12345678", 1), 1);
        pst_ring_release(ring);
    }
    return status;
}

static pst_status live_as_mirrored_ring(pst_error *err) {
    return live_as_ring(PST_RING_MIRRORED, err);
}

static pst_status live_as_copying_ring(pst_error *err) {
    return live_as_ring(PST_RING_COPYING, err);
}

static pst_status live_as_any_ring(pst_error *err) {
    return live_as_ring(PST_RING_AUTO, err);
}

static pst_status live_as_flat_ring(pst_error *err) {
    char memory[800];
    const pst_ring_config config = {
        .capacity_frames = 100, .frame_bytes = 8, .memory = PST_RING_FLAT, .flat_memory = memory};
    pst_ring *ring = NULL;
    const pst_status status = pst_ring_create(&ring, &config, err);
    if (status == PST_OK)
        pst_ring_release(ring);
    return status;
}

static pst_status live_as_armed_ring(pst_error *err) {
    const pst_ring_config config = {.capacity_frames = 100, .frame_bytes = 8};
    pst_ring *ring = NULL;
    pst_status status = pst_ring_create(&ring, &config, err);
    if (status != PST_OK)
        return status;
    const int fd = pst_ring_arm_readable(ring, 0, 1);
    const int room_fd = pst_ring_arm_writable(ring, 1);
    CHECK(fd >= 0 || fd == PST_SYSTEM_ERROR);
    CHECK(room_fd >= 0 || room_fd == PST_SYSTEM_ERROR);
    pst_ring_release(ring);
    return PST_OK;
}

static pst_status live_as_queue(pst_error *err) {
    pst_queue *queue = NULL;
    const pst_status status = pst_queue_create(&queue, 10, 24, err);
    if (status == PST_OK)
        pst_queue_destroy(queue);
    return status;
}

static void test_every_allocation_may_fail(void) {
    if (!failing_alloc_works()) {
        check_skip("the sanitizer brings its own allocator");
        return;
    }
    sweep("mirrored ring", live_as_mirrored_ring, true);
    sweep("copying ring", live_as_copying_ring, true);
    sweep("flat ring", live_as_flat_ring, true);
    sweep("auto ring", live_as_any_ring, false); // Its mapping has a fallback.
    sweep("armed ring", live_as_armed_ring, false);
    sweep("queue", live_as_queue, true);
    sweep("task", live_as_task, true);
}

// A mapping that fails is not the end for a ring that did not insist on it.
static void test_auto_ring_falls_back_to_copying(void) {
    if (!failing_alloc_works()) {
        check_skip("the sanitizer brings its own allocator");
        return;
    }
    const pst_ring_config config = {.capacity_frames = 100, .frame_bytes = 8};
    pst_ring *ring = NULL;
    failing_alloc_begin(2); // The first is the ring itself.
    const pst_status status = pst_ring_create(&ring, &config, NULL);
    failing_alloc_end();
    REQUIRE(status == PST_OK);
    pst_ring_info info;
    pst_ring_get_info(ring, &info);
    CHECK_EQ(info.memory_kind, PST_RING_COPYING);
    CHECK_EQ(info.capacity_frames, 100);
    pst_ring_release(ring);
}

int main(void) {
    RUN(test_memory_is_aligned_and_zero);
    RUN(test_sizes_that_do_not_fit);
    RUN(test_text_is_copied);
    RUN(test_every_allocation_may_fail);
    RUN(test_auto_ring_falls_back_to_copying);
    return check_done();
}
