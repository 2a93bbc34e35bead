// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "chain/row.h"

#include "base/error.h"
#include "chain/times.h"

static bool is_called_off(const pst_row *row) {
    return row->ops->is_called_off != NULL && row->ops->is_called_off(row->user);
}

// Notes where an error comes from.
static pst_status came_from(pst_row *row, uint32_t place, pst_status status) {
    if (status < 0 && status != PST_TIMEOUT)
        row->failed_at = place;
    return status;
}

void pst_piece_advance(pst_piece *piece, uint64_t n_frames) PST_RT {
    piece->data += n_frames * pst_media_bytes(piece->media);
    piece->n_frames -= n_frames;
    piece->frame += (int64_t)n_frames;
    piece->begins = piece->begins && n_frames == 0;
}

// ---- What the pieces are ----------------------------------------------------------------------

// Sides that are known before anything flows were compared then; this is for the others.
static pst_status check_taken(pst_row *row, uint32_t place, const pst_media *given,
                              const pst_media *taken, const char *name, pst_error *err) {
    if (pst_media_fits(given, taken))
        return PST_OK;
    char came[PST_MEDIA_TEXT_BYTES], wanted[PST_MEDIA_TEXT_BYTES];
    return came_from(row, place,
                     pst_fail(err, PST_BAD_ARGUMENT, 0, "%s takes %s; what came is %s", name,
                              pst_media_text(taken, wanted), pst_media_text(given, came)));
}

// Tells what a stage gives. in: what went into it, NULL if that is over.
static void tell(pst_row *row, uint32_t index, const pst_media *in, pst_piece *out) {
    pst_media *media = &row->media[index];
    if (out->media != NULL)
        *media = *out->media;
    if (out->media != NULL)
        return;
    out->media = media;
    if (in == NULL && media->n_channels > 0)
        return;
    *media = row->stages[index]->out;
    if (in == NULL)
        return;
    if (media->rate_hz <= 0.0)
        media->rate_hz = in->rate_hz;
    pst_keep_times(media, in);
}

// ---- Frames -----------------------------------------------------------------------------------

static pst_status give(pst_row *row, uint32_t index, const pst_piece *piece, pst_error *err);

// What a stage has made goes to the next one.
static pst_status give_on(pst_row *row, uint32_t index, const pst_media *in, pst_piece *out,
                          pst_error *err) {
    tell(row, index, in, out);
    return give(row, index + 1, out, err);
}

// A border goes through the stages from here on, and through emit; or it is the end of all.
static pst_status settle(pst_row *row, uint32_t index, bool is_end, pst_error *err) {
    pst_status status = PST_OK;
    for (uint32_t i = index; i < row->n_stages; ++i) {
        pst_stage *stage = row->stages[i];
        pst_status (*const flush)(pst_stage *, pst_piece *, pst_error *) =
            is_end ? stage->ops->drain : stage->ops->settle;
        while (status == PST_OK && flush != NULL && !is_called_off(row)) {
            pst_piece out = {0};
            status = came_from(row, i + 1, flush(stage, &out, err));
            if (status == PST_TIMEOUT) {
                status = PST_OK;
                continue;
            }
            if (status == PST_OK && out.n_frames == 0)
                break;
            if (status == PST_OK)
                status = give_on(row, i, NULL, &out, err);
        }
    }
    if (status == PST_OK && row->ops->settle != NULL && !is_called_off(row))
        status = came_from(row, row->n_stages + 1, row->ops->settle(row->user, err));
    return status;
}

static pst_status emit(pst_row *row, const pst_piece *piece, pst_error *err) {
    const uint32_t place = row->n_stages + 1;
    const pst_status status = check_taken(row, place, piece->media, &row->taken, row->taker, err);
    return status != PST_OK ? status : came_from(row, place, row->ops->emit(row->user, piece, err));
}

// Gives a piece to a stage and what comes of it to the next, and so on; there are not many.
static pst_status give(pst_row *row, uint32_t index, const pst_piece *piece, pst_error *err) {
    pst_piece rest = *piece;
    pst_status status = PST_OK;
    if (index == row->n_stages) {
        status = emit(row, piece, err);
        rest.n_frames = 0;
    } else {
        const pst_stage *stage = row->stages[index];
        status = check_taken(row, index + 1, piece->media, &stage->in, stage->name, err);
    }
    while (status == PST_OK && rest.n_frames > 0 && !is_called_off(row)) {
        pst_stage *stage = row->stages[index];
        pst_piece out = {0};
        uint64_t n_used = 0;
        status = came_from(row, index + 1, stage->ops->process(stage, &rest, &n_used, &out, err));
        if (status == PST_TIMEOUT) {
            status = PST_OK;
            continue;
        }
        if (status == PST_OK && out.n_frames > 0)
            status = give_on(row, index, piece->media, &out, err);
        // Only now: the stage may have given the giver's own frames.
        pst_piece_advance(&rest, n_used);
        if (index == 0 && row->ops->pass != NULL)
            row->ops->pass(row->user, n_used);
    }
    if (status == PST_OK && piece->is_whole && !is_called_off(row))
        status = settle(row, index, false, err);
    return status;
}

pst_status pst_row_give(pst_row *row, const pst_piece *piece, pst_error *err) {
    return give(row, 0, piece, err);
}

pst_status pst_row_settle(pst_row *row, pst_error *err) {
    return settle(row, 0, false, err);
}

pst_status pst_row_drain(pst_row *row, pst_error *err) {
    return settle(row, 0, true, err);
}

pst_status pst_row_reset(pst_row *row, pst_error *err) {
    for (uint32_t i = 0; i < row->n_stages; ++i) {
        pst_stage *stage = row->stages[i];
        const pst_status status = stage->ops->reset == NULL
                                      ? PST_OK
                                      : came_from(row, i + 1, stage->ops->reset(stage, err));
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}
