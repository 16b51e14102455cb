"""Labelled texts of a task: what is read of records, which are held out, and that they come back as they were."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import DataError
from seqlab.records import Labelled
from seqlab.resolve import resolve
from seqlab.tasks import labelled_kept
from seqlab.tasks.labelled_kept import Example


def config(**changes):
    return resolve("classify", {}, changes)


def made(**counts):
    """So many texts of each class, each of its own, the classes one after another."""
    return [(f"{label} {number}", label) for label, n in counts.items() for number in range(n)]


def divided(records, validation=None, **changes):
    train, held_out, _ = labelled_kept.divided(config(**changes), records, validation)
    return train, held_out


def numbers(records, examples):
    texts = [text for text, _ in records]
    return [texts.index(example.text) for example in examples]


# --- records


@pytest.mark.parametrize(
    "record",
    [
        ("a", "x"),
        ["a", "x"],
        ("a", ("x",)),
        ("a", ["x", "x"]),
        Labelled("a", ("x",)),
        Labelled("a", ("x",), "t.csv, line 2"),
    ],
)
def test_a_record_in_every_form(record):
    for multi_label in (False, True):
        assert labelled_kept.example_of(record, multi_label=multi_label) == Example("a", ("x",))


def test_several_labels_and_none():
    for labels in (("y", "x"), ("y", "x", "y")):
        assert labelled_kept.example_of(("a", labels), multi_label=True) == Example("a", ("y", "x"))
    assert labelled_kept.example_of(Labelled("a", ()), multi_label=True) == Example("a", ())


def test_the_labels_of_a_set_are_sorted():
    """The order of a set follows from hashes, which are other ones in each process."""
    names = [f"label {number}" for number in range(50)]
    for labels in (set(names), frozenset(names), dict.fromkeys(reversed(names)).keys()):
        assert labelled_kept.example_of(("a", labels), multi_label=True).labels == tuple(sorted(names))
    with pytest.raises(DataError, match="a text and its labels are strings"):
        labelled_kept.example_of(("a", {"x", 5}), multi_label=True)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (Labelled("a", ("x", "y"), "t.csv, line 7"), "t.csv, line 7: a text with 2 labels; give each one"),
        (Labelled("a", (), "t.csv, line 7"), "t.csv, line 7: a text without a label; fill it in, leave this text out"),
        (("a", ("x", "y")), "a text with 2 labels; give each one, or set --multi-label"),
        (("a", ()), "a text without a label"),
        (("a", "x\ty"), "the label 'x\\ty' has a line end, a tab or another control character; take it out"),
        (("a", ["x\ny"]), "the label 'x\\ny' has a line end"),
        (Labelled("a", ("x\u2028y",), "t.csv, line 7"), "t.csv, line 7: the label 'x\\u2028y' has a line end"),
        (
            Labelled("a", ("",), "t.csv, line 7"),
            "t.csv, line 7: a text and its labels are strings, and no label is empty",
        ),
        (("a", ""), "no label is empty"),
        (("a", 5), "label"),
        (("a", None), "label"),
        (("a", float("nan")), "label"),
        (("a", [5]), "a text and its labels are strings"),
        ((5, "x"), "a text and its labels are strings"),
        ((None, "x"), "a text and its labels are strings"),
        ("a\tx", "a record is a pair of a text and its label or seqlab.records.Labelled, not 'a\\tx'"),
        (("a",), "a record is a pair"),
        (("a", "x", "y"), "a record is a pair"),
        (None, "not None"),
        ({"text": "a", "label": "x"}, "a record is a pair"),
    ],
)
def test_what_is_no_record(record, says):
    with pytest.raises(DataError) as error:
        labelled_kept.example_of(record, multi_label=False)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


# --- held out


def test_of_each_class_the_same_share_is_held_out():
    records = made(a=40, b=20, c=10)
    train, held_out = divided(records, validation_share=0.25)
    assert len(held_out) == 18
    found = Counter(label for _, (label,) in held_out)
    assert all(abs(found[label] - 18 * n / 70) < 1 for label, n in (("a", 40), ("b", 20), ("c", 10)))
    assert sorted(numbers(records, train) + numbers(records, held_out)) == list(range(70))


@pytest.mark.parametrize(("n_classes", "n_texts"), [(1000, 4), (150, 5), (150, 6)])
def test_small_classes_are_held_out_of_too(n_classes, n_texts):
    """A tenth of all texts, though a tenth of each class is none, or more than a tenth."""
    train, held_out = divided(made(**{f"c{n}": n_texts for n in range(n_classes)}))
    assert len(held_out) == n_classes * n_texts // 10
    assert max(Counter(example.labels for example in held_out).values()) == 1
    assert len({example.labels for example in train}) == n_classes


def test_of_sets_of_labels_that_few_texts_have_a_share_is_held_out():
    """Both parts then have as many labels a text, and each label about the same share of them."""
    draw = np.random.default_rng(0)
    records = [(f"{n}", [label for label in "abcdefghij" if draw.random() < 0.3]) for n in range(2000)]
    parts = divided(records, multi_label=True)
    assert len(parts[1]) == 200
    n_labels = [np.mean([len(example.labels) for example in part]) for part in parts]
    assert n_labels[0] == pytest.approx(n_labels[1], rel=0.05)
    trained, held = (Counter(label for example in part for label in example.labels) for part in parts)
    assert all(0.05 < held[label] / trained[label] < 0.18 for label in "abcdefghij")


def test_the_only_text_with_a_label_is_left_to_training():
    records = [*made(a=10, b=10), *((f"{n}", f"rare {n}") for n in range(10))]
    for seed in range(5):
        held_out = divided(records, validation_share=0.4, seed=seed)[1]
        assert len(held_out) == 8
        assert {label for _, (label,) in held_out} == {"a", "b"}
        several = [(text, ("c", label)) for text, label in records]
        assert len({label for _, labels in divided(several, multi_label=True, seed=seed)[0] for label in labels}) == 13


def test_however_large_the_share_a_text_of_each_class_is_left():
    for share in (0.5, 0.9, 0.97, 0.999):
        train, _ = divided(made(a=50, b=50), validation_share=share)
        assert len(train) == max(1, 100 - round(100 * share))
        assert len({example.labels for example in train}) == min(2, len(train))


def test_both_parts_keep_the_order_of_the_records():
    records = made(a=30, b=30)
    for split in ("random", "end"):
        for part in divided(records, validation_share=0.3, validation_split=split):
            found = numbers(records, part)
            assert found == sorted(found)


def test_the_seed_decides_and_nothing_else():
    records = made(a=30, b=30)
    first, second, third = (divided(records, validation_share=0.3, seed=seed)[1] for seed in (1, 1, 2))
    assert first == second != third


def test_the_end():
    records = made(a=30, b=10)
    train, held_out = divided(records, validation_share=0.25, validation_split="end")
    assert numbers(records, held_out) == list(range(30, 40))
    assert numbers(records, train) == list(range(30))
    assert len(divided(records, validation_share=0.001, validation_split="end")[1]) == 1
    assert len(divided(records, validation_share=0.999, validation_split="end")[0]) == 1


def test_texts_with_equal_sets_of_labels_are_a_class():
    records = [(f"{n}", labels) for n in range(12) for labels in (("x", "y"), ("y", "x"), ("x",), ())]
    records = [(f"{n} {text}", labels) for n, (text, labels) in enumerate(records)]
    held_out = divided(records, validation_share=0.25, multi_label=True)[1]
    assert Counter(tuple(sorted(example.labels)) for example in held_out) == {("x", "y"): 6, ("x",): 3, (): 3}


def test_where_each_text_has_a_class_of_its_own_a_share_is_held_out():
    records = made(**{f"c{n}": 1 for n in range(12)})
    train, held_out = divided(records)
    assert (len(train), len(held_out)) == (11, 1)


def test_too_few_to_hold_out():
    records = made(a=5, b=4)
    with pytest.raises(
        DataError, match="9 texts to train on are too few to hold out a share: give more, or --validation-share 0"
    ):
        divided(records)
    with pytest.raises(DataError, match="1 text to train on is too few"):
        divided(records[:1])
    assert divided(records, validation_share=0) == ([Example(text, (label,)) for text, label in records], None)
    assert len(divided([*records, ("b 4", "b")], validation_share=0.1)[1]) == 1


def test_validation_texts_that_are_given():
    records, other = made(a=3, b=3), [("", "a"), ("b 9", "new")]
    train, held_out = divided(records, other)
    assert len(train) == 6  # all of them
    assert held_out == [Example("", ("a",)), Example("b 9", ("new",))]  # empty ones are scored too
    with pytest.raises(DataError, match="there is no text to validate on"):
        divided(records, [])


def test_empty_texts_are_left_out_and_counted():
    records = [*made(a=6, b=6), ("", "a"), (" \n\u3000", "b")]
    train, held_out, n_empty = labelled_kept.divided(config(), records, None)
    assert (len(train) + len(held_out), n_empty) == (12, 2)
    for nothing in ([], [("", "a")] * 20):
        with pytest.raises(DataError, match="there is no text to train on"):
            divided(nothing)


def test_the_limit_counts_records_and_reads_no_further():
    def endless():
        while True:
            yield from made(a=1, b=1)

    train, held_out = divided(endless(), limit=20)
    assert len(train) + len(held_out) == 20


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_each_text_is_in_one_part_and_each_class_gives_its_share(sizes, share, seed):
    records = made(**{f"c{n}": size for n, size in enumerate(sizes)})
    if len(records) < labelled_kept.FEWEST:
        return
    train, held_out = divided(records, validation_share=share, seed=seed)
    assert sorted(numbers(records, train) + numbers(records, held_out)) == list(range(len(records)))
    drawn_from = sum(size for size in sizes if size > 1) or len(records)
    assert len(held_out) == max(1, min(round(share * drawn_from), drawn_from - 1))
    found = Counter(label for _, (label,) in held_out)
    if drawn_from < len(records):
        assert all(found[f"c{n}"] == 0 for n, size in enumerate(sizes) if size == 1)
    expected = {f"c{n}": len(held_out) * size / drawn_from for n, size in enumerate(sizes) if size > 1}
    assert all(abs(found[label] - n) < 1 for label, n in expected.items())


# --- kept


@given(
    texts=st.lists(st.tuples(st.text(), st.lists(st.text(min_size=1), unique=True, max_size=3)), max_size=5),
    held_out=st.booleans(),
)
@settings(deadline=None, max_examples=40)
def test_texts_of_every_kind_come_back(tmp_path_factory, texts, held_out):
    folder = tmp_path_factory.mktemp("kept")
    examples = [Example(text, tuple(labels)) for text, labels in texts]
    labelled_kept.keep(folder, examples, examples[::-1] if held_out else None)
    assert labelled_kept.kept(folder) == (examples, examples[::-1] if held_out else None)


@pytest.mark.parametrize("content", [b"\xff\n", b"{}\n", b'["a"]\n', b'["a", ["x"]\n', b"5\n"])
def test_what_was_kept_and_is_altered(tmp_path, content):
    labelled_kept.keep(tmp_path, [Example("a", ("x",))], None)
    path = tmp_path / "data" / "train.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"train\.jsonl: cannot be read .*start anew with --overwrite") as error:
        labelled_kept.kept(tmp_path)
    assert "\n" not in str(error.value)
    path.unlink()
    with pytest.raises(DataError, match=r"train\.jsonl: cannot be read"):
        labelled_kept.kept(tmp_path)
