// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "stream/channels.h"

#include "base/error.h"
#include "stream/hook.h"
#include "stream/state.h"

static uint32_t device_channels(const pst_side *side, const pst_channel_map *map) PST_RT {
    return map->n_device_channels != 0 ? map->n_device_channels : side->n_channels;
}

pst_side pst_channels_of_device(const pst_side *side, const pst_channel_map *map) PST_RT {
    pst_side result = *side;
    result.n_channels = device_channels(side, map);
    return result;
}

pst_status pst_channels_check(const pst_stream_config *config, pst_error *err) {
    const struct {
        const pst_side *side;
        const pst_channel_map *map;
        const char *name;
        const char *gains_name;
    } sides[] = {
        {&config->input, &config->input_map, "input_map", "input_map.gains"},
        {&config->output, &config->output_map, "output_map", "output_map.gains"},
    };
    for (int i = 0; i < 2; ++i) {
        const pst_channel_map *map = sides[i].map;
        if (sides[i].side->device == PST_NO_INDEX)
            continue;
        if (map->n_device_channels > PST_MAX_CHANNELS)
            return pst_fail(err, PST_BAD_ARGUMENT, 0,
                            "%s.n_device_channels is %u; it must be 0 to %d", sides[i].name,
                            (unsigned)map->n_device_channels, PST_MAX_CHANNELS);
        if (map->gains == NULL)
            continue;
        const uint32_t in_ring = sides[i].side->n_channels;
        const uint32_t in_device = device_channels(sides[i].side, map);
        const pst_status status =
            i == 0 ? pst_matrix_check(map->gains, in_device, in_ring, sides[i].gains_name, err)
                   : pst_matrix_check(map->gains, in_ring, in_device, sides[i].gains_name, err);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}

// A side's matrix and its shape.
typedef struct matrix_place {
    _Atomic(pst_matrix *) *matrix;
    uint32_t n_sources;
    uint32_t n_destinations;
} matrix_place;

static matrix_place find_matrix(pst_flow *flow, pst_direction direction) {
    pst_flow_input *in = &flow->in;
    pst_flow_output *out = &flow->out;
    if (direction == PST_INPUT)
        return (matrix_place){&in->matrix, in->device_channels, in->n_channels};
    return (matrix_place){&out->matrix, out->n_channels, out->device_channels};
}

// Makes the matrix of a side that has none yet, with these gains, for the audio thread to find.
static pst_status make_matrix(pst_flow *flow, pst_direction direction, uint32_t block_frames,
                              const float *gains, pst_error *err) {
    const matrix_place place = find_matrix(flow, direction);
    pst_matrix *matrix = NULL;
    pst_status status = pst_hook_make_room(flow, block_frames, err);
    if (status == PST_OK)
        status = pst_matrix_create(&matrix, place.n_sources, place.n_destinations, err);
    if (status != PST_OK)
        return status;
    pst_matrix_set(matrix, gains);
    // With it comes the room.
    atomic_store_explicit(place.matrix, matrix, memory_order_release);
    return PST_OK;
}

static bool needs_matrix(const pst_side *side, const pst_channel_map *map) {
    return side->device != PST_NO_INDEX &&
           (map->gains != NULL || device_channels(side, map) != side->n_channels);
}

pst_status pst_channels_init(pst_flow *flow, const pst_stream_config *config, pst_error *err) {
    const uint32_t block_frames = config->block_frames;
    pst_status status = PST_OK;
    flow->in.device_channels = device_channels(&config->input, &config->input_map);
    flow->out.device_channels = device_channels(&config->output, &config->output_map);
    if (needs_matrix(&config->input, &config->input_map))
        status = make_matrix(flow, PST_INPUT, block_frames, config->input_map.gains, err);
    if (status == PST_OK && needs_matrix(&config->output, &config->output_map))
        status = make_matrix(flow, PST_OUTPUT, block_frames, config->output_map.gains, err);
    return status;
}

// ---- Public ------------------------------------------------------------------------------------

static bool has_side(const pst_flow *flow, pst_direction direction) {
    return (direction == PST_INPUT && flow->in.exists) ||
           (direction == PST_OUTPUT && flow->out.exists);
}

static pst_status refuse_direction(pst_direction direction, pst_error *err) {
    return pst_fail(err, PST_BAD_ARGUMENT, 0, "direction is %d; it must be one that the stream has",
                    (int)direction);
}

pst_status pst_stream_set_matrix(pst_stream *stream, pst_direction direction, const float *gains,
                                 pst_error *err) {
    if (!has_side(&stream->flow, direction))
        return refuse_direction(direction, err);
    const matrix_place place = find_matrix(&stream->flow, direction);
    pst_status status = PST_OK;
    if (gains != NULL)
        status = pst_matrix_check(gains, place.n_sources, place.n_destinations, "gains", err);
    if (status != PST_OK)
        return status;
    status = pst_stream_lock(stream, err);
    if (status != PST_OK)
        return status;
    pst_matrix *matrix = atomic_load(place.matrix);
    if (matrix != NULL)
        pst_matrix_set(matrix, gains);
    else if (gains != NULL)
        status = make_matrix(&stream->flow, direction, stream->info.block_frames, gains, err);
    pst_stream_unlock(stream);
    return status;
}

pst_status pst_stream_get_matrix(pst_stream *stream, pst_direction direction, float *gains,
                                 pst_error *err) {
    if (!has_side(&stream->flow, direction))
        return refuse_direction(direction, err);
    const matrix_place place = find_matrix(&stream->flow, direction);
    const pst_status status = pst_stream_lock(stream, err);
    if (status != PST_OK)
        return status;
    const pst_matrix *matrix = atomic_load(place.matrix);
    if (matrix != NULL)
        pst_matrix_get(matrix, gains);
    else
        for (uint32_t i = 0; i < place.n_sources * place.n_destinations; ++i)
            gains[i] = i / place.n_sources == i % place.n_sources ? 1.0f : 0.0f;
    pst_stream_unlock(stream);
    return PST_OK;
}
