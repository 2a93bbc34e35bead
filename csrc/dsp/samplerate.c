// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "dsp/samplerate.h"

#include <samplerate.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/rt.h"

// libsamplerate's filters take at most 128 channels, so more of them are split into groups. All
// groups have the same size, the last one with a silent channel if need be: the numbers of frames
// that a group takes and gives depend on its size.
enum { MOST_GROUPS = 2, GROUP_CHANNELS = PST_MAX_CHANNELS / MOST_GROUPS, GROUP_FRAMES = 256 };

struct pst_samplerate {
    SRC_STATE *states[MOST_GROUPS];
    uint32_t n_groups;
    uint32_t n_channels, n_group_channels;
    double ratio;
    float *group_in, *group_out; // Only with more than one group.
};

PST_RT_UNCHECKED_BEGIN

// libsamplerate works on memory that src_new has allocated; processing and reset take no more.
static long process(SRC_STATE *state, SRC_DATA *data) PST_RT {
    return src_process(state, data) == 0 ? data->output_frames_gen : 0;
}

static void reset(SRC_STATE *state, double ratio) PST_RT {
    src_reset(state);
    src_set_ratio(state, ratio); // Otherwise the first block would glide from ratio 0 to this one.
}

PST_RT_UNCHECKED_END

static int64_t process_group(SRC_STATE *state, double ratio, const float *in, int64_t n_in,
                             float *out, int64_t n_out_max, int64_t *n_used) PST_RT {
    SRC_DATA data = {
        .data_in = in,
        .data_out = out,
        .input_frames = (long)n_in,
        .output_frames = (long)n_out_max,
        .src_ratio = ratio,
    };
    const int64_t n_made = process(state, &data);
    *n_used = data.input_frames_used;
    return n_made;
}

// Copies the channels that both have; the rest of dst keeps what it has.
static void copy_channels(float *dst, uint32_t dst_stride, const float *src, uint32_t src_stride,
                          uint32_t n_channels, int64_t n_frames) PST_RT {
    for (int64_t frame = 0; frame < n_frames; ++frame)
        for (uint32_t channel = 0; channel < n_channels; ++channel)
            dst[frame * dst_stride + channel] = src[frame * src_stride + channel];
}

static int64_t process_groups(pst_samplerate *s, const float *in, int64_t n_in, float *out,
                              int64_t n_out_max, int64_t *n_used) PST_RT {
    int64_t n_made = 0;
    n_in = n_in < GROUP_FRAMES ? n_in : GROUP_FRAMES;
    n_out_max = n_out_max < GROUP_FRAMES ? n_out_max : GROUP_FRAMES;
    for (uint32_t group = 0; group < s->n_groups; ++group) {
        const uint32_t first = group * s->n_group_channels;
        const uint32_t n_left = s->n_channels - first;
        const uint32_t n_real = n_left < s->n_group_channels ? n_left : s->n_group_channels;
        if (n_real < s->n_group_channels)
            pst_silence(s->group_in, PST_FORMAT_F32, (size_t)n_in * s->n_group_channels);
        copy_channels(s->group_in, s->n_group_channels, in + first, s->n_channels, n_real, n_in);
        n_made = process_group(s->states[group], s->ratio, s->group_in, n_in, s->group_out,
                               n_out_max, n_used);
        copy_channels(out + first, s->n_channels, s->group_out, s->n_group_channels, n_real,
                      n_made);
    }
    return n_made;
}

int64_t pst_samplerate_process(pst_samplerate *samplerate, const float *in, int64_t n_in,
                               float *out, int64_t n_out_max, int64_t *n_used) PST_RT {
    if (samplerate->n_groups > 1)
        return process_groups(samplerate, in, n_in, out, n_out_max, n_used);
    return process_group(samplerate->states[0], samplerate->ratio, in, n_in, out, n_out_max,
                         n_used);
}

void pst_samplerate_reset(pst_samplerate *samplerate) PST_RT {
    for (uint32_t group = 0; group < samplerate->n_groups; ++group)
        reset(samplerate->states[group], samplerate->ratio);
}

static bool make_groups(pst_samplerate *made, int converter) {
    for (uint32_t group = 0; group < made->n_groups; ++group) {
        int code = 0;
        made->states[group] = src_new(converter, (int)made->n_group_channels, &code);
        if (made->states[group] == NULL)
            return false;
    }
    if (made->n_groups == 1)
        return true;
    const size_t n_samples = (size_t)GROUP_FRAMES * made->n_group_channels;
    made->group_in = pst_alloc_array(n_samples, sizeof(float));
    made->group_out = pst_alloc_array(n_samples, sizeof(float));
    return made->group_in != NULL && made->group_out != NULL;
}

pst_status pst_samplerate_create(pst_samplerate **samplerate, pst_resample_quality quality,
                                 uint32_t n_channels, double ratio, pst_error *err) {
    static const int converters[] = {[PST_RESAMPLE_MEDIUM] = SRC_SINC_MEDIUM_QUALITY,
                                     [PST_RESAMPLE_FAST] = SRC_SINC_FASTEST,
                                     [PST_RESAMPLE_BEST] = SRC_SINC_BEST_QUALITY};
    pst_samplerate *made = pst_alloc(sizeof *made);
    if (made == NULL)
        return pst_fail_memory(err);
    made->ratio = ratio;
    made->n_channels = n_channels;
    made->n_groups = n_channels > GROUP_CHANNELS ? MOST_GROUPS : 1;
    made->n_group_channels = (n_channels + made->n_groups - 1) / made->n_groups;
    if (!make_groups(made, converters[quality])) {
        pst_samplerate_destroy(made);
        return pst_fail_memory(err);
    }
    pst_samplerate_reset(made);
    *samplerate = made;
    return PST_OK;
}

void pst_samplerate_destroy(pst_samplerate *samplerate) {
    if (samplerate == NULL)
        return;
    for (uint32_t group = 0; group < samplerate->n_groups; ++group)
        if (samplerate->states[group] != NULL)
            src_delete(samplerate->states[group]);
    pst_free(samplerate->group_in);
    pst_free(samplerate->group_out);
    pst_free(samplerate);
}
