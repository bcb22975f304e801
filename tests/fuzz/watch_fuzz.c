// SPDX-License-Identifier: Apache-2.0
/* However a watch is cut, the same events come of it, and the same end. The first byte says how
 * large the pieces are. */
#include <stdlib.h>

#include "base/sha256.h"
#include "kube/watch_stream.h"

struct heard {
    struct sha256 digest;
    struct err err;
};

static bool hear(void *ctx, enum watch_event event, const struct json_value *object,
                 struct err *err)
{
    struct heard *heard = ctx;
    char kind = (char)('0' + event);
    struct buf text;

    (void)err;
    if (object->kind != JSON_OBJECT)
        abort();
    buf_init(&text, 1 << 24);
    buf_add_char(&text, kind);
    json_print(object, JSON_COMPACT, &text);
    sha256_add(&heard->digest, buf_str(&text));
    buf_fini(&text);
    return true;
}

static void hear_all(struct str text, size_t piece, char ret[SHA256_HEX + 1])
{
    struct heard heard = {0};
    struct watch watch;
    bool goes_on = true;

    sha256_init(&heard.digest);
    watch_init(&watch);
    while (goes_on && text.size > 0) {
        size_t size = piece < text.size ? piece : text.size;
        goes_on = watch_read(&watch, (struct str){text.at, size}, hear, &heard, &heard.err);
        text = str_skip(text, size);
    }
    if (goes_on == (heard.err.kind != ERR_NONE))
        abort();
    watch_fini(&watch);
    sha256_add(&heard.digest, goes_on ? STR_LIT("well") : STR_LIT("not"));
    sha256_hex(&heard.digest, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char whole[SHA256_HEX + 1], cut[SHA256_HEX + 1];
    struct str text = {(const char *)data + 1, size - 1};

    if (size < 2)
        return 0;
    hear_all(text, text.size, whole);
    hear_all(text, data[0] + 1u, cut);
    if (strcmp(whole, cut) != 0)
        abort();
    return 0;
}
