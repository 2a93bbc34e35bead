// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Encoders by push: their packets joined are what a file would be, whatever the frames come in.

#include "pastream/codec.h"
#include "push_encode_rig.h"

// ---- Bytes -----------------------------------------------------------------------------------

// Writes the sound as a file to a pipe.
static bool write_pipe(memory_place *m, const pst_push_encoder_config *config, int64_t n_frames) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    if (pst_io_open_user(&io, &memory_pipe, m, PST_IO_WRITE, NULL) != PST_OK)
        return false;
    if (pst_encoder_open(&encoder, io, &config->format, &config->options, NULL) != PST_OK) {
        pst_io_close(io, NULL);
        return false;
    }
    pst_status status =
        pst_encoder_write(encoder, push_sound(), PST_FORMAT_F32, (uint64_t)n_frames, NULL);
    if (pst_encoder_finish(encoder, NULL) != PST_OK)
        status = PST_SYSTEM_ERROR;
    pst_encoder_release(encoder);
    return status == PST_OK;
}

static void join(const push_kind *kind) {
    if (!is_file(kind))
        return;
    static const int64_t lengths[] = {0, 1, 700, PUSH_FRAMES};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        for (int is_told = 0; is_told < 2; ++is_told) {
            pst_push_encoder_config config = push_config(kind);
            config.options.n_frames = is_told ? lengths[i] : -1;
            push_output out;
            memory_place pipe = {0};
            pst_error err = {0};
            CHECK_TEXT(push_all(&config, lengths[i], 0, &out, NULL, &err) == PST_OK, "%s: %s",
                       kind->name, err.text);
            CHECK(write_pipe(&pipe, &config, lengths[i]));
            CHECK_TEXT(is_same(&out.bytes, &pipe), "%s of %lld frames", kind->name,
                       (long long)lengths[i]);
            CHECK(!out.is_header_late);
            memory_free(&out.bytes);
            memory_free(&pipe);
        }
    }
}

static void test_packets_joined_are_what_goes_into_a_pipe(void) {
    for_each_kind(join);
}

static void cut(const push_kind *kind) {
    static const uint32_t chunks[] = {0, 1, 333, 1024, 4801, PUSH_FRAMES * 4};
    static const uint32_t mosts[] = {0, 1, 1024, PUSH_FRAMES};
    const bool has_packets =
        kind->encoding != PST_ENCODING_PCM && kind->encoding != PST_ENCODING_ALAW;
    push_output first = {0};
    for (size_t c = 0; c < sizeof chunks / sizeof *chunks; ++c) {
        push_output of_chunk = {0};
        for (size_t m = 0; m < sizeof mosts / sizeof *mosts; ++m) {
            push_output out;
            pst_push_encoder_config config = push_config(kind);
            config.chunk_frames = chunks[c];
            CHECK_EQ(push_all(&config, PUSH_FRAMES, mosts[m], &out, NULL, NULL), PST_OK);
            if (m == 0)
                of_chunk = out;
            CHECK_TEXT(is_same(&out.bytes, &of_chunk.bytes) && out.sizes == of_chunk.sizes,
                       "%s, chunks of %u, writes of %u", kind->name, (unsigned)chunks[c],
                       (unsigned)mosts[m]);
            if (m != 0)
                memory_free(&out.bytes);
        }
        if (c == 0)
            first = of_chunk;
        // Only pages of Ogg and packets of PCM depend on the chunks, and no bytes of PCM.
        if (kind->container != PST_CONTAINER_OGG)
            CHECK_TEXT(is_same(&of_chunk.bytes, &first.bytes), "%s, chunks of %u", kind->name,
                       (unsigned)chunks[c]);
        if (kind->container != PST_CONTAINER_OGG && has_packets)
            CHECK_EQ(of_chunk.sizes, first.sizes);
        if (!has_packets && chunks[c] != 0)
            CHECK_EQ(of_chunk.n_packets, (PUSH_FRAMES + chunks[c] - 1) / chunks[c]);
        if (c != 0)
            memory_free(&of_chunk.bytes);
    }
    memory_free(&first.bytes);
}

static void test_how_frames_are_cut_does_not_show(void) {
    for_each_kind(cut);
}

