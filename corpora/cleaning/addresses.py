"""Addresses of the web and of mail, and the tokens that take their places.

>>> replace_urls("见http://a.org/b?c=1。Or (www.a.org).", URL)
'见<url>。Or (<url>).'
>>> replace_mails("to ann.b@c-d.org.", MAIL)
'to <mail>.'
"""

import re

URL, MAIL = "<url>", "<mail>"

# An address is of ASCII and ends with a sign that does not end a sentence: in Chinese text no blank comes after it.
_URL = re.compile(
    r"(?:\b(?:https?|ftp)://|\bwww\.(?=[a-z0-9\-]+\.))[a-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*[a-z0-9\-_~/#@$&*+=%]",
    re.IGNORECASE | re.ASCII,
)
_LOCAL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9\-])")


def replace_urls(text: str, replacement: str) -> str:
    """Put something in the place of each address that begins with http://, https://, ftp:// or www."""
    folded = text.lower() if "://" not in text else ""
    return _URL.sub(replacement, text) if "://" in text or "www." in folded else text


def replace_mails(text: str, replacement: str) -> str:
    """Put something in the place of each mail address, `name@domain.tld`.

    It is found from its @ on, in both directions, so that long runs of letters cost nothing.
    """
    if "@" not in text:
        return text
    parts: list[str] = []
    done = at = 0
    while (at := text.find("@", at)) >= 0:
        name = _LOCAL.search(text[max(done, at - 64) : at])
        domain = _DOMAIN.match(text, at + 1) if name else None
        at += 1
        if name and domain:
            parts += text[done : at - 1 - len(name[0])], replacement
            done = at = domain.end()
    return "".join([*parts, text[done:]]) if parts else text
