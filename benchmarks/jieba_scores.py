"""What jieba reaches on segmented text, by the same counts as the models of this package.

    python benchmarks/jieba_scores.py GOLD... --words RUN

GOLD is text in UTF-8 cut into words; the words of the training data of RUN, a model directory of `seqlab train segment`,
decide what is out of vocabulary. Widths are folded as RUN has it, in the words that are compared and in what jieba reads.
"""

import argparse
import logging
import warnings
from pathlib import Path

import seqlab
from seqlab.cli.tables import table
from seqlab.corpora import open_segmented
from seqlab.metrics.segmentation import SegmentationCounts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="+", help="text cut into words")
    parser.add_argument("--words", required=True, help="model directory whose training words are known")
    options = parser.parse_args()
    for path in options.gold:
        if not path.exists():
            raise SystemExit(f"skipped: no corpus at {path}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    segmenter = seqlab.load(options.words)
    fold = segmenter.config.text.width == "half"
    rows = []
    for path in options.gold:
        for hmm in (True, False):
            counts = SegmentationCounts(segmenter.words)
            for record in open_segmented([path], fold_widths=fold):
                counts.add(record.words, jieba.lcut("".join(record.words), HMM=hmm))
            found = counts.scores()
            figures = (found.f1, found.precision, found.recall, found.oov_recall, found.iv_recall)
            rows.append((f"{path.name}, {'with' if hmm else 'without'} HMM", *(f"{figure:.4f}" for figure in figures)))
    print(table(("jieba on", "F1", "precision", "recall", "OOV recall", "IV recall"), rows))


if __name__ == "__main__":
    main()
