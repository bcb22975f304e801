#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the operator's image as an OCI archive: no Docker, no base image, no network.

    tools/image.py --name IMAGE --build DIRECTORY --output FILE

The image holds the manager with exactly the shared libraries that it is linked with, the static
runner and probe, and who it runs as. Same inputs, same digest: times, owners, order and names are fixed. The
shared libraries are a layer of their own, which most new versions share with the old."""
import argparse
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

USER = 65532
ACCOUNTS = {
    "etc/passwd": f"nonroot:x:{USER}:{USER}:nonroot:/:/sbin/nologin\n",
    "etc/group": f"nonroot:x:{USER}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
DIRECTORIES = ["etc/ssl/certs"]  # where TLS libraries look, found empty
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
TYPES = "application/vnd.oci.image"


def canonical(document):
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


# -- files -----------------------------------------------------------------------------------------

def libraries_of(program):
    """{path in the image: path here} of what the dynamic linker would load, itself included."""
    output = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    missing = re.findall(r"^\s*(\S+) => not found", output, re.M)
    if missing:
        sys.exit(f"image: {program} needs {', '.join(missing)}")
    paths = re.findall(r"(?:=> )?(/\S+) \(0x", output)
    return {path.lstrip("/"): os.path.realpath(path) for path in paths}


def stripped(program):
    """Without what only a debugger needs, and what depends on where it was built."""
    with tempfile.TemporaryDirectory() as top:
        path = os.path.join(top, "stripped")
        subprocess.run(["strip", "--strip-all", "--remove-section=.note.gnu.build-id", "-o", path,
                        program], check=True)
        with open(path, "rb") as file:
            return file.read()


def content(path):
    with open(path, "rb") as file:
        return file.read()


def entry(name, mode, size=None):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE if size is None else tarfile.REGTYPE
    info.mode, info.size = mode, size or 0
    return info


def layer_of(files, directories=()):
    """A tar of {name: (mode, bytes)} with the directories above, in order, at time 0, of root."""
    above = set(directories)
    for name in [*files, *directories]:
        while "/" in name:
            name = name.rpartition("/")[0]
            above.add(name)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(above | set(files)):
            if name in files:
                mode, data = files[name]
                tar.addfile(entry(name, mode, len(data)), io.BytesIO(data))
            else:
                tar.addfile(entry(name, 0o755))
    return buffer.getvalue()


# -- the archive -----------------------------------------------------------------------------------

class Archive:
    def __init__(self):
        self.blobs = {}

    def add(self, kind, data):
        self.blobs[digest_of(data)] = data
        return {"mediaType": f"{TYPES}.{kind}", "digest": digest_of(data), "size": len(data)}

    def write(self, path, index):
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": canonical(index)}
        for digest, data in self.blobs.items():
            files["blobs/" + digest.replace(":", "/")] = data
        data = layer_of({name: (0o644, data) for name, data in files.items()})
        with open(path + ".new", "wb") as file:
            file.write(data)
        os.replace(path + ".new", path)


def config_of(layers, version):
    machine = os.uname().machine
    return {
        "architecture": ARCHITECTURES.get(machine, machine), "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "Entrypoint": ["/manager"], "User": f"{USER}:{USER}", "WorkingDir": "/",
            "Env": ["PATH=/"],
            "Labels": {
                "org.opencontainers.image.title": "agenttask-operator",
                "org.opencontainers.image.licenses": "Apache-2.0",
                "org.opencontainers.image.version": version,
            },
        },
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
    }


def image(name, layers, version, output):
    archive = Archive()
    parts = [archive.add("layer.v1.tar+gzip", gzip.compress(layer, 9, mtime=0))
             for layer in layers]
    config = archive.add("config.v1+json", canonical(config_of(layers, version)))
    manifest = archive.add("manifest.v1+json", canonical({
        "schemaVersion": 2, "mediaType": f"{TYPES}.manifest.v1+json", "config": config,
        "layers": parts}))
    tag = re.search(r"(?:[:]([\w.-]+))?$", name.partition("@")[0])[1] or "latest"
    archive.write(output, {"schemaVersion": 2, "manifests": [{
        **manifest, "annotations": {"io.containerd.image.name": name,
                                    "org.opencontainers.image.ref.name": tag}}]})
    return manifest["digest"], sum(part["size"] for part in parts)


def version_of():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(root, "meson.build"), encoding="utf-8") as file:
        return re.search(r"version: '([\d.]+)'", file.read())[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for option in ("--name", "--build", "--output"):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    manager = os.path.join(options.build, "manager")
    libraries = {path: (0o755, content(real))
                 for path, real in libraries_of(manager).items()}
    own = {name: (0o644, text.encode()) for name, text in ACCOUNTS.items()}
    own["manager"] = (0o755, stripped(manager))
    for name in ("runner", "probe"):
        own[name] = (0o755, content(os.path.join(options.build, name)))
    digest, size = image(options.name, [layer_of(libraries), layer_of(own, DIRECTORIES)],
                         version_of(), options.output)
    print(f"{options.output}: {options.name} {digest}, {size / 1e6:.2f} MB in the registry, "
          f"{len(libraries)} libraries")


if __name__ == "__main__":
    main()
