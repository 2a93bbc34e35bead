// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_RECORDING_H
#define PASTREAM_RECORDING_H

#include "pastream/chain.h"
#include "pastream/series.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// Takes: which frames of a stream's input are wanted. A recording keeps a take in memory; a chain
// can bring one anywhere else. Any number of takes (up to the ring's readers) go on beside each
// other and beside whoever reads the stream.
//
// Frames are counted as the device counts them: see pst_stream. A take lasts for one run at most:
// the one under way, or the next one.

typedef enum pst_trigger {
    PST_TRIGGER_NONE = 0, // Begin at the start.
    PST_TRIGGER_LEVEL =
        1,               // From the start on, begin once a sample reaches the level, or when told.
    PST_TRIGGER_CALL = 2 // From the start on, begin when told.
} pst_trigger;

typedef struct pst_take {
    int64_t start_frame;  // Device frame; PST_UNLIMITED: now, or with the next run's first frame.
    double start_time_s;  // Monotonic clock, in place of start_frame; 0: not by time.
    int64_t total_frames; // Length, pre-roll and fillers included, of each segment if there is a
                          // trigger; or PST_UNLIMITED.
    int64_t pre_roll_frames; // Frames to keep from before the begin, as far as the ring holds them;
        // at most half of the ring. Not with start_frame or start_time_s alone.
    pst_trigger trigger;
    double level;            // Of full scale, more than 0, at most 1.
    uint32_t n_watched;      // Channels whose samples are compared with the level; 0: all.
    const uint32_t *watched; // Their numbers, from 0. Copied.
    int64_t release_frames;  // A segment ends when so many frames in a row stayed below the level,
                             // which are still in it; or PST_UNLIMITED. With PST_TRIGGER_LEVEL.
    bool retrigger;          // After a segment wait for the next trigger.
    bool leave_gaps_out;     // Begin a new segment behind frames that are lost, in place of filling
                             // them with silence.
} pst_take;

typedef enum pst_take_state {
    PST_TAKE_WAITING = 0, // For the run, the start or the trigger.
    PST_TAKE_TAKING = 1,
    PST_TAKE_PAUSED = 2,
    PST_TAKE_OVER = 3 // Nothing more is wanted, or can come.
} pst_take_state;

// Fills in the defaults: from now on, without end, without trigger, gaps filled.
// Thread: any. Realtime: yes.
PST_API void pst_take_default(pst_take *take) PST_RT;

// A source of the frames of a take, for a chain of one's own; recordings have one inside. It
// occupies a reader of the input ring until the chain ends. The stream is retained.
// Returns PST_OK, PST_BAD_ARGUMENT (the text names the field), PST_LIMIT (too many readers),
// PST_CLOSED, PST_FORKED, PST_NO_MEMORY. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_take(pst_source **source, pst_stream *stream,
                                                 const pst_take *take, pst_error *err);

// ---- Recordings -------------------------------------------------------------------------------

// A take in memory that grows as it goes, filled by a thread of the library. What is there can be
// looked at any time. It belongs to the process that made it: in a forked child orders do nothing,
// and it looks as if it had no segments; pst_recording_trigger and pst_recording_wait say
// PST_FORKED.
typedef struct pst_recording pst_recording;

typedef struct pst_recording_info {
    pst_chain_state state;
    pst_take_state take_state;
    int64_t n_frames;    // Recorded so far, fillers included.
    int64_t n_segments;  // Begun so far.
    int64_t lost_frames; // Frames of the device that are missing within segments, or between two
                         // that a gap divides. With silence in their place or not.
} pst_recording_info;

// A run of frames without a break.
typedef struct pst_segment {
    int64_t frame;    // Device frame of the first.
    int64_t offset;   // Its place in the recording.
    int64_t n_frames; // So far.
} pst_segment;

// Begins a recording. max_frames: the most it may hold, from 1; 0: what fits in half of the
// machine's memory. One that would become longer fails with PST_LIMIT and keeps what it has.
// Returns as pst_source_take, and PST_SYSTEM_ERROR. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_recording_create(pst_recording **recording, pst_stream *stream,
                                                      const pst_take *take, int64_t max_frames,
                                                      pst_error *err);

