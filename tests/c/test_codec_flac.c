// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// FLAC in memory: cut, torn, in pipes, on full disks. Whether others agree, the tests in Python
// ask.

#include <stdlib.h>

#include "check.h"
#include "codec/flac/frame_header.h"
#include "failing_alloc.h"
#include "memory_place.h"
#include "pastream/codec.h"

enum { BLOCK_FRAMES = 4096, N_FRAMES = 3 * BLOCK_FRAMES + 1000 };

// What the tests write.
static pst_container container = PST_CONTAINER_FLAC;

// Where the lowest bytes of the number of frames lie in the head.
static int told_frames(const memory_place *m) {
    const uint8_t *at = m->bytes + (container == PST_CONTAINER_OGG ? 28 + 9 : 0) + 24;
    return at[0] << 8 | at[1];
}

static pst_file_format flac_format(uint32_t n_channels, pst_format sample_format) {
    return (pst_file_format){
        .container = container,
        .encoding = PST_ENCODING_FLAC,
        .sample_format = sample_format,
        .rate_hz = 48000,
        .n_channels = n_channels,
    };
}

// Fills frames with a sound that gets smaller by compression, and is another in each frame.
static void fill(int16_t *samples, size_t n_frames, uint32_t n_channels) {
    uint64_t seed = 1;
    for (size_t i = 0; i < n_frames; ++i)
        for (uint32_t c = 0; c < n_channels; ++c)
            samples[i * n_channels + c] =
                (int16_t)(i * 7 + c * 1000 + check_random_in(&seed, 0, 3));
}

static pst_encoder *begin(memory_place *m, const pst_io_functions *functions,
                          const pst_file_format *format, const pst_encoder_options *options,
                          pst_error *err) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    if (pst_io_open_user(&io, functions, m, PST_IO_WRITE, err) != PST_OK)
        return NULL;
    if (pst_encoder_open(&encoder, io, format, options, err) != PST_OK)
        pst_io_close(io, NULL);
    return encoder;
}

// Writes a file of 16 bits, in pieces of odd sizes. Returns what the writing or the end gave.
static pst_status write_file(memory_place *m, const pst_io_functions *functions,
                             uint32_t n_channels, const int16_t *samples, uint64_t n_frames) {
    const pst_file_format format = flac_format(n_channels, PST_FORMAT_I16);
    pst_error err = {0};
    pst_encoder *encoder = begin(m, functions, &format, NULL, &err);
    if (encoder == NULL)
        return err.status;
    uint64_t n_done = 0;
    while (n_done < n_frames) {
        const uint64_t n = n_frames - n_done < 1777 ? n_frames - n_done : 1777;
        if (pst_encoder_write(encoder, samples + n_done * n_channels, PST_FORMAT_I16, n, NULL) !=
            PST_OK)
            break;
        n_done += n;
    }
    const pst_status status = pst_encoder_finish(encoder, NULL);
    pst_encoder_release(encoder);
    return status;
}

static pst_decoder *open_file(memory_place *m, const pst_io_functions *functions, pst_error *err) {
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    m->position = 0;
    if (pst_io_open_user(&io, functions, m, PST_IO_READ, err) != PST_OK)
        return NULL;
    if (pst_decoder_open(&decoder, io, NULL, err) != PST_OK)
        pst_io_close(io, NULL);
    return decoder;
}

// Reads to the end, with room for n_room frames and one more. Returns how many came.
static uint64_t read_all(pst_decoder *decoder, int16_t *samples, uint64_t n_room,
                         pst_damage *damage) {
    uint64_t n_read = 0;
    pst_error err = {0};
    const pst_status status =
        pst_decoder_read(decoder, samples, PST_FORMAT_I16, n_room + 1, &n_read, &err);
    CHECK_TEXT(status == PST_END, "read: %d, %s", (int)status, err.text);
    pst_decoder_get_damage(decoder, damage);
    return n_read;
}

