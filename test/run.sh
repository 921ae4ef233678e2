#!/usr/bin/env bash
# Installs what is missing, builds into build/ and runs every test. Tests on real images look for them in
# $ANNOTATION_UPGRADE_DATA and are skipped where there are none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian's Python libraries are for Debian's Python.
cmake/prepare.sh build test -DBUILD_TESTING=ON -DPython3_EXECUTABLE=/usr/bin/python3 -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
cmake --build build --parallel "$(nproc)"

# Threads that spin while they wait steal the time of the tests beside them.
export OMP_WAIT_POLICY=passive
ctest --test-dir build --output-on-failure --parallel "$(nproc)"
