"""The floor under any ingest in Python: CPU seconds of gunzip, parse and write, each measured alone.

    python floor.py CORPUS ROWS.parquet

gunzip is libdeflate (`deflate`), parse is simdjson (`pysimdjson`; documents are parsed and nothing is taken out of them),
write is pyarrow with zstd of the rows that a contender wrote. Prints one JSON object.
"""

import json
import sys
import tempfile
from pathlib import Path
from time import process_time

import deflate
import pyarrow.parquet as pq
import simdjson


def floor(corpus: Path, rows: Path) -> dict[str, float]:
    """CPU seconds a step."""
    packed = [path.read_bytes() for path in sorted(corpus.rglob("*.json.gz"))]
    start = process_time()
    texts = [deflate.gzip_decompress(data) for data in packed]
    gunzipped = process_time()
    parser = simdjson.Parser()
    for text in texts:
        parser.parse(text)
    parsed = process_time()
    del texts, packed
    table = pq.read_table(rows)
    read = process_time()
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / "rows.parquet", compression="zstd")
    return {"gunzip": gunzipped - start, "parse": parsed - gunzipped, "write": process_time() - read}


if __name__ == "__main__":
    print(json.dumps(floor(Path(sys.argv[1]), Path(sys.argv[2]))))
