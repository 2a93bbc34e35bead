# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the options of a transcoding mean together: refused if they contradict each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from pastream_ng._checks import shown
from pastream_ng._native import ffi, lib
from pastream_ng.enums import (
    BitrateMode,
    ByteOrder,
    Container,
    Dither,
    Encoding,
    Format,
    ResampleQuality,
)
from pastream_ng.errors import ArgumentError
from pastream_ng.files.formats import FileFormat, check_encoder, fitting_rate
from pastream_ng.files.kinds import (
    PCM_CONTAINERS,
    Kind,
    encodings_in,
    extension_of,
    kind_of,
    named,
)
from pastream_ng.files.options import WriteOptions
from pastream_ng.packets.sample_types import SAMPLE_TYPES
from pastream_ng.transcoding.names import codec_of, samples_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pastream_ng.graph.effect import GraphEffect
    from pastream_ng.transcoding.options import TranscodeOptions

__all__ = ["Plan", "plan_of", "told_here"]

_LOSSLESS = (Encoding.PCM, Encoding.FLAC)
# What inputs usually have, the most usual first: one of them has to go with the options.
_RATES = (48000, 44100, 96000, 24000, 8000)
_CHANNELS = (2, 1, 6, 8)
# What C calls an argument, and what it is called here.
_OTHER_NAMES = {
    "bitrate is": "audio_bitrate is",
    "samplerate is": "sample_rate is",
    "start_s": "start_time",
    "duration_s": "duration",
    "the gains are": "channel_map is",
    "max_frames": "max_duration",
    "max_bytes": "max_size",
}


class Plan(NamedTuple):
    """What C gets, except for the files.

    Attributes
    ----------
    wanted : FileFormat
        Of the output; what is 0 is left open.
    written : WriteOptions
        How it is written.
    gains : tuple of tuple of float
        For other channels; empty: the usual ones.
    is_partial : bool
        Whether inputs may have more channels than the gains tell of.
    """

    wanted: FileFormat
    written: WriteOptions
    gains: tuple[tuple[float, ...], ...]
    is_partial: bool
    quality: ResampleQuality
    raw: FileFormat | None
    keeps_tags: bool
    start_s: float
    duration_s: float
    max_seconds: float | None
    max_bytes: int | None
    fails_on_damage: bool
    threads: int
    effect: GraphEffect | None


def told_here(text: str) -> str:
    """Return a message of C's with the names that arguments have here."""
    pattern = "|".join(rf"\b{name}\b" for name in _OTHER_NAMES)
    return re.sub(pattern, lambda found: _OTHER_NAMES[found[0]], text)


def plan_of(options: TranscodeOptions) -> Plan:
    """Return what options mean.

    Raises
    ------
    ArgumentError
        They contradict each other, or the codec cannot do it.
    CodecMissingError
        This build lacks the codec.
    """
    get = options._get
    for name in ("input", "output"):
        if get(name) is None:
            raise ArgumentError(f"{name} is None; a transcoding needs one")
    kind, order, samples = _kind_of(options)
    sample = None if samples is None else samples_of(samples)
    gains, is_partial = _gains_of(options)
    wanted = FileFormat(
        kind.container,
        Format.I16 if sample is None else sample.samples,
        order,
        _of_effect(options, "sample_rate", get("sample_rate") or 0),
        _of_effect(options, "channels", get("channels") or len(gains)),
        kind.encoding,
        0 if sample is None else sample.bits,
    )
    mode, dither = get("bitrate_mode"), get("dither")
    written = WriteOptions(
        bitrate=get("audio_bitrate") or 0,
        bitrate_mode=BitrateMode[(mode or "default").upper()],
        quality=-1.0 if get("quality") is None else get("quality"),
        compression=-1 if get("compression") is None else get("compression"),
        dither=Dither[(dither or "none").upper()],
        tags=get("tags"),
    )
    _check_contradictions(options, kind)
    _check_some(wanted, written)
    return Plan(
        wanted if sample is not None else wanted._replace(subtype=_open_format()),
        written,
        gains,
        is_partial,
        ResampleQuality[get("resample_quality").upper()],
        _raw_of(options),
        get("keep_tags"),
        get("start_time"),
        -1.0 if get("duration") is None else get("duration"),
        get("max_duration"),
        get("max_size"),
        get("on_damage") == "raise",
        min(get("threads"), int(lib.PST_JOB_MAX_THREADS)),
        get("effect"),
    )


def _of_effect(options: TranscodeOptions, name: str, told: int) -> int:
    """Return the rate or channels of the output, which the effect decides, if there is one."""
    effect = options._get("effect")
    if effect is None:
        return told
    value = float(getattr(effect, name))
    if not value.is_integer() or told not in (0, value):
        raise ArgumentError(
            f"{name} of effect is {value:g}, and {name} of the output "
            f"{told or 'has to be whole'}; they must be the same"
        )
    return int(value)


def _open_format() -> Any:
    """Return what says that the input decides."""
    return 0


# ---- Kind and samples ----------------------------------------------------------------------------


