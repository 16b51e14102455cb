"""The bundled samples are natural text: no templates, no padding, and as their data card says."""

import collections
import math
import re
import zlib
from pathlib import Path

import pytest

from seqlab.corpora import SAMPLES, open_labelled, open_parallel, open_segmented, open_tagged, open_text
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


# --- reviews


def reviews() -> list[tuple[str, str]]:
    return [(record.text, *record.labels) for record in open_labelled("sample:reviews")]


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_the_reviews_are_what_their_card_says() -> None:
    texts = [text for text, _ in reviews()]
    labels = collections.Counter(label for _, label in reviews())
    chinese, english = [text for text in texts if is_chinese(text)], [text for text in texts if text.isascii()]
    assert len(texts) >= 1200
    assert len(chinese) + len(english) == len(texts)
    assert (
        f"{len(texts):,} reviews, {len(chinese):,} Chinese and {len(english):,} English; "
        f"{labels['positive']:,} positive, {labels['negative']:,} negative; "
        f"{sum(map(len, chinese)):,} characters of Chinese, {sum(len(text.split()) for text in english):,} words of English"
    ) in card("reviews")
    assert SAMPLES["reviews"].licence == "CC0-1.0"


def test_the_classes_are_two_of_about_the_same_size_in_both_languages() -> None:
    for chinese in (True, False):
        labels = collections.Counter(label for text, label in reviews() if is_chinese(text) == chinese)
        assert set(labels) == {"positive", "negative"}
        assert 0.45 < labels["positive"] / labels.total() < 0.55


def test_languages_and_labels_are_mixed() -> None:
    """In every 134 reviews on end, a tenth of all, there is enough of each kind."""
    kinds = [(label, is_chinese(text)) for text, label in reviews()]
    for start in range(0, len(kinds) - 133, 134):
        counts = collections.Counter(kinds[start : start + 134])
        assert len(counts) == 4
        assert min(counts.values()) >= 15


def test_no_review_comes_twice() -> None:
    """Signs, blanks and case do not count."""
    bare = [re.sub(r"\W", "", text).lower() for text, _ in reviews()]
    assert len(set(bare)) == len(bare)
    assert all(text == text.strip() and 3 <= len(text) <= 400 for text, _ in reviews())


def test_reviews_are_not_one_template_filled_in() -> None:
    texts = [text for text, _ in reviews()]
    chinese, english = [text for text in texts if is_chinese(text)], [text.split() for text in texts if text.isascii()]
    frames = collections.Counter((text[:3], text[-4:]) for text in chinese)
    frames_of_words = collections.Counter((*words[:2], *words[-2:]) for words in english if len(words) > 4)
    assert max(frames.values()) == max(frames_of_words.values()) == 1
    assert max(collections.Counter(text[:4] for text in chinese).values()) <= 3
    assert max(collections.Counter(tuple(words[:3]) for words in english).values()) <= 3
    assert len(zlib.compress("\n".join(texts).encode(), 9)) > 0.33 * len("\n".join(texts).encode())
    for part in (chinese, english):
        tokens = collections.Counter(token for text in part for token in text)
        assert 0.2 < sum(count == 1 for count in tokens.values()) / len(tokens) < 0.75


def test_no_word_gives_the_label_away() -> None:
    """Hard cases are among them: words of praise stand in negative reviews too, and the other way round."""
    for words in (
        "great|good|lovely|wonderful|brilliant",
        "bad|worst|terrible|awful|rubbish",
        "好|漂亮|不错",
        "差|坏|丑|烂",
    ):
        labels = collections.Counter(label for text, label in reviews() if re.search(rf"(?<![a-z])(?:{words})", text))
        assert min(labels.values()) >= 0.15 * labels.total() > 2, (words, labels)


# --- phrases


def phrases() -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in open_parallel("sample:phrases")]


