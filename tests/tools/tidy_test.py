#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of tools/tidy.py sees the fault that it is there for: a copy of the tree is spoilt in
one place, and the rule must say so, at that place, where it said nothing of it before."""
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
spec = importlib.util.spec_from_file_location("tidy", os.path.join(ROOT, "tools", "tidy.py"))
tidy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tidy)

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = SPDX + "#pragma once\n\n/* A header for a test. */\n"
LONG = "static void planted(void)\n{\n" + "    ;\n" * 69 + "}\n"
LIST = "deb" + ".debian" + ".org"
HALF = "TO" + "DO"

# (what is wrong, rule, file, text appended to it, what the rule must say)
PLANTS = [
    ("wrong include", tidy.check_includes, "src/core/planted.c",
     SPDX + '#include "json/json.h"\n', "src/core/planted.c:2: core may not include json"),
    ("include without a room", tidy.check_includes, "src/base/planted.c",
     SPDX + '#include "str.h"\n', "src/base/planted.c:2: include \"str.h\" by room"),
    ("a room that looks down", tidy.check_layers, "src/LAYERS",
     "planted: base above\n", "planted names above, which is not above it"),
    ("a room without a layer", tidy.check_layers, "src/planted/planted.c",
     SPDX, "room planted does not stand in src/LAYERS"),
    ("mutable object", tidy.check_state, "src/core/planted.c",
     SPDX + "static int count;\n", "src/core/planted.c:2: mutable object"),
    ("mutable object with external linkage", tidy.check_state, "src/core/planted.c",
     SPDX + "struct world last = {0};\n", "src/core/planted.c:2: mutable object"),
    ("mutable object in a function", tidy.check_state, "src/core/planted.c",
     SPDX + "void f(void)\n{\n    static int calls = 0;\n}\n", "src/core/planted.c:4: mutable"),
    ("yyjson outside json/", tidy.check_owners, "src/api/planted.c",
     SPDX + "void f(void)\n{\n    yyjson_read(0, 0, 0);\n}\n", "src/api/planted.c:4: yyjson_read"),
    ("libyaml outside yaml/", tidy.check_owners, "src/api/planted.c",
     SPDX + "#include <yaml.h>\n", "src/api/planted.c:2: <yaml.h>"),
    ("SQLite outside store/", tidy.check_owners, "src/driver/planted.c",
     SPDX + "#include <sqlite3.h>\n", "src/driver/planted.c:2: <sqlite3.h>"),
    ("memory of its own", tidy.check_owners, "src/core/planted.c",
     SPDX + "void f(void)\n{\n    malloc(1);\n}\n", "src/core/planted.c:4: malloc"),
    ("a clock of its own", tidy.check_owners, "src/driver/planted.c",
     SPDX + "void f(void)\n{\n    time(0);\n}\n", "src/driver/planted.c:4: time"),
    ("chance of its own", tidy.check_owners, "src/driver/planted.c",
     SPDX + "void f(void)\n{\n    getrandom(0, 0, 0);\n}\n", "src/driver/planted.c:4: getrandom"),
    ("a header that needs another", tidy.check_headers_alone, "src/core/planted.h",
     HEADER + "bool f(struct str text);\n", "src/core/planted.h:5: the header does not compile"),
    ("a header without a manual", tidy.check_header_manual, "src/core/planted.h",
     SPDX + "#pragma once\n\nvoid f(void);\n", "src/core/planted.h:3: no #pragma once and opening"),
    ("no licence", tidy.check_license, "src/core/planted.c", "\n", "src/core/planted.c:1: no SPDX"),
    ("a name for nothing", tidy.check_names, "src/core/utils.c", SPDX, "src/core/utils.c: a name"),
    ("a name twice", tidy.check_names, "src/core/str.c", SPDX, "src/core/str.c: "),
    ("an unused function", tidy.check_unused, "src/core/planted.h",
     HEADER + "void planted_never_called(void);\n", "planted.c uses planted_never_called"),
    ("a long function", tidy.check_lengths, "src/core/planted.c",
     SPDX + LONG, "src/core/planted.c:3: function of 71 lines"),
    ("a long file", tidy.check_lengths, "src/core/planted.c",
     SPDX + "\n" * 600, "src/core/planted.c: 601 lines"),
    ("a long line", tidy.check_lengths, "src/core/planted.c",
     SPDX + "/* " + "x" * 95 + " */\n", "src/core/planted.c:2: 101 columns"),
    ("half done", tidy.check_words, "src/core/planted.c",
     SPDX + f"/* {HALF}: later */\n", "src/core/planted.c:2: banned word"),
    ("a jump", tidy.check_words, "src/core/planted.c",
     SPDX + "void f(void)\n{\n    goto out;\n}\n", "src/core/planted.c:4: goto"),
    ("a registry", tidy.check_hosts, "tools/planted.sh", f"# {LIST}\n",
     "tools/planted.sh:1: names the registry"),
    ("a local path", tidy.check_paths, "tools/planted.sh", "cd /wo" "rk/main\n",
     "tools/planted.sh:1: a path outside the tree"),
    ("a binary", tidy.check_binaries, "src/core/planted", "\x7fELF",
     "src/core/planted: a binary"),
    ("a path in a document", tidy.check_document_paths, "docs/planted.md",
     "see `src/core/gone.c`\n", "docs/planted.md:1: src/core/gone.c does not exist"),
    ("a link in a document", tidy.check_document_paths, "docs/planted.md",
     "see [there](gone.md)\n", "docs/planted.md:1: gone.md does not exist"),
    ("a document named by a source", tidy.check_named_documents, "src/core/planted.c",
     SPDX + "/* see gone.md */\n", "src/core/planted.c:2: there is no gone.md"),
    ("a verb in a document", tidy.check_document_verbs, "docs/planted.md",
     "run `make coffee`\n", "docs/planted.md:1: there is no make coffee"),
]

# what objects tell: (what is wrong, rule, sources by room, what the rule must say)
OBJECTS = [
    ("a link across rooms", tidy.check_links,
     {"core": "int planted_up(void);\nint f(void)\n{\n    return planted_up();\n}\n",
      "json": "int planted_up(void)\n{\n    return 1;\n}\n"},
     "src/core: calls planted_up of json"),
    ("an effect in core", tidy.check_purity,
     {"core": "int open(const char *, int, ...);\nint f(void)\n{\n    return open(\"/\", 0);\n}\n",
      "base": "int planted;\n"}, "src/core: calls open: core is pure"),
    ("state that the text does not show", tidy.check_state,
     {"core": "const char *planted_name = \"x\";\n"}, "src/core: planted_name is mutable"),
]


def copy(files, top):
    for name in files:
        os.makedirs(os.path.join(top, os.path.dirname(name)), exist_ok=True)
        shutil.copyfile(os.path.join(ROOT, name), os.path.join(top, name))


def findings(rule, top, build=None):
    return "\n".join(rule(tidy.Tree(top, build)))


def plant(rule, name, text, top):
    path = os.path.join(top, name)
    before = open(path, "rb").read() if os.path.exists(path) else None
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab" if name == "src/LAYERS" else "wb") as file:
        file.write(text.encode())
    said = findings(rule, top)
    if before is None:
        os.unlink(path)
    else:
        with open(path, "wb") as file:
            file.write(before)
    return said


def compile_rooms(sources, top):
    for room, text in sources.items():
        directory = os.path.join(top, "src", room)
        os.makedirs(directory)
        with open(os.path.join(directory, "planted.c"), "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["gcc", "-c", "planted.c"], cwd=directory, check=True)
        subprocess.run(["ar", "rcs", f"lib{room}.a", "planted.o"], cwd=directory, check=True)


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="agenttask-tidy-") as top:
        copy(tidy.Tree(ROOT, None).files, top)
        results = [(what, says in findings(rule, top), says, plant(rule, name, text, top))
                   for what, rule, name, text, says in PLANTS]
    for what, rule, sources, says in OBJECTS:
        with tempfile.TemporaryDirectory(prefix="agenttask-tidy-") as build:
            compile_rooms(sources, build)
            results.append((what, False, says, findings(rule, ROOT, build)))
    for what, was_there, says, said in results:
        if was_there or says not in said:
            failed += 1
            print(f"FAILED {what}: expected '{says}', got:\n{said}")
    untested = {rule.__name__ for rule in tidy.RULES} - {
        rule.__name__ for _, rule, *_ in PLANTS + OBJECTS}
    for name in untested:
        failed += 1
        print(f"FAILED {name}: no fault is planted for it")
    print(f"{len(results) - failed + len(untested)} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
