#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The certificates and kubeconfigs of one cluster, valid as long as a test may take.
#   pki.sh DIRECTORY ADDRESS-TOWARDS-THE-HOST ADDRESS-OF-THE-NODE
set -euo pipefail
directory=$1 address=$2 node_ip=$3
mkdir -p "$directory"
chmod 700 "$directory"
cd "$directory"

# issue NAME SUBJECT [EXTENSION...]
issue() {
  local name=$1 subject=$2 extension arguments=()
  shift 2
  for extension in basicConstraints=CA:FALSE "$@"; do
    arguments+=(-addext "$extension")
  done
  openssl req -x509 -CA ca.crt -CAkey ca.key -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
    -nodes -days 30 -subj "$subject" -keyout "$name.key" -out "$name.crt" "${arguments[@]}" 2> openssl.log ||
    { cat openssl.log; exit 1; }
}

# client NAME SUBJECT [SERVER]: a certificate and the kubeconfig that holds it
client() {
  local name=$1 server=${3:-https://127.0.0.1:6443}
  issue "$name" "$2" extendedKeyUsage=clientAuth
  cat > "$name.conf" << CONFIG
apiVersion: v1
kind: Config
clusters:
- name: agenttask
  cluster:
    server: $server
    certificate-authority-data: $(base64 -w0 ca.crt)
users:
- name: $name
  user:
    client-certificate-data: $(base64 -w0 "$name.crt")
    client-key-data: $(base64 -w0 "$name.key")
contexts:
- name: agenttask
  context: { cluster: agenttask, user: $name }
current-context: agenttask
CONFIG
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
  -subj /CN=agenttask-test -keyout ca.key -out ca.crt \
  -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature 2> openssl.log ||
  { cat openssl.log; exit 1; }
openssl ecparam -name prime256v1 -genkey -noout -out sa.key
openssl ec -in sa.key -pubout -out sa.pub 2> /dev/null

names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
issue apiserver /CN=kube-apiserver extendedKeyUsage=serverAuth \
  "subjectAltName=$names,IP:127.0.0.1,IP:10.96.0.1,IP:$node_ip,IP:$address"
issue apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet extendedKeyUsage=clientAuth
client admin /O=system:masters/CN=kubernetes-admin "https://$address:6443"
client kube-controller-manager /CN=system:kube-controller-manager
client kube-scheduler /CN=system:kube-scheduler
client kubelet /O=system:nodes/CN=system:node:node1
client kube-proxy /CN=system:kube-proxy
client kube-router /O=system:masters/CN=kube-router
