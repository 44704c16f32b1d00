#!/usr/bin/env python3
"""Makes every TEST_CASE of a Catch2 program (version 2 or 3) one ctest test. Run by the build after linking.

    discover.py OUT PREFIX LABELS -- PROGRAM...

Catch2's own module is not used: a name with a bracket or a semicolon in it breaks its lists, and the tests that follow
are then not run, in silence. Here a test that matches nothing fails.
"""
import re
import subprocess
import sys


def names(program):
    """The names, and the option that makes Catch2 fail when nothing matches."""
    three = subprocess.run(program + ["--list-tests", "--verbosity", "quiet"], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, encoding="utf-8")
    two = subprocess.run(program + ["--list-test-names-only"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         encoding="utf-8")
    # Version 2 returns the number of tests, and puts a name that starts with '#' in quotes.
    if "nrecognised" in two.stderr + two.stdout:
        return [line for line in three.stdout.splitlines() if line], []
    lines = [line for line in two.stdout.splitlines() if line]
    return [line[1:-1] if line.startswith('"#') else line for line in lines], ["--warn", "NoTests"]


def quote(text):
    marks = "="
    while "]" + marks + "]" in text:
        marks += "="
    return f"[{marks}[{text}]{marks}]"


def main():
    out, prefix, label = sys.argv[1:4]
    assert sys.argv[4] == "--"
    program = sys.argv[5:]
    found, strict = names(program)
    if not found:
        sys.exit(f"{program[-1]}: no tests")
    with open(out, "w", encoding="utf-8") as file:
        for name in found:
            pattern = re.sub(r'([\\,\[\]*"])', r"\\\1", name)
            command = " ".join(quote(part) for part in program + [pattern] + strict)
            test = quote(prefix + name)
            file.write(f"add_test({test} {command})\n")
            file.write(f"set_tests_properties({test} PROPERTIES TIMEOUT 600 LABELS {quote(label)})\n")


main()
