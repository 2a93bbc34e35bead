// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_PORTAUDIO_STREAM_H
#define PST_DEVICE_PORTAUDIO_STREAM_H

#include "device/portaudio.h"

// A stream of PortAudio, as pst_backend_ops wants it. Open is called from inside the gate `calls`;
// the others enter the gates that they need.

pst_status pst_portaudio_stream_open(pst_portaudio *backend, const pst_open_request *request,
                                     void **handle, pst_open_info *info, pst_error *err);
pst_status pst_portaudio_stream_start(void *handle, pst_error *err);
pst_status pst_portaudio_stream_stop(void *handle, pst_error *err);
pst_status pst_portaudio_stream_abort(void *handle, pst_error *err);
pst_status pst_portaudio_stream_close(void *handle, pst_error *err);
bool pst_portaudio_stream_is_active(void *handle);

#endif
