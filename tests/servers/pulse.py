# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A private PulseAudio server with null sinks, reached through ALSA's pulse plugin."""

from __future__ import annotations

import glob
import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from .programs import MissingProgram, Program, find_program

RATE = 48000
_START_SECONDS = 20.0

# Each null sink, with the sample format it keeps: nothing is converted on the way of such data.
SINKS = {"pst_f32": "float32le", "pst_s16": "s16le"}

_PLUGIN = [
    "/usr/lib*/alsa-lib/libasound_module_pcm_pulse.so",
    "/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so",
]

# What this ALSA offers, and all of it: one device to play to and one to record from for each sink,
# and the default, without which PortAudio 19.6 ends the process by a failed assertion.
_ALSA_DEFAULT = "pcm.default { type pulse }\nctl.default { type pulse }\n"
_ALSA_DEVICES = """
pcm.{sink}_play {{ type pulse device {sink} hint {{ show on description "{sink}" }} }}
pcm.{sink}_monitor {{ type pulse device {sink}.monitor hint {{ show on description "{sink}" }} }}
"""


class PulseServer:
    """A `pulseaudio` of our own in a temporary home, without D-Bus and without hardware.

    ALSA programs started with `env` see the devices ``pst_f32_play``, ``pst_f32_monitor``,
    ``pst_s16_play`` and ``pst_s16_monitor``, and no others.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pastream-pulse-")
        home = Path(self._folder.name)
        self._socket = home / "native"
        self._alsa = home / "asound.conf"
        self._client = home / "client.conf"
        self._program: Program | None = None
        (home / "run").mkdir(mode=0o700)
        self._home = home

    @property
    def env(self) -> dict[str, str]:
        """The environment in which programs find this server, and only this."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULSE")}
        return kept | {
            "HOME": str(self._home),
            "XDG_RUNTIME_DIR": str(self._home / "run"),
            "XDG_CONFIG_HOME": str(self._home / "config"),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_CLIENTCONFIG": str(self._client),
            "ALSA_CONFIG_PATH": str(self._alsa),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
            "JACK_DEFAULT_SERVER": "pastream-none",
            "JACK_NO_START_SERVER": "1",
        }

    @property
    def program(self) -> Program:
        assert self._program is not None, "the server was not started"
        return self._program

    def start(self) -> None:
        """Start it, and wait until its sinks are there."""
        server = find_program("pulseaudio")
        find_program("pactl")
        if not any(glob.glob(pattern) for pattern in _PLUGIN):
            raise MissingProgram("ALSA's pulse plugin (libasound2-plugins) is not installed")
        self._alsa.write_text(
            _ALSA_DEFAULT + "".join(_ALSA_DEVICES.format(sink=sink) for sink in SINKS)
        )
        self._client.write_text("autospawn = no\n")
        modules = [f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}"]
        modules += [
            f"module-null-sink sink_name={name} format={format_} rate={RATE} channels=2"
            for name, format_ in SINKS.items()
        ]
        command = [server, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        loads = [part for module in modules for part in ("--load", module)]
        self._program = Program([*command, *loads], env=self.env)
        self._program.wait_for(
            lambda: set(SINKS) <= set(self.sinks()), _START_SECONDS, "its sinks are there"
        )

    def playing(self) -> list[tuple[str, str]]:
        """Return the name of each application that plays, and of the sink that it plays to."""
        command = [find_program("pactl"), "--format=json", "list"]
        shown = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=20)
        lists = json.loads(shown.stdout)
        names = {sink["index"]: sink["name"] for sink in lists["sinks"]}
        return [
            (inputs["properties"]["application.name"], names[inputs["sink"]])
            for inputs in lists["sink_inputs"]
        ]

    def suspend(self, sink: str, *, is_suspended: bool) -> None:
        """Suspend a sink, or let it go on."""
        command = [find_program("pactl"), "suspend-sink", sink, str(int(is_suspended))]
        subprocess.run(command, env=self.env, check=True, timeout=20)

    def sinks(self) -> list[str]:
        """Return the names of its sinks; an empty list if it does not answer."""
        command = [find_program("pactl"), "list", "short", "sinks"]
        found = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=20)
        return [line.split("\t")[1] for line in found.stdout.splitlines() if "\t" in line]

    def kill(self) -> None:
        """Kill it without a warning."""
        self.program.kill()

    def restart(self) -> None:
        """Start it again after it was killed."""
        self.program.stop()
        self.start()

    def stop(self) -> None:
        """End it and remove its home."""
        if self._program is not None:
            self._program.stop()
            self._program = None
        self._folder.cleanup()

    def __enter__(self) -> PulseServer:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
