// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Sound files in memory: what goes in comes out, in every container and format.

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "memory_place.h"
#include "pastream/codec.h"

static const pst_container containers[] = {
    PST_CONTAINER_WAV, PST_CONTAINER_WAVEX, PST_CONTAINER_RF64, PST_CONTAINER_AIFF,
    PST_CONTAINER_AU,  PST_CONTAINER_CAF,   PST_CONTAINER_W64,  PST_CONTAINER_RAW,
};
static const pst_format formats[] = {
    PST_FORMAT_F32, PST_FORMAT_F64, PST_FORMAT_I32, PST_FORMAT_I24,
    PST_FORMAT_I16, PST_FORMAT_I8,  PST_FORMAT_U8,
};
#define N_OF(table) (sizeof(table) / sizeof *(table))

// Fills samples that use every byte; floats stay finite.
static void fill(void *data, pst_format format, size_t n_samples, uint64_t seed) {
    uint8_t *bytes = data;
    for (size_t i = 0; i < n_samples; ++i) {
        const double x = (double)(int32_t)check_random(&seed) / 2147483648.0;
        if (format == PST_FORMAT_F32)
            ((float *)data)[i] = (float)x;
        else if (format == PST_FORMAT_F64)
            ((double *)data)[i] = x;
        else
            for (uint32_t k = 0; k < pst_format_bytes(format); ++k)
                bytes[i * pst_format_bytes(format) + k] = (uint8_t)check_random(&seed);
    }
}

static pst_encoder *begin(memory_place *m, const pst_io_functions *functions,
                          const pst_file_format *format) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_WRITE, NULL), PST_OK);
    pst_error err = {0};
    const pst_status status = pst_encoder_open(&encoder, io, format, NULL, &err);
    if (status != PST_OK) {
        FAIL("open: %s", err.text);
        pst_io_close(io, NULL);
    }
    return encoder;
}

// Opens what memory holds for reading, from its start.
static pst_status open_memory(pst_decoder **decoder, memory_place *m,
                              const pst_io_functions *functions, const pst_file_format *raw,
                              pst_error *err) {
    pst_io *io = NULL;
    m->position = 0;
    CHECK_EQ(pst_io_open_user(&io, functions, m, PST_IO_READ, NULL), PST_OK);
    const pst_status status = pst_decoder_open(decoder, io, raw, err);
    if (status != PST_OK)
        pst_io_close(io, NULL);
    return status;
}

static const pst_file_format *raw_of(const pst_file_format *format) {
    return format->container == PST_CONTAINER_RAW ? format : NULL;
}

// WAV files of more than two channels say which loudspeakers these are for.
static pst_container container_read(const pst_file_format *written) {
    return written->container == PST_CONTAINER_WAV && written->n_channels > 2 ? PST_CONTAINER_WAVEX
                                                                              : written->container;
}

// Reads everything in `format`, and checks that it is n_frames frames that equal wanted.
static void check_file(memory_place *m, const pst_io_functions *functions,
                       const pst_file_format *written, const void *wanted, pst_format format,
                       uint64_t n_frames) {
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    const pst_status status = open_memory(&decoder, m, functions, raw_of(written), &err);
    REQUIRE(CHECK_TEXT(status == PST_OK, "container %d: %s", (int)written->container, err.text));
    pst_decoder_info info;
    pst_decoder_get_info(decoder, &info);
    CHECK_EQ(info.format.container, container_read(written));
    CHECK_EQ(info.format.sample_format, written->sample_format);
    CHECK_EQ(info.format.n_channels, written->n_channels);
    CHECK_EQ(info.format.rate_hz, written->rate_hz);
    CHECK_EQ(info.is_seekable, functions->seek != NULL);
    CHECK_TEXT(info.n_frames == (functions->seek != NULL ? (int64_t)n_frames : -1),
               "container %d format %d: %lld frames, not %llu", (int)written->container,
               (int)written->sample_format, (long long)info.n_frames, (unsigned long long)n_frames);
    const size_t frame_bytes = (size_t)pst_format_bytes(format) * written->n_channels;
    uint8_t *got = calloc((size_t)n_frames + 10, frame_bytes);
    uint64_t n_read = 0;
    CHECK_EQ(pst_decoder_read(decoder, got, format, n_frames + 10, &n_read, &err), PST_END);
    CHECK_EQ(n_read, n_frames);
    CHECK_EQ(pst_decoder_position(decoder), (int64_t)n_frames);
    CHECK_TEXT(memcmp(got, wanted, (size_t)n_frames * frame_bytes) == 0,
               "container %d format %d: other samples", (int)written->container, (int)format);
    if (functions->seek != NULL && n_frames > 0) {
        const int64_t middle = (int64_t)n_frames / 2;
        CHECK_EQ(pst_decoder_seek(decoder, middle, &err), PST_OK);
        CHECK_EQ(pst_decoder_position(decoder), middle);
        CHECK_EQ(pst_decoder_read(decoder, got, format, 1, &n_read, &err), PST_OK);
        CHECK(memcmp(got, (const uint8_t *)wanted + (size_t)middle * frame_bytes, frame_bytes) ==
              0);
        CHECK_EQ(pst_decoder_seek(decoder, (int64_t)n_frames + 1, &err), PST_BAD_ARGUMENT);
        CHECK_EQ(pst_decoder_seek(decoder, -1, &err), PST_BAD_ARGUMENT);
    }
    const int n_closed = m->n_closed;
    pst_decoder_close(decoder);
    pst_decoder_close(decoder);
    CHECK_EQ(m->n_closed, n_closed + 1);
    CHECK_EQ(pst_decoder_read(decoder, got, format, 1, &n_read, &err), PST_CLOSED);
    CHECK_EQ(pst_decoder_seek(decoder, 0, &err), PST_CLOSED);
    free(got);
    pst_decoder_release(decoder);
}

