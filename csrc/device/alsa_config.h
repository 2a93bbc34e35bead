// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_ALSA_CONFIG_H
#define PST_DEVICE_ALSA_CONFIG_H

// Makes ALSA's configuration safe for PortAudio, which ends the process by a failed assertion if
// ALSA names no device at all, or only such that can be opened, and no "default" among them: where
// there is none, adds one that cannot be opened, and so appears in no list. Nothing is written to
// any file. Does nothing if there is no ALSA here, or its files cannot be read: PortAudio fails by
// itself then. Thread: one at a time. Realtime: no.
void pst_alsa_config_repair(void);

#endif
