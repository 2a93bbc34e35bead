# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A program about graphs, each marked line of which is wrong."""

import pastream_ng as ps

ctx = ps.OfflineAudioContext(channels=1, length=100, sample_rate=8000)
osc = ctx.create_oscillator(type="saw")  # error: arg-type
ctx.create_oscillator(pitch=3)  # error: call-arg
osc.frequency = "A4"  # error: assignment
osc.type = "noise"  # error: assignment
osc.frequency >> ctx.destination  # error: operator
osc.connect(3)  # error: type-var
ctx.create_gain().start()  # error: attr-defined
osc.frequency.automation_rate = "c-rate"  # error: assignment
osc.disconnect(output=1)  # error: call-overload
live = ps.AudioContext(buffer_size=256, device=3)
live.wait("a second")  # error: arg-type
live.wait_ended(live.create_gain())  # error: arg-type
live.on_state_change = 3  # error: assignment
live.state = "running"  # error: misc
