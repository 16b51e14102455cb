"""Prepared corpora: what is in them, whatever the number of processes, whatever is held out."""

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.config.preparation import PREPARATIONS
from seqlab.corpora.preparation import plan, run
from seqlab.corpora.preparation.processes import Processes
from seqlab.corpora.preparation.reading import Reading
from seqlab.errors import ConfigError, DataError
from seqlab.resolve import checked


class Silent:
    def stage(self, name, n_bytes):
        pass

    def moved(self, n_bytes):
        pass

    def noted(self, message):
        self.note = message


def index(paths, folder):
    """Stands for the text parts: how long each file is."""
    for name in ("data", "text"):
        (folder / name).mkdir()
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    (folder / "text" / "sizes.json").write_text(json.dumps(sizes), encoding="utf-8")
    (folder / "data" / "none").write_bytes(b"")


def prepared(
    task, corpora, output, *, workers=1, columns=None, seed=1, told=None, resume=False, overwrite=False, **changes
):
    """What `corpus.json` holds of a corpus that is prepared."""
    preparation = checked(PREPARATIONS[task], {}, changes)
    wanted = run.Wanted(Reading(task, "utf-8", columns or {}), tuple(map(str, corpora)), preparation, {}, seed)
    crew = workers if callable(workers) else lambda folder: Processes(workers)
    return run.prepare(wanted, output, crew, index, told or Silent(), resume=resume, overwrite=overwrite)


def written(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    return path


def lines(path):
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def digests(folder):
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def classes(n, n_texts=None):
    """A table of n texts with two labels, some of them there several times."""
    return "text\tlabel\n" + "".join(
        f"text number {i % (n_texts or n)} of them\t{'even' if i % (n_texts or n) % 2 else 'odd'}\n" for i in range(n)
    )


def test_the_same_bytes_on_any_number_of_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "SHARD", 4000)
    corpus = written(tmp_path / "corpus.txt", "".join(f"line {i % 700} of the text &amp; more\n" for i in range(2000)))
    options = {"exact": True, "validation": 100, "test": "0.05", "split_by": "record"}
    for workers in (1, 3):
        prepared("lm", [corpus], tmp_path / f"{workers}", workers=workers, **options)
    assert digests(tmp_path / "1") == digests(tmp_path / "3")
    assert len(plan.plan(Reading("lm"), {"train": [str(corpus)]}).shards) > 10
    counts = json.loads((tmp_path / "1" / "corpus.json").read_text(encoding="utf-8"))["counts"]
    assert counts["train"]["read"] == 2000
    assert counts["duplicates"] == 1300
    assert counts["parts"] == {"train": 565, "validation": 100, "test": 35}
    assert not list(tmp_path.glob("*.preparing"))


def test_shards_do_not_show_in_what_is_left(tmp_path, monkeypatch):
    corpus = written(tmp_path / "corpus.txt", "".join(f"line {i} of the text\n" for i in range(1000)))
    prepared("lm", [corpus], tmp_path / "whole", validation="0.1", test="0.2")
    monkeypatch.setattr(plan, "SHARD", 500)
    prepared("lm", [corpus], tmp_path / "cut", validation="0.1", test="0.2")
    assert digests(tmp_path / "whole") == digests(tmp_path / "cut")
    parts = [lines(tmp_path / "cut" / f"{name}.txt") for name in ("train", "validation", "test")]
    assert sorted(line for part in parts for line in part) == sorted(lines(corpus))
    assert [round(len(part) / 100) for part in parts] == [7, 1, 2]
    assert all(part == sorted(part, key=lambda line: int(line.split()[1])) for part in parts), "in order"


LABELLED = st.lists(st.tuples(st.sampled_from("abcdefghijkl"), st.sampled_from("xyz")), min_size=12, max_size=60)


@settings(deadline=None, max_examples=30)
@given(LABELLED, st.booleans(), st.booleans(), st.sampled_from(["auto", "document", "group"]), st.integers(0, 9))
def test_never_the_same_text_in_two_parts(tmp_path_factory, rows, exact, stratify, split_by, seed):
    tmp_path = tmp_path_factory.mktemp("parts")
    halves = rows[::2], rows[1::2]
    corpora = [
        written(tmp_path / f"{name}.tsv", "text\tlabel\tgroup\n" + "".join(f"{a}\t{b}\t{a}{b}\n" for a, b in half))
        for name, half in zip("ab", halves, strict=True)
    ]
    column = {"group_column": "group"} if split_by == "group" else {}
    options = {"exact": exact, "stratify": stratify, "split_by": split_by, "validation": 1, "test": "0", **column}
    try:
        counts = prepared("classify", corpora, tmp_path / "out", seed=seed, **options)["counts"]
    except DataError:  # each label has one text alone, or nothing is left
        return
    parts = {
        name: [json.loads(line) for line in lines(tmp_path / "out" / f"{name}.jsonl")]
        for name in ("train", "validation")
    }
    texts = {name: {row["text"] for row in part} for name, part in parts.items()}
    assert not texts["train"] & texts["validation"]
    kept = Counter((row["text"], row["label"]) for part in parts.values() for row in part)
    if exact:
        assert set(kept.values()) == {1}
    assert sum(kept.values()) + counts["duplicates"] + counts["leaks"] == len(rows)


