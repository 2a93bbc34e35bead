// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What a job makes of a sound file: its samples, format, tags and part, and what it tells of that.

#include "job_rig.h"

static job_rig rig;

static void test_a_copy_has_the_same_samples(void) {
    rig_begin(&rig);
    const pst_job_result result = rig_run_well(&rig);
    rig_check_samples(&rig, 0, RIG_FRAMES);
    CHECK_EQ(result.in_format.rate_hz, RIG_RATE_HZ);
    CHECK_EQ(result.out_format.rate_hz, RIG_RATE_HZ);
    CHECK_EQ(result.out_format.n_channels, RIG_CHANNELS);
    CHECK_EQ(result.out_format.sample_format, PST_FORMAT_I16);
    CHECK_EQ(result.out_format.encoding, PST_ENCODING_PCM);
    CHECK_EQ(result.in_total_frames, RIG_FRAMES);
    CHECK_EQ(result.damage.flags, 0);
    CHECK_EQ(result.damage.first_frame, -1);
    CHECK_EQ(result.counts.n_clipped, 0);
    CHECK_EQ(folder_sweep(rig.folder, false), 2);
    struct stat info;
    CHECK_EQ(stat(rig.output, &info), 0);
    const double bps = 8.0 * (double)info.st_size * RIG_RATE_HZ / RIG_FRAMES;
    CHECK(fabs((double)result.out_bitrate_bps - bps) < 1.0);
    rig_end(&rig);
}

static void test_progress_is_exact_at_the_end(void) {
    rig_begin(&rig);
    pst_job *job = NULL;
    pst_job_progress before, after;
    REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
    pst_job_get_progress(job, &before);
    CHECK_EQ(before.state, PST_CHAIN_CREATED);
    CHECK_EQ(before.elapsed_ns, 0);
    CHECK_EQ(before.total_frames, -1);
    CHECK_EQ(pst_job_wait(job, 0, NULL), PST_BAD_STATE);
    pst_job_result result;
    CHECK_EQ(pst_job_get_result(job, &result, NULL), PST_BAD_STATE);
    CHECK_EQ(pst_job_start(job, NULL), PST_OK);
    CHECK_EQ(pst_job_start(job, NULL), PST_BAD_STATE);
    CHECK_EQ(pst_job_wait(job, -1, NULL), PST_OK);
    CHECK(pst_job_arm(job) >= 0);
    pst_job_get_progress(job, &after);
    CHECK_EQ(after.state, PST_CHAIN_DONE);
    CHECK_EQ(after.in_frames, RIG_FRAMES);
    CHECK_EQ(after.out_frames, RIG_FRAMES);
    CHECK_EQ(after.total_frames, RIG_FRAMES);
    CHECK_EQ(after.in_rate_hz, RIG_RATE_HZ);
    CHECK_EQ(after.out_rate_hz, RIG_RATE_HZ);
    CHECK_EQ(after.n_packets, 0);
    struct stat info;
    CHECK_EQ(stat(rig.output, &info), 0);
    CHECK_EQ(after.out_bytes, info.st_size);
    CHECK_EQ(stat(rig.input, &info), 0);
    CHECK_EQ(after.in_bytes, info.st_size);
    CHECK_EQ(pst_job_get_result(job, &result, NULL), PST_OK);
    CHECK_EQ(result.in_length_bytes, info.st_size);
    pst_job_get_progress(job, &before);
    CHECK_EQ(before.elapsed_ns, after.elapsed_ns);
    CHECK(after.elapsed_ns > 0);
    pst_job_release(job);
    rig_end(&rig);
}

// ---- Rates and channels ------------------------------------------------------------------------

static void test_lengths_after_resampling(void) {
    rig_begin(&rig);
    static const uint32_t rates_hz[] = {16000, 44100, 7999, 48000};
    for (size_t i = 0; i < 4; ++i) {
        rig.config.format.rate_hz = rates_hz[i];
        rig.config.quality = PST_RESAMPLE_FAST;
        const pst_job_result result = rig_run_well(&rig);
        CHECK_EQ(result.out_format.rate_hz, rates_hz[i]);
        int16_t *samples = NULL;
        pst_decoder_info info;
        CHECK_EQ(rig_read(rig.output, &samples, &info, NULL),
                 llround((double)RIG_FRAMES * rates_hz[i] / RIG_RATE_HZ));
        free(samples);
    }
    rig_end(&rig);
}

