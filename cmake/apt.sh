# shellcheck shell=bash
# Sourced by tests/run.sh and .ci/run: installs Debian packages that are not there yet.
#
#   etta_need PACKAGE...    by apt, through sudo where the user is not root; fails where it cannot
#   etta_need_openmp        clang's OpenMP: any version does, and two of them cannot be installed together

etta_need() {
    local missing=() package
    for package in "$@"; do
        case "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" in
            "install ok installed") ;;
            *) missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "not a Debian system: please install what corresponds to: ${missing[*]}" >&2
        return 0  # the build says what is really missing
    fi
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "neither root nor sudo: please have these installed: ${missing[*]}" >&2
            return 0
        fi
        sudo=(sudo)
    fi
    echo "installing: ${missing[*]}"
    local install=(${sudo[@]+"${sudo[@]}"} env DEBIAN_FRONTEND=noninteractive
                   apt-get install -y -qq --no-install-recommends "${missing[@]}")
    # The lists may be absent (a fresh image) or old (a package that has moved on): then fetch them, and try again.
    "${install[@]}" >/dev/null 2>&1 && return 0
    ${sudo[@]+"${sudo[@]}"} apt-get update -qq && "${install[@]}" >/dev/null
}

etta_need_openmp() {
    if ! dpkg-query -W -f='${Status} ${Package}\n' 'libomp*-dev' 2>/dev/null | grep -q '^install ok installed'; then
        etta_need libomp-dev
    fi
}
