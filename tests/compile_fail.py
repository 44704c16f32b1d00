#!/usr/bin/env python3
"""Checks that a file does not compile, and what the compiler says.

    compile_fail.py FILE.fail.cpp -- COMPILER [FLAGS...]

The file says in comments, each alone on a line, anywhere in it:

    // expect: TEXT          must appear in the first error: the file's first TEXT in its own line, the others there or in the notes
    //                       that directly follow it
    // expect(g++): TEXT     the same, for one compiler only: g++ or clang
    // errors: N             at most N errors in all (a message that is followed by a cascade is not read)
    // flags: FLAGS          passed to the compiler

TEXT is compared as it stands, with runs of blanks as one blank. Quoted source lines do not count: the compiler is told
not to print them. Compiled once more with -DTWIN, the file must be accepted: so what is refused is what the test is
about, and not a slip beside it.
"""
import os
import re
import shlex
import subprocess
import sys

DIAGNOSTIC = re.compile(r"(?:^|:\s)(fatal error|error|warning|note): ")


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def directives(path):
    found = {"expect": [], "errors": None, "flags": []}
    for line in open(path, encoding="utf-8"):
        m = re.match(r"\s*// (expect|errors|flags)(?:\((g\+\+|clang)\))?: ?(.*\S)\s*$", line)
        if not m:
            continue
        kind, compiler, text = m.groups()
        if kind == "expect":
            found["expect"].append((compiler, squeeze(text)))
        elif kind == "errors":
            found["errors"] = int(text)
        else:
            found["flags"] += shlex.split(text)
    return found


def compile_it(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
                            env={**os.environ, "LC_ALL": "C"})
    return result.returncode, result.stdout


def first_error(output):
    """The first error's line with the notes and continuation lines up to the next error or warning; and how many errors."""
    block, count = [], 0
    for line in output.splitlines():
        m = DIAGNOSTIC.search(line)
        kind = m.group(1) if m else None
        if kind in ("error", "fatal error"):
            count += 1
        if count == 1 and kind != "warning":
            # Both compilers say where an instantiation came from, g++ before the error and clang after it: not a message.
            if not re.search(r"required from|In instantiation of|In substitution of", line):
                block.append(line)
        elif count == 1:  # a warning ends the block: skip what follows it
            return "\n".join(block), sum(bool(re.search(r"\berror: ", x)) for x in output.splitlines())
    return "\n".join(block), count


def main():
    if "--" not in sys.argv or sys.argv.index("--") != 2:
        sys.exit(__doc__)
    path, command = sys.argv[1], sys.argv[3:]
    what = directives(path)
    version = subprocess.run([command[0], "--version"], stdout=subprocess.PIPE, encoding="utf-8").stdout
    clang = "clang" in version
    quiet = ["-fno-caret-diagnostics"] if clang else ["-fno-diagnostics-show-caret"]
    command += ["-fsyntax-only", "-fno-color-diagnostics" if clang else "-fdiagnostics-color=never"] + quiet + what["flags"]
    wanted = [text for compiler, text in what["expect"] if compiler in (None, "clang" if clang else "g++")]
    problems = []

    code, output = compile_it(command + [path])
    block, count = first_error(output)
    if code == 0:
        problems.append("it compiles")
    elif code < 0 or "internal compiler error" in output or "PLEASE submit a bug report" in output:
        problems.append("the compiler crashed")
    elif not wanted:
        problems.append("the file has no '// expect:' line for this compiler")
    else:
        said = squeeze(block)
        problems += [f"the first error does not say: {text}" for text in wanted if text not in said]
        line = next((x for x in block.splitlines() if re.search(r"error: ", x)), "")
        if wanted[0] not in squeeze(line):
            problems.append(f"the first error's own line does not say: {wanted[0]}")
        if what["errors"] is not None and count > what["errors"]:
            problems.append(f"{count} errors, at most {what['errors']} wanted")

    twin_code, twin_output = compile_it(command + ["-DTWIN", path])
    if twin_code != 0:
        problems.append("with -DTWIN it does not compile either")
    if "TWIN" not in open(path, encoding="utf-8").read():
        problems.append("the file has no TWIN")

    if problems:
        print(f"{path}: " + "; ".join(problems))
        print("--- the first error, as compared:\n" + block)
        print("--- everything the compiler said:\n" + output[:8000])
        if twin_code != 0:
            print("--- with -DTWIN:\n" + twin_output[:8000])
        sys.exit(1)
    print(f"{path}: refused as it should be ({len(wanted)} texts, {count} errors)")


main()
