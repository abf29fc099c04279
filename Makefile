# `make demo` and `make test` are all one needs; both set up the environment first.
PYTHON ?= python3
ARGS ?=
UV_VERSION := 0.13.8
READY := .venv/.ready
IDENTITY := .venv/.identity
SBOM := dist/fyi-xpm.cdx.json
TESTS := .venv/bin/pytest -n auto --dist loadgroup

# Prefect is a large program: without compiled bytecode every start of it takes twice as long.
export PYTHONDONTWRITEBYTECODE :=
export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo test check coverage faults lint bench audit sbom clean
.DEFAULT_GOAL := help

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: $(READY)  ## try the runbook on this machine; ARGS=--unattended lets a scripted administrator do it
	.venv/bin/fyi-xpm demo $(ARGS)

test: $(READY) lint  ## lint, types, import rules, and a test of every rule, in 10 to 15 minutes of two cores
	$(TESTS) -m "not deep"

check: $(READY) $(IDENTITY) lint  ## everything: every test on both databases, 350 sequences of faults, every kind of kill, the demo, in about 40 minutes
	$(TESTS)
	.venv/bin/fyi-xpm demo --unattended

coverage: $(READY) $(IDENTITY)  ## the tests of `make check`, watched: which lines and branches none of them runs; takes half as long again
	rm -f .coverage .coverage.*
	$(TESTS) --cov --cov-report=term:skip-covered --cov-fail-under=96

faults: $(READY)  ## more of what `make check` does: 3,000 random sequences of faults, and a kill at every step of every sync, in about 25 minutes
	XPM_SEQUENCES=3000 XPM_KILLS=every .venv/bin/pytest tests/pull/breaking -n auto --timeout 1800

lint: $(READY)  ## style, types and import rules alone
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: $(READY)  ## measure side by side what history, throughput and memory come to, in about 12 minutes; ARGS=--quick tries it out
	.venv/bin/uv sync --frozen --inexact --group bench --quiet
	.venv/bin/python -m bench $(ARGS)

audit: $(READY)  ## ask osv.dev whether a locked package has a known vulnerability; needs the internet
	.venv/bin/uv audit --frozen --preview-features audit

sbom: $(READY)  ## write what the product is made of, as CycloneDX, into dist/; each release has it
	mkdir -p $(dir $(SBOM))
	.venv/bin/uv export --frozen --no-default-groups --format cyclonedx1.5 --preview-features sbom-export --quiet --output-file $(SBOM) > /dev/null

clean:  ## remove the environment and everything the demo left
	rm -rf .venv .xpm

$(READY): pyproject.toml uv.lock
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet uv==$(UV_VERSION)
	.venv/bin/uv sync --frozen --compile-bytecode --quiet
	touch $@

# Node, which the tests of the login run a certified OpenID provider with. It takes 200 MB, so only `make check` installs it.
$(IDENTITY): $(READY)
	.venv/bin/uv sync --frozen --inexact --group identity --quiet
	touch $@
