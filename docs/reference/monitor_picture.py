# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Draw monitor.svg, beside this file, or where the argument says: what ``pastream monitor`` shows.

The sound is played into the built-in loopback and monitored there.
"""

import io
import re
import sys
from pathlib import Path

import numpy as np
from rich.console import Console, Group

import pastream_ng as ps
from pastream_ng.cli.monitor import draw, moments
from pastream_ng.cli.sounds import Sound, blocks

RATE = 48000
SECONDS = 3


def sound() -> np.ndarray:
    """Return a chord over noise, softer on the right."""
    parts = [Sound("pink", RATE, 1, SECONDS * RATE, 0.01, seed=1)]
    for hertz, level in ((220.0, 0.3), (554.4, 0.15), (1318.5, 0.08)):
        parts.append(Sound("sawtooth", RATE, 1, SECONDS * RATE, level, hertz))
    mono = sum(np.concatenate(list(blocks(part))) for part in parts)
    return np.hstack([mono, 0.4 * mono])


def main(path: Path) -> None:
    device = ps.VirtualDevice("loopback", clock="free")
    with ps.DuplexStream(device, RATE, channels=2, buffersize=(None, 1 << 18)) as stream:
        stream.output_ring.write(sound().astype("float32"))
        *_, last = moments(stream, SECONDS * RATE, 0.0)
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Group(*draw(last)))
    svg = console.export_svg(title="pastream monitor", unique_id="monitor")
    # No fonts from elsewhere.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S).replace("Fira Code, ", "")
    path.write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("monitor.svg"))
