// SPDX-License-Identifier: Apache-2.0
#include "api/pod.h"
#include "given.h"
#include "pod_sample.h"
#include "sys/file.h"
#include "yaml/yaml.h"

/* tests/api/pod_stored.yaml is what kube-apiserver 1.37 made of tests/api/pod.yaml. */
static struct json_value stored_pod(struct arena *arena)
{
    struct str path = arena_print(arena, "%s/tests/api/pod_stored.yaml", getenv("SOURCE_ROOT"));
    struct json_value *documents = NULL;
    struct err err = {0};
    uint32_t count = 0;
    struct str text;

    if (!file_read(arena, path.at, 1 << 20, &text, &err) ||
        !yaml_read(arena, text, "stored", &documents, &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count, 1);
    return documents[0];
}

static uint32_t index_of(const struct json_value *value, struct str step)
{
    int64_t number;

    if (value->kind == JSON_LIST && str_to_int(step, &number))
        return (uint32_t)number;
    for (uint32_t i = 0; i < value->count; i++)
        if (value->kind == JSON_OBJECT && str_equal(value->keys[i], step))
            return i;
    return value->count;
}

/* Sets what stands at a path ("a|b|0|c"); an empty text removes it. */
static void change(struct arena *arena, struct json_value *value, const char *path,
                   const char *json)
{
    struct str rest = str_of(path), step;

    while (str_cut(rest, '|', &step, &rest)) {
        uint32_t i = index_of(value, step);
        assert_true(i < value->count);
        value = &value->items[i];
    }
    uint32_t i = index_of(value, rest);
    if (json[0] == '\0') {
        assert_true(i < value->count);
        value->count--;
        for (; i < value->count; i++) {
            value->items[i] = value->items[i + 1];
            if (value->kind == JSON_OBJECT)
                value->keys[i] = value->keys[i + 1];
        }
        return;
    }
    if (i < value->count)
        value->items[i] = given_json(arena, str_of(json));
    else if (value->kind == JSON_LIST)
        json_add(arena, value, given_json(arena, str_of(json)));
    else
        json_put_key(arena, value, rest, given_json(arena, str_of(json)));
}

static void assert_change(const char *path, const char *json, const char *expected,
                          bool is_weakened)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct json_value stored = stored_pod(&arena), sent;
    struct pod_sample sample;
    struct str first = {0};
    bool weakened;

    pod_sample_init(&sample);
    sent = pod_value(&arena, &sample.request);
    if (path)
        change(&arena, &stored, path, json);
    bool is_as_sent = pod_is_as_sent(&arena, &sent, &stored, &first, &weakened);
    if (is_as_sent != !expected || (expected && !str_is(first, expected)))
        fail_msg("%s = %s: %s, expected %s", path, json, arena_text(&arena, first), expected);
    assert_int_equal(weakened, is_weakened);
}