// The same sound in planes, in turns with frames, and in several sample formats within a chunk.
static void mix(const push_kind *kind) {
    static int16_t ints[PUSH_FRAMES * PUSH_CHANNELS], planes[PUSH_FRAMES * PUSH_CHANNELS];
    static float floats[PUSH_FRAMES * PUSH_CHANNELS];
    enum { PIECE = 500 };
    uint64_t seed = 2;
    for (int i = 0; i < PUSH_FRAMES * PUSH_CHANNELS; ++i) {
        ints[i] = (int16_t)(check_random(&seed) >> 18);
        floats[i] = (float)ints[i] / 32768.0F;
    }
    pst_push_encoder_config config = push_config(kind);
    config.format.sample_format =
        kind->sample_format == PST_FORMAT_I24 ? PST_FORMAT_I24 : PST_FORMAT_I16;
    push_output outs[2] = {0};
    for (int way = 0; way < 2; ++way) {
        pst_push_encoder *encoder = NULL;
        REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
        for (int at = 0; at < PUSH_FRAMES; at += PIECE) {
            const int turn = way == 0 ? 0 : at / PIECE % 3;
            const int16_t *from = ints + (size_t)at * PUSH_CHANNELS;
            for (int i = 0; i < PIECE * PUSH_CHANNELS; ++i)
                planes[i % PUSH_CHANNELS * PIECE + i / PUSH_CHANNELS] = from[i];
            const void *data = turn == 0   ? (const void *)from
                               : turn == 1 ? (const void *)planes
                                           : (const void *)(floats + (size_t)at * PUSH_CHANNELS);
            CHECK_EQ(pst_push_encoder_write(encoder, data,
                                            turn == 2 ? PST_FORMAT_F32 : PST_FORMAT_I16, PIECE,
                                            turn == 1, PST_NO_PTS, NULL),
                     PST_OK);
            push_take(encoder, &outs[way]);
        }
        CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
        push_take(encoder, &outs[way]);
        pst_push_encoder_destroy(encoder);
    }
    CHECK_TEXT(is_same(&outs[0].bytes, &outs[1].bytes) && outs[0].sizes == outs[1].sizes, "%s",
               kind->name);
    memory_free(&outs[0].bytes);
    memory_free(&outs[1].bytes);
}

static void test_planes_and_sample_formats_do_not_show(void) {
    for_each_kind(mix);
}

// ---- Lengths and times -----------------------------------------------------------------------

static void measure(const push_kind *kind) {
    static const int64_t lengths[] = {0, 1, 575, 960, 1024, 1152, 4096, 4097, PUSH_FRAMES};
    static const uint32_t rates_hz[] = {8000, 16000, 44100, 48000};
    static float frames[2 * PUSH_FRAMES * PUSH_CHANNELS];
    for (size_t r = 0; r < sizeof rates_hz / sizeof *rates_hz; ++r)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
            push_output out;
            pst_push_encoder_info info;
            pst_push_encoder_config config = push_config(kind);
            config.format.rate_hz = rates_hz[r];
            if (pst_encoder_check(&config.format, NULL, NULL) != PST_OK)
                continue;
            REQUIRE(push_all(&config, lengths[i], 0, &out, &info, NULL) == PST_OK);
            CHECK_TEXT(out.n_frames == info.delay_frames + lengths[i] + info.padding_frames &&
                           info.padding_frames >= 0 && info.n_frames == lengths[i] &&
                           info.has_ended && info.n_packets == 0 && info.pending_frames == 0,
                       "%s, %lld frames at %u Hz: %lld = %lld + sound + %lld", kind->name,
                       (long long)lengths[i], (unsigned)rates_hz[r], (long long)out.n_frames,
                       (long long)info.delay_frames, (long long)info.padding_frames);
            CHECK(!out.has_gaps);
            if (out.n_packets > 0) {
                CHECK_EQ(out.first_pts, -info.delay_frames);
                CHECK_EQ(out.next_pts, lengths[i] + info.padding_frames);
            }
            // Containers that know their length end where the sound does; frames alone do not.
            const bool is_bare =
                kind->container == PST_CONTAINER_MP3 || kind->container == PST_CONTAINER_ADTS;
            const bool is_opus = kind->encoding == PST_ENCODING_OPUS;
            const int64_t scale = is_opus ? 48000 / rates_hz[r] : 1;
            if (is_file(kind) && out.bytes.n_bytes > 0 &&
                (lengths[i] > 0 || kind->container != PST_CONTAINER_AU) &&
                lengths[i] * scale < 2 * PUSH_FRAMES)
                CHECK_TEXT(decode_all(&out.bytes, &config.format, frames) ==
                               (is_bare ? out.n_frames : lengths[i] * scale),
                           "%s, %lld frames at %u Hz", kind->name, (long long)lengths[i],
                           (unsigned)rates_hz[r]);
            if (is_bare) {
                CHECK(info.delay_frames > 0);
                CHECK(out.n_packets == 0 || out.n_frames % out.n_packets == 0);
            }
            memory_free(&out.bytes);
        }
}

