"""Which form lines have, and that the command which is proposed reads them so."""

import pytest

from seqlab.corpora import SAMPLES
from seqlab.corpora.inspection.forms import form_of

CONLL = (
    "1\tThe\tthe\tDET\tDT\t_\t2\tdet\t_\t_\n2\tcat\tcat\tNOUN\tNN\t_\t3\tnsubj\t_\t_\n"
    "3\tsat\tsit\tVERB\tVB\t_\t0\troot\t_\t_\n\n"
)


@pytest.mark.parametrize(
    ("text", "suffix", "task", "options"),
    [
        ("A long line of running prose, as one writes it down.\nAnother one, and it goes on for long.\n", ".txt", "lm", ""),
        ("World\nSports\n", ".txt", "lm", ""),
        ("小船 靠 岸 了 ，\n船 上 有 人 。\n", ".txt", "segment", ""),
        ("小船靠岸了，船上有人。 他们来了\n风停了以后，大家都在等消息。\n", ".txt", "lm", ""),
        ("小船/n 靠/v 岸/n\n" * 9, ".txt", "tag", ""),
        ("the_DT cat_NN\n" * 9, ".txt", "tag", "--separator _"),
        ("either/or and/or or words\n" * 9, ".txt", "lm", ""),
        ("小 B-X\n船 I-X\n来 O\n\n" * 9, ".bmes", "tag", "--token-column 1 --tag-column -1"),
        (CONLL * 5, ".conllu", "tag", "--token-column 2 --tag-column 4"),
        ("good day to you\tpos\nbad day to you\tneg\n" * 9, ".tsv", "classify", ""),
        ("1\tgood day to you\n0\tbad day to you\n" * 9, ".txt", "classify", "--text-column 2 --label-column 1"),
        ("label\tthe words\n" + "1\tgood day to you\n0\tbad day\n" * 9, ".tsv", "classify",
         "--text-column 'the words' --label-column label"),
        ("text\tlabel\n" + "good day to you\tpos\nbad day\tneg\n" * 9, ".tsv", "classify", ""),
        ("".join(f"good day {n}\tguten Tag {n}\n" for n in range(9)), ".tsv", "translate", ""),
        ("".join(f"{n}\tgood day {n}\tguten Tag {n}\n" for n in range(9)), ".tsv", "translate",
         "--source-column 2 --target-column 3"),
        ('id,text,label\n' + '1,"hello, ""you""",pos\n2,"bye, now",neg\n' * 9, ".csv", "classify", ""),
        ("id,words,sign\n" + "".join(f'{n},"hello, ""you""",pos\n-{n},"bye, now",neg\n' for n in range(9)), ".csv",
         "classify", "--text-column words --label-column sign"),
        ('"hello, ""you""",pos\n"bye, now",neg\n' * 9, ".txt", "classify", "--form csv"),
        ('{"text": "a b", "label": "x"}\n' * 3, ".jsonl", "classify", ""),
        ('{"text": "a b", "label": "x"}\n' * 3, ".txt", "classify", "--form jsonl"),
        ('{"en": "a b", "de": "x"}\n' * 3, ".jsonl", "translate", ""),
        ('{"translation": {"en": "a b", "de": "x"}}\n' * 3, ".jsonl", "translate", ""),
        ('{"text": "a b"}\n' * 3, ".jsonl", "lm", ""),
        ('{"other": 1}\n' * 3, ".jsonl", "", ""),
        ('[\n {"text": "a"},\n {"text": "b"}\n]\n', ".json", "", ""),
        ("__label__a good day\n__label__b bad day\n", ".txt", "classify", ""),
        ("good day ||| guten Tag\nbad day ||| schlechter Tag\n", ".txt", "translate", ""),
        ("<!DOCTYPE html>\n<html><body>x</body></html>\n", ".html", "", ""),
        ('<?xml version="1.0"?>\n<a><b/></a>\n', ".xml", "", ""),
        (" \n\n", ".txt", "", ""),
    ],
)  # fmt: skip
def test_forms(text, suffix, task, options):
    form = form_of(text.removesuffix("\n").split("\n"), suffix)
    assert (form.task, form.options) == (task, options), form


@pytest.mark.parametrize("sample", list(SAMPLES.values()), ids=lambda sample: sample.name)
def test_samples(sample):
    tasks = {"text": "lm", "segmented": "segment", "columns": "tag", "labelled": "classify", "parallel": "translate"}
    text = sample.path.read_text(encoding="utf-8")
    assert form_of(text.removesuffix("\n").split("\n"), sample.path.suffix).task == tasks[sample.form]


def test_words_of_lines_that_are_cut():
    assert form_of(["小船/n 靠/v 1/2/m"] * 5).words(["小船/n 1/2/m", "x"]) == ["小船", "1/2", "x"]
    assert form_of(CONLL.split("\n") * 3, ".conllu").words(CONLL.split("\n")) == ["The", "cat", "sat"]
    assert form_of(["小 B", "船 I", ""] * 5).words(["小 B", "", "船 I"]) == ["小", "船"]
