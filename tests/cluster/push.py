#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pushes an OCI archive into a registry that answers for every registry's name.

    push.py URL IMAGE ARCHIVE [IMAGE ARCHIVE]..."""
import json
import re
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request

BLOB = "application/octet-stream"


def split_name(image):
    """Repository and tag as containerd will ask for them: no host, Docker's short names in full."""
    found = re.fullmatch(r"(.+?)(?::([\w][\w.-]{0,127}))?", image)
    path, tag = found[1], found[2] or "latest"
    first, _, rest = path.partition("/")
    if rest and (re.search(r"[.:]", first) or first == "localhost"):
        return ("library/" + rest if first == "docker.io" and "/" not in rest else rest), tag
    return (path if rest else "library/" + path), tag


def request(method, url, data=None, kind=BLOB, size=None):
    headers = {"Content-Type": kind}
    if size is not None:
        headers["Content-Length"] = str(size)
    with urllib.request.urlopen(
            urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
        return answer.headers


def has(url):
    try:
        request("HEAD", url)
        return True
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise


class Archive:
    """An OCI layout in a tar file."""

    def __init__(self, path):
        self.tar = tarfile.open(path)
        self.names = {re.sub(r"^\./", "", name): name for name in self.tar.getnames()}

    def file(self, name):
        return self.tar.extractfile(self.names[name])

    def blob(self, digest):
        return self.file("blobs/" + digest.replace(":", "/"))


def push_blob(repository, archive, part):
    digest = part["digest"]
    if has(f"{repository}/blobs/{digest}"):
        return
    place = request("POST", f"{repository}/blobs/uploads/", b"")["Location"]
    place = urllib.parse.urljoin(repository, place)
    place += ("&" if "?" in place else "?") + urllib.parse.urlencode({"digest": digest})
    request("PUT", place, archive.blob(digest), size=part["size"])


def push(url, image, path):
    name, tag = split_name(image)
    repository = f"{url}/v2/{name}"
    archive = Archive(path)
    descriptor = json.load(archive.file("index.json"))["manifests"][0]
    data = archive.blob(descriptor["digest"]).read()
    manifest = json.loads(data)
    for part in [manifest["config"], *manifest["layers"]]:
        push_blob(repository, archive, part)
    answer = request("PUT", f"{repository}/manifests/{tag}", data, descriptor["mediaType"])
    print(f"{image} {answer['Docker-Content-Digest']}")


def main():
    url, rest = sys.argv[1], sys.argv[2:]
    for image, path in zip(rest[::2], rest[1::2]):
        push(url, image, path)


if __name__ == "__main__":
    main()
