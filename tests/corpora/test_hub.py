import ast
import re
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from seqlab.corpora import HubSegmented, HubTagged, HubText, open_segmented, open_tagged, open_text
from seqlab.corpora.hub import LARGE
from seqlab.errors import ConfigError, DataError
from seqlab.records import Segmented, Tagged

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import datasets

NAMES = ["O", "B-PER", "I-PER", "B-LOC"]
TOKENS = [["小", "满", "到", "了", "渡口"], [], ["Nobody", "rows", "Ｑ"]]
NER = [[1, 2, 0, 0, 3], [], [0, 0, 0]]


@pytest.fixture(autouse=True)
def _without_bars():
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


@pytest.fixture(autouse=True)
def about(monkeypatch):
    """What the hub says of any dataset; there may be no network."""
    info = SimpleNamespace(dataset_size=None, download_size=1 << 20, features=None)
    monkeypatch.setattr(datasets, "load_dataset_builder", lambda name, config: SimpleNamespace(info=info))
    return info


@pytest.fixture
def save(tmp_path):
    """Saves columns, with the types of some of them, and gives the name of the corpus."""

    def saved(columns, **types):
        data = datasets.Dataset.from_dict(columns)
        for name, kind in types.items():
            data = data.cast_column(name, kind)
        data.save_to_disk(tmp_path / "saved")
        return f"hf:{tmp_path / 'saved'}"

    return saved


@pytest.fixture
def entities(save):
    labels = datasets.List(datasets.ClassLabel(names=NAMES))
    upos = [["X"] * len(row) for row in NER]
    return save({"id": [7, 8, 9], "tokens": TOKENS, "upos": upos, "ner_tags": NER}, ner_tags=labels)


def test_numbers_become_the_names_of_the_tags(entities):
    reader = open_tagged(entities)
    assert isinstance(reader, HubTagged)
    expected = [
        Tagged(("小", "满", "到", "了", "渡口"), ("B-PER", "I-PER", "O", "O", "B-LOC"), f"{entities}, row 0"),
        Tagged(("Nobody", "rows", "Ｑ"), ("O", "O", "O"), f"{entities}, row 2"),
    ]
    assert list(reader) == list(reader) == expected
    assert repr(reader) == f"HubTagged(['{entities}'])"
    assert list(open_tagged([entities, entities], scheme="BIO")) == expected * 2
    assert [record.tags for record in open_tagged(entities, columns=("tokens", "upos"))] == [("X",) * 5, ("X",) * 3]
    assert next(iter(reader)).tokens == next(iter(open_segmented(entities))).words
    assert list(open_tagged(entities, fold_widths=True))[1].tokens[2] == "Q"


def test_more_rows_than_are_read_at_a_time(save):
    corpus = save({"words": [[str(number), "x"] for number in range(250)], "tags": [["N", "X"]] * 250})
    assert [record.tokens[0] for record in open_tagged(corpus)] == [str(number) for number in range(250)]
    assert list(open_tagged(corpus))[249].source == f"{corpus}, row 249"


def test_words(save):
    corpus = save({"words": [["老人", "划　船", "１"], [], None, ["", "。"]]})
    reader = open_segmented(corpus)
    assert isinstance(reader, HubSegmented)
    expected = [Segmented(("老人", "划", "船", "１"), f"{corpus}, row 0"), Segmented(("。",), f"{corpus}, row 3")]
    assert list(reader) == list(reader) == expected
    assert next(iter(open_segmented(corpus, fold_widths=True))).words == ("老人", "划", "船", "1")


def test_text(save, monkeypatch):
    corpus = save({"text": ["one\r\ntwo", "three\n", None, "", "four"]})
    reader = open_text(corpus)
    assert isinstance(reader, HubText)
    assert [record.text for record in reader] == ["one\ntwo\nthree\n\nfour\n"]
    monkeypatch.setattr("seqlab.corpora.hub.PIECE", 9)
    assert [record.text for record in reader] == ["one\ntwo\nthree\n", "\nfour\n"]
    assert len("".join(record.text for record in open_text([corpus, corpus]))) == 40


