// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_STREAM_H
#define PASTREAM_STREAM_H

#include "pastream/callback.h"
#include "pastream/device.h"
#include "pastream/resample.h"
#include "pastream/ring.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A stream: one or two devices whose callback moves frames between the device and two rings, and
// never waits for anybody.
//
// Frame numbers count the device's frames since start, lost ones included: frame n was heard n /
// rate seconds after frame 0. A frame is lost when a ring had no room for it, or when the device's
// clock went on while the host called nobody; both are counted in frames. A loss that shows only
// after a while moves the numbers from the moment it is found; its event tells where it was.
typedef struct pst_stream pst_stream;

#ifdef PST_CFFI
enum { PST_UNLIMITED = -1 };
#else
#define PST_UNLIMITED INT64_C(-1)
#endif

typedef enum pst_overflow {
    PST_OVERFLOW_RAISE = 0,       // Input ring full: abort the stream with PST_OVERFLOW.
    PST_OVERFLOW_DROP_OLDEST = 1, // Take the oldest frames from readers that hold no span.
    PST_OVERFLOW_DROP_NEWEST = 2, // Leave out the new frames.
    PST_OVERFLOW_SILENCE = 3 // As drop newest, and put as much silence where frames are missing,
                             // those that the device lost included: time is kept.
} pst_overflow;

typedef enum pst_underflow {
    PST_UNDERFLOW_SILENCE = 0, // Output ring empty: play silence, count it, go on.
    PST_UNDERFLOW_RAISE = 1    // Abort the stream with PST_UNDERFLOW.
} pst_underflow;

typedef enum pst_state {
    PST_STATE_STOPPED = 0,  // Open; not started, or stopped.
    PST_STATE_RUNNING = 1,  // Also while the host plays what it took before the end.
    PST_STATE_STALLED = 2,  // Running, but no callback for stall_after_s. May come back.
    PST_STATE_FINISHED = 3, // Ran to its end: the limits were reached and played out.
    PST_STATE_ABORTED = 4,  // Ended before that, by abort, a policy, or an error.
    PST_STATE_LOST = 5,     // No callback for lost_after_s, seen twice 50 ms apart (the silence may
                            // be our own: a stopped process), or the host says the stream died.
    PST_STATE_CLOSED = 6,
    PST_STATE_REOPENING = 7 // Running, but without the device, which is looked for (pst_on_lost).
} pst_state;

// How the device's channels are made from the ring's, or the ring's from the device's.
typedef struct pst_channel_map {
    uint32_t n_device_channels; // That the device is opened with; 0: as many as the ring has.
    const float *gains;         // Of each destination for each source, row-major
                                // [destination][source], finite; copied. NULL: channel k to channel
                                // k, those without a partner silent or left out. The device is the
                                // source of the input and the destination of the output.
} pst_channel_map;

// What happens when the device is lost. All but the first take a thread for each stream, which
// opens the device again into the same rings; whoever waits goes on waiting. Frame numbers go on,
// too: the time without a device counts as lost frames, by the monotonic clock, and is a gap or
// silence as the overflow policy says. The events DEVICE_LOST and DEVICE_BACK tell of it. It is
// tried until the stream is stopped or closed, at first after 0.1 s, then every 2 s, or for
// reopen_timeout_s. A start that finds the device gone waits for it in the same way.
typedef enum pst_on_lost {
    PST_ON_LOST_RAISE = 0,  // The state becomes lost; waits end with PST_DEVICE_LOST.
    PST_ON_LOST_REOPEN = 1, // Look for the device with the same uid.
    PST_ON_LOST_DEFAULT = 2 // Or take the default device, as long as that one is not there.
} pst_on_lost;

