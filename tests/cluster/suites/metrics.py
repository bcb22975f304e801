# SPDX-License-Identifier: Apache-2.0
"""/metrics as Prometheus reads it, from a Pod: over TLS that is verified, for whom the API server lets
read it and nobody else, from where the network policy lets somebody come. What is served is asked for by
the alerts and the dashboard, and by the book."""
import base64
import json
import os
import subprocess
import sys
import tempfile

import yaml

from network import plain_pod
from people import SYSTEM, People
from stage import ROOT, kubectl, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/tools"))
import prometheus_test  # pylint: disable=import-error,wrong-import-position

SERVICE = "agenttask-metrics-service"
SECRET = f"/api/v1/namespaces/{SYSTEM}/secrets/agenttask-webhook-cert"
READER = "agenttask-metrics-reader"
OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.79.2"
SCHEMAS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SCRAPES = '''
import base64, http.client, json, socket, ssl, time
address, name, ca, tries, patience = json.loads(%r)

def is_let_in():
    try:
        socket.create_connection((address, 8443), timeout=1).close()
        return True
    except OSError:
        return False

until = time.monotonic() + patience
while not is_let_in() and time.monotonic() < until:
    time.sleep(0.1)

def scrape(headers, path, method, is_checked, is_tls):
    context = ssl.create_default_context(cadata=ca) if is_checked else ssl.create_default_context()
    try:
        raw = socket.create_connection((address, 8443), timeout=5)
        connection = http.client.HTTPConnection(name, 8443, timeout=10)
        connection.sock = context.wrap_socket(raw, server_hostname=name) if is_tls else raw
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return [answer.status, answer.read().decode()]
    except (OSError, http.client.HTTPException) as error:
        return [0, type(error).__name__]

print(base64.b64encode(json.dumps({key: scrape(*how) for key, how in tries.items()}).encode()).decode(), flush=True)
'''


class Metrics(People):
    def setUp(self):
        super().setUp()
        self.api.patch(f"/api/v1/namespaces/{self.space}", {"metadata": {"labels": {"metrics": "enabled"}}})

    def token(self, name, *roles):
        """Of a service account of that name with these ClusterRoles."""
        self.api.create(f"/api/v1/namespaces/{self.space}/serviceaccounts", {"metadata": {"name": name}})
        for role in roles:
            path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
            binding = f"{self.space}-{name}-{role}"
            self.api.create(path, {
                "metadata": {"name": binding},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.space}]})
            self.addCleanup(self.api.delete, f"{path}/{binding}")
        return self.api.create(f"/api/v1/namespaces/{self.space}/serviceaccounts/{name}/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]

    def scrape(self, patience=30, **tries):
        """{name: (status, body)} of {name: (headers, path, method, by our CA, over TLS)}, from a Pod, once the
        enforcer of network policies has come to know it, for which it waits so many seconds."""
        ca = base64.b64decode(self.api.get(SECRET)["data"]["ca.crt"]).decode()
        address = self.api.get(f"/api/v1/namespaces/{SYSTEM}/services/{SERVICE}")["spec"]["clusterIP"]
        asked = json.dumps([address, f"{SERVICE}.{SYSTEM}.svc", ca, tries, patience])
        name = "scraper-" + os.urandom(3).hex()
        pods = f"/api/v1/namespaces/{self.space}/pods"
        self.api.create(pods, plain_pod(name, SCRAPES % asked, {"app": "scraper"}))
        wait_for(lambda: self.api.get(f"{pods}/{name}")["status"].get("phase") == "Succeeded", 90,
                 why=lambda: f"the scraper does not end: {json.dumps(self.api.get(f'{pods}/{name}')['status'])}")
        code, log = self.api.raw("GET", f"{pods}/{name}/log")
        self.assertEqual(code, 200)
        return json.loads(base64.b64decode(log))

    def test_h57_only_who_may_reads_and_only_over_verified_tls(self):
        good = {"Authorization": "Bearer " + self.token("reader", READER)}
        wrong = {"Authorization": "Bearer " + self.token("other", "agenttask-viewer-role")}
        get = ("/metrics", "GET", True, True)
        seen = self.scrape(
            anonymous=({}, *get), malformed=({"Authorization": "Basic Z29vZDpi"}, *get),
            made_up=({"Authorization": "Bearer abc.def.ghi"}, *get), wrong=(wrong, *get), good=(good, *get),
            again=(good, *get), head=(good, "/metrics", "HEAD", True, True),
            post=(good, "/metrics", "POST", True, True),
            other=(good, "/debug", "GET", True, True), health=({}, "/healthz", "GET", True, True),
            unverified=(good, "/metrics", "GET", False, True), plain=(good, "/metrics", "GET", True, False))
        statuses = {name: status for name, (status, _) in seen.items()}
        self.assertEqual(statuses, {
            "anonymous": 401, "malformed": 401, "made_up": 401, "wrong": 403, "good": 200, "again": 200, "head": 200,
            "post": 405, "other": 404, "health": 404, "unverified": 0, "plain": 0})
        self.assertEqual(seen["unverified"][1], "SSLCertVerificationError")
        for name, (status, body) in seen.items():
            self.assertEqual("agenttask_" in body, status == 200 and name != "head", f"{name}: {body[:200]}")
        self.whole(seen["good"][1])

    def whole(self, text):
        """By the book of Prometheus, and all that alerts and dashboard ask for."""
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True,
                              timeout=60, check=False)
        self.assertEqual(done.stdout + done.stderr, prometheus_test.CONVENTION)
        there = prometheus_test.names_in(text)
        for where, expression in prometheus_test.expressions():
            self.assertLessEqual(prometheus_test.names_asked(expression), there, where)
        self.assertRegex(text, r"agenttask_certificate_expiry_timestamp_seconds 1\d{9}\n")

    def test_x14_from_elsewhere_nobody_comes_near(self):
        good = {"Authorization": "Bearer " + self.token("reader", READER)}
        how = (good, "/metrics", "GET", True, True)
        self.assertEqual(self.scrape(near=how)["near"][0], 200)
        self.api.patch(f"/api/v1/namespaces/{self.space}", {"metadata": {"labels": {"metrics": None}}})
        wait_for(lambda: self.scrape(patience=0, far=how)["far"][0] == 0, 60,
                 why="a namespace without the label comes in")

    def test_x14_probes_show_no_more_than_that_it_is_well(self):
        pods = self.api.items(f"/api/v1/namespaces/{SYSTEM}/pods?labelSelector=control-plane%3Dcontroller-manager")
        pod = next(pod for pod in pods if "deletionTimestamp" not in pod["metadata"])  # the old ones may still go
        base = f"/api/v1/namespaces/{SYSTEM}/pods/{pod['metadata']['name']}:8081/proxy"
        wait_for(lambda: self.api.raw("GET", base + "/readyz")[0] == 200, 30, why="it does not get ready")
        for path, code in (("/healthz", 200), ("/readyz", 200), ("/metrics", 404), ("/", 404), ("/debug/pprof", 404)):
            status, body = self.api.raw("GET", base + path)
            self.assertEqual(status, code, path)
            self.assertLessEqual(len(body), 64 if code == 200 else 256, path)

    def test_no_token_is_written_anywhere(self):
        token = self.token("reader", READER)
        made_up = "abcdefghij.0123456789." + os.urandom(8).hex()
        seen = self.scrape(good=({"Authorization": "Bearer " + token}, "/metrics", "GET", True, True),
                           bad=({"Authorization": "Bearer " + made_up}, "/metrics", "GET", True, True))
        self.assertEqual([seen["good"][0], seen["bad"][0]], [200, 401])
        for pod in self.api.items(f"/api/v1/namespaces/{SYSTEM}/pods?labelSelector=control-plane%3Dcontroller-manager"):
            _, log = self.api.raw("GET", f"/api/v1/namespaces/{SYSTEM}/pods/{pod['metadata']['name']}/log")
            self.assertGreater(len(log), 100)
            for secret in (token, token[-43:], made_up, made_up[-16:]):
                self.assertNotIn(secret.encode(), log)


