import gzip
import math
import re
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab.errors import DataError, ModelError
from seqlab.ngram.arpa import lines_ahead, read_arpa, write_arpa
from seqlab.ngram.arpa.escaping import escape
from seqlab.ngram.model import Level, NGramModel

UNKNOWN, START = 1, 2
IN_A_FOLDER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NATS = math.log(10)
SMALL = r"""\data\
ngram 1=6
ngram 2=5
ngram 3=2

\1-grams:
-1.5	<unk>	0
-99	<s>	-0.25
-0.75	</s>	0
-0.5	rain	-0.125
-0.625	falls	0.0625
-1.25	slowly	0

\2-grams:
-0.375	<s> rain	-0.5
-0.875	rain </s>	0
-0.25	rain falls	-1.5
-0.5	falls </s>	0
-1.125	falls slowly	0

\3-grams:
-0.125	<s> rain falls
-0.0625	rain falls slowly

\end\
"""


@pytest.fixture
def arpa(tmp_path):
    """Writes the text of an ARPA file, tells its path."""

    def write(text):
        path = tmp_path / "small.arpa"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def table(model, words):
    """{n-gram: (ln p, ln backoff)}, the words spelled out, the marks apart from all words; without what never occurs."""
    names = [f"word {word}" for word in words]
    names[model.start], names[model.unknown] = "start", "unknown"
    if model.end is not None:
        names[model.end] = "end"
    rows, before = {}, [()]
    for n, level in enumerate(model.levels, start=1):
        contexts = before
        if n > 1:
            n_children = np.diff(model.levels[n - 2].starts.astype(int))
            contexts = [context for context, times in zip(before, n_children, strict=True) for _ in range(times)]
        else:
            contexts = [()] * len(level)
        before = [(*context, names[word]) for context, word in zip(contexts, level.words.tolist(), strict=True)]
        backoffs = level.backoffs.tolist() if n < model.order else [0.0] * len(level)
        rows |= dict(zip(before, zip(level.log_probs.tolist(), backoffs, strict=True), strict=True))
    contexts = {ngram[:-1] for ngram in rows} | {ngram[-1:] for ngram in rows if len(ngram) > 1}
    return {ngram: row for ngram, row in rows.items() if row != (-math.inf, 0.0) or ngram in contexts or len(ngram) > 1}


def trie(ngrams, n_types, end, order):
    """The model of {n-gram: (ln p, ln backoff)} with all single ids among them."""
    levels, contexts = [], {(): 0}
    by_order = [sorted(ngram for ngram in ngrams if len(ngram) == n) for n in range(1, order + 1)]
    for n, here in enumerate(by_order, start=1):
        contexts = {ngram: place for place, ngram in enumerate(here)}
        starts = np.zeros(0, np.uint32)
        if n < order:
            n_children = np.bincount([contexts[ngram[:-1]] for ngram in by_order[n]], minlength=len(here))
            starts = np.concatenate(([0], np.cumsum(n_children))).astype(np.uint32)
        levels.append(
            Level(
                np.array([ngram[-1] for ngram in here], np.uint16),
                np.array([ngrams[ngram][0] for ngram in here], np.float32),
                np.array([ngrams[ngram][1] for ngram in here if n < order], np.float32),
                starts,
            )
        )
    return NGramModel(tuple(levels), START, end, UNKNOWN, "arpa")


SPELLINGS = ["<s>", "</s>", "<unk>", "<UNK>", "<U+0020>", "<U+>", "<U+003C>", "<U+003C>U+0020>", "<pad>", "<U+110000>"]
SPELLINGS += [
    "",
    " ",
    "\n",
    "\t",
    "\r",
    "a b",
    "\u3000",
    "\u2028",
    "\0",
    "\ud800",
    "雨",
    "naïve",
    "\\end\\",
    "ngram 1=2",
]
WORDS = st.one_of(st.sampled_from(SPELLINGS), st.text(max_size=5), st.text("<U+0123>/s\\ \t", max_size=8))
LOG_PROBS = st.floats(-80, 0, width=32) | st.just(-math.inf) | st.just(0.0)
ORDERS = st.integers(1, 4)
BACKOFFS = st.floats(-80, 5, width=32) | st.just(0.0) | st.just(-math.inf)


