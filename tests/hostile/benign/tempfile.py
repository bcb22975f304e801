import json, os, tempfile
with tempfile.NamedTemporaryFile("w+") as file, tempfile.TemporaryDirectory() as directory:
    file.write("hello")
    file.flush()
    os.makedirs(directory + "/a/b")
    size = os.stat(file.name).st_size
json.dump({"size": size, "cwd": os.getcwd(), "home": os.path.expanduser("~")},
          open("result.json", "w"))