def operator_schemas():
    """prometheus-operator's CustomResourceDefinitions, from its Go module; or why not."""
    try:
        done = subprocess.run(["go", "mod", "download", "-json", OPERATOR], capture_output=True, text=True,
                              timeout=180, cwd=tempfile.gettempdir(), check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"no module {OPERATOR} here: {type(error).__name__}"
    found = []
    for kind in ("servicemonitors", "prometheusrules"):
        path = os.path.join(json.loads(done.stdout)["Dir"], "example/prometheus-operator-crd",
                            f"monitoring.coreos.com_{kind}.yaml")
        with open(path, encoding="utf-8") as file:
            found.append(yaml.safe_load(file))
    return found, ""


class Objects(People):
    def test_the_schemas_of_prometheus_operator_take_our_objects(self):
        schemas, why_not = operator_schemas()
        if not schemas:
            self.skipTest(why_not)
        for schema in schemas:
            self.api.create(SCHEMAS, schema)
            self.addCleanup(self.api.delete, f"{SCHEMAS}/{schema['metadata']['name']}")
        path = f"/apis/monitoring.coreos.com/v1/namespaces/{SYSTEM}/"
        rendered = yaml.safe_load_all(kubectl("kustomize", os.path.join(ROOT, "config/prometheus")).stdout)
        things = {thing["kind"]: thing for thing in rendered}
        self.assertEqual(set(things), {"ServiceMonitor", "PrometheusRule", "ConfigMap"})
        for kind in ("ServiceMonitor", "PrometheusRule"):
            where = path + kind.lower() + "s?fieldValidation=Strict&dryRun=All"
            wait_for(lambda w=where: self.api.raw("GET", w.partition("?")[0])[0] == 200, 30)
            self.api.create(where, things[kind])
            bad = json.loads(json.dumps(things[kind]))
            bad["spec"]["noSuchField"] = "x"
            self.assertEqual(self.api.raw("POST", where, bad)[0], 400, "it is strict")
        self.api.create(f"/api/v1/namespaces/{SYSTEM}/configmaps?dryRun=All", things["ConfigMap"])
        json.loads(things["ConfigMap"]["data"]["agenttask.json"])
