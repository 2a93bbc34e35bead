// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Frames come out as soon as their bytes are in, and those behind them that their format needs.

#include "push_rig.h"

enum { FIRST_PTS = 1000000 }; // When the sound begins.
enum { RATE = 48000, N_FRAMES = 40000, MOST_PACKETS = 1024 };

typedef struct stream_packet {
    uint8_t *bytes;
    size_t n_bytes;
    int64_t pts;
    int64_t duration;
    bool is_header;
} stream_packet;

typedef struct stream {
    stream_packet packets[MOST_PACKETS];
    int n_packets;
    int64_t delay;
} stream;

static void encode(stream *s, const pst_file_format *format) {
    pst_push_encoder_config config;
    pst_push_encoder_config_default(&config);
    config.format = *format;
    pst_push_encoder *encoder = NULL;
    pst_error err = {0};
    *s = (stream){0};
    if (!CHECK_TEXT(pst_push_encoder_create(&encoder, &config, &err) == PST_OK, "%s", err.text))
        return;
    const size_t n_samples = (size_t)N_FRAMES * format->n_channels;
    float *data = malloc(n_samples * sizeof *data);
    for (size_t i = 0; i < n_samples; ++i)
        data[i] = push_sample((int)i, format->n_channels);
    CHECK_EQ(
        pst_push_encoder_write(encoder, data, PST_FORMAT_F32, N_FRAMES, false, FIRST_PTS, NULL),
        PST_OK);
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
    pst_push_encoder_info info;
    pst_push_encoder_get_info(encoder, &info);
    s->delay = info.delay_frames;
    pst_packet packet;
    while (pst_push_encoder_next(encoder, &packet) == PST_OK && s->n_packets < MOST_PACKETS) {
        stream_packet *p = &s->packets[s->n_packets++];
        p->bytes = malloc(packet.n_bytes);
        memcpy(p->bytes, packet.data, packet.n_bytes);
        p->n_bytes = packet.n_bytes;
        p->pts = packet.pts;
        p->duration = packet.duration;
        p->is_header = (packet.flags & PST_PACKET_HEADER) != 0;
    }
    pst_push_encoder_destroy(encoder);
    free(data);
}

static void drop(stream *s) {
    for (int i = 0; i < s->n_packets; ++i)
        free(s->packets[i].bytes);
    s->n_packets = 0;
}

// ---- What the formats need -------------------------------------------------------------------

static bool is_samples(const pst_file_format *format) {
    return format->encoding == PST_ENCODING_PCM || format->encoding == PST_ENCODING_ULAW ||
           format->encoding == PST_ENCODING_ALAW;
}

static size_t frame_bytes_of(const pst_file_format *format) {
    return format->n_channels * (format->encoding == PST_ENCODING_PCM ? 2u : 1u);
}

// Returns the bytes of the next packet that prove that the first one is no accident.
static size_t proof_of(const pst_file_format *format) {
    return format->container == PST_CONTAINER_MP3    ? 4
           : format->container == PST_CONTAINER_ADTS ? 7
                                                     : 0;
}

// Returns how many bytes the first frame needs.
static size_t first_needs(const stream *s, const pst_file_format *format) {
    size_t n = 0;
    int i = 0;
    for (; s->packets[i].is_header; ++i)
        n += s->packets[i].n_bytes;
    const stream_packet *p = &s->packets[i];
    if (!is_samples(format))
        return n + p->n_bytes + proof_of(format);
    const size_t frame_bytes = frame_bytes_of(format);
    return n + p->n_bytes - (size_t)(p->duration - 1) * frame_bytes;
}

typedef void (*kind_test)(const pst_file_format *format, const stream *s);

