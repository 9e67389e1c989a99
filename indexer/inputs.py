"""Which files a list of files and folders stands for."""

from collections.abc import Iterable
from pathlib import Path

from indexer.engines.embedded.layout import Layout
from indexer.errors import NoSuchSource

SUFFIXES = (".xml", ".nbib", ".medline", ".txt", ".jsonl", ".ndjson")
"""What is taken from a folder, plain or with `.gz`, in any case; a file that is named itself may have any name."""


def source_files(paths: Iterable[Path]) -> list[Path]:
    """Files in the order given, a folder replaced by its files sorted by name, each file once.

    Everything is looked at before anything is read. Folders are not searched within; a README and
    hidden files are left out.

    Raises:
        NoSuchSource: a path does not exist or is no file, or a folder is an index or holds nothing that we know.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _in_folder(path) if path.is_dir() else [path]:
            if not file.exists():
                raise NoSuchSource(f"There is no file {str(file)!r}. Check the name; nothing has been read.")
            if not file.is_file():
                raise NoSuchSource(
                    f"{str(file)!r} is a pipe or a device, and a source is read twice: save it to a file."
                )
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _in_folder(folder: Path) -> list[Path]:
    layout = Layout(folder)
    if layout.manifest.is_file() and layout.text.is_dir():
        raise NoSuchSource(
            f"Folder {str(folder)!r} is an index, and holds no files to index. Name the files' own folder."
        )
    files = [file for file in folder.iterdir() if file.name.lower().removesuffix(".gz").endswith(SUFFIXES)]
    files = [file for file in files if file.is_file() and not file.name.startswith(("README", "."))]
    if not files:
        kinds = ", ".join(SUFFIXES)
        raise NoSuchSource(f"Folder {str(folder)!r} holds no file to index ({kinds}). Name the files themselves.")
    return sorted(files, key=lambda file: file.name)
