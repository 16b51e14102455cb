"""A report on a classifier as one page of HTML, with nothing outside it."""

from collections.abc import Sequence
from html import escape
from typing import Any

from seqlab.cli import report_drawings
from seqlab.cli.report import Report
from seqlab.cli.report_mistakes import article, shown
from seqlab.cli.report_style import STYLE
from seqlab.tasks import families, gap
from seqlab.tasks.classify_report import MOST_CLASSES, figures
from seqlab.tasks.scored_on import FOLDS, HELD_OUT, SEEN, scored_on
from seqlab.tasks.sentence_report import share
from seqlab.wording import counted

MOST_CONFUSIONS = 30


def page(report: Report) -> str:
    """The page."""
    name = shown(report.directory.path.name)
    sections = (
        _head(report),
        _scores(report),
        _fit(report),
        _classes(report),
        _matrix(report),
        _calibration(report),
        _curves(report),
        _mistakes(report),
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{name}: report</title>
<style>{STYLE}</style>
</head>
<body>
{"".join(sections)}
</body>
</html>
"""


def _head(report: Report) -> str:
    """What was scored on what."""
    directory, (head, name) = report.directory, figures(report.scores)[0]
    low, high = (share(end) for end in report.scores["interval"])
    facts = [
        ("run", str(directory.path)),
        *families.of(directory.config).rows(directory.config, directory.manifest["training"]),
        ("trained on", ", ".join(directory.config.data.train) or "records given from Python"),
        ("scored on", ", ".join(report.corpora)),
        ("texts", f"{report.scores['n_texts']:,}"),
        ("labels", f"{len(report.labels):,}" + (", several a text" if report.multi_label else "")),
        ("written by", f"seqlab {directory.manifest['seqlab']}"),
    ]
    listed = "".join(f"<dt>{escape(fact)}</dt><dd>{shown(value)}</dd>" for fact, value in facts if fact)
    return (
        f"<header><h1>{shown(directory.path.name)}</h1>"
        f'<p class="headline"><b>{share(report.scores[name])}</b> {head}, '
        f"95 % interval {low} to {high}</p><dl>{listed}</dl></header>"
    )


def _scores(report: Report) -> str:
    """The figures on the corpora."""
    rows = [(head, share(report.scores[name])) for head, name in figures(report.scores)]
    rows.append(("95 % interval", " to ".join(map(share, report.scores["interval"]))))
    rows.append(("texts", f"{report.scores['n_texts']:,}"))
    if report.scores["n_unseen"]:
        rows.append(("of these with labels never seen", f"{report.scores['n_unseen']:,}"))
    about = "The interval is by bootstrap over the texts."
    if set(report.corpora) & set(report.directory.config.data.train):
        about += " The model was trained on texts of this corpus, which it knows better than new ones."
    return _section("Scores", _table(("figure", "value"), rows, about))


def _fit(report: Report) -> str:
    """Training, validation and the floors side by side, and what follows from them."""
    scores = report.directory.scores
    head, name = figures(scores)[0]
    rows = [(what, share(reached), n) for what, reached, n in _reached(scores, name)]
    rows.append(("scored here", share(report.scores[name]), f"{report.scores['n_texts']:,}"))
    remark = gap.remark(scores)
    if remark is not None:
        verdict = remark.partition(": ")[2]
        said = f"<p><b>{escape(verdict.partition(':')[0].capitalize())}</b>:{escape(verdict.partition(':')[2])}.</p>"
    else:
        said = '<p class="quiet">The run has no figures of texts held out that could tell.</p>'
    about, of = "", scored_on(scores)
    if of != SEEN and gap.highest_floor(scores) is not None:
        where = "the validation texts" if of == HELD_OUT else "the folds too"
        about = f"The floors are simple models, scored on {where}."
    return _section("Has it learned too little, or by heart?", said + _table(("", head, "texts"), rows, about))


def _reached(scores: dict[str, Any], name: str) -> list[tuple[str, float, str]]:
    """What was reached in training, on how many texts."""
    of = scored_on(scores)
    if of == SEEN:
        return [("training", scores[name], f"{scores['n_texts']:,}")]
    if of == FOLDS:
        folds = scores["folds"]
        n_texts = f"{sum(folds['n_texts']):,}"
        rows = [
            ("training", scores[name], n_texts),
            (f"{len(folds['n_texts'])} folds, mean", folds["mean"][name], n_texts),
        ]
        return rows + [(f"{floor} floor, mean", own["mean"][name], n_texts) for floor, own in folds["floors"].items()]
    rows = [
        ("training", scores["training"][name], f"{scores['training']['n_texts']:,}"),
        ("validation", scores[name], f"{scores['n_texts']:,}"),
    ]
    return rows + [(f"{floor} floor", own[name], f"{own['n_texts']:,}") for floor, own in scores["floors"].items()]


def _classes(report: Report) -> str:
    rows = [
        (label, *(share(own[figure]) for figure in ("precision", "recall", "f1")), f"{own['support']:,}")
        for label, own in report.scores["by_class"].items()
    ]
    return _section("Classes", _table(("class", "precision", "recall", "F1", "texts"), rows))


def _matrix(report: Report) -> str:
    """What was taken for what: a shaded table, or of many classes the most frequent confusions."""
    if "confusion" not in report.scores:
        return ""
    confusion = report.scores["confusion"]
    true, predicted, counts = confusion["true"], confusion["predicted"], confusion["counts"]
    missed = [
        (n, true[row], predicted[column])
        for row, ns in enumerate(counts)
        for column, n in enumerate(ns)
        if n and true[row] != predicted[column]
    ]
    title = "What is taken for what"
    if len(true) > MOST_CLASSES:
        most = sorted(missed, key=lambda one: -one[0])[:MOST_CONFUSIONS]
        rows = [(label, other, f"{n:,}") for n, label, other in most]
        return _section(title, _table(("true", "taken for", "times"), rows, "The most frequent confusions."))
    most_missed = max((n for n, _, _ in missed), default=1)
    heads = "".join(f'<th scope="col">{shown(label)}</th>' for label in predicted)
    body = ""
    for label, ns in zip(true, counts, strict=True):
        cells = "".join(_cell(label, other, n, sum(ns), most_missed) for other, n in zip(predicted, ns, strict=True))
        body += f'<tr><th scope="row">{shown(label)}</th>{cells}</tr>'
    return _section(
        title,
        '<p class="quiet">A row for each true label, a column for each predicted one. Framed and bold: right, shaded by '
        "the share of the row. The others are mistakes, shaded by how many there are.</p>"
        f'<div class="wide matrix"><table><thead><tr><th class="first">true</th>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>",
    )


def _cell(true: str, predicted: str, n: int, n_true: int, most_missed: int) -> str:
    part = n / n_true if n_true else 0.0
    right = true == predicted
    kind = "hit" if right else "miss" if n else "none"
    strength = 0.65 * (part if right else n / most_missed)
    title = f"true {shown(true)}, predicted {shown(predicted)}: {n:,} of {n_true:,} ({part:.1%})"
    return f'<td class="{kind}" style="--strength:{strength:.2f}" title="{title}">{n:,}</td>'


def _calibration(report: Report) -> str:
    """Whether the probabilities can be believed."""
    found = report.calibration
    if report.multi_label:
        said = f"Expected calibration error over each label of each text: {found.after:.4f}."
        words = report_drawings.Words("label", "probability", "with the label")
    else:
        said = _of_temperature(report)
        words = report_drawings.Words("text", "confidence", "right")
    about = f"Bars: the share {words.share}. Circles: the mean {words.sure}. On the dashed line both are equal."
    return _section(
        "Can the probabilities be believed?",
        f'<p>{said}</p><div class="pair"><figure><b>share {words.share}, by {words.sure}</b>'
        f"{report_drawings.reliability(found.bins, words)}{report_drawings.histogram(found.bins, words)}"
        f"<figcaption>{about}</figcaption></figure></div>",
    )


def _of_temperature(report: Report) -> str:
    """The calibration error without and with the temperature, and what this was fitted on."""
    found = report.calibration
    of = scored_on(report.directory.scores)
    if of == SEEN:
        return (
            f"Expected calibration error: {found.after:.4f}. The probabilities are as the model gives them: nothing was "
            "held out that a temperature could be fitted on."
        )
    fitted = "the validation texts" if of == HELD_OUT else "the folds, each scored by a model of the others"
    return (
        f"Expected calibration error: {found.before:.4f} before and {found.after:.4f} after division by the "
        f"temperature {found.temperature:.3f}, which was fitted on {fitted}."
    )


def _curves(report: Report) -> str:
    """Training loss over the steps, and the validation score where texts were held out."""
    losses = [(step["step"], step["epoch_loss"]) for step in report.steps if "epoch_loss" in step]
    head, _ = figures(report.scores)[0]
    reached = [(step["step"], 1 - step["validation"]) for step in report.steps if "validation" in step]
    drawn = []
    if losses:
        drawing = report_drawings.curve(losses, "training loss", "training")
        drawn.append(f"<figure><b>training loss</b>, mean of the epoch so far{drawing}</figure>")
    if reached and scored_on(report.directory.scores) == HELD_OUT:
        best = max(reached, key=lambda point: point[1])
        drawing = report_drawings.curve(reached, f"validation {head}", "validation", best=best)
        drawn.append(f"<figure><b>validation {head}</b>, best {best[1]:.4f} after step {best[0]:,}{drawing}</figure>")
    return _section("Training", f'<div class="pair">{"".join(drawn)}</div>') if drawn else ""


def _mistakes(report: Report) -> str:
    what = "wrong label" if report.multi_label else "mistake"
    if not report.mistakes:
        return _section("Mistakes", f"<p>No {what}s.</p>")
    missed = " A label that was not found is not among them." if report.multi_label else ""
    said = (
        f'<p class="quiet">The {len(report.mistakes):,} surest of {counted(report.n_mistakes, what)}.{missed} Shaded: '
        f'<span class="for" style="--strength:.5">what spoke for the predicted label</span>; underlined: '
        f'<span class="against" style="--strength:.5">what spoke against it</span>. The units depend on the model.</p>'
    )
    return _section("Mistakes it was surest of", said + "".join(map(article, report.mistakes)))


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """A table whose first column names the rows."""
    head = "".join(
        f'<th scope="col"{" class=first" if place == 0 else ""}>{escape(text)}</th>' for place, text in enumerate(heads)
    )
    body = "".join(
        f'<tr><th scope="row">{shown(row[0])}</th>{"".join(f"<td>{shown(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    said = f'<p class="quiet">{shown(caption)}</p>' if caption else ""
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{said}'
