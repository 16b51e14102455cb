"""A text pipeline in a folder: `vocab.json`, `pipeline.json` and, where it applies, `sentencepiece.model`."""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from seqlab.errors import ConfigError, ModelError, unknown
from seqlab.text.normalize import Normalizer
from seqlab.text.pipeline import TextPipeline
from seqlab.text.tokenizers import TOKENIZERS, SentencePieceTokenizer, Tokenizer
from seqlab.text.units import BYTE_PIECES
from seqlab.text.vocab import Vocab

VOCAB_FILE = "vocab.json"
SETTINGS_FILE = "pipeline.json"
SENTENCEPIECE_FILE = "sentencepiece.model"

_FORMAT = 1


def save_pipeline(pipeline: TextPipeline, folder: str | os.PathLike[str]) -> None:
    """Write a pipeline to a folder, which is made where it is missing; ModelError where that is not possible."""
    folder = Path(folder)
    settings = {"format": _FORMAT, "tokenizer": pipeline.tokenizer.name, "normalizer": asdict(pipeline.normalizer)}
    contents = {
        VOCAB_FILE: pipeline.vocab.to_json().encode("ascii"),
        SETTINGS_FILE: (json.dumps(settings, indent=2) + "\n").encode("ascii"),
    }
    if isinstance(pipeline.tokenizer, SentencePieceTokenizer):
        contents[SENTENCEPIECE_FILE] = pipeline.tokenizer.to_bytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ModelError(f"{error.filename or folder}: cannot be written ({error.strerror})") from error


def load_pipeline(folder: str | os.PathLike[str]) -> TextPipeline:
    """Read a pipeline from a folder; ModelError, with the name of the file, where it is missing or altered."""
    folder = Path(folder)
    path = folder / SETTINGS_FILE
    try:
        settings = _settings(_read(path))
        normalizer = _normalizer(settings["normalizer"])
        path = folder / VOCAB_FILE
        vocab = Vocab.from_json(_text(_read(path)))
        path = folder / SENTENCEPIECE_FILE
        tokenizer = _tokenizer(settings["tokenizer"], path)
        path = folder / VOCAB_FILE
        _check_fit(tokenizer, vocab)
    except (ModelError, ConfigError) as error:
        raise ModelError(f"{path}: {error}") from error
    return TextPipeline(normalizer, tokenizer, vocab)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError("the file is missing; the model directory is incomplete") from error
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})") from error


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"not UTF-8 at byte {error.start}") from error


def _settings(content: bytes) -> dict[str, Any]:
    try:
        settings = json.loads(_text(content))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"not JSON: {error}") from error
    if not isinstance(settings, dict) or set(settings) != {"format", "tokenizer", "normalizer"}:
        raise ModelError('not an object with exactly "format", "tokenizer" and "normalizer"')
    if settings["format"] != _FORMAT:
        raise ModelError(f"has the format {settings['format']!a}; this version of seqlab reads {_FORMAT}")
    if not isinstance(settings["tokenizer"], str) or settings["tokenizer"] not in TOKENIZERS:
        raise ModelError(unknown("tokenizer", str(settings["tokenizer"]), TOKENIZERS))
    return settings


def _normalizer(settings: object) -> Normalizer:
    names = {field.name for field in fields(Normalizer)}
    if not isinstance(settings, dict) or set(settings) != names:
        raise ModelError(f'"normalizer" is not an object with exactly {", ".join(sorted(names))}')
    return Normalizer(**settings)


def _tokenizer(name: str, model: Path) -> Tokenizer:
    if name == SentencePieceTokenizer.name:
        return SentencePieceTokenizer.from_bytes(_read(model))
    return TOKENIZERS[name]()


def _check_fit(tokenizer: Tokenizer, vocab: Vocab) -> None:
    """Refuse a vocabulary that is not the tokenizer's own, where that can be told."""
    expected: tuple[str, ...] | None = None
    if isinstance(tokenizer, SentencePieceTokenizer):
        expected = tuple(tokenizer.all_pieces())
    elif tokenizer.name == "byte":
        expected = BYTE_PIECES
    if expected is not None and vocab.tokens != expected:
        raise ModelError(f"its tokens are not those of the {tokenizer.name} tokenizer: files of two models were mixed")
    if tokenizer.name == "character" and any(len(token) != 1 for token in vocab.tokens):
        raise ModelError("holds tokens of more than one character, and the tokenizer is 'character'")