static void test_delay_sound_and_padding_are_all_that_the_packets_last(void) {
    for_each_kind(measure);
}

// Where the sound begins in what is decoded: behind delay_frames, for codecs that do not skip them.
static void find(const push_kind *kind) {
    if (kind->container != PST_CONTAINER_MP3 && kind->container != PST_CONTAINER_ADTS)
        return;
    static float frames[2 * PUSH_FRAMES * PUSH_CHANNELS];
    push_output out;
    pst_push_encoder_info info;
    const pst_push_encoder_config config = push_config(kind);
    REQUIRE(push_all(&config, PUSH_FRAMES, 0, &out, &info, NULL) == PST_OK);
    CHECK_EQ(decode_all(&out.bytes, &config.format, frames), out.n_frames);
    int64_t best_at = -1;
    double best = 0.0;
    for (int64_t delay = info.delay_frames - 40; delay <= info.delay_frames + 40; ++delay) {
        double sum = 0.0;
        for (int64_t i = 500; i < PUSH_FRAMES - 500; ++i)
            sum += (double)push_sound()[i * PUSH_CHANNELS] *
                   (double)frames[(i + delay) * PUSH_CHANNELS];
        if (sum > best) {
            best = sum;
            best_at = delay;
        }
    }
    CHECK_TEXT(best_at == info.delay_frames, "%s: the sound begins at %lld, not %lld", kind->name,
               (long long)best_at, (long long)info.delay_frames);
    memory_free(&out.bytes);
}

static void test_the_sound_begins_behind_the_delay(void) {
    for_each_kind(find);
}

static void test_times_follow_those_that_were_given(void) {
    const push_kind kind = {"RAW", PST_CONTAINER_RAW, PST_ENCODING_PCM, PST_FORMAT_F32};
    pst_push_encoder_config config = push_config(&kind);
    config.chunk_frames = 100;
    pst_push_encoder *encoder = NULL;
    pst_packet packet;
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    const struct {
        uint64_t n;
        int64_t pts;
    } writes[] = {{50, 1000}, {150, PST_NO_PTS}, {60, 1200}, {100, 5000},
                  {0, 77},    {40, PST_NO_PTS},  {100, 4000}};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; ++i)
        CHECK_EQ(pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32, writes[i].n, false,
                                        writes[i].pts, NULL),
                 PST_OK);
    static const int64_t wanted[] = {1000, 1100, 1200, 5040, 4000};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
        REQUIRE(pst_push_encoder_next(encoder, &packet) == PST_OK);
        CHECK_EQ(packet.pts, wanted[i]);
        CHECK_EQ(packet.duration, 100);
        CHECK_EQ(packet.time_base_den, 48000);
    }
    CHECK_EQ(pst_push_encoder_next(encoder, &packet), PST_END);
    pst_push_encoder_destroy(encoder);
}

