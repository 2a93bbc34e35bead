// Copyright 2026 The pastream_ng authors
// SPDX-License-Identifier: MIT

// Every public header, and the only file that the Python seam reads.

#ifndef PASTREAM_PASTREAM_H
#define PASTREAM_PASTREAM_H

#include "pastream/base.h"
#include "pastream/buffer.h"
#include "pastream/callback.h"
#include "pastream/chain.h"
#include "pastream/codec.h"
#include "pastream/codec_nodes.h"
#include "pastream/device.h"
#include "pastream/diagnostics.h"
#include "pastream/feed.h"
#include "pastream/fork.h"
#include "pastream/effect_nodes.h"
#include "pastream/effects.h"
#include "pastream/format.h"
#include "pastream/mixer.h"
#include "pastream/resample.h"
#include "pastream/graph.h"
#include "pastream/graph_analyser.h"
#include "pastream/graph_data.h"
#include "pastream/graph_dynamics.h"
#include "pastream/graph_effect.h"
#include "pastream/graph_functions.h"
#include "pastream/graph_filters.h"
#include "pastream/graph_kinds.h"
#include "pastream/graph_meter.h"
#include "pastream/graph_output.h"
#include "pastream/graph_ring.h"
#include "pastream/graph_view.h"
#include "pastream/io.h"
#include "pastream/new_file.h"
#include "pastream/node.h"
#include "pastream/packet.h"
#include "pastream/param.h"
#include "pastream/player.h"
#include "pastream/process.h"
#include "pastream/processor.h"
#include "pastream/push.h"
#include "pastream/recording.h"
#include "pastream/ring.h"
#include "pastream/series.h"
#include "pastream/simd.h"
#include "pastream/stream.h"
#include "pastream/tap.h"
#include "pastream/transcode.h"
#include "pastream/user_parts.h"

#endif
