// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_NODE_H
#define PST_GRAPH_NODE_H

#include "graph/render/bus.h"
#include "graph/data/shared.h"
#include "pastream/graph_kinds.h"

// What writers of nodes need: a kind of node is one constant table, in a file of its own in
// graph/nodes, named in graph/kinds.c.
//
// A node has two sides. Its attributes are set on the control side, by any thread, one at a time;
// functions of a kind that are called there may allocate and fail, and see the control side's
// slots. Its unit is what sounds: it belongs to the renderer, whose functions (PST_RT) allocate,
// free and lock nothing, and see the unit's own slots, which follow the others quantum by quantum.
// Whatever is large or takes long to compute is made on the control side, as a shared object, and
// travels to the unit in a slot; what it replaces travels back, and is freed there.

// The value of one attribute.
typedef struct pst_slot {
    double number;        // Of bools, integers, numbers and choices.
    pst_shared *object;   // Of sounds, waves and numbers: as given; NULL: none.
    pst_shared *prepared; // What the kind's prepare has made of it; NULL: nothing.
} pst_slot;

// A param in one quantum. Limited, without NaN.
typedef struct pst_values {
    bool is_steady;      // The same for all frames:
    float value;         // this. Otherwise the first frame's.
    const float *values; // n_frames, unless it is steady.
} pst_values;

// When a source sounds. Times are in seconds, exact; frames are the first ones that are not before.
typedef struct pst_schedule {
    double start_s;
    double stop_s; // INFINITY: not known yet.
    double offset_s;
    double duration_s; // Negative: all.
    int64_t first;     // The first frame that sounds; INT64_MAX: not started.
    int64_t end;       // The first one that does not any more.
} pst_schedule;

typedef struct pst_kind pst_kind;

// What nodes of one graph share because each would make the same: made by the first who wants it,
// kept as long as the graph.
typedef enum pst_common {
    PST_COMMON_SINE = 0, // pst_wave of the oscillator's own types.
    PST_COMMON_SQUARE = 1,
    PST_COMMON_SAWTOOTH = 2,
    PST_COMMON_TRIANGLE = 3,
    PST_COMMON_EARS = 4, // pst_ears of panners.
    PST_N_COMMONS
} pst_common;

// Where a node is made.
typedef struct pst_site {
    double rate_hz;
    uint32_t quantum_frames;
    pst_shared *commons[PST_N_COMMONS]; // NULL: not made yet.
} pst_site;

// How many inputs and outputs a node has, and to how many channels each input is mixed, unless the
// user may say otherwise.
typedef struct pst_ports {
    uint32_t n_inputs;
    uint32_t n_outputs;
    uint32_t channel_count;
} pst_ports;

typedef struct pst_unit {
    const pst_kind *kind;
    double rate_hz;
    uint32_t quantum_frames;
    uint32_t n_inputs;
    uint32_t n_outputs;
    void *state;            // The kind's own, zeroed before init.
    pst_slot *slots;        // One for each of the kind's attributes.
    pst_shared *room;       // What the kind's make_room has made, for
    uint32_t room_channels; // as many channels.
    pst_schedule schedule;  // Of sources.
    bool is_over;           // Set by process: the source has nothing more to say.
    bool is_resting;        // Set by process of sources with inputs: not before one is active.
} pst_unit;

// The params of the listener, in the order of its table.
enum {
    PST_LISTENER_POSITION = 0, // x, y, z.
    PST_LISTENER_FORWARD = 3,
    PST_LISTENER_UP = 6
};

// What process gets. The arrays have the unit's inputs, outputs and params, in the order of the
// tables.
typedef struct pst_quantum {
    int64_t frame; // Number of the first frame; divided by the rate, it is the time.
    uint32_t n_frames;
    double rate_hz;
    const pst_plane_kernels *kernels;
    const pst_bus *inputs; // Mixed to the channels that the node's rules ask for.
    pst_bus *outputs;      // All of them are to be opened, silenced or passed.
    const pst_values *params;
    const struct pst_input *device; // What the graph hears.
    const pst_values *listener;     // The params of the graph's listener, if the kind hears it.
    // Of sources: frames first to end - 1 of the quantum sound; the others are to be zero.
    uint32_t first;
    uint32_t end;
} pst_quantum;

