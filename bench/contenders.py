"""What a user would write instead: delivered log files -> one Parquet file, with other tools.

    python contenders.py NAME CORPUS OUT.parquet COLUMNS.json

COLUMNS.json lists [name, JSON path, type] of each column; `raw`, the whole record, is always among them. The
script imports the one tool it measures and nothing of trailquery, so that it runs in a venv of that tool alone.
"""

import json
import sys
from pathlib import Path
from typing import Any

JSON_PARTS = {
    "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "insightDetails",
    "eventContext",
}  # fmt: skip
Columns = list[list[str]]
_MAX_OBJECT_BYTES = 32 << 20  # DuckDB allocates as much up front: just over what the log files inflate to


def duckdb_transform(corpus: Path, out: Path, columns: Columns) -> None:
    """read_json with Records as JSON, one json_transform a record with an explicit STRUCT."""
    source = f"SELECT unnest(Records) AS r FROM read_json({_glob(corpus)}, columns = {{Records: 'JSON[]'}}"
    _duckdb_rows(f"{source}, maximum_object_size = {_MAX_OBJECT_BYTES})", out, columns)


def duckdb_objects(corpus: Path, out: Path, columns: Columns) -> None:
    """read_json_objects, Records taken apart by json_transform, then one json_transform a record."""
    source = """SELECT unnest(json_transform(json, '{"Records": ["JSON"]}').Records) AS r"""
    source += f" FROM read_json_objects({_glob(corpus)}, maximum_object_size = {_MAX_OBJECT_BYTES})"
    _duckdb_rows(source, out, columns)


def duckdb_extract(corpus: Path, out: Path, columns: Columns) -> None:
    """read_json with Records as JSON, all paths of a record in one json_extract_string."""
    import duckdb

    paths = ", ".join(f"'$.{path}'" for _, path, _ in columns)
    picked = ", ".join(f"TRY_CAST(c[{place}] AS {kind}) AS {name}" for place, (name, _, kind) in enumerate(columns, 1))
    duckdb.sql(
        f"COPY (SELECT {picked}, raw FROM (SELECT json_extract_string(r, [{paths}]) AS c, r::VARCHAR AS raw FROM"
        f" (SELECT unnest(Records) AS r FROM read_json({_glob(corpus)}, columns = {{Records: 'JSON[]'}},"
        f" maximum_object_size = {_MAX_OBJECT_BYTES})))) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    )


def duckdb_natural(corpus: Path, out: Path, columns: Columns) -> None:
    """read_json with the whole record as an explicit STRUCT; raw is to_json of it, for want of the bytes."""
    import duckdb

    picked = ", ".join(f"r.{path} AS {name}" for name, path, _ in columns)
    duckdb.sql(
        f"COPY (SELECT {picked}, to_json(r)::VARCHAR AS raw FROM (SELECT unnest(Records) AS r FROM"
        f" read_json({_glob(corpus)}, columns = {{Records: '{_struct(_tree(columns))}[]'}},"
        f" maximum_object_size = {_MAX_OBJECT_BYTES}))) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    )


def pandas(corpus: Path, out: Path, columns: Columns) -> None:
    """json_normalize over the records of all files, then to_parquet."""
    import gzip

    import pandas as pd

    records = []
    for path in sorted(corpus.rglob("*.json.gz")):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            record["raw"] = json.dumps(record)
            for part in JSON_PARTS & record.keys():
                record[part] = None if record[part] is None else json.dumps(record[part])
            records.append(record)
    frame = pd.json_normalize(records).reindex(columns=[*(path for _, path, _ in columns), "raw"])
    frame.columns = [*(name for name, _, _ in columns), "raw"]
    for name, _, kind in columns:
        if kind == "TIMESTAMP":
            frame[name] = pd.to_datetime(frame[name], utc=True, errors="coerce")
        elif kind == "VARCHAR":
            frame[name] = frame[name].astype("string")
    frame.to_parquet(out, compression="zstd")


def chdb(corpus: Path, out: Path, columns: Columns) -> None:
    """ClickHouse in the process: JSONAsString, arrayJoin over Records, one JSONExtract a column."""
    import chdb as clickhouse

    def one(name: str, path: str, kind: str) -> str:
        steps = ", ".join(f"'{step}'" for step in path.split("."))
        if path in JSON_PARTS:
            return f"JSONExtractRaw(r, {steps}) AS {name}"
        text = f"JSONExtractString(r, {steps})"
        if kind == "TIMESTAMP":
            return f"parseDateTime64BestEffortOrNull({text}, 6, 'UTC') AS {name}"
        wanted = {"BOOLEAN": "Nullable(Bool)", "BIGINT": "Nullable(Int64)"}.get(kind, "Nullable(String)")
        return f"JSONExtract(r, {steps}, '{wanted}') AS {name}"

    picked = ", ".join(one(*column) for column in columns)
    result = clickhouse.query(
        f"SELECT {picked}, r AS raw FROM (SELECT arrayJoin(JSONExtractArrayRaw(json, 'Records')) AS r"
        f" FROM file('{corpus}/**/*.json.gz', 'JSONAsString', 'json String'))"
        f" INTO OUTFILE '{out}' FORMAT Parquet SETTINGS output_format_parquet_compression_method = 'zstd',"
        " input_format_json_max_depth = 1000, max_memory_usage = 16000000000"
    )
    if result.has_error():
        raise RuntimeError(result.error_message())


def _duckdb_rows(source: str, out: Path, columns: Columns) -> None:
    import duckdb

    shape = json.dumps(_tree(columns))
    picked = ", ".join(f"t.{path} AS {name}" for name, path, _ in columns)
    duckdb.sql(
        f"COPY (SELECT {picked}, r::VARCHAR AS raw FROM (SELECT r, json_transform(r, '{shape}') AS t FROM ({source})))"
        f" TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    )


def _tree(columns: Columns) -> dict[str, Any]:
    """The paths as the nested STRUCT that json_transform takes."""
    tree: dict[str, Any] = {}
    for _, path, kind in columns:
        *parents, leaf = path.split(".")
        place = tree
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                place[parent] = {}
            place = place[parent]
        place.setdefault(leaf, kind)
    return tree


def _struct(tree: dict[str, Any]) -> str:
    fields = (f"{name} {_struct(kind) if isinstance(kind, dict) else kind}" for name, kind in tree.items())
    return f"STRUCT({', '.join(fields)})"


def _glob(corpus: Path) -> str:
    return f"'{corpus}/**/*.json.gz'"


CONTENDERS = {
    contender.__name__: contender
    for contender in (duckdb_transform, duckdb_objects, duckdb_extract, duckdb_natural, pandas, chdb)
}

if __name__ == "__main__":
    name, corpus_dir, out_file, columns_file = sys.argv[1:]
    Path(out_file).unlink(missing_ok=True)  # of the run before
    CONTENDERS[name](Path(corpus_dir), Path(out_file), json.loads(Path(columns_file).read_text()))
