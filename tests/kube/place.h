// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A directory of its own for each test: setup and teardown of cmocka, and files in it. */
#include "base/arena.h"

struct place {
    struct arena arena;
    char directory[64];
};

int place_open(void **state);
int place_close(void **state);

/* Of that name, directories included; a program if the mode says so. Returns its path. */
const char *place_file(struct place *place, const char *name, int mode, const char *text);
const char *place_path(struct place *place, const char *name);
struct str place_read(struct place *place, const char *name);