def test_labels_are_held_out_alike(tmp_path):
    text = "text\tlabel\n" + "".join(f"text {i}\t{'rare' if i % 10 == 0 else 'often'}\n" for i in range(1000))
    corpus = written(tmp_path / "corpus.tsv", text)
    labels = {}
    for name, stratify in (("with", True), ("without", False)):
        prepared("classify", [corpus], tmp_path / name, validation="0.1", test=50, stratify=stratify)
        for part in ("validation", "test"):
            rows = map(json.loads, lines(tmp_path / name / f"{part}.jsonl"))
            labels[name, part] = Counter(row["label"] for row in rows)
    assert labels["with", "validation"] == {"often": 90, "rare": 10}
    assert labels["with", "test"] == {"often": 45, "rare": 5}
    assert labels["without", "validation"].total() == 100
    assert labels["without", "validation"] != labels["with", "validation"]


def test_the_last_text_of_a_label_is_not_held_out(tmp_path):
    corpus = written(
        tmp_path / "corpus.tsv", "text\tlabel\n" + "".join(f"text {i}\tlabel {i // 2}\n" for i in range(40))
    )
    prepared("classify", [corpus], tmp_path / "out", validation=10, test=10)
    assert len({json.loads(line)["label"] for line in lines(tmp_path / "out" / "train.jsonl")}) == 20
    with pytest.raises(DataError, match="there are 40 different records"):
        prepared("classify", [corpus], tmp_path / "more", validation=11, test=10)


def test_a_source_sentence_goes_with_its_translations(tmp_path):
    corpus = written(tmp_path / "pairs.tsv", "".join(f"source {i // 3}\ttarget {i}\n" for i in range(300)))
    prepared("translate", [corpus], tmp_path / "out", validation=20)
    rows = [json.loads(line) for line in lines(tmp_path / "out" / "validation.jsonl")]
    assert set(Counter(row["source"] for row in rows).values()) == {3}
    assert len(rows) == 60


def test_documents_and_groups_are_held_out_as_a_whole(tmp_path):
    for i in range(20):
        written(tmp_path / f"{i}.txt", "".join(f"line {j} of {i}\n" for j in range(7)))
    prepared("lm", sorted(tmp_path.glob("*.txt")), tmp_path / "files", split_by="document", validation=4)
    assert Counter(line.split()[-1] for line in lines(tmp_path / "files" / "validation.txt")).most_common()[-1][1] == 7
    assert len(lines(tmp_path / "files" / "validation.txt")) == 28
    rows = "".join(f"text {i}\tlabel {i % 2}\tauthor {i % 10}\n" for i in range(100))
    table = written(tmp_path / "table.tsv", "text\tlabel\tauthor\n" + rows)
    prepared("classify", [table], tmp_path / "groups", split_by="group", group_column="author", validation=2)
    held = {int(json.loads(line)["text"].split()[1]) % 10 for line in lines(tmp_path / "groups" / "validation.jsonl")}
    assert len(held) == 2
    assert len(lines(tmp_path / "groups" / "validation.jsonl")) == 20


def test_leaks_between_given_files_are_counted_and_taken_out_of_training(tmp_path):
    train = written(tmp_path / "train.tsv", "text\tlabel\n" + "".join(f"text {i}\tx{i % 2}\n" for i in range(20)))
    held = written(tmp_path / "held.tsv", "text\tlabel\n" + "".join(f"text {i}\tx{i % 2}\n" for i in range(15, 25)) * 2)
    for keep in (False, True):
        out = tmp_path / f"{keep}"
        counts = prepared("classify", [train], out, validation=str(held), keep_leaks=keep)["counts"]
        assert counts["leaks"] == 5
        assert counts["parts"] == {"train": 20 if keep else 15, "validation": 20}, "what is given stays as it is"
    same = prepared("classify", [train], tmp_path / "both", validation=str(held), test=str(held))["counts"]
    assert same["parts"] == {"train": 15, "test": 20}
    assert same["leaks"] == 25


