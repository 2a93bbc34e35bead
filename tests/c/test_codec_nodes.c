// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include <math.h>

#include "failing_alloc.h"
#include "pastream/codec_nodes.h"
#include "row_rig.h"

// Frames that go through an encoder and a decoder as stages: what is left of them, and when.

enum { N = 20000, FIRST = 1000 };

static float wave[2 * N];

static void fill(void) {
    uint64_t random = 5;
    for (int i = 0; i < N; ++i)
        for (int c = 0; c < 2; ++c)
            wave[2 * i + c] = (float)(0.4 * sin(0.02 * (c + 1) * i + 2e-6 * i * i)) +
                              ((float)check_random(&random) * 0x1p-32f - 0.5f) * 0.002f;
}

typedef struct kind {
    const char *name;
    pst_container container;
    pst_encoding encoding;
    pst_format format;
    bool is_exact;   // The samples,
    bool has_ends;   // and their number.
    double least_db; // Of what is not exact: signal to noise.
} kind;

static const kind kinds[] = {
    {"wav", PST_CONTAINER_WAV, PST_ENCODING_PCM, PST_FORMAT_F32, true, true, 0},
    {"pcm", PST_CONTAINER_RAW, PST_ENCODING_PCM, PST_FORMAT_F32, true, true, 0},
#if PST_HAS_FLAC
    {"flac", PST_CONTAINER_FLAC, PST_ENCODING_FLAC, PST_FORMAT_I16, true, true, 0},
#endif
#if PST_HAS_OPUS
    {"opus", PST_CONTAINER_OGG, PST_ENCODING_OPUS, PST_FORMAT_F32, false, true, 15},
#endif
#if PST_HAS_OPUS
    {"opus packets", PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, PST_FORMAT_F32, false, false, 15},
#endif
#if PST_HAS_VORBIS
    {"vorbis", PST_CONTAINER_OGG, PST_ENCODING_VORBIS, PST_FORMAT_F32, false, true, 15},
#endif
#if PST_HAS_LAME && PST_HAS_MP3
    {"mp3", PST_CONTAINER_MP3, PST_ENCODING_MP3, PST_FORMAT_F32, false, false, 15},
#endif
#if PST_HAS_AAC
    {"aac packets", PST_CONTAINER_PACKETS, PST_ENCODING_AAC, PST_FORMAT_F32, false, false, 15},
    {"aac", PST_CONTAINER_ADTS, PST_ENCODING_AAC, PST_FORMAT_F32, false, false, 15},
#endif
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static pst_encode_config encode_config(const kind *k) {
    pst_encode_config config;
    pst_encode_config_default(&config);
    config.encoder.format.container = k->container;
    config.encoder.format.encoding = k->encoding;
    config.encoder.format.sample_format = k->format;
    return config;
}

// A decoder's extradata for packets, which the encoder alone can tell.
static uint8_t extradata[64];
static uint32_t n_extradata;

static void find_extradata(const kind *k, uint32_t rate_hz) {
    pst_push_encoder_config config = encode_config(k).encoder;
    config.format.rate_hz = rate_hz;
    config.format.n_channels = 2;
    pst_push_encoder *encoder = NULL;
    CHECK_EQ(pst_push_encoder_create(&encoder, &config, NULL), PST_OK);
    pst_push_encoder_info info;
    pst_push_encoder_get_info(encoder, &info);
    n_extradata = info.n_extradata;
    CHECK(n_extradata <= sizeof extradata);
    memcpy(extradata, info.extradata, n_extradata);
    pst_push_encoder_destroy(encoder);
}

static pst_stage *make_encoder(const pst_encode_config *config) {
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_node_encode(&stage, NULL, config, &err) == PST_OK, "%s", err.text);
    return stage;
}

