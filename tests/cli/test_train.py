import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqlab
from seqlab.cli.display import Display
from seqlab.modeldir import open_directory
from seqlab.resolve import read_toml, resolve
from seqlab.training import descent


def test_from_a_corpus_to_a_model(call, corpus, tmp_path, flags, text, small):
    run = tmp_path / "runs" / "verse"
    outcome = call("train", "lm", corpus, "-o", run, *flags)
    assert outcome.code == 0
    for part in (
        "this model",
        "unigram floor",
        "bigram floor",
        "nats a character",
        "perplexity",
        "out of the vocabulary",
    ):
        assert part in outcome.out
    for part in (f"reading   {corpus}", "characters to train on", "parameters", "validation", f"seqlab generate {run}"):
        assert part in outcome.err
    in_code = seqlab.train("lm", [text], **small)
    model = seqlab.load(run)
    assert np.array_equal(model.score(text), in_code.score(text))
    assert f"{model.scores['nats']:.4f}" in outcome.out
    assert sorted(path.name for path in run.parent.iterdir()) == ["verse"]


def test_several_corpora_folders_and_a_validation_corpus(call, corpus, tmp_path, flags, text):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text(text[:1000], encoding="utf-8")
    (folder / "b.md").write_text(text[1000:], encoding="utf-8")
    assert call("train", "lm", folder, corpus, "-o", tmp_path / "run", "--validation", corpus, *flags).code == 0
    sizes = open_directory(tmp_path / "run").manifest["training"]["sizes"]
    assert sizes["train"] == pytest.approx(2 * len(text), abs=1)
    assert sizes["validation"] == len(text)


def test_a_sample(call, tmp_path, flags):
    assert call("train", "lm", "sample:lyrics", "-o", tmp_path / "run", "--limit", "3000", *flags).code == 0
    assert call("info", tmp_path / "run").out.count("sample:lyrics") == 1


def test_the_encoding(call, refused, tmp_path, flags, text):
    path = tmp_path / "gb.txt"
    path.write_bytes(text.encode("gb18030"))
    says = [f"{path}, line 1: byte 0 (0xb4) is not utf-8", "use --encoding NAME (gb18030"]
    refused("train", "lm", path, "-o", tmp_path / "run", *flags, code=1, says=says)
    assert call("train", "lm", path, "-o", tmp_path / "run", "--encoding", "gb18030", *flags).code == 0
    assert set(text) == set(seqlab.load(tmp_path / "run").text.vocab.tokens)


# --- what is refused


@pytest.fixture
def refuses(refused, tmp_path, monkeypatch):
    """Trains into `run`, which has to fail and to leave nothing there."""
    monkeypatch.chdir(tmp_path)

    def train(*arguments, code, says):
        before = sorted(tmp_path.rglob("*"))
        message = refused("train", "lm", "-o", "run", *arguments, code=code, says=says)
        assert sorted(tmp_path.rglob("*")) == before
        return message

    return train


def test_a_missing_file_and_the_nearest_name(refuses, corpus):
    refuses(f"{corpus}.", code=1, says=["no such file or folder; did you mean", "corpus.txt'?"])


def test_a_folder_without_text(refuses, tmp_path):
    (tmp_path / "folder").mkdir()
    refuses("folder", code=1, says=["folder: no text files below this folder", ".txt"])