// Many jumps, and packets that come long after.
static void test_times_jump_as_often_as_they_like(void) {
    const push_kind kind = {"WAV", PST_CONTAINER_WAV, PST_ENCODING_PCM, PST_FORMAT_I16};
    enum { N = 2000, CHUNK = 4 };
    pst_push_encoder_config config = push_config(&kind);
    config.chunk_frames = CHUNK;
    pst_push_encoder *encoder = NULL;
    pst_packet packet;
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    int n_taken = 0;
    for (int i = 0; i < N; ++i) {
        CHECK_EQ(pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32, CHUNK, false,
                                        -i * INT64_C(1000), NULL),
                 PST_OK);
        if (i % 700 == 699)
            for (int left = 650; left > 0; --left, ++n_taken) {
                REQUIRE(pst_push_encoder_next(encoder, &packet) == PST_OK);
                CHECK_EQ(packet.pts, -n_taken * INT64_C(1000));
            }
    }
    for (; pst_push_encoder_next(encoder, &packet) == PST_OK; ++n_taken)
        CHECK_EQ(packet.pts, -n_taken * INT64_C(1000));
    CHECK_EQ(n_taken, N);
    pst_push_encoder_destroy(encoder);
}

// ---- Chunks, flush, end, reset ---------------------------------------------------------------

static void test_frames_wait_for_a_full_chunk(void) {
    const push_kind kind = {"RAW", PST_CONTAINER_RAW, PST_ENCODING_PCM, PST_FORMAT_I16};
    pst_push_encoder_config config = push_config(&kind);
    config.chunk_frames = 6000; // More than are converted at a time.
    pst_push_encoder *encoder = NULL;
    pst_push_encoder_info info;
    pst_packet packet;
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    CHECK_EQ(push_put(encoder, 5000, 0, NULL, NULL), PST_OK);
    pst_push_encoder_get_info(encoder, &info);
    CHECK_EQ(info.pending_frames, 5000);
    CHECK_EQ(info.chunk_frames, 6000);
    CHECK_EQ(info.packet_frames, 0);
    CHECK_EQ(info.n_packets, 0);
    CHECK_EQ(info.padding_frames, -1);
    CHECK_EQ(info.format.encoding, PST_ENCODING_PCM);
    // Also those of another kind.
    static const int16_t more[2 * 1000];
    CHECK_EQ(pst_push_encoder_write(encoder, more, PST_FORMAT_I16, 999, false, PST_NO_PTS, NULL),
             PST_OK);
    pst_push_encoder_get_info(encoder, &info);
    CHECK_EQ(info.pending_frames, 5999);
    CHECK_EQ(info.n_packets, 0);
    CHECK_EQ(pst_push_encoder_write(encoder, more, PST_FORMAT_I16, 1, false, PST_NO_PTS, NULL),
             PST_OK);
    REQUIRE(pst_push_encoder_next(encoder, &packet) == PST_OK);
    CHECK_EQ(packet.duration, 6000);
    CHECK_EQ(packet.n_bytes, 24000);
    CHECK_EQ(pst_push_encoder_next(encoder, &packet), PST_END);
    // A flush gives what there is, once.
    CHECK_EQ(pst_push_encoder_write(encoder, more, PST_FORMAT_I16, 7, false, PST_NO_PTS, NULL),
             PST_OK);
    CHECK_EQ(pst_push_encoder_flush(encoder, NULL), PST_OK);
    CHECK_EQ(pst_push_encoder_flush(encoder, NULL), PST_OK);
    REQUIRE(pst_push_encoder_next(encoder, &packet) == PST_OK);
    CHECK_EQ(packet.duration, 7);
    CHECK_EQ(packet.pts, 6000);
    CHECK_EQ(pst_push_encoder_next(encoder, &packet), PST_END);
    pst_push_encoder_destroy(encoder);
}

