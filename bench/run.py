#!/usr/bin/env python3
"""Builds the benchmark's programs, keeps them all running, asks each in turn for a round of one workload, and prints JSON
lines and tables. Called by run.sh, which says how."""
import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = pathlib.Path(os.environ.get("ETTA_BUILD", ROOT / "build" / "bench"))
CXX = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++20", "-O3", "-march=native", "-fopenmp", "-DNDEBUG"]
OUR_FLAGS = shlex.split(os.environ.get("CXXFLAGS", ""))
OURS = "etta"
AVX512 = "avx512f" in pathlib.Path("/proc/cpuinfo").read_text()


def library_folder():
    out = subprocess.run([CXX, "-print-file-name=libc.so"], capture_output=True, text=True).stdout
    return pathlib.Path(out.strip()).resolve().parent


# ---- the sides: source, further flags, environment, a header without which it is left out -----------------------------
# Peers run as well as they can be made to without changing their code: OpenBLAS 0.3.21 does not know newer processors and
# would take AVX2 kernels; Debian's libtorch has the same BLAS with a second thread pool, AVX2 loops, and returns memory to
# the system after every operation. OpenBLAS' own threads go on spinning for 20 ms after each call, in the others' time;
# the build on OpenMP does not.
SKYLAKE = {"OPENBLAS_CORETYPE": "SkylakeX"} if AVX512 else {}
OPENMP_BLAS = {"LD_LIBRARY_PATH": str(library_folder() / "openblas-openmp")}
SIDES = {
    "limits": {},
    "elementwise": {},
    "gemm": {},
    "train": {},
    "infer": {},
    "gradient": {},
    "peers_eigen": {"flags": ["-I/usr/include/eigen3"], "needs": "<Eigen/Dense>"},
    "peers_openblas": {
        "flags": [f"-I/usr/include/{library_folder().name}/openblas-pthread"], "libraries": ["-lopenblas"],
        "needs": "<cblas.h>", "environment": {**SKYLAKE, **OPENMP_BLAS},
    },
    "peers_onednn": {"libraries": ["-ldnnl"], "needs": "<oneapi/dnnl/dnnl.hpp>"},
    "peers_torch": {
        "flags": ["-std=c++17", "-I/usr/include/torch/csrc/api/include"], "libraries": ["-ltorch", "-ltorch_cpu", "-lc10"],
        "needs": "<torch/torch.h>",
        "environment": {
            **SKYLAKE, **({"ATEN_CPU_CAPABILITY": "avx512"} if AVX512 else {}),
            **OPENMP_BLAS,
            "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592:glibc.malloc.top_pad=268435456",
        },
    },
    "peers_pytorch": {"python": os.environ.get("BENCH_PYTHON")},
    "peers_hand": {"flags": ["-ffast-math"]},
}

# ---- what a workload does: (unit, amount per call). Units: GFLOP/s, GB/s (each operand once), samples/s ----------------
WORK = {f"E{k}.{name}.{size}": ("GB/s", 12 * n) for k, name in ((1, "fused"), (2, "axpy"))
        for size, n in (("1k", 1024), ("64k", 65536), ("1M", 1 << 20))}
WORK |= {"E3.softmax.64x1000": ("GB/s", 8 * 64000), "E4.layernorm.64x768": ("GB/s", 8 * 64 * 768),
         "E5.sum.1M": ("GB/s", 4 << 20), "E5.logsumexp.1M": ("GB/s", 4 << 20)}
WORK |= {f"G1.gemm.{n}": ("GFLOP/s", 2 * n**3) for n in (32, 64, 128, 256, 512)}
WORK |= {"G2.64x784x256": ("GFLOP/s", 2 * 64 * 784 * 256), "G2.gemv.1x784x256": ("GFLOP/s", 2 * 784 * 256)}
WORK |= {"T1.mlp.adam.b64": ("samples/s", 64), "T1.mlp.adamw.clip.cosine.b64": ("samples/s", 64), "T2.lenet.sgdm.b64": ("samples/s", 64), "T3.lstm32.seq64.b32.adam": ("samples/s", 32),
         "T4.transformer.b8.s64.d128.adamw": ("tokens/s", 512),
         "I1.mlp784-128-10": ("samples/s", 1), "I1.lstm1-16-dense": ("samples/s", 1), "I1.gru1-8-dense": ("samples/s", 1)}
