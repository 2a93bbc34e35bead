// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Packets without a container, put into a push decoder: their times, gaps, and what is wrong.

#include "packet_rig.h"
#include "pastream/push.h"

enum { SECOND = 48000, MAX_PACKETS = 100, MAX_BYTES = 8192, ROOM = 2 * SECOND };

typedef struct kept_packet {
    pst_packet packet;
    uint8_t data[MAX_BYTES];
} kept_packet;

static kept_packet packets[MAX_PACKETS];
static int n_packets;
static float sound[ROOM];

// Pushes n_frames of speech through an encoder and keeps its packets. Returns what it tells.
static pst_push_encoder *encode(pst_container container, pst_encoding encoding, uint32_t rate_hz,
                                uint32_t packet_us, int64_t n_frames) {
    pst_push_encoder_config config;
    pst_push_encoder_config_default(&config);
    config.format = packet_format(encoding, rate_hz, 1);
    config.format.container = container;
    config.options.opus.packet_us = packet_us;
    pst_push_encoder *encoder = NULL;
    pst_error err = {0};
    if (!CHECK_TEXT(pst_push_encoder_create(&encoder, &config, &err) == PST_OK, "%s", err.text))
        return NULL;
    make_speech(sound, n_frames, 1, rate_hz);
    CHECK_EQ(pst_push_encoder_write(encoder, sound, PST_FORMAT_F32, (uint64_t)n_frames, false,
                                    PST_NO_PTS, NULL),
             PST_OK);
    CHECK_EQ(pst_push_encoder_end(encoder, NULL), PST_OK);
    n_packets = 0;
    pst_packet packet;
    while (pst_push_encoder_next(encoder, &packet) == PST_OK && n_packets < MAX_PACKETS) {
        kept_packet *kept = &packets[n_packets++];
        CHECK(packet.n_bytes <= MAX_BYTES);
        kept->packet = packet;
        memcpy(kept->data, packet.data, (size_t)packet.n_bytes);
        kept->packet.data = kept->data;
    }
    return encoder;
}

static pst_push_decoder_config config_for(pst_encoding encoding, pst_push_encoder *encoder) {
    pst_push_decoder_config config;
    pst_push_decoder_config_default(&config);
    config.container = PST_CONTAINER_PACKETS;
    config.encoding = encoding;
    if (encoder != NULL) {
        static uint8_t extradata[64];
        pst_push_encoder_info info;
        pst_push_encoder_get_info(encoder, &info);
        CHECK(info.n_extradata > 0 && info.n_extradata <= sizeof extradata);
        memcpy(extradata, info.extradata, info.n_extradata);
        config.extradata = extradata;
        config.n_extradata = info.n_extradata;
    }
    return config;
}

static pst_push_decoder *open_decoder(const pst_push_decoder_config *config) {
    pst_push_decoder *decoder = NULL;
    pst_error err = {0};
    CHECK_TEXT(pst_push_decoder_create(&decoder, config, &err) == PST_OK, "%s", err.text);
    return decoder;
}

static pst_push_decoder_info info_of(const pst_push_decoder *decoder) {
    pst_push_decoder_info info;
    pst_push_decoder_get_info(decoder, &info);
    return info;
}

// Reads what is there. Returns how many frames; pts: gets the time of the first.
static int64_t read_all(pst_push_decoder *decoder, float *frames, int64_t *pts) {
    int64_t n = 0, ignored;
    uint64_t n_read = 0;
    do {
        CHECK(pst_push_decoder_read(decoder, frames + n, PST_FORMAT_F32, false, 10000, &n_read,
                                    n == 0 && pts != NULL ? pts : &ignored, NULL) >= PST_OK);
        n += (int64_t)n_read;
    } while (n_read > 0);
    return n;
}

static void check_write(pst_push_decoder *decoder, int i) {
    pst_error err = {0};
    CHECK_TEXT(pst_push_decoder_write_packet(decoder, &packets[i].packet, &err) == PST_OK, "%s",
               err.text);
}

// ---- Whole streams ---------------------------------------------------------------------------