def test_a_file_that_may_not_be_read(refuses, corpus, monkeypatch):
    corpus.chmod(0)
    if os.geteuid() == 0:  # who may read everything
        refuse = PermissionError(13, "Permission denied")

        def opened(self, *arguments, **options):
            raise refuse

        monkeypatch.setattr("pathlib.Path.open", opened)
    refuses(corpus, code=1, says=[str(corpus), "no permission to read it"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ["empty, there is no text to read"]),
        (b"\xef\xbb\xbf", ["empty"]),
        (b"fine\nstill fine\nb\xf6se\n" * 9, ["line 3: byte 17 (0xf6) is not utf-8; use --encoding NAME"]),
        ("天地".encode("utf-16"), ["line 1: byte 0 (0xff)", "use --encoding utf-16"]),
        (bytes(range(256)) * 50, ["binary file, and text is needed"]),
        (b"\x7fELF\0\0\0\1\0\0" * 200, ["looks like a binary file", "text is needed"]),
        (b"a" * 5000, ["1 character types", "give more text"]),
        (b"ab", ["give more text, or --validation-share 0"]),
    ],
)
def test_files_that_cannot_be_trained_on(refuses, tmp_path, content, says):
    (tmp_path / "odd.txt").write_bytes(content)
    refuses("odd.txt", code=1, says=says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--cell", "lstn"], ["network.cell: unknown cell 'lstn'; did you mean 'lstm'? known: elman"]),
        (["--optimizer", "adan"], ["unknown optimizer 'adan'; did you mean 'adam'? known: adadelta"]),
        (["--tokenizer", "char"], ["unknown tokenizer 'char'; did you mean 'character'?"]),
        (["--schedule", "cosin"], ["unknown schedule 'cosin'; did you mean 'cosine'?"]),
        (["--hiden", "3"], ["No such option '--hiden'", "--hidden", "see `seqlab train lm --help`"]),
        (["--hidden", "a"], ["'--hidden': 'a' is not a valid integer; see `seqlab train lm --help`"]),
        (["--hidden"], ["'--hidden' requires an argument"]),
        (["--hidden", "0"], ["network.hidden: input should be greater than or equal to 1, not 0"]),
        (["--lr", "nan"], ["training.lr"]),
        (["-s", "hiden=3"], ["unknown setting 'hiden'; did you mean 'hidden'?"]),
        (["-s", "hidden"], ["-s hidden: write key=value, such as"]),
        (["-s", "hidden=a"], ["network.hidden: needs a whole number, not 'a'"]),
        (["-s", "network=3"], ["'network' is a section; name a setting in it"]),
        (
            ["-s", "optimizer_options.momentum=0.9"],
            ["unknown option of adamw 'momentum'", "known: amsgrad, betas, eps"],
        ),
        (["--optimizer", "sgd", "-s", "optimizer_options.momentum=-1"], ["sgd refuses them: Invalid momentum"]),
        (["--optimizer", "rprop", "--weight-decay", "0.1"], ["weight_decay: rprop has none; leave it out"]),
        (["--optimizer", "sparse-adam", "--tied"], ["sparse-adam needs learned vectors of their own"]),
        (["--tied", "--embedding", "3"], ["network.tied: the learned vectors are 3 wide and the hidden layer 256"]),
        (["--input", "one-hot", "--tied"], ["network.tied: one-hot input has no learned vectors; leave it out or"]),
        (["--bidirectional"], ["a network that also reads backwards would see the answer. Leave it out"]),
        (["--lr-floor", "0.1"], ["the schedule constant does not use it; cosine and one-cycle do"]),
        (["--device", "gpu"], ["device: cannot compute on 'gpu' here", "use cpu or auto"]),
        (["--device", "cuda:99"], ["device: cannot compute on 'cuda:99' here", "use cpu or auto"]),
        (["--device", "meta"], ["device: cannot compute on 'meta' here"]),
        (["--encoding", "utf-9"], ["unknown encoding 'utf-9'; did you mean utf_8"]),
        (["sample:lyric"], ["unknown sample 'lyric'; did you mean 'lyrics'?"]),
        (["hf:wikitext"], ["'hf:wikitext' is given beside corpora of another kind"]),
        (["--config", "nowhere.toml"], ["nowhere.toml: No such file or directory; --config takes a TOML file"]),
        (["--config", "."], [".: Is a directory; --config takes a TOML file"]),
        (["--resume", "--overwrite"], ["leave out --config and --overwrite"]),
    ],
)
def test_wrong_usage(refuses, corpus, arguments, says):
    refuses(corpus, *arguments, code=2, says=says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[network\nhidden = 3", ["e.toml: no TOML", "line 1, column 9"]),
        ("[netwrk]\nhidden = 3", ["unknown section 'netwrk'; did you mean 'network'?"]),
        ("[network]\nhiden = 3", ["unknown setting 'network.hiden'; did you mean 'network.hidden'?"]),
        ("[training]\nhidden = 3", ["did you mean 'network.hidden'?"]),
        ('task = "tag"', ["task: the experiment file is for 'tag', not for 'lm'"]),
        ("[network]\ncell = 'lstn'", ["unknown cell 'lstn'; did you mean 'lstm'?"]),
        ("[data]\ntrain = 'a.txt'", ["data.train: needs a list"]),
    ],
)
def test_wrong_experiment_files(refuses, tmp_path, content, says):
    (tmp_path / "e.toml").write_text(content)
    refuses("--config", "e.toml", code=2, says=says)


