import json, sqlite3
base = sqlite3.connect("/tmp/base.db")
base.execute("pragma journal_mode=wal")
base.execute("create table t(x)")
base.executemany("insert into t values (?)", [(n,) for n in range(1000)])
base.commit()
json.dump({"sum": base.execute("select sum(x) from t").fetchone()[0]},
          open("/workspace/artifacts/result.json", "w"))
