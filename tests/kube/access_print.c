// SPDX-License-Identifier: Apache-2.0
/* access_print [--kubeconfig FILE] [--context NAME] [--ask]: what we make of the environment's
 * kubeconfig, as one line of JSON; with --ask also the token to be sent, on a line of its own. For
 * tests/kube/kubectl_test.py, which compares it with kubectl. */
#include <stdio.h>
#include <stdlib.h>

#include "access_text.h"
#include "kube/credential.h"
#include "sys/clock.h"

static bool print_token(struct arena *arena, const struct kube_access *access, struct err *err)
{
    struct credential credential;

    if (!credential_get(arena, access, clock_now_ms(), &credential, err))
        return false;
    printf("%.*s\n", STR_ARG(credential.token));
    return true;
}

int main(int argc, char **argv)
{
    struct kubeconfig_sources sources = {
        .env_paths = getenv("KUBECONFIG"),
        .home = getenv("HOME"),
    };
    auto_end(arena_fini) struct arena arena = {0};
    struct kube_access access;
    struct err err = {0};
    bool is_asked = false, is_right = true;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--ask") == 0)
            is_asked = true;
        else if (strcmp(argv[i], "--kubeconfig") == 0 && argv[i + 1])
            sources.flag_path = argv[++i];
        else if (strcmp(argv[i], "--context") == 0 && argv[i + 1])
            sources.context = argv[++i];
        else
            return 2;
    }
    is_right = kubeconfig_load(&arena, &sources, &access, &err);
    if (is_right)
        printf("%s\n", access_text(&arena, &access, NULL));
    if (is_right && is_asked)
        is_right = print_token(&arena, &access, &err);
    if (!is_right)
        fprintf(stderr, "%s\n", err.text);
    return is_right ? 0 : 1;
}
