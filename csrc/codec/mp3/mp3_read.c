// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/metadata/end_tags.h"
#include "codec/mp3/frame_index.h"
#include "codec/mp3/gaps.h"
#include "codec/mp3/info_frame.h"
#include "codec/mp3/mp3.h"
#include "codec/mp3/mpeg_decode.h"
#include "codec/mp3/mpeg_stream.h"

// A frame of the codec has a number, its slot, which counts those that are missing, too. Places of
// samples, as they are called here, count from the first sample of slot 0; what the encoder put
// before the sound belongs to them.

typedef struct reader {
    pst_mpeg_stream stream;
    pst_mpeg_decode *decode;
    pst_frame_index index; // Of a place that can seek.
    pst_gaps gaps;
    pst_damage *damage;
    pst_mpeg_header kind;
    bool is_walked;   // All frames were looked at when the file was opened.
    bool is_changing; // It ends where its format changes.
    pst_info_frame info;
    bool has_info;
    int64_t info_at;     // Where it lies.
    int64_t n_skipped;   // Samples before the first that is to be heard,
    int64_t end;         // and the place behind the last one; INT64_MAX while not known.
    int64_t claimed_end; // Where the info frame of a pipe says that the end is; -1: it does not.
    // The next to come:
    int64_t slot;
    int64_t wanted; // The place of the next sample to give.
    int64_t place;  // The place of what is there:
    int64_t n_silent;
    const float *samples; // Behind the silence; NULL: silence, too.
    int64_t n_samples;
    // To tell what cannot be decoded since its beginning is missing:
    uint32_t n_reservoir;
    bool is_behind_gap;
    int64_t noted_slot; // Damage was noted up to here.
} reader;

static int64_t samples_of(const reader *r) {
    return (int64_t)r->kind.n_samples;
}

static void note(reader *r, uint32_t flags, int64_t n_lost_slots) {
    const int64_t at = r->slot * samples_of(r) - r->n_skipped;
    pst_note_damage(r->damage, flags, at < 0 ? 0 : at, n_lost_slots * samples_of(r));
}

// ---- Frames ----------------------------------------------------------------------------------

// Returns how many bytes before its own a frame of layer III needs, and notes how many those after
// it will find. kept: from the frames before.
static uint32_t pass_reservoir(const pst_mpeg_frame *frame, uint32_t *n_kept) {
    enum { MOST_BYTES = 511, CHECKSUM_BYTES = 2 };
    const pst_mpeg_header *h = &frame->header;
    if (h->layer != 3)
        return 0;
    const uint32_t at = PST_MPEG_HEADER_BYTES + (h->has_checksum ? CHECKSUM_BYTES : 0);
    const uint32_t first = at + pst_mpeg_side_bytes(h);
    if (h->n_bytes < first)
        return MOST_BYTES;
    const uint8_t *b = frame->bytes + at;
    const uint32_t n_needed =
        h->version == PST_MPEG_1 ? (uint32_t)b[0] << 1 | b[1] >> 7 : (uint32_t)b[0];
    *n_kept += h->n_bytes - first;
    if (*n_kept > MOST_BYTES)
        *n_kept = MOST_BYTES;
    return n_needed;
}

static pst_status decode_frame(reader *r, const pst_mpeg_frame *frame, pst_error *err) {
    const uint32_t n_there = r->n_reservoir;
    const uint32_t n_needed = pass_reservoir(frame, &r->n_reservoir);
    r->samples = pst_mpeg_decode_frame(r->decode, frame->bytes, &frame->header);
    if (r->samples == NULL && pst_mpeg_decode_lacks_memory(r->decode))
        return pst_fail_memory(err);
    // Noise, if it is made of what lies before a gap. Where a file begins in the middle, the
    // decoder knows as well.
    if (r->is_behind_gap && n_needed > n_there)
        r->samples = NULL;
    // What is only decoded for the sake of what follows a seek may lack its beginning.
    const bool is_wanted = (r->slot + 1) * samples_of(r) > r->wanted;
    if (r->samples == NULL && is_wanted && r->slot > r->noted_slot) {
        note(r, PST_DAMAGE_CORRUPT, 1);
        r->noted_slot = r->slot;
    }
    r->n_samples = samples_of(r);
    return PST_OK;
}

