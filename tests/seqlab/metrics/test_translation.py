import doctest
import json
import subprocess
import sys

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError
from seqlab.metrics import translation
from seqlab.metrics.bootstrap import paired_bootstrap
from seqlab.metrics.translation import bleu_of, bleu_tokenizer, chrf_of, corpus_scores, sentence_counts

ENGLISH = ["The ferry leaves at six.", "Who left the gate open again?", "It's raining, isn't it?"]
OTHER = ["The ferry goes at six.", "Who left the gate open?", "It rains, isn't it?"]
CHINESE = ["渡船六点开。", "谁又没关门？", "在下雨，不是吗？"]
OTHER_CHINESE = ["渡船六点出发。", "谁没有关门？", "下雨了，是吗？"]

TOKENS = ["the", "ferry", "goes", "at", "six", ",", "again", ".", "渡船", "六点", "开", "。"]

words = st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join)
corpora = st.lists(st.tuples(words, words), min_size=1, max_size=8)


def test_the_example():
    assert doctest.testmod(translation).failed == 0


@pytest.mark.parametrize(
    ("hypotheses", "references", "tokenize"),
    [(OTHER, ENGLISH, "13a"), (OTHER_CHINESE, CHINESE, "zh"), (OTHER_CHINESE, CHINESE, "char")],
)
def test_the_figures_are_those_of_sacrebleus_own_functions(hypotheses, references, tokenize):
    scores = corpus_scores(hypotheses, references, tokenize=tokenize)
    bleu = sacrebleu.corpus_bleu(hypotheses, [references], tokenize=tokenize)
    asian = tokenize != "13a"
    ter = sacrebleu.corpus_ter(hypotheses, [references], normalized=asian, asian_support=asian)
    assert (scores.bleu, scores.chrf, scores.ter) == (
        bleu.score,
        sacrebleu.corpus_chrf(hypotheses, [references]).score,
        ter.score,
    )
    assert scores.precisions == tuple(bleu.precisions)
    assert scores.brevity_penalty == bleu.bp
    assert 0 < scores.bleu < 100


def test_signatures_say_how_the_text_was_cut():
    version = f"version:{sacrebleu.__version__}"
    signatures = corpus_scores(OTHER, ENGLISH).signatures
    assert signatures == {
        "BLEU": f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|{version}",
        "chrF2": f"nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|{version}",
        "TER": f"nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|{version}",
    }
    chinese = corpus_scores(OTHER_CHINESE, CHINESE, tokenize="zh").signatures
    assert "|tok:zh|" in chinese["BLEU"]
    assert "|norm:yes|punct:yes|asian:yes|" in chinese["TER"]


def test_the_right_translation_has_the_best_figures():
    scores = corpus_scores(ENGLISH, ENGLISH)
    assert (scores.bleu, scores.chrf, scores.ter) == (pytest.approx(100), 100, 0)
    assert scores.figure == pytest.approx(0)
    assert scores.n_sentences == 3


@pytest.mark.parametrize(("one", "other"), [("", "a b c d"), ("a b c d", ""), ("", "")])
def test_an_empty_side_has_figures(one, other):
    scores = corpus_scores([one], [other])
    assert scores.bleu == scores.chrf == 0
    assert json.loads(json.dumps(scores.to_dict(), allow_nan=False)) == scores.to_dict()
    assert "BLEU 0.00" in str(scores)


@settings(deadline=None)
@given(corpora)
def test_the_counts_of_sentences_add_up_to_the_figures(pairs):
    hypotheses, references = [list(side) for side in zip(*pairs, strict=True)]
    scores = corpus_scores(hypotheses, references, tokenize="zh")
    counts = sentence_counts(hypotheses, references, tokenize="zh")
    assert counts.bleu.shape == (len(pairs), 10)
    assert counts.chrf.shape == (len(pairs), 18)
    assert bleu_of(counts.bleu.sum(axis=0, keepdims=True)).tolist() == [scores.bleu]
    assert chrf_of(counts.chrf.sum(axis=0, keepdims=True)).tolist() == [scores.chrf]


def test_the_bootstrap_takes_the_counts():
    worse, better = (sentence_counts(side, ENGLISH * 20) for side in (OTHER * 20, ENGLISH * 20))
    compared = paired_bootstrap(better.bleu, worse.bleu, bleu_of, n_resamples=200)
    assert compared.first == pytest.approx(100)
    assert compared.low > 0
    assert compared.p == 0
    assert paired_bootstrap(worse.chrf, worse.chrf, chrf_of, n_resamples=50).p == 1


def test_the_tokenizer_follows_from_the_letters():
    assert bleu_tokenizer(ENGLISH) == "13a"
    assert bleu_tokenizer(["Ein Hund läuft.", "Und noch einer?"]) == "13a"
    assert bleu_tokenizer(["Кто там?"]) == "13a"
    assert bleu_tokenizer(CHINESE) == "zh"
    assert bleu_tokenizer(["我用Python和PyTorch写程序", "他去了NBA打球"]) == "zh"
    assert bleu_tokenizer(["He signs his letters 李明, which is short for his whole name in Chinese."]) == "13a"
    assert bleu_tokenizer(["店名是の字，大家都知道这个招牌在哪条街上"]) == "zh"
    assert bleu_tokenizer(["渡し船は六時に出ます。", "誰が門を開けたの？"]) == "char"
    assert bleu_tokenizer(["배는 여섯 시에 떠난다."]) == "char"
    assert bleu_tokenizer(["1, 2, 3!", ""]) == bleu_tokenizer([]) == "13a"


def test_no_more_texts_are_read_than_are_needed():
    def texts():
        for _ in range(30):
            yield "渡船" * 3000
        raise AssertionError("read on")

    assert bleu_tokenizer(texts()) == "zh"


def test_tokenizers_that_there_are_not():
    with pytest.raises(ConfigError, match=r"unknown tokenizer of BLEU 'cn'; .*known: 13a, char"):
        corpus_scores(ENGLISH, ENGLISH, tokenize="cn")


def test_a_tokenizer_whose_parts_are_not_installed(monkeypatch):
    monkeypatch.setattr("sacrebleu.tokenizers.tokenizer_ja_mecab.MeCab", None)
    with pytest.raises(ConfigError, match=r"cannot cut text by 'ja-mecab': .*pip install sacrebleu\[ja\]") as refused:
        corpus_scores(ENGLISH, ENGLISH, tokenize="ja-mecab")
    assert "\n" not in str(refused.value)


def test_not_as_many_references_as_translations():
    with pytest.raises(DataError, match="3 translations and 2 references"):
        corpus_scores(ENGLISH, OTHER[:2])
    with pytest.raises(DataError, match="at least one"):
        sentence_counts([], [])


def test_text_that_looks_tokenized_is_scored_without_a_warning(caplog):
    corpus_scores(["It rains ."] * 120, ["It rains."] * 120)
    assert not caplog.records


def test_sacrebleu_is_imported_where_it_is_used():
    code = "import sys, seqlab.metrics.translation; sys.exit('sacrebleu' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sums_of_nothing_are_zero():
    assert bleu_of(np.zeros((1, 10), np.int64)).tolist() == chrf_of(np.zeros((1, 18), np.int64)).tolist() == [0]
