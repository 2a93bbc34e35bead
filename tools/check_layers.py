# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Fail when a file includes or imports something from a layer that is not below its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from common import report, sources

# A folder of csrc may include its own files and those of a lower rank, never those of an equal one.
RANKS = {
    "base": 0,
    "core": 1,
    "dsp": 2,
    "codec": 3,
    "device": 3,
    "mixer": 4,
    "stream": 4,
    "graph": 4,
    "chain": 5,
    "transcode": 6,
}
# The layer of each public header. pastream.h has none: it is for users and for the seam.
PUBLIC = {
    "base.h": "base",
    "callback.h": "core",
    "format.h": "core",
    "ring.h": "core",
    "simd.h": "core",
    "effects.h": "dsp",
    "resample.h": "dsp",
    "codec.h": "codec",
    "io.h": "codec",
    "new_file.h": "codec",
    "packet.h": "codec",
    "push.h": "codec",
    "tags.h": "codec",
    "device.h": "device",
    "mixer.h": "mixer",
    "stream.h": "stream",
    "diagnostics.h": "stream",
    "graph.h": "graph",
    "graph_analyser.h": "graph",
    "graph_data.h": "graph",
    "graph_dynamics.h": "graph",
    "graph_functions.h": "graph",
    "graph_filters.h": "graph",
    "graph_kinds.h": "graph",
    "graph_meter.h": "graph",
    "graph_output.h": "graph",
    "graph_ring.h": "graph",
    "graph_view.h": "graph",
    "param.h": "graph",
    "process.h": "graph",
    "chain.h": "chain",
    "buffer.h": "chain",
    "feed.h": "chain",
    "codec_nodes.h": "chain",
    "fork.h": "chain",
    "node.h": "chain",
    "effect_nodes.h": "chain",
    "graph_effect.h": "chain",
    "player.h": "chain",
    "processor.h": "chain",
    "recording.h": "chain",
    "series.h": "chain",
    "tap.h": "chain",
    "user_parts.h": "chain",
    "transcode.h": "transcode",
}
UMBRELLA = "pastream.h"
# Headers of other libraries that one layer keeps to itself.
FOREIGN = {
    "portaudio.h": "device",
    "samplerate.h": "dsp",
    "soxr.h": "dsp",
    "sndfile.h": "codec",
    "mysofa.h": "graph",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of_file(path: Path) -> str | None:
    """Return the layer of a file below csrc, or None where the ranks do not apply."""
    if path.parts[:2] == ("include", "pastream"):
        return PUBLIC.get(path.name)
    return path.parts[0] if path.parts[0] in RANKS else None


def layer_of_include(csrc: Path, path: Path, quote: str, target: str) -> str | None:
    """Return the layer that an include reaches, None for the system's; raise if it is unknown."""
    folder, _, name = target.rpartition("/")
    if target in FOREIGN:
        return FOREIGN[target]
    if folder == "pastream":
        if name not in PUBLIC:
            raise ValueError(f"<pastream/{name}> has no layer here; pastream.h is for users only")
        return PUBLIC[name]
    if quote == "<":
        return None
    if ".." in target:
        raise ValueError(f'"{target}" leaves its folder; write it from csrc on')
    if not folder and (csrc / path).with_name(name).exists():
        return layer_of_file(path)
    if target.split("/")[0] not in RANKS:
        raise ValueError(f'"{target}" is in no layer')
    return target.split("/")[0]


def check_c(root: Path) -> Iterator[str]:
    """Yield one line per include that does not point downwards."""
    csrc = root / "csrc"
    for full in sources(root, ".c", ".h", folders=("csrc",)):
        path = full.relative_to(csrc)
        layer = layer_of_file(path)
        if layer is None:
            if path.parts[0] != "cffi" and path.name != UMBRELLA:
                yield f"csrc/{path}: lies in no known layer"
            continue
        for number, line in enumerate(full.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            where = f"csrc/{path}:{number}"
            try:
                target = layer_of_include(csrc, path, match[1], match[2])
            except ValueError as error:
                yield f"{where}: {error}"
                continue
            if target not in (None, layer) and match[2] in FOREIGN:
                yield f"{where}: {match[2]} belongs to {target} alone"
            elif target not in (None, layer) and RANKS[target] >= RANKS[layer]:
                yield f"{where}: {layer} may not include {match[2]}, which is in {target}"


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module or ''}.{alias.name}"


def check_python(root: Path) -> Iterator[str]:
    """Yield one line per import of the extension module, or of private parts by the command."""
    for path in sources(root, ".py", folders=("pastream_ng", "cli")):
        name = path.relative_to(root)
        private = name.parts[:2] == ("pastream_ng", "_native")
        for number, target in imported(ast.parse(path.read_text(encoding="utf-8"))):
            parts = target.split(".")
            if "_core" in parts and not private:
                yield f"{name}:{number}: only pastream_ng/_native may import _core"
            secret = any(part.startswith("_") and not part.startswith("__") for part in parts)
            if secret and parts[0] == "pastream_ng" and name.parts[0] == "cli":
                yield f"{name}:{number}: the command uses public names only, not {target}"


def check(root: Path) -> list[str]:
    """Return one line per wrong include or import."""
    return [*check_c(root), *check_python(root)]


if __name__ == "__main__":
    report(check)
