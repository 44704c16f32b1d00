// Tensors as text, against what NumPy prints of the same elements (print.py).
#include <etta/core/create.hpp>
#include <etta/core/print.hpp>
#include <etta/op/op.hpp>
#include <etta/run/call.hpp>

#include "../catch.hpp"

#include <cmath>
#include <sstream>

using namespace etta;

TEST_CASE("tensors print as NumPy prints them") {
    const auto count = arange<int, 80>();
    const auto arange_1001 = arange<int, 1001>();
    const auto product = [](auto i, auto j) { return double(i * j) / 4; };
    const auto total = [](auto i, auto j, auto k) { return int(i + j + k); };
    const struct {
        const char* what;
        std::string text, expected;
    } cases[] = {
#include "print_cases.hpp"
    };
    for (const auto& c : cases) {
        INFO(c.what);
        CHECK(c.text == c.expected);
    }
}

TEST_CASE("views print as what they show, on any stream") {
    Tensor<int, 2, 3> u{1, 2, 3, 4, 5, 6};
    CHECK(to_string(u(all, 1)) == "[2, 5]");
    CHECK(to_string(u(all, range(2, all, -2))) == "[[3, 1],\n [6, 4]]");
    CHECK(to_string(u(all, range(1, 1))) == "[]");
    std::ostringstream out;
    out << u(1, all);
    CHECK(out.str() == "[4, 5, 6]");
    const Tensor<float, dyn> none(0);
    CHECK(to_string(none) == "[]");
}
