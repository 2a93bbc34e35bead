# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Decoding of streams that come in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pastream_ng._checks import flag, integer, shown
from pastream_ng._native.arrays import memory_of
from pastream_ng._native.closing import Closing
from pastream_ng.codecs.encoder_configs import MOST_CHUNK
from pastream_ng.codecs.names import codec_named, decoder_config
from pastream_ng.codecs.native_decoder import DecoderTarget, NativeDecoder
from pastream_ng.codecs.pieces import Pieces, source_of, warn_incomplete
from pastream_ng.codecs.turns import Turns
from pastream_ng.enums import Container, DamageFlags, Format
from pastream_ng.errors import ArgumentTypeError, ClosedError, FileFormatError, StateError
from pastream_ng.files.damage import Damage
from pastream_ng.packets.audio_format import AudioFormat, is_planar, turned
from pastream_ng.packets.node_buffer import NodeBuffer
from pastream_ng.packets.packet import Packet, check_packet
from pastream_ng.packets.sample_types import SAMPLE_TYPES, from_native

if TYPE_CHECKING:
    from pastream_ng._native.arrays import Array
    from pastream_ng.codecs.decoder_configs import DecoderConfig
    from pastream_ng.files.tags import Tags
    from pastream_ng.packets.node_buffer import Layout

__all__ = ["Decoder"]

_WAVES = (Container.WAV, Container.WAVEX, Container.RF64)
# No stream is shorter, unless its end is missing.
_LEAST_BYTES = 8
_BY_CODE = {row.code: row.name for row in SAMPLE_TYPES.values() if row.name != "i64"}


