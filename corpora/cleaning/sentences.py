"""Sentences of running text, by the punctuation of Chinese and of European languages.

>>> split_sentences("Mr. Smith left. “Why?” he asked. It was 3.5 m. 他说：“走吧！”好。")
['Mr. Smith left.', '“Why?” he asked.', 'It was 3.5 m.', '他说：“走吧！”', '好。']
"""

import re

_CHINESE_MARKS = "。！？｡"
_MARKS = _CHINESE_MARKS + ".!?…"
_CLOSINGS = "”’」』）】》〉〕］｝»›\"')\\]}"
_OPENINGS = "“‘「『（【《〈〔［｛«‹„‚¿¡\"'(\\[{"
# A run of marks and closing quotes, unless a mark or a joiner comes next, which belongs to what stands before it. It is
# looked for where marks begin alone, so that long runs cost nothing.
_RUN = re.compile(
    rf"(?<![{_MARKS}])(?P<marks>[{_MARKS}][{_MARKS}{_CLOSINGS}]*+)(?P<space>\s*+)(?=[^\s\u0300-\u036f\u200c\u200d\ufe00-\ufe0f])"
)
_EAST_ASIAN = re.compile("[\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
_BEGINNING = re.compile(rf"[{_OPENINGS}]*+(.)", re.DOTALL)
_LAST_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*\Z")
_SHORTENED = """
    mr mrs ms dr prof sr jr st mt vs etc e.g i.e eg ie cf al fig figs no nos vol pp ed eds approx dept est gen gov hon rep
    sen rev col capt lt sgt inc ltd co corp jan feb mar apr jun jul aug sep sept oct nov dec
    bzw z.b d.h u.a usw ca nr str evtl ggf vgl hr fr bspw inkl zzgl
    mm mme mlle p.ex sra srta ud uds dott sig
"""
_ABBREVIATIONS = frozenset(_SHORTENED.split())


def split_sentences(line: str) -> list[str]:
    """Find the sentences of a line; the white space between them is left out.

    A sentence ends at 。！？ with the marks and closing quotes and brackets that follow; at . ! ? … where white space and
    then no small letter follows; and at an ASCII ! or ? before an East Asian character. A full stop ends none after a
    frequent abbreviation (of English, German and the Romance languages), an initial, or a number of one or two digits.
    """
    sentences: list[str] = []
    start = 0
    for run in _RUN.finditer(line):
        if _ends(line, run):
            sentences.append(line[start : run.end()].strip())
            start = run.end()
    return [*sentences, line[start:].strip()]


def _ends(line: str, run: re.Match[str]) -> bool:
    marks = run["marks"]
    if any(mark in marks for mark in _CHINESE_MARKS):
        return True
    if not run["space"]:
        return ("!" in marks or "?" in marks) and _EAST_ASIAN.match(line, run.end()) is not None
    beginning = _BEGINNING.match(line, run.end())
    if beginning is not None and beginning[1].islower():
        return False
    return marks != "." or not _is_short(line, run.start())


def _is_short(line: str, end: int) -> bool:
    """Say whether the word that ends at a place is an abbreviation, an initial, or a number of one or two digits."""
    word = _LAST_WORD.search(line[max(0, end - 32) : end])
    if word is None:
        return False
    if len(word[0]) <= 2 and word[0].isdigit():
        return True
    return (len(word[0]) == 1 and word[0].isupper()) or word[0].lower() in _ABBREVIATIONS
