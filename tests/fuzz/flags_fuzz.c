// SPDX-License-Identifier: Apache-2.0
/* Any words after the name of any command: values of the right kind or one clear error, no crash,
 * and no word lost. */
#include <stdlib.h>

#include "cli/command.h"

enum {
    WORDS = 32
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int split(char *text, size_t size, char **ret)
{
    int count = 0;

    for (size_t i = 0; i < size && count < WORDS; i += strlen(text + i) + 1)
        ret[count++] = text + i;
    ret[count] = NULL;
    return count;
}

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_end(arena_fini) struct arena arena = {0};
    const struct command *command;
    struct flag_table tables[2];
    struct operands operands = {0};
    struct err err = {0};
    char *argv[WORDS + 1];
    int argc;

    if (size < 2 || size > 4096)
        return 0;
    command = command_at(data[0] % command_count());
    tables[0] = (struct flag_table){command->flags, command->flag_count};
    tables[1] = command_global_flags();
    argc = split(memcpy(arena_alloc(&arena, size), data + 1, size - 1), size - 1, argv);
    if (flags_parse(&arena, tables, countof(tables), data[0] & 0x80 ? FLAGS_FIRST : FLAGS_ANYWHERE,
                    argc, argv, arena_alloc(&arena, command->options_size), &operands, &err)) {
        demand(err.kind == ERR_NONE);
        demand(operands.dashes <= operands.words.count);
        for (uint32_t i = 0; i < operands.words.count; i++)
            demand(operands.words.at[i] != NULL);
    } else {
        demand(err.kind == ERR_INVALID && err.text[0] != '\0');
    }
    return 0;
}
