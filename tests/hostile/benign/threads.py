import concurrent.futures, json, threading
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    total = sum(pool.map(lambda n: n * n, range(1000)))
local = threading.local()
local.value = total
json.dump({"total": local.value}, open("/workspace/artifacts/result.json", "w"))
