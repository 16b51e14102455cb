"""One of a thing is not several."""

from seqlab.wording import counted


def test_one_and_several():
    assert [counted(n, "text") for n in (0, 1, 2, 2000)] == ["0 texts", "1 text", "2 texts", "2,000 texts"]
    assert [counted(n, "text is", "texts are") for n in (1, 2)] == ["1 text is", "2 texts are"]
