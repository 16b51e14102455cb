"""How many texts a second classifiers label; and what a linear SVM reaches on the same texts.

    python benchmarks/classifying.py FILE RUN... [--rounds 5]
    python benchmarks/classifying.py --svm TRAIN TEST [--analyzer char|word] [--text 1] [--label 2] [--header]

FILE holds a text a line; behind a tabulator may stand more, which is not read. Each RUN is a model directory that `seqlab
train classify` left. All are loaded before, read the texts once to warm up, and then take turns; the best of the rounds
counts, since other programs only ever make one slower. `predict_proba` is timed as a whole, from texts to probabilities.

The SVM (scikit-learn's LinearSVC, C = 0.5) reads tf-idf of n-grams, of 1 to 3 characters or 1 to 2 words, with sublinear
counts. TRAIN and TEST hold a text and a label a line, parted by a tabulator.
"""

import argparse
import time
from pathlib import Path

import seqlab
from seqlab.cli.tables import table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--svm", action="store_true", help="FILE is TRAIN, and the one behind it TEST")
    parser.add_argument("--analyzer", choices=("char", "word"), default="char")
    parser.add_argument("--text", type=int, default=1)
    parser.add_argument("--label", type=int, default=2)
    parser.add_argument("--header", action="store_true")
    options = parser.parse_args()
    for path in (options.file, *([Path(options.runs[0])] if options.svm else [])):
        if not path.is_file():
            print(f"skipped: no corpus at {path}")
            return
    if options.svm:
        support_vectors(options)
    else:
        speed(options)


def speed(options: argparse.Namespace) -> None:
    """Print the texts a second of each run."""
    lines = options.file.read_text(encoding="utf-8").split("\n")
    texts = [line.partition("\t")[0] for line in lines if line]
    models = {run: seqlab.load(run) for run in options.runs}
    for model in models.values():
        model.predict_proba(texts)
    best = dict.fromkeys(models, float("inf"))
    for _ in range(options.rounds):
        for run, model in models.items():
            started = time.perf_counter()
            model.predict_proba(texts)
            best[run] = min(best[run], time.perf_counter() - started)
    rows = [(run, f"{len(texts) / seconds:,.0f}") for run, seconds in best.items()]
    print(table((f"{len(texts):,} texts", "texts/s"), rows))


def support_vectors(options: argparse.Namespace) -> None:
    """Print the accuracy of the SVM."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    longest = 3 if options.analyzer == "char" else 2
    features = TfidfVectorizer(analyzer=options.analyzer, ngram_range=(1, longest), sublinear_tf=True)
    (texts, labels), (new, true) = (_columns(Path(path), options) for path in (options.file, options.runs[0]))
    model = LinearSVC(C=0.5, random_state=0).fit(features.fit_transform(texts), labels)
    accuracy = model.score(features.transform(new), true)
    print(table((f"{len(texts):,} texts, {len(new):,} scored", "accuracy"), [("linear SVM", f"{accuracy:.4f}")]))


def _columns(path: Path, options: argparse.Namespace) -> tuple[list[str], list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()[options.header :]
    rows = [line.split("\t") for line in lines if line]
    return [row[options.text - 1] for row in rows], [row[options.label - 1] for row in rows]


if __name__ == "__main__":
    main()
