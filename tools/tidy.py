#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of the tree that no compiler makes: the layers of src/LAYERS, purity of core, lengths,
names, banned words, and that documents name only what exists.

    tools/tidy.py [--root DIR] [--build DIR]

One line per finding, `file:line: what`, and one closing line; exit status 1 if there is a finding.
With --build, also what only objects can tell: links across rooms, purity, mutable state.
Every rule is one entry of RULES; tests/tools/tidy_test.py plants a fault for each."""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile

FUNCTION_LINES_MAX = 70
FUNCTION_LINES_GOOD = 25
FILE_LINES_MAX = 600
TEST_LINES_MAX = 700
LINE_COLUMNS_MAX = 100
SCRIPT_COLUMNS_MAX = 120  # build files and scripts have no formatter
CORPUS = "tests/fuzz/corpus/"
TASKS = ("tests/hostile/programs/", "tests/hostile/benign/")  # what users would write
TABLE_ROW = re.compile(r".*\}[,;]?( +/\*.*\*/)?$")  # as wide as the formatter aligns it

# who alone may say what, in src/: (pattern, files or rooms, why)
OWNERS = [
    (r"\byyjson_\w+", ("json/",), "only json/ speaks to yyjson"),
    (r"<yaml\.h>", ("yaml/",), "only yaml/ speaks to libyaml"),
    (r"<sqlite3\.h>", ("store/",), "only store/ speaks to SQLite"),
    (r"<seccomp\.h>", ("runner/",), "only runner/ speaks to libseccomp"),
    (r"<curl/", ("kube/curl_",), "only kube/ speaks to libcurl"),
    (r"\b(malloc|calloc|realloc|strdup|strndup|asprintf)\s*\(", ("base/arena.c", "base/buf.c", "base/map.c"),
     "memory comes from an arena, a buf or a map"),
    (r"\b(clock_gettime|gettimeofday|time|localtime|localtime_r)\s*\(",
     ("sys/clock.c", "runner/"), "time is an argument; only sys/clock.c asks the kernel"),
    (r"\b(getrandom|getentropy|rand|random|srand)\s*\(", ("sys/entropy.c",),
     "chance is an argument; only sys/entropy.c asks the kernel"),
    (r"\b(system|popen|gets|sprintf|strcpy|strcat|strtok|atoi|alloca)\s*\(", (),
     "banned function"),
]
BANNED_WORDS = ["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]
BANNED_NAMES = {"util", "utils", "common", "misc", "helper", "helpers"}
REGISTRIES = [".".join(parts) for parts in (
    ("deb", "debian"), ("security", "debian"), ("snapshot", "debian"), ("archive", "ubuntu"),
    ("pypi", "org"), ("files", "pythonhosted"), ("proxy", "golang"), ("registry", "npmjs"),
    ("crates", "io"), ("repo1", "maven"))]
LOCAL_PATHS = re.compile(r"(?<![\w.])/(wo" r"rk|fa" r"rm)/|/tmp/bas" r"h_jobs|\.\./sha" r"red/")
CORE_MAY_CALL = re.compile(
    r"^(mem\w+|str\w+|v?snprintf|__(mem|str|v?snprintf)\w*_chk|__stack_chk_fail|__assert_fail|"
    r"__ctype_\w+|abort|_GLOBAL_OFFSET_TABLE_)$")


class Tree:
    """The files of the project as they stand, read once."""

    def __init__(self, root, build):
        self.root, self.build = root, build
        self.files = sorted(self.list_files())
        self.texts = {}
        self.layers = {}
        for line in self.text("src/LAYERS").splitlines():
            if line and not line.startswith("#"):
                room, _, names = line.partition(":")
                self.layers[room.strip()] = names.split()

    def list_files(self):
        git = subprocess.run(["git", "-c", "safe.directory=*", "-C", self.root, "ls-files", "-co",
                              "--exclude-standard"], capture_output=True, text=True, check=False) \
            if os.path.exists(os.path.join(self.root, ".git")) and which("git") else None
        if git and git.returncode == 0:
            names = git.stdout.splitlines()
        else:
            names = [os.path.relpath(os.path.join(top, name), self.root)
                     for top, _, found in os.walk(self.root) for name in found]
            names = [name for name in names
                     if not re.match(r"(\.git|build[^/]*|\.cache)/|.*__pycache__/", name)]
        return [name for name in names if os.path.isfile(os.path.join(self.root, name))]

    def bytes(self, name):
        with open(os.path.join(self.root, name), "rb") as file:
            return file.read()

    def text(self, name):
        if name not in self.texts:
            self.texts[name] = self.bytes(name).decode("utf-8", "replace")
        return self.texts[name]

    def code(self, name):
        """The C text with comments and literals blanked, line numbers kept."""
        key = ("code", name)
        if key not in self.texts:
            self.texts[key] = re.sub(
                r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                lambda found: re.sub(r"[^\n]", " ", found[0]), self.text(name), flags=re.S)
        return self.texts[key]

    def sources(self, *tops):
        return [name for name in self.files
                if name.endswith((".c", ".h")) and name.startswith(tops or ("src/",))]

    def scripts(self):
        return [name for name in self.files if not name.startswith((CORPUS, *TASKS)) and (
            name.endswith((".c", ".h", ".py", ".sh", "meson.build", "Makefile"))
            or name.startswith((".ci/", "tools/")))]

    def written(self):
        return [name for name in self.files if not name.startswith(CORPUS)]

    def room(self, name):
        return name.split("/")[1] if name.startswith("src/") and name.count("/") > 1 else None

    def library(self, room):
        path = os.path.join(self.build or "", "src", room, f"lib{room}.a")
        return path if self.build and os.path.exists(path) else None


def which(program):
    return any(os.access(os.path.join(top, program), os.X_OK)
               for top in os.environ.get("PATH", "").split(":"))


def places(text, pattern, flags=0):
    for found in re.finditer(pattern, text, flags):
        yield text.count("\n", 0, found.start()) + 1, found


# -- layers ----------------------------------------------------------------------------------------

def check_layers(tree):
    """src/LAYERS names rooms above only, and every room stands in it"""
    seen = []
    for room, names in tree.layers.items():
        for name in names:
            if name not in seen:
                yield f"src/LAYERS: {room} names {name}, which is not above it"
        seen.append(room)
    for name in tree.files:
        if tree.room(name) and tree.room(name) not in tree.layers:
            yield f"{name}: room {tree.room(name)} does not stand in src/LAYERS"


def check_includes(tree):
    """a room includes only itself and the rooms that src/LAYERS lets it"""
    for name in tree.sources():
        room = tree.room(name)
        for line, found in places(tree.text(name), r'^\s*#\s*include\s+"([^"]+)"', re.M):
            other = found[1].split("/")[0] if "/" in found[1] else None
            if other is None:
                yield f"{name}:{line}: include \"{found[1]}\" by room: \"{room}/{found[1]}\""
            elif other in tree.layers and other != room and other not in tree.layers[room]:
                yield f"{name}:{line}: {room} may not include {other} (src/LAYERS)"


def check_links(tree):
    """a room calls only into itself and the rooms that src/LAYERS lets it"""
    home, wants = {}, {}
    for room in tree.layers:
        if tree.library(room):
            defined, undefined = symbols(tree.library(room))
            home.update(dict.fromkeys(defined, room))
            wants[room] = undefined
    for room, undefined in wants.items():
        for symbol in sorted(undefined):
            other = home.get(symbol, room)
            if other != room and other not in tree.layers[room]:
                yield f"src/{room}: calls {symbol} of {other}, which src/LAYERS does not let it"


def check_purity(tree):
    """core calls nothing but base and what computes on memory"""
    if not tree.library("core"):
        return
    ours = symbols(tree.library("core"))[0] | symbols(tree.library("base"))[0]
    for symbol in sorted(symbols(tree.library("core"))[1] - ours):
        if not CORE_MAY_CALL.match(symbol):
            yield f"src/core: calls {symbol}: core is pure"


def symbols(library):
    output = subprocess.run(["nm", "-g", "--no-sort", library], capture_output=True, text=True,
                            check=True).stdout
    kinds = re.findall(r" ([A-Za-z]) (\S+)$", output, re.M)
    undefined = {name for kind, name in kinds if kind == "U"}
    defined = {name for kind, name in kinds if kind not in "Uw"}
    return defined, undefined - defined


def check_state(tree):
    """no mutable object at file scope"""
    for name in tree.sources():
        declaration = r"^[ \t]*static\s+(?!const\b|inline\b)[^;={(]*[;=]|^(?:int|char|bool|long|" \
            r"unsigned|size_t|u?int\d+_t|struct\s+\w+|enum\s+\w+)\s+\**\w+(?:\[[^\]]*\])*\s*[;=]"
        for line, found in places(tree.code(name), declaration, re.M):
            if "const " not in found[0]:
                yield f"{name}:{line}: mutable object at file scope: state hangs from main()"
    for room in tree.layers:
        if tree.library(room):
            yield from mutable_objects(room, tree.library(room))


def mutable_objects(room, library):
    output = subprocess.run(["objdump", "-t", library], capture_output=True, text=True,
                            check=True).stdout
    for line in output.splitlines():
        found = re.search(r" O (\.(?:data|bss|tdata|tbss)\S*|\*COM\*)\s+\w+\s+(.*)$", line)
        if found and not found[1].startswith(".data.rel.ro"):
            yield f"src/{room}: {found[2]} is mutable at file scope: state hangs from main()"


def check_owners(tree):
    """each library and each source of effects has one room that speaks to it"""
    for name in tree.sources():
        text = tree.code(name)
        includes = "\n".join(line if line.lstrip().startswith("#") else ""
                             for line in tree.text(name).splitlines())
        for pattern, owners, why in OWNERS:
            if name[len("src/"):].startswith(owners or ("\0",)):
                continue
            for line, found in places(includes if pattern.startswith("<") else text, pattern):
                yield f"{name}:{line}: {found[0].rstrip('( ')}: {why}"


# -- headers and names -----------------------------------------------------------------------------

def check_headers_alone(tree):
    """every header compiles alone"""
    headers = [name for name in tree.sources() if name.endswith(".h")]
    compiler = next((cc for cc in ("gcc", "cc", "clang") if which(cc)), None)
    if not compiler or not headers:
        return
    with tempfile.TemporaryDirectory() as top:
        paths = []
        for i, name in enumerate(headers):
            paths.append(os.path.join(top, f"{i}.c"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(f'#include "{name[len("src/"):]}"\n')
        done = subprocess.run([compiler, "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-fsyntax-only",
                               "-I", os.path.join(tree.root, "src"), *paths],
                              capture_output=True, text=True, check=False)
        for line, found in places(done.stderr, r"^(\S+?):(\d+):\d+: (?:fatal )?error: (.*)", re.M):
            where = os.path.relpath(found[1], tree.root) if found[1].startswith(tree.root) \
                else found[1]
            yield f"{where}:{found[2]}: the header does not compile alone: {found[3]}"


def check_header_manual(tree):
    """every header is guarded and opens with its manual"""
    for name in tree.sources():
        if name.endswith(".h") and not re.match(
                r"//[^\n]*\n#pragma once\n+/\*(?!\*/)", tree.text(name)):
            yield f"{name}:3: no #pragma once and opening comment: the header is the manual"


def check_license(tree):
    """every source begins with its licence"""
    for name in tree.scripts():
        if not name.endswith("/meson.build") and not re.match(
                r"(#!.*\n)?(//|#) SPDX-License-Identifier: Apache-2.0\n", tree.text(name)):
            yield f"{name}:1: no SPDX line"


def check_names(tree):
    """base names are unique in src/ and say something"""
    homes = {}
    for name in tree.sources("src/", "tests/"):
        stem = os.path.splitext(os.path.basename(name))[0]
        if stem in BANNED_NAMES or stem.removesuffix("_test") in BANNED_NAMES:
            yield f"{name}: a name for nothing in particular: which noun is it?"
        if name.startswith("src/"):
            home = homes.setdefault(os.path.basename(stem), os.path.dirname(name))
            if home != os.path.dirname(name):
                yield f"{name}: {home} has a file of that name"


def check_unused(tree):
    """what a header declares, another file uses"""
    words = {name: set(re.findall(r"\w+", tree.code(name)))
             for name in tree.sources("src/", "tests/")}
    for name in tree.sources():
        if not name.endswith(".h"):
            continue
        own = (name, name[:-2] + ".c")
        for line, found in places(tree.code(name), r"^[a-z][\w \t*]*?[ *](\w+)\(", re.M):
            if found[0].startswith(("typedef", "static")) or found[1].startswith("__"):
                continue
            if not any(found[1] in words[other] for other in words if other not in own):
                yield f"{name}:{line}: nothing outside {own[1]} uses {found[1]}"


# -- text ------------------------------------------------------------------------------------------

def functions(tree, name):
    """(line, lines) of every function: its brace stands alone in the first column."""
    start = None
    for number, line in enumerate(tree.text(name).split("\n"), 1):
        if line == "{":
            start = number
        elif start and line.startswith("}"):
            yield start, number - start + 1
            start = None


def check_lengths(tree):
    """functions, files and lines are short"""
    for name in tree.sources("src/", "tests/"):
        for line, lines in functions(tree, name):
            if lines > FUNCTION_LINES_MAX:
                yield f"{name}:{line}: function of {lines} lines (at most {FUNCTION_LINES_MAX})"
    for name in tree.scripts():
        lines = tree.text(name).split("\n")
        most = FILE_LINES_MAX if name.startswith("src/") else TEST_LINES_MAX
        if len(lines) - 1 > most:
            yield f"{name}: {len(lines) - 1} lines (at most {most}): two nouns?"
        for number, line in enumerate(lines, 1):
            is_row = name.endswith((".c", ".h")) and TABLE_ROW.match(line)
            most = LINE_COLUMNS_MAX if name.endswith((".c", ".h")) else SCRIPT_COLUMNS_MAX
            if len(line) > most and not is_row:
                yield f"{name}:{number}: {len(line)} columns (at most {most})"


def check_words(tree):
    """nothing is left half done, and nothing jumps"""
    for name in tree.scripts():
        for line, found in places(tree.text(name), r"\b(" + "|".join(BANNED_WORDS) + r")\b"):
            yield f"{name}:{line}: banned word {found[0]}"
    for name in tree.sources("src/", "tests/"):
        for line, _ in places(tree.code(name), r"\bgoto\b"):
            yield f"{name}:{line}: goto: a scope ends by auto_end()"


def check_hosts(tree):
    """no registry is named: packages come from the machine's own"""
    for name in tree.written():
        for registry in REGISTRIES:
            for line, _ in places(tree.text(name), re.escape(registry)):
                yield f"{name}:{line}: names the registry {registry}"