static void for_every_kind(kind_test test) {
    static stream s;
    pst_codec_info info;
    int n_kinds = 0;
    for (uint32_t i = 0; pst_codec_get_info(i, &info) == PST_OK; ++i)
        for (int container = 1; container < 32; ++container) {
            const uint32_t seeking = 1u << PST_CONTAINER_RF64 | 1u << PST_CONTAINER_AIFF |
                                     1u << PST_CONTAINER_CAF | 1u << PST_CONTAINER_W64 |
                                     1u << PST_CONTAINER_MP4 | 1u << PST_CONTAINER_PACKETS;
            if (((info.encodes & info.decodes & ~seeking) >> container & 1) == 0)
                continue;
            const pst_file_format format = {.container = (pst_container)container,
                                            .encoding = info.encoding,
                                            .sample_format = PST_FORMAT_I16,
                                            .rate_hz = RATE,
                                            .n_channels = 2};
            encode(&s, &format);
            test(&format, &s);
            drop(&s);
            ++n_kinds;
        }
    CHECK(n_kinds >= 12);
}

static int64_t available(const pst_push_decoder *decoder) {
    pst_push_decoder_info info;
    pst_push_decoder_get_info(decoder, &info);
    return (int64_t)info.n_available;
}

static void check_frames(const pst_file_format *format, int64_t is, int64_t due, const char *what) {
    CHECK_TEXT(is == due, "container %d, encoding %d, %s: %lld frames, not %lld",
               (int)format->container, (int)format->encoding, what, (long long)is, (long long)due);
}

// ---- Pushed ----------------------------------------------------------------------------------

static void packet_by_packet(const pst_file_format *format, const stream *s) {
    pst_push_decoder *decoder = push_decoder(format);
    const int64_t n_dropped = format->encoding == PST_ENCODING_OPUS ? s->delay : 0;
    int64_t due = -n_dropped;
    for (int i = 0; i < s->n_packets; ++i) {
        const stream_packet *p = &s->packets[i];
        CHECK_EQ(pst_push_decoder_write(decoder, p->bytes, p->n_bytes, NULL), PST_OK);
        due += p->duration;
        const bool lacks_proof = i == 0 && proof_of(format) > 0;
        check_frames(format, available(decoder), lacks_proof || due < 0 ? 0 : due, "a packet");
    }
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    check_frames(format, available(decoder), due, "the end");
    pst_push_decoder_destroy(decoder);
}

static void test_what_is_in_a_packet_comes_with_it(void) {
    for_every_kind(packet_by_packet);
}

static void byte_by_byte(const pst_file_format *format, const stream *s) {
    pst_push_decoder *decoder = push_decoder(format);
    size_t n = 0, first = 0;
    for (int i = 0; i < 4 && i < s->n_packets; ++i)
        for (size_t at = 0; at < s->packets[i].n_bytes; ++at) {
            CHECK_EQ(pst_push_decoder_write(decoder, s->packets[i].bytes + at, 1, NULL), PST_OK);
            ++n;
            if (first == 0 && available(decoder) > 0)
                first = n;
            if (!is_samples(format) || first == 0)
                continue;
            const size_t due = (n - first) / frame_bytes_of(format) + 1;
            if (available(decoder) != (int64_t)due) {
                check_frames(format, available(decoder), (int64_t)due, "a frame");
                i = s->n_packets;
                break;
            }
        }
    CHECK_TEXT(first == first_needs(s, format), "container %d, encoding %d: %zu bytes, not %zu",
               (int)format->container, (int)format->encoding, first, first_needs(s, format));
    pst_push_decoder_destroy(decoder);
}

static void test_the_first_frame_needs_no_more_than_its_format(void) {
    for_every_kind(byte_by_byte);
}

// AIFF is written into files only, and can be read from pipes.
static void test_aiff_comes_frame_by_frame(void) {
    const pst_file_format format = {.container = PST_CONTAINER_AIFF,
                                    .encoding = PST_ENCODING_PCM,
                                    .sample_format = PST_FORMAT_I16,
                                    .rate_hz = RATE,
                                    .n_channels = 2};
    memory_place m = {0};
    REQUIRE(push_make(&m, &format, 100, false));
    pst_push_decoder *decoder = push_decoder(&format);
    const int64_t n_head = m.n_bytes - 400;
    for (int64_t at = 0; at < m.n_bytes; ++at) {
        CHECK_EQ(pst_push_decoder_write(decoder, m.bytes + at, 1, NULL), PST_OK);
        CHECK_EQ(available(decoder), at + 1 < n_head ? 0 : (at + 1 - n_head) / 4);
    }
    pst_push_decoder_destroy(decoder);
    memory_free(&m);
}

