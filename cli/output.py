# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the commands share: how much is said and where, and JSON."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import math
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["Talk", "print_json", "talking", "to_json"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclasses.dataclass(frozen=True)
class Talk:
    """How much a command says; its results go to stdout, and what it says of its work to stderr."""

    as_json: bool = False
    quiet: bool = False
    verbose: int = 0

    @property
    def tells(self) -> bool:
        """Whether people want to hear of the work."""
        return not (self.quiet or self.as_json)

    def say(self, text: str) -> None:
        """Say something of the work."""
        if self.tells:
            click.echo(text, err=True)

    def begin(self) -> None:
        """Let the log and warnings through as asked for."""
        if self.quiet:
            warnings.simplefilter("ignore")
        if self.verbose:
            level = logging.DEBUG if self.verbose > 1 else logging.INFO
            form = "%(levelname)s %(name)s: %(message)s"
            logging.basicConfig(level=level, format=form, stream=sys.stderr)


def talking(json_help: str = "Print one JSON document in place of text.") -> Callable[[F], F]:
    """Give a command --json, -q and -v; it gets them as the argument `talk`."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def command(as_json: bool, quiet: bool, verbose: int, **kwargs: Any) -> Any:
            talk = Talk(as_json, quiet, verbose)
            talk.begin()
            return function(talk=talk, **kwargs)

        for option in (
            click.option("-v", "--verbose", count=True, help="Show the log; -vv: all of it."),
            click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
            click.option("--json", "as_json", is_flag=True, help=json_help),
        ):
            command = option(command)
        return command  # type: ignore[return-value]

    return decorate


def to_json(value: object) -> object:
    """Return the value in words that JSON knows: no dataclasses, no NaN, no infinities."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def print_json(value: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(to_json(value), indent=2, allow_nan=False))
