# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A browser without a window, which runs a page and hands back what that posts."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .programs import MissingProgram, Program, ProgramFailed

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

#: What Chromium needs to be quiet, and to run as root.
CHROMIUM_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

#: Places of a page, with the type of each and its bytes. "/" is the page itself.
Files = Mapping[str, tuple[str, bytes]]


def find_first(names: Sequence[str] = CHROMIUM) -> str:
    """Return the path of the first of these programs that is installed."""
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    raise MissingProgram(f"the program {names[0]!r} is not installed")


class Page:
    """Serves files, and takes the JSON that the page posts to ``/results``.

    Attributes
    ----------
    url : str
        Where the page is.
    """

    def __init__(self, files: Files) -> None:
        self._results: Any = None
        self._is_done = threading.Event()
        page = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self, code: int, kind: str = "text/plain", body: bytes = b"") -> None:
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                # A page that is isolated has a clock of 5 microseconds.
                self.send_header("Cross-Origin-Opener-Policy", "same-origin")
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                if self.path in files:
                    self._answer(200, *files[self.path])
                else:
                    self._answer(404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                page._results = json.loads(body)
                self._answer(200)
                page._is_done.set()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def results(self, timeout: float) -> Any:
        """Wait for what the page posts."""
        if not self._is_done.wait(timeout):
            raise ProgramFailed(f"the page has posted nothing within {timeout} s")
        return self._results

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def run_page(files: Files, command: Sequence[str], timeout: float) -> Any:
    """Run a page in a browser, and return what it posts."""
    page = Page(files)
    program = Program([*command, page.url])
    try:
        return page.results(timeout)
    finally:
        program.stop()
        page.close()


def run_in_chromium(files: Files, timeout: float) -> Any:
    """Run a page in Chromium, and return what it posts."""
    tool = find_first()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [tool, *CHROMIUM_OPTIONS, f"--user-data-dir={profile}"]
        return run_page(files, command, timeout)
