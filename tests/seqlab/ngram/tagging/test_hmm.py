import itertools
import json
import math

import numpy as np
import pytest

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.ngram.counts import count
from seqlab.ngram.estimation import estimate
from seqlab.ngram.tagging.chain import chain
from seqlab.ngram.tagging.emissions import Emissions
from seqlab.ngram.tagging.hmm import HMMTagger
from seqlab.ngram.tagging.unknown_words import UnknownWords, character_class


def pairs(text):
    items = [item.rsplit("/", 1) for item in text.split()]
    return [word for word, _ in items], [tag for _, tag in items]


SENTENCES = [
    pairs("小鸟/n 在/p 树上/s 唱歌/v 。/w"),
    pairs("老师/n 在/p 教室/n 讲课/v 。/w"),
    pairs("2021年/t ，/w 他们/r 讲课/v 。/w"),
    pairs("我们/r 唱歌/v ，/w 他们/r 画画/v 。/w"),
    pairs("the/d kettle/n sings/v softly/a ./w"),
    pairs("the/d painter/n paints/v a/d kettle/n ./w"),
    pairs("slowly/a the/d singer/n paints/v ./w"),
    pairs("a/d paint/n dries/v slowly/a ./w"),
    pairs("they/r paint/v ./w"),
]
WORDS = sorted({word for words, _ in SENTENCES for word in words})


@pytest.fixture(scope="module")
def tagger():
    return HMMTagger.fit(SENTENCES)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("smoothing", ["modified-kneser-ney", "witten-bell", "stupid-backoff"])
def test_the_best_tags_of_all(order, smoothing):
    tagger = HMMTagger.fit(SENTENCES, order=order, smoothing=smoothing)
    for sentence in ("they paint kettles", "paint sings 唱课", "2030年 paint 。", "的"):
        words = sentence.split()
        found = tagger.tag(words)
        best = max(tagger.log_prob(words, tags) for tags in itertools.product(tagger.tags, repeat=len(words)))
        assert tagger.log_prob(words, found) == pytest.approx(best, abs=1e-6)
        assert best > -math.inf


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("smoothing", ["modified-kneser-ney", "katz", "stupid-backoff"])
def test_the_machine_of_states_is_the_model(order, smoothing):
    rng = np.random.default_rng(order)
    ids = np.append(rng.integers(3, 8, 60), 3).astype(np.uint16)
    model = estimate(count(ids, order, 8, start=2, end=3), smoothing, unknown_id=1, never=(0, 1))
    machine = chain(model, 4, 4)
    assert len(machine.finals) <= 1 + sum(len(level) for level in model.levels[: max(1, order - 1)])
    for _ in range(50):
        text = rng.integers(0, 4, rng.integers(0, 7))
        state, log_probs = machine.begin, []
        for label in text:
            log_probs.append(machine.log_probs[state, label])
            state = machine.next_states[state, label]
        log_probs.append(machine.finals[state])
        assert log_probs == pytest.approx(model.score(np.append(text + 4, 3)).log_probs.tolist(), abs=1e-6)


def test_a_joint_probability_by_hand():
    """Two tags, single tags as transitions by relative frequency: p(n) = 3/7, p(v) = 2/7, p(end) = 2/7."""
    tagger = HMMTagger.fit(
        [pairs("fish/n swim/v"), pairs("fish/v fish/n ants/n")], order=1, smoothing="maximum-likelihood"
    )
    # two words were seen once, swim and ants, so n1 = 2. Rare words count as one each: fish is 2/3 n and 1/3 v, swim v,
    # ants n: r(n) = (2/3 + 1) / 3 = 5/9, r(v) = 4/9.
    fish_n, swim_v = 2 / (3 + 2 * 5 / 9), 1 / (2 + 2 * 4 / 9)
    expected = math.log(3 / 7 * fish_n) + math.log(2 / 7 * swim_v) + math.log(2 / 7)
    assert tagger.log_prob(["fish", "swim"], ["n", "v"]) == pytest.approx(expected, abs=1e-6)
    assert tagger.log_prob(["ants"], ["v"]) == -math.inf
    assert tagger.log_prob([], []) == pytest.approx(math.log(2 / 7), abs=1e-6)


def test_emissions_of_a_tag_sum_to_one(tagger):
    total = tagger.emissions.unknown.copy()
    for word in WORDS:
        tags, log_probs = tagger.emissions.of(word)
        total[tags] += np.exp(log_probs)
    assert total == pytest.approx(np.ones(len(tagger.tags)))
    assert 0 < tagger.emissions.unknown[tagger.tags.index("n")] < 1


def test_an_unknown_word_goes_by_its_form_and_its_neighbours(tagger):
    assert tagger.tag(["the", "potter", "sings", "quickly", "."]) == ["d", "n", "v", "a", "w"]
    assert tagger.tag(["1999年", "，", "他们", "跳歌", "。"]) == ["t", "w", "r", "v", "w"]
    assert "potter" not in tagger
    assert "kettle" in tagger


