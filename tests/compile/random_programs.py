#!/usr/bin/env python3
"""Writes a C++ test of random programs: traced functions of one to three inputs, their gradients, tangents, Hessians and
batched forms, each compared with what an interpreter says its Graph means (program_check.hpp).

    random_programs.py SEED COUNT [--type double|float] [--main]  > file.cpp

The same numbers give the same file. --main: a program of its own that prints what differs, for trying many seeds:

    for s in 1 2 3; do tests/compile/random_programs.py $s 40 --main > r.cpp &&
        g++ -std=c++20 -O1 -I include -I tests/compile r.cpp -o r && ./r; done
"""
import argparse
import random

ap = argparse.ArgumentParser()
ap.add_argument("seed", type=int)
ap.add_argument("count", type=int)
ap.add_argument("--type", default="double")
ap.add_argument("--main", action="store_true")
args = ap.parse_args()
R = random.Random(args.seed)
T = args.type

SHAPES = [[], [], [1], [3], [5], [5, 1], [4, 5], [4, 5], [1, 5], [4, 1], [2, 4, 5], [2, 1, 5], [17], [33, 9], [9], [9, 33], [1, 1], [6, 70],
          [5, 4], [2, 3, 2, 5], [130]]
SMALL = [[], [1], [3], [5], [2, 3], [4, 5], [1, 5]]
DYN = [["n"], ["n", 5], [5], [], ["n", 1], [4, "n"], ["n", 4]]


def joint(a, b):
    r = []
    for i in range(1, max(len(a), len(b)) + 1):
        x = a[-i] if i <= len(a) else 1
        y = b[-i] if i <= len(b) else 1
        if x == y or y == 1:
            r.insert(0, x)
        elif x == 1:
            r.insert(0, y)
        else:
            return None
    return r


def count(s):
    n = 1
    for e in s:
        n *= 7 if e == "n" else e
    return n


