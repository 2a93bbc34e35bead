# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Programs with codecs that must not pass."""

import pastream_ng as ps

form = ps.AudioFormat("48000", 2, "f32")  # error: arg-type
form.channels = 1  # error: misc
form = ps.AudioFormat(48000, 2)  # error: call-arg
ps.OpusEncoderConfig(form, "960")  # error: arg-type
config = ps.OpusEncoderConfig(form)
ps.OpusEncoderConfig(form, container="mp4")  # error: arg-type
ps.OpusEncoderConfig(form, application="radio")  # error: arg-type
ps.AacEncoderConfig(form, quality=0.5)  # error: call-arg
ps.Encoder("opus", ps.OpusDecoderConfig(960))  # error: arg-type
encoder = ps.Encoder("opus", config)
encoder.put_frame(b"", "now")  # error: arg-type
data: bytes = encoder.get_frame()  # error: assignment
encoder.get_frame(force=True).hex()  # error: union-attr
for packet in encoder.encode(b""):
    print(packet.shape)  # error: attr-defined
decoder = ps.Decoder("opus", skip="all")  # error: arg-type
decoder.put_packet(b"")  # error: arg-type
decoder.get_frame(layout="flat")  # error: arg-type
ps.NodeBuffer.pcm(b"", 48000)  # error: arg-type
ps.NodeBuffer.packet(b"")  # error: arg-type