def bare(text: str) -> str:
    """Without signs, blanks and case."""
    return re.sub(r"\W", "", text).lower()


def test_the_phrases_are_what_their_card_says() -> None:
    english, chinese = zip(*phrases(), strict=True)
    words = re.findall(r"[A-Za-z][A-Za-z'-]*", " ".join(english).lower())
    lengths = [len(text.split()) for text in english]
    ideographs = {character for text in chinese for character in text if "\u4e00" <= character <= "\u9fff"}
    short, middle = sum(n <= 5 for n in lengths), sum(6 <= n <= 12 for n in lengths)
    long, longest = sum(13 <= n <= 20 for n in lengths), sum(n > 20 for n in lengths)
    assert len(english) >= 1500
    assert (
        f"{len(english):,} pairs; {sum(lengths):,} words of English in {len(set(words)):,} types, "
        f"{sum(map(len, chinese)):,} characters of Chinese, punctuation counted, {len(ideographs):,} ideographs"
    ) in card("phrases")
    assert (
        f"English of {min(lengths)} to {max(lengths)} words, half of it up to {sorted(lengths)[len(lengths) // 2]}; "
        f"{short} pairs of up to 5 words, {middle} of 6 to 12, {long} of 13 to 20, {longest} longer"
    ) in card("phrases")
    assert min(short, middle, long, longest) > 0.08 * len(english)
    assert SAMPLES["phrases"].licence == "CC0-1.0"


def test_no_side_of_a_phrase_comes_twice_or_nearly() -> None:
    for side in zip(*phrases(), strict=True):
        assert len({bare(text) for text in side}) == len(side)
        grams = [{bare(text)[at : at + 5] for at in range(max(len(bare(text)) - 4, 1))} for text in side]
        having: dict[str, list[int]] = {}
        for number, of_one in enumerate(grams):
            shared = collections.Counter(other for gram in of_one for other in having.get(gram, []))
            for other, n in shared.items():
                assert n / len(of_one | grams[other]) < 0.6, (side[number], side[other])
            for gram in of_one:
                having.setdefault(gram, []).append(number)


def test_phrases_are_not_one_template_filled_in() -> None:
    english, chinese = zip(*phrases(), strict=True)
    words = [re.findall(r"[a-z'-]+", text.lower()) for text in english]
    assert max(collections.Counter(tuple(some[:3]) for some in words if len(some) > 3).values()) <= 5
    assert max(collections.Counter((*some[:2], *some[-2:]) for some in words if len(some) > 4).values()) <= 2
    assert max(collections.Counter((text[:3], text[-4:]) for text in chinese if len(text) > 7).values()) == 1
    counts = collections.Counter(word for some in words for word in some)
    assert 0.4 < sum(count == 1 for count in counts.values()) / len(counts) < 0.7
    assert len(zlib.compress("\n".join(english).encode(), 9)) > 0.33 * len("\n".join(english))


def test_both_sides_of_a_phrase_belong_together() -> None:
    for english, chinese in phrases():
        assert english.isascii()
        assert is_chinese(chinese)
        assert english == english.strip()
        assert re.fullmatch(r"\S+", chinese), chinese
        assert english.endswith((".", "!", "?", '"'))
        assert chinese.endswith(("。", "！", "？", "”"))
        assert 0.2 < len(english.split()) / len(bare(chinese)) < 1.5, english
        assert not re.search(r"[,;:!?()]", chinese)


def test_phrases_are_mixed() -> None:
    """In every 174 pairs on end, a tenth of all, there are short and long ones, questions and exclamations."""
    pairs = phrases()
    for start in range(0, len(pairs) - 173, 174):
        part = [english for english, _ in pairs[start : start + 174]]
        assert sum(len(text.split()) <= 5 for text in part) > 20
        assert sum(len(text.split()) > 15 for text in part) > 15
        assert sum("?" in text for text in part) > 8
        assert sum("!" in text for text in part) > 3
