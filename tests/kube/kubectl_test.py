#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""We read a kubeconfig as kubectl does: the same kubeconfigs are shown to `kubectl config view` and
to access_print, to `kubectl get` against a server of ours that notes what it is sent, and plugins
note what they are told.

    tests/kube/kubectl_test.py ACCESS_PRINT"""
import base64
import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading

V1 = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"
HEAD = "apiVersion: v1\nkind: Config\ncurrent-context: a\n"


def config(cluster, user, context="cluster: c, user: u"):
    return (f"{HEAD}contexts: [{{name: a, context: {{{context}}}}}]\n"
            f"clusters: [{{name: c, cluster: {{{cluster}}}}}]\n"
            f"users: [{{name: u, user: {{{user}}}}}]\n")


def pem(label, text):
    body = base64.b64encode(text.encode()).decode()
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def data(label, text):
    return base64.b64encode(pem(label, text).encode()).decode()


S = "server: 'https://h:6443'"
VIEWS = {  # name: (files, flags); the first files are $KUBECONFIG, unless a flag names one
    "token": ({"k": config(S, "token: t")}, []),
    "namespace": ({"k": config(S, "token: t", "cluster: c, user: u, namespace: team")}, []),
    "no_user": ({"k": config(S, "token: t", "cluster: c")}, []),
    "basic": ({"k": config(S, "username: me, password: pass word")}, []),
    "token_file": ({"k": config(S, "tokenFile: sub/token")}, []),
    "token_and_file": ({"k": config(S, "token: t, tokenFile: sub/token")}, []),
    "ca_file": ({"k": config(S + ", certificate-authority: sub/ca.crt", "")}, []),
    "ca_data": ({"k": config(S + ", certificate-authority-data: " + data("CERTIFICATE", "d"), "")},
                []),
    "data_in_lines": ({"k": HEAD + "contexts: [{name: a, context: {cluster: c}}]\nclusters:\n"
                       "- name: c\n  cluster:\n    server: https://h\n"
                       "    certificate-authority-data: |\n      "
                       + data("CERTIFICATE", "dd")[:30] + "\n      "
                       + data("CERTIFICATE", "dd")[30:] + "\n"}, []),
    "certificate_files": ({"k": config(S, "client-certificate: me.crt, client-key: me.key")}, []),
    "certificate_data": ({"k": config(S, "client-certificate-data: " + data("CERTIFICATE", "x")
                                      + ", client-key-data: " + data("PRIVATE KEY", "y"))}, []),
    "tls_server_name": ({"k": config(S + ", tls-server-name: other", "")}, []),
    "insecure": ({"k": config(S + ", insecure-skip-tls-verify: true", "")}, []),
    "compression": ({"k": config(S + ", disable-compression: true", "")}, []),
    "proxy_http": ({"k": config(S + ", proxy-url: 'http://u:p@proxy:3128'", "")}, []),
    "proxy_https": ({"k": config(S + ", proxy-url: 'https://proxy'", "")}, []),
    "proxy_socks5": ({"k": config(S + ", proxy-url: 'socks5://proxy:1080'", "")}, []),
    "impersonation": ({"k": config(S, "token: t, as: s, as-uid: '7', as-groups: [g, h], "
                                   "as-user-extra: {k: [v, w], l: [x]}")}, []),
    "exec": ({"k": config(S, "exec: {command: aws, args: [a b, ''], env: [{name: A, value: b c}], "
                          "installHint: get it, provideClusterInfo: true, " + V1 + "}")}, []),
    "exec_beta": ({"k": config(S, "exec: {command: ./bin/aws, "
                               "apiVersion: client.authentication.k8s.io/v1beta1}")}, []),
    "unknown_fields": ({"k": "extra: 1\n" + config(S + ", y1: [2]", "token: t, z1: {}")
                        + "extensions: [{name: e, extension: {w: 1}}]\n"}, []),
    "nulls": ({"k": config(S + ", proxy-url: null", "token: t, as: null, exec: null")}, []),
    "json": ({"k": json.dumps({
        "kind": "Config", "apiVersion": "v1", "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://h"}}],
        "users": [{"name": "u", "user": {"token": "\u00e9\n".strip()}}]}, indent="\t")}, []),
    "merge": ({"k": "users: [{name: u, user: {token: one}}]\n",
               "sub/two": config(S + ", certificate-authority: ca.crt", "token: two, as: two"),
               "three": "current-context: b\ncontexts: [{name: b}, {name: a}]\nclusters: "
                        "[{name: c, cluster: {server: 'https://three'}}]\n"}, []),
    "missing_in_list": ({"gone": None, "k": config(S, "token: t")}, []),
    "flag": ({"k": config(S, "token: env")}, ["--kubeconfig", "flag.yaml"]),
    "context": ({"k": config(S, "token: t") + "# none\n", "two":
                 "contexts: [{name: b, context: {cluster: c, user: v, namespace: m}}]\n"
                 "users: [{name: v, user: {token: v}}]\n"}, ["--context", "b"]),
}
REFUSED = {  # by both
    "yaml": ({"k": "a: ["}, []),
    "kind": ({"k": "kind: Pod\napiVersion: v1\n"}, []),
    "text": ({"k": "hello"}, []),
    "token_is_number": ({"k": config(S, "token: 5")}, []),
    "flag_is_text": ({"k": config(S + ", insecure-skip-tls-verify: 'true'", "")}, []),
    "twice": ({"k": config(S, "") .replace("contexts: [", "contexts: [{name: a}, ")}, []),
    "context_unknown": ({"k": config(S, "")}, ["--context", "x"]),
    "current_unknown": ({"k": "current-context: x\n"}, []),
    "second_is_broken": ({"k": config(S, "token: t"), "two": "{"}, []),
    "flag_is_missing": ({"k": config(S, "token: t")}, ["--kubeconfig", "gone"]),
    "data_is_no_base64": ({"k": config(S + ", certificate-authority-data: '!'", "")}, []),
    "ca_is_missing": ({"k": config(S + ", certificate-authority: gone", "")}, []),
    "ca_is_no_pem": ({"k": config(S + ", certificate-authority: sub/token", "")}, []),
    "ca_and_insecure": ({"k": config(S + ", insecure-skip-tls-verify: true, "
                                     "certificate-authority: sub/ca.crt", "")}, []),
    "proxy_scheme": ({"k": config(S + ", proxy-url: 'ftp://p'", "")}, []),
    "no_server": ({"k": config("tls-server-name: t", "token: t")}, []),
    "certificate_without_key": ({"k": config(S, "client-certificate: me.crt")}, []),
    "token_and_basic": ({"k": config(S, "token: t, username: u, password: p")}, []),
    "groups_without_user": ({"k": config(S, "as-groups: [g]")}, []),
    "auth_provider": ({"k": config(S, "auth-provider: {name: gcp}")}, []),
    "exec_alpha": ({"k": config(S, "exec: {command: c, interactiveMode: Never, "
                                "apiVersion: client.authentication.k8s.io/v1alpha1}")}, []),
    "exec_without_mode": ({"k": config(S, "exec: {command: c, "
                                       "apiVersion: client.authentication.k8s.io/v1}")}, []),
    "exec_without_command": ({"k": config(S, "exec: {" + V1 + "}")}, []),
    "exec_without_version": ({"k": config(S, "exec: {command: c}")}, []),
    "exec_is_missing": ({"k": config(S, "exec: {command: ./no-such-plugin, " + V1 + "}")}, []),
    "exec_fails": ({"k": config(S, "exec: {command: ./fail, " + V1 + "}")}, []),
    "exec_other_version": ({"k": config(S, "exec: {command: ./plugin, apiVersion: "
                                        "client.authentication.k8s.io/v1beta1}")}, []),
}
PLUGIN = f"exec: {{command: ./plugin, args: [a b, '', '$(x)'], env: [{{name: A, value: b}}], {V1}}}"
SENT = {  # user, what is added to the cluster
    "token": ("token: t", ""),
    "token_file": ("tokenFile: sub/token", ""),
    "token_and_file": ("token: t, tokenFile: sub/token", ""),
    "token_and_missing_file": ("token: t, tokenFile: gone", ""),
    "exec": (PLUGIN, ""),
    "exec_with_cluster": (PLUGIN.replace("Never", "IfAvailable, provideClusterInfo: true"),
                          ", tls-server-name: localhost, disable-compression: true, extensions: "
                          "[{name: client.authentication.k8s.io/exec, extension: {aud: [1, x, null]}}]"),
    "exec_beside_token": ("token: t, " + PLUGIN, ""),
}


class Place:
    """A directory with the files that a case names."""

    def __init__(self, top, program):
        self.top, self.program = top, program
        self.write("sub/ca.crt", pem("CERTIFICATE", "ca"))
        self.write("me.crt", pem("CERTIFICATE", "me"))
        self.write("me.key", pem("PRIVATE KEY", "key"))
        self.write("sub/token", "from-file\n")
        self.write("flag.yaml", config(S, "token: flag"))
        self.write("fail", "#!/bin/sh\nexit 3\n", 0o755)
        answer = json.dumps({"apiVersion": "client.authentication.k8s.io/v1",
                             "kind": "ExecCredential", "status": {"token": "from-plugin"}})
        self.write("plugin", "#!/bin/sh\n{ printf '<%s>' \"$@\" \"$A\"; echo "
                   f"\"$KUBERNETES_EXEC_INFO\"; }} >\"$0.told\"\necho '{answer}'\n", 0o755)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def told(self):
        path = os.path.join(self.top, "plugin.told")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            text = file.read()
        os.unlink(path)
        return text

    def run(self, files, command):
        for name, text in files.items():
            if text is not None:
                self.write(name, text)
        environment = {"PATH": os.environ["PATH"], "HOME": os.path.join(self.top, "home"),
                       "KUBECONFIG": ":".join(os.path.join(self.top, name) for name in files)}
        done = subprocess.run(command, cwd=self.top, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def ours(self, files, flags):
        return self.run(files, [self.program, *flags])

    def kubectl(self, files, flags):
        return self.run(files, ["kubectl", *flags])


def decoded(text):
    return base64.b64decode(text or "").decode()


def from_view(view):
    """The JSON of `kubectl config view` in access_print's form."""
    context = view["contexts"][0]["context"]
    cluster = view["clusters"][0]["cluster"]
    user = (view["users"] or [{"user": {}}])[0]["user"]
    plugin = user.get("exec") or {}
    return {key: value for key, value in {
        "server": cluster["server"], "context": view["current-context"],
        "space": context.get("namespace", "default"),
        "ca": decoded(cluster.get("certificate-authority-data")),
        "insecure": cluster.get("insecure-skip-tls-verify"),
        "tls-server-name": cluster.get("tls-server-name"), "proxy": cluster.get("proxy-url"),
        "no-compression": cluster.get("disable-compression"),
        "cert": decoded(user.get("client-certificate-data")),
        "key": decoded(user.get("client-key-data")),
        "token": user.get("token"), "token-file": user.get("tokenFile"),
        "user": user.get("username"), "password": user.get("password"),
        "as": user.get("as"), "as-uid": user.get("as-uid"), "as-groups": user.get("as-groups"),
        "as-extra": [f"{name}={one}" for name, each in (user.get("as-user-extra") or {}).items()
                     for one in each],
        "command": plugin.get("command"), "args": plugin.get("args"),
        "env": [f"{one['name']}={one['value']}" for one in plugin.get("env") or []],
        "api": plugin.get("apiVersion"), "mode": plugin.get("interactiveMode"),
        "hint": plugin.get("installHint"), "gets-cluster": plugin.get("provideClusterInfo"),
    }.items() if value}