def test_many_sentences_are_as_each_alone(tagger):
    sentences = [words for words, _ in SENTENCES] + [[], ["kettles"], ["，"] * 9]
    assert tagger.tag_many(sentences) == [tagger.tag(words) for words in sentences]
    assert tagger.tag_many(words for words in sentences[:2]) == tagger.tag_many(sentences[:2])
    assert tagger.tag_many([]) == []
    assert tagger.tag([]) == []


def test_words_and_tags_in_another_order_give_the_same_tagger(tagger):
    again = HMMTagger.fit(SENTENCES[::-1])
    assert again.tags == tagger.tags == tuple(sorted(tagger.tags))
    words = ["the", "kettle", "讲歌", "slowly"]
    assert again.tag(words) == tagger.tag(words)
    tags = ["d", "n", "v", "a"]
    assert again.log_prob(words, tags) == pytest.approx(tagger.log_prob(words, tags), abs=1e-6)


def test_only_allowed_tags_are_given(tagger):
    words = ["they", "paint", "kettles"]
    allowed = np.ones((3, len(tagger.tags)), bool)
    assert tagger.tag(words, allowed) == tagger.tag(words)
    assert tagger.tag(words)[:2] == ["r", "v"]
    allowed[1] = [tag == "n" for tag in tagger.tags]
    found = tagger.tag(words, allowed)
    rivals = [["r", "n", tag] for tag in tagger.tags]  # paint was seen as a noun too
    assert found[:2] == ["r", "n"]
    assert tagger.log_prob(words, found) == pytest.approx(max(tagger.log_prob(words, tags) for tags in rivals))
    allowed[1] = [tag in "ps" for tag in tagger.tags]  # neither of which it ever had
    assert tagger.tag(words, allowed)[1] in "ps"
    assert tagger.tag_many([words, []], [allowed, allowed[:0]]) == [tagger.tag(words, allowed), []]


def test_a_mask_that_does_not_fit_is_refused(tagger):
    words = ["they", "paint", "kettles"]
    with pytest.raises(DataError, match="word 2, 'paint', has no tag"):
        tagger.tag(words, np.arange(3)[:, None] != np.ones(len(tagger.tags)))
    with pytest.raises(DataError, match=r"shape \(2, 9\) for 3 words"):
        tagger.tag(words, np.ones((2, 9), bool))
    with pytest.raises(DataError, match="1 masks for 2 sentences"):
        tagger.tag_many([words, words], [np.ones((3, len(tagger.tags)), bool)])


def test_saved_and_loaded_it_is_the_same(tagger, tmp_path):
    tagger.save(tmp_path / "tagger")
    again = HMMTagger.load(str(tmp_path / "tagger"))
    sentences = [words for words, _ in SENTENCES] + [["potter", "跳歌", "7"]]
    assert again.tags == tagger.tags
    assert again.tag_many(sentences) == tagger.tag_many(sentences)
    for words, tags in SENTENCES:
        assert again.log_prob(words, tags) == tagger.log_prob(words, tags)
    assert not list((tmp_path / "tagger").glob("*.p*"))


def test_any_string_can_be_a_word(tmp_path):
    words = ["\ud83d", "\ude00", "\ud83d\ude00", "\U0001f600", "", " ", "\n"]
    tagger = HMMTagger.fit([(words, list("abcdefg"))] * 2)
    tagger.save(tmp_path)
    assert HMMTagger.load(tmp_path).tag(words) == tagger.tag(words) == list("abcdefg")


def test_an_altered_folder_is_refused(tagger, tmp_path):
    with pytest.raises(ModelError, match=r"tagger\.json.*No such file"):
        HMMTagger.load(tmp_path)
    tagger.save(tmp_path)
    path = tmp_path / "tagger.json"
    good = json.loads(path.read_text(encoding="utf-8"))
    for change in (
        {"format": 2}, {"tags": ["n"]}, {"lexicon": [["a", 0]]}, {"lexicon": [["a", 99, 1]]}, {"lexicon": []},
        {"lexicon": 3}, {"unknown_words": {"rare": 0}}, {"unknown_words": {"size": 1}}, {"lexicon": [["a", "0", 1]]},
    ):  # fmt: skip
        path.write_text(json.dumps(good | change), encoding="utf-8")
        with pytest.raises(ModelError, match=r"tagger\.json"):
            HMMTagger.load(tmp_path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="not a tagger"):
        HMMTagger.load(tmp_path)


def test_what_cannot_be_learned_from_is_refused(tagger):
    for nothing in ([], [([], [])]):
        with pytest.raises(DataError, match="no tagged word"):
            HMMTagger.fit(nothing)
    with pytest.raises(DataError, match="sentence 2 has 2 words and 1 tags"):
        HMMTagger.fit([SENTENCES[0], (["a", "b"], ["n"])])
    with pytest.raises(DataError, match="2 words and 1 tags"):
        tagger.log_prob(["a", "b"], ["n"])
    with pytest.raises(DataError, match="unknown tag 'noun'"):
        tagger.log_prob(["a"], ["noun"])
    with pytest.raises(ConfigError, match="unknown smoothing"):
        HMMTagger.fit(SENTENCES, smoothing="smooth")
    with pytest.raises(ConfigError, match="unknown abstraction"):
        HMMTagger.fit(SENTENCES, abstraction="count")
    with pytest.raises(ConfigError, match="rare 0"):
        HMMTagger.fit(SENTENCES, rare=0)


