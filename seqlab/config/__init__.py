"""The schema of an experiment: strict, frozen, and the same from a TOML file, from flags or from code.

Every setting has a name of its own within the schema, so that `--hidden 256`, `hidden = 256` in the section `[network]`
of a TOML file, `-s network.hidden=256` and `seqlab.train("lm", records, hidden=256)` all mean the same. The sentence
under a field is its help text on the command line.
"""

from seqlab.config.classification import Classification
from seqlab.config.cleaning import Cleaning, Duplicates
from seqlab.config.experiment import NETWORKS, Experiment
from seqlab.config.language_modelling import LanguageModelling
from seqlab.config.network import Network
from seqlab.config.ngram import Ngram, n_bytes
from seqlab.config.section import Section
from seqlab.config.sentences import Features, Segmentation, SentenceTask, TaggerNetwork, Tagging
from seqlab.config.training import FineTuning, OptimizerName, Training
from seqlab.config.translation import Translation

__all__ = [
    "NETWORKS",
    "SCHEMAS",
    "Classification",
    "Cleaning",
    "Duplicates",
    "Experiment",
    "Features",
    "FineTuning",
    "LanguageModelling",
    "Network",
    "Ngram",
    "OptimizerName",
    "Section",
    "Segmentation",
    "SentenceTask",
    "TaggerNetwork",
    "Tagging",
    "Training",
    "Translation",
    "n_bytes",
]

SCHEMAS: dict[str, type[Experiment]] = {
    "lm": LanguageModelling,
    "segment": Segmentation,
    "tag": Tagging,
    "classify": Classification,
    "translate": Translation,
}
"""The tasks by name, each with all its settings."""
