#!/usr/bin/env bash
# Builds ITK 5.4 with its Python from Debian's source package, then this module with its wrapping against it, and tests
# that. Usage: build_itk.sh [FOLDER]. What is done already is not done again; the first time takes an hour or two and
# 3 GB.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/annotation-upgrade/itk-wrapped}
mkdir -p "$place"
place=$(cd "$place" && pwd)

packages=(castxml g++ libexpat1-dev libjpeg-dev libpng-dev libtiff-dev libtorch-dev nlohmann-json3-dev python3-dev
          python3-venv xz-utils zlib1g-dev)
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  if [[ $(id -u) -ne 0 ]]; then
    echo "Missing packages. Install them with: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [[ ! -d $place/source ]]; then
  mkdir -p "$place/apt/lists/partial" "$place/unpack"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed -n 1p)
  echo "deb-src $mirror sid main" >"$place/apt/sources.list"
  apt=(apt-get -o Dir::Etc::SourceList="$place/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
       -o Dir::State::Lists="$place/apt/lists" -o Dir::Cache="$place/apt")
  "${apt[@]}" update
  (cd "$place/apt" && "${apt[@]}" source --download-only --tar-only insighttoolkit5)
  tar --extract --strip-components=1 --directory "$place/unpack" --file "$place"/apt/insighttoolkit5_*.orig.tar.xz
  mv "$place/unpack" "$place/source"
  rm -r "$place/apt"
fi

if [[ ! -x $place/venv/bin/swig ]]; then
  /usr/bin/python3 -m venv "$place/venv"
  "$place/venv/bin/pip" install --quiet 'cmake>=3.26' ninja numpy 'swig==4.3.*'
fi
export PATH=$place/venv/bin:$PATH

options=(-G Ninja -DCMAKE_BUILD_TYPE=Release "-DCMAKE_C_FLAGS_RELEASE=-O1 -DNDEBUG"
         "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG" -DBUILD_TESTING=OFF -DPython3_EXECUTABLE="$place/venv/bin/python"
         -DITK_USE_SYSTEM_CASTXML=ON -DCASTXML_EXECUTABLE=/usr/bin/castxml -DITK_USE_SYSTEM_SWIG=ON
         -DSWIG_EXECUTABLE="$place/venv/bin/swig" -DITK_USE_PYTHON_LIMITED_API=OFF)
if command -v ccache >/dev/null; then
  options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi

if [[ ! -f $place/itk/build.ninja ]]; then
  system=()
  for library in PNG TIFF JPEG ZLIB EXPAT; do
    system+=("-DITK_USE_SYSTEM_$library=ON")
  done
  wrapped=()
  for type in unsigned_char unsigned_short signed_short float rgb_unsigned_char rgba_unsigned_char vector_float \
              covariant_vector_float complex_float; do
    wrapped+=("-DITK_WRAP_$type=ON")
  done
  modules=(-DITKGroup_Core=OFF)
  for module in Common Mesh Statistics ImageFilterBase IOImageBase IOMeta BridgeNumPy; do # Common's wrapping needs Mesh
    modules+=("-DModule_ITK$module=ON")
  done
  cmake -S "$place/source" -B "$place/itk" "${options[@]}" -DCMAKE_CXX_STANDARD=17 -DBUILD_SHARED_LIBS=ON \
        -DBUILD_EXAMPLES=OFF -DITK_BUILD_DEFAULT_MODULES=OFF -DITK_USE_KWSTYLE=OFF -DITK_FORBID_DOWNLOADS=ON \
        -DITK_SKIP_PATH_LENGTH_CHECKS=ON -DITK_WRAP_PYTHON=ON "-DITK_WRAP_IMAGE_DIMS=2;3" -DITK_WRAP_double=OFF \
        -DITK_WRAP_DOC=OFF "${system[@]}" "${wrapped[@]}" "${modules[@]}"
fi
cmake --build "$place/itk"

cmake -S "$source" -B "$place/module" "${options[@]}" -DITK_DIR="$place/itk"
cmake --build "$place/module"

export PYTHONPATH=$place/itk/Wrapping/Generators/Python
python "$source/wrapping/test/AnnotationUpgradeTest.py"
