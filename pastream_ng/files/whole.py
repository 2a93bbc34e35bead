# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Sound files in one call: read, block by block, written."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import numpy as np

from pastream_ng._checks import flag, integer, shown, shown_file
from pastream_ng._native import lib
from pastream_ng.errors import ArgumentError, ArgumentTypeError, LimitError, StateError
from pastream_ng.files.damage import check_on_damage, tell_damage
from pastream_ng.files.formats import check_encoder, new_format
from pastream_ng.files.options import new_options
from pastream_ng.files.replace import new_file
from pastream_ng.files.soundfile import SoundFile
from pastream_ng.formats import sample_format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pastream_ng._native.arrays import Array
    from pastream_ng.enums import BitrateMode, Dither

__all__ = ["blocks", "read", "write"]

# What a file may become without a word: so many bytes of samples, or frames for each of its own
# bytes. Real codecs give less than half of that for silence.
_PLAUSIBLE_BYTES = 256 << 20
_PLAUSIBLE_FRAMES_PER_BYTE = 1000


def _bytes_of(file: Any) -> int | None:
    """Return how many bytes a file has; None: nobody knows."""
    try:
        if isinstance(file, (str, bytes, os.PathLike, int)):
            found = os.stat(file)
            return int(found.st_size) if stat.S_ISREG(found.st_mode) else None
        here = file.tell()
        file.seek(0, os.SEEK_END)
        end = file.tell()
        file.seek(here)
    except (OSError, AttributeError, ValueError):
        return None
    return int(end)


def _limit(file: Any, channels: int, dtype: Any, max_frames: int | None) -> int | None:
    """Return how many frames may be read at once."""
    if max_frames is not None:
        return max_frames
    n_bytes = _bytes_of(file)
    if n_bytes is None:
        return None
    sample_bytes = int(lib.pst_format_bytes(sample_format(dtype).code))
    plausible = _PLAUSIBLE_BYTES // (channels * sample_bytes)
    return max(plausible, n_bytes * _PLAUSIBLE_FRAMES_PER_BYTE)


def _refuse_long(name: Any, limit: int, is_asked: bool) -> LimitError:
    if is_asked:
        return LimitError(f"{shown_file(name)} holds more than max_frames, {limit}")
    return LimitError(
        f"{shown_file(name)} becomes more than {limit} frames, which is implausible for its size: "
        "raise max_frames if it is meant to be so, or read it by blocks()"
    )


def _span(file: SoundFile, frames: int, start: int, stop: int | None) -> int:
    """Go to the first frame that is wanted; return how many are, -1 for all."""
    frames = integer("frames", frames, -1, unit="frames")
    start = integer("start", start, -(2**62), unit="frames")
    if stop is not None:
        stop = integer("stop", stop, -(2**62), unit="frames")
        if frames >= 0:
            raise ArgumentTypeError(f"frames is {frames} and stop {stop}; give one of them")
    known = file.frames
    if known < 0 and (start < 0 or (stop is not None and stop < 0)):
        raise StateError(
            f"start is {start} and stop {stop}; {shown_file(file.name)} does not tell how "
            "many frames it has, so they must be counted from its start"
        )
    end = stop
    if known >= 0:
        # Like slices: what lies outside is not there.
        start, end, _ = slice(start, stop).indices(known)
    if start:
        _go_to(file, start)
    return frames if stop is None or end is None else max(0, end - start)


def _go_to(file: SoundFile, frame: int) -> None:
    if file.seekable():
        file.seek(frame)
        return
    while frame > 0:
        n = len(file.read(min(frame, 65536)))
        if n == 0:
            return
        frame -= n


