"""Labelled texts of a task: what is read of records, which are held out, and that they come back as they were."""

from collections import Counter

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


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (Labelled("a", ("x", "y"), "t.csv, line 7"), "t.csv, line 7: a text with 2 labels; give each one"),
        (Labelled("a", (), "t.csv, line 7"), "t.csv, line 7: a text with 0 labels"),
        (("a", ("x", "y")), "a text with 2 labels; give each one, or set --multi-label"),
        (("a", ()), "a text with 0 labels"),
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
    records = made(a=40, b=20, c=10, d=1)
    train, held_out = divided(records, validation_share=0.25)
    assert Counter(label for _, (label,) in held_out) == {"a": 10, "b": 5, "c": 2}
    assert sorted(numbers(records, train) + numbers(records, held_out)) == list(range(71))


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
    of_a = divided(made(a=30), validation_share=0.3)[1]
    assert of_a == [example for example in first if example.labels == ("a",)]  # whatever other classes there are


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


def test_of_classes_too_small_for_a_share_one_text_is_held_out():
    records = made(**{f"c{n}": 1 for n in range(12)})
    train, held_out = divided(records)
    assert (len(train), len(held_out)) == (11, 1)


def test_too_few_to_hold_out():
    records = made(a=5, b=4)
    with pytest.raises(
        DataError, match="there are 9 texts to train on, too few to hold out a share: give more, or --v"
    ):
        divided(records)
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
def test_each_text_is_in_one_part_and_no_class_gives_more_than_its_share(sizes, share, seed):
    records = made(**{f"c{n}": size for n, size in enumerate(sizes)})
    if len(records) < labelled_kept.FEWEST:
        return
    train, held_out = divided(records, validation_share=share, seed=seed)
    assert sorted(numbers(records, train) + numbers(records, held_out)) == list(range(len(records)))
    assert held_out
    found = Counter(label for _, (label,) in held_out)
    if len(held_out) > 1:
        assert all(abs(found[f"c{n}"] - share * size) <= 0.5 for n, size in enumerate(sizes))


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