static void test_headers_of_frames(void) {
    // Block 4096, 44100 Hz, stereo of 16 bits, number 0; number 0x1234 in three bytes.
    static const uint8_t plain[] = {0xFF, 0xF8, 0xC9, 0x18, 0x00, 0xC2};
    pst_flac_header header;
    CHECK_EQ(pst_flac_parse_header(&header, plain, sizeof plain), 6);
    CHECK_EQ(header.block_frames, 4096);
    CHECK_EQ(header.rate_hz, 44100);
    CHECK_EQ(header.n_channels, 2);
    CHECK_EQ(header.n_bits, 16);
    CHECK_EQ(header.number, 0);
    CHECK(!header.is_variable);
    for (size_t n = 0; n < sizeof plain; ++n)
        CHECK_EQ(pst_flac_parse_header(&header, plain, n), 0);
    for (size_t bit = 0; bit < 8 * sizeof plain; ++bit) {
        uint8_t flipped[sizeof plain];
        memcpy(flipped, plain, sizeof plain);
        flipped[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQ(pst_flac_parse_header(&header, flipped, sizeof flipped), 0);
    }
}

static void test_pipes_and_choppy_places(void) {
    int16_t *samples = malloc(N_FRAMES * 2 * sizeof *samples);
    int16_t *got = malloc((N_FRAMES + 1) * 2 * sizeof *got);
    fill(samples, N_FRAMES, 2);
    for (int i = 0; i < 8; ++i) {
        const pst_io_functions *out = (i & 1) != 0 ? &memory_pipe : &memory_file;
        const pst_io_functions *in = (i & 2) != 0 ? &memory_pipe : &memory_file;
        memory_place m = {.is_choppy = (i & 4) != 0, .random = 3};
        CHECK_EQ(write_file(&m, out, 2, samples, N_FRAMES), PST_OK);
        pst_error err = {0};
        pst_decoder *decoder = open_file(&m, in, &err);
        if (decoder == NULL) {
            FAIL("open: %s", err.text);
            continue;
        }
        pst_decoder_info info;
        pst_decoder_get_info(decoder, &info);
        CHECK_EQ(info.n_frames, in == &memory_file ? N_FRAMES : -1);
        CHECK_EQ(info.is_seekable, in == &memory_file);
        CHECK_EQ(info.format.encoding, PST_ENCODING_FLAC);
        CHECK_EQ(info.format.n_bits, 16);
        pst_damage damage;
        CHECK_EQ(read_all(decoder, got, N_FRAMES, &damage), N_FRAMES);
        CHECK_EQ(damage.flags, 0);
        CHECK(memcmp(got, samples, N_FRAMES * 2 * sizeof *got) == 0);
        pst_decoder_release(decoder);
        memory_free(&m);
    }
    free(samples);
    free(got);
}

// A promised number of frames stands in the head from the start, even in a pipe; one that was not
// kept is told.
static void test_promised_lengths(void) {
    int16_t *samples = malloc(N_FRAMES * sizeof *samples);
    fill(samples, N_FRAMES, 1);
    const pst_file_format format = flac_format(1, PST_FORMAT_I16);
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.n_frames = N_FRAMES;
    for (int n_missing = 0; n_missing < 2; ++n_missing) {
        memory_place m = {0};
        pst_error err = {0};
        pst_encoder *encoder = begin(&m, &memory_pipe, &format, &options, &err);
        REQUIRE(encoder != NULL);
        CHECK_EQ(told_frames(&m), N_FRAMES);
        CHECK_EQ(pst_encoder_write(encoder, samples, PST_FORMAT_I16,
                                   (uint64_t)(N_FRAMES - n_missing), &err),
                 PST_OK);
        CHECK_EQ(pst_encoder_finish(encoder, &err), n_missing == 0 ? PST_OK : PST_BAD_STATE);
        pst_encoder_release(encoder);
        memory_free(&m);
    }
    free(samples);
}

// Whatever byte a file is cut at, the whole blocks before are there, and nothing else is.
static void test_cut_at_every_byte(void) {
    enum { SMALL = 2 * 4096 + 300 };
    static int16_t samples[SMALL], got[SMALL + 1];
    fill(samples, SMALL, 1);
    memory_place m = {0};
    CHECK_EQ(write_file(&m, &memory_file, 1, samples, SMALL), PST_OK);
    const int64_t n_bytes = m.n_bytes;
    uint64_t last = 0;
    for (int64_t cut = 0; cut < n_bytes; ++cut) {
        for (int i = 0; i < 2; ++i) {
            const pst_io_functions *functions = i == 0 ? &memory_file : &memory_pipe;
            m.n_bytes = cut;
            pst_error err = {0};
            pst_decoder *decoder = open_file(&m, functions, &err);
            if (decoder == NULL) {
                CHECK_EQ(err.status, PST_BAD_FILE);
                CHECK_EQ(last, 0);
                continue;
            }
            pst_decoder_info info;
            pst_decoder_get_info(decoder, &info);
            pst_damage damage;
            const uint64_t n = read_all(decoder, got, SMALL, &damage);
            CHECK_TEXT(n >= last && n % BLOCK_FRAMES == 0, "cut at %lld: %llu frames",
                       (long long)cut, (unsigned long long)n);
            CHECK_EQ(info.n_frames, i == 0 ? (int64_t)n : -1);
            CHECK_EQ(memcmp(got, samples, (size_t)n * sizeof *got), 0);
            CHECK_TEXT(
                (damage.flags & PST_DAMAGE_TRUNCATED) != 0 &&
                    damage.lost_frames == SMALL - (int64_t)n && damage.first_frame == (int64_t)n,
                "cut at %lld: damage %u, %lld lost at %lld", (long long)cut, (unsigned)damage.flags,
                (long long)damage.lost_frames, (long long)damage.first_frame);
            last = n;
            pst_decoder_release(decoder);
        }
    }
    CHECK_EQ(last, 2 * BLOCK_FRAMES);
    memory_free(&m);
}

// Flips single bits of a file. A frame is right or it is silent, and all others keep their places.
static void test_flipped_bits(void) {
    enum { N = 4 * BLOCK_FRAMES, N_FLIPS = 300 };
    static int16_t samples[N], got[N + 1], again[N + 1];
    fill(samples, N, 1);
    for (int i = 0; i < N; ++i)
        samples[i] = samples[i] == 0 ? 1 : samples[i];
    memory_place m = {0};
    CHECK_EQ(write_file(&m, &memory_file, 1, samples, N), PST_OK);
    uint64_t seed = 9;
    for (int flip = 0; flip < N_FLIPS; ++flip) {
        // Behind the head.
        const int64_t at = check_random_in(&seed, 200, (uint32_t)m.n_bytes - 1);
        const uint8_t bit = (uint8_t)(1 << check_random_in(&seed, 0, 7));
        m.bytes[at] ^= bit;
        pst_error err = {0};
        pst_decoder *decoder = open_file(&m, &memory_file, &err);
        REQUIRE(decoder != NULL);
        pst_damage damage;
        uint64_t n = read_all(decoder, got, N, &damage);
        CHECK(n == N || n == N - BLOCK_FRAMES);
        CHECK((damage.flags & (PST_DAMAGE_CORRUPT | PST_DAMAGE_TRUNCATED | PST_DAMAGE_MISSING)) !=
              0);
        CHECK_EQ(damage.lost_frames, BLOCK_FRAMES);
        int n_silent = 0, n_wrong = 0;
        for (uint64_t i = 0; i < n; ++i) {
            n_silent += got[i] == 0;
            n_wrong += got[i] != 0 && got[i] != samples[i];
        }
        CHECK_EQ(n_wrong, 0);
        CHECK_EQ(n_silent, n == N ? BLOCK_FRAMES : 0);
        // The same from any place, and no damage is counted twice.
        const uint64_t from = check_random_in(&seed, 0, (uint32_t)n);
        CHECK_EQ(pst_decoder_seek(decoder, (int64_t)from, &err), PST_OK);
        CHECK_EQ(read_all(decoder, again, N, &damage), n - from);
        CHECK_EQ(memcmp(again, got + from, (size_t)(n - from) * sizeof *got), 0);
        CHECK_EQ(damage.lost_frames, BLOCK_FRAMES);
        pst_decoder_release(decoder);
        m.bytes[at] ^= bit;
    }
    memory_free(&m);
}

// Every second block of many is damaged, and read twice: each counts once.
static void test_many_damages(void) {
    enum { N_BLOCKS = 201, N = N_BLOCKS * BLOCK_FRAMES };
    int16_t *samples = malloc(N * sizeof *samples);
    int16_t *got = malloc((N + 1) * sizeof *got);
    fill(samples, N, 1);
    memory_place m = {0};
    CHECK_EQ(write_file(&m, &memory_file, 1, samples, N), PST_OK);
    uint64_t next = 0;
    for (int64_t at = 0; at < m.n_bytes; ++at) {
        pst_flac_header header;
        if (pst_flac_parse_header(&header, m.bytes + at, (size_t)(m.n_bytes - at)) == 0 ||
            header.number != next)
            continue;
        m.bytes[at + 100] ^= (uint8_t)(next % 2);
        ++next;
    }
    CHECK_EQ(next, N_BLOCKS);
    pst_error err = {0};
    pst_decoder *decoder = open_file(&m, &memory_file, &err);
    REQUIRE(decoder != NULL);
    for (int i = 0; i < 2; ++i) {
        pst_damage damage;
        CHECK_EQ(pst_decoder_seek(decoder, 0, &err), PST_OK);
        CHECK_EQ(read_all(decoder, got, N, &damage), N);
        CHECK_EQ(damage.flags, PST_DAMAGE_CORRUPT);
        CHECK_EQ(damage.lost_frames, N_BLOCKS / 2 * BLOCK_FRAMES);
        CHECK_EQ(damage.first_frame, BLOCK_FRAMES);
    }
    pst_decoder_release(decoder);
    memory_free(&m);
    free(samples);
    free(got);
}

// Wherever a disk is full, the error comes, and the file is one of whole blocks.
static void test_full_disks(void) {
    enum { N = 3 * BLOCK_FRAMES + 77, HEAD = 200 };
    static int16_t samples[2 * N], got[2 * N + 2];
    fill(samples, N, 2);
    memory_place whole = {0};
    CHECK_EQ(write_file(&whole, &memory_file, 2, samples, N), PST_OK);
    for (int64_t full_at = 1; full_at < whole.n_bytes; full_at += full_at < HEAD ? 1 : 97) {
        memory_place m = {.full_at = full_at};
        CHECK_EQ(write_file(&m, &memory_file, 2, samples, N), PST_SYSTEM_ERROR);
        CHECK_EQ(m.n_closed, 1);
        m.full_at = 0;
        pst_error err = {0};
        pst_decoder *decoder = open_file(&m, &memory_file, &err);
        if (full_at < HEAD) { // Not even the head fits.
            pst_decoder_release(decoder);
        } else {
            REQUIRE(decoder != NULL);
            pst_damage damage;
            const uint64_t n = read_all(decoder, got, N, &damage);
            CHECK_EQ(n % BLOCK_FRAMES, 0);
            CHECK_EQ(damage.flags, 0);
            CHECK_EQ(memcmp(got, samples, (size_t)n * 2 * sizeof *got), 0);
            pst_decoder_release(decoder);
        }
        memory_free(&m);
    }
    memory_free(&whole);
}

// Between two updates the head tells no number, so that it tells no wrong one.
static void test_updates_keep_the_head_true(void) {
    static int16_t samples[N_FRAMES];
    fill(samples, N_FRAMES, 1);
    memory_place m = {0};
    const pst_file_format format = flac_format(1, PST_FORMAT_I16);
    pst_error err = {0};
    pst_encoder *encoder = begin(&m, &memory_file, &format, NULL, &err);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_write(encoder, samples, PST_FORMAT_I16, BLOCK_FRAMES + 1, &err), PST_OK);
    CHECK_EQ(told_frames(&m), 0);
    CHECK_EQ(pst_encoder_update(encoder, &err), PST_OK);
    CHECK_EQ(told_frames(&m), BLOCK_FRAMES);
    CHECK_EQ(pst_encoder_write(encoder, samples + BLOCK_FRAMES + 1, PST_FORMAT_I16,
                               N_FRAMES - BLOCK_FRAMES - 1, &err),
             PST_OK);
    CHECK_EQ(told_frames(&m), 0);
    CHECK_EQ(pst_encoder_finish(encoder, &err), PST_OK);
    CHECK_EQ(told_frames(&m), N_FRAMES);
    pst_encoder_release(encoder);
    memory_free(&m);
}

