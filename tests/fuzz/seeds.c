// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Writes small files of one kind for a fuzzer to begin with: seeds KIND FOLDER

#include <math.h>
#include <stdlib.h>

#include "kinds.h"
#include "pastream/push.h"

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

// Writes packets as packets.h tells them apart, with a gap among them.
static bool write_packets(const fuzz_kind *kind, const char *folder, int number,
                          uint32_t n_channels, uint32_t n_frames) {
    static float data[MOST_FRAMES * 8];
    for (uint32_t i = 0; i < n_frames * n_channels; ++i)
        data[i] = (float)(0.4 * sin(i * 0.03) + 0.1 * sin(i * 1.7));
    pst_push_encoder_config config;
    pst_push_encoder_config_default(&config);
    config.format.container = kind->container;
    config.format.encoding = kind->encoding;
    config.format.n_channels = n_channels;
    config.options.opus.has_fec = kind->encoding == PST_ENCODING_OPUS;
    pst_push_encoder *encoder = NULL;
    if (pst_push_encoder_create(&encoder, &config, NULL) != PST_OK)
        return false;
    char path[512];
    snprintf(path, sizeof path, "%s/%s_%d", folder, kind->name, number);
    FILE *file = fopen(path, "wb");
    bool is_written =
        file != NULL &&
        pst_push_encoder_write(encoder, data, PST_FORMAT_F32, n_frames, false, 0, NULL) == PST_OK &&
        pst_push_encoder_end(encoder, NULL) == PST_OK;
    if (is_written) {
        pst_push_encoder_info info;
        pst_push_encoder_get_info(encoder, &info);
        fputc((int)info.n_extradata, file);
        fwrite(info.extradata, 1, info.n_extradata, file);
        pst_packet packet;
        for (int i = 0; pst_push_encoder_next(encoder, &packet) == PST_OK; ++i) {
            const uint32_t word = (uint32_t)(i % 2) << 12 | (uint32_t)packet.n_bytes;
            if (i == 2) // A gap of 960 frames before it.
                fwrite("\xC0\x33", 1, 2, file);
            fputc((int)(word & 255), file);
            fputc((int)(word >> 8), file);
            fwrite(packet.data, 1, (size_t)packet.n_bytes, file);
        }
        is_written = ferror(file) == 0;
    }
    if (file != NULL)
        fclose(file);
    pst_push_encoder_destroy(encoder);
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
        if (kind->container == PST_CONTAINER_PACKETS
                ? !write_packets(kind, arguments[2], (int)i, seeds[i].n_channels, seeds[i].n_frames)
                : !write_seed(kind, arguments[2], (int)i, seeds[i].n_channels, seeds[i].n_frames,
                              seeds[i].sample_format)) {
            fprintf(stderr, "seed %zu of %s could not be written\n", i, kind->name);
            return EXIT_FAILURE;
        }
    return EXIT_SUCCESS;
}
