// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_CHAIN_H
#define PASTREAM_CHAIN_H

#include "pastream/codec.h"
#include "pastream/device.h"
#include "pastream/diagnostics.h"
#include "pastream/effects.h"
#include "pastream/format.h"
#include "pastream/resample.h"
#include "pastream/ring.h"
#include "pastream/stream.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// The worker: one thread that moves frames from one source into one sink. It waits for whichever of
// the two is slower, holds no more than one piece at a time, and never needs Python.
//
// A chain is made of a source, a sink, and stages between them that change the frames on their way.
// Nobody else uses these parts, and the chain owns them from then on. It runs once. The first error
// ends it and is kept. Decoding and encoding are not stages but what a file's source and sink do.
typedef struct pst_chain pst_chain;
typedef struct pst_source pst_source;
typedef struct pst_sink pst_sink;
typedef struct pst_stage pst_stage;

enum { PST_CHAIN_MAX_STAGES = 16 };

// What moves along a chain.
typedef enum pst_media_kind {
    PST_MEDIA_FRAMES = 0, // Of samples.
    PST_MEDIA_PACKETS = 1 // Of a codec: pst_packet.
} pst_media_kind;

// What comes out of one part of a chain, or goes into one.
typedef struct pst_media {
    pst_media_kind kind;
    pst_format format;      // 0: open, it is told by what comes. Of packets always 0.
    uint32_t n_channels;    // 0: open as well.
    double rate_hz;         // 0: not known; of a stage: as it comes, the same on both sides.
    uint32_t time_base_num; // What pts were counted in when they were told, in seconds; 0: frames.
    uint32_t time_base_den;
    int64_t told_pts;   // With a time base, whose units may be coarse: this was told
    int64_t told_frame; // of the frame with this number. Whoever takes buffers sets it.
} pst_media;

typedef enum pst_chain_state {
    PST_CHAIN_CREATED = 0,
    PST_CHAIN_RUNNING = 1,
    PST_CHAIN_DRAINING = 2, // Stopping, or at the source's end: what is under way still arrives.
    PST_CHAIN_DONE = 3,     // All of it has arrived, and the sink is complete.
    PST_CHAIN_FAILED = 4,
    PST_CHAIN_CANCELLED = 5
} pst_chain_state;

// What a chain does while it is paused.
typedef enum pst_chain_pause_kind {
    PST_PAUSE_NONE = 0, // It is not.
    PST_PAUSE_HOLD = 1, // Nothing moves: the source waits. For files that are played.
    PST_PAUSE_DROP = 2  // The source goes on, and what comes is dropped. For devices.
} pst_chain_pause_kind;

// Counters since the start. Each is exact; they are read one after another, without a lock.
typedef struct pst_chain_progress {
    pst_chain_state state;
    int64_t pulled_frames;  // Taken from the source, fillers included.
    int64_t pushed_frames;  // That the sink has taken.
    int64_t filler_frames;  // Of those pushed: silence in place of frames that the source has lost.
    int64_t dropped_frames; // Of those pulled: by PST_PAUSE_DROP.
    int64_t next_frame;     // The number of the next frame that the sink will get, as far as is
                            // known: as the source counts, but in frames of the sink's rate.
    int64_t n_seeks;        // How many calls of pst_chain_seek have had their effect.
} pst_chain_progress;

// ---- Sources ----------------------------------------------------------------------------------

// A source of the frames of a ring, from a reader's position to the ring's end. The reader is
// attached already, and becomes the source's, which detaches it; the ring is retained.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT (the frame is not n_channels samples of that
// format, or there is no such reader); the reader stays the caller's then.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_ring(pst_source **source, pst_ring *ring,
                                                 uint32_t reader, pst_format format,
                                                 uint32_t n_channels, pst_error *err);

// The same with a reader that goes back to the caller, still attached, when the chain is over.
// Returns as above. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_ring_lent(pst_source **source, pst_ring *ring,
                                                      uint32_t reader, pst_format format,
                                                      uint32_t n_channels, pst_error *err);

