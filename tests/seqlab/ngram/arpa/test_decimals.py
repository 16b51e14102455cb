import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.ngram.arpa.decimals import decimals

NUMBERS = st.from_regex(r"[-+]?[0-9]{0,20}\.?[0-9]{0,12}(e-?[0-9])?", fullmatch=True) | st.text("-.0x_nif", max_size=5)


@given(st.lists(NUMBERS))
def test_numbers_are_those_of_python(texts):
    line = "\t".join(texts) + "\t"
    last = np.flatnonzero(np.array(list(line)) == "\t")[: len(texts)]
    first = np.concatenate(([0], last + 1))[: len(texts)]
    numbers = decimals(np.frombuffer(line.encode(), np.uint8), first, last)
    for text, number in zip(texts, numbers.tolist(), strict=True):
        try:
            wanted = math.nan if "_" in text else float(text)
        except ValueError:
            wanted = math.nan
        assert number == pytest.approx(wanted, rel=1e-15, nan_ok=True)
