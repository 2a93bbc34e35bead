// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_GRAPH_FUNCTIONS_H
#define PASTREAM_GRAPH_FUNCTIONS_H

#include "pastream/graph.h"
#include "pastream/process.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Nodes whose sound is made by functions of the user's, block by block: by the renderer itself, or
// by a worker, which is any other thread and may take its time, up to a look-ahead.

enum { PST_FUNCTION_MAX_PARAMS = 64, PST_FUNCTION_MAX_AHEAD = 1 << 24 };

// What is heard in place of output that the worker has not made in time.
typedef enum pst_underrun {
    PST_UNDERRUN_SILENCE = 0,
    PST_UNDERRUN_HOLD = 1,  // The last sample of each channel.
    PST_UNDERRUN_BYPASS = 2 // The first input, as late as the output would have been.
} pst_underrun;

typedef struct pst_function_config {
    uint32_t n_inputs;               // 0 to PST_GRAPH_MAX_CHANNELS.
    uint32_t n_outputs;              // The same; 0: it only listens.
    uint32_t n_channels;             // Of each input, 1 to PST_GRAPH_MAX_CHANNELS.
    const uint32_t *output_channels; // n_outputs; copied. NULL: n_channels each.
    // n_params; copied. Names must differ. Those of PST_RATE_K have the value of a block's first
    // frame in all of it, and keep that rate.
    const pst_param_info *params;
    uint32_t n_params;          // 0 to PST_FUNCTION_MAX_PARAMS.
    uint32_t block_frames;      // 1 to PST_QUANTUM_MAX; 0: the graph's quantum.
    pst_process_fn process;     // Called by the renderer. NULL: a worker calls what it likes.
    void *user;                 // For process. Must last as long as the node.
    bool is_packed;             // All blocks lie in one place, as those of a worker always do.
    bool keeps_denormals;       // While process runs, denormal numbers are not flushed to zero.
    uint32_t look_ahead_frames; // Of a worker: up to PST_FUNCTION_MAX_AHEAD; 0: the least.
    pst_underrun underrun;      // Of a worker.
} pst_function_config;

// What a node shares with its worker: a handle, counted, that outlasts the node.
typedef struct pst_function pst_function;

// Fills in the defaults: one input and one output with one channel, blocks of a quantum.
// Thread: any. Realtime: yes.
PST_API void pst_function_config_default(pst_function_config *config) PST_RT;

// Adds a node of kind "function". It is a source: it sounds from pst_gnode_start on, and calls for
// every block between start and stop. Those with inputs may be started again, which moves their
// start, and are forgotten without a handle once they rest (PST_PROCESS_MAY_END, no input).
//
// Blocks that are not packed have at most a quantum, and need no copy. They are less where the
// start or the stop lies in it.
//
// node, function: the caller's. Returns PST_OK, PST_BAD_ARGUMENT, PST_NO_MEMORY or
// PST_SYSTEM_ERROR. Thread: control, any number at once. Realtime: no (allocates).
PST_API pst_status pst_graph_add_function(pst_graph *graph, pst_gnode **node,
                                          pst_function **function,
                                          const pst_function_config *config, pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_function_retain(pst_function *function) PST_RT;

// Drops a reference. NULL is allowed. Thread: any but callback. Realtime: no (frees).
PST_API void pst_function_release(pst_function *function);

// How many frames the output is behind the input. For a worker it is the look-ahead, at least one
// block and a quantum less their greatest common divisor; else what the blocks need: nothing if
// they fit into a quantum, up to a block. Thread: any. Realtime: yes.
PST_API int64_t pst_function_latency_frames(const pst_function *function) PST_RT;

// Where packed blocks lie, one after another: planes of block_frames each, of which a block may use
// less. inputs: those of the inputs, then those of the params.
typedef struct pst_function_memory {
    float *inputs; // NULL: blocks are not packed.
    float *outputs;
    uint32_t block_frames;
} pst_function_memory;

// Tells where the blocks are made. The memory lasts as long as the function.
// Thread: any. Realtime: yes. Ownership: the function's.
PST_API void pst_function_get_memory(const pst_function *function,
                                     pst_function_memory *memory) PST_RT;

// ---- The worker ---------------------------------------------------------------------------------

// Waits for the next block that can still be heard, and opens it: its inputs lie in their place,
// its outputs hold zeros. A timeout of 0 only looks; a negative one waits for ever.
// Returns PST_OK, PST_TIMEOUT, PST_CLOSED (the node is gone, or it was closed; there will be none)
// or PST_BAD_STATE (the function has no worker, or a block is open).
// Thread: the worker. Realtime: no (blocks).
PST_API pst_status pst_function_next(pst_function *function, int64_t timeout_ns,
                                     pst_process_block *block);

// Gives the block that is open to the renderer. result: as of a pst_process_fn.
// Thread: the worker. Realtime: yes.
PST_API void pst_function_done(pst_function *function, int32_t result) PST_RT;

// Silences the node for good, and lets the worker go: pst_function_next returns PST_CLOSED.
// Thread: any. Realtime: yes.
PST_API void pst_function_close(pst_function *function) PST_RT;

typedef struct pst_function_stats {
    uint64_t n_blocks;       // Made.
    uint64_t n_underruns;    // How often output was missing.
    uint64_t missing_frames; // How much.
    uint64_t n_lost;         // Blocks of input that the worker was not given any more.
    bool has_failed;         // A result was none, or it was closed.
    bool is_closed;          // The worker is not needed any more.
} pst_function_stats;

// Thread: any. Realtime: yes.
PST_API void pst_function_get_stats(const pst_function *function, pst_function_stats *stats) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
