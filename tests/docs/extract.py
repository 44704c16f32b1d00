#!/usr/bin/env python3
"""Makes programs of the code in README.md and docs/*.md, so that a page that no longer compiles fails a test.

    extract.py OUT               writes the sources and OUT/programs.cmake, which tests/docs/CMakeLists.txt reads
    extract.py --run PROGRAM EXPECTED        runs one and compares what it prints with what its page says
    extract.py --refuse SOURCE EXPECTED -- COMPILER [FLAGS...]     this must not compile, and must say why
    extract.py --links           every link from a page to a file of this repository leads somewhere

What stands behind ``` decides what becomes of a block:

    cpp compile      a whole program with its own main, built on its own; further words are compiler flags
    cpp declare      declarations at namespace scope, seen by the rest of the page
    cpp body         statements of a function of its own
    cpp continued    statements that go on in the last body's function
    cpp refused      statements that must not compile; the `text error` block behind it is what the compiler says
    text output      what the code above it prints

In the last two, … stands for anything, within a line or as a line of its own. Other languages are left alone; a block that
is only `cpp` is an error. All blocks of a page but `compile` and `refused` are one source file.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HEAD = "".join(f"#include <{h}>\n" for h in ("etta/etta.hpp", "cmath", "cstdio", "iostream", "tuple", "vector"))
KINDS = {"compile", "declare", "body", "continued", "refused"}


class Block:
    def __init__(self, page, line, words):
        self.page, self.line, self.words, self.text = page, line, words, []

    def source(self):
        return f'#line {self.line + 1} "{self.page}"\n' + "\n".join(self.text) + "\n"


def blocks(page):
    """The fenced blocks of a page, in order."""
    found, current = [], None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"^```(.*)$", line)
        if current is None and fence:
            current = Block(page, number, fence.group(1).split())
        elif current is not None and fence:
            found.append(current)
            current = None
        elif current is not None:
            current.text.append(line)
    if current is not None:
        sys.exit(f"{page}:{current.line}: this block has no end")
    return found


class Page:
    """What becomes of one page: a program of its blocks, programs of their own, and code that must not compile."""

    def __init__(self, path):
        self.name = path.stem.lower()
        self.declared, self.functions, self.expected = [], [], []
        self.programs, self.refused = [], []
        last = None  # whom an output or error block belongs to: its list of expected lines
        for b in blocks(path):
            if b.words[:1] == ["text"] and b.words[1:2] in (["output"], ["error"]):
                if last is None:
                    sys.exit(f"{path}:{b.line}: no code stands above this")
                last.extend(b.text)
                last = None
                continue
            if b.words[:1] != ["cpp"]:
                continue
            kind = b.words[1] if len(b.words) > 1 else ""
            if kind not in KINDS:
                sys.exit(f"{path}:{b.line}: ```cpp needs one of: {', '.join(sorted(KINDS))}")
            last = []
            if kind == "declare":
                self.declared.append(b)
                last = None
            elif kind == "compile":
                self.programs.append((b, last))
            elif kind == "refused":
                self.refused.append((b, list(self.declared), last))
            else:
                if kind == "body":
                    self.functions.append([0, []])
                elif not self.functions:
                    sys.exit(f"{path}:{b.line}: there is nothing to continue")
                self.functions[-1][0] = len(self.declared)  # what stands before the function's last block
                self.functions[-1][1].append(b)
                self.expected.append(last)

    @staticmethod
    def hoisted(declared):
        """The includes of the declarations, which must stand outside the page's namespace."""
        return "".join(line + "\n" for b in declared for line in b.text if line.startswith("#include"))

    @staticmethod
    def inside(declared):
        b = Block(declared.page, declared.line, [])
        b.text = ["" if line.startswith("#include") else line for line in declared.text]
        return b.source()

    def source(self):
        out = [HEAD, self.hoisted(self.declared), "namespace page {\n"]
        declared, number = 0, 0
        for i, (seen, parts) in enumerate(self.functions):
            for b in self.declared[declared:seen]:
                out.append(self.inside(b))
            declared = seen
            out.append(f"static void function_{i}() {{\n")
            for b in parts:  # a line of its own between blocks, so that each block's output can be told apart
                out.append(f'std::puts("\\n#{number}"), std::fflush(stdout);\n{b.source()}\nstd::cout.flush(), std::fflush(stdout);\n')
                number += 1
            out.append("}\n")
        out += [self.inside(b) for b in self.declared[declared:]]
        out.append("}  // namespace page\nint main() {\n")
        out += [f"    page::function_{i}();\n" for i in range(len(self.functions))]
        return "".join(out) + "}\n"

    def refused_source(self, block, declared):
        return "".join([HEAD, self.hoisted(declared), "namespace page {\n", *map(self.inside, declared), "static void function() {\n",
                        block.source(), "}\n}\nint main() { page::function(); }\n"])


