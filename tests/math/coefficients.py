#!/usr/bin/env python3
"""Where the numbers in include/etta/math come from. Prints every polynomial with the error it leaves; needs mpmath
(pip install mpmath gmpy2). Nothing is built from this: it is the derivation, kept so that a constant can be checked or
improved.

    coefficients.py               all
    coefficients.py exp atan      only those whose name starts so
    coefficients.py "tanh table"  the table of polynomials, one for each interval of tanh

Each is a minimax fit by Remez's exchange on a dense grid, in 50 digits. Coefficients are rounded one by one, lowest power
first; after each the rest is fitted anew, so that the later ones make up for the rounding of the earlier ones. (Where the
variable has both signs, powers without the constant are no Chebyshev system: there all are rounded at once if that is
better.)
"""
import sys

from mpmath import mp, mpf

mp.dps = 50


def rounded(x, digits):
    """x to the nearest number of `digits` binary digits."""
    x = mpf(x)
    if x == 0:
        return x
    m, e = mp.frexp(x)
    return mp.ldexp(mp.nint(mp.ldexp(m, digits)), int(e) - digits)


def remez(u, target, weight, n):
    """c[0..n-1] with  weight * (target - sum c[k] u^k)  as even as possible on the grid u. Returns (c, error)."""
    size = len(u)
    at = [i * (size - 1) // n for i in range(n + 1)]  # the grid is Chebyshev's already
    best = None
    for _ in range(40):
        a = mp.matrix(n + 1, n + 1)
        b = mp.matrix(n + 1, 1)
        for r, i in enumerate(at):
            for k in range(n):
                a[r, k] = weight[i] * u[i] ** k
            a[r, n] = (-1) ** r
            b[r] = weight[i] * target[i]
        s = mp.lu_solve(a, b)
        c = [s[k] for k in range(n)]
        error = []
        for x, t, w in zip(u, target, weight):
            p = mpf(0)
            for k in reversed(c):
                p = p * x + k
            error.append(w * (t - p))
        worst = max(abs(e) for e in error)
        if best is None or worst < best[1]:
            best = (c, worst)
        peaks = []  # the greatest of every run of one sign
        for i, e in enumerate(error):
            if peaks and (error[peaks[-1]] > 0) == (e > 0):
                if abs(e) > abs(error[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > n + 1:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        if len(peaks) < n + 1 or peaks == at:
            break
        at = peaks
    return best


def error_of(c, u, target, weight):
    worst = mpf(0)
    for x, t, w in zip(u, target, weight):
        p = mpf(0)
        for k in reversed(c):
            p = p * x + k
        worst = max(worst, abs(w * (t - p)))
    return worst


def fit(u, target, weight, n, digits):
    first, _ = remez(u, target, weight, n)
    at_once = [rounded(k, digits) for k in first]
    one_by_one = fit_one_by_one(u, target, weight, n, digits)
    return min(at_once, one_by_one, key=lambda c: error_of(c, u, target, weight))


def fit_one_by_one(u, target, weight, n, digits):
    c = []
    target, weight = list(target), list(weight)
    for left in range(n, 0, -1):
        best, error = remez(u, target, weight, left)
        c.append(rounded(best[0], digits))
        target = [(t - c[-1]) / x for t, x in zip(target, u)]
        weight = [w * abs(x) for w, x in zip(weight, u)]
    return c


def grid(a, b, n):
    """Dense towards the ends, where the peaks are; never 0."""
    r = []
    for i in range(n + 1):
        x = (a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (i + mpf("0.37")) / (n + mpf("0.74")))
        r.append(x)
    return r


def literal(c, digits):
    return mp.nstr(c, 9, strip_zeros=False) + "f" if digits == 24 else mp.nstr(c, 17, strip_zeros=False)


CASES = []


def polynomial(name, interval, terms, value, part, variable=lambda x: x):
    """part(x) = sum c[k] variable(x)^k; value(x), with part in it, shall have the least relative error.
    terms: how many for float and for double (0: none)."""
    CASES.append((name, interval, terms, value, part, variable))


def run(case):
    name, (a, b), terms, share, part, variable = case
    for digits, n in zip((24, 53), terms):
        if n == 0:
            continue
        xs = grid(mpf(a), mpf(b), 24 * n + 60)
        u = [variable(x) for x in xs]
        target = [part(x) for x in xs]
        weight = [abs(share(x)) for x in xs]
        c = fit(u, target, weight, n, digits)
        worst = error_of(c, u, target, weight)
        print(f"{name}, {'float' if digits == 24 else 'double'}: error {mp.nstr(worst * mpf(2) ** digits, 3)} * 2^-{digits}")
        print("    " + ", ".join(literal(k, digits) for k in reversed(c)))
        sys.stdout.flush()


def square(x):
    return x * x


# name, interval, terms (float, double), how much a change of the part changes the result (relative), the part, variable
HALF_LN2 = mp.log(2) / 2 * mpf("1.001")
polynomial("exp: (e^r - 1 - r) / r^2", (-HALF_LN2, HALF_LN2), (5, 10), lambda x: x * x / mp.expm1(x),
           lambda x: (mp.expm1(x) - x) / x**2)
polynomial("exp2: (2^r - 1) / r", (mpf("-0.5"), mpf("0.5")), (6, 11), lambda x: x / mpf(2) ** x, lambda x: mp.expm1(x * mp.log(2)) / x)
F = (mp.sqrt(0.5) - 1, mp.sqrt(2) - 1)
polynomial("log: (log(1+f) - f + f^2/2) / f^3", F, (8, 0), lambda f: f**3 / mp.log1p(f),
           lambda f: (mp.log1p(f) - f + f * f / 2) / f**3)
S = (mpf("1e-12"), (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mpf("1.0001"))
polynomial("log: (2 atanh(s) - 2 s) / s^3 in s^2", S, (4, 7), lambda s: s**3 / (2 * mp.atanh(s)),
           lambda s: (2 * mp.atanh(s) - 2 * s) / s**3, square)
polynomial("pow: (atanh(s) - s - s^3/3) / s^5 in s^2", S, (4, 8), lambda s: s**5 / mp.atanh(s),
           lambda s: (mp.atanh(s) - s - s**3 / 3) / s**5, square)
Q = (mpf("1e-12"), mp.pi / 4 * mpf("1.0001"))
polynomial("sin: (sin(r) - r) / r^3 in r^2", Q, (3, 6), lambda r: r**3 / mp.sin(r), lambda r: (mp.sin(r) - r) / r**3, square)
polynomial("cos: (cos(r) - 1 + r^2/2) / r^4 in r^2", (mpf("1e-6"), Q[1]), (3, 6), lambda r: r**4 / mp.cos(r),
           lambda r: (mp.cos(r) - 1 + r * r / 2) / r**4, square)
polynomial("tan: (tan(r) - r) / r^3 in r^2", Q, (6, 0), lambda r: r**3 / mp.tan(r), lambda r: (mp.tan(r) - r) / r**3, square)
polynomial("atan: (atan(t) - t) / t^3 in t^2", (mpf("1e-12"), mpf("0.5")), (5, 11), lambda t: t**3 / mp.atan(t),
           lambda t: (mp.atan(t) - t) / t**3, square)
polynomial("asin: (asin(x) - x) / x^3 in x^2", (mpf("1e-12"), mpf("0.5")), (5, 12), lambda x: x**3 / mp.asin(x),
           lambda x: (mp.asin(x) - x) / x**3, square)
polynomial("sinh: (sinh(x) - x) / x^3 in x^2", (mpf("1e-12"), mpf(1)), (4, 7), lambda x: x**3 / mp.sinh(x),
           lambda x: (mp.sinh(x) - x) / x**3, square)
polynomial("tanh: (tanh(x) - x) / x^3 in x^2", (mpf("1e-12"), mpf("0.55")), (5, 0), lambda x: x**3 / mp.tanh(x),
           lambda x: (mp.tanh(x) - x) / x**3, square)
polynomial("softplus: (2 atanh(s) - 2 s) / s^3 in s^2, s <= 1/3", (mpf("1e-12"), mpf(1) / 3), (4, 10), lambda s: s**3 / (2 * mp.atanh(s)),
           lambda s: (2 * mp.atanh(s) - 2 * s) / s**3, square)
polynomial("erf: erf(x) / x - 1 in x^2", (mpf("1e-12"), mpf(1)), (7, 12), lambda x: x / mp.erf(x), lambda x: mp.erf(x) / x - 1, square)
polynomial("erf: log(erfc(x)) / x, 1 <= x <= 4", (mpf(1), mpf(4)), (6, 0), lambda x: x * mp.erfc(x) / mp.erf(x),
           lambda x: mp.log(mp.erfc(x)) / x)

polynomial("cbrt: v^(-1/3), sqrt(1/8) <= v <= sqrt(8)", (mp.sqrt(mpf(1) / 8), mp.sqrt(8)), (4, 0), lambda v: mp.cbrt(v), lambda v: 1 / mp.cbrt(v))


def erfc_case(k, high, terms):
    polynomial(f"erfc: (1 + 2 x) e^(x^2) erfc(x) in (x - {k}) / (x + {k}), 0.5 <= x <= {high}", (mpf("0.5"), mpf(high)), terms,
               lambda x: 1 / ((1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)), lambda x: (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x),
               lambda x: (x - k) / (x + k))


erfc_case(2, "10.1", (10, 0))
erfc_case(4, "27.3", (0, 22))


def constants():
    """A number in parts: each but the last with `bits` digits, so that products with small integers are exact."""
    def parts(name, value, widths):
        out, left = [], value
        for w in widths:
            p = rounded(left, w)
            out.append(p)
            left -= p
        print(f"{name}: " + ", ".join(mp.nstr(p, 17) for p in out))

    parts("ln 2, float", mp.log(2), (15, 24))
    parts("ln 2, double", mp.log(2), (42, 53))
    for digits in (24, 53):
        for name, v in (("1/ln 2", 1 / mp.log(2)), ("1/ln 10", 1 / mp.log(10)), ("log10 2", mp.log10(2)), ("2/ln 2", 2 / mp.log(2)), ("2/pi", 2 / mp.pi),
                        ("pi/2", mp.pi / 2), ("pi/4", mp.pi / 4), ("pi", mp.pi), ("1/3", mpf(1) / 3)):
            parts(f"{name}, {digits} digits", v, (digits, digits, digits))
    parts("log10 2, float", mp.log10(2), (15, 24))
    parts("log10 2, double", mp.log10(2), (42, 53))
    parts("pi/2 without fma, float", mp.pi / 2, (8, 8, 8, 8, 8, 8, 24))
    parts("pi/2 without fma, double", mp.pi / 2, (33, 33, 33, 33, 53))
    bits = int(mp.floor(mpf(2) ** 1216 * (2 / mp.pi))) if mp.dps > 400 else None
    return bits


def two_over_pi(words=38):
    mp.dps = 420
    v = int(mp.floor(2 / mp.pi * mpf(2) ** (32 * words)))
    mp.dps = 50
    print("2/pi, 32 digits a word: " + ", ".join(f"0x{(v >> (32 * (words - 1 - i))) & 0xffffffff:08x}u" for i in range(words)))


def tanh_table(terms=6, most=mpf("9.125")):
    """tanh(c + d) = y + d (k1 + ... + k6 d^5) on sixteen intervals, [0, 3/32] and then the halves of [2^n, 2^(n+1)].
    An interval's number is a float's bits 22 to 25. The centre c is near the middle, where tanh(c) is all but a float."""
    names = ["centre", "value"] + [f"d^{k + 1}" for k in range(terms)]
    columns = [[mpf(0)] * len(names) for _ in range(16)]
    for i in range(16):
        low = mpf(2) ** (i // 2 - 4) * (1 + mpf(i % 2) / 2)
        high = min(mpf(2) ** ((i + 1) // 2 - 4) * (1 + mpf((i + 1) % 2) / 2), most)
        if low >= most:
            continue
        if i == 0:
            low = centre = value = mpf(0)
        else:
            middle = (low + high) / 2
            value = rounded(mp.tanh(middle), 24)
            unit = mp.ldexp(1, int(mp.frexp(value)[1]) - 24)
            near = [(rounded(mp.atanh(value + k * unit), 24), value + k * unit) for k in range(-1000, 1000) if value + k * unit < 1]
            near = [(c, v) for c, v in near if abs(c - middle) < (high - low) / 8]
            centre, value = min(near, key=lambda p: abs(mp.tanh(p[0]) - p[1]))
        xs = grid(low - centre, high - centre, 24 * terms + 60)
        target = [(mp.tanh(centre + x) - value) / x for x in xs]
        weight = [abs(x) / mp.tanh(centre + x) for x in xs]
        c = fit(xs, target, weight, terms, 24)
        worst = error_of(c, xs, target, weight)
        bits = 2 * (i // 2 + 123) + i % 2
        print(f"tanh table, {mp.nstr(low, 5)} to {mp.nstr(high, 5)}, entry {bits % 16}: error {mp.nstr(worst * mpf(2) ** 24, 3)} * 2^-24")
        columns[bits % 16] = [centre, value] + c
    for name, row in zip(names, zip(*columns)):
        print(f"    {{" + ", ".join("0" if k == 0 else literal(k, 24) for k in row) + f"}},  // {name}")


wanted = sys.argv[1:]
for case in CASES:
    if not wanted or any(case[0].startswith(w) for w in wanted):
        run(case)
if not wanted or "tanh table" in wanted:
    tanh_table()
if not wanted or "constants" in wanted:
    constants()
    two_over_pi()
