"""Peak memory and processor time of this process over spans of time, by sampling."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

STATM = Path("/proc/self/statm")
PAGE_MB = 4096 / 1024**2
EVERY_SECONDS = 0.02


class Sampler:
    """Samples resident memory and processor time while it is open; answers for any span of `time.perf_counter()`."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._megabytes: list[float] = []
        self._processor: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def peak(self, start: float, end: float) -> float:
        """Give the highest sample between two instants (MB); between two samples, the one before."""
        first, last = bisect_left(self._times, start), bisect_right(self._times, end)
        span = self._megabytes[first:last] or self._megabytes[max(first - 1, 0) : first + 1]
        return max(span, default=0.0)

    def processor(self, start: float, end: float) -> float:
        """Give the processor time of all threads between two instants (seconds), a straight line between samples."""
        if not self._times:
            return 0.0
        before, after = np.interp([start, end], self._times, self._processor)
        return float(after - before)

    def shares(self, spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Divide wall and processor seconds among spans: at an instant that several have in common, each has its part.

        Steps of dbt run side by side, so what passes while they do would count several times if it were added up.

        Args:
            spans: start and end of each, by `time.perf_counter()`.
        """
        edges = np.unique(np.array(spans, dtype=float))
        if len(self._times) == 0 or len(edges) < 2:
            return [(0.0, 0.0) for _ in spans]
        first, last = (np.searchsorted(edges, [span[side] for span in spans]) for side in (0, 1))
        begun = np.bincount(first, minlength=len(edges)) - np.bincount(last, minlength=len(edges))
        running = np.maximum(np.cumsum(begun)[:-1], 1)
        sums = [
            np.concatenate([[0.0], np.cumsum(np.diff(values) / running)])
            for values in (edges, np.interp(edges, self._times, self._processor))
        ]
        return [
            (float(wall[b] - wall[a]), float(cpu[b] - cpu[a]))
            for wall, cpu in [sums]
            for a, b in zip(first, last, strict=True)
        ]

    def _sample(self) -> None:
        while not self._stop.is_set():
            self._megabytes.append(int(STATM.read_text().split()[1]) * PAGE_MB)
            self._processor.append(time.process_time())
            self._times.append(time.perf_counter())
            self._stop.wait(EVERY_SECONDS)
