// mistakes.hpp: turns the first mistake of a trace into one static_assert that says what was expected and what was
// found. The facts are template arguments, because that is what every compiler prints.
#pragma once

#include "program.hpp"

namespace etta {

// Printed in error messages: a shape, a dtype, the op that complained, the layer it stands in.
enum class extent_known { at_run_time };
template <auto... E>
struct shape_ {};
template <char... Name>
struct name_ {};
// A number, as one writes it.
template <char... Digits>
struct value_ {};

namespace _ {

template <class Source, std::size_t... I>
constexpr auto spell_op(std::index_sequence<I...>) -> name_<Source::error.op[I]...>;
template <class Source>
using op_name = decltype(spell_op<Source>(std::make_index_sequence<Source::error.op.size()>{}));
template <std::int64_t Code>
constexpr auto printed() {
    if constexpr (Code >= 0) return static_cast<int>(Code);
    else return extent_known::at_run_time;
}
template <class Source, std::size_t... I>
constexpr auto expected_shape(std::index_sequence<I...>) -> shape_<printed<Source::error.expected.at[I].code>()...>;
template <class Source, std::size_t... I>
constexpr auto got_shape(std::index_sequence<I...>) -> shape_<printed<Source::error.got.at[I].code>()...>;

template <class Op, class A, class B>
inline constexpr bool shapes_broadcast = false;
template <class Op, class A, class B>
inline constexpr bool inner_extents_match = false;
template <class Op, class A, class B>
inline constexpr bool ranks_fit = false;
template <class Op, class A, class B>
inline constexpr bool axis_exists = false;
template <class Op, class A, class B>
inline constexpr bool sizes_match = false;
template <class Op, class A, class B>
inline constexpr bool dtypes_match = false;
template <class Shape>
inline constexpr bool loss_is_a_number = false;
template <dtype D>
struct printed_type {
    using type = type_of<D>;
};
template <>
struct printed_type<dtype::none> {
    using type = void;
};
template <class Op, class Matrix>
inline constexpr bool matrix_is_square = false;
template <class Op, class Matrix, class B>
inline constexpr bool rows_match = false;
template <class Op, class A, class B>
inline constexpr bool operands_fit = false;
template <class Before, class After>
inline constexpr bool carry_keeps_its_shape = false;
template <class Value>
inline constexpr bool value_stays_in_its_loop = false;
template <class Op>
inline constexpr bool random_numbers_are_there = false;

template <class Op, class Axes, class Numbers>
inline constexpr bool numbers_for_axes = false;
template <class Op, class Values, class Weight>
inline constexpr bool weight_fits = false;
template <class Option, class Value>
inline constexpr bool option_is_sound = false;

// Six digits behind the point, without zeros at their end.
struct written_number {
    char at[32] = {};
    std::size_t size = 0;
    constexpr explicit written_number(double x) {
        if (x != x || x > 1e12 || x < -1e12) {
            for (const char c : std::string_view(x != x ? "nan" : x > 0 ? "large" : "-large")) at[size++] = c;
            return;
        }
        if (x < 0) at[size++] = '-', x = -x;
        char back[32] = {};
        int n = 0, least = 0;
        for (std::int64_t all = static_cast<std::int64_t>(x * 1e6 + 0.5); n < 7 || all > 0; all /= 10) back[n++] = static_cast<char>('0' + all % 10);
        while (least < 6 && back[least] == '0') ++least;
        while (n > least) {
            at[size++] = back[--n];
            if (n == 6 && least < 6) at[size++] = '.';
        }
    }
};
template <class Source, std::size_t... I>
constexpr auto spell_value(std::index_sequence<I...>) -> value_<written_number(Source::error.value).at[I]...>;

template <class Source>
inline constexpr bool every_call_is_constexpr = false;
// Can Source be traced while compiling?
template <class Source>
concept traceable = requires { typename std::bool_constant<(Source::find_error({}), true)>; };
// False (after the message) if not. The compiler's own message, which names the call, comes behind ours.
template <class Source>
constexpr bool check_traceable() {
    if constexpr (traceable<Source>) {
        return true;
    } else {
        static_assert(every_call_is_constexpr<Source>, "etta: a traced function or a model calls something that is not constexpr: mark its operator() and the functions it calls constexpr");
        constexpr failure e = Source::find_error({});
        (void)e;
        return false;
    }
}

// False (after the message) where the trace of Source made a mistake. Op: what it is blamed on.
template <class Source, class Op = op_name<Source>>
constexpr bool check() {
    constexpr failure e = Source::error;
    if constexpr (e.what == mistake::none) {
        return true;
    } else {
        using A = decltype(expected_shape<Source>(std::make_index_sequence<static_cast<std::size_t>(e.expected.rank)>{}));
        using B = decltype(got_shape<Source>(std::make_index_sequence<static_cast<std::size_t>(e.got.rank)>{}));
        if constexpr (e.what == mistake::broadcast) static_assert(shapes_broadcast<Op, A, B>, "etta: these shapes do not broadcast to one another");
        else if constexpr (e.what == mistake::inner_extents) static_assert(inner_extents_match<Op, A, B>, "etta: matmul: the inner extents differ");
        else if constexpr (e.what == mistake::rank) static_assert(ranks_fit<Op, A, B>, "etta: an operand has the wrong rank");
        else if constexpr (e.what == mistake::axis) static_assert(axis_exists<Op, A, B>, "etta: there is no such axis or element (first the extents there are, then what was asked for)");
        else if constexpr (e.what == mistake::reshape_size) static_assert(sizes_match<Op, A, B>, "etta: reshape: the numbers of elements differ");
        else if constexpr (e.what == mistake::dtypes) static_assert(dtypes_match<Op, typename printed_type<e.type_a>::type, typename printed_type<e.type_b>::type>, "etta: these dtypes do not mix: cast<…>() one of them");
        else if constexpr (e.what == mistake::target) static_assert(loss_is_a_number<B>, "etta: a loss is one number: reduce it with mean or sum");
        else if constexpr (e.what == mistake::square) static_assert(matrix_is_square<Op, B>, "etta: this op wants a square matrix (its last two extents are equal)");
        else if constexpr (e.what == mistake::right_hand_side) static_assert(rows_match<Op, A, B>, "etta: a right-hand side has as many rows as the matrix (only rank 1 is a vector)");
        else if constexpr (e.what == mistake::carry) static_assert(carry_keeps_its_shape<A, B>, "etta: scan: what the body returns as the next carry has another shape than the carry");
        else if constexpr (e.what == mistake::escaped) static_assert(value_stays_in_its_loop<A>, "etta: a value of a loop's body is used outside of it: return it from the body");
        else if constexpr (e.what == mistake::random) static_assert(random_numbers_are_there<Op>, "etta: random numbers are there while a training step is traced, and nowhere else: ask training(x) first");
        else if constexpr (e.what == mistake::weight) static_assert(weight_fits<Op, A, B>, "etta: weights of a loss have the extents of its values, or the first of these ([N]: of samples); weights of classes [C]");
        else if constexpr (e.what == mistake::per_axis) static_assert(numbers_for_axes<Op, A, B>, "etta: per_axis has a number for each spatial axis (first how many axes there are, then how many numbers)");
        else if constexpr (e.what == mistake::option) static_assert(option_is_sound<Op, decltype(spell_value<Source>(std::make_index_sequence<written_number(e.value).size>{}))>, "etta: an option has a value that it cannot have");
        else static_assert(operands_fit<Op, A, B>, "etta: the operands do not fit");
        return false;
    }
}

}  // namespace _
}  // namespace etta