@st.composite
def models(draw, log_probs=LOG_PROBS, backoffs=BACKOFFS, orders=ORDERS, of_texts=False):
    """A model and its words. `of_texts`: with each n-gram all its parts are listed, and there are n-grams of each order."""
    words = ["<pad>", "<unk>", "<bos>", "<eos>", *draw(st.lists(WORDS, min_size=1, max_size=6, unique=True))]
    end = draw(st.none() | st.integers(3, len(words) - 1))
    order = draw(orders)
    row = st.tuples(log_probs, backoffs)
    ngrams = {(index,): draw(row) for index in range(len(words))}
    for index in (0, 3, START):
        if index != end:
            ngrams[(index,)] = (-math.inf, draw(backoffs) if index == START else 0.0)
    if end is not None and ngrams[(end,)][0] == -math.inf:
        ngrams[(end,)] = (-1.0, 0.0)
    usable = [index for index in range(len(words)) if index not in (0, 3) or index == end]
    if of_texts:
        text = st.lists(st.sampled_from(usable), min_size=order, max_size=8)
        for line in draw(st.lists(text, min_size=1, max_size=4)):
            ids = (START, *line)
            parts = [ids[at : at + n] for n in range(2, order + 1) for at in range(len(ids) - n + 1)]
            ngrams |= {part: draw(row) for part in parts}
        return trie(ngrams, len(words), end, order), words
    for n in range(2, order + 1):
        longer = [(*ngram, word) for ngram in ngrams if len(ngram) == n - 1 for word in usable if ngram[-1] in usable]
        for ngram in draw(st.lists(st.sampled_from(longer), max_size=8, unique=True)) if longer else []:
            ngrams[ngram] = draw(row)
    return trie(ngrams, len(words), end, order), words


# ---- what is written


def test_the_structure_is_that_of_kenlm_and_srilm(arpa, tmp_path):
    model, words = read_arpa(arpa(SMALL))
    write_arpa(model, words, tmp_path / "again.arpa")
    again = (tmp_path / "again.arpa").read_bytes().decode()
    # The numbers have two digits more than these, so that each is the one of the model to the bit.
    assert re.sub(r"-?\d\.\d{8,}", lambda match: f"{float(match[0]):.7g}", again) == SMALL


@IN_A_FOLDER
@given(models(), st.sampled_from(["m.arpa", "m.arpa.gz"]))
def test_reading_gives_what_was_written_to_the_bit(tmp_path, made, name):
    model, words = made
    write_arpa(model, words, tmp_path / name)
    read, read_words = read_arpa(tmp_path / name)
    assert table(read, read_words) == table(model, words)
    assert (read.order, read.start, read.unknown, read.end is None) == (model.order, START, UNKNOWN, model.end is None)
    write_arpa(read, read_words, tmp_path / f"again.{name}")
    again, again_words = read_arpa(tmp_path / f"again.{name}")
    assert again_words == read_words
    for level, other in zip(read.levels, again.levels, strict=True):
        for array, other_array in zip(vars(level).values(), vars(other).values(), strict=True):
            np.testing.assert_array_equal(array, other_array, strict=True)


@IN_A_FOLDER
@given(models(st.floats(-5, 0, width=32), st.floats(-5, 1, width=32), st.integers(2, 4), of_texts=True), st.data())
def test_kenlm_gives_the_same_scores(tmp_path, made, data):
    kenlm = pytest.importorskip("kenlm")
    model, words = made
    path = tmp_path / "m.arpa"
    write_arpa(model, words, path)
    oracle = kenlm.Model(str(path))
    ordinary = [index for index in range(UNKNOWN, len(words)) if index not in (START, 3, model.end)]
    sentence = data.draw(st.lists(st.sampled_from(ordinary), max_size=12))
    text = " ".join("neverseen" if index == UNKNOWN else escape(words[index]) for index in sentence)
    scores = list(oracle.full_scores(text, eos=model.end is not None))
    ids = [*sentence, model.end] if model.end is not None else sentence
    ours = model.score(np.array(ids, np.int64))
    assert len(scores) == len(ids)
    np.testing.assert_allclose(ours.log_probs, [score[0] * NATS for score in scores], rtol=1e-5, atol=1e-5)
    assert ours.orders.tolist() == [score[1] for score in scores]


