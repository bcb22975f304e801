// SPDX-License-Identifier: Apache-2.0
/* What the webhook says to what: every review as an API server sends it, the verdict word by word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "operator/judge.h"

#define GOOD     "\"runtimeProfile\":\"python3.11\",\"code\":{\"source\":\"print(1)\"}"
#define CODE     "\"code\":{\"source\":\"x\"}"
#define PROFILE  "\"runtimeProfile\":\"python3.11\""
#define MAP(map) PROFILE ",\"code\":{\"configMapRef\":{\"name\":\"" map "\",\"key\":\"main.py\"}}"
#define IMAGE    "\"image\":\"python@sha256:" DIGEST "\""
#define DIGEST   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FILE     "\"fileName\":\"main.py\""
#define TEN      "0123456789"
#define HUNDRED  TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* What a row does not say: CREATE of a valid AgentTask in namespace a by bob. */
struct row {
    const char *name;
    const char *resource, *part, *operation, *space, *user;
    const char *metadata, *spec, *old_metadata, *old_spec;
    const char *object; /* whole, in place of metadata and spec */
    bool has_no_old;
    int32_t code;        /* 0: allowed */
    const char *message; /* NULL: allowed */
};
#define ROW(...)                                                                                   \
    {                                                                                              \
        .name = __VA_ARGS__                                                                        \
    }

