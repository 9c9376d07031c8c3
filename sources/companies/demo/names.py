"""The pools of names and places from which persons are drawn, as Arrow arrays of text with weights.

Belongs here: reading `names.yml` and laying it out by code. Does not belong here: who gets which name (`population`) or
how it is misspelt (`records`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Codes = NDArray[np.int16]

LANGUAGES = ("it", "en", "de", "fr", "es")
COUNTRY_LANGUAGE = {"IT": "it", "GB": "en", "CH": "de", "DE": "de", "FR": "fr"}
_COMMON_FAMILIES = 0.35  # share of persons with one of the most common families; the others share the long tail


class Pool(NamedTuple):
    """Words and, for each key, which of them may be drawn with which weight."""

    words: pa.StringArray
    weights: dict[tuple[str, ...], Reals]

    def draw(self, key: tuple[str, ...], uniform: Reals) -> Codes:
        """Turn uniforms into codes of words allowed for `key`."""
        steps = np.cumsum(self.weights[key])
        found = np.searchsorted(steps, uniform * steps[-1], side="right")
        return np.asarray(np.minimum(found, len(steps) - 1), dtype=np.int16)


class Cities(NamedTuple):
    """Cities, one row a city: country code, name, region, first digits of postcodes, telephone prefix, weight."""

    country: list[str]
    name: pa.StringArray
    region: pa.StringArray
    postcode: list[str]
    prefix: list[str]
    weight: Reals


@cache
def _content() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    return content


def _split(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


def _by_rank(count: int, flatness: float) -> Reals:
    return np.asarray(1.0 / (np.arange(count) + flatness))


def _pool(groups: dict[tuple[str, ...], dict[str, float]]) -> Pool:
    words = sorted({word for weighted in groups.values() for word in weighted})
    weights = {key: np.array([weighted.get(word, 0.0) for word in words]) for key, weighted in groups.items()}
    return Pool(pa.array(words, pa.string()), weights)


@cache
def given() -> Pool:
    """Given names by (language, sex `f` or `m`)."""
    groups: dict[tuple[str, ...], dict[str, float]] = {}
    for language, by_sex in _content()["given"].items():
        for sex, text in by_sex.items():
            words = _split(text)
            groups[language, sex] = dict(zip(words, _by_rank(len(words), 6.0).tolist(), strict=True))
    return _pool(groups)


@cache
def family() -> Pool:
    """Family names by (language,): common ones by rank and a long tail made of parts."""
    groups: dict[tuple[str, ...], dict[str, float]] = {}
    for language, text in _content()["families"].items():
        common, parts = _split(text), _content()["parts"][language]
        tail = sorted({a + b for a in parts["first"].split() for b in parts["second"].split()} - set(common))
        mass = _by_rank(len(common), 8.0)
        weighted = dict(zip(common, (mass / mass.sum() * _COMMON_FAMILIES).tolist(), strict=True))
        weighted.update(dict.fromkeys(tail, (1 - _COMMON_FAMILIES) / len(tail)))
        groups[(language,)] = weighted
    return _pool(groups)


@cache
def short_forms() -> pa.StringArray:
    """Give the short form of each given name, by code; the name itself where it has none."""
    table = _content()["short"]
    return pa.array([table.get(word, word) for word in given().words.to_pylist()], pa.string())


@cache
def streets() -> Pool:
    """Streets by (language,)."""
    groups: dict[tuple[str, ...], dict[str, float]] = {}
    for language, text in _content()["streets"].items():
        words = _split(text)
        groups[(language,)] = dict(zip(words, _by_rank(len(words), 10.0).tolist(), strict=True))
    return _pool(groups)


@cache
def cities() -> Cities:
    """All cities, by country in the file's order."""
    rows = [(country, *row) for country, listed in _content()["cities"].items() for row in listed]
    country, name, region, postcode, prefix, weight = zip(*rows, strict=True)
    return Cities(
        list(country),
        pa.array(name, pa.string()),
        pa.array(region, pa.string()),
        list(postcode),
        list(prefix),
        np.array(weight, dtype=np.float64),
    )


@cache
def domains() -> tuple[list[str], Reals]:
    """E-mail domains and their weights."""
    table = _content()["domains"]
    return list(table), np.array(list(table.values()), dtype=np.float64)


@cache
def organisation_parts() -> tuple[list[str], list[str], dict[str, str]]:
    """First and second parts of an organisation's name, and its legal form by country."""
    parts = _content()["organisations"]
    return parts["first"].split(), parts["second"].split(), parts["form"]


@cache
def dialling() -> dict[str, str]:
    """International dialling code by country."""
    return dict(_content()["dialling"])
