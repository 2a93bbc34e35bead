// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Jobs that fail, are cancelled, or die with their process: what they tell, and that they leave
// nothing behind.

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "failing_alloc.h"
#include "job_rig.h"

static job_rig rig;

// ---- Configs ----------------------------------------------------------------------------------

static void refused(const char *words) {
    rig_run_badly(&rig, PST_BAD_ARGUMENT, "create", 0, words);
    const pst_file_format format = rig.config.format;
    pst_job_config_default(&rig.config);
    rig.config.format = format;
}

static void test_every_field_is_checked(void) {
    rig_begin(&rig);
    static const float gains[] = {1.0f, NAN, 0.0f, 1.0f};
    const pst_file_format wav = {.container = PST_CONTAINER_WAV};
    pst_job_config *config = &rig.config;
    pst_job *job = NULL;
    pst_error err = {0};
    CHECK_EQ(pst_job_create(&job, config, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "input is NULL; there must be one");
    CHECK_EQ(pst_io_open_path(&config->input, rig.input, PST_IO_READ, NULL), PST_OK);
    CHECK_EQ(pst_job_create(&job, config, &err), PST_BAD_ARGUMENT);
    CHECK_STR(err.text, "one of file and output must be given");
    pst_io_close(config->input, NULL);
    config->input = NULL;

    config->start_s = -0.5;
    refused("start_s is -0.5; it must be at least 0");
    config->start_s = NAN;
    refused("start_s is nan");
    config->start_s = INFINITY;
    refused("start_s is inf");
    config->duration_s = NAN;
    refused("duration_s is NaN");
    config->max_s = NAN;
    refused("max_s is NaN");
    config->max_frames = -2;
    refused("max_frames is -2");
    config->max_bytes = -2;
    refused("max_bytes is -2");
    config->n_threads = 0;
    refused("n_threads is 0; it must be from 1 to 3");
    config->n_threads = 4;
    refused("n_threads is 4");
    config->n_gain_sources = 2;
    refused("n_gain_sources is 2; it must be 0 where gains is NULL");
    config->gains = gains;
    config->n_gain_sources = 2;
    refused("format.n_channels is 0; gains need");
    config->gains = gains;
    config->format.n_channels = 2;
    refused("n_gain_sources is 0; it must be from 1");
    config->gains = gains;
    config->n_gain_sources = 2;
    refused("the gain of channel 0 from channel 1 is nan");
    config->format.n_channels = 0;
    config->quality = (pst_resample_quality)99;
    refused("quality");
    config->engine = (pst_resample_engine)99;
    refused("engine");
    config->raw = &rig_wav;
    refused("raw->container is 1; it must be RAW");
    pst_file_format raw = rig_wav;
    raw.container = PST_CONTAINER_RAW;
    raw.rate_hz = 0;
    config->raw = &raw;
    refused("samplerate is 0");
    config->format.n_bits = 8;
    refused("n_bits is 8; it needs format.sample_format");
    config->format = wav;
    config->format.container = PST_CONTAINER_PACKETS;
    refused("PACKETS, which is no file");
    config->format.container = (pst_container)99;
    refused("container is 99");
    config->format = wav;
    config->format.n_channels = 1000;
    refused("channels is 1000");
    config->format = wav;
    config->format.rate_hz = 2000000;
    refused("samplerate is 2000000");
    config->format = wav;
    config->format.sample_format = (pst_format)99;
    refused("sample_format is 99");
    config->format = wav;
    config->format.byte_order = (pst_byte_order)9;
    refused("byte_order is 9");
    config->format = wav;
    config->options.bitrate_bps = 64000;
    refused("bitrate is 64000; WAV has no bitrate");
    config->options.quality = 0.5;
    refused("quality is 0.5; WAV has no such choice");
    config->options.compression = 3;
    refused("compression is 3");
    config->options.dither = (pst_dither)9;
    refused("dither is 9");
    config->options.bitrate_mode = (pst_bitrate_mode)9;
    refused("bitrate_mode is 9");
    if (rig_can(PST_CONTAINER_MP3, PST_ENCODING_DEFAULT)) {
        // What one of the usual rates allows is left to the input.
        config->format.container = PST_CONTAINER_MP3;
        config->options.bitrate_bps = 8000;
        pst_error why = {0};
        const char *origin = NULL;
        CHECK_TEXT(rig_run(&rig, NULL, &origin, &why) == PST_OK, "%s", why.text);
        unlink(rig.output);
        config->options.bitrate_bps = 9;
        refused("bitrate is 9");
        config->format.rate_hz = 12345;
        refused("samplerate is 12345, which MP3 cannot have; the next that it can is 16000");
    }
    rig_end(&rig);
}

// ---- Failures ---------------------------------------------------------------------------------

static void test_errors_tell_where_they_come_from(void) {
    rig_begin(&rig);
    for (rig.config.n_threads = 1; rig.config.n_threads <= 3; ++rig.config.n_threads) {
        uint8_t *bytes = NULL;
        const size_t n_bytes = rig_slurp(rig.input, &bytes);
        memory_place broken = {.bytes = bytes, .n_bytes = (int64_t)n_bytes, .broken_at = 30000};
        CHECK_EQ(pst_io_open_user(&rig.config.input, &memory_file, &broken, PST_IO_READ, NULL),
                 PST_OK);
        rig_run_badly(&rig, PST_SYSTEM_ERROR, "input", EIO, "read the sound file");
        CHECK_EQ(broken.n_closed, 1);
        memory_place junk = {.bytes = bytes, .n_bytes = 4000};
        memset(bytes, 'x', 4000);
        CHECK_EQ(pst_io_open_user(&rig.config.input, &memory_file, &junk, PST_IO_READ, NULL),
                 PST_OK);
        rig_run_badly(&rig, PST_BAD_FILE, "input", 0, "");
        rig.config.input = NULL;
        memory_free(&broken);

        memory_place full = {.full_at = 40000};
        CHECK_EQ(pst_io_open_user(&rig.config.output, &memory_file, &full, PST_IO_WRITE, NULL),
                 PST_OK);
        rig_run_badly(&rig, PST_SYSTEM_ERROR, "output", ENOSPC, "write the sound file");
        CHECK_EQ(full.n_closed, 1);
        memory_free(&full);
        // Only the last bytes, which the end of the file needs.
        full = (memory_place){.full_at = 20};
        CHECK_EQ(pst_io_open_user(&rig.config.output, &memory_file, &full, PST_IO_WRITE, NULL),
                 PST_OK);
        rig_run_badly(&rig, PST_SYSTEM_ERROR, "output", ENOSPC, "write the sound file");
        memory_free(&full);
        rig.config.output = NULL;
        rig.config.format.rate_hz = 1000000;
        pst_file_format slow = rig_wav;
        slow.rate_hz = 1000;
        rig_write(rig.input, &slow, NULL, 10);
        rig_run_badly(&rig, PST_BAD_ARGUMENT, "resample", 0, "");
        rig.config.format.rate_hz = 0;
        rig_write(rig.input, &rig_wav, NULL, RIG_FRAMES);
    }
    rig_end(&rig);
}

static void test_a_full_disk(void) {
    rig_begin(&rig);
    rig_write(rig.output, &rig_wav, NULL, 10);
    struct rlimit before, small;
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = before;
    small.rlim_cur = 30000;
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (rig.config.n_threads = 1; rig.config.n_threads <= 3; ++rig.config.n_threads)
        rig_run_badly(&rig, PST_SYSTEM_ERROR, "output", EFBIG, "write the sound file");
    CHECK_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    int16_t *samples = NULL;
    pst_decoder_info info;
    CHECK_EQ(rig_read(rig.output, &samples, &info, NULL), 10);
    free(samples);
    rig_end(&rig);
}

static void test_a_folder_that_vanishes(void) {
    rig_begin(&rig);
    pst_job *job = NULL;
    pst_error err = {0};
    REQUIRE(rig_open(&rig, &job, &err) == PST_OK);
    rig_end(&rig);
    CHECK_EQ(pst_job_start(job, NULL), PST_OK);
    CHECK_EQ(pst_job_wait(job, -1, &err), PST_SYSTEM_ERROR);
    CHECK_EQ(err.native_code, ENOENT);
    CHECK_STR(pst_job_origin(job), "output");
    CHECK(access(rig.folder, F_OK) != 0);
    pst_job_release(job);
}

// ---- Cancelling -------------------------------------------------------------------------------

static pst_chain_state end_of(pst_job *job) {
    pst_job_progress progress;
    CHECK_EQ(pst_job_wait(job, 20 * PST_NS_PER_SECOND, NULL), PST_OK);
    pst_job_get_progress(job, &progress);
    return progress.state;
}

static void test_cancelled_before_the_start(void) {
    rig_begin(&rig);
    pst_job *job = NULL;
    const int n_before = failing_alloc_count_fds();
    REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
    pst_job_cancel(job);
    pst_job_cancel(job);
    CHECK_EQ(end_of(job), PST_CHAIN_CANCELLED);
    CHECK_EQ(pst_job_start(job, NULL), PST_BAD_STATE);
    CHECK_EQ(pst_job_error(job, NULL), PST_OK);
    CHECK(pst_job_origin(job) == NULL);
    pst_job_release(job);
    CHECK_EQ(failing_alloc_count_fds(), n_before);
    // Nobody wants it any more.
    REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
    pst_job_release(job);
    pst_job_release(NULL);
    CHECK_EQ(failing_alloc_count_fds(), n_before);
    CHECK_EQ(folder_sweep(rig.folder, false), 1);
    rig_end(&rig);
}

// At whatever moment: either nothing is there, or the whole.
static void test_cancelled_at_any_moment(void) {
    rig_begin(&rig);
    int n_done = 0;
    for (int i = 0; i < 60; ++i) {
        pst_job *job = NULL;
        rig.config.n_threads = 1 + (uint32_t)i % 3;
        rig.config.format.rate_hz = i % 2 == 0 ? 0 : 11025;
        REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
        CHECK_EQ(pst_job_start(job, NULL), PST_OK);
        pst_sleep_until_ns(pst_now_ns() + i * i * 300);
        pst_job_cancel(job);
        const pst_chain_state state = end_of(job);
        pst_job_result result;
        CHECK_EQ(pst_job_get_result(job, &result, NULL), PST_OK);
        CHECK(state == PST_CHAIN_DONE || state == PST_CHAIN_CANCELLED);
        CHECK_EQ(result.is_complete, state == PST_CHAIN_DONE);
        CHECK_EQ(folder_sweep(rig.folder, false), state == PST_CHAIN_DONE ? 2 : 1);
        n_done += state == PST_CHAIN_DONE;
        unlink(rig.output);
        pst_job_release(job);
    }
    printf("# %d of 60 were done\n", n_done);
    rig_end(&rig);
}

// A pipe that gives nothing more, at whatever place of the file, keeps nobody waiting.
static void test_cancelled_while_a_pipe_keeps_a_read_waiting(void) {
    rig_begin(&rig);
    uint8_t *bytes = NULL;
    rig_slurp(rig.input, &bytes);
    static const size_t given[] = {0, 5, 60, 1000, 40000};
    for (size_t i = 0; i < sizeof given / sizeof *given; ++i)
        for (uint32_t n_threads = 1; n_threads <= 3; ++n_threads) {
            int ends[2];
            pst_job *job = NULL;
            REQUIRE(pipe(ends) == 0);
            CHECK_EQ(write(ends[1], bytes, given[i]), given[i]);
            rig.config.n_threads = n_threads;
            rig.config.input = NULL;
            CHECK_EQ(pst_io_open_fd(&rig.config.input, ends[0], true, PST_IO_READ, NULL), PST_OK);
            REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
            CHECK_EQ(pst_job_start(job, NULL), PST_OK);
            pst_sleep_until_ns(pst_now_ns() + 3 * PST_NS_PER_MS);
            const int fd = pst_job_arm(job);
            pst_job_cancel(job);
            struct pollfd ask = {fd, POLLIN, 0};
            CHECK_EQ(poll(&ask, 1, 20000), 1);
            CHECK_EQ(end_of(job), PST_CHAIN_CANCELLED);
            pst_job_release(job);
            close(ends[1]);
            CHECK_EQ(folder_sweep(rig.folder, false), 1);
        }
    free(bytes);
    rig_end(&rig);
}

static void test_cancelled_while_a_pipe_keeps_a_write_waiting(void) {
    rig_begin(&rig);
    rig.config.format.n_channels = 20; // More than a pipe holds.
    for (uint32_t n_threads = 1; n_threads <= 4; ++n_threads) {
        int ends[2];
        pst_job *job = NULL;
        REQUIRE(pipe(ends) == 0);
        if (n_threads == 4) { // It is full, so that not even the head of the file goes out.
            fcntl(ends[1], F_SETFL, O_NONBLOCK);
            while (write(ends[1], rig_samples, 1000) > 0 || write(ends[1], rig_samples, 1) > 0)
                continue;
        }
        rig.config.n_threads = n_threads % 3 + 1;
        CHECK_EQ(pst_io_open_fd(&rig.config.output, ends[1], true, PST_IO_WRITE, NULL), PST_OK);
        REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
        CHECK_EQ(pst_job_start(job, NULL), PST_OK);
        CHECK_EQ(pst_job_wait(job, 3 * PST_NS_PER_MS, NULL), PST_TIMEOUT);
        pst_job_cancel(job);
        CHECK_EQ(end_of(job), PST_CHAIN_CANCELLED);
        pst_job_release(job);
        close(ends[0]);
    }
    rig_end(&rig);
}

// The job whose result goes to a place that cancels it, in the very end.
static pst_job *late;
static int n_rewound;

static int64_t seek_and_cancel(void *user, int64_t position) {
    if (position == 0 && ++n_rewound == 1)
        pst_job_cancel(late);
    return memory_seek(user, position);
}

static void test_cancelled_while_the_result_is_completed(void) {
    rig_begin(&rig);
    pst_io_functions functions = memory_file;
    functions.seek = seek_and_cancel;
    memory_place place = {0};
    CHECK_EQ(pst_io_open_user(&rig.config.output, &functions, &place, PST_IO_WRITE, NULL), PST_OK);
    REQUIRE(rig_open(&rig, &late, NULL) == PST_OK);
    CHECK_EQ(pst_job_start(late, NULL), PST_OK);
    CHECK_EQ(end_of(late), PST_CHAIN_CANCELLED);
    pst_job_result result;
    CHECK_EQ(pst_job_get_result(late, &result, NULL), PST_OK);
    CHECK(!result.is_complete);
    CHECK_EQ(n_rewound >= 1, 1);
    CHECK_EQ(place.n_closed, 1);
    pst_job_release(late);
    memory_free(&place);
    rig_end(&rig);
}

// A job whose result nobody takes ends, although its input has more to come.
static void test_a_failed_result_ends_a_waiting_read(void) {
    rig_begin(&rig);
    uint8_t *bytes = NULL;
    const size_t n_bytes = rig_slurp(rig.input, &bytes);
    for (uint32_t n_threads = 1; n_threads <= 3; ++n_threads) {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        CHECK_EQ(write(ends[1], bytes, n_bytes - 2000), n_bytes - 2000); // More than a piece.
        rig.config.n_threads = n_threads;
        rig.config.max_bytes = 5000;
        CHECK_EQ(pst_io_open_fd(&rig.config.input, ends[0], true, PST_IO_READ, NULL), PST_OK);
        rig_run_badly(&rig, PST_LIMIT, "output", 0, "max_bytes");
        close(ends[1]);
    }
    free(bytes);
    rig_end(&rig);
}

static void test_dropped_jobs_end_alone(void) {
    rig_begin(&rig);
    const int n_before = failing_alloc_count_fds();
    for (int i = 0; i < 10; ++i) {
        pst_job *job = NULL;
        REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
        pst_job_retain(job);
        CHECK_EQ(pst_job_start(job, NULL), PST_OK);
        pst_job_release(job);
        pst_job_release(job);
    }
    for (int i = 0; i < 2000 && failing_alloc_count_fds() > n_before; ++i)
        pst_sleep_until_ns(pst_now_ns() + PST_NS_PER_MS);
    CHECK_EQ(failing_alloc_count_fds(), n_before);
    rig_end(&rig);
}

// ---- Processes --------------------------------------------------------------------------------

static void test_a_forked_child_is_refused(void) {
    rig_begin(&rig);
    pst_job *job = NULL;
    REQUIRE(rig_open(&rig, &job, NULL) == PST_OK);
    const pid_t child = fork();
    if (child == 0) {
        bool is_refused = pst_job_start(job, NULL) == PST_FORKED &&
                          pst_job_wait(job, 0, NULL) == PST_FORKED &&
                          pst_job_arm(job) == PST_FORKED;
        pst_job_cancel(job);
        pst_job_release(job);
        _exit(is_refused ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(pst_job_start(job, NULL), PST_OK);
    CHECK_EQ(end_of(job), PST_CHAIN_DONE);
    pst_job_release(job);
    CHECK_EQ(folder_sweep(rig.folder, false), 2);
    rig_end(&rig);
}

static void test_killed_at_any_moment(void) {
    rig_begin(&rig);
    rig_write(rig.output, &rig_wav, NULL, 10);
    for (int i = 0; i < 12; ++i) {
        const int n_before = folder_sweep(rig.folder, false);
        const pid_t child = fork();
        if (child == 0) {
            const char *origin = NULL;
            for (;;) // The moment is anywhere in one of them.
                if (rig_run(&rig, NULL, &origin, NULL) != PST_OK)
                    _exit(1);
        }
        pst_sleep_until_ns(pst_now_ns() + (i * i * 37 + 1) * 1000);
        kill(child, SIGKILL);
        int status = 0;
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK(WIFSIGNALED(status));
        // The old one, or the new one; another name is left only in the very moment of the change.
        int16_t *samples = NULL;
        pst_decoder_info info;
        const int64_t n_frames = rig_read(rig.output, &samples, &info, NULL);
        CHECK(n_frames == 10 || n_frames == RIG_FRAMES);
        free(samples);
        CHECK(folder_sweep(rig.folder, false) <= n_before + 1);
    }
    rig_end(&rig);
}

// ---- Allocations ------------------------------------------------------------------------------

// soxr is none of those libraries that can do without memory.
static void fail_everywhere(uint32_t n_threads, uint32_t rate_hz, pst_container container) {
    rig.config.engine = PST_RESAMPLER_SAMPLERATE;
    rig.config.quality = PST_RESAMPLE_FAST;
    rig.config.n_threads = n_threads;
    rig.config.format = (pst_file_format){.container = container, .rate_hz = rate_hz};
    const int n_before = failing_alloc_count_fds();
    long n_failed = 0;
    for (long n = 1;; ++n) {
        const char *origin = NULL;
        pst_error err = {0};
        failing_alloc_begin(n);
        const pst_status status = rig_run(&rig, NULL, &origin, &err);
        const bool got_by = failing_alloc_end() < n;
        if (got_by)
            break;
        // Libraries get by with less here and there.
        n_failed += status != PST_OK;
        if (status == PST_OK)
            CHECK_EQ(folder_sweep(rig.folder, false), 2);
        else
            CHECK_EQ(folder_sweep(rig.folder, false), 1);
        unlink(rig.output);
        CHECK_EQ(failing_alloc_count_fds(), n_before);
    }
    CHECK(n_failed > 10);
    unlink(rig.output);
}

static void test_failing_allocations_leave_nothing(void) {
    if (!failing_alloc_works()) {
        check_skip("allocations cannot fail in this build");
        return;
    }
    rig_begin(&rig);
    rig_write(rig.input, &rig_wav, NULL, 500);
    pst_tags *tags = NULL;
    CHECK_EQ(pst_tags_create(&tags, NULL), PST_OK);
    CHECK_EQ(pst_tags_add(tags, "title", "a title", NULL), PST_OK);
    rig.config.options.tags = tags;
    fail_everywhere(1, 0, PST_CONTAINER_WAV);
    fail_everywhere(3, 12000, PST_CONTAINER_WAV);
    pst_tags_destroy(tags);
    rig_end(&rig);
}

int main(void) {
    RUN(test_every_field_is_checked);
    RUN(test_errors_tell_where_they_come_from);
    RUN(test_a_full_disk);
    RUN(test_a_folder_that_vanishes);
    RUN(test_cancelled_before_the_start);
    RUN(test_cancelled_at_any_moment);
    RUN(test_cancelled_while_a_pipe_keeps_a_read_waiting);
    RUN(test_cancelled_while_a_pipe_keeps_a_write_waiting);
    RUN(test_cancelled_while_the_result_is_completed);
    RUN(test_a_failed_result_ends_a_waiting_read);
    RUN(test_dropped_jobs_end_alone);
    RUN(test_a_forked_child_is_refused);
    RUN(test_killed_at_any_moment);
    RUN(test_failing_allocations_leave_nothing);
    return check_done();
}
