# SPDX-License-Identifier: Apache-2.0
"""What somebody with nothing but the editor role in one namespace tries, one test per attempt; and
each with the one thing that stops him taken away: then the same succeeds."""
import copy
import json
import time
import unittest

from network import plain_pod
from people import GET_CONFIG_MAPS, GROUP, SMALL, People, task_body
from stage import PROFILES, TASKS, wait_for

SECRET = "what-nobody-may-read"
SLEEP = "import time\ntime.sleep(300)\n"
FROM_SECRET = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "main.py"}}}]
LARGE = f"import json\nprint({SECRET!r})\njson.dump({SECRET!r} + 'x' * 40000, open('result.json', 'w'))\n"
KEYS = ("../theirs/main.py", "..", ".", "..data", "/etc/passwd", "main.py/../../x", "a/b", "main.py\n", "main.py\0",
        "$(HOME)", "..2026_01_01")
GET_SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
SEES = '''
import json, os, sys
found = {"environment": dict(os.environ), "files": {}, "arguments": sys.argv[1:], "stdin": sys.stdin.read()}
for top in ("/var/run/secrets", "/run/secrets", "/etc/secrets", "/secrets"):
    for folder, _, names in os.walk(top):
        for name in names:
            try:
                found["files"][folder + "/" + name] = open(folder + "/" + name).read()[:40]
            except OSError as error:
                found["files"][folder + "/" + name] = str(error)
try:
    json.dump(found, open("result.json", "w"))
except OSError:
    pass
print(json.dumps(found), flush=True)
'''
REACHES = '''
import json, os, socket
def tries(kind, address, port):
    try:
        s = socket.socket(socket.AF_INET, kind)
        s.settimeout(2)
        s.connect((address, port))
        if kind == socket.SOCK_DGRAM:  # where is kubernetes.default.svc.cluster.local?
            s.send(b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x0akubernetes\\x07default\\x03svc\\x07cluster"
                   b"\\x05local\\0\\0\\x01\\0\\x01")
            s.recv(512)
        return "reached"
    except OSError as error:
        return type(error).__name__
found = {name: tries(kind, address, port) for name, kind, address, port in TARGETS}
try:
    json.dump(found, open("result.json", "w"))
except OSError:
    pass
print(json.dumps(found), flush=True)
'''
# What a task has no word for. The Pod's own spelling, and what an author might try.
NO_WORDS = {
    "image": "example.com/mine:1", "serviceAccountName": "default", "serviceAccount": "default",
    "automountServiceAccountToken": True, "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
    "volumeMounts": [{"name": "v", "mountPath": "/secrets"}], "envFrom": [{"secretRef": {"name": "s"}}],
    "securityContext": {"runAsUser": 0, "privileged": True}, "capabilities": {"add": ["SYS_ADMIN"]},
    "privileged": True, "runtimeClassName": "runc", "hostNetwork": True, "hostPID": True, "hostIPC": True,
    "hostUsers": True, "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["x"]}], "nodeName": "node",
    "nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}], "priorityClassName": "system-node-critical",
    "imagePullSecrets": [{"name": "s"}], "initContainers": [{"name": "i", "image": "i"}], "containers": [],
    "sidecars": [], "command": ["sh"], "dnsPolicy": "ClusterFirst", "dnsConfig": {}, "shareProcessNamespace": True,
    "podTemplate": {"spec": {}}, "template": {"spec": {}}, "labels": {"a": "b"}, "annotations": {"a": "b"},
    "affinity": {}, "schedulerName": "other", "lifecycle": {}, "ports": [], "workingDir": "/",
    "activeDeadlineSeconds": 1,
}


