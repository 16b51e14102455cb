"""The bundled samples are natural text: no templates, no padding, and as their data card says."""

import collections
import math
import re
import zlib
from pathlib import Path

import pytest

from seqlab.corpora import SAMPLES, open_segmented, open_tagged, open_text
from seqlab.text.schemes import SCHEMES

CARD = Path(__file__).parents[2] / "corpora" / "samples" / "README.md"
LEAST = {"lyrics": 20_000, "tales": 60_000}
TEXTS = [name for name, sample in SAMPLES.items() if sample.form == "text"]


def read(name: str) -> str:
    return "".join(record.text for record in open_text([f"sample:{name}"]))


@pytest.mark.parametrize("name", TEXTS)
def test_size_is_what_the_card_says(name: str) -> None:
    text = read(name)
    assert len(text) >= LEAST[name]
    card = CARD.read_text(encoding="utf-8").split(f"## `{name}`")[1].split("\n## ")[0]
    assert f"{len(text):,} characters, {len(set(text)):,} types" in card
    assert SAMPLES[name].licence == "CC0-1.0"
    assert "CC0 1.0" in CARD.read_text(encoding="utf-8")


def test_every_sample_has_a_card() -> None:
    assert re.findall(r"^## `(\w+)`", CARD.read_text(encoding="utf-8"), re.M) == list(SAMPLES)


@pytest.mark.parametrize("name", TEXTS)
def test_no_line_recurs_more_than_a_refrain(name: str) -> None:
    lines = collections.Counter(line for line in read(name).splitlines() if line.strip())
    assert max(lines.values()) <= 4
    repeated = sum(count - 1 for count in lines.values())
    assert repeated <= 0.02 * sum(lines.values())


@pytest.mark.parametrize("name", TEXTS)
def test_lines_are_not_one_template_filled_in(name: str) -> None:
    """Lines that share their first six and their last six characters would be slots in a frame."""
    lines = [line for line in read(name).splitlines() if len(line) >= 14]
    frames = collections.Counter((line[:6], line[-6:]) for line in set(lines))
    assert max(frames.values()) <= 3


def test_types_grow_as_in_natural_text() -> None:
    """Heaps' law, V = K N^b: b is 0.4 to 0.8 for words of natural prose, and text from templates stops growing."""
    words = re.findall(r"[a-z']+", read("tales").lower())
    half, whole = len(set(words[: len(words) // 2])), len(set(words))
    assert 0.4 < math.log(whole / half) / math.log(2) < 0.85
    assert whole > 2500
    characters = [character for character in read("lyrics") if "\u4e00" <= character <= "\u9fff"]
    half, whole = len(set(characters[: len(characters) // 2])), len(set(characters))
    assert 0.15 < math.log(whole / half) / math.log(2) < 0.7
    assert whole > 1500


@pytest.mark.parametrize(("name", "pattern"), [("tales", r"[a-z']+"), ("lyrics", r"[\u4e00-\u9fff]")])
def test_a_natural_share_of_types_occurs_once(name: str, pattern: str) -> None:
    counts = collections.Counter(re.findall(pattern, read(name).lower()))
    once = sum(count == 1 for count in counts.values()) / len(counts)
    assert 0.2 < once < 0.7
    assert counts.most_common(1)[0][1] / counts.total() < 0.1


@pytest.mark.parametrize("name", TEXTS)
def test_it_does_not_compress_like_padding(name: str) -> None:
    content = read(name).encode()
    assert len(zlib.compress(content, 9)) > 0.33 * len(content)


def test_scripts() -> None:
    assert read("tales").isascii()
    assert sum("\u4e00" <= character <= "\u9fff" for character in read("lyrics")) > 0.7 * len(read("lyrics"))


# --- sentences in words, and with names


def segmented() -> list[tuple[str, ...]]:
    return [record.words for record in open_segmented("sample:segmented")]


def entities() -> list[tuple[str, list[tuple[int, int, str]]]]:
    records = list(open_tagged("sample:entities", columns=(1, 2), scheme="BMES"))
    spans = [SCHEMES["BMES"].spans(record.tags) for record in records]
    return [("".join(record.tokens), found) for record, found in zip(records, spans, strict=True)]


def card(name: str) -> str:
    return CARD.read_text(encoding="utf-8").split(f"## `{name}`")[1].split("\n## ")[0]


def test_the_segmented_sample_is_what_its_card_says() -> None:
    sentences = segmented()
    words = [word for sentence in sentences for word in sentence]
    assert len(sentences) >= 1200
    assert (
        f"{len(sentences):,} sentences, {len(words):,} words of {len(set(words)):,} types, "
        f"{sum(map(len, words)):,} characters"
    ) in card("segmented")
    assert SAMPLES["segmented"].licence == "CC0-1.0"


def test_the_entities_are_what_their_card_says() -> None:
    sentences = entities()
    found = collections.Counter(kind for _, spans in sentences for *_, kind in spans)
    assert len(sentences) >= 400
    assert f"{len(sentences):,} sentences, {sum(len(text) for text, _ in sentences):,} characters" in card("entities")
    assert f"{found['PER']} persons, {found['LOC']} places, {found['ORG']} organisations" in card("entities")
    assert set(found) == {"PER", "LOC", "ORG"}


def test_no_sentence_comes_twice_and_few_begin_alike() -> None:
    for texts in (["".join(words) for words in segmented()], [text for text, _ in entities()]):
        assert len(set(texts)) == len(texts)
        assert max(collections.Counter(text[:5] for text in texts).values()) <= 4
        frames = collections.Counter((text[:4], text[-5:]) for text in texts)
        assert max(frames.values()) == 1
        assert all(4 <= len(text) <= 70 for text in texts)


def test_the_same_signs_are_words_everywhere() -> None:
    """A sign of punctuation is a word by itself, and nothing is full-width that has a half-width form."""
    for words in segmented():
        for word in words:
            assert len(word) == 1 or not set(word) & set("，。？！：；“”《》（）、"), word
            assert not re.search(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]", word), word


def test_names_numbers_dates_and_foreign_words_are_among_them() -> None:
    words = {word for sentence in segmented() for word in sentence}
    for pattern in (
        r"\d+年$",
        r"\d+月$",
        r"\d+(\.\d+)?%$",
        r"[一二三四五六七八九十百千万]{3,}$",
        r"[A-Za-z]{2,}",
        r".+·.+",
    ):
        assert sum(bool(re.match(pattern, word)) for word in words) >= 5, pattern


def test_many_names_occur_once_only() -> None:
    names = collections.Counter(text[first:last] for text, spans in entities() for first, last, _ in spans)
    assert sum(count == 1 for count in names.values()) > 0.8 * len(names)
    without = sum(not spans for _, spans in entities())
    assert 0.08 < without / len(entities()) < 0.25
