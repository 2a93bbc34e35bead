# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Which files a batch makes of which: all of it settled before any work."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from typing import Any

from pastream_ng._checks import flag, shown, shown_file
from pastream_ng.errors import ArgumentError, ArgumentTypeError
from pastream_ng.files.kinds import (
    Kind,
    extension_for,
    extension_of,
    knows_extension,
    named,
)
from pastream_ng.transcoding.batch_folders import check_pattern, files_in
from pastream_ng.transcoding.batch_values import BatchResult
from pastream_ng.transcoding.names import codec_of
from pastream_ng.transcoding.option_values import is_path
from pastream_ng.transcoding.options import TranscodeOptions
from pastream_ng.transcoding.transcoder import Transcoder

__all__ = ["EXISTING", "Item", "Planner"]

#: What to do where an output is there already.
EXISTING = ("skip", "error", "overwrite")


class Item:
    """One job that is to be done.

    Parameters
    ----------
    input, output
        Paths, or what else options may have.
    base : TranscodeOptions
        All the other options.
    size : int
        Bytes of the input; 0 if not known.
    """

    __slots__ = ("base", "input", "output", "size")

    def __init__(self, input: Any, output: Any, base: TranscodeOptions, size: int = 0) -> None:
        self.input = input
        self.output = output
        self.base = base
        self.size = size

    def options(self, *, absolute: bool = False) -> TranscodeOptions:
        """Return its options; with paths that mean the same in other processes, if so wanted."""
        options = self.base.copy()
        for end, place in ((options.input, self.input), (options.output, self.output)):
            end(os.path.abspath(place) if absolute and is_path(place) else place)
        # Batches tell damage in the stats: a warning would come from a thread, at any time.
        if options.to_dict().get("on_damage", "warn") == "warn":
            options.on_damage("ignore")
        return options

    def result(self, **what: Any) -> BatchResult:
        """Return what came of it."""
        return BatchResult(self.input, self.output, **what)


