"""Which encoding a file is in: its mark, then strict UTF-8, then what makes frequent characters of its bytes."""

import codecs
import re
from collections.abc import Iterable
from typing import NamedTuple

from seqlab.corpora.encodings import MARK, check_encoding
from seqlab.errors import ConfigError, DataError

_SAMPLE = 1 << 16  # bytes that tell, from the first line on that is not ASCII
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_SHIFT_TO_JAPANESE = b"\x1b$B"
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_ALONE = re.compile(r"[A-Za-z][^\0-\x7f](?=[A-Za-z])")  # as the umlauts of words seem, read in an encoding of Chinese

# The most frequent characters of Chinese, simplified and traditional, of Japanese and of Korean. They make up more than
# half of such a text, and a few in a hundred characters of one that is read in a wrong encoding.
_HAN = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如"
    "都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两"
    "高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比"
    "员解水名真论处走义各入几口认条平系气题活更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直资命山金指许统区保至队"
    "這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭體見產話內給門兒東聲員論處義幾認條"
    "氣題爾別變總電數報結務場計資許統區隊馬書則聽卻達強難權設記類據邊張該規萬覺術領確傳師觀讓識帶導爭運"
    "，。、：；！？「」《》（）…—“”　"
)
_KANA = frozenset(chr(point) for point in (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7))) | frozenset("、。「」ー・")
_HANGUL = frozenset(
    "이다는을의에가고하지로기도사은나한어리자를들서아그인해시대정수일전있부과보것스라게주여만상안오장제으원구소조면"
)


class _Candidate(NamedTuple):
    encodings: tuple[str, ...]
    """The first of these in which all is legal, or else the first."""
    frequent: frozenset[str]


_CANDIDATES = (
    _Candidate(("gb18030",), _HAN),
    _Candidate(("big5", "cp950", "big5hkscs"), _HAN),
    _Candidate(("shift_jis", "cp932"), _KANA),
    _Candidate(("euc_jp",), _KANA),
    _Candidate(("euc_kr", "cp949"), _HANGUL),
    _Candidate(("utf-16-le",), _HAN | _KANA | _HANGUL),
    _Candidate(("utf-16-be",), _HAN | _KANA | _HANGUL),
)
_ENOUGH = 0.2  # share of frequent characters among those that are not ASCII


def encoding_of(blocks: Iterable[bytes], name: str) -> str:
    """Give the encoding of a file, from its first blocks; text in ASCII alone, and none at all, is UTF-8.

    XML is in what it declares. A part in ASCII that the file begins with is passed over, however long, since it tells
    nothing. Where a few bytes are not legal in what most of it is in, that is given, so that reading it shows where
    they stand. Raises DataError, with the name of the file, where no encoding makes text of it.
    """
    start, sample = _sample(blocks)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" in start and not _is_utf8_with_few_zeros(start) and (wide := _wide(start)):
        return wide
    if (named := declared_in(start)) and _is_known(named):
        return named
    if not sample:
        return "iso2022_jp" if _SHIFT_TO_JAPANESE in start and _legal(start, "iso2022_jp") else "utf-8"
    if _is_utf8(sample):
        return "utf-8"
    found = _most_frequent(sample) or _by_library(sample)
    if found is None:
        raise DataError(
            f"{name}: its encoding cannot be told, or it is no text; use --encoding NAME (gb18030, latin-1, ...)"
        )
    return found


def declared_in(start: bytes) -> str | None:
    """Give the encoding that XML declares in its first bytes, whether there is such a one or not; None if it does not."""
    declared = _DECLARED.match(start.removeprefix(codecs.BOM_UTF8))
    return declared[1].decode("ascii") if declared else None


def _is_known(encoding: str) -> bool:
    try:
        check_encoding(encoding)
    except ConfigError:
        return False
    return True


def _sample(blocks: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Give the first bytes, and those from the first line on that is not ASCII; none where all lines are."""
    start, sample = b"", b""
    for block in blocks:
        start = start or block[:_SAMPLE]
        if sample:
            sample += block
        elif found := _NOT_ASCII.search(block):
            sample = block[block.rfind(b"\n", 0, found.start()) + 1 :]
        elif b"\0" in start:
            break
        if len(sample) >= _SAMPLE:
            break
    return start, sample[:_SAMPLE]


def _wide(start: bytes) -> str | None:
    """Give the form of UTF-16 or UTF-32 that bytes with zeros among them are in; None if they are in none."""
    for encoding in ("utf-32-le", "utf-32-be"):
        if len(start) >= 4 and _legal(start[: len(start) // 4 * 4], encoding):
            return encoding
    texts = {name: start[: len(start) // 2 * 2].decode(name, "replace") for name in ("utf-16-le", "utf-16-be")}
    # The high bytes of letters of few scripts are few different ones.
    n_high = {name: len({ord(character) >> 8 for character in text}) for name, text in texts.items()}
    usual = {name: sum(map(_is_usual, text)) for name, text in texts.items()}
    encoding = max(texts, key=lambda name: (usual[name], -n_high[name]))
    text = texts[encoding]
    bad = sum(text.count(character) for character in "\0\ufffd")
    return encoding if bad <= len(text) // 50 else None


def _is_usual(character: str) -> bool:
    return " " <= character <= "~" or character in "\n\r\t" or any(character in one.frequent for one in _CANDIDATES)


def _legal(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeError:
        return False
    return True


def _decoded(sample: bytes, encoding: str) -> str:
    """Give a sample as text, `MARK` for what is not legal; a character that its end cuts is left out."""
    return codecs.getincrementaldecoder(encoding)("seqlab.marked").decode(sample)


def _is_utf8(sample: bytes) -> bool:
    text = _decoded(sample, "utf-8")
    n_bad = text.count(MARK)
    return not n_bad or 5 * n_bad <= len(text) - n_bad - sum(character.isascii() for character in text)


def _is_utf8_with_few_zeros(start: bytes) -> bool:
    """Whether bytes are UTF-8 but for some zeros among them; of UTF-16 half are zeros, or it is no UTF-8."""
    return start.count(b"\0") * 50 <= len(start) and _is_utf8(start)


def _most_frequent(sample: bytes) -> str | None:
    """Give the encoding of Chinese, Japanese or Korean in which most characters are frequent; None if few are in each."""
    best, found = _ENOUGH, None
    for candidate in _CANDIDATES:
        texts = {encoding: _decoded(sample, encoding) for encoding in candidate.encodings}
        encoding = min(texts, key=lambda name: texts[name].count(MARK))
        other = [character for character in texts[encoding] if not character.isascii()]
        n_bad = other.count(MARK)
        n_frequent = sum(character in candidate.frequent for character in other)
        n_alone = len(_ALONE.findall(texts[encoding]))
        share = (n_frequent - n_alone - 5 * n_bad) / max(1, len(other))
        if share > best:
            best, found = share, encoding
    return found


def _by_library(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    match = from_bytes(sample).best()
    return None if match is None else str(match.encoding)