WORK |= {"A1.grad.n10": ("", 0), "A1.grad.n1000": ("", 0)}
FLOPS = {"T1.mlp.adam.b64": 26e6, "T1.mlp.adamw.clip.cosine.b64": 26e6, "T2.lenet.sgdm.b64": 124e6, "T3.lstm32.seq64.b32.adam": 52e6, "T4.transformer.b8.s64.d128.adamw": 680e6}  # forward and backward, for the share of the peak

# ---- the goals: (what, limit, figure or None) --------------------------------------------------------------------------


def goals(r):
    """r.time(workload, side, threads), r.ratio(workload, side, threads): None where not measured."""
    def quotient(a, b):
        return None if a is None or b is None else a / b

    def peak(n, threads):
        t, p = r.time(f"G1.gemm.{n}", OURS, threads), r.peak(threads)
        return None if t is None or p is None else 2 * n**3 / t / p

    yield "T1, 1 thread: time of Eigen by hand", "<=", 0.72, r.ratio("T1.mlp.adam.b64", "Eigen", 1)
    yield "T1, 2 threads: time of one thread", "<=", 0.68, r.ratio("T1.mlp.adam.b64", OURS, 1, OURS, 2)
    yield "T1 with AdamW, clipping and a schedule, 1 thread: time with Adam", "<=", 1.05, r.quotient("T1.mlp.adamw.clip.cosine.b64", "T1.mlp.adam.b64", 1)
    for n in ("64k", "1M"):
        yield f"E1 {n}, 1 thread: time of Eigen", "<=", 1.1, r.ratio(f"E1.fused.{n}", "Eigen", 1)
    for n in (256, 512):
        yield f"GEMM {n}, 1 thread: share of the peak", ">=", 0.8, peak(n, 1)
    for threads in (1, 2):
        yield f"T2, {threads} thread{'s' * (threads > 1)}: time of libtorch", "<=", 1.0, r.ratio("T2.lenet.sgdm.b64", "libtorch", threads)
    for threads in (1, 2):
        yield f"T3, {threads} thread{'s' * (threads > 1)}: time of libtorch", "<=", 1.0, r.ratio("T3.lstm32.seq64.b32.adam", "libtorch", threads)
    for threads in (1, 2):
        yield f"T4, {threads} thread{'s' * (threads > 1)}: time of libtorch", "<=", 1.0, r.ratio("T4.transformer.b8.s64.d128.adamw", "libtorch", threads)
    for name, workload in (("T3", "T3.lstm32.seq64.b32.adam"), ("T4", "T4.transformer.b8.s64.d128.adamw")):
        yield f"{name}, 1 thread: time of PyTorch 2", "<=", 1.0, r.ratio(workload, "PyTorch", 1)
    for name, workload in (("lstm", "I1.lstm1-16-dense"), ("gru", "I1.gru1-8-dense")):
        yield f"I1 {name}, 1 thread: time of Eigen by hand", "<=", 0.9, r.ratio(workload, "Eigen", 1)
    yield "I1 mlp, 1 thread: time of Eigen by hand", "<=", 1.3, r.ratio("I1.mlp784-128-10", "Eigen", 1)
    yield "T2, peak memory of libtorch's", "<=", 0.2, quotient(r.memory.get(OURS), r.memory.get("libtorch"))


# ---- building ----------------------------------------------------------------------------------------------------------


def there(needs):
    code = f"#if !__has_include({needs})\n#error\n#endif\n"
    more = [f for side in SIDES.values() if side.get("needs") == needs for f in side.get("flags", []) if f.startswith("-I")]
    return subprocess.run([CXX, "-E", "-x", "c++", *more, "-o", os.devnull, "-"], input=code, text=True, capture_output=True).returncode == 0


def up_to_date(program, command):
    """Made by this very command, and nothing that it was made from is newer."""
    stamp, rule = program.with_suffix(".command"), program.with_suffix(".d")
    if not (program.exists() and rule.exists() and stamp.exists() and stamp.read_text() == shlex.join(command)):
        return False
    made = program.stat().st_mtime
    files = rule.read_text().replace("\\\n", " ").split(":", 1)[1].split()
    return all(os.path.exists(f) and os.stat(f).st_mtime <= made for f in files)


