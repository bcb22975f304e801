// SPDX-License-Identifier: Apache-2.0
/* Certificates and keys out of a Secret that somebody edited, or out of files: whatever they hold
 * is refused in words, or answers every question; taken apart, a bundle is whole again. */
#include <stdlib.h>

#include "pki/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

/* It says why it refuses, and does not when it does not. */
static bool ask(bool is_good, struct err *err)
{
    demand(is_good == (err->kind == ERR_NONE));
    demand(is_good || (err->kind == ERR_INVALID && err->text[0]));
    *err = (struct err){0};
    return is_good;
}

static void try_bundle(struct arena *arena, struct str pem)
{
    struct str parts[X509_BUNDLE_MAX], again[X509_BUNDLE_MAX];
    struct err err = {0};
    uint32_t count = 0;

    if (!ask(x509_split(arena, pem, parts, &count, &err), &err))
        return;
    demand(count > 0 && count <= X509_BUNDLE_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t one = 0;
        if (parts[i].size > X509_PEM_MAX)
            continue;
        demand(ask(x509_split(arena, parts[i], again, &one, &err), &err));
        demand(one == 1 && str_equal(again[0], parts[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str name = {"agenttask-webhook-service.agenttask-system.svc", 46};
    const struct x509_names names = {&name, 1};
    struct str pem = {(const char *)data, size};
    struct arena arena = {0};
    struct x509_term term;
    struct err err = {0};

    ask(x509_read_term(pem, &term, &err), &err);
    ask(x509_key_fits(pem, pem, &err), &err);
    ask(x509_is_authority(pem, &err), &err);
    ask(x509_is_signed(pem, pem, &err), &err);
    ask(x509_serves(pem, &names, &err), &err);
    try_bundle(&arena, pem);
    arena_fini(&arena);
    return 0;
}
