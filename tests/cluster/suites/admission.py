# SPDX-License-Identifier: Apache-2.0
"""Every object that must not be, field by field and role by role, against the real API server: who
refuses it (schema, CEL rule, webhook, rights: as the answer itself tells), and whether it says which
field and what would be allowed. Each row also with its one fault mended; and those of the webhook
without one. The rows: admission.yaml, and tests/apiserver/objects.yaml for what the schema refuses."""
import collections
import copy
import json
import os
import re
import string
import unittest

import yaml

from people import CONFIG, GET_CONFIG_MAPS, SMALL, WEBHOOK, People, layer_of, task_body
from stage import MERGE, PROFILES, ROOT, TASKS, Api, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
PROFILE = {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "RuntimeProfile",
           "metadata": {"name": "tried"}, "spec": {"image": "i:1", "allowTag": True, "fileName": "entrypoint.py"}}
# A refusal that tells nothing of what would be allowed is one of no use.
REMEDY = re.compile(r"should|must|upported values|unknown field|equired value|uplicate value|give exactly|at most|"
                    r"needs|cannot|more than|at least|may not be|nvalid value: .*: .*\w")
SMALL_LIMITS = {"default": {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "32Mi"},
                "max": {"cpu": "500m", "memory": "128Mi", "ephemeral-storage": "64Mi"}}
SEEN = collections.Counter()


def tearDownModule():
    if not SEEN:
        return
    layers = ("schema", "CEL", "webhook", "RBAC")
    print(f"\n{'refused to':14}" + "".join(f"{layer:>9}" for layer in layers) + f"{'all':>9}")
    for who in sorted({who for who, _ in SEEN}):
        counts = [SEEN[who, layer] for layer in layers]
        print(f"{who:14}" + "".join(f"{count:>9}" for count in counts) + f"{sum(counts):>9}")
    sums = [sum(count for (_, layer), count in SEEN.items() if layer == one) for one in layers]
    print(f"{'all':14}" + "".join(f"{count:>9}" for count in sums) + f"{sum(sums):>9}")


def merged(good, change):
    """One level deep; null takes a member away."""
    return {key: value for key, value in {**good, **change}.items() if value is not None}


