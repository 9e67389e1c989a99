"""Files to records: PubMed XML, MEDLINE text, JSON lines; streamed, plain or gzip."""

from indexer.errors import BrokenSource
from indexer.sources.checksum import digest, looks, verify_md5
from indexer.sources.formats import FORMATS, read
from indexer.sources.records import Item, Rejected, name_of
from indexer.sources.stream import Meter

__all__ = ["FORMATS", "BrokenSource", "Item", "Meter", "Rejected", "digest", "looks", "name_of", "read", "verify_md5"]