class Function:
    def __init__(self, shapes, depth, dynamic):
        self.lines, self.values, self.dynamic = [], [(f"x{i}", s) for i, s in enumerate(shapes)], dynamic
        self.inputs, self.n = shapes, 0
        while self.n < depth:
            self.step()

    def pick(self, ok=lambda s: True):
        c = [v for v in self.values if ok(v[1])]
        if not c:
            return None
        # late values more often, so that programs are deep; early ones too, so that values are used again
        return c[-1] if R.random() < 0.45 else R.choice(c)

    def add(self, text, shape):
        if count(shape) > 2500 or len(shape) > 5:
            return
        name = f"v{self.n}"
        self.n += 1
        self.lines.append(f"[[maybe_unused]] auto {name} = {text};")
        self.values.append((name, list(shape)))

    def unary(self):
        x, s = self.pick()
        self.add(R.choice(["tanh({0})", "sin({0})", "exp(-{0} * {0})", "sqrt({0} * {0} + 1)", "abs({0})", "sigmoid({0})", "relu({0})",
                           "-{0}", "1 / (1 + {0} * {0})", "square(tanh({0}))", "log(1 + {0} * {0})", "0.5 * {0}", "{0} + 0.3",
                           "clamp({0}, -0.7, 0.9)", "softplus({0})", "cos({0}) * {0}", "where({0} > 0.2, {0}, 0.1)", "expm1(sin({0}))",
                           "cast<T>({0} > 0) * 0.7", "cast<T>(cast<int>(1.7 * tanh({0})))", "stop_gradient({0}) * {0}", "rsqrt(1 + {0} * {0})",
                           "atan({0})", "erf({0})"]).replace("cast<T>", f"etta::cast<{T}>").replace("cast<int>", "etta::cast<int>").format(x), s)

    def binary(self):
        a, b = self.pick(), self.pick()
        s = joint(a[1], b[1])
        if s is None:
            b = self.pick(lambda t: joint(a[1], t) is not None)
            s = joint(a[1], b[1])
        self.add(R.choice(["{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} * tanh({1})", "{0} / (1 + {1} * {1})", "maximum({0}, {1})",
                           "minimum({0}, {1})", "where({0} > {1}, {0} * 2, {1})", "where({0} <= {1} && {1} > 0, {0}, 0.5)", "{0} - 0.3 * {1}",
                           "where(!({0} < {1}), sin({0}), cos({1}))", "{0} * {1} + {0}"]).format(a[0], b[0]), s)

    def ternary(self):
        a, b, c = self.pick(), self.pick(), self.pick()
        s = joint(a[1], b[1])
        s = s if s is None else joint(s, c[1])
        if s is not None:
            self.add(R.choice(["where({0} > 0, {1}, {2})", "{0} * {1} + {2}", "clamp({0}, minimum({1}, {2}), maximum({1}, {2}))"]).format(a[0], b[0], c[0]), s)

    def reduction(self):
        v = self.pick(lambda s: len(s) > 0)
        if v is None:
            return
        x, s = v
        n = R.choice([0, 1, 1, 1, 2])
        axes = sorted(R.sample(range(len(s)), min(n, len(s))))
        keep = bool(axes) and R.random() < 0.6
        op = R.choice(["sum(0.2 * {0}{1})", "mean({0}{1})", "max({0}{1})", "min({0}{1})", "prod(1 + 0.1 * tanh({0}){1})", "logsumexp({0}{1})",
                       "sum({0} * {0}{1})", "mean(square({0} - 0.1){1})", "sum(tanh({0}){1})", "variance({0}{1})"])
        if "variance" in op and count(s) == 1:
            return
        a = (", etta::axis<" + ", ".join(str(i if R.random() < 0.7 else i - len(s)) for i in axes) + ">" + (", etta::keepdims" if keep else "")) if axes else ""
        if axes:
            to = [1 if i in axes else e for i, e in enumerate(s)] if keep else [e for i, e in enumerate(s) if i not in axes]
        else:
            to = []
        self.add(op.format(x, a), to)

    def softmax(self):
        v = self.pick(lambda s: len(s) > 0)
        if v is None:
            return
        x, s = v
        axis = R.randrange(len(s))
        self.add(R.choice(["softmax<{1}>({0})", "softmax<{1}>({0})", "0.2 * log_softmax<{1}>({0})", "{0} - mean({0}, etta::axis<{1}>, etta::keepdims)",
                           "{0} / sqrt(1 + sum({0} * {0}, etta::axis<{1}>, etta::keepdims))", "{0} - max({0}, etta::axis<{1}>, etta::keepdims)"]).format(x, axis), s)

    def matmul(self):
        v = self.pick(lambda s: len(s) > 0)
        if v is None:
            return
        a, s = v
        options = []
        for b, t in self.values:
            if not t:
                continue
            for bt in ([0, 1] if len(t) > 1 else [0]):
                u = t[:-2] + [t[-1], t[-2]] if bt else t
                for at in ([0, 1] if len(s) > 1 else [0]):
                    w = s[:-2] + [s[-1], s[-2]] if at else s
                    k = u[-2] if len(u) > 1 else u[-1]
                    if w[-1] != k:
                        continue
                    batch = joint(w[:-2], u[:-2])
                    if batch is None or len(u) == 2 and len(w) == 1 and False:
                        continue
                    to = batch + ([w[-2]] if len(w) > 1 else []) + ([u[-1]] if len(u) > 1 else [])
                    options.append((f"{a}.t()" if at else a, f"{b}.t()" if bt else b, to))
        if options:
            x, y, to = R.choice(options)
            self.add(f"0.3 * matmul({x}, {y})", to)

    def view(self):
        v = self.pick(lambda s: len(s) > 0)
        if v is None:
            return
        x, s = v
        what = R.choice(["reshape", "permute", "slice", "flip", "unsqueeze", "broadcast", "flatten", "part", "squeeze"])
        static = [i for i, e in enumerate(s) if e != "n"]
        if what == "permute":
            o = list(range(len(s)))
            R.shuffle(o)
            self.add(f"permute<{', '.join(map(str, o))}>({x})", [s[i] for i in o])
        elif what == "flatten" and "n" not in s:
            self.add(f"etta::flatten<0>({x})", [count(s)])
        elif what == "unsqueeze":
            at = R.randrange(len(s) + 1)
            self.add(f"etta::unsqueeze<{at}>({x})", s[:at] + [1] + s[at:])
        elif what == "squeeze" and 1 in s:
            at = s.index(1)
            self.add(f"etta::squeeze<{at}>({x})", s[:at] + s[at + 1:])
        elif what == "reshape" and "n" not in s:
            n, to = count(s), []
            for p in (2, 3, 4, 5):
                if n % p == 0 and R.random() < 0.5 and len(to) < 3:
                    to.append(p)
                    n //= p
            to.append(n)
            R.shuffle(to)
            if R.random() < 0.3:
                to.insert(R.randrange(len(to) + 1), 1)
            self.add(f"etta::reshape<{', '.join(map(str, to))}>({x})", to)
        elif what == "broadcast" and "n" not in s:
            to = [R.choice([2, 3]) if e == 1 else e for e in s]
            if R.random() < 0.5:
                to = [2] + to
            self.add(f"etta::broadcast_to<{', '.join(map(str, to))}>({x})", to)
        elif what in ("slice", "flip", "part") and static:
            axis = R.choice(static)
            n = s[axis]
            if what == "flip":
                self.add(f"etta::flip<{axis}>({x})", s)
            else:
                step = R.choice([1, 1, 2, 3])
                a = R.randrange(n)
                b = R.randrange(a + 1, n + 1)
                m = (b - a + step - 1) // step
                self.add(f"etta::slice<{axis}, {a}, {b}, {step}>({x})", s[:axis] + [m] + s[axis + 1:])

    def layout(self):
        v = self.pick(lambda s: len(s) > 0 and "n" not in s)
        if v is None:
            return
        x, s = v
        what = R.choice(["concat", "pad", "stack", "repeat", "tile", "cumsum", "tril", "outer", "iota", "cumsum", "diagonal"])
        axis = R.randrange(len(s))
        if what == "concat":
            o = self.pick(lambda t: len(t) == len(s) and t[:axis] + t[axis + 1:] == s[:axis] + s[axis + 1:])
            self.add(f"etta::concat<{axis}>({x}, {o[0]})", s[:axis] + [s[axis] + o[1][axis]] + s[axis + 1:])
        elif what == "stack":
            o = self.pick(lambda t: t == s)
            self.add(f"etta::stack<{axis}>({x}, {o[0]})", s[:axis] + [2] + s[axis:])
        elif what == "pad":
            a, b = R.randrange(3), R.randrange(3)
            self.add(f"etta::pad<{axis}, {a}, {b}>({x})", s[:axis] + [s[axis] + a + b] + s[axis + 1:])
        elif what == "repeat":
            self.add(f"etta::repeat<2, {axis}>({x})", s[:axis] + [2 * s[axis]] + s[axis + 1:])
        elif what == "tile":
            self.add(f"etta::tile<2>({x})", s[:-1] + [2 * s[-1]])
        elif what == "cumsum":
            self.add(f"0.3 * etta::cumsum<{axis}>({x})", s)
        elif what == "iota":
            self.add(f"{x} * etta::cast<{T}>(etta::iota_like<{axis}>({x})) * 0.1", s)
        elif what == "tril" and len(s) > 1:
            self.add(R.choice(["etta::tril({0})", "etta::triu<1>({0})"]).format(x), s)
        elif what == "diagonal" and len(s) > 1:
            self.add(f"etta::diagonal({x})", s[:-2] + [min(s[-2:])])
        elif what == "outer":
            o = self.pick(lambda t: "n" not in t and len(t) > 0)
            self.add(f"etta::outer({x}, {o[0]})", [count(s), count(o[1])])

    def scalar(self):
        v = self.pick(lambda s: count(s) == 1)
        if v is None:
            v = self.pick(lambda s: len(s) > 0)
            if v is None:
                return
            return self.add(f"mean({v[0]})", [])
        w = self.pick(lambda s: count(s) == 1)
        text = R.choice(["0.5 * {0} + {1}", "1 / (1 + {0} * {0})", "{0} * {1}", "tanh({0} - {1})", "{0} * 0.1 + 1"])
        self.add(text.format(v[0], w[0]), joint(v[1], w[1]) if "{1}" in text else v[1])

    def step(self):
        steps = [self.unary] * 5 + [self.binary] * 6 + [self.ternary] + [self.reduction] * 4 + [self.softmax] * 2 + [self.matmul] * 2 + [self.view] * 3 + [self.scalar] * 2
        if not self.dynamic:
            steps += [self.layout] * 3
        R.choice(steps)()

    def result(self, scalar):
        used = set()
        text = " ".join(self.lines)
        unused = [v for v in self.values if text.count(v[0]) < 2 or R.random() < 0.1]
        del used
        outs = self.values[-1:] + [v for v in unused if v != self.values[-1] and not v[0].startswith("x")]
        outs = outs[:R.choice([1, 2, 3, 4])]
        if scalar:
            return " + ".join(f"sum({v[0]})" if R.random() < 0.6 else f"mean({v[0]} * {v[0]})" for v in outs)
        if len(outs) == 1:
            return outs[0][0]
        return "std::make_tuple(" + ", ".join(v[0] for v in outs) + ")"


