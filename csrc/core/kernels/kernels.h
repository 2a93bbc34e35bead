// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_KERNELS_KERNELS_H
#define PST_CORE_KERNELS_KERNELS_H

#include "core/convert.h"
#include "pastream/simd.h"

// The loops in which the time goes, one table per level. Each source of this folder is compiled
// once per level, and defines one part of the table.
//
// All levels give the same bits. So sums have a fixed order, products are not fused with sums, and
// lanes never meet, or meet in an order that does not depend on how many a register holds.

enum { PST_N_FORMATS = PST_FORMAT_U8 + 1 };

typedef struct pst_convert_kernels {
    pst_convert_fn convert[PST_N_FORMATS][PST_N_FORMATS]; // [destination][source]
    // In place, any alignment: replace what is not finite by 0, and return how many there were.
    uint64_t (*scrub_f32)(unsigned char *samples, size_t n_samples) PST_RT;
    uint64_t (*scrub_f64)(unsigned char *samples, size_t n_samples) PST_RT;
    // float32 to float64 and back, whatever the samples are. Any alignment, no overlap.
    void (*widen)(unsigned char *dst, const unsigned char *src, size_t n_samples) PST_RT;
    void (*narrow)(unsigned char *dst, const unsigned char *src, size_t n_samples) PST_RT;
} pst_convert_kernels;

// A matrix of gains without those that are 0: those of destination d are entries first[d] to
// first[d + 1] of sources and gains.
typedef struct pst_mix {
    uint32_t n_sources, n_destinations;
    const uint32_t *first;
    const uint16_t *sources;
    const float *gains;
} pst_mix;

enum { PST_MIX_FRAMES = 64 }; // At most, at once.

// A piece of the way from one gain to another.
typedef struct pst_slope {
    float from, to;
    double n_done;      // Frames of the way, before the piece.
    double frame_share; // What part of the way a frame is.
} pst_slope;

enum { PST_SCAN_LANES = 32 }; // Whose scan is the quickest.

// What a scan has found: one number per lane. peak: the bits of a float.
typedef struct pst_scan_lanes {
    int32_t *peak;
    int32_t *n_clipped;
    float *sum; // Of squares.
} pst_scan_lanes;

typedef struct pst_mix_kernels {
    void (*scale_f32)(float *x, size_t n, float gain) PST_RT;
    void (*scale_f64)(double *x, size_t n, double gain) PST_RT;
    // Interleaved frames, with a gain for each.
    void (*scale_moving)(float *x, size_t n_frames, size_t n_channels, const float *gains) PST_RT;
    // Add input times a gain to output: all samples, or one channel to two.
    void (*add)(float *output, const float *input, size_t n, float gain) PST_RT;
    void (*add_one_to_two)(float *output, const float *input, size_t n_frames, float gain) PST_RT;
    void (*add_moving)(float *output, const float *input, size_t n_frames, size_t n_channels,
                       const float *gains) PST_RT;
    // Interleaved frames, at most PST_MIX_FRAMES, through a matrix. planes: room for that many of
    // each source, all of it finite at first.
    void (*mix_f32)(const pst_mix *mix, float *dst, const float *src, float *planes,
                    size_t n_frames) PST_RT;
    void (*mix_f64)(const pst_mix *mix, double *dst, const double *src, double *planes,
                    size_t n_frames) PST_RT;
    // Multiply gains by those of the way: a line, sine and cosine, or even in decibels (no 0).
    void (*ramp_linear)(const pst_slope *slope, float *gains, size_t n) PST_RT;
    void (*ramp_equal_power)(const pst_slope *slope, float *gains, size_t n) PST_RT;
    void (*ramp_exponential)(const pst_slope *slope, float *gains, size_t n) PST_RT;
    // Sample i belongs to lane i % n_lanes. limit: the bits of the float from which on it clips.
    void (*scan)(const pst_scan_lanes *found, const float *samples, size_t n_samples,
                 uint32_t n_lanes, int32_t limit) PST_RT;
    // Whether all absolute values are at most so much; NaN is not.
    bool (*are_within_f32)(const float *x, float most, size_t n) PST_RT;
    bool (*are_within_f64)(const double *x, double most, size_t n) PST_RT;
} pst_mix_kernels;

// Complex numbers, the real parts and the imaginary parts each in a row.
typedef struct pst_complex {
    double *re, *im;
} pst_complex;

