"""The page about the cells is what its script writes."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import pytest

from seqlab.recurrent import CELLS
from seqlab.recurrent.scan import TORCH_IS_FASTER_ON_CPU

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("docs_cells", ROOT / "docs" / "cells.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_the_measured_column(text):
    return re.sub(r"^(\| \[.*\|)[^|]*\|$", r"\1", text, flags=re.M)


def test_the_page_is_up_to_date(script):
    found = (ROOT / "docs" / "cells.md").read_text(encoding="utf-8")
    assert without_the_measured_column(found) == without_the_measured_column(script.page({})), (
        "run: python docs/cells.py"
    )


def test_each_cell_has_a_row_with_all_of_it_and_its_equations(script):
    text = script.page({"lstm": {"ratio": 0.987, "against": "torch.nn.LSTM"}})
    rows = {row[0]: row[1:] for row in re.findall(r"^\| \[`([\w-]+)`\]" + r".*?\| (.*?) " * 6 + r"\|$", text, re.M)}
    assert rows.keys() == CELLS.keys()
    for name, row in rows.items():
        assert all(row), name
        assert row[2] == f"{CELLS[name].n_parameters(256, 256):,}"
        assert row[-1] == ("0.99 x torch.nn.LSTM" if name == "lstm" else "-")
        equations = re.search(rf"^### {name}\n\n[^#]*", text, re.M).group()
        assert re.search(r"^    [hy]' ", equations, re.M), name


def test_what_runs_a_cell(script):
    row = replace(CELLS["gru"], torch_kernel=None, fused_kernel=None)
    assert script.run_by(row) == "reference loop"
    assert script.run_by(replace(row, parallel=row.step)) == "parallel scan"
    assert script.run_by(replace(row, fused_kernel="gru")) == "fused kernel"
    kernels = {kernel: replace(row, torch_kernel=kernel, fused_kernel="any") for kernel in ("lstm", "gru")}
    for kernel, cell in kernels.items():
        faster = "torch, fused kernel" if kernel in TORCH_IS_FASTER_ON_CPU else "fused kernel, torch"
        assert script.run_by(cell) == faster
