# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The C reference has a place for everything that the public headers declare."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEADERS = sorted((ROOT / "csrc" / "include" / "pastream").glob("*.h"))
HEADERS = [path for path in HEADERS if path.name != "pastream.h"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("c")
    tool = ROOT / "tools" / "c_reference.py"
    subprocess.run([sys.executable, tool, HEADERS[0].parent, folder], check=True)
    return folder


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_each_declaration_is_there(header: Path, pages: Path) -> None:
    page = (pages / f"{header.stem}.rst").read_text(encoding="utf-8")
    code = re.sub(r"//[^\n]*", "", header.read_text(encoding="utf-8"))
    functions = re.findall(r"\b(pst_\w+)\([^)]*\)(?: PST_RT)?;", code)
    types = re.findall(r"^typedef (?:struct|enum) (pst_\w+)", code, re.M)
    assert functions or types
    for function in functions:
        assert re.search(rf"^(?:\.\. c:function:: |\s+)\S.*\b{function}\(", page, re.M), function
    for kind in types:
        assert f".. c:type:: {kind}\n" in page


def test_pages_that_are_right_are_left_alone(pages: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in pages.iterdir()}
    tool = ROOT / "tools" / "c_reference.py"
    subprocess.run([sys.executable, tool, HEADERS[0].parent, pages], check=True)
    assert before == {path: path.stat().st_mtime_ns for path in pages.iterdir()}