static void test_gains_mix_channels(void) {
    rig_begin(&rig);
    static const float gains[] = {0.0f, 1.0f, 1.0f, 0.0f, 0.5f, 0.5f};
    rig.config.gains = gains;
    rig.config.n_gain_sources = 2;
    rig.config.format.n_channels = 3;
    const pst_job_result result = rig_run_well(&rig);
    CHECK_EQ(result.out_format.n_channels, 3);
    int16_t *samples = NULL;
    pst_decoder_info info;
    CHECK_EQ(rig_read(rig.output, &samples, &info, NULL), RIG_FRAMES);
    for (int i = 0; samples != NULL && i < RIG_FRAMES; ++i) {
        const int16_t left = rig_samples[2 * i], right = rig_samples[2 * i + 1];
        const double middle = 0.5 * left + 0.5 * right;
        if (samples[3 * i] != right || samples[3 * i + 1] != left ||
            fabs(samples[3 * i + 2] - middle) > 0.5) {
            FAIL("frame %d", i);
            break;
        }
    }
    free(samples);
    unlink(rig.output);
    rig.config.n_gain_sources = 3;
    rig.config.format.n_channels = 2;
    rig_run_badly(&rig, PST_BAD_ARGUMENT, "input", 0, "an input of 3 channels; this one has 2");
    // Of inputs that may have more channels, these are not heard.
    rig.config.leaves_channels = true;
    rig_run_badly(&rig, PST_BAD_ARGUMENT, "input", 0, "of 3 channels or more; this one has 2");
    static const float first[] = {0.5f};
    rig.config.gains = first;
    rig.config.n_gain_sources = 1;
    rig.config.format.n_channels = 1;
    CHECK_EQ(rig_run_well(&rig).out_format.n_channels, 1);
    CHECK_EQ(rig_read(rig.output, &samples, &info, NULL), RIG_FRAMES);
    for (int i = 0; samples != NULL && i < RIG_FRAMES; ++i)
        if (fabs(samples[i] - 0.5 * rig_samples[2 * i]) > 0.5) {
            FAIL("frame %d", i);
            break;
        }
    free(samples);
    unlink(rig.output);
    rig.config.leaves_channels = false;
    rig_run_badly(&rig, PST_BAD_ARGUMENT, "input", 0, "an input of 1 channels; this one has 2");
    // Without gains, as ever.
    rig.config.gains = NULL;
    rig.config.n_gain_sources = 0;
    rig.config.format.n_channels = 1;
    CHECK_EQ(rig_run_well(&rig).out_format.n_channels, 1);
    CHECK_EQ(rig_read(rig.output, &samples, &info, NULL), RIG_FRAMES);
    for (int i = 0; samples != NULL && i < RIG_FRAMES; ++i)
        if (fabs(samples[i] - 0.5 * (rig_samples[2 * i] + rig_samples[2 * i + 1])) > 0.5) {
            FAIL("frame %d", i);
            break;
        }
    free(samples);
    rig_end(&rig);
}

// All threads make the same bytes.
static void test_threads_change_nothing(void) {
    static const struct {
        pst_container container;
        uint32_t rate_hz, n_channels;
    } kinds[] = {{PST_CONTAINER_WAV, 0, 0},
                 {PST_CONTAINER_WAV, 11025, 1},
                 {PST_CONTAINER_FLAC, 12345, 0},
                 {PST_CONTAINER_OGG, 16000, 1},
                 {PST_CONTAINER_MP3, 0, 0}};
    rig_begin(&rig);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
        if (!rig_can(kinds[k].container, PST_ENCODING_DEFAULT))
            continue;
        rig.config.format.container = kinds[k].container;
        rig.config.format.rate_hz = kinds[k].rate_hz;
        rig.config.format.n_channels = kinds[k].n_channels;
        uint8_t *first = NULL, *bytes = NULL;
        size_t n_first = 0;
        pst_job_result one = {0};
        for (uint32_t n_threads = 1; n_threads <= 3; ++n_threads) {
            rig.config.n_threads = n_threads;
            const pst_job_result result = rig_run_well(&rig);
            const size_t n_bytes = rig_slurp(rig.output, &bytes);
            if (n_threads == 1) {
                first = bytes;
                n_first = n_bytes;
                one = result;
                continue;
            }
            CHECK_EQ(n_bytes, n_first);
            // The numbers of Ogg streams differ: as many bytes will do, and the same sound.
            if (kinds[k].container != PST_CONTAINER_OGG && n_bytes == n_first)
                CHECK(memcmp(bytes, first, n_bytes) == 0);
            CHECK(result.peak == one.peak);
            CHECK_EQ(result.counts.n_clipped, one.counts.n_clipped);
            free(bytes);
        }
        free(first);
    }
    rig_end(&rig);
}