static pst_stage *make_decoder(const kind *k, pst_format format, uint32_t rate_hz) {
    const pst_file_format raw = {.container = PST_CONTAINER_RAW,
                                 .encoding = PST_ENCODING_PCM,
                                 .sample_format = k->format,
                                 .rate_hz = rate_hz,
                                 .n_channels = 2};
    pst_decode_config config;
    pst_decode_config_default(&config);
    config.decoder.container = k->container;
    config.decoder.encoding = k->encoding;
    config.decoder.raw = k->container == PST_CONTAINER_RAW ? &raw : NULL;
    config.format = format;
    if (k->container == PST_CONTAINER_PACKETS) {
        find_extradata(k, rate_hz);
        config.decoder.extradata = extradata;
        config.decoder.n_extradata = n_extradata;
    }
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    CHECK_TEXT(pst_node_decode(&stage, NULL, &config, &err) == PST_OK, "%s: %s", k->name, err.text);
    return stage;
}

static row_rig *make_rig(void) {
    row_rig *rig = row_make();
    rig->media.n_channels = 2;
    return rig;
}

// Compares what came with what went in, each frame at its time. Returns signal to noise in dB.
static double compare(const row_rig *rig, uint64_t *n_compared) {
    const float *got = (const float *)(const void *)rig->data;
    double signal = 0.0, noise = 0.0;
    *n_compared = 0;
    for (uint64_t i = 0; i < rig->n_frames; ++i) {
        const int64_t at = rig->numbers[i] - FIRST;
        if (at < 0 || at >= N)
            continue;
        ++*n_compared;
        for (int c = 0; c < 2; ++c) {
            const double x = wave[2 * at + c], e = x - got[2 * i + (uint64_t)c];
            signal += x * x;
            noise += e * e;
        }
    }
    return noise == 0.0 ? 300.0 : 10.0 * log10(signal / noise);
}

static void test_there_and_back(void) {
    for (int k = 0; k < N_KINDS; ++k)
        for (uint64_t seed = 0; seed < 2; ++seed) {
            const pst_encode_config config = encode_config(&kinds[k]);
            row_rig *rig = make_rig();
            row_add(rig, make_encoder(&config));
            row_add(rig, make_decoder(&kinds[k], PST_FORMAT_F32, 48000));
            pst_error err = {.status = PST_OK};
            CHECK_TEXT(row_give_all(rig, wave, N, seed == 0 ? 300 : 15000, FIRST, seed, &err) ==
                           PST_OK,
                       "%s: %s", kinds[k].name, err.text);
            CHECK_EQ(rig->last.format, PST_FORMAT_F32);
            CHECK_EQ(rig->last.n_channels, 2);
            CHECK(rig->last.rate_hz == 48000.0);
            if (kinds[k].has_ends)
                CHECK_TEXT(rig->n_frames == N, "%s: %llu frames", kinds[k].name,
                           (unsigned long long)rig->n_frames);
            uint64_t n = 0;
            const double db = compare(rig, &n);
            CHECK_TEXT(n == N, "%s: %llu frames are in their place", kinds[k].name,
                       (unsigned long long)n);
            const double least = kinds[k].least_db > 0.0             ? kinds[k].least_db
                                 : kinds[k].format == PST_FORMAT_I16 ? 60.0
                                                                     : 300.0;
            CHECK_TEXT(db >= least, "%s: %.1f dB", kinds[k].name, db);
            row_check_numbers(rig, rig->n_frames > 0 ? rig->numbers[0] : 0);
            row_free(rig);
        }
}

// Silence where packets have a gap does not come: times tell.
static void test_gaps_stay_gaps(void) {
    for (int k = 0; k < N_KINDS; ++k) {
        pst_encode_config config = encode_config(&kinds[k]);
        config.encoder.chunk_frames = 960; // Otherwise pages of Ogg last long.
        row_rig *rig = make_rig();
        row_add(rig, make_encoder(&config));
        row_add(rig, make_decoder(&kinds[k], PST_FORMAT_F32, 48000));
        CHECK_EQ(row_give(rig, wave, 9000, FIRST, NULL), PST_OK);
        CHECK_EQ(row_give(rig, wave + 2 * 9000, N - 9000, FIRST + 9000 + 5000, NULL), PST_OK);
        CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
        uint64_t n_early = 0, n_late = 0;
        for (uint64_t i = 0; i < rig->n_frames; ++i) {
            n_early += rig->numbers[i] >= FIRST && rig->numbers[i] < FIRST + 9000;
            n_late += rig->numbers[i] >= FIRST + 14000 && rig->numbers[i] < FIRST + 5000 + N;
        }
        // To a packet: it is in one that the gap lies.
        CHECK_TEXT(n_early >= 9000 - 4608 && n_late >= N - 9000 - 4608, "%s: %llu and %llu",
                   kinds[k].name, (unsigned long long)n_early, (unsigned long long)n_late);
        if (kinds[k].has_ends)
            CHECK_EQ(rig->n_frames, N);
        row_free(rig);
    }
}

