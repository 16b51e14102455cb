"""Labelled texts from a folder with a subfolder for each class: a file is a text, its label the subfolder's name."""

from collections.abc import Iterator
from pathlib import Path

from seqlab.corpora import labels
from seqlab.corpora.compression import without_compression
from seqlab.corpora.files import TEXT_SUFFIXES, TextFile, find_files, is_folder
from seqlab.corpora.lines import read_text
from seqlab.errors import DataError
from seqlab.records import Labelled


def suffix_of(path: Path) -> str:
    """Give the suffix of a file in small letters; of a compressed one that below."""
    return Path(without_compression(path.name)).suffix


def class_of(path: Path, folder: Path) -> str:
    """Give the name of the subfolder that a file below a folder is in, at any depth; "" for one in the folder itself."""
    first, *others = path.relative_to(folder).parts
    return first if others else ""


def is_per_class(folder: Path, files: tuple[TextFile, ...]) -> bool:
    """Tell whether a folder with these files below it is one with a subfolder of texts for each class.

    Raises DataError where subfolders hold texts and there are tables or files beside them.
    """
    texts = [bool(class_of(file.path, folder)) and suffix_of(file.path) in TEXT_SUFFIXES for file in files]
    if any(texts) and not all(texts):
        other = files[texts.index(False)].path
        raise DataError(
            f"{folder}: it has subfolders of texts, and {other} beside them: name the files or subfolders to read, or the "
            "form folders, which reads the subfolders alone"
        )
    return any(texts)


def files_by_class(folder: TextFile) -> list[tuple[TextFile, str]]:
    """Give the text files in the subfolders, sorted, each with its class; files in the folder itself are left out.

    Raises DataError as `find_files` does, and where there is no text in any subfolder.
    """
    if not is_folder(folder.path):
        find_files([folder], folder.encoding)  # raises where it is not there
        raise DataError(f"{folder.path}: a file; the form folders reads a folder that has a subfolder for each class")
    found = find_files([folder], folder.encoding, TEXT_SUFFIXES)
    sorted_in = [(file, class_of(file.path, folder.path)) for file in found]
    with_class = [(file, labels.checked(name, f"{file.path.parent}")) for file, name in sorted_in if name]
    if not with_class:
        raise DataError(
            f"{folder.path}: no text in any subfolder; put the texts of each class in a subfolder of its name"
        )
    return with_class


def read_whole(file: TextFile, label: str) -> Iterator[Labelled]:
    """Give a file as one text, without the line end it ends with; DataError as `decode` raises."""
    text = "".join(read_text(file))
    yield Labelled(text.removesuffix("\n"), (label,), file.name)
