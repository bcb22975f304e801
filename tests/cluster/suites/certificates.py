# SPDX-License-Identifier: Apache-2.0
"""What the operator's TLS servers show, and who trusts it: as installed, after another apply, edited by
hand, restarted under load, with files of somebody else's, and by cert-manager's own schemas. Rotation
under load is in suite webhook. Wants the deployed operator."""
import base64
import json
import os
import subprocess
import tempfile
import time
import unittest

import yaml

from people import DEPLOYMENT, SYSTEM, WEBHOOK, WEBHOOKS, People, is_reviewed, rolled_out, scale, task_body
from stage import ROOT, TASKS, Api, audit, audit_end, kubectl, wait_for
from webhook import SECRET, Load, operators

SECRETS = f"/api/v1/namespaces/{SYSTEM}/secrets"
ACCOUNT = f"system:serviceaccount:{SYSTEM}:agenttask-controller-manager"
NAMES = [f"agenttask-webhook-service.{SYSTEM}.svc", f"agenttask-webhook-service.{SYSTEM}.svc.cluster.local",
         f"agenttask-metrics-service.{SYSTEM}.svc"]
CERT_MANAGER = "github.com/cert-manager/cert-manager@v1.16.5"
KINDS = ("certificates", "issuers")
RATE = 50
JUNK = base64.b64encode(b"junk").decode()


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *words], input=stdin, check=True, capture_output=True, text=True).stdout


def decoded(data, key):
    return base64.b64decode(data[key]).decode()


def bundles(api):
    return [entry["clientConfig"].get("caBundle") for entry in api.get(WEBHOOK)["webhooks"]]


def log_of(pod):
    return kubectl("-n", SYSTEM, "logs", pod["metadata"]["name"]).stdout


class Pair(People):
    def test_the_pair_is_whole_and_trusted(self):
        secret = self.api.get(SECRET)
        data = secret["data"]
        self.assertEqual(secret["type"], "kubernetes.io/tls")
        self.assertEqual(sorted(data), ["ca.crt", "ca.key", "tls.crt", "tls.key"])
        self.assertEqual(set(bundles(self.api)), {data["ca.crt"]})
        with tempfile.TemporaryDirectory() as place:
            for key in ("tls.crt", "ca.crt"):
                with open(os.path.join(place, key), "w", encoding="ascii") as file:
                    file.write(decoded(data, key))
            said = openssl("verify", "-purpose", "sslserver", "-CAfile", os.path.join(place, "ca.crt"),
                           os.path.join(place, "tls.crt"))
            self.assertIn(": OK", said)
        text = openssl("x509", "-noout", "-text", stdin=decoded(data, "tls.crt"))
        for name in NAMES:
            self.assertIn(f"DNS:{name}", text)
        self.assertIn("prime256v1", text)
        authority = openssl("x509", "-noout", "-text", stdin=decoded(data, "ca.crt"))
        self.assertIn("CA:TRUE, pathlen:0", authority)
        public = [openssl(*words, stdin=decoded(data, key)) for words, key in (
            (("x509", "-noout", "-pubkey"), "tls.crt"), (("pkey", "-pubout"), "tls.key"))]
        self.assertEqual(public[0], public[1])

    def test_no_key_is_ever_said(self):
        data = self.api.get(SECRET)["data"]
        secrets = [decoded(data, key).splitlines()[1] for key in ("tls.key", "ca.key")] + [data["tls.key"][:40]]
        for pod in operators(self.api):
            said = log_of(pod)
            self.assertIn('"logger":"certificate"', said, "it says what it does")
            self.assertNotIn("PRIVATE KEY", said)
            self.assertFalse([one for one in secrets if one in said])

    def test_both_tell_when_it_ends(self):
        until = openssl("x509", "-noout", "-enddate", "-dateopt", "iso_8601",
                        stdin=decoded(self.api.get(SECRET)["data"], "tls.crt"))
        for pod in operators(self.api):
            path = f"/api/v1/namespaces/{SYSTEM}/pods/https:{pod['metadata']['name']}:8443/proxy/metrics"
            code, _ = self.api.raw("GET", path)
            self.assertIn(code, (200, 401, 403), "it serves TLS with it")
        self.assertTrue(until.startswith("notAfter="), until)