#if PST_HAS_OPUS
// Gives packets of Opus to a decoder, but for some.
static void give_with_losses(row_rig *rig, const row_rig *packets, bool breaks) {
    for (uint64_t i = 0; i < packets->n_packets; ++i) {
        static const uint8_t broken[] = {0x03, 0xFF, 0x00};
        pst_packet packet = packets->packets[i];
        packet.data = packets->data + (uintptr_t)packet.data;
        const bool is_lost = i == 5 || i == 6 || i == 12;
        if (is_lost && !breaks)
            continue;
        if (is_lost) {
            packet.data = broken;
            packet.n_bytes = sizeof broken;
        }
        CHECK_EQ(row_give_packet(rig, &packet, NULL), PST_OK);
    }
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
}

static void test_lost_packets_are_concealed(void) {
    static const kind opus = {
        "opus", PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, PST_FORMAT_F32, false, false, 0};
    const pst_encode_config config = encode_config(&opus);
    row_rig *packets = make_rig();
    row_add(packets, make_encoder(&config));
    CHECK_EQ(row_give_all(packets, wave, N, 999, FIRST, 1, NULL), PST_OK);
    uint64_t n_whole = 0;
    for (int way = 0; way < 4; ++way) {
        pst_decode_config decode;
        pst_decode_config_default(&decode);
        decode.decoder.container = PST_CONTAINER_PACKETS;
        decode.decoder.encoding = PST_ENCODING_OPUS;
        decode.format = PST_FORMAT_F32;
        decode.conceal_frames = way == 0 ? 0 : way == 1 ? 1000 : 2000;
        pst_stage *stage = NULL;
        CHECK_EQ(pst_node_decode(&stage, NULL, &decode, NULL), PST_OK);
        row_rig *rig = make_rig();
        row_add(rig, stage);
        give_with_losses(rig, packets, way == 3);
        if (way == 0)
            n_whole = rig->n_frames + 3 * 960;
        const uint64_t n_lost = way == 0 ? 3 * 960 : way == 1 ? 2 * 960 : 0;
        CHECK_EQ(rig->n_frames, n_whole - n_lost); // The first gap is too long in between.
        CHECK_EQ(rig->numbers[rig->n_frames - 1], rig->numbers[0] + (int64_t)n_whole - 1);
        if (n_lost == 0)
            row_check_numbers(rig, rig->numbers[0]);
        uint64_t n = 0;
        CHECK(compare(rig, &n) > 3.0);
        row_free(rig);
    }
    row_free(packets);
}

static void test_broken_packets_are_errors(void) {
    static const kind opus = {
        "opus", PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, PST_FORMAT_F32, false, false, 0};
    static const uint8_t broken[] = {0x03, 0xFF, 0x00};
    row_rig *rig = make_rig();
    row_add(rig, make_decoder(&opus, PST_FORMAT_F32, 48000));
    const pst_packet packet = {.data = broken,
                               .n_bytes = sizeof broken,
                               .pts = PST_NO_PTS,
                               .dts = PST_NO_PTS,
                               .duration = -1,
                               .time_base_num = 1,
                               .time_base_den = 48000};
    CHECK_EQ(row_give_packet(rig, &packet, NULL), PST_BAD_FILE);
    row_free(rig);
}
#endif

static void test_chunks_are_packets(void) {
    pst_encode_config config = encode_config(&kinds[1]);
    config.encoder.chunk_frames = 100;
    row_rig *rig = make_rig();
    row_add(rig, make_encoder(&config));
    CHECK_EQ(row_give_all(rig, wave, 1234, 77, FIRST, 1, NULL), PST_OK);
    REQUIRE(rig->n_packets == 13);
    for (int i = 0; i < 13; ++i) {
        const pst_packet *packet = &rig->packets[i];
        CHECK_EQ(packet->n_bytes, 8 * (i < 12 ? 100 : 34));
        CHECK_EQ(packet->pts, FIRST + 100 * i);
        CHECK_EQ(packet->duration, i < 12 ? 100 : 34);
        CHECK_EQ(packet->time_base_num, 1);
        CHECK_EQ(packet->time_base_den, 48000);
        CHECK_EQ(packet->flags, 0);
    }
    CHECK(memcmp(rig->data, wave, 1234 * 8) == 0);
    row_free(rig);
}

