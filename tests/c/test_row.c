// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "chain/row.h"
#include "check.h"

// Rows of stages: what is given, drained and settled, and in which order.

enum { LOG_BYTES = 512 };

// What went through a row, as letters: what came of each stage and of emit, and the borders.
static char events[LOG_BYTES];

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...) {
    const size_t at = strlen(events);
    va_list args;
    va_start(args, format);
    vsnprintf(events + at, LOG_BYTES - at, format, args);
    va_end(args);
}

// Takes `most` frames of a piece at once, and keeps the last one for the drain if it is told to.
typedef struct told_stage {
    pst_stage base;
    uint64_t most;
    int n_timeouts;     // Before it does anything.
    bool has_kept;      // A frame, that the drain gives.
    bool gives_settled; // A frame for each border.
    bool owes;
    pst_status then; // What process returns in the end.
    pst_media told;  // Given with each piece if its channels are not 0.
} told_stage;

static const int32_t kept_frame = 77;

static pst_status told_process(pst_stage *stage, const pst_piece *in, uint64_t *n_used,
                               pst_piece *out, pst_error *err) {
    told_stage *self = (told_stage *)stage;
    if (self->n_timeouts > 0) {
        --self->n_timeouts;
        return PST_TIMEOUT;
    }
    if (self->then != PST_OK)
        return pst_fail(err, self->then, 0, "told to fail");
    *out = *in;
    if (out->n_frames > self->most) {
        out->n_frames = self->most;
        out->is_whole = false;
    }
    *n_used = out->n_frames;
    if (self->told.n_channels > 0)
        out->media = &self->told;
    self->owes = self->gives_settled;
    return PST_OK;
}

static void give_kept(pst_piece *out) {
    *out = (pst_piece){.data = (const uint8_t *)&kept_frame, .n_frames = 1};
}

static pst_status told_settle(pst_stage *stage, pst_piece *out, pst_error *err) {
    told_stage *self = (told_stage *)stage;
    (void)err;
    if (self->owes)
        give_kept(out);
    self->owes = false;
    return PST_OK;
}

static pst_status told_drain(pst_stage *stage, pst_piece *out, pst_error *err) {
    told_stage *self = (told_stage *)stage;
    (void)err;
    if (self->n_timeouts > 0) {
        --self->n_timeouts;
        return PST_TIMEOUT;
    }
    if (self->has_kept)
        give_kept(out);
    self->has_kept = false;
    return PST_OK;
}

static pst_status told_reset(pst_stage *stage, pst_error *err) {
    told_stage *self = (told_stage *)stage;
    (void)err;
    self->has_kept = self->owes = false;
    return PST_OK;
}

static const pst_stage_ops told_ops = {.name = "told",
                                       .process = told_process,
                                       .settle = told_settle,
                                       .drain = told_drain,
                                       .reset = told_reset};

static told_stage *make_told(uint64_t most, bool is_open) {
    const pst_media side = {.format = is_open ? (pst_format)0 : PST_FORMAT_I32,
                            .n_channels = is_open ? 0 : 1};
    pst_stage *stage = NULL;
    if (is_open)
        CHECK_EQ(pst_stage_create_open(&stage, sizeof(told_stage), &told_ops, &side, &side, NULL),
                 PST_OK);
    else
        CHECK_EQ(pst_stage_create(&stage, sizeof(told_stage), &told_ops, &side, &side, false, NULL),
                 PST_OK);
    ((told_stage *)stage)->most = most;
    return (told_stage *)stage;
}

// ---- What is behind the row -------------------------------------------------------------------

typedef struct end_of_row {
    pst_status then;
    bool is_off;
    uint64_t n_passed;
    pst_media media; // Of the last piece.
} end_of_row;