def test_an_unknown_task_and_a_missing_one(refused, corpus, tmp_path, call):
    says = ["unknown task 'ml'; did you mean 'lm'?"]
    refused("train", "ml", corpus, "-o", tmp_path / "run", code=2, says=says)
    outcome = call("train")
    assert (outcome.code, outcome.out) == (2, "")
    assert "Train a language model" in outcome.err


def test_no_corpus_and_no_output(refuses, refused, corpus):
    refuses(code=2, says=["no corpus to train on: give a file, a folder or sample:NAME"])
    refused("train", "lm", corpus, code=2, says=["Missing option '-o' / '--output'; see `seqlab train lm --help`"])


def test_a_text_shorter_than_one_window(refuses, call, corpus):
    message = refuses(
        corpus, "--window", "5000", code=1, says=["less than one window of 5000", "give more text, or --window "]
    )
    window = message.rpartition(" ")[2]
    assert call("train", "lm", corpus, "-o", "run", "--hidden", "4", "--epochs", "1", "--window", window).code == 0


def test_more_than_there_is_memory(refuses, corpus):
    refuses(
        corpus, "--hidden", "100000", code=1, says=["out of memory: try a smaller --batch-size, --window or --hidden"]
    )


def test_a_loss_that_is_not_finite(refuses, corpus):
    message = refuses(
        corpus, "--lr", "1e30", "--cell", "elman-relu", "--window", "16", code=1, says=["try a smaller --lr"]
    )
    assert "is nan at step" in message or "is inf at step" in message


def test_a_model_that_is_there_stays(refused, call, copied, corpus, flags, model):
    says = [f"{copied}: holds a model already; give --overwrite to replace it, or another output"]
    refused("train", "lm", corpus, "-o", copied, *flags, code=1, says=says)
    assert np.array_equal(seqlab.load(copied).score("明月"), model.score("明月"))
    assert call("train", "lm", corpus, "-o", copied, "--overwrite", *flags, "--hidden", "9").code == 0
    assert seqlab.load(copied).config.network.hidden == 9


def test_an_output_that_is_no_model_is_kept(refused, corpus, flags):
    for more in ((), ("--overwrite",)):
        says = ["something other than a model; choose another output"]
        refused("train", "lm", corpus, "-o", corpus.parent, *flags, *more, code=1, says=says)
    refused("train", "lm", corpus, "-o", ".", *flags, code=2, says=["give the model directory a name of its own"])


def test_names_that_are_no_utf8(refuses, corpus, tmp_path, text, flags):
    name = os.fsdecode(b"\xfe.txt")
    (tmp_path / name).write_text(text, encoding="utf-8")
    refuses(name, *flags, code=2, says=[r"'\udcfe.txt' is not UTF-8", "rename the file"])
    refuses(corpus, *flags, "-o", os.fsdecode(b"\xff"), code=2, says=[r"'\udcff'", "is not UTF-8"])


# --- stopping and going on


