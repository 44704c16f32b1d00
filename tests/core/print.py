#!/usr/bin/env python3
"""Makes print_cases.hpp: what NumPy prints of some tensors, print.cpp's table. Needs NumPy 2.4.

    python3 tests/core/print.py > tests/core/print_cases.hpp
"""
import numpy

F, D = "float", "double"
INF, NAN = numpy.inf, numpy.nan
TYPES = {F: "f4", D: "f8", "int": "i4", "std::int8_t": "i1", "std::uint8_t": "u1", "std::int64_t": "i8", "bool": "?"}

# Element type, extents, elements in row-major order.
LISTED = [
    (D, [3], [1, -2.5, 0.1]),
    (F, [3], [1, -2.5, 0.1]),
    (F, [2, 3], [0, 0, 0, 3, 1.5, 0.5]),
    (D, [2, 2], [2, 0, 1, 1.4142135623730951]),
    (D, [3], [0.123456789123, 1, 20.5]),
    (F, [3], [0.1, 0.123456789, 3.14159274]),
    (D, [2], [1 / 3, 2 / 3]),
    (F, [2], [1 / 3, 2 / 3]),
    (D, [3], [1e-10, 1, 1000]),
    (F, [3], [1e-5, 0.1, 1.2345679]),
    (D, [2], [1e-300, 1e300]),
    (D, [2], [1e-300, INF]),
    (D, [2], [1e8, 1]),
    (D, [2], [99999999, 123456]),
    (F, [2], [999999, 1234.5]),
    (F, [2], [1e6, 5e5]),
    (F, [2], [16777216, 1e10]),
    (D, [2], [1000, 1]),
    (D, [2], [1001, 1]),
    (D, [2], [0.0001, 0.05]),
    (D, [2], [0.00009, 0.05]),
    (D, [4], [0, -0.0, 1, -1]),
    (D, [1], [0]),
    (D, [3], [NAN, 1.25, -3]),
    (D, [3], [INF, -INF, 1.5]),
    (D, [3], [NAN, INF, 0.5]),
    (D, [2], [NAN, NAN]),
    (D, [2], [INF, NAN]),
    (D, [2], [-INF, INF]),
    (D, [3], [NAN, 1e20, -1e-20]),
    (D, [2], [9.99999999e7, 99999999.999999999]),
    (D, [3], [1.5e-5, 2e-200, 3.125]),
    (D, [2], [0.5, 0.000244140625]),
    (D, [2], [0.999999999, 1]),
    (D, [], [3.5]),
    (F, [], [0.1]),
    (D, [], [0.123456789123]),
    (D, [], [1e20]),
    (D, [], [NAN]),
    ("int", [3], [1, -2, 30]),
    ("int", [2, 2], [1, 2, 3, 40]),
    ("int", [2, 1, 2], [1, 2, 3, 4]),
    ("int", [], [-7]),
    ("std::int8_t", [3], [-128, 0, 127]),
    ("std::uint8_t", [2], [0, 255]),
    ("std::int64_t", [2], [-9223372036854775807, 1]),
    ("bool", [2], [True, False]),
    ("bool", [2, 2], [True, True, True, True]),
    ("bool", [], [True]),
    ("bool", [], [False]),
    (D, [0], []),
    (F, [2, 0, 3], []),
    (F, [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8.25]),
    (D, [1, 1, 1, 2], [1, 2]),
]
# C++, NumPy: too many to list.
COMPUTED = [
    ("arange<int, 30>()", "numpy.arange(30)"),
    ("arange<double, 40>(0, 0.25)", "numpy.arange(40) * 0.25"),
    ("eval(reshape<2, 40>(count))", "numpy.arange(80).reshape(2, 40)"),
    ("eval(reshape<2, 2, 20>(count) * 1.5)", "numpy.arange(80).reshape(2, 2, 20) * 1.5"),
    ("eval(10000 * arange_1001)", "10000 * numpy.arange(1001)"),
    ("arange<int, 1000>()(range(0, 7))", "numpy.arange(1000)[:7]"),
    ("arange<int, 1001>()", "numpy.arange(1001)"),
    ("arange<float, 2000>(0, 0.5)", "numpy.arange(2000, dtype='f4') * numpy.float32(0.5)"),
    ("from_function<double, 40, 30>(product)", "numpy.fromfunction(lambda i, j: i * j / 4, (40, 30))"),
    ("from_function<double, 6, 200>(product)", "numpy.fromfunction(lambda i, j: i * j / 4, (6, 200))"),
    ("from_function<int, 8, 2, 80>(total)", "numpy.fromfunction(lambda i, j, k: i + j + k, (8, 2, 80)).astype('i4')"),
]
print("// Made by print.py. Do not edit.")


def number(t, x):
    if t == "bool":
        return "true" if x else "false"
    if x != x:
        return "NAN"
    if x in (INF, -INF):
        return "-HUGE_VAL" if x < 0 else "HUGE_VAL"
    return repr(x) if t != F else repr(float(numpy.float32(x))) + "f" if isinstance(x, float) else str(x)


def case(cpp, array):
    text = numpy.array2string(array, separator=", ")
    print(f'{{{cpp!r}, to_string({cpp}),\n R"({text})"}},'.replace("{'", '{R"(', 1).replace("', to_string", ')", to_string', 1))


for t, extents, x in LISTED:
    array = numpy.array(x, dtype=TYPES[t]).reshape(extents)
    case(f"Tensor<{', '.join([t, *map(str, extents)])}>{{{', '.join(number(t, v) for v in x)}}}", array)
for cpp, python in COMPUTED:
    case(cpp, eval(python))