def test_gzip_is_the_same_bytes_each_time(arpa, tmp_path):
    model, words = read_arpa(arpa(SMALL))
    for name in ("one.gz", "two.gz"):
        write_arpa(model, words, tmp_path / name)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
    write_arpa(model, words, tmp_path / "plain.arpa")
    assert gzip.decompress((tmp_path / "one.gz").read_bytes()) == (tmp_path / "plain.arpa").read_bytes()


def test_ids_that_never_occur_are_left_out(tmp_path):
    row = (-1.0, 0.0)
    never = (-math.inf, 0.0)
    ngrams = {(0,): never, (1,): row, (2,): never, (3,): never, (4,): row, (5,): never, (6,): never, (4, 6): row}
    write_arpa(trie(ngrams, 7, 4, 2), ["pad", "unk", "bos", "eos", "\n", "gone", "kept"], tmp_path / "m.arpa")
    assert read_arpa(tmp_path / "m.arpa")[1][4:] == ["\n", "kept"]


def test_a_model_that_has_no_arpa_form_is_refused(arpa, tmp_path):
    model, words = read_arpa(arpa(SMALL))
    stupid = NGramModel(model.levels, START, model.end, UNKNOWN, "stupid-backoff", math.log(0.4))
    with pytest.raises(ModelError, match=r"new\.arpa: .*'stupid-backoff'.* another smoothing"):
        write_arpa(stupid, words, tmp_path / "new.arpa")
    with pytest.raises(ModelError, match=r"the ids 5 and 6 are both the word 'falls'"):
        write_arpa(model, [*words[:5], "falls", *words[6:]], tmp_path / "new.arpa")
    assert [path.name for path in tmp_path.iterdir()] == ["small.arpa"]


def test_what_cannot_be_written_leaves_what_was_there(arpa, tmp_path, monkeypatch):
    model, words = read_arpa(arpa(SMALL))
    with pytest.raises(DataError, match=r"no/m\.arpa: cannot be written \(No such file or directory\)"):
        write_arpa(model, words, tmp_path / "no" / "m.arpa")
    before = (tmp_path / "small.arpa").read_bytes()
    with pytest.raises(IndexError):
        write_arpa(model, words[:-1], tmp_path / "small.arpa")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match=r"small\.arpa: cannot be written \(No space left on device\); free some space"):
        write_arpa(model, words, tmp_path / "small.arpa")
    assert [path.name for path in tmp_path.iterdir()] == ["small.arpa"]
    assert (tmp_path / "small.arpa").read_bytes() == before


def full(_):
    raise OSError(28, "No space left on device")


# ---- what can be read


def test_ids_and_numbers(arpa):
    model, words = read_arpa(arpa(SMALL))
    assert words == ["<pad>", "<unk>", "<bos>", "<eos>", "\n", "rain", "falls", "slowly"]
    assert (model.start, model.end, model.unknown, model.smoothing, model.order) == (2, 4, 1, "arpa", 3)
    rows = table(model, words)
    assert rows["word rain", "end"] == (pytest.approx(-0.875 * NATS), 0)
    assert rows["start", "word rain"] == (pytest.approx(-0.375 * NATS), pytest.approx(-0.5 * NATS))
    assert rows["start",][0] == -math.inf
    # p(slowly | <s> rain) = b(<s> rain) b(rain) p(slowly)
    log_prob, _ = model.step(model.step(model.begin(), 5)[1], 7)
    assert log_prob == pytest.approx((-0.5 - 0.125 - 1.25) * NATS)


