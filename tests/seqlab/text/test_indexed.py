import numpy as np
import pytest

from seqlab.errors import DataError
from seqlab.text import IdWriter, open_ids, smallest_dtype


@pytest.mark.parametrize(
    ("n_types", "dtype"), [(1, "uint8"), (256, "uint8"), (257, "uint16"), (65536, "uint16"), (65537, "uint32")]
)
def test_smallest_type(n_types, dtype):
    assert smallest_dtype(n_types) == dtype


def test_no_type_for_more_than_32_bits():
    with pytest.raises(ValueError, match="do not fit in 32 bits"):
        smallest_dtype(2**32 + 1)


@pytest.mark.parametrize("n_types", [10, 1000, 100_000])
@pytest.mark.parametrize("lengths", [[], [0], [3, 0, 4], [12345]])
def test_what_is_appended_is_read(tmp_path, n_types, lengths):
    rows = [np.arange(length) % n_types for length in lengths]
    with IdWriter(tmp_path / "ids.npy", n_types) as writer:
        for row in rows:
            writer.append(row)
        assert not (tmp_path / "ids.npy").exists()
    ids = open_ids(tmp_path / "ids.npy")
    assert ids.dtype == smallest_dtype(n_types)
    assert ids.tolist() == [int(index) for row in rows for index in row]
    assert writer.n_ids == len(ids)
    assert not ids.flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == ["ids.npy"]
    plain = np.load(tmp_path / "ids.npy", mmap_mode="r", allow_pickle=False)
    assert isinstance(plain, np.memmap)
    assert (plain == ids).all()


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "ids.npy"
    with IdWriter(path, 10) as writer:
        writer.append(np.array([1, 2]))

    def be_interrupted():
        with IdWriter(path, 10) as writer:
            writer.append(np.array([3]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert open_ids(path).tolist() == [1, 2]
    assert [found.name for found in tmp_path.iterdir()] == ["ids.npy"]


def test_ids_outside_the_vocabulary_are_refused(tmp_path):
    for wrong in (10, -1):
        with pytest.raises(ValueError, match="in a vocabulary of 10"), IdWriter(tmp_path / "ids.npy", 10) as writer:
            writer.append(np.array([wrong]))
    with pytest.raises(ValueError, match="inside its `with` block"):
        writer.append(np.array([1]))


def test_unwritable_place(tmp_path):
    with (
        pytest.raises(DataError, match=r"no/ids.npy: cannot be written \(No such file"),
        IdWriter(tmp_path / "no" / "ids.npy", 9),
    ):
        pass


def test_broken_files(tmp_path):
    path = tmp_path / "ids.npy"
    with pytest.raises(DataError, match=r"ids.npy: no such file of ids"):
        open_ids(path)
    with IdWriter(path, 10) as writer:
        writer.append(np.arange(9))
    whole = path.read_bytes()
    for content, message in {
        b"": "not a file of ids, or cut short",
        b"something else": "not a file of ids",
        whole[:40]: "cut short",
        whole[:-1]: "cut short",
        whole + b"\0": "longer than its 9 ids",
    }.items():
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"ids\.npy: .*{message}"):
            open_ids(path)
    for array in (np.zeros((2, 2), np.uint8), np.zeros(3, np.int64), np.zeros(3, ">u2")):
        np.save(path, array)
        with pytest.raises(DataError, match="not a file of ids"):
            open_ids(path)
    np.save(path, np.array([{}]), allow_pickle=True)
    with pytest.raises(DataError, match="not a file of ids"):
        open_ids(path)
