// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Bare packets of Opus: what goes in comes out, of every rate and duration; what is lost is
// concealed; what is none is refused.

#include "failing_alloc.h"
#include "packet_rig.h"

enum { MAX_FRAMES = 5760, SECOND = 48000 };

static pst_encoder_options options_of(uint32_t packet_us) {
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.opus.packet_us = packet_us;
    return options;
}

// Decodes all packets. Returns how many frames there were.
static int64_t decode_all(const rig_packets *p, float *frames, uint32_t *n_skipped) {
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_OPUS);
    pst_packet_setup setup;
    void *state = open_packet_codec(ops, p, &setup);
    int64_t n = 0;
    for (int i = 0; i < p->n; ++i) {
        pst_packet_sound sound = {0};
        pst_error err = {0};
        CHECK_TEXT(ops->decode(state, p->data[i], p->n_bytes[i], &sound, &err) == PST_OK, "%s",
                   err.text);
        memcpy(frames + n * sound.n_channels, sound.frames,
               sound.n_frames * sound.n_channels * sizeof *frames);
        n += (int64_t)sound.n_frames;
    }
    *n_skipped = setup.n_skipped;
    ops->close(state);
    return n;
}

// ---- Round trips -----------------------------------------------------------------------------

static void check_round_trip(uint32_t rate_hz, uint32_t packet_us, pst_opus_application application,
                             uint32_t n_channels, int64_t n_frames) {
    const pst_file_format format = packet_format(PST_ENCODING_OPUS, rate_hz, n_channels);
    pst_encoder_options options = options_of(packet_us);
    options.opus.application = application;
    float *frames = calloc((size_t)n_frames * n_channels + 1, sizeof *frames);
    make_speech(frames, n_frames, n_channels, rate_hz);
    rig_packets *p = calloc(1, sizeof *p);
    pst_error err = {0};
    CHECK_TEXT(encode_packets(p, frames, n_frames, &format, &options, &err) == PST_OK, "%s",
               err.text);
    const pst_encoder_stream *stream = &p->setup.stream;
    const int64_t packet_frames = (int64_t)rate_hz * packet_us / 1000000;
    CHECK_EQ(stream->packet_frames, packet_frames);
    CHECK_EQ(stream->delay_frames,
             application == PST_OPUS_LOWDELAY ? rate_hz / 400 : 13 * rate_hz / 2000);
    // All that is needed, and no more.
    const int64_t all = n_frames + stream->delay_frames;
    CHECK_EQ(p->n, (all + packet_frames - 1) / packet_frames);
    for (int i = 0; i < p->n; ++i)
        CHECK_EQ(p->n_frames[i], packet_frames);
    const uint32_t up = SECOND / rate_hz;
    float *got = calloc((size_t)p->n * MAX_FRAMES * n_channels, sizeof *got);
    uint32_t n_skipped = 0;
    const int64_t n = decode_all(p, got, &n_skipped);
    CHECK_EQ(n, (int64_t)p->n * packet_frames * up);
    CHECK_EQ(n_skipped, stream->delay_frames * up);
    CHECK(n - n_skipped >= n_frames * up);
    if (n_frames > 1000 && up == 1) {
        const int64_t n_samples = n_frames * n_channels;
        const double snr = snr_db(frames, got + n_skipped * n_channels, n_samples);
        CHECK_TEXT(snr > 8.0, "%u us, application %d, %u channels: %.1f dB", packet_us,
                   (int)application, n_channels, snr);
    }
    free(got);
    free_packets(p);
    free(p);
    free(frames);
}

static void test_round_trips(void) {
    static const uint32_t rates[] = {8000, 12000, 16000, 24000, 48000};
    static const uint32_t packets_us[] = {2500, 5000, 10000, 20000, 40000, 60000};
    for (int r = 0; r < 5; ++r)
        for (int d = 0; d < 6; ++d)
            check_round_trip(rates[r], packets_us[d], PST_OPUS_AUDIO, 1, rates[r] / 10 + 1);
    for (int d = 0; d < 6; ++d) {
        check_round_trip(SECOND, packets_us[d], PST_OPUS_LOWDELAY, 2, SECOND / 4);
        check_round_trip(SECOND, packets_us[d], PST_OPUS_AUDIO, 2, SECOND / 4);
        check_round_trip(16000, packets_us[d], PST_OPUS_VOIP, 1, 4000);
    }
    static const int64_t few[] = {0, 1, 647, 648, 649, 959, 960, 961};
    for (int i = 0; i < 8; ++i)
        check_round_trip(SECOND, 20000, PST_OPUS_AUDIO, 2, few[i]);
}

