# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""The page of features names tests that exist, and leaves nothing out."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "features.rst"
TESTS = ROOT / "tests" / "py"
# Those of streams; files and the command line have other lists.
ROWS = {*range(1, 58), 60, 61, 62, *range(65, 77)}
NO_TEST = {74}


def sections():
    text = PAGE.read_text(encoding="utf-8")
    _, features, files, graphs, complaints, defects = re.split(
        r"^(?:Features|Files|Graphs|Complaints|Defects)\n-+$", text, flags=re.M
    )
    return features, files, graphs, complaints, defects


def rows(section):
    """Return the cells of each row of the section's tables, without heads."""
    found = []
    for line in section.splitlines():
        cell = re.match(r"   ([* ]) - ?(.*)", line)
        if cell and cell[1] == "*":
            found.append([])
        if cell:
            found[-1].append(cell[2])
    return [row for row in found if row[-1] != "shown by" and not row[-1].startswith("shown here")]


def test_every_feature_has_its_row_and_its_test():
    features = rows(sections()[0])
    assert {int(row[0]) for row in features} == ROWS
    assert len(features) == len(ROWS)
    assert {int(row[0]) for row in features if not row[3]} == NO_TEST


@pytest.mark.parametrize("number", [1, 2], ids=["files", "graphs"])
def test_every_feature_of_files_and_graphs_has_a_test(number):
    found = rows(sections()[number])
    assert len(found) > 10
    assert all(len(row) == 3 and row[-1].startswith("``") for row in found)


def test_every_complaint_has_its_row():
    assert [int(row[0]) for row in rows(sections()[3])] == list(range(1, 26))


def references():
    return sorted({row[-1].strip("`") for section in sections() for row in rows(section)} - {""})


@pytest.mark.parametrize("reference", references())
def test_the_tests_that_are_named_exist(reference):
    file, _, name = reference.partition("::")
    if not name:
        assert (ROOT / file).exists()
        return
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
