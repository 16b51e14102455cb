"""Which records are held out, and which are the same, whatever fits in memory."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.corpora.preparation import partitions
from seqlab.corpora.preparation.draws import hold_out, quotas
from seqlab.corpora.preparation.duplicates import same_records
from seqlab.corpora.preparation.marks import DUPLICATE, LEAK, TEST, TRAIN, VALIDATION
from seqlab.corpora.preparation.rows import Layout
from seqlab.errors import DataError

LAYOUT = Layout(content=True, unit=False, stratum=True)


def table(keys, strata=None):
    """Rows with these keys; what is read of a record is its key without the last digit."""
    rows = np.zeros(len(keys), LAYOUT.dtype)
    numbers = np.array(keys, np.uint64)
    spread = np.uint64(0x9E3779B97F4A7C15)
    rows["key"]["high"], rows["key"]["low"] = numbers * spread, numbers
    rows["content"]["high"], rows["content"]["low"] = numbers // np.uint64(10) * spread, numbers // np.uint64(10)
    rows["stratum"] = 0 if strata is None else strata
    return rows


KEYS = st.lists(st.integers(0, 60), min_size=1, max_size=80)


@settings(deadline=None, max_examples=50)
@given(KEYS, st.lists(st.sampled_from([TRAIN, VALIDATION, TEST]), min_size=80, max_size=80), st.integers(1, 100))
def test_the_same_as_by_hand_whatever_fits_in_memory(tmp_path_factory, keys, parts, in_memory):
    marks = np.array(parts[: len(keys)], np.uint8)
    wanted, seen = marks.copy(), set()
    for row, key in enumerate(keys):
        if wanted[row] == TRAIN:
            wanted[row] = DUPLICATE if key in seen else TRAIN
            seen.add(key)
    latest = {}
    for key, part in zip(keys, wanted, strict=True):
        if part <= TEST:
            latest[key // 10] = max(part, latest.get(key // 10, TRAIN))
    leaks = [part <= TEST and part < latest[key // 10] for key, part in zip(keys, wanted, strict=True)]
    wanted[np.array(leaks)] = LEAK
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(partitions, "IN_MEMORY", in_memory)
        folder = tmp_path_factory.mktemp("rows")
        blocks = [table(keys[:7]), table(keys[7:])]
        assert same_records(blocks, marks, folder, exact=True, leaks=True) == sum(leaks)
    assert marks.tolist() == wanted.tolist()
    assert not list(folder.iterdir())


@settings(deadline=None, max_examples=50)
@given(KEYS, st.integers(0, 3), st.integers(0, 3), st.integers(0, 5))
def test_units_are_held_out_exactly_and_as_a_whole(tmp_path_factory, keys, n_validation, n_test, seed):
    held = []
    for in_memory in (3, 1000):
        marks = np.zeros(len(keys), np.uint8)
        with pytest.MonkeyPatch.context() as changed:
            changed.setattr(partitions, "IN_MEMORY", in_memory)
            try:
                sizes = {VALIDATION: n_validation, TEST: n_test}
                hold_out([table(keys)], marks, tmp_path_factory.mktemp("rows"), sizes, seed)
            except DataError:
                assert n_validation + n_test >= len({key // 10 for key in keys})
                return
        held.append(marks.tolist())
        of_part = {
            part: {key // 10 for key, mark in zip(keys, marks, strict=True) if mark == part} for part in range(3)
        }
        assert (len(of_part[VALIDATION]), len(of_part[TEST])) == (n_validation, n_test)
        assert (
            not of_part[TRAIN] & of_part[VALIDATION]
            | of_part[TRAIN] & of_part[TEST]
            | of_part[VALIDATION] & of_part[TEST]
        )
    assert held[0] == held[1]


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 50), min_size=1), st.fractions(0, 1), st.fractions(0, 1))
def test_quotas_are_exact_and_near_to_the_share(totals, validation, test):
    n = sum(totals.values())
    sizes = {VALIDATION: validation * Fraction(1, 3), TEST: test * Fraction(1, 3)}
    wanted = {part: max(1, round(size * n)) for part, size in sizes.items()}
    try:
        found = quotas(totals, sizes)
    except DataError:
        assert sum(wanted.values()) > n - len(totals)
        return
    for part in sizes:
        assert sum(found[part].values()) == wanted[part]
    for stratum, total in totals.items():
        assert found[VALIDATION][stratum] + found[TEST][stratum] < total
        if min(totals.values()) > 6:
            assert abs(found[TEST][stratum] - Fraction(wanted[TEST] * total, n)) <= 1


def test_another_seed_holds_out_others(tmp_path):
    held = []
    for seed in range(20):
        marks = np.zeros(100, np.uint8)
        hold_out([table(range(0, 1000, 10))], marks, tmp_path, {VALIDATION: Fraction(1, 10)}, seed)
        held.append(tuple(np.flatnonzero(marks)))
    assert len(set(held)) == 20
    assert {len(rows) for rows in held} == {10}
