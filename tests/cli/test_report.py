"""`seqlab evaluate RUN FILE --report PAGE`."""

import json
import re
import shutil
import xml.etree.ElementTree
from html.parser import HTMLParser

import pytest

import seqlab
from seqlab.cli import report_drawings
from seqlab.cli.report_mistakes import shaded
from seqlab.metrics.calibration import reliability
from seqlab.modeldir import MANIFEST
from seqlab.tasks.classifier import Classifier, Weight

EVIL = "<script>alert('1')</script>"
LABELS = ("好评", "<b>差评</b>")
TEXTS = [
    (f"{word}{end}", label) for end in "甲乙丙丁戊己" for word, label in zip(("好看", "难看"), LABELS, strict=True)
]
SETTINGS = {"epochs": 8, "lr": 0.1, "batch_size": 4, "device": "cpu", "validation_share": 0.34}
VOID = {"meta", "br"}


class Page(HTMLParser):
    """The elements of a page, its cells of tables, and its text; every element has to be closed."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.rows, self.said = [], [], [], ""
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        if "style" not in self.open:
            self.said += data


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A classifier of good and bad."""
    folder = tmp_path_factory.mktemp("report") / "run"
    seqlab.train("classify", TEXTS, output=folder, model="softmax", **SETTINGS)
    return folder


@pytest.fixture
def reported(call, run, tmp_path):
    """The page on five texts, one of which has a label never seen; and the figures of the same."""
    rows = [
        ("好看甲", LABELS[0]),
        (f"难看{EVIL}", LABELS[0]),
        ("好看\x00", LABELS[1]),
        ("难看乙", LABELS[1]),
        ("甲", "new"),
    ]
    path, page = tmp_path / "<i>test.jsonl", tmp_path / "report.html"
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    outcome = call("evaluate", run, path, "--report", page, "--json")
    assert (outcome.code, outcome.err) == (0, f"wrote {page}\n")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["<i>test.jsonl", "report.html"]
    return page.read_text(encoding="utf-8"), json.loads(outcome.out)


