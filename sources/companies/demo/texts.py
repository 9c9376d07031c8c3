"""What customers write: templates by language, filled column by column.

Belongs here: reading `texts.yml` and filling it. Does not belong here: who writes what, in which mood.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from sources.companies.demo.codes import Ints
from sources.companies.demo.names import LANGUAGES

MOODS = ("poor", "fair", "good")


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    return content


def compose(
    kind: str, language: Ints, subject: Ints, subjects: tuple[str, ...], mark: Ints, filling: pa.Array
) -> pa.Array:
    """Write one text a row.

    Args:
        kind: `service` (the subject is a topic) or `posts` (the subject is a mood).
        language: code in `names.LANGUAGES`.
        subject: code in `subjects`.
        subjects: names of the subjects.
        mark: any number; it chooses among the templates of language and subject.
        filling: what stands in the gap of the template; null makes the text null.
    """
    starts, counts, before, after = _templates(kind, subjects)
    group = language * len(subjects) + subject
    row = starts[group] + mark % counts[group]
    return pc.binary_join_element_wise(before.take(pa.array(row)), filling, after.take(pa.array(row)), "")


def personal(language: Ints, address: pa.Array) -> pa.Array:
    """Write a sentence with the writer's own address; nothing where the address is null."""
    parts = [_content()["personal"][name].split("{address}") for name in LANGUAGES]
    before, after = (pa.array([part[side] for part in parts]) for side in (0, 1))
    joined = pc.binary_join_element_wise(before.take(pa.array(language)), address, after.take(pa.array(language)), "")
    return pc.fill_null(joined, "")


@cache
def _templates(kind: str, subjects: tuple[str, ...]) -> tuple[Ints, Ints, pa.Array, pa.Array]:
    gap = {"service": "{product}", "posts": "{topic}"}[kind]
    groups = [_content()[kind][language][subject] for language in LANGUAGES for subject in subjects]
    counts = np.array([len(group) for group in groups])
    parts = [text.split(gap) for group in groups for text in group]
    before, after = (pa.array([part[side] for part in parts], pa.string()) for side in (0, 1))
    return np.cumsum(counts) - counts, counts, before, after