class Table(People):
    """The people, and what there is."""

    def setUp(self):
        super().setUp()
        self.other = self.space + "-o"
        self.make_space(self.other)
        self.make_profiles()
        self.config_map_of("mine", {"main.py": "pass\n"})
        self.config_map_of("theirs", {"main.py": "pass\n"})
        self.tenant(f"{self.space}-by-space", namespaces=[self.space])
        self.tenant(f"{self.space}-by-other", namespaces=[self.other])
        self.tenant(f"{self.space}-by-user", users=[f"member-{self.space}"])
        self.tenant(f"{self.space}-by-group", groups=[f"people-{self.space}"])
        self.people = self.make_people()
        self.task("standing", "import time\ntime.sleep(300)\n", resources=SMALL, canceled=False)

    def make_profiles(self):
        like = self.api.get(f"{PROFILES}/python3.11")["spec"]
        for name, change in (
                ("small", {"resources": SMALL_LIMITS, "timeoutSeconds": {"max": 60}}),
                ("ours", {"tenants": [self.space]}), ("foreign", {"tenants": ["elsewhere"]})):
            self.api.create(PROFILES, {**PROFILE, "metadata": {"name": f"{self.space}-{name}"},
                                       "spec": {**like, **change}})
            self.addCleanup(self.api.delete, f"{PROFILES}/{self.space}-{name}")

    def make_people(self):
        creates = {"apiGroups": ["execution.agenttask.io"], "resources": ["agenttasks"], "verbs": ["create"]}
        some = {**GET_CONFIG_MAPS, "resourceNames": ["mine", "may-be"]}
        people = {
            "root": self.api, "editor": self.editor(some), "nobody": self.user(),
            "member": self.editor(some, name=f"member-{self.space}", groups=[f"people-{self.space}"]),
            "admin": self.user("agenttask-admin-role", "agenttask-editor-role"),
            "viewer": self.user("agenttask-viewer-role"),
            "elsewhere": self.user(rules=[creates]), "keeper": self.user(), "reader": self.user(),
            "robot": Api(user=f"system:serviceaccount:{self.space}:default", groups=[
                "system:serviceaccounts", f"system:serviceaccounts:{self.space}", "system:authenticated"])}
        self.user("agenttask-editor-role", rules=[GET_CONFIG_MAPS], space=self.other,
                  name=people["elsewhere"].user)
        self.bind_everywhere(people["keeper"].user, "agenttask-runtimeprofile-admin-role")
        self.bind_everywhere(people["reader"].user, "agenttask-runtimeprofile-viewer-role")
        return people

    def wait_settled(self):
        """Rights, profiles and tenants are known to everybody: the mended rows are accepted."""
        rows = [row for row in self.rows() if row.get("mend")]

        def refused():
            return [str(answer) for answer in (self.offer(row, row["mend"]) for row in rows) if answer]
        wait_for(lambda: not refused(), 60, every=0.5, why=lambda: "\n".join(refused()))

    def rows(self):
        with open(os.path.join(HERE, "admission.yaml"), encoding="utf-8") as file:
            text = file.read()
        text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        return yaml.safe_load(string.Template(text).substitute(
            space=self.space, other=self.other, tasks=self.path(), others=TASKS.format(self.other),
            core=f"/api/v1/namespaces/{self.space}", profiles=PROFILES, webhook=WEBHOOK, config=CONFIG))["rows"]

    def schema_rows(self):
        with open(os.path.join(ROOT, "tests/apiserver/objects.yaml"), encoding="utf-8") as file:
            for kind in yaml.safe_load(file)["kinds"]:
                good = {"resources": None, **kind["spec"]} if kind["kind"] == "AgentTask" else kind["spec"]
                for row in kind["refused"]:
                    yield {"kind": kind["kind"], "who": "editor" if kind["kind"] == "AgentTask" else "keeper",
                           "spec": row["change"], "says": [row["names"]], "by": ("schema", "CEL"), "good": good}

    def offer(self, row, change=None):
        """What is said to it, changed as the row says, or mended; None: it is accepted. Nothing is kept."""
        change = row if change is None else change
        who = self.people[change.get("who", row.get("who", "editor"))]
        if "call" in row:
            method, path = row["call"].split(" ")
            body = {"status": {"message": "x"}} if method == "PATCH" else {} if method == "POST" else None
            return self.refusal(who, method, path + ("?dryRun=All" if method != "GET" else ""), body,
                                MERGE if method == "PATCH" else "application/json")
        if "patch" in row:
            return self.merge_refusal(who, self.path("standing") + "?dryRun=All", change.get("patch", row["patch"]))
        body = copy.deepcopy(PROFILE) if row.get("kind") == "RuntimeProfile" else task_body("tried", self.space)
        path = PROFILES if row.get("kind") == "RuntimeProfile" else self.path()
        body["spec"] = merged(body["spec"], change.get("spec", row["spec"] if "who" in change and "spec" in row and
                                                       change is not row else {}))
        body["metadata"] = merged(body["metadata"], change.get("meta", {}))
        return self.refusal(who, "POST", path + "?dryRun=All&fieldValidation=Strict", body)


class Refusals(Table):
    def look(self, row):
        refused = self.offer(row)
        self.assertIsNotNone(refused, "it is accepted")
        layer, message = layer_of(refused), str(refused)
        self.assertIn(layer, row["by"] if isinstance(row["by"], tuple) else (row["by"],), message)
        for word in row["says"]:
            self.assertIn(word, message)
        if layer in ("schema", "CEL"):
            self.assertRegex(message, REMEDY)
        SEEN[row.get("who", "editor"), layer] += 1

    def test_each_is_refused_and_says_why(self):
        self.wait_settled()
        rows = self.rows() + list(self.schema_rows())
        self.assertGreaterEqual(len(rows), 160)
        for row in rows:
            with self.subTest(row=json.dumps({key: row[key] for key in row if key != "good"})[:200]):
                self.look(row)
        for row in rows:
            with self.subTest(mended=json.dumps(row)[:200]):
                refused = self.offer(row, row.get("mend", {}))
                self.assertIsNone(refused, str(refused))


class Opposite(Table):
    """Nobody is asked to review: what only the webhook refuses is accepted; all else is refused as before."""

    is_unreviewed = True

    def test_without_the_webhook_its_rows_are_accepted(self):
        wait_for(lambda: self.offer({"who": "keeper", "kind": "RuntimeProfile", "spec": {}}) is None, 20)
        accepted = 0
        for row in self.rows():
            with self.subTest(row=json.dumps(row)[:200]):
                refused = self.offer(row)
                if row["by"] == "webhook":
                    self.assertIsNone(refused, str(refused))
                    accepted += 1
                else:
                    self.assertEqual(layer_of(refused), row["by"], str(refused))
        print(f"\nadmission: {accepted} of the webhook's rows are accepted without it", flush=True)


if __name__ == "__main__":
    unittest.main()
