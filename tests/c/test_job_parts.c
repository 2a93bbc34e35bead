// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Jobs that take a part of a sound file, and many jobs at once.

#include "job_rig.h"

static job_rig rig;

static void test_parts_are_exact(void) {
    memory_place place = {0};
    static const struct {
        double start_s, duration_s;
        int64_t from, n_frames;
    } parts[] = {
        {0.0, 0.5, 0, 4000},         {0.25, 0.5, 2000, 4000},    {1.0, -1.0, 8000, 4000},
        {1.0, 99.0, 8000, 4000},     {1.2, 0.0, 9600, 0},        {1.5, -1.0, 12000, 0},
        {0.99994, 0.00005, 8000, 0}, // To the nearest frames.
        {0.99994, 0.0001, 8000, 1},  {1.1, 1.0e300, 8800, 3200},
    };
    rig_begin(&rig);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i)
        for (int is_pipe = 0; is_pipe < 2; ++is_pipe)
            for (uint32_t n_threads = 1; n_threads <= 3; n_threads += 2) {
                rig.config.start_s = parts[i].start_s;
                rig.config.duration_s = parts[i].duration_s;
                rig.config.n_threads = n_threads;
                rig.config.input = NULL;
                if (is_pipe)
                    rig_read_as_pipe(&rig, &place);
                const pst_job_result result = rig_run_well(&rig);
                rig_check_samples(&rig, parts[i].from, parts[i].n_frames);
                CHECK_EQ(result.in_length_bytes == -1, is_pipe);
            }
    memory_free(&place);
    rig_end(&rig);
}

static void test_a_start_behind_the_end_fails(void) {
    memory_place place = {0};
    rig_begin(&rig);
    rig.config.start_s = 1.51;
    rig_run_badly(&rig, PST_BAD_ARGUMENT, "input", 0,
                  "start_s is 1.51; the input lasts only 1.5 s");
    // A pipe whose header does not tell its length either.
    rig_read_as_stream(&rig, &place);
    rig_run_badly(&rig, PST_BAD_ARGUMENT, "input", 0,
                  "start_s is 1.51; the input lasts only 1.5 s");
    memory_free(&place);
    rig_end(&rig);
}

// Returns how much of the sound is different.
static double difference(const int16_t *part, const int16_t *whole, int64_t n_frames) {
    double differs = 0.0, sounds = 0.0;
    for (int64_t i = 0; i < n_frames * RIG_CHANNELS; ++i) {
        differs += (double)(part[i] - whole[i]) * (part[i] - whole[i]);
        sounds += (double)whole[i] * whole[i];
    }
    return differs / sounds;
}

// Where the sound of lossy files is after they were cut: it lies best upon the original there.
static void test_parts_of_lossy_files_are_exact(void) {
    memory_place place = {0};
    static const struct {
        pst_container container;
        pst_encoding encoding;
        uint32_t rate_hz;
    } kinds[] = {{PST_CONTAINER_MP3, PST_ENCODING_MP3, 44100},
                 {PST_CONTAINER_OGG, PST_ENCODING_VORBIS, 44100},
                 {PST_CONTAINER_OGG, PST_ENCODING_OPUS, 48000},
                 {PST_CONTAINER_MP4, PST_ENCODING_AAC, 44100},
                 {PST_CONTAINER_ADTS, PST_ENCODING_AAC, 44100}};
    rig_begin(&rig);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
        if (!rig_can(kinds[k].container, kinds[k].encoding))
            continue;
        const pst_file_format format = {.container = kinds[k].container,
                                        .encoding = kinds[k].encoding,
                                        .sample_format = PST_FORMAT_F32,
                                        .rate_hz = kinds[k].rate_hz,
                                        .n_channels = RIG_CHANNELS};
        rig_write(rig.input, &format, NULL, RIG_FRAMES);
        rig.config.start_s = rig.config.duration_s = 0.0;
        int16_t *whole = NULL, *part = NULL;
        pst_decoder_info info;
        CHECK_EQ(rig_read(rig.input, &whole, &info, NULL), RIG_FRAMES);
        const int64_t from = 5001, n = 3333;
        for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
            // MP4 needs to seek.
            if (is_pipe && kinds[k].container == PST_CONTAINER_MP4)
                continue;
            rig.config.input = NULL;
            if (is_pipe)
                rig_read_as_pipe(&rig, &place);
            rig.config.start_s = (double)from / kinds[k].rate_hz;
            rig.config.duration_s = (double)n / kinds[k].rate_hz;
            const pst_job_result result = rig_run_well(&rig);
            CHECK_EQ(result.out_format.sample_format, PST_FORMAT_I16);
            CHECK_EQ(rig_read(rig.output, &part, &info, NULL), n);
            CHECK_EQ(info.format.rate_hz, kinds[k].rate_hz);
            // Decoders that begin in the middle are never quite the same: AAC is filled up with
            // noise. But nowhere else does the part fit as well.
            const double differs = difference(part, whole + from * RIG_CHANNELS, n);
            const double before = difference(part, whole + (from - 1) * RIG_CHANNELS, n);
            const double after = difference(part, whole + (from + 1) * RIG_CHANNELS, n);
            CHECK_TEXT(differs < 0.5 * before && differs < 0.5 * after, "kind %zu%s: %g %g %g", k,
                       is_pipe ? " pipe" : "", before, differs, after);
            CHECK_TEXT(differs < 1e-5 || kinds[k].encoding == PST_ENCODING_AAC, "kind %zu: %g", k,
                       differs);
            free(part);
        }
        free(whole);
    }
    rig.config.input = NULL;
    memory_free(&place);
    rig_end(&rig);
}

// ---- Many -------------------------------------------------------------------------------------

enum { N_JOBS = 16 };

// On one input, each with a result of its own: they know nothing of each other.
static void test_many_at_once_make_what_one_makes(void) {
    rig_begin(&rig);
    rig.config.format.rate_hz = 11025;
    rig.config.format.n_channels = 1;
    rig_run_well(&rig);
    uint8_t *serial = NULL;
    const size_t n_serial = rig_slurp(rig.output, &serial);
    pst_job *jobs[N_JOBS] = {NULL};
    char paths[N_JOBS][sizeof rig.output];
    for (int i = 0; i < N_JOBS; ++i) {
        rig.config.n_threads = 1 + (uint32_t)i % 3;
        snprintf(rig.output, sizeof rig.output, "%s/out-%d", rig.folder, i);
        memcpy(paths[i], rig.output, sizeof rig.output);
        REQUIRE(rig_open(&rig, &jobs[i], NULL) == PST_OK);
    }
    for (int i = 0; i < N_JOBS; ++i)
        CHECK_EQ(pst_job_start(jobs[i], NULL), PST_OK);
    for (int i = 0; i < N_JOBS; ++i) {
        CHECK_EQ(pst_job_wait(jobs[i], -1, NULL), PST_OK);
        uint8_t *bytes = NULL;
        const size_t n_bytes = rig_slurp(paths[i], &bytes);
        CHECK_EQ(n_bytes, n_serial);
        CHECK(n_bytes == n_serial && memcmp(bytes, serial, n_bytes) == 0);
        free(bytes);
        pst_job_release(jobs[i]);
    }
    free(serial);
    rig_end(&rig);
}

int main(void) {
    RUN(test_parts_are_exact);
    RUN(test_a_start_behind_the_end_fails);
    RUN(test_parts_of_lossy_files_are_exact);
    RUN(test_many_at_once_make_what_one_makes);
    return check_done();
}