class Stopping(Display):
    """A display that presses Ctrl-C at the third step."""

    def stepped(self, step):
        super().stepped(step)
        if step.step == 3:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_saves_and_says_how_to_go_on(call, refused, corpus, tmp_path, flags, text, small, monkeypatch):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr("seqlab.cli.display.Display", Stopping)
        outcome = call("train", "lm", corpus, "-o", run, *flags)
    assert outcome.code == 130
    assert outcome.lines[-1] == f"seqlab: stopped after step 3; go on with: seqlab train lm -o {run} --resume"
    assert not run.exists()
    says = [f"an unfinished training of {run}; give --resume to go on with it, or --overwrite to start anew"]
    refused("train", "lm", corpus, "-o", run, *flags, code=1, says=says)
    refused("generate", run, code=1, says=["its training is not finished", f"`seqlab train lm -o {run} --resume`"])
    says = ["data.train: is", "cannot change when training goes on; what can: epochs, patience"]
    refused("train", "lm", "elsewhere.txt", "-o", run, "--resume", code=2, says=says)
    says = ["network.hidden: is", "cannot change"]
    refused("train", "lm", "-o", run, "--resume", "--hidden", "3", code=2, says=says)
    path = str(corpus)
    corpus.unlink()  # it is no longer needed
    outcome = call("train", "lm", path, "-o", run, *flags, "--resume")  # the same command with --resume
    assert outcome.code == 0
    assert "going on after step 3" in outcome.err
    assert np.array_equal(seqlab.load(run).score(text), seqlab.train("lm", [text], **small).score(text))


def test_a_finished_model_is_trained_further(call, refused, corpus, tmp_path, flags, text, small):
    run = tmp_path / "run"
    assert call("train", "lm", corpus, "-o", run, *flags).code == 0
    refused("train", "lm", "-o", run, "--resume", code=2, says=["its 2 epochs are done", "--resume --epochs 4"])
    moved = corpus.rename(tmp_path / "moved.txt")
    more = ("train", "lm", "-o", run, "--resume", "--epochs", "3")
    refused(*more, code=1, says=["corpus.txt: no such file or folder"])
    other = tmp_path / "other.txt"
    other.write_text(text.upper(), encoding="utf-8")
    refused(*more, other, code=1, says=["the data are not those it was trained on"])
    assert call(*more, moved).code == 0
    in_code = seqlab.train("lm", [text], **small | {"epochs": 3})
    assert np.array_equal(seqlab.load(run).score(text), in_code.score(text))


def test_a_model_trained_in_code_goes_on_with_a_corpus(call, refused, copied, corpus):
    more = ("train", "lm", "-o", copied, "--resume", "--epochs", "3")
    refused(*more, code=1, says=["was trained on records given from Python; give the same data as a CORPUS"])
    assert call(*more, corpus).code == 0
    assert open_directory(copied).manifest["training"]["epochs"] == 3


def test_nothing_to_go_on_with(refused, copied, corpus, tmp_path):
    says = ["there is no training to go on with; leave out --resume to begin one"]
    refused("train", "lm", "-o", tmp_path / "nowhere", "--resume", code=1, says=says)
    (tmp_path / "begun.training").mkdir()
    says = ["was stopped before training began; start anew with --overwrite"]
    refused("train", "lm", "-o", tmp_path / "begun", "--resume", code=1, says=says)
    (copied / descent.CHECKPOINT).unlink()
    says = ["has no train/checkpoint.safetensors to go on from"]
    refused("train", "lm", corpus, "-o", copied, "--resume", "--epochs", "9", code=1, says=says)


def test_a_broken_checkpoint(call, refused, corpus, tmp_path, flags, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("seqlab.cli.display.Display", Stopping)
        call("train", "lm", corpus, "-o", tmp_path / "run", *flags)
    path = tmp_path / "run.training" / descent.CHECKPOINT
    path.write_bytes(path.read_bytes()[:-100])
    refused("train", "lm", "-o", tmp_path / "run", "--resume", code=1, says=[str(path), "no checkpoint to go on from"])


# --- in a process of its own


def test_a_closed_output_after_training_loses_no_model(corpus, tmp_path, flags):
    command = [sys.executable, "-m", "seqlab", "train", "lm", str(corpus), "-o", str(tmp_path / "run"), *flags]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    seqlab.load(tmp_path / "run")


def test_the_recipes_can_be_read():
    recipes = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))
    assert recipes
    for recipe in recipes:
        tables = read_toml(recipe)
        assert resolve(tables["task"], tables, {}) != resolve(tables["task"], {}, {})
