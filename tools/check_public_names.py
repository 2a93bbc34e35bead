# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Fail when public names and their documentation differ.

Python: the names in ``pastream_ng.__all__`` and in the reference pages are the same. C: every
function of the public headers is marked PST_API, and the comment above it says ``Thread:`` and
``Realtime:``.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from common import report, sources, without_comments

FUNCTION = re.compile(r"\b(pst_\w+)\s*\(")
ENTRY = re.compile(
    r"^\s*\.\. (?:py:)?(?:auto)?(?:function|class|exception|data|attribute|decorator)"
    r":: +(?:pastream_ng\.)?(\w+)\b(?!\.)",
    re.MULTILINE,
)


def public_names(module: Path) -> set[str]:
    """Return the literal ``__all__`` of a module, nothing if there is none."""
    text = module.read_text(encoding="utf-8") if module.exists() else ""
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return set(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return set()


def documented_names(reference: Path) -> set[str]:
    """Return the top-level names that have an entry in the reference pages."""
    pages = sorted(reference.rglob("*.rst"))
    return {name for page in pages for name in ENTRY.findall(page.read_text(encoding="utf-8"))}


def check_python(root: Path) -> Iterator[str]:
    """Yield one line per name that is public or documented, but not both."""
    public = public_names(root / "pastream_ng" / "__init__.py")
    documented = documented_names(root / "docs" / "reference" / "python")
    for name in sorted(public - documented):
        yield f"pastream_ng.{name}: is in __all__, but on no page of docs/reference/python"
    for name in sorted(documented - public):
        yield f"pastream_ng.{name}: is on a reference page, but not in __all__"


def declarations(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, text and comment of each declaration that stands outside of braces.

    Declarations that follow each other without an empty line share the comment above them.
    """
    code = re.sub(r'extern\s*"[^"]*"\s*\{', "", without_comments(text)).splitlines()
    depth = 0
    comment: list[str] = []
    pending: list[str] = []
    start = 0
    for number, (raw, line) in enumerate(zip(text.splitlines(), code, strict=True), 1):
        if not raw.strip():
            comment = []
        elif raw.lstrip().startswith("//") and depth == 0 and not pending:
            comment.append(raw.strip())
        elif depth == 0 and line.strip() not in ("", "}") and not line.lstrip().startswith("#"):
            start = start if pending else number
            pending.append(line.strip())
        # The brace that closes extern "C" has no partner here.
        depth = max(0, depth + line.count("{") - line.count("}"))
        if pending and depth == 0 and ("{" in line or line.rstrip().endswith((";", "}"))):
            yield start, " ".join(pending), " ".join(comment)
            pending = []


def check_headers(root: Path) -> Iterator[str]:
    """Yield one line per public function that is not marked or not described."""
    for path in sources(root, ".h", folders=("csrc/include",)):
        for number, text, comment in declarations(path.read_text(encoding="utf-8")):
            match = FUNCTION.search(text)
            if not match or text.startswith("typedef"):
                continue
            where = f"{path.relative_to(root)}:{number}: {match[1]}"
            if not text.startswith("PST_API "):
                yield f"{where} is not marked PST_API"
            for word in ("Thread:", "Realtime:"):
                if word not in comment:
                    yield f"{where} has no comment that says {word}"


def check(root: Path) -> list[str]:
    """Return one line per difference between names and documentation."""
    return [*check_python(root), *check_headers(root)]


if __name__ == "__main__":
    report(check)