typedef struct pst_complex_product {
    pst_complex a, b;
} pst_complex_product;

// Of a transform of n numbers: for k from 0 to n / 4 - 1 the cosines and the negative sines of
// 2 pi k / n, of twice that, and of three times that.
typedef struct pst_twiddles {
    double *cosines[3], *sines[3];
} pst_twiddles;

// A second-order section in the transposed direct form II:
//
//   y = b0 x + z1;  z1 = b1 x - a1 y + z2;  z2 = b2 x - a2 y
typedef struct pst_section {
    double b0, b1, b2, a1, a2;
} pst_section;

enum { PST_SUM_SLACK = 128 };

typedef struct pst_filter_kernels {
    // y[i] becomes the sum of taps[k] * x[i - k * n_channels], from the first k to the last. Reads
    // up to PST_SUM_SLACK samples behind the last of x, whatever they are.
    void (*sum_f32)(float *y, const float *x, const float *taps, size_t n_taps, size_t n_channels,
                    size_t n_samples) PST_RT;
    void (*sum_f64)(double *y, const double *x, const double *taps, size_t n_taps,
                    size_t n_channels, size_t n_samples) PST_RT;
    // The same with taps that are their own mirror image, given from the middle: y[i] becomes the
    // sum of taps[k] * (x[i - n_pairs + 1 + k] + x[i - n_pairs - k]).
    void (*sum_mirrored)(float *y, const float *x, const float *taps, size_t n_pairs,
                         size_t n_samples) PST_RT;
    // to[i] becomes the sum of a[i] * b[i] of all products, n numbers each.
    void (*multiply_sum)(pst_complex to, const pst_complex_product *products, size_t n_products,
                         size_t n) PST_RT;
    // A step of Stockham's transform, by four or by two. stride: 1, 4, 16 and so on by four, any
    // by two; quarter: so many times four times stride numbers.
    void (*step_of_four)(const pst_twiddles *twiddles, size_t quarter, size_t stride,
                         pst_complex from, pst_complex to) PST_RT;
    void (*step_of_two)(size_t stride, pst_complex from, pst_complex to) PST_RT;
    // Takes interleaved frames through the sections, in place. z: two of each section and channel,
    // [section][2][channel]. All must be finite.
    void (*run_sections)(const pst_section *sections, uint32_t n_sections, double *z,
                         double *frames, size_t n_frames, uint32_t n_channels) PST_RT;
} pst_filter_kernels;

// A level that goes a part of the way to each size that it is given.
typedef struct pst_follower {
    double attack, release; // What is left of the way up, and down.
} pst_follower;

// Which gain a level gets; its numbers are natural logarithms. Around the threshold, by half the
// knee's width to each side, the gain bends. Below the other threshold the sound is expanded.
typedef struct pst_gain_curve {
    double threshold, knee_width;
    double slope; // Of the gain above the threshold; not above 0.
    double expansion_threshold;
    double expansion_slope; // Of the gain below it; not below 0.
    double quiet, loud;     // Levels, not logarithms; between them the gain is the master gain.
    double master;          // A factor.
} pst_gain_curve;

enum { PST_PRESS_FRAMES = 32 };

// How a compressor in the manner of Web Audio answers a peak: nothing below the threshold, then a
// knee, y = threshold + (1 - e^(-bend (x - threshold))) / bend, then a line in decibels. Peaks are
// 0 to 1e10.
typedef struct pst_press_curve {
    float threshold, bend;
    float knee_end;              // From here on it is the line,
    float knee_log, pressed_log; // which begins at these natural logarithms of x and y,
    float slope;                 // and goes up by this.
    float rise;                  // What part of the logarithm the level rises in a frame.
} pst_press_curve;

// A gain on its way: its arc is goal + way * factor^n after n frames, at most 1.
typedef struct pst_press_way {
    double goal, way, factor;
    float makeup; // A factor of all gains.
} pst_press_way;

