// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_KINDS_H
#define PASTREAM_GRAPH_KINDS_H

#include "pastream/base.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// What kinds of nodes a graph can have, and what each of them takes: constant tables, from which
// the Python classes and their reference are made.

enum {
    PST_GRAPH_MAX_CHANNELS = 32, // Of an input or output, and of ports of one node.
    PST_QUANTUM_DEFAULT = 128,   // Frames.
    PST_QUANTUM_MAX = 16384
};

// How many channels an input is mixed to, if its connections differ.
typedef enum pst_count_mode {
    PST_COUNT_MAX = 0,         // As the widest connection.
    PST_COUNT_CLAMPED_MAX = 1, // The same, but at most channel_count.
    PST_COUNT_EXPLICIT = 2     // channel_count.
} pst_count_mode;

// How channels become more or fewer.
typedef enum pst_mixing {
    PST_MIXING_SPEAKERS = 0, // 1, 2, 4 and 6 as mono, stereo, quad and 5.1; others as discrete.
    PST_MIXING_DISCRETE = 1  // Channel k to channel k.
} pst_mixing;

// What a user may change of the two above and of the channel count.
typedef enum pst_channel_freedom {
    PST_CHANNELS_FREE = 0,
    PST_CHANNELS_AT_MOST_STEREO = 1, // Count 1 or 2, any mode but max.
    PST_CHANNELS_FIXED_COUNT = 2,    // Only the mixing.
    PST_CHANNELS_FIXED = 3
} pst_channel_freedom;

typedef enum pst_param_rate {
    PST_RATE_A = 0, // A value for each frame.
    PST_RATE_K = 1  // One value for each quantum: that of its first frame.
} pst_param_rate;

typedef struct pst_param_info {
    const char *name;
    float initial;
    float min; // What the sum of the timeline and the inputs is brought to.
    float max;
    bool is_within_nyquist; // min and max are -rate/2 and rate/2 instead,
    bool is_not_negative;   // or 0 and rate/2.
    pst_param_rate rate;
    bool rate_is_fixed;
} pst_param_info;

typedef enum pst_attribute_kind {
    PST_ATTRIBUTE_BOOL = 0,    // 0 or 1.
    PST_ATTRIBUTE_INTEGER = 1, // From min to max.
    PST_ATTRIBUTE_NUMBER = 2,  // The same.
    PST_ATTRIBUTE_CHOICE = 3,  // The index of one of choices.
    PST_ATTRIBUTE_NUMBERS = 4, // An array; min to max is how many.
    PST_ATTRIBUTE_SOUND = 5,   // A pst_sound, or none.
    PST_ATTRIBUTE_WAVE = 6,    // A pst_wave, or none.
    PST_ATTRIBUTE_RING = 7     // A pst_ring.
} pst_attribute_kind;

typedef struct pst_attribute_info {
    const char *name;
    pst_attribute_kind kind;
    double initial;
    double min;
    double max;
    const char *const *choices; // Ends with NULL.
    bool is_fixed;              // Can only be given when the node is made.
} pst_attribute_info;

typedef struct pst_kind_info {
    const char *name;         // As "biquad_filter".
    uint32_t n_inputs;        // Unless an attribute says otherwise.
    uint32_t n_outputs;       // The same.
    uint32_t output_channels; // Of each output; 0: it depends on the inputs, or on attributes.
    uint32_t channel_count;
    pst_count_mode count_mode;
    pst_mixing mixing;
    pst_channel_freedom freedom;
    bool is_source;      // Sounds from its start to its stop.
    bool takes_part;     // Its start also takes an offset and a duration.
    bool is_pulled;      // Runs even if its output goes nowhere.
    bool breaks_cycles;  // A delay: in a cycle it is at least one quantum long.
    bool hears_listener; // Its sound depends on the graph's listener.
    bool is_single;      // Graphs have one each, and nobody makes another.
    const pst_param_info *params;
    uint32_t n_params;
    const pst_attribute_info *attributes;
    uint32_t n_attributes;
} pst_kind_info;

// Returns the kinds one after another, or NULL behind the last.
// Thread: any. Realtime: yes. Ownership: static.
PST_API const pst_kind_info *pst_graph_kind(uint32_t index) PST_RT;

// Returns the file with the measurements of a head that panners need for the model "HRTF": the one
// that the environment variable PASTREAM_SOFA names, or the one that comes with libmysofa. There
// may be no such file. NULL: this build lacks libmysofa.
// Thread: control. Realtime: no. Ownership: static, or the environment's.
PST_API const char *pst_hrtf_file(void);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
