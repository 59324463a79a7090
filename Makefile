# `make demo` runs the main job on the lab, `make test` passes all tests; both do all set-up on a Debian machine as root.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO_BUILD := cargo build --release --locked
LAB := tests/lab/lab

.PHONY: help
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

.PHONY: setup
setup: ## Install what building, lab and tests need (Debian, root)
	@tests/setup

.PHONY: build
build: setup ## Build kconf with the runner inside it
	$(CARGO_BUILD) --bin kconf
	@ls -l target/release/kconf

.PHONY: demo
demo: build ## The main job on the lab: inventory, ping, site.yml, blocks rising
	@tests/demo

.PHONY: test
test: build lint ## All tests: units, the binary against real sshd, the chain on booted machines
	cargo test --release --locked --workspace
	tests/lab/selftest
	tests/lab/scenarios

.PHONY: compat
compat: ## Hold kconf against what ansible-core made of the cases in tests/compat
	cargo test --release --locked --test compat

.PHONY: check-mode
check-mode: build ## Compare --check with the real run of realistic playbooks on the lab; ORACLE=VENV measures Ansible beside it
	tests/checkmode/run $(if $(ORACLE),--oracle $(ORACLE)) $(if $(TABLE),--table $(TABLE))

.PHONY: messages
messages: ## Compare what is said of each mistake in tests/messages; RENEW=1 takes over what is said now
	cargo test --release --locked --test messages $(if $(RENEW),-- --renew)

.PHONY: faults
faults: build ## Run modules where the machine cannot: full, read-only, locked and so on; prints what each says and leaves
	@tests/faults/run

.PHONY: dnf
dnf: ## Hold dnf against what ansible-core did with the real program; ROOT=TREE does so for dnf5, in a tree that has it
	cargo build --locked --no-default-features --features controller --bin kconf
	tests/dnf/run --kconf target/debug/kconf dnf
	$(if $(ROOT),tests/dnf/run --kconf target/debug/kconf --root $(ROOT) dnf5,@echo "dnf5 is not compared: see tests/dnf/run")

.PHONY: metadata
metadata: ## Hold ec2_metadata_facts against what Ansible's module answered of a stand-in of the metadata service of EC2
	cargo build --locked --no-default-features --features controller --bin kconf
	tests/ec2_metadata/run --kconf target/debug/kconf

.PHONY: docs
docs: ## Write the reference pages and schemas under docs/ that are made from the declarations
	cargo run --quiet --locked --no-default-features --features controller -- doc --write docs

.PHONY: lint
lint: ## Format and clippy; no warning is left
	cargo fmt --check --all
	cargo clippy --locked --workspace --all-targets --no-default-features --features controller -- -D warnings

.PHONY: bench
bench: build ## Compare with Ansible and pyinfra on the same machines, and on a large project
	@benches/run
	@benches/transfers
	@benches/scale

.PHONY: fuzz
fuzz: ## Feed the readers of text with made-up input for an hour (SECONDS_OF_FUZZING=3600)
	@tests/fuzz/run --seconds $${SECONDS_OF_FUZZING:-3600}

.PHONY: clean
clean: ## Take the lab down and remove what was built
	-$(LAB) down
	cargo clean
