# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""``pastream completion``: what a shell needs to complete the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    r"""Print what teaches a shell to complete the command.

    \b
    bash: add to ~/.bashrc      eval "$(pastream completion bash)"
    zsh:  add to ~/.zshrc       eval "$(pastream completion zsh)"
    fish: run once              pastream completion fish > ~/.config/fish/completions/pastream.fish
    """
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root()
    assert kind is not None
    click.echo(kind(root.command, {}, "pastream", "_PASTREAM_COMPLETE").source(), nl=False)