// A source of n_frames that lie in memory: interleaved, borrowed until the chain is over.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_memory(pst_source **source, const void *frames,
                                                   uint64_t n_frames, pst_format format,
                                                   uint32_t n_channels, pst_error *err);

// A source of a sound file, in a format of the caller's choice, from where the decoder stands to
// the file's end; with loops, from frame 0 again and again. The decoder is retained, and nobody
// else uses it until the chain is over.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT (loops, and the file cannot seek or is empty).
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_file(pst_source **source, pst_decoder *decoder,
                                                 pst_format format, bool loops, pst_error *err);

// Tells the rate of a source that cannot know it: of a ring, or of memory. Nodes that look at rates
// and times need it. rate_hz: more than 0.
// Returns PST_OK, or PST_BAD_ARGUMENT (no such rate, or the source knows another, or gives what
// tells its rate itself). Thread: control, before a chain owns it. Realtime: no.
PST_API PST_NODISCARD pst_status pst_source_set_rate(pst_source *source, double rate_hz,
                                                     pst_error *err);

// Destroys a source that no chain owns. NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_source_destroy(pst_source *source);

// ---- Sinks ------------------------------------------------------------------------------------

// A sink that writes to a ring, as its only producer, waits for room, and ends the ring in the end.
// The ring is retained. stream: NULL, or the stream whose output ring it is (retained): the chain
// then ends with the stream's run, and with its errors.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_sink_ring(pst_sink **sink, pst_ring *ring, pst_stream *stream,
                                               pst_format format, uint32_t n_channels,
                                               pst_error *err);

// A sink that appends to a sound file, from frames in a format of the caller's choice, and brings
// the file's header up to date twice a second and at the end; the file stays open. The encoder is
// retained, and nobody else uses it until the chain is over. stream: NULL, or the stream that is
// recorded (retained): it is aborted when the file takes no more.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_sink_file(pst_sink **sink, pst_encoder *encoder,
                                               pst_stream *stream, pst_format format,
                                               pst_error *err);

// Destroys a sink that no chain owns. NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_sink_destroy(pst_sink *sink);

// ---- Stages -----------------------------------------------------------------------------------

// Each belongs to its chain; the calls that name one may be made as long as one holds the chain.
// Frames that a stage need not change it passes on as they are, bit by bit.

// Fills in the gains with which sound of so many channels comes to loudspeakers of another number:
// Web Audio's rules for 1, 2, 4 and 6 channels; else channel k goes to channel k.
// gains: row-major [destination][source]. n_sources, n_destinations: 1 to PST_MAX_CHANNELS.
// Thread: any. Realtime: yes.
PST_API void pst_remix_gains(float *gains, uint32_t n_sources, uint32_t n_destinations) PST_RT;

// A stage that makes other channels of the ones that come, and may change the format with them.
// gains: finite, row-major [out][in], copied; NULL: as pst_remix_gains.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stage_remix(pst_stage **stage, pst_format in_format,
                                                 uint32_t in_channels, pst_format out_format,
                                                 uint32_t out_channels, const float *gains,
                                                 pst_error *err);

// A stage that multiplies with a gain, which can be changed at any time; it then glides to the new
// value within ramp_frames (from 0 to one million). gain: finite.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stage_gain(pst_stage **stage, pst_format format,
                                                uint32_t n_channels, double gain,
                                                uint32_t ramp_frames, pst_error *err);

// Changes the gain of such a stage. Returns PST_OK, or PST_BAD_ARGUMENT (gain is not finite, or
// the stage is another kind). Thread: any. Realtime: yes if the arguments are good.
PST_API PST_NODISCARD pst_status pst_stage_set_gain(pst_stage *stage, double gain, pst_error *err);

// A stage that changes the sample format, as pst_convert does. dither: noise where samples lose
// bits; the same seed gives the same noise.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stage_convert(pst_stage **stage, pst_format in_format,
                                                   pst_format out_format, uint32_t n_channels,
                                                   pst_dither dither, uint64_t seed,
                                                   pst_error *err);

// A stage that changes the sample rate, as pst_resampler does. n frames between two gaps become
// n * to_hz / from_hz frames, and each stays at its time.
// Returns as pst_resampler_create. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stage_resample(pst_stage **stage,
                                                    const pst_resampler_config *config,
                                                    pst_error *err);

