// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "pastream/processor.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "chain/row.h"
#include "chain/ends/user_buffer.h"

// A buffer that waits, or one that can be used again.
typedef struct made_buffer {
    struct made_buffer *next;
    pst_media media;
    int64_t frame;
    uint64_t n_frames;
    uint8_t *data;
    size_t n_bytes; // Of room.
} made_buffer;

struct pst_processor {
    pst_stage *stages[PST_CHAIN_MAX_STAGES];
    pst_row row;
    pst_user_giver giver;
    bool has_ended;
    const char *origin;
    made_buffer *first, *last; // Those that wait.
    made_buffer *open;         // The one that is being filled; NULL: there is none.
    made_buffer *taken;        // The last one that was taken.
    made_buffer *spare;        // Those that can be used again.
};

// ---- What comes out ---------------------------------------------------------------------------

static made_buffer *new_buffer(pst_processor *self) {
    made_buffer *made = self->spare;
    if (made == NULL)
        return pst_alloc(sizeof *made);
    self->spare = made->next;
    made->next = NULL;
    made->n_frames = 0;
    return made;
}

static void put_away(pst_processor *self, made_buffer *buffer) {
    buffer->next = self->spare;
    self->spare = buffer;
}

static void close_buffer(pst_processor *self) {
    made_buffer *made = self->open;
    self->open = NULL;
    if (made == NULL)
        return;
    if (self->last != NULL)
        self->last->next = made;
    else
        self->first = made;
    self->last = made;
}

static bool goes_on(const made_buffer *open, const pst_piece *piece) {
    return !piece->begins && piece->frame == open->frame + (int64_t)open->n_frames &&
           piece->media->format == open->media.format &&
           piece->media->n_channels == open->media.n_channels &&
           piece->media->rate_hz == open->media.rate_hz;
}

static bool make_room(made_buffer *buffer, size_t n_bytes) {
    if (n_bytes <= buffer->n_bytes)
        return true;
    const size_t n_more = n_bytes > 2 * buffer->n_bytes ? n_bytes : 2 * buffer->n_bytes;
    uint8_t *more = pst_alloc(n_more);
    if (more == NULL)
        return false;
    if (buffer->n_frames > 0)
        memcpy(more, buffer->data, buffer->n_frames * pst_media_bytes(&buffer->media));
    pst_free(buffer->data);
    buffer->data = more;
    buffer->n_bytes = n_more;
    return true;
}

static pst_status emit(void *user, const pst_piece *piece, pst_error *err) {
    pst_processor *self = user;
    if (self->open != NULL && !goes_on(self->open, piece))
        close_buffer(self);
    if (self->open == NULL) {
        self->open = new_buffer(self);
        if (self->open == NULL)
            return pst_fail_memory(err);
        self->open->media = *piece->media;
        self->open->frame = piece->frame;
    }
    made_buffer *open = self->open;
    const size_t frame_bytes = pst_media_bytes(piece->media);
    if (!make_room(open, (size_t)(open->n_frames + piece->n_frames) * frame_bytes))
        return pst_fail_memory(err);
    memcpy(open->data + open->n_frames * frame_bytes, piece->data, piece->n_frames * frame_bytes);
    open->n_frames += piece->n_frames;
    return PST_OK;
}

static pst_status settle(void *user, pst_error *err) {
    (void)err;
    close_buffer(user);
    return PST_OK;
}

static const pst_row_ops row_ops = {.emit = emit, .settle = settle};

pst_status pst_processor_get(pst_processor *processor, pst_buffer *buffer) {
    pst_processor *self = processor;
    if (self->taken != NULL)
        put_away(self, self->taken);
    self->taken = NULL;
    made_buffer *made = self->first;
    if (made == NULL)
        return self->has_ended ? PST_END : PST_TIMEOUT;
    self->first = made->next;
    if (self->first == NULL)
        self->last = NULL;
    self->taken = made;
    const pst_piece piece = {.data = made->data,
                             .n_frames = made->n_frames,
                             .frame = made->frame,
                             .media = &made->media};
    *buffer = pst_user_buffer(&piece);
    return PST_OK;
}

// ---- What goes in -----------------------------------------------------------------------------

static pst_status noted(pst_processor *self, pst_status status) {
    const uint32_t place = self->row.failed_at;
    if (status < 0 && place >= 1 && place <= self->row.n_stages)
        self->origin = self->stages[place - 1]->name;
    return status;
}