@pytest.mark.parametrize(
    "same",
    [
        SMALL.replace("\n", "\r\n"),
        SMALL.removesuffix("\n"),
        "made by hand\n# in the year 1\n\n" + SMALL,
        SMALL.replace("ngram 1=6", "ngram  1 = 6 "),
        SMALL.replace("-grams:\n", "-grams:\n\n") + "\n\n",
        SMALL.replace("\t0\n", "\n"),  # as SRILM has it
        SMALL.replace("<s> rain falls\n", "<s> rain falls\t0\n"),
        SMALL.replace("-0.625", "-6.25e-1").replace("-99", "-inf").replace("-0.5\train", "-.5\train"),
        SMALL.replace("-99", "0"),  # as KenLM has it
        SMALL.replace("-1.5\t<unk>", "-1.5\t<UNK>"),
        SMALL.replace("-0.875\train </s>\t0\n", "").replace("\n\\3", "-0.875\train </s>\t0\n\n\\3"),
    ],
)
def test_forms_of_the_same_model(arpa, same):
    wanted = table(*read_arpa(arpa(SMALL)))
    assert table(*read_arpa(arpa(same))) == wanted
    assert table(*read_arpa(arpa(gzip.compress(same.encode())))) == wanted


def test_marks_may_be_missing(arpa):
    sections = [
        "\\data\\\nngram 1=2\nngram 2=1\n",
        "\\1-grams:\n-0.5\tdrip\t-1\n-0.25\tdrop\n",
        "\\2-grams:\n-1\tdrip drop\n",
    ]
    text = "\n".join([*sections, "\\end\\\n"])
    model, words = read_arpa(arpa(text))
    assert words[4:] == ["drip", "drop"]
    assert model.end is None
    assert model.step(model.begin(), UNKNOWN)[0] == -math.inf
    assert model.step(model.begin(), 5)[0] == pytest.approx(-0.25 * NATS)


def test_numbers_beyond_float32_are_infinite(arpa):
    model, words = read_arpa(arpa(SMALL.replace("-0.25\train falls\t-1.5", "-1e300\train falls\t-1e39")))
    assert table(model, words)["word rain", "word falls"] == (-math.inf, -math.inf)


def test_a_probability_slightly_above_one_is_written_as_one(arpa, tmp_path):
    model, words = read_arpa(arpa(SMALL))
    model.levels[2].log_probs[1] = 1e-9
    write_arpa(model, words, tmp_path / "m.arpa")
    assert "\n0\train falls slowly\n" in (tmp_path / "m.arpa").read_text()


def test_an_end_that_is_never_predicted_is_none(arpa, tmp_path):
    text = SMALL.replace("-0.75\t</s>", "-99\t</s>")
    assert read_arpa(arpa(text))[0].end == 3, "it is, behind rain"
    for ngram in ("-0.875\train </s>\t0\n", "-0.5\tfalls </s>\t0\n"):
        text = text.replace(ngram, "").replace("2=5", "2=3")
    model, words = read_arpa(arpa(text))
    assert model.end is None
    assert words[4:] == ["rain", "falls", "slowly"]


def test_a_highest_order_without_ngrams(arpa):
    text = SMALL[: SMALL.index("-0.125\t<s> rain falls")].replace("3=2", "3=0") + "\n\\end\\\n"
    model, _ = read_arpa(arpa(text))
    assert [len(level) for level in model.levels] == [8, 5, 0]
    assert model.step((), 5)[0] == pytest.approx(-0.5 * NATS)


@pytest.mark.parametrize("ahead", [1, 7, 64])
def test_however_much_is_read_ahead(arpa, monkeypatch, ahead):
    wanted = table(*read_arpa(arpa(SMALL)))
    monkeypatch.setattr(lines_ahead, "_AHEAD", ahead)
    monkeypatch.setattr(lines_ahead, "_LONGEST", 64)
    for text in (SMALL.encode(), SMALL.replace("\n", "\r\n").encode(), gzip.compress(SMALL.encode())):
        assert table(*read_arpa(arpa(text))) == wanted
    with pytest.raises(DataError, match=r"small\.arpa:11: in \\1-grams: the word 'falls' stands here again"):
        read_arpa(arpa(SMALL.replace("rain\t", "falls\t")))


# ---- what cannot