// Kinds are static const, but where each node has its own. What is NULL is not needed.
struct pst_kind {
    pst_kind_info info;
    size_t state_bytes; // Of the unit's state.
    // Whether process is called even while none of the inputs is active: then they are silent, with
    // one channel each. By resting all its outputs it says that nobody else needs to listen.
    bool hears_silence;

    // ---- Control side: with the graph's lock, so never two at a time. A status of PST_OK, or
    // what pst_fail has returned. ----

    // What a node with these attributes has; ports is as info says. NULL: that will do.
    void (*ports)(const pst_slot *slots, pst_ports *ports);
    // Whether an attribute that is in range already may have its new value. When a node is made, it
    // is asked for each attribute, in the order of the table: slots before have their values, slots
    // behind the numbers that are wanted, whatever those are. NULL: it may.
    pst_status (*check)(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                        pst_error *err);
    // Makes what the unit wants in place of an attribute's value, with one reference. Called when
    // check is; it may leave *prepared as it is, which is NULL.
    pst_status (*prepare)(const pst_slot *slots, const pst_slot *wanted, uint32_t attribute,
                          pst_site *site, pst_shared **prepared, pst_error *err);
    // How many channels an output has at most, if inputs have so many. It may not become less if
    // those become more. NULL: output_channels; if that is 0, as many as the widest input.
    uint32_t (*max_channels)(const pst_slot *slots, uint32_t output, const uint32_t *inputs,
                             uint32_t n_inputs);
    // Limits of a param that depend on attributes which are fixed. NULL: as in its table.
    void (*limits)(const pst_slot *slots, uint32_t param, double *min, double *max);
    // Gets a new unit ready: memory for its state, the first values of slots are there.
    // NULL: zeros will do. Undone by deinit, which is also called if it failed.
    pst_status (*init)(pst_unit *unit, pst_error *err);
    void (*deinit)(pst_unit *unit);
    // Frees the kind itself, where each node has its own: the last that is called. NULL: static.
    void (*destroy)(const pst_kind *kind);
    // Makes memory that grows with the channels of the inputs: called when a node has its first
    // connection, and when its inputs may become wider than ever before. Shared, one reference.
    pst_status (*make_room)(const pst_slot *slots, const pst_site *site, uint32_t n_channels,
                            pst_shared **room, pst_error *err);

    // ---- Renderer ----

    // Moves into another room, which is at least as large; the old one may be NULL.
    void (*move)(pst_unit *unit, pst_shared *room, const pst_shared *old_room) PST_RT;
    // An attribute has a new value, in its slot. What it had travels back after this.
    void (*changed)(pst_unit *unit, uint32_t attribute, const pst_slot *old) PST_RT;
    // Makes one quantum. It is called only while the node is active: a source between start and
    // end, whatever its inputs do; another node while one of its inputs is, or its tail sounds, or
    // always if it hears silence. NULL: there is nothing to make.
    void (*process)(pst_unit *unit, const pst_quantum *quantum) PST_RT;
    // Whether there is sound left, n_frames after the last input became inactive. Meanwhile inputs
    // are silent, with as many channels as they had last. NULL: there is none.
    bool (*has_tail)(const pst_unit *unit, int64_t n_frames) PST_RT;
    // Whether it sounds without any input that does, from now on until this changes. Its inputs are
    // silent then. Called on both sides, each with its slots. NULL: it does not.
    bool (*sounds_alone)(const pst_slot *slots) PST_RT;
    // Only of kinds that break cycles. In a cycle, read is called early in the quantum, in place of
    // process, and write late, when the inputs are there. Together they are as process would be
    // with a delay of at least one quantum. Read is always called; it says by resting its outputs
    // that nothing is left.
    void (*read)(pst_unit *unit, const pst_quantum *quantum) PST_RT;
    void (*write)(pst_unit *unit, const pst_quantum *quantum) PST_RT;
};

// Of an array on the stack that is written before it is read: builds that are made to be safe fill
// all others with zeros first.
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define PST_SCRATCH __attribute__((uninitialized))
#endif
#endif
#ifndef PST_SCRATCH
#define PST_SCRATCH
#endif

// How many items an array has: for the tables of kinds.
#define PST_COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

// The value at one frame of the quantum.
static inline float pst_value_at(const pst_values *values, uint32_t i) PST_RT {
    return values->is_steady ? values->value : values->values[i];
}

#endif