def tensor(name, s, seed, strided):
    """Declarations of an input; the name to pass."""
    seed = f"{seed:.2f}"
    if not s:
        return f"const {T} {name} = static_cast<{T}>(std::sin({seed}));", name
    n = ["n" if e == "n" else "" for e in s]
    if strided and len(s) == 1 and s[0] != "n":
        return f"auto {name} = check::filled(Tensor<{T}, {s[0]}, 3>{{}}, {seed}); auto {name}_ = {name}(etta::all, 1);", name + "_"
    if strided and len(s) == 2 and "n" not in s:
        return f"auto {name} = check::filled(Tensor<{T}, {s[0]}, 2, {s[1]}>{{}}, {seed}); auto {name}_ = {name}(etta::all, 1, etta::all);", name + "_"
    e = ", ".join("etta::dyn" if i == "n" else str(i) for i in s)
    if any(n):
        return f"auto {name} = check::filled(Tensor<{T}, {e}>({', '.join(i for i in n if i)}), {seed});", name
    return f"auto {name} = check::filled(Tensor<{T}, {e}>{{}}, {seed});", name


def make(k):
    kind = R.choice(["plain"] * 5 + ["grad"] * 4 + ["jvp", "hessian", "vmap", "vmap_grad"])
    dynamic = kind in ("plain", "grad") and R.random() < 0.15
    n_in = R.choice([1, 2, 2, 3])
    pool = DYN if dynamic else SMALL if kind == "hessian" else SHAPES
    if R.random() < 0.6 and not dynamic:  # shapes that go with each other
        base = R.choice(pool)
        pool = [s for s in pool if joint(s, base) is not None and len(s) <= max(1, len(base))] or pool
    shapes = [R.choice(pool) for _ in range(n_in)]
    f = Function(shapes, R.randint(3, 7 if kind == "hessian" else 15), dynamic)
    scalar = kind in ("grad", "hessian", "vmap_grad")
    names = [f"x{i}" for i in range(n_in)]
    p = ", ".join("[[maybe_unused]] auto " + x for x in names)
    body = "".join(f"        {line}\n" for line in f.lines)
    out = f"struct F{k} {{\n    constexpr auto operator()({p}) const {{\n{body}        return {f.result(scalar)};\n    }}\n}};\n"
    inputs = [(x, s) for x, s in zip(names, shapes)]
    call = f"F{k}"
    if kind != "plain":
        call = f"G{k}"
        if kind == "grad":
            wrt = ", ".join(map(str, sorted(R.sample(range(n_in), R.randint(1, n_in)))))
            e = R.choice(["grad", "value_and_grad"])
            expr = f"etta::{e}<{wrt}>(F{k}{{}})({', '.join(names)})"
        elif kind == "hessian":
            expr = f"etta::hessian<{R.randrange(n_in)}>(F{k}{{}})({', '.join(names)})"
        elif kind == "jvp":
            inputs += [("t" + x, s) for x, s in inputs]
            expr = f"etta::jvp(F{k}{{}})(etta::args({', '.join(names)}), etta::args({', '.join('t' + x for x in names)}))"
        else:
            axes = [0] + [R.choice([0, -1]) for _ in names[1:]]
            inputs = [(x, [3] + s if a == 0 else s) for (x, s), a in zip(inputs, axes)]
            inner = f"F{k}{{}}" if kind == "vmap" else f"etta::grad<{R.randrange(n_in)}>(F{k}{{}})"
            expr = f"etta::vmap<{', '.join(map(str, axes))}>({inner})({', '.join(names)})"
        p = ", ".join("[[maybe_unused]] auto " + x for x, _ in inputs)
        out += f"struct G{k} {{\n    constexpr auto operator()({p}) const {{ return {expr}; }}\n}};\n"
    strided = R.random() < 0.2
    decl = [tensor(x, s, 1 + k + 0.37 * i, strided) for i, (x, s) in enumerate(inputs)]
    setup = "".join(f"    {d}\n" for d, _ in decl)
    if dynamic:
        setup = f"    const etta::index n = {R.choice([1, 2, 3, 7, 8, 19])};\n" + setup
        setup += "    (void)n;\n"
    return out, setup, f"check::program_error({call}{{}}, {', '.join(x for _, x in decl)})", kind