typedef struct pst_dynamics_kernels {
    // The larger one of peaks[i] and |x[i]|, at most 1e10; NaN counts as 0.
    void (*peaks)(float *peaks, const float *x, size_t n) PST_RT;
    // Takes a level, from 0 to 1, through PST_PRESS_FRAMES peaks: down at once to what the curve
    // makes of one, and up slowly.
    double (*press_level)(const pst_press_curve *curve, double level, const float *peaks) PST_RT;
    // The gains of PST_PRESS_FRAMES frames: the sines of the arcs, which are parts of a quarter of
    // the circle. Returns the last arc.
    double (*press_gains)(const pst_press_way *way, float *gains) PST_RT;
    // In place: natural logarithms of positive normal numbers; powers of e from -700 to 700.
    void (*log_of_each)(double *x, size_t n) PST_RT;
    void (*power_of_each)(double *x, size_t n) PST_RT;
    // Absolute values, none of them below the least one.
    void (*sizes_f32)(double *sizes, const float *x, double least, size_t n) PST_RT;
    void (*sizes_f64)(double *sizes, const double *x, double least, size_t n) PST_RT;
    void (*multiply_f32)(float *x, const double *gains, size_t n) PST_RT;
    void (*multiply_f64)(double *x, const double *gains, size_t n) PST_RT;
    // Interleaved sizes become levels, in place. levels: those of the last frame.
    void (*follow)(const pst_follower *follower, double *x, size_t n_frames, size_t n_channels,
                   double *levels) PST_RT;
    bool (*are_all_between)(const double *x, double least, double most, size_t n) PST_RT;
    // Levels, positive and normal, become gains, in place.
    void (*gains_of_levels)(const pst_gain_curve *curve, double *x, size_t n) PST_RT;
} pst_dynamics_kernels;

// One period of a wave: a power of two of values, each with its bend behind it, which is its second
// difference less 0.184 times its fourth; and the first pair once more.
typedef struct pst_wave_table {
    const float *values;
    uint32_t shift; // A phase is a fraction of the period times 2^32: phase >> shift is the place.
    uint32_t mask;  // What lies between two places,
    float part_scale; // and what makes a fraction of it.
} pst_wave_table;

// Blocks of one channel. They do not overlap unless it says so.
typedef struct pst_plane_kernels {
    void (*add)(float *dst, const float *src, size_t n) PST_RT;
    void (*scale)(float *dst, const float *src, float gain, size_t n) PST_RT;
    void (*add_scaled)(float *dst, const float *src, float gain, size_t n) PST_RT;
    void (*multiply)(float *dst, const float *a, const float *b, size_t n) PST_RT;
    void (*fill)(float *dst, float value, size_t n) PST_RT;
    void (*mean)(float *dst, const float *src, size_t n) PST_RT; // Of dst and src.
    void (*interleave)(float *dst, const float *left, const float *right, size_t n) PST_RT;
    // In place: NaN becomes fallback; then all is brought to min to max.
    void (*limit)(float *values, float min, float max, float fallback, size_t n) PST_RT;
    bool (*is_zero)(const float *src, size_t n) PST_RT; // Both zeros count.
    // Reads a wave at phase, phase + step and so on, or at given phases, on the curves between its
    // values.
    void (*wave_steady)(float *dst, const pst_wave_table *wave, uint32_t phase, uint32_t step,
                        size_t n) PST_RT;
    void (*wave_moving)(float *dst, const pst_wave_table *wave, const uint32_t *phases,
                        size_t n) PST_RT;
    // Finds where a line that goes round, of mask + 1 frames, is to be read: i frames behind place,
    // less times_s[i] * rate_hz frames, or least if that is more. There may not be more of them
    // than the line has. Gives places in the line, and how far each is on the way to the next.
    // A time is a float32: what is within its rounding of a whole frame is one.
    void (*delay_places)(uint32_t *places, float *parts, uint32_t place, uint32_t mask,
                         const float *times_s, double rate_hz, double least, size_t n) PST_RT;
    // Reads there, linear between two values: values has the first one behind the last once more.
    void (*look_up)(float *dst, const float *values, const uint32_t *places, const float *parts,
                    size_t n) PST_RT;
    // Finds place + i * step: what lies below, and how far it is from there. None is negative or
    // above 2^31.
    void (*places_of)(uint32_t *places, float *parts, double place, double step, size_t n) PST_RT;
    // Reads on the way from each value to the next, by the same part.
    void (*shift)(float *dst, const float *values, float part, size_t n) PST_RT;
    // Numbers from -1 to below 1 that have nothing to do with each other: those of a row, which has
    // keys, from the first one on, counted modulo 2^32.
    void (*noise)(float *dst, const uint32_t keys[2], uint32_t first, size_t n) PST_RT;
    // Brings samples to what lies between a and b, in whichever order: the nearest number there,
    // or along a hyperbolic tangent, which is as steep as a line in the middle. NaN stays.
    void (*clip)(float *dst, const float *src, const float *a, const float *b, size_t n) PST_RT;
    void (*clip_softly)(float *dst, const float *src, const float *a, const float *b,
                        size_t n) PST_RT;
    // Takes each sample through a curve: n_points of them, at least two, which lie evenly between
    // -1 and 1, and lines between them. What is beyond an end is that end, and NaN is the first.
    // points has the last one once more. dst may be x.
    void (*bend)(float *dst, const float *points, uint32_t n_points, const float *x,
                 size_t n) PST_RT;
    // Every other sample here and there: what interleave has put together.
    void (*separate)(float *first, float *second, const float *src, size_t n) PST_RT;
} pst_plane_kernels;

