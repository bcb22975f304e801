#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes C that holds the given YAML files: embed.py OUTPUT FILE... (see src/api/builtin.h)."""
import os
import sys


def literal(text):
    lines = text.replace("\\", "\\\\").replace('"', '\\"').split("\n")
    return "\n".join(f'     "{line}\\n"' for line in lines[:-1])


def main():
    output, files = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    rows = []
    for path in files:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert text.endswith("\n"), path
        name = os.path.basename(path)[:-len(".yaml")]
        rows.append(f'    {{"{name}",\n{literal(text)}}},')
    with open(output, "w", encoding="utf-8") as file:
        file.write("""#include "api/builtin.h"

static const struct {
    const char *name, *yaml;
} profiles[] = {
""" + "\n".join(rows) + """
};

uint32_t builtin_count(void)
{
    return countof(profiles);
}

struct str builtin_at(uint32_t index)
{
    return str_of(profiles[index].yaml);
}

bool builtin_profile(struct str name, struct str *ret_yaml)
{
    for (uint32_t i = 0; i < countof(profiles); i++) {
        if (str_is(name, profiles[i].name)) {
            *ret_yaml = str_of(profiles[i].yaml);
            return true;
        }
    }
    return false;
}
""")


if __name__ == "__main__":
    main()
