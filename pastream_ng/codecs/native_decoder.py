# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The decoder in C: what it is made with, and its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check, error_for, new_error
from pastream_ng._native.handle import Handle, owner
from pastream_ng.codecs.native_encoder import NO_PTS
from pastream_ng.enums import Container, DamageFlags, Encoding, Status
from pastream_ng.errors import CodecMissingError
from pastream_ng.files.codecs import remedy
from pastream_ng.files.damage import Damage
from pastream_ng.files.formats import FileFormat, new_format
from pastream_ng.files.tags import Tags
from pastream_ng.formats import FORMATS

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.codecs.decoder_configs import DecoderConfig
    from pastream_ng.codecs.names import Codec
    from pastream_ng.enums import Format
    from pastream_ng.packets.packet import Packet

__all__ = ["DecoderTarget", "NativeDecoder"]

# Bytes that one C call takes: Ctrl-C comes through between two of them.
_SLICE_BYTES = 1 << 16


class DecoderTarget(NamedTuple):
    """What is to be decoded.

    Attributes
    ----------
    codec : Codec
        Which codec.
    raw : FileFormat or None
        How samples without a header lie.
    extradata : bytes or None
        What packets do not say themselves.
    skip : int
        How many frames to leave out at the start.
    frames : int
        How many to give at most, -1: all.
    """

    codec: Codec
    raw: FileFormat | None
    extradata: bytes | None
    skip: int
    frames: int

    @classmethod
    def of(cls, codec: Codec, config: DecoderConfig, skip: int, frames: int) -> DecoderTarget:
        """Return what a config says, checked."""
        raw = None
        if codec.name == "pcm":
            form = config._wanted()
            assert form is not None
            name = "int32" if form.sample_type == "i64" else form.dtype.name
            raw = new_format(
                None,
                form.sample_rate,
                form.channels,
                getattr(config, "subtype", None),
                getattr(config, "endian", None),
                None,
                FORMATS[name],
                is_raw=True,
            )
        return cls(codec, raw, config._extradata(), skip, frames)

    def to_c(self) -> tuple[Any, Any]:
        """Return a ``pst_push_decoder_config *``, and what must live as long as it."""
        made = ffi.new("pst_push_decoder_config *")
        lib.pst_push_decoder_config_default(made)
        made.encoding = self.codec.encoding
        made.skip_frames = self.skip
        made.n_frames = self.frames
        keep: list[Any] = []
        if self.raw is not None:
            keep.append(self.raw.to_c())
            made.raw = keep[-1]
            made.container = Container.RAW
            made.encoding = self.raw.encoding
        if self.extradata is not None:
            keep.append(ffi.from_buffer(self.extradata))
            made.container = Container.PACKETS
            made.extradata = keep[-1]
            made.n_extradata = len(self.extradata)
        return made, keep


class NativeDecoder(Handle):
    """Owns a ``pst_push_decoder``. Used by one thread at a time."""

    _noun = "Decoder"
    _warns = False

    def __init__(self, target: DecoderTarget) -> None:
        config, keep = target.to_c()
        owned, err = owner("pst_push_decoder *", lib.pst_push_decoder_destroy), new_error()
        self._encoding = target.codec.encoding
        self._checked(lib.pst_push_decoder_create(owned, config, err), err)
        self._info = ffi.new("pst_push_decoder_info *")
        self._packet = ffi.new("pst_packet *")
        self._counts = ffi.new("uint64_t *"), ffi.new("int64_t *")
        super().__init__(owned, keep)

    def _checked(self, status: int, err: Any) -> int:
        if status == Status.UNSUPPORTED:
            text = str(error_for(status, err))
            if self._encoding != Encoding.DEFAULT:
                text = f"{text.rstrip('.')}; {remedy(self._encoding)}"
            raise CodecMissingError(text)
        return check(status, err)

    def write(self, data: bytes | memoryview, is_whole: bool) -> None:
        """Bring the next bytes of a stream, or one packet if they are to stay whole."""
        decoder, err = self._use(), new_error()
        memory = ffi.from_buffer(data)
        n_bytes = len(memory)
        if is_whole or n_bytes <= _SLICE_BYTES:
            self._checked(lib.pst_push_decoder_write(decoder, memory, n_bytes, err), err)
            return
        for at in range(0, n_bytes, _SLICE_BYTES):
            n = min(_SLICE_BYTES, n_bytes - at)
            self._checked(lib.pst_push_decoder_write(decoder, memory + at, n, err), err)

    def write_packet(self, packet: Packet) -> None:
        """Bring the next packet, with its times."""
        decoder, err, made = self._use(), new_error(), self._packet
        memory = ffi.from_buffer(packet.data)
        made.data = ffi.cast("uint8_t *", memory)
        made.n_bytes = len(packet.data)
        made.pts = NO_PTS if packet.pts is None else packet.pts
        made.dts = NO_PTS if packet.dts is None else packet.dts
        made.duration = -1 if packet.duration is None else packet.duration
        made.time_base_num, made.time_base_den = packet.time_base
        made.flags = packet.flags
        try:
            self._checked(lib.pst_push_decoder_write_packet(decoder, made, err), err)
        finally:
            made.data = ffi.NULL

    def conceal(self, samples: int, next_packet: bytes | None) -> None:
        """Make sound for packets that were lost."""
        decoder, err = self._use(), new_error()
        memory = ffi.NULL if next_packet is None else ffi.from_buffer(next_packet)
        n_bytes = 0 if next_packet is None else len(next_packet)
        self._checked(lib.pst_push_decoder_conceal(decoder, samples, memory, n_bytes, err), err)

    def end(self) -> None:
        """Tell that nothing more will come."""
        decoder, err = self._use(), new_error()
        self._checked(lib.pst_push_decoder_end(decoder, err), err)

    def read(self, array: Array, code: Format) -> tuple[int, int]:
        """Read into an array (samples, channels); return how many samples came, and their time."""
        decoder, err = self._use(), new_error()
        n_read, time = self._counts
        status = lib.pst_push_decoder_read(
            decoder, address(array), code, False, len(array), n_read, time, err
        )
        if status == Status.END:
            return 0, 0
        self._checked(status, err)
        return int(n_read[0]), int(time[0])

    def reset(self) -> None:
        """Forget all that was brought."""
        decoder, err = self._use(), new_error()
        self._checked(lib.pst_push_decoder_reset(decoder, err), err)

    def info(self) -> Any:
        """Return a ``pst_push_decoder_info *``, which the next call changes."""
        lib.pst_push_decoder_get_info(self._use(), self._info)
        return self._info

    def damage(self) -> Damage:
        """Return what was found to be wrong so far."""
        found = self.info().damage
        return Damage(DamageFlags(found.flags), int(found.lost_frames), int(found.first_frame))

    def tags(self) -> Tags:
        """Return what the stream says about itself so far."""
        found = lib.pst_push_decoder_tags(self._use())
        return Tags() if found == ffi.NULL else Tags._of(found)
