#!/usr/bin/env bash
# Installs what is missing, builds into build/, and repeats the measurements of Documentation/performance.md that need no
# GPU, or those named: run.sh [network] [perturb] [memory]. Writes what they found into build/benchmark/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[[ $# -gt 0 ]] || set -- network perturb memory
for part in "$@"; do
  if [[ ! $part =~ ^(network|perturb|memory)$ ]]; then
    echo "There is no benchmark '$part'; there are network, perturb and memory." >&2
    exit 1
  fi
done

cmake/prepare.sh build test benchmark -DBUILD_TESTING=ON -DAnnotationUpgrade_BUILD_BENCHMARKS=ON
cmake --build build --parallel "$(nproc)" --target annotation-upgrade networkBenchmark perturbBenchmark
mkdir -p build/benchmark

# Debian's Python libraries are for Debian's Python.
measure() { /usr/bin/python3 "test/benchmark/$1.py" "${@:2}"; }

for part in "$@"; do
  case $part in
    network)
      measure network_peers --program build/bin/networkBenchmark --output build/benchmark/network.json \
        --base-channels 16 64
      ;;
    perturb)
      measure perturb_peers --program build/bin/perturbBenchmark --output build/benchmark/perturb
      ;;
    memory)
      measure memory --tool build/bin/annotation-upgrade --folder build/benchmark/memory --json build/benchmark/memory.json
      ;;
  esac
done
