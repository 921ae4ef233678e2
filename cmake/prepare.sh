#!/usr/bin/env bash
# Installs missing packages and configures build/. Usage: prepare.sh LIST... [CMAKE OPTION...]
# The lists are those of debian-packages.txt. Only root installs; another user is told what to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
while [[ $# -gt 0 && $1 != -* ]]; do
  for package in $(awk -v list="[$1]" '/^\[/ { on = $0 == list } /^[^#[]/ && on' cmake/debian-packages.txt); do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
  done
  shift
done

if ! command -v apt-get >/dev/null; then
  echo "This is not a Debian system: install yourself what cmake/debian-packages.txt names." >&2
elif [[ ${#missing[@]} -gt 0 ]]; then
  if [[ $(id -u) -ne 0 ]]; then
    echo "Missing packages. Install them with: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

options=(-DCMAKE_BUILD_TYPE=Release)
if command -v ccache >/dev/null; then
  options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
cmake -G Ninja -S . -B build "${options[@]}" "$@"
