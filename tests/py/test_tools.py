# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Each check of tools/ passes good trees and fails bad ones."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
LICENCE = "Copyright 2026 The pastream_ng authors\n{0} SPDX-License-Identifier: MIT\n"
DESCRIBED = "// Does it. Thread: any. Realtime: yes.\n"


def complaints(tool, root, files):
    """Write the files, run the check over them, and return its lines."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = [sys.executable, TOOLS / f"{tool}.py", root]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "Traceback" not in result.stderr
    assert result.returncode == (1 if result.stderr else 0)
    return result.stderr.splitlines()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("csrc/core/ring.c", '#include "pastream/stream.h"\n', "may not include"),
        ("csrc/base/a.c", '#include "core/queue.h"\n', "may not include"),
        ("csrc/stream/a.c", '#include "graph/control/plan.h"\n', "may not include"),
        ("csrc/codec/a.c", "#include <pastream/device.h>\n", "may not include"),
        ("csrc/include/pastream/ring.h", '#include "pastream/device.h"\n', "may not include"),
        ("csrc/stream/a.c", '#include "pastream/pastream.h"\n', "for users only"),
        ("csrc/stream/a.c", '#include "pastream/new.h"\n', "no layer"),
        ("csrc/stream/a.c", '#include "../core/queue.h"\n', "leaves its folder"),
        ("csrc/stream/a.c", '#include "elsewhere/a.h"\n', "in no layer"),
        ("csrc/stream/a.c", "#include <portaudio.h>\n", "belongs to device"),
        ("csrc/utils/a.c", "int a;\n", "no known layer"),
        ("pastream_ng/rings.py", "from pastream_ng import _core\n", "only pastream_ng/_native"),
        ("pastream_ng/rings.py", "from ._core import lib\n", "only pastream_ng/_native"),
        ("cli/main.py", "from pastream_ng._native import handle\n", "public names only"),
    ],
)
def test_layers_refuses(tmp_path, name, text, words):
    (line,) = complaints("check_layers", tmp_path, {name: text})
    assert line.startswith(f"{name}:")
    assert words in line


def test_layers_accepts(tmp_path):
    files = {
        "csrc/stream/a.c": '#include "a.h"\n#include "core/queue.h"\n#include <string.h>\n',
        "csrc/stream/a.h": '#include "pastream/stream.h"\n#include "device/backend.h"\n',
        "csrc/device/pa.c": '#include <portaudio.h>\n#include "base/clock.h"\n',
        "csrc/cffi/cdef.c": '#include "pastream/pastream.h"\n',
        "pastream_ng/_native/__init__.py": "from pastream_ng import _core\n",
        "cli/main.py": "import pastream_ng\nfrom pastream_ng import rings, __version__\n",
    }
    assert complaints("check_layers", tmp_path, files) == []


def test_sizes(tmp_path):
    files = {
        "csrc/core/long.c": "\n" * 601,
        "csrc/core/wide.h": "\n// " + "x" * 98 + "\n",
        "csrc/core/fits.c": ("x" * 100 + "\n") * 600,
    }
    long_file, wide_file = complaints("check_sizes", tmp_path, files)
    assert "long.c: 601 lines" in long_file
    assert "wide.h:2: 101 columns" in wide_file


def test_licence(tmp_path):
    files = {
        "csrc/core/good.c": "// " + LICENCE.format("//"),
        "tools/good.py": "#!/usr/bin/env python3\n# " + LICENCE.format("#"),
        "tools/empty.py": "",
        "csrc/core/bad.c": "// SPDX-License-Identifier: MIT\nint a;\n",
    }
    (line,) = complaints("check_licence", tmp_path, files)
    assert line.startswith("csrc/core/bad.c:")


@pytest.mark.parametrize(
    "text",
    [
        "int a;",
        "static int a[4];",
        "int a = 3, b;",
        "static _Atomic int a;",
        "static _Atomic(int) a;",
        "static _Alignas(64) int a;",
        '_Thread_local int a __attribute__((tls_model("local-exec")));',
        'static const char *a = "text; {";',
        'static const char *a[] = {"x"};',
        "static void (*a)(void);",
        "static struct s { int b; } a;",
        "static int *a = (int[]){1};",
        "pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;",
        "void f(void) { static int a; a++; }",
        "int f(int x) PST_RT { if (x == (3)) { for (;;) { static int a = 0; } } return 0; }",
        'extern "C" {\nvoid f(void);\n}\nint a;',
    ],
)
def test_state_refuses(tmp_path, text):
    (line,) = complaints("check_state", tmp_path, {"csrc/core/a.c": text + "\n"})
    assert line.startswith("csrc/core/a.c:")
    assert "mutable state" in line


def test_state_accepts(tmp_path):
    text = """