class Planner:
    """Settles what a batch does.

    Attributes
    ----------
    items : list of Item
        What is to be done.
    results : list of BatchResult
        What is known before: outputs that are there, folders that cannot be read.

    Parameters
    ----------
    output : path or None
        The folder for outputs whose path is not told.
    to : str or None
        Their extension.
    existing : str
        One of `EXISTING`.
    recursive, pattern
        What of folders is taken.
    options : TranscodeOptions
        Of all jobs.
    """

    def __init__(
        self,
        output: Any,
        to: Any,
        existing: str,
        recursive: Any,
        pattern: Any,
        options: TranscodeOptions,
    ) -> None:
        self.items: list[Item] = []
        self.results: list[BatchResult] = []
        self._base = options
        told = options.to_dict()
        self._takes_raw = told.get("input_format") is not None
        self._extension = _extension_wanted(to, told)
        self._folder = _folder(output)
        self._recursive = flag("recursive", recursive)
        self._patterns = check_pattern(pattern)
        self._existing = existing
        if existing == "overwrite":
            options.overwrite(True)
        self._identities = _Identities()

    def add(self, jobs: Any) -> None:
        """Take a folder, a file, or many of anything.

        Raises
        ------
        OSError
            There is no such folder or file; or an output is there and must not be.
        ArgumentError, ArgumentTypeError
            Something is not as it must be; or outputs are in each other's way.
        """
        if is_path(jobs):
            self._add_path(os.fsdecode(jobs), "jobs")
        elif isinstance(jobs, TranscodeOptions) or not isinstance(jobs, Iterable):
            raise ArgumentTypeError(
                f"jobs is {shown(jobs)} of type {type(jobs).__name__}; it must be a folder, or a "
                "list of paths, of (input, output) pairs or of TranscodeOptions"
            )
        else:
            for number, job in enumerate(jobs):
                self._add_one(job, f"jobs[{number}]")
        self._refuse_collisions()
        self._check_options()
        self._set_aside_what_is_there()

    @property
    def skips(self) -> bool:
        """Whether an output that is there counts as done."""
        return self._existing == "skip"

    # ---- What there is --------------------------------------------------------------------------

    def _add_one(self, job: Any, name: str) -> None:
        if is_path(job):
            self._add_path(os.fsdecode(job), name)
        elif isinstance(job, TranscodeOptions):
            told = job.to_dict()
            for end in ("input", "output"):
                if told.get(end) is None:
                    raise ArgumentError(f"{name} has no {end}; its options must tell both")
            base = TranscodeOptions(**{**self._base.to_dict(), **told}).input(None).output(None)
            self._add_item(told["input"], told["output"], base)
        elif isinstance(job, (tuple, list)) and len(job) == 2:
            # The options check what the two are.
            told = TranscodeOptions(*job).to_dict()
            if len(told) != 2:
                raise ArgumentError(f"{name} is {shown(job)}; both must be told")
            self._add_item(told["input"], told["output"], self._base)
        else:
            raise ArgumentTypeError(
                f"{name} is {shown(job)} of type {type(job).__name__}; it must be a path, an "
                "(input, output) pair or TranscodeOptions"
            )

    def _add_item(self, given: Any, wanted: Any, base: TranscodeOptions) -> None:
        given, wanted = (os.fsdecode(end) if is_path(end) else end for end in (given, wanted))
        self.items.append(Item(given, wanted, base, _size(given)))

    def _add_path(self, path: str, name: str) -> None:
        if os.path.isdir(path):
            self._add_folder(path, name)
        elif name == "jobs" and not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        else:
            folder = os.path.dirname(path) if self._folder is None else self._folder
            wanted = os.path.join(folder, self._renamed(os.path.basename(path)))
            self.items.append(Item(path, wanted, self._base, _size(path)))

    def _add_folder(self, folder: str, name: str) -> None:
        target = folder if self._folder is None else self._folder
        is_beside = os.path.exists(target) and os.path.samefile(folder, target)
        if is_beside and self._extension is None:
            raise ArgumentError(
                f"{name} is {shown_file(folder)}, and the outputs would have the same names; give "
                "output, another folder, or to, another kind of file"
            )
        for found in files_in(
            folder,
            self._patterns,
            recursive=self._recursive,
            takes_raw=self._takes_raw,
            without=None if is_beside else target,
        ):
            if found.error is not None:
                self.results.append(BatchResult(found.path, None, error=found.error))
                continue
            renamed = self._renamed(found.place)
            # Where outputs lie beside inputs, what is of the wanted kind is there already.
            if not (is_beside and renamed == found.place):
                self.items.append(
                    Item(found.path, os.path.join(target, renamed), self._base, found.size)
                )

    def _renamed(self, place: str) -> str:
        if self._extension is None:
            return place
        return f"{os.path.splitext(place)[0]}.{self._extension}"

    # ---- What is wrong with it ------------------------------------------------------------------

    def _refuse_collisions(self) -> None:
        makers: dict[tuple[str, str], Item] = {}
        for item in self.items:
            if not is_path(item.output) or _is_special(item.output):
                continue
            identity = self._identities.of(item.output)
            other = makers.setdefault(identity, item)
            if other is not item:
                raise ArgumentError(
                    f"{shown_file(item.output)} would be made of {shown_file(other.input)} and of "
                    f"{shown_file(item.input)}; choose by pattern, or give (input, output) pairs"
                )
        for item in self.items:
            if not is_path(item.input):
                continue
            maker = makers.get(self._identities.of(item.input))
            if maker is not None:
                raise ArgumentError(
                    f"{shown_file(item.input)} is an input, and would be made of "
                    + ("itself" if maker is item else shown_file(maker.input))
                    + "; write elsewhere, or do one after the other"
                )

    def _check_options(self) -> None:
        """Refuse options that contradict each other, or the kind of an output."""
        seen: set[tuple[int, str | int]] = set()
        for item in self.items:
            # Names of one extension are all alike.
            kind = extension_of(item.output) if is_path(item.output) else id(item)
            if (id(item.base), kind) not in seen:
                seen.add((id(item.base), kind))
                Transcoder(item.options())

    def _set_aside_what_is_there(self) -> None:
        left = []
        for item in self.items:
            overwrites = item.base.to_dict().get("overwrite", False)
            if overwrites or not is_path(item.output) or not os.path.isfile(item.output):
                left.append(item)
            elif self.skips:
                self.results.append(item.result(skipped=True))
            else:
                text = f"{os.strerror(errno.EEXIST)}; existing='skip' leaves such files as they are"
                raise FileExistsError(errno.EEXIST, text, item.output)
        self.items = left


class _Identities:
    """Tells paths of the same file, which need not be there yet."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: Any) -> tuple[str, str]:
        folder, name = os.path.split(os.fsdecode(path))
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return self._folders[folder], name


def _is_special(path: Any) -> bool:
    """Whether many may write there, as to /dev/null."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _size(place: Any) -> int:
    """Return the bytes of an input, 0 if not known."""
    try:
        if is_path(place) or isinstance(place, int):
            found = os.stat(place)
            return found.st_size if stat.S_ISREG(found.st_mode) else 0
        return memoryview(place).nbytes
    except (OSError, TypeError):
        return 0


def _folder(output: Any) -> str | None:
    if output is None:
        return None
    if not is_path(output):
        raise ArgumentTypeError(
            f"output is {shown(output)} of type {type(output).__name__}; it must be the path of a "
            "folder"
        )
    path = os.fsdecode(output)
    if os.path.exists(path) and not os.path.isdir(path):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return path


def _extension_wanted(to: Any, told: dict[str, Any]) -> str | None:
    """Return the extension of outputs; None: that of the input."""
    if to is not None:
        if not isinstance(to, str):
            raise ArgumentTypeError(
                f"to is {shown(to)} of type {type(to).__name__}; it must be an extension such as "
                "'opus'"
            )
        extension = to.lower().removeprefix(".")
        if knows_extension(extension, True) or (told.get("format") is not None and extension):
            return extension
        raise ArgumentError(
            f"to is {shown(to)}; it must be the extension of a kind of sound file, such as 'wav', "
            "'flac', 'mp3', 'opus', 'ogg', 'm4a' or 'aac'; or give format, too"
        )
    if told.get("format") is not None:
        return extension_for(named(told["format"]))
    if told.get("audio_codec") is not None:
        codec = codec_of(told["audio_codec"])
        return extension_for(Kind(codec.container, codec.encoding))
    return None
