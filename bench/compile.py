#!/usr/bin/env python3
"""Compiles small programs and reports what that took: see compile.sh."""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAMS = HERE / "compile"

# name: (source, optimisation, defines, how often; the quickest counts)
WHAT = {
    "include_etta": (PROGRAMS / "include_etta.cpp", "-O2", [], 3),
    "include_xsimd": (PROGRAMS / "include_xsimd.cpp", "-O2", [], 3),
    "expression": (PROGRAMS / "expression.cpp", "-O3", [], 1),
    "mlp_train": (PROGRAMS / "mlp_train.cpp", "-O3", [], 1),
    "lenet_train": (PROGRAMS / "lenet_train.cpp", "-O3", [], 1),
    "hessian": (ROOT / "examples" / "newton" / "newton.cpp", "-O3", [], 1),
    "pinn": (ROOT / "examples" / "pinn" / "pinn.cpp", "-O3", [], 1),
    "lstm64": (PROGRAMS / "lstm_train.cpp", "-O3", ["-DSTEPS=64"], 3),
    "lstm4096": (PROGRAMS / "lstm_train.cpp", "-O3", ["-DSTEPS=4096"], 3),
    "gpt1": (PROGRAMS / "gpt_train.cpp", "-O3", ["-DLAYERS=1"], 1),
    "gpt2": (PROGRAMS / "gpt_train.cpp", "-O3", ["-DLAYERS=2"], 3),
    "gpt12": (PROGRAMS / "gpt_train.cpp", "-O3", ["-DLAYERS=12"], 3),
    "deep25": (PROGRAMS / "deep.cpp", "-O2", ["-DDEPTH=25"], 1),
    "deep50": (PROGRAMS / "deep.cpp", "-O2", ["-DDEPTH=50"], 1),
    "deep100": (PROGRAMS / "deep.cpp", "-O2", ["-DDEPTH=100"], 1),
    "deep200": (PROGRAMS / "deep.cpp", "-O2", ["-DDEPTH=200"], 1),
    "thirty": (PROGRAMS / "thirty.cpp", "-O2", [], 1),
}

# One layer each, trained (compile/layer.cpp): the layer, the extents of a sample, what is done with it.
VECTOR, SERIES, IMAGE, VOLUME = "64", "4, 32", "4, 12, 12", "4, 8, 8, 8"
LAYERS = [
    *((name, VECTOR) for name in ("Linear<16>", "BatchNorm1d<>", "LayerNorm<>", "RMSNorm<>", "PReLU<>", "WeightNorm<etta::Linear<16>>", "SpectralNorm<etta::Linear<16>>", "Dropout<>",
                                  "AlphaDropout<>", "DropPath<>", "GaussianNoise<>", "GLU<>", "Maxout<2>", "Softmax<>", "LogSoftmax<>", "GELU<>", "SELU", "Mish", "Hardswish")),
    *((name, SERIES) for name in ("Conv1d<8, 3>", "ConvTranspose1d<8, 3>", "SeparableConv1d<8, 3>", "MaxPool1d<2>", "AvgPool1d<2>", "LPPool1d<2, 2>", "AdaptiveAvgPool1d<4>",
                                  "Permute<0, 2, 1>")),
    *((name, IMAGE) for name in ("Conv2d<8, 3>", "ConvTranspose2d<8, 3>", "SeparableConv2d<8, 3>", "BatchNorm2d<>", "GroupNorm<2>", "InstanceNorm<>", "LocalResponseNorm<3>", "MaxPool2d<2>",
                                 "AvgPool2d<2>", "LPPool2d<2, 2>", "AdaptiveAvgPool2d<5>", "AdaptiveMaxPool2d<5>", "GlobalAvgPool", "GlobalMaxPool", "Upsample<2>",
                                 "Upsample<2, etta::upsampling::linear>", "Resize<9, etta::upsampling::linear>", "PixelShuffle<2>", "PixelUnshuffle<2>", "ZeroPad<1>", "ReflectionPad<1>",
                                 "ReplicationPad<1>", "CircularPad<1>", "Crop<1, 1>", "Dropout2d<>", "Flatten")),
    *((name, VOLUME) for name in ("Conv3d<8, 3>", "BatchNorm3d<>", "MaxPool3d<2>", "AvgPool3d<2>", "LPPool3d<2, 2>", "AdaptiveAvgPool3d<3>")),
    *((name, VECTOR, "layer(x, x)") for name in ("Bilinear<16>", "Add", "Multiply", "Concatenate<>")),
    *((name, VECTOR, "layer(x, -x)") for name in ("CosineSimilarity<>", "PairwiseDistance<>")),
]
for layer, extents, *call in LAYERS:
    WHAT["layer." + layer.replace("etta::", "")] = (
        PROGRAMS / "layer.cpp", "-O2", [f"-DBENCH_LAYER=etta::{layer}", f"-DBENCH_INPUT={extents}", *(f"-DBENCH_CALL={c}" for c in call)], 1)

