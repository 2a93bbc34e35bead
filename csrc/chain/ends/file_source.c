// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <errno.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/stage.h"
#include "pastream/codec.h"

// A sound file as a source, from where its decoder stands. A loop goes on with frame 0 in the very
// piece in which the file ends, so that nothing lies between.

// Per piece: short enough for a stop to come soon, long enough for a disk.
static const uint64_t piece_frames = 8192;

typedef struct file_source {
    pst_source base;
    pst_decoder *decoder; // Retained.
    bool loops;
    uint8_t *piece;
    uint64_t n_frames; // In the piece,
    uint64_t n_passed; // and how many of them are gone.
    int64_t frame;     // The first one in the piece: of the file, counted on when it begins again.
    int64_t next_frame;
    uint32_t frame_bytes;
    pst_error failure; // After the frames of the piece; PST_OK: none.
    bool is_at_end;
    _Atomic bool stopping;
} file_source;

// Goes back to the start. A pass that gave nothing would be followed by others for ever.
static pst_status begin_again(file_source *self, int64_t n_before) {
    if (pst_decoder_position(self->decoder) == 0 && n_before == 0)
        return pst_fail(&self->failure, PST_BAD_FILE, 0,
                        "The sound file has no frames: it cannot be played in a loop");
    return pst_decoder_seek(self->decoder, 0, &self->failure);
}

// Reads the next piece.
static void fill(file_source *self) {
    self->n_frames = self->n_passed = 0;
    self->frame = self->next_frame;
    while (self->n_frames < piece_frames && !self->is_at_end) {
        uint64_t n_read = 0;
        pst_status status = pst_decoder_read(
            self->decoder, self->piece + self->n_frames * self->frame_bytes, self->base.format,
            piece_frames - self->n_frames, &n_read, &self->failure);
        self->n_frames += n_read;
        if (status == PST_END && self->loops)
            status = begin_again(self, (int64_t)n_read);
        else if (status == PST_END)
            self->is_at_end = true;
        if (status < 0)
            self->is_at_end = true;
    }
    self->next_frame += (int64_t)self->n_frames;
}

static pst_status file_pull(pst_source *source, pst_piece *piece, pst_error *err) {
    file_source *self = (file_source *)source;
    if (atomic_load(&self->stopping))
        return PST_END;
    if (self->n_passed == self->n_frames)
        fill(self);
    if (self->n_frames == 0) {
        // A read that was called back from a pipe has not failed.
        if (self->failure.status == PST_OK || self->failure.native_code == ECANCELED)
            return PST_END;
        *err = self->failure;
        return err->status;
    }
    *piece = (pst_piece){.data = self->piece + self->n_passed * self->frame_bytes,
                         .n_frames = self->n_frames - self->n_passed,
                         .frame = self->frame + (int64_t)self->n_passed};
    return PST_OK;
}

static void file_pass(pst_source *source, uint64_t n_frames) {
    file_source *self = (file_source *)source;
    self->n_passed += n_frames;
}

static pst_status file_seek(pst_source *source, int64_t frame, pst_error *err) {
    file_source *self = (file_source *)source;
    self->n_frames = self->n_passed = 0;
    self->next_frame = frame;
    self->failure = (pst_error){.status = PST_OK};
    self->is_at_end = false;
    return pst_decoder_seek(self->decoder, frame, err);
}

static void file_stop(pst_source *source) {
    file_source *self = (file_source *)source;
    atomic_store(&self->stopping, true);
}

// A pipe may keep a read waiting.
static void file_wake(pst_source *source) {
    const file_source *self = (const file_source *)source;
    pst_decoder_cancel(self->decoder, true);
}

// Lets the file go before the chain is said to be over, as in the sink.
static void file_end(pst_source *source) {
    file_source *self = (file_source *)source;
    pst_decoder_cancel(self->decoder, false);
    pst_decoder_release(self->decoder);
    self->decoder = NULL;
}

static void file_destroy(pst_source *source) {
    file_source *self = (file_source *)source;
    pst_decoder_release(self->decoder);
    pst_free(self->piece);
    pst_free(self);
}

static const pst_source_ops file_source_ops = {
    .name = "file",
    .pull = file_pull,
    .pass = file_pass,
    .stop = file_stop,
    .wake = file_wake,
    .seek = file_seek,
    .end = file_end,
    .destroy = file_destroy,
};

pst_status pst_source_file(pst_source **source, pst_decoder *decoder, pst_format format, bool loops,
                           pst_error *err) {
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    const pst_status status = pst_check_frames(format, info.format.n_channels, err);
    if (status != PST_OK)
        return status;
    if (loops && !info.is_seekable)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "loop: the sound file comes from a pipe, which cannot go back");
    if (loops && info.n_frames == 0)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "loop: the sound file has no frames to be played again");
    file_source *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    self->frame_bytes = info.format.n_channels * pst_format_bytes(format);
    self->piece = pst_alloc_array((size_t)piece_frames, self->frame_bytes);
    if (self->piece == NULL) {
        pst_free(self);
        return pst_fail_memory(err);
    }
    self->base = (pst_source){.ops = &file_source_ops,
                              .format = format,
                              .n_channels = info.format.n_channels,
                              .rate_hz = (double)info.format.rate_hz,
                              .n_seekable = info.is_seekable ? info.n_frames : 0};
    self->decoder = decoder;
    self->next_frame = pst_decoder_position(decoder);
    self->loops = loops;
    pst_decoder_retain(decoder);
    *source = &self->base;
    return PST_OK;
}
