# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Transcoding in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pastream_ng.transcoding.options import options_from
from pastream_ng.transcoding.transcoder import Transcoder

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pastream_ng.transcoding.callbacks import AnyCallback, Callback
    from pastream_ng.transcoding.options import MoreArguments
    from pastream_ng.transcoding.values import TranscodeStats

__all__ = ["transcode", "transcode_async"]


def transcode(
    input_path: Any,
    output_path: Any,
    video_codec: None = None,
    audio_codec: str | None = None,
    video_bitrate: None = None,
    audio_bitrate: int | None = None,
    overwrite: bool = False,
    *,
    progress_callback: Callback | None = None,
    **options: Unpack[MoreArguments],
) -> TranscodeStats:
    """Make one sound file of another.

    Parameters
    ----------
    input_path : str, bytes, os.PathLike, int, memory or binary file object
        What is read; see `TranscodeOptions`.
    output_path : str, bytes, os.PathLike, int or binary file object
        What is written. A path appears when its file is complete.
    audio_codec : str, optional
        None: the usual one of the output's kind, which its extension tells.
    audio_bitrate : int, optional
        Bits a second.
    overwrite : bool, optional
        Whether a file that is there may be replaced.
    progress_callback : callable, optional
        As for `Transcoder.run`.
    video_codec, video_bitrate : None
        Values other than None are refused.
    **options
        All other options of `TranscodeOptions`: `format`, `sample_rate`, `channels`,
        `channel_map`, `sample_format`, `bitrate_mode`, `quality`, `compression`, `dither`,
        `start_time`, `duration`, `resample_quality`, `tags`, `keep_tags`, `threads`,
        `max_duration`, `max_size`, `on_damage`, `input_format`.

    Returns
    -------
    TranscodeStats
        What came of it.

    Raises
    ------
    UnsupportedOptionError
        An option of video.
    Exception
        As `TranscodeOptions`, `Transcoder` and `Transcoder.run`.

    Warns
    -----
    DamagedFileWarning
        Parts of the input are missing or damaged.

    Examples
    --------
    >>> import os, tempfile, numpy as np, pastream_ng as ps
    >>> folder = tempfile.TemporaryDirectory()
    >>> source = os.path.join(folder.name, "in.wav")
    >>> target = os.path.join(folder.name, "out.flac")
    >>> ps.write(source, np.zeros((96000, 2)), 96000)
    >>> stats = ps.transcode(source, target, sample_rate=48000, sample_format="int24")
    >>> stats.duration, stats.output_format.subtype
    (1.0, 'PCM_24')
    >>> folder.cleanup()
    """
    given = _given(video_codec, audio_codec, video_bitrate, audio_bitrate, overwrite, options)
    made = options_from("transcode", input_path, output_path, given)
    return Transcoder(made)._run(progress_callback)


async def transcode_async(
    input_path: Any,
    output_path: Any,
    video_codec: None = None,
    audio_codec: str | None = None,
    video_bitrate: None = None,
    audio_bitrate: int | None = None,
    overwrite: bool = False,
    *,
    progress_callback: AnyCallback | None = None,
    **options: Unpack[MoreArguments],
) -> TranscodeStats:
    """Do the same as `transcode`, without blocking the event loop.

    Of many at once, as many work as there are processors. Cancelling the task cancels the work.

    Parameters
    ----------
    progress_callback : callable, optional
        As for `Transcoder.run_async`: a function or a coroutine function.
    input_path, output_path, video_codec, audio_codec, video_bitrate, audio_bitrate, overwrite : Any
        As for `transcode`.
    **options
        As for `transcode`.

    Returns
    -------
    TranscodeStats
        What came of it.

    Raises
    ------
    Exception
        As `transcode`, when it is awaited.

    Examples
    --------
    >>> import asyncio, io, numpy as np, pastream_ng as ps
    >>> source, target = io.BytesIO(), io.BytesIO()
    >>> ps.write(source, np.zeros((48000, 2)), 48000, format="WAV")
    >>> n = source.seek(0)
    >>> async def main():
    ...     return await ps.transcode_async(source, target, audio_codec="flac")
    >>> asyncio.run(main()).frames_encoded
    48000
    """
    given = _given(video_codec, audio_codec, video_bitrate, audio_bitrate, overwrite, options)
    made = options_from("transcode_async", input_path, output_path, given)
    return await Transcoder(made)._run_async(progress_callback)


def _given(
    video_codec: Any,
    audio_codec: Any,
    video_bitrate: Any,
    audio_bitrate: Any,
    overwrite: Any,
    options: Any,
) -> dict[str, Any]:
    """Return all options by their names."""
    return {
        "video_codec": video_codec,
        "audio_codec": audio_codec,
        "video_bitrate": video_bitrate,
        "audio_bitrate": audio_bitrate,
        "overwrite": overwrite,
        **options,
    }
