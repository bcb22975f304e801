#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""config/ and dist/: complete, the same, hardened, and as the programs want them. No server.

    tests/tools/manifests_test.py"""
import glob
import os
import re
import shutil
import subprocess
import sys

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGE = "ghcr.io/agenttask/agenttask-operator:v0.1.0"
SYSTEM = "agenttask-system"
WEBHOOKS = "agenttask-validating-webhook-configuration"
COMPONENTS = ("crd", "manager", "metrics", "network-policy", "rbac", "webhook")
DIGEST = "@sha256:" + "0123456789abcdef" * 4


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def render(image):
    done = subprocess.run(["tools/deploy", "render", image], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [thing for thing in yaml.safe_load_all(done.stdout) if thing]


def by_name(things):
    return {(thing["kind"], thing["metadata"]["name"]): thing for thing in things}


def operator(things):
    return by_name(things)["Deployment", "agenttask-controller-manager"]["spec"]


def container(things):
    return operator(things)["template"]["spec"]["containers"][0]


def h67_the_install_file_is_what_config_makes():
    committed = by_name(thing for thing in yaml.safe_load_all(read("dist/install.yaml")))
    made = by_name(render(IMAGE))
    for name in sorted(set(committed) | set(made)):
        assert committed.get(name) == made.get(name), f"{name}: make dist"


def every_file_is_part_of_it():
    for folder in ("config/crd", "config/rbac", "config/manager", "config/network-policy",
                   "config/prometheus", "config/webhook", "config/certmanager", "profiles"):
        listed = set(yaml.safe_load(read(f"{folder}/kustomization.yaml"))["resources"])
        there = {os.path.relpath(path, os.path.join(ROOT, folder))
                 for path in glob.glob(os.path.join(ROOT, folder, "**/*.yaml"), recursive=True)}
        assert listed == there - {"kustomization.yaml"}, f"{folder}: {listed ^ there}"


def one_apply_is_enough():
    """kubectl takes nothing of a kind that the same file brings."""
    things = render(IMAGE)
    new = {thing["spec"]["names"]["kind"] for thing in things
           if thing["kind"] == "CustomResourceDefinition"}
    assert new == {"AgentTask", "RuntimeProfile"}, new
    assert not new & {thing["kind"] for thing in things}


def everything_says_what_it_is_part_of():
    version = re.search(r"version: '(.*)'", read("meson.build"))[1]
    things = render(IMAGE)
    for thing in [*things, operator(things)["template"]]:
        labels = {name.removeprefix("app.kubernetes.io/"): value for name, value in
                  thing["metadata"].get("labels", {}).items() if "app.kubernetes.io/" in name}
        assert labels.pop("component", None) in COMPONENTS, thing
        assert labels == {"name": "agenttask-operator", "instance": "agenttask",
                          "version": version, "part-of": "agenttask",
                          "managed-by": "kustomize"}, f"{thing['metadata']}"
    for name in ("managed-by", "version"):  # may be another tomorrow, and a selector never is
        assert f"app.kubernetes.io/{name}" not in str(operator(things)["selector"])


def another_image_is_everywhere():
    for image, becomes in (("a/b", "a/b:latest"), ("127.0.0.1:5000/x", "127.0.0.1:5000/x:latest"),
                           ("127.0.0.1:5000/x:v1", "127.0.0.1:5000/x:v1"),
                           ("r.example/x" + DIGEST, "r.example/x" + DIGEST), ("x:10", "x:10")):
        manager = container(render(image))
        runner = [one["value"] for one in manager["env"] if one["name"] == "RUNNER_IMAGE"]
        assert [manager["image"], *runner] == [becomes, becomes], f"{image}: {manager['image']}"
    for bad in ("", "a b", "a\nb", "a;b", "$(id)"):
        done = subprocess.run(["tools/deploy", "render", bad], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        assert done.returncode == 1 and "is no image" in done.stderr, repr(bad)


def h54_rights_are_named_one_by_one():
    for (kind, name), thing in by_name(render(IMAGE)).items():
        if kind not in ("Role", "ClusterRole"):
            continue
        for rule in thing["rules"]:
            if "nonResourceURLs" in rule:
                assert rule == {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}, f"{name}"
                continue
            words = rule["apiGroups"] + rule["resources"] + rule["verbs"]
            assert "*" not in words, f"{name}: {rule}"
            assert not {"pods/exec", "serviceaccounts", "escalate", "bind",
                        "impersonate"} & set(words), f"{name}: {rule}"
            assert "secrets" not in words or (kind, name) == ("Role", "agenttask-certificate-role")


def one_secret_is_read_and_one_webhook_patched():
    things = by_name(render(IMAGE))
    create, own = things["Role", "agenttask-certificate-role"]["rules"]
    assert create["verbs"] == ["create"] and create["resources"] == ["secrets"], create
    assert own["resourceNames"] == ["agenttask-webhook-cert"], own
    assert set(own["verbs"]) == {"get", "patch"}, own
    [rule] = things["ClusterRole", "agenttask-webhook-role"]["rules"]
    assert rule["resourceNames"] == [WEBHOOKS] and set(rule["verbs"]) == {"get", "patch"}, rule


def the_webhook_asks_the_service_of_the_operator():
    things = by_name(render(IMAGE))
    service = things["Service", "agenttask-webhook-service"]["spec"]
    ports = {port["name"]: port["containerPort"] for port in container(things.values())["ports"]}
    assert [port["port"] for port in service["ports"]] == [443]
    assert ports[service["ports"][0]["targetPort"]] == 9443
    assert "--webhook-bind-address=:9443" in container(things.values())["args"]
    for entry in things["ValidatingWebhookConfiguration", WEBHOOKS]["webhooks"]:
        called, rules = entry["clientConfig"]["service"], entry["rules"]
        assert (called["name"], called["namespace"]) == ("agenttask-webhook-service", SYSTEM)
        assert called["path"].endswith("-" + rules[0]["resources"][0].rstrip("s")), called
        assert "DELETE" not in str(rules) and entry["sideEffects"] == "None", entry["name"]
        is_update = entry["name"].startswith("update.")
        assert entry["failurePolicy"] == ("Ignore" if is_update else "Fail"), entry["name"]
        assert "caBundle" not in entry["clientConfig"], "a second apply would take it away"


def certificates_by_cert_manager_are_an_option():
    """The component takes the operator's own rights to its Secret, and gives it files."""
    folder = os.path.join(ROOT, "build/certmanager")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as file:
        file.write("resources: [../../config/default, ../../config/prometheus]\n"
                   "components: [../../config/certmanager]\n")
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    things = by_name(yaml.safe_load_all(done.stdout))
    certificate = things["Certificate", "agenttask-serving-cert"]["spec"]
    names = {volume["name"]: volume["secret"]["secretName"]
             for volume in operator(things.values())["template"]["spec"]["volumes"]
             if "secret" in volume}
    mounted = {mount["mountPath"]: names[mount["name"]]
               for mount in container(things.values())["volumeMounts"] if mount["name"] in names}
    assert mounted == {"/etc/agenttask-certificates": certificate["secretName"]}, mounted
    assert "--webhook-cert-dir=/etc/agenttask-certificates" in container(things.values())["args"]
    assert ("Role", "agenttask-certificate-role") not in things
    assert ("RoleBinding", "agenttask-certificate-rolebinding") not in things
    assert things["ClusterRole", "agenttask-webhook-role"]["rules"][0]["verbs"] == ["get"]
    inject = things["ValidatingWebhookConfiguration", WEBHOOKS]["metadata"]["annotations"]
    assert inject == {"cert-manager.io/inject-ca-from": f"{SYSTEM}/agenttask-serving-cert"}
    called = [f"{name}.{SYSTEM}.svc" for name in ("agenttask-webhook-service",
                                                  "agenttask-metrics-service")]
    assert set(called) <= set(certificate["dnsNames"]), certificate
    monitor = things["ServiceMonitor", "agenttask-controller-manager"]["spec"]["endpoints"][0]
    assert monitor["tlsConfig"]["ca"]["secret"]["name"] == certificate["secretName"]