typedef struct pst_stream_config {
    pst_side input; // n_channels and format are the ring's.
    pst_side output;
    pst_channel_map input_map;
    pst_channel_map output_map;
    double samplerate_hz;        // 1 to 1 000 000.
    double device_samplerate_hz; // To open the devices with; 0: as samplerate_hz. Where the two
                                 // differ the audio thread changes the rate, in float32.
    pst_resample_quality resample_quality;
    uint32_t block_frames;      // Per callback, 1 to 65536; 0 lets the host choose and vary.
    uint64_t input_ring_frames; // Wanted capacity; 0 takes pst_default_ring_frames.
    uint64_t output_ring_frames;
    pst_ring *input_ring;  // NULL, or a ring to use in place of a new one: retained. Its
    pst_ring *output_ring; // frame_bytes must fit the side.
    pst_overflow overflow;
    pst_underflow underflow;
    int64_t input_skip_frames;   // Device frames to discard at the start.
    int64_t input_total_frames;  // The input is complete after so many device frames, skipped ones
                                 // included, or PST_UNLIMITED.
    int64_t output_total_frames; // The output is complete after so many frames from the ring, or
                                 // PST_UNLIMITED: once the ring is ended and empty.
    int64_t output_pad_frames;   // Silence to play after that, or PST_UNLIMITED: for ever.
    int64_t output_run_frames;   // The output is complete after so many device frames whatever the
                                 // ring gave, or PST_UNLIMITED. What the ring does not give is
                                 // padding, and never missing; output_pad_frames does not count.
    double stall_after_s;        // 0 takes the default: 10 blocks, at least 0.25 s.
    double lost_after_s;         // 0 takes the default: 1 s, at least twice stall_after_s, and 5 s
                                 // until a quarter of a second has passed: hosts may begin slowly.
    double control_timeout_s; // Deadline of host calls; 0 takes the default: 1 s, 5 s for opening,
                              // and for stopping what the host has still to play, too.
    pst_on_lost on_lost;
    double reopen_timeout_s; // With on_lost: after so long the stream is lost; 0: never.
    bool keep_nonfinite;     // Do not replace NaN and infinities in float output by 0.
    const pst_virtual_config *virtual_config; // Of virtual devices; NULL: the defaults. Copied.
    pst_callback_fn callback; // Called on the audio thread in every block of a run, but those of 0
                              // frames; NULL: none. See below.
    void *callback_user;      // Handed to it. Must stay valid until pst_stream_close has returned
                              // PST_OK: a host that was abandoned may still call.
    bool without_input_ring;  // Only the callback gets the input, only the callback fills the
    bool without_output_ring; // output: there is no such ring. Needs a callback.
} pst_stream_config;

// A callback stands between the rings and the device, in the stream's formats and channels. What it
// finds in the output is what the output ring gave, or silence; what it leaves there is played, NaN
// and infinities treated as those of the ring are. The captured frames that it looks at go to the
// input ring. A block too large to be handed over at once is handed over in pieces, one after the
// other. PST_CALLBACK_COMPLETE finishes the run: the block is played and its input is kept;
// PST_CALLBACK_ABORT aborts it, which is no error. After either it is not called again in this run.
//
// Without an output ring, output_total_frames and output_pad_frames do nothing; without an input
// ring, input_skip_frames does nothing.

typedef struct pst_stream_info {
    double samplerate_hz;   // As the device runs.
    double input_latency_s; // As the host says, 0 to 10; nonsense is 0.
    double output_latency_s;
    uint32_t block_frames;   // As asked; 0 if the host chooses.
    pst_format input_format; // In the ring.
    pst_format output_format;
    pst_format input_device_format;
    pst_format output_device_format;
    bool is_realtime; // False on a free clock.
} pst_stream_info;

typedef enum pst_event_kind {
    PST_EVENT_HOST_XRUN = 1,      // The host set flags. n_frames is 0: a flag is not an amount.
    PST_EVENT_DEVICE_LOSS = 2,    // The device's clock went on without us for n_frames.
    PST_EVENT_INPUT_DROPPED = 3,  // The input ring was full: n_frames were not stored (or, with
                                  // drop-oldest, taken back).
    PST_EVENT_OUTPUT_MISSING = 4, // The output ring was empty: n_frames of silence were played.
    PST_EVENT_FINISHED = 5,
    PST_EVENT_ABORTED = 6,
    PST_EVENT_DEVICE_LOST = 7, // The device is away; it is being looked for.
    PST_EVENT_DEVICE_BACK = 8, // It is back, or another one is there; n_frames were lost meanwhile.
    PST_EVENT_INPUT_SILENT = 9 // The last n_frames of the input were exactly zero: 5 s or more.
} pst_event_kind;

typedef struct pst_stream_event {
    pst_event_kind kind;
    uint32_t flags; // pst_flag, as the host set them.
    int64_t frame;  // Device frame number of the first frame concerned.
    int64_t n_frames;
    int64_t time_ns; // Of the callback that saw it.
} pst_stream_event;