# The budgets, and by how much --check lets them be missed: twice for what depends on the machine. program None: every one.
# A budget's program may be a pair: the quotient of the two; ("layer", other): what every layer takes more than the other.
BUDGETS = [
    # program                             figure            budget        slack
    (("include_etta", "include_xsimd"),   "seconds",        2.3,          2),
    ("mlp_train",                         "seconds",        3,            2),
    ("lenet_train",                       "seconds",        6,            2),
    ("hessian",                           "seconds",        8,            2),
    ("pinn",                              "seconds",        8,            2),
    ("lstm64",                            "seconds",        4,            2),
    (("lstm4096", "lstm64"),              "seconds",        1.1,          1.2),  # whatever the number of steps
    (("lstm64", "lstm4096"),              "seconds",        1.1,          1.2),
    (("lstm4096", "lstm64"),              "binary_bytes",   1.01,         1),
    ("gpt1",                              "seconds",        6,            2),
    (("gpt12", "gpt2"),                   "seconds",        1.5,          1.2),
    (("gpt12", "gpt2"),                   "kernels",        1,            1),    # blocks share theirs
    ("deep100",                           "seconds",        10,           2),
    ("deep100",                           "peak_mb",        1536,         2),
    ("deep100",                           "binary_bytes",   100 * 1024,   2),
    (("deep200", "deep100"),              "seconds",        2.6,          1),  # linear would be 2, quadratic 4
    ("thirty",                            "seconds",        12,           2),
    (("layer", "include_etta"),           "seconds",        2,            2),
    (None,                                "longest_symbol", 2000,         1),
]

KERNEL = re.compile(r"^_ZN4etta1_\d+\w*_kernelI.*E3runEPK[lx]RKNS0_7contextE$")