static void begin_call(pst_processor *self) {
    self->origin = NULL;
    self->row.failed_at = 0;
}

pst_status pst_processor_put(pst_processor *processor, const pst_buffer *buffer, pst_error *err) {
    pst_processor *self = processor;
    begin_call(self);
    if (self->has_ended)
        return pst_fail(err, PST_BAD_STATE, 0, "the processor was flushed; reset it first");
    pst_piece piece;
    pst_status status = pst_user_give(&self->giver, PST_MEDIA_FRAMES, buffer, &piece, err);
    if (status == PST_OK && piece.n_frames > 0)
        status = noted(self, pst_row_give(&self->row, &piece, err));
    return status;
}

pst_status pst_processor_flush(pst_processor *processor, pst_error *err) {
    pst_processor *self = processor;
    begin_call(self);
    if (self->has_ended)
        return PST_OK;
    self->has_ended = true;
    const pst_status status = noted(self, pst_row_drain(&self->row, err));
    close_buffer(self);
    return status;
}

pst_status pst_processor_reset(pst_processor *processor, pst_error *err) {
    pst_processor *self = processor;
    begin_call(self);
    close_buffer(self);
    while (self->first != NULL) {
        made_buffer *next = self->first->next;
        put_away(self, self->first);
        self->first = next;
    }
    self->last = NULL;
    self->has_ended = false;
    pst_user_giver_reset(&self->giver);
    return noted(self, pst_row_reset(&self->row, err));
}

const char *pst_processor_origin(const pst_processor *processor) PST_RT {
    return processor->origin;
}

// ---- Making and unmaking ----------------------------------------------------------------------

static const char *kind_name(pst_media_kind kind) {
    return kind == PST_MEDIA_PACKETS ? "packets" : "frames";
}

static pst_status check_stages(pst_stage *const *stages, uint32_t n_stages, pst_error *err) {
    if (n_stages < 1 || n_stages > PST_CHAIN_MAX_STAGES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0, "n_stages is %u; it must be from 1 to %d",
                        (unsigned)n_stages, PST_CHAIN_MAX_STAGES);
    if (stages[0]->in.kind != PST_MEDIA_FRAMES ||
        stages[n_stages - 1]->out.kind != PST_MEDIA_FRAMES)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "the stages take %s and give %s; a processor is for frames",
                        kind_name(stages[0]->in.kind), kind_name(stages[n_stages - 1]->out.kind));
    for (uint32_t i = 1; i < n_stages; ++i)
        if (!pst_media_fits(&stages[i - 1]->out, &stages[i]->in)) {
            char given[PST_MEDIA_TEXT_BYTES], taken[PST_MEDIA_TEXT_BYTES];
            return pst_fail(
                err, PST_BAD_ARGUMENT, 0, "stage %u (%s) gives %s, stage %u (%s) takes %s",
                (unsigned)i, stages[i - 1]->name, pst_media_text(&stages[i - 1]->out, given),
                (unsigned)i + 1, stages[i]->name, pst_media_text(&stages[i]->in, taken));
        }
    return PST_OK;
}

pst_status pst_processor_create(pst_processor **processor, pst_stage *const *stages,
                                uint32_t n_stages, pst_error *err) {
    const pst_status status = check_stages(stages, n_stages, err);
    if (status != PST_OK)
        return status;
    pst_processor *self = pst_alloc(sizeof *self);
    if (self == NULL)
        return pst_fail_memory(err);
    memcpy(self->stages, stages, n_stages * sizeof *stages);
    self->row = (pst_row){.stages = self->stages,
                          .n_stages = n_stages,
                          .ops = &row_ops,
                          .user = self,
                          .taker = "the processor"};
    *processor = self;
    return PST_OK;
}

static void free_buffer(made_buffer *buffer) {
    if (buffer != NULL)
        pst_free(buffer->data);
    pst_free(buffer);
}

static void free_buffers(made_buffer *buffer) {
    while (buffer != NULL) {
        made_buffer *next = buffer->next;
        free_buffer(buffer);
        buffer = next;
    }
}

void pst_processor_destroy(pst_processor *processor) {
    if (processor == NULL)
        return;
    for (uint32_t i = 0; i < processor->row.n_stages; ++i)
        pst_stage_destroy(processor->stages[i]);
    pst_user_giver_deinit(&processor->giver);
    free_buffers(processor->first);
    free_buffers(processor->spare);
    free_buffer(processor->open);
    free_buffer(processor->taken);
    pst_free(processor);
}
