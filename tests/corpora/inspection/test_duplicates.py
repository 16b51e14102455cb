from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from seqlab.corpora.inspection.blocks import Block
from seqlab.corpora.inspection.duplicates import DuplicateLines
from seqlab.corpora.inspection.places import Place


@given(st.lists(st.lists(st.sampled_from(["", " ", *"abcdefghijkl", "x" * 300]), min_size=1, max_size=12), max_size=8))
def test_as_if_all_lines_were_kept(blocks):
    """Where lines stand in which block changes nothing; of equally frequent lines the earlier comes first."""
    duplicates = DuplicateLines()
    for lines in blocks:
        duplicates.add(Block("\n".join(lines) + "\n", Place("f", 1)))
    counts = Counter(line for lines in blocks for line in lines if line.strip())
    assert duplicates.n_lines == counts.total()
    assert duplicates.n_repeats == counts.total() - len(counts)
    wanted = [(line[:200], n) for line, n in sorted(counts.items(), key=lambda pair: -pair[1]) if n > 1][:5]
    assert [tuple(line) for line in duplicates.most_frequent()] == wanted


def test_parts_of_a_long_line_are_not_lines():
    duplicates = DuplicateLines()
    duplicates.add(Block("same\nsame", Place("f", 1), ends=False))
    duplicates.add(Block("same\nsame\n", Place("f", 2), begins=False))
    assert (duplicates.n_lines, duplicates.n_repeats) == (2, 1)