// What goes in comes out, from its first frame to its last, at its time.
static void check_round_trip(pst_encoding encoding, uint32_t rate_hz, uint32_t packet_us,
                             int64_t n_frames) {
    static float got[2 * ROOM];
    pst_push_encoder *encoder =
        encode(PST_CONTAINER_PACKETS, encoding, rate_hz, packet_us, n_frames);
    REQUIRE(encoder != NULL);
    pst_push_encoder_info told;
    pst_push_encoder_get_info(encoder, &told);
    const bool is_opus = encoding == PST_ENCODING_OPUS;
    const int64_t up = is_opus ? SECOND / rate_hz : 1;
    int64_t all = 0;
    for (int i = 0; i < n_packets; ++i) {
        CHECK_EQ(packets[i].packet.pts, all - told.delay_frames);
        all += packets[i].packet.duration;
    }
    CHECK_EQ(all, told.delay_frames + n_frames + told.padding_frames);
    pst_push_decoder_config config = config_for(encoding, encoder);
    config.n_frames = n_frames * up;
    // The OpusHead tells of it; nothing in AAC does.
    config.skip_frames = is_opus ? 0 : told.delay_frames;
    pst_push_decoder *decoder = open_decoder(&config);
    REQUIRE(decoder != NULL);
    for (int i = 0; i < n_packets; ++i)
        check_write(decoder, i);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    const pst_push_decoder_info info = info_of(decoder);
    CHECK(info.is_known && info.is_over);
    CHECK_EQ(info.format.container, PST_CONTAINER_PACKETS);
    CHECK_EQ(info.format.encoding, encoding);
    CHECK_EQ(info.format.rate_hz, rate_hz * up);
    CHECK_EQ(info.format.n_channels, 1);
    CHECK_EQ(info.native, PST_FORMAT_F32);
    CHECK_EQ(info.skipped_frames, is_opus ? told.delay_frames * up : 0);
    CHECK_EQ(info.damage.flags, 0);
    int64_t pts = -1;
    CHECK_EQ(read_all(decoder, got, &pts), n_frames * up);
    CHECK_EQ(pts, n_frames > 0 ? 0 : pts);
    if (n_frames > SECOND / 10 && up == 1)
        CHECK(snr_db(sound, got, n_frames) > 8.0);
    pst_push_decoder_destroy(decoder);
    pst_push_encoder_destroy(encoder);
}

static bool can(pst_encoding encoding) {
    const pst_file_format format = packet_format(encoding, SECOND, 1);
    return pst_encoder_check(&format, NULL, NULL) == PST_OK;
}

static void test_round_trips(void) {
    static const uint32_t packets_us[] = {2500, 10000, 20000, 60000};
    static const uint32_t rates[] = {8000, 12000, 16000, 24000, 48000};
    for (int d = 0; d < 4; ++d)
        for (int r = 0; r < 5; ++r)
            check_round_trip(PST_ENCODING_OPUS, rates[r], packets_us[d], rates[r] / 5 + 7);
    static const int64_t few[] = {0, 1, 959, 960, 961, 1023, 1024, 1025, 2048};
    for (int i = 0; i < 9; ++i) {
        check_round_trip(PST_ENCODING_OPUS, SECOND, 0, few[i]);
        if (can(PST_ENCODING_AAC))
            check_round_trip(PST_ENCODING_AAC, SECOND, 0, few[i]);
    }
    if (can(PST_ENCODING_AAC))
        check_round_trip(PST_ENCODING_AAC, 44100, 0, 44100);
}

// ---- Gaps ------------------------------------------------------------------------------------

// Five packets of 20 ms, of which the third does not come. Without concealment what follows keeps
// its own time, with a jump before it; with it there is no jump.
static void test_gaps(void) {
    static float got[ROOM];
    pst_push_encoder *encoder =
        encode(PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, SECOND, 20000, SECOND / 5);
    const pst_push_decoder_config config = config_for(PST_ENCODING_OPUS, encoder);
    enum { ALL = 5 * 960 - 312 };
    // As told; by the frame count; in another time base; with no duration told.
    for (int round = 0; round < 8; ++round) {
        const bool is_concealed = round % 2 == 0;
        pst_push_decoder *decoder = open_decoder(&config);
        int64_t at = 0, jumps = 0, lost = 0;
        for (int i = 0; i < 5; ++i) {
            pst_packet packet = packets[i].packet;
            if (round >= 4)
                packet.duration = -1;
            if (round % 4 >= 2) {
                packet.pts = (packet.pts + 312) * 1000 / SECOND;
                packet.duration = packet.duration < 0 ? -1 : 20;
                packet.time_base_den = 1000;
            }
            if (i != 2)
                CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
            else if (is_concealed)
                CHECK_EQ(pst_push_decoder_conceal(decoder, 960, packets[3].data,
                                                  packets[3].packet.n_bytes, NULL),
                         PST_OK);
            uint64_t n = 0;
            do {
                int64_t pts;
                CHECK_EQ(pst_push_decoder_read(decoder, got, PST_FORMAT_F32, false, 5000, &n, &pts,
                                               NULL),
                         PST_OK);
                const int64_t wanted = at + (round % 4 >= 2 ? 312 : 0);
                if (n > 0 && pts != wanted) {
                    ++jumps;
                    lost += pts - wanted;
                    at += pts - wanted;
                }
                at += (int64_t)n;
            } while (n > 0);
        }
        CHECK_EQ(at, ALL);
        CHECK_EQ(jumps, is_concealed ? 0 : 1);
        CHECK_EQ(lost, is_concealed ? 0 : 960);
        const pst_push_decoder_info info = info_of(decoder);
        CHECK_EQ(info.damage.flags, is_concealed ? PST_DAMAGE_MISSING : 0);
        CHECK_EQ(info.damage.lost_frames, is_concealed ? 960 : 0);
        CHECK_EQ(info.damage.first_frame, is_concealed ? 2 * 960 - 312 : -1);
        pst_push_decoder_destroy(decoder);
    }
    pst_push_encoder_destroy(encoder);
}

