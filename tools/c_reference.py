# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Write the C reference: a page per public header, made of its comments and declarations.

Headers are the manual; this only turns them into reStructuredText. A comment block directly above
a declaration belongs to it, and so do the declarations that follow without a blank line. A comment
block with a blank line below it is text of the page.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ROOT / "csrc" / "include" / "pastream"
PAGES = ROOT / "docs" / "reference" / "c"
UMBRELLA = "pastream.h"

ATTRIBUTES = re.compile(r"\b(?:PST_API|PST_NODISCARD|PST_RT)\b\s*")
SECTION = re.compile(r"---- (.+?) -+$")
FIELD = re.compile(r"\b(Thread|Realtime|Ownership): ")
NAMES = (r"\}\s*(\w+);$", r"\(\*\s*(\w+)\)\s*\(", r"^enum \{\s*(\w+)", r"(\w+);$")


@dataclass
class Item:
    """A comment, and the declarations that it describes: none if it is text of the page."""

    comment: list[str]
    declarations: list[str]


def without_conditionals(text: str) -> list[str]:
    """Return the lines of a header without its preprocessor lines and what only C++ sees."""
    lines = []
    for line in text.splitlines():
        if line.startswith("#") or line in ('extern "C" {', "}") or "SPDX-" in line:
            line = ""
        lines.append("" if line.startswith("// Copyright") else line)
    return lines


def items(text: str) -> Iterator[Item]:
    """Yield what the header holds, in its order."""
    comment: list[str] = []
    declarations: list[str] = []
    statement: list[str] = []
    for line in [*without_conditionals(text), ""]:
        if statement or (line and not line.startswith("//")):
            statement.append(line)
            if is_complete(statement):
                declarations.append("\n".join(statement).rstrip())
                statement = []
        elif line.startswith("//"):
            if declarations:
                yield Item(comment, declarations)
                comment, declarations = [], []
            comment.append(line[2:].removeprefix(" "))
        elif comment or declarations:
            yield Item(comment, declarations)
            comment, declarations = [], []


def code_of(declaration: str) -> str:
    """Return a declaration without its comments."""
    return re.sub(r"//[^\n]*", "", declaration).strip()


def is_complete(statement: list[str]) -> bool:
    """Tell whether a declaration has reached its end."""
    code = code_of("\n".join(statement))
    return code.count("{") == code.count("}") and code.endswith(";")


def name_of(declaration: str) -> str:
    """Return what a declaration of a type or of constants introduces."""
    code = code_of(declaration)
    for pattern in NAMES:
        if found := re.search(pattern, code):
            return found[1]
    raise ValueError(f"no name in: {declaration}")


def escaped(text: str) -> str:
    """Return plain text with what reStructuredText would read as markup escaped."""
    text = re.sub(r"([\\*`|])", r"\\\1", text)
    text = re.sub(r"(\w)_(?=\W|$)", r"\1\\_", text)
    return re.sub(r"\b((?:pst|PST)_\w+)", r"``\1``", text)


def prose(comment: list[str], has_fields: bool) -> Iterator[str]:
    """Yield the paragraphs of a comment; who may call, and whether in realtime, become fields."""
    paragraphs = "\n".join(comment).split("\n\n")
    fields = []
    for paragraph in paragraphs:
        paragraph = re.sub(r"(?:^|\n)(?=Returns )", "\n\n", paragraph).strip()
        plain, *marked = FIELD.split(paragraph) if has_fields else [paragraph]
        if plain.strip():
            yield escaped(plain.strip())
        for label, content in zip(marked[::2], marked[1::2], strict=True):
            fields.append(f":{label}: {escaped(' '.join(content.split()))}")
    if fields:
        yield "\n".join(fields)


def indented(text: str, by: int) -> str:
    """Return the text moved to the right, with blank lines left blank."""
    return re.sub(r"^(?=.)", " " * by, text, flags=re.MULTILINE)


def signature(declaration: str) -> str:
    """Return a function's declaration as one line, without attributes."""
    return " ".join(ATTRIBUTES.sub("", declaration).split()).rstrip("; ")


def is_function(declaration: str) -> bool:
    """Tell whether a declaration is of a function."""
    return declaration.startswith("PST_API") and "(" in declaration


def rendered(item: Item) -> Iterator[str]:
    """Yield the blocks of reStructuredText for an item."""
    section = SECTION.match(" ".join(item.comment))
    if section and not item.declarations:
        yield f"{section[1]}\n{'-' * len(section[1])}"
        return
    functions = [signature(text) for text in item.declarations if is_function(text)]
    types = [text for text in item.declarations if not is_function(text)]
    text = "\n\n".join(prose(item.comment, bool(functions)))
    if functions:
        head = (".. c:function:: " + functions[0], *functions[1:])
        yield ("\n" + " " * 16).join(head) + ("\n\n" + indented(text, 3) if text else "")
    for number, declaration in enumerate(types):
        directive = "c:macro" if declaration.startswith("enum") else "c:type"
        block = f".. {directive}:: {name_of(declaration)}"
        if text and number == 0:
            block += "\n\n" + indented(text, 3)
        yield block + "\n\n   .. code-block:: c\n\n" + indented(declaration, 6)
    if not item.declarations:
        yield text


def page(path: Path) -> str:
    """Return the page of one header."""
    title = f"pastream/{path.name}"
    blocks = [f"{title}\n{'=' * len(title)}"]
    for item in items(path.read_text(encoding="utf-8")):
        blocks.extend(block for block in rendered(item) if block)
    return "\n\n".join(blocks) + "\n"


def write(headers: Path = HEADERS, pages: Path = PAGES) -> list[str]:
    """Write the pages, leaving alone those that are right already; return their names."""
    names = []
    for path in sorted(headers.glob("*.h")):
        if path.name == UMBRELLA:
            continue
        target = pages / f"{path.stem}.rst"
        text = page(path)
        names.append(path.stem)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
    return names


if __name__ == "__main__":
    print(*write(*map(Path, sys.argv[1:3])), sep="\n")
