# SPDX-License-Identifier: Apache-2.0
# Verbs only: what to do. How it is built stands in meson.build, how it is tested in tools/test.
BUILD = build
FUZZ_SECONDS = 600
IMG ?= ghcr.io/agenttask/agenttask-operator:v0.1.0
C_FILES = $(shell find src tests -name '*.[ch]')

.PHONY: help setup build run test check crd fmt lint fuzz bench bench-operator bench-webhook test-cluster test-vm \
	image push deploy undeploy dist cluster-up cluster-shell cluster-down clean

help:
	@echo 'make run      build, run examples/agent.py in the sandbox, show its result'
	@echo 'make build    $(BUILD)/agentctl, $(BUILD)/manager and what they need'
	@echo 'make test     all tests that this machine can run; says what it skips'
	@echo 'make check    the quick ones: tree, format and unit tests'
	@echo 'make crd      config/crd/bases from the field tables'
	@echo 'make fmt      format the sources        make lint   formatter and second compiler'
	@echo 'make fuzz     FUZZ_SECONDS=$(FUZZ_SECONDS) per target'
	@echo 'make bench    start cost against bwrap and runc'
	@echo 'make bench-operator  the operator under load beside the Job controller (root; ten minutes)'
	@echo 'make bench-webhook  admissions with 0 and with 10 000 tasks (root; three minutes)'
	@echo 'make test-cluster  the suites on a real Kubernetes of one node (root, Go)'
	@echo 'make test-vm  the suites in a Debian 13 machine with cgroup v2'
	@echo 'make cluster-up, cluster-shell, cluster-down  a Kubernetes in namespaces (CLUSTER=, K8S=)'
	@echo 'make image IMG=..., push, deploy, undeploy  the operator: as $(BUILD)/image.tar, in its registry,'
	@echo '              on the cluster of kubectl'
	@echo 'make dist     dist/install.yaml from config/default'
	@echo 'make setup    packages for all of these'
	@echo 'make clean    remove the build directories'

setup:
	@tools/setup build test vm bench cluster image push

build:
	@tools/setup build
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) >&2
	@ninja -C $(BUILD) --quiet

run: build
	@$(BUILD)/agentctl run --local examples/agent.py
	@$(BUILD)/agentctl result --local @latest

test: # what cannot be installed is skipped, by name
	@tools/setup build
	@tools/setup test || true
	@tools/setup vm || true
	@tools/setup cluster || true
	@tools/test

check:
	@tools/setup build test
	@tools/test tree format unit

crd: build # after a change of the field tables or of src/api/crd_*.c
	@for plural in agenttasks runtimeprofiles; do \
		$(BUILD)/src/api/crdgen $$plural >config/crd/bases/execution.agenttask.io_$$plural.yaml || exit 1; done

fmt: # versions disagree: only the one the sources are formatted by
	@clang-format --version | grep -q 'version 14\.' || { echo 'fmt: needs clang-format 14'; exit 1; }
	@clang-format -i $(C_FILES)

lint:
	@tools/setup build test
	@tools/test tree format clang

fuzz:
	@tools/setup build test
	@tools/test --fuzz-seconds $(FUZZ_SECONDS) fuzz

bench: build
	@tools/setup bench
	@python3 tests/bench/start.py --build $(BUILD)

test-cluster:
	@tools/setup build test cluster
	@tools/test apiserver cluster

bench-operator: build
	@tools/setup cluster
	@python3 tests/bench/operator.py --build $(BUILD)

bench-webhook: build
	@tools/setup cluster bench
	@python3 tests/bench/webhook.py --build $(BUILD)

test-vm:
	@tools/setup build test vm
	@tools/test vm

image: build # an OCI archive, without Docker; nothing is pushed
	@tools/setup image
	@tools/image.py --name $(IMG) --build $(BUILD) --output $(BUILD)/image.tar

push: # what make image made, to where its name says
	@command -v skopeo >/dev/null || tools/setup push
	@skopeo copy --quiet $(if $(findstring 127.0.0.1:,$(IMG))$(findstring localhost:,$(IMG)),--dest-tls-verify=false) \
		oci-archive:$(BUILD)/image.tar docker://$(IMG)

deploy: # install or upgrade, with kubectl's current context
	@tools/deploy up $(IMG)

undeploy: # every AgentTask is deleted first
	@tools/deploy down

dist:
	@{ echo '# Made from config/default: make dist renews it. kubectl apply -f install.yaml'; \
		tools/deploy render $(IMG); } >$(BUILD)/install.yaml
	@mv $(BUILD)/install.yaml dist/install.yaml

cluster-up:
	@tools/setup cluster
	@tests/cluster/up

cluster-shell:
	@tests/cluster/shell

cluster-down:
	@tests/cluster/down

clean: # but for build-cluster: ten minutes of building that depend on nothing here
	rm -rf build $(filter-out build-cluster,$(wildcard build-*))
