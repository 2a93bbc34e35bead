# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream transcode --many``: all files of folders, several at once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click

import pastream_ng as ps

from .completers import extensions
from .conversion import in_options
from .exits import Code, code_of, told_of
from .options import clock, counted, size
from .output import Talk, print_json
from .progress import Display, View, shown
from .transcode_one import summary

__all__ = ["many_options", "transcode_each"]

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = [
    click.option(
        "--to",
        metavar="KIND",
        shell_complete=extensions,
        help="With --many: the outputs' extension, as opus.",
    ),
    click.option("--into", type=click.Path(), help="With --many: the folder for the outputs."),
    click.option("--workers", type=int, help="With --many: files at once; else one per core."),
    click.option(
        "--existing",
        type=click.Choice(["skip", "error"]),
        help="With --many: what to do where an output is there; skip, if nothing is said.",
    ),
    click.option("--pattern", multiple=True, help="With --many: names such as '*.wav' only."),
    click.option("--not-recursive", is_flag=True, help="With --many: no folders within folders."),
]


def many_options(function: F) -> F:
    """Give a command the options of many files."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def transcode_each(paths: tuple[str, ...], arguments: dict[str, Any], talk: Talk) -> NoReturn:
    """Make files of many, and leave with the exit code."""
    if "-" in paths:
        raise click.UsageError("'-' is one file; --many takes files and folders by their names.")
    if arguments.pop("overwrite"):
        if "existing" in arguments:
            raise click.UsageError("--overwrite and --existing contradict each other.")
        arguments["existing"] = "overwrite"
    jobs = list(paths)
    results: list[ps.BatchResult] = []
    code: int = Code.DONE
    with in_options(jobs="PATH"), shown(talk, "files") as display:
        batch = ps.transcode_many(
            jobs, progress_callback=lambda now: display.show(view_of_many(now)), **arguments
        )
        try:
            with batch:
                for result in batch:
                    results.append(result)
                    tell(result, display, talk)
        except KeyboardInterrupt as asked:
            code = code_of(asked)
            told = {id(result) for result in results}
            results += [result for result in batch.results if id(result) not in told]
    now = batch.progress
    if not now.total:
        raise click.ClickException(f"there are no sound files in {', '.join(paths)}")
    if talk.as_json:
        documents = [result.to_dict() for result in results]
        print_json({"results": documents, "progress": now.to_dict()})
    talk.say(summary_of_many(now))
    if code == Code.DONE and (now.failed or now.cancelled):
        code = Code.FAILED
    sys.exit(code)


def tell(result: ps.BatchResult, display: Display, talk: Talk) -> None:
    """Say what came of a file, if anybody wants to know."""
    if result.error is not None:
        text = told_of(result.error)
        if str(result.input) not in text:
            text = f"{result.input}: {text}"
        if not result.cancelled:
            display.say(f"pastream transcode: {text}")
    elif result.stats is not None and result.stats.damage and talk.tells:
        display.say(f"pastream transcode: {result.input}: {result.stats.damage}")
    elif talk.verbose and talk.tells and result.stats is not None:
        display.say(f"{result.output}: {summary(result.stats)}")


def view_of_many(now: ps.BatchProgress) -> View:
    """Return how far a batch is."""
    n_over = now.done + now.failed + now.skipped
    note = f"{n_over} of {counted(now.total, 'file')}"
    if now.failed:
        note += f", {now.failed} failed"
    return View(now.seconds, None, now.speed, now.eta, now.size, note, now.percent / 100)


def summary_of_many(now: ps.BatchProgress) -> str:
    """Return what was done in a line."""
    parts = [f"{now.done} of {counted(now.total, 'file')} done"]
    for n, what in ((now.skipped, "there already"), (now.failed, "failed"), (now.cancelled, "not")):
        if n:
            parts.append(f"{n} {what}")
    text = ", ".join(parts)
    if now.done:
        text += f"; {clock(now.seconds)} of sound, {size(now.size)}, {now.speed:.0f}x"
    return text
