"""What was found out about a corpus, as it is shown in a terminal."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence

import click
from rich.cells import cell_len, set_cell_size

from seqlab.cli.inspect_unknown import Unknown
from seqlab.cli.plain import shortened
from seqlab.corpora.inspection import FileFindings, Findings, TextFindings
from seqlab.corpora.inspection.findings import Tokens
from seqlab.corpora.inspection.places import Place
from seqlab.wording import counted

_LABEL = 12
_BAR = 30
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_ODD_SHOWN = 12
_PIPED = 100
"""Columns of the page where it goes to no terminal."""
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def page(findings: Findings, unknown: Sequence[Unknown] | None = None) -> Iterator[str]:
    """Give the lines: what the files are, then what is in them, then what looks wrong."""
    width = max(60, min(120, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else _PIPED
    if len(findings.files) == 1:
        names: dict[str, str] = {}
        yield from _file(findings.files[0])
    else:
        folder, names = _names(findings.files)
        if folder:
            yield _bold(folder)
        yield from _files(findings.files, names)
    if findings.command:
        yield _fact("train", findings.command) if len(findings.files) == 1 else f"train: {findings.command}"
    if findings.text is None:
        return
    text = findings.text
    if findings.sampled:
        yield ""
        yield f"What follows is of the sample of {_bytes(findings.n_read)}."
    yield from _lengths(text, names)
    yield from _letters(text)
    yield from _tokens(text, findings, width)
    for part in unknown or ():
        yield from _unknown(part, width)
    yield from _repeated(text, width)
    yield from _odd(text, names)
    yield from _suspicious(text, names, width)


def _file(facts: FileFindings) -> Iterator[str]:
    yield _bold(shortened(facts.file, 200))
    if facts.not_text:
        size = f", {_bytes(facts.size)}" if facts.size else ""
        yield _fact("what it is", f"{facts.not_text}{size}{'' if facts.not_text == 'empty' else '; no text to read'}")
        return
    if facts.form is not None:
        yield _fact("what it is", facts.form.what)
    if facts.rows:
        read = f", the first {_bytes(facts.n_read)} of text read" if facts.sampled else ""
        yield _fact("rows", f"{facts.n_lines:,}{read}")
        return
    read = f", a sample of {_bytes(facts.n_read)} read ({facts.n_read / facts.size:.1%} of it)" if facts.sampled else ""
    yield _fact("size", f"{_bytes(facts.size)}{' decompressed' if facts.compressed else ''}{read}")
    yield _fact("encoding", _encoding(facts))
    yield _fact("lines", f"{_n_lines(facts)}, {_line_ends(facts)}")


def _names(files: Sequence[FileFindings]) -> tuple[str, dict[str, str]]:
    """The folder that all files are in, and how each is called below it."""
    parents = [os.path.dirname(facts.file) for facts in files]  # noqa: PTH120 - names, which may be no paths
    folder = os.path.commonpath(parents) if len(files) > 1 and all(parents) else ""
    return folder, {facts.file: facts.file[len(folder) :].lstrip("/") if folder else facts.file for facts in files}


def _files(files: Sequence[FileFindings], names: dict[str, str]) -> Iterator[str]:
    rows = []
    for facts in files:
        name = shortened(names[facts.file], 50)
        lines = _n_lines(facts).replace("about ", "~").partition(" ")[0]
        if facts.not_text or facts.fault:
            rows.append(
                (
                    name,
                    _bytes(facts.size),
                    "",
                    "",
                    "",
                    shortened(facts.fault or facts.not_text, 60),
                )
            )
            continue
        ends = " ".join(name for name, n in _ends(facts) if n) or "-"
        what = facts.form.what if facts.form else ""
        encoding = f"{facts.encoding}{'' if facts.encoding_certain else '?'}"
        rows.append((name, _bytes(facts.size), lines, encoding, ends, what))
    n_lines, size = sum(facts.n_lines for facts in files), sum(facts.size for facts in files)
    about = "~" if any(facts.sampled for facts in files) else ""
    rows.append((f"{counted(len(files), 'file')}", _bytes(size), f"{about}{n_lines:,}", "", "", ""))
    heads = ("file", "size", "lines", "encoding", "ends", "what it is")
    yield from _aligned(heads, rows, right=(1, 2))
    if about:
        read = sum(facts.n_read for facts in files)
        yield f"~ estimated: {_bytes(read)} were read, spread evenly over the large files"


def _n_lines(facts: FileFindings) -> str:
    """The number of lines; an estimated one in three digits."""
    return (
        f"about {float(f'{facts.n_lines:.3g}'):,.0f} lines"
        if facts.sampled and not facts.rows
        else counted(facts.n_lines, "line")
    )


def _encoding(facts: FileFindings) -> str:
    name = {"ascii": "ASCII, and so UTF-8", "utf-8": "UTF-8"}.get(facts.encoding, facts.encoding)
    mark = ", with a byte order mark" if facts.byte_order_mark else ""
    if facts.n_undecodable:
        return f"{name}{mark}, but {counted(facts.n_undecodable, 'byte')} not in it"
    seems = "" if facts.encoding_certain else f"; it looks so: use --encoding {facts.encoding}"
    return f"{name}{mark}{seems}"


def _ends(facts: FileFindings) -> tuple[tuple[str, int], ...]:
    return ("LF", facts.line_feeds), ("CRLF", facts.returns_with_line_feed), ("CR", facts.returns)


def _line_ends(facts: FileFindings) -> str:
    there = [(name, n) for name, n in _ends(facts) if n]
    last = "" if facts.last_line_ends else ", the last without one"
    if not there:
        return "without a line end"
    if len(there) == 1:
        return f"ended by {there[0][0]}{last}"
    return f"ended in mixed ways: {', '.join(f'{name} {n:,}' for name, n in there)}{last}"


def _lengths(text: TextFindings, names: dict[str, str]) -> Iterator[str]:
    lengths = text.lengths
    yield from _heading("Length of lines", "in characters")
    where = f" ({_where(lengths.longest_at, names)})" if lengths.longest_at else ""
    yield (
        f"  median {lengths.median:,}   mean {lengths.mean:,.1f}   90% up to {lengths.p90:,}   99% up to {lengths.p99:,}"
        f"   longest {lengths.longest:,}{where}"
    )
    bins = [(f"{first:,}" if first == last else f"{first:,}-{last:,}", n) for first, last, n in lengths.histogram]
    most = max((n for _, n in bins), default=0)
    wide = max((len(name) for name, _ in bins), default=0)
    for at, (name, n) in enumerate(bins):
        if n or any(near for _, near in bins[at - 1 : at + 2]):
            yield f"  {name:>{wide}}  {_bar(n / most)}  {n:,}"
        elif bins[at - 2][1]:  # the second of some without a line, which stands for all of them but the ends
            yield f"  {'...':>{wide}}"


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    full, part = divmod(max(eighths, 1) if share else 0, 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(_BAR)


def _letters(text: TextFindings) -> Iterator[str]:
    if not text.scripts:
        return
    yield from _heading("Letters", f"by script{', tags among them' if text.has_tags else ''}")
    shown = [(name, share) for name, share in text.scripts.items() if share >= 0.0005][:8]
    yield "  " + "   ".join(f"{name} {share:.1%}{_chinese(text) if name == 'Han' else ''}" for name, share in shown)


def _chinese(text: TextFindings) -> str:
    """Which form Chinese characters have; nothing is said of Japanese, and where hardly any tell."""
    n_told = text.simplified + text.traditional
    if n_told < 10 or text.scripts.get("Hiragana", 0) > 0.01:
        return ""
    simplified = text.simplified / n_told
    if not 0.02 < simplified < 0.98:
        return " (simplified)" if simplified > 0.5 else " (traditional)"
    return f" ({simplified:.0%} of those that tell simplified, {1 - simplified:.0%} traditional)"


def _tokens(text: TextFindings, findings: Findings, width: int) -> Iterator[str]:
    part = text.words.n_bytes < 0.9 * text.characters.n_bytes
    note = f"words by {text.words_parted}{f', in {_bytes(text.words.n_bytes)} of it' if part else ''}"
    yield from _heading("Tokens", note)
    rows = [_token_row(name, tokens) for name, tokens in (("characters", text.characters), ("words", text.words))]
    heads = ("", "tokens", "types", "ratio", "once", "most frequent")
    lines = list(_aligned(heads, rows, right=(1, 2, 3, 4)))
    yield from (f"  {_cut(line, width - 2)}" for line in lines)


def _token_row(name: str, tokens: Tokens) -> tuple[str, ...]:
    ratio = _ratio(tokens.n_types, tokens.n_tokens)
    once = f"{tokens.n_hapaxes / tokens.n_types:.0%}" if tokens.n_types else "-"
    frequent = "  ".join(_shown(token) for token, _ in tokens.most_frequent)
    return name, f"{tokens.n_tokens:,}", f"{tokens.n_types:,}", ratio, once, frequent


def _shown(token: str) -> str:
    """A token in a few columns; white space by its code points."""
    return " ".join(f"U+{ord(sign):04X}" for sign in token) if token.isspace() else shortened(token, 20)


def _ratio(n_types: int, n_tokens: int) -> str:
    ratio = n_types / max(1, n_tokens)
    return "-" if not n_tokens else f"{ratio:.2g}" if ratio >= 0.0001 else "<0.0001"


def _repeated(text: TextFindings, width: int) -> Iterator[str]:
    if not text.n_repeated_lines:
        return
    n = text.n_compared_lines
    yield from _heading("Repeated lines", f"{text.n_repeated_lines:,} of {n:,} ({text.n_repeated_lines / n:.1%})")
    wide = max(len(f"{line.n:,}") for line in text.most_repeated)
    for line in text.most_repeated:
        yield f"  {line.n:>{wide},} x  {shortened(line.text, width - wide - 8)}"


def _odd(text: TextFindings, names: dict[str, str]) -> Iterator[str]:
    rows = [
        (
            f"U+{odd.code:04X}" if not odd.kind.startswith("undec") else "",
            odd.kind,
            f"{odd.n:,}",
            _where(odd.first, names).removeprefix("line "),
            odd.name.lower(),
        )
        for odd in text.odd[:_ODD_SHOWN]
    ]
    rows += [
        (shortened(signs, 10), "mojibake", f"{n:,}", _where(place, names).removeprefix("line "), _was(was))
        for signs, was, n, place in text.mojibake[:5]
    ]
    if not rows:
        return
    yield from _heading("Odd characters", "")
    yield from (f"  {line}" for line in _aligned(("", "", "times", "first in line", "name"), rows, right=(2, 3)))
    if len(text.odd) > _ODD_SHOWN:
        yield f"  and {len(text.odd) - _ODD_SHOWN} more"


def _was(signs: str) -> str:
    return "lost" if not signs else "was a space" if signs.isspace() else f"was {shortened(signs, 10)}"


def _suspicious(text: TextFindings, names: dict[str, str], width: int) -> Iterator[str]:
    if not text.suspicious:
        return
    yield from _heading("Suspicious lines", ", ".join(f"{reason} {n:,}" for reason, n in text.suspicious.items()))
    rows = [(_where(suspect.place, names), suspect.reason, suspect.excerpt) for suspect in text.first_suspicious]
    places, reasons = (max(cell_len(row[column]) for row in rows) for column in (0, 1))
    for place, reason, excerpt in rows:
        left = max(20, width - places - reasons - 6)
        yield f"  {place.ljust(places)}  {reason.ljust(reasons)}  {shortened(excerpt, left)}"


def _unknown(part: Unknown, width: int) -> Iterator[str]:
    share = part.n_unknown / max(1, part.n_tokens)
    of = "" if part.whole else ", of the first 16 million characters"
    yield from _heading("Unknown", f"to {part.run}{of}")
    types = f"{part.n_unknown_types:,} of {counted(part.n_types, 'type')}"
    yield f"  {share:.2%} of {part.n_tokens:,} {part.what} ({types})"
    if part.most_frequent:
        frequent = "  ".join(f"{_shown(token)} {n:,}" for token, n in part.most_frequent)
        yield f"  {_cut(frequent, width - 2)}"


def _where(place: Place, names: dict[str, str]) -> str:
    """The line, behind the file where there are several."""
    return f"{shortened(names[place.file], 40)} {place}" if names else str(place)


def _heading(name: str, note: str) -> Iterator[str]:
    yield ""
    yield f"{_bold(name)}{f'  {note}' if note else ''}"


def _fact(name: str, fact: str) -> str:
    return f"  {name:<{_LABEL}}{fact}"


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def _bytes(n: int) -> str:
    if n < 1000:
        return counted(n, "byte")
    power = min(4, int(f"{n:.2e}".partition("e")[2]) // 3)  # of what is shown: 999,999 bytes are 1 MB
    return f"{n / 1000**power:.3g} {_UNITS[power]}"


def _aligned(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> Iterator[str]:
    widths = [max(cell_len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        cells = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (width - cell_len(cell))
            cells.append(blanks + cell if column in right else cell + blanks)
        yield "  ".join(cells).rstrip()


def _cut(line: str, width: int) -> str:
    """A line in so many columns at most."""
    return line if cell_len(line) <= width else set_cell_size(line, width - 1).rstrip() + "…"
