"""How texts are cleaned before anything is learned from them, and what counts as the same text twice."""

from typing import Literal, Self

from pydantic import Field, model_validator

from seqlab.config.section import Section

Script = Literal[
    "any", "Arabic", "Armenian", "Bengali", "Bopomofo", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek",
    "Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana", "Kannada", "Katakana", "Khmer", "Lao", "Latin",
    "Malayalam", "Mongolian", "Myanmar", "Sinhala", "Tamil", "Telugu", "Thai", "Tibetan",
]  # fmt: skip


class Cleaning(Section):
    """What is changed in texts, and which texts are left out."""

    controls: bool = True
    """Remove control and invisible characters: zero width spaces, soft hyphens, marks of direction, lone surrogates."""
    html: bool = True
    """Decode HTML entities and remove the tags of HTML; what only looks like a tag, as in a < b, stays."""
    unicode_form: Literal["none", "NFC", "NFKC"] = "NFC"
    """Unicode normalization form of the texts."""
    character_width: Literal["keep", "half", "full"] = "keep"
    """Fold full-width letters, digits and signs of the texts to half width, or the other way round."""
    letter_case: Literal["keep", "lower"] = "keep"
    """Keep the letters of the texts as they are, or make them lower case."""
    chinese: Literal["keep", "simplified", "traditional"] = "keep"
    """Turn Chinese characters into simplified or traditional ones with OpenCC, an extra: seqlab[chinese]."""
    urls: Literal["keep", "mask", "remove"] = "keep"
    """Keep web addresses, put <url> in the place of each, or remove them."""
    mails: Literal["keep", "mask", "remove"] = "keep"
    """Keep mail addresses, put <mail> in the place of each, or remove them."""
    blanks: Literal["keep", "collapse"] = "collapse"
    """Keep blanks as they are, or make runs of them one space, and none at both ends of a line."""
    split_sentences: bool = False
    """Put each sentence of running text on a line of its own."""
    min_length: int = Field(0, ge=0)
    """Leave out texts of fewer characters; 0 leaves out none."""
    max_length: int = Field(0, ge=0)
    """Leave out texts of more characters; 0 leaves out none."""
    script: Script = "any"
    """Leave out texts that are mostly in other scripts than this; texts without letters stay."""
    min_script_share: float = Field(0.5, gt=0.0, le=1.0)
    """The least share of the letters of a text that is in the script."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if 0 < self.max_length < self.min_length:
            raise ValueError(
                f"max_length: no text has at least {self.min_length} and at most {self.max_length} characters; "
                "raise max_length or lower min_length"
            )
        if self.script == "any" and self.min_script_share != 0.5:
            raise ValueError("min_script_share: no script is named; leave it out or set script")
        return self


class Duplicates(Section):
    """Which texts are the same as an earlier one, and are left out."""

    exact: bool = True
    """Leave out a text that occurs a second time, character for character and with the same labels."""
    near: float = Field(0.0, ge=0.0, le=1.0)
    """Leave out a text that is nearly an earlier one, of at least this Jaccard similarity, as 0.8; 0 leaves out none."""
    shingle: int = Field(5, ge=1, le=64)
    """Characters of the stretches by which texts are compared: their similarity is that of the sets of these."""
    permutations: int = Field(128, ge=16, le=1024)
    """Numbers that stand for each text in the search for near duplicates; more find them more surely."""
    near_seed: int = Field(1, ge=0, le=2**32 - 1)
    """Seed of the search for near duplicates."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.near == 0.0:
            for name in ("shingle", "permutations", "near_seed"):
                if getattr(self, name) != type(self).model_fields[name].default:
                    raise ValueError(f"{name}: near duplicates are not looked for; leave it out or set near")
        return self