// libFLAC must never see a sample that its bits cannot hold.
static void test_fewer_bits_are_rounded_and_clipped(void) {
    static const int16_t samples[] = {0, 7, 8, 9, 24, -8, -24, -32768, 32767, 32760, 32744};
    static const int16_t wanted[] = {0, 0, 0, 16, 32, 0, -32, -32768, 32752, 32752, 32736};
    enum { N = sizeof samples / sizeof *samples };
    pst_file_format format = flac_format(1, PST_FORMAT_I16);
    format.n_bits = 12;
    memory_place m = {0};
    pst_error err = {0};
    pst_encoder *encoder = begin(&m, &memory_file, &format, NULL, &err);
    REQUIRE(encoder != NULL);
    CHECK_EQ(pst_encoder_write(encoder, samples, PST_FORMAT_I16, N, &err), PST_OK);
    CHECK_EQ(pst_encoder_finish(encoder, &err), PST_OK);
    pst_encoder_release(encoder);
    pst_decoder *decoder = open_file(&m, &memory_file, &err);
    REQUIRE(decoder != NULL);
    int16_t got[N + 1];
    pst_damage damage;
    CHECK_EQ(read_all(decoder, got, N, &damage), N);
    for (int i = 0; i < N; ++i)
        CHECK_EQ(got[i], wanted[i]);
    pst_decoder_release(decoder);
    memory_free(&m);
}