def test_the_seed_decides_what_is_held_out(tmp_path):
    corpus = written(tmp_path / "corpus.tsv", classes(200))
    held = {}
    for seed in (1, 1, 2):
        prepared("classify", [corpus], tmp_path / "out", seed=seed, overwrite=True)
        held.setdefault(seed, set()).add((tmp_path / "out" / "validation.jsonl").read_bytes())
    assert len(held[1]) == 1
    assert held[1] != held[2]


def test_exact_duplicates_and_their_order(tmp_path):
    corpus = written(tmp_path / "corpus.tsv", classes(90, 30))
    assert prepared("classify", [corpus], tmp_path / "a", validation=0)["counts"]["parts"] == {"train": 30}
    assert prepared("classify", [corpus], tmp_path / "b", validation=0, exact=False)["counts"]["parts"] == {"train": 90}
    first = [json.loads(line)["text"] for line in lines(tmp_path / "a" / "train.jsonl")]
    assert first == [f"text number {i} of them" for i in range(30)]


@pytest.mark.parametrize("task", ["lm", "classify", "translate", "segment"])
def test_near_duplicates(task, tmp_path, monkeypatch):
    pytest.importorskip("datasketch", reason="pip install 'seqlab[near]'")
    monkeypatch.setattr(plan, "SHARD", 400)
    texts = [f"text {word} " + " ".join(f"{word}{i}" for i in range(12)) for word in ("red", "green", "blue")]
    texts += [f"{text} again" for text in texts] + ["something else that is like none of these at all"]
    ends = {"classify": "\tgood", "translate": "\tof another language"}
    rows = "".join(f"{text}{ends.get(task, '')}\n" for text in texts)
    corpus = written(tmp_path / ("corpus.txt" if task in ("lm", "segment") else "corpus.tsv"), rows)
    for near, left in ((0.6, 4), (0.0, 7)):
        counts = prepared(task, [corpus], tmp_path / f"{near}", near=near, exact=True, validation=0)["counts"]
        assert counts["parts"] == {"train": left}
        assert counts["near duplicates"] == 7 - left
    left = lines(next((tmp_path / "0.6").glob("train.*")))
    assert not any("again" in line for line in left), "the first of each stays"


def test_running_text_keeps_its_lines_unless_asked(tmp_path):
    corpus = written(tmp_path / "play.txt", "ALL. Aye.\n\nFIRST. No.\n" * 40)
    prepared("lm", [corpus], tmp_path / "a", validation=0)
    assert (tmp_path / "a" / "train.txt").read_text(encoding="utf-8") == corpus.read_text(encoding="utf-8")
    prepared("lm", [corpus], tmp_path / "b", validation=0, exact=True)
    assert lines(tmp_path / "b" / "train.txt") == ["ALL. Aye.", "FIRST. No."]


def test_files_are_apart_where_one_does_not_end_in_a_line_end(tmp_path):
    one, other = written(tmp_path / "a.txt", "one\ntwo"), written(tmp_path / "b.txt", "three\nfour")
    prepared("lm", [one, other], tmp_path / "out", validation=0)
    assert lines(tmp_path / "out" / "train.txt") == ["one", "two", "three", "four"]


