import json, os
for directory in ("/workspace/artifacts", "/workspace/artifacts/sub"):
    os.makedirs(directory, exist_ok=True)
    with open(directory + "/result.json.tmp", "w") as file:
        json.dump({"renamed": True}, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(directory + "/result.json.tmp", "/workspace/artifacts/result.json")
