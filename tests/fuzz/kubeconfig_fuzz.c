// SPDX-License-Identifier: Apache-2.0
/* Any kubeconfig and any answer of a plugin: an access or a credential that can be sent, or one
 * clear error. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kube/exec_credential.h"
#include "sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_met)
{
    if (!is_met)
        abort();
}

/* It can stand in a header. */
static void check_line(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        demand((unsigned char)text.at[i] >= ' ' && text.at[i] != 0x7f);
}

static void check_access(struct arena *arena, const struct kube_access *access)
{
    bool has_tls = str_starts(access->server, "https://");

    demand(has_tls || str_starts(access->server, "http://"));
    demand(!str_ends(access->server, "/") && access->space.size > 0);
    check_line(access->server);
    check_line(access->proxy_url);
    check_line(access->tls_server_name);
    check_line(access->token);
    check_line(access->as_user);
    check_line(access->as_uid);
    for (uint32_t i = 0; i < access->as_groups.count; i++)
        check_line(access->as_groups.at[i]);
    for (uint32_t i = 0; i < access->as_extra.count; i++) {
        check_line(access->as_extra.at[i].name);
        check_line(access->as_extra.at[i].value);
    }
    demand((access->cert_pem.size > 0) == (access->key_pem.size > 0));
    demand(!(access->is_insecure && access->ca_pem.size > 0));
    demand(!(access->token.size > 0 && access->user.size > 0));
    demand(has_tls || !(access->token.size > 0 || access->token_file.size > 0 || access->has_exec ||
                        access->user.size > 0 || access->cert_pem.size > 0));
    demand(!access->has_exec || access->exec.command.size > 0);
    if (access->has_exec)
        demand(exec_credential_request(arena, access, true) != NULL);
}

static void try_kubeconfig(struct arena *arena, struct str bytes)
{
    auto_end(fd_end) int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
    struct kubeconfig_sources sources = {0};
    struct kube_access access = {0};
    struct err err = {0};

    demand(fd >= 0 && fd_write_all(fd, bytes, &err));
    sources.flag_path = arena_print(arena, "/proc/self/fd/%d", fd).at;
    demand(kubeconfig_find(&sources));
    if (kubeconfig_load(arena, &sources, &access, &err))
        check_access(arena, &access);
    else
        demand(err.kind != ERR_NONE && err.text[0] != '\0');
}

static void try_answer(struct arena *arena, struct str bytes)
{
    struct credential credential = {0};
    struct err err = {0};

    if (!exec_credential_read(arena, bytes, STR_LIT("client.authentication.k8s.io/v1"), &credential,
                              &err)) {
        demand(err.kind == ERR_REFUSED && err.text[0] != '\0');
        return;
    }
    demand(credential.token.size > 0 || credential.cert_pem.size > 0);
    demand((credential.cert_pem.size > 0) == (credential.key_pem.size > 0));
    demand(credential.expires_ms >= 0);
    check_line(credential.token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str bytes = {(const char *)data, size};

    if (size == 0 || size > 64 * 1024)
        return 0;
    if (data[0] == '!')
        try_answer(&arena, str_skip(bytes, 1));
    else
        try_kubeconfig(&arena, bytes);
    return 0;
}