// Where no packet tells a time, gaps are counted as all else.
static void test_gaps_without_times(void) {
    static float got[ROOM];
    pst_push_encoder *encoder =
        encode(PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, SECOND, 20000, SECOND / 5);
    const pst_push_decoder_config config = config_for(PST_ENCODING_OPUS, encoder);
    pst_push_decoder *decoder = open_decoder(&config);
    for (int i = 0; i < 3; ++i) {
        int64_t pts = -1;
        CHECK_EQ(pst_push_decoder_write(decoder, packets[i].data, packets[i].packet.n_bytes, NULL),
                 PST_OK);
        CHECK_EQ(pst_push_decoder_conceal(decoder, 100, NULL, 0, NULL), PST_OK);
        CHECK_EQ(read_all(decoder, got, &pts), 1060 - (i == 0 ? 312 : 0));
        CHECK_EQ(pts, i == 0 ? 0 : i * 1060 - 312);
    }
    pst_push_decoder_destroy(decoder);
    pst_push_encoder_destroy(encoder);
}

// An empty packet is a pause, as long as it says or as the one before.
static void test_empty_packets(void) {
    static float got[ROOM];
    pst_push_encoder *encoder =
        encode(PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, SECOND, 20000, SECOND / 5);
    pst_push_decoder_config config = config_for(PST_ENCODING_OPUS, NULL);
    pst_push_decoder *decoder = open_decoder(&config);
    pst_error err = {0};
    CHECK_EQ(pst_push_decoder_write(decoder, "", 0, &err), PST_BAD_STATE);
    CHECK_TEXT(strstr(err.text, "no packet has come") != NULL, "%s", err.text);
    check_write(decoder, 0);
    CHECK_EQ(pst_push_decoder_write(decoder, NULL, 0, NULL), PST_OK);
    pst_packet packet = {
        .duration = 30, .pts = PST_NO_PTS, .time_base_num = 1, .time_base_den = 1000};
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
    CHECK_EQ(read_all(decoder, got, NULL), 960 + 960 + 1440);
    packet.duration = INT64_MAX;
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, &err), PST_BAD_ARGUMENT);
    // What holds no sound is passed over.
    packet.flags = PST_PACKET_HEADER;
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, NULL), PST_OK);
    CHECK_EQ(read_all(decoder, got, NULL), 0);
    pst_push_decoder_destroy(decoder);
    pst_push_encoder_destroy(encoder);
}

static void test_gaps_that_cannot_be(void) {
    pst_push_decoder_config config;
    pst_push_decoder_config_default(&config);
    config.container = PST_CONTAINER_OGG;
    config.encoding = PST_ENCODING_OPUS;
    pst_push_decoder *decoder = open_decoder(&config);
    pst_error err = {0};
    CHECK_EQ(pst_push_decoder_conceal(decoder, 960, NULL, 0, &err), PST_BAD_STATE);
    CHECK_TEXT(strstr(err.text, "packets without a container") != NULL, "%s", err.text);
    pst_push_decoder_destroy(decoder);
    config.container = PST_CONTAINER_PACKETS;
    decoder = open_decoder(&config);
    CHECK_EQ(pst_push_decoder_conceal(decoder, 960, NULL, 0, &err), PST_BAD_STATE);
    CHECK_TEXT(strstr(err.text, "no packet has come") != NULL, "%s", err.text);
    CHECK_EQ(pst_push_decoder_conceal(decoder, -1, NULL, 0, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "n_frames is -1") != NULL, "%s", err.text);
    CHECK_EQ(pst_push_decoder_conceal(decoder, PST_PUSH_MAX_CHUNK_FRAMES + 1, NULL, 0, &err),
             PST_BAD_ARGUMENT);
    CHECK_EQ(info_of(decoder).damage.flags, 0);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_conceal(decoder, 960, NULL, 0, &err), PST_CLOSED);
    pst_push_decoder_destroy(decoder);
}

