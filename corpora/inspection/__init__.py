"""What a file is: encoding, lines, characters, words, form, and what in it is not as it should be."""

from seqlab.corpora.inspection.findings import FileFindings, Findings, TextFindings, as_json
from seqlab.corpora.inspection.inspection import SAMPLE, inspect

__all__ = ["SAMPLE", "FileFindings", "Findings", "TextFindings", "as_json", "inspect"]