def roles_reach_people_through_the_built_in_ones():
    things = by_name(render(IMAGE))
    verbs = {}
    for word, target in (("admin", "admin"), ("editor", "edit"), ("viewer", "view")):
        role = things["ClusterRole", f"agenttask-{word}-role"]
        label = f"rbac.authorization.k8s.io/aggregate-to-{target}"
        assert role["metadata"]["labels"][label] == "true", word
        verbs[word] = [set(rule["verbs"]) for rule in role["rules"]
                       if rule["resources"] == ["agenttasks"]][0]
        assert all(set(rule["verbs"]) == {"get"} for rule in role["rules"]
                   if rule["resources"] != ["agenttasks"]), f"{word} writes a status"
    assert verbs["viewer"] == {"get", "list", "watch"}
    assert verbs["viewer"] < verbs["editor"] < verbs["admin"]


def the_operator_is_shut_in():
    spec, manager = operator(render(IMAGE)), container(render(IMAGE))
    pod = spec["template"]["spec"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "runAsUser": 65532,
                                      "runAsGroup": 65532,
                                      "seccompProfile": {"type": "RuntimeDefault"}}
    assert manager["securityContext"] == {"allowPrivilegeEscalation": False,
                                          "readOnlyRootFilesystem": True,
                                          "capabilities": {"drop": ["ALL"]}}
    assert manager["resources"]["limits"] == {"cpu": "500m", "memory": "128Mi"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert spec["replicas"] == 2 and "--leader-elect" in manager["args"]


def what_selects_the_operator_selects_it():
    things = by_name(render(IMAGE))
    spec = operator(things.values())
    labels = spec["template"]["metadata"]["labels"].items()
    for kind, field in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        chosen = things[kind, "agenttask-controller-manager"]["spec"][field]["matchLabels"]
        assert chosen and chosen.items() <= labels, kind
    names = {port["name"] for port in container(things.values())["ports"]}
    for probe in ("livenessProbe", "readinessProbe"):
        assert container(things.values())[probe]["httpGet"]["port"] in names, probe


def h56_policies_name_the_ports_of_the_pod():
    """9443 and the canaries from everywhere, the metrics from where it is said, nothing else."""
    ports = {}
    for (kind, name), thing in by_name(render(IMAGE)).items():
        if kind != "NetworkPolicy":
            continue
        assert thing["spec"]["policyTypes"] == ["Ingress"], name
        for rule in thing["spec"].get("ingress", []):
            assert rule["ports"], f"{name}: all ports"
            for port in rule["ports"]:
                ports[port["port"]] = rule.get("from")
    spaces = [{"namespaceSelector": {"matchLabels": {"metrics": "enabled"}}}]
    assert ports == {9443: None, 8443: spaces, 9444: None, 9445: None}, ports


def h57_metrics_unsafe():
    """What scrapes us checks our certificate by our own CA, and shows a token."""
    monitor = [thing for thing in yaml.safe_load_all(read("config/prometheus/monitor.yaml"))][0]
    service = by_name(render(IMAGE))["Service", "agenttask-metrics-service"]
    labels = service["metadata"]["labels"].items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels
    for end in monitor["spec"]["endpoints"]:
        tls = end["tlsConfig"]
        assert end["scheme"] == "https" and not tls.get("insecureSkipVerify")
        assert tls["ca"]["secret"] == {"name": "agenttask-webhook-cert", "key": "ca.crt"}
        assert tls["serverName"] == "agenttask-metrics-service.agenttask-system.svc"
        assert end["bearerTokenFile"].endswith("/serviceaccount/token")
        assert end["port"] in {port["name"] for port in service["spec"]["ports"]}


def the_namespace_admits_only_what_is_restricted():
    namespace = by_name(render(IMAGE))["Namespace", "agenttask-system"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def its_lease_is_the_one_it_may_have():
    role = by_name(render(IMAGE))["Role", "agenttask-leader-election-role"]
    names = {name for rule in role["rules"] for name in rule.get("resourceNames", [])}
    sources = "".join(read(os.path.relpath(path, ROOT)) for top in ("operator", "api", "kube")
                      for path in glob.glob(os.path.join(ROOT, "src", top, "*.[ch]")))
    for name in names:
        assert f'"{name}"' in sources, f"no program asks for the Lease {name}"


TESTS = [h67_the_install_file_is_what_config_makes, every_file_is_part_of_it,
         one_apply_is_enough, everything_says_what_it_is_part_of, another_image_is_everywhere,
         h54_rights_are_named_one_by_one, one_secret_is_read_and_one_webhook_patched,
         the_webhook_asks_the_service_of_the_operator, certificates_by_cert_manager_are_an_option,
         roles_reach_people_through_the_built_in_ones, the_operator_is_shut_in,
         what_selects_the_operator_selects_it, h56_policies_name_the_ports_of_the_pod,
         h57_metrics_unsafe, the_namespace_admits_only_what_is_restricted,
         its_lease_is_the_one_it_may_have]


def why_not():
    cache = os.environ.get("AGENTTASK_CLUSTER_CACHE", os.path.join(ROOT, "build-cluster"))
    os.environ["PATH"] += f":{cache}/kubernetes-1.37"  # where the test cluster's kubectl is
    if not yaml:
        return "python3-yaml is not installed"
    return None if shutil.which("kubectl") else "kubectl is not installed"


def main():
    passed = failed = 0
    if why_not():
        print(f"SKIP manifests: {why_not()}\n0 passed, 0 failed, 1 skipped")
        return 0
    for test in TESTS:
        try:
            test()
            passed += 1
        except AssertionError as error:
            failed += 1
            print(f"FAILED {test.__name__}: {error}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
