"""The bundled samples are natural text: no templates, no padding, and as their data card says."""

import collections
import math
import re
import zlib
from pathlib import Path

import pytest

from seqlab.corpora import SAMPLES, open_text

CARD = Path(__file__).parents[2] / "corpora" / "samples" / "README.md"
LEAST = {"lyrics": 20_000, "tales": 60_000}


def read(name: str) -> str:
    return "".join(record.text for record in open_text([f"sample:{name}"]))


@pytest.mark.parametrize("name", SAMPLES)
def test_size_is_what_the_card_says(name: str) -> None:
    text = read(name)
    assert len(text) >= LEAST[name]
    card = CARD.read_text(encoding="utf-8").split(f"## `{name}`")[1].split("\n## ")[0]
    assert f"{len(text):,} characters, {len(set(text)):,} types" in card
    assert SAMPLES[name].licence == "CC0-1.0"
    assert "CC0 1.0" in CARD.read_text(encoding="utf-8")


def test_every_sample_has_a_card() -> None:
    assert re.findall(r"^## `(\w+)`", CARD.read_text(encoding="utf-8"), re.M) == list(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_recurs_more_than_a_refrain(name: str) -> None:
    lines = collections.Counter(line for line in read(name).splitlines() if line.strip())
    assert max(lines.values()) <= 4
    repeated = sum(count - 1 for count in lines.values())
    assert repeated <= 0.02 * sum(lines.values())


@pytest.mark.parametrize("name", SAMPLES)
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


@pytest.mark.parametrize("name", SAMPLES)
def test_it_does_not_compress_like_padding(name: str) -> None:
    content = read(name).encode()
    assert len(zlib.compress(content, 9)) > 0.33 * len(content)


def test_scripts() -> None:
    assert read("tales").isascii()
    assert sum("\u4e00" <= character <= "\u9fff" for character in read("lyrics")) > 0.7 * len(read("lyrics"))