// Begins a recording into sound files, see pst_sink_series. Files of other channels or of another
// rate than the stream's get what pst_chain_fit makes of it; a rate that is not whole is rounded.
// Such a recording has no segments to look at, and nothing to be copied; its frames are those of
// the files.
// Returns as pst_recording_create and pst_sink_series. Thread: any. Realtime: no.
// Ownership: takes series->place, whatever it returns.
PST_API PST_NODISCARD pst_status pst_recording_create_files(pst_recording **recording,
                                                            pst_stream *stream,
                                                            const pst_take *take,
                                                            const pst_series *series,
                                                            pst_error *err);

// Frees the recording. One in memory is cancelled if need be; one into files is stopped, and
// completes them in the background. Never waits. NULL is allowed.
// Thread: any, the last call. Realtime: no.
PST_API void pst_recording_destroy(pst_recording *recording);

// Ends the recording before a device frame (PST_UNLIMITED: the next one to be captured); at once if
// that has passed. It is done a little later: pst_recording_wait. Thread: any. Realtime: no.
PST_API void pst_recording_stop(pst_recording *recording, int64_t frame);

// Ends it without waiting for what is on the way; what it has is kept.
// Thread: any. Realtime: no.
PST_API void pst_recording_cancel(pst_recording *recording);

// Leaves frames out from a device frame on (PST_UNLIMITED: the next one), until the one that
// pst_recording_resume names, where a new segment begins. A call replaces the last one of its kind
// whose frame has not come. Thread: any. Realtime: no.
PST_API void pst_recording_pause(pst_recording *recording, int64_t frame);
PST_API void pst_recording_resume(pst_recording *recording, int64_t frame);

// Triggers at a device frame (PST_UNLIMITED: the next one). Nothing happens while a segment is
// recorded. Returns PST_OK, or PST_BAD_STATE if the take has no trigger.
// Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_recording_trigger(pst_recording *recording, int64_t frame,
                                                       pst_error *err);

// Begins a new file with a device frame (PST_UNLIMITED: the next one to be captured). Calls before
// that frame has come count as one. Returns PST_OK, PST_BAD_STATE (there is one file only, or no
// file at all), PST_FORKED. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_recording_split(pst_recording *recording, int64_t frame,
                                                     pst_error *err);

// Tells about the files: false if there are none, since it is one in memory, or a parent's.
// Thread: any. Realtime: no.
PST_API bool pst_recording_get_series(pst_recording *recording, pst_series_info *info);

// Tells about file number `index`, from 0, and copies its path, which is cut if it does not fit; ""
// for a place. Returns false if there is no such file. Thread: any. Realtime: no.
PST_API bool pst_recording_get_file(pst_recording *recording, int64_t index, pst_series_file *file,
                                    char *path, size_t n_bytes);

// As pst_chain_wait. Thread: any, several at once. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_recording_wait(pst_recording *recording, int64_t timeout_ns,
                                                    pst_error *err);

// As pst_chain_arm. Thread: one at a time. Realtime: no.
PST_API int pst_recording_arm(pst_recording *recording);

// As pst_chain_error. Thread: any. Realtime: no.
PST_API pst_status pst_recording_error(pst_recording *recording, pst_error *err);

// Thread: any. Realtime: no.
PST_API void pst_recording_get_info(pst_recording *recording, pst_recording_info *info);

// Gives segment number `index`, from 0. Returns false if there is none.
// Thread: any. Realtime: no.
PST_API bool pst_recording_get_segment(pst_recording *recording, int64_t index,
                                       pst_segment *segment);

// Copies up to n_frames from place `offset` on into dst. Returns how many were there.
// Thread: any. Realtime: no (copies as much as is asked for).
PST_API int64_t pst_recording_copy(pst_recording *recording, int64_t offset, int64_t n_frames,
                                   void *dst);

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
