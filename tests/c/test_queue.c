// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/queue.h"

#include <pthread.h>
#include <sched.h>

#include "check.h"

static void test_bad_sizes_are_refused(void) {
    pst_queue *queue = NULL;
    pst_error err = {PST_OK, 0, ""};
    CHECK_EQ(pst_queue_create(&queue, 0, 4, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(err.status, PST_BAD_ARGUMENT);
    CHECK_EQ(pst_queue_create(&queue, 4, 0, NULL), PST_BAD_ARGUMENT);
    CHECK(queue == NULL);
    pst_queue_destroy(NULL);
}

static void test_items_of_every_size_and_number(void) {
    for (uint32_t n_items = 1; n_items < 10; ++n_items) {
        for (uint32_t n_bytes = 1; n_bytes < 70; n_bytes += 6) {
            pst_queue *queue = NULL;
            REQUIRE(pst_queue_create(&queue, n_items, n_bytes, NULL) == PST_OK);
            uint8_t in[80], out[80];
            uint8_t next_in = 0, next_out = 0;
            for (int lap = 0; lap < 5; ++lap) {
                for (uint32_t i = 0; i < n_items + 2; ++i) {
                    memset(in, next_in, sizeof in);
                    const bool fits = i < n_items;
                    CHECK_EQ(pst_queue_push(queue, in), fits);
                    next_in += fits;
                    CHECK_EQ(pst_queue_count(queue), i < n_items ? i + 1 : n_items);
                }
                for (uint32_t i = 0; i < n_items; ++i) {
                    memset(out, 0xEE, sizeof out);
                    CHECK(pst_queue_pop(queue, out));
                    for (uint32_t b = 0; b < n_bytes; ++b)
                        CHECK_EQ(out[b], next_out);
                    CHECK_EQ(out[n_bytes], 0xEE); // Not a byte more.
                    ++next_out;
                }
                CHECK(!pst_queue_pop(queue, out));
                // So that the next lap starts elsewhere.
                CHECK(pst_queue_push(queue, in) && pst_queue_pop(queue, out));
            }
            pst_queue_destroy(queue);
        }
    }
}

// ---- Two threads -----------------------------------------------------------------------------

enum { N_ITEMS = 300000 };

typedef struct item {
    uint64_t number;
    uint64_t check;
    uint32_t more;
} item;

static void *push_items(void *arg) {
    pst_queue *queue = arg;
    for (uint64_t i = 0; i < N_ITEMS;) {
        const item it = {i, ~i * 5, (uint32_t)i};
        if (pst_queue_push(queue, &it))
            ++i;
        else
            sched_yield();
    }
    return NULL;
}

static void test_every_item_arrives_once_and_in_order(void) {
    pst_queue *queue = NULL;
    pthread_t thread;
    REQUIRE(pst_queue_create(&queue, 61, sizeof(item), NULL) == PST_OK);
    REQUIRE(pthread_create(&thread, NULL, push_items, queue) == 0);
    for (uint64_t i = 0; i < N_ITEMS;) {
        item it;
        CHECK(pst_queue_count(queue) <= 61);
        if (!pst_queue_pop(queue, &it)) {
            sched_yield();
            continue;
        }
        CHECK(it.number == i && it.check == ~i * 5 && it.more == (uint32_t)i);
        ++i;
    }
    pthread_join(thread, NULL);
    CHECK_EQ(pst_queue_count(queue), 0);
    pst_queue_destroy(queue);
}

int main(void) {
    RUN(test_bad_sizes_are_refused);
    RUN(test_items_of_every_size_and_number);
    RUN(test_every_item_arrives_once_and_in_order);
    return check_done();
}
