# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run Python on the package of one build directory: run_in_build.py BUILDDIR [python arguments].

The package is laid out under BUILDDIR/python as an installation would lay it out, but from links,
so edits count at once. A small virtual environment there imports it before anything else, wherever
it is started, and sees everything that the calling Python sees. In a sanitizer build the runtime is
loaded first, which has to happen around this one process and not around Meson.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "pastream_ng"

FINDER = """\
import sys
from importlib.machinery import PathFinder


class BuiltPackage:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [{folder!r}]) if name == {package!r} else None


sys.meta_path.insert(0, BuiltPackage)
"""


def introspect(build: Path, what: str) -> Any:
    """Return one of the files that Meson keeps about a build directory."""
    text = (build / "meson-info" / f"intro-{what}.json").read_text(encoding="utf-8")
    return json.loads(text)


def installed_files(build: Path) -> dict[Path, Path]:
    """Return where each file of the package goes, relative to site-packages, and its source."""
    files = {}
    for group in introspect(build, "install_plan").values():
        for source, target in group.items():
            place, _, name = target["destination"].partition("/")
            if place in ("{py_platlib}", "{py_purelib}"):
                files[Path(name)] = Path(source)
    return files


def unlisted_files(files: dict[Path, Path]) -> list[str]:
    """Return the sources of the package that no meson.build lists."""
    listed = {source.resolve() for source in files.values()}
    found = [path for folder in (PACKAGE, "cli") for path in (ROOT / folder).rglob("*.py*")]
    wanted = [path for path in found if path.suffix in (".py", ".pyi") or path.name == "py.typed"]
    return sorted(str(path.relative_to(ROOT)) for path in wanted if path.resolve() not in listed)


def lay_out(folder: Path, files: dict[Path, Path]) -> None:
    """Make folder hold exactly these links."""
    wanted = {folder / name: source for name, source in files.items()}
    for path in folder.rglob("*"):
        if path.is_symlink() and path not in wanted:
            path.unlink()
    for path, source in wanted.items():
        if path.is_symlink() and Path(os.readlink(path)) == source:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.symlink_to(source)
        temporary.replace(path)


def make_environment(folder: Path, package_folder: Path) -> Path:
    """Make the virtual environment, unless it is there, and return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, clear=True, symlinks=True, with_pip=False)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    seen = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    finder = FINDER.format(folder=str(package_folder), package=PACKAGE)
    (site_packages / "_built_package.py").write_text(finder, encoding="utf-8")
    lines = [*seen, "import _built_package", ""]
    (site_packages / "built_package.pth").write_text("\n".join(lines), encoding="utf-8")
    return python


def runtime(compiler: str, name: str) -> str:
    """Return the path of one of the compiler's own shared libraries."""
    command = [compiler, f"-print-file-name={name}"]
    path = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if not os.path.isabs(path):
        sys.exit(f"{compiler} has no {name}; the Python tests of a sanitizer need a GCC build")
    return path


def sanitizer_settings(build: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command prefix and the environment that a sanitizer build needs."""
    options = {option["name"]: option["value"] for option in introspect(build, "buildoptions")}
    value = options["b_sanitize"]
    sanitizers = set(value.split(",") if isinstance(value, str) else value) - {"none"}
    if not sanitizers:
        return [], {}
    compilers = [
        source["compiler"][-1]
        for target in introspect(build, "targets")
        for source in target["target_sources"]
        if source.get("language") == "c" and source.get("compiler")
    ]
    libraries = []
    environment = {}
    prefix = []
    if "address" in sanitizers:
        # NumPy's C++ throws, which the runtime has to see loaded from the start.
        libraries += ["libasan.so", "libstdc++.so.6"]
        environment["ASAN_OPTIONS"] = "detect_leaks=0:detect_stack_use_after_return=1"
        environment["PYTHONMALLOC"] = "malloc"
    if "undefined" in sanitizers:
        libraries += ["libubsan.so"]
        environment["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1"
    if "thread" in sanitizers:
        libraries += ["libtsan.so"]
        suppressions = ROOT / "tests" / "suppressions" / "tsan.txt"
        environment["TSAN_OPTIONS"] = f"suppressions={suppressions}:exitcode=66:history_size=4"
        # The runtime has fixed addresses, which a kernel may have given away at random.
        fixed = ["setarch", "-R"]
        if shutil.which("setarch") and not subprocess.run([*fixed, "true"]).returncode:
            prefix = fixed
    environment["LD_PRELOAD"] = " ".join(runtime(compilers[0], name) for name in libraries)
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in environment and os.environ.get(name):
            environment[name] += ":" + os.environ[name]
    return prefix, environment


def main(build: Path, arguments: list[str]) -> None:
    """Lay out the package and become a Python that runs the arguments."""
    files = installed_files(build)
    unlisted = unlisted_files(files)
    if unlisted:
        sys.exit("in no meson.build, so never installed: " + ", ".join(unlisted))
    package_folder = build / "python" / "package"
    lay_out(package_folder, files)
    python = make_environment(build / "python" / "venv", package_folder)
    prefix, environment = sanitizer_settings(build)
    # Tests and benchmarks find the C programs of the build by this.
    environment["PASTREAM_BUILD_DIR"] = str(build)
    command = [*prefix, str(python), *arguments]
    os.execvpe(command[0], command, os.environ | environment)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
