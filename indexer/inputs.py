"""Which files a list of files and folders stands for."""

from collections.abc import Iterable
from pathlib import Path

from indexer.errors import NoSuchSource

SUFFIXES = (".xml", ".nbib", ".medline", ".txt", ".jsonl", ".ndjson")
"""What is taken from a folder, plain or with `.gz`; a file that is named itself may have any name."""


def source_files(paths: Iterable[Path]) -> list[Path]:
    """Files in the order given, a folder replaced by its files sorted by name, each file once.

    Everything is looked at before anything is read. Folders are not searched within; their README is left out.

    Raises:
        NoSuchSource: a path does not exist, or a folder holds nothing of a kind that we know.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _in_folder(path) if path.is_dir() else [path]:
            if not file.is_file():
                raise NoSuchSource(f"There is no file {str(file)!r}. Check the name; nothing has been read.")
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _in_folder(folder: Path) -> list[Path]:
    files = [file for file in folder.iterdir() if file.name.removesuffix(".gz").endswith(SUFFIXES)]
    files = [file for file in files if file.is_file() and not file.name.startswith("README")]
    if not files:
        kinds = ", ".join(SUFFIXES)
        raise NoSuchSource(f"Folder {str(folder)!r} holds no file to index ({kinds}). Name the files themselves.")
    return sorted(files, key=lambda file: file.name)