// ---- What is wrong ---------------------------------------------------------------------------

static void test_a_bad_packet_is_refused_and_does_not_stay(void) {
    static float got[ROOM];
    pst_push_encoder *encoder =
        encode(PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, SECOND, 20000, SECOND / 5);
    const pst_push_decoder_config config = config_for(PST_ENCODING_OPUS, encoder);
    pst_push_decoder *decoder = open_decoder(&config);
    check_write(decoder, 0);
    static const uint8_t bad[] = {0xFF, 0x00, 1};
    pst_packet packet = packets[1].packet;
    packet.data = bad;
    packet.n_bytes = sizeof bad;
    pst_error err = {0};
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packet, &err), PST_BAD_FILE);
    CHECK_TEXT(strstr(err.text, "A packet of 3 bytes is not one of Opus") != NULL, "%s", err.text);
    CHECK_EQ(info_of(decoder).damage.flags, PST_DAMAGE_CORRUPT);
    CHECK_EQ(info_of(decoder).damage.first_frame, 960 - 312);
    // It is as if it had not come: it may be concealed.
    CHECK_EQ(pst_push_decoder_conceal(decoder, 0, NULL, 0, NULL), PST_OK);
    check_write(decoder, 2);
    int64_t pts;
    CHECK_EQ(read_all(decoder, got, &pts), 3 * 960 - 312);
    CHECK_EQ(pts, 0);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_write(decoder, bad, sizeof bad, NULL), PST_CLOSED);
    pst_push_decoder_destroy(decoder);
    pst_push_encoder_destroy(encoder);
}

static void test_memory_is_bounded(void) {
    pst_push_encoder *encoder =
        encode(PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, SECOND, 20000, 960);
    const pst_push_decoder_config config = config_for(PST_ENCODING_OPUS, encoder);
    pst_push_decoder *decoder = open_decoder(&config);
    check_write(decoder, 0);
    CHECK_EQ(pst_push_decoder_conceal(decoder, PST_PUSH_MAX_CHUNK_FRAMES, NULL, 0, NULL), PST_OK);
    pst_error err = {0};
    CHECK_EQ(pst_push_decoder_write_packet(decoder, &packets[1].packet, &err), PST_LIMIT);
    CHECK_TEXT(strstr(err.text, "wait to be read") != NULL, "%s", err.text);
    CHECK_EQ(pst_push_decoder_conceal(decoder, 960, NULL, 0, NULL), PST_LIMIT);
    float *got = calloc(PST_PUSH_MAX_CHUNK_FRAMES + 1000, sizeof *got);
    CHECK_EQ(read_all(decoder, got, NULL), PST_PUSH_MAX_CHUNK_FRAMES + 960 - 312);
    check_write(decoder, 1);
    free(got);
    pst_push_decoder_destroy(decoder);
    pst_push_encoder_destroy(encoder);
}

