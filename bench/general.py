"""A competitor: dlt, a general loader, merging by primary key (https://dlthub.com/docs), children as JSON."""

from collections.abc import Iterator
from pathlib import Path

import dlt

from bench.lists import Record, load_what_is_asked, records
from bench.measured import Counts


def _load(database: Path, files: dict[str, Path]) -> Counts:
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(database.with_suffix(".dlt")),
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{database}"),
        dataset_name="main",  # SQLite's name for the database file itself
    )
    pipeline.run([_resource(tag, file) for tag, file in files.items()]).raise_on_failed_jobs()
    with pipeline.sql_client() as client:
        counted = {tag: client.execute_sql(f"SELECT count(*) FROM {tag.lower()}") or () for tag in files}  # noqa: S608 - our own names
    return {tag: rows[0][0] for tag, rows in counted.items()}


def _resource(tag: str, file: Path) -> object:
    def read() -> Iterator[Record]:
        yield from records(file, tag)

    return dlt.resource(read, name=tag.lower(), write_disposition="merge", primary_key="UUID", max_table_nesting=0)


if __name__ == "__main__":
    load_what_is_asked(_load)