tolerance = "1e-10" if T == "double" else "1e-4"
functions = [make(k) for k in range(args.count)]
print(f"""// random_programs: what programs compute is what their Graphs mean. Written by random_programs.py (where it is said how to
// try other seeds):
//   random_programs.py {args.seed} {args.count} --type {T}
#include <etta/etta.hpp>

#include "program_check.hpp"
""" + ("#include <cstdio>\n" if args.main else '\n#include "catch.hpp"\n') + """
using etta::Tensor;

namespace {
""")
for f in functions:
    print(f[0])
print("}  // namespace\n")
for k, (_, setup, call, kind) in enumerate(functions):
    if args.main:
        print(f"static void run{k}() {{\n{setup}    const double e = {call};\n    if (!(e <= {tolerance})) std::printf(\"F{k} ({kind}): %g\\n\", e);\n}}")
    else:
        print(f"TEST_CASE(\"random program {k} ({kind}) computes what its Graph means\") {{\n{setup}    CHECK({call} <= {tolerance});\n}}")
if args.main:
    calls = "\n".join(f'    try {{ run{k}(); }} catch (const std::exception& e) {{ std::printf("F{k}: %s\\n", e.what()); }}' for k in range(args.count))
    print(f"int main() {{\n{calls}\n    std::puts(\"done\");\n}}")
