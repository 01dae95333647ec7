"""Writes items.parquet: the items of `datasets.rs` as pyarrow has them, which is not the library that reads them.

    python -m venv /tmp/pyarrow && /tmp/pyarrow/bin/pip install pyarrow==26.0.1
    /tmp/pyarrow/bin/python make_parquet.py
"""

import pyarrow as pa
import pyarrow.parquet as pq

NUMBERS = range(40)
table = pa.table(
    {
        "id": [f"{n:03}" for n in NUMBERS],
        "prompt": pa.array([f'question "{n}", with a comma' for n in NUMBERS], pa.large_string()),
        "expected": [str(n) for n in NUMBERS],
    }
)
pq.write_table(table, "items.parquet", compression="zstd", row_group_size=16, data_page_version="2.0")