// Counters since start. Each is exact; they are read one after another, not at one instant.
typedef struct pst_stream_stats {
    int64_t frames;          // Device frames passed, lost ones included.
    int64_t end_frame;       // The same, but for frames of the last block after the end of a run
                             // that came to its limits.
    int64_t captured_frames; // Input frames put into the ring, inserted silence included, and also
                             // what drop-oldest took back later.
    int64_t skipped_frames;  // Input frames left out by input_skip_frames.
    int64_t inserted_frames; // Silence put into the input ring by PST_OVERFLOW_SILENCE.
    int64_t dropped_frames;  // Input frames lost for want of room in the ring: those that never
                             // fitted, and those that drop-oldest took from reader 0.
    int64_t lost_frames;     // Frames lost by the device or host, from the device's clock.
    int64_t played_frames;   // Output frames taken from the ring.
    int64_t missing_frames;  // Silence played because the output ring was empty.
    int64_t padded_frames;   // Silence played after the end, the rest of the last block included,
                             // and with output_run_frames whatever the ring did not give.
    int64_t n_clipped;       // Samples clipped in conversion, both sides.
    int64_t n_nonfinite;     // NaN and infinities replaced.
    int64_t zero_frames;     // The last so many frames of the input were exactly zero.
    int64_t n_callbacks;
    int64_t n_xruns;            // Callbacks that carried any xrun flag, or before which frames were
                                // lost, or in which a ring over- or underflowed.
    int64_t n_input_underflows; // Callbacks with that host flag.
    int64_t n_input_overflows;
    int64_t n_output_underflows;
    int64_t n_output_overflows;
    int64_t n_events_dropped; // Events that found the event queue full.
    int64_t last_callback_ns; // Monotonic time of the last callback, 0 before the first.
    int64_t start_ns;         // Monotonic time of start.
    uint32_t last_block_frames;
    uint32_t min_block_frames;
    uint32_t max_block_frames;
    uint32_t flags;      // All flags seen, or-ed.
    double cpu_load;     // Time in the callback over the block's duration, smoothed.
    double max_cpu_load; // Largest of single callbacks.
    int32_t
        thread_priority; // Realtime priority of the audio thread at its first callback, 1 to 99;
                         // 0 if it has none, or was not asked yet.
    double drift_ppm;    // Device clock against the monotonic clock; 0 until known.
} pst_stream_stats;

// Where frames of the input ring came from.
typedef struct pst_frames_info {
    int64_t frame;       // Device frame number of the first frame.
    double adc_time_s;   // When that frame was taken, monotonic clock, by the stream's clock model.
    int64_t gap_frames;  // Frames missing between the last frame before this run and its end.
    uint32_t flags;      // pst_flag of all callbacks that touched this run.
    int64_t callback_ns; // Monotonic time of the callback that delivered the last frame.
} pst_frames_info;

// Fills in the defaults: no sides, all limits off, raise on overflow, silence on underflow.
// Thread: any. Realtime: yes.
PST_API void pst_stream_config_default(pst_stream_config *config) PST_RT;

// Returns the default capacity for a ring: 60 s, or what fits in 64 MiB if that is less, but at
// least 2 s. Thread: any. Realtime: yes.
PST_API uint64_t pst_default_ring_frames(double samplerate_hz, uint32_t frame_bytes) PST_RT;

// Opens a stream on the devices named in config. The stream starts with one reference.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the field), PST_NO_DEVICE, PST_UNSUPPORTED,
// PST_DEVICE_BUSY, PST_HOST_ERROR, PST_TIMEOUT, PST_NO_MEMORY, PST_FORKED.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_open(pst_stream **stream, pst_system *system,
                                                 const pst_stream_config *config, pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_stream_retain(pst_stream *stream) PST_RT;

// Drops a reference. A stream that is still open is then closed by a thread of the library, so
// that this never blocks: it may be called by a garbage collector. NULL is allowed.
// Thread: any. Realtime: no.
PST_API void pst_stream_release(pst_stream *stream);

// Changes the limits of a stream that is not running, for its next run.
// Returns PST_OK, PST_BAD_STATE, PST_CLOSED, PST_BAD_ARGUMENT.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_set_limits(pst_stream *stream,
                                                       int64_t input_skip_frames,
                                                       int64_t input_total_frames,
                                                       int64_t output_total_frames,
                                                       int64_t output_pad_frames,
                                                       int64_t output_run_frames, pst_error *err);