def build(names):
    """The programs that could be built, as {name: path}."""
    BUILD.mkdir(parents=True, exist_ok=True)
    built, running = {}, []

    def finish(name, program, command, process):
        error = process.communicate()[1]
        if process.returncode == 0:
            program.with_suffix(".command").write_text(shlex.join(command))
            built[name] = program
        else:
            lines = [line for line in error.splitlines() if "error" in line] or error.splitlines()
            print(f"{name} does not build and is left out:\n  " + "\n  ".join(line[:240] for line in lines[:4]), file=sys.stderr)

    for name in names:
        side = SIDES[name]
        if "python" in side:
            if side["python"]:
                built[name] = BUILD / name
                built[name].write_text(f'#!/bin/sh\nexec {shlex.quote(side["python"])} {shlex.quote(str(HERE / name))}.py "$@"\n')
                built[name].chmod(0o755)
            else:
                print(f"{name}: left out (BENCH_PYTHON=PYTHON names one that has torch)", file=sys.stderr)
            continue
        if "needs" in side and not there(side["needs"]):
            print(f"{name}: {side['needs']} is not installed; left out (--peers installs it)", file=sys.stderr)
            continue
        program = BUILD / name
        ours = [] if name.startswith("peers") else [*OUR_FLAGS, f"-I{ROOT / 'include'}"]
        command = [CXX, *FLAGS, *ours, *side.get("flags", []), "-MMD", "-MF", str(program.with_suffix(".d")),
                   str(HERE / f"{name}.cpp"), "-o", str(program), *side.get("libraries", [])]
        if up_to_date(program, command):
            built[name] = program
            continue
        if len(running) == (os.cpu_count() or 1):
            finish(*running.pop(0))
        print(f"building {name}", file=sys.stderr)
        running.append((name, program, command, subprocess.Popen(command, stderr=subprocess.PIPE, text=True)))
    for job in running:
        finish(*job)
    return {name: built[name] for name in names if name in built}


# ---- measuring ---------------------------------------------------------------------------------------------------------


def environment_of(name, threads):
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads), **SIDES[name].get("environment", {})}


