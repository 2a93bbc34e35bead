// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "core/ring_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"

// Rounding that costs more than this, and more than the request itself, is not worth a mapping.
static const uint64_t cheap_rounding_bytes = 1u << 20;

static uint64_t greatest_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// All pages of a ring are touched, and a system that has promised more memory than it has ends the
// process then. So what cannot be sensible is refused here.
static bool is_sensible(uint64_t capacity_frames, uint32_t frame_bytes) {
    const long n_pages = sysconf(_SC_PHYS_PAGES);
    const long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t limit_bytes = SIZE_MAX / 4;
    if (n_pages > 0 && page_bytes > 0 && (uint64_t)n_pages * (uint64_t)page_bytes / 2 < limit_bytes)
        limit_bytes = (uint64_t)n_pages * (uint64_t)page_bytes / 2;
    return capacity_frames <= limit_bytes / frame_bytes;
}

// Returns the capacity whose bytes fill whole pages.
static uint64_t round_up(uint64_t capacity_frames, uint32_t frame_bytes) {
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t unit = page_bytes / greatest_divisor(page_bytes, frame_bytes);
    return (capacity_frames + unit - 1) / unit * unit;
}

// After a fork, parent and child share mirrored memory, but not the positions: a child that writes
// would overwrite the parent's frames. So rings, as streams, are not for use in the child.

// ---- Mirrored --------------------------------------------------------------------------------

// Returns a descriptor of nameless shared memory, or -1 with errno set.
static int open_nameless(void) {
#if defined(__linux__) && !defined(PST_RING_SHM)
    return memfd_create("pastream-ring", MFD_CLOEXEC);
#else
    // A name that only lives between these two calls.
    for (int attempt = 0; attempt < 16; ++attempt) {
        char name[32];
        const uint64_t salt = (uint64_t)pst_now_ns() ^ pst_thread_id() ^ (uint64_t)getpid() << 32;
        snprintf(name, sizeof name, "/pst-%016llx", (unsigned long long)salt);
        const int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0) {
            shm_unlink(name);
            return fd;
        }
        if (errno != EEXIST)
            break;
    }
    return -1;
#endif
}

// Gives the memory its size and its pages. Without pages, the first touch of memory that the
// system does not have would be a signal instead of an error.
static int reserve_pages(int fd, size_t n_bytes) {
    if (ftruncate(fd, (off_t)n_bytes) != 0)
        return errno;
#ifdef __APPLE__
    return 0;
#else
    int code;
    do
        code = posix_fallocate(fd, 0, (off_t)n_bytes);
    while (code == EINTR);
    return code;
#endif
}

static pst_status map_twice(pst_ring_block *block, size_t n_bytes, pst_error *err) {
#ifndef MAP_POPULATE
    const int populate = 0;
#else
    const int populate = MAP_POPULATE; // Fills the page table now.
#endif
    uint8_t *place = MAP_FAILED;
    int code = 0;
    const int fd = open_nameless();
    if (fd < 0)
        return pst_fail_errno(err, errno, "make shared memory for a ring");
    code = reserve_pages(fd, n_bytes);
    if (code != 0)
        goto fail;

    // Both mappings go into a range that is ours already, so nothing can come between them.
    place = mmap(NULL, 2 * n_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) {
        code = errno;
        goto fail;
    }
    for (int half = 0; half < 2; ++half) {
        if (mmap(place + (size_t)half * n_bytes, n_bytes, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_FIXED | populate, fd, 0) == MAP_FAILED) {
            code = errno;
            goto fail;
        }
    }
    close(fd); // The mappings keep the memory.
    block->memory = place;
    return PST_OK;

fail:
    if (place != MAP_FAILED)
        munmap(place, 2 * n_bytes);
    close(fd);
    return pst_fail_errno(err, code, "map the memory of a ring");
}