class Attack(People):
    def setUp(self):
        super().setUp()
        self.victims = self.space + "-v"
        self.make_space(self.victims)
        self.core = f"/api/v1/namespaces/{self.space}"
        self.evil = self.editor()

    def attempt(self, name, who=None, source="pass\n", profile="python3.11", space=None, **spec):
        spec.setdefault("resources", SMALL)
        return self.refusal(who or self.evil, "POST", TASKS.format(space or self.space), task_body(
            name, runtimeProfile=profile, **{"code": {"source": source}, **spec}))

    def refers(self, name, config_map, key, who=None):
        return self.refusal(who or self.evil, "POST", self.path(), task_body(
            name, code={"configMapRef": {"name": config_map, "key": key}}, resources=SMALL))

    def ran(self, name, source, **spec):
        """What it left as its result."""
        refused = self.attempt(name, source=source, **spec)
        self.assertIsNone(refused, str(refused))
        status = self.wait_end(name)
        self.assertEqual(status["phase"], "Succeeded", json.dumps(status))
        return json.loads(status["result"]["json"])

    def plain(self, name, code, **spec):
        """The same in a Pod as its owner might write it: what it printed."""
        pod = plain_pod(name, code, {"app": name})
        pod["spec"].update(spec.pop("pod", {}))
        pod["spec"]["containers"][0].update(spec)
        self.api.create(self.core + "/pods", pod)
        wait_for(lambda: self.api.get(f"{self.core}/pods/{name}")["status"].get("phase") in ("Succeeded", "Failed"), 60)
        return json.loads(self.api.raw("GET", f"{self.core}/pods/{name}/log")[1])


class Secrets(Attack):
    def setUp(self):
        super().setUp()
        self.api.create(self.core + "/secrets", {"metadata": {"name": "s"}, "stringData": {"main.py": SECRET}})

    def test_asks_for_it(self):
        for path in ("/secrets/s", "/secrets"):
            self.refused_by("RBAC", self.evil, "GET", self.core + path)
        friend = self.editor(GET_SECRETS)
        self.assertEqual(friend.get(self.core + "/secrets/s")["metadata"]["name"], "s")

    def test_names_it_as_a_config_map(self):
        """There is none of that name: a reference never means a Secret, whatever he may read."""
        self.assertIn("get", str(self.refers("t", "s", "main.py")))
        friend = self.editor(GET_CONFIG_MAPS, GET_SECRETS)
        self.assertIn('"s"', str(self.refers("t", "s", "main.py", friend)))
        self.config_map_of("s", {"main.py": "pass\n"})
        self.assertIsNone(self.refers("t", "s", "main.py", friend))
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")

    def test_puts_a_secret_reference_into_code_and_environment(self):
        for spec in ({"code": {"secretRef": {"name": "s", "key": "main.py"}}}, {"env": FROM_SECRET}):
            body = task_body("t", **spec)
            refused = self.refusal(self.evil, "POST", self.path() + "?fieldValidation=Strict", body)
            self.assertRegex(str(refused), "unknown field|secretRef|valueFrom")
        body = task_body("t", env=FROM_SECRET, code={"source": SEES}, resources=SMALL)
        self.assertIsNone(self.refusal(self.evil, "POST", self.path() + "?fieldValidation=Ignore", body))
        found = json.loads(self.wait_end("t")["result"]["json"])
        self.assertEqual(found["environment"].get("A", ""), "", "the server dropped what it does not know")
        found = self.plain("control", SEES, env=FROM_SECRET)
        self.assertEqual(found["environment"]["A"], SECRET)

    def test_looks_for_a_token_in_the_task(self):
        found = self.ran("t", SEES)
        self.assertEqual(found["files"], {})
        self.assertNotIn("KUBERNETES_SERVICE_HOST", found["environment"])
        found = self.plain("control", SEES, pod={"automountServiceAccountToken": True})
        self.assertTrue(any(name.endswith("/token") for name in found["files"]), found["files"])

    def test_has_the_kubelet_expand_expressions(self):
        """$(NAME) is replaced by a kubelet in command, args and env of a container; never in a task's."""
        words = ["$(PATH)", "$(HOSTNAME)", "$$(PATH)", "${PATH}", "$(cat /etc/hostname)", "`id`"]
        env = [{"name": "B", "value": "b"}, {"name": "A", "value": "$(B)$(PATH)"}]
        found = self.ran("t", SEES, args=words, env=env, stdin="$(PATH)")
        self.assertEqual(found["arguments"], words)
        self.assertEqual((found["environment"]["A"], found["stdin"]), ("$(B)$(PATH)", "$(PATH)"))
        found = self.plain("control", SEES, env=[{"name": "B", "value": "b"}, {"name": "A", "value": "$(B)"}])
        self.assertEqual(found["environment"]["A"], "b")