static pst_status refuse_change(const reader *r, pst_error *err) {
    return pst_fail(err, PST_BAD_FILE, 0,
                    "The sample rate or the number of channels changes at frame %lld, which is "
                    "not supported; until then it is %u Hz and %u",
                    (long long)(r->slot * samples_of(r) - r->n_skipped), (unsigned)r->kind.rate_hz,
                    (unsigned)r->kind.n_channels);
}

// Tells whether a pipe ends before its info frame says. Some programs count that frame, too.
static bool is_too_short(const reader *r) {
    const int64_t n_claimed = r->has_info && r->info.has_frames ? (int64_t)r->info.n_frames : 0;
    if (r->info.has_bytes)
        return n_claimed > r->slot && (int64_t)r->info.n_bytes > r->stream.next_at - r->info_at;
    return n_claimed > r->slot + 1;
}

// Gets the samples of the next frame, and the silence of those missing before it.
static pst_status next_frame(reader *r, pst_error *err) {
    pst_mpeg_frame frame;
    const pst_mpeg_next next = pst_mpeg_stream_next(&r->stream, &frame);
    if (next == PST_MPEG_FAILED)
        return pst_io_fail(r->stream.io, err);
    if (frame.damage != 0 && !r->is_walked)
        note(r, frame.damage, frame.n_lost);
    if (next == PST_MPEG_CHANGED)
        return refuse_change(r, err);
    if (next == PST_MPEG_END) {
        if (!r->is_walked && is_too_short(r))
            note(r, PST_DAMAGE_TRUNCATED, (int64_t)r->info.n_frames - r->slot);
        if (r->slot * samples_of(r) < r->end) {
            if (r->is_walked)
                note(r, PST_DAMAGE_TRUNCATED, 0); // It has shrunk since it was opened.
            r->end = r->slot * samples_of(r);
        }
        return PST_END;
    }
    if (frame.is_cut_off) {
        pst_mpeg_decode_reset(r->decode);
        r->n_reservoir = 0;
        r->is_behind_gap = true;
    }
    if (frame.is_cut_off)
        frame.n_lost += pst_gaps_before(&r->gaps, frame.at);
    r->n_silent = frame.n_lost * samples_of(r);
    r->slot += frame.n_lost;
    const pst_status status = decode_frame(r, &frame, err);
    r->slot += status == PST_OK;
    return status;
}

// ---- Samples ---------------------------------------------------------------------------------

// Gives samples from what is there, or passes over them (data is NULL). Returns how many.
static int64_t take(reader *r, float *data, int64_t n) {
    const size_t n_channels = r->kind.n_channels;
    if (r->n_silent > 0) {
        n = n < r->n_silent ? n : r->n_silent;
        if (data != NULL)
            memset(data, 0, (size_t)n * n_channels * sizeof *data);
        r->n_silent -= n;
    } else {
        n = n < r->n_samples ? n : r->n_samples;
        const size_t n_values = (size_t)n * n_channels;
        if (data != NULL && r->samples != NULL)
            memcpy(data, r->samples, n_values * sizeof *data);
        else if (data != NULL)
            memset(data, 0, n_values * sizeof *data);
        if (r->samples != NULL)
            r->samples += n_values;
        r->n_samples -= n;
    }
    r->place += n;
    return n;
}

// Finds out whether the pipe ends where its info frame says. Only then the padding is cut off.
static void check_claim(reader *r) {
    if (r->claimed_end < 0 || r->wanted < r->claimed_end)
        return;
    if (pst_mpeg_stream_ends_after(&r->stream, (int64_t)r->info.n_frames - r->slot))
        r->end = r->claimed_end;
    r->claimed_end = -1;
}

static pst_status read_frames(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                              pst_error *err) {
    reader *r = state;
    float *to = data;
    *n_read = 0;
    while (*n_read < n_frames) {
        const bool is_claimed = r->claimed_end >= 0 && r->wanted >= r->claimed_end;
        if (*n_read > 0 && (is_claimed || r->n_silent + r->n_samples == 0))
            return PST_OK;
        check_claim(r);
        if (r->wanted >= r->end)
            return r->is_changing ? refuse_change(r, err) : PST_OK;
        if (r->n_silent + r->n_samples == 0) {
            const pst_status status = next_frame(r, err);
            if (status == PST_END)
                continue;
            if (status != PST_OK)
                return status;
        } else if (r->place < r->wanted) {
            take(r, NULL, r->wanted - r->place);
        } else {
            const int64_t end = r->claimed_end >= 0 ? r->claimed_end : r->end;
            const int64_t n_left = (int64_t)(n_frames - *n_read);
            const int64_t n = take(r, to, n_left < end - r->wanted ? n_left : end - r->wanted);
            r->wanted += n;
            to += (size_t)n * r->kind.n_channels;
            *n_read += (uint64_t)n;
        }
    }
    return PST_OK;
}