// Each channel comes back in its own place.
static void test_channels_keep_their_places(void) {
    enum { N = SECOND / 4 };
    for (uint32_t n_channels = 1; n_channels <= 8; ++n_channels) {
        const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, n_channels);
        float *frames = calloc((size_t)N * n_channels, sizeof *frames);
        for (int i = 0; i < N; ++i)
            for (uint32_t c = 0; c < n_channels; ++c)
                frames[(uint32_t)i * n_channels + c] = (float)(0.3 * sin(i * 0.005 * (c + 1)));
        rig_packets *p = calloc(1, sizeof *p);
        CHECK_EQ(encode_packets(p, frames, N, &format, NULL, NULL), PST_OK);
        float *got = calloc((size_t)p->n * 960 * n_channels, sizeof *got);
        uint32_t n_skipped = 0;
        decode_all(p, got, &n_skipped);
        for (uint32_t c = 0; c < n_channels; ++c) {
            static float a[N], b[N];
            for (int i = 0; i < N; ++i) {
                a[i] = frames[(uint32_t)i * n_channels + c];
                b[i] = got[((uint32_t)i + n_skipped) * n_channels + c];
            }
            const double snr = snr_db(a, b, N);
            CHECK_TEXT(snr > 10.0, "channel %u of %u: %.1f dB", c, n_channels, snr);
        }
        free(got);
        free_packets(p);
        free(p);
        free(frames);
    }
}

static void test_options_are_checked(void) {
    const pst_file_format opus = packet_format(PST_ENCODING_OPUS, SECOND, 1);
    pst_error err = {0};
    static const struct {
        pst_opus_options options;
        const char *text;
    } wrong[] = {
        {{.packet_us = 30000}, "packet_ms is 30; a packet of OPUS can have 2.5, 5, 10, 20, 40 or"},
        {{.packet_us = 1}, "packet_ms is 0.001"},
        {{.application = (pst_opus_application)3}, "application is 3"},
        {{.expected_loss_percent = 101}, "expected_loss is 101 percent; it must be from 0 to 100"},
        {{.has_fec = true, .application = PST_OPUS_LOWDELAY}, "fec is true with the application"},
        {{.has_fec = true, .packet_us = 5000}, "fec is true with packet_ms 5; packets need 10 ms"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        pst_encoder_options options = options_of(0);
        options.opus = wrong[i].options;
        CHECK_EQ(pst_encoder_check(&opus, &options, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strstr(err.text, wrong[i].text) != NULL, "%s", err.text);
    }
    // Others have no such choices, nor packets tags.
    const pst_file_format wav = {.container = PST_CONTAINER_WAV,
                                 .sample_format = PST_FORMAT_I16,
                                 .rate_hz = SECOND,
                                 .n_channels = 1};
    const pst_opus_options any[] = {{.packet_us = 20000},
                                    {.application = PST_OPUS_VOIP},
                                    {.has_fec = true},
                                    {.has_dtx = true},
                                    {.expected_loss_percent = 5}};
    static const char *const names[] = {"packet_ms", "application", "fec", "dtx", "expected_loss"};
    for (size_t i = 0; i < 5; ++i) {
        pst_encoder_options options = options_of(0);
        options.opus = any[i];
        CHECK_EQ(pst_encoder_check(&wav, &options, &err), PST_BAD_ARGUMENT);
        CHECK_TEXT(strncmp(err.text, names[i], strlen(names[i])) == 0, "%s", err.text);
        CHECK_EQ(pst_encoder_check(&opus, &options, &err), PST_OK);
    }
    const pst_file_format cd = packet_format(PST_ENCODING_OPUS, 44100, 2);
    CHECK_EQ(pst_encoder_check(&cd, NULL, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "44100") != NULL, "%s", err.text);
}

// ---- Loss ------------------------------------------------------------------------------------

// How the packets that are lost are dealt with.
typedef enum remedy { SILENCE, CONCEALED, RESTORED } remedy;

// Decodes all packets but every tenth, and tells how close the lost ones come to the original.
static double lossy_snr(const rig_packets *p, const float *original, int64_t n_original,
                        remedy how) {
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_OPUS);
    pst_packet_setup setup;
    void *state = open_packet_codec(ops, p, &setup);
    double signal = 0.0, noise = 1e-12;
    int64_t at = -(int64_t)setup.n_skipped;
    for (int i = 0; i < p->n; ++i) {
        pst_packet_sound sound = {0};
        const bool is_lost = i % 10 == 5 && i + 1 < p->n;
        pst_error err = {0};
        pst_status status;
        if (!is_lost)
            status = ops->decode(state, p->data[i], p->n_bytes[i], &sound, &err);
        else
            status = ops->conceal(state, 960, how == RESTORED ? p->data[i + 1] : NULL,
                                  how == RESTORED ? p->n_bytes[i + 1] : 0, &sound, &err);
        CHECK_TEXT(status == PST_OK, "%s", err.text);
        CHECK_EQ(sound.n_frames, 960);
        for (int64_t k = 0; k < 960 && is_lost && at + k < n_original; ++k) {
            const double x = original[at + k];
            const double d = x - (how == SILENCE ? 0.0 : (double)sound.frames[k]);
            signal += x * x;
            noise += d * d;
        }
        at += 960;
    }
    ops->close(state);
    return 10.0 * log10(signal / noise);
}

static void test_restored_is_better_than_concealed_is_better_than_silence(void) {
    enum { N = 3 * SECOND };
    const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, 1);
    pst_encoder_options options = options_of(20000);
    options.bitrate_bps = 32000;
    options.opus.application = PST_OPUS_VOIP;
    options.opus.has_fec = true;
    options.opus.expected_loss_percent = 20;
    static float frames[N];
    make_speech(frames, N, 1, SECOND);
    rig_packets *p = calloc(1, sizeof *p);
    CHECK_EQ(encode_packets(p, frames, N, &format, &options, NULL), PST_OK);
    const double silence = lossy_snr(p, frames, N, SILENCE);
    const double concealed = lossy_snr(p, frames, N, CONCEALED);
    const double restored = lossy_snr(p, frames, N, RESTORED);
    CHECK_TEXT(concealed > silence + 1.0 && restored > concealed + 1.0,
               "silence %.2f dB, concealed %.2f dB, restored %.2f dB", silence, concealed,
               restored);
    // Twice the same.
    CHECK(lossy_snr(p, frames, N, RESTORED) == restored);
    // Without the option there is nothing to restore from.
    free_packets(p);
    options.opus.has_fec = false;
    CHECK_EQ(encode_packets(p, frames, N, &format, &options, NULL), PST_OK);
    CHECK(lossy_snr(p, frames, N, RESTORED) < restored - 1.0);
    free_packets(p);
    free(p);
}