def check_view(place, files, flags):
    status, text, error = place.kubectl(
        files, ["config", "view", "--minify", "--flatten", "--raw", "-o", "json", *flags])
    if status:
        return f"kubectl: {error}"
    wanted = from_view(json.loads(text))
    status, text, error = place.ours(files, flags)
    if status:
        return error
    got = json.loads(text)
    for key in ("token-file", "command"):  # kubectl shows them as they are written
        for each in (wanted, got):
            if "/" in each.get(key, ""):
                each[key] = os.path.normpath(os.path.join(place.top, each[key]))
    return None if got == wanted else f"kubectl {wanted}\nours    {got}"


def check_refused(place, files, flags):
    status, text, error = place.kubectl(files, ["get", "--raw", "/x", *flags])
    if not status or "dial tcp" in error:
        return f"kubectl takes it: {text} {error}"
    status, text, error = place.ours(files, ["--ask", *flags])
    return None if status == 1 and error.strip() else f"kubectl: {error}, we take it: {text}"


def check_sent(place, server, user, cluster):
    files = {"k": config(server.cluster + cluster, user)}
    server.seen.clear()
    place.told()
    _, _, error = place.kubectl(files, ["get", "--raw", "/x"])
    if not server.seen:
        return f"kubectl does not come: {error}"
    wanted = server.seen[-1].get("Authorization", "Bearer ")
    told = place.told()
    status, text, error = place.ours(files, ["--ask"])
    if status:
        return error
    got = ("Bearer " + text.splitlines()[1], place.told())
    return None if got == (wanted, told) else f"kubectl {(wanted, told)}\nours    {got}"