WRONG = {
    "empty": ("", 0, r"\\data\\: the file is empty; name an ARPA file"),
    "no arpa file": ("It rained.\nAll day.\n", 2, r"\\data\\: no line \\data\\ up to here; name an ARPA file"),
    "binary": (b"mmap lm\n\0\0", 1, r"\\data\\: the file breaks off within a line; name an ARPA file"),
    "no counts": ("\\data\\\n\n\\1-grams:\n", 3, r"\\data\\: no 1-grams are counted"),
    "no 1-grams": ("\\data\\\nngram 1=0\n\n\\1-grams:\n", 4, r"\\data\\: no 1-grams are counted"),
    "count missing": (("ngram 2=5\n", ""), 3, r"\\data\\: 'ngram 2=' and a number belong here, not 'ngram 3=2'"),
    "count no number": (("2=5", "2=many"), 3, r"\\data\\: 'ngram 2=' and a number belong here, not 'ngram 2=many'"),
    "section missing": (("\\2-grams:\n", ""), 14, r"\\1-grams: there are more n-grams than the 6 counted in \\data\\"),
    "section of another order": (("\\2-", "\\3-"), 14, r"\\1-grams: \\2-grams: belongs here, not '\\3-grams:'"),
    "counts too low": (("2=5", "2=4"), 19, r"\\2-grams: there are more n-grams than the 4 .* correct 'ngram 2=4'"),
    "counts too high": (("2=5", "2=6"), 20, r"\\2-grams: ends after 5 of the 6 n-grams .* correct 'ngram 2=6'"),
    "counts too high at the end": (("3=2", "3=3"), 24, r"\\3-grams: ends after 2 of the 3 n-grams"),
    "huge counts": (("3=2", "3=999999999999999999"), 24, r"\\3-grams: ends after 2 of the 9+ n-grams"),
    "a blank line between": (("-0.25\train falls", "\n-0.25\train falls"), 17, r"\\2-grams: ends after 2 of the 5 n-grams"),
    "no end": (("\\end\\\n", ""), 24, r"\\3-grams: the file ends before \\end\\; copy it again whole"),
    "cut short": (("\n\\3-grams", None), 19, r"\\2-grams: the file ends before \\3-grams:"),
    "cut short within a section": (("-0.25\train falls", None), 16, r"\\2-grams: the file ends after 2 of 5 n-grams"),
    "cut short within a line": (("falls\t-1.5", None), 16, r"\\2-grams: the file breaks off within a line after 2 of 5"),
    "more behind the end": (("\\end\\\n", "\\end\\\n\nmore\n"), 27, r"\\end\\: 'more' stands behind the end; remove"),
    "positive": (("-0.25\train", "0.25\train"), 17, r"\\2-grams: the log-probability 0\.25 is above 0"),
    "positive in 1-grams": (("-0.5\train", "1e-9\train"), 10, r"\\1-grams: the log-probability 1e-09 is above 0"),
    "no number": (("-0.25\train", "-0,25\train"), 17, r"\\2-grams: the log-probability '-0,25' is no number"),
    "not a number": (("-0.25\train", "nan\train"), 17, r"\\2-grams: the log-probability 'nan' is no number"),
    "backoff no number": (("falls\t-1.5", "falls\t--1.5"), 17, r"\\2-grams: the backoff '--1.5' is no number"),
    "backoff too large": (("falls\t-1.5", "falls\t1e300"), 17, r"\\2-grams: the backoff '1e300' is no number"),
    "backoff infinite": (("falls\t-1.5", "falls\tinf"), 17, r"\\2-grams: the backoff 'inf' is no number"),
    "backoff without use": (("rain falls slowly", "rain falls slowly\t-0.5"), 23, r"\\3-grams: the backoff -0\.5 is one"),
    "tabs for spaces": (("rain falls\t", "rain\tfalls\t"), 17, r"\\2-grams: tabs and spaces are mixed up in .*one tab"),
    "spaces for tabs": (("\train falls\t", " rain falls "), 17, r"\\2-grams: tabs and spaces are mixed up in .*one tab"),
    "two spaces": (("rain falls\t", "rain  falls\t"), 17, r"\\2-grams: tabs and spaces are mixed up"),
    "space before": (("-0.25\train", " -0.25\train"), 17, r"\\2-grams: tabs and spaces are mixed up"),
    "a word too many": (("rain falls\t", "rain falls down\t"), 17, r"\\2-grams: '.*' is not log-probability, tab, 2 "),
    "a word too few": (("5\train falls slowly", "5\tslowly"), 23, r"\\3-grams: '.*' is not log-probability, tab, 3 "),
    "word not known": (("rain falls\t", "rain melts\t"), 17, r"\\2-grams: the word 'melts' is not in \\1-grams"),
    "context not listed": (("<s> rain f", "<s> slowly f"), 22, r"\\3-grams: the context '<s> slowly' is not in \\2"),
    "word twice": (("falls\t0.0625", "rain\t0.0625"), 11, r"\\1-grams: the word 'rain' stands here again"),
    "two unknown words": (("slowly\t0", "<UNK>\t0"), 12, r"\\1-grams: the word '<UNK>' stands here again"),
    "n-gram twice": (("rain </s>", "rain falls"), 17, r"\\2-grams: the n-gram of line 16 stands here again"),
    "not utf-8": (b"rain", 10, r"\\1-grams: the word 'r\\xe9in' is not UTF-8; convert the file"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_wrong_is_said_with_section_and_line(arpa, name, packed):
    change, line, message = WRONG[name]
    if isinstance(change, tuple):
        old, new = change
        assert SMALL.count(old) >= 1
        text = SMALL.replace(old, new, 1) if new is not None else SMALL[: SMALL.index(old)]
        data = text.encode()
    elif change == b"rain":
        data = SMALL.encode().replace(b"rain", b"r\xe9in")
    else:
        data = change.encode() if isinstance(change, str) else change
    path = arpa(gzip.compress(data) if packed else data)
    with pytest.raises(DataError, match=rf"^{path}:{line}: in {message}") as caught:
        read_arpa(path)
    assert len(str(caught.value).splitlines()) == 1


def test_gzip_without_its_ending(arpa):
    packed = gzip.compress(SMALL.encode())
    with pytest.raises(
        DataError, match=r"small\.arpa:25: in \\end\\: the gzip data breaks off without its ending behind"
    ) as caught:
        read_arpa(arpa(packed[:-8]))
    assert "copy it again" in str(caught.value)
    for cut in range(2, len(packed)):
        with pytest.raises(DataError, match=r"small\.arpa:\d+: in \\.*: the gzip data breaks off without its ending"):
            read_arpa(arpa(packed[:cut]))
    with pytest.raises(
        DataError, match=r"small\.arpa:25: in \\end\\: the file cannot be read further \(CRC check failed"
    ):
        read_arpa(arpa(packed[:-8] + bytes(4) + packed[-4:]))


def test_a_file_cut_anywhere_is_refused(arpa):
    for cut in range(SMALL.index("\\end\\") + 4):
        with pytest.raises(DataError, match=r"small\.arpa:\d+: in \\"):
            read_arpa(arpa(SMALL[:cut]))


@IN_A_FOLDER
@given(st.integers(0, len(SMALL) - 1), st.binary(max_size=4), st.integers(0, 3))
def test_a_damaged_file_is_read_or_refused(arpa, at, new, n_gone):
    try:
        model, words = read_arpa(arpa(SMALL.encode()[:at] + new + SMALL.encode()[at + n_gone :]))
    except DataError as error:
        message = str(error)
    else:
        message = ""
        assert model.n_types == len(words)
        for state, word in product([model.begin(), ()], range(len(words))):
            assert not math.isnan(model.step(state, word)[0])
    assert len(message.splitlines()) <= 1


def test_no_file(tmp_path):
    with pytest.raises(DataError, match=r"none\.arpa: cannot be read \(No such file or directory\)"):
        read_arpa(tmp_path / "none.arpa")
    with pytest.raises(DataError, match=r": cannot be read \(Is a directory\)"):
        read_arpa(tmp_path)