static void round_trip(const pst_file_format *format, uint64_t n_frames, bool is_choppy) {
    const size_t n_samples = (size_t)n_frames * format->n_channels;
    uint8_t *data = calloc(n_samples + 1, pst_format_bytes(format->sample_format));
    fill(data, format->sample_format, n_samples, 7);
    memory_place m = {.is_choppy = is_choppy};
    pst_encoder *encoder = begin(&m, &memory_file, format);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_write(encoder, data, format->sample_format, n_frames, NULL), PST_OK);
    CHECK_EQ(pst_encoder_frames(encoder), (int64_t)n_frames);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    CHECK_EQ(m.n_closed, 1);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_OK);
    CHECK_EQ(pst_encoder_write(encoder, data, format->sample_format, n_frames, NULL), PST_CLOSED);
    pst_encoder_release(encoder);
    CHECK_EQ(m.n_closed, 1);
    check_file(&m, &memory_file, format, data, format->sample_format, n_frames);
    memory_free(&m);
    free(data);
}

static bool can_hold(const pst_file_format *format) {
    return pst_encoder_check(format, NULL, NULL) == PST_OK;
}

static void test_round_trips(void) {
    static const uint32_t n_channels[] = {1, 2, 3, 256};
    static const uint64_t n_frames[] = {0, 1, 9, 4097};
    int n_done = 0;
    for (size_t c = 0; c < N_OF(containers); ++c)
        for (size_t f = 0; f < N_OF(formats); ++f)
            for (size_t k = 0; k < N_OF(n_channels); ++k)
                for (size_t n = 0; n < N_OF(n_frames); ++n) {
                    const pst_file_format format = {
                        containers[c],        formats[f], PST_BYTES_DEFAULT, 44100, n_channels[k],
                        PST_ENCODING_DEFAULT, 0};
                    if (!can_hold(&format) || n_channels[k] * n_frames[n] > 100000)
                        continue;
                    round_trip(&format, n_frames[n], false);
                    ++n_done;
                }
    CHECK_TEXT(n_done > 500, "only %d combinations can be written", n_done);
}

static void test_round_trips_through_a_place_with_short_transfers(void) {
    for (size_t c = 0; c < N_OF(containers); ++c) {
        const pst_file_format format = {
            containers[c], PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 2, PST_ENCODING_DEFAULT, 0};
        round_trip(&format, 5000, true);
    }
}

static void test_both_byte_orders(void) {
    static const pst_container both[] = {PST_CONTAINER_AU, PST_CONTAINER_CAF, PST_CONTAINER_RAW,
                                         PST_CONTAINER_WAV, PST_CONTAINER_AIFF};
    for (size_t c = 0; c < N_OF(both); ++c)
        for (size_t f = 0; f < N_OF(formats); ++f)
            for (int order = PST_BYTES_LITTLE; order <= PST_BYTES_BIG; ++order) {
                const pst_file_format format = {
                    both[c], formats[f], (pst_byte_order)order, 8000, 2, PST_ENCODING_DEFAULT, 0};
                CHECK(formats[f] != PST_FORMAT_I16 || can_hold(&format));
                if (can_hold(&format))
                    round_trip(&format, 5000, false);
            }
}