def test_nothing_outside_the_page_is_needed(reported):
    page = Page(reported[0])
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "a", "form", "base", "i"}
    for _, attributes in page.elements:
        assert not attributes.keys() & {"src", "href", "xlink:href", "srcset", "action", "data"}
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\(|@import|https?:", reported[0])
    assert ("meta", {"charset": "utf-8"}) in page.elements


def test_texts_and_labels_are_escaped(reported):
    page = Page(reported[0])
    assert EVIL not in reported[0]
    assert "<i>test" not in reported[0]
    assert "<b>差评</b>" not in reported[0]
    said = re.sub(r"\s", "", page.said)
    assert re.sub(r"\s", "", f"难看{EVIL}") in said
    assert "<b>差评</b>" in said
    assert "好看␀" in said
    assert "\x00" not in reported[0]


def test_the_figures_are_those_of_evaluate(reported):
    page, scores = Page(reported[0]), reported[1]
    rows = page.rows
    for name in ("accuracy", "macro_f1", "nats", "ece"):
        head = {"macro_f1": "macro F1", "nats": "nats a text", "ece": "ECE"}.get(name, name)
        assert [head, f"{scores[name]:.4f}"] in rows
    low, high = scores["interval"]
    assert ["95 % interval", f"{low:.4f} to {high:.4f}"] in rows
    assert ["of these with labels never seen", "1"] in rows
    for label, own in scores["by_class"].items():
        figures = ["" if own[name] is None else f"{own[name]:.4f}" for name in ("precision", "recall", "f1")]
        (shown,) = [row for row in rows if row[0] == label and len(row) == 5]
        assert [cell if figure else "" for cell, figure in zip(shown[1:4], figures, strict=True)] == figures
    for label, counts in zip(scores["confusion"]["true"], scores["confusion"]["counts"], strict=True):
        assert [label, *map(str, counts)] in rows
    hits = [attributes for tag, attributes in page.elements if tag == "td" and attributes.get("class") == "hit"]
    assert len(hits) == 2
    n_wrong = scores["n_texts"] - sum(scores["confusion"]["counts"][k][k] for k in range(2))
    assert sum(1 for tag, _ in page.elements if tag == "article") == n_wrong > 1


def test_training_validation_and_floors_stand_side_by_side(reported, run):
    rows, scores = Page(reported[0]).rows, seqlab.load(run).scores
    assert ["training", f"{scores['training']['accuracy']:.4f}", "8"] in rows
    assert ["validation", f"{scores['accuracy']:.4f}", "4"] in rows
    for name, floor in scores["floors"].items():
        assert [f"{name} floor", f"{floor['accuracy']:.4f}", "4"] in rows


def test_calibration_and_curves(reported, run):
    page = Page(reported[0])
    labels = [attributes["aria-label"] for tag, attributes in page.elements if tag == "svg"]
    assert labels == [
        "share right, by confidence",
        "texts by confidence",
        "training loss",
        "validation accuracy",
    ]
    assert f"temperature {seqlab.load(run).temperature:.3f}" in page.said
    assert f"{reported[1]['ece']:.4f} after division" in page.said
    assert "which was fitted on the validation texts" in page.said


def test_a_model_without_steps_and_floors(call, tmp_path):
    seqlab.train("classify", TEXTS, output=tmp_path / "run", model="ngram", order=2, baseline=False, validation_share=0)
    (tmp_path / "test.tsv").write_text("好看甲\t好评\n", encoding="utf-8")
    assert call("evaluate", tmp_path / "run", tmp_path / "test.tsv", "--report", tmp_path / "r.html").code == 0
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "training loss" not in page.said
    assert "No mistakes." in page.said


@pytest.mark.parametrize("held", [{"validation_share": 0}, {"folds": 3}])
def test_texts_that_it_was_trained_on_are_not_shown_as_validation(call, tmp_path, held):
    settings = {name: value for name, value in SETTINGS.items() if name != "validation_share"} | held
    scores = seqlab.train("classify", TEXTS * 2, output=tmp_path / "run", model="softmax", **settings).scores
    (tmp_path / "test.tsv").write_text("好看甲\t好评\n", encoding="utf-8")
    assert call("evaluate", tmp_path / "run", tmp_path / "test.tsv", "--report", tmp_path / "r.html").code == 0
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert "training loss" in page.said
    assert "validation" not in page.said
    assert not any("validation" in str(attributes) for _, attributes in page.elements)
    assert ["training", f"{scores['accuracy']:.4f}", "24"] in page.rows
    if "folds" in held:
        assert ["3 folds, mean", f"{scores['folds']['mean']['accuracy']:.4f}", "24"] in page.rows
        assert "which was fitted on the folds, each scored by a model of the others" in page.said
        assert "The floors are simple models, scored on the folds too." in page.said
    else:
        assert "nothing was held out that a temperature could be fitted on" in page.said
        assert "temperature 1.000" not in page.said
        assert "floor" not in page.said


def test_several_labels_a_text(call, tmp_path):
    texts = [(text, (label, "both")) for text, label in TEXTS]
    seqlab.train("classify", texts, output=tmp_path / "run", model="softmax", multi_label=True, **SETTINGS)
    lines = [json.dumps({"text": text, "label": ["both"]}) for text, _ in TEXTS]
    (tmp_path / "test.jsonl").write_text("\n".join(lines), encoding="utf-8")
    outcome = call("evaluate", tmp_path / "run", tmp_path / "test.jsonl", "--report", tmp_path / "r.html", "--json")
    page, scores = Page((tmp_path / "r.html").read_text(encoding="utf-8")), json.loads(outcome.out)
    assert ["micro F1", f"{scores['micro_f1']:.4f}"] in page.rows
    assert "wrong label" in page.said
    drawn = [attributes["aria-label"] for tag, attributes in page.elements if tag == "svg"]
    assert drawn[:2] == ["share with the label, by probability", "labels by probability"]
    assert "Bars: the share with the label. Circles: the mean probability." in page.said  # no share of what is right
    assert "right." not in page.said


def test_altered_figures_are_refused_and_an_altered_log_is_passed_over(call, run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    (tmp_path / "test.tsv").write_text("好看甲\t好评\n", encoding="utf-8")
    log, command = (
        copy / "train" / "log.jsonl",
        ("evaluate", copy, tmp_path / "test.tsv", "--report", tmp_path / "r.html"),
    )
    kept = log.read_text(encoding="utf-8").splitlines()
    for value in ('"x"', "null", "true", "[]"):
        odd = re.sub('"validation": [0-9.]+', f'"validation": {value}', kept[0])
        log.write_text("\n".join([odd, *kept[1:]]) + "\n", encoding="utf-8")
        assert call(*command).code == 0
        assert '"validation": ' in kept[0]
    manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
    scores = manifest["scores"]
    for altered in (
        {name: value for name, value in scores.items() if name != "n_texts"},
        scores | {"accuracy": "high"},
        scores | {"training": {}},
        scores | {"floors": None},
        {},
    ):
        (copy / MANIFEST).write_text(json.dumps(manifest | {"scores": altered}), encoding="utf-8")
        outcome = call(*command)
        assert outcome.code == 1, outcome
        assert outcome.lines[-1].endswith("copy it again")
        assert "altered, its figures cannot be read" in outcome.lines[-1]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (".", "--report .: is a folder; name a file, such as report.html"),
        ("", "--report .: is a folder"),
        ("no/r.html", "--report no/r.html: there is no folder no; make it, or name another"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused_before_anything_is_scored(
    call, run, page, says, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Classifier, "log_probs", lambda *_, **__: pytest.fail("scored"))
    (tmp_path / "test.tsv").write_text("好看甲\t好评\n", encoding="utf-8")
    outcome = call("evaluate", run, tmp_path / "test.tsv", "--report", page)
    assert outcome.code == 2
    (line,) = outcome.lines
    assert says in line


def test_tokens_are_shaded_by_their_weights():
    weights = [Weight(0, 1, "a", 2.0), Weight(1, 2, "<", -1.0), Weight(4, 5, "b", 0.001), Weight(4, 5, "b", 1.0)]
    assert shaded("a<\nxb", weights) == (
        '<span class="for" style="--strength:0.70" title="+2.000">a</span>'
        '<span class="against" style="--strength:0.35" title="-1.000">&lt;</span>\nx'
        '<span class="for" style="--strength:0.35" title="+1.001">b</span>'
    )
    assert shaded("a b", []) == "a b"
    assert shaded("a b", [Weight(0, 1, "a", 0.0)]) == "a b"
    assert "and 998,800 more characters" in shaded("x" * 1_000_000, [Weight(5, 6, "x", 1.0)])


def test_drawings_are_well_formed():
    bins = reliability([0.2, 0.9, 0.95], [True, False, True])
    curves = [[(10, 0.5)], [(10, 0.5), (20, 0.5)], [(step, 1 / step) for step in range(1, 5000)]]
    drawn = [report_drawings.curve(points, "loss", "training", best=points[-1]) for points in curves]
    words = report_drawings.Words("<text>", "confidence", "right")
    for drawing in (*drawn, report_drawings.reliability(bins, words), report_drawings.histogram(bins, words)):
        xml.etree.ElementTree.fromstring(drawing)
        assert "nan" not in drawing
    assert len(drawn[2]) < 10_000


@pytest.mark.parametrize("n", [1, 2, 300, 301, 599, 600, 4800, 4999])
def test_long_curves_are_thinned(n):
    (points,) = re.findall('points="([^"]*)"', report_drawings.curve([(k, k) for k in range(n)], "", "")) or [""]
    n_drawn = len(points.split())
    assert n_drawn == (0 if n == 1 else n) if n <= 300 else 150 <= n_drawn <= 300
    last = report_drawings.curve([(k, k) for k in range(n)], "", "", best=(n - 1, n - 1))
    assert n == 1 or f'cx="{points.split()[-1].split(",")[0]}"' in last  # the last one too


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.9, 0.91), (0.5, 0.5), (0, 0), (3, 4821), (1e-7, 3e-7)])
def test_ticks_are_few_and_enclose(low, high):
    ticks = report_drawings.ticks(low, high)
    assert 3 <= len(ticks) <= 8
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert ticks == sorted(set(ticks))
