// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "chain/stage.h"
#include "pastream/codec.h"

// A sound file as a sink. Every half second the header is brought up to date, so that a process
// that is killed leaves a file with at most so much missing.

#define UPDATE_EVERY_NS (PST_NS_PER_SECOND / 2)

typedef struct file_sink {
    pst_sink base;
    pst_encoder *encoder; // Retained.
    pst_stream *stream;   // NULL, or retained.
    int64_t updated_ns;
} file_sink;

static pst_status file_push(pst_sink *sink, const pst_piece *piece, uint64_t *n_taken,
                            pst_error *err) {
    file_sink *self = (file_sink *)sink;
    pst_status status =
        pst_encoder_write(self->encoder, piece->data, self->base.format, piece->n_frames, err);
    if (status != PST_OK)
        return status;
    *n_taken = piece->n_frames;
    const int64_t now_ns = pst_now_ns();
    if (now_ns - self->updated_ns >= UPDATE_EVERY_NS) {
        self->updated_ns = now_ns;
        status = pst_encoder_update(self->encoder, err);
    }
    return status;
}

// While nothing comes, nothing is missing.
static pst_status file_idle(pst_sink *sink, pst_error *err) {
    file_sink *self = (file_sink *)sink;
    self->updated_ns = pst_now_ns();
    return pst_encoder_update(self->encoder, err);
}

// A pipe may keep a write waiting.
static void file_wake(pst_sink *sink) {
    const file_sink *self = (const file_sink *)sink;
    pst_encoder_cancel(self->encoder, true);
}

// The file stays open for who else holds it: another run may go on with it. However this one ended,
// what has arrived is kept. It is let go here, before the chain is said to be over: who waits for
// that may then take the file's place away.
static pst_status file_end(pst_sink *sink, pst_ending ending, pst_error *err) {
    file_sink *self = (file_sink *)sink;
    pst_encoder_cancel(self->encoder, false);
    const pst_status status = pst_encoder_update(self->encoder, err);
    const bool is_broken =
        ending == PST_ENDING_BROKEN || (status < 0 && ending != PST_ENDING_CANCELLED);
    if (self->stream != NULL && is_broken) {
        const pst_status aborted = pst_stream_abort(self->stream, NULL);
        (void)aborted; // The file's error is the one to tell.
    }
    pst_encoder_release(self->encoder);
    self->encoder = NULL;
    return status < 0 ? status : PST_OK;
}

static void file_destroy(pst_sink *sink) {
    file_sink *self = (file_sink *)sink;
    pst_encoder_release(self->encoder);
    pst_stream_release(self->stream);
    pst_free(self);
}

static const pst_sink_ops file_sink_ops = {
    .name = "file",
    .push = file_push,
    .idle = file_idle,
    .wake = file_wake,
    .end = file_end,
    .destroy = file_destroy,
};

pst_status pst_sink_file(pst_sink **sink, pst_encoder *encoder, pst_stream *stream,
                         pst_format format, pst_error *err) {
    pst_file_format written;
    pst_encoder_get_format(encoder, &written);
    const pst_status status = pst_check_frames(format, written.n_channels, err);
    if (status != PST_OK)
        return status;
    file_sink *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->base = (pst_sink){.ops = &file_sink_ops,
                            .format = format,
                            .n_channels = written.n_channels,
                            .rate_hz = (double)written.rate_hz};
    self->encoder = encoder;
    self->stream = stream;
    self->updated_ns = pst_now_ns();
    pst_encoder_retain(encoder);
    if (stream != NULL)
        pst_stream_retain(stream);
    *sink = &self->base;
    return PST_OK;
}