def test_one_tag_and_one_word():
    tagger = HMMTagger.fit([(["hush"], ["i"]), (["hush"], ["i"])])
    assert tagger.tag(["hush", "hark"]) == ["i", "i"]
    assert tagger.tags == ("i",)


def test_character_classes():
    words = ["Basel", "3.5", "铁路", "三十", "，", "iPhone", "USB", "１２", "ü", "", "+", "一B２c"]
    classes = ["Aa4", "0P03", "L2", "n2", "P1", "aAa4", "A3", "02", "a1", "0", "S1", "nA0a4"]
    assert [character_class(word) for word in words] == classes


LEXICON = {"walking": {0: 1}, "talking": {0: 3, 1: 1}, "king": {1: 2}, "red": {2: 1}, "so": {3: 40}}


def test_successive_abstraction_by_hand():
    """The tags of three rare words in -ing, and of those the two in -lking, each smoothed by what is shorter."""
    found = UnknownWords(LEXICON, 4, rare=10, prefix=0)
    prior = np.array([1.75, 1.25, 1, 0]) / 4  # walking, 3/4 talking; king, 1/4 talking; red; "so" is not rare
    assert found.prior == pytest.approx(prior)
    a4 = (np.array([1.75, 1.25, 0, 0]) + prior) / 4  # the three of lower case and four letters or more
    for _ in "gni":
        expected = a4 = (np.array([1.75, 1.25, 0, 0]) + a4) / 4  # -g, -ng, -ing
    expected = (np.array([1.75, 1.25, 0, 0]) + expected) / 4  # -king
    for _ in "la":
        expected = (np.array([1.75, 0.25, 0, 0]) + expected) / 3  # -lking, -alking
    expected[2] = 0  # 0.00003, below the floor
    assert found.tag_probs("balking") == pytest.approx(expected / expected.sum())


def test_successive_abstraction_of_brants_by_hand():
    found = UnknownWords(LEXICON, 4, rare=10, prefix=0, abstraction="deviation")
    theta = np.std(np.array([4, 3, 1, 40]) / 48, ddof=1)
    expected = np.array([1.75, 1.25, 1, 0]) / 4
    for _ in range(5):  # the class, -g, -ng, -ing, -king
        expected = (np.array([1.75, 1.25, 0, 0]) / 3 + theta * expected) / (1 + theta)
    assert found.tag_probs("viking") == pytest.approx(expected)


def test_beginning_and_end_are_independent_given_class_and_tag():
    lexicon = {"undo": {0: 1}, "unto": {1: 1}, "redo": {0: 1}, "unit": {2: 1}, "zeal": {2: 1}}
    one = UnknownWords(lexicon, 3, suffix=1, prefix=1)
    of_class = (np.array([2, 1, 2]) + np.array([2, 1, 2]) / 5) / 6
    end, beginning = (np.array([2, 1, 0]) + of_class) / 4, (np.array([1, 1, 1]) + of_class) / 4
    expected = end * beginning / of_class
    assert one.tag_probs("upgo") == pytest.approx(expected / expected.sum())


@pytest.mark.parametrize("options", [{"rare": 1}, {"suffix": 1}, {"prefix": 0}, {"abstraction": "deviation"}])
def test_each_option_changes_something(options):
    words = ["walks", "unking", "talked", "Walk"]
    default, other = UnknownWords(LEXICON, 4), UnknownWords(LEXICON, 4, **options)
    assert any(not np.allclose(default.tag_probs(word), other.tag_probs(word)) for word in words)


@pytest.mark.parametrize("abstraction", ["counts", "deviation"])
def test_tags_of_an_unknown_word_sum_to_one(abstraction):
    rng = np.random.default_rng(1)
    letters = list("abcABC01，。铁路三")
    lexicon = {
        "".join(rng.choice(letters, rng.integers(0, 6))): {
            int(tag): int(rng.integers(1, 9)) for tag in rng.integers(0, 5, 3)
        }
        for _ in range(200)
    }
    found = UnknownWords(lexicon, 5, abstraction=abstraction)
    for _ in range(200):
        probs = found.tag_probs("".join(rng.choice(letters, rng.integers(0, 8))))
        assert probs.sum() == pytest.approx(1)
        assert probs.min() >= 0


def test_where_no_word_is_rare_all_are_learned_from():
    lexicon = {"a": {0: 50}, "b": {1: 50}}
    assert UnknownWords(lexicon, 2).prior == pytest.approx([0.5, 0.5])
    assert Emissions(lexicon, 2, UnknownWords(lexicon, 2)).unknown == pytest.approx([0.5 / 50.5] * 2)
    both = UnknownWords({"ab": {0: 1}, "cd": {1: 1}}, 2, abstraction="deviation")
    assert both.tag_probs("ad") == pytest.approx([0.5, 0.5])  # theta is 0: beginning and end exclude each other
