"""DuckDB as a peer: answers each line of SQL on stdin with the seconds it took, the rows and the peak memory so far."""

import json
import resource
import sys
import time

import duckdb

connection = duckdb.connect()
connection.execute("set threads = 2")
for line in sys.stdin:
    start = time.perf_counter()
    rows = connection.execute(json.loads(line)).fetchall()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": seconds, "rows": rows, "peak_mb": peak}), flush=True)
