"""The house: who may import whom, what is in the wheel, how long files and functions are."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"seqlab": ROOT / "seqlab", "seqlab.corpora": ROOT / "corpora", "seqlab.cli": ROOT / "cli"}

# Each room or file of the package, and what of the package it may import. The same room is always allowed.
ALLOWED = {
    "errors": set(),
    "beside": {"errors"},
    "records": set(),
    "wording": set(),
    "languages": set(),
    "cell_names": {"errors"},
    "precision": {"errors"},
    "config": {"cell_names", "errors", "precision"},
    "text": {"errors"},
    "ngram": {"beside", "decoding", "errors"},
    "metrics": {"errors", "wording"},
    "batching": {"errors"},
    "decoding": {"errors"},
    "recurrent": {"cell_names", "errors"},
    "models": {"errors", "precision", "recurrent"},
    "modeldir": {"beside", "config", "errors", "resolve"},
    "weights": {"errors", "modeldir"},
    "resolve": {"config", "errors"},
    "device": {"errors"},
    "tasks": {
        "errors", "config", "device", "records", "modeldir", "models", "recurrent", "text", "ngram", "metrics",
        "decoding", "batching", "precision", "weights", "wording", "languages",
    },
    "training": {
        "errors", "config", "resolve", "device", "precision", "modeldir", "ngram", "recurrent", "tasks", "text", "weights",
        "wording",
    },
    "corpora": {"beside", "config", "errors", "languages", "records", "text"},
    "cli": {
        "errors", "config", "resolve", "corpora", "languages", "tasks", "text", "training", "modeldir", "metrics",
        "wording",
    },
    "estimator": {"errors", "resolve", "tasks", "training"},
    "__init__": {"estimator", "tasks", "training"},
    "__main__": {"cli"},
}  # fmt: skip
NO_TORCH = ("text", "ngram", "decoding", "metrics", "batching", "cell_names", "config", "errors", "records", "corpora")


def sources() -> Iterator[tuple[str, Path]]:
    """(room, file) of each module of the package."""
    for package, folder in ROOMS.items():
        for path in sorted(folder.rglob("*.py")):
            room = path.relative_to(folder).parts[0].removesuffix(".py") if package == "seqlab" else folder.name
            yield room, path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            if node.module == "seqlab":
                yield from (f"seqlab.{alias.name}" for alias in node.names)
            else:
                yield f"{node.module}"


@pytest.mark.parametrize(("room", "path"), list(sources()), ids=lambda value: str(value)[-30:])
def test_rooms_import_only_what_they_may(room: str, path: Path) -> None:
    for name in imports(path):
        package, _, rest = name.partition(".")
        target = rest.split(".")[0]
        if package != "seqlab" or target not in ALLOWED:
            continue  # another package, or a name of seqlab itself, such as __version__
        assert target == room or target in ALLOWED[room], f"{room} may not import {target}"


@pytest.mark.parametrize("room", NO_TORCH)
def test_rooms_without_torch(room: str) -> None:
    for where, path in sources():
        if where == room:
            assert not any(name.split(".")[0] in ("torch", "safetensors") for name in imports(path)), path


def test_every_folder_with_code_is_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    found = set()
    for package, folder in ROOMS.items():
        for path in folder.rglob("*.py"):
            found.add(".".join((package, *path.parent.relative_to(folder).parts)))
    assert listed == found


def test_constraints_pin_torch() -> None:
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text(encoding="utf-8").split()


def test_nothing_is_unpickled_or_evaluated() -> None:
    for _, path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "torch.load", "pickle.load", "pickle.loads", "np.load"), path


def test_every_public_name_has_a_docstring_and_functions_stay_short() -> None:
    for _, path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for node in [*tree.body, *(node for cls in classes for node in cls.body)]:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path}: {node.name}"
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 75, f"{path}: {node.name}"
