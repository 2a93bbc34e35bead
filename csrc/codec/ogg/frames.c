// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Frames from packets, and the functions that a decoder of an Ogg file consists of.

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "codec/ogg/reader.h"

// ---- Packets ---------------------------------------------------------------------------------

// Fills r->frames with the sound of a packet.
static void decode(pst_ogg_reader *r, ogg_packet *packet, int32_t duration) {
    const size_t n_channels = r->info.n_channels;
    int32_t n = r->codec->decode(r->state, packet, r->frames);
    if (n < 0) {
        pst_ogg_note(r, PST_DAMAGE_CORRUPT, duration);
        n = 0;
    }
    if (n >= duration)
        return;
    // The first packet after a seek may give less: it lacks the one before.
    memmove(r->frames + (size_t)(duration - n) * n_channels, r->frames,
            (size_t)n * n_channels * sizeof(float));
    memset(r->frames, 0, (size_t)(duration - n) * n_channels * sizeof(float));
}

// Gives n frames, without what lies before the wanted ones.
static void give(pst_ogg_reader *r, const float *frames, int64_t n) {
    const int64_t unwanted = r->position < r->wanted ? r->wanted - r->position : 0;
    r->position += n;
    if (n <= unwanted)
        return;
    r->ready = frames == NULL ? NULL : frames + unwanted * r->info.n_channels;
    r->n_ready = (uint32_t)(n - unwanted);
}

static void give_silence(pst_ogg_reader *r) {
    const int64_t most = r->info.max_packet_frames;
    const int64_t n = r->n_missing < most ? r->n_missing : most;
    r->n_missing -= n;
    give(r, NULL, n);
}

static void give_packet(pst_ogg_reader *r) {
    ogg_packet *packet = &r->packets[r->next_packet];
    const int32_t duration = r->durations[r->next_packet++];
    if (duration < 0) {
        pst_ogg_note(r, PST_DAMAGE_CORRUPT, 0);
        return;
    }
    const int64_t n = duration < r->n_left ? duration : r->n_left;
    r->n_left -= n;
    // What lies far before the wanted frames need not be decoded.
    const bool is_far =
        r->wanted > 0 && r->position + duration + r->info.preroll_frames <= r->wanted;
    if (!r->is_dry && !is_far && packet->bytes > 0)
        decode(r, packet, duration);
    give(r, r->frames, n);
}

pst_status pst_ogg_step(pst_ogg_reader *r, pst_error *err) {
    while (r->n_ready == 0) {
        if (r->n_missing > 0) {
            give_silence(r);
        } else if (r->next_packet < r->n_packets) {
            give_packet(r);
        } else {
            const pst_status status = pst_ogg_next_page(r, err);
            if (status != PST_OK)
                return status;
        }
    }
    return PST_OK;
}

// ---- The decoder -----------------------------------------------------------------------------

void pst_ogg_close(void *state) {
    pst_ogg_reader *r = state;
    if (r->state != NULL)
        r->codec->close(r->state);
    if (r->has_stream)
        ogg_stream_clear(&r->stream);
    pst_ogg_pages_deinit(&r->pages);
    pst_free(r->frames);
    pst_free(r->links);
    pst_free(r->marks);
    pst_free(r);
}

static uint32_t mean_bitrate(const pst_ogg_reader *r) {
    if (r->n_frames <= 0)
        return 0;
    const double seconds = (double)r->n_frames / r->info.rate_hz;
    const double bps = 8.0 * (double)pst_io_length(r->io) / seconds;
    return bps < 4e9 ? (uint32_t)bps : 0;
}

// What is wrong with the end is to be known with the last frame, even if nobody asks for more.
static void look_behind_the_end(pst_ogg_reader *r) {
    const int64_t position = r->position > 0 ? r->position : 0;
    if (r->n_ready == 0 && r->is_whole && r->n_frames >= 0 &&
        r->n_frames <= r->first_frame + position)
        (void)pst_ogg_step(r, &r->failure);
}

