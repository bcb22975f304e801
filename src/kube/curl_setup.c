// SPDX-License-Identifier: Apache-2.0
#include "kube/curl_setup.h"

#include <stdlib.h>

enum {
    CONNECT_TIMEOUT_MS = 10000,
    RECEIVE_SIZE = 64 * 1024,
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_PERIOD_S = 5
};

static void end_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

static const char *url_part(struct arena *arena, CURLU *url, CURLUPart part)
{
    char *text = NULL;
    const char *ret;

    if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
        return NULL;
    ret = arena_text(arena, str_of(text));
    curl_free(text);
    return ret;
}

static bool is_loopback(struct str host)
{
    return str_is(host, "localhost") || str_is(host, "[::1]") || str_starts(host, "127.");
}

/* The certificate is to be of another name than the one to connect to: that name goes into the
 * address, and what stood there into the Host header. */
static bool take_tls_name(struct arena *arena, CURLU *url, struct curl_setup *setup,
                          struct err *err)
{
    const char *name = arena_text(arena, setup->access->tls_server_name);
    const char *host = url_part(arena, url, CURLUPART_HOST);
    const char *port = url_part(arena, url, CURLUPART_PORT);

    if (curl_url_set(url, CURLUPART_HOST, name, 0) != CURLUE_OK)
        return err_set(err, ERR_INVALID, "tls-server-name is no name of a server");
    setup->host = arena_print(arena, "Host: %s%s%s", host, port ? ":" : "", port ? port : "").at;
    port = port ? port : "443";
    setup->connect_to = arena_print(arena, "%s:%s:%s:%s", name, port, host, port).at;
    return true;
}

bool curl_setup_init(struct arena *arena, const struct kube_access *access, const char *agent,
                     struct curl_setup *ret, struct err *err)
{
    auto_end(end_url) CURLU *url = curl_url();
    struct curl_setup setup = {.access = access, .agent = agent};
    struct str base;

    if (curl_url_set(url, CURLUPART_URL, arena_text(arena, access->server), CURLU_DISALLOW_USER) !=
            CURLUE_OK ||
        !url_part(arena, url, CURLUPART_HOST))
        return err_set(err, ERR_INVALID, "the address of the server is no URL");
    setup.is_loopback = is_loopback(str_of(url_part(arena, url, CURLUPART_HOST)));
    if (access->tls_server_name.size > 0 && !take_tls_name(arena, url, &setup, err))
        return false;
    base = str_of(url_part(arena, url, CURLUPART_URL));
    while (str_ends(base, "/"))
        base.size--;
    setup.base = arena_text(arena, base);
    *ret = setup;
    return true;
}

static void list_add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (!longer)
        abort(); /* out of memory */
    *list = longer;
}

static bool header_add(struct arena *arena, struct curl_slist **list, const char *name,
                       struct str value, struct err *err)
{
    for (size_t i = 0; i < value.size; i++)
        if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
            return err_set(err, ERR_REFUSED, "%s: it holds control characters", name);
    if (value.size == 0)
        return true;
    list_add(list, arena_print(arena, "%s: %.*s", name, STR_ARG(value)).at);
    return true;
}

/* As client-go spells the names of extra fields: lower case, what is no token escaped. */
static const char *extra_name(struct arena *arena, struct str name)
{
    char *ret = arena_alloc(arena, sizeof("Impersonate-Extra-") + name.size * 3), *end = ret;

    end = stpcpy(end, "Impersonate-Extra-");
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (c >= 'A' && c <= 'Z')
            *end++ = (char)(c + 'a' - 'A');
        else if (c && (is_letter || strchr("!#$&'*+-.^_`|~", c)))
            *end++ = (char)c;
        else {
            static const char digits[] = "0123456789ABCDEF";
            *end++ = '%';
            *end++ = digits[c >> 4];
            *end++ = digits[c & 15];
        }
    }
    return ret;
}

static bool add_impersonation(struct arena *arena, const struct kube_access *access,
                              struct curl_slist **list, struct err *err)
{
    if (!header_add(arena, list, "Impersonate-User", access->as_user, err) ||
        !header_add(arena, list, "Impersonate-Uid", access->as_uid, err))
        return false;
    for (uint32_t i = 0; i < access->as_groups.count; i++)
        if (!header_add(arena, list, "Impersonate-Group", access->as_groups.at[i], err))
            return false;
    for (uint32_t i = 0; i < access->as_extra.count; i++)
        if (!header_add(arena, list, extra_name(arena, access->as_extra.at[i].name),
                        access->as_extra.at[i].value, err))
            return false;
    return true;
}

