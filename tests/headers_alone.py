#!/usr/bin/env python3
"""Compiles every public header alone, so that none leans on what another one happens to include.

    headers_alone.py [--entries] COMPILER [FLAGS...]     from anywhere; says which fail, and exits with 1 if one does

--entries: only those that users include, etta.hpp, classical.hpp and micro.hpp.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
JOBS = int(os.environ.get("ETTA_JOBS", "1"))


def check(header, command):
    name = header.relative_to(INCLUDE)
    # Included twice: the second time must add nothing. What users include must not warn either.
    source = f"#include <{name}>\n#include <{name}>\n"
    strict = ["-Wall", "-Wextra", "-Werror"] if len(name.parts) == 2 else []
    result = subprocess.run(command + ["-std=c++20", *strict, "-fsyntax-only", "-I", str(INCLUDE), "-x", "c++", "-"],
                            input=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                            errors="replace")
    return name, result.returncode, result.stdout


# What users include must not bring these along: they cost every file more than they give.
HEAVY = {"iostream", "filesystem", "thread", "functional", "map", "unordered_map", "regex", "random", "future", "chrono"}


def heavy(header, command):
    """The standard headers of HEAVY that an entry header brings along, by whatever way."""
    result = subprocess.run(command + ["-std=c++20", "-M", "-I", str(INCLUDE), "-x", "c++", "-"], encoding="utf-8",
                            input=f"#include <{header.relative_to(INCLUDE)}>\n", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    paths = result.stdout.replace("\\\n", " ").split()
    return sorted({pathlib.PurePath(p).name for p in paths if "c++" in p} & HEAVY)


def main():
    command = sys.argv[1:]
    entries = "--entries" in command[:1]
    command = command[entries:]
    if not command:
        sys.exit(__doc__)
    headers = sorted(INCLUDE.rglob("*.hpp"))
    # CUDA headers need nvcc.
    headers = [h for h in headers if "cuda" not in h.relative_to(INCLUDE).parts]
    if entries:
        headers = [h for h in headers if len(h.relative_to(INCLUDE).parts) == 2]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for name, code, output in pool.map(lambda h: check(h, command), headers):
            if code != 0:
                failed += 1
                print(f"{name} does not compile alone:\n{output[:4000]}")
    if "-stdlib=libc++" in command:  # whose own headers include each other freely
        HEAVY.clear()
    for header in headers:
        if len(header.relative_to(INCLUDE).parts) == 2 and heavy(header, command):
            failed += 1
            print(f"{header.relative_to(INCLUDE)} brings along: {', '.join(heavy(header, command))}")
    print(f"{len(headers) - failed} of {len(headers)} headers compile alone")
    sys.exit(failed != 0)


main()