class ConfigMaps(Attack):
    def setUp(self):
        super().setUp()
        self.config_map_of("theirs", {"main.py": f"print({SECRET!r})\n"})
        self.config_map_of("mine", {"main.py": "print('mine')\n"})

    def test_refers_to_one_he_may_not_read(self):
        """x2, t86, h45."""
        self.refused_by("RBAC", self.evil, "GET", self.core + "/configmaps/theirs")
        refused = self.refers("t", "theirs", "main.py")
        for word in ("get", "configmaps", '"theirs"', "spec.code.configMapRef"):
            self.assertIn(word, str(refused))
        self.assertEqual(refused.code, 403)
        friend = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["theirs"]})
        self.assertIsNone(self.refers("t", "theirs", "main.py", friend))
        self.assertEqual(self.wait_end("t")["phase"], "Succeeded")
        self.assertIn(SECRET, self.agentctl("logs", "t").stdout)

    def test_swaps_the_reference_afterwards(self):
        friend = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["mine"]})
        self.assertIsNone(self.refers("t", "mine", "main.py", friend))
        change = {"spec": {"code": {"configMapRef": {"name": "theirs"}}}}
        self.refused_by("CEL", friend, "PATCH", self.path("t"), change, says=["spec.code"])
        stored = friend.get(self.path("t"))
        stored["spec"]["code"]["configMapRef"]["name"] = "theirs"
        self.refused_by("CEL", friend, "PUT", self.path("t"), stored)
        self.assertNotIn(SECRET, json.dumps(self.wait_end("t")))
        self.assertIn("mine", self.agentctl("logs", "t").stdout)
        both = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["mine", "theirs"]})
        self.assertIsNone(self.refers("t2", "theirs", "main.py", both))

    def test_creates_anew_under_a_name_that_was_allowed(self):
        """The check is of the create, not of the name."""
        friend = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["mine"]})
        self.assertIsNone(self.refers("t", "mine", "main.py", friend))
        friend.delete(self.path("t"))
        self.wait_gone(self.path("t"))
        self.assertIn('"theirs"', str(self.refers("t", "theirs", "main.py", friend)))
        self.assertIsNone(self.refers("t", "mine", "main.py", friend))

    def test_applies_it_from_the_server_side(self):
        """PATCH that creates is a create."""
        body = task_body("t", self.space, code={"configMapRef": {"name": "theirs", "key": "main.py"}})
        path = self.path("t") + "?fieldManager=evil&force=true"
        refused = self.refusal(self.evil, "PATCH", path, body, "application/apply-patch+yaml")
        self.assertIn('"theirs"', str(refused))
        self.assertIsNone(self.get("t"))
        friend = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["theirs"]})
        self.assertIsNone(self.refusal(friend, "PATCH", path, body, "application/apply-patch+yaml"))

    def test_names_one_of_another_namespace(self):
        self.config_map_of("far", {"main.py": "pass\n"}, self.victims)
        for name in (f"{self.victims}/far", f"../{self.victims}/configmaps/far", f"..%2f{self.victims}", "far"):
            refused = self.refers("t", name, "main.py")
            self.assertIsNotNone(refused, name)
        body = task_body("t", code={"configMapRef": {"name": "far", "key": "main.py", "namespace": self.victims}})
        self.assertRegex(str(self.refusal(self.evil, "POST", self.path() + "?fieldValidation=Strict", body)),
                         "namespace|denied")
        friend = self.editor(GET_CONFIG_MAPS)
        self.config_map_of("far", {"main.py": "pass\n"})
        self.assertIsNone(self.refers("t", "far", "main.py", friend), "the one of his own namespace is another one")

    def test_plays_with_keys(self):
        friend = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["mine"]})
        for key in KEYS:
            refused = self.refers("t", "mine", key, friend)
            self.assertIsNotNone(refused, repr(key))
            self.assertIn("key", str(refused))
        self.assertIsNone(self.refers("t", "mine", "main.py", friend))

    def test_reads_beside_his_own_through_links(self):
        """A mounted ConfigMap consists of links: the code sees that one alone, and its own."""
        looks = ("import json, os\nfound = []\nfor top in ('/workspace', '/runner', '/agenttask', '/etc/agenttask'):\n"
                 "    for folder, _, names in os.walk(top):\n        found += [folder + '/' + n for n in names]\n"
                 "seen = []\nfor name in found:\n    try:\n        seen.append(open(name, errors='replace').read())\n"
                 "    except OSError:\n        pass\n"
                 f"needle = {SECRET[::-1]!r}[::-1]\n"
                 "json.dump({'files': found[:50], 'found': needle in ''.join(seen)}, open('result.json', 'w'))\n")
        self.api.patch(self.core + "/configmaps/mine", {"data": {"main.py": looks}})
        friend = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["mine"]})
        self.assertIsNone(self.refers("t", "mine", "main.py", friend))
        result = json.loads(self.wait_end("t")["result"]["json"])
        self.assertIn("main.py", " ".join(result["files"]))
        self.assertFalse(result["found"])
        both = self.editor({**GET_CONFIG_MAPS, "resourceNames": ["theirs"]})
        self.api.patch(self.core + "/configmaps/theirs", {"data": {"main.py": f"# {SECRET}\n{looks}"}})
        self.assertIsNone(self.refers("t2", "theirs", "main.py", both))
        self.assertTrue(json.loads(self.wait_end("t2")["result"]["json"])["found"])

    def test_refers_to_what_the_operator_keeps(self):
        """Code, output and result of another's task lie in ConfigMaps of that namespace."""
        self.task("victim", f"print({SECRET!r} * 4000)\n", resources=SMALL)
        logs = self.wait_end("victim")["logs"]["configMapRef"]
        key = next(iter(self.config_map(logs)["data"]))
        for name in (logs, "victim-code", "victim-result"):
            self.assertIn("get", str(self.refers("t", name, key)))
        self.assertIsNone(self.refers("t", logs, key, self.editor(GET_CONFIG_MAPS)))


