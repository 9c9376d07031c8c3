"""A run that is measured: `python -m dagster_project.benchmark.measured_run OUT.json`, in a process of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from rich.console import Console

START = time.perf_counter()


def main(out: Path) -> int:
    """Run the whole way and write each step's share of seconds and processor seconds, its rows and peak memory.

    The time from the start of the process to the first step and the total stand beside them.
    """
    from dagster_project.benchmark.sampling import Sampler  # noqa: PLC0415 - imports are part of what is measured
    from dagster_project.operations.progress import progress  # noqa: PLC0415
    from dagster_project.operations.run import run  # noqa: PLC0415
    from dagster_project.operations.session import open_session  # noqa: PLC0415

    start_cpu = time.process_time()
    with Sampler() as samples, Path(os.devnull).open("w") as nowhere:
        code = run(open_session(), Console(file=nowhere))
        end = time.perf_counter()
    spans = [(step.ended - step.seconds, step.ended) for step in progress.steps]
    steps = [
        {
            "name": step.name,
            "rows": step.rows,
            "seconds": seconds,
            "peak_mb": samples.peak(*span),
            "cpu_seconds": cpu_seconds,
        }
        for step, span, (seconds, cpu_seconds) in zip(progress.steps, spans, samples.shares(spans), strict=True)
    ]
    first = min((s.ended - s.seconds for s in progress.steps), default=end)
    times = os.times()
    out.write_text(
        json.dumps(
            {
                "exit_code": code,
                "total_seconds": end - START,
                "start_seconds": first - START,
                "start_cpu_seconds": start_cpu + samples.processor(0.0, first),
                "cpu_seconds": times.user + times.system,
                "peak_mb": samples.peak(0.0, end),
                "steps": steps,
            }
        )
    )
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