// ---- What is left open -------------------------------------------------------------------------

static void test_what_is_left_open_is_as_the_input(void) {
    static const struct {
        pst_file_format in;
        pst_file_format out, wanted;
    } cases[] = {
        {{PST_CONTAINER_WAV, PST_FORMAT_F32, 0, 96000, 2, 0, 0},
         {.container = PST_CONTAINER_FLAC},
         {PST_CONTAINER_FLAC, PST_FORMAT_I24, 0, 96000, 2, PST_ENCODING_FLAC, 0}},
        {{PST_CONTAINER_WAV, PST_FORMAT_I24, 0, 8000, 2, 0, 0},
         {.container = PST_CONTAINER_FLAC},
         {PST_CONTAINER_FLAC, PST_FORMAT_I24, 0, 8000, 2, PST_ENCODING_FLAC, 0}},
        {{PST_CONTAINER_FLAC, PST_FORMAT_I24, 0, 8000, 2, 0, 20},
         {.container = PST_CONTAINER_FLAC},
         {PST_CONTAINER_FLAC, PST_FORMAT_I24, 0, 8000, 2, PST_ENCODING_FLAC, 20}},
        {{PST_CONTAINER_FLAC, PST_FORMAT_I24, 0, 8000, 2, 0, 20},
         {.container = PST_CONTAINER_WAV},
         {PST_CONTAINER_WAV, PST_FORMAT_I24, 0, 8000, 2, PST_ENCODING_PCM, 0}},
        {{PST_CONTAINER_WAV, PST_FORMAT_U8, 0, 8000, 2, 0, 0},
         {.container = PST_CONTAINER_FLAC},
         {PST_CONTAINER_FLAC, PST_FORMAT_I8, 0, 8000, 2, PST_ENCODING_FLAC, 0}},
        {{PST_CONTAINER_WAV, PST_FORMAT_F64, 0, 8000, 2, 0, 0},
         {.container = PST_CONTAINER_WAV},
         {PST_CONTAINER_WAV, PST_FORMAT_F64, 0, 8000, 2, PST_ENCODING_PCM, 0}},
        {{PST_CONTAINER_WAV, PST_FORMAT_I16, 0, 44100, 2, 0, 0},
         {.container = PST_CONTAINER_OGG, .encoding = PST_ENCODING_OPUS},
         {PST_CONTAINER_OGG, 0, 0, 48000, 2, PST_ENCODING_OPUS, 0}},
        {{PST_CONTAINER_WAV, PST_FORMAT_I16, 0, 96000, 2, 0, 0},
         {.container = PST_CONTAINER_MP3},
         {PST_CONTAINER_MP3, 0, 0, 48000, 2, PST_ENCODING_MP3, 0}},
        {{PST_CONTAINER_WAV, 0, 0, 8000, 2, PST_ENCODING_ULAW, 0},
         {.container = PST_CONTAINER_WAV},
         {PST_CONTAINER_WAV, PST_FORMAT_I16, 0, 8000, 2, PST_ENCODING_PCM, 0}},
        {{PST_CONTAINER_OGG, 0, 0, 44100, 2, PST_ENCODING_VORBIS, 0},
         {.container = PST_CONTAINER_FLAC},
         {PST_CONTAINER_FLAC, PST_FORMAT_I16, 0, 44100, 2, PST_ENCODING_FLAC, 0}},
        {{PST_CONTAINER_WAV, PST_FORMAT_F32, 0, 8000, 2, 0, 0},
         {.container = PST_CONTAINER_FLAC, .sample_format = PST_FORMAT_I16},
         {PST_CONTAINER_FLAC, PST_FORMAT_I16, 0, 8000, 2, PST_ENCODING_FLAC, 0}},
    };
    rig_begin(&rig);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        pst_file_format in = cases[i].in;
        if (in.sample_format == 0)
            in.sample_format = PST_FORMAT_I16;
        if (!rig_can(in.container, in.encoding) ||
            !rig_can(cases[i].out.container, cases[i].out.encoding))
            continue;
        rig_write(rig.input, &in, NULL, 2000);
        rig.config.format = cases[i].out;
        const pst_job_result result = rig_run_well(&rig);
        const pst_file_format *out = &result.out_format, *wanted = &cases[i].wanted;
        CHECK_TEXT(out->container == wanted->container && out->encoding == wanted->encoding &&
                       out->rate_hz == wanted->rate_hz && out->n_bits == wanted->n_bits &&
                       (wanted->sample_format == 0 || out->sample_format == wanted->sample_format),
                   "case %zu: %d %d %u Hz, %d of %u bits", i, (int)out->container,
                   (int)out->encoding, (unsigned)out->rate_hz, (int)out->sample_format,
                   (unsigned)out->n_bits);
    }
    // Channels are not thrown away, nor mixed, unless somebody says so.
    if (rig_can(PST_CONTAINER_MP3, PST_ENCODING_DEFAULT)) {
        pst_file_format in = rig_wav;
        in.n_channels = 4;
        rig_write(rig.input, &in, NULL, 2000);
        unlink(rig.output);
        rig.config.format = (pst_file_format){.container = PST_CONTAINER_MP3};
        rig_run_badly(&rig, PST_BAD_ARGUMENT, "output", 0, "channels is 4; MP3 can have 1 to 2");
    }
    rig_end(&rig);
}

