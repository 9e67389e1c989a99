"""Put other bytes in place of a file. A new file, not the old one cut: a map of the old one may still be open."""

from pathlib import Path


def put(path: Path, content: bytes) -> None:
    """Where the old file is still mapped into memory, cutting it short would end the process (SIGBUS)."""
    new = path.with_name(f"{path.name}.damage")
    new.write_bytes(content)
    new.replace(path)