// ---- Conversions -----------------------------------------------------------------------------

static void test_floats_are_clipped_not_wrapped(void) {
    const float data[] = {0.5F, 1.5F, -1.5F, NAN, -0.25F, 1.0F / 65536.0F};
    const int16_t wanted[] = {16384, 32767, -32768, 0, -8192, 0};
    const pst_file_format format = {
        PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 1, PST_ENCODING_DEFAULT, 0};
    memory_place m = {0};
    pst_encoder *encoder = begin(&m, &memory_file, &format);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_F32, N_OF(data), NULL), PST_OK);
    pst_convert_counts counts;
    pst_encoder_get_counts(encoder, &counts);
    CHECK_EQ(counts.n_clipped, 2);
    CHECK_EQ(counts.n_nonfinite, 1);
    pst_encoder_release(encoder);
    check_file(&m, &memory_file, &format, wanted, PST_FORMAT_I16, N_OF(wanted));
    memory_free(&m);
}

static void test_int32_is_rounded_to_24_bits(void) {
    const int32_t data[] = {0x12345680, 0x1234567F, -0x100, 0x7FFFFFFF, (int32_t)0x80000000};
    const int32_t wanted[] = {0x12345600, 0x12345600, -0x100, 0x7FFFFF00, (int32_t)0x80000000};
    const pst_file_format format = {
        PST_CONTAINER_AIFF, PST_FORMAT_I24, PST_BYTES_DEFAULT, 8000, 1, PST_ENCODING_DEFAULT, 0};
    memory_place m = {0};
    pst_encoder *encoder = begin(&m, &memory_file, &format);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I32, N_OF(data), NULL), PST_OK);
    pst_encoder_release(encoder);
    check_file(&m, &memory_file, &format, wanted, PST_FORMAT_I32, N_OF(wanted));
    memory_free(&m);
}

static void test_reading_in_another_format(void) {
    enum { N = 10000 };
    static int16_t data[N];
    static float wanted[N];
    for (int i = 0; i < N; ++i) {
        data[i] = (int16_t)(i * 6);
        wanted[i] = (float)data[i] / 32768.0F;
    }
    const pst_file_format format = {
        PST_CONTAINER_W64, PST_FORMAT_I16, PST_BYTES_DEFAULT, 96000, 2, PST_ENCODING_DEFAULT, 0};
    memory_place m = {0};
    pst_encoder *encoder = begin(&m, &memory_file, &format);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, N / 2, NULL), PST_OK);
    pst_encoder_release(encoder);
    check_file(&m, &memory_file, &format, wanted, PST_FORMAT_F32, N / 2);
    memory_free(&m);
}

// ---- Crashes and full disks ------------------------------------------------------------------

static void test_an_updated_file_is_whole_without_its_end(void) {
    static int16_t data[2 * 3000];
    fill((uint8_t *)data, PST_FORMAT_I16, 2 * 3000, 3);
    for (size_t c = 0; c < N_OF(containers); ++c) {
        const pst_file_format format = {
            containers[c], PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 2, PST_ENCODING_DEFAULT, 0};
        memory_place m = {0};
        pst_encoder *encoder = begin(&m, &memory_file, &format);
        REQUIRE(encoder != NULL);
        check_file(&m, &memory_file, &format, data, PST_FORMAT_I16, 0);
        for (int part = 0; part < 3; ++part) {
            m.position = m.n_bytes; // Reading moved it.
            CHECK_EQ(pst_encoder_write(encoder, data + 2 * 1000 * part, PST_FORMAT_I16, 1000, NULL),
                     PST_OK);
            CHECK_EQ(pst_encoder_update(encoder, NULL), PST_OK);
            const int64_t position = m.position;
            CHECK_EQ(pst_encoder_update(encoder, NULL), PST_OK);
            check_file(&m, &memory_file, &format, data, PST_FORMAT_I16,
                       (uint64_t)(1000 * (part + 1)));
            m.position = position;
        }
        pst_encoder_release(encoder);
        check_file(&m, &memory_file, &format, data, PST_FORMAT_I16, 3000);
        memory_free(&m);
    }
}

