# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The engines of Web Audio: browsers without a window, and node-web-audio-api."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..contest import DidNotRun
from ..servers import (
    CHROMIUM,
    CHROMIUM_OPTIONS,
    Files,
    MissingProgram,
    Program,
    ProgramFailed,
    find_first,
    run_page,
)

_HERE = Path(__file__).parent
_MODULES = Path(__file__).resolve().parents[2] / "build" / "node"
_PACKAGE = "node-web-audio-api"
_TIMEOUT_S = 900

Description = dict[str, Any]
Results = dict[str, dict[str, Any]]


def _tool(*names: str) -> str:
    try:
        return find_first(names)
    except MissingProgram as missing:
        raise DidNotRun(str(missing)) from None


def _version(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"\d[\w.]*", done.stdout)
    return found[0] if found else "of unknown version"


def _files(descriptions: Sequence[Description], runs: int) -> Files:
    work = json.dumps({"descriptions": list(descriptions), "runs": runs})
    return {
        "/": ("text/html", (_HERE / "page.html").read_bytes()),
        "/render.js": ("text/javascript", (_HERE / "render.js").read_bytes()),
        "/work.json": ("application/json", work.encode()),
    }


def _in_page(name: str, command: list[str], work: Files) -> tuple[str, Results]:
    version = _version([command[0], "--version"])
    try:
        return f"{name} {version}", run_page(work, command, _TIMEOUT_S)
    except ProgramFailed as failure:
        raise DidNotRun(str(failure)) from None


def chromium(descriptions: Sequence[Description], runs: int) -> tuple[str, Results]:
    """Time Chromium; returns its name with the version, and the results by graph."""
    tool = _tool(*CHROMIUM)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [tool, *CHROMIUM_OPTIONS, f"--user-data-dir={profile}"]
        return _in_page("Chromium", command, _files(descriptions, runs))


def firefox(descriptions: Sequence[Description], runs: int) -> tuple[str, Results]:
    """Time Firefox, the same way."""
    tool = _tool("firefox-esr", "firefox")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # Its clock is coarse unless one asks.
        settings = [
            'user_pref("privacy.reduceTimerPrecision", false);',
            'user_pref("app.update.enabled", false);',
            'user_pref("browser.shell.checkDefaultBrowser", false);',
        ]
        Path(profile, "user.js").write_text("\n".join(settings))
        command = [tool, "--headless", "--no-remote", "--profile", profile]
        return _in_page("Firefox", command, _files(descriptions, runs))


def node(descriptions: Sequence[Description], runs: int) -> tuple[str, Results]:
    """Time node-web-audio-api, which is installed below the build folder."""
    tool, manager = _tool("node", "nodejs"), _tool("npm")
    installed = _MODULES / "node_modules" / _PACKAGE / "package.json"
    if not installed.exists():
        _MODULES.mkdir(parents=True, exist_ok=True)
        command = [manager, "install", "--no-save", "--prefix", str(_MODULES), _PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0 or not installed.exists():
            raise DidNotRun((done.stderr.strip().splitlines() or ["npm failed"])[-1])
    version = json.loads(installed.read_text())["version"]
    with tempfile.TemporaryDirectory() as folder:
        work, results = Path(folder, "work.json"), Path(folder, "results.json")
        work.write_text(json.dumps(list(descriptions)))
        script = str(_HERE / "node.js")
        env = {**os.environ, "NODE_PATH": str(_MODULES / "node_modules")}
        program = Program([tool, script, str(work), str(runs), str(results)], env=env)
        try:
            code = program.finish(_TIMEOUT_S)
        except ProgramFailed:
            raise DidNotRun(f"still running after {_TIMEOUT_S} s") from None
        finally:
            program.stop()
        if code != 0 or not results.exists():
            raise DidNotRun((program.output.strip().splitlines() or [f"exit code {code}"])[-1])
        return f"{_PACKAGE} {version}", json.loads(results.read_text())


ENGINES: dict[str, Callable[[Sequence[Description], int], tuple[str, Results]]] = {
    "Chromium": chromium,
    "Firefox": firefox,
    _PACKAGE: node,
}