// A gap lasts as long as was said, whatever the packets around it.
static void test_gaps_last_as_long_as_said(void) {
    static const uint32_t packets_us[] = {2500, 20000, 60000};
    static const int64_t gaps[] = {1, 119, 120, 121, 960, 961, 2880, 5760, 5761, 20000};
    static float frames[SECOND / 2];
    make_speech(frames, SECOND / 2, 1, SECOND);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_OPUS);
    for (int d = 0; d < 3; ++d) {
        const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, 1);
        pst_encoder_options options = options_of(packets_us[d]);
        options.opus.has_fec = packets_us[d] >= 10000;
        rig_packets *p = calloc(1, sizeof *p);
        CHECK_EQ(encode_packets(p, frames, SECOND / 2, &format, &options, NULL), PST_OK);
        for (int g = 0; g < 20; ++g) {
            pst_packet_setup setup;
            void *state = open_packet_codec(ops, p, &setup);
            pst_packet_sound sound = {0};
            CHECK_EQ(ops->decode(state, p->data[0], p->n_bytes[0], &sound, NULL), PST_OK);
            const bool has_next = g % 2 == 0;
            const int64_t gap = gaps[g / 2];
            int64_t n = 0;
            while (n < gap) {
                pst_error err = {0};
                const pst_status status = ops->conceal(state, gap - n, has_next ? p->data[2] : NULL,
                                                       has_next ? p->n_bytes[2] : 0, &sound, &err);
                REQUIRE(CHECK_TEXT(status == PST_OK, "%s", err.text));
                REQUIRE(CHECK(sound.n_frames > 0));
                n += (int64_t)sound.n_frames;
            }
            CHECK_EQ(n, gap);
            CHECK_EQ(ops->decode(state, p->data[2], p->n_bytes[2], &sound, NULL), PST_OK);
            // If nothing is said, the last packet's length is taken.
            CHECK_EQ(ops->conceal(state, 0, NULL, 0, &sound, NULL), PST_OK);
            CHECK_EQ(sound.n_frames, (int64_t)packets_us[d] * SECOND / 1000000);
            ops->close(state);
        }
        free_packets(p);
        free(p);
    }
}