// A flush gives what can be given; the stream goes on, and has all frames in the end.
static void flush(const push_kind *kind) {
    static float frames[2 * PUSH_FRAMES * PUSH_CHANNELS];
    push_output out = {0};
    const pst_push_encoder_config config = push_config(kind);
    pst_push_encoder *encoder = NULL;
    pst_push_encoder_info info;
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    for (int i = 0; i < PUSH_FRAMES / 500; ++i) {
        CHECK_EQ(pst_push_encoder_write(encoder, push_sound() + (size_t)i * 500 * PUSH_CHANNELS,
                                        PST_FORMAT_F32, 500, false, PST_NO_PTS, NULL),
                 PST_OK);
        const int64_t n_before = out.n_frames;
        CHECK_EQ(pst_push_encoder_flush(encoder, NULL), PST_OK);
        pst_push_encoder_get_info(encoder, &info);
        CHECK_EQ(info.pending_frames, 0);
        push_take(encoder, &out);
        if (kind->encoding == PST_ENCODING_PCM)
            CHECK_EQ(out.n_frames - n_before, 500);
    }
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
    push_take(encoder, &out);
    pst_push_encoder_get_info(encoder, &info);
    CHECK_EQ(out.n_frames, info.delay_frames + PUSH_FRAMES + info.padding_frames);
    CHECK(!out.has_gaps);
    const bool is_bare =
        kind->container == PST_CONTAINER_MP3 || kind->container == PST_CONTAINER_ADTS;
    if (is_file(kind))
        CHECK_TEXT(decode_all(&out.bytes, &config.format, frames) ==
                       (is_bare ? out.n_frames : PUSH_FRAMES),
                   "%s", kind->name);
    double worst = 0.0;
    for (int i = 0; i < PUSH_FRAMES * PUSH_CHANNELS && !is_bare && is_file(kind); ++i)
        worst = fmax(worst, fabs((double)frames[i] - (double)push_sound()[i]));
    CHECK_TEXT(worst < 0.2, "%s: %g", kind->name, worst);
    pst_push_encoder_destroy(encoder);
    memory_free(&out.bytes);
}

static void test_a_flush_breaks_no_stream(void) {
    for_each_kind(flush);
}

static void again(const push_kind *kind) {
    push_output first = {0}, second = {0};
    pst_push_encoder_config config = push_config(kind);
    pst_tags *tags = NULL;
    REQUIRE(pst_tags_create(&tags, NULL) == PST_OK);
    REQUIRE(pst_tags_add(tags, "title", "Again", NULL) == PST_OK);
    config.options.tags = tags;
    if (pst_encoder_check(&config.format, &config.options, NULL) != PST_OK)
        config.options.tags = NULL;
    pst_push_encoder *encoder = NULL;
    pst_push_encoder_info info;
    pst_error err = {0};
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    pst_tags_destroy(tags);
    CHECK_EQ(push_put(encoder, PUSH_FRAMES, 0, &first, NULL), PST_OK);
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
    push_take(encoder, &first);
    // It has ended, for good and only once.
    pst_push_encoder_get_info(encoder, &info);
    const int64_t padding_frames = info.padding_frames;
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
    CHECK_EQ(
        pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32, 10, false, PST_NO_PTS, &err),
        PST_CLOSED);
    CHECK(strstr(err.text, "reset") != NULL);
    CHECK_EQ(pst_push_encoder_flush(encoder, NULL), PST_CLOSED);
    pst_push_encoder_get_info(encoder, &info);
    CHECK_EQ(info.n_packets, 0);
    CHECK_EQ(info.n_frames, PUSH_FRAMES);
    // As new, also in the middle of a stream.
    CHECK_EQ(pst_push_encoder_reset(encoder, NULL), PST_OK);
    CHECK_EQ(pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32, 3000, false, 99, NULL),
             PST_OK);
    CHECK_EQ(pst_push_encoder_reset(encoder, NULL), PST_OK);
    pst_push_encoder_get_info(encoder, &info);
    CHECK_EQ(info.n_frames, 0);
    CHECK_EQ(info.pending_frames, 0);
    CHECK_EQ(info.padding_frames, -1);
    CHECK(!info.has_ended);
    CHECK_EQ(push_put(encoder, PUSH_FRAMES, 0, &second, NULL), PST_OK);
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
    push_take(encoder, &second);
    CHECK_TEXT(is_same(&first.bytes, &second.bytes) && first.sizes == second.sizes &&
                   first.first_pts == second.first_pts && first.next_pts == second.next_pts,
               "%s", kind->name);
    pst_push_encoder_get_info(encoder, &info);
    CHECK_EQ(info.padding_frames, padding_frames);
    if (config.options.tags != NULL) {
        bool has_title = false;
        for (int64_t i = 0; i + 5 <= second.bytes.n_bytes; ++i)
            has_title = has_title || memcmp(second.bytes.bytes + i, "Again", 5) == 0;
        CHECK_TEXT(has_title, "%s", kind->name);
    }
    pst_push_encoder_destroy(encoder);
    memory_free(&first.bytes);
    memory_free(&second.bytes);
}

