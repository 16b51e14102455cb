"""Text, model and metric brought together: the only room that knows all three."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqlab import modeldir
from seqlab.tasks import (
    classify,
    classify_report,
    families,
    lm,
    lm_report,
    segment,
    sentence_report,
    tag,
    translate,
    translate_report,
)
from seqlab.tasks.base import TaskRow

if TYPE_CHECKING:
    from seqlab.tasks.base import NetworkTask


def _language_task(config: Any, folder: Path, device: str) -> "NetworkTask":
    from seqlab.tasks.neural_task import LanguageTask

    return LanguageTask(config, folder, device)


def _segmentation_task(config: Any, folder: Path, device: str) -> "NetworkTask":
    from seqlab.tasks.sentence_task import SegmentationTask

    return SegmentationTask(config, folder, device)


def _tagging_task(config: Any, folder: Path, device: str) -> "NetworkTask":
    from seqlab.tasks.sentence_task import TaggingTask

    return TaggingTask(config, folder, device)


def _classification_task(config: Any, folder: Path, device: str) -> "NetworkTask":
    from seqlab.tasks.classify_task import ClassificationTask

    return ClassificationTask(config, folder, device)


def _translation_task(config: Any, folder: Path, device: str) -> "NetworkTask":
    from seqlab.tasks.translation_task import TranslationTask

    return TranslationTask(config, folder, device)


def _with_settings_of_run(config: Any) -> Any:
    if config.training.from_run is None:
        return config
    from seqlab.tasks.classifier_network import with_settings_of_run

    return with_settings_of_run(config)


_LM_USAGE = """    seqlab generate {name} --prompt "..."
    seqlab evaluate {name} FILE

    import seqlab
    model = seqlab.load("{name}")
    model.generate("...", length=200)
    model.perplexity("...")
"""
_SEGMENT_USAGE = """    seqlab predict {name} < text.txt > words.txt
    seqlab evaluate {name} FILE

    import seqlab
    segmenter = seqlab.load("{name}")
    segmenter.lcut("...")
    segmenter.add_word("...")
"""
_TAG_USAGE = """    seqlab predict {name} < tokens.txt > tagged.txt
    seqlab evaluate {name} FILE

    import seqlab
    tagger = seqlab.load("{name}")
    tagger.tag(["...", "..."])
"""
_CLASSIFY_USAGE = """    seqlab predict {name} < texts.txt > labels.txt
    seqlab evaluate {name} FILE --errors 20

    import seqlab
    classifier = seqlab.load("{name}")
    classifier.predict(["..."])
    classifier.explain("...")
"""
_TRANSLATE_USAGE = """    seqlab predict {name} --beam 5 < source.txt > translations.txt
    seqlab evaluate {name} SOURCE TARGET
    seqlab plot {name} --attention "..." -o attention.png

    import seqlab
    translator = seqlab.load("{name}")
    translator.translate(["..."])
    translator.attention("...")
"""
TASKS: dict[str, TaskRow] = {
    "lm": TaskRow(
        lm.prepare, _language_task, lm_report.table, lm_report.lines, _LM_USAGE, "open_text",
        "seqlab generate {name}",
    ),
    "segment": TaskRow(
        segment.prepare, _segmentation_task, sentence_report.table, sentence_report.lines, _SEGMENT_USAGE,
        "open_segmented", "seqlab predict {name}",
    ),
    "tag": TaskRow(
        tag.prepare, _tagging_task, sentence_report.table, sentence_report.lines, _TAG_USAGE, "open_tagged",
        "seqlab predict {name}"
    ),
    "classify": TaskRow(
        classify.prepare, _classification_task, classify_report.table, classify_report.lines, _CLASSIFY_USAGE,
        "open_labelled", "seqlab predict {name}", _with_settings_of_run,
    ),
    "translate": TaskRow(
        translate.prepare, _translation_task, translate_report.table, translate_report.lines, _TRANSLATE_USAGE,
        "open_parallel", "seqlab predict {name}",
    ),
}  # fmt: skip


def load(path: str | Path, device: str = "cpu") -> Any:
    """The predictor that a model directory holds, ready to use; no code of the directory is run.

    Args:
        path: a model directory, as `seqlab train` leaves it.
        device: "cpu", "cuda", "cuda:1", ..., or "auto"; where the model was trained does not matter.

    Raises:
        ConfigError: there is no such device.
        ModelError: it is no model directory, incomplete, altered, or from a newer format.
    """
    directory = modeldir.open_directory(path)
    return families.load(directory, device)
