#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/image.py: the same bytes each time, and nothing in it but what is needed.

    tests/tools/image_test.py BUILD"""
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME = "registry.example:5000/team/operator:v1.2-rc.3"


def image(top, build, name=NAME):
    output = os.path.join(top, "image.tar")
    done = subprocess.run([os.path.join(ROOT, "tools/image.py"), "--name", name, "--build", build,
                           "--output", output], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    with open(output, "rb") as file:
        return file.read()


class Image:
    """What a registry would be given, every digest checked."""

    def __init__(self, data):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            self.files = {name: tar.extractfile(name).read() for name in tar.getnames()
                          if tar.getmember(name).isfile()}
        self.descriptor = json.loads(self.files["index.json"])["manifests"][0]
        self.manifest = json.loads(self.blob(self.descriptor))
        self.config = json.loads(self.blob(self.manifest["config"]))
        self.layers = [tarfile.open(fileobj=io.BytesIO(self.blob(part)), mode="r:gz")
                       for part in self.manifest["layers"]]

    def blob(self, part):
        data = self.files["blobs/" + part["digest"].replace(":", "/")]
        assert part["digest"] == "sha256:" + hashlib.sha256(data).hexdigest(), part
        assert part["size"] == len(data), part
        return data

    def members(self):
        return [member for layer in self.layers for member in layer.getmembers()]


def the_same_inputs_make_the_same_bytes(top, build):
    first = image(top, build)
    elsewhere = os.path.join(top, "elsewhere")
    os.mkdir(elsewhere)
    for name in ("manager", "runner", "probe"):
        shutil.copyfile(os.path.join(build, name), os.path.join(elsewhere, name))
        os.chmod(os.path.join(elsewhere, name), 0o700)
    assert first == image(top, elsewhere), "other times, modes and places make another image"
    other = Image(image(top, build, NAME + "4"))
    assert other.descriptor["digest"] == Image(first).descriptor["digest"], "the name is within"
    shutil.copyfile(os.path.join(build, "manager"), os.path.join(elsewhere, "runner"))
    assert first != image(top, elsewhere), "another runner makes the same image"


def the_name_is_found_by_those_who_look(top, build):
    for name, tag in ((NAME, "v1.2-rc.3"), ("localhost:5000/operator", "latest"), ("a:1", "1")):
        notes = Image(image(top, build, name)).descriptor["annotations"]
        assert notes == {"io.containerd.image.name": name,
                         "org.opencontainers.image.ref.name": tag}, notes


def nothing_is_in_it_but_what_is_needed(top, build):
    made = Image(image(top, build))
    files = sorted(member.name for member in made.members() if member.isfile())
    loaded = subprocess.run(["ldd", os.path.join(build, "manager")], capture_output=True,
                            text=True, check=True).stdout
    libraries = [path[1:] for path in re.findall(r"(/\S+) \(0x", loaded)]
    assert files == sorted(["manager", "runner", "probe", "etc/passwd", "etc/group", "etc/nsswitch.conf",
                            *libraries]), files
    for member in made.members():
        assert member.mtime == member.uid == member.gid == 0, member.name
        assert not member.mode & 0o7022, f"{member.name} {member.mode:o}"
        assert member.isfile() or member.isdir(), member.name
    assert made.config["config"]["User"] == "65532:65532"
    assert made.config["config"]["Entrypoint"] == ["/manager"]
    for part, layer in zip(made.config["rootfs"]["diff_ids"], made.layers):
        layer.fileobj.seek(0)
        assert part == "sha256:" + hashlib.sha256(layer.fileobj.read()).hexdigest()


def its_program_runs_as_nobody_with_nothing_else(top, build):
    if os.getuid() != 0:
        return "only root may change its root"
    place = os.path.join(top, "root")
    for layer in Image(image(top, build)).layers:
        layer.extractall(place)
    os.chmod(top, 0o755)
    done = subprocess.run(["chroot", "--userspec=65532:65532", "--groups=", place, "/manager",
                           "--version"], capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0 and re.match(r".*\d+\.\d+", done.stdout), done
    return None


TESTS = [the_same_inputs_make_the_same_bytes, the_name_is_found_by_those_who_look,
         nothing_is_in_it_but_what_is_needed, its_program_runs_as_nobody_with_nothing_else]


def main():
    passed = failed = skipped = 0
    for test in TESTS:
        with tempfile.TemporaryDirectory() as top:
            try:
                reason = test(top, os.path.abspath(sys.argv[1]))
                passed += not reason
                skipped += bool(reason)
                if reason:
                    print(f"SKIP {test.__name__}: {reason}")
            except AssertionError as error:
                failed += 1
                print(f"FAILED {test.__name__}: {error}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