// The times that an encoder gives to packets come out with the frames, less what is in front.
static void with_times(const pst_file_format *format, const stream *s) {
    pst_push_decoder *decoder = push_decoder(format);
    const bool drops = format->encoding == PST_ENCODING_OPUS;
    int64_t due = FIRST_PTS - (drops ? 0 : s->delay);
    static int16_t frames[2 * N_FRAMES];
    for (int i = 0; i < s->n_packets; ++i) {
        const stream_packet *p = &s->packets[i];
        const pst_packet packet = {.data = p->bytes,
                                   .n_bytes = p->n_bytes,
                                   .pts = p->pts,
                                   .dts = p->pts,
                                   .duration = p->duration,
                                   .time_base_num = 1,
                                   .time_base_den = RATE,
                                   .flags = p->is_header ? PST_PACKET_HEADER : 0};
        CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
        uint64_t n = 1;
        int64_t pts = -1;
        for (; n > 0; due += (int64_t)n) {
            CHECK_EQ(
                pst_push_decoder_read(decoder, frames, PST_FORMAT_I16, false, 700, &n, &pts, NULL),
                PST_OK);
            CHECK_TEXT(n == 0 || pts == due, "container %d, encoding %d: time %lld, not %lld",
                       (int)format->container, (int)format->encoding, (long long)pts,
                       (long long)due);
        }
    }
    CHECK(due >= FIRST_PTS + N_FRAMES);
    pst_push_decoder_destroy(decoder);
}

static void test_times_go_through(void) {
    for_every_kind(with_times);
}

// ---- From a pipe -----------------------------------------------------------------------------

// A pipe that is stuck behind a packet has to be read up to there.
static void from_a_pipe(const pst_file_format *format, const stream *s) {
    enum { N_BEFORE = 4 };
    memory_place m = {0};
    int64_t due = format->encoding == PST_ENCODING_OPUS ? -s->delay : 0;
    pst_io *io = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_pipe, &m, PST_IO_WRITE, NULL), PST_OK);
    for (int i = 0; i < N_BEFORE; ++i) {
        due += s->packets[i].duration;
        CHECK(memory_write(&m, s->packets[i].bytes, (int64_t)s->packets[i].n_bytes) > 0);
    }
    CHECK_EQ(pst_io_close(io, NULL), PST_OK);
    const uint8_t next = s->packets[N_BEFORE].bytes[0];
    CHECK(memory_write(&m, &next, 1) == 1);
    m.position = 0;
    m.broken_at = m.n_bytes - 1;
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_io_open_user(&io, &memory_pipe, &m, PST_IO_READ, NULL), PST_OK);
    const pst_file_format *raw = format->container == PST_CONTAINER_RAW ? format : NULL;
    if (!CHECK_TEXT(pst_decoder_open(&decoder, io, raw, &err) == PST_OK, "container %d: %s",
                    (int)format->container, err.text)) {
        pst_io_close(io, NULL);
    } else {
        float *data = malloc((size_t)(due + 1) * 2 * sizeof *data);
        uint64_t n = 0;
        CHECK_TEXT(pst_decoder_read(decoder, data, PST_FORMAT_F32, (uint64_t)due, &n, &err) ==
                       PST_OK,
                   "container %d, encoding %d: %s", (int)format->container, (int)format->encoding,
                   err.text);
        check_frames(format, (int64_t)n, due, "a pipe");
        free(data);
        pst_decoder_release(decoder);
    }
    memory_free(&m);
}

static void test_pipes_are_not_asked_for_more_than_is_needed(void) {
    for_every_kind(from_a_pipe);
}

int main(void) {
    RUN(test_what_is_in_a_packet_comes_with_it);
    RUN(test_the_first_frame_needs_no_more_than_its_format);
    RUN(test_aiff_comes_frame_by_frame);
    RUN(test_times_go_through);
    RUN(test_pipes_are_not_asked_for_more_than_is_needed);
    return check_done();
}
