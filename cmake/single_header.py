#!/usr/bin/env python3
"""Makes one header of many: an entry header with all of ours that it includes, each once, in the order of inclusion.

    single_header.py [--entry micro.hpp] [OUT]       default entry: etta.hpp; default OUT: standard output
    single_header.py --all [OUT]                     every header, without an entry header

Standard and other libraries' headers stay where they are included, within their conditions. A header of ours that is
first included under a condition is written there with a guard, and again, with the guard, where it is next included.
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
LINE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(etta/[^>]+)>)')
OPEN = re.compile(r"^\s*#\s*if")
CLOSE = re.compile(r"^\s*#\s*endif")


class Writer:
    def __init__(self):
        self.done = set()    # written without a condition around it
        self.active = []     # being written: an include of one of these would be a cycle
        self.lines = []

    def guard(self, path):
        return "ETTA_SINGLE_" + re.sub(r"\W", "_", str(path.relative_to(INCLUDE))).upper()

    def write(self, path, conditional):
        if path in self.done or path in self.active:
            return
        if not path.is_file():
            sys.exit(f"single_header.py: {self.active[-1] if self.active else ''} includes {path}, which is not there")
        self.active.append(path)
        self.lines += ["", f"// ---- {path.relative_to(INCLUDE)}", f"#ifndef {self.guard(path)}", f"#define {self.guard(path)}"]
        depth = 0
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"^\s*#\s*pragma\s+once", line):
                continue
            depth += bool(OPEN.match(line)) - bool(CLOSE.match(line))
            m = LINE.match(line)
            if not m:
                self.lines.append(line)
                continue
            target = (path.parent / m.group(1)).resolve() if m.group(1) else INCLUDE / m.group(2)
            self.write(target, conditional or depth > 0)
        self.lines += [f"#endif  // {self.guard(path)}"]
        self.active.pop()
        if not conditional:
            self.done.add(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--entry", default="etta.hpp")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("out", nargs="?")
    options = parser.parse_args()

    config = (INCLUDE / "etta/core/config.hpp").read_text(encoding="utf-8")
    version = re.search(r'ETTA_VERSION_STRING "([^"]+)"', config).group(1)
    writer = Writer()
    if options.all:
        for path in sorted((INCLUDE / "etta").rglob("*.hpp")):
            if "cuda" not in path.parts:
                writer.write(path, False)
    else:
        writer.write(INCLUDE / "etta" / options.entry, False)
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8").splitlines()
    head = [f"// etta {version}, {'all headers' if options.all else options.entry} in one file, made by cmake/single_header.py: "
            "change the originals instead.", "//", *(f"// {line}".rstrip() for line in licence), "#pragma once"]
    text = "\n".join(head + writer.lines) + "\n"
    if options.out:
        pathlib.Path(options.out).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(options.out).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


main()
