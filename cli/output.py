# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""What the commands share: JSON on stdout, and errors of the library as errors of the command."""

import dataclasses
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager

import click

import pastream_ng as ps

__all__ = ["library_errors", "print_json", "to_json"]


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


@contextmanager
def library_errors() -> Iterator[None]:
    """Show an error of the library as one line; the exit code is then 1."""
    try:
        yield
    except ps.PastreamError as error:
        raise click.ClickException(str(error)) from error