class Choices(Attack):
    def test_has_no_word_for_anything_of_the_pod(self):
        """One by one: a server that is strict refuses the word, another drops it."""
        for word, value in NO_WORDS.items():
            with self.subTest(word=word):
                body = task_body("t", **{word: value})
                refused = self.refusal(self.evil, "POST", self.path() + "?dryRun=All&fieldValidation=Strict", body)
                self.assertIn(f'unknown field "spec.{word}"', str(refused))
                made = self.evil.create(self.path() + "?dryRun=All&fieldValidation=Ignore", body)
                self.assertNotIn(word, made["spec"])

    def pod_of(self, name, **spec):
        """Its spec, but for what is of this one task."""
        body = task_body(name, code={"source": SLEEP}, resources=SMALL, **spec)
        self.assertIsNone(self.refusal(self.evil, "POST", self.path() + "?fieldValidation=Ignore", body))
        pod = wait_for(lambda: self.pod(name), 30)
        return json.loads(json.dumps(pod["spec"]).replace(name, "NAME"))

    def test_gets_the_same_pod_whatever_he_writes(self):
        usual, tried = self.pod_of("usual"), self.pod_of("tried", **NO_WORDS)
        self.assertEqual(without_node(tried), without_node(usual))
        other = self.profile(capabilities={"add": ["NET_BIND_SERVICE"]}, command=["python3", "-I"])
        body = task_body("allowed", code={"source": SLEEP}, resources=SMALL, runtimeProfile=other)
        self.evil.create(self.path(), body)
        changed = json.dumps(wait_for(lambda: self.pod("allowed"), 30)["spec"]).replace("allowed", "NAME")
        self.assertIn("NET_BIND_SERVICE", changed, "an administrator chooses by the profile")
        self.assertNotIn("NET_BIND_SERVICE", json.dumps(usual))

    def test_makes_or_changes_a_profile(self):
        body = {"apiVersion": f"{GROUP}/v1alpha1", "kind": "RuntimeProfile", "metadata": {"name": self.space},
                "spec": {"image": "example.com/evil:1", "allowTag": True, "fileName": "main.py"}}
        self.refused_by("RBAC", self.evil, "POST", PROFILES, body)
        self.refused_by("RBAC", self.evil, "PATCH", f"{PROFILES}/bash", {"spec": {"image": "example.com/evil:1"}})
        self.refused_by("RBAC", self.evil, "DELETE", f"{PROFILES}/bash")
        friend = self.user()
        self.bind_everywhere(friend.user, "agenttask-runtimeprofile-admin-role")
        wait_for(lambda: self.refusal(friend, "POST", PROFILES + "?dryRun=All", body) is None, 20)

    def test_uses_a_profile_of_others(self):
        profile = self.profile(tenants=[self.victims])
        refused = self.attempt("t", profile=profile)
        for word in (f'"{profile}"', f'"{self.space}"', "other tenants"):
            self.assertIn(word, str(refused))
        self.assertIsNone(self.attempt("t", profile=profile, who=self.editor(space=self.victims), space=self.victims))

    def test_uses_a_profile_of_others_by_their_name(self):
        profile = self.profile(tenants=[self.victims])
        refused = self.attempt("t", profile=profile, tenant=self.victims)
        self.assertIn("spec.tenant", str(refused))
        self.tenant(self.victims, users=[self.evil.user])
        wait_for(lambda: self.attempt("t", profile=profile, tenant=self.victims) is None, 30, every=0.5)

    def test_sets_reserved_keys(self):
        for part, key in (("labels", "agenttask.io/task"), ("labels", "agenttask.io/egress"),
                          ("annotations", "agenttask.io/job"), ("labels", "execution.agenttask.io/profile")):
            body = task_body("t")
            body["metadata"][part] = {key: "x"}
            self.refused_by("webhook", self.evil, "POST", self.path(), body, says=[key])
        body["metadata"] = {"name": "t", "labels": {"team": "x"}, "annotations": {"team": "x"}}
        self.assertIsNone(self.refusal(self.evil, "POST", self.path(), body))
        pod = wait_for(lambda: self.pod("t"), 30)
        self.assertNotIn("team", pod["metadata"]["labels"], "nothing of the task's labels gets to its Pod")
        self.refused_by("webhook", self.evil, "PATCH", self.path("t"),
                        {"metadata": {"labels": {"agenttask.io/task": "y"}}}, says=["agenttask.io/task"])
        self.assertIsNone(self.merge_refusal(self.evil, self.path("t"), {"metadata": {"labels": {"team": "y"}}}))


