// range.hpp: parts of an axis, as in t(range(1, 3), all): Python's slices, but that a bound outside the axis is an error, and a
// compile error where bounds and extent are constants. View::operator() is what reads them.
#pragma once

#include "error.hpp"
#include "extents.hpp"

namespace etta {
namespace _ {
inline constexpr index open_end = static_cast<index>(1) << (8 * sizeof(index) - 2);  // a bound past any axis
}

// What range() gives: bounds known at run time, and bounds that are constants.
struct range_t {
    index begin, end, step;
};
template <index Begin, index End, index Step>
struct static_range_t {};

// Elements begin, begin + step, … before `end`. Negative bounds count from the axis' end; the step may be negative, not 0.
constexpr range_t range(index begin, index end, index step = 1) { return {begin, end, step}; }
// From begin to the end of the axis, or to its start where the step is negative: range(2, all), range(-1, all, -1).
constexpr range_t range(index begin, all_t, index step = 1) { return {begin, _::open_end, step}; }
// The same with constants, which keep a static extent static: range<1, 3>(), range<2>() for all from 2.
template <index Begin, index End = _::open_end, index Step = 1>
constexpr static_range_t<Begin, End, Step> range() {
    static_assert(Step != 0, "etta: range: the step is 0");
    return {};
}

namespace _ {

// A range as elements of an axis of n.
struct axis_part {
    index start, count, step;
    bool fits;
};
constexpr axis_part part_of_axis(index n, range_t r) {
    const bool forward = r.step > 0;
    if (r.begin < 0) r.begin += n;
    if (r.end == open_end) r.end = forward ? n : -1;
    else if (r.end < 0 && (r.end += n) < 0) r.step = 0;  // as bad
    const index first = forward ? 0 : -1, last = forward ? n : n - 1;  // where bounds may lie
    const bool fits = r.step != 0 && (r.begin >= 0 || n == 0) && r.begin >= first && r.begin <= last && r.end >= first && r.end <= last;
    if (!fits) return {0, 0, 1, false};
    const index length = forward ? r.end - r.begin : r.begin - r.end, step = forward ? r.step : -r.step;
    if (length <= 0) return {0, 0, 1, true};
    return {r.begin, (length + step - 1) / step, r.step, true};
}

// What one argument of operator() says about its axis.
struct axis_choice {
    bool number;
    range_t part;
};
constexpr axis_choice chosen(all_t) { return {false, {0, open_end, 1}}; }
constexpr axis_choice chosen(range_t r) { return {false, r}; }
template <index B, index E, index S>
constexpr axis_choice chosen(static_range_t<B, E, S>) { return {false, {B, E, S}}; }
template <class I>
    requires std::is_integral_v<I>
constexpr axis_choice chosen(I i) { return {true, {static_cast<index>(i), 0, 1}}; }

// The extent that an axis of E keeps.
template <std::size_t E, class I>
struct kept_extent;
template <std::size_t E>
struct kept_extent<E, all_t> {
    static constexpr std::size_t value = E;
};
template <std::size_t E>
struct kept_extent<E, range_t> {
    static constexpr std::size_t value = dyn;
};
template <std::size_t E, index Begin, index End, index Step>
constexpr std::size_t elements_between() {
    constexpr axis_part part = part_of_axis(static_cast<index>(E), {Begin, End, Step});
    static_assert(part.fits, "etta: range: a bound lies outside of the axis (an axis of E elements, then begin, end, step)");
    return static_cast<std::size_t>(part.count);
}
template <std::size_t E, index Begin, index End, index Step>
struct kept_extent<E, static_range_t<Begin, End, Step>> {
    static constexpr std::size_t value = elements_between<E, Begin, End, Step>();
};
// Of a run-time extent: as many as the bounds say, if they say so; that they are there is looked at when it runs.
template <index Begin, index End, index Step>
struct kept_extent<dyn, static_range_t<Begin, End, Step>> {
    static constexpr bool counted = Begin >= 0 && End >= 0 && End != open_end;
    static constexpr std::size_t value = counted ? static_cast<std::size_t>(part_of_axis(open_end - 1, {Begin, End, Step}).count) : dyn;
};

template <class Target = this_target>
[[noreturn]] ETTA_NOINLINE void refuse_range(index n, range_t r) {
    if (r.end == open_end) fail_with<Target>("range(%lld, all, %lld) of an axis of %lld elements", static_cast<long long>(r.begin), static_cast<long long>(r.step), static_cast<long long>(n));
    fail_with<Target>("range(%lld, %lld, %lld) of an axis of %lld elements", static_cast<long long>(r.begin), static_cast<long long>(r.end), static_cast<long long>(r.step), static_cast<long long>(n));
}

}  // namespace _
}  // namespace etta
