"""What languages are called at the ends of files' names, in columns and in settings: their codes and English names."""

import re

_NAMES = (
    "af am ar as az ba be bg bn bo br bs ca ceb cs cy da de el en eo es et eu fa fi fo fr fy ga gd gl gu ha he hi "
    "hr hu hy id ig is it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no ny "
    "oc om or pa pl ps pt ro ru rw sa sd si sk sl sm sn so sq sr st su sv sw ta te tg th ti tk tl tn to tr ts tt "
    "ug uk ur uz vi wo xh yi yo zh zu ara ben bul ces cmn dan deu ell eng est fas fin fra hbs heb hin hun ind ita "
    "jpn kor lat lit nld nor pol por ron rus spa swe tha tur ukr urd vie wuu yue zho cn jp "
    "arabic cantonese chinese czech danish dutch english finnish french german greek hebrew hindi hungarian italian "
    "japanese korean latin mandarin norwegian polish portuguese romanian russian spanish swedish thai "
    "turkish ukrainian vietnamese"
)
"""ISO 639-1, some of ISO 639-3, what is written in their place (cn, jp), and names."""
LANGUAGE = re.compile(rf"(?i:{_NAMES.replace(' ', '|')})(?:[-_][A-Za-z]{{2,4}})*")
"""The name of a language, maybe with a region or a script: en, zh-CN, eng_Latn, German."""

_BY_FIRST_PART = {
    **dict.fromkeys(("zh", "zho", "cmn", "yue", "wuu", "cn", "chinese", "mandarin", "cantonese"), "zh"),
    **dict.fromkeys(("ja", "jpn", "jp", "japanese"), "ja"),
    **dict.fromkeys(("ko", "kor", "korean"), "ko"),
}


def is_language(name: str) -> bool:
    """Whether a name is that of a language."""
    return LANGUAGE.fullmatch(name) is not None


def code(name: str) -> str:
    """The code of a language whose words blanks do not show, "zh", "ja" or "ko"; of others the name without its region."""
    first = re.split("[-_]", name.lower(), maxsplit=1)[0]
    return _BY_FIRST_PART.get(first, first)
