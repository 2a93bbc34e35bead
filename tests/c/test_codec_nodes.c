// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec_node_rig.h"

// Frames that go through an encoder and a decoder as stages: what is left of them, and when.

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

static void test_samples_are_stored_as_they_come(void) {
    static const struct {
        pst_container container;
        pst_format came, decoded; // FLAC decodes to the next wider type.
    } rows[] = {
        {PST_CONTAINER_WAV, PST_FORMAT_F32, PST_FORMAT_F32},
        {PST_CONTAINER_WAV, PST_FORMAT_F64, PST_FORMAT_F64},
        {PST_CONTAINER_WAV, PST_FORMAT_I32, PST_FORMAT_I32},
        {PST_CONTAINER_WAV, PST_FORMAT_I16, PST_FORMAT_I16},
        {PST_CONTAINER_WAV, PST_FORMAT_I8, PST_FORMAT_U8},
        {PST_CONTAINER_WAV, PST_FORMAT_U8, PST_FORMAT_U8},
#if PST_HAS_FLAC
        {PST_CONTAINER_FLAC, PST_FORMAT_F32, PST_FORMAT_I32},
        {PST_CONTAINER_FLAC, PST_FORMAT_I16, PST_FORMAT_I16},
        {PST_CONTAINER_FLAC, PST_FORMAT_U8, PST_FORMAT_I16},
#endif
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; ++r) {
        pst_encode_config config;
        pst_encode_config_default(&config);
        config.encoder.format.container = rows[r].container;
        row_rig *rig = make_rig();
        rig->media.format = rows[r].came;
        row_add(rig, make_encoder(&config));
        pst_decode_config decode;
        pst_decode_config_default(&decode);
        pst_stage *stage = NULL;
        CHECK_EQ(pst_node_decode(&stage, NULL, &decode, NULL), PST_OK);
        row_add(rig, stage);
        CHECK_EQ(row_give_all(rig, wave, 1000, 300, 0, 1, NULL), PST_OK);
        CHECK_EQ(rig->n_frames, 1000);
        CHECK_STR(pst_format_name(rig->last.format), pst_format_name(rows[r].decoded));
        if (rig->last.format == rows[r].came)
            CHECK(memcmp(rig->data, wave, rig->n_bytes) == 0);
        row_free(rig);
    }
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

#if defined(PST_HAS_OPUS)
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

int main(void) {
    fill();
    RUN(test_there_and_back);
    RUN(test_gaps_stay_gaps);
    RUN(test_chunks_are_packets);
    RUN(test_samples_are_stored_as_they_come);
    RUN(test_headers_come_first);
#if defined(PST_HAS_OPUS)
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
    return check_done();
}
