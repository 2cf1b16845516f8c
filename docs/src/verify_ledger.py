"""Verifies `watchkeeper ledger export`: python3 verify_ledger.py FILE [HEAD]"""
import datetime, hashlib, json, sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
seq, head, heads = 0, "0" * 64, {"0" * 64}
for line in open(sys.argv[1], encoding="utf-8"):
    row = json.loads(line)
    at = (datetime.datetime.fromisoformat(row["at"].replace("Z", "+00:00")) - EPOCH) // datetime.timedelta(microseconds=1)
    digest = hashlib.sha256()
    for part in (str(row["seq"]), str(at), row["kind"], row["subject"], row["body"], row["previous"]):
        digest.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    if row["seq"] != seq + 1:
        sys.exit(f"row {seq + 1} is missing")
    if row["previous"] != head:
        sys.exit(f"row {row['seq']} does not follow the row before it")
    if row["hash"] != digest.hexdigest():
        sys.exit(f"row {row['seq']} was changed after it was written")
    seq, head = row["seq"], row["hash"]
    heads.add(head)
if len(sys.argv) > 2 and sys.argv[2] not in heads:
    sys.exit(f"no row has the hash {sys.argv[2]}")
print(f"the ledger is whole: {seq} rows, head {head}")