// A stage that is an effect (pastream/effects.h), whatever the format of its frames: they are
// converted to the effect's and back. Frames keep their numbers, except those of a delay line,
// whose numbers grow by its length. What is still inside at the end comes out. A gap stays as long
// as it is: filters begin anew behind it, the others go on. effect: belongs to the stage from then
// on, and has its channels.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT; the effect stays the caller's if it fails.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stage_effect(pst_stage **stage, pst_format format,
                                                  pst_effect *effect, pst_error *err);

// A stage that measures levels and changes nothing, as the meters of a stream do.
// Returns PST_OK, PST_NO_MEMORY, PST_BAD_ARGUMENT. Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_stage_meter(pst_stage **stage, pst_format format,
                                                 uint32_t n_channels, double rate_hz,
                                                 pst_error *err);

// Gives the state of such a stage after its last piece. channels: room for each channel.
// Returns PST_OK, or PST_BAD_ARGUMENT (the stage is another kind). Thread: any. Realtime: yes.
PST_API PST_NODISCARD pst_status pst_stage_read_meter(const pst_stage *stage,
                                                      pst_meter_reading *reading,
                                                      pst_meter_channel *channels) PST_RT;

// Forgets the largest peak and the clipped samples, from the next piece on. Does nothing to stages
// of another kind. Thread: any. Realtime: yes.
PST_API void pst_stage_reset_meter(pst_stage *stage) PST_RT;

// Tells what the stage had to change, because the format did not hold it. Thread: any.
// Realtime: yes.
PST_API void pst_stage_get_counts(const pst_stage *stage, pst_convert_counts *counts) PST_RT;

// Destroys a stage that no chain owns. NULL is allowed. Thread: control. Realtime: no.
PST_API void pst_stage_destroy(pst_stage *stage);

// How a source and a sink are made to fit.
typedef struct pst_fit {
    double source_rate_hz; // 0: as the source says. Rings and memory cannot tell. Where one of the
    double sink_rate_hz;   // two is not known, both are the same.
    pst_resample_quality quality;
    pst_resample_engine engine;
    pst_dither dither; // Where samples lose bits at the end.
    uint64_t seed;
    const float *gains;      // For other channels: row-major [sink's][source's]; NULL: as
                             // pst_remix_gains.
    struct pst_graph *graph; // What goes through it in the sink's channels and rate, which are to
                             // be the graph's (pastream/graph_effect.h). NULL: nothing does.
} pst_fit;

enum { PST_FIT_MAX_STAGES = 5 };

// Fills in the defaults: all as it is, resampled with PST_RESAMPLE_BEST, no noise.
// Thread: any. Realtime: yes.
PST_API void pst_fit_default(pst_fit *fit) PST_RT;

// Makes the stages that are needed between a source and a sink of other channels, another rate or
// another format: none if all is the same. Other stages may stand before them, with what the source
// gives, or behind them, with what the sink takes.
//
// stages: room for PST_FIT_MAX_STAGES; they are the caller's until a chain gets them.
// n_stages: gets their number; 0 if this fails.
// fit: NULL means the defaults.
// Returns PST_OK, PST_NO_MEMORY, PST_UNSUPPORTED (the engine), PST_BAD_ARGUMENT (rates too far
// apart, ...). Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_chain_fit(pst_stage **stages, uint32_t *n_stages,
                                               const pst_source *source, const pst_sink *sink,
                                               const pst_fit *fit, pst_error *err);

// ---- Chains -----------------------------------------------------------------------------------

// Makes a chain; it owns source and sink if this succeeds. system: NULL, or the system whose end
// waits for the chain (retained), for chains that end with a stream.
// Returns PST_OK, PST_NO_MEMORY, PST_SYSTEM_ERROR, PST_BAD_ARGUMENT (format, channels or rate of
// the two differ). Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_chain_create(pst_chain **chain, pst_system *system,
                                                  pst_source *source, pst_sink *sink,
                                                  pst_error *err);

