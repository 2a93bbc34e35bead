# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A pytest plugin: a test of a sound server counts only while the machine keeps going.

Virtual machines stand still now and then. A server that is not woken up in time leaves frames out,
whoever its clients are. So a yardstick runs beside each such test, and one that failed while the
machine stood still is done again, up to `AGAIN` times; the summary names it. Where the machine did
its part, a failure is a failure at once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest
from _pytest.runner import runtestprotocol

from .programs import ProgramFailed
from .stalls import Stalls

AGAIN = 4
BUDGET_S = 60.0  # No further one begins after that: the limits of pytest hold for all together.
# The shortest cycle of a server in the tests takes 333 us.
PERIOD_US = 333
LIMIT_US = 333


class Yardstick:
    """Tells whether the machine stood still during the block that it is the context of."""

    def __init__(self) -> None:
        self._stalls: Stalls | None = None

    def __enter__(self) -> Yardstick:
        # Without realtime scheduling everybody is late whenever others work, and nobody can tell.
        with contextlib.suppress(ProgramFailed):
            self._stalls = Stalls(PERIOD_US, LIMIT_US)
        return self

    def __exit__(self, *_: object) -> None:
        if self._stalls is not None:
            self._stalls.stop()

    def verdict(self) -> str:
        """Return what the machine is to blame for; nothing if it kept going."""
        if self._stalls is None:
            return "realtime scheduling is not allowed"
        counts = self._stalls.so_far()
        if counts["late"] == 0:
            return ""
        return f"stood still {counts['late']} times, {counts['longest_us']} us at the longest"


def _run_once(item: pytest.Item, nextitem: pytest.Item | None) -> tuple[list, str]:
    """Return the reports of the test, and what excuses a failure."""
    with Yardstick() as yardstick:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        failed = [report for report in reports if report.failed]
        if not failed:
            return reports, ""
        verdict = yardstick.verdict()
        for report in failed:
            report.sections.append(("The machine", verdict or "kept going"))
    return reports, verdict if all(report.when == "call" for report in failed) else ""


def _attempts(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[pytest.TestReport]:
    deadline = time.monotonic() + BUDGET_S
    for left in range(AGAIN, -1, -1):
        reports, excuse = _run_once(item, nextitem)
        if not excuse or left == 0 or time.monotonic() > deadline:
            yield from reports
            return
        for report in reports:
            if report.failed:
                report.outcome = "repeated"
            yield report
        item._initrequest()  # Its fixtures are made anew.


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test of a server, again if need be; leave the others to pytest.

    What takes minutes to hours is not done again: such a test has to judge the machine itself.
    """
    if not item.get_closest_marker("servers") or item.get_closest_marker("soak"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _attempts(item, nextitem):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    return ("repeated", "R", "REPEATED") if report.outcome == "repeated" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each test that was done again, with what the machine did and what the test said."""
    reports = terminalreporter.stats.get("repeated", [])
    if reports:
        terminalreporter.section("repeated tests")
    for report in reports:
        what = dict(report.sections)["The machine"]
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = crash.message if crash else report.longreprtext
        first = reason.partition("\n")[0]
        terminalreporter.write_line(f"{report.nodeid}: the machine {what}; {first}")