class Applied(People):
    is_alone = True

    def test_another_apply_takes_no_trust_away(self):
        before, begin = self.api.get(WEBHOOK), audit_end()
        kubectl("apply", "-k", os.path.join(ROOT, "config/webhook"))
        after = self.api.get(WEBHOOK)
        self.assertEqual([one["clientConfig"] for one in after["webhooks"]],
                         [one["clientConfig"] for one in before["webhooks"]])
        self.assertTrue(all(bundles(self.api)))
        time.sleep(12)
        self.assertEqual([event["requestURI"] for event in audit(begin) if event["user"]["username"] == ACCOUNT and
                          event["verb"] in ("patch", "update", "create") and
                          event["objectRef"]["resource"] in ("secrets", "validatingwebhookconfigurations")], [])

    def test_who_only_follows_writes_nothing(self):
        begin = audit_end()
        self.api.patch(SECRET, {"data": {"tls.crt": JUNK}})
        wait_for(lambda: self.api.get(SECRET)["data"]["tls.crt"] != JUNK, 30)
        time.sleep(2)
        agents = {event["sourceIPs"][0] for event in audit(begin) if event["user"]["username"] == ACCOUNT and
                  event["verb"] == "patch" and event["objectRef"]["resource"] == "secrets"}
        self.assertEqual(len(agents), 1)


class Edited(People):
    is_alone = True

    def under_load(self, what, act, seconds=15):
        load = Load(self.space, RATE, 4)
        time.sleep(2)
        act()
        time.sleep(seconds)
        print(f"\ncertificates: {what}: {load.end()}", flush=True)
        self.assertEqual(dict(load.failed), {})

    def test_each_part_that_is_damaged_is_mended_unnoticed(self):
        for key in ("tls.crt", "tls.key", "ca.key", "ca.crt"):
            with self.subTest(key=key):
                self.under_load(f"{key} is damaged", lambda k=key: self.api.patch(SECRET, {"data": {k: JUNK}}))
                self.assertNotEqual(self.api.get(SECRET)["data"][key], JUNK)

    def test_a_rolling_restart_is_not_noticed(self):
        def act():
            kubectl("-n", SYSTEM, "rollout", "restart", "deployment/agenttask-controller-manager")
            rolled_out()
        self.under_load("both are replaced, one after the other", act, 5)

    def test_each_replica_may_be_deleted(self):
        for pod in operators(self.api):
            self.under_load("one is deleted", lambda p=pod: self.api.delete(
                f"/api/v1/namespaces/{SYSTEM}/pods/{p['metadata']['name']}"), 5)
            rolled_out()

    def test_both_are_gone_and_come_back(self):
        before = self.api.get(SECRET)
        self.addCleanup(scale, 2)
        scale(0)
        self.assertFalse(is_reviewed(self.api))
        began = time.monotonic()
        scale(2)
        wait_for(lambda: is_reviewed(self.api), 20)
        print(f"\ncertificates: reviewed {time.monotonic() - began:.1f} s after both were started", flush=True)
        after = self.api.get(SECRET)
        self.assertEqual((after["metadata"]["uid"], after["data"]), (before["metadata"]["uid"], before["data"]))


