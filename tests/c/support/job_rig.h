// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_TESTS_JOB_RIG_H
#define PST_TESTS_JOB_RIG_H

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"
#include "memory_place.h"
#include "pastream/transcode.h"

// A folder with sound files for jobs, and what to make of them.

enum { RIG_RATE_HZ = 8000, RIG_CHANNELS = 2, RIG_FRAMES = 12000 };

typedef struct job_rig {
    char folder[FOLDER_CHARS];
    char input[FOLDER_CHARS + 16];
    char output[FOLDER_CHARS + 16];
    pst_job_config config; // From the input to the output, as WAV.
} job_rig;

static int16_t rig_samples[RIG_CHANNELS * RIG_FRAMES];

static const pst_file_format rig_wav = {.container = PST_CONTAINER_WAV,
                                        .sample_format = PST_FORMAT_I16,
                                        .rate_hz = RIG_RATE_HZ,
                                        .n_channels = RIG_CHANNELS};

// Sounds that are nowhere the same twice, quiet enough for everything.
CHECK_UNUSED static void rig_fill_samples(void) {
    uint32_t noise = 1;
    for (int i = 0; i < RIG_FRAMES; ++i) {
        noise = noise * 1664525u + 1013904223u;
        const double tone = 6000.0 * sin(0.05 * i + 1e-5 * i * i);
        rig_samples[2 * i] = (int16_t)(tone + (double)(noise >> 22));
        rig_samples[2 * i + 1] = (int16_t)(tone * 0.5 - (double)(noise >> 23));
    }
}

// Writes a sound file.
CHECK_UNUSED static void rig_write_data(const char *path, const pst_file_format *format,
                                        const pst_tags *tags, const void *data, pst_format samples,
                                        uint64_t n_frames) {
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    pst_error err = {0};
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    options.tags = tags;
    CHECK_TEXT(pst_io_open_path(&io, path, PST_IO_WRITE, &err) == PST_OK, "%s", err.text);
    CHECK_TEXT(pst_encoder_open(&encoder, io, format, &options, &err) == PST_OK, "%s", err.text);
    CHECK_TEXT(pst_encoder_write(encoder, data, samples, n_frames, &err) == PST_OK, "%s", err.text);
    CHECK_TEXT(pst_encoder_finish(encoder, &err) == PST_OK, "%s", err.text);
    pst_encoder_release(encoder);
}

// Writes frames of the rig's samples.
CHECK_UNUSED static void rig_write(const char *path, const pst_file_format *format,
                                   const pst_tags *tags, uint64_t n_frames) {
    rig_write_data(path, format, tags, rig_samples, PST_FORMAT_I16, n_frames);
}

// Whether this build can write such files.
CHECK_UNUSED static bool rig_can(pst_container container, pst_encoding encoding) {
    const pst_file_format format = {.container = container,
                                    .encoding = encoding,
                                    .sample_format = PST_FORMAT_I16,
                                    .rate_hz = 48000,
                                    .n_channels = 2};
    return pst_encoder_check(&format, NULL, NULL) == PST_OK;
}

// Reads all bytes of a file. Returns how many; the caller frees bytes.
CHECK_UNUSED static size_t rig_slurp(const char *path, uint8_t **bytes) {
    struct stat info;
    *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &info) != 0)
        return 0;
    *bytes = malloc((size_t)info.st_size + 1);
    const size_t n = fread(*bytes, 1, (size_t)info.st_size, file);
    fclose(file);
    return n;
}

CHECK_UNUSED static void rig_begin(job_rig *rig) {
    memset(rig, 0, sizeof *rig);
    folder_make(rig->folder, "pst-job");
    snprintf(rig->input, sizeof rig->input, "%s/in", rig->folder);
    snprintf(rig->output, sizeof rig->output, "%s/out", rig->folder);
    rig_fill_samples();
    rig_write(rig->input, &rig_wav, NULL, RIG_FRAMES);
    pst_job_config_default(&rig->config);
    rig->config.format.container = PST_CONTAINER_WAV;
}

CHECK_UNUSED static void rig_end(const job_rig *rig) {
    folder_remove(rig->folder);
}

// Opens input and file, where the config has none. Returns as the calls do; nothing stays open
// then.
CHECK_UNUSED static pst_status rig_open(job_rig *rig, pst_job **job, pst_error *err) {
    pst_job_config config = rig->config;
    pst_status status = PST_OK;
    *job = NULL;
    if (config.input == NULL)
        status = pst_io_open_path(&config.input, rig->input, PST_IO_READ, err);
    if (status == PST_OK && config.output == NULL)
        status = pst_new_file_create(&config.file, rig->output, true, err);
    if (status == PST_OK)
        status = pst_job_create(job, &config, err);
    if (status != PST_OK) {
        pst_io_close(config.input, NULL);
        pst_new_file_destroy(config.file);
    }
    return status;
}