static void test_an_end_is_one_until_a_reset(void) {
    for_each_kind(again);
}

// With chunks that are asked for, pages go out with them.
static void page(const push_kind *kind) {
    if (kind->container != PST_CONTAINER_OGG)
        return;
    int64_t n_packets[2] = {0};
    for (int i = 0; i < 2; ++i) {
        push_output out;
        pst_push_encoder_config config = push_config(kind);
        config.chunk_frames = i == 0 ? 0 : 960;
        REQUIRE(push_all(&config, PUSH_FRAMES, 0, &out, NULL, NULL) == PST_OK);
        CHECK_EQ(out.n_headers, 2);
        n_packets[i] = out.n_packets;
        CHECK_EQ(decode_all(&out.bytes, &config.format, NULL), PUSH_FRAMES);
        memory_free(&out.bytes);
    }
    if (kind->encoding != PST_ENCODING_FLAC)
        CHECK_TEXT(n_packets[0] <= 2 && n_packets[1] > n_packets[0], "%s: %lld and %lld",
                   kind->name, (long long)n_packets[0], (long long)n_packets[1]);
}

static void test_pages_go_out_with_the_chunks(void) {
    for_each_kind(page);
}

// ---- What is refused -------------------------------------------------------------------------

static void refuse(pst_push_encoder_config *config, pst_status wanted, const char *word) {
    pst_push_encoder *encoder = NULL;
    pst_error err = {0};
    const pst_status status = pst_push_encoder_create(&encoder, config, &err);
    CHECK_TEXT(status == wanted && strstr(err.text, word) != NULL, "%d: %s", (int)status, err.text);
    CHECK(encoder == NULL);
}

static void test_what_cannot_be_is_refused(void) {
    static const push_kind kinds[] = {
        {"AIFF", PST_CONTAINER_AIFF, PST_ENCODING_PCM, PST_FORMAT_I16},
        {"CAF", PST_CONTAINER_CAF, PST_ENCODING_PCM, PST_FORMAT_I16},
        {"W64", PST_CONTAINER_W64, PST_ENCODING_PCM, PST_FORMAT_I16},
        {"RF64", PST_CONTAINER_RF64, PST_ENCODING_PCM, PST_FORMAT_I16},
    };
    pst_push_encoder_config config;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
        config = push_config(&kinds[i]);
        refuse(&config, PST_BAD_ARGUMENT, kinds[i].name);
    }
    config = push_config(&push_kinds[0]);
    config.chunk_frames = PST_PUSH_MAX_CHUNK_FRAMES + 1;
    refuse(&config, PST_BAD_ARGUMENT, "chunk_frames is 16777217");
    config.chunk_frames = 10;
    config.format.n_channels = 0;
    refuse(&config, PST_BAD_ARGUMENT, "channels is 0");
    pst_push_encoder_config_default(&config);
    pst_push_encoder *encoder = NULL;
    pst_error err = {0};
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    CHECK_EQ(pst_push_encoder_write(encoder, push_sound(), (pst_format)99, 1, false, 0, &err),
             PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "format is 99") != NULL);
    CHECK_EQ(
        pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32, 1, false, INT64_MAX, &err),
        PST_BAD_ARGUMENT);
    CHECK(strstr(err.text, "pts is 9223372036854775807") != NULL);
    // Nothing of that has changed anything.
    CHECK_EQ(pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32, 1, false, 5, NULL),
             PST_OK);
    pst_push_encoder_info info;
    pst_push_encoder_get_info(encoder, &info);
    CHECK_EQ(info.n_frames, 1);
    pst_push_encoder_destroy(encoder);
    pst_push_encoder_destroy(NULL);
}

