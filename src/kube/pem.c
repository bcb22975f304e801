// SPDX-License-Identifier: Apache-2.0
#include "kube/pem.h"

static const struct pem_words {
    const char *label, *noun;
} kinds[] = {
    [PEM_CERTIFICATE] = {"CERTIFICATE-----", "certificate"},
    [PEM_PRIVATE_KEY] = {"PRIVATE KEY-----", "private key"},
};

/* The text behind the first `part`, or nothing. */
static bool text_after(struct str text, const char *part, struct str *ret)
{
    const char *at = text.size ? memmem(text.at, text.size, part, strlen(part)) : NULL;

    if (!at)
        return false;
    *ret = str_skip(text, (size_t)(at - text.at) + strlen(part));
    return true;
}

bool pem_check(struct str text, enum pem_kind kind, const char *name, struct err *err)
{
    struct str rest;

    if (kind == PEM_PRIVATE_KEY && text_after(text, "ENCRYPTED", &rest))
        return err_set(err, ERR_INVALID, "%s holds an encrypted key, which nobody can open here",
                       name);
    if (!text_after(text, "-----BEGIN ", &rest) || !text_after(rest, kinds[kind].label, &rest) ||
        !text_after(rest, "-----END ", &rest) || !text_after(rest, kinds[kind].label, &rest))
        return err_set(err, ERR_INVALID, "%s holds no %s in PEM", name, kinds[kind].noun);
    return true;
}
