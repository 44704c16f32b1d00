#!/usr/bin/env bash
# Trains a small CNN on the UCI handwritten digits and shows it working; on a fresh Debian 12 it first installs what it
# needs (compiler included). Arguments go to the example: examples/quickstart.sh --data DIR trains LeNet-5 on MNIST files.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cmake/apt.sh"
etta_need g++ libxsimd-dev zlib1g-dev
exec bash "$here/run.sh" digits "$@"
