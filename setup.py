# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The door for tools that still call setup.py; ``pip install .`` never comes here.

Metadata is read by setuptools from pyproject.toml; version, files and flags come from Meson. An
in-place build puts the extension module beside the Python files; ``pastream_ng.cli`` lies in a
folder of its own and needs a real install. Releases are made by meson-python only.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent


def meson(*arguments):
    """Run Meson in the project's root and return what it printed."""
    command = [shutil.which("meson") or "meson", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


class BuildWithMeson(build_ext):
    """Configure, compile, install into a staging folder; copy the package from there."""

    def run(self):
        """Build, then copy all of the package, or only the extension for an in-place build."""
        build = Path(self.build_temp).resolve() / "meson"
        staging = build / "staging"
        if not (build / "build.ninja").exists():
            build.mkdir(parents=True, exist_ok=True)
            native = build / "python.ini"
            native.write_text(f"[binaries]\npython = '{sys.executable}'\n", encoding="utf-8")
            folders = [f"-Dpython.{kind}libdir=/package" for kind in ("plat", "pure")]
            options = ["--buildtype=release", "-Dtests=disabled", "--native-file", native]
            meson("setup", build, *options, *folders)
        meson("compile", "-C", build)
        shutil.rmtree(staging, ignore_errors=True)
        meson("install", "-C", build, "--no-rebuild", "--quiet", "--destdir", staging)
        package = staging / "package" / "pastream_ng"
        if self.inplace:
            for module in package.glob("_core.*.so"):
                shutil.copy2(module, ROOT / "pastream_ng")
        else:
            target = Path(self.build_lib) / "pastream_ng"
            bytecode = shutil.ignore_patterns("__pycache__")
            shutil.copytree(package, target, ignore=bytecode, dirs_exist_ok=True)


class RefuseSdist(sdist):
    """Source archives hold what is committed, which only Meson knows."""

    def run(self):
        """Say where source archives come from."""
        raise SystemExit("setup.py makes no source archives: use 'meson dist' in a build directory")


setup(
    version=json.loads(meson("introspect", "--projectinfo", ROOT / "meson.build"))["version"],
    packages=[],
    ext_modules=[Extension("pastream_ng._core", sources=[])],
    cmdclass={"build_ext": BuildWithMeson, "sdist": RefuseSdist},
)
