#!/usr/bin/env bash
# Installs what is missing, builds into build/, and does the whole of the method on phantoms: writes
# build/run/report.json and build/run/panel.png. Options go to `annotation-upgrade run`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cmake/prepare.sh build -DBUILD_TESTING=OFF
cmake --build build --parallel "$(nproc)" --target annotation-upgrade
mkdir -p build/run
build/bin/annotation-upgrade run --json build/run/report.json --panel build/run/panel.png "$@"
