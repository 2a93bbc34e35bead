// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"
#include "stream/callback.h"
#include "stream/meter.h"
#include "stream/state.h"

// The meters of a stream's sides, from both ends: who asks for them, and the callback.

static bool is_asked_for(pst_direction asked, pst_direction side) PST_RT {
    return ((unsigned)asked & (unsigned)side) != 0;
}

static pst_meter *meter_of(const pst_meter_place *place) PST_RT {
    return atomic_load_explicit(place, memory_order_acquire);
}

static float smaller(float a, float b) {
    return a < b ? a : b;
}

static pst_status make_meter(pst_meter_place *place, uint32_t n_channels, double samplerate_hz,
                             pst_format format, pst_format device_format, pst_error *err) {
    if (meter_of(place) != NULL)
        return PST_OK;
    const float full_scale =
        smaller(pst_meter_full_scale(format), pst_meter_full_scale(device_format));
    pst_meter *meter = pst_meter_create(n_channels, samplerate_hz, full_scale);
    if (meter == NULL)
        return pst_fail_memory(err);
    // From here on it belongs to the callback.
    atomic_store_explicit(place, meter, memory_order_release);
    return PST_OK;
}

static pst_status make_meters(pst_stream *stream, pst_direction direction, pst_error *err) {
    pst_flow *flow = &stream->flow;
    pst_status status = PST_OK;
    if (atomic_load(&stream->closing))
        return pst_fail(err, PST_CLOSED, 0, "The stream is closed");
    if (is_asked_for(direction, PST_INPUT))
        status = make_meter(&flow->input_meter, flow->in.n_channels, flow->samplerate_hz,
                            flow->in.format, flow->in.device_format, err);
    if (status == PST_OK && is_asked_for(direction, PST_OUTPUT))
        status = make_meter(&flow->output_meter, flow->out.n_channels, flow->samplerate_hz,
                            flow->out.format, flow->out.device_format, err);
    return status;
}

pst_status pst_stream_enable_meters(pst_stream *stream, pst_direction direction, pst_error *err) {
    const pst_flow *flow = &stream->flow;
    const bool is_known = direction >= PST_INPUT && direction <= PST_DUPLEX;
    if (!is_known || (is_asked_for(direction, PST_INPUT) && !flow->in.exists) ||
        (is_asked_for(direction, PST_OUTPUT) && !flow->out.exists))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "direction is %d; it must be a pst_direction whose sides the stream has",
                        (int)direction);
    pst_status status = pst_system_check_fork(stream->system, err);
    if (status != PST_OK)
        return status;
    // A run that begins clears the meters: it must not meet one half made.
    pthread_mutex_lock(&stream->control);
    status = make_meters(stream, direction, err);
    pthread_mutex_unlock(&stream->control);
    return status;
}

pst_status pst_stream_read_meters(const pst_stream *stream, pst_direction direction,
                                  pst_meter_reading *reading, pst_meter_channel *channels) PST_RT {
    const pst_flow *flow = &stream->flow;
    const pst_meter *meter =
        meter_of(direction == PST_INPUT ? &flow->input_meter : &flow->output_meter);
    if (meter == NULL)
        return PST_BAD_STATE;
    pst_meter_read(meter, reading, channels);
    return PST_OK;
}

void pst_stream_reset_meters(pst_stream *stream) PST_RT {
    pst_meter *meters[] = {meter_of(&stream->flow.input_meter),
                           meter_of(&stream->flow.output_meter)};
    for (int i = 0; i < 2; ++i)
        if (meters[i] != NULL)
            pst_meter_reset(meters[i]);
}

// ---- On the audio thread -----------------------------------------------------------------------

void pst_meter_pass(pst_flow *flow, const pst_pass *pass) PST_RT {
    pst_meter *input = meter_of(&flow->input_meter);
    pst_meter *output = meter_of(&flow->output_meter);
    if (input != NULL)
        pst_meter_feed(input, pass->source.data, pass->source.format, pass->n_frames);
    if (output != NULL)
        pst_meter_feed(output, pass->target.data, pass->target.format, pass->n_frames);
}
