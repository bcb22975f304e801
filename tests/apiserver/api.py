# SPDX-License-Identifier: Apache-2.0
"""A kube-apiserver by plain requests: `kubectl proxy` does TLS and credentials."""
import http.client
import json
import subprocess

GROUP = "/apis/execution.agenttask.io/v1alpha1"
NAMESPACE = "default"


class Server:
    def __init__(self):
        self.proxy = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE,
                                      text=True)
        self.port = int(self.proxy.stdout.readline().split(":")[-1])

    def close(self):
        self.proxy.kill()
        self.proxy.wait()

    def call(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, None if body is None else json.dumps(body),
                           {"Content-Type": kind, "Accept": "application/json"})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text)

    def create(self, thing):
        return self.call("POST", collection(thing["kind"]) + "?fieldValidation=Strict", thing)

    def get(self, thing):
        return self.call("GET", place(thing))[1]

    def patch(self, thing, change, subresource=""):
        return self.call("PATCH", place(thing) + subresource + "?fieldValidation=Strict", change,
                         "application/merge-patch+json")

    def replace(self, thing):
        return self.call("PUT", place(thing) + "?fieldValidation=Strict", thing)

    def delete(self, thing):
        return self.call("DELETE", place(thing))


def collection(kind):
    return GROUP + ("/runtimeprofiles" if kind == "RuntimeProfile"
                    else f"/namespaces/{NAMESPACE}/agenttasks")


def place(thing):
    return f"{collection(thing['kind'])}/{thing['metadata']['name']}"


def thing_of(kind, spec, name="x"):
    return {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": kind,
            "metadata": {"name": name}, "spec": spec}


def changed(good, change):
    """A merge, one level deep: null takes a member away."""
    return {key: value for key, value in {**good, **change}.items() if value is not None}