class Decoder(Closing):
    """Turn the bytes of a stream, or packets, into sound.

    The bytes may be cut anywhere: that makes no difference to what comes out. Packets of Opus and
    AAC without a container have to be put in one by one.

    Parameters
    ----------
    codec : {"wav", "pcm", "mp3", "aac", "opus", "flac", "vorbis"}
        What is to come.
    config : config class of the codec, optional
        `WavDecoderConfig`, `PcmDecoderConfig`, `Mp3DecoderConfig`, `AacDecoderConfig`,
        `OpusDecoderConfig`, `FlacDecoderConfig` or `VorbisDecoderConfig`. None: all defaults, which
        ``"pcm"`` does not have.
    skip : int, optional
        How many samples for each channel to leave out at the start, beyond what the stream says
        itself. For AAC that is the encoder's `Encoder.delay`.
    frames : int, optional
        How many samples for each channel to give at most. None: all.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument that is not as described above, or that does not fit the codec.
    CodecMissingError
        This build has no such codec.

    Notes
    -----
    Calls from several threads come one after another. C decodes without the GIL.

    Examples
    --------
    >>> import numpy as np, pastream_ng as ps
    >>> fmt = ps.AudioFormat(48000, 2, "i16")
    >>> encoder = ps.Encoder("flac", ps.FlacEncoderConfig(fmt))
    >>> packets = [*encoder.encode(np.zeros((2, 9600), "int16")), *encoder.flush()]
    >>> stream = b"".join(packet.data for packet in packets)
    >>> pieces = [stream[n : n + 7] for n in range(0, len(stream), 7)]
    >>> decoder = ps.Decoder("flac", ps.FlacDecoderConfig(chunk_samples=960))
    >>> blocks = list(decoder.decode(pieces))
    >>> blocks += decoder.flush()
    >>> len(blocks), blocks[0].shape, blocks[0].dtype.name
    (10, (2, 960), 'int16')

    As pyaudiostream has it:

    >>> decoder.reset()
    >>> decoder.put_frame(stream)
    >>> decoder.get_frame(layout="interleaved").shape
    (960, 2)
    """

    def __init__(
        self,
        codec: str,
        config: DecoderConfig | None = None,
        skip: int = 0,
        frames: int | None = None,
    ) -> None:
        self._lock = Turns("Decoder")
        self._is_closed = False
        self._codec = codec_named(codec)
        self._config = decoder_config(self._codec, config)
        left_out = integer("skip", skip, 0, unit="samples for each channel")
        most = -1
        if frames is not None:
            most = integer("frames", frames, 0, unit="samples for each channel")
        target = DecoderTarget.of(self._codec, self._config, left_out, most)
        self._native: NativeDecoder | None = NativeDecoder(target)
        self._forget()

    def _forget(self) -> None:
        """Be as nothing had been put in."""
        self._format: AudioFormat | None = None
        self._failure: FileFormatError | None = None
        self._n_bytes = 0
        self._has_input = False
        self._has_ended = False
        self._is_nothing = False
        self._held: Array | None = None
        self._n_held = 0
        self._held_time = 0

    def _use(self) -> NativeDecoder:
        if self._native is None:
            raise ClosedError("this Decoder is closed; make a new one")
        if self._failure is not None:
            raise FileFormatError(str(self._failure))
        return self._native

    # ---- What it is

    @property
    def codec(self) -> str:
        """The codec, as ``"opus"``."""
        return self._codec.name

    @property
    def config(self) -> DecoderConfig:
        """What it was made with."""
        return self._config

    @property
    def chunk_samples(self) -> int | None:
        """How many samples for each channel are given at a time; None: all there are."""
        return self._config.chunk_samples

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native is None

    @property
    def damage(self) -> Damage:
        """What was found to be wrong with the stream so far; it counts as false if nothing was."""
        with self._lock:
            found = self._use().damage()
            return Damage(DamageFlags.TRUNCATED) if self._is_nothing else found

    @property
    def end_of_stream(self) -> bool:
        """Whether the stream has ended, and all of it was taken."""
        with self._lock:
            self._use()
            return self._has_ended and self.pending_samples() == 0

    @property
    def tags(self) -> Tags:
        """What the stream has said about itself so far; see `Tags`."""
        with self._lock:
            return self._use().tags()

    def output_format(self) -> AudioFormat | None:
        """Return the format of what is given; None as long as the stream has not told."""
        with self._lock:
            self._use()
            return self._format

    # ---- In

    def put_frame(self, data: Any) -> None:
        """Bring the next bytes of the stream, and decode them.

        Parameters
        ----------
        data : bytes-like
            Any piece of a stream. Of packets without a container, exactly one; one of no bytes is a
            pause in sending, as long as the packet before.

        Raises
        ------
        ArgumentTypeError
            Not bytes.
        FileFormatError
            The bytes are no such stream. What was decoded before can still be taken.
        StateError
            The stream has ended: `reset` begins a new one.
        """
        memory = memory_of("data", data)
        with self._lock:
            native = self._ready_for_input(memory.nbytes)
            native.write(memory, self._config._extradata() is not None)
            self._learn(native)

    def put_packet(self, pkt: Packet) -> None:
        """Bring the next packet, with its times; see `put_frame`.

        From the first packet that tells a time, what is given counts from it. A packet that does
        not begin where the one before has ended sets the time anew.
        """
        packet = check_packet("pkt", pkt)
        with self._lock:
            native = self._ready_for_input(len(packet))
            native.write_packet(packet)
            self._learn(native)

    def conceal(self, samples: int, next_packet: Any = None) -> None:
        """Make up sound for packets that were lost.

        Of Opus and AAC packets without a container only.

        Parameters
        ----------
        samples : int
            How long they were, for each channel.
        next_packet : bytes-like or Packet, optional
            The packet behind them, if it is there. What it has of the lost one (`fec`) is used; it
            is to be put in itself after this call.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            An argument that is not as described above.
        StateError
            The stream is in a container, or has ended.
        """
        n_samples = integer("samples", samples, 1, MOST_CHUNK, "samples for each channel")
        data = None
        if isinstance(next_packet, Packet):
            data = next_packet.data
        elif next_packet is not None:
            data = bytes(memory_of("next_packet", next_packet))
        with self._lock:
            native = self._ready_for_input(0)
            native.conceal(n_samples, data)
            self._learn(native)

    def _ready_for_input(self, n_bytes: int) -> NativeDecoder:
        native = self._use()
        if self._has_ended:
            raise StateError("the stream of this Decoder has ended; reset() begins a new one")
        self._has_input = True
        self._n_bytes += n_bytes
        return native

    def _learn(self, native: NativeDecoder) -> None:
        """Look whether the stream has told its format by now, and whether it is the right one."""
        if self._format is not None:
            return
        info = native.info()
        if not info.is_known:
            return
        rate, channels = int(info.format.rate_hz), int(info.format.n_channels)
        wanted = self._config._wanted()
        if self._codec.name == "wav" and info.format.container not in _WAVES:
            name = Container(info.format.container).name
            self._fail(f"the stream is {name}, not WAV")
        if wanted is not None and (wanted.sample_rate, wanted.channels) != (rate, channels):
            self._fail(
                f"the stream has {rate} Hz and {channels} channels; output_format has "
                f"{wanted.sample_rate} Hz and {wanted.channels} channels, which must be the same"
            )
        kind = self._config._sample_type() or _given_as(Format(info.native))
        if wanted is not None:
            self._format = wanted
        else:
            self._format = AudioFormat(rate, channels, kind)

    def _fail(self, text: str) -> None:
        self._failure = FileFormatError(text)
        raise self._failure

    def decode(self, data: Any, layout: Layout = "planar") -> Pieces[Array]:
        """Bring bytes or packets, and give the chunks of sound that are complete by then.

        Parameters
        ----------
        data : bytes-like, Packet, iterable or async iterable of them
            As for `put_frame` and `put_packet`. An iterable is read as sound is asked for, an async
            one by ``async for``.
        layout : {"planar", "interleaved"}, optional
            (channels, samples) or (samples, channels).

        Returns
        -------
        iterator of numpy.ndarray
            Also an async one. Bytes and packets are put in at once, whether the sound is taken or
            not. The last, incomplete chunk is given by `flush`.
        """
        planar = is_planar(layout)

        def take() -> Array | None:
            found = self._taken(False, planar)
            return None if found is None else found[0]

        if isinstance(data, Packet) or _has_memory(data):
            self._put_item(data)
            return Pieces(self._put_item, take, None)
        try:
            source = None if isinstance(data, str) else source_of(data)
        except TypeError:
            source = None
        if source is None:
            raise ArgumentTypeError(
                f"data is {shown(data)} of type {type(data).__name__}; it must be bytes, a Packet, "
                "or an iterable of them"
            )
        return Pieces(self._put_item, take, source)

    def _put_item(self, item: Any) -> None:
        if isinstance(item, NodeBuffer):
            item = item.as_packet()
        if isinstance(item, Packet):
            self.put_packet(item)
        else:
            self.put_frame(item)

    # ---- Out

    def _gather(self, native: NativeDecoder) -> None:
        """Take what is decoded out of C, up to a whole chunk."""
        form = self._format
        if form is None:
            return
        code = SAMPLE_TYPES[form.sample_type].code
        chunk = self._config.chunk_samples
        if chunk is None:
            self._gather_all(native, form, code)
            return
        if self._held is None:
            self._held = _empty(form, code, chunk)
        while self._n_held < chunk:
            n_read, time = native.read(self._held[self._n_held :], code)
            if n_read == 0:
                return
            if self._n_held == 0:
                self._held_time = time
            self._n_held += n_read

    def _gather_all(self, native: NativeDecoder, form: AudioFormat, code: Any) -> None:
        if self._n_held > 0:
            return
        n_frames = int(native.info().n_available)
        if n_frames > 0:
            self._held = _empty(form, code, n_frames)
            self._n_held, self._held_time = native.read(self._held, code)

    def _is_whole(self) -> bool:
        """Whether there is enough to be given without being forced to."""
        if self._has_ended or self._config.chunk_samples is None:
            return self._n_held > 0
        return self._n_held == self._config.chunk_samples

    def _block(self, forces: bool) -> tuple[Array, int] | None:
        """Return the next interleaved samples of C's type and their time, if there are enough."""
        native = self._use()
        try:
            self._gather(native)
        except FileFormatError:
            # What was decoded before is still good.
            if not (forces and self._n_held > 0):
                raise
        if not (self._is_whole() or (forces and self._n_held > 0)):
            return None
        assert self._held is not None
        block = self._held[: self._n_held]
        self._held, self._n_held = None, 0
        return block, self._held_time

    def _taken(self, forces: bool, planar: bool) -> tuple[Array, int] | None:
        with self._lock:
            found = self._block(forces)
            if found is None and forces:
                self._end()
                found = self._block(True)
            if found is None:
                return None
            assert self._format is not None
            block = from_native(found[0], SAMPLE_TYPES[self._format.sample_type])
            return turned(block, False, planar), found[1]

    def _end(self) -> None:
        native = self._use()
        if not self._has_ended:
            self._has_ended = True
            try:
                native.end()
            except FileFormatError:
                if self._n_bytes >= _LEAST_BYTES:
                    raise
                # Too short for anything, whatever it looks like.
                self._is_nothing = True
            self._learn(native)

    def get_frame(self, force: bool = False, layout: Layout = "planar") -> Array | None:
        """Take the next chunk of sound.

        Parameters
        ----------
        force : bool, optional
            Whether to give what is less than a chunk, too. Called on, that ends the stream, and
            gives all that the codec still holds.
        layout : {"planar", "interleaved"}, optional
            (channels, samples) or (samples, channels).

        Returns
        -------
        numpy.ndarray or None
            `chunk_samples` samples for each channel; fewer if forced, and at the end. None: there
            are not enough yet, which has an `IncompleteChunkWarning`; with `force`, or after the
            end, there will be none.
        """
        found = self._checked(force, layout)
        return None if found is None else found[0]

    def get_frame_info(
        self, force: bool = False, layout: Layout = "planar"
    ) -> tuple[Array, int | None, tuple[int, int]] | None:
        """Take the next chunk of sound, with its time.

        Parameters
        ----------
        force, layout : optional
            As for `get_frame`.

        Returns
        -------
        (numpy.ndarray, int, (int, int)) or None
            The sound; when its first sample is to be heard; and the unit of that, (num, den):
            num/den seconds, see `packet_time_base_den` of the config. None as for `get_frame`.
        """
        found = self._checked(force, layout)
        if found is None:
            return None
        assert self._format is not None
        rate = self._format.sample_rate
        den = self._config.packet_time_base_den or rate
        return found[0], (2 * found[1] * den + rate) // (2 * rate), (1, den)

    def _checked(self, force: Any, layout: Any) -> tuple[Array, int] | None:
        is_forced, planar = flag("force", force), is_planar(layout)
        with self._lock:
            found = self._taken(is_forced, planar)
            if found is None and not is_forced and self._has_input and not self._has_ended:
                warn_incomplete("Decoder", self._n_held, self.chunk_samples, 4)
            return found

    def flush(self, layout: Layout = "planar") -> list[Array]:
        """End the stream, and give all chunks that are left; the last one may be shorter.

        Parameters
        ----------
        layout : {"planar", "interleaved"}, optional
            (channels, samples) or (samples, channels).

        Returns
        -------
        list of numpy.ndarray
            Empty if all were taken before.
        """
        planar = is_planar(layout)
        with self._lock:
            self._end()
            blocks = []
            while (found := self._taken(True, planar)) is not None:
                blocks.append(found[0])
            return blocks

    def pending_samples(self) -> int:
        """Return how many samples for each channel are decoded, at least, and were not taken."""
        with self._lock:
            return self._n_held + int(self._use().info().n_available)

    def state(self) -> Literal["ready", "need_more", "empty"]:
        """Return whether there is a chunk, not enough for one, or nothing."""
        with self._lock:
            native = self._use()
            self._gather(native)
            if self._is_whole():
                return "ready"
            return "need_more" if self._has_input and not self._has_ended else "empty"

    def reset(self) -> None:
        """Begin a new stream; what is inside is lost."""
        with self._lock:
            self._failure = None
            self._use().reset()
            self._forget()

    # ---- Life

    def close(self) -> None:
        """Free what the codec holds; closing again does nothing. What was not taken is lost."""
        if not self._lock.is_ours:
            return  # What there is to free is the parent's.
        with self._lock:
            self._native = self._held = None

    def __repr__(self) -> str:
        if self._native is None:
            return f"<pastream_ng.Decoder {self.codec}, closed>"
        form = self._format
        if form is None:
            return f"<pastream_ng.Decoder {self.codec}, no format yet>"
        return (
            f"<pastream_ng.Decoder {self.codec}, {form.sample_rate} Hz, {form.channels} channels>"
        )


def _given_as(code: Format) -> str:
    """Return the type that holds samples of a format."""
    row = _BY_CODE.get(code)
    return row or ("i16" if code == Format.I8 else "i32")


def _empty(form: AudioFormat, code: Format, n_frames: int) -> Array:
    """Return room for interleaved samples, in the type that C gives."""
    dtype = "int32" if code == Format.I32 else form.dtype
    return np.empty((n_frames, form.channels), dtype)


def _has_memory(data: Any) -> bool:
    try:
        memoryview(data)
    except (TypeError, ValueError):
        return False
    return True
