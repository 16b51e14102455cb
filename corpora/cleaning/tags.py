"""Tags of HTML, and nothing that only looks like one.

A tag is `<`, perhaps `/`, the name of an element of HTML, attributes, and `>`, all on one line. An attribute has a value,
or is one of those that need none. So `a < b`, `<unk>`, `<url>` and `x<b and c>d` are no tags.

>>> remove_tags('<p class="x">One <b>two</b><br/>three &lt; <unk> i<b and c>d</p>')
' One two three &lt; <unk> i<b and c>d '
"""

import re

_OF_WORDS = """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike strong
    sub sup time tt u var wbr
"""
_OF_PAGES = """
    address applet area article aside audio base basefont blockquote body br button canvas caption center col colgroup
    datalist dd details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6
    head header hgroup hr html iframe img input legend li link main map menu meta meter nav noframes noscript object ol
    optgroup option output p param picture pre progress rp rt ruby script search section select slot source style summary
    svg table tbody td template textarea tfoot th thead title tr track ul video
"""
_REPLACEMENTS = dict.fromkeys(_OF_PAGES.split(), " ") | dict.fromkeys(_OF_WORDS.split(), "")
_WITHOUT_VALUE = (
    "allowfullscreen|async|autofocus|autoplay|checked|compact|controls|default|defer|disabled|formnovalidate|hidden|inert|"
    "ismap|itemscope|loop|multiple|muted|nomodule|noresize|noshade|novalidate|nowrap|open|playsinline|readonly|required|"
    "reversed|selected"
)
_VALUE = r"""(?:"[^"\n]*+"|'[^'\n]*+'|[^\s"'=<>`]++)"""
_ATTRIBUTE = rf"[^\S\n]++(?:[A-Za-z_:@][\w:.\-]*+[^\S\n]*+=[^\S\n]*+{_VALUE}|(?i:{_WITHOUT_VALUE})\b)"
# Names are looked up afterwards: a pattern of all names takes ten times as long.
_TAG = re.compile(rf"<(?:/?([A-Za-z][A-Za-z0-9]*+)(?:{_ATTRIBUTE})*+[^\S\n]*+/?>|!(?i:doctype) [^<>\n]*+>)")
_OPENING = re.compile(r"<(?=[!sS])(?i:!--|(?:script|style)(?=[\s>]))")
_CLOSINGS = {
    "<!--": re.compile("-->"),
    "<script": re.compile("</script[^\\S\n]*>", re.IGNORECASE),
    "<style": re.compile("</style[^\\S\n]*>", re.IGNORECASE),
}


def remove_tags(text: str) -> str:
    """Remove tags of HTML; one that ends a word, such as `<br>`, becomes a space, and `<b>` nothing.

    Comments, scripts and styles go with what is in them, where they end on the line on which they begin.
    """
    if "<" not in text:
        return text
    return _TAG.sub(_replacement, _without_hidden(text))


def _replacement(found: re.Match[str]) -> str:
    name = found[1]
    if name in _REPLACEMENTS:
        return _REPLACEMENTS[name]
    return " " if name is None else _REPLACEMENTS.get(name.lower(), found[0])


def _without_hidden(text: str) -> str:
    """Remove comments, scripts and styles, in time that is linear in the length."""
    parts: list[str] = []
    done = at = 0
    open_to_end = dict.fromkeys(_CLOSINGS, 0)  # the end of the line on which none is closed any more
    while opening := _OPENING.search(text, at):
        at, kind = opening.end(), opening[0].lower()
        if opening.start() < open_to_end[kind]:
            continue
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        closing = _CLOSINGS[kind].search(text, at, line_end)
        if closing is None:
            open_to_end[kind] = line_end
            continue
        parts += text[done : opening.start()], " "
        done = at = closing.end()
    return "".join([*parts, text[done:]]) if parts else text
