# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run the Python blocks of a page, in their order and in one namespace, as a reader would.

Loops are kept short here: ``frames`` of ``chunks`` is half a second at most, also where a page
leaves it out, which is a loop without an end.
"""

import functools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pastream_ng as ps

FRAMES = 24000
BLOCK = re.compile(r"^( *)\.\. code-block:: python\n((?:\1 +:.*\n)*)((?:\1 +.*\n|\s*\n)+)", re.M)


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line that a block starts at, and its code."""
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start(3)) + 1
        body = match[3]
        indent = min(len(row) - len(row.lstrip()) for row in body.splitlines() if row.strip())
        yield line, "\n".join(row[indent:] for row in body.splitlines())


def bounded(chunks: Callable[..., object]) -> Callable[..., object]:
    """Return ``chunks`` with an end that comes soon."""

    @functools.wraps(chunks)
    def with_end(*args: object, frames: int = -1, **kwargs: object) -> object:
        kwargs["frames"] = min(frames, FRAMES) if frames >= 0 else FRAMES
        return chunks(*args, **kwargs)

    return with_end


def main() -> None:
    """Run the page named by the argument."""
    page = Path(sys.argv[1])
    ps.chunks = bounded(ps.chunks)
    for kind in (ps.InputStream, ps.DuplexStream):
        if "chunks" in vars(kind):
            kind.chunks = bounded(kind.chunks)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for line, code in blocks(page.read_text(encoding="utf-8")):
        # The blank lines make tracebacks name the page's own lines.
        exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)


if __name__ == "__main__":
    main()