static void test_configs_that_cannot_be(void) {
    static const struct {
        pst_push_decoder_config config;
        const char *text;
    } wrong[] = {
        {{.container = PST_CONTAINER_PACKETS, .n_frames = -1}, "encoding is not told"},
        {{.container = PST_CONTAINER_PACKETS, .encoding = PST_ENCODING_MP3, .n_frames = -1},
         "This build cannot decode MP3 in PACKETS"},
        {{.container = PST_CONTAINER_PACKETS,
          .encoding = PST_ENCODING_OPUS,
          .n_channels = 3,
          .n_frames = -1},
         "channels is 3"},
        {{.container = PST_CONTAINER_OGG,
          .encoding = PST_ENCODING_OPUS,
          .extradata = "OpusHead",
          .n_extradata = 8,
          .n_frames = -1},
         "extradata is given"},
        {{.container = PST_CONTAINER_OGG,
          .encoding = PST_ENCODING_OPUS,
          .n_channels = 2,
          .n_frames = -1},
         "channels is 2"},
        {{.encoding = PST_ENCODING_OPUS, .extradata = "OggHead", .n_extradata = 7, .n_frames = -1},
         "is none of Opus"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        pst_push_decoder *decoder = NULL;
        pst_error err = {0};
        CHECK(pst_push_decoder_create(&decoder, &wrong[i].config, &err) < 0);
        CHECK(decoder == NULL);
        CHECK_TEXT(strstr(err.text, wrong[i].text) != NULL, "%s", err.text);
    }
}

// ---- Ogg, or packets -------------------------------------------------------------------------

static void test_opus_is_found_in_ogg_or_without(void) {
    static float by_ogg[ROOM], by_packets[ROOM], got[ROOM];
    pst_push_decoder_config config;
    pst_push_decoder_config_default(&config);
    config.encoding = PST_ENCODING_OPUS;
    pst_push_decoder *decoder = open_decoder(&config);
    int64_t n_by_ogg = 0;
    // Again after a reset, and with packets after Ogg.
    for (int round = 0; round < 3; ++round) {
        pst_push_encoder *encoder =
            encode(PST_CONTAINER_OGG, PST_ENCODING_OPUS, SECOND, 20000, SECOND / 5);
        pst_error err = {0};
        CHECK_EQ(pst_push_decoder_conceal(decoder, 1, NULL, 0, &err), PST_BAD_STATE);
        for (int i = 0; i < n_packets; ++i)
            if (round == 0)
                check_write(decoder, i);
            else
                for (uint64_t at = 0; at < packets[i].packet.n_bytes; at += (uint64_t)round)
                    CHECK_EQ(pst_push_decoder_write(decoder, packets[i].data + at,
                                                    at + (uint64_t)round > packets[i].packet.n_bytes
                                                        ? packets[i].packet.n_bytes - at
                                                        : (uint64_t)round,
                                                    NULL),
                             PST_OK);
        CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
        CHECK_EQ(info_of(decoder).format.container, PST_CONTAINER_OGG);
        CHECK_EQ(info_of(decoder).damage.flags, 0);
        const int64_t n = read_all(decoder, got, NULL);
        if (round == 0) {
            n_by_ogg = n;
            memcpy(by_ogg, got, sizeof by_ogg);
        }
        CHECK_EQ(n, SECOND / 5);
        CHECK_EQ(n, n_by_ogg);
        CHECK(memcmp(by_ogg, got, (size_t)n * sizeof *got) == 0);
        CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
        pst_push_encoder_destroy(encoder);
    }
    // The same sound in packets, with what Ogg tells left out.
    pst_push_encoder *encoder =
        encode(PST_CONTAINER_PACKETS, PST_ENCODING_OPUS, SECOND, 20000, SECOND / 5);
    for (int i = 0; i < n_packets; ++i)
        CHECK_EQ(pst_push_decoder_write(decoder, packets[i].data, packets[i].packet.n_bytes, NULL),
                 PST_OK);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    CHECK_EQ(info_of(decoder).format.container, PST_CONTAINER_PACKETS);
    CHECK_EQ(read_all(decoder, by_packets, NULL), n_packets * 960);
    CHECK(memcmp(by_ogg, by_packets + 312, (size_t)n_by_ogg * sizeof *got) == 0);
    // What begins like Ogg and is not is no packet either.
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_write(decoder, "Og", 2, NULL), PST_OK);
    CHECK_EQ(info_of(decoder).damage.flags, 0);
    check_write(decoder, 0);
    CHECK_EQ(info_of(decoder).damage.flags, PST_DAMAGE_CORRUPT);
    CHECK_EQ(read_all(decoder, got, NULL), 960);
    // Nor is what ends before it can be told.
    CHECK_EQ(pst_push_decoder_reset(decoder, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_write(decoder, "Ogg", 3, NULL), PST_OK);
    CHECK_EQ(pst_push_decoder_end(decoder, NULL), PST_OK);
    CHECK(info_of(decoder).is_over && !info_of(decoder).is_known);
    CHECK_EQ(info_of(decoder).damage.flags, PST_DAMAGE_TRUNCATED);
    pst_push_decoder_destroy(decoder);
    // With an OpusHead there is nothing to be found.
    config = config_for(PST_ENCODING_OPUS, encoder);
    config.container = 0;
    decoder = open_decoder(&config);
    CHECK_EQ(pst_push_decoder_write(decoder, "Og", 2, NULL), PST_BAD_FILE);
    check_write(decoder, 0);
    CHECK_EQ(info_of(decoder).format.container, PST_CONTAINER_PACKETS);
    pst_push_decoder_destroy(decoder);
    pst_push_encoder_destroy(encoder);
}

int main(void) {
    RUN(test_round_trips);
    RUN(test_gaps);
    RUN(test_gaps_without_times);
    RUN(test_empty_packets);
    RUN(test_gaps_that_cannot_be);
    RUN(test_a_bad_packet_is_refused_and_does_not_stay);
    RUN(test_memory_is_bounded);
    RUN(test_configs_that_cannot_be);
    RUN(test_opus_is_found_in_ogg_or_without);
    return check_done();
}