def check_paths(tree):
    """no path of one developer's machine"""
    for name in tree.written():
        for line, found in places(tree.text(name), LOCAL_PATHS.pattern):
            yield f"{name}:{line}: a path outside the tree: {found[0]}"


def check_binaries(tree):
    """no binary is kept"""
    for name in tree.files:
        head = tree.bytes(name)[:8192]
        if head.startswith((b"\x7fELF", b"!<arch>")) or (
                b"\0" in head and not name.startswith(CORPUS)):
            yield f"{name}: a binary"


# -- documents -------------------------------------------------------------------------------------

def documents(tree):
    return [name for name in tree.files if name.endswith(".md")]


def check_document_paths(tree):
    """every path that a document names exists"""
    tops = {name.split("/")[0] for name in tree.files if "/" in name}
    for name in documents(tree):
        text = tree.text(name)
        for line, found in places(text, r"(?<!`)`([\w.*{},/@-]+)`|\]\(([^)#:\s]+)\)|"
                                  r"(?<=[\s(])((?:src|tests|tools|docs|config)/[\w./*-]*\w)"):
            path = found[1] or found[2] or found[3]
            if not re.search(r"[/.]", path) or "<" in path:
                continue
            top = path.split("/")[0]
            if found[2] or top in tops or (top in tree.layers and "/" in path) or (
                    re.fullmatch(r"[A-Z]+\.md", path)):
                if not any(exists(tree, name, one) for one in expand(path)):
                    yield f"{name}:{line}: {path} does not exist"


