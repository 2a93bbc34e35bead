// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// What a job makes of a sound file: its samples, format, tags and part, and what it tells of that.

#include "base/clock.h"
#include "job_rig.h"

static job_rig rig;

static pst_job_result run_well(void) {
    pst_job_result result = {0};
    pst_error err = {0};
    const char *origin = NULL;
    CHECK_TEXT(rig_run(&rig, &result, &origin, &err) == PST_OK, "%s: %s", origin, err.text);
    CHECK(origin == NULL);
    CHECK(result.is_complete);
    return result;
}

// The result has the samples of the input from a frame on.
static void check_samples(int64_t from, int64_t n_frames) {
    int16_t *samples = NULL;
    pst_decoder_info info;
    CHECK_EQ(rig_read(rig.output, &samples, &info, NULL), n_frames);
    if (samples != NULL)
        CHECK(memcmp(samples, rig_samples + RIG_CHANNELS * from,
                     (size_t)n_frames * RIG_CHANNELS * sizeof *samples) == 0);
    free(samples);
}

static void test_a_copy_has_the_same_samples(void) {
    rig_begin(&rig);
    const pst_job_result result = run_well();
    check_samples(0, RIG_FRAMES);
    CHECK_EQ(result.in_format.rate_hz, RIG_RATE_HZ);
    CHECK_EQ(result.out_format.rate_hz, RIG_RATE_HZ);
    CHECK_EQ(result.out_format.n_channels, RIG_CHANNELS);
    CHECK_EQ(result.out_format.sample_format, PST_FORMAT_I16);
    CHECK_EQ(result.out_format.encoding, PST_ENCODING_PCM);
    CHECK_EQ(result.in_total_frames, RIG_FRAMES);
    CHECK_EQ(result.damage.flags, 0);
    CHECK_EQ(result.damage.first_frame, -1);
    CHECK_EQ(rig_sweep(&rig, false), 2);
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

int main(void) {
    RUN(test_a_copy_has_the_same_samples);
    RUN(test_progress_is_exact_at_the_end);
    return check_done();
}