def test_the_manifest_says_what_was_done(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("texts")
    folder.mkdir()
    written(folder / "a.txt", "some text\n" * 30)
    manifest = prepared("lm", [folder, "sample:tales"], Path("out"))
    assert [source["name"] for source in manifest["sources"]] == ["texts/a.txt", "sample:tales"]
    assert manifest["sources"][0]["sha256"] == hashlib.sha256(b"some text\n" * 30).hexdigest()
    assert manifest["options"]["splits"]["validation"] == ["0.1"]
    assert str(tmp_path) not in (Path("out") / "corpus.json").read_text(encoding="utf-8")
    train = (Path("out") / "train.txt").read_bytes()
    assert manifest["files"]["train.txt"] == {"bytes": len(train), "sha256": hashlib.sha256(train).hexdigest()}


def test_what_stands_there_is_not_replaced_unasked(tmp_path):
    corpus = written(tmp_path / "corpus.tsv", classes(50))
    out = tmp_path / "out"
    prepared("classify", [corpus], out)
    with pytest.raises(DataError, match="--overwrite to replace it"):
        prepared("classify", [corpus], out)
    before = digests(out)
    told = Silent()
    prepared("classify", [corpus], out, resume=True, told=told)
    assert "is done already" in told.note
    with pytest.raises(DataError, match="is done already, with other settings"):
        prepared("classify", [corpus], out, resume=True, validation="0.2")
    prepared("classify", [corpus], out, overwrite=True)
    assert digests(out) == before
    (tmp_path / "other").mkdir()
    written(tmp_path / "other" / "diary.txt", "dear diary")
    with pytest.raises(DataError, match="something other than a prepared corpus"):
        prepared("classify", [corpus], tmp_path / "other", overwrite=True)
    with pytest.raises(ConfigError, match="name of its own"):
        prepared("classify", [corpus], Path(".."))
    prepared("classify", [corpus], tmp_path / "new", resume=True)
    assert digests(tmp_path / "new") == before, "there was nothing to go on with"


def test_nothing_left_is_an_error_that_says_why(tmp_path):
    corpus = written(tmp_path / "corpus.tsv", classes(20))
    with pytest.raises(DataError, match=r"nothing to train on is left: 20 read, 20 .*short"):
        prepared("classify", [corpus], tmp_path / "out", min_length=1000, validation=0)
    with pytest.raises(DataError, match="name those of text and label"):
        prepared("classify", [corpus], tmp_path / "other", columns={"text_column": "9"})
    assert not (tmp_path / "other.preparing").exists(), "nothing was done that one could go on with"
    text = written(tmp_path / "corpus.txt", "short\n" * 20)
    with pytest.raises(DataError, match="nothing to train on is left: 120 read"):
        prepared("lm", [text], tmp_path / "lm", min_length=1000, validation=0)
    assert not (tmp_path / "out").exists()
    for task in ("lm", "segment"):
        with pytest.raises(DataError, match=r"corpus.txt: there is nothing to read"):
            prepared(task, [written(tmp_path / "corpus.txt", "")], tmp_path / f"empty {task}")


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    corpus = written(tmp_path / "corpus.tsv", classes(50))

    def workers(folder):
        written(corpus, classes(51))
        return Processes(1)

    with pytest.raises(DataError, match=r"corpus.tsv: changed while it was read"):
        prepared("classify", [corpus], tmp_path / "out", workers=workers)
    with pytest.raises(DataError, match="was begun with other corpora"):
        prepared("classify", [corpus], tmp_path / "out", resume=True)
    prepared("classify", [corpus], tmp_path / "out", overwrite=True)


def test_stopped_while_it_clears_away(tmp_path, monkeypatch):
    """From the rename on all is done, whatever of the folder is still there."""
    corpus = written(tmp_path / "corpus.tsv", classes(50))
    prepared("classify", [corpus], tmp_path / "whole")
    removed, calls = shutil.rmtree, []

    def stopped(path, **options):
        calls.append(path)
        if "preparing" in Path(path).name and Path(path).exists():
            (Path(path) / "counts.json").unlink()
            raise KeyboardInterrupt
        removed(path, **options)

    with monkeypatch.context() as changed:
        changed.setattr(shutil, "rmtree", stopped)
        with pytest.raises(KeyboardInterrupt):
            prepared("classify", [corpus], tmp_path / "out")
    told = Silent()
    prepared("classify", [corpus], tmp_path / "out", resume=True, told=told)
    assert "is done already" in told.note
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.tsv", "out", "whole"]


def test_other_settings_do_not_go_on(tmp_path):
    corpus = written(tmp_path / "corpus.tsv", classes(50))

    class Stopped(Processes):
        def run(self, function, calls):
            yield next(super().run(function, calls))
            raise KeyboardInterrupt

    def stopped(folder):
        return Stopped(1)

    with pytest.raises(KeyboardInterrupt):
        prepared("classify", [corpus], tmp_path / "out", workers=stopped)
    with pytest.raises(DataError, match="give --resume to go on with it, or --overwrite"):
        prepared("classify", [corpus], tmp_path / "out")
    with pytest.raises(DataError, match=r"was begun with splits.validation \['0.1'\]"):
        prepared("classify", [corpus], tmp_path / "out", resume=True, validation="0.2")
    prepared("classify", [corpus], tmp_path / "out", resume=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"validation": "1.5"}, "neither a share below 1 nor a number"),
        ({"validation": "-1"}, "neither a share"),
        ({"test": ("0.1", "a.txt")}, "one share, one number, or corpora alone"),
        ({"split_by": "group"}, "belong together"),
    ],
)
def test_settings_that_make_no_sense(changes, says):
    with pytest.raises(ConfigError, match=says):
        checked(PREPARATIONS["classify"], {}, changes)


def test_of_running_text_a_share_is_held_out():
    with pytest.raises(ConfigError, match="set split_by to record"):
        checked(PREPARATIONS["lm"], {}, {"validation": "100"})
