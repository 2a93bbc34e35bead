# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Encoding of sound that comes in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pastream_ng._checks import flag, shown
from pastream_ng._native.closing import Closing
from pastream_ng.codecs.names import codec_named, encoder_config
from pastream_ng.codecs.native_encoder import NativeEncoder, target_of
from pastream_ng.codecs.pieces import Pieces, source_of, warn_incomplete
from pastream_ng.codecs.rate import RateChange
from pastream_ng.codecs.turns import Turns
from pastream_ng.errors import ArgumentError, ArgumentTypeError, ClosedError, StateError
from pastream_ng.packets.audio_format import AudioFormat, check_format
from pastream_ng.packets.node_buffer import NodeBuffer
from pastream_ng.packets.packet import timestamp
from pastream_ng.packets.sample_types import SAMPLE_TYPES, native

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.codecs.encoder_configs import EncoderConfig
    from pastream_ng.packets.packet import Packet

__all__ = ["Encoder"]


class Encoder(Closing):
    """Turn sound that comes in pieces into packets of a codec.

    The packets of a stream, one behind the other, are a file: WAV with its header, FLAC, MP3, ADTS,
    Ogg. Raw ones, of Opus and AAC, have to be kept apart. How sound is cut into pieces does not
    matter to what comes out.

    Parameters
    ----------
    codec : {"wav", "pcm", "mp3", "aac", "opus", "flac", "vorbis"}
        ``"wav"`` has a header, ``"pcm"`` is samples alone.
    config : config class of the codec, optional
        `WavEncoderConfig`, `PcmEncoderConfig`, `Mp3EncoderConfig`, `AacEncoderConfig`,
        `OpusEncoderConfig`, `FlacEncoderConfig` or `VorbisEncoderConfig`. None: all defaults.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above, or that does not fit the codec.
    CodecMissingError
        This build has no such codec.

    Notes
    -----
    Calls from several threads come one after another. C encodes without the GIL. What is not finite
    is encoded as silence, what is beyond full scale is clipped where the codec needs it.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 2, "f32")
    >>> with ps.Encoder("flac", ps.FlacEncoderConfig(fmt)) as encoder:
    ...     packets = list(encoder.encode(np.zeros((2, 48000), "float32")))
    ...     packets += encoder.flush()
    >>> b"".join(packet.data for packet in packets)[:4]
    b'fLaC'

    As pyaudiostream has it:

    >>> encoder = ps.Encoder("wav", ps.WavEncoderConfig(fmt, chunk_samples=1024))
    >>> encoder.put_frame(np.zeros((2, 1500), "float32"))
    >>> len(encoder.get_frame()) - 1024 * 8, encoder.pending_samples()
    (58, 476)
    >>> len(encoder.get_frame(force=True)) // 8, encoder.get_frame(force=True)
    (476, None)
    """

    def __init__(self, codec: str, config: EncoderConfig | None = None) -> None:
        self._lock = Turns("Encoder")
        self._is_closed = False
        self._native: NativeEncoder | None = None
        self._format: AudioFormat | None = None
        self._rate: RateChange | None = None
        self._has_ended = False
        self._codec = codec_named(codec)
        self._config = encoder_config(self._codec, config)
        if self._config.input_format is not None:
            self._open(self._config.input_format)

    def _open(self, form: AudioFormat) -> None:
        target = target_of(self._codec, self._config, form)
        made = NativeEncoder(target)
        self._rate = None
        if target.format.samplerate != form.sample_rate:
            self._rate = RateChange(form, target.format.samplerate)
        self._stored = target.format
        self._format = form
        self._native = made

    def _use(self) -> None:
        if self._is_closed:
            raise ClosedError("this Encoder is closed; make a new one")

    # ---- What it is

    @property
    def codec(self) -> str:
        """The codec, as ``"opus"``."""
        return self._codec.name

    @property
    def config(self) -> EncoderConfig:
        """What it was made with."""
        return self._config

    @property
    def chunk_samples(self) -> int:
        """How many samples for each channel are gathered before the codec gets them."""
        return self._config.chunk_samples

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed

    def _told(self, name: str, default: Any) -> Any:
        with self._lock:
            self._use()
            return default if self._native is None else getattr(self._native.info(), name)

    @property
    def delay(self) -> int | None:
        """How many samples a decoder that knows of nothing gives before the first one.

        None as long as the format is not known. It counts at the rate of `output_format`.
        """
        value = self._told("delay_frames", None)
        return None if value is None else int(value)

    @property
    def padding(self) -> int | None:
        """How many samples such a decoder gives behind the last one; None before the end."""
        value = self._told("padding_frames", -1)
        return None if value < 0 else int(value)

    @property
    def extradata(self) -> bytes | None:
        """What decoders of packets need besides: OpusHead, AudioSpecificConfig; None: nothing."""
        with self._lock:
            self._use()
            return None if self._native is None else self._native.extradata()

    @property
    def samples(self) -> int:
        """How many samples for each channel the codec was given, with those that are pending."""
        return int(self._told("n_frames", 0))

    @property
    def clipped(self) -> int:
        """How many samples were set to full scale, where the codec cannot have more."""
        info = self._told("counts", None)
        return 0 if info is None else int(info.n_clipped)

    @property
    def nonfinite(self) -> int:
        """How many samples were not finite, and became silence or full scale."""
        info = self._told("counts", None)
        return 0 if info is None else int(info.n_nonfinite)

    @property
    def end_of_stream(self) -> bool:
        """Whether the stream has ended, and all of it was taken."""
        with self._lock:
            self._use()
            return self._has_ended and self._ready() == 0

    def output_format(self) -> AudioFormat | None:
        """Return what the codec stores; None as long as the format is not known.

        Its rate is another than that of the input where `resample` changes it. Codecs that lose
        sound have no samples of a certain type: f32 stands for these.
        """
        with self._lock:
            self._use()
            if self._format is None:
                return None
            stored = self._stored
            names = {row.code: row.name for row in SAMPLE_TYPES.values() if row.name != "i64"}
            if stored.bits is None:
                kind = "f32"
            else:
                kind = names.get(stored.subtype, "i16" if stored.bits <= 16 else "i32")
            return self._format.replace(sample_rate=stored.samplerate, sample_type=kind)

    # ---- In

    def put_frame(
        self, pcm: Any, pts: int | None = None, format: AudioFormat | None = None
    ) -> None:
        """Put sound in; full chunks are encoded.

        Parameters
        ----------
        pcm : array_like
            In the layout of the format, as for `AudioFormat.array`: any length.
        pts : int, optional
            When its first sample is to be heard, in samples. None: right behind what came before,
            or at 0.
        format : AudioFormat, optional
            What `pcm` is. Needed the first time if the config has no `input_format`; rate and
            channels cannot change later. None: as before.

        Raises
        ------
        ArgumentError
            Wrong shape, dtype, rate or channels; or the format is not known yet, and None.
        ArgumentTypeError
            No numbers, or another argument that is not as described above.
        StateError
            The stream has ended: `reset` begins a new one.
        """
        start = timestamp("pts", pts)
        with self._lock:
            self._use()
            form = self._form_of(format)
            array = form._array("pcm", pcm)
            self._put(array, form, start)

    def _form_of(self, given: Any) -> AudioFormat:
        """Return the format of a piece of sound that is put in."""
        if self._has_ended:
            raise StateError("the stream of this Encoder has ended; reset() begins a new one")
        if given is None:
            if self._format is None:
                raise ArgumentError(
                    "format is None; it must be an AudioFormat the first time, as the config has "
                    "no input_format"
                )
            return self._format
        form = check_format("format", given)
        have = self._format
        if have is not None and (form.sample_rate, form.channels) != (
            have.sample_rate,
            have.channels,
        ):
            raise ArgumentError(
                f"format has {form.sample_rate} Hz and {form.channels} channels; it must have "
                f"{have.sample_rate} Hz and {have.channels} channels, as this Encoder has begun so"
            )
        return form

    def _put(self, array: Array, form: AudioFormat, pts: int | None) -> None:
        if self._native is None:
            self._open(form)
        assert self._native is not None
        if self._rate is None:
            data, code = native(array)
            self._native.write(data, code, form.planar, pts)
        else:
            data, pts = self._rate.process(array, form.planar, pts)
            self._native.write(data, self._rate.code, False, pts)

    def encode(self, x: Any, pts: int | None = None) -> Pieces[Packet]:
        """Put sound in, and give the packets that are complete by then.

        Parameters
        ----------
        x : array_like, NodeBuffer, iterable or async iterable of them
            Arrays as for `put_frame`. An iterable is read as packets are asked for, an async one by
            ``async for``.
        pts : int, optional
            As for `put_frame`, for the first piece of sound.

        Returns
        -------
        iterator of Packet
            Also an async one. An array is put in at once, whether the packets are taken or not.
            The last packets are given by `flush`.
        """
        start = timestamp("pts", pts)

        def put(item: Any) -> None:
            nonlocal start
            self._put_item(item, start)
            start = None

        if self._is_one(x):
            put(x)
            return Pieces(put, self._take, None)
        try:
            source = source_of(x)
        except TypeError:
            raise ArgumentTypeError(
                f"x is {shown(x)} of type {type(x).__name__}; it must be an array, a NodeBuffer, "
                "or an iterable of them"
            ) from None
        return Pieces(put, self._take, source)

    def _is_one(self, x: Any) -> bool:
        """Whether something is one piece of sound, not many."""
        if isinstance(x, (np.ndarray, NodeBuffer)) or hasattr(x, "__array__"):
            return True
        if not isinstance(x, (list, tuple)):
            return False
        if not x or isinstance(x[0], NodeBuffer):
            return False
        channels = 1 if self._format is None else self._format.channels
        is_flat = np.ndim(x[0]) == (0 if channels == 1 else 1)
        return is_flat or not isinstance(x[0], np.ndarray)

    def _put_item(self, item: Any, pts: int | None) -> None:
        if not isinstance(item, NodeBuffer):
            self.put_frame(item, pts)
            return
        info = item.pcm_info()
        if info is None:
            raise ArgumentTypeError(f"x is {item!r}; an Encoder takes sound, not packets")
        form, time, (num, den) = info
        if pts is None and time is not None:
            pts = (2 * time * num * form.sample_rate + den) // (2 * den)
        with self._lock:
            self._use()
            form = self._form_of(form)
            assert item._array is not None
            self._put(item._array, form, pts)

    # ---- Out

    def _ready(self) -> int:
        return 0 if self._native is None else int(self._native.info().n_packets)

    def _take(self) -> Packet | None:
        with self._lock:
            self._use()
            return None if self._native is None else self._native.next()

    def _end(self) -> None:
        """End the stream, if it was begun."""
        if self._native is None or self._has_ended:
            return
        # From here on nothing may be put in, even if the end is interrupted.
        self._has_ended = True
        if self._rate is not None:
            self._native.write(self._rate.flush(), self._rate.code, False, None)
        self._native.end()

    def _forced(self) -> Packet | None:
        """Give the short rest, and when there is none, end the stream."""
        native = self._native
        if native is None:
            return None
        if not self._has_ended and native.info().pending_frames > 0:
            native.flush()
            if (packet := native.next()) is not None:
                return packet
        self._end()
        return native.next()

    def get_packet(self, force: bool = False) -> Packet | None:
        """Take the next packet.

        Parameters
        ----------
        force : bool, optional
            Whether to give what is less than a chunk, too. Called on, that ends the stream, and
            gives all that the codec still holds.

        Returns
        -------
        Packet or None
            None: there is none yet; with `force`, or after the end, there will be none.
        """
        is_forced = flag("force", force)
        with self._lock:
            packet = self._take()
            return self._forced() if packet is None and is_forced else packet

    def get_frame(self, force: bool = False) -> bytes | None:
        """Take the bytes of the next packet.

        Parameters
        ----------
        force : bool, optional
            As for `get_packet`.

        Returns
        -------
        bytes or None
            None as for `get_packet`. Where that is so for want of a whole chunk, there is an
            `IncompleteChunkWarning`; `get_packet` has none.
        """
        packet = self.get_packet(force)
        if packet is None and not force:
            pending = self.pending_samples()
            if pending > 0:
                warn_incomplete("Encoder", pending, self.chunk_samples, 3)
        return None if packet is None else packet.data

    def flush(self) -> list[Packet]:
        """End the stream, and give all packets that are left.

        Returns
        -------
        list of Packet
            Empty if it has ended before.
        """
        with self._lock:
            self._use()
            self._end()
            packets = []
            while (packet := self._take()) is not None:
                packets.append(packet)
            return packets

    def pending_samples(self) -> int:
        """Return how many samples for each channel wait for a whole chunk."""
        return int(self._told("pending_frames", 0))

    def state(self) -> Literal["ready", "need_more", "empty"]:
        """Return whether there is a packet, not enough for one, or nothing."""
        with self._lock:
            self._use()
            if self._ready() > 0:
                return "ready"
            return "need_more" if self.pending_samples() > 0 else "empty"

    def reset(self) -> None:
        """Begin a new stream; what is inside is lost.

        An Encoder without `input_format` forgets the format, too.
        """
        with self._lock:
            self._use()
            if self._config.input_format is None:
                self._native = self._format = self._rate = None
            else:
                assert self._native is not None
                self._native.reset()
                if self._rate is not None:
                    self._rate.reset()
            self._has_ended = False

    # ---- Life

    def close(self) -> None:
        """Free what the codec holds; closing again does nothing. What was not taken is lost."""
        if not self._lock.is_ours:
            return  # What there is to free is the parent's.
        with self._lock:
            self._is_closed = True
            self._native = self._rate = None

    def __repr__(self) -> str:
        if self._is_closed:
            return f"<pastream_ng.Encoder {self.codec}, closed>"
        form = self._format
        if form is None:
            return f"<pastream_ng.Encoder {self.codec}, no format yet>"
        return (
            f"<pastream_ng.Encoder {self.codec}, {form.sample_rate} Hz, {form.channels} channels>"
        )
