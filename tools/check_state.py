# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Fail when a C file keeps mutable state outside of any object, at file scope or as a static.

The text is read, not the object files, so that the check needs no build: definitions outside of
functions, and static ones inside. Constants pass if they are constant to the last pointer.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from common import report, sources, without_comments

# File -> why it may.
ALLOWED = {
    "csrc/codec/aac/av.c": "FFmpeg's libraries are loaded, and told to print nothing, per process",
    "csrc/core/kernels/choose.c": "what the processor can do is the same for the whole process",
    "csrc/device/chatter.c": "file descriptor 2 belongs to the process, and so does its capture",
    "csrc/graph/hrtf/sofa.c": "what was read of a head is found by all graphs of the process",
    "csrc/device/portaudio_library.c": "PortAudio keeps its state per process, not per object",
}

NOT_A_VARIABLE = re.compile(
    r"\s*(__extension__\s+)?(typedef|extern|_Static_assert|static_assert)\b"
)
TYPE_ONLY = re.compile(r"\s*(?:static\s+|const\s+)*(struct|union|enum)(\s+\w+)?\s*(\{\}\s*)?$")
DECLARATOR = re.compile(r"(\w+)\s*(?:\[[^]]*\]\s*)*$")


def statements(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield line, depth and text of each statement; what stands inside braces becomes ``{}``."""
    text = without_comments(text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.MULTILINE)
    text = re.sub(r'extern\s*"[^"]*"\s*\{', "", text)
    stack: list[list[str]] = [[]]
    line, start = 1, 1
    for character in text:
        if character == "\n":
            line += 1
        current = stack[-1]
        if not "".join(current[:1]).strip():
            current.clear()
            start = line
        if character == "{":
            stack.append([])
        elif character == "}":
            # The brace that closes extern "C" has no partner here.
            if len(stack) > 1:
                stack.pop()
                stack[-1].append("{}")
                if is_block("".join(stack[-1])):
                    stack[-1].clear()
        elif character == ";":
            yield start if len(stack) == 1 else line, len(stack) - 1, "".join(current)
            current.clear()
        else:
            current.append(character)


def is_block(text: str) -> bool:
    """Tell whether a brace that just closed ends a function or a block, not an initialiser."""
    head = text.rsplit("{}", 1)[0].rstrip()
    if not head or re.search(r"\b(else|do)$", head):
        return True
    is_literal = re.search(r"=\s*\([^()]*\)$", head)
    return re.search(r"\)\s*\w*$", head) is not None and not is_literal


def is_mutable_variable(depth: int, statement: str) -> bool:
    """Tell whether the statement defines a variable that outlives its function and may change."""
    statement = " ".join(statement.split())
    is_static = re.match(r"(?:\w+ )*?(static|_Thread_local|thread_local)\b", statement)
    if (depth > 0 and not is_static) or not statement or NOT_A_VARIABLE.match(statement):
        return False
    head = re.sub(r"\[[^]]*\]", "", statement.split("=", 1)[0]).strip()
    head = re.sub(r"_Atomic\s*\(([^)]*)\)", r"_Atomic \1", head)
    head = re.sub(r"__attribute__\s*\(\(.*\)\)|_Alignas\s*\([^)]*\)|alignas\s*\([^)]*\)", "", head)
    if TYPE_ONLY.match(head):
        return False
    pointer = re.match(r"[^()]*\(\s*\*\s*(const\b)?[^()]*\)\s*\(", head)
    if pointer:
        return not pointer[1]
    if "(" in head or not DECLARATOR.search(head):
        return False
    return not re.search(r"\bconst\b", head.rsplit("*", 1)[-1])


def check(root: Path) -> list[str]:
    """Return one line per mutable variable, and per exception that is no longer needed."""
    problems = []
    needed = set()
    for path in sources(root, ".c", ".h", folders=("csrc",)):
        name = path.relative_to(root).as_posix()
        for line, depth, statement in statements(path.read_text(encoding="utf-8")):
            if is_mutable_variable(depth, statement):
                needed.add(name)
                if name not in ALLOWED:
                    problems.append(f"{name}:{line}: mutable state: {' '.join(statement.split())}")
    for name in sorted(set(ALLOWED) - needed):
        if (root / name).exists():
            problems.append(f"{name}: has no mutable state any more; take it off the list")
    return problems


if __name__ == "__main__":
    report(check)