#define COUNTER static int counter
typedef struct { int a; } pair;
struct forward;
struct whole { int a; };
enum { ONE, TWO };
static const int primes[] = {2, 3};
static const char *const words[] = {"a", "b;{", "static int c;"};
static const pair both = {.a = 1};
static void (*const hook)(void) = f;
static const struct whole table[2][2] = {{{1}}};
extern int elsewhere; // static int d;
_Static_assert(sizeof(int) == 4, "int");
void *find(int a, bool (*take)(void *));
static int add(int a, int b) { static const int one = 1; int sum = a + b; return sum * one; }
typedef int (*function)(int);
static const function functions[] = {add};
"""
    assert complaints("check_state", tmp_path, {"csrc/core/a.c": text}) == []


def test_state_list_is_kept_short(tmp_path):
    name = "csrc/device/chatter.c"
    assert complaints("check_state", tmp_path, {name: "static int taken;\n"}) == []
    (line,) = complaints("check_state", tmp_path, {name: "static const int taken = 1;\n"})
    assert "take it off the list" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PST_API int pst_a(void);\n", ["Thread:", "Realtime:"]),
        ("// Thread: any.\nPST_API int pst_a(void);\n", ["Realtime:"]),
        (DESCRIBED + "\nPST_API int pst_a(void);\n", ["Thread:", "Realtime:"]),
        (DESCRIBED + "int pst_a(void);\n", ["not marked PST_API"]),
        (DESCRIBED + "int pst_a(int b,\n          int c);\n", ["not marked PST_API"]),
        ('extern "C" {\nPST_API int pst_a(void);\n}\n', ["Thread:", "Realtime:"]),
    ],
)
def test_public_names_of_headers_refuses(tmp_path, text, words):
    lines = complaints("check_public_names", tmp_path, {"csrc/include/pastream/a.h": text})
    assert len(lines) == len(words)
    for line, word in zip(lines, words, strict=True):
        assert line.startswith("csrc/include/pastream/a.h:")
        assert "pst_a" in line
        assert word in line


def test_public_names_of_headers_accepts(tmp_path):
    text = (
        "typedef struct pst_s { int (*pst_member)(int); } pst_s;\n"
        "typedef int (*pst_fn)(int a);\n"
        f'#if 1\nextern "C" {{\n#endif\n{DESCRIBED}PST_API int\npst_a(void);\n'
        "PST_API int pst_b(pst_fn f);\n}\n"
    )
    assert complaints("check_public_names", tmp_path, {"csrc/include/pastream/a.h": text}) == []


def test_public_names_of_python(tmp_path):
    files = {
        "pastream_ng/__init__.py": '__all__ = ["play", "Ring", "VERSION"]\n',
        "docs/reference/python/rings.rst": (
            ".. autoclass:: pastream_ng.Ring\n\n   .. automethod:: read\n\n"
            ".. autofunction:: pastream_ng.stop\n\n.. autodata:: VERSION\n"
        ),
    }
    missing, stray = complaints("check_public_names", tmp_path, files)
    assert missing.startswith("pastream_ng.play: is in __all__")
    assert stray.startswith("pastream_ng.stop: is on a reference page")
