# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A group of commands that imports only the one that is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem, shell_complete

from .exits import ended

__all__ = ["NO_FILES", "Entry", "LazyGroup"]


#: Words that stand where a file might.
NO_FILES = ("null", "^", "")


def looks_like_file(word: str) -> bool:
    """Whether a word is a file, or would rather be one than a command."""
    return os.path.lexists(word) or "." in word or os.sep in word


class Entry(NamedTuple):
    """Where a command is, and what is said of it before it is imported."""

    module: str  # Relative to this package; the command has the name that it is called by.
    help: str  # The first sentence of the command's own help; a test compares them.


class LazyGroup(click.Group):
    """Commands by name, imported when they are run."""

    def __init__(self, *args: Any, entries: dict[str, Entry], default: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries
        self.default = default  # The command whose name may be left out.

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in their order."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        try:
            found = getattr(import_module(entry.module, __package__), cmd_name)
        except ModuleNotFoundError as missing:
            if missing.name is None or missing.name.partition(".")[0] != "rich":
                raise
            raise click.ClickException(
                "rich is missing; run: pip install 'pastream_ng[cli]'"
            ) from missing
        assert isinstance(found, click.Command)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the name of the default command where it was left out."""
        if args and self._is_left_out(args[0], ctx):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def _is_left_out(self, word: str, ctx: click.Context) -> bool:
        if word in self.entries or word in {*ctx.help_option_names, "--version"}:
            return False
        return word.startswith("-") or word in NO_FILES or looks_like_file(word)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named first, or tell which one may be meant."""
        if args and args[0] not in self.entries:
            near = get_close_matches(args[0], self.entries, 1)
            meant = f"; did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"there is no command and no file '{args[0]}'{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return names for the shell, again without importing."""
        found = [
            CompletionItem(name, help=entry.help)
            for name, entry in self.entries.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *ignored: Any,
        **extra: Any,
    ) -> Any:
        """Run a command line and leave with its exit code."""
        words = list(sys.argv[1:] if args is None else args) or ["--help"]
        name = prog_name or "pastream"
        variable = f"_{name.upper()}_COMPLETE"
        asked = os.environ.get(variable)
        if asked:
            sys.exit(shell_complete(self, {}, name, variable, asked))

        def work() -> None:
            with self.make_context(name, words) as ctx:
                self.invoke(ctx)

        program = f"{name} {words[0]}" if words and words[0] in self.entries else name
        sys.exit(ended(program, work))
