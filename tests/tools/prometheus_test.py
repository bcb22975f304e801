#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""config/prometheus: alerts fire when they should and not else, and every metric that an alert or
the dashboard asks for is served by the program. With promtool; no cluster.

    tests/tools/prometheus_test.py BUILD"""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

try:
    import yaml
except ImportError:
    yaml = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROMETHEUS = os.path.join(ROOT, "config/prometheus")
CONVENTION = 'agenttask_total_tasks counter metrics should have "_total" suffix\n'  # a name that is kept
# Not ours: what Prometheus itself adds for every target.
GIVEN = {"up"}
OPERATORS = {"and", "or", "unless", "bool"}


def read(name, where=PROMETHEUS):
    with open(os.path.join(where, name), encoding="utf-8") as file:
        return file.read()


def rules():
    return yaml.safe_load(read("rules.yaml"))["spec"]


def alerts():
    return [rule for group in rules()["groups"] for rule in group["rules"]]


def cases():
    return yaml.safe_load(read("prometheus_rules.yaml", os.path.join(ROOT, "tests/tools")))


def promtool(*words, stdin=None):
    return subprocess.run(["promtool", *words], input=stdin, text=True, capture_output=True,
                          timeout=120, check=False)


def run_cases(things, rule_file, folder):
    """promtool's verdict over these worlds: fires or silent, one alert each."""
    path = os.path.join(folder, "test.yaml")
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump({"rule_files": [rule_file], "evaluation_interval": "1m", "tests": things}, file)
    return promtool("test", "rules", path)


def world(case, which, labels):
    """The series of that world, and whether the alert is expected: labels None: it is not."""
    rule = next(rule for rule in alerts() if rule["alert"] == case["alert"])
    expected = [] if labels is None else [{"exp_labels": {**labels, **rule["labels"]},
                                           "exp_annotations": case["said"]}]
    return {"interval": "1m", "input_series": [{"series": name, "values": str(values)}
                                               for name, values in case[which].items()],
            "alert_rule_test": [{"eval_time": case["at"], "alertname": case["alert"], "exp_alerts": expected}]}


def write_rules(folder, plain):
    """As Prometheus reads them; plain: without the words, which only promtool could compare."""
    spec = rules()
    if plain:
        for group in spec["groups"]:
            for rule in group["rules"]:
                rule["annotations"] = {"summary": "said"}
    path = os.path.join(folder, f"rules-{plain}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(spec, file)
    return path


def rules_are_rules():
    with tempfile.TemporaryDirectory() as folder:
        done = promtool("check", "rules", write_rules(folder, False))
        assert done.returncode == 0, done.stdout + done.stderr


def every_alert_has_its_worlds():
    assert [case["alert"] for case in cases()] == [rule["alert"] for rule in alerts()]
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["summary"] and rule["annotations"]["description"], rule["alert"]


def alerts_fire_and_are_silent():
    """And promtool would say so if not: the same worlds, the other way round, fail."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_rules(folder, True)
        for case in cases():
            case["said"] = {"summary": "said"}
            labels = case["labels"]
            right = run_cases([world(case, "fires", labels), world(case, "silent", None)], path, folder)
            assert right.returncode == 0, f"{case['alert']}: {right.stdout}{right.stderr}"
            for which, wrong in (("fires", None), ("silent", labels)):
                done = run_cases([world(case, which, wrong)], path, folder)
                assert done.returncode != 0, f"{case['alert']}: promtool takes anything for {which}"


# -- names -------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def page(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=a", "-days", "30", "-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"],
                   check=True, capture_output=True)


def served(build):
    """/metrics of a manager whose API server is gone and who has a certificate."""
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        kubeconfig, port = os.path.join(folder, "kubeconfig"), free_port()
        with open(kubeconfig, "w", encoding="utf-8") as file:
            yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "a",
                            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
                            "clusters": [{"name": "a", "cluster": {"server": f"http://127.0.0.1:{free_port()}"}}],
                            "users": [{"name": "a", "user": {}}]}, file)
        manager = subprocess.Popen(
            [os.path.join(build, "manager"), "--kubeconfig", kubeconfig, "--runner-image", "example.org/a:1",
             "--health-probe-bind-address=0", f"--metrics-bind-address=127.0.0.1:{port}",
             f"--webhook-bind-address=127.0.0.1:{free_port()}", f"--webhook-cert-dir={folder}"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            return wait_for_page(manager, port)
        finally:
            manager.kill()
            manager.wait()


def wait_for_page(manager, port):
    for _ in range(200):
        assert manager.poll() is None, manager.stderr.read()
        try:
            text = page(port, "/metrics")
            if "rest_client_requests_total{" in text and "agenttask_certificate" in text:
                return text
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("no whole /metrics within ten seconds")


def names_in(text):
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line and not line.startswith("#")}


def names_asked(expression):
    """What is neither a text, a range, a matcher, a label nor a function."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]", " ", expression)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left) *\([^)]*\)", " ", bare)
    return set(re.findall(r"\b[a-z_][a-z_0-9]*\b(?! *\()", bare)) - OPERATORS - GIVEN


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def expressions():
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in panels(json.loads(read("dashboard.json"))):
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def every_name_is_served(build):
    there = names_in(served(build))
    for where, expression in expressions():
        asked = names_asked(expression)
        assert asked, f"{where}: asks for nothing: {expression}"
        assert asked <= there, f"{where}: nobody serves {sorted(asked - there)}"
    assert names_asked("sum(rate(no_such_total{a=\"b\"}[5m]))") - there == {"no_such_total"}


