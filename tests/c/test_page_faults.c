// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <sys/resource.h>

#include "pastream/format.h"
#include "pastream/ring.h"
#include "ring_fixture.h"

// R11: memory of the audio thread is touched before it gets there. What the kernel has not put in
// place yet would make the callback wait for it.

#ifdef RUSAGE_THREAD

static long faults(void) {
    struct rusage usage;
    CHECK_EQ(getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_minflt + usage.ru_majflt;
}

// A minute of stereo, once around and once more, in blocks of 64.
static void test_a_ring_causes_no_page_fault(void) {
    if (CHECK_ASAN || CHECK_TSAN) {
        check_skip("the sanitizer's own memory is touched along with ours");
        return;
    }
    static const pst_ring_memory kinds[] = {PST_RING_MIRRORED, PST_RING_COPYING};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; ++kind) {
        enum { FRAME_BYTES = 8, BLOCK = 64 };
        const pst_ring_config config = {
            .capacity_frames = 60 * 48000, .frame_bytes = FRAME_BYTES, .memory = kinds[kind]};
        pst_ring *ring = NULL;
        REQUIRE(pst_ring_create(&ring, &config, NULL) == PST_OK);
        pst_ring_info info;
        pst_ring_get_info(ring, &info);
        static uint8_t block[BLOCK * FRAME_BYTES];
        (void)pst_ring_write(ring, block, 1);
        (void)pst_ring_skip(ring, 0, 1);
        const long before = faults();
        for (uint64_t n = 0; n < 2 * info.capacity_frames; n += BLOCK) {
            (void)pst_ring_write(ring, block, BLOCK);
            (void)pst_ring_read(ring, 0, block, BLOCK);
        }
        CHECK_EQ(faults() - before, 0);
        pst_ring_release(ring);
    }
}

#else

static void test_a_ring_causes_no_page_fault(void) {
    check_skip("this system does not count the page faults of a thread");
}

#endif

int main(void) {
    RUN(test_a_ring_causes_no_page_fault);
    return check_done();
}
