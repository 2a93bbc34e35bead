# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""P5, P14, P16, P18: a process that is ended, short of descriptors, or has the package twice."""

import resource
import signal
import sys
from pathlib import Path

import pytest
from servers.scenario import Scenario, run

from .conftest import run_python

# ---- P5: SIGTERM ---------------------------------------------------------------------------------


def test_P5_sigterm_ends_a_recording_like_a_kill():
    with Scenario("limits.py", "record_until_ended", handles=False) as scenario:
        scenario.wait_for("recording")
        scenario.program.send(signal.SIGTERM)
        assert scenario.program.wait_end(20)
        assert scenario.program.returncode == -signal.SIGTERM


def test_P5_a_handler_that_raises_closes_what_runs():
    with Scenario("limits.py", "record_until_ended", handles=True) as scenario:
        scenario.wait_for("recording")
        scenario.program.send(signal.SIGTERM)
        report = scenario.result()
    assert report["closed"]
    assert report["captured"] > 0


# ---- P16: limits ---------------------------------------------------------------------------------


def test_P16_hundreds_of_streams_at_once():
    report = run("limits.py", "many_streams", n=300)
    assert report["captured"] == [100] * 300
    assert report["descriptors_after"] <= report["descriptors_before"] + 2
    assert report["threads_after"] <= report["threads_before"] + 2


def test_P16_no_descriptor_left():
    report = run("limits.py", "without_descriptors")
    assert report["errors"]
    # Each says what the system refused, and nothing stays behind.
    assert set(report["errors"]) <= {"SystemCallError", "OutOfMemoryError"}
    assert report["after"] == 100
    assert report["descriptors_after"] <= report["descriptors_before"] + 2


# ---- P14, P18: copies ----------------------------------------------------------------------------


def test_P18_imported_by_a_thread():
    run_python(
        """
import threading
found = []
def work():
    import pastream_ng as ps
    found.append(ps.rec(100, channels=1, device=ps.VirtualDevice(clock="free", input="counter")))
thread = threading.Thread(target=work)
thread.start()
thread.join()
assert found[0].shape == (100, 1)
"""
    )


def test_P18_the_package_a_second_time():
    run_python(
        """
import sys
import pastream_ng as first
stream = first.InputStream(first.VirtualDevice(input="counter"), 48000, 1)
stream.start()
for name in [name for name in sys.modules if name.startswith("pastream_ng")]:
    del sys.modules[name]
import pastream_ng as second
assert second is not first
take = second.rec(100, channels=1, device=second.VirtualDevice(clock="free", input="counter"))
assert take.shape == (100, 1)
assert len(stream.read(100, timeout=20)) == 100
stream.close()
"""
    )


def test_P18_reload():
    run_python(
        """
import importlib
import pastream_ng as ps
importlib.reload(ps)
take = ps.rec(100, channels=1, device=ps.VirtualDevice(clock="free", input="counter"))
assert take.shape == (100, 1)
"""
    )


SUBINTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import pastream_ng as ps  # The main interpreter has it already.
code = '''
try:
    import pastream_ng
except ImportError as error:
    result = "refused: " + str(error)
else:
    result = "works"
with open({path!r}, "w") as file:
    file.write(result)
'''
made = interpreters.create()
interpreters.run_string(made, code)
interpreters.destroy(made)
take = ps.rec(100, channels=1, device=ps.VirtualDevice(clock="free", input="counter"))
assert take.shape == (100, 1)
"""


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="interpreters of CPython")
def test_P14_a_second_interpreter_is_refused(tmp_path):
    path = tmp_path / "result"
    run_python(SUBINTERPRETER.replace("{path!r}", repr(str(path))))
    result = path.read_text()
    assert result.startswith("refused: ")
    assert "main interpreter" in result


def test_the_limits_of_this_process_are_its_own():
    """The scenarios above change limits: not those of the tests."""
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 64
    assert Path(__file__).exists()