// Makes and runs a job to its end. result: NULL, or what it gets. Returns what ended it; origin
// gets from where.
CHECK_UNUSED static pst_status rig_run(job_rig *rig, pst_job_result *result, const char **origin,
                                       pst_error *err) {
    pst_job *job = NULL;
    pst_status status = rig_open(rig, &job, err);
    if (status != PST_OK) {
        *origin = "create";
        return status;
    }
    status = pst_job_start(job, err);
    if (status == PST_OK)
        status = pst_job_wait(job, -1, err);
    *origin = pst_job_origin(job);
    if (result != NULL)
        CHECK_EQ(pst_job_get_result(job, result, NULL), PST_OK);
    pst_job_release(job);
    return status;
}

// Reads a whole sound file as int16. Returns how many frames there are; the caller frees samples.
CHECK_UNUSED static int64_t rig_read(const char *path, int16_t **samples, pst_decoder_info *info,
                                     pst_tags **tags) {
    pst_io *io = NULL;
    pst_decoder *decoder = NULL;
    pst_error err = {0};
    *samples = NULL;
    if (pst_io_open_path(&io, path, PST_IO_READ, &err) != PST_OK)
        return -1;
    if (pst_decoder_open(&decoder, io, NULL, &err) != PST_OK) {
        pst_io_close(io, NULL);
        return -1;
    }
    pst_decoder_get_info(decoder, info);
    if (tags != NULL) {
        const pst_tags *told = pst_decoder_tags(decoder);
        CHECK_EQ(pst_tags_create(tags, NULL), PST_OK);
        for (uint32_t i = 0; i < pst_tags_count(told); ++i)
            CHECK_EQ(pst_tags_add(*tags, pst_tags_key(told, i), pst_tags_value(told, i), NULL),
                     PST_OK);
    }
    const uint64_t room = 20 * RIG_FRAMES;
    *samples = calloc((size_t)room * info->format.n_channels, sizeof **samples);
    uint64_t n_read = 0;
    const pst_status status =
        pst_decoder_read(decoder, *samples, PST_FORMAT_I16, room, &n_read, &err);
    CHECK(status == PST_END);
    pst_decoder_release(decoder);
    return (int64_t)n_read;
}

// Runs a job that does what it is to do.
CHECK_UNUSED static pst_job_result rig_run_well(job_rig *rig) {
    pst_job_result result = {0};
    pst_error err = {0};
    const char *origin = NULL;
    CHECK_TEXT(rig_run(rig, &result, &origin, &err) == PST_OK, "%s: %s", origin, err.text);
    CHECK(origin == NULL);
    CHECK(result.is_complete);
    return result;
}

// Runs a job that fails, with a text that has words in it; and nothing is left of it.
CHECK_UNUSED static void rig_run_badly(job_rig *rig, pst_status status, const char *from,
                                       int native_code, const char *words) {
    pst_job_result result = {0};
    pst_error err = {0};
    const char *origin = NULL;
    const int n_before = folder_sweep(rig->folder, false);
    CHECK_EQ(rig_run(rig, &result, &origin, &err), status);
    CHECK_STR(origin, from);
    CHECK_EQ(err.native_code, native_code);
    CHECK_TEXT(strstr(err.text, words) != NULL, "\"%s\" is not in: %s", words, err.text);
    CHECK(!result.is_complete);
    CHECK_EQ(folder_sweep(rig->folder, false), n_before);
}

// The result has the samples of the rig from a frame on.
CHECK_UNUSED static void rig_check_samples(const job_rig *rig, int64_t from, int64_t n_frames) {
    int16_t *samples = NULL;
    pst_decoder_info info;
    CHECK_EQ(rig_read(rig->output, &samples, &info, NULL), n_frames);
    if (samples != NULL)
        CHECK(memcmp(samples, rig_samples + RIG_CHANNELS * from,
                     (size_t)n_frames * RIG_CHANNELS * sizeof *samples) == 0);
    free(samples);
}

// The input of the job's next run is a pipe, with the bytes of the rig's. The caller frees place.
CHECK_UNUSED static void rig_read_as_pipe(job_rig *rig, memory_place *place) {
    memory_free(place);
    place->n_bytes = (int64_t)rig_slurp(rig->input, &place->bytes);
    CHECK_EQ(pst_io_open_user(&rig->config.input, &memory_pipe, place, PST_IO_READ, NULL), PST_OK);
}

// The same, and the header of the WAV file does not tell how long it is.
CHECK_UNUSED static void rig_read_as_stream(job_rig *rig, memory_place *place) {
    rig_read_as_pipe(rig, place);
    memset(place->bytes + 4, 0xFF, 4);
    for (int64_t i = 0; i + 8 < place->n_bytes; ++i)
        if (memcmp(place->bytes + i, "data", 4) == 0) {
            memset(place->bytes + i + 4, 0xFF, 4);
            return;
        }
}

#endif
