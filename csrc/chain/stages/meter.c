// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/error.h"
#include "chain/stage.h"
#include "stream/meter.h"

// Looks at the frames on their way, with the same meter as streams have.

typedef struct meter_stage {
    pst_stage base;
    pst_meter *meter;
} meter_stage;

static pst_status meter_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                                pst_piece *out, pst_error *err) {
    const meter_stage *self = (const meter_stage *)stage;
    (void)err;
    *out = *in;
    *n_used = in->n_frames;
    pst_meter_feed(self->meter, in->data, stage->in.format, (int64_t)in->n_frames);
    return PST_OK;
}

static void meter_deinit(pst_stage *stage) {
    pst_meter_destroy(((meter_stage *)stage)->meter);
}

static const pst_stage_ops meter_ops = {
    .name = "meter",
    .process = meter_process,
    .deinit = meter_deinit,
};

pst_status pst_stage_meter(pst_stage **stage, pst_format format, uint32_t n_channels,
                           double rate_hz, pst_error *err) {
    if (!(rate_hz > 0.0 && rate_hz <= PST_FILE_MAX_RATE_HZ))
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "rate_hz is %g; it must be more than 0 and at most %d", rate_hz,
                        (int)PST_FILE_MAX_RATE_HZ);
    const pst_media side = {.format = format, .n_channels = n_channels, .rate_hz = rate_hz};
    pst_stage *made = NULL;
    const pst_status status =
        pst_stage_create(&made, sizeof(meter_stage), &meter_ops, &side, &side, false, err);
    if (status != PST_OK)
        return status;
    pst_meter *meter = pst_meter_create(n_channels, rate_hz, pst_meter_full_scale(format));
    if (meter == NULL) {
        pst_stage_destroy(made);
        return pst_fail_memory(err);
    }
    ((meter_stage *)made)->meter = meter;
    *stage = made;
    return PST_OK;
}

pst_status pst_stage_read_meter(const pst_stage *stage, pst_meter_reading *reading,
                                pst_meter_channel *channels) PST_RT {
    if (stage->ops != &meter_ops)
        return PST_BAD_ARGUMENT;
    pst_meter_read(((const meter_stage *)stage)->meter, reading, channels);
    return PST_OK;
}

void pst_stage_reset_meter(pst_stage *stage) PST_RT {
    if (stage->ops == &meter_ops)
        pst_meter_reset(((meter_stage *)stage)->meter);
}