// Where a source is, seen from who listens: how far to the right and ahead, on the level of the
// ears, and its distance.
typedef struct pst_bearings {
    double *right, *ahead, *distance;
} pst_bearings;

// How sound becomes quieter with the distance. None is negative.
typedef struct pst_fall {
    double reference, most, rolloff;
} pst_fall;

// How much quieter a source is at its sides and behind it: angles in radians to its front.
typedef struct pst_cone {
    double inner, outer;
    double outer_gain;
} pst_cone;

// Sound in space. Vectors are three planes; nothing overlaps.
typedef struct pst_space_kernels {
    // Makes two channels of one or two, at places from -1 (left) to 1 (right).
    void (*pan_mono)(float *left, float *right, const float *mono, const float *places,
                     size_t n) PST_RT;
    void (*pan_stereo)(float *left, float *right, const float *from_left, const float *from_right,
                       const float *places, size_t n) PST_RT;
    // Gives right and forward of who listens, of length 1: six planes. All zeros where up and
    // forward do not tell them.
    void (*face)(double *const *axes, const float *const *forward, const float *const *up,
                 size_t n) PST_RT;
    // Finds sources. axes: as face gives them. is_moving: the listener, or the axes; else the first
    // of each counts.
    void (*locate)(const pst_bearings *to, const float *const *source, const float *const *listener,
                   const double *const *axes, bool is_moving, size_t n) PST_RT;
    // In place: distances become gains; linear, inverse, exponential.
    void (*fall[3])(const pst_fall *fall, double *x, size_t n) PST_RT;
    // Multiplies gains by those of a cone. distance: from source to listener.
    void (*shade)(const pst_cone *cone, double *gains, const float *const *source,
                  const float *const *orientation, const float *const *listener, bool is_moving,
                  const double *distance, size_t n) PST_RT;
    // Makes two channels of one or two, as they are heard from there, with a gain for each frame.
    void (*place_mono)(float *left, float *right, const float *mono, const pst_bearings *bearings,
                       const double *gains, size_t n) PST_RT;
    void (*place_stereo)(float *left, float *right, const float *from_left, const float *from_right,
                         const pst_bearings *bearings, const double *gains, size_t n) PST_RT;
} pst_space_kernels;
// Complex numbers in float32.
typedef struct pst_bins {
    float *re, *im;
} pst_bins;

typedef struct pst_bins_product {
    pst_bins a, b;
} pst_bins_product;

// As pst_twiddles, in float32. The second step wants each of its own four times.
typedef struct pst_turns {
    float *cosines[3], *sines[3];
} pst_turns;

enum { PST_BINS_MIN = 64 }; // All numbers of bins are multiples of it.

// Arrays stand on 64-byte boundaries, and do not overlap.
typedef struct pst_spectrum_kernels {
    // A step of Stockham's transform by four. quarter: of all numbers; stride: 1, 4, 16 and so on.
    void (*turn_by_four)(const pst_turns *turns, size_t quarter, size_t stride, pst_bins from,
                         pst_bins to) PST_RT;
    // The same by eight, with a stride of 16 or more. circle: of n numbers, the cosines and the
    // negative sines of 2 pi k / n; eighth: of all numbers.
    void (*turn_by_eight)(pst_bins circle, size_t eighth, size_t stride, pst_bins from,
                          pst_bins to) PST_RT;
    // Makes first[i] + j second[i], times turns[i]; and out of such numbers second[i] again.
    void (*fold)(pst_bins to, const float *first, const float *second, pst_bins turns,
                 size_t n) PST_RT;
    void (*unfold)(float *second, pst_bins from, pst_bins turns, size_t n) PST_RT;
    // Numbers first to first + n - 1 become the sums of a[i] * b[i] of all products.
    void (*multiply_sum)(pst_bins to, const pst_bins_product *products, size_t n_products,
                         size_t first, size_t n) PST_RT;
} pst_spectrum_kernels;

