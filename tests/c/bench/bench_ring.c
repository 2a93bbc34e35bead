// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pastream/ring.h"
#include "timing.h"

// The time to bring a block through a ring, as JSON: on one thread, which writes it and reads it
// again, and between two threads. Beside it memcpy, which is the floor, and PortAudio's ring.
//
//     bench_ring [library]
//
// library: a shared library that exports PortAudio's ring, which libportaudio itself does not. The
// extension module of rtmixer does. It needs Python's own symbols, so that bench/ring.py loads this
// program, built as a library too, into Python.

enum { FRAME_BYTES = 8, RING_FRAMES = 1 << 14, MAX_BLOCK_FRAMES = 1024 };

// ---- Two rings behind one face ----------------------------------------------------------------

// PortAudio counts frames in long, and its state lies in the caller's memory.
typedef struct peer {
    long (*init)(void *ring, long frame_bytes, long n_frames, void *memory);
    long (*write)(void *ring, const void *data, long n_frames);
    long (*read)(void *ring, void *data, long n_frames);
    long state[32];
} peer;

typedef struct contest {
    pst_ring *ring; // Or NULL: then the peer.
    peer *portaudio;
    uint8_t *memory; // For memcpy: as large as a ring.
    uint64_t n_frames;
    int64_t n_steps; // Of the thread that reads.
    uint8_t in[MAX_BLOCK_FRAMES * FRAME_BYTES];
    uint8_t out[MAX_BLOCK_FRAMES * FRAME_BYTES];
} contest;

static uint64_t put(contest *c, const uint8_t *data, uint64_t n_frames) {
    if (c->ring != NULL)
        return pst_ring_write(c->ring, data, n_frames);
    return (uint64_t)c->portaudio->write(c->portaudio->state, data, (long)n_frames);
}

static uint64_t take(contest *c, uint8_t *data, uint64_t n_frames) {
    if (c->ring != NULL)
        return pst_ring_read(c->ring, 0, data, n_frames);
    return (uint64_t)c->portaudio->read(c->portaudio->state, data, (long)n_frames);
}

// ---- What is timed ---------------------------------------------------------------------------

static void copy_only(void *context, int64_t n_steps) {
    contest *c = context;
    const size_t n_bytes = (size_t)c->n_frames * FRAME_BYTES;
    size_t offset = 0;
    for (int64_t i = 0; i < n_steps; ++i) {
        memcpy(c->memory + offset, c->in, n_bytes);
        __asm__ __volatile__("" : : : "memory"); // The compiler must not see through it.
        memcpy(c->out, c->memory + offset, n_bytes);
        __asm__ __volatile__("" : : : "memory");
        offset += n_bytes;
        offset = offset + n_bytes > RING_FRAMES * FRAME_BYTES ? 0 : offset;
    }
}

static void one_thread(void *context, int64_t n_steps) {
    contest *c = context;
    for (int64_t i = 0; i < n_steps; ++i) {
        put(c, c->in, c->n_frames);
        take(c, c->out, c->n_frames);
    }
}

static void *read_all(void *context) {
    contest *c = context;
    uint64_t left = (uint64_t)c->n_steps * c->n_frames;
    while (left > 0) {
        const uint64_t n = take(c, c->out, c->n_frames);
        left -= n;
        if (n == 0)
            sched_yield();
    }
    return NULL;
}

static void two_threads(void *context, int64_t n_steps) {
    contest *c = context;
    pthread_t reader;
    c->n_steps = n_steps;
    if (pthread_create(&reader, NULL, read_all, c) != 0)
        exit(1);
    for (uint64_t left = (uint64_t)n_steps * c->n_frames; left > 0;) {
        const uint64_t n = put(c, c->in, left < c->n_frames ? left : c->n_frames);
        left -= n;
        if (n == 0)
            sched_yield();
    }
    pthread_join(reader, NULL);
}

// ---- Setting up ------------------------------------------------------------------------------

static bool find_function(void *library, const char *name, void *function) {
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

static bool load_peer(peer *p, const char *path) {
    static uint8_t memory[RING_FRAMES * FRAME_BYTES];
    void *library = dlopen(path, RTLD_LAZY);
    if (library == NULL || !find_function(library, "PaUtil_InitializeRingBuffer", &p->init) ||
        !find_function(library, "PaUtil_WriteRingBuffer", &p->write) ||
        !find_function(library, "PaUtil_ReadRingBuffer", &p->read)) {
        fprintf(stderr, "bench_ring: %s\n", dlerror());
        return false;
    }
    return p->init(p->state, FRAME_BYTES, RING_FRAMES, memory) == 0;
}

static pst_ring *make_ring(void) {
    const pst_ring_config config = {.capacity_frames = RING_FRAMES, .frame_bytes = FRAME_BYTES};
    pst_error err;
    pst_ring *ring = NULL;
    if (pst_ring_create(&ring, &config, &err) != PST_OK) {
        fprintf(stderr, "bench_ring: %s\n", err.text);
        exit(1);
    }
    return ring;
}

static void print_times(const char *name, contest *c, bool is_there, int64_t n_steps) {
    if (!is_there) {
        printf(", \"%s_ns\": null, \"%s_two_threads_ns\": null", name, name);
        return;
    }
    const double alone = timing_ns_per_step(one_thread, c, n_steps);
    const double together = timing_ns_per_step(two_threads, c, n_steps);
    printf(", \"%s_ns\": %.2f, \"%s_two_threads_ns\": %.2f", name, alone, name, together);
}

int main(int argc, char **argv) {
    static const uint64_t blocks[] = {2, 16, 64, 256, 1024};
    static contest ours, theirs;
    static peer portaudio;
    static uint8_t memory[RING_FRAMES * FRAME_BYTES];
    const bool has_peer = argc > 1 && load_peer(&portaudio, argv[1]);
    ours.ring = make_ring();
    ours.memory = memory;
    theirs.portaudio = &portaudio;
    printf("{\"frame_bytes\": %d, \"rows\": [", FRAME_BYTES);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; ++i) {
        const int64_t n_steps = (int64_t)(40000000 / (blocks[i] + 200));
        ours.n_frames = theirs.n_frames = blocks[i];
        printf("%s\n{\"block_frames\": %u, \"memcpy_ns\": %.2f", i == 0 ? "" : ",",
               (unsigned)blocks[i], timing_ns_per_step(copy_only, &ours, n_steps));
        print_times("ring", &ours, true, n_steps);
        print_times("portaudio", &theirs, has_peer, n_steps);
        printf("}");
    }
    printf("]}\n");
    fflush(stdout); // Inside Python, nobody else would.
    pst_ring_release(ours.ring);
    return 0;
}
