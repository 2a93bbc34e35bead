// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "device/portaudio_stream.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/chatter.h"
#include "device/portaudio_clock.h"
#include "device/settings.h"

typedef struct stream {
    pst_portaudio *backend;
    PaStream *portaudio;
    pst_process_fn process;
    void *user;
    double samplerate_hz;
    bool is_jack;
    bool has_frames; // The watch of JACK tells frame numbers.
    bool is_output_only;
    bool is_running; // Started, and not stopped since.
    pst_frame_clock clock;
    _Atomic bool is_detached; // The callback must not touch user any more, ...
    _Atomic bool is_inside;   // ... and is in there now.
} stream;

_Static_assert(PST_FLAG_INPUT_UNDERFLOW == paInputUnderflow &&
                   PST_FLAG_INPUT_OVERFLOW == paInputOverflow &&
                   PST_FLAG_OUTPUT_UNDERFLOW == paOutputUnderflow &&
                   PST_FLAG_OUTPUT_OVERFLOW == paOutputOverflow &&
                   PST_FLAG_PRIMING == paPrimingOutput,
               "flags are handed on as they are");
_Static_assert((int)PST_CONTINUE == paContinue && (int)PST_COMPLETE == paComplete &&
                   (int)PST_ABORT == paAbort,
               "verdicts are handed on as they are");

// ---- The callback ----------------------------------------------------------------------------

// Some hosts tell nothing (0), JACK tells hours.
static double told_span_s(PaTime from_s, PaTime to_s) PST_RT {
    const double span_s = to_s - from_s;
    const bool is_told = from_s > 0.0 && to_s > 0.0;
    return is_told && span_s >= 0.0 && span_s <= PST_MAX_LATENCY_S ? span_s : -1.0;
}

static int64_t device_frame(stream *self, PaTime now_s, uint32_t n_frames) PST_RT {
    if (!self->is_jack)
        return 0;
    const uint32_t count = self->has_frames ? pst_jack_watch_frame(&self->backend->jack)
                                            : pst_frame_clock_count(now_s, self->samplerate_hz);
    return pst_frame_clock_step(&self->clock, count, n_frames);
}

static pst_verdict process(stream *self, const void *input, void *output, uint32_t n_frames,
                           const PaStreamCallbackTimeInfo *time, uint32_t flags) PST_RT {
    const pst_block block = {
        .input = input,
        .output = output,
        .n_frames = n_frames,
        .flags = flags,
        .device_frame = device_frame(self, time->currentTime, n_frames),
        .now_ns = pst_now_ns(),
        .input_age_s =
            input != NULL ? told_span_s(time->inputBufferAdcTime, time->currentTime) : -1.0,
        .output_delay_s =
            output != NULL ? told_span_s(time->currentTime, time->outputBufferDacTime) : -1.0,
    };
    return self->process(self->user, &block);
}

// is_inside and is_detached are stored and loaded in one order (seq_cst): either the callback sees
// that it is detached, or detach sees that it is inside.
static int on_block(const void *input, void *output, unsigned long n_frames,
                    const PaStreamCallbackTimeInfo *time, PaStreamCallbackFlags flags, void *user) {
    stream *self = user;
    pst_verdict verdict = PST_ABORT;
    atomic_store(&self->is_inside, true);
    if (!atomic_load(&self->is_detached))
        verdict = process(self, input, output, (uint32_t)n_frames, time, (uint32_t)flags);
    atomic_store(&self->is_inside, false);
    return (int)verdict;
}

// ---- The JACK server ---------------------------------------------------------------------------

static bool is_gone(const stream *self) {
    return self->is_jack && pst_jack_watch_is_gone(&self->backend->jack);
}

// Enters the gate of JACK, if the server is there: a dead one costs the process.
static pst_status enter_jack(const stream *self, pst_error *err) {
    const pst_status status = pst_portaudio_enter(&self->backend->jack_calls, err);
    if (status != PST_OK)
        return status;
    pst_jack_watch_ask(&self->backend->jack);
    if (!is_gone(self))
        return PST_OK;
    pst_gate_leave(&self->backend->jack_calls);
    return pst_fail(err, PST_DEVICE_LOST, 0, "the JACK server is gone");
}

