"""What a file is that is no text, by how it begins."""

import re

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
    (b"\xca\xfe\xba\xbe", "a compiled Java class, or a program of macOS"),
    (b"\xcf\xfa\xed\xfe", "a program of macOS"),
    (b"PK\x03\x04", "a zip archive, or a document that is one (docx, xlsx, epub)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b\x08", "data compressed by gzip, under a name without .gz"),
    (b"BZh", "data compressed by bzip2, under a name without .bz2"),
    (b"\xfd7zXZ\x00", "data compressed by xz, under a name without .xz"),
    (b"\x28\xb5\x2f\xfd", "data compressed by zstd, under a name without .zst"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"ARROW1", "an Arrow table"),
    (b"\x93NUMPY", "an array of numpy"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (doc, xls)"),
    (b"{\\rtf", "a document in rich text format (RTF)"),
    (b"ID3", "an MP3 sound"),
    (b"OggS", "an Ogg sound"),
    (b"fLaC", "a FLAC sound"),
    (b"\x00asm", "a WebAssembly program"),
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LOOK = 8192
_PICKLES = tuple(b"\x80" + bytes([version]) for version in range(2, 6))


def signature(start: bytes) -> str:
    """Tell what a file is, by its first bytes, or "" where they are not known."""
    for begins, what in _SIGNATURES:
        if start.startswith(begins) and (len(begins) > 3 or b"\x00" in start[:512]):
            return what
    if start[:4] == b"RIFF" and b"\x00" in start[:64]:
        return "a RIFF file (WAV, AVI, WebP)"
    if start[4:8] == b"ftyp":
        return "a video or sound (MP4)"
    if start[257:262] == b"ustar":
        return "a tar archive"
    if start.startswith(b"MZ") and b"\x00" in start[:64]:
        return "a program of Windows"
    return "a pickle of Python" if start.startswith(_PICKLES) and start[2:3] in b"\x95}]c(KXU" else ""


def binary_by(start: bytes, codec: str) -> str:
    """Tell that a file is no text, by the control characters at its start, or give "" where there are few."""
    text = start[:_LOOK].decode(codec, "replace")
    n_controls = len(_CONTROLS.findall(text))
    return "binary, of no kind that is known here" if n_controls >= 16 and n_controls > len(text) // 20 else ""
