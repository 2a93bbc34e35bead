// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#include "graph/nodes/pitch.h"

#include <math.h>

void pst_pitch_init(pst_pitch *pitch, double rate_hz) PST_RT {
    pitch->frame_s = 1.0 / rate_hz;
    pitch->factor = 1.0;
}

static double factor_of(pst_pitch *pitch, double detune) PST_RT {
    if (detune != pitch->detune) {
        pitch->detune = detune;
        pitch->factor = exp2(detune / 1200.0);
    }
    return pitch->factor;
}

double pst_pitch_step(pst_pitch *pitch, const pst_values *frequency, const pst_values *detune,
                      uint32_t i) PST_RT {
    const double hz =
        (double)pst_value_at(frequency, i) * factor_of(pitch, (double)pst_value_at(detune, i));
    const double step = hz * pitch->frame_s;
    const double most = 0.5;
    return step > most ? most : step < -most ? -most : step;
}

void pst_pitch_steps(pst_pitch *pitch, const pst_values *frequency, const pst_values *detune,
                     uint32_t from, uint32_t n, double *steps) PST_RT {
    if (frequency->is_steady || !detune->is_steady) {
        for (uint32_t i = 0; i < n; ++i)
            steps[i] = pst_pitch_step(pitch, frequency, detune, from + i);
        return;
    }
    // Without calls, so that many are computed at once.
    const double factor = factor_of(pitch, (double)detune->value) * pitch->frame_s;
    for (uint32_t i = 0; i < n; ++i) {
        const double step = (double)frequency->values[from + i] * factor;
        const double low = step < -0.5 ? -0.5 : step;
        steps[i] = low > 0.5 ? 0.5 : low;
    }
}

double pst_pitch_wrapped(double phase) PST_RT {
    const double part = phase - floor(phase);
    return part < 1.0 ? part : 0.0; // A negative number next to nothing is rounded to 1.
}

double pst_pitch_lead(const pst_schedule *schedule, const pst_quantum *quantum,
                      double step) PST_RT {
    const int64_t frame = quantum->frame + quantum->first;
    if ((double)frame / quantum->rate_hz == schedule->start_s)
        return 0.0;
    return ((double)frame - schedule->start_s * quantum->rate_hz) * step;
}

void pst_pitch_begin(pst_pitch *pitch, const pst_schedule *schedule, const pst_quantum *quantum,
                     double step) PST_RT {
    pitch->has_begun = true;
    pitch->phase = pst_pitch_wrapped(pst_pitch_lead(schedule, quantum, step));
}
