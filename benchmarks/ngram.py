"""How fast n-gram models are counted, estimated and read, and how much memory that takes; beside KenLM's lmplz.

    python benchmarks/ngram.py --wikitext FOLDER [--lmplz PATH] [--rounds 5] [--large]

FOLDER holds wiki.train.tokens, wiki.valid.tokens and wiki.test.tokens of WikiText-2. lmplz takes turns with this package
where its path is given, with --memory 1G: by default it fills most of the machine's memory first, which takes longer. In
its text "<unk>" is spelt otherwise, since it refuses that word. Both are timed as whole processes, from the text to a model
that has answered; lmplz writes an ARPA file, which nothing has read yet. --large adds ten and a hundred million tokens of a
generated text.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from seqlab.corpora import open_text
from seqlab.ngram.arpa import write_arpa
from seqlab.ngram.binary import open_model, save
from seqlab.ngram.counts import count
from seqlab.ngram.estimation import estimate
from seqlab.ngram.model import NGramModel
from seqlab.text import TextPipeline
from seqlab.text.indexed import open_ids
from seqlab.text.vocab import BOS, EOS, PAD, UNK

ORDER = 5
NEVER = (PAD, BOS, EOS)
N_TYPES = 200_000
KENLM = {"valid": {3: 242.3250, 5: 234.8620}, "test": {3: 226.0510, 5: 220.1385}}


def learned(path: Path, folder: Path, order: int = ORDER) -> tuple[TextPipeline, NGramModel]:
    """The model of a text in words; a line is a sequence."""
    texts = (record.text for record in open_text([path]))
    pipeline = TextPipeline.fit(texts, tokenizer="whitespace", index=folder / "ids.npy")
    ids = open_ids(folder / "ids.npy")
    counts = count(ids, order, len(pipeline.vocab), BOS, pipeline.vocab.id("\n"))
    return pipeline, estimate(counts, unknown_id=UNK, never=NEVER)


def learn_and_answer(path: Path) -> None:
    """What is timed: a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline, model = learned(path, Path(folder))
        model.score(pipeline.encode("the first words of a sentence\n"))


def in_a_process(arguments: list[str], stdin: Path | None = None) -> tuple[float, float]:
    """(seconds, greatest resident memory in MB) of a command."""
    started = time.perf_counter()
    with Path(stdin or os.devnull).open("rb") as source:
        process = subprocess.Popen(arguments, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stderr
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(said.decode(errors="replace"))
    return time.perf_counter() - started, usage.ru_maxrss / 1000


def estimation(train: Path, lmplz: str | None, rounds: int, folder: Path) -> list[tuple[str, ...]]:
    """Rows: from the text to a model that answers, here and by lmplz, in turns."""
    ours, theirs = [], []
    spelt = folder / "spelt.txt"
    spelt.write_text(train.read_text(encoding="utf-8").replace("<unk>", "unk_"), encoding="utf-8")
    for _ in range(rounds):
        ours.append(in_a_process([sys.executable, __file__, "--only", str(train)]))
        if lmplz:
            command = [lmplz, "-o", str(ORDER), "-S", "1G", "-T", str(folder), "--arpa", str(folder / "kenlm.arpa")]
            theirs.append(in_a_process(command, spelt))
    seconds, memory = (statistics.median(column) for column in zip(*ours, strict=True))
    rows = [(f"estimating order {ORDER}, text to answer", f"{seconds:.2f} s", "2.3 s without lmplz")]
    rows.append(("  greatest resident memory", f"{memory:.0f} MB", ""))
    if theirs:
        their_seconds, their_memory = (statistics.median(column) for column in zip(*theirs, strict=True))
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(ours, theirs, strict=True))
        rows[0] = (*rows[0][:2], "")
        rows.append(("lmplz, text to ARPA", f"{their_seconds:.2f} s", ""))
        rows.append(("  greatest resident memory", f"{their_memory:.0f} MB", ""))
        rows.append(("ratio of times", f"{ratio:.2f}", "0.50"))
        rows.append(("ratio of memory", f"{memory / their_memory:.2f}", "2"))
    return rows


def beside_lmplz(train: Path, folder: Path) -> list[tuple[str, ...]]:
    """Rows: how far the log10 numbers of each n-gram in our ARPA file are from those in the file that lmplz has left."""
    pipeline, model = learned(train, folder)
    words = [pipeline.vocab.token(index) for index in range(len(pipeline.vocab))]
    write_arpa(model, words, folder / "ours.arpa")
    theirs = dict(arpa_lines(folder / "kenlm.arpa"))
    probability = weight = n_shared = 0.0
    for ngram, numbers in arpa_lines(folder / "ours.arpa"):
        found = theirs.pop(ngram.replace("<U+003C>unk>", "unk_"))
        n_shared += 1
        weight = max(weight, abs(numbers[1] - found[1]))
        if ngram != "<s>":  # never predicted: -99 here, 0 there
            probability = max(probability, abs(numbers[0] - found[0]))
    rows = [(f"n-grams in both ARPA files, {len(theirs):,} in lmplz's alone", f"{n_shared:,.0f}", "")]
    rows.append(("  largest difference of a log10 probability", f"{probability:.1e}", "1e-5"))
    rows.append(("  largest difference of a log10 back-off weight", f"{weight:.1e}", "1e-5"))
    return rows