// ---- Opening ---------------------------------------------------------------------------------

// How long a host may take to catch up with what it buffered. JACK's own count of frames is right
// once late callbacks are through; its time is an estimate on top of that; other hosts have no
// counter, and their buffers decide.
static const double jack_frames_settle_s = 0.01;
static const double jack_time_settle_s = 0.5;
static const double other_settle_s = 0.5;

static void describe(const stream *self, pst_open_info *info) {
    const PaStreamInfo *told = self->backend->pa.stream_info(self->portaudio);
    *info = (pst_open_info){
        .samplerate_hz = told->sampleRate,
        .input_latency_s = pst_settings_plausible_latency(told->inputLatency),
        .output_latency_s = pst_settings_plausible_latency(told->outputLatency),
        .counter = self->is_jack ? PST_COUNTER_ESTIMATED : PST_COUNTER_NONE,
        .counter_grain = self->is_jack ? self->backend->jack.period_frames : 0,
        .is_realtime = true,
    };
    if (self->is_jack)
        info->settle_s = self->has_frames ? jack_frames_settle_s : jack_time_settle_s;
    else
        info->settle_s = other_settle_s + info->input_latency_s + info->output_latency_s;
}

static pst_status fail_open(const stream *self, const pst_open_request *request, PaError code,
                            pst_error *err) {
    // This is how PortAudio tells that JACK refused a port.
    if (self->is_jack && code == paInsufficientMemory)
        return pst_fail(err, PST_DEVICE_LOST, code,
                        "the device could not be opened: the JACK server is gone, or has no "
                        "ports left");
    if (self->is_jack && code == paDeviceUnavailable)
        return pst_fail(err, PST_DEVICE_LOST, code,
                        "the device could not be opened: the JACK server is gone");
    return pst_portaudio_fail_device(&self->backend->pa, request, err, code,
                                     "the device could not be opened");
}

static pst_status open_in_gate(stream *self, const pst_open_request *request, pst_error *err) {
    const pst_pa *pa = &self->backend->pa;
    if (self->is_jack) {
        const pst_status status = enter_jack(self, err);
        if (status != PST_OK)
            return status;
    }
    PaStreamParameters input, output;
    pst_portaudio_alsa alsa;
    pst_portaudio_alsa_before_open(pa, request);
    // Clipping and dither are ours, and counted.
    const PaError code = pa->open_stream(
        &self->portaudio, pst_portaudio_params(pa, &request->input, PST_INPUT, &input, &alsa),
        pst_portaudio_params(pa, &request->output, PST_OUTPUT, &output, &alsa),
        request->samplerate_hz, request->block_frames, paClipOff | paDitherOff, on_block, self);
    pst_portaudio_alsa_after_open(pa, request, code == paNoError ? self->portaudio : NULL);
    if (self->is_jack)
        pst_gate_leave(&self->backend->jack_calls);
    return code == paNoError ? PST_OK : fail_open(self, request, code, err);
}

pst_status pst_portaudio_stream_open(pst_portaudio *backend, const pst_open_request *request,
                                     void **handle, pst_open_info *info, pst_error *err) {
    const PaDeviceIndex device =
        request->input.device != PST_NO_INDEX ? request->input.device : request->output.device;
    stream *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->backend = backend;
    self->process = request->process;
    self->user = request->user;
    self->samplerate_hz = request->samplerate_hz;
    self->is_jack = pst_portaudio_hostapi_of(&backend->pa, device) == paJACK;
    self->has_frames = self->is_jack && backend->jack.has_frames;
    self->is_output_only = request->input.device == PST_NO_INDEX;
    const pst_status status = open_in_gate(self, request, err);
    if (status != PST_OK) {
        pst_free(self);
        return status;
    }
    describe(self, info);
    self->samplerate_hz = info->samplerate_hz;
    *handle = self;
    return PST_OK;
}

// ---- When the JACK server has gone -----------------------------------------------------------

#define DETACH_TIMEOUT_NS (PST_NS_PER_SECOND / 2)

