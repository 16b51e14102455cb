"""The families of translators."""

from typing import Any

from seqlab.config import Translation
from seqlab.modeldir import ModelDirectory
from seqlab.tasks.family import Family, Rows, duration


def _recurrent(config: Translation, training: dict[str, Any]) -> Rows:
    network, settings, text = config.network, config.training, config.text
    encoder = f"{network.encoder_layers or network.layers} x {network.hidden} units that read in both directions"
    decoder = f"{network.layers} x {network.hidden} that write"
    fed = ", fed with what it saw" if network.input_feeding else ""
    attention = "no attention" if network.attention == "none" else f"{network.attention} attention{fed}"
    tokens = "one vocabulary" if text.shared else f"{text.of_target} tokens written"
    steps = f"{training['steps']:,} steps, {training['epochs']} epochs, of {settings.optimizer} at {settings.lr:g}"
    return [
        ("translates", f"{_direction(config)}{text.tokenizer} tokens read, {tokens}"),
        ("network", f"{network.cell}, {encoder}, {decoder}, {attention}, {training['n_parameters']:,} parameters"),
        ("runs on", ", ".join(dict.fromkeys(training["runs_on"]))),
        ("training", f"{steps}; {duration(training['seconds'])} on {training['device']}"),
    ]


def _direction(config: Translation) -> str:
    languages = (config.data.source_language, config.data.target_language)
    return f"{languages[0]} to {languages[1]}, " if all(languages) else ""


def _brief(config: Translation, training: dict[str, Any]) -> tuple[str, str]:
    network = config.network
    what = f"{network.cell}, {network.layers} x {network.hidden}, {network.attention} attention"
    return what, f"{training['n_parameters']:,} parameters"


def _load_network(directory: ModelDirectory, device: str) -> Any:
    from seqlab.device import available
    from seqlab.tasks.translator import Translator

    return Translator.load(directory, available(device))


TRANSLATORS = {"rnn": Family("A recurrent translator", _recurrent, _brief, _load_network)}
