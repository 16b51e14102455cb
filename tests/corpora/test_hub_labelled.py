import re
import warnings
from types import SimpleNamespace

import pytest

from seqlab.corpora import HubLabelled, open_labelled
from seqlab.errors import ConfigError, DataError
from seqlab.records import Labelled

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import datasets

NAMES = datasets.ClassLabel(names=["neg", "pos"])


@pytest.fixture
def save(tmp_path):
    """Saves columns, with the types of some of them, and gives the name of the corpus."""

    def saved(columns, **types):
        datasets.disable_progress_bars()
        data = datasets.Dataset.from_dict(columns)
        for name, kind in types.items():
            data = data.cast_column(name, kind)
        data.save_to_disk(tmp_path / "saved")
        datasets.enable_progress_bars()
        return f"hf:{tmp_path / 'saved'}"

    return saved


def labels(reader):
    return [record.labels for record in reader]


def test_numbers_become_their_names(save):
    corpus = save({"id": [1, 2, 3], "text": ["a\r\nb", "", None], "label": [1, 0, 1]}, label=NAMES)
    reader = open_labelled(corpus)
    assert isinstance(reader, HubLabelled)
    expected = [
        Labelled("a\nb", ("pos",), f"{corpus}, row 0"),
        Labelled("", ("neg",), f"{corpus}, row 1"),
        Labelled("", ("pos",), f"{corpus}, row 2"),
    ]
    assert list(reader) == list(reader) == expected
    assert list(open_labelled([corpus, corpus])) == expected * 2
    assert repr(reader) == f"HubLabelled(['{corpus}'])"


def test_strings_and_lists(save):
    lists = datasets.List(NAMES)
    corpus = save(
        {
            "Sentence": ["a", "b"],
            "0": ["c", "d"],
            "class": [" x;y ", "x"],
            "both": [["x", "y;z"], []],
            "named": [[0, 1], []],
        },
        named=lists,
    )
    assert labels(open_labelled(corpus)) == [("x;y",), ("x",)]
    assert labels(open_labelled(corpus, label_separator=";")) == [("x", "y"), ("x",)]
    assert labels(open_labelled(corpus, label_column="both")) == [("x", "y;z"), ()]
    assert labels(open_labelled(corpus, label_column="named")) == [("neg", "pos"), ()]
    assert [record.text for record in open_labelled(corpus)] == ["a", "b"]
    assert [record.text for record in open_labelled(corpus, text_column="0", label_column="class")] == ["c", "d"]


@pytest.mark.parametrize(
    ("columns", "asked", "says"),
    [
        ({"text": ["a"], "stars": [1]}, {}, "no column that is known to hold the label; there are text, stars: name"),
        ({"title": ["a"], "label": ["x"]}, {}, "no column that is known to hold the text; there are title, label"),
        (
            {"text": ["a"], "label": ["x"]},
            {"text_column": "2"},
            "no column '2' to read the text from; there are text, l",
        ),
        (
            {"text": [["a"]], "label": ["x"]},
            {},
            "column 'text' is List(Value('string')), and texts are read from strings",
        ),
        (
            {"text": ["a"], "label": [1]},
            {},
            "column 'label' is Value('int64'), and labels are read from strings, from nu",
        ),
        ({"text": ["a"], "label": [0.5]}, {}, "column 'label' is Value('float64'), and labels are read from strings"),
        ({"text": ["a"], "label": [[1]]}, {}, "column 'label' is List(Value('int64')), and labels are read from"),
        ({"text": ["a", "b"], "label": ["x", None]}, {}, "row 1: the label is null, a missing value"),
        ({"text": ["a"], "label": ["x\ny"]}, {}, "row 0: the label 'x\\ny' has a line end"),
        ({"text": ["a"], "label": ["nan"]}, {}, "row 0: the label is nan, a missing value"),
        ({"text": ["a"], "label": [["x", ""]]}, {}, "row 0: the label is empty"),
    ],
)
def test_faults_of_rows(save, columns, asked, says):
    corpus = save(columns)
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        list(open_labelled(corpus, **asked))
    assert str(caught.value).startswith(corpus)
    assert "\n" not in str(caught.value)
    assert ("cast it with names" in str(caught.value)) == ("int64" in says)


def test_labels_that_are_kept_back(save):
    corpus = save({"text": ["a", "b"], "label": [1, -1]}, label=NAMES)
    with pytest.raises(DataError, match="row 1: the label -1 has no name, as in splits whose labels are kept back"):
        list(open_labelled(corpus))
    corpus = save({"text": ["a"], "label": [[None]]}, label=datasets.List(NAMES))
    with pytest.raises(DataError, match="row 0: the label is null"):
        list(open_labelled(corpus))


def test_nothing_to_read(monkeypatch):
    strings = datasets.Features(text=datasets.Value("string"), label=datasets.Value("string"))
    data = datasets.Dataset.from_dict({"text": [], "label": []}, features=strings)
    monkeypatch.setattr(datasets, "load_dataset_builder", lambda *given: SimpleNamespace(info=data.info))
    monkeypatch.setattr(datasets, "load_dataset", lambda *given: datasets.DatasetDict(train=data))
    with pytest.raises(DataError, match=r"^hf:a/b: empty, there is no labelled text to read"):
        list(open_labelled("hf:a/b"))


def test_settings_that_do_not_fit(save):
    corpus = save({"text": ["a"], "label": ["x"]})
    for asked, says in (
        ({"text_column": 1}, "have names, such as text and label, not numbers"),
        ({"label_column": -1}, "have names, such as text and label, not numbers"),
        ({"text_column": "text", "label_column": "text"}, "text and label are both read from column text"),
        ({"form": "csv"}, "is a dataset, which has no form: leave it out"),
        ({"header": False}, "is a dataset, which has no header: leave it out"),
        ({"label_separator": ""}, "the separator of labels is empty"),
    ):
        with pytest.raises(ConfigError, match=says):
            open_labelled(corpus, **asked)
    with pytest.raises(ConfigError, match="is given beside corpora of another kind"):
        open_labelled([corpus, "sample:reviews"])