static void test_headers_come_first(void) {
    for (int k = 0; k < N_KINDS; ++k) {
        const pst_encode_config config = encode_config(&kinds[k]);
        row_rig *rig = make_rig();
        row_add(rig, make_encoder(&config));
        CHECK_EQ(row_give_all(rig, wave, N, 500, 0, 1, NULL), PST_OK);
        bool has_begun = false;
        for (uint64_t i = 0; i < rig->n_packets; ++i) {
            const bool is_header = (rig->packets[i].flags & PST_PACKET_HEADER) != 0;
            CHECK(!(is_header && has_begun));
            has_begun = has_begun || !is_header;
            CHECK(is_header == (rig->packets[i].pts == PST_NO_PTS));
        }
        CHECK(has_begun);
        if (kinds[k].container == PST_CONTAINER_OGG || kinds[k].container == PST_CONTAINER_FLAC)
            CHECK(rig->packets[0].flags == PST_PACKET_HEADER);
        row_free(rig);
    }
}

// ---- Rates -------------------------------------------------------------------------------------

#if PST_HAS_OPUS
static const kind ogg_opus = {
    "opus", PST_CONTAINER_OGG, PST_ENCODING_OPUS, PST_FORMAT_F32, false, true, 15};

static void check_resampled(const row_rig *rig) {
    CHECK(rig->last.rate_hz == 48000.0);
    CHECK_EQ(rig->n_frames, pst_resampled_frames(N, 44100.0, 48000.0));
    row_check_numbers(rig, llround(44100.0 * 48000.0 / 44100.0));
    const float *got = (const float *)(const void *)rig->data;
    double signal = 0.0, noise = 0.0;
    for (uint64_t i = 500; i + 500 < rig->n_frames; ++i) {
        const double at = (double)i * 44100.0 / 48000.0;
        const double x = 0.4 * sin(0.02 * at + 2e-6 * at * at);
        signal += x * x;
        noise += (x - (double)got[2 * i]) * (x - (double)got[2 * i]);
    }
    CHECK_TEXT(signal > 30.0 * noise, "%g and %g", signal, noise);
}

static void test_rates_that_fit(void) {
    for (int way = 0; way < 3; ++way) {
        pst_encode_config config = encode_config(&ogg_opus);
        row_rig *rig = make_rig();
        rig->media.rate_hz = 44100.0;
        if (way == 0) { // By a stage in front,
            pst_resampler_config resampler;
            pst_resampler_config_default(&resampler);
            resampler.from_hz = 44100.0;
            resampler.n_channels = 2;
            pst_stage *stage = NULL;
            CHECK_EQ(pst_stage_resample(&stage, &resampler, NULL), PST_OK);
            row_add(rig, stage);
        }
        config.fits_rate = way > 0; // or by the encoder's own.
        config.encoder.format.rate_hz = way == 2 ? 48000 : 0;
        row_add(rig, make_encoder(&config));
        row_add(rig, make_decoder(&ogg_opus, PST_FORMAT_F32, 48000));
        CHECK_EQ(row_give_all(rig, wave, N, 700, 44100, 3, NULL), PST_OK);
        check_resampled(rig);
        row_free(rig);
    }
}