static pst_status end_emit(void *user, const pst_piece *piece, pst_error *err) {
    end_of_row *self = user;
    if (self->then < 0)
        return pst_fail(err, self->then, 0, "the end was told to fail");
    self->media = *piece->media;
    for (uint64_t i = 0; i < piece->n_frames; ++i) {
        int32_t value = 0;
        memcpy(&value, piece->data + 4 * i, sizeof value);
        note("%d ", (int)value);
    }
    note(piece->begins ? "b" : "");
    note(", ");
    return self->then;
}

static pst_status end_settle(void *user, pst_error *err) {
    (void)user;
    (void)err;
    note("| ");
    return PST_OK;
}

static bool end_is_off(void *user) {
    return ((end_of_row *)user)->is_off;
}

static void end_pass(void *user, uint64_t n_frames) {
    ((end_of_row *)user)->n_passed += n_frames;
}

static const pst_row_ops end_ops = {
    .emit = end_emit, .settle = end_settle, .is_called_off = end_is_off, .pass = end_pass};

static const int32_t numbers[] = {1, 2, 3, 4, 5};
static const pst_media mono = {.format = PST_FORMAT_I32,
                               .n_channels = 1,
                               .rate_hz = 8000.0,
                               .time_base_num = 1,
                               .time_base_den = 1000};

static pst_piece first_numbers(uint64_t n) {
    return (pst_piece){
        .data = (const uint8_t *)numbers, .n_frames = n, .is_whole = true, .media = &mono};
}

static void forget(pst_stage *const *stages, uint32_t n_stages) {
    for (uint32_t i = 0; i < n_stages; ++i)
        pst_stage_destroy(stages[i]);
    events[0] = '\0';
}

// ---- Tests --------------------------------------------------------------------------------------