def test_splits(tmp_path, monkeypatch):
    def part(word):
        return datasets.Dataset.from_dict({"words": [[word]]})

    def words(corpus):
        return [record.words for record in open_segmented(corpus)]

    datasets.DatasetDict(train=part("一"), test=part("二")).save_to_disk(tmp_path / "a@b")
    datasets.DatasetDict(dev=part("三")).save_to_disk(tmp_path / "one")
    part("四").save_to_disk(tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    assert words("hf:./a@b") == words(f"hf:{tmp_path}/a@b@train") == [("一",)]
    assert words("hf:./a@b@test") == [("二",)]
    assert words("hf:./one") == words("hf:./one@dev") == [("三",)]
    assert words(["hf:./none", "hf:./one"]) == [("四",), ("三",)]
    with pytest.raises(
        DataError, match=r"hf:\./a@b@dev: no split 'dev'; name one of train, test, as in hf:\.\.\.@train"
    ):
        words("hf:./a@b@dev")
    with pytest.raises(DataError, match=r"hf:\./none@dev: it was saved without splits; leave out @dev"):
        words("hf:./none@dev")


@pytest.mark.parametrize(
    ("columns", "named", "says"),
    [
        ({"tokens": [["a"]], "x": [1]}, None, "no column ner_tags or pos_tags or upos or tags to read tags from; its"),
        ({"text": ["a"]}, None, "no column tokens or words to read tokens from; its columns are text"),
        ({"words": [["a"]], "tags": [["X"]]}, ("words", "ner"), "no column ner to read tags from; its columns are wo"),
        (
            {"tokens": ["a b"], "tags": [["X"]]},
            None,
            r"column 'tokens' is Value\('string'\), and tokens are read from li",
        ),
        (
            {"tokens": [["a"]], "tags": [[1]]},
            None,
            r"'tags' is List\(Value\('int64'\)\), .*; cast it with names, save it",
        ),
        ({"tokens": [["a"]], "tags": [["X", "Y"]]}, None, "row 0: 1 tokens and 2 tags; each token has one tag"),
        ({"tokens": [["a"], ["b"]], "tags": [["X"], None]}, None, "row 1: 1 tokens and 0 tags"),
        ({"tokens": [["a", ""]], "tags": [["X", "X"]]}, None, "row 0: token 2 is empty; fill it"),
        ({"tokens": [["a", "b"]], "tags": [["X", None]]}, None, "row 0: tag 2 is empty; fill it"),
        (
            {"tokens": [["a", "b"]], "tags": [["O", "I-X"]]},
            None,
            "row 0: the tag I-X at position 2 cannot stand after O",
        ),
        ({"tokens": [[]], "tags": [[]]}, None, "column 'tokens' is List"),
    ],
)
def test_faults_of_tagged_rows(save, columns, named, says):
    corpus = save(columns)
    scheme = "BIO" if "I-X" in str(columns) else None
    with pytest.raises(DataError, match=says) as caught:
        list(open_tagged(corpus, columns=named, scheme=scheme))
    assert str(caught.value).startswith(corpus)
    assert "\n" not in str(caught.value)


def test_other_faults(save):
    corpus = save(
        {"tokens": [["a", None]], "ner_tags": [[0, -1]]}, ner_tags=datasets.List(datasets.ClassLabel(names=["O"]))
    )
    with pytest.raises(DataError, match="row 0: word 2 in column 'tokens' has no value"):
        list(open_segmented(corpus))
    with pytest.raises(DataError, match="row 0: token 2 is empty"):
        list(open_tagged(corpus))
    with pytest.raises(DataError, match="no column text to read text from; its columns are tokens, ner_tags"):
        open_text(corpus)


def test_nothing_to_read(save):
    strings = datasets.List(datasets.Value("string"))
    corpus = save(
        {"tokens": [[]], "tags": [[]], "text": [None]}, tokens=strings, tags=strings, text=datasets.Value("string")
    )
    for open_corpus, what in ((open_tagged, "token"), (open_segmented, "word"), (open_text, "text")):
        with pytest.raises(DataError, match=f"saved: empty, there is no {what} to read"):
            list(open_corpus(corpus))


def test_settings_that_do_not_fit(entities, tmp_path):
    with pytest.raises(ConfigError, match="have names, such as tokens and ner_tags, not 1 and 2"):
        open_tagged(entities, columns=(1, 2))
    with pytest.raises(ConfigError, match="have numbers, counted from 1, not the names tokens and tags"):
        open_tagged("sample:entities", columns=("tokens", "tags"))
    with pytest.raises(ConfigError, match="columns have no separator"):
        open_tagged(entities, separator="_")
    with pytest.raises(ConfigError, match="unknown scheme 'bio'"):
        open_tagged(entities, scheme="bio")
    with pytest.raises(ConfigError, match=r"'hf:.*' is given beside corpora of another kind: give only hf: corpora"):
        open_tagged(["sample:entities", entities])


@pytest.mark.parametrize(
    "name",
    ["", "wikitext", "csv", "a/b/c", "a/b:", "a/b@", "a/b@c:d", "a/b:c:d:e", "a/b:c:", "s3://a/b", "a//b", "-/b"],
)
def test_names_that_are_none(name):
    with pytest.raises(
        ConfigError, match=re.escape(f"'hf:{name}': write hf:OWNER/NAME[:CONFIG][@SPLIT], or hf:./FOLDER")
    ):
        open_text(f"hf:{name}")


def test_folders_that_are_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own" / "name").mkdir(parents=True)
    with pytest.raises(DataError, match=r"hf:\./none: no such folder; write"):
        open_text("hf:./none")
    with pytest.raises(DataError, match=r"hf:\./own: not a dataset that was saved with `save_to_disk`; files of text"):
        open_text("hf:./own")
    with pytest.raises(ConfigError, match="'hf:own/name': there is a own/name on disk here too: write hf:"):
        open_text("hf:own/name")
    (tmp_path / "own" / "state.json").write_text("{")
    with pytest.raises(DataError, match=r"hf:\./own: cannot be loaded \("):
        open_text("hf:./own")


def test_what_is_asked_of_the_hub(monkeypatch, capfd):
    """The library itself is not run here: there may be no network. While it works it is silent."""
    asked = []

    def load_dataset(*given):
        asked.append(given)
        assert datasets.are_progress_bars_disabled()
        assert not datasets.config.HF_UPDATE_DOWNLOAD_COUNTS
        datasets.logging.get_logger("datasets.load").error("failing, trying again")
        warnings.warn("old", stacklevel=1)
        return datasets.DatasetDict(train=datasets.Dataset.from_dict({"text": ["a"]}))

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    before = datasets.logging.get_verbosity(), datasets.config.HF_UPDATE_DOWNLOAD_COUNTS
    datasets.enable_progress_bars()
    for corpus in ("hf:own.er/na-me_1", "hf:own.er/na-me_1:zh.1@train", "hf:own.er/na-me_1:zh.1:train"):
        assert [record.text for record in open_text(corpus)] == ["a\n"]
    assert not datasets.are_progress_bars_disabled()
    assert before == (datasets.logging.get_verbosity(), datasets.config.HF_UPDATE_DOWNLOAD_COUNTS)
    assert asked == [("own.er/na-me_1", None), *[("own.er/na-me_1", "zh.1")] * 2]
    assert capfd.readouterr() == ("", "")


def test_large_datasets_are_streamed(monkeypatch, about):
    rows = datasets.Dataset.from_dict({"text": [f"row {n}" for n in range(250)], "words": [["a", "b"]] * 250})
    asked = []

    def load_dataset(name, config, **options):
        asked.append(options)
        split = rows.to_iterable_dataset() if options.get("streaming") else rows
        return {"train": split, "test": split}

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    for size, features, options in (
        (LARGE, rows.features, {}), (LARGE + 1, None, {}), (LARGE + 1, rows.features, {"streaming": True}),
    ):  # fmt: skip
        about.dataset_size, about.features = size, features
        reader = open_text("hf:a/b")
        assert [record.text for record in reader] == [record.text for record in reader]
        assert next(iter(reader)).text.count("\n") == 250
        words = list(open_segmented("hf:a/b@test"))
        assert (len(words), words[249].source) == (250, "hf:a/b@test, row 249")
        assert asked == [options] * 2
        asked.clear()
    with pytest.raises(
        DataError, match="no column ner_tags or pos_tags or upos or tags to read tags from; its columns are te"
    ):
        open_tagged("hf:a/b")
    with pytest.raises(DataError, match="hf:a/b@dev: no split 'dev'; name one of train, test"):
        open_text("hf:a/b@dev")
    monkeypatch.setattr(datasets.IterableDataset, "iter", lambda *given: iter(failing()))
    with pytest.raises(DataError, match=r"hf:a/b: cannot be read to its end \(the network is gone\); try again"):
        list(open_text("hf:a/b"))


def failing():
    yield {"text": ["a"]}
    raise OSError("the network\nis gone")


def test_the_column_of_text(save):
    corpus = save({"body": ["a"], "text": ["b"], "n": [1]})
    assert [record.text for record in open_text(corpus, text_column="body")] == ["a\n"]
    assert [record.text for record in open_text(corpus)] == ["b\n"]
    with pytest.raises(DataError, match="no column title to read text from; its columns are body, text, n"):
        open_text(corpus, text_column="title")
    with pytest.raises(ConfigError, match=r"the columns of hf:.* have names, such as text, not numbers: give the name"):
        open_text(corpus, text_column=1)
    reader = open_text(corpus, errors="replace")
    assert (reader.encodings, reader.tally) == ({}, {})


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConnectionError("Couldn't reach it"), "hf:a/b@x: the hub cannot be reached, and no copy is in the cache"),
        (
            RuntimeError("Dataset scripts are no\nlonger supported"),
            r"hf:a/b@x: cannot be loaded \(Dataset scripts are no lo",
        ),
        (ValueError(), r"hf:a/b@x: cannot be loaded \(ValueError\)"),
    ],
)
def test_what_cannot_be_downloaded(monkeypatch, error, says):
    def load_dataset(*given):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(DataError, match=says) as caught:
        open_text("hf:a/b@x")
    assert "\n" not in str(caught.value)


def test_without_the_package(monkeypatch, entities):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match=r"hf: corpora need the package datasets .*: pip install datasets"):
        open_text(entities)


def test_the_package_is_imported_late_and_in_one_place():
    root = Path(__file__).parents[2]
    for path in [file for room in ("seqlab", "cli", "corpora") for file in (root / room).rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = ast.walk(tree) if path.name != "hub.py" else tree.body
        for node in nodes:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] in ("datasets", "huggingface_hub") for name in names), path