static void test_a_full_disk(void) {
    static int32_t data[2 * 5000];
    fill((uint8_t *)data, PST_FORMAT_I32, 2 * 5000, 3);
    for (size_t c = 0; c < N_OF(containers); ++c) {
        const pst_file_format format = {
            containers[c], PST_FORMAT_I32, PST_BYTES_DEFAULT, 8000, 2, PST_ENCODING_DEFAULT, 0};
        memory_place m = {0};
        pst_encoder *encoder = begin(&m, &memory_file, &format);
        REQUIRE(encoder != NULL);
        // 3000 frames and a half.
        m.full_at = m.n_bytes + 3000 * 8 + 4;
        pst_error err = {0};
        CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I32, 1000, &err), PST_OK);
        CHECK_EQ(pst_encoder_write(encoder, data + 2000, PST_FORMAT_I32, 4000, &err),
                 PST_SYSTEM_ERROR);
        CHECK_EQ(err.native_code, ENOSPC);
        CHECK_EQ(pst_encoder_frames(encoder), 3000);
        // It is not forgotten, even if there is room again.
        m.full_at = 0;
        CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I32, 1, &err), PST_SYSTEM_ERROR);
        CHECK_EQ(pst_encoder_update(encoder, &err), PST_SYSTEM_ERROR);
        err = (pst_error){0};
        CHECK_EQ(pst_encoder_finish(encoder, &err), PST_SYSTEM_ERROR);
        CHECK_EQ(err.native_code, ENOSPC);
        pst_encoder_release(encoder);
        check_file(&m, &memory_file, &format, data, PST_FORMAT_I32, 3000);
        memory_free(&m);
    }
}

static void test_a_container_is_never_filled_beyond_its_sizes(void) {
    enum { FRAMES = 1 << 20, CHANNELS = 8 };
    int16_t *data = calloc(FRAMES, CHANNELS * sizeof *data);
    const pst_file_format format = {PST_CONTAINER_AIFF,
                                    PST_FORMAT_I16,
                                    PST_BYTES_DEFAULT,
                                    48000,
                                    CHANNELS,
                                    PST_ENCODING_DEFAULT,
                                    0};
    memory_place m = {.is_counting = true};
    pst_encoder *encoder = begin(&m, &memory_file, &format);
    REQUIRE(encoder != NULL);
    pst_error err = {0};
    pst_status status = PST_OK;
    for (int i = 0; i < 256 && status == PST_OK; ++i)
        status = pst_encoder_write(encoder, data, PST_FORMAT_I16, FRAMES, &err);
    CHECK_EQ(status, PST_LIMIT);
    CHECK(strstr(err.text, "RF64") != NULL);
    const int64_t n_bytes = pst_encoder_frames(encoder) * 2 * CHANNELS;
    CHECK(n_bytes < INT64_C(0xFFFFFFFF) && n_bytes > INT64_C(0xFFFF0000) - 65536);
    CHECK_EQ(pst_encoder_finish(encoder, NULL), PST_LIMIT);
    // The header tells the truth: behind FORM (12 bytes) and COMM (26) comes SSND.
    const uint8_t *size = m.bytes + 12 + 26 + 4;
    CHECK(memcmp(size - 4, "SSND", 4) == 0);
    CHECK_EQ((int64_t)size[0] << 24 | (int64_t)size[1] << 16 | (int64_t)size[2] << 8 |
                 (int64_t)size[3],
             n_bytes + 8);
    pst_encoder_release(encoder);
    memory_free(&m);
    free(data);
}

// ---- Pipes -----------------------------------------------------------------------------------

static bool needs_length(pst_container container) {
    return container == PST_CONTAINER_CAF || container == PST_CONTAINER_W64;
}

static bool can_stream(pst_container container) {
    return !needs_length(container) && container != PST_CONTAINER_AIFF &&
           container != PST_CONTAINER_RF64;
}

static void test_pipes(void) {
    static int16_t data[2 * 90000]; // More than a pipe's head holds.
    fill((uint8_t *)data, PST_FORMAT_I16, 2 * 90000, 3);
    for (size_t c = 0; c < N_OF(containers); ++c) {
        const pst_file_format format = {
            containers[c], PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 2, PST_ENCODING_DEFAULT, 0};
        const bool streams = can_stream(containers[c]);
        memory_place m = {0};
        if (!streams) {
            pst_io *io = NULL;
            pst_encoder *encoder = NULL;
            pst_error err = {0};
            CHECK_EQ(pst_io_open_user(&io, &memory_pipe, &m, PST_IO_WRITE, NULL), PST_OK);
            CHECK_EQ(pst_encoder_open(&encoder, io, &format, NULL, &err), PST_BAD_ARGUMENT);
            CHECK(strstr(err.text, "WAV, AU and RAW") != NULL);
            CHECK_EQ(m.n_bytes, 0);
            pst_io_close(io, NULL);
        }
        pst_encoder *encoder = begin(&m, streams ? &memory_pipe : &memory_file, &format);
        REQUIRE(encoder != NULL);
        CHECK_EQ(pst_encoder_write(encoder, data, PST_FORMAT_I16, 90000, NULL), PST_OK);
        CHECK_EQ(pst_encoder_update(encoder, NULL), PST_OK);
        pst_encoder_release(encoder);
        if (needs_length(containers[c])) {
            pst_decoder *decoder = NULL;
            pst_error err = {0};
            CHECK_EQ(open_memory(&decoder, &m, &memory_pipe, NULL, &err), PST_BAD_FILE);
            CHECK(strstr(err.text, "from a pipe") != NULL);
        } else {
            check_file(&m, &memory_pipe, &format, data, PST_FORMAT_I16, 90000);
            m.is_choppy = true;
            check_file(&m, &memory_pipe, &format, data, PST_FORMAT_I16, 90000);
        }
        if (streams)
            check_file(&m, &memory_file, &format, data, PST_FORMAT_I16, 90000);
        memory_free(&m);
    }
}