static const struct row rows[] = {
    /* -- what is allowed --------------------------------------------------------------- */
    ROW("a task"),
    ROW("with a label of their own",
        .metadata = ",\"labels\":{\"app\":\"x\",\"example.org/y\":\"\"}"),
    ROW("with the key of clients",
        .metadata = ",\"annotations\":{\"execution.agenttask.io/idempotency-key\":\"k\"}"),
    ROW("below another domain", .metadata = ",\"labels\":{\"notagenttask.io/x\":\"y\"}"),
    ROW("its namespace as tenant", .spec = GOOD ",\"tenant\":\"a\""),
    ROW("a tenant of its namespace", .spec = GOOD ",\"tenant\":\"team\""),
    ROW("a tenant of its user", .user = "ann", .spec = GOOD ",\"tenant\":\"vip\""),
    ROW("a tenant of a group", .user = "dev", .spec = GOOD ",\"tenant\":\"crew\""),
    ROW("a profile of its tenant", .user = "ann",
        .spec = "\"runtimeProfile\":\"vip\"," CODE ",\"tenant\":\"vip\""),
    ROW("the largest limits",
        .spec = GOOD ",\"resources\":{\"limits\":{\"cpu\":\"2\",\"memory\":\"1Gi\"}}"),
    ROW("the longest time", .spec = GOOD ",\"timeoutSeconds\":600"),
    ROW("a ConfigMap that may be read", .spec = MAP("mine")),
    /* -- keys -------------------------------------------------------------------------- */
    ROW("reserved label", .metadata = ",\"labels\":{\"agenttask.io/task\":\"x\"}", .code = 403,
        .message = "metadata.labels: \"agenttask.io/task\" is reserved: keys below agenttask.io "
                   "must come from the operator; use a domain of your own"),
    ROW("reserved label, empty", .metadata = ",\"labels\":{\"agenttask.io/egress\":\"\"}",
        .code = 403,
        .message = "metadata.labels: \"agenttask.io/egress\" is reserved: keys below agenttask.io "
                   "must come from the operator; use a domain of your own"),
    ROW("reserved label of a subdomain",
        .metadata = ",\"labels\":{\"any.thing.agenttask.io/x\":\"y\"}", .code = 403,
        .message = "metadata.labels: \"any.thing.agenttask.io/x\" is reserved: keys below "
                   "agenttask.io must come from the operator; use a domain of your own"),
    ROW("reserved annotation",
        .metadata = ",\"annotations\":{\"execution.agenttask.io/stopping-since\":\"1\"}",
        .code = 403,
        .message = "metadata.annotations: \"execution.agenttask.io/stopping-since\" is reserved: "
                   "keys below agenttask.io must come from the operator; use a domain of your own"),
    ROW("reserved label behind others",
        .metadata = ",\"labels\":{\"a\":\"b\",\"c\":\"d\",\"agenttask.io/tenant\":\"vip\"}",
        .code = 403,
        .message = "metadata.labels: \"agenttask.io/tenant\" is reserved: keys below agenttask.io "
                   "must come from the operator; use a domain of your own"),
    ROW("a label that is none", .metadata = ",\"labels\":{\"a b\":\"c\"}", .code = 422,
        .message = "metadata.labels: \"a b\" is no label key: at most 63 letters, digits, '-', '_' "
                   "and '.', a letter or digit at both ends"),
    ROW("a label value that is none", .metadata = ",\"labels\":{\"a\":\"b c\"}", .code = 422,
        .message = "metadata.labels: \"b c\" is no label value: at most 63 letters, digits, '-', "
                   "'_' and '.', a letter or digit at both ends"),
    ROW("an annotation key that is none", .metadata = ",\"annotations\":{\"a b\":\"c\"}",
        .code = 422, .message = "metadata.annotations: \"a b\" is no key"),
    ROW("labels that are no texts", .metadata = ",\"labels\":{\"a\":1}", .code = 422,
        .message = "metadata.labels.a: a text is expected, found a number; put it in quotes"),
    ROW("labels that are a list", .metadata = ",\"labels\":[]", .code = 422,
        .message = "metadata.labels: an object is expected, found a list"),
    /* -- metadata ---------------------------------------------------------------------- */
    ROW("another namespace than that of the request", .metadata = ",\"namespace\":\"b\"",
        .code = 422, .message = "metadata.namespace: \"b\" is not that of the request, \"a\""),
    ROW("a request without a namespace", .space = "", .code = 422,
        .message = "request.namespace: is required"),
    ROW("an object without anything", .object = "{}", .code = 422,
        .message = "metadata.name: is required"),
    ROW("no object", .object = "null", .code = 422, .message = "request.object: is required"),
    ROW("a name that is none", .object = "{\"metadata\":{\"name\":\"A_b\"},\"spec\":{" GOOD "}}",
        .code = 422,
        .message = "metadata.name: \"A_b\" is no name: it must be lower-case letters, digits, '-' "
                   "and '.', a letter or digit at both ends of each part"),
    ROW("a name with control characters",
        .object = "{\"metadata\":{\"name\":\"a\\u001b[31m\"},\"spec\":{" GOOD "}}", .code = 422,
        .message = "metadata.name: \"a?[31m\" is no name: it must be lower-case letters, digits, "
                   "'-' and '.', a letter or digit at both ends of each part"),
    ROW("a name that is a number", .object = "{\"metadata\":{\"name\":1},\"spec\":{" GOOD "}}",
        .code = 422,
        .message = "metadata.name: a text is expected, found a number; put it in quotes"),
    ROW("a name that is too long",
        .object = "{\"metadata\":{\"name\":\"" HUNDRED HUNDRED HUNDRED "\"},\"spec\":{" GOOD "}}",
        .code = 422,
        .message =
            "metadata.name: \"0123456789012345678901234567890123456789012345678901234567890123…\" "
            "is too long: 300 "
            "bytes, at most 253"),
    /* -- code --------------------------------------------------------------------------- */
    ROW("no code", .spec = PROFILE, .code = 422,
        .message = "spec.code: give source or configMapRef"),
    ROW("empty code", .spec = PROFILE ",\"code\":{\"source\":\"\"}", .code = 422,
        .message = "spec.code.source: is empty"),
    ROW("code with a zero byte", .spec = PROFILE ",\"code\":{\"source\":\"\\u0000\"}", .code = 422,
        .message = "spec.code.source: is not text: it holds a zero byte"),
    ROW("code that is a number", .spec = PROFILE ",\"code\":{\"source\":1}", .code = 422,
        .message = "spec.code.source: a text is expected, found a number; put it in quotes"),
    ROW("both kinds of code",
        .spec = PROFILE
        ",\"code\":{\"source\":\"x\",\"configMapRef\":{\"name\":\"mine\",\"key\":\"k\"}}",
        .code = 422, .message = "spec.code: give source or configMapRef, not both of them"),
    ROW("a reference without a key",
        .spec = PROFILE ",\"code\":{\"configMapRef\":{\"name\":\"mine\"}}", .code = 422,
        .message = "spec.code.configMapRef.key: \"\" is no key: letters, digits, '-', '_', '.'"),
    ROW("a reference without a name",
        .spec = PROFILE ",\"code\":{\"configMapRef\":{\"key\":\"k\"}}", .code = 422,
        .message = "spec.code.configMapRef.name: is required"),
    ROW("a key that leaves its place",
        .spec =
            PROFILE ",\"code\":{\"configMapRef\":{\"name\":\"mine\",\"key\":\"../../etc/passwd\"}}",
        .code = 422,
        .message = "spec.code.configMapRef.key: \"../../etc/passwd\" is no key: letters, digits, "
                   "'-', '_', '.'"),
    ROW("a name that leaves its place",
        .spec = PROFILE ",\"code\":{\"configMapRef\":{\"name\":\"../secrets/s\",\"key\":\"k\"}}",
        .code = 422,
        .message =
            "spec.code.configMapRef.name: \"../secrets/s\" is no name: it must be lower-case "
            "letters, digits, '-' and '.', a letter or digit at both ends of each part"),
    ROW("a ConfigMap that may not be read", .spec = MAP("secret"), .code = 403,
        .message = "spec.code.configMapRef.name: user \"bob\" may not read ConfigMap \"secret\": "
                   "that needs the right to get configmaps in namespace \"a\"; or give the code in "
                   "spec.code.source"),
    ROW("a ConfigMap without the key", .spec = MAP("other"), .code = 422,
        .message = "spec.code.configMapRef: it cannot be the code"),
    /* -- profile -------------------------------------------------------------------------- */
    ROW("no profile", .spec = CODE, .code = 422, .message = "spec.runtimeProfile: is required"),
    ROW("unknown profile", .spec = "\"runtimeProfile\":\"cobol\"," CODE, .code = 422,
        .message = "spec.runtimeProfile: there is no RuntimeProfile \"cobol\"; it must be one of: "
                   "python3.11, vip"),
    ROW("a profile that is no name", .spec = "\"runtimeProfile\":\"../pods\"," CODE, .code = 422,
        .message = "spec.runtimeProfile: \"../pods\" is no name: it must be lower-case letters, "
                   "digits, '-' and '.', a letter or digit at both ends of each part"),
    ROW("a profile of another tenant", .spec = "\"runtimeProfile\":\"vip\"," CODE, .code = 422,
        .message = "spec.tenant: profile \"vip\" is for other tenants and cannot be used by \"a\""),
    ROW("unknown profile and a ConfigMap that may not be read",
        .spec = "\"runtimeProfile\":\"cobol\",\"code\":{\"configMapRef\":{\"name\":\"secret\","
                "\"key\":\"k\"}}",
        .code = 422,
        .message = "spec.runtimeProfile: there is no RuntimeProfile \"cobol\"; it must be one of: "
                   "python3.11, vip"),
    /* -- tenant ---------------------------------------------------------------------------- */
    ROW("a tenant of somebody else", .spec = GOOD ",\"tenant\":\"vip\"", .code = 403,
        .message = "spec.tenant: \"vip\" is not for namespace \"a\", nor for user \"bob\" or a "
                   "group of theirs: it must be \"a\", or left out, unless an administrator binds "
                   "it in the operator's config"),
    ROW("a tenant of another group", .user = "ann", .spec = GOOD ",\"tenant\":\"crew\"",
        .code = 403,
        .message = "spec.tenant: \"crew\" is not for namespace \"a\", nor for user \"ann\" or a "
                   "group of theirs: it must be \"a\", or left out, unless an administrator binds "
                   "it in the operator's config"),
    ROW("a tenant of another namespace", .space = "b", .metadata = ",\"namespace\":\"b\"",
        .spec = GOOD ",\"tenant\":\"team\"", .code = 403,
        .message = "spec.tenant: \"team\" is not for namespace \"b\", nor for user \"bob\" or a "
                   "group of theirs: it must be \"b\", or left out, unless an administrator binds "
                   "it in the operator's config"),
    ROW("another namespace as tenant", .spec = GOOD ",\"tenant\":\"b\"", .code = 403,
        .message = "spec.tenant: \"b\" is not for namespace \"a\", nor for user \"bob\" or a group "
                   "of theirs: it must be \"a\", or left out, unless an administrator binds it in "
                   "the operator's config"),
    ROW("a tenant that nobody named", .spec = GOOD ",\"tenant\":\"nobody\"", .code = 403,
        .message = "spec.tenant: \"nobody\" is not for namespace \"a\", nor for user \"bob\" or a "
                   "group of theirs: it must be \"a\", or left out, unless an administrator binds "
                   "it in the operator's config"),
    ROW("a tenant that is no label", .spec = GOOD ",\"tenant\":\"a b\"", .code = 422,
        .message = "spec.tenant: \"a b\" cannot be a label: at most 63 letters, digits, '-', '_' "
                   "and '.', a letter or digit at both ends"),
    /* -- limits ---------------------------------------------------------------------------- */
    ROW("too much cpu", .spec = GOOD ",\"resources\":{\"limits\":{\"cpu\":\"2001m\"}}", .code = 422,
        .message =
            "spec.resources.limits.cpu: 2001m is too much: at most 2, with profile \"python3.11\""),
    ROW("too much memory", .spec = GOOD ",\"resources\":{\"limits\":{\"memory\":\"2Gi\"}}",
        .code = 422,
        .message = "spec.resources.limits.memory: 2Gi is too much: at most 1Gi, with profile "
                   "\"python3.11\""),
    ROW("too much requested", .spec = GOOD ",\"resources\":{\"requests\":{\"memory\":\"2Gi\"}}",
        .code = 422,
        .message = "spec.resources.limits.memory: 2Gi is too much: at most 1Gi, with profile "
                   "\"python3.11\""),
    ROW("more requested than allowed",
        .spec = GOOD ",\"resources\":{\"requests\":{\"cpu\":\"2\"},\"limits\":{\"cpu\":\"1\"}}",
        .code = 422, .message = "spec.resources.requests.cpu: 2 is too much: at most 1, its limit"),
    ROW("a quantity that is none", .spec = GOOD ",\"resources\":{\"limits\":{\"cpu\":\"much\"}}",
        .code = 422,
        .message = "spec.resources.limits.cpu: \"much\" is not a quantity, such as \"500m\" or "
                   "\"2\", or too large"),
    ROW("a quantity below nothing", .spec = GOOD ",\"resources\":{\"limits\":{\"memory\":\"-1\"}}",
        .code = 422,
        .message = "spec.resources.limits.memory: -1 is too small: it must be above 0"),
    ROW("a time that is too long for its profile", .spec = GOOD ",\"timeoutSeconds\":601",
        .code = 422,
        .message =
            "spec.timeoutSeconds: 601 is too large: at most 600 with profile \"python3.11\""),
    ROW("a time that is too long", .spec = GOOD ",\"timeoutSeconds\":86401", .code = 422,
        .message = "spec.timeoutSeconds: 86401 is too large: 1 to 86400"),
    ROW("a time below nothing", .spec = GOOD ",\"timeoutSeconds\":-1", .code = 422,
        .message = "spec.timeoutSeconds: -1 is too small: 1 to 86400"),
    ROW("a time that is a text", .spec = GOOD ",\"timeoutSeconds\":\"10\"", .code = 422,
        .message = "spec.timeoutSeconds: a number is expected, found a text; without quotes"),
    ROW("a time that is half", .spec = GOOD ",\"timeoutSeconds\":0.5", .code = 422,
        .message = "spec.timeoutSeconds: 0.5 is not a whole number, or too large"),
    ROW("a wait that is too long", .spec = GOOD ",\"queueTimeoutSeconds\":604801", .code = 422,
        .message = "spec.queueTimeoutSeconds: 604801 is too large: 1 to 604800"),
    ROW("an end below nothing", .spec = GOOD ",\"ttlSecondsAfterFinished\":-2", .code = 422,
        .message = "spec.ttlSecondsAfterFinished: -1 is too small: 0 to 2147483647"),
    ROW("too important", .spec = GOOD ",\"priority\":101", .code = 422,
        .message = "spec.priority: 101 is too large: -100 to 100"),
    ROW("too unimportant", .spec = GOOD ",\"priority\":-101", .code = 422,
        .message = "spec.priority: -101 is too small: -100 to 100"),
    ROW("no backend of ours", .spec = GOOD ",\"backend\":\"docker\"", .code = 422,
        .message = "spec.backend: \"docker\" is not one of auto, pod, sandbox"),
    /* -- input ------------------------------------------------------------------------------ */
    ROW("a variable that is none", .spec = GOOD ",\"env\":[{\"name\":\"1A\",\"value\":\"\"}]",
        .code = 422,
        .message = "spec.env: \"1A\" is no name of a variable: letters, digits, '_', '-' and '.', "
                   "not first a digit"),
    ROW("a variable twice", .spec = GOOD ",\"env\":[{\"name\":\"A\"},{\"name\":\"A\"}]",
        .code = 422, .message = "spec.env: \"A\" is there twice"),
    ROW("a variable with a zero byte",
        .spec = GOOD ",\"env\":[{\"name\":\"A\",\"value\":\"\\u0000\"}]", .code = 422,
        .message = "spec.env: the value of \"A\" is not text"),
    ROW("arguments that are no list", .spec = GOOD ",\"args\":\"x\"", .code = 422,
        .message = "spec.args: a list is expected, found a text"),
    ROW("an argument with a zero byte", .spec = GOOD ",\"args\":[\"\\u0000\"]", .code = 422,
        .message = "spec.args: is not text: it holds a zero byte"),
    ROW("a spec that is a list", .object = "{\"metadata\":{\"name\":\"t\"},\"spec\":[]}",
        .code = 422, .message = "spec: an object is expected, found a list"),
    /* -- changes ---------------------------------------------------------------------------- */
    ROW("nothing changes", .operation = "UPDATE"),
    ROW("h42: the profile is gone", .operation = "UPDATE",
        .spec = "\"runtimeProfile\":\"gone\"," CODE,
        .old_spec = "\"runtimeProfile\":\"gone\"," CODE),
    ROW("h42: it was let in before its rules", .operation = "UPDATE", .spec = "\"priority\":\"x\"",
        .old_spec = "\"priority\":\"x\""),
    ROW("h42: it is being deleted, whatever it says", .operation = "UPDATE",
        .metadata =
            ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"labels\":{\"agenttask.io/x\":\"y\"}",
        .spec = ""),
    ROW("h42: it is deleted", .operation = "DELETE", .object = "null"),
    ROW("a finalizer goes", .operation = "UPDATE", .metadata = "",
        .old_metadata = ",\"finalizers\":[\"execution.agenttask.io/finalizer\"]"),
    ROW("canceled", .operation = "UPDATE", .spec = GOOD ",\"canceled\":true"),
    ROW("a label of their own comes", .operation = "UPDATE",
        .metadata = ",\"labels\":{\"a\":\"b\"}"),
    ROW("a reserved label stays", .operation = "UPDATE",
        .metadata = ",\"labels\":{\"agenttask.io/x\":\"y\",\"a\":\"b\"}",
        .old_metadata = ",\"labels\":{\"agenttask.io/x\":\"y\"}"),
    ROW("a reserved label goes", .operation = "UPDATE",
        .old_metadata = ",\"labels\":{\"agenttask.io/x\":\"y\"}"),
    ROW("a reserved label comes", .operation = "UPDATE",
        .metadata = ",\"labels\":{\"agenttask.io/x\":\"y\"}", .code = 403,
        .message = "metadata.labels: \"agenttask.io/x\" is reserved: keys below agenttask.io must "
                   "come from the operator; use a domain of your own"),
    ROW("a reserved label changes", .operation = "UPDATE",
        .metadata = ",\"labels\":{\"agenttask.io/x\":\"z\"}",
        .old_metadata = ",\"labels\":{\"agenttask.io/x\":\"y\"}", .code = 403,
        .message = "metadata.labels: \"agenttask.io/x\" is reserved: keys below agenttask.io must "
                   "come from the operator; use a domain of your own"),
    ROW("a reserved annotation comes", .operation = "UPDATE",
        .metadata = ",\"annotations\":{\"x.agenttask.io/x\":\"y\"}", .code = 403,
        .message = "metadata.annotations: \"x.agenttask.io/x\" is reserved: keys below "
                   "agenttask.io must come from the operator; use a domain of your own"),
    ROW("labels become a list", .operation = "UPDATE", .metadata = ",\"labels\":[]", .code = 422,
        .message = "metadata.labels: an object is expected, found a list"),
    ROW("a change without what was before", .operation = "UPDATE", .has_no_old = true, .code = 422,
        .message = "request.oldObject: is required"),
    ROW("a change without an object", .operation = "UPDATE", .object = "null", .code = 422,
        .message = "request.object: is required"),
    ROW("a status", .operation = "UPDATE", .part = "status",
        .metadata = ",\"labels\":{\"agenttask.io/x\":\"y\"}"),
    /* -- profiles ---------------------------------------------------------------------------- */
    ROW("a profile", .resource = "runtimeprofiles"),
    ROW("a profile by tag", .resource = "runtimeprofiles",
        .spec = "\"image\":\"python:3.11\"," FILE ",\"allowTag\":true"),
    ROW("a profile by tag, without leave", .resource = "runtimeprofiles",
        .spec = "\"image\":\"python:3.11\"," FILE, .code = 422,
        .message = "spec.image: \"python:3.11\" has no digest; give one (name@sha256:…) or say "
                   "allowTag: true"),
    ROW("no image", .resource = "runtimeprofiles", .spec = FILE, .code = 422,
        .message = "spec.image: is required"),
    ROW("an image with a blank", .resource = "runtimeprofiles",
        .spec = "\"image\":\"py thon@sha256:" DIGEST "\"," FILE, .code = 422,
        .message =
            "spec.image: \"py thon@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0…\" is "
            "no image: it must "
            "be [host/]name[:tag][@sha256:digest], the name in lower-case letters, digits "
            "and '/', '.', '_', '-' between them"),
    ROW("a digest that is too short", .resource = "runtimeprofiles",
        .spec = "\"image\":\"python@sha256:0\"," FILE, .code = 422,
        .message = "spec.image: the digest of \"python@sha256:0\" must be sha256: and 64 digits of "
                   "0-9, a-f"),
    ROW("a digest of another kind", .resource = "runtimeprofiles",
        .spec = "\"image\":\"python@md5:" DIGEST "\"," FILE, .code = 422,
        .message = "spec.image: the digest of "
                   "\"python@md5:0123456789abcdef0123456789abcdef0123456789abcdef01234…\" must "
                   "be sha256: and 64 digits of 0-9, a-f"),
    ROW("no file name", .resource = "runtimeprofiles", .spec = IMAGE, .code = 422,
        .message = "spec.fileName: \"\" is no file name: letters, digits, '-', '_', '.'"),
    ROW("a file name that leaves its place", .resource = "runtimeprofiles",
        .spec = IMAGE ",\"fileName\":\"../x\"", .code = 422,
        .message = "spec.fileName: \"../x\" is no file name: letters, digits, '-', '_', '.'"),
    ROW("a capability that is allowed", .resource = "runtimeprofiles",
        .spec = IMAGE "," FILE ",\"capabilities\":{\"add\":[\"NET_BIND_SERVICE\"]}"),
    ROW("a capability that is not", .resource = "runtimeprofiles",
        .spec = IMAGE "," FILE ",\"capabilities\":{\"add\":[\"SYS_ADMIN\"]}", .code = 422,
        .message = "spec.capabilities.add: \"SYS_ADMIN\" cannot be given: only NET_BIND_SERVICE"),
    ROW("a default above its maximum", .resource = "runtimeprofiles",
        .spec =
            IMAGE "," FILE ",\"resources\":{\"default\":{\"cpu\":\"2\"},\"max\":{\"cpu\":\"1\"}}",
        .code = 422,
        .message = "spec.resources.default.cpu: 2 is too much: at most 1, its maximum"),
    ROW("a time above its maximum", .resource = "runtimeprofiles",
        .spec = IMAGE "," FILE ",\"timeoutSeconds\":{\"default\":20,\"max\":10}", .code = 422,
        .message = "spec.timeoutSeconds.default: 20 is too large: 1 to 10"),
    ROW("a time above all", .resource = "runtimeprofiles",
        .spec = IMAGE "," FILE ",\"timeoutSeconds\":{\"max\":86401}", .code = 422,
        .message = "spec.timeoutSeconds.max: 86401 is too large: 1 to 86400"),
    ROW("a network that is none", .resource = "runtimeprofiles",
        .spec = IMAGE "," FILE ",\"network\":{\"egress\":[{\"cidr\":\"everywhere\"}]}", .code = 422,
        .message = "spec.network.egress: \"everywhere\" is no CIDR (10.0.0.0/8)"),
    ROW("a tenant that is none", .resource = "runtimeprofiles",
        .spec = IMAGE "," FILE ",\"tenants\":[\"a b\"]", .code = 422,
        .message = "spec.tenants: \"a b\" is no tenant"),
    ROW("too many warm ones", .resource = "runtimeprofiles",
        .spec = IMAGE "," FILE ",\"warmPool\":1001", .code = 422,
        .message = "spec.warmPool: 1001 is too large: 0 to 1000"),
    ROW("a spec of another kind", .resource = "runtimeprofiles", .spec = "\"image\":[]",
        .code = 422, .message = "spec.image: a text is expected, found a list"),
    ROW("a profile gets a label", .resource = "runtimeprofiles", .operation = "UPDATE",
        .metadata = ",\"labels\":{\"a\":\"b\"}", .spec = FILE, .old_spec = FILE),
    ROW("a bad profile is being deleted", .resource = "runtimeprofiles", .operation = "UPDATE",
        .metadata = ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", .spec = FILE),
    ROW("a profile becomes bad", .resource = "runtimeprofiles", .operation = "UPDATE", .spec = FILE,
        .code = 422, .message = "spec.image: is required"),
    ROW("a profile is deleted", .resource = "runtimeprofiles", .operation = "DELETE",
        .object = "null"),
    /* -- what we do not ask for ---------------------------------------------------------------- */
    ROW("a Pod", .resource = "pods", .code = 403,
        .message = "request.resource: \"pods\" of \"execution.agenttask.io/v1alpha1\" is not "
                   "judged here, but agenttasks of execution.agenttask.io/v1alpha1"),
    ROW("a Pod that is deleted", .resource = "pods", .operation = "DELETE", .code = 403,
        .message = "request.resource: \"pods\" of \"execution.agenttask.io/v1alpha1\" is not "
                   "judged here, but agenttasks of execution.agenttask.io/v1alpha1"),
    ROW("a connection", .operation = "CONNECT", .code = 403,
        .message = "request.operation: only CREATE, UPDATE and DELETE are judged here"),
    ROW("an operation of the future", .operation = "RENAME", .code = 403,
        .message = "request.operation: only CREATE, UPDATE and DELETE are judged here"),
    ROW("a part of a task", .operation = "UPDATE", .part = "scale", .code = 403,
        .message = "request.subResource: \"scale\" is not judged here"),
};

static const struct config_tenant tenants[] = {
    {.name = {"crew", 4}, .groups = {&(struct str){"devs", 4}, 1} },
    {.name = {"team", 4}, .namespaces = {&(struct str){"a", 1}, 1}},
    {.name = {"vip", 3},  .users = {&(struct str){"ann", 3}, 1}   },
};
static const struct config config = {.tenants = tenants, .tenant_count = countof(tenants)};

static const struct profile profiles[] = {
    {.name = {"python3.11", 10},
     .image = {"python:3.11", 11},
     .limits_default = {500, 256 << 20, 0},
     .limits_max = {2000, 1 << 30, 0},
     .timeout_max_ms = 600000},
    {.name = {"vip", 3},   .image = {"python:3.11", 11},   .tenants = {&(struct str){"vip", 3}, 1}},
};
static const struct str names[] = {
    {"python3.11", 10},
    {"vip",        3 }
};

static const char *or_else(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

static bool is_profile(const struct row *row)
{
    return row->resource && strcmp(row->resource, "runtimeprofiles") == 0;
}

static const char *object_text(struct arena *arena, const struct row *row, const char *metadata,
                               const char *spec)
{
    const char *space = is_profile(row) ? "" : ",\"namespace\":\"a\"";

    return arena_print(arena,
                       "{\"apiVersion\":\"execution.agenttask.io/v1alpha1\",\"kind\":\"%s\","
                       "\"metadata\":{\"name\":\"t\"%s%s},\"spec\":{%s}}",
                       is_profile(row) ? "RuntimeProfile" : "AgentTask",
                       metadata && strstr(metadata, "namespace") ? "" : space,
                       or_else(metadata, ""),
                       or_else(spec, is_profile(row) ? IMAGE "," FILE : GOOD))
        .at;
}

static struct str review_text(struct arena *arena, const struct row *row)
{
    const char *operation = or_else(row->operation, "CREATE");
    const char *object =
        row->object ? row->object : object_text(arena, row, row->metadata, row->spec);
    const char *old = strcmp(operation, "UPDATE") != 0 || row->has_no_old
                          ? "null"
                          : object_text(arena, row, row->old_metadata, row->old_spec);
    const char *user = or_else(row->user, "bob");

    return arena_print(
        arena,
        "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{"
        "\"uid\":\"u-1\",\"resource\":{\"group\":\"execution.agenttask.io\",\"version\":"
        "\"v1alpha1\",\"resource\":\"%s\"},\"subResource\":\"%s\",\"operation\":\"%s\","
        "\"name\":\"t\",\"namespace\":\"%s\",\"userInfo\":{\"username\":\"%s\",\"groups\":[\"%s\"]}"
        ","
        "\"object\":%s,\"oldObject\":%s}}",
        or_else(row->resource, "agenttasks"), or_else(row->part, ""), operation,
        is_profile(row) ? "" : or_else(row->space, "a"), user,
        strcmp(user, "dev") == 0 ? "devs" : "everybody", object, old);
}

/* The cluster: two profiles; ConfigMap "mine" has main.py, "other" has not, "gone" is not there,
 * nobody may read "secret". */
static void look_up(struct judge *judge, enum admit_step step)
{
    const struct task_spec *spec = &judge->task.spec;
    struct admit_facts *facts = &judge->facts;

    if (step == ADMIT_ASK_PROFILE) {
        facts->has_profile = FACT_NO;
        facts->profiles = (struct strs){names, countof(names)};
        for (size_t i = 0; i < countof(profiles); i++)
            if (str_equal(spec->profile, profiles[i].name)) {
                facts->has_profile = FACT_YES;
                facts->profile = &profiles[i];
            }
    } else if (step == ADMIT_ASK_RIGHT) {
        facts->may_read = str_is(spec->config_map, "secret") ? FACT_NO : FACT_YES;
    } else {
        assert_int_equal(step, ADMIT_ASK_CODE);
        assert_false(str_is(spec->config_map, "secret")); /* whether it is there stays untold */
        facts->has_code = str_is(spec->config_map, "mine") ? FACT_YES : FACT_NO;
        facts->code_fault = "it cannot be the code";
    }
}

static enum admit_step judge_row(struct arena *arena, const struct row *row, struct err *err)
{
    struct judge judge = {.arena = arena,
                          .webhook = is_profile(row) ? WEBHOOK_PROFILES : WEBHOOK_TASKS};
    enum admit_step step;

    if (row->resource && strcmp(row->resource, "pods") == 0)
        judge.webhook = WEBHOOK_TASKS;
    assert_true(review_read(arena, review_text(arena, row), &judge.review, err));
    step = judge_begin(&judge, &config, err);
    if (step != ADMIT_ALLOWED && step != ADMIT_DENIED)
        judge_shrink(&judge, arena);
    for (int asked = 0; step != ADMIT_ALLOWED && step != ADMIT_DENIED; asked++) {
        assert_in_range(asked, 0, 2);
        look_up(&judge, step);
        step = admit_task(&judge.task, &judge.facts, err);
    }
    return step;
}

static void each_review_has_its_verdict(void **state)
{
    uint32_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        auto_end(arena_fini) struct arena arena = {0};
        struct err err = {0};
        enum admit_step step = judge_row(&arena, &rows[i], &err);
        struct review_answer answer = judge_refusal(&err);
        const char *expected = or_else(rows[i].message, "");
        if (step == (rows[i].message ? ADMIT_DENIED : ADMIT_ALLOWED) &&
            strcmp(err.text, expected) == 0 &&
            (step == ADMIT_ALLOWED || answer.code == rows[i].code))
            continue;
        print_message("%s:\n  got      %d %s\n  expected %d %s\n", rows[i].name,
                      step == ADMIT_DENIED ? answer.code : 0, err.text, rows[i].code, expected);
        wrong++;
    }
    print_message("%zu reviews\n", countof(rows));
    assert_int_equal(wrong, 0);
}

static void a_long_list_of_profiles_is_cut(void **state)
{
    struct str many[64];
    struct task task = {.space = STR_LIT("a"), .spec.profile = STR_LIT("p")};
    struct admit_facts facts = {
        .has_profile = FACT_NO, .profiles = {many, countof(many)}
    };
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < countof(many); i++)
        many[i] = STR_LIT("python3.11");
    assert_int_equal(admit_task(&task, &facts, &err), ADMIT_DENIED);
    assert_true(str_ends(str_of(err.text), "python3.11, …"));
    err = (struct err){0};
    many[0] = STR_LIT(HUNDRED HUNDRED);
    assert_int_equal(admit_task(&task, &facts, &err), ADMIT_DENIED);
    assert_true(str_ends(str_of(err.text), "one of: …"));
    err = (struct err){0};
    facts.profiles.count = 0;
    assert_int_equal(admit_task(&task, &facts, &err), ADMIT_DENIED);
    assert_true(str_ends(str_of(err.text), "an administrator must create one"));
}

static void each_kind_of_error_has_its_code(void **state)
{
    static const struct {
        enum err_kind kind;
        int32_t code;
        const char *reason;
    } kinds[] = {
        {ERR_INVALID, 422, "Invalid"           },
        {ERR_REFUSED, 403, "Forbidden"         },
        {ERR_LIMIT,   429, "TooManyRequests"   },
        {ERR_RETRY,   503, "ServiceUnavailable"},
        {ERR_ABSENT,  503, "ServiceUnavailable"},
    };

    (void)state;
    for (size_t i = 0; i < countof(kinds); i++) {
        struct err err = {.kind = kinds[i].kind, .text = "why"};
        struct review_answer answer = judge_refusal(&err);
        assert_int_equal(answer.code, kinds[i].code);
        assert_string_equal(answer.reason, kinds[i].reason);
        assert_true(str_is(answer.message, "why"));
        assert_false(answer.is_allowed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_review_has_its_verdict),
        cmocka_unit_test(a_long_list_of_profiles_is_cut),
        cmocka_unit_test(each_kind_of_error_has_its_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