static pst_status init_mirrored(pst_ring_block *block, uint64_t capacity_frames,
                                uint32_t frame_bytes, pst_error *err) {
    if (!is_sensible(capacity_frames, frame_bytes))
        return pst_fail(err, PST_NO_MEMORY, 0, "A ring of %llu frames does not fit into memory",
                        (unsigned long long)capacity_frames);
    const uint64_t n_bytes = capacity_frames * frame_bytes;
    const pst_status status = map_twice(block, (size_t)n_bytes, err);
    if (status != PST_OK)
        return status;
    // Touched here where the system has no way of filling the page table.
    for (uint64_t at = 0; at < 2 * n_bytes; at += 4096)
        *(volatile uint8_t *)(block->memory + at) = 0;
    block->kind = PST_RING_MIRRORED;
    block->capacity_frames = capacity_frames;
    block->memory_bytes = 2 * n_bytes;
    return PST_OK;
}

// ---- Copying and flat ------------------------------------------------------------------------

static pst_status init_copying(pst_ring_block *block, uint64_t capacity_frames,
                               uint32_t frame_bytes, pst_error *err) {
    if (!is_sensible(capacity_frames, 2 * frame_bytes))
        return pst_fail(err, PST_NO_MEMORY, 0, "A ring of %llu frames does not fit into memory",
                        (unsigned long long)capacity_frames);
    const uint64_t n_bytes = 2 * capacity_frames * frame_bytes;
    block->memory = pst_alloc((size_t)n_bytes); // Zeroed, so all pages are present.
    if (block->memory == NULL)
        return pst_fail_memory(err);
    block->kind = PST_RING_COPYING;
    block->capacity_frames = capacity_frames;
    block->memory_bytes = n_bytes;
    return PST_OK;
}

static pst_status init_flat(pst_ring_block *block, const pst_ring_config *config, pst_error *err) {
    if (config->flat_memory == NULL || config->capacity_frames > SIZE_MAX / 4 / config->frame_bytes)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "A flat ring needs the caller's memory");
    block->memory = config->flat_memory;
    block->kind = PST_RING_FLAT;
    block->capacity_frames = config->capacity_frames;
    block->memory_bytes = config->capacity_frames * config->frame_bytes;
    return PST_OK;
}

static pst_status init_auto(pst_ring_block *block, const pst_ring_config *config,
                            uint64_t rounded_frames, pst_error *err) {
    const uint64_t added_frames = rounded_frames - config->capacity_frames;
    const bool is_dear = added_frames > config->capacity_frames &&
                         added_frames > cheap_rounding_bytes / config->frame_bytes;
    if (!is_dear && init_mirrored(block, rounded_frames, config->frame_bytes, NULL) == PST_OK)
        return PST_OK;
    return init_copying(block, config->capacity_frames, config->frame_bytes, err);
}

pst_status pst_ring_block_init(pst_ring_block *block, const pst_ring_config *config,
                               pst_error *err) {
    if (config->capacity_frames < 1)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "A ring needs a capacity of at least one frame");
    if (config->frame_bytes < 1 || config->frame_bytes > PST_RING_MAX_FRAME_BYTES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "A frame has 1 to %d bytes, not %u",
                        PST_RING_MAX_FRAME_BYTES, (unsigned)config->frame_bytes);
    if (config->memory == PST_RING_FLAT)
        return init_flat(block, config, err);
    if (!is_sensible(config->capacity_frames, config->frame_bytes))
        return pst_fail(err, PST_NO_MEMORY, 0, "A ring of %llu frames does not fit into memory",
                        (unsigned long long)config->capacity_frames);
    const uint64_t rounded_frames = round_up(config->capacity_frames, config->frame_bytes);
    switch (config->memory) {
    case PST_RING_AUTO:
        return init_auto(block, config, rounded_frames, err);
    case PST_RING_MIRRORED:
        return init_mirrored(block, rounded_frames, config->frame_bytes, err);
    case PST_RING_COPYING:
        return init_copying(block, config->capacity_frames, config->frame_bytes, err);
    case PST_RING_FLAT:
        break;
    }
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "%d is no kind of ring memory", (int)config->memory);
}

void pst_ring_block_deinit(pst_ring_block *block) {
    if (block->memory != NULL && block->kind == PST_RING_MIRRORED)
        munmap(block->memory, (size_t)block->memory_bytes);
    else if (block->kind == PST_RING_COPYING)
        pst_free(block->memory);
    block->memory = NULL;
}
