"""Chance without memory: every draw is a hash of who, what and when.

Belongs here: turning (seed, purpose, keys) into random numbers. Does not belong here: what is drawn, at which rate.

There is no generator and so no state: a draw depends on nothing but its keys. That is why the number of threads,
the size of a chunk and the day at which one stops make no difference, and why two policies played in one world
differ only by what they do (common random numbers).

A purpose is a short name such as `"order.value"`; keys are integers or integer arrays that broadcast against one
another. Uniforms lie strictly between 0 and 1 with 53 random bits. Continuous laws are drawn by their exact
inverse distribution functions.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Bits = NDArray[np.uint64]
Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_GOLDEN = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1
_UNIT = 2.0**-53


def _mix(state: Bits) -> Bits:
    """Finish a hash as splitmix64 does (Steele, Lea and Flood 2014), in place."""
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state


class Chance:
    """All the chance of one world.

    Args:
        seed: the world's seed; another seed is another world.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._starts: dict[str, int] = {}

    def _start(self, purpose: str) -> int:
        if purpose not in self._starts:
            digest = blake2b(f"{self.seed}/{purpose}".encode(), digest_size=8).digest()
            self._starts[purpose] = int.from_bytes(digest, "little")
        return self._starts[purpose]

    def bits(self, purpose: str, *keys: ArrayLike) -> Bits:
        """Draw 64 random bits for each combination of keys (at least one dimension)."""
        state = np.array([self._start(purpose)], dtype=np.uint64)
        for place, key in enumerate(keys):
            word = np.atleast_1d(np.asarray(key)).astype(np.uint64, copy=False)
            state = _mix((state + np.uint64((place + 1) * _GOLDEN & _WORD)) ^ _spread(word))
        return state if keys else _mix(state.copy())

    def uniform(self, purpose: str, *keys: ArrayLike) -> Reals:
        """Draw from the uniform on (0, 1)."""
        return ((self.bits(purpose, *keys) >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT

    def flag(self, rate: float | Reals, purpose: str, *keys: ArrayLike) -> Flags:
        """Draw true with probability `rate`."""
        return np.asarray(self.uniform(purpose, *keys) < rate)

    def normal(self, purpose: str, *keys: ArrayLike) -> Reals:
        """Draw from the standard normal."""
        return np.asarray(special.ndtri(self.uniform(purpose, *keys)))

    def exponential(self, purpose: str, *keys: ArrayLike) -> Reals:
        """Draw from the exponential with mean 1."""
        return -np.log(self.uniform(purpose, *keys))

    def gamma(self, shape: float, purpose: str, *keys: ArrayLike) -> Reals:
        """Draw from the gamma with this shape and scale 1."""
        return np.asarray(special.gammaincinv(shape, self.uniform(purpose, *keys)))

    def beta(self, a: float, b: float, purpose: str, *keys: ArrayLike) -> Reals:
        """Draw from the beta with these two shapes."""
        return np.asarray(special.betaincinv(a, b, self.uniform(purpose, *keys)))

    def poisson(self, mean: ArrayLike, purpose: str, *keys: ArrayLike) -> Ints:
        """Draw from the Poisson, by walking up the distribution function; meant for means below about 50."""
        uniform = self.uniform(purpose, *keys)
        rate = np.broadcast_to(np.asarray(mean, dtype=np.float64), uniform.shape)
        count = np.zeros(uniform.shape, dtype=np.int64)
        term = np.exp(-rate)
        reached = term.copy()
        step = 0
        while step < 400 and bool(np.any(uniform > reached)):
            above = uniform > reached
            step += 1
            count += above
            term = term * rate / step
            reached += term
        return count

    def pick(self, weights: ArrayLike, purpose: str, *keys: ArrayLike) -> Ints:
        """Draw the index of one of the weights, with probability in proportion to it."""
        steps = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(steps, self.uniform(purpose, *keys) * steps[-1], side="right")
        return np.asarray(np.minimum(found, len(steps) - 1), dtype=np.int64)

    def pick_by_row(self, weights: Reals, purpose: str, *keys: ArrayLike) -> Ints:
        """Draw as `pick` does, where each draw has its own row of weights (draws by choices)."""
        steps = np.cumsum(weights, axis=1)
        mark = self.uniform(purpose, *keys) * steps[:, -1]
        return np.asarray(np.minimum((steps <= mark[:, None]).sum(axis=1), weights.shape[1] - 1), dtype=np.int64)

    def integers(self, count: ArrayLike, purpose: str, *keys: ArrayLike) -> Ints:
        """Draw uniformly from 0 .. count - 1."""
        return np.asarray(np.floor(self.uniform(purpose, *keys) * np.asarray(count)), dtype=np.int64)

    def dirichlet(self, shapes: Reals, kinds: Ints, purpose: str, *keys: ArrayLike) -> Reals:
        """Draw from Dirichlets, one row a key; row i has the shape parameters `shapes[kinds[i]]`.

        Each component is a gamma draw by a table of 4,096 quantiles: only shares are wanted, not tails, and the exact
        inverse would cost a second per million.
        """
        grid = (np.arange(4096) + 0.5) / 4096
        columns = np.arange(shapes.shape[1])
        place = self.uniform(purpose, *[np.asarray(k)[:, None] for k in keys], columns[None, :]) * 4096
        cell = np.minimum(place.astype(np.int64), 4095)
        tables = np.asarray(special.gammaincinv(shapes[:, :, None], grid[None, None, :]))
        drawn = tables[kinds[:, None], columns[None, :], cell] + 1e-12
        return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _spread(word: Bits) -> Bits:
    """Keep small neighbouring keys apart before they are mixed in."""
    return np.asarray(word * np.uint64(_GOLDEN) + np.uint64(0x632BE59BD9B4E019))


def scramble(number: Ints, key: int, bits: int = 40) -> Ints:
    """Shuffle the integers below 2**bits one to one, so that a reference tells nothing about who stands behind it.

    Args:
        number: integers from 0 to 2**bits - 1.
        key: another key is another shuffling.
        bits: the width of the block, even.
    """
    half = bits // 2
    low_mask = np.uint64((1 << half) - 1)
    value = number.astype(np.uint64)
    left, right = value >> np.uint64(half), value & low_mask
    for turn in range(4):
        salt = np.uint64((key * 4 + turn + 1) * _GOLDEN & _WORD)
        left, right = right, left ^ (_mix((right + salt).copy()) & low_mask)
    return ((left << np.uint64(half)) | right).astype(np.int64)
