# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Programs with transcodings that must not pass."""

import pastream_ng as ps


def on_progress(percent: float) -> None:
    print(percent)


ps.transcode("a.wav", "b.wav", video_codec="h264")  # error: arg-type
ps.transcode("a.wav", "b.wav", samplerate=48000)  # error: call-arg
ps.transcode("a.wav", "b.wav", audio_bitrate="96k")  # error: arg-type
ps.transcode("a.wav", "b.wav", on_damage="stop")  # error: arg-type
ps.transcode("a.wav", "b.wav", progress_callback=on_progress)  # error: arg-type
ps.TranscodeOptions(crf=23)  # error: arg-type
options = ps.TranscodeOptions().quality("best")  # error: arg-type
ps.TranscodeOptions().dither("shaped")  # error: arg-type
stats: ps.TranscodeStats = ps.transcode_async("a.wav", "b.wav")  # error: assignment
stats.frames_encoded = 3  # error: misc
ps.Transcoder("a.wav")  # error: arg-type
ps.transcode_many("album", to="opus", existing="keep")  # error: arg-type
ps.transcode_many("album", to="opus", progress_callback=on_progress)  # error: arg-type
ps.transcode_many(3)  # error: arg-type
ps.transcode_many("album", bitrate=3)  # error: call-arg