static void test_limits(void) {
    pst_error err = {0};
    pst_file_format format = flac_format(9, PST_FORMAT_I16);
    CHECK_EQ(pst_encoder_check(&format, NULL, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "channels is 9") != NULL, "%s", err.text);
    format = flac_format(1, PST_FORMAT_F32);
    CHECK_EQ(pst_encoder_check(&format, NULL, &err), PST_BAD_ARGUMENT);
    CHECK_TEXT(strstr(err.text, "float32") != NULL, "%s", err.text);
    format = flac_format(1, PST_FORMAT_I16);
    for (uint32_t n_bits = 1; n_bits < 40; ++n_bits) {
        format.n_bits = n_bits;
        CHECK_EQ(pst_encoder_check(&format, NULL, &err),
                 n_bits >= 4 && n_bits <= 16 ? PST_OK : PST_BAD_ARGUMENT);
    }
    format.n_bits = 0;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.n_frames = INT64_C(1) << 36;
    CHECK_EQ(pst_encoder_check(&format, &options, &err), PST_BAD_ARGUMENT);
    options.n_frames = -1;
    options.compression = 9;
    CHECK_EQ(pst_encoder_check(&format, &options, &err), PST_BAD_ARGUMENT);
}

// Writes a file with tags that are longer than what is read at first, and reads it.
static pst_status go_round(const pst_tags *tags, int16_t *samples, int16_t *got, pst_error *err) {
    const pst_file_format format = flac_format(1, PST_FORMAT_I16);
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.tags = tags;
    static uint8_t room[1 << 20];
    memory_place m = {.bytes = room, .n_room = sizeof room};
    pst_encoder *encoder = begin(&m, &memory_file, &format, &options, err);
    pst_status status = encoder == NULL ? err->status : PST_OK;
    if (encoder != NULL) {
        const pst_status written = pst_encoder_write(encoder, samples, PST_FORMAT_I16, 5000, err);
        status = pst_encoder_finish(encoder, err);
        CHECK_EQ(written, status);
        pst_encoder_release(encoder);
    }
    pst_decoder *decoder = status == PST_OK ? open_file(&m, &memory_file, err) : NULL;
    if (decoder != NULL) {
        uint64_t n_read = 0;
        status = pst_decoder_read(decoder, got, PST_FORMAT_I16, 100, &n_read, err);
        if (status == PST_OK)
            status = pst_decoder_read(decoder, got + 100, PST_FORMAT_I16, 4900, &n_read, err);
        CHECK(status != PST_OK || pst_tags_count(pst_decoder_tags(decoder)) == 1);
        pst_decoder_release(decoder);
    } else if (status == PST_OK) {
        status = err->status;
    }
    return status;
}