// Plays another ring from the next start on. The stream must not be running; it retains the ring,
// whose frames must have the output's size, and which must outlive the stream's use of it if it
// lies over the caller's memory. What the old ring holds stays in it.
// loops: the ring must lie over the caller's memory and be full, and nobody else may write it any
// more; the stream plays it again and again without a gap, until a limit or a stop ends the run,
// which empties it.
// Returns PST_OK, PST_BAD_STATE, PST_BAD_ARGUMENT, PST_CLOSED, PST_FORKED, PST_TIMEOUT (the host
// did not come back from the last run; the stream is closed).
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_set_output_ring(pst_stream *stream, pst_ring *ring,
                                                            bool loops, pst_error *err);

// Changes all gains of one side's channel map, also during a run: each block sees one whole set.
// Where each destination takes at most one source, at gain 1, samples are copied as they are.
// gains: as in pst_channel_map, of the same shape. Returns PST_OK, PST_BAD_ARGUMENT (no such side,
// or a gain that is not finite), PST_NO_MEMORY, PST_CLOSED, PST_FORKED.
// Thread: any, several at once. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_set_matrix(pst_stream *stream, pst_direction direction,
                                                       const float *gains, pst_error *err);

// Copies the gains that were set last. gains: room for as many as pst_channel_map has.
// Returns PST_OK, PST_BAD_ARGUMENT, PST_CLOSED, PST_FORKED. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_get_matrix(pst_stream *stream, pst_direction direction,
                                                       float *gains, pst_error *err);

// Plays silence from the next block on, and takes nothing from the output ring; or goes on where
// that was. It is counted as padding, and holds for later runs, too. Does nothing without an output
// ring. Thread: any. Realtime: yes.
PST_API void pst_stream_hold_output(pst_stream *stream, bool holds) PST_RT;

// Starts a new run: counters go back to 0, what the input ring still holds is discarded for all of
// its readers, once the recordings of the last run have taken it, and what was written to the
// output ring since the last run is played. From here on the input ring's own reader, number 0,
// only holds others up once it is used, or if pst_ring_claim was called. On a running stream it
// does nothing.
// Returns PST_OK, PST_BAD_STATE (a reader holds frames of the last run, or a recording does not get
// on), PST_CLOSED, PST_FORKED, PST_HOST_ERROR, PST_DEVICE_LOST, PST_TIMEOUT.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_start(pst_stream *stream, pst_error *err);

// Stops: the host plays what it already took. Frames left in the output ring are discarded, those
// in the input ring stay readable, and both rings are ended for their readers. Does nothing on a
// stream that is not running. Returns PST_OK; PST_TIMEOUT if the host did not come back: the handle
// is then abandoned and the stream closed.
// Thread: any, also from several at once. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_stop(pst_stream *stream, pst_error *err);

// As stop, without playing out; the state becomes aborted if the stream was running.
// Thread: any, also from several at once. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_abort(pst_stream *stream, pst_error *err);

// Discards what the output ring holds for the next run, and its end. Does nothing on a stream that
// runs, that is closed, or that has no such ring. Thread: any. Realtime: no.
PST_API void pst_stream_clear_output(pst_stream *stream);

// Aborts if running, closes the device, interrupts all waits on the rings with PST_CLOSED. Returns
// within twice control_timeout_s whatever the host does. Idempotent. In a forked child it only
// marks the stream closed. Returns PST_OK or PST_TIMEOUT (the handle was abandoned, now or before).
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stream_close(pst_stream *stream, pst_error *err);

// Waits until the stream does not run any more. Returns PST_OK (finished or stopped), PST_TIMEOUT,
// PST_CLOSED, PST_OVERFLOW or PST_UNDERFLOW (a policy aborted it), PST_DEVICE_LOST.
// Thread: any, several at once. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_stream_wait(pst_stream *stream, int64_t timeout_ns,
                                                 pst_error *err);

// Arms a file descriptor that becomes readable when the stream stops running, or is closed; at once
// if it does not run. For event loops. The descriptor belongs to the stream. A wake-up may be
// early, and another thread that arms clears it: look again with pst_stream_wait and a timeout of
// 0, and now and then without a wake-up, since nobody tells of a device that has gone.
// Returns the descriptor, or a negative pst_status: PST_UNSUPPORTED where the system has none, and
// while the host plays what it took before the end, which it does not tell either: look again
// within a few milliseconds; PST_FORKED, PST_SYSTEM_ERROR.
// Thread: any. Realtime: no (makes the descriptor on first use).
PST_API int pst_stream_arm_over(pst_stream *stream);

