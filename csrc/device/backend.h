// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_BACKEND_H
#define PST_DEVICE_BACKEND_H

#include <stdatomic.h>

#include "pastream/device.h"

// What a backend has to provide: a list of devices, and handles on them that call a process
// function from an audio thread. Backends know nothing about rings or streams.

// What the device's frame counter is worth.
typedef enum pst_counter {
    PST_COUNTER_NONE = 0,      // The host has no clock in frames: device_frame means nothing.
    PST_COUNTER_ESTIMATED = 1, // From the host's time at the callback: late by the wake-up's delay.
    PST_COUNTER_EXACT = 2      // The number of the block's first frame.
} pst_counter;

// One block, as the audio thread hands it over.
typedef struct pst_block {
    const void *input;     // n_frames interleaved frames in the device format, or NULL.
    void *output;          // The same to be filled, or NULL.
    uint32_t n_frames;     // May be 0, may change from block to block.
    uint32_t flags;        // pst_flag, the host's own.
    int64_t device_frame;  // See pst_counter. Any origin; only differences count.
    int64_t now_ns;        // Monotonic time at entry; on a free clock, simulated time.
    double input_age_s;    // How long ago the first input frame was taken: 0 to 10, or negative if
                           // the host does not say or says nonsense.
    double output_delay_s; // How soon the first output frame will be heard: the same.
} pst_block;

typedef enum pst_verdict {
    PST_CONTINUE = 0,
    PST_COMPLETE = 1, // Play what was handed over, then no more callbacks.
    PST_ABORT = 2     // No more callbacks, at once.
} pst_verdict;

// Called from the audio thread. Realtime: yes.
typedef pst_verdict (*pst_process_fn)(void *user, const pst_block *block) PST_RT;

// Called by drivers with a free clock before a block: waits until the block would neither over- nor
// underflow. Returns false if that takes longer than timeout_ns, or if the driver should look
// whether it was stopped. Realtime: no.
typedef bool (*pst_pace_fn)(void *user, uint32_t n_frames, int64_t timeout_ns);

// What a virtual device remembers from one opening to the next.
typedef struct pst_virtual_memory {
    _Atomic uint32_t n_faults_done; // Of its script.
    _Atomic int64_t back_ns;        // When it can be opened again; PST_NEVER_NS: never.
} pst_virtual_memory;

typedef struct pst_open_request {
    pst_side input;  // device PST_NO_INDEX if the side is not there; index as the backend counts.
    pst_side output; // device_format is resolved, never 0.
    double samplerate_hz;
    uint32_t block_frames;                    // 0: the host chooses.
    const pst_virtual_config *virtual_config; // Valid during the call; NULL for defaults.
    pst_virtual_memory *virtual_memory;       // NULL, or valid as long as user: begins as all zero.
    pst_process_fn process;
    pst_pace_fn pace;
    void *user; // Must stay valid until close has returned PST_OK.
} pst_open_request;

typedef struct pst_open_info {
    double samplerate_hz;
    double input_latency_s; // Bounded: 0 to 10.
    double output_latency_s;
    pst_format input_device_format;  // Of pst_block.input; 0 if the side is not there. These two
    pst_format output_device_format; // are filled in by pst_handle_open.
    pst_counter counter;
    uint32_t counter_grain; // Blocks that the host hands out together, in frames, 0 if unknown: a
                            // loss is a multiple of it.
    double settle_s;        // How long a delayed host may take to catch up with buffered blocks
                            // before a gap in its clock counts as loss. 0 with an exact counter.
    bool is_realtime;
} pst_open_info;

// A list of devices under construction.
typedef struct pst_device_list pst_device_list;

// Each host API is followed by its devices. Both calls copy, and return PST_OK or PST_NO_MEMORY.
// The device's uid and hostapi, and the host API's count of devices, are filled in by the list. A
// host API's default devices are counted from the backend's first device; the list shifts them.
pst_status pst_device_list_add_hostapi(pst_device_list *list, const pst_hostapi_info *info);
pst_status pst_device_list_add_device(pst_device_list *list, const pst_device_info *info);

// Counts a device that is not to be listed: those after it keep the indices that the backend knows.
void pst_device_list_skip(pst_device_list *list);

// Names the default devices of the whole system, counted the same way; PST_NO_INDEX for none.
void pst_device_list_set_defaults(pst_device_list *list, int32_t input, int32_t output);

// Every call but is_active may block for as long as the host likes: handle.h runs them on a helper
// thread, with a deadline. Calls on different objects may overlap.
typedef struct pst_backend_ops {
    const char *name;
    bool is_fixed;        // Its devices never change: a refresh leaves it alone.
    bool may_load_beside; // It can be loaded once more while it is in use, with a state of its own.
    // Ends in unload, which may be called only with no handle open on this backend object. Of load
    // and unload only one is called at a time.
    // The list is new and empty. On failure there is nothing to unload.
    pst_status (*load)(void **backend, pst_device_list *list, pst_error *err);
    void (*unload)(void *backend);
    // The format to open one side of a request with, where device_format is 0.
    pst_format (*suit)(void *backend, const pst_open_request *request, pst_direction direction);
    pst_status (*check)(void *backend, const pst_open_request *request, pst_error *err);
    pst_status (*open)(void *backend, const pst_open_request *request, void **handle,
                       pst_open_info *info, pst_error *err);
    pst_status (*start)(void *handle, pst_error *err);
    pst_status (*stop)(void *handle, pst_error *err);  // Plays out what the host holds.
    pst_status (*abort)(void *handle, pst_error *err); // Does not.
    pst_status (*close)(void *handle, pst_error *err); // After stop or abort. No callback after.
    bool (*is_active)(void *handle); // Quick; false once the host says that nothing more will come.
} pst_backend_ops;

extern const pst_backend_ops pst_backend_portaudio;
extern const pst_backend_ops pst_backend_virtual;

#endif