static void test_a_row_of_none_gives_what_it_gets(void) {
    end_of_row end = {0};
    pst_row row = {.ops = &end_ops, .user = &end};
    pst_piece piece = first_numbers(2);
    piece.begins = true;
    CHECK_EQ(pst_row_give(&row, &piece, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    CHECK_STR(events, "1 2 b, | | ");
    CHECK_EQ(end.n_passed, 0);
    CHECK_EQ(end.media.time_base_den, 1000);
    forget(NULL, 0);
}

static void test_pieces_go_through_all_stages_and_borders_behind_them(void) {
    end_of_row end = {0};
    told_stage *first = make_told(2, false), *second = make_told(1, false);
    pst_stage *const stages[] = {&first->base, &second->base};
    first->has_kept = second->has_kept = true;
    first->n_timeouts = second->n_timeouts = 2;
    pst_row row = {.stages = stages, .n_stages = 2, .ops = &end_ops, .user = &end};
    const pst_piece piece = first_numbers(3);
    CHECK_EQ(pst_row_give(&row, &piece, NULL), PST_OK);
    CHECK_EQ(end.n_passed, 3);
    // Each cut piece that still says that it is whole settles what is behind it, once more at last.
    CHECK_STR(events, "1 , 2 , 3 , | | | ");
    CHECK(end.media.rate_hz == 8000.0); // As it came,
    CHECK_EQ(end.media.time_base_den, 1000);
    events[0] = '\0';
    first->n_timeouts = 1;
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    CHECK_STR(events, "77 , 77 , | ");
    CHECK(end.media.rate_hz == 8000.0); // and still in the end.
    forget(stages, 2);
}

static void test_what_a_border_brings_goes_on(void) {
    end_of_row end = {0};
    told_stage *first = make_told(9, false), *second = make_told(9, false);
    pst_stage *const stages[] = {&first->base, &second->base};
    first->gives_settled = true;
    pst_row row = {.stages = stages, .n_stages = 2, .ops = &end_ops, .user = &end};
    pst_piece piece = first_numbers(2);
    CHECK_EQ(pst_row_give(&row, &piece, NULL), PST_OK);
    CHECK_STR(events, "1 2 , | | 77 , | ");
    events[0] = '\0';
    piece.is_whole = false;
    CHECK_EQ(pst_row_give(&row, &piece, NULL), PST_OK);
    CHECK_STR(events, "1 2 , ");
    forget(stages, 2);
}

static void test_nothing_moves_when_it_is_called_off(void) {
    end_of_row end = {.is_off = true};
    told_stage *stage = make_told(9, false);
    pst_stage *const stages[] = {&stage->base};
    stage->has_kept = true;
    stage->n_timeouts = 1000000; // It would wait for long.
    pst_row row = {.stages = stages, .n_stages = 1, .ops = &end_ops, .user = &end};
    const pst_piece piece = first_numbers(2);
    CHECK_EQ(pst_row_give(&row, &piece, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&row, NULL), PST_OK);
    CHECK_STR(events, "");
    CHECK_EQ(pst_row_reset(&row, NULL), PST_OK);
    CHECK(!stage->has_kept);
    forget(stages, 1);
}

static void test_errors_tell_their_place(void) {
    end_of_row end = {0};
    told_stage *first = make_told(1, false), *second = make_told(1, false);
    pst_stage *const stages[] = {&first->base, &second->base};
    pst_row row = {.stages = stages, .n_stages = 2, .ops = &end_ops, .user = &end};
    const pst_piece piece = first_numbers(2);
    pst_error err = {.status = PST_OK};
    second->then = PST_SYSTEM_ERROR;
    CHECK_EQ(pst_row_give(&row, &piece, &err), PST_SYSTEM_ERROR);
    CHECK_STR(err.text, "told to fail");
    CHECK_EQ(row.failed_at, 2);
    second->then = PST_OK;
    end.then = PST_CLOSED;
    CHECK_EQ(pst_row_give(&row, &piece, &err), PST_CLOSED);
    CHECK_EQ(row.failed_at, 3);
    end.then = PST_END; // No error.
    row.failed_at = 0;
    CHECK_EQ(pst_row_give(&row, &piece, &err), PST_END);
    CHECK_EQ(row.failed_at, 0);
    forget(stages, 2);
}

static void test_what_open_sides_give_is_looked_at(void) {
    end_of_row end = {0};
    told_stage *first = make_told(9, true), *second = make_told(9, false);
    pst_stage *const stages[] = {&first->base, &second->base};
    pst_row row = {.stages = stages, .n_stages = 2, .ops = &end_ops, .user = &end};
    const pst_piece piece = first_numbers(1);
    CHECK_EQ(pst_row_give(&row, &piece, NULL), PST_OK); // What came is passed on.
    first->told = (pst_media){.format = PST_FORMAT_I32, .n_channels = 2, .rate_hz = 44100.0};
    second->base.name = "second";
    pst_error err = {.status = PST_OK};
    CHECK_EQ(pst_row_give(&row, &piece, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "second takes 1 channel of int32; what came is 2 channels of int32 at "
                        "44100 Hz");
    CHECK_EQ(row.failed_at, 2);
    first->told = (pst_media){.kind = PST_MEDIA_PACKETS, .n_channels = 1};
    CHECK_EQ(pst_row_give(&row, &piece, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "second takes 1 channel of int32; what came is packets");
    first->told.n_channels = 0;
    row.taker = "the end";
    row.taken = (pst_media){.format = PST_FORMAT_I32, .n_channels = 1, .rate_hz = 16000.0};
    CHECK_EQ(pst_row_give(&row, &piece, &err), PST_BAD_ARGUMENT);
    CHECK_EQ(row.failed_at, 3);
    CHECK(strstr(err.text, "the end takes 1 channel of int32 at 16000 Hz; what came is 1 chan") !=
          NULL);
    forget(stages, 2);
}

int main(void) {
    RUN(test_a_row_of_none_gives_what_it_gets);
    RUN(test_pieces_go_through_all_stages_and_borders_behind_them);
    RUN(test_what_a_border_brings_goes_on);
    RUN(test_nothing_moves_when_it_is_called_off);
    RUN(test_errors_tell_their_place);
    RUN(test_what_open_sides_give_is_looked_at);
    return check_done();
}
