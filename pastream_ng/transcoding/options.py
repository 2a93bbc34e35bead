# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What is to be transcoded, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar

from pastream_ng._checks import shown
from pastream_ng.errors import ArgumentTypeError
from pastream_ng.files.tags import Tags
from pastream_ng.transcoding.option_values import DEFAULTS, OPTIONS, checked, is_path
from pastream_ng.transcoding.refusals import refuse_unknown, refuse_video

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from pastream_ng.enums import BitrateMode, Dither, ResampleQuality, ResampleQualityName
    from pastream_ng.graph.effect import GraphEffect
    from pastream_ng.packets.audio_format import AudioFormat

__all__ = ["Arguments", "TranscodeOptions", "options_from"]

O = TypeVar("O", bound="TranscodeOptions")  # noqa: E741

Mode: TypeAlias = 'BitrateMode | Literal["default", "variable", "constant", "average"]'
DitherName: TypeAlias = 'Dither | Literal["none", "tpdf"]'
Quality: TypeAlias = "ResampleQuality | ResampleQualityName"
OnDamage: TypeAlias = Literal["warn", "raise", "ignore"]


class MoreArguments(TypedDict, total=False):
    """The options that are only given by name; see `TranscodeOptions`."""

    format: str | None
    sample_rate: int | None
    channels: int | None
    channel_map: Sequence[int] | Sequence[Sequence[float]] | Any
    effect: GraphEffect | None
    sample_format: str | None
    bitrate_mode: Mode | None
    quality: float | None
    compression: int | None
    dither: DitherName | None
    start_time: float | None
    duration: float | None
    resample_quality: Quality | None
    tags: Any
    keep_tags: bool | None
    threads: int | None
    max_duration: float | None
    max_size: int | None
    on_damage: OnDamage | None
    input_format: AudioFormat | None
    resolution: None
    framerate: None
    crf: None
    preset: None


class Arguments(MoreArguments, total=False):
    """The options of a transcoding; see `TranscodeOptions`."""

    audio_codec: str | None
    audio_bitrate: int | None
    overwrite: bool | None
    video_codec: None
    video_bitrate: None