class Reach(Attack):
    def targets(self):
        node = next(one["address"] for one in self.api.items("/api/v1/nodes")[0]["status"]["addresses"]
                    if one["type"] == "InternalIP")
        service = self.api.get("/api/v1/namespaces/default/services/kubernetes")["spec"]["clusterIP"]
        dns = self.api.items("/api/v1/namespaces/kube-system/services")
        found = [("API server", "SOCK_STREAM", service, 443), ("kubelet", "SOCK_STREAM", node, 10250),
                 ("registry", "SOCK_STREAM", node, 5000)]
        found += [("DNS", "SOCK_DGRAM", one["spec"]["clusterIP"], 53) for one in dns
                  if one["metadata"]["name"] == "kube-dns"]
        found += [(f"operator {port}", "SOCK_STREAM", pod["status"]["podIP"], port) for pod in self.api.items(
            "/api/v1/namespaces/agenttask-system/pods")[:1] for port in (8081, 8443, 9443)]
        return f"[{', '.join(f'({name!r}, socket.{kind}, {host!r}, {port})' for name, kind, host, port in found)}]"

    def test_reaches_nobody(self):
        code = REACHES.replace("TARGETS", self.targets())
        found = self.ran("t", code)
        self.assertEqual({name: how for name, how in found.items() if how == "reached"}, {})
        control = self.plain("control", code)
        self.assertEqual(control["API server"], "reached", "a Pod that is none of ours does")
        print(f"\nattacks: a task: {found}\nattacks: a plain Pod: {control}", flush=True)


