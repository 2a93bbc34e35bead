// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "codec_node_rig.h"
#include "failing_alloc.h"

// Codecs as stages: packets that are lost or broken, what is refused, and what memory is for.

#if defined(PST_HAS_OPUS)
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
#if defined(PST_HAS_OPUS)
    RUN(test_lost_packets_are_concealed);
    RUN(test_broken_packets_are_errors);
#endif
    RUN(test_what_is_no_stream);
    RUN(test_configs_that_are_wrong);
    RUN(test_every_allocation_failing_in_turn);
    return check_done();
}
