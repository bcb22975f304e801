// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "api/crd.h"
#include "yaml/yaml.h"

/* Prints the CustomResourceDefinition of the kind whose plural is the argument. */
static const struct crd_kind *kind_of(const char *plural)
{
    static const struct crd_kind *const kinds[] = {&crd_agenttask, &crd_runtimeprofile};

    for (size_t i = 0; i < countof(kinds); i++)
        if (strcmp(kinds[i]->plural, plural) == 0)
            return kinds[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct crd_kind *kind = argc == 2 ? kind_of(argv[1]) : NULL;
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf yaml = {0};
    struct json_value value;
    struct err err = {0};

    if (!kind) {
        fprintf(stderr, "usage: crdgen agenttasks|runtimeprofiles\n");
        return 2;
    }
    if (!crd_value(&arena, kind, &value, &err)) {
        fprintf(stderr, "crdgen: %s\n", err.text);
        return 1;
    }
    buf_init(&yaml, 1 << 20);
    yaml_print(&value, &yaml);
    printf("# Made by crdgen from the field tables of src/api; make crd renews it.\n%.*s",
           STR_ARG(buf_str(&yaml)));
    return fflush(stdout) == 0 ? 0 : 1;
}