pst_status pst_ogg_open(void **state, const pst_ogg_codec *codec, pst_decoder_setup *setup,
                        pst_error *err) {
    pst_ogg_reader *r = pst_alloc(sizeof *r);
    if (r == NULL)
        return pst_fail_memory(err);
    r->codec = codec;
    r->io = setup->io;
    r->damage = setup->damage;
    r->n_frames = -1;
    r->is_whole = true;
    pst_ogg_pages_init(&r->pages, setup->io);
    pst_status status = pst_ogg_begin_link(r, NULL, 0, setup->tags, err);
    if (status == PST_OK && pst_io_is_seekable(setup->io))
        status = pst_ogg_measure(r, err);
    if (status != PST_OK) {
        pst_ogg_close(r);
        return status;
    }
    if (r->n_frames == 0)
        look_behind_the_end(r);
    setup->info.format.sample_format = PST_FORMAT_F32;
    setup->info.format.rate_hz = r->info.rate_hz;
    setup->info.format.n_channels = r->info.n_channels;
    setup->info.n_frames = r->is_whole ? r->n_frames : -1;
    setup->info.is_seekable = pst_io_is_seekable(setup->io);
    setup->info.bitrate_bps = r->info.bitrate_bps > 0 ? r->info.bitrate_bps : mean_bitrate(r);
    setup->skipped_frames = r->info.n_skipped;
    setup->native = PST_FORMAT_F32;
    *state = r;
    return PST_OK;
}

pst_status pst_ogg_read(void *state, void *data, uint64_t n_frames, uint64_t *n_read,
                        pst_error *err) {
    pst_ogg_reader *r = state;
    float *to = data;
    *n_read = 0;
    while (*n_read < n_frames) {
        const bool has_more = r->n_ready > 0 || r->n_missing > 0 || r->next_packet < r->n_packets;
        if (*n_read > 0 && !has_more)
            break;
        if (r->failure.status != PST_OK) {
            if (err != NULL)
                *err = r->failure;
            return r->failure.status;
        }
        const pst_status status = pst_ogg_step(r, &r->failure);
        if (status == PST_END)
            return PST_OK;
        if (status != PST_OK)
            continue;
        const uint64_t room = n_frames - *n_read;
        const uint32_t n = r->n_ready < room ? r->n_ready : (uint32_t)room;
        const size_t n_samples = (size_t)n * r->info.n_channels;
        if (r->ready == NULL) {
            memset(to, 0, n_samples * sizeof *to);
        } else {
            memcpy(to, r->ready, n_samples * sizeof *to);
            r->ready += n_samples;
        }
        to += n_samples;
        r->n_ready -= n;
        *n_read += n;
    }
    look_behind_the_end(r);
    return PST_OK;
}

pst_status pst_ogg_seek(void *state, int64_t frame, pst_error *err) {
    pst_ogg_reader *r = state;
    if (frame > r->n_frames)
        return pst_fail(err, PST_BAD_ARGUMENT, 0,
                        "frame is %lld; the file can be read up to frame %lld", (long long)frame,
                        (long long)r->n_frames);
    uint32_t link = r->n_links - 1;
    while (link > 0 && r->links[link].first_frame > frame)
        --link;
    const int64_t wanted = frame - r->links[link].first_frame;
    pst_ogg_mark mark;
    pst_status status = pst_ogg_find_page(r, link, wanted - r->info.preroll_frames, &mark, err);
    if (status == PST_OK)
        status = pst_ogg_enter_link(r, link, err);
    if (status == PST_OK && mark.byte >= 0) {
        status = pst_ogg_pages_seek(&r->pages, mark.byte, err);
        ogg_stream_reset(&r->stream);
        r->sought_end = mark.end_frame;
        r->n_packets = 0;
    }
    r->wanted = wanted;
    if (status != PST_OK && err != NULL)
        r->failure = *err;
    return status;
}