def read(
    file: Any,
    frames: int = -1,
    start: int = 0,
    stop: int | None = None,
    dtype: Any = "float32",
    always_2d: bool = False,
    fill_value: float | None = None,
    out: Any = None,
    samplerate: int | None = None,
    channels: int | None = None,
    format: str | None = None,
    subtype: str | None = None,
    endian: str | None = None,
    closefd: bool = True,
    *,
    on_damage: str = "warn",
    max_frames: int | None = None,
) -> tuple[Array, int]:
    """Read a sound file.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int or binary file object
        As for `SoundFile`.
    frames : int, optional
        How many to read; -1 reads to the end.
    start, stop : int, optional
        The first frame, and the one behind the last, as in a slice: negative ones are counted from
        the end.
    dtype : str or numpy.dtype, optional
        As for streams; integers are scaled to full scale.
    always_2d : bool, optional
        Whether mono comes as (frames, 1), too.
    fill_value : float, optional
        What to fill up with where the file has fewer than `frames`.
    out : numpy.ndarray, optional
        Memory for the frames, see `SoundFile.read`.
    samplerate, channels, format, subtype, endian : optional
        Of RAW files, see `SoundFile`.
    closefd : bool, optional
        Whether a descriptor is closed.
    on_damage : {"warn", "raise", "ignore"}, optional
        What to do if parts of the file are missing or damaged. Frames that are known to be lost are
        silent. A file that makes no sense from some point on is always an error.
    max_frames : int, optional
        Refuse a file that would give more. None refuses what is implausible: more than 256 MiB of
        samples that are more than 1000 frames for each byte of the file.

    Returns
    -------
    data : numpy.ndarray
        (frames, channels), or (frames,) for mono.
    samplerate : int
        Hz.

    Raises
    ------
    FileFormatError
        It is not a sound file of a known kind; `DamagedFileError`: it is damaged, and `on_damage`
        is ``"raise"``.
    OSError
        It cannot be opened or read.
    LimitError
        It would give more frames than `max_frames`.
    ArgumentError, ArgumentTypeError
        An argument that is not as described above.

    Warns
    -----
    DamagedFileWarning
        Parts of the file are missing or damaged.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> ps.write(place, np.zeros((100, 2)), 48000, format="WAV")
    >>> n = place.seek(0)
    >>> x, rate = ps.read(place, start=10, stop=-10)
    >>> x.shape, rate
    ((80, 2), 48000)
    """
    check_on_damage(on_damage)
    if max_frames is not None:
        max_frames = integer("max_frames", max_frames, 0, unit="frames")
    with SoundFile(file, "r", samplerate, channels, subtype, endian, format, closefd) as opened:
        wanted = _span(opened, frames, start, stop)
        if out is None and wanted < 0:
            data = _read_rest(opened, file, dtype, always_2d, max_frames)
        else:
            if max_frames is not None and wanted > max_frames:
                raise ArgumentError(f"frames is {wanted}; max_frames allows {max_frames}")
            data = opened.read(wanted, dtype, always_2d, fill_value, out)
        tell_damage(opened.name, opened.damage, on_damage, 2)
        return data, opened.samplerate


def _read_rest(
    opened: SoundFile, file: Any, dtype: Any, always_2d: bool, max_frames: int | None
) -> Array:
    limit = _limit(file, opened.channels, dtype, max_frames)
    if limit is None:
        return opened.read(-1, dtype, always_2d)
    if opened.frames >= 0 and opened.frames - opened.tell() > limit:
        raise _refuse_long(opened.name, limit, max_frames is not None)
    data = opened.read(limit + 1, dtype, always_2d)
    if len(data) > limit:
        raise _refuse_long(opened.name, limit, max_frames is not None)
    return data


def blocks(
    file: Any,
    blocksize: int | None = None,
    overlap: int = 0,
    frames: int = -1,
    start: int = 0,
    stop: int | None = None,
    dtype: Any = "float32",
    always_2d: bool = False,
    fill_value: float | None = None,
    out: Any = None,
    samplerate: int | None = None,
    channels: int | None = None,
    format: str | None = None,
    subtype: str | None = None,
    endian: str | None = None,
    closefd: bool = True,
    *,
    on_damage: str = "warn",
) -> Iterator[Array]:
    """Iterate over a sound file block by block, in constant memory.

    Parameters
    ----------
    blocksize : int, optional
        Frames of a block; not needed with `out`.
    overlap : int, optional
        How many frames of a block come again in the next one.
    file, frames, start, stop, dtype, always_2d, fill_value, out : optional
        As for `read`. Without `fill_value` the last block may be shorter.
    samplerate, channels, format, subtype, endian, closefd, on_damage : optional
        As for `read`.

    Yields
    ------
    numpy.ndarray
        (frames, channels), or (frames,) for mono.

    Raises
    ------
    Exception
        As `read`, with the first block at the latest.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> ps.write(place, np.zeros(10), 48000, format="WAV")
    >>> n = place.seek(0)
    >>> [len(block) for block in ps.blocks(place, 4, overlap=1)]
    [4, 4, 4]
    """
    check_on_damage(on_damage)
    with SoundFile(file, "r", samplerate, channels, subtype, endian, format, closefd) as opened:
        wanted = _span(opened, frames, start, stop)
        yield from opened.blocks(blocksize, overlap, wanted, dtype, always_2d, fill_value, out)
        tell_damage(opened.name, opened.damage, on_damage, 2)


