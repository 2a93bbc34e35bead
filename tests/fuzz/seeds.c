// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Writes small files of one kind for a fuzzer to begin with: seeds KIND FOLDER

#include <math.h>
#include <stdlib.h>

#include "kinds.h"

enum { MOST_FRAMES = 3000 };

static bool write_seed(const fuzz_kind *kind, const char *folder, int number, uint32_t n_channels,
                       uint32_t n_frames, pst_format sample_format) {
    static float data[MOST_FRAMES * 8];
    char path[512];
    const pst_file_format format = {.container = kind->container,
                                    .encoding = kind->encoding,
                                    .sample_format = sample_format,
                                    .rate_hz = 48000,
                                    .n_channels = n_channels};
    for (uint32_t i = 0; i < n_frames * n_channels; ++i)
        data[i] = (float)(0.4 * sin(i * 0.03) + 0.1 * sin(i * 1.7));
    pst_tags *tags = NULL;
    pst_encoder_options options;
    pst_encoder_options_init(&options);
    if (pst_tags_create(&tags, NULL) != PST_OK ||
        pst_tags_add(tags, "title", "T\xC3\xB6ne", NULL) != PST_OK)
        return false;
    options.tags = tags;
    if (pst_encoder_check(&format, &options, NULL) != PST_OK)
        options.tags = NULL;
    // Not every kind holds everything; what it cannot hold needs no seed.
    bool is_written = number > 0 && pst_encoder_check(&format, &options, NULL) != PST_OK;
    pst_io *io = NULL;
    pst_encoder *encoder = NULL;
    snprintf(path, sizeof path, "%s/%s_%d", folder, kind->name, number);
    if (!is_written && pst_io_open_path(&io, path, PST_IO_WRITE, NULL) == PST_OK) {
        if (pst_encoder_open(&encoder, io, &format, &options, NULL) == PST_OK)
            is_written =
                pst_encoder_write(encoder, data, PST_FORMAT_F32, n_frames, NULL) == PST_OK &&
                pst_encoder_finish(encoder, NULL) == PST_OK;
        else
            pst_io_close(io, NULL);
    }
    pst_encoder_release(encoder);
    pst_tags_destroy(tags);
    return is_written;
}

int main(int n_arguments, char **arguments) {
    const fuzz_kind *kind = n_arguments == 3 ? find_kind(arguments[1]) : NULL;
    if (kind == NULL)
        return EXIT_FAILURE;
    static const struct {
        uint32_t n_channels, n_frames;
        pst_format sample_format;
    } seeds[] = {
        {1, 0, PST_FORMAT_I16},    {1, 100, PST_FORMAT_I16},  {2, MOST_FRAMES, PST_FORMAT_I16},
        {6, 1500, PST_FORMAT_I24}, {2, 2000, PST_FORMAT_F32}, {8, 10, PST_FORMAT_I32},
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; ++i)
        if (!write_seed(kind, arguments[2], (int)i, seeds[i].n_channels, seeds[i].n_frames,
                        seeds[i].sample_format)) {
            fprintf(stderr, "seed %zu of %s could not be written\n", i, kind->name);
            return EXIT_FAILURE;
        }
    return EXIT_SUCCESS;
}
