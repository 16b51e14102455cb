import re
import warnings
from types import SimpleNamespace

import pytest

from seqlab.corpora import HubParallel, open_parallel
from seqlab.errors import ConfigError, DataError
from seqlab.records import Pair

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import datasets


@pytest.fixture
def save(tmp_path):
    """Saves columns, with the types of some of them, and gives the name of the corpus."""

    def saved(columns, **types):
        datasets.disable_progress_bars()
        features = datasets.Dataset.from_dict(columns).features
        data = datasets.Dataset.from_dict(columns, features=datasets.Features({**features, **types}))
        data.save_to_disk(tmp_path / "saved")
        datasets.enable_progress_bars()
        return f"hf:{tmp_path / 'saved'}"

    return saved


def sides(reader):
    return [(pair.source, pair.target) for pair in reader]


@pytest.mark.parametrize("kind", [None, datasets.Translation(languages=["de", "en"])])
def test_a_text_for_each_language(save, kind):
    rows = [{"en": "a\r\nb", "de": "c"}, {"en": "", "de": None}]
    corpus = save({"id": [1, 2], "translation": rows}, **({"translation": kind} if kind else {}))
    reader = open_parallel(corpus, source_column="de", target_column="en")
    assert isinstance(reader, HubParallel)
    expected = [Pair("c", "a\nb", f"{corpus}, row 0"), Pair("", "", f"{corpus}, row 1")]
    assert list(reader) == list(reader) == expected
    assert list(open_parallel([corpus, corpus], source_column="de", target_column="en")) == expected * 2
    assert sides(open_parallel(corpus, source_column="en", target_column="de"))[0] == ("a\nb", "c")
    assert repr(reader) == f"HubParallel(['{corpus}'])"


def test_a_row_without_translations(save):
    corpus = save({"translation": [None, {"en": "a", "de": "b"}]})
    assert sides(open_parallel(corpus, source_column="en", target_column="de")) == [("", ""), ("a", "b")]


def test_two_columns(save):
    corpus = save({"en": ["a", None], "de": ["b", "c"], "Target": ["d", "e"], "src": ["f", "g"]})
    assert sides(open_parallel(corpus)) == [("f", "d"), ("g", "e")]
    assert sides(open_parallel(corpus, source_column="en", target_column="de")) == [("a", "b"), ("", "c")]


@pytest.mark.parametrize(
    ("columns", "asked", "says"),
    [
        (
            {"en": ["a"], "de": ["b"]},
            {},
            ": no column that is known to hold the source; there are en, de: name it by --source-column",
        ),
        (
            {"en": ["a"]},
            {"source_column": "en", "target_column": "de"},
            ": no column 'de' to read the target from; there",
        ),
        (
            {"translation": [{"en": "a", "de": "b"}]},
            {},
            ", under 'translation': no column that is known to hold the source; there are en, de: name it by --source",
        ),
        (
            {"translation": [{"en": "a", "de": "b"}]},
            {"source_column": "en", "target_column": "fr"},
            ", under 'translation': no column 'fr' to read the target from; there are en, de",
        ),
        (
            {"translation": [{"en": "a", "de": 1}]},
            {"source_column": "en", "target_column": "de"},
            ": 'de' in column 'translation' is Value('int64'), and translations are read from strings",
        ),
        (
            {"source": ["a"], "target": [1]},
            {},
            ": column 'target' is Value('int64'), and targets are read from strings",
        ),
    ],
)
def test_faults(save, columns, asked, says):
    corpus = save(columns)
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        list(open_parallel(corpus, **asked))
    assert str(caught.value).startswith(corpus + says[:10])
    assert "\n" not in str(caught.value)


def test_lists_of_translations_are_no_languages(save):
    corpus = save(
        {"translation": [{"language": ["de", "en"], "translation": ["a", "b"]}]},
        translation=datasets.TranslationVariableLanguages(languages=["de", "en"]),
    )
    with pytest.raises(DataError, match="no column 'de' to read the source from"):
        open_parallel(corpus, source_column="de", target_column="en")


def test_nothing_to_read(monkeypatch):
    strings = datasets.Features(source=datasets.Value("string"), target=datasets.Value("string"))
    data = datasets.Dataset.from_dict({"source": [], "target": []}, features=strings)
    monkeypatch.setattr(datasets, "load_dataset_builder", lambda *given: SimpleNamespace(info=data.info))
    monkeypatch.setattr(datasets, "load_dataset", lambda *given: datasets.DatasetDict(train=data))
    with pytest.raises(DataError, match=r"^hf:a/b: empty, there is no pair of sentences to read"):
        list(open_parallel("hf:a/b"))


def test_settings_that_do_not_fit(save):
    corpus = save({"source": ["a"], "target": ["x"]})
    for asked, says in (
        ({"source_column": 1}, "have names, such as source and target, not numbers"),
        ({"target_column": -1}, "have names, such as source and target, not numbers"),
        ({"source_column": "en", "target_column": "en"}, "source and target are both read from column en"),
        ({"form": "csv"}, "is a dataset, which has no form: leave it out"),
        ({"header": False}, "is a dataset, which has no header: leave it out"),
    ):
        with pytest.raises(ConfigError, match=says):
            open_parallel(corpus, **asked)
    with pytest.raises(ConfigError, match="is given beside corpora of another kind"):
        open_parallel([corpus, "sample:phrases"])