static pst_status seek_frame(void *state, int64_t frame, pst_error *err) {
    reader *r = state;
    (void)err;
    r->wanted = frame + r->n_skipped;
    if (r->index.n_places == 0)
        return PST_OK;
    const pst_frame_place *place =
        pst_frame_index_find(&r->index, r->wanted / samples_of(r), &r->kind);
    pst_mpeg_stream_goto(&r->stream, place->at);
    pst_mpeg_decode_reset(r->decode);
    r->slot = place->slot;
    r->place = place->slot * samples_of(r);
    r->n_silent = r->n_samples = 0;
    r->n_reservoir = 0;
    r->is_behind_gap = place->slot > 0;
    return PST_OK;
}

// ---- Opening ---------------------------------------------------------------------------------

// Looks at all frames. Afterwards r->slot is how many there are.
static pst_status walk(reader *r, pst_error *err) {
    const int64_t first_at = r->stream.next_at;
    for (;;) {
        pst_mpeg_frame frame;
        const pst_mpeg_next next = pst_mpeg_stream_next(&r->stream, &frame);
        if (next == PST_MPEG_FAILED)
            return pst_io_fail(r->stream.io, err);
        if (frame.damage != 0)
            note(r, frame.damage, frame.n_lost);
        r->is_changing = next == PST_MPEG_CHANGED;
        if (next != PST_MPEG_FRAME)
            break;
        r->slot += frame.n_lost;
        if (frame.n_holed > 0)
            pst_gaps_add(&r->gaps, frame.at, frame.n_holed);
        if (!pst_frame_index_add(&r->index, r->slot, frame.at, r->slot == 0 || frame.is_cut_off))
            return pst_fail_memory(err);
        ++r->slot;
    }
    r->is_walked = true;
    pst_mpeg_stream_goto(&r->stream, first_at);
    return PST_OK;
}

// Takes frames that are missing for lost in the gaps. Returns false if there are none.
static bool fill_gaps(reader *r, int64_t n_missing) {
    if (!pst_gaps_fill(&r->gaps, n_missing))
        return false;
    for (size_t i = 0; i < r->index.n_places; ++i)
        r->index.places[i].slot += pst_gaps_until(&r->gaps, r->index.places[i].at);
    r->slot += n_missing;
    pst_note_damage(r->damage, PST_DAMAGE_CORRUPT, -1, n_missing * samples_of(r));
    return true;
}

// Holds what the info frame says against what is there. Returns whether the file ends where the
// encoder ended it.
static bool check_info(reader *r) {
    const int64_t n_claimed = (int64_t)r->info.n_frames;
    const int64_t n_bytes = r->stream.end - r->info_at;
    const bool has_all_bytes = r->info.has_bytes && (int64_t)r->info.n_bytes == n_bytes;
    // Some programs count the info frame, too.
    if (!r->info.has_frames || r->is_changing || r->slot == n_claimed ||
        (r->slot == n_claimed - 1 && r->gaps.n == 0 && (has_all_bytes || !r->info.has_bytes)))
        return r->info.has_frames && !r->is_changing;
    if (r->info.is_vbri && n_claimed >= r->slot - 1 && n_claimed <= r->slot + 1)
        return true;
    const bool lacks_bytes = !r->info.has_bytes || (int64_t)r->info.n_bytes > n_bytes;
    if (n_claimed > r->slot && lacks_bytes)
        note(r, PST_DAMAGE_TRUNCATED, n_claimed - r->slot);
    else if (n_claimed <= r->slot || !has_all_bytes || !fill_gaps(r, n_claimed - r->slot))
        pst_note_damage(r->damage, PST_DAMAGE_HEADER, -1, 0);
    return has_all_bytes;
}

static int64_t heard_end(const reader *r, int64_t n_slots, bool is_cut) {
    int64_t end = n_slots * samples_of(r);
    if (is_cut && r->info.has_delay && r->info.padding > PST_MP3_DECODER_DELAY)
        end -= (int64_t)r->info.padding - PST_MP3_DECODER_DELAY;
    return end < r->n_skipped ? r->n_skipped : end;
}