class Files(People):
    """With --webhook-cert-dir, as cert-manager's component has it, but for cert-manager."""
    is_alone = True

    def make_pair(self, place, number):
        """An authority and a pair of it; the PEMs."""
        path = lambda name: os.path.join(place, f"{number}.{name}")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *key, "-keyout", path("ca.key"), "-out", path("ca.crt"), "-subj", f"/CN=ca {number}")
        openssl("req", *key, "-keyout", path("tls.key"), "-out", path("csr"), "-subj", "/CN=leaf")
        with open(path("ext"), "w", encoding="ascii") as file:
            names = ",".join(f"DNS:{name}" for name in NAMES)
            file.write(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", path("csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial",
                "-extfile", path("ext"), "-out", path("tls.crt"))
        pems = {}
        for name in ("ca.crt", "tls.crt", "tls.key"):
            with open(path(name), encoding="ascii") as file:
                pems[name] = base64.b64encode(file.read().encode()).decode()
        return pems

    def inject(self, *bundle):
        """As cainjector does."""
        joined = base64.b64encode(b"".join(base64.b64decode(one) for one in bundle)).decode()
        entries = self.api.get(WEBHOOK)["webhooks"]
        for entry in entries:
            entry["clientConfig"]["caBundle"] = joined
        self.api.patch(WEBHOOK, {"webhooks": entries})

    def use_files(self):
        with open(os.path.join(ROOT, "config/certmanager/kustomization.yaml"), encoding="utf-8") as file:
            patches = [one["patch"] for one in yaml.safe_load(file)["patches"] if one["target"]["kind"] == "Deployment"]
        was = self.api.get(DEPLOYMENT)["spec"]["template"]["spec"]

        def back():
            change = [{"op": "replace", "path": "/spec/template/spec", "value": was}]
            self.api.call("PATCH", DEPLOYMENT, change, "application/json-patch+json")
            rolled_out()
            wait_for(lambda: is_reviewed(self.api), 60)
        self.addCleanup(back)
        for patch in patches:
            value = yaml.safe_load(patch)
            kind = "application/json-patch+json" if isinstance(value, list) else \
                "application/strategic-merge-patch+json"
            self.api.call("PATCH", DEPLOYMENT, value, kind)

    def test_files_of_somebody_else_are_served(self):
        with tempfile.TemporaryDirectory() as place:
            first, second = self.make_pair(place, 1), self.make_pair(place, 2)
        secret = "agenttask-webhook-server-cert"
        self.api.create(SECRETS, {"metadata": {"name": secret}, "type": "kubernetes.io/tls", "data": first})
        self.addCleanup(self.api.delete, f"{SECRETS}/{secret}")
        own, begin = self.api.get(SECRET), audit_end()
        self.use_files()
        rolled_out()
        wait_for(lambda: len(self.api.items(f"/api/v1/namespaces/{SYSTEM}/pods")) == 2, 60,
                 why="who kept its own stays")
        self.inject(first["ca.crt"], second["ca.crt"])
        wait_for(lambda: is_reviewed(self.api), 30)
        load = Load(self.space, RATE, 4)
        self.api.patch(f"{SECRETS}/{secret}", {"data": second})
        began = time.monotonic()
        wait_for(lambda: all(log_of(pod).count("serves another certificate") == 2 for pod in operators(self.api)), 180,
                 every=2, why="the new files are not served")
        said = load.end()
        print(f"\ncertificates: new files were served after {time.monotonic() - began:.0f} s: {said}", flush=True)
        self.assertEqual(dict(load.failed), {})
        self.inject(second["ca.crt"])
        time.sleep(3)
        self.assertTrue(is_reviewed(self.api))
        self.assertEqual(self.api.get(SECRET), own, "its own Secret is left alone")
        new = {pod["status"]["podIP"] for pod in operators(self.api)}
        self.assertEqual([event["requestURI"] for event in audit(begin) if event["user"]["username"] == ACCOUNT and
                          event["sourceIPs"][0] in new and event.get("objectRef", {}).get("resource") in
                          ("secrets", "validatingwebhookconfigurations") and event["verb"] != "get"], [])


def cert_manager_schemas():
    """Its CustomResourceDefinitions, from its Go module; or why not."""
    try:
        done = subprocess.run(["go", "mod", "download", "-json", CERT_MANAGER], capture_output=True, text=True,
                              timeout=180, cwd=tempfile.gettempdir(), check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"no module {CERT_MANAGER} here: {type(error).__name__}"
    found = []
    for kind in KINDS:
        path = os.path.join(json.loads(done.stdout)["Dir"], "deploy/crds", f"crd-{kind}.yaml")
        with open(path, encoding="utf-8") as file:
            schema = yaml.safe_load(file)
        schema["metadata"] = {"name": schema["metadata"]["name"]}  # the rest is for Helm
        found.append(schema)
    return found, ""


class CertManager(People):
    def test_its_schemas_take_our_objects(self):
        schemas, why_not = cert_manager_schemas()
        if not schemas:
            self.skipTest(why_not)
        for schema in schemas:
            self.api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", schema)
            self.addCleanup(self.api.delete, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" +
                            schema["metadata"]["name"])
        path = f"/apis/cert-manager.io/v1/namespaces/{SYSTEM}/"
        for kind in KINDS:
            wait_for(lambda k=kind: self.api.raw("GET", path + k)[0] == 200, 30)
        made = []
        for name in ("issuer.yaml", "certificate.yaml"):
            with open(os.path.join(ROOT, "config/certmanager", name), encoding="utf-8") as file:
                objects = list(yaml.safe_load_all(file))
            for thing in objects:
                where = path + thing["kind"].lower() + "s?fieldValidation=Strict&dryRun=All"
                made.append(self.api.create(where, thing)["metadata"]["name"])
                bad = json.loads(json.dumps(thing))
                bad["spec"]["secretNames"] = "no such field"
                self.assertEqual(self.api.raw("POST", where, bad)[0], 400, "it is strict")
        print(f"\ncertificates: {CERT_MANAGER} takes {', '.join(made)}", flush=True)


if __name__ == "__main__":
    unittest.main()
