"""An index in a folder, with no server: tantivy holds text and records, Lance holds vectors.

`layout` the folder · `text` records as tantivy documents · `translate` queries · `vectors` Lance · `nearest` the
search among vectors · `reader` and `writer` the two protocols.
"""