static void promise(const push_kind *kind) {
    if (kind->container != PST_CONTAINER_WAV && kind->container != PST_CONTAINER_MP3)
        return;
    pst_push_encoder_config config = push_config(kind);
    config.options.n_frames = 2000;
    pst_push_encoder *encoder = NULL;
    pst_error err = {0};
    push_output out = {0};
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    // Too many: it is told, again and again.
    CHECK_EQ(push_put(encoder, 5000, 5000, NULL, &err), PST_LIMIT);
    CHECK(strstr(err.text, "2000") != NULL);
    CHECK_EQ(
        pst_push_encoder_write(encoder, push_sound(), PST_FORMAT_F32, 0, false, PST_NO_PTS, NULL),
        PST_LIMIT);
    CHECK_EQ(pst_push_encoder_flush(encoder, NULL), PST_LIMIT);
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_LIMIT);
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_LIMIT);
    // Too few, after a reset.
    CHECK_EQ(pst_push_encoder_reset(encoder, NULL), PST_OK);
    CHECK_EQ(push_put(encoder, 1999, 0, NULL, &err), PST_OK);
    CHECK_EQ(pst_push_encoder_end(encoder, &err), PST_BAD_STATE);
    // As many.
    CHECK_EQ(pst_push_encoder_reset(encoder, NULL), PST_OK);
    CHECK_EQ(push_put(encoder, 2000, 0, &out, &err), PST_OK);
    CHECK_EQ(pst_push_encoder_end(encoder, &err), PST_OK);
    push_take(encoder, &out);
    CHECK_EQ(decode_all(&out.bytes, &config.format, NULL), 2000);
    pst_push_encoder_destroy(encoder);
    memory_free(&out.bytes);
}

static void test_a_number_of_frames_is_a_promise(void) {
    for_each_kind(promise);
}

// Samples that are none harm no codec, and are counted.
static void poison(const push_kind *kind) {
    enum { N = 3000 };
    static float bad[N * PUSH_CHANNELS];
    const float values[] = {NAN, INFINITY, -INFINITY, 1e30F, 0.5F};
    for (int i = 0; i < N * PUSH_CHANNELS; ++i)
        bad[i] = values[i % 5];
    const pst_push_encoder_config config = push_config(kind);
    pst_push_encoder *encoder = NULL;
    pst_push_encoder_info info;
    push_output out = {0};
    REQUIRE(pst_push_encoder_create(&encoder, &config, NULL) == PST_OK);
    CHECK_EQ(pst_push_encoder_write(encoder, bad, PST_FORMAT_F32, N, false, PST_NO_PTS, NULL),
             PST_OK);
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
    push_take(encoder, &out);
    pst_push_encoder_get_info(encoder, &info);
    const uint64_t n_wanted = (uint64_t)N * PUSH_CHANNELS * 3 / 5;
    if (kind->sample_format != PST_FORMAT_F32)
        CHECK_TEXT(info.counts.n_nonfinite > 0 && info.counts.n_nonfinite <= n_wanted, "%s: %llu",
                   kind->name, (unsigned long long)info.counts.n_nonfinite);
    CHECK(out.n_frames >= N);
    CHECK(!is_file(kind) || decode_all(&out.bytes, &config.format, NULL) >= N);
    pst_push_encoder_destroy(encoder);
    memory_free(&out.bytes);
}

static void test_samples_that_are_no_numbers(void) {
    for_each_kind(poison);
}

int main(void) {
    RUN(test_packets_joined_are_what_goes_into_a_pipe);
    RUN(test_how_frames_are_cut_does_not_show);
    RUN(test_planes_and_sample_formats_do_not_show);
    RUN(test_delay_sound_and_padding_are_all_that_the_packets_last);
    RUN(test_the_sound_begins_behind_the_delay);
    RUN(test_times_follow_those_that_were_given);
    RUN(test_times_jump_as_often_as_they_like);
    RUN(test_frames_wait_for_a_full_chunk);
    RUN(test_a_flush_breaks_no_stream);
    RUN(test_an_end_is_one_until_a_reset);
    RUN(test_pages_go_out_with_the_chunks);
    RUN(test_what_cannot_be_is_refused);
    RUN(test_a_number_of_frames_is_a_promise);
    RUN(test_samples_that_are_no_numbers);
    return check_done();
}