// ---- Tags -------------------------------------------------------------------------------------

static const char *value_of(const pst_tags *tags, const char *key) {
    for (uint32_t i = 0; i < pst_tags_count(tags); ++i)
        if (strcmp(pst_tags_key(tags, i), key) == 0)
            return pst_tags_value(tags, i);
    return "(none)";
}

static void add(pst_tags *tags, const char *key, const char *value) {
    CHECK_EQ(pst_tags_add(tags, key, value, NULL), PST_OK);
}

static void test_tags_are_kept_and_merged(void) {
    rig_begin(&rig);
    pst_tags *in = NULL, *told = NULL, *found = NULL;
    CHECK_EQ(pst_tags_create(&in, NULL), PST_OK);
    CHECK_EQ(pst_tags_create(&told, NULL), PST_OK);
    add(in, "title", "of the input");
    add(in, "artist", "somebody");
    add(in, "encoder", "an old program");
    add(told, "title", "new");
    add(told, "genre", "noise");
    rig_write(rig.input, &rig_wav, in, 100);
    int16_t *samples = NULL;
    pst_decoder_info info;
    for (int round = 0; round < 4; ++round) {
        rig.config.keeps_tags = round != 1;
        rig.config.options.tags = round < 2 ? told : NULL;
        rig.config.format.container = round == 3 ? PST_CONTAINER_RAW : PST_CONTAINER_WAV;
        rig_run_well(&rig);
        if (round == 3)
            break; // RAW files have none, and nobody asked for any.
        CHECK_EQ(rig_read(rig.output, &samples, &info, &found), 100);
        CHECK_STR(value_of(found, "title"), round < 2 ? "new" : "of the input");
        CHECK_STR(value_of(found, "genre"), round < 2 ? "noise" : "(none)");
        CHECK_STR(value_of(found, "artist"), round == 1 ? "(none)" : "somebody");
        CHECK(strcmp(value_of(found, "encoder"), "an old program") != 0);
        pst_tags_destroy(found);
        free(samples);
    }
    // Told ones are not left out.
    rig.config.options.tags = told;
    rig_run_badly(&rig, PST_BAD_ARGUMENT, "create", 0, "cannot have tags");
    // What the kind of file cannot have is left out if it is from the input.
    if (rig_can(PST_CONTAINER_FLAC, PST_ENCODING_DEFAULT)) {
        rig.config.options.tags = NULL;
        rig.config.format.container = PST_CONTAINER_FLAC;
        add(in, "odd~key", "odd");
        rig_write(rig.input, &rig_wav, in, 100);
        rig_run_well(&rig);
        CHECK_EQ(rig_read(rig.output, &samples, &info, &found), 100);
        CHECK_STR(value_of(found, "artist"), "somebody");
        CHECK_STR(value_of(found, "odd~key"), "(none)");
        pst_tags_destroy(found);
        free(samples);
    }
    pst_tags_destroy(in);
    pst_tags_destroy(told);
    rig_end(&rig);
}