static void test_rates_that_do_not_fit(void) {
    pst_encode_config config = encode_config(&ogg_opus);
    row_rig *rig = make_rig();
    rig->media.rate_hz = 44100.0;
    row_add(rig, make_encoder(&config));
    pst_error err = {.status = PST_OK};
    CHECK_EQ(row_give(rig, wave, 100, 0, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "44100") != NULL && strstr(err.text, "48000") != NULL, "%s",
               err.text);
    CHECK_EQ(rig->row.failed_at, 1);
    row_free(rig);
    rig = make_rig();
    rig->media.rate_hz = 0.0;
    row_add(rig, make_encoder(&config));
    CHECK_EQ(row_give(rig, wave, 100, 0, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "the frames come at 0 Hz; to be encoded, their rate must be told and be "
                        "from 1 to 1000000 Hz");
    row_free(rig);
}
#endif

static void test_what_is_told_must_come(void) {
    pst_encode_config config = encode_config(&kinds[0]);
    config.encoder.format.rate_hz = 48000;
    config.encoder.format.n_channels = 1;
    row_rig *rig = make_rig();
    row_add(rig, make_encoder(&config));
    pst_error err = {.status = PST_OK};
    CHECK_EQ(row_give(rig, wave, 100, 0, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "encoder takes") != NULL, "%s", err.text);
    row_free(rig);
}

static void test_other_frames_are_another_stream(void) {
    const pst_encode_config config = encode_config(&kinds[0]);
    row_rig *rig = make_rig();
    row_add(rig, make_encoder(&config));
    CHECK_EQ(row_give(rig, wave, 1500, 0, NULL), PST_OK);
    rig->media.rate_hz = 8000.0;
    CHECK_EQ(row_give(rig, wave, 700, 50, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    uint64_t n_bytes = 0, n_streams = 0;
    int64_t n_frames = 0;
    for (uint64_t i = 0; i < rig->n_packets; ++i) {
        const pst_packet *packet = &rig->packets[i];
        const uint8_t *at = rig->data + n_bytes;
        n_streams += packet->n_bytes >= 4 && memcmp(at, "RIFF", 4) == 0;
        n_frames += packet->duration;
        if (packet->pts != PST_NO_PTS)
            CHECK_EQ(packet->time_base_den, n_streams == 1 ? 48000 : 8000);
        n_bytes += packet->n_bytes;
    }
    CHECK_EQ(n_streams, 2);
    CHECK_EQ(n_frames, 2200);
    row_free(rig);
}

static void test_streams_without_frames(void) {
    pst_encode_config config = encode_config(&kinds[0]);
    row_rig *rig = make_rig();
    row_add(rig, make_encoder(&config));
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    CHECK_EQ(rig->n_packets, 0); // Nobody knows of what.
    row_free(rig);
    config.encoder.format.rate_hz = 48000;
    config.encoder.format.n_channels = 2;
    rig = make_rig();
    row_add(rig, make_encoder(&config));
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    CHECK(rig->n_packets > 0);
    CHECK(rig->n_bytes >= 44 && memcmp(rig->data, "RIFF", 4) == 0);
    row_free(rig);
    rig = make_rig();
    row_add(rig, make_encoder(&config));
    row_add(rig, make_decoder(&kinds[0], (pst_format)0, 48000));
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    CHECK_EQ(rig->n_frames, 0);
    row_free(rig);
}

static void test_reset_begins_anew(void) {
    for (int k = 0; k < N_KINDS; ++k) {
        const pst_encode_config config = encode_config(&kinds[k]);
        row_rig *rig = make_rig();
        row_add(rig, make_encoder(&config));
        row_add(rig, make_decoder(&kinds[k], PST_FORMAT_F32, 48000));
        for (int round = 0; round < 2; ++round) {
            CHECK_EQ(row_give(rig, wave + 900, 5000, 7, NULL), PST_OK);
            CHECK_EQ(pst_row_reset(&rig->row, NULL), PST_OK);
            row_forget(rig);
            CHECK_EQ(row_give_all(rig, wave, N, 999, FIRST, 1, NULL), PST_OK);
            uint64_t n = 0;
            const double db = compare(rig, &n);
            CHECK_TEXT(n == N && db > 15.0, "%s: %llu frames, %.1f dB", kinds[k].name,
                       (unsigned long long)n, db);
            CHECK_EQ(pst_row_reset(&rig->row, NULL), PST_OK);
            row_forget(rig);
        }
        row_free(rig);
    }
}

static void test_the_decoder_gives_the_codecs_own_samples(void) {
    const kind i16 = {"wav", PST_CONTAINER_WAV, PST_ENCODING_PCM, PST_FORMAT_I16, true, true, 0};
    const pst_encode_config config = encode_config(&i16);
    row_rig *rig = make_rig();
    row_add(rig, make_encoder(&config));
    row_add(rig, make_decoder(&i16, (pst_format)0, 48000));
    CHECK_EQ(row_give_all(rig, wave, 1000, 99, 0, 1, NULL), PST_OK);
    CHECK_EQ(rig->last.format, PST_FORMAT_I16);
    CHECK_EQ(rig->n_frames, 1000);
    row_free(rig);
}

// Bytes cut anywhere are as good as packets.
static void test_a_decoder_takes_any_slices(void) {
    const pst_encode_config config = encode_config(&kinds[0]);
    row_rig *rig = make_rig();
    row_add(rig, make_encoder(&config));
    CHECK_EQ(row_give_all(rig, wave, 1000, 99, 0, 1, NULL), PST_OK);
    row_rig *decoding = make_rig();
    pst_decode_config any;
    pst_decode_config_default(&any); // The first bytes tell.
    pst_stage *stage = NULL;
    CHECK_EQ(pst_node_decode(&stage, "bytes", &any, NULL), PST_OK);
    row_add(decoding, stage);
    for (uint64_t i = 0; i < rig->n_bytes; ++i) {
        const pst_packet packet = {.data = rig->data + i,
                                   .n_bytes = 1,
                                   .pts = PST_NO_PTS,
                                   .dts = PST_NO_PTS,
                                   .duration = -1,
                                   .time_base_num = 1,
                                   .time_base_den = 1};
        CHECK_EQ(row_give_packet(decoding, &packet, NULL), PST_OK);
    }
    CHECK_EQ(pst_row_drain(&decoding->row, NULL), PST_OK);
    CHECK_EQ(decoding->n_frames, 1000);
    CHECK(memcmp(decoding->data, wave, 8000) == 0);
    row_check_numbers(decoding, 0);
    row_free(decoding);
    row_free(rig);
}

static void test_clipped_samples_are_counted(void) {
    const kind i16 = {"wav", PST_CONTAINER_WAV, PST_ENCODING_PCM, PST_FORMAT_I16, true, true, 0};
    const pst_encode_config config = encode_config(&i16);
    const float loud[6] = {2.0f, 0.5f, -3.0f, NAN, 0.1f, 1.5f};
    row_rig *rig = make_rig();
    row_add(rig, make_encoder(&config));
    for (int i = 0; i < 3; ++i)
        CHECK_EQ(row_give(rig, loud, 3, 3 * i, NULL), PST_OK);
    CHECK_EQ(pst_row_drain(&rig->row, NULL), PST_OK);
    pst_convert_counts counts;
    pst_stage_get_counts(rig->stages[0], &counts);
    CHECK_EQ(counts.n_clipped, 9);
    CHECK_EQ(counts.n_nonfinite, 3);
    row_free(rig);
}

// ---- What is refused ---------------------------------------------------------------------------

static void test_what_is_no_stream(void) {
    row_rig *rig = make_rig();
    row_add(rig, make_decoder(&kinds[0], (pst_format)0, 48000));
    static const uint8_t junk[200] = "This is no sound at all, in whatever way one reads it.";
    const pst_packet packet = {.data = junk,
                               .n_bytes = sizeof junk,
                               .pts = PST_NO_PTS,
                               .duration = -1,
                               .time_base_num = 1,
                               .time_base_den = 1};
    pst_error err = {.status = PST_OK};
    pst_status status = row_give_packet(rig, &packet, &err);
    if (status == PST_OK)
        status = pst_row_drain(&rig->row, &err);
    CHECK_EQ(status, PST_BAD_FILE);
    CHECK(err.text[0] != '\0');
    CHECK_EQ(rig->row.failed_at, 1);
    row_free(rig);
}

static void test_configs_that_are_wrong(void) {
    pst_stage *stage = NULL;
    pst_error err = {.status = PST_OK};
    pst_encode_config config = encode_config(&kinds[0]);
    config.encoder.format.container = (pst_container)99;
    CHECK_EQ(pst_node_encode(&stage, NULL, &config, &err), PST_BAD_ARGUMENT);
    config = encode_config(&kinds[0]);
    config.encoder.chunk_frames = PST_PUSH_MAX_CHUNK_FRAMES + 1;
    CHECK_EQ(pst_node_encode(&stage, NULL, &config, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "chunk_frames is 16777217; it must be at most 16777216");
    config = encode_config(&kinds[0]);
    config.encoder.format.rate_hz = 48000;
    config.encoder.format.n_channels = 2;
    config.encoder.options.bitrate_bps = 128000; // PCM has no choice.
    CHECK_EQ(pst_node_encode(&stage, NULL, &config, &err), PST_BAD_ARGUMENT);
    pst_decode_config decode;
    pst_decode_config_default(&decode);
    decode.format = (pst_format)77;
    CHECK_EQ(pst_node_decode(&stage, NULL, &decode, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "format is 77, which is no sample format");
    pst_decode_config_default(&decode);
    decode.conceal_frames = PST_PUSH_MAX_CHUNK_FRAMES + 1;
    CHECK_EQ(pst_node_decode(&stage, NULL, &decode, &err), PST_BAD_ARGUMENT);
    pst_decode_config_default(&decode);
    decode.decoder.skip_frames = -1;
    CHECK_EQ(pst_node_decode(&stage, NULL, &decode, &err), PST_BAD_ARGUMENT);
    CHECK(stage == NULL);
}

// ---- Memory ------------------------------------------------------------------------------------

static void test_every_allocation_failing_in_turn(void) {
    bool got_by = !failing_alloc_works();
    for (long n = 1; n < 500 && !got_by; ++n) {
        pst_tags *tags = NULL;
        CHECK_EQ(pst_tags_create(&tags, NULL), PST_OK);
        CHECK_EQ(pst_tags_add(tags, "title", "A", NULL), PST_OK);
        pst_encode_config config = encode_config(&kinds[0]);
        config.encoder.options.tags = tags;
        config.fits_rate = true;
        config.encoder.format.rate_hz = 24000;
        config.quality = PST_RESAMPLE_LINEAR; // soxr does not live without memory.
        pst_decode_config decode;
        pst_decode_config_default(&decode);
        row_rig *rig = make_rig();
        rig->numbers = malloc(N * sizeof *rig->numbers); // The rig's own memory does not count.
        rig->data = malloc(N * 8);
        rig->numbers_room = N;
        rig->room = N * 8;
        failing_alloc_begin(n);
        pst_stage *encoder = NULL, *decoder = NULL;
        pst_status status = pst_node_encode(&encoder, "a", &config, NULL);
        if (status == PST_OK)
            status = pst_node_decode(&decoder, "b", &decode, NULL);
        if (encoder != NULL)
            row_add(rig, encoder);
        if (decoder != NULL)
            row_add(rig, decoder);
        if (status == PST_OK)
            status = row_give_all(rig, wave, 3000, 999, 0, 1, NULL);
        row_destroy_stages(rig);
        got_by = failing_alloc_end() < n;
        CHECK_EQ(failing_alloc_live(), 0);
        if (status != PST_NO_MEMORY && !(status == PST_OK && rig->n_frames == 1500))
            FAIL("%ld: status %d, %llu frames", n, status, (unsigned long long)rig->n_frames);
        row_free(rig);
        pst_tags_destroy(tags);
    }
    CHECK(got_by);
}

int main(void) {
    fill();
    RUN(test_there_and_back);
    RUN(test_gaps_stay_gaps);
#if PST_HAS_OPUS
    RUN(test_lost_packets_are_concealed);
    RUN(test_broken_packets_are_errors);
#endif
    RUN(test_chunks_are_packets);
    RUN(test_headers_come_first);
#if PST_HAS_OPUS
    RUN(test_rates_that_fit);
    RUN(test_rates_that_do_not_fit);
#endif
    RUN(test_what_is_told_must_come);
    RUN(test_other_frames_are_another_stream);
    RUN(test_streams_without_frames);
    RUN(test_reset_begins_anew);
    RUN(test_the_decoder_gives_the_codecs_own_samples);
    RUN(test_a_decoder_takes_any_slices);
    RUN(test_clipped_samples_are_counted);
    RUN(test_what_is_no_stream);
    RUN(test_configs_that_are_wrong);
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