// Waits until n_frames can be read by a reader of the input ring: pst_ring_wait_readable that also
// notices a device that is gone. Returns PST_OK, PST_END, PST_TIMEOUT, PST_CLOSED, PST_DEVICE_LOST,
// PST_OVERFLOW (the stream was aborted; what was captured before can still be read),
// PST_BAD_ARGUMENT (there is no such ring, or reader, or it is too small).
// Thread: reader. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_stream_wait_input(pst_stream *stream, uint32_t reader,
                                                       uint64_t n_frames, int64_t timeout_ns,
                                                       pst_error *err);

// Copies the next n_frames out for a reader of the input ring if all of them are there, and
// describes them unless info is NULL; else nothing is taken. Returns whether they were taken.
// Thread: reader. Realtime: no.
PST_API bool pst_stream_take_input(pst_stream *stream, uint32_t reader, void *data,
                                   uint64_t n_frames, pst_frames_info *info);

// One round of a loop over the input, for callers that pay for each call: lets the reader's span go
// and passes over n_passed frames, waits for n_frames as pst_stream_wait_input does, and begins a
// read of up to max_frames. Returns as pst_stream_wait_input; the span is empty if there is
// nothing, and after PST_TIMEOUT. The rounds of a reader may run on different threads, one after
// another. Thread: reader. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_stream_next_input(pst_stream *stream, uint32_t reader,
                                                       uint64_t n_passed, uint64_t n_frames,
                                                       uint64_t max_frames, int64_t timeout_ns,
                                                       pst_span *span, pst_error *err);

// As pst_stream_wait_input, for room in the output ring; PST_END if the run ends meanwhile.
// Thread: producer. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_stream_wait_output(pst_stream *stream, uint64_t n_frames,
                                                        int64_t timeout_ns, pst_error *err);

// Returns the state, from the watchdog's point of view.
// Thread: any. Realtime: no (may ask the host).
PST_API pst_state pst_stream_state(pst_stream *stream);

// Writes the uid of the device of one side: with on_lost it can change. Empty if there is no such
// side. Thread: any. Realtime: no.
PST_API void pst_stream_device_uid(pst_stream *stream, pst_direction direction, char *uid,
                                   size_t n_bytes);

// Why the stream was aborted or lost: PST_OK if it was not. Thread: any. Realtime: no.
PST_API pst_status pst_stream_reason(pst_stream *stream, pst_error *err);

// The rings, or NULL for a side that is not there or has none. Borrowed: retain to keep; the
// output's is valid until another takes its place.
// Thread: any. Realtime: yes.
PST_API pst_ring *pst_stream_input_ring(const pst_stream *stream) PST_RT;
PST_API pst_ring *pst_stream_output_ring(const pst_stream *stream) PST_RT;

// Thread: any. Realtime: yes.
PST_API void pst_stream_get_info(const pst_stream *stream, pst_stream_info *info) PST_RT;
PST_API void pst_stream_get_stats(const pst_stream *stream, pst_stream_stats *stats) PST_RT;

// Takes the oldest event since start; false if there is none.
// Thread: any, one at a time. Realtime: yes.
PST_API bool pst_stream_pop_event(pst_stream *stream, pst_stream_event *event) PST_RT;

// Describes n_frames of the input ring that begin at a ring position (pst_span.position), which
// must belong to the current run and be no older than the last 1024 gaps.
// Thread: any. Realtime: yes.
PST_API void pst_stream_describe_input(const pst_stream *stream, uint64_t position,
                                       uint64_t n_frames, pst_frames_info *info) PST_RT;

// Describes n_chunks runs of n_frames each, whose first positions lie hop_frames apart: for readers
// that look at all that has arrived at once. infos: room for n_chunks.
// Thread: any. Realtime: yes (work is proportional to n_chunks).
PST_API void pst_stream_describe_chunks(const pst_stream *stream, uint64_t position,
                                        uint64_t n_frames, uint64_t hop_frames, uint32_t n_chunks,
                                        pst_frames_info *infos) PST_RT;

// Returns when a device frame of the input was or will be taken, or one of the output heard,
// monotonic clock, by the stream's clock model. Thread: any. Realtime: yes.
PST_API double pst_stream_input_time_s(const pst_stream *stream, int64_t frame) PST_RT;
PST_API double pst_stream_output_time_s(const pst_stream *stream, int64_t frame) PST_RT;

// Closes every stream of a system that is still open, for the end of the program, waits for the
// library's own threads, and ends the host APIs, all in timeout_ns. Returns PST_OK or PST_TIMEOUT.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_system_close_streams(pst_system *system, int64_t timeout_ns);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