// Biquad filters as Web Audio has them.
typedef enum pst_biquad_type {
    PST_BIQUAD_LOWPASS = 0,
    PST_BIQUAD_HIGHPASS = 1,
    PST_BIQUAD_BANDPASS = 2,
    PST_BIQUAD_LOWSHELF = 3,
    PST_BIQUAD_HIGHSHELF = 4,
    PST_BIQUAD_PEAKING = 5,
    PST_BIQUAD_NOTCH = 6,
    PST_BIQUAD_ALLPASS = 7
} pst_biquad_type;

enum {
    PST_BIQUAD_FREQUENCY = 0, // Hz.
    PST_BIQUAD_DETUNE = 1,    // Cents.
    PST_BIQUAD_Q = 2,         // Decibels of low-pass and high-pass filters.
    PST_BIQUAD_GAIN = 3,      // Decibels.
    PST_BIQUAD_N_PARAMS = 4,
    PST_BIQUAD_MEMORY = 4 // Numbers of one channel: the last two samples and results, see below.
};

// What a biquad is made of in some frames. Finite numbers.
typedef struct pst_biquad_shape {
    pst_biquad_type type;
    double nyquist_hz;
    const float *moving[PST_BIQUAD_N_PARAMS]; // A value for each frame; NULL: steady.
    float steady[PST_BIQUAD_N_PARAMS];
} pst_biquad_shape;

enum { PST_BLOCK_FRAMES = 8, PST_BLOCK_MOST = 19 };

// A recursive filter that makes a block of results at a time, from the samples of the block, and
// the last samples and results before it. Each of those counts with a column: what it does to each
// frame of the block.
typedef struct pst_block_filter {
    uint32_t n_samples, n_results;             // That it remembers, at most PST_BLOCK_MOST of each.
    const double (*columns)[PST_BLOCK_FRAMES]; // Of those samples, of the block, of those results.
} pst_block_filter;

// Filters take samples that are not finite as 0, and begin anew when what they remember is not
// finite any more. They remember the last samples and then the last results, the oldest first.
typedef struct pst_recursion_kernels {
    // The coefficients in a steady shape.
    void (*find_section)(pst_section *section, const pst_biquad_shape *shape) PST_RT;
    // Runs a biquad whose shape moves. memory: PST_BIQUAD_MEMORY of each channel.
    void (*run_moving)(const pst_biquad_shape *shape, float *const *to, const float *const *from,
                       double *memory, size_t n_frames, uint32_t n_channels) PST_RT;
    // One channel.
    void (*run_blocks)(const pst_block_filter *filter, float *to, const float *from, double *memory,
                       size_t n_frames) PST_RT;
} pst_recursion_kernels;

typedef struct pst_kernels {
    pst_kernel_level level;
    const pst_convert_kernels *convert;
    const pst_mix_kernels *mix;
    const pst_filter_kernels *filter;
    const pst_dynamics_kernels *dynamics;
    const pst_plane_kernels *planes;
    const pst_space_kernels *space;
    const pst_spectrum_kernels *spectrum;
    const pst_recursion_kernels *recursion;
} pst_kernels;

// Returns the table of the level that is taken now.
// Thread: any. Realtime: yes. Ownership: static.
const pst_kernels *pst_kernels_now(void) PST_RT;

// Returns the table of a level; NULL: this machine does not have it.
// Thread: any. Realtime: yes. Ownership: static.
const pst_kernels *pst_kernels_of(pst_kernel_level level) PST_RT;

// The name of a table of this level, for the sources that are compiled once per level: the build
// defines PST_LEVEL.
#define PST_KERNEL_NAME_OF(part, level) pst_##part##_kernels_##level
#define PST_KERNEL_NAME_AT(part, level) PST_KERNEL_NAME_OF(part, level)
#define PST_KERNEL_TABLE(part) PST_KERNEL_NAME_AT(part, PST_LEVEL)

#endif