def check_named_documents(tree):
    """every document that a source names exists"""
    there = {os.path.basename(name) for name in documents(tree)}
    for name in tree.sources("src/", "tests/"):
        for line, found in places(tree.text(name), r"\b\w[\w-]*\.md\b"):
            if found[0] not in there:
                yield f"{name}:{line}: there is no {found[0]}"


def expand(path):
    found = re.search(r"\{([^{}]*)\}", path)
    if not found:
        return [path]
    return [one for part in found[1].split(",")
            for one in expand(path[:found.start()] + part + path[found.end():])]


def exists(tree, document, path):
    return any(glob.glob(os.path.join(tree.root, top, path))
               for top in ("", "src", os.path.dirname(document)))


def check_document_verbs(tree):
    """every make verb that a document names exists"""
    verbs = set(re.findall(r"^([a-z][a-z-]*):", tree.text("Makefile"), re.M))
    for name in documents(tree):
        for line, found in places(tree.text(name), r"(?:`|^(?:\$ )?)make ([a-z][a-z-]*)", re.M):
            if found[1] not in verbs:
                yield f"{name}:{line}: there is no make {found[1]}"


RULES = [
    check_layers, check_includes, check_links, check_purity, check_state, check_owners,
    check_headers_alone, check_header_manual, check_license, check_names, check_unused,
    check_lengths, check_words, check_hosts, check_paths, check_binaries, check_document_paths,
    check_named_documents, check_document_verbs,
]


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--root", default=here)
    parser.add_argument("--build")
    options = parser.parse_args()
    tree = Tree(os.path.abspath(options.root), options.build)
    failed = 0
    for rule in RULES:
        findings = list(rule(tree))
        failed += bool(findings)
        for finding in findings:
            print(finding)
        if findings:
            print(f"tidy: FAILED: {rule.__doc__}")
    lengths = sorted(lines for name in tree.sources() for _, lines in functions(tree, name))
    good = sum(lines <= FUNCTION_LINES_GOOD for lines in lengths)
    print(f"tidy: {len(tree.files)} files, {len(lengths)} functions in src/, "
          f"{100 * good // max(1, len(lengths))} % of at most {FUNCTION_LINES_GOOD} lines, "
          f"longest {max(lengths, default=0)}")
    print(f"{len(RULES) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
