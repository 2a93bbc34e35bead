# Copyright 2026 The pastream_ng authors
# SPDX-License-Identifier: MIT
"""A scheduler and two workers on this machine; one is killed while it has a job.

Arguments: a folder of sounds; a named pipe, which gets a whole sound once the worker is dead; and a
folder for the outputs.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from distributed import Client, LocalCluster

import pastream_ng as ps


def main() -> None:
    source, pipe, target = sys.argv[1:]
    writer = os.open(pipe, os.O_RDWR)
    jobs = [(pipe, f"{target}/held.flac")]
    names = sorted(os.listdir(source))
    jobs += [(f"{source}/{name}", f"{target}/{name}.flac") for name in names]
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            host="127.0.0.1",
            memory_limit=0,
        ) as cluster,
        Client(cluster) as client,
    ):
        with ps.transcode_many(jobs, executor=client) as batch:
            # The worker with the pipe stays busy, and may hold back the job behind it.
            while len(batch.results) < len(jobs) - 2:
                time.sleep(0.01)
            (worker,) = [address for address, keys in client.processing().items() if keys]
            os.kill(client.run(os.getpid, workers=[worker])[worker], signal.SIGKILL)
            while worker in client.scheduler_info()["workers"]:
                time.sleep(0.01)
            os.write(writer, Path(source, names[0]).read_bytes())
            results = batch.wait(30)
        with ps.transcode_many(jobs[1:], executor=client) as again:
            skipped = sum(r.skipped for r in again.wait())
    print(
        json.dumps(
            {
                "results": [r.to_dict() for r in results],
                "progress": batch.progress.to_dict(),
                "skipped": skipped,
            }
        )
    )


if __name__ == "__main__":
    main()