// ---- What it tells ------------------------------------------------------------------------------

static void test_what_did_not_fit_is_counted(void) {
    static const float loud[] = {0.5f, -2.5f, 1.5f, NAN, 0.0f, INFINITY, 0.25f, -0.5f};
    static const pst_file_format floats = {.container = PST_CONTAINER_WAV,
                                           .sample_format = PST_FORMAT_F32,
                                           .rate_hz = 8000,
                                           .n_channels = 2};
    rig_begin(&rig);
    rig_write_data(rig.input, &floats, NULL, loud, PST_FORMAT_F32, 4);
    rig.config.format.sample_format = PST_FORMAT_I16;
    for (uint32_t n_threads = 1; n_threads <= 3; ++n_threads) {
        rig.config.n_threads = n_threads;
        const pst_job_result result = rig_run_well(&rig);
        CHECK_EQ(result.counts.n_clipped, 2);
        // Floats in files are finite already.
        CHECK(result.peak == 2.5);
    }
    rig_end(&rig);
}

static void test_packets_are_counted(void) {
    static const struct {
        pst_container container;
        pst_encoding encoding;
        int least, most;
    } kinds[] = {{PST_CONTAINER_MP3, PST_ENCODING_MP3, 20, 24},
                 {PST_CONTAINER_OGG, PST_ENCODING_OPUS, 75, 77},
                 {PST_CONTAINER_OGG, PST_ENCODING_VORBIS, 20, 200},
                 {PST_CONTAINER_MP4, PST_ENCODING_AAC, 12, 14},
                 {PST_CONTAINER_ADTS, PST_ENCODING_AAC, 12, 14},
                 {PST_CONTAINER_FLAC, PST_ENCODING_FLAC, 2, 12},
                 {PST_CONTAINER_OGG, PST_ENCODING_FLAC, 2, 12}};
    rig_begin(&rig);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
        if (!rig_can(kinds[k].container, kinds[k].encoding))
            continue;
        rig.config.format =
            (pst_file_format){.container = kinds[k].container, .encoding = kinds[k].encoding};
        pst_job *job = NULL;
        pst_job_progress progress;
        REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
        CHECK_EQ(pst_job_start(job, NULL), PST_OK);
        CHECK_EQ(pst_job_wait(job, -1, NULL), PST_OK);
        pst_job_get_progress(job, &progress);
        CHECK_TEXT(progress.n_packets >= kinds[k].least && progress.n_packets <= kinds[k].most,
                   "kind %zu: %lld", k, (long long)progress.n_packets);
        pst_job_release(job);
    }
    rig_end(&rig);
}

static void test_damage_is_told_or_fails(void) {
    rig_begin(&rig);
    CHECK_EQ(truncate(rig.input, 20000), 0);
    const pst_job_result result = rig_run_well(&rig);
    CHECK_EQ(result.damage.flags, PST_DAMAGE_TRUNCATED);
    unlink(rig.output);
    rig.config.fails_on_damage = true;
    for (rig.config.n_threads = 1; rig.config.n_threads <= 3; ++rig.config.n_threads)
        rig_run_badly(&rig, PST_BAD_FILE, "input", 0,
                      "The input is damaged: it ends before its time");
    rig_end(&rig);
}

// As of a file that somebody cuts while it is read.
static int64_t length_of_before(void *user) {
    (void)user;
    return 4 * RIG_FRAMES + 80;
}

// A pipe's head goes out before it is known that less comes than the input says.
static void test_an_input_that_shrinks(void) {
    rig_begin(&rig);
    pst_io_functions shrinking = memory_file;
    shrinking.length = length_of_before;
    memory_place in = {0}, out = {0};
    for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
        in.position = 0;
        rig_read_as_pipe(&rig, &in);
        pst_io_close(rig.config.input, NULL);
        in.n_bytes = 20080;
        CHECK_EQ(pst_io_open_user(&rig.config.input, &shrinking, &in, PST_IO_READ, NULL), PST_OK);
        CHECK_EQ(pst_io_open_user(&rig.config.output, is_pipe ? &memory_pipe : &memory_file, &out,
                                  PST_IO_WRITE, NULL),
                 PST_OK);
        if (is_pipe)
            rig_run_badly(&rig, PST_BAD_FILE, "output", 0,
                          "it says that it has 12000 frames, but only 5000 came");
        else
            CHECK_EQ(rig_run_well(&rig).in_total_frames, RIG_FRAMES);
        memory_free(&out);
    }
    memory_free(&in);
    rig_end(&rig);
}