def write(path, text):
    """Leaves the file alone where nothing changed: what is up to date is not built again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def generate(out):
    out.mkdir(parents=True, exist_ok=True)
    cmake = []

    def program(name, source, expected, flags=()):
        write(out / f"{name}.cpp", source)
        write(out / f"{name}.expected", "".join(f"#{i}\n" + "".join(line + "\n" for line in lines) for i, lines in enumerate(expected) if lines))
        cmake.append(f"etta_docs_program({name} {' '.join(flags)})\n")

    for path in PAGES:
        page = Page(path)
        if page.functions or page.declared:
            program(page.name, page.source(), page.expected)
        for i, (block, expected) in enumerate(page.programs):
            program(f"{page.name}_program{i}", block.source(), [expected], block.words[2:])
        for i, (block, declared, expected) in enumerate(page.refused):
            name = f"{page.name}_refused{i}"
            write(out / f"{name}.cpp", page.refused_source(block, declared))
            write(out / f"{name}.expected", "".join(line + "\n" for line in expected))
            cmake.append(f"etta_docs_refused({name})\n")
    write(out / "programs.cmake", "".join(cmake))


def pattern(line):
    return ".*".join(map(re.escape, re.split("…", line.rstrip())))


def run(program, expected):
    """Runs in an empty folder that has the examples' data, as if in the repository."""
    wanted, number = {}, 0
    for line in pathlib.Path(expected).read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"#\d+", line):
            number = int(line[1:])
        else:
            wanted.setdefault(number, []).append(line)
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "examples").symlink_to(ROOT / "examples")
        result = subprocess.run([str(pathlib.Path(program).resolve())], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")
    printed, number = {0: []}, 0
    for line in result.stdout.splitlines():
        if re.fullmatch(r"#\d+", line):
            number = int(line[1:])
        else:
            printed.setdefault(number, []).append(line)
    problems = [] if result.returncode == 0 else [f"it ended with {result.returncode}"]
    for i, lines in wanted.items():
        text = "\n".join(line.rstrip() for line in printed.get(i, [])).strip("\n")
        regex = "\n".join(map(pattern, lines)).strip("\n")
        if not re.fullmatch(regex, text, re.DOTALL if "…" in map(str.strip, lines) else 0):
            problems.append("the page says:\n" + "\n".join(lines) + "\nit printed:\n" + text)
    if problems:
        sys.exit("\n\n".join(problems) + "\n\nall it printed:\n" + result.stdout[-8000:])
    print(f"prints what its page says ({len(wanted)} outputs)")


def refuse(source, expected, command):
    result = subprocess.run(command + ["-fsyntax-only", "-x", "c++", source], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            encoding="utf-8", errors="replace")
    first = result.stdout[result.stdout.find("error:"):]  # the first error and what follows it
    problems = ["it compiles"] if result.returncode == 0 else []
    for line in pathlib.Path(expected).read_text(encoding="utf-8").splitlines():
        if line.strip() and not re.search(pattern(line.strip()), first):
            problems.append(f"the compiler does not say: {line}")
    if problems:
        sys.exit("\n".join(problems) + "\n\n" + result.stdout[:8000])
    print("refused with the words of its page")


def links():
    broken = []
    for path in PAGES:
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    if broken:
        sys.exit("these links lead nowhere:\n" + "\n".join(broken))
    print(f"the links of {len(PAGES)} pages lead somewhere")


def main():
    arguments = sys.argv[1:]
    if arguments == ["--links"]:
        links()
    elif len(arguments) == 3 and arguments[0] == "--run":
        run(*arguments[1:])
    elif len(arguments) > 4 and arguments[0] == "--refuse" and arguments[3] == "--":
        refuse(arguments[1], arguments[2], arguments[4:])
    elif len(arguments) == 1 and not arguments[0].startswith("-"):
        generate(pathlib.Path(arguments[0]))
    else:
        sys.exit(__doc__)


main()
