import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError
from seqlab.ngram import external
from seqlab.ngram.counts import BYTES_A_TOKEN, count
from seqlab.ngram.estimation import estimate

START, END = 2, 3
FIELDS = ("words", "counts", "suffixes", "starts")


def in_blocks(size, ids, order, n_types, end, folder, **options):
    """The counts of a text whose stream is read in blocks of so many places."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(external, "SMALLEST_BLOCK", size)
        return count(ids, order, n_types, START, end, memory=1, folder=folder, **options)


def assert_equal(found, wanted):
    assert (found.n_tokens, found.start, found.end) == (wanted.n_tokens, wanted.start, wanted.end)
    assert found.order == wanted.order
    for here, there in zip(found.levels, wanted.levels, strict=True):
        for name in FIELDS:
            assert getattr(here, name).tolist() == getattr(there, name).tolist(), name
            assert getattr(here, name).dtype == getattr(there, name).dtype, name


@settings(deadline=None, max_examples=25)
@given(
    st.integers(8, 70).flatmap(lambda n: st.lists(st.integers(3, 6), min_size=n, max_size=n)),
    st.integers(1, 8),
    st.sampled_from([7, 70_000]),
    st.sampled_from([None, END]),
    st.integers(1, 25),
)
def test_blocks_of_any_size_give_the_counts_of_one_piece(tmp_path_factory, ids, order, n_types, end, block):
    ids = np.array(ids)
    found = in_blocks(block, ids, order, n_types, end, tmp_path_factory.mktemp("counts"))
    assert_equal(found, count(ids, order, n_types, START, end))


@pytest.mark.parametrize("end", [None, END])
def test_sequences_may_end_anywhere_in_a_block(tmp_path, end):
    """Also with its last token, and with its last but one."""
    ids = np.array([4, 5, END, 4, END, END, 5, 5, 4, 4, END, 5, 4, 5])
    for size in range(1, 20):
        assert_equal(in_blocks(size, ids, 3, 6, end, tmp_path), count(ids, 3, 6, START, end))


@pytest.mark.parametrize("order", [2, 5])
def test_many_distinct_ngrams_in_many_runs_are_merged_in_stretches(tmp_path, order):
    """Each run is long enough to be read in several stretches."""
    ids = np.random.default_rng(1).integers(3, 90, 6000)
    found = in_blocks(700, ids, order, 90, END, tmp_path)
    assert_equal(found, count(ids, order, 90, START, END))


def test_a_sequence_longer_than_255_tokens_over_several_blocks(tmp_path):
    """Beyond 255 tokens it is not told how many stand before a place."""
    ids = np.concatenate((np.full(400, 4), [END], np.full(300, 5)))
    assert_equal(in_blocks(130, ids, 6, 6, END, tmp_path), count(ids, 6, 6, START, END))


@pytest.mark.parametrize("order", range(1, 7))
def test_what_remains_in_the_folder_is_the_levels(tmp_path, order):
    counts = in_blocks(7, np.arange(50) % 5 + 4, order, 9, None, tmp_path)
    wanted = {f"{n}.{name}" for n in range(2, order + 1) for name in ("words", "counts", "suffixes")}
    wanted |= {f"{n}.starts" for n in range(1, order)}
    assert {path.name for path in tmp_path.iterdir()} == wanted
    assert all(isinstance(level.counts, np.memmap) for level in counts.levels[1:])


def test_counts_of_an_earlier_text_in_the_folder_do_not_matter(tmp_path):
    in_blocks(7, np.arange(90) % 5 + 4, 4, 9, None, tmp_path)
    ids = np.arange(40) % 3 + 4
    assert_equal(in_blocks(9, ids, 4, 9, None, tmp_path), count(ids, 4, 9, START))


@pytest.mark.parametrize(("memory", "on_disk"), [(40 * BYTES_A_TOKEN, False), (40 * BYTES_A_TOKEN - 1, True)])
def test_memory_decides_whether_counting_goes_over_the_disk(tmp_path, memory, on_disk):
    count(np.arange(40) % 3 + 4, 3, 7, START, memory=memory, folder=tmp_path)
    assert any(tmp_path.iterdir()) == on_disk


def test_too_little_memory_and_no_folder_is_refused():
    with pytest.raises(ConfigError, match="40 tokens are not counted in 100 bytes of memory without a folder"):
        count(np.full(40, 4), 3, 7, START, memory=100)


def test_what_cannot_be_counted_is_refused_before_a_file_is_written(tmp_path):
    with pytest.raises(DataError, match="2 tokens"):
        count(np.full(2, 4), 3, 7, START, memory=1, folder=tmp_path)
    assert not any(tmp_path.iterdir())


def test_progress_rises_to_one(tmp_path):
    shares = []
    in_blocks(9, np.arange(40) % 3 + 4, 4, 7, None, tmp_path, progress=shares.append)
    assert shares == sorted(set(shares))
    assert shares[-1] == 1


@pytest.mark.parametrize("smoothing", ["modified-kneser-ney", "katz"])
def test_a_model_of_counts_on_disk_is_that_of_counts_in_memory(tmp_path, smoothing):
    ids = np.random.default_rng(2).integers(3, 9, 400)
    text = np.random.default_rng(3).integers(3, 9, 100)
    both = in_blocks(50, ids, 4, 9, END, tmp_path), count(ids, 4, 9, START, END)
    scores = [estimate(counts, smoothing, unknown_id=1, never=(0,)).score(text).log_probs for counts in both]
    assert scores[0].tolist() == scores[1].tolist()


def test_a_disk_that_takes_no_more_says_why(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            external.Column(tmp_path / "column", np.uint32).append(np.arange(1 << 10))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_text_has_no_more_runs_than_are_quick_to_merge(tmp_path, monkeypatch):
    ids = np.random.default_rng(2).integers(3, 9, 3000)
    monkeypatch.setattr(external, "SMALLEST_BLOCK", 1)
    monkeypatch.setattr(external, "MOST_RUNS", 7)
    runs = []
    original = external._run
    monkeypatch.setattr(external, "_run", lambda *arguments: runs.append(arguments[1]) or original(*arguments))
    found = count(ids, 2, 9, START, None, memory=1, folder=tmp_path)
    assert max(runs) + 1 in (7, 8)
    assert_equal(found, count(ids, 2, 9, START, None))
