"""The collector is held, and comes back, whatever happens."""

from __future__ import annotations

import gc

import pytest

from dagster_project import collecting


def test_nothing_is_collected_meanwhile_and_what_is_there_lasts() -> None:
    before = gc.get_freeze_count()
    try:
        with collecting.held():
            assert not gc.isenabled()
            kept = [[number] for number in range(1_000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()


def test_it_comes_back_after_a_fault() -> None:
    try:
        with pytest.raises(ImportError), collecting.held():
            raise ImportError
        assert gc.isenabled()
    finally:
        gc.unfreeze()