// ---- What packets do not say -----------------------------------------------------------------

static void test_without_a_header_the_first_packet_tells(void) {
    static float frames[2 * SECOND / 5];
    make_speech(frames, SECOND / 5, 2, SECOND);
    const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, 2);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_OPUS);
    rig_packets *p = calloc(1, sizeof *p);
    CHECK_EQ(encode_packets(p, frames, SECOND / 5, &format, NULL, NULL), PST_OK);
    pst_packet_setup setup = {0};
    pst_packet_sound sound = {0};
    pst_error err = {0};
    void *state = NULL;
    CHECK_EQ(ops->open(&state, &setup, NULL), PST_OK);
    CHECK_EQ(setup.n_skipped, 0);
    CHECK_EQ(ops->conceal(state, 960, NULL, 0, &sound, &err), PST_BAD_STATE);
    CHECK_TEXT(strstr(err.text, "no packet has come") != NULL, "%s", err.text);
    for (int i = 0; i < p->n; ++i) {
        CHECK_EQ(ops->decode(state, p->data[i], p->n_bytes[i], &sound, NULL), PST_OK);
        CHECK_EQ(sound.n_channels, 2);
        CHECK_EQ(sound.rate_hz, SECOND);
    }
    // Back at the start, nothing is known again.
    ops->reset(state);
    CHECK_EQ(ops->conceal(state, 960, NULL, 0, &sound, NULL), PST_BAD_STATE);
    ops->close(state);
    // Asked for as mono, it is mixed.
    setup = (pst_packet_setup){.n_channels = 1};
    CHECK_EQ(ops->open(&state, &setup, NULL), PST_OK);
    CHECK_EQ(ops->decode(state, p->data[0], p->n_bytes[0], &sound, NULL), PST_OK);
    CHECK_EQ(sound.n_channels, 1);
    ops->close(state);
    setup = (pst_packet_setup){.n_channels = 6};
    CHECK_EQ(ops->open(&state, &setup, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "channels is 6") != NULL, "%s", err.text);
    setup = (pst_packet_setup){.extradata = p->setup.stream.extradata,
                               .n_extradata = p->setup.stream.n_extradata,
                               .n_channels = 1};
    CHECK_EQ(ops->open(&state, &setup, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "the OpusHead tells 2") != NULL, "%s", err.text);
    setup = (pst_packet_setup){.extradata = (const uint8_t *)"OpusTags...........", 0};
    setup.n_extradata = 19;
    CHECK_EQ(ops->open(&state, &setup, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "OpusHead") != NULL, "%s", err.text);
    free_packets(p);
    free(p);
}

static void test_a_reset_decoder_is_as_new(void) {
    static float frames[SECOND / 5];
    make_speech(frames, SECOND / 5, 1, SECOND);
    const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, 1);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_OPUS);
    rig_packets *p = calloc(1, sizeof *p);
    CHECK_EQ(encode_packets(p, frames, SECOND / 5, &format, NULL, NULL), PST_OK);
    pst_packet_setup setup;
    void *state = open_packet_codec(ops, p, &setup);
    pst_packet_sound sound = {0};
    static float first[3 * 960];
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 3; ++i) {
            CHECK_EQ(ops->decode(state, p->data[i], p->n_bytes[i], &sound, NULL), PST_OK);
            if (round == 0)
                memcpy(first + 960 * i, sound.frames, 960 * sizeof *first);
            else
                CHECK(memcmp(first + 960 * i, sound.frames, 960 * sizeof *first) == 0);
        }
        ops->reset(state);
    }
    ops->close(state);
    free_packets(p);
    free(p);
}