def compile_once(command):
    """(exit status, user seconds, peak MB, what it said), of the command and all that it started."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime, usage.ru_maxrss / 1024, said


def openmp(compiler):
    code = "int main() {}\n"
    return subprocess.run([compiler, "-fopenmp", "-x", "c++", "-", "-o", os.devnull], input=code, text=True, capture_output=True).returncode == 0


def measure(names, compiler, common, folder, rounds=1):
    """{name: result} of those that compile. In turns, and the least of the rounds: whatever else the machine does meanwhile hits
    all of them, and only ever adds."""
    results, failed = {}, set()
    for k in range(rounds):
        for name in names:
            source, level, defines, _ = WHAT[name]
            if name in failed:
                continue
            flags = ["-std=c++20", level, *common, *defines]
            binary = folder / name
            command = [compiler, *shlex.split(os.environ.get("CXXFLAGS", "")), *flags, "-I", str(ROOT / "include"), str(source), "-o", str(binary)]
            status, seconds, peak, said = compile_once(command)
            if status != 0:
                errors = [line for line in said.splitlines() if "error" in line] or said.splitlines()[-3:]
                print(f"{name} does not compile with {compiler}:\n  " + "\n  ".join(line[:240] for line in errors[:3]), file=sys.stderr)
                failed.add(name)
                results.pop(name, None)
                continue
            if name in results:
                results[name]["seconds"] = min(results[name]["seconds"], round(seconds, 2))
                binary.unlink()
                continue
            symbols = [line.split()[-1] for line in subprocess.run(["nm", binary], capture_output=True, text=True, check=True).stdout.splitlines()]
            subprocess.run(["strip", binary], check=True)
            results[name] = {
                "program": name, "compiler": compiler, "flags": " ".join(flags), "seconds": round(seconds, 2), "peak_mb": round(peak),
                "binary_bytes": binary.stat().st_size, "longest_symbol": max(map(len, symbols)), "kernels": len({s for s in symbols if KERNEL.match(s)}),
            }
            binary.unlink()
    for r in results.values():
        print(json.dumps(r), flush=True)
    return results


def in_groups(names):
    """What a budget compares stands in one group, where its first member stood."""
    groups = {n: [n] for n in names}
    for program, *_ in BUDGETS:
        if isinstance(program, tuple) and all(p in groups for p in program) and groups[program[0]] is not groups[program[1]]:
            joined = groups[program[0]] + groups[program[1]]
            groups.update({n: joined for n in joined})
    return [g for n, g in groups.items() if g[0] == n]


def over_budget(results, slack):
    """A line for each budget that was missed (by more than its slack, if slack is on), and the programs that it is about."""
    said, about = [], []
    for program, figure, budget, factor in BUDGETS:
        limit = budget * (factor if slack else 1)
        if isinstance(program, tuple) and program[0] == "layer":
            base = results.get(program[1])
            found = [(f"{n} less {program[1]}", r[figure] - base[figure], [n, program[1]]) for n, r in results.items() if n.startswith("layer.") and base]
        elif isinstance(program, tuple):
            a, b = (results.get(p) for p in program)
            found = [(f"{program[0]} over {program[1]}", a[figure] / b[figure], list(program))] if a and b else []
        else:
            found = [(n, r[figure], [n]) for n, r in results.items() if program in (None, n)]
        for name, x, programs in found:
            if x > limit:
                said.append(f"over: {name}: {figure} {x:.4g}, {'limit' if slack else 'budget'} {limit:g}")
                about += [p for p in programs if p not in about]
    return said, about


def table(results, markdown):
    head = ["program", "compiler", "level", "seconds", "peak MB", "stripped KB", "longest symbol", "kernels"]
    rows = [[r["program"], r["compiler"], r["flags"].split()[1], f"{r['seconds']:.2f}", r["peak_mb"], f"{r['binary_bytes'] / 1024:.0f}", r["longest_symbol"], r["kernels"]]
            for r in results]
    if markdown:
        return "\n".join("| " + " | ".join(str(c) for c in r) + " |" for r in [head, ["---"] * len(head), *rows])
    width = [max(len(str(r[i])) for r in [head, *rows]) for i in range(len(head))]
    return "\n".join("  ".join(str(c).ljust(w) if i < 3 else str(c).rjust(w) for i, (c, w) in enumerate(zip(r, width))) for r in [head, *rows])


def main():
    a = argparse.ArgumentParser(prog="bench/compile.sh", description=__doc__)
    a.add_argument("filter", nargs="?", default="", help="a part of the program's name, or several with commas")
    a.add_argument("--check", action="store_true", help="only what has a budget, g++ only; exit status 1 if anything is over")
    a.add_argument("--markdown", action="store_true", help="the table as Markdown; every program is compiled twice at least")
    o = a.parse_args()
    budgeted = {p for program, *_ in BUDGETS if program for p in ([program] if isinstance(program, str) else program)}
    # The layers, which are many, where one asks for them; the dearest of them in a check.
    parts = o.filter.split(",")
    names = [n for n in WHAT if any(p in n for p in parts) and (n in budgeted or n == "layer.SpectralNorm<Linear<16>>" if o.check else "layer" in o.filter or not n.startswith("layer."))]
    if o.filter.startswith("layer"):
        names.insert(0, "include_etta")
    if not names:
        sys.exit(f"no program's name contains '{o.filter}': there are {', '.join(n for n in WHAT if not n.startswith('layer.'))}, layer")
    results, missing = [], []
    with tempfile.TemporaryDirectory() as folder:
        for compiler in ["g++"] if o.check else ["g++", "clang++"]:
            if not shutil.which(compiler):
                print(f"{compiler} is not here: left out")
                continue
            common = ["-march=native"] + (["-fopenmp"] if openmp(compiler) else [])
            if "include_xsimd" in names and not pathlib.Path("/usr/include/xsimd").exists():
                print("xsimd is not installed: include_xsimd is left out")
                names.remove("include_xsimd")
            found = {}
            for group in in_groups(names):
                found.update(measure(group, compiler, common, pathlib.Path(folder), max(2 if o.markdown else 1, *(WHAT[n][3] for n in group))))
            missing += [f"over: {n} does not compile with {compiler}" for n in names if n not in found]
            # What is missed may be a disturbed minute: what it is about is measured again, and the least time counts.
            for _ in range(3 if o.check else 0):
                _, about = over_budget(found, slack=True)
                if about:
                    print("again: " + ", ".join(about))
                    for n, r in measure(about, compiler, common, pathlib.Path(folder), 2).items():
                        found[n] = {**r, "seconds": min(r["seconds"], found[n]["seconds"])}
            results += [found[n] for n in names if n in found]
    if results:
        print("\n" + table(results, o.markdown))
    said = missing + over_budget({r["program"]: r for r in results if r["compiler"] == "g++"}, slack=o.check)[0]
    print("\n" + ("\n".join(said) if said else "everything is within " + ("twice its budget" if o.check else "its budget") + " (g++)"))
    sys.exit(1 if said and o.check else 0)


main()
