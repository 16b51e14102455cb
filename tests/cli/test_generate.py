import os
import subprocess
import sys

import pytest

import seqlab

PROMPT = "举头望明月"


def test_the_prompt_stands_once_before_the_text(call, trained, model):
    outcome = call("generate", trained, "--prompt", PROMPT, "--length", "30", "--seed", "3")
    (text,) = model.generate(PROMPT, length=30, seed=3)
    assert outcome == (0, f"{PROMPT}{text}\n", "")


def test_three_texts_and_the_first_of_them(call, trained, model):
    options = (trained, "--prompt", PROMPT, "--length", "30", "--seed", "3")
    three = call("generate", *options, "-n", "3")
    texts = [PROMPT + text for text in model.generate(PROMPT, n=3, length=30, seed=3)]
    assert three == (0, "\n---\n".join(texts) + "\n", "")
    assert call("generate", *options).out == texts[0] + "\n"


def test_the_seed_decides(call, trained):
    def text(*seed):
        return call("generate", trained, "--length", "60", *seed).out

    assert text("--seed", "1") == text("--seed", "1")
    assert text("--seed", "1") != text("--seed", "2")
    assert text() != text()


def test_prompts_from_a_file(call, trained, model, tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_bytes("明月\r\nTo\u2028be\n\n低头\n".encode())
    outcome = call("generate", trained, "--prompts", path, "--length", "9", "--seed", "3", "-n", "2")
    prompts = ["明月", "To\u2028be", "", "低头"]
    texts = [
        prompt + text
        for seed, prompt in enumerate(prompts, start=3)  # not the same draws for each prompt
        for text in model.generate(prompt, n=2, length=9, seed=seed)
    ]
    assert outcome.out == "\n---\n".join(texts) + "\n"
    assert outcome.lines == ["seqlab: the model has never seen '\\u2028'; read as unknown"]


def test_stop_and_length(call, trained, model):
    options = (trained, "--prompt", PROMPT, "--seed", "3")
    assert call("generate", *options, "--length", "0").out == PROMPT + "\n"
    (text,) = model.generate(PROMPT, length=200, seed=3)
    first = min(text.find("月"), text.find("o"))
    assert first > 0
    assert call("generate", *options, "--stop", "月", "--stop", "o").out == PROMPT + text[:first] + "\n"


def test_the_ways_to_choose(call, trained, model):
    options = (trained, "--prompt", PROMPT, "--length", "40", "--seed", "3")
    (greedy,) = model.generate(PROMPT, length=40, temperature=0)
    for choice in (("--temperature", "0"), ("--top-k", "1"), ("--top-p", "1e-9")):
        assert call("generate", *options, *choice).out == PROMPT + greedy + "\n"
    assert call("generate", *options, "--temperature", "2").out != call("generate", *options).out


def test_unseen_characters_are_warned_of_once_and_beside_the_text(call, trained, tmp_path):
    (tmp_path / "prompts.txt").write_text("☃ 明\n☃ 月\n", encoding="utf-8")
    outcome = call("generate", trained, "--prompts", tmp_path / "prompts.txt", "--length", "5")
    assert outcome.code == 0
    assert outcome.lines == ["seqlab: the model has never seen '☃'; read as unknown"]
    # In a new call it is said again.
    assert call("generate", trained, "--prompt", "☃", "--length", "5").lines == outcome.lines


def test_a_prompt_that_cannot_be_decoded(call, trained):
    outcome = call("generate", trained, "--prompt", os.fsdecode(b"\xff"), "--length", "5")
    assert outcome.code == 0
    assert outcome.out.startswith("\\udcff")
    assert "never seen" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--temperature", "-1"], 2, ["temperature -1.0: a number from 0"]),
        (["--temperature", "nan"], 2, ["temperature nan"]),
        (["--temperature", "warm"], 2, ["'--temperature': 'warm' is not a valid float"]),
        (["--top-k", "0"], 2, ["top-k 0: at least 1 token has to remain"]),
        (["--top-p", "1.5"], 2, ["top-p 1.5: a probability above 0 and up to 1"]),
        (["-n", "0"], 2, ["'-n': 0 is not in the range 1<=x<=10000"]),
        (["--length", "-1"], 2, ["'--length': -1 is not in the range 0<=x<=1000000000"]),
        (["--device", "gpu"], 2, ["device: cannot compute on 'gpu' here", "use cpu or auto"]),
        (["--prompts", "nowhere.txt"], 1, ["nowhere.txt: no such file or folder"]),
        (["--prompts", "empty.txt"], 1, ["empty.txt: empty, there is no text to read"]),
        (["--prompts", "latin.txt"], 1, ["latin.txt, line 2: byte 4 (0xf6) is not utf-8"]),
        (["--prompts", "empty.txt", "--prompt", "a"], 2, ["--prompt and --prompts: give one of them"]),
        (["another"], 2, ["unexpected extra argument (another); see `seqlab generate --help`"]),
    ],
)
def test_what_is_refused(refused, trained, tmp_path, monkeypatch, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").touch()
    (tmp_path / "latin.txt").write_bytes(b"ok\nb\xf6se\n")
    refused(
        "generate",
        trained,
        *([] if "--prompts" in arguments else ["--prompt", PROMPT]),
        *arguments,
        code=code,
        says=says,
    )


def test_no_model(refused, tmp_path, copied):
    refused("generate", tmp_path / "nowhere", code=1, says=["no such folder; a model directory is what"])
    refused("generate", tmp_path, code=1, says=["no model directory, it has no seqlab.json"])
    (copied / "weights.safetensors").unlink()
    refused("generate", copied, code=1, says=["incomplete, without weights.safetensors"])


def test_lone_surrogates_and_nul_are_written(call, tmp_path, small):
    seqlab.train("lm", ["a\0\ud800天" * 300], output=tmp_path / "odd", **small)
    outcome = call("generate", tmp_path / "odd", "--prompt", "a", "--length", "30", "--seed", "1")
    assert outcome.code == 0
    assert "\\ud800" in outcome.out
    assert "\0" in outcome.out
    assert outcome.err == ""


def test_text_is_written_as_it_is_drawn(trained):
    """A reader who takes the first piece gets it long before the last is drawn, and may leave without a complaint."""
    command = [sys.executable, "-m", "seqlab", "generate", str(trained), "--prompt", "To be", "--length", "100000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.read(20).startswith(b"To be")
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == 1