class Side:
    """One program, running, with one number of threads."""

    def __init__(self, name, program, threads):
        self.program, self.threads, self.cpu = program, threads, 0.0
        self.process = subprocess.Popen([program, "--serve"], env=environment_of(name, threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def measure(self, workload, milliseconds):
        try:
            self.process.stdin.write(f"{workload} {milliseconds}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"{self.program.name} ended while it measured {workload}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def names_of(program, name):
    return subprocess.run([program, "--list"], env=environment_of(name, 1), capture_output=True, text=True, check=True).stdout.split()


def machine_cpu():
    """CPU seconds that anyone used on this machine so far, the hypervisor's other guests included."""
    fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


class Results:
    """rounds[workload]: one {(peer, threads): reply} per round; foreign[workload]: cores that others used meanwhile."""

    def __init__(self):
        self.rounds, self.foreign, self.memory = {}, {}, {}

    def per_round(self, workload, peer, threads):
        """The side's medians in ns, round by round. A peer is also found by its name's first word."""
        def of(r):
            return next((x["median_ns"] for (p, t), x in r.items() if t == threads and peer in (p, p.split("(")[0], p.split()[0])), None)

        return [of(r) for r in self.rounds.get(workload, [])]

    def time(self, workload, peer, threads):
        times = [t for t in self.per_round(workload, peer, threads) if t is not None]
        return statistics.median(times) if times else None

    def ratio(self, workload, peer, threads, of=OURS, of_threads=None):
        """One side's time over another's in the same round, median over the rounds."""
        pairs = zip(self.per_round(workload, of, of_threads or threads), self.per_round(workload, peer, threads))
        ratios = [a / b for a, b in pairs if a is not None and b is not None]
        return statistics.median(ratios) if ratios else None

    def quotient(self, workload, other, threads):
        """Our time for one workload over that for another in the same round, median over the rounds."""
        pairs = zip(self.per_round(workload, OURS, threads), self.per_round(other, OURS, threads))
        ratios = [a / b for a, b in pairs if a is not None and b is not None]
        return statistics.median(ratios) if ratios else None

    def spread(self, workload, peer, threads):
        """By how much the rounds' upper quartile exceeds the lower."""
        times = sorted(t for t in self.per_round(workload, peer, threads) if t is not None)
        return times[len(times) * 3 // 4] / times[len(times) // 4] - 1 if len(times) >= 4 else 0

    def peak(self, threads):
        t = self.time("P.fma", "limit", threads)
        return self.rounds["P.fma"][0]["limit", threads]["work"] / t if t else None


def measure(programs, workloads, o):
    results = Results()
    patience = o.patience
    sides, who = [], {w: [] for w in workloads}
    for name, program in programs.items():
        mine = [w for w in names_of(program, name) if w in who]
        for threads in o.threads if mine else []:
            sides.append(Side(name, program, threads))
            for w in mine:
                who[w].append(sides[-1])

    def one_round(workload, first):
        start, cpu, own, replies = time.monotonic(), machine_cpu(), 0.0, {}
        turn = who[workload][first % len(who[workload]):] + who[workload][:first % len(who[workload])]
        for side in turn:
            try:
                reply = side.measure(workload, o.milliseconds * (2 if workload[0] == "T" else 1))
            except RuntimeError as e:
                print(f"{e}; it is left out from here on", file=sys.stderr)
                for w in who.values():
                    if side in w:
                        w.remove(side)
                continue
            own += reply["cpu_s"] - side.cpu
            side.cpu = reply["cpu_s"]
            replies[reply["peer"], side.threads] = reply
        elapsed = time.monotonic() - start
        return max(0.0, (machine_cpu() - cpu - own) / elapsed), replies, elapsed

    for workload in workloads:
        rounds = []
        while who[workload] and (len(rounds) < o.rounds or (
                len(rounds) < 3 * o.rounds and patience > 0 and sum(r[0] <= o.foreign for r in rounds) < o.rounds)):
            rounds.append(one_round(workload, len(rounds)))
            if len(rounds) > o.rounds:
                patience -= rounds[-1][2]
        if not rounds or not rounds[0][1]:
            continue
        kept = sorted(rounds, key=lambda r: r[0])[: o.rounds]
        results.rounds[workload] = [r for _, r, _ in kept]
        results.foreign[workload] = statistics.mean(f for f, _, _ in kept)
        for (peer, threads), reply in sorted(kept[0][1].items(), key=lambda item: item[0][1]):
            t = results.time(workload, peer, threads)
            line = {"workload": workload, "peer": peer, "threads": threads, "median_ns": round(t, 2),
                    "spread": round(results.spread(workload, peer, threads), 3), "other_cpu": round(results.foreign[workload], 2)}
            unit, work = WORK.get(workload, ("GFLOP/s" if workload == "P.fma" else "GB/s", reply.get("work", 0)))
            if unit:
                line[unit] = round(work / t * (1e9 if unit == "samples/s" else 1), 2)
            if peer != OURS and results.ratio(workload, peer, threads):
                line["etta_over_peer"] = round(results.ratio(workload, peer, threads), 3)
            if "max_abs_error" in reply:
                line["max_abs_error"] = reply["max_abs_error"]
            print(json.dumps(line), flush=True)
    for side in sides:
        side.close()
    return results


def peak_memory(programs, workload):
    """Peak resident set of a process that does nothing but this workload, one thread, in MB, by side."""
    memory = {}
    for name, program in programs.items():
        if workload not in names_of(program, name):
            continue
        child = subprocess.Popen([program, workload], env=environment_of(name, 1), stdout=subprocess.PIPE, text=True)
        reply = json.loads(child.stdout.readline())
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        memory[reply["peer"]] = usage.ru_maxrss / 1024
        print(json.dumps({"workload": workload, "peer": reply["peer"], "threads": 1, "peak_mb": round(usage.ru_maxrss / 1024, 1)}))
    return memory


# ---- the tables --------------------------------------------------------------------------------------------------------


def si(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def render(head, rows, markdown):
    width = [max(len(str(r[i])) for r in [head, *rows]) for i in range(len(head))]
    if markdown:
        lines = ["| " + " | ".join(str(c) for c in r) + " |" for r in [head, ["---"] * len(head), *rows]]
    else:
        lines = ["  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(r, width))) for r in [head, *rows]]
    return "\n".join(lines)


def tables(results, o):
    sides = [(w, t) for w in sorted(results.rounds, key=lambda w: list(WORK).index(w) if w in WORK else -1) for t in o.threads]
    peers = []
    for rounds in results.rounds.values():
        peers += [p for p, _ in sorted(rounds[0], key=lambda k: k[1]) if p not in (OURS, "limit", *peers)]
    peers = list(dict.fromkeys(peers))
    rows, limits = [], []
    for workload, threads in sides:
        if workload.startswith("P."):
            rate = results.rounds[workload][0]["limit", threads]["work"] / results.time(workload, "limit", threads)
            limits.append([workload, threads, f"{rate:.0f} {'GFLOP/s' if workload == 'P.fma' else 'GB/s'}"])
            continue
        ours, peak = results.time(workload, OURS, threads), results.peak(threads)
        unit, work = WORK[workload]
        flops = work if unit == "GFLOP/s" else FLOPS.get(workload, 0)
        row = [workload, threads, "", "", ""]
        if ours:
            doubtful = results.spread(workload, OURS, threads) > 0.15 or results.foreign[workload] > o.foreign
            row[2] = "~" * doubtful + si(ours)
            row[3] = f"{work / ours:.3g} {unit}" if unit in ("GFLOP/s", "GB/s") else ""
            row[4] = f"{100 * flops / ours / peak:.0f} %" if flops and peak else ""
        for p in peers:
            t, ratio = results.time(workload, p, threads), results.ratio(workload, p, threads)
            row.append("" if t is None else si(t) + (f" ({ratio:.2f})" if ratio else ""))
        rows.append(row)
    out = []
    if limits:
        out.append(render(["limit", "threads", "rate"], limits, o.markdown))
    if rows:
        out.append(render(["workload", "threads", OURS, "rate", "of peak FMA"] + peers, rows, o.markdown) + "\n\nIn brackets: etta's time over theirs.")
    errors = [[w, p, f"{x['max_abs_error']:.2g}"] for w in results.rounds if w.startswith("E1")
              for (p, t), x in results.rounds[w][0].items() if t == o.threads[0] and "max_abs_error" in x]
    if errors:
        out.append(render(["workload", "side", "largest error against double"], errors, o.markdown))
    reached = []
    for what, sign, limit, figure in goals(results):
        if figure is not None:
            ok = figure <= limit if sign == "<=" else figure >= limit
            reached.append([what, f"{'≤' if sign == '<=' else '≥'} {limit}", f"{figure:.2f}", "reached" if ok else "NOT REACHED"])
    if reached:
        out.append(render(["goal", "limit", "figure", ""], reached, o.markdown))
    if any(f > o.foreign for f in results.foreign.values()):
        out.append(f"~: the rounds differ by more than 15 %, or others used more than {o.foreign} of a core meanwhile: not to be quoted.")
    return "\n\n".join(out)


def main():
    a = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__)
    a.add_argument("filter", nargs="?", default="", help="a part of the workload's name, or several with commas")
    a.add_argument("--markdown", action="store_true", help="the tables as Markdown")
    a.add_argument("--quick", action="store_true", help="3 short rounds, no patience")
    a.add_argument("--rounds", type=int, default=7, help="rounds per workload (7)")
    a.add_argument("--milliseconds", type=int, default=50, help="of each round of each side (50; training 100)")
    a.add_argument("--threads", default="1,2", help="numbers of threads (1,2)")
    a.add_argument("--sides", default="", help="only these programs: e.g. train,peers_eigen")
    a.add_argument("--foreign", type=float, default=0.15, help="cores that others may use before a round is repeated (0.15)")
    a.add_argument("--patience", type=float, default=180, help="seconds spent at most on such repetitions (180)")
    a.add_argument("--cpu-time", action="store_true", help="time by the processes' own processor time, 1 thread only: for a crowded machine")
    o = a.parse_args()
    if o.cpu_time:
        os.environ["BENCH_CLOCK"] = "cpu"
        o.threads, o.patience = "1", 0
    o.threads = [int(t) for t in o.threads.split(",")]
    if o.quick:
        o.rounds, o.milliseconds, o.patience = 3, 20, 0
    names = [s for s in SIDES if not o.sides or s in o.sides.split(",") or s == "limits"]
    programs = build(names)
    wanted = [f for f in o.filter.split(",") if f]
    order = []
    for name, program in programs.items():
        order += [w for w in names_of(program, name) if w not in order]
    # The peak is always wanted: products are judged by it.
    workloads = [w for w in order if w == "P.fma" or not wanted or any(f in w for f in wanted)]
    results = measure(programs, workloads, o)
    if "T2.lenet.sgdm.b64" in workloads:
        results.memory = peak_memory(programs, "T2.lenet.sgdm.b64")
    print("\n" + tables(results, o))


main()