class TranscodeOptions:
    """What is to be transcoded, and how.

    Each option is an argument, and also a method that sets it, changes the object and returns it.
    None takes an option back. What an option may be by itself is checked at once; how they go
    together, when a `Transcoder` is made.

    Parameters
    ----------
    input : str, bytes, os.PathLike, int, memory or binary file object
        A path; a file descriptor, which stays open; a bytearray or memoryview that holds a file,
        and does not change meanwhile; or an object with ``read``. What kind of file it is, its
        content tells.
    output : str, bytes, os.PathLike, int or binary file object
        A path, whose file appears when it is complete; or a descriptor or an object with ``write``,
        which get the bytes as they are made, and stay open.
    audio_codec : str, optional
        ``"pcm"``, ``"flac"``, ``"mp3"``, ``"opus"``, ``"vorbis"``, ``"aac"``, ``"ulaw"`` or
        ``"alaw"``; FFmpeg's names, such as ``"pcm_s16le"`` or ``"libopus"``, are known, too. None:
        the usual one of the output's kind.
    audio_bitrate : int, optional
        Bits a second of all channels together, of codecs with loss.
    overwrite : bool, optional
        Whether the output may replace a file that is there. It never replaces the input.
    format : str, optional
        The kind of file, as `SoundFile` names it. None: the output's extension tells it, or
        `audio_codec` if it has none.
    sample_rate : int, optional
        Hz. None: the input's, or the nearest that the codec can store.
    channels : int, optional
        Of the output. Others than the input's are mixed as Web Audio does. None: the input's.
    channel_map : array_like, optional
        Which channel of the input each channel of the output is, counted from 1, and 0 for silence:
        ``[2, 1]`` swaps two. Or a matrix of gains, (output, input) channels.
    effect : GraphEffect, optional
        A graph that the sound goes through, with its rate and channels, which are then those of the
        output.
    sample_format : str, optional
        ``"int16"``, ``"int24"``, ``"int32"``, ``"float32"``, ``"float64"``, ``"uint8"`` or
        ``"int8"``, of what stores samples without loss. None: the input's as far as the codec holds
        them; 16 bits, if the input has stored them with loss.
    bitrate_mode : {"default", "variable", "constant", "average"}, optional
        See `BitrateMode`.
    quality : float, optional
        0 (smallest) to 1 (best), instead of a bit rate; of MP3 and Vorbis.
    compression : int, optional
        Effort, from 0 to the codec's most: 8 of FLAC, 9 of MP3, 10 of Opus.
    dither : {"none", "tpdf"}, optional
        Noise where samples lose bits.
    start_time : float, optional
        Seconds of the input to leave out, rounded to its frames.
    duration : float, optional
        Seconds of the input to take from there; None: all. If there are fewer, these.
    resample_quality : {"best", "medium", "fast", "linear", "hold"}, optional
        See `ResampleQuality`.
    tags : mapping, optional
        As for `Tags`. They replace those of the input that have the same key.
    keep_tags : bool, optional
        Whether the output gets the tags of the input, as far as it can have any.
    threads : int, optional
        1 does all on one thread, 2 decodes on another, 3 and more encode on one more. The result is
        the same.
    max_duration : float, optional
        Seconds of the output; if it grows longer, the job fails with `LimitError`.
    max_size : int, optional
        Bytes of the output; likewise.
    on_damage : {"warn", "raise", "ignore"}, optional
        What to do if parts of the input are missing or damaged: what is left is transcoded with a
        `DamagedFileWarning`, or the job fails with `DamagedFileError`.
    input_format : AudioFormat, optional
        Rate, channels and sample type of an input that is samples without a header, interleaved and
        in this machine's byte order.
    video_codec, video_bitrate, resolution, framerate, crf, preset : None
        Programs that also transcode video may pass these on. Values other than None are refused.

    Raises
    ------
    UnsupportedOptionError
        An option of video.
    ArgumentError, ArgumentTypeError
        An option that is not as described above.

    Notes
    -----
    Options are equal if the same ones are set to the same values. Those of paths can be pickled.

    Examples
    --------
    >>> import pastream_ng as ps
    >>> options = ps.TranscodeOptions().input("in.flac").output("out.mp3").audio_bitrate(192_000)
    >>> options
    TranscodeOptions(input='in.flac', output='out.mp3', audio_bitrate=192000)
    >>> options == ps.TranscodeOptions("in.flac", "out.mp3", audio_bitrate=192e3)
    True
    >>> try:
    ...     options.video_codec("h264")
    ... except ps.UnsupportedOptionError as error:
    ...     print(error)
    video_codec is 'h264'; pastream_ng is audio only: audio_codec chooses the codec
    """

    __slots__ = ("_values",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, input: Any = None, output: Any = None, **options: Unpack[Arguments]) -> None:
        self._values: dict[str, Any] = {}
        self._set("input", input)
        self._set("output", output)
        given: dict[str, Any] = dict(options)
        for name in [name for name in OPTIONS if name in given]:
            self._set(name, given.pop(name))
        refuse_unknown("TranscodeOptions", given, OPTIONS)

    def _set(self: O, name: str, value: Any) -> O:
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = checked(name, value)
        return self

    def _get(self, name: str) -> Any:
        """Return the value of an option, its default if it was not set."""
        return self._values.get(name, DEFAULTS.get(name))

    # ---- Where ----------------------------------------------------------------------------------

    def input(self: O, input: Any) -> O:
        """Set what is read."""
        return self._set("input", input)

    def output(self: O, output: Any) -> O:
        """Set what is written."""
        return self._set("output", output)

    def overwrite(self: O, overwrite: bool | None = True) -> O:
        """Set whether the output may replace a file that is there."""
        return self._set("overwrite", overwrite)

    # ---- As what --------------------------------------------------------------------------------

    def format(self: O, format: str | None) -> O:
        """Set the kind of file."""
        return self._set("format", format)

    def audio_codec(self: O, codec: str | None) -> O:
        """Set the codec."""
        return self._set("audio_codec", codec)

    def audio_bitrate(self: O, bitrate: int | None) -> O:
        """Set the bits a second of all channels together."""
        return self._set("audio_bitrate", bitrate)

    def bitrate_mode(self: O, mode: Mode | None) -> O:
        """Set how the bit rate may vary."""
        return self._set("bitrate_mode", mode)

    def quality(self: O, quality: float | None) -> O:
        """Set the quality of a variable bit rate, 0 to 1."""
        return self._set("quality", quality)

    def compression(self: O, effort: int | None) -> O:
        """Set the codec's effort."""
        return self._set("compression", effort)

    def sample_rate(self: O, rate: int | None) -> O:
        """Set the sample rate in Hz."""
        return self._set("sample_rate", rate)

    def resample_quality(self: O, quality: Quality | None) -> O:
        """Set how well the rate is changed."""
        return self._set("resample_quality", quality)

    def channels(self: O, channels: int | None) -> O:
        """Set the number of channels."""
        return self._set("channels", channels)

    def channel_map(self: O, channels: Any) -> O:
        """Set which channel of the input each channel is, or a matrix of gains."""
        return self._set("channel_map", channels)

    def effect(self: O, effect: GraphEffect | None) -> O:
        """Set the graph that the sound goes through."""
        return self._set("effect", effect)

    def sample_format(self: O, samples: str | None) -> O:
        """Set the samples that are stored."""
        return self._set("sample_format", samples)

    def dither(self: O, dither: DitherName | None) -> O:
        """Set the noise where samples lose bits."""
        return self._set("dither", dither)

    def tags(self: O, tags: Any) -> O:
        """Set tags, all at once."""
        return self._set("tags", tags)

    def keep_tags(self: O, keep: bool | None = True) -> O:
        """Set whether the input's tags are kept."""
        return self._set("keep_tags", keep)

    # ---- Of what --------------------------------------------------------------------------------

    def start_time(self: O, seconds: float | None) -> O:
        """Set how many seconds of the input are left out."""
        return self._set("start_time", seconds)

    def duration(self: O, seconds: float | None) -> O:
        """Set how many seconds of the input are taken."""
        return self._set("duration", seconds)

    def input_format(self: O, format: AudioFormat | None) -> O:
        """Set what an input without a header holds."""
        return self._set("input_format", format)

    def on_damage(self: O, what: OnDamage | None) -> O:
        """Set what to do if the input is damaged."""
        return self._set("on_damage", what)

    # ---- Within which limits --------------------------------------------------------------------

    def threads(self: O, threads: int | None) -> O:
        """Set how many threads work."""
        return self._set("threads", threads)

    def max_duration(self: O, seconds: float | None) -> O:
        """Set how many seconds the output may have."""
        return self._set("max_duration", seconds)

    def max_size(self: O, size: int | None) -> O:
        """Set how many bytes the output may have."""
        return self._set("max_size", size)

    # ---- What means nothing here ----------------------------------------------------------------

    def video_codec(self: O, codec: Any) -> O:
        """Refuse: `audio_codec` chooses the codec."""
        refuse_video("video_codec", codec)
        return self

    def video_bitrate(self: O, bitrate: Any) -> O:
        """Refuse: `audio_bitrate` sets the bits a second."""
        refuse_video("video_bitrate", bitrate)
        return self

    def resolution(self: O, width: Any, height: Any = None) -> O:
        """Refuse: `sample_rate` and `sample_format` set how fine sound is."""
        refuse_video("resolution", None if width is None and height is None else (width, height))
        return self

    def framerate(self: O, rate: Any) -> O:
        """Refuse: `sample_rate` sets the frames in a second."""
        refuse_video("framerate", rate)
        return self

    def crf(self: O, factor: Any) -> O:
        """Refuse: `quality` sets that of a variable bit rate."""
        refuse_video("crf", factor)
        return self

    def preset(self: O, preset: Any) -> O:
        """Refuse: `compression` sets the codec's effort."""
        refuse_video("preset", preset)
        return self

    # ---- As a value -----------------------------------------------------------------------------

    def copy(self: O) -> O:
        """Return others with the same values."""
        made = type(self)()
        made._values = dict(self._values)
        return made

    __copy__ = copy

    def to_dict(self) -> dict[str, Any]:
        """Return what was set, as arguments for another one; plain values where they can be."""
        return {
            name: value.to_dict() if isinstance(value, Tags) else value
            for name, value in self._ordered()
        }

    def _ordered(self) -> list[tuple[str, Any]]:
        return [(name, self._values[name]) for name in OPTIONS if name in self._values]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TranscodeOptions):
            return NotImplemented
        return self._values == other._values

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self._ordered())
        return f"{type(self).__name__}({told})"

    def __reduce__(self) -> tuple[Any, ...]:
        for name in ("input", "output"):
            place = self._values.get(name)
            if place is not None and not is_path(place):
                raise TypeError(
                    f"{name} is {shown(place)}; only options whose input and output are paths can "
                    "be pickled"
                )
        return _restored, (type(self), self.to_dict())


def _restored(kind: type[O], values: dict[str, Any]) -> O:
    return kind(**values)


def options_from(where: str, input: Any, output: Any, given: dict[str, Any]) -> TranscodeOptions:
    """Return the options that a function was called with.

    Raises
    ------
    UnsupportedOptionError
        An option of video.
    ArgumentError, ArgumentTypeError
        Other options that are not right, or not known.
    """
    refuse_unknown(where, {k: v for k, v in given.items() if k not in OPTIONS}, OPTIONS)
    for name, place in (("input_path", input), ("output_path", output)):
        if place is None:
            raise ArgumentTypeError(f"{name} is None; it must be a path or a binary file object")
    known: dict[str, Any] = {name: value for name, value in given.items() if name in OPTIONS}
    return TranscodeOptions(input, output, **known)