class Others(Attack):
    def setUp(self):
        super().setUp()
        self.task("victim", LARGE, space=self.victims, resources=SMALL)
        self.wait_end("victim", space=self.victims)

    def test_reads_result_and_logs_of_another_namespace(self):
        core, tasks = f"/api/v1/namespaces/{self.victims}", TASKS.format(self.victims)
        for path in (tasks, tasks + "/victim", tasks + "/victim/status", TASKS.replace("/namespaces/{}", ""),
                     core + "/configmaps/victim-logs", core + "/configmaps/victim-result", core + "/events",
                     core + "/pods/victim-pod/log"):
            self.refused_by("RBAC", self.evil, "GET", path)
        friend = self.user("agenttask-viewer-role", rules=[GET_CONFIG_MAPS], space=self.victims)
        status = friend.get(TASKS.format(self.victims) + "/victim")["status"]
        self.assertIn(SECRET, json.dumps(friend.get(f"{core}/configmaps/{status['result']['configMapRef']}")))

    def test_watches_all_namespaces(self):
        self.refused_by("RBAC", self.evil, "GET", TASKS.replace("/namespaces/{}", "") + "?watch=1&timeoutSeconds=1")

    def test_points_owners_and_finalizers_at_others(self):
        """What belongs to another's task goes with it, not the other way round."""
        victim = self.get("victim", self.victims)
        body = task_body("t", resources=SMALL)
        body["metadata"]["ownerReferences"] = [{
            "apiVersion": f"{GROUP}/v1alpha1", "kind": "AgentTask", "name": "victim", "uid": victim["metadata"]["uid"],
            "controller": True}]
        self.refusal(self.evil, "POST", self.path(), body)
        self.evil.delete(self.path("t"))
        self.wait_gone(self.path("t"))
        self.assertEqual(self.get("victim", self.victims)["status"], victim["status"])


