#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the images of the cluster, without Docker, and a registry's folder that holds them.

    images.py CACHE SCRIPTS

In CACHE/images: pause.tar (what holds a Pod's namespaces) and registry/ with stand-ins for the
images of profiles/, made from Debian 12's packages: its Python is 3.11, its Node 18, its bash 5.2.
They are made again only when this folder's makers change."""
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time

ENVIRONMENT = ["PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin", "LANG=C.UTF-8"]
LAYER = "application/vnd.oci.image.layer.v1.tar"
# image, Debian package beyond the base, links in /usr/local/bin as the real image has them
IMAGES = [
    ("docker.io/library/bash:5.2", None, {"bash": "/bin/bash"}),
    ("docker.io/library/python:3.11-slim", "python3",
     {"python": "/usr/bin/python3", "python3": "/usr/bin/python3",
      "python3.11": "/usr/bin/python3.11"}),
    ("docker.io/library/node:18-slim", "nodejs",
     {"node": "/usr/bin/node", "nodejs": "/usr/bin/node"}),
]
MAKERS = ("images.py", "push.py", "pause.c", "config/registry.yaml")


def say(text):
    print(f"cluster: {text}", file=sys.stderr, flush=True)


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


# -- archives --------------------------------------------------------------------------------------

def add_file(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def write_archive(path, image, layers, config):
    """An OCI layout in a tar file; layers are tar files, kept as they are: nothing is far away."""
    blobs, parts = {}, []
    for layer in layers:
        with open(layer, "rb") as file:
            data = file.read()
        blobs[digest_of(data)] = data
        parts.append({"mediaType": LAYER, "digest": digest_of(data), "size": len(data)})

    def part(kind, document):
        data = json.dumps(document).encode()
        blobs[digest_of(data)] = data
        return {"mediaType": f"application/vnd.oci.image.{kind}.v1+json",
                "digest": digest_of(data), "size": len(data)}
    diffs = [part["digest"] for part in parts]
    config = part("config", {"architecture": machine(), "os": "linux", "config": config,
                             "rootfs": {"type": "layers", "diff_ids": diffs}})
    manifest = part("manifest", {"schemaVersion": 2, "config": config, "layers": parts,
                                 "mediaType": "application/vnd.oci.image.manifest.v1+json"})
    manifest["annotations"] = {"io.containerd.image.name": image,
                               "org.opencontainers.image.ref.name": image.rpartition(":")[2]}
    with tarfile.open(path, "w") as tar:
        add_file(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        add_file(tar, "index.json",
                 json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode())
        for digest, data in blobs.items():
            add_file(tar, "blobs/" + digest.replace(":", "/"), data)


def machine():
    return {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]


# -- layers ----------------------------------------------------------------------------------------

def make_root(path, package):
    """A minimal Debian, with the package, in a tar file."""
    mirror = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=True).stdout.split()[:1]
    command = ["mmdebstrap", "--quiet", "--variant=essential", "--mode=root",
               "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
               "--dpkgopt=path-exclude=/usr/share/locale/*",
               *([f"--include={package}"] if package else []), "bookworm", path, *mirror]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                   env=dict(os.environ, SOURCE_DATE_EPOCH="1700000000"))


def entries(path):
    """(entry, data) of what matters of a root: the runtime brings its own /dev."""
    with tarfile.open(path) as tar:
        for info in tar:
            if not info.name.startswith("./dev/"):
                yield info, tar.extractfile(info).read() if info.isreg() else b""


def identity(info, data):
    return (info.type, info.mode, info.uid, info.gid, info.linkname, digest_of(data))


def write_layer(path, root, below, links):
    """What root has more than the root below, and links in /usr/local/bin."""
    there = {info.name: identity(info, data) for info, data in entries(below)} if below else {}
    with tarfile.open(path, "w") as tar:
        for info, data in entries(root):
            if there.get(info.name) != identity(info, data):
                tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
        for name, target in links.items():
            info = tarfile.TarInfo("./usr/local/bin/" + name)
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
            tar.addfile(info)


# -- images ----------------------------------------------------------------------------------------

def make_pause(top, scripts):
    program = os.path.join(top, "pause")
    subprocess.run(["cc", "-Os", "-static", "-s", "-o", program,
                    os.path.join(scripts, "pause.c")], check=True)
    layer = os.path.join(top, "pause.layer")
    with tarfile.open(layer, "w") as tar:
        tar.add(program, "pause")
    write_archive(os.path.join(top, "pause.tar"), "localhost/pause:1", [layer],
                  {"Entrypoint": ["/pause"], "User": "65535:65535"})


def make_image(top, image, package, links):
    base = os.path.join(top, "base-root.tar")
    if not os.path.exists(base):
        make_root(base, None)
        write_layer(os.path.join(top, "base.layer"), base, None, {})
    root, layer = base, os.path.join(top, "top.layer")
    if package:
        root = os.path.join(top, "top-root.tar")
        make_root(root, package)
    write_layer(layer, root, base, links)
    archive = os.path.join(top, "archive.tar")
    write_archive(archive, image, [os.path.join(top, "base.layer"), layer],
                  {"Env": ENVIRONMENT, "Cmd": [next(iter(links))], "WorkingDir": "/"})
    return archive


def push(top, cache, scripts, images):
    """In a network namespace of its own, where the registry's port is free on every machine."""
    config = os.path.join(top, "registry.yaml")
    with open(os.path.join(scripts, "config/registry.yaml"), encoding="utf-8") as file:
        text = file.read().replace("/var/lib/registry", os.path.join(top, "registry"))
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    script = """ip link set lo up; "$1" serve "$2" > "$2.log" 2>&1 &
        until (exec 3<> /dev/tcp/127.0.0.1/5000) 2> /dev/null; do sleep 0.1; done
        python3 "$3" http://127.0.0.1:5000 "${@:4}" && kill $!"""
    subprocess.run(["unshare", "--net", "--pid", "--fork", "--kill-child", "bash", "-c", script,
                    "push", os.path.join(cache, "registry/registry"), config,
                    os.path.join(scripts, "push.py"), *images],
                   check=True, timeout=300, stdout=subprocess.DEVNULL)


def make_all(cache, scripts, top):
    start = time.monotonic()
    say("making the images ...")
    make_pause(top, scripts)
    for image, package, links in IMAGES:
        archive = make_image(top, image, package, links)
        push(top, cache, scripts, [image, archive])
    for name in os.listdir(top):
        if name not in ("pause.tar", "registry"):
            os.unlink(os.path.join(top, name))
    say(f"made the images in {time.monotonic() - start:.0f} s")


def main():
    cache, scripts = sys.argv[1:3]
    top = os.path.join(cache, "images")
    stamp = hashlib.sha256()
    for name in MAKERS:
        with open(os.path.join(scripts, name), "rb") as file:
            stamp.update(file.read())
    with open(top + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = os.path.join(top, "stamp")
        if os.path.exists(path) and open(path, encoding="utf-8").read() == stamp.hexdigest():
            return
        shutil.rmtree(top, ignore_errors=True)
        os.makedirs(top)
        make_all(cache, scripts, top)
        with open(path, "w", encoding="utf-8") as file:
            file.write(stamp.hexdigest())


if __name__ == "__main__":
    main()