class Server:
    """An API server that has nothing, and notes the headers it gets."""

    def __init__(self, top):
        self.seen = seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.headers)
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key", "-out",
                        "server.crt", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1,DNS:localhost"], cwd=top, check=True,
                       capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{top}/server.crt", f"{top}/server.key")
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.cluster = (f"server: 'https://127.0.0.1:{self.http.server_port}', "
                        "certificate-authority: server.crt")
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def main():
    for program in ("kubectl", "openssl"):
        if not shutil.which(program):
            print(f"SKIP kubectl_reads_the_same: {program} is not installed")
            print("0 passed, 0 failed, 1 skipped")
            return 0
    results = {}
    with tempfile.TemporaryDirectory(prefix="agenttask-kubectl-") as top:
        place = Place(top, os.path.abspath(sys.argv[1]))
        server = Server(top)
        for name, case in VIEWS.items():
            results[f"view_{name}"] = check_view(place, *case)
        for name, case in REFUSED.items():
            results[f"refused_{name}"] = check_refused(place, *case)
        for name, case in SENT.items():
            results[f"sent_{name}"] = check_sent(place, server, *case)
        server.http.shutdown()
    failures = {name: text for name, text in results.items() if text}
    for name, text in failures.items():
        print(f"[  FAILED  ] {name}\n{text}")
    print(f"{len(results) - len(failures)} passed, {len(failures)} failed, 0 skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