def labels_are_served(build):
    """A label or value that does not occur is an alert that never fires."""
    text = served(build)
    for where, expression in expressions():
        for name, matchers in re.findall(r"([a-z_]+)\{([^}]*)\}", expression):
            lines = [line for line in text.splitlines() if line.startswith(name + "{")]
            for label, value in re.findall(r'(\w+)="([^"]*)"', matchers):
                assert any(f'{label}="{value}"' in line for line in lines), f"{where}: {name}{{{label}={value}}}"
            for label, value in re.findall(r'(\w+)=~"([^"]*)"', matchers):
                for word in value.split("|"):
                    assert any(re.search(f'{label}="{word}"', line) for line in lines), f"{where}: {word}"


def what_is_served_is_by_the_book(build):
    done = promtool("check", "metrics", stdin=served(build))
    assert done.stdout + done.stderr == CONVENTION, done.stdout + done.stderr


def expressions_of_the_dashboard_are_promql():
    groups = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"a:{i}", "expr": expression.replace("$__rate_interval", "5m")}
        for i, (_, expression) in enumerate(expressions())]}]}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dashboard.yaml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(groups, file)
        done = promtool("check", "rules", path)
        assert done.returncode == 0, done.stdout + done.stderr


def the_dashboard_is_one():
    dashboard = json.loads(read("dashboard.json"))
    assert dashboard["uid"] and dashboard["title"] and dashboard["schemaVersion"] >= 36
    places, ids = set(), set()
    for panel in panels(dashboard):
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & places, f"{panel['title']} lies on another"
        assert panel["id"] not in ids, panel["title"]
        places |= cells
        ids.add(panel["id"])
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}" and panel["targets"], panel["title"]


BARE = [rules_are_rules, every_alert_has_its_worlds, alerts_fire_and_are_silent, the_dashboard_is_one,
        expressions_of_the_dashboard_are_promql]
WITH_BUILD = [every_name_is_served, labels_are_served, what_is_served_is_by_the_book]


def main():
    passed = failed = 0
    if not yaml or not shutil.which("promtool"):
        print("SKIP prometheus: python3-yaml or promtool is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    for test in [*BARE, *WITH_BUILD]:
        try:
            test(*(sys.argv[1:2] if test in WITH_BUILD else ()))
            passed += 1
        except AssertionError as error:
            failed += 1
            print(f"FAILED {test.__name__}: {error}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
