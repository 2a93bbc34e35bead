# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""Run one fuzzer for a while: run.py FUZZER SEEDS KIND SECONDS.

It begins with files of our own, and with small ones of the corpus where that lies beside the
checkout. What breaks it stays in the folder of the fuzzer, as crash-*, timeout-* or oom-*.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
SUFFIXES = {
    "adts": {".aac"},
    "mp4": {".m4a"},
    "aiff": {".aif", ".aiff", ".aifc"},
    "ogg_flac": {".oga"},
    "vorbis": {".ogg"},
    "mp3": {".mp3", ".bit"},
    "rf64": {".wav"},
}
LARGEST_BYTES = 40_000


def main() -> int:
    """Return the fuzzer's own verdict."""
    fuzzer, seeds, kind, seconds = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        # libvorbisenc forgets some memory of files with six channels.
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
        subprocess.run([seeds, kind, folder], check=True, env=environment)
        for path in sorted(CORPUS.glob("*/*")):
            is_of_kind = path.suffix in SUFFIXES.get(kind, {f".{kind}"})
            if is_of_kind and path.stat().st_size <= LARGEST_BYTES:
                shutil.copy(path, folder)
        command = [
            fuzzer,
            f"-max_total_time={seconds}",
            f"-max_len={LARGEST_BYTES}",
            "-rss_limit_mb=1500",
            "-malloc_limit_mb=500",
            "-timeout=20",
            "-print_final_stats=1",
            f"-artifact_prefix={Path(fuzzer).parent}/{kind}-",
            folder,
        ]
        # Not its own number: Meson takes 77, which is libFuzzer's, for a test that was left out.
        return int(subprocess.run(command, check=False).returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
