// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_DEVICE_HOTPLUG_H
#define PST_DEVICE_HOTPLUG_H

#include "device/system.h"

// The thread that notices when devices may have come or gone, and then reads the list again. It
// asks no device anything: the system tells it that something has happened (signs.h). Signs come in
// bursts, so it waits until they have been quiet for a moment, and what they tell of may take some
// seconds to be ready, so it looks more than once. Whoever watches the list hears of the new one.
typedef struct pst_hotplug pst_hotplug;

// Starts it. Returns PST_OK, PST_NO_MEMORY or PST_SYSTEM_ERROR. Thread: control. Realtime: no.
PST_NODISCARD pst_status pst_hotplug_start(pst_hotplug **hotplug, pst_system *system,
                                           pst_error *err);

// Tells it to end, and forgets it; nobody waits for that. NULL is allowed.
// Thread: any. Realtime: no.
void pst_hotplug_end(pst_hotplug *hotplug);

// A sign from elsewhere, as if the operating system had told it. Thread: any. Realtime: yes.
void pst_hotplug_sign(pst_hotplug *hotplug) PST_RT;

#endif