static bool add_headers(const struct curl_setup *setup, const struct kube_request *request,
                        struct str token, struct curl_slist **list, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct str accept = request->accept.size ? request->accept : STR_LIT("application/json");

    if (request->body_kind == BODY_MERGE_PATCH)
        list_add(list, "Content-Type: application/merge-patch+json");
    else if (request->body_kind == BODY_JSON)
        list_add(list, "Content-Type: application/json");
    list_add(list, "Expect:"); /* one trip less */
    if (setup->host)
        list_add(list, setup->host);
    return header_add(&arena, list, "Accept", accept, err) &&
           header_add(&arena, list, "Authorization",
                      token.size ? arena_print(&arena, "Bearer %.*s", STR_ARG(token))
                                 : (struct str){0},
                      err) &&
           add_impersonation(&arena, setup->access, list, err);
}

static void set_blob(CURL *easy, CURLoption option, struct str bytes, unsigned flags)
{
    struct curl_blob blob = {.data = (void *)(uintptr_t)bytes.at, .len = bytes.size};

    blob.flags = flags;
    if (bytes.size > 0)
        curl_easy_setopt(easy, option, &blob);
}

static void set_tls(CURL *easy, const struct kube_access *access,
                    const struct credential *credential)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, access->is_insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, access->is_insecure ? 0L : 2L);
    set_blob(easy, CURLOPT_CAINFO_BLOB, access->ca_pem, CURL_BLOB_NOCOPY);
    set_blob(easy, CURLOPT_SSLCERT_BLOB, credential->cert_pem, CURL_BLOB_COPY);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, credential->key_pem, CURL_BLOB_COPY);
}

static void set_proxy(CURL *easy, const struct curl_setup *setup)
{
    auto_end(arena_fini) struct arena arena = {0};

    if (setup->access->proxy_url.size > 0) {
        curl_easy_setopt(easy, CURLOPT_PROXY, arena_text(&arena, setup->access->proxy_url));
        curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* told, it is used for every server */
    } else if (setup->is_loopback) {
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* tokens are not its */
}

static void set_connection(CURL *easy, bool is_stream)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_SIZE);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_PERIOD_S);
    if (is_stream) { /* what stalls one does not stall the others */
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    }
}

static void set_method(CURL *easy, const struct kube_request *request)
{
    static const char *const methods[] = {
        [HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
    };

    if (request->body_kind != BODY_NONE) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.at ? request->body.at : "");
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, methods[request->method]);
}

static void set_address(CURL *easy, const struct curl_setup *setup, struct str path,
                        struct curl_lists *lists)
{
    auto_end(arena_fini) struct arena arena = {0};

    curl_easy_setopt(easy, CURLOPT_URL,
                     arena_print(&arena, "%s%.*s", setup->base, STR_ARG(path)).at);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, setup->agent);
    if (setup->connect_to) {
        list_add(&lists->connect_to, setup->connect_to);
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, lists->connect_to);
    }
}

static void set_password(CURL *easy, const struct kube_access *access)
{
    auto_end(arena_fini) struct arena arena = {0};

    if (access->user.size == 0)
        return;
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_USERNAME, arena_text(&arena, access->user));
    curl_easy_setopt(easy, CURLOPT_PASSWORD, arena_text(&arena, access->password));
}

bool curl_setup_apply(const struct curl_setup *setup, const struct kube_request *request,
                      const struct credential *credential, CURL *easy, struct curl_lists *ret,
                      struct err *err)
{
    struct curl_lists lists = {0};

    if (!add_headers(setup, request, credential->token, &lists.headers, err)) {
        curl_lists_fini(&lists);
        return false;
    }
    set_connection(easy, request->is_stream);
    set_tls(easy, setup->access, credential);
    set_proxy(easy, setup);
    set_method(easy, request);
    set_address(easy, setup, request->path, &lists);
    set_password(easy, setup->access);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lists.headers);
    if (!setup->access->disable_compression && !request->is_stream)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    *ret = lists;
    return true;
}

void curl_lists_fini(struct curl_lists *lists)
{
    curl_slist_free_all(lists->headers);
    curl_slist_free_all(lists->connect_to);
    *lists = (struct curl_lists){0};
}