def _kind_of(options: TranscodeOptions) -> tuple[Kind, ByteOrder, str | None]:
    """Return the kind of file, the order of bytes in it and the name of its samples, if told."""
    output, told = options._get("output"), options._get("format")
    name, samples = options._get("audio_codec"), options._get("sample_format")
    codec = None if name is None else codec_of(name)
    if told is not None:
        kind = named(told)
    elif codec is not None and not extension_of(output):
        kind = Kind(codec.container)
    else:
        kind = kind_of(output, None, "output")
    possible = (kind.encoding,) if kind.encoding else encodings_in(kind.container)
    encoding = possible[0] if codec is None else codec.encoding
    if encoding not in possible:
        _refuse_codec(options, possible)
    order = ByteOrder.DEFAULT if codec is None else codec.order
    if codec is not None and codec.sample_format is not None:
        if samples not in (None, codec.sample_format):
            raise ArgumentError(
                f"sample_format is {samples!r}, and audio_codec {name!r}; give one of them, or "
                "audio_codec='pcm'"
            )
        samples = codec.sample_format
    if samples is not None and encoding not in _LOSSLESS:
        raise ArgumentError(
            f"sample_format is {samples!r}; {encoding.name} does not store samples as they are, so "
            "leave it away"
        )
    if samples is not None and samples_of(samples).bits and encoding != Encoding.FLAC:
        raise ArgumentError(
            f"sample_format is {samples!r}, which only FLAC has; {kind.container.name} files have "
            "int16, int24 or int32"
        )
    if samples is None and kind.container == Container.RAW and encoding == Encoding.PCM:
        raise ArgumentError(
            "sample_format is None; in files without a header nobody could tell what it is"
        )
    return Kind(kind.container, encoding), order, samples


def _refuse_codec(options: TranscodeOptions, possible: tuple[Encoding, ...]) -> NoReturn:
    told, extension = options._get("format"), extension_of(options._get("output"))
    file = f"format {told!r}" if told is not None else f"an output called .{extension}"
    names = " or ".join(repr(encoding.name.lower()) for encoding in possible)
    raise ArgumentError(
        f"audio_codec is {options._get('audio_codec')!r}, which {file} cannot hold; it may be "
        f"{names}, or the output another kind of file"
    )


def _raw_of(options: TranscodeOptions) -> FileFormat | None:
    told = options._get("input_format")
    if told is None:
        return None
    if told.sample_type == "i64":
        raise ArgumentError(
            "input_format has samples of type i64; files have u8 to i32, f32 or f64"
        )
    code = SAMPLE_TYPES[told.sample_type].code
    return FileFormat(Container.RAW, code, ByteOrder.DEFAULT, told.sample_rate, told.channels)


# ---- Channels ------------------------------------------------------------------------------------


def _gains_of(options: TranscodeOptions) -> tuple[tuple[tuple[float, ...], ...], bool]:
    """Return a row of gains for each channel, and whether inputs may have more than these."""
    told, channels = options._get("channel_map"), options._get("channels")
    if told is None:
        return (), False
    if channels not in (None, len(told)):
        raise ArgumentError(
            f"channel_map has {len(told)} channels and channels is {channels}; they must be as "
            "many, or one of the two be left away"
        )
    if isinstance(told[0], tuple):
        return told, False
    least = max(1, *told)
    return tuple(tuple(float(k == n - 1) for k in range(least)) for n in told), True


# ---- What goes together --------------------------------------------------------------------------


def _check_contradictions(options: TranscodeOptions, kind: Kind) -> None:
    quality, bitrate = options._get("quality"), options._get("audio_bitrate")
    name = kind.encoding.name if kind.encoding != Encoding.PCM else kind.container.name
    if quality is not None and bitrate is not None:
        raise ArgumentError(f"quality is {quality:g} and audio_bitrate {bitrate}; give one of them")
    if kind.encoding in _LOSSLESS:
        for option in ("audio_bitrate", "bitrate_mode", "quality"):
            value = options._get(option)
            if value is not None:
                raise ArgumentError(
                    f"{option} is {shown(value)}; {name} is without loss, and its bits a second "
                    "follow from sample_rate, channels and sample_format"
                )
    elif options._get("dither") == "tpdf" and kind.container not in PCM_CONTAINERS:
        raise ArgumentError(
            f"dither is 'tpdf'; {name} gets the samples before they lose bits, so leave it away"
        )


def _check_some(wanted: FileFormat, written: WriteOptions) -> None:
    """Refuse what no usual input would make possible; what is left open, is taken from there."""
    first: BaseException | None = None
    for trial in _trials(wanted):
        try:
            check_encoder(trial, written)
        except ArgumentError as error:
            if first is None:
                first = ArgumentError(told_here(str(error)))
        else:
            return
    assert first is not None
    raise first from None


def _trials(wanted: FileFormat) -> Iterator[FileFormat]:
    for rate in (wanted.samplerate,) if wanted.samplerate else _RATES:
        for channels in (wanted.channels,) if wanted.channels else _CHANNELS:
            trial = wanted._replace(samplerate=rate, channels=channels)
            yield trial if wanted.samplerate else trial._replace(samplerate=fitting_rate(trial))


def to_c(plan: Plan) -> tuple[Any, list[Any]]:
    """Return a ``pst_job_config *`` without files, and what lies behind its pointers."""
    config = ffi.new("pst_job_config *")
    lib.pst_job_config_default(config)
    config.format = plan.wanted.to_c()[0]
    written = plan.written.to_c()
    config.options = written.pointer[0]
    keep: list[Any] = [written]
    if plan.raw is not None:
        raw = plan.raw.to_c()
        config.raw = raw
        keep.append(raw)
    if plan.gains:
        gains = ffi.new("float[]", [gain for row in plan.gains for gain in row])
        config.gains = gains
        config.n_gain_sources = len(plan.gains[0])
        config.leaves_channels = plan.is_partial
        keep.append(gains)
    config.keeps_tags = plan.keeps_tags
    config.start_s = plan.start_s
    config.duration_s = plan.duration_s
    config.quality = plan.quality
    if plan.max_seconds is not None:
        config.max_s = plan.max_seconds
    if plan.max_bytes is not None:
        config.max_bytes = plan.max_bytes
    config.fails_on_damage = plan.fails_on_damage
    config.n_threads = plan.threads
    if plan.effect is not None:
        context = plan.effect.begin()
        config.graph = context._core.pointer
        keep.append(context)
    return config, keep
