#!/usr/bin/env python3
"""The house's rules that a script can check. Prints one line per offence: file:line: what is wrong. Exits with 1 if any.

    lint.py            checks include/etta
    lint.py --stats    also prints how long the headers are
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ETTA = ROOT / "include" / "etta"

LONGEST = 600  # lines of a header

# A header includes only from its own folder and those before it (an op writes its gradient into the IR: ir, then op).
ORDER = "core simd math ir op expr autodiff compile run linalg io nn optim data train classical".split()
# Entry headers stand above all.
ENTRIES = {"etta.hpp", "classical.hpp", "micro.hpp"}

# Standard headers that cost more than they give. A folder may be let off one, with a reason.
FORBIDDEN = {
    "iostream": "a static initialiser in every file; <iosfwd> or cstdio",
    "fstream": "use io/file.hpp",
    "sstream": "build a std::string",
    "filesystem": "0.3 s per file; use io/file.hpp",
    "regex": "1 s per file",
    "thread": "threads are OpenMP's",
    "memory": "0.1 s per file; data/shared.hpp",
    "algorithm": "0.3 s per file; io/sort.hpp",
    "functional": "take a template parameter",
    "map": "a sorted array",
    "unordered_map": "a sorted array",
    "bits/stdc++.h": "everything",
    "random": "core/random.hpp: the standard's distributions differ by library",
}
ALLOWED = {("data/prefetch.hpp", "thread"): "who includes it wants a thread; no entry header does"}

# Headers that users include by themselves, because they cost more than most programs want to pay, or need what not all systems have.
# No entry header may reach one.
BY_ITSELF = {
    "data/images.hpp": "image files and folders: dirent.h, decoders",
    "data/mapped.hpp": "mmap",
    "data/parallel.hpp": "few need it",
    "data/prefetch.hpp": "<thread>",
    "data/transforms.hpp": "transforms of images",
    "io/stb.hpp": "stb_image.h",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
WORDS = [re.compile(r"\b" + a + b + r"\b") for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"))]

offences = []


def offend(path, line, what):
    offences.append(f"{path.relative_to(ROOT)}:{line}: {what}")


def folder_of(path):
    parts = path.relative_to(ETTA).parts
    return parts[0] if len(parts) > 1 else None


def local_target(path, bracket, name):
    """The header of ours that an include means, or None."""
    if bracket == "<":
        return ETTA.parent / name if name.startswith("etta/") else None
    return (path.parent / name).resolve()


def check(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    name = str(path.relative_to(ETTA))
    targets = []
    if len(lines) > LONGEST:
        offend(path, len(lines), f"{len(lines)} lines; a header is one idea, {LONGEST} at most")
    if not lines or not lines[0].startswith("//"):
        offend(path, 1, "does not open with a comment that says what it is")
    if "#pragma once" not in text:
        offend(path, 1, "no #pragma once")
    if text and not text.endswith("\n"):
        offend(path, len(lines), "no newline at the end")
    for number, line in enumerate(lines, 1):
        for word in WORDS:
            if word.search(line):
                offend(path, number, f"unfinished: {word.search(line).group()}")
        if "\t" in line:
            offend(path, number, "a tab")
        if line != line.rstrip():
            offend(path, number, "blanks at the end of the line")
        m = INCLUDE.match(line)
        if not m:
            continue
        bracket, included = m.groups()
        if included in FORBIDDEN and (name, included) not in ALLOWED:
            offend(path, number, f"<{included}> is not used here: {FORBIDDEN[included]}")
        if included.startswith("xsimd") and folder_of(path) != "simd":
            offend(path, number, "only simd/ includes xsimd")
        target = local_target(path, bracket, included)
        if target is None:
            continue
        if not target.exists():
            offend(path, number, f"no such header: {included}")
            continue
        targets.append(target)
        mine, theirs = folder_of(path), folder_of(target)
        if mine is None:
            continue
        if theirs is None:
            offend(path, number, f"{included}: an entry header is for users only")
        elif mine in ORDER and theirs in ORDER and ORDER.index(theirs) > ORDER.index(mine):
            offend(path, number, f"{mine}/ must not include from {theirs}/, which stands after it")
    return targets


def reachable(graph, start):
    seen, todo = set(), list(start)
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += graph.get(path, [])
    return seen


def cycles(graph):
    state = {}

    def visit(path, trail):
        if state.get(path) == 2:
            return
        if state.get(path) == 1:
            ring = trail[trail.index(path):] + [path]
            offend(path, 1, "headers include each other: " + " -> ".join(str(p.relative_to(ETTA)) for p in ring))
            return
        state[path] = 1
        for target in graph[path]:
            visit(target, trail + [path])
        state[path] = 2

    for path in graph:
        visit(path, [])


def main():
    headers = sorted(ETTA.rglob("*.hpp"))
    graph = {path: check(path) for path in headers}
    for path in headers:
        if folder_of(path) is None and path.name not in ENTRIES:
            offend(path, 1, "only entry headers stand here: " + ", ".join(sorted(ENTRIES)))
        elif folder_of(path) is not None and folder_of(path) not in ORDER:
            offend(path, 1, f"{folder_of(path)}/ has no place in the order")
    cycles(graph)
    entries = [path for path in headers if folder_of(path) is None and path.name in ENTRIES]
    if entries:
        by_itself = [ETTA / name for name in BY_ITSELF]
        for path in sorted(reachable(graph, entries) & set(by_itself)):
            offend(path, 1, "an entry header reaches it: it is to be included by itself")
        seen = reachable(graph, entries + by_itself)
        for path in headers:
            if path not in seen and "cuda" not in path.parts:
                offend(path, 1, "an orphan: no entry header reaches it")
    if "--stats" in sys.argv:
        sizes = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in headers)
        if sizes:
            print(f"{len(sizes)} headers, {sum(sizes)} lines; median {sizes[len(sizes) // 2]}, "
                  f"90th percentile {sizes[len(sizes) * 9 // 10]}, longest {sizes[-1]}")
    print("\n".join(offences) if offences else f"{len(headers)} headers keep the rules")
    sys.exit(bool(offences))


main()
