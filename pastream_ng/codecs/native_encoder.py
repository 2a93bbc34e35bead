# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The encoder in C: what it is made with, and its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pastream_ng._native import ffi, lib
from pastream_ng._native.arrays import address
from pastream_ng._native.errors import check, new_error
from pastream_ng._native.handle import Handle, owner
from pastream_ng.enums import Container, Encoding, Format, Status
from pastream_ng.errors import ArgumentError
from pastream_ng.files.formats import FileFormat, check_encoder, fitting_rate, new_format
from pastream_ng.files.options import WriteOptions, new_options
from pastream_ng.formats import FORMATS
from pastream_ng.packets.packet import Packet

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.codecs.encoder_configs import EncoderConfig
    from pastream_ng.codecs.names import Codec
    from pastream_ng.packets.audio_format import AudioFormat

__all__ = ["NO_PTS", "EncoderTarget", "NativeEncoder", "target_of"]

NO_PTS = -(2**63)
# Samples that one C call takes: Ctrl-C comes through between two of them.
_SLICE_SAMPLES = 1 << 17
_STREAM_TYPES = {
    "u8": "uint8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int32",
    "f32": "float32",
    "f64": "float64",
}


class EncoderTarget(NamedTuple):
    """What a codec is to store.

    Attributes
    ----------
    format : FileFormat
        What is stored; its rate may be another than that of the sound, if that may be changed.
    options : WriteOptions
        How.
    config : EncoderConfig
        What the user wants.
    """

    format: FileFormat
    options: WriteOptions
    config: EncoderConfig

    def to_c(self) -> tuple[Any, Any]:
        """Return a ``pst_push_encoder_config *``, and what must live as long as it."""
        made = ffi.new("pst_push_encoder_config *")
        lib.pst_push_encoder_config_default(made)
        made.format = self.format.to_c()[0]
        options = self.options.to_c()
        made.options = options.pointer[0]
        made.chunk_frames = self.config.chunk_samples
        self.config._to_c(made)
        return made, options


def _check_rate(codec: Codec, wanted: FileFormat) -> None:
    fitting = fitting_rate(wanted)
    if fitting == wanted.samplerate:
        return
    wants = "wants 48000 Hz input" if codec.encoding == Encoding.OPUS else "cannot have it"
    raise ArgumentError(
        f"sample_rate of the input is {wanted.samplerate}; {codec.title} {wants}: resample it to "
        f"{fitting} before, or let resample='auto' do it"
    )


def target_of(codec: Codec, config: EncoderConfig, form: AudioFormat) -> EncoderTarget:
    """Return what a codec is to store of sound of a format, checked.

    Raises
    ------
    ArgumentError
        The codec cannot have such sound.
    CodecMissingError
        This build has no such codec.
    """
    place, subtype, endian = config._place()
    if codec.name == "pcm":
        place = "RAW"
    wanted = new_format(
        None,
        8000,
        1,
        subtype,
        endian,
        place,
        FORMATS[_STREAM_TYPES[form.sample_type]],
    )._replace(samplerate=form.sample_rate, channels=form.channels)
    if config._is_bare():
        wanted = wanted._replace(container=Container.PACKETS)
    frames = config.frames
    if config.resample == "auto":
        rate = fitting_rate(wanted)
        if frames is not None and rate != form.sample_rate:
            frames = (2 * frames * rate + form.sample_rate) // (2 * form.sample_rate)
        wanted = wanted._replace(samplerate=rate)
    else:
        _check_rate(codec, wanted)
    told = config._told(wanted.samplerate)
    options = new_options(wanted, frames=frames, tags=config.tags, **told)
    check_encoder(wanted, options)
    return EncoderTarget(wanted, options, config)


class NativeEncoder(Handle):
    """Owns a ``pst_push_encoder``. Used by one thread at a time."""

    _noun = "Encoder"
    _warns = False

    def __init__(self, target: EncoderTarget) -> None:
        config, keep = target.to_c()
        owned, err = owner("pst_push_encoder *", lib.pst_push_encoder_destroy), new_error()
        check(lib.pst_push_encoder_create(owned, config, err), err)
        self._info = ffi.new("pst_push_encoder_info *")
        self._packet = ffi.new("pst_packet *")
        super().__init__(owned, keep)

    def write(self, array: Array, code: Format, planar: bool, pts: int | None) -> None:
        """Put an array in, (channels, samples) or (samples, channels), C-contiguous."""
        encoder, err = self._use(), new_error()
        start = NO_PTS if pts is None else pts
        samples, channels = array.shape[::-1] if planar else array.shape
        step = max(1, _SLICE_SAMPLES // channels)
        for at in range(0, samples, step) if samples > step else (0,):
            piece = array
            if samples > step:
                whole = array[:, at : at + step] if planar else array[at : at + step]
                piece = np.ascontiguousarray(whole)
            status = lib.pst_push_encoder_write(
                encoder, address(piece), code, piece.size // channels, planar, start, err
            )
            check(status, err)
            start = NO_PTS

    def flush(self) -> None:
        """Give the codec what waits for a full chunk."""
        encoder, err = self._use(), new_error()
        check(lib.pst_push_encoder_flush(encoder, err), err)

    def end(self) -> None:
        """End the stream."""
        encoder, err = self._use(), new_error()
        check(lib.pst_push_encoder_end(encoder, err), err)

    def next(self) -> Packet | None:
        """Take the next packet; None: there is none."""
        found = self._packet
        if lib.pst_push_encoder_next(self._use(), found) == Status.END:
            return None
        return Packet._of(
            ffi.buffer(found.data, found.n_bytes)[:] if found.n_bytes else b"",
            int(found.time_base_num),
            int(found.time_base_den),
            None if found.pts == NO_PTS else int(found.pts),
            None if found.dts == NO_PTS else int(found.dts),
            None if found.duration < 0 else int(found.duration),
            int(found.flags),
        )

    def reset(self) -> None:
        """Begin a new stream."""
        encoder, err = self._use(), new_error()
        check(lib.pst_push_encoder_reset(encoder, err), err)

    def info(self) -> Any:
        """Return a ``pst_push_encoder_info *``, which the next call changes."""
        lib.pst_push_encoder_get_info(self._use(), self._info)
        return self._info

    def extradata(self) -> bytes | None:
        """Return what decoders of raw packets need; None: nothing."""
        info = self.info()
        return ffi.buffer(info.extradata, info.n_extradata)[:] if info.n_extradata else None