def arpa_lines(path: Path) -> Iterator[tuple[str, tuple[float, float]]]:
    """(n-gram, (log10 probability, log10 back-off weight)) for each line of an ARPA file."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            parts = line.rstrip("\n").split("\t")
            if len(parts) > 1:
                yield parts[1], (float(parts[0]), float(parts[2]) if len(parts) > 2 else 0.0)


def reading(folder: Path, wikitext: Path, rounds: int) -> list[tuple[str, ...]]:
    """Rows: perplexities, scoring in bulk, the binary form."""
    rows = []
    for order in (3, ORDER):
        pipeline, model = learned(wikitext / "wiki.train.tokens", folder, order)
        for part in ("test", "valid"):
            ids = pipeline.encode((wikitext / f"wiki.{part}.tokens").read_text(encoding="utf-8"))
            perplexity = float(np.exp(-model.score(ids).log_probs.mean()))
            asked = f"{KENLM[part][order]:.4f}"
            rows.append((f"perplexity, order {order}, {part}, {len(ids):,} tokens", f"{perplexity:.4f}", asked))
    seconds = fastest(lambda: model.score(ids), rounds)
    rows.append(("scoring in bulk", f"{len(ids) / seconds / 1e6:.2f} M tokens/s", "2 M tokens/s"))
    path = folder / "model.safetensors"
    save(model, path)
    n_ngrams = sum(map(len, model.levels[1:]))
    size = path.stat().st_size - sum(part.nbytes for part in (model.levels[0].log_probs, model.levels[0].backoffs))
    rows.append(("binary form, bytes an n-gram above the first order", f"{size / n_ngrams:.2f}", "12"))
    rows.append(("  opening it", f"{fastest(lambda: open_model(path), rounds) * 1000:.1f} ms", "milliseconds"))
    return rows


def fastest(work: Callable[[], object], rounds: int) -> float:
    """Median seconds."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def generate(path: Path, n_tokens: int) -> None:
    """Write ids of a text: phrases of words, both by Zipf's law, in lines of 25 tokens on average."""
    draw = np.random.default_rng(0)
    word_odds = np.cumsum(1 / np.arange(1, N_TYPES - 3))
    n_phrases = 2_000_000
    lengths = draw.integers(1, 8, n_phrases)
    begins = np.concatenate(([0], np.cumsum(lengths)))
    words = (np.searchsorted(word_odds / word_odds[-1], draw.random(begins[-1])) + 4).astype(np.uint32)
    phrase_odds = np.cumsum(1 / np.arange(1, n_phrases + 1) ** 0.9)
    ids = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint32, shape=(n_tokens,))
    at = 0
    while at < n_tokens:
        phrases = np.searchsorted(phrase_odds / phrase_odds[-1], draw.random(500_000))
        sizes = lengths[phrases]
        inside = np.repeat(begins[phrases] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        part = words[inside]
        part[draw.random(len(part)) < 0.04] = EOS
        part = part[: n_tokens - at]
        ids[at : at + len(part)] = part
        at += len(part)
    ids.flush()


def count_generated(path: Path, memory: int) -> None:
    """What is timed of the hundred million tokens: counting alone, under a bound."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        count(open_ids(path), ORDER, N_TYPES, BOS, EOS, memory=memory, folder=folder)


def large(folder: Path) -> list[tuple[str, ...]]:
    """Rows: ten million tokens from text to model, a hundred million counted under a bound."""
    generate(folder / "10.npy", 10_000_000)
    names = np.array([*(f"w{number:x}" for number in range(N_TYPES))], dtype=object)
    names[EOS] = "\n"
    with (folder / "10.txt").open("w", encoding="utf-8", newline="") as file:
        for part in np.array_split(open_ids(folder / "10.npy"), 20):
            file.write(" ".join(names[part]) + " ")
    seconds, memory = in_a_process([sys.executable, __file__, "--only", str(folder / "10.txt")])
    rows = [
        ("10 M tokens, text to answer", f"{seconds:.1f} s", "15 s"),
        ("  greatest resident memory", f"{memory:.0f} MB", ""),
    ]
    generate(folder / "100.npy", 100_000_000)
    seconds, memory = in_a_process([sys.executable, __file__, "--only-count", str(folder / "100.npy")])
    rows.append(("100 M tokens counted under 2 GB", f"{seconds:.0f} s", ""))
    rows.append(("  greatest resident memory", f"{memory:.0f} MB", "3000 MB"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wikitext", type=Path)
    parser.add_argument("--lmplz")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--only-count", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        return learn_and_answer(options.only)
    if options.only_count:
        return count_generated(options.only_count, 2_000_000_000)
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train = options.wikitext / "wiki.train.tokens" if options.wikitext else None
        if train and train.exists():
            rows += estimation(train, options.lmplz, options.rounds, folder)
            rows += reading(folder, options.wikitext, options.rounds)
            if options.lmplz:
                rows += beside_lmplz(train, folder)
        else:
            print(f"WikiText-2 skipped: no corpus at {options.wikitext}", file=sys.stderr)
        if options.large:
            rows += large(folder)
    if rows:
        from seqlab.cli.tables import table

        print(table(("", "measured", "asked for"), rows))
    return None


if __name__ == "__main__":
    main()
