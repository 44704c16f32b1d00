// Schedules: one's own, put together, and what ends with a run. That the rates are PyTorch's: tests/parity/schedules.cpp.
#include <etta/optim/schedule.hpp>

#include "../catch.hpp"

using namespace etta;

TEST_CASE("any callable is a schedule, with or without the run's length") {
    const int period = 3;
    const Schedule saw = [period](long step) { return step % period == 0 ? 0.5 : 1; };
    CHECK((saw.factor(2, 0) == 1 && saw.factor(3, 0) == 0.5 && !saw.needs_length()));
    const Schedule half = [](long step, long total) { return 2 * step > total ? 0.5 : 1.0; };
    CHECK((half.needs_length() && half.factor(5, 10) == 1 && half.factor(6, 10) == 0.5));
    CHECK((!half.over(4).needs_length() && half.over(4).factor(3, 100) == 0.5));
    Schedule copy = half.over(4);
    copy = saw;
    CHECK((copy.factor(3, 0) == 0.5 && Schedule().factor(77, 0) == 1));
}

TEST_CASE("schedules follow each other and multiply, and know whether they need the run's length") {
    CHECK((!step_decay(3).needs_length() && !warm_up(3).needs_length() && !cyclic().needs_length()));
    CHECK((cosine().needs_length() && polynomial().needs_length() && one_cycle().needs_length() && linear(0, 5).needs_length()));
    CHECK((warm_up(3).then(3, cosine()).needs_length() && (cosine() * warm_up(3)).needs_length()));
    CHECK((!warm_up(3).then(3, cosine().over(9)).needs_length() && !cosine(0, 4).over(9).needs_length()));
    const auto s = hold(0.5, 2).then(4, linear().over(10)).then(8, exponential(0.1));
    const double want[] = {0.5, 0.5, 1, 1, 1, 0.9, 0.8, 0.7, 1, 0.1};
    for (int i = 0; i < 10; ++i) CHECK(s.factor(i + 1, 0) == Approx(want[i]));
    const auto c = cosine(0.1, 10);
    CHECK((c.factor(1, 100) == Approx(0.1) && c.factor(10, 100) == 1 && c.factor(11, 100) == 1));
    CHECK(c.factor(1000, 100) == Approx(0.1));  // after the end: what is left
}

TEST_CASE("a schedule may count epochs: each of its values holds for so many steps") {
    const etta::Schedule plain = etta::step_decay(2, 0.5), slow = plain.per(3), end = etta::linear(0.2);
    CHECK(!slow.needs_length());
    CHECK(end.per(3).needs_length());
    for (long step = 1; step <= 20; ++step) {
        CHECK(slow.factor(step, 20) == plain.factor((step - 1) / 3 + 1, 7));
        CHECK(end.per(3).factor(step, 20) == end.factor((step - 1) / 3 + 1, 7));
        CHECK(end.over(5).per(3).factor(step, 0) == end.factor((step - 1) / 3 + 1, 5));
    }
}
