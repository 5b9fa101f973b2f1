"""Damaged recordings: whatever the damage, all other records are read; NEWSARCHIVE_RECORDINGS=5000 tries more."""

from __future__ import annotations

import os

import pytest

from tests.recording_trial import FORMS, check_round

ROUNDS = int(os.environ.get("NEWSARCHIVE_RECORDINGS", "300"))


@pytest.mark.parametrize("part", range(len(FORMS)))
def test_damage_in_one_place_costs_no_other_record(part: int) -> None:
    for seed in range(part, ROUNDS, len(FORMS)):
        check_round(seed)
