// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_GRAPH_BUS_H
#define PST_GRAPH_BUS_H

#include "core/kernels/kernels.h"
#include "pastream/graph_kinds.h"

// One quantum of sound on its way from an output to inputs: one plane per channel.
//
// A bus that is not active comes from something that does not sound at present: one channel of
// silence, which counts as no channels but one, and for which nobody does any work. An active bus
// can be silent too, as behind a gain of 0: then its channels count, and its planes are zeros.
typedef struct pst_bus {
    float *const *channels; // n_channels planes; of inputs, to be read only.
    uint32_t n_channels;
    bool is_active;
    bool is_silent;
    bool is_connected; // Of inputs: something leads here, whether it sounds or not.
    // The engine's.
    uint32_t capacity;   // Planes of its own.
    float *const *own;   // They.
    float *const *zeros; // PST_GRAPH_MAX_CHANNELS times the same silence.
    uint32_t n_frames;
} pst_bus;

// Opens an output for writing: returns n_channels planes, which hold anything. At most the number
// that the kind's max_channels has promised.
float *const *pst_bus_open(pst_bus *bus, uint32_t n_channels) PST_RT;

// The same with zeros, where only a part will be written.
float *const *pst_bus_open_zeroed(pst_bus *bus, uint32_t n_channels) PST_RT;

// Lets an output be silent, with so many channels, or the same as an input, without a copy.
void pst_bus_silence(pst_bus *bus, uint32_t n_channels) PST_RT;
void pst_bus_pass(pst_bus *bus, const pst_bus *input) PST_RT;

// Lets it be planes of somebody else's, which last to the end of the quantum.
void pst_bus_show(pst_bus *bus, float *const *planes, uint32_t n_channels) PST_RT;

// Marks an output as one that does not sound.
void pst_bus_rest(pst_bus *bus) PST_RT;

// Makes n_to channels out of those of a bus, written to or added to planes.
void pst_bus_mix(const pst_plane_kernels *kernels, float *const *to, uint32_t n_to,
                 const pst_bus *from, pst_mixing mixing, bool adds) PST_RT;

// What one channel of n_from gives to one of n_to, by the rules for speakers.
float pst_bus_gain(uint32_t n_from, uint32_t from, uint32_t n_to, uint32_t to) PST_RT;

#endif
