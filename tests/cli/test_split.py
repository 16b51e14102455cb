"""A table parted into files by the sentences of a column."""

from pathlib import Path

import pytest

PARTS = ("train", "validation", "test")
ROWS = [f"sentence  {n % 50}\tSatz {n}\tCC-BY #{n}" for n in range(200)]


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("table.txt").write_text("\r\n".join([*ROWS[:100], "", *ROWS[100:]]), encoding="utf-8", newline="")
    return "table.txt"


def written(folder):
    return [Path(folder, f"{part}.tsv").read_text(encoding="utf-8").splitlines() for part in PARTS]


def test_no_sentence_of_the_column_is_in_two_parts(call, table):
    outcome = call("split", table, "-o", "out/a", "--validation", "5", "--test", "7")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "out/a/train.tsv: 152 rows",
        "out/a/validation.tsv: 20 rows",
        "out/a/test.tsv: 28 rows",
    ]
    parts = written("out/a")
    assert sorted(row for rows in parts for row in rows) == sorted(ROWS)
    sentences = [{row.split("\t")[0] for row in rows} for rows in parts]
    assert [len(some) for some in sentences] == [38, 5, 7]
    assert len(set.union(*sentences)) == 50
    assert all(rows == [row for row in ROWS if row in set(rows)] for rows in parts)  # in the order of the table


def test_the_seed_and_the_column_say_which_ones(call, table):
    def parts(*options):
        name = f"out/{'-'.join(options) or 'plain'}/{len(list(Path().glob('out/*/*')))}"
        assert call("split", table, "-o", name, "--validation", "5", "--test", "7", *options).code == 0
        return written(name)

    assert parts() == parts("--seed", "1")
    assert parts() != parts("--seed", "2")
    assert [len(rows) for rows in parts("--column", "2")] == [188, 5, 7]


def test_one_part_alone(call, table):
    assert call("split", table, "-o", "out", "--test", "7").code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["test.tsv", "train.tsv"]


def test_what_cannot_be_parted_is_refused(refused, call, table):
    for options, code, says in (
        ([], 2, "nothing is to be held out; give --validation or --test"),
        (["--test", "50"], 1, "table.txt: has 50 different sentences in column 1, so that 50 cannot be drawn"),
        (["--test", "5", "--column", "4"], 1, "table.txt, line 1: no column 4; part cells by tabs"),
    ):
        refused("split", table, "-o", "out", *options, code=code, says=[says])
        assert not Path("out").exists()
    refused("split", "nowhere.txt", "-o", "out", "--test", "5", code=1, says=["nowhere.txt"])
    assert call("split", table, "-o", "out", "--test", "5").code == 0
    refused("split", table, "-o", "out", "--test", "5", code=2, says=["is there already; give another folder"])
