"""Write the pool's titled abstracts as JSON lines that `biocpt index` reads: `python benchmarks/pool.py OUT.jsonl`.

$BIOCPT_DATA/pool: 44,037 real PubMed records with title and abstract.
"""

import gzip
import json
import os
import sys
from pathlib import Path

KEPT = ("pmid", "title", "abstract", "journal", "year", "mesh")


def main(out: Path) -> None:
    count = 0
    pool = Path(os.environ["BIOCPT_DATA"]) / "pool" / "pubmed_pool.jsonl.gz"
    with gzip.open(pool, "rt", encoding="utf-8") as source, out.open("w", encoding="utf-8") as file:
        for line in source:
            row = json.loads(line)
            if row["title"].strip() and row["abstract"].strip():
                record = {"id": row["pmid"], **{name: row[name] for name in KEPT if row.get(name)}}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
    print(f"{count:,} records", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
