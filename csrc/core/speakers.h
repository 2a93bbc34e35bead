// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

#ifndef PST_CORE_SPEAKERS_H
#define PST_CORE_SPEAKERS_H

#include "pastream/base.h"

// Fills in the gains that carry a sound of so many channels to loudspeakers of another number, as
// Web Audio's "speakers" does: for 1 (mono), 2 (left, right), 4 (left, right, and the same behind)
// and 6 channels (left, right, centre, low frequencies, left and right behind). With any other
// number channel k goes to channel k; those without a partner are silent or left out.
//
// gains: row-major [destination][source]. Thread: any. Realtime: yes.
void pst_speakers_gains(float *gains, uint32_t n_sources, uint32_t n_destinations) PST_RT;

#endif