// Goes to the first frame that is sound. Returns false if there is no frame at all.
static bool begin(reader *r) {
    pst_mpeg_frame frame;
    if (pst_mpeg_stream_next(&r->stream, &frame) != PST_MPEG_FRAME)
        return false;
    r->info_at = frame.at;
    r->has_info = pst_info_frame_read(frame.bytes, &frame.header, &r->info);
    if (r->has_info)
        pst_mpeg_stream_begin_again(&r->stream);
    else
        pst_mpeg_stream_goto(&r->stream, frame.at);
    r->kind = r->stream.kind;
    if (r->has_info && r->info.has_delay)
        r->n_skipped = (int64_t)r->info.delay + PST_MP3_DECODER_DELAY;
    r->wanted = r->n_skipped;
    return true;
}

static uint32_t bitrate_of(const reader *r, int64_t n_bytes, int64_t n_slots) {
    if (n_slots <= 0 || n_bytes <= 0)
        return r->kind.bitrate_bps;
    const double seconds = (double)n_slots * (double)samples_of(r) / r->kind.rate_hz;
    const double bitrate = (double)n_bytes * 8 / seconds;
    return bitrate < 10e6 ? (uint32_t)(bitrate + 0.5) : 0;
}

static pst_status measure(reader *r, pst_decoder_setup *setup, pst_error *err) {
    if (!begin(r))
        return pst_io_error(setup->io) != 0
                   ? pst_io_fail(setup->io, err)
                   : pst_fail(err, PST_BAD_FILE, 0, "The file has no whole frame of MPEG audio");
    r->end = INT64_MAX;
    setup->info.n_frames = -1;
    if (setup->info.is_seekable) {
        const int64_t first_at = r->stream.next_at;
        const pst_status status = walk(r, err);
        if (status != PST_OK)
            return status;
        const bool is_cut = r->has_info && check_info(r);
        r->end = heard_end(r, r->slot, is_cut);
        // Where it changes, reading is to fail, not to end.
        setup->info.n_frames = r->is_changing ? -1 : r->end - r->n_skipped;
        setup->info.bitrate_bps = bitrate_of(r, r->stream.end - first_at, r->slot);
        r->slot = 0;
        return PST_OK;
    }
    const bool knows = r->has_info && r->info.has_frames;
    if (knows && r->info.has_delay)
        r->claimed_end = heard_end(r, (int64_t)r->info.n_frames, true);
    if (r->claimed_end >= 0)
        setup->claimed_frames = r->claimed_end - r->n_skipped;
    setup->info.bitrate_bps =
        bitrate_of(r, knows && r->info.has_bytes ? (int64_t)r->info.n_bytes : 0,
                   knows ? (int64_t)r->info.n_frames : 0);
    return PST_OK;
}

static void close_reader(void *state) {
    reader *r = state;
    pst_mpeg_decode_close(r->decode);
    pst_frame_index_free(&r->index);
    pst_free(r);
}

static pst_status open_reader(void **state, pst_decoder_setup *setup, pst_error *err) {
    reader *r = pst_alloc(sizeof *r);
    if (r == NULL)
        return pst_fail_memory(err);
    r->damage = setup->damage;
    r->noted_slot = -1;
    r->claimed_end = -1;
    setup->info.is_seekable = pst_io_is_seekable(setup->io);
    const int64_t end = setup->end_byte > 0 ? setup->end_byte
                        : setup->info.is_seekable
                            ? pst_end_tags_pass(setup->io, setup->start_byte, setup->tags)
                            : INT64_MAX;
    pst_mpeg_stream_init(&r->stream, setup->io, setup->start_byte, end);
    pst_status status = measure(r, setup, err);
    if (status == PST_OK)
        status = pst_mpeg_decode_open(&r->decode, &r->kind, err);
    if (status != PST_OK) {
        close_reader(r);
        return status;
    }
    setup->skipped_frames = r->n_skipped;
    setup->info.format.sample_format = PST_FORMAT_F32;
    setup->info.format.rate_hz = r->kind.rate_hz;
    setup->info.format.n_channels = r->kind.n_channels;
    setup->native = PST_FORMAT_F32;
    *state = r;
    return PST_OK;
}

const pst_decoder_ops pst_mp3_decoder = {
    .open = open_reader,
    .read = read_frames,
    .seek = seek_frame,
    .close = close_reader,
};