static void test_every_allocation_failing_in_turn(void) {
    if (!failing_alloc_works()) {
        check_skip("needs an allocator of our own");
        return;
    }
    enum { N_TEXT = 600000 };
    static int16_t samples[5000], got[5000];
    static char text[N_TEXT + 1];
    memset(text, 'a', N_TEXT);
    fill(samples, 5000, 1);
    pst_tags *tags = NULL;
    REQUIRE(pst_tags_create(&tags, NULL) == PST_OK);
    CHECK_EQ(pst_tags_add(tags, "comment", text, NULL), PST_OK);
    int n_failures = 0;
    for (long n = 1; n < 200; ++n) {
        pst_error err = {0};
        memset(got, 0, sizeof got);
        failing_alloc_begin(n);
        const pst_status status = go_round(tags, samples, got, &err);
        const long n_tried = failing_alloc_end();
        CHECK_EQ(failing_alloc_live(), 0);
        if (n_tried < n) {
            CHECK_EQ(status, PST_OK);
            CHECK(n_failures > 20);
            break;
        }
        // libFLAC is asked again on its own, which may help.
        CHECK_TEXT(status == PST_NO_MEMORY || status == PST_OK, "allocation %ld failed: status %d",
                   n, (int)status);
        if (status == PST_OK)
            CHECK_EQ(memcmp(got, samples, sizeof got), 0);
        n_failures += status != PST_OK;
    }
    pst_tags_destroy(tags);
}

