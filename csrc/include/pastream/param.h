// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PASTREAM_PARAM_H
#define PASTREAM_PARAM_H

#include "pastream/base.h"
#include "pastream/graph_kinds.h"

#if !defined(PST_CFFI) && defined(__cplusplus)
extern "C" {
#endif

// A number of a node that can follow a timeline and the sound of other nodes. It belongs to its
// node, and lives as long as a handle of that does.
//
// Times are seconds of the graph's clock. They are not rounded: something that happens at time t
// acts on the first frame n with n / rate >= t. Times that have passed count as now.
typedef struct pst_param pst_param;

typedef enum pst_automation_kind {
    PST_AUTOMATE_SET = 0,         // value from time on.
    PST_AUTOMATE_LINEAR = 1,      // From what comes before in a line to value at time.
    PST_AUTOMATE_EXPONENTIAL = 2, // The same by equal factors.
    PST_AUTOMATE_TARGET = 3,      // From time on towards value; e times closer every time_constant.
    PST_AUTOMATE_CURVE = 4,       // Along n_values values from time on, for duration.
    PST_AUTOMATE_CANCEL = 5,      // Forget what happens at time or later.
    PST_AUTOMATE_HOLD = 6         // The same, and hold the value that there is at time.
} pst_automation_kind;

// Fields that a kind does not name are not looked at.
typedef struct pst_automation {
    pst_automation_kind kind;
    double value;
    double time_s;
    double time_constant_s;
    double duration_s;
    const double *values; // Copied.
    uint32_t n_values;    // At least 2.
} pst_automation;

// Changes the timeline.
// Returns PST_OK, PST_BAD_ARGUMENT (a number is not finite, a time or time constant negative, a
// duration not positive, an exponential ramp goes to 0), PST_UNSUPPORTED (it overlaps with a
// curve) or PST_NO_MEMORY.
// Thread: control, any number at once. Realtime: no.
PST_API pst_status pst_param_automate(pst_param *param, const pst_automation *automation,
                                      pst_error *err);

// Returns the timeline's value at the start of the last quantum that was rendered, or what was set
// since for now.
// Thread: control, any number at once. Realtime: no (locks).
PST_API double pst_param_value(pst_param *param);

// Sets the value from now on. Returns as pst_param_automate.
// Thread: control, any number at once. Realtime: no.
PST_API pst_status pst_param_set_value(pst_param *param, double value, pst_error *err);

// Returns PST_OK, or PST_UNSUPPORTED if the param's rate is fixed, or PST_NO_MEMORY.
// Thread: control, any number at once. Realtime: no.
PST_API pst_status pst_param_set_rate(pst_param *param, pst_param_rate rate, pst_error *err);

// Thread: control, any number at once. Realtime: no (locks).
PST_API pst_param_rate pst_param_get_rate(pst_param *param);

// What the param is limited to in this node. Thread: any. Realtime: yes.
PST_API void pst_param_limits(const pst_param *param, double *min, double *max) PST_RT;

#if !defined(PST_CFFI) && defined(__cplusplus)
}
#endif
#endif