static void test_what_is_no_packet_is_refused_and_the_next_is_decoded(void) {
    static float frames[SECOND / 5];
    make_speech(frames, SECOND / 5, 1, SECOND);
    const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, 1);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_OPUS);
    rig_packets *p = calloc(1, sizeof *p);
    CHECK_EQ(encode_packets(p, frames, SECOND / 5, &format, NULL, NULL), PST_OK);
    static const struct {
        uint8_t data[4];
        uint64_t n_bytes;
    } bad[] = {
        {{0xFF}, 1},             // So many frames, it does not say.
        {{0xFF, 0x00, 1, 2}, 4}, // No frames.
        {{0xFB, 0x3F, 1, 2}, 4}, // Of 63 frames of 20 ms.
        {{0x01, 1, 2, 3}, 4},    // Two frames of the same length in three bytes.
        {{0x02, 0xFC, 0xFF}, 3}, // The first frame is longer than that.
    };
    pst_packet_setup setup;
    void *state = open_packet_codec(ops, p, &setup);
    pst_packet_sound sound = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        pst_error err = {0};
        CHECK_EQ(ops->decode(state, bad[i].data, bad[i].n_bytes, &sound, &err), PST_BAD_FILE);
        CHECK_TEXT(strstr(err.text, "is not one of Opus") != NULL, "%s", err.text);
        CHECK_EQ(ops->decode(state, p->data[i], p->n_bytes[i], &sound, NULL), PST_OK);
        CHECK_EQ(sound.n_frames, 960);
    }
    CHECK_EQ(ops->conceal(state, 960, bad[1].data, bad[1].n_bytes, &sound, NULL), PST_BAD_FILE);
    // Random bytes: nothing else is promised than to come back.
    uint64_t seed = 3;
    for (int i = 0; i < 2000; ++i) {
        uint8_t noise[200];
        const uint32_t n = check_random_in(&seed, 1, sizeof noise);
        for (uint32_t k = 0; k < n; ++k)
            noise[k] = (uint8_t)check_random(&seed);
        const pst_status status = i % 3 == 0 ? ops->conceal(state, 960, noise, n, &sound, NULL)
                                             : ops->decode(state, noise, n, &sound, NULL);
        CHECK(status == PST_OK || status == PST_BAD_FILE);
    }
    ops->close(state);
    free_packets(p);
    free(p);
}

static void test_packets_of_silence_are_small(void) {
    static float frames[3 * SECOND]; // Silent.
    const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, 1);
    pst_encoder_options options = options_of(20000);
    options.opus.application = PST_OPUS_VOIP;
    options.opus.has_dtx = true;
    rig_packets *p = calloc(1, sizeof *p);
    CHECK_EQ(encode_packets(p, frames, 3 * SECOND, &format, &options, NULL), PST_OK);
    int n_small = 0;
    for (int i = 0; i < p->n; ++i)
        n_small += p->n_bytes[i] <= 2;
    CHECK_TEXT(n_small > p->n / 2, "%d of %d packets", n_small, p->n);
    float *got = calloc((size_t)p->n * 960, sizeof *got);
    uint32_t n_skipped;
    CHECK_EQ(decode_all(p, got, &n_skipped), p->n * 960);
    free(got);
    free_packets(p);
    free(p);
}

static void test_want_of_memory_is_told(void) {
    if (!failing_alloc_works()) {
        check_skip("sanitizers have an allocator of their own");
        return;
    }
    static float frames[SECOND / 10];
    const pst_file_format format = packet_format(PST_ENCODING_OPUS, SECOND, 1);
    const pst_packet_codec_ops *ops = packet_ops(PST_ENCODING_OPUS);
    rig_packets *p = calloc(1, sizeof *p);
    CHECK_EQ(encode_packets(p, frames, SECOND / 10, &format, NULL, NULL), PST_OK);
    for (int has_head = 0; has_head < 2; ++has_head)
        for (long n = 1;; ++n) {
            pst_packet_setup setup = {0};
            if (has_head)
                setup = (pst_packet_setup){.extradata = p->setup.stream.extradata,
                                           .n_extradata = p->setup.stream.n_extradata};
            void *state = NULL;
            pst_packet_sound sound;
            failing_alloc_begin(n);
            pst_status status = ops->open(&state, &setup, NULL);
            if (status == PST_OK) {
                status = ops->decode(state, p->data[0], p->n_bytes[0], &sound, NULL);
                ops->close(state);
            }
            if (failing_alloc_end() < n) {
                CHECK_EQ(status, PST_OK);
                break;
            }
            CHECK_EQ(status, PST_NO_MEMORY);
            CHECK_EQ(failing_alloc_live(), 0);
        }
    free_packets(p);
    free(p);
}

int main(void) {
    RUN(test_round_trips);
    RUN(test_channels_keep_their_places);
    RUN(test_options_are_checked);
    RUN(test_restored_is_better_than_concealed_is_better_than_silence);
    RUN(test_gaps_last_as_long_as_said);
    RUN(test_without_a_header_the_first_packet_tells);
    RUN(test_a_reset_decoder_is_as_new);
    RUN(test_what_is_no_packet_is_refused_and_the_next_is_decoded);
    RUN(test_packets_of_silence_are_small);
    RUN(test_want_of_memory_is_told);
    return check_done();
}
