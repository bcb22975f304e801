// SPDX-License-Identifier: Apache-2.0
#include "api/secret.h"

#include "api/look.h"
#include "base/base64.h"

static struct str read_data(struct arena *arena, const struct json_value *data, const char *key)
{
    struct str base64 = look_text(data, key);
    char *bytes;
    size_t size;

    if (base64.size > BASE64_SIZE(TLS_SECRET_TEXT_MAX))
        return (struct str){0};
    bytes = arena_alloc(arena, base64.size + 1);
    if (!base64_decode(base64, bytes, &size))
        return (struct str){0};
    return (struct str){bytes, size};
}

void tls_secret_read(struct arena *arena, const struct json_value *object, struct tls_secret *ret)
{
    const struct json_value *data = json_get(object, "data");

    *ret = (struct tls_secret){
        .certificate = read_data(arena, data, "tls.crt"),
        .key = read_data(arena, data, "tls.key"),
        .bundle = read_data(arena, data, "ca.crt"),
        .authority_key = read_data(arena, data, "ca.key"),
    };
}

static void put_data(struct arena *arena, struct json_value *data, const char *key, struct str text)
{
    char *base64 = arena_alloc(arena, BASE64_SIZE(text.size) + 1);

    base64_encode(text, base64);
    json_put(arena, data, key, json_text((struct str){base64, BASE64_SIZE(text.size)}));
}

static struct json_value new_metadata(struct arena *arena, struct str space)
{
    struct json_value ret = json_object(), labels = json_object();

    json_put(arena, &labels, "app.kubernetes.io/managed-by",
             json_text(STR_LIT("agenttask-operator")));
    json_put(arena, &labels, "app.kubernetes.io/part-of", json_text(STR_LIT("agenttask")));
    json_put(arena, &ret, "labels", labels);
    json_put(arena, &ret, "name", json_text(STR_LIT(TLS_SECRET)));
    json_put(arena, &ret, "namespace", json_text(space));
    return ret;
}

struct json_value tls_secret_value(struct arena *arena, struct str space, struct str version,
                                   const struct tls_secret *secret)
{
    struct json_value ret = json_object(), data = json_object(), metadata = json_object();

    put_data(arena, &data, "ca.crt", secret->bundle);
    put_data(arena, &data, "ca.key", secret->authority_key);
    put_data(arena, &data, "tls.crt", secret->certificate);
    put_data(arena, &data, "tls.key", secret->key);
    if (version.size > 0) {
        json_put(arena, &metadata, "resourceVersion", json_text(version));
        json_put(arena, &ret, "data", data);
        json_put(arena, &ret, "metadata", metadata);
        return ret;
    }
    json_put(arena, &ret, "apiVersion", json_text(STR_LIT("v1")));
    json_put(arena, &ret, "data", data);
    json_put(arena, &ret, "kind", json_text(STR_LIT("Secret")));
    json_put(arena, &ret, "metadata", new_metadata(arena, space));
    json_put(arena, &ret, "type", json_text(STR_LIT("kubernetes.io/tls")));
    return ret;
}

/* They are copies that tls_secret_read() or pki/ made, in memory that may be written. */
static void wipe(struct str text)
{
    if (text.size > 0)
        explicit_bzero((void *)(uintptr_t)text.at, text.size);
}

void tls_secret_wipe(const struct tls_secret *secret)
{
    wipe(secret->key);
    wipe(secret->authority_key);
}
