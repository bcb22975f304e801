import json, multiprocessing


def square(number):
    return number * number


if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool:
        total = sum(pool.map(square, range(100)))
    queue, lock = multiprocessing.Queue(), multiprocessing.Lock()
    with lock:
        queue.put(total)
    json.dump({"sum": queue.get()}, open("/workspace/artifacts/result.json", "w"))