static void test_a_pipe_does_not_seek(void) {
    const pst_file_format format = {
        PST_CONTAINER_RAW, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 1, PST_ENCODING_DEFAULT, 0};
    memory_place m = {0};
    pst_decoder *decoder = NULL;
    REQUIRE(open_memory(&decoder, &m, &memory_pipe, &format, NULL) == PST_OK);
    CHECK_EQ(pst_decoder_seek(decoder, 0, NULL), PST_BAD_STATE);
    pst_decoder_release(decoder);
}

// ---- Arguments -------------------------------------------------------------------------------

static void check_refused(pst_file_format format, const char *word) {
    pst_error err = {0};
    CHECK_EQ(pst_encoder_check(&format, NULL, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, word) != NULL, "\"%s\" does not say %s", err.text, word);
    memory_place m = {0};
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    CHECK_EQ(pst_io_open_user(&io, &memory_file, &m, PST_IO_WRITE, NULL), PST_OK);
    CHECK_EQ(pst_encoder_open(&encoder, io, &format, NULL, &err), PST_BAD_ARGUMENT);
    CHECK(encoder == NULL);
    CHECK_EQ(m.n_bytes, 0);
    pst_io_close(io, NULL);
    memory_free(&m);
}

static void test_formats_that_no_file_can_have(void) {
    const pst_file_format good = {
        PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 1, PST_ENCODING_DEFAULT, 0};
    CHECK_EQ(pst_encoder_check(&good, NULL, NULL), PST_OK);
    pst_file_format bad = good;
    bad.container = (pst_container)99;
    check_refused(bad, "container is 99");
    bad = good, bad.sample_format = (pst_format)0;
    check_refused(bad, "sample_format is 0");
    bad = good, bad.sample_format = PST_FORMAT_I8;
    check_refused(bad, "WAV files cannot hold int8");
    bad = good, bad.byte_order = (pst_byte_order)3;
    check_refused(bad, "byte_order is 3");
    bad = good, bad.rate_hz = 0;
    check_refused(bad, "samplerate is 0");
    bad = good, bad.rate_hz = 1000001;
    check_refused(bad, "samplerate is 1000001");
    bad = good, bad.n_channels = 0;
    check_refused(bad, "channels is 0");
    bad = good, bad.n_channels = 257;
    check_refused(bad, "channels is 257");
}

static void test_a_file_has_to_be_told_apart_from_raw(void) {
    const pst_file_format wav = {
        PST_CONTAINER_WAV, PST_FORMAT_I16, PST_BYTES_DEFAULT, 8000, 1, PST_ENCODING_DEFAULT, 0};
    memory_place m = {0};
    pst_decoder *decoder = NULL;
    CHECK_EQ(open_memory(&decoder, &m, &memory_file, &wav, NULL), PST_BAD_ARGUMENT);
}

int main(void) {
    RUN(test_round_trips);
    RUN(test_round_trips_through_a_place_with_short_transfers);
    RUN(test_both_byte_orders);
    RUN(test_floats_are_clipped_not_wrapped);
    RUN(test_int32_is_rounded_to_24_bits);
    RUN(test_reading_in_another_format);
    RUN(test_an_updated_file_is_whole_without_its_end);
    RUN(test_a_full_disk);
    RUN(test_a_container_is_never_filled_beyond_its_sizes);
    RUN(test_pipes);
    RUN(test_a_pipe_does_not_seek);
    RUN(test_formats_that_no_file_can_have);
    RUN(test_a_file_has_to_be_told_apart_from_raw);
    return check_done();
}
