"""The code on the page about Kneser & Ney's smoothing runs, and what it asserts holds."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "kneser-ney.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))


def test_the_code_of_the_page_holds():
    assert CODE.count("assert") >= 10
    exec(compile(CODE, "kneser-ney.md", "exec"), {})


def test_the_names_on_the_page_are_in_the_code():
    room = "".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "seqlab/ngram").rglob("*.py")
    )
    for name in (
        "adjusted",
        "modified_discounts",
        "FALLBACK",
        "_combined",
        "suffixes",
        "starts",
        "backoffs",
        "log_probs",
    ):
        assert f"`{name}`" in PAGE
        assert name in room
