#!/usr/bin/env bash
# Builds one example with plain g++ and runs it, from the folder it is called in.
#
#   examples/run.sh              lists the examples
#   examples/run.sh NAME [ARGS]  builds examples/NAME.cpp or examples/NAME/*.cpp if anything is newer, and runs it
#
# CXX: another compiler than g++. CXXFLAGS: more flags. ETTA_BUILD: where to build (default: build/examples).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

if [ $# -eq 0 ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    for f in "$here"/*.cpp "$here"/*/*.cpp; do
        [ -e "$f" ] || continue
        f=${f#"$here"/}
        f=${f%%/*}
        echo "  ${f%.cpp}"
    done | sort -u
    exit 0
fi
name=${1%/}
shift
name=$(basename "$name" .cpp)
if [ -f "$here/$name.cpp" ]; then
    sources=("$here/$name.cpp")
elif compgen -G "$here/$name/*.cpp" >/dev/null; then
    sources=("$here/$name"/*.cpp)
else
    echo "examples/run.sh: there is no example '$name'; without arguments this script lists them" >&2
    exit 2
fi

build=${ETTA_BUILD:-$root/build/examples}
mkdir -p "$build"
cxx=${CXX:-g++}
flags=(-std=c++20 -O3 -march=native -I "$root/include")
libraries=()
has() { printf '%s\n' "$2" | "$cxx" "${@:3}" -x c++ -o /dev/null - ${1:+"$1"} 2>/dev/null; }
if has "" 'int main() {}' -fopenmp; then flags+=(-fopenmp); fi
if has -lz '#include <zlib.h>
int main() { return zlibVersion() == nullptr; }'; then
    flags+=(-DETTA_HAS_ZLIB=1)
    libraries+=(-lz)
fi
if grep -q '<Eigen/' "${sources[@]}"; then
    . "$root/cmake/apt.sh"
    etta_need libeigen3-dev
    flags+=(-isystem /usr/include/eigen3)
fi
read -ra more <<<"${CXXFLAGS:-}"
command=("$cxx" "${flags[@]}" ${more[@]+"${more[@]}"} "${sources[@]}" -o "$build/$name" ${libraries[@]+"${libraries[@]}"})

# Up to date: made by this very command, and nothing that it includes is newer.
fresh=no
if [ -x "$build/$name" ] && [ "$(cat "$build/$name.command" 2>/dev/null)" = "${command[*]}" ] &&
   [ -z "$(find "$root/include" "${sources[@]}" "$here/$name" -newer "$build/$name" -type f 2>/dev/null | head -n 1)" ]; then
    fresh=yes
fi
if [ $fresh = no ]; then
    echo "building $name: ${command[*]}" >&2
    "${command[@]}"
    printf '%s' "${command[*]}" >"$build/$name.command"
fi
exec "$build/$name" "$@"
