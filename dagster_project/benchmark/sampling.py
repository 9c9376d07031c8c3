"""Peak memory and processor time of this process over spans of time, by sampling."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
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

    def _sample(self) -> None:
        while not self._stop.is_set():
            self._megabytes.append(int(STATM.read_text().split()[1]) * PAGE_MB)
            self._processor.append(time.process_time())
            self._times.append(time.perf_counter())
            self._stop.wait(EVERY_SECONDS)