def write(
    file: Any,
    data: Any,
    samplerate: int,
    subtype: str | None = None,
    endian: str | None = None,
    format: str | None = None,
    closefd: bool = True,
    compression_level: float | None = None,
    bitrate_mode: str | BitrateMode | None = None,
    *,
    bitrate: int | None = None,
    quality: float | None = None,
    compression: int | None = None,
    dither: str | Dither | None = None,
    tags: Any = None,
    resample: str | None = "auto",
    overwrite: bool = True,
) -> None:
    """Write a sound file.

    A file that is given by its path appears under its name when it is complete: it is written
    under another name in the same folder, and renamed then. What was there before stays until that
    moment, and stays for good if anything goes wrong. Where the folder does not let new files be
    made, a file that is there is written in place.

    Parameters
    ----------
    file : str, bytes, os.PathLike, int or binary file object
        Where to. Descriptors and file objects are written from where they stand.
    data : array
        (frames, channels), or (frames,) for mono; dtypes as for `SoundFile.write`.
    samplerate : int
        Hz.
    subtype, endian, format, closefd, compression_level, bitrate_mode : optional
        As for `SoundFile`.
    bitrate, quality, compression, dither, tags : optional
        As for `SoundFile`.
    resample : {"auto", None}, optional
        What to do if the codec cannot store `samplerate`: ``"auto"`` stores the next higher rate
        that it can, or its highest, by `pastream_ng.resample`; None refuses. Opus has 48000, 24000,
        16000, 12000 and 8000 Hz.
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        There is such a file, and `overwrite` is False.
    OSError
        The folder is missing, the disk is full, and so on. Nothing is left behind then.
    CodecMissingError
        The library was built without the codec.
    ArgumentError, ArgumentTypeError
        An argument that is not as described above, or does not fit the kind of file.

    Examples
    --------
    >>> import io, numpy as np, pastream_ng as ps
    >>> place = io.BytesIO()
    >>> ps.write(place, np.zeros((100, 2)), 48000, format="WAV", subtype="PCM_24")
    """
    frames = np.asarray(data)
    if frames.ndim not in (1, 2) or frames.shape[1:] == (0,):
        raise ArgumentError(
            f"data has shape {frames.shape}; it must be (frames, channels) or (frames,)"
        )
    if resample is not None and not (isinstance(resample, str) and resample == "auto"):
        error = ArgumentError if isinstance(resample, str) else ArgumentTypeError
        raise error(f"resample is {shown(resample)}; it must be 'auto' or None")
    overwrite = flag("overwrite", overwrite)
    channels = 1 if frames.ndim == 1 else frames.shape[1]
    told = (channels, subtype, endian, format)
    wanted = new_format(file, samplerate, *told, fits_rate=resample is not None)
    how = {
        "bitrate": bitrate,
        "bitrate_mode": bitrate_mode,
        "quality": quality,
        "compression": compression,
        "compression_level": compression_level,
        "dither": dither,
        "tags": tags,
    }
    options = new_options(wanted, **how)
    if wanted.samplerate != samplerate:
        most, least = sorted((samplerate, wanted.samplerate), reverse=True)
        if most > lib.PST_RESAMPLE_MAX_RATIO * least:
            raise ArgumentError(
                f"samplerate is {samplerate}; such a file can have {wanted.samplerate} Hz, and "
                f"the two must be within a factor of {lib.PST_RESAMPLE_MAX_RATIO}"
            )
        check_encoder(wanted, options)
        frames = _resampled(frames, samplerate, wanted.samplerate)
    options = options._replace(frames=len(frames))
    check_encoder(wanted, options)
    with new_file(file, wanted, options, closefd, overwrite) as opened:
        opened.write(frames)


def _resampled(data: Array, samplerate: int, wanted: int) -> Array:
    from pastream_ng.resampling import resample

    return resample(data, samplerate, wanted)
