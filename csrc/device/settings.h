// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_SETTINGS_H
#define PST_DEVICE_SETTINGS_H

#include "device/backend.h"

#define PST_MIN_SAMPLERATE_HZ 1.0
#define PST_MAX_SAMPLERATE_HZ 1e6
#define PST_MAX_LATENCY_S 10.0

enum { PST_MAX_BLOCK_FRAMES = 65536 };

// Checks a request against what the devices say of themselves, before any host is asked. The
// texts name the field, its value and what would be right.
// input, output: of the request's sides; not looked at for a side that is not there.
// Returns PST_OK, PST_BAD_ARGUMENT or PST_UNSUPPORTED (not with this device).
// Thread: any. Realtime: no.
PST_NODISCARD pst_status pst_settings_check(const pst_open_request *request,
                                            const pst_device_info *input,
                                            const pst_device_info *output, pst_error *err);

// Whether a side has options that only ALSA's devices know.
bool pst_settings_has_alsa(const pst_side *side);

// Writes "'name'", or "'a' and 'b'" for two different devices.
void pst_settings_name(char *text, size_t n_bytes, const pst_open_request *request,
                       const pst_device_info *input, const pst_device_info *output);

// A latency as a host tells it, or 0 if that is nonsense: JACK tells hours for unconnected ports.
double pst_settings_plausible_latency(double latency_s);

#endif