// ---- Places -----------------------------------------------------------------------------------

static void test_results_go_to_places_as_they_are_made(void) {
    rig_begin(&rig);
    for (int is_pipe = 0; is_pipe < 2; ++is_pipe) {
        memory_place place = {0};
        pst_io *io = NULL;
        CHECK_EQ(pst_io_open_user(&io, is_pipe ? &memory_pipe : &memory_file, &place, PST_IO_WRITE,
                                  NULL),
                 PST_OK);
        rig.config.output = io;
        rig_run_well(&rig);
        CHECK_EQ(place.n_closed, 1);
        // Its length is in the header, although a pipe's cannot be changed in the end.
        FILE *file = fopen(rig.output, "wb");
        CHECK_EQ(fwrite(place.bytes, 1, (size_t)place.n_bytes, file), place.n_bytes);
        fclose(file);
        rig_check_samples(&rig, 0, RIG_FRAMES);
        int16_t *samples = NULL;
        pst_decoder_info info;
        CHECK_EQ(rig_read(rig.output, &samples, &info, NULL), RIG_FRAMES);
        CHECK_EQ(info.n_frames, RIG_FRAMES);
        free(samples);
        memory_free(&place);
    }
    rig_end(&rig);
}

static void test_raw_samples(void) {
    rig_begin(&rig);
    pst_file_format raw = rig_wav;
    raw.container = PST_CONTAINER_RAW;
    rig_write(rig.input, &raw, NULL, RIG_FRAMES);
    rig.config.raw = &raw;
    rig_run_well(&rig);
    rig_check_samples(&rig, 0, RIG_FRAMES);
    rig_end(&rig);
}

static void test_limits(void) {
    memory_place place = {0};
    rig_begin(&rig);
    rig.config.max_frames = RIG_FRAMES;
    rig.config.max_bytes = 4 * RIG_FRAMES + 1000;
    rig.config.syncs = true;
    rig_run_well(&rig);
    rig_check_samples(&rig, 0, RIG_FRAMES);
    unlink(rig.output);
    rig.config.max_frames = RIG_FRAMES - 1;
    rig_run_badly(&rig, PST_LIMIT, "output", 0, "12000 frames; max_frames allows 11999");
    rig.config.max_frames = PST_UNLIMITED;
    rig.config.max_s = (double)RIG_FRAMES / RIG_RATE_HZ;
    rig_run_well(&rig);
    unlink(rig.output);
    rig.config.max_s -= 1.0 / RIG_RATE_HZ;
    rig_run_badly(&rig, PST_LIMIT, "output", 0, "12000 frames; max_frames allows 11999");
    rig.config.max_s = -1.0;
    rig.config.max_bytes = 4 * RIG_FRAMES;
    rig_run_badly(&rig, PST_LIMIT, "output", 0, "more than max_bytes, 48000 bytes");
    rig.config.max_bytes = 1000;
    rig_run_badly(&rig, PST_LIMIT, "output", 0, "more than max_bytes, 1000 bytes");
    // Where the length is not known before.
    rig.config.max_bytes = PST_UNLIMITED;
    rig.config.max_frames = 9000;
    rig_read_as_stream(&rig, &place);
    rig_run_badly(&rig, PST_LIMIT, "output", 0, "more than max_frames, 9000 frames");
    memory_free(&place);
    rig_end(&rig);
}

int main(void) {
    RUN(test_a_copy_has_the_same_samples);
    RUN(test_progress_is_exact_at_the_end);
    RUN(test_lengths_after_resampling);
    RUN(test_gains_mix_channels);
    RUN(test_threads_change_nothing);
    RUN(test_what_is_left_open_is_as_the_input);
    RUN(test_tags_are_kept_and_merged);
    RUN(test_what_did_not_fit_is_counted);
    RUN(test_packets_are_counted);
    RUN(test_damage_is_told_or_fails);
    RUN(test_an_input_that_shrinks);
    RUN(test_results_go_to_places_as_they_are_made);
    RUN(test_raw_samples);
    RUN(test_limits);
    return check_done();
}