static void what_a_server_adds_is_no_difference(void **state)
{
    static const struct {
        const char *path, *json;
    } rows[] = {
        {NULL,                                                 NULL                                 },
        {"spec|hostUsers",                                     ""                                   },
        {"spec|tolerations",                                   ""                                   },
        {"spec|serviceAccountName",                            "\"other\""                          },
        {"spec|nodeSelector",                                  "{\"a\":\"b\"}"                      },
        {"spec|imagePullSecrets",                              "[{\"name\":\"a\"}]"                 },
        {"spec|containers|0|imagePullPolicy",                  "\"Always\""                         },
        {"spec|initContainers|0|imagePullPolicy",              "\"Always\""                         },
        {"spec|containers|0|resources|limits|cpu",             "\"1.5\""                            },
        {"spec|containers|0|resources|limits|memory",          "\"536870912\""                      },
        {"spec|volumes|1|emptyDir|sizeLimit",                  "\"131072Ki\""                       },
        {"spec|volumes|2|configMap|optional",                  "false"                              },
        {"spec|containers|0|tty",                              "false"                              },
        {"spec|securityContext|seLinuxOptions",                "{\"level\":\"s0:c1,c2\"}"           },
        {"spec|securityContext|appArmorProfile",               "{\"type\":\"RuntimeDefault\"}"      },
        {"spec|volumes|5",                                     "{\"name\":\"more\",\"emptyDir\":{}}"},
        {"spec|hostNetwork",                                   "false"                              },
        {"metadata|labels|more",                               "\"label\""                          },
        {"metadata|finalizers|1",                              "\"foreign/one\""                    },
        {"spec|containers|0|volumeMounts|0|recursiveReadOnly", "\"Disabled\""                       },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_change(rows[i].path, rows[i].json, NULL, false);
}

static void x9_a_change_of_the_pod_is_named(void **state)
{
    static const struct {
        const char *path, *json, *expected;
    } rows[] = {
        {"metadata|labels",                          "{}",               "metadata.labels"                   },
        {"metadata|finalizers|0",                    "\"foreign/one\"",  "metadata.finalizers"               },
        {"metadata|ownerReferences|0|uid",           "\"x\"",            "metadata.ownerReferences"          },
        {"spec|hostNetwork",                         "true",             "spec.hostNetwork"                  },
        {"spec|hostPID",                             "true",             "spec.hostPID"                      },
        {"spec|hostIPC",                             "true",             "spec.hostIPC"                      },
        {"spec|hostUsers",                           "true",             "spec.hostUsers"                    },
        {"spec|shareProcessNamespace",               "true",             "spec.shareProcessNamespace"        },
        {"spec|activeDeadlineSeconds",               "",                 "spec.activeDeadlineSeconds"        },
        {"spec|activeDeadlineSeconds",               "999999",           "spec.activeDeadlineSeconds"        },
        {"spec|automountServiceAccountToken",        "",                 "spec.automountServiceAccountToken" },
        {"spec|automountServiceAccountToken",        "true",             "spec.automountServiceAccountToken" },
        {"spec|enableServiceLinks",                  "true",             "spec.enableServiceLinks"           },
        {"spec|dnsPolicy",                           "\"ClusterFirst\"", "spec.dnsPolicy"                    },
        {"spec|restartPolicy",                       "\"OnFailure\"",    "spec.restartPolicy"                },
        {"spec|runtimeClassName",                    "\"other\"",        "spec.runtimeClassName"             },
        {"spec|terminationGracePeriodSeconds",       "30",               "spec.terminationGracePeriodSeconds"},
        {"spec|securityContext|runAsUser",           "0",                "spec.securityContext.runAsUser"    },
        {"spec|securityContext|seccompProfile|type", "\"Unconfined\"",
         "spec.securityContext.seccompProfile.type"                                                          },
        {"spec|securityContext|supplementalGroups",  "[0]",
         "spec.securityContext.supplementalGroups"                                                           },
        {"spec|securityContext|sysctls",             "[]",               "spec.securityContext.sysctls"      },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_change(rows[i].path, rows[i].json, rows[i].expected, false);
}

static void x9_a_change_of_container_or_volume_is_named(void **state)
{
    static const struct {
        const char *path, *json, *expected;
    } rows[] = {
        {"spec|containers|0|name",                                   "\"other\"",                 "spec.containers[task]"                  },
        {"spec|containers|0|image",                                  "\"other\"",                 "spec.containers[task].image"            },
        {"spec|containers|0|command|0",                              "\"/bin/sh\"",               "spec.containers[task].command[0]"       },
        {"spec|containers|0|args",                                   "[\"x\"]",                   "spec.containers[task].args"             },
        {"spec|containers|0|env",                                    "[{\"name\":\"A\"}]",        "spec.containers[task].env"              },
        {"spec|containers|0|workingDir",                             "\"/\"",                     "spec.containers[task].workingDir"       },
        {"spec|containers|0|tty",                                    "true",                      "spec.containers[task].tty"              },
        {"spec|containers|0|lifecycle",                              "{}",                        "spec.containers[task].lifecycle"        },
        {"spec|containers|0|livenessProbe",                          "{}",                        "spec.containers[task].livenessProbe"    },
        {"spec|containers|0|terminationMessagePolicy",               "\"FallbackToLogsOnError\"",
         "spec.containers[task].terminationMessagePolicy"                                                                                  },
        {"spec|containers|0|resources|limits|cpu",                   "\"8\"",
         "spec.containers[task].resources.limits.cpu"                                                                                      },
        {"spec|containers|0|resources|limits|memory",                "",
         "spec.containers[task].resources.limits.memory"                                                                                   },
        {"spec|containers|0|resources|claims",                       "[]",                        "spec.containers[task].resources.claims" },
        {"spec|containers|0|securityContext|privileged",             "true",
         "spec.containers[task].securityContext.privileged"                                                                                },
        {"spec|containers|0|securityContext|capabilities|add",       "[\"SYS_ADMIN\"]",
         "spec.containers[task].securityContext.capabilities.add"                                                                          },
        {"spec|containers|0|securityContext|procMount",              "\"Unmasked\"",
         "spec.containers[task].securityContext.procMount"                                                                                 },
        {"spec|containers|0|securityContext|readOnlyRootFilesystem", "",
         "spec.containers[task].securityContext.readOnlyRootFilesystem"                                                                    },
        {"spec|containers|0|volumeMounts|5",
         "{\"name\":\"token\",\"mountPath\":\"/var/run/secrets\"}",                               "spec.containers[task].volumeMounts"     },
        {"spec|containers|0|volumeMounts|0|readOnly",                "",
         "spec.containers[task].volumeMounts[0].readOnly"                                                                                  },
        {"spec|containers|0|volumeMounts|0|recursiveReadOnly",       "\"Enabled\"",
         "spec.containers[task].volumeMounts[0].recursiveReadOnly"                                                                         },
        {"spec|containers|0|volumeDevices",                          "[]",                        "spec.containers[task].volumeDevices"    },
        {"spec|initContainers|0|image",                              "\"other\"",                 "spec.initContainers[runner].image"      },
        {"spec|initContainers|0|restartPolicy",                      "\"Always\"",
         "spec.initContainers[runner].restartPolicy"                                                                                       },
        {"spec|volumes|0",                                           "",                          "spec.volumes[agenttask]"                },
        {"spec|volumes|0|emptyDir|medium",                           "\"Memory\"",                "spec.volumes[agenttask].emptyDir.medium"},
        {"spec|volumes|1|emptyDir|sizeLimit",                        "\"1Gi\"",
         "spec.volumes[artifacts].emptyDir.sizeLimit"                                                                                      },
        {"spec|volumes|2|configMap|name",                            "\"other\"",                 "spec.volumes[code].configMap.name"      },
        {"spec|volumes|2|configMap|optional",                        "true",                      "spec.volumes[code].configMap.optional"  },
        {"spec|volumes|3|configMap",                                 "[]",                        "spec.volumes[job].configMap"            },
        {"spec|containers",                                          "null",                      "spec.containers[task]"                  },
        {"spec",                                                     "null",                      "spec.activeDeadlineSeconds"             },
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_change(rows[i].path, rows[i].json, rows[i].expected, false);
}

static void foreign_containers_weaken(void **state)
{
    (void)state;
    assert_change("spec|containers|1", "{\"name\":\"sidecar\"}", NULL, true);
    assert_change("spec|initContainers|1", "{\"name\":\"sidecar\"}", NULL, true);
    assert_change("spec|ephemeralContainers", "[{\"name\":\"debugger\"}]", NULL, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_server_adds_is_no_difference),
        cmocka_unit_test(x9_a_change_of_the_pod_is_named),
        cmocka_unit_test(x9_a_change_of_container_or_volume_is_named),
        cmocka_unit_test(foreign_containers_weaken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