class Status(Attack):
    def test_forges_it(self):
        """s1: neither when it is created, nor by itself, nor through the task."""
        body = task_body("t", resources=SMALL)
        body["status"] = {"phase": "Succeeded", "result": {"json": '"forged"'}}
        self.assertIsNone(self.refusal(self.evil, "POST", self.path(), body))
        self.evil.patch(self.path("t"), {"status": {"phase": "Succeeded", "result": {"json": '"forged"'}}})
        state = self.path("t") + "/status"
        self.refused_by("RBAC", self.evil, "PATCH", state, {"status": {"phase": "Failed"}})
        self.refused_by("RBAC", self.evil, "PUT", state, self.get("t"))
        self.assertNotIn("forged", json.dumps(self.wait_end("t")))
        friend = self.user(rules=[{"apiGroups": [GROUP], "resources": ["agenttasks/status"], "verbs": ["patch"]}])
        self.refused_by("CEL", friend, "PATCH", state, {"status": {"exitCode": 7}}, says=["final"])
        self.assertIsNone(self.attempt("w", source=SLEEP))
        self.wait_phase("w", "Running")
        refused = self.merge_refusal(friend, self.path("w") + "/status", {"status": {"message": "forged"}})
        self.assertIsNone(refused, "it was the right that he lacked")

    def test_takes_the_finalizer_off(self):
        """He may: the task is his. Its Pod ends all the same."""
        self.assertIsNone(self.attempt("t", source=SLEEP))
        self.wait_phase("t", "Running")
        self.evil.delete(self.path("t"))
        self.merge_refusal(self.evil, self.path("t"), {"metadata": {"finalizers": None}})
        wait_for(lambda: self.pod("t") is None, 90, why="the Pod of a task that is gone stays")

    def test_makes_what_the_operator_will_make(self):
        """x3, h48: he may not; and who may gets a refusal for it, and the stranger is left alone."""
        code = {"metadata": {"name": "t-code"}, "data": {"entrypoint.py": f"print({SECRET!r})\n"}}
        self.refused_by("RBAC", self.evil, "POST", self.core + "/configmaps", code)
        self.refused_by("RBAC", self.evil, "POST", self.core + "/pods", plain_pod("t-pod", "pass", {}))
        friend = self.editor({"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["create"]})
        friend.create(self.core + "/configmaps", code)
        pod = plain_pod("u-pod", "import time\ntime.sleep(600)\n", {"agenttask.io/task": "u"})
        friend.create(self.core + "/pods", pod)
        for name in ("t", "u"):
            self.assertIsNone(self.attempt(name, who=friend))
        for name in ("t", "u"):
            status = self.wait_end(name, 120)
            self.assertEqual((status["phase"], status["reason"]), ("Failed", "NameConflict"))
            self.assertNotIn("result", status)
        self.assertEqual(self.config_map("t-code")["data"], code["data"])
        self.assertNotIn("deletionTimestamp", self.pod("u")["metadata"])
        self.assertIsNone(self.attempt("v"))
        self.assertEqual(self.wait_end("v")["phase"], "Succeeded")


class Budget(Attack):
    def test_invents_tenants_to_get_more_room(self):
        """Each name that is not his is refused; one that is bound to him has room of its own."""
        self.tenant(self.space, maxRunning=1)
        for tenant in ("a1", "a2", self.victims, "kube-system", "default"):
            self.assertIn("spec.tenant", str(self.attempt("t", tenant=tenant)))
        self.tenant(f"{self.space}-b", namespaces=[self.space], maxRunning=1)
        wait_for(lambda: self.attempt("bound", source=SLEEP, tenant=f"{self.space}-b") is None, 30, every=0.5)
        self.wait_phase("bound", "Running")
        for name in ("t1", "t2"):
            self.assertIsNone(self.attempt(name, source=SLEEP))
        self.wait_phase("t1", "Running")
        time.sleep(2)
        self.assertEqual(self.status("t2").get("phase"), "Pending")

    def test_floods_with_priority(self):
        """His hundred points are worth something among his own tasks, and nothing elsewhere."""
        self.tenant(self.space, maxRunning=1)
        for i in range(10):
            self.assertIsNone(self.attempt(f"t{i}", source=SLEEP, priority=100))
        self.task("victim", space=self.victims, resources=SMALL, priority=-100)
        self.assertEqual(self.wait_end("victim", 60, space=self.victims)["phase"], "Succeeded")
        self.assertEqual(sum(self.status(f"t{i}").get("phase") in ("Scheduled", "Running") for i in range(10)), 1)


class Unreviewed(Attack):
    """The webhook's registration is gone: what does not rest on it still holds, and the rest fails closed."""

    is_unreviewed = True

    def test_references_are_not_followed(self):
        self.config_map_of("theirs", {"main.py": f"print({SECRET!r})\n"})
        self.assertIsNone(self.refers("t", "theirs", "main.py"))
        status = self.wait_end("t")
        self.assertEqual((status["phase"], status["reason"]), ("Failed", "PolicyUnenforceable"))
        self.assertNotIn("podRef", status)

    def test_invented_tenants_share_the_budget_of_the_namespace(self):
        self.tenant(self.space, maxRunning=1)
        for i in range(3):
            self.assertIsNone(self.attempt(f"t{i}", source=SLEEP, tenant=f"a{i}"))
        wait_for(lambda: any(self.status(f"t{i}").get("phase") == "Running" for i in range(3)), 60)
        time.sleep(3)
        self.assertEqual(sum(self.status(f"t{i}").get("phase") in ("Scheduled", "Running") for i in range(3)), 1)

    def test_a_profile_of_others_is_not_his_by_their_name(self):
        profile = self.profile(tenants=[self.victims])
        self.assertIsNone(self.attempt("t", profile=profile, tenant=self.victims))
        status = self.wait_end("t")
        self.assertEqual(status["phase"], "Failed", json.dumps(status))
        self.assertNotIn("podRef", status)

    def test_reserved_keys_gain_nothing(self):
        body = task_body("t", code={"source": SLEEP}, resources=SMALL)
        body["metadata"]["labels"] = {"agenttask.io/egress": "0123456789", "agenttask.io/task": "victim"}
        self.assertIsNone(self.refusal(self.evil, "POST", self.path(), body))
        labels = wait_for(lambda: self.pod("t"), 30)["metadata"]["labels"]
        self.assertEqual(labels["agenttask.io/task"], "t")
        self.assertNotIn("agenttask.io/egress", labels)


def without_node(spec):
    """Nor what depends on when it was made."""
    spec = copy.deepcopy(spec)
    spec.pop("nodeName", None)
    spec.pop("activeDeadlineSeconds")
    return spec


if __name__ == "__main__":
    unittest.main()