// The same with stages between the two, in this order: 0 to PST_CHAIN_MAX_STAGES, all different.
// The chain owns them, too, if this succeeds; the array is the caller's.
// Returns as above; PST_BAD_ARGUMENT names the two neighbours that do not fit.
// Thread: control. Realtime: no.
PST_API PST_NODISCARD pst_status pst_chain_create_staged(pst_chain **chain, pst_system *system,
                                                         pst_source *source,
                                                         pst_stage *const *stages,
                                                         uint32_t n_stages, pst_sink *sink,
                                                         pst_error *err);

// Adds a reference. Thread: any. Realtime: yes.
PST_API void pst_chain_retain(pst_chain *chain) PST_RT;

// Drops a reference. A chain that nobody refers to any more is cancelled; this never waits for it.
// NULL is allowed. Thread: any. Realtime: no (may free).
PST_API void pst_chain_release(pst_chain *chain);

// Drops a reference; a chain that nobody refers to any more goes on until its source ends. NULL is
// allowed. Thread: any. Realtime: no (may free).
PST_API void pst_chain_leave(pst_chain *chain);

// Starts the worker. Returns PST_OK, PST_BAD_STATE (it was started or cancelled before),
// PST_NO_MEMORY, PST_SYSTEM_ERROR, PST_FORKED. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_chain_start(pst_chain *chain, pst_error *err);

// Lets the source end where it is now; all up to there still goes into the sink. Does not wait.
// Idempotent. A chain that was not started is cancelled. Thread: any. Realtime: no.
PST_API void pst_chain_stop(pst_chain *chain);

// Ends the chain as soon as possible; what is under way is dropped, and the sink is told. Does not
// wait. Idempotent. Thread: any. Realtime: no.
PST_API void pst_chain_cancel(pst_chain *chain);

// Pauses, or goes on. Holding and dropping begin with the next piece at the latest: what the sink
// has taken, it keeps. A chain that is being stopped is not held. What follows dropped frames is a
// new segment. kind: a pst_chain_pause_kind; others do nothing. Thread: any. Realtime: no.
PST_API void pst_chain_pause(pst_chain *chain, pst_chain_pause_kind kind);

// Goes to a frame of the source, from 0 to its end, before or while the chain runs. The worker does
// it as soon as it can, and pst_chain_progress.n_seeks counts it: of several at once the last one
// counts, for all. What is under way is forgotten; a ring at the end is emptied in the very moment
// in which the first new frames are there.
// Returns PST_OK, PST_BAD_ARGUMENT (no such frame), PST_BAD_STATE (the source cannot, or the chain
// is stopping or over), PST_FORKED. Thread: any. Realtime: no.
PST_API PST_NODISCARD pst_status pst_chain_seek(pst_chain *chain, int64_t frame, pst_error *err);

// Waits until the chain is done, failed or cancelled, and its sink closed.
// Returns PST_OK (done or cancelled), PST_TIMEOUT, PST_BAD_STATE (never started), PST_FORKED, or
// the error that ended it, as pst_chain_error. Thread: any, several at once. Realtime: no (blocks).
PST_API PST_NODISCARD pst_status pst_chain_wait(pst_chain *chain, int64_t timeout_ns,
                                                pst_error *err);

// Arms a descriptor that becomes readable at the end of the chain; at once if that has come. It
// belongs to the chain. Look again after a wake-up.
// Returns it, or a negative pst_status. Thread: one at a time. Realtime: no.
PST_API int pst_chain_arm(pst_chain *chain);

// Thread: any. Realtime: no.
PST_API void pst_chain_get_progress(pst_chain *chain, pst_chain_progress *progress);

// Returns the error that ended the chain, PST_OK if there is none. Thread: any. Realtime: no.
PST_API pst_status pst_chain_error(pst_chain *chain, pst_error *err);

// Tells where in the chain the error that ended it comes from: 0 is the source, 1 the first stage,
// and so on; behind the stages is the sink. Returns the name of that part's kind, such as "file" or
// "resample", or the name that a node was given, NULL if there is no error. Thread: any. Realtime:
// yes. Ownership: the chain's.
PST_API const char *pst_chain_origin(pst_chain *chain, int32_t *place) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