static bool has_ogg(void) {
    container = PST_CONTAINER_OGG;
    const pst_file_format format = flac_format(1, PST_FORMAT_I16);
    return pst_encoder_check(&format, NULL, NULL) == PST_OK;
}

// A file in which every ten bytes look like a frame that would be long.
static void test_headers_without_frames(void) {
    // Blocks of 65535, verbatim, stereo of 16 bits.
    static const uint8_t header[] = {0xFF, 0xF8, 0x79, 0x18, 0x00, 0xFF, 0xFE, 0x00, 0x02};
    enum { N_HEADERS = 40000 };
    uint8_t headed[sizeof header];
    memcpy(headed, header, sizeof header);
    pst_flac_header parsed;
    for (unsigned sum = 0; sum < 256; ++sum) {
        headed[7] = (uint8_t)sum;
        if (pst_flac_parse_header(&parsed, headed, sizeof headed) > 0)
            break;
    }
    CHECK_EQ(parsed.block_frames, 65535);
    memory_place m = {0};
    static int16_t samples[BLOCK_FRAMES * 2], got[(BLOCK_FRAMES + 1) * 2];
    fill(samples, BLOCK_FRAMES, 1);
    CHECK_EQ(write_file(&m, &memory_file, 1, samples, BLOCK_FRAMES), PST_OK);
    // The frame stands behind it all, and is found.
    const size_t n_head = 42 + 4 + (size_t)m.bytes[45];
    const size_t n_frame = (size_t)m.n_bytes - n_head, n_junk = N_HEADERS * sizeof headed;
    uint8_t *bytes = malloc(n_head + n_junk + n_frame);
    memcpy(bytes, m.bytes, n_head);
    for (size_t i = 0; i < N_HEADERS; ++i)
        memcpy(bytes + n_head + i * sizeof headed, headed, sizeof headed);
    memcpy(bytes + n_head + n_junk, m.bytes + n_head, n_frame);
    free(m.bytes);
    m = (memory_place){.bytes = bytes, .n_bytes = (int64_t)(n_head + n_junk + n_frame)};
    pst_error err = {0};
    pst_decoder *decoder = open_file(&m, &memory_file, &err);
    REQUIRE(decoder != NULL);
    pst_damage damage;
    CHECK_EQ(read_all(decoder, got, BLOCK_FRAMES, &damage), BLOCK_FRAMES);
    CHECK_EQ(memcmp(got, samples, BLOCK_FRAMES * sizeof *got), 0);
    CHECK_EQ(damage.flags, PST_DAMAGE_CORRUPT);
    pst_decoder_release(decoder);
    memory_free(&m);
}

int main(void) {
    RUN(test_headers_of_frames);
    RUN(test_headers_without_frames);
    RUN(test_pipes_and_choppy_places);
    RUN(test_promised_lengths);
    RUN(test_cut_at_every_byte);
    RUN(test_flipped_bits);
    RUN(test_many_damages);
    RUN(test_full_disks);
    RUN(test_updates_keep_the_head_true);
    RUN(test_fewer_bits_are_rounded_and_clipped);
    RUN(test_limits);
    RUN(test_every_allocation_failing_in_turn);
    // The same again in Ogg files.
    if (has_ogg()) {
        RUN(test_pipes_and_choppy_places);
        RUN(test_promised_lengths);
        RUN(test_cut_at_every_byte);
        RUN(test_flipped_bits);
        RUN(test_full_disks);
        RUN(test_updates_keep_the_head_true);
        RUN(test_every_allocation_failing_in_turn);
    }
    return check_done();
}
