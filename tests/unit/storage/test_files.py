"""Pictures on disk."""

from pathlib import Path

from storage.files import DiskFiles, new_key


def test_a_file_stands_under_its_key_only_when_it_is_whole(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path / "deep" / "files")
    key = new_key("png")
    incoming = files.incoming("12")
    incoming.write_bytes(b"half")
    assert not files.path(key).exists()
    files.incoming("12").write_bytes(b"whole")
    assert files.keep(incoming, key) == files.path(key)
    assert files.path(key).read_bytes() == b"whole"
    assert not incoming.exists()
    assert DiskFiles(tmp_path / "deep" / "files").path(key).read_bytes() == b"whole"


def test_keys_cannot_be_guessed() -> None:
    keys = {new_key("jpg") for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        folder, _, name = key.partition("/")
        stem, _, extension = name.partition(".")
        assert len(stem) == 32
        assert set(stem) <= set("0123456789abcdef")
        assert (folder, extension) == (stem[:2], "jpg")
