// Numbers from text: the value the C library gives, in any locale, and nothing that only begins like a number.
#include <etta/core/random.hpp>
#include <etta/io/number.hpp>

#include <clocale>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "catch.hpp"

using etta::_::number_status;

namespace {
double number(std::string_view text) {
    double x = -1;
    REQUIRE(etta::_::parse_number<>(text, x) == number_status::ok);
    return x;
}
bool refused(std::string_view text) {
    double x = 0;
    return etta::_::parse_number<>(text, x) == number_status::not_a_number;
}
}  // namespace

TEST_CASE("decimal numbers are read, with sign, fraction and exponent") {
    CHECK(number("0") == 0);
    CHECK(std::signbit(number("-0")));
    CHECK(number("12") == 12);
    CHECK(number("+1.5") == 1.5);
    CHECK(number("-.5") == -0.5);
    CHECK(number("5.") == 5);
    CHECK(number("1e3") == 1000);
    CHECK(number("1E-2") == 0.01);
    CHECK(number("0.1") == 0.1);
    CHECK(number("00012.50") == 12.5);
    CHECK(number("123456789012345678901234567890") == 123456789012345678901234567890.0);
    CHECK(number("0.000000000000000000000000000001234") == 1.234e-30);
    CHECK(number("1.7976931348623157e308") == 1.7976931348623157e308);
    CHECK(number("4.9e-324") == 4.9e-324);
    CHECK(number("1e-400") == 0);
    CHECK(number("0e999999999999") == 0);
    CHECK(std::isnan(number("NaN")));
    CHECK(number("-inf") == -HUGE_VAL);
    CHECK(number("Infinity") == HUGE_VAL);
}

TEST_CASE("what is not wholly a number is refused") {
    for (const char* text : {"", "-", "+", ".", "e5", "1e", "1e+", "1,5", "1 2", "0x10", "1f", "--1", "1.2.3", "nano", "in", "١"})
        CHECK(refused(text));
    CHECK(refused(std::string_view("1\0", 2)));
    double x = 0;
    CHECK(etta::_::parse_number<>("1e400", x) == number_status::out_of_range);
    CHECK(etta::_::parse_number<>("-1e400", x) == number_status::out_of_range);
}

TEST_CASE("every finite double survives being printed with 17 digits") {
    etta::random_stream random(etta::seed(1));
    int wrong = 0;
    for (int i = 0; i < 100000; ++i) {
        const double x = __builtin_bit_cast(double, random.next64());
        if (!std::isfinite(x)) continue;
        char text[40];
        std::snprintf(text, sizeof text, "%.17g", x);
        wrong += number(text) != x;
        // Few digits: the path that is computed here.
        std::snprintf(text, sizeof text, "%d.%05u", static_cast<int>(random.below(2000)) - 1000,
                      static_cast<unsigned>(random.below(100000)));
        wrong += number(text) != std::strtod(text, nullptr);
    }
    CHECK(wrong == 0);
}

TEST_CASE("a locale with a decimal comma changes nothing") {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"})
        if (std::setlocale(LC_ALL, name) != nullptr) break;
    CHECK(number("1.5") == 1.5);
    CHECK(number("1.23456789012345678901e5") == 1.23456789012345678901e5);
    CHECK(refused("1,5"));
    std::setlocale(LC_ALL, "C");
}