// Makes sure that the callback has left user alone for ever. PortAudio's stream is left as it is,
// and with it what the callback gets as its own: both are leaked.
static pst_status detach(stream *self, pst_error *err) {
    const int64_t deadline_ns = pst_deadline_ns(DETACH_TIMEOUT_NS);
    atomic_store(&self->is_detached, true);
    while (atomic_load(&self->is_inside)) {
        if (pst_now_ns() > deadline_ns)
            return pst_fail(err, PST_DEVICE_LOST, 0,
                            "the JACK server is gone, and its last callback does not end");
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    }
    return PST_OK;
}

// ---- Running ---------------------------------------------------------------------------------

// Start, stop, abort, close: in the gate of JACK if it is one. A call into JACK that fails may have
// met a server that has just gone.
static pst_status control(stream *self, PaError (*call)(PaStream *), const char *what,
                          pst_error *err) {
    if (self->is_jack) {
        const pst_status status = enter_jack(self, err);
        if (status != PST_OK)
            return status;
    }
    PaError code = call(self->portaudio);
    if (self->is_jack)
        pst_gate_leave(&self->backend->jack_calls);
    if (code == paStreamIsStopped) // It has been where we wanted it already.
        code = paNoError;
    if (self->is_jack && code != paNoError)
        pst_jack_watch_suspect(&self->backend->jack);
    return code == paNoError ? PST_OK : pst_portaudio_fail(&self->backend->pa, err, code, what);
}

pst_status pst_portaudio_stream_start(void *handle, pst_error *err) {
    stream *self = handle;
    if (is_gone(self))
        return pst_fail(err, PST_DEVICE_LOST, 0, "the JACK server is gone");
    self->clock = (pst_frame_clock){
        .period_frames = self->has_frames ? self->backend->jack.period_frames : 0,
        .is_output_only = self->is_output_only,
    };
    pst_chatter_hold_stderr();
    const pst_status status =
        control(self, self->backend->pa.start_stream, "the device could not be started", err);
    if (status == PST_OK)
        self->is_running = true; // stderr stays held, for the audio thread.
    else
        pst_chatter_release_stderr();
    return status;
}

static void forget_run(stream *self) {
    if (self->is_running)
        pst_chatter_release_stderr();
    self->is_running = false;
}

static pst_status end_run(stream *self, PaError (*call)(PaStream *), const char *what,
                          pst_error *err) {
    pst_status status = PST_OK;
    if (!is_gone(self)) {
        pst_chatter_hold_stderr();
        status = control(self, call, what, err);
        pst_chatter_release_stderr();
    }
    if (is_gone(self)) // Perhaps only just now.
        status = detach(self, err);
    if (status == PST_OK)
        forget_run(self);
    return status;
}

pst_status pst_portaudio_stream_stop(void *handle, pst_error *err) {
    stream *self = handle;
    return end_run(self, self->backend->pa.stop_stream, "the device could not be stopped", err);
}

pst_status pst_portaudio_stream_abort(void *handle, pst_error *err) {
    stream *self = handle;
    return end_run(self, self->backend->pa.abort_stream, "the device could not be aborted", err);
}

static pst_status close_in_gates(stream *self, pst_error *err) {
    pst_status status = pst_portaudio_enter(&self->backend->calls, err);
    if (status != PST_OK)
        return status;
    pst_chatter_hold_stderr();
    status = control(self, self->backend->pa.close_stream, "the device could not be closed", err);
    pst_chatter_release_stderr();
    pst_gate_leave(&self->backend->calls);
    return status;
}

pst_status pst_portaudio_stream_close(void *handle, pst_error *err) {
    stream *self = handle;
    bool leaks = is_gone(self) || atomic_load(&self->is_detached);
    pst_status status = PST_OK;
    if (!leaks) {
        status = close_in_gates(self, err);
        leaks = is_gone(self) && status != PST_OK; // Perhaps only just now.
    }
    if (leaks)
        status = detach(self, err);
    if (status != PST_OK)
        return status;
    forget_run(self); // If a stop failed.
    if (!leaks)
        pst_free(self);
    return PST_OK;
}

bool pst_portaudio_stream_is_active(void *handle) {
    stream *self = handle;
    return !is_gone(self) && self->backend->pa.is_stream_active(self->portaudio) == 1;
}
