// Convolutions with what follows them in one kernel, against what their Graphs mean: widths around lanes, channels over several
// blocks, every kind of follower, gradients, and equal bits for one thread and two.
#include <etta/autodiff/grad.hpp>
#include <etta/op/activation.hpp>
#include <etta/op/conv.hpp>
#include <etta/op/reduce.hpp>

#include "../compile/program_check.hpp"
#include "catch.hpp"

#if defined(_OPENMP)
#include <omp.h>
#endif

using check::filled;
using check::program_error;
using etta::Tensor;

namespace {

struct dense {
    constexpr auto operator()(auto x, auto w, auto b) const { return relu(etta::conv2d<1, 1, 1>(x, w, b)); }
};
struct strided {
    constexpr auto operator()(auto x, auto w, auto b) const { return tanh(etta::conv2d<2, 1, 0, 2, 1, 2>(x, w, b)) * 0.5; }
};
struct gradients {
    constexpr auto operator()(auto x, auto w, auto b) const {
        return etta::grad<0, 1, 2>([](auto x, auto w, auto b) { return sum(square(etta::conv2d<1, 1, 1>(tanh(x), w, b))); })(x, w, b);
    }
};
struct strided_gradients {
    constexpr auto operator()(auto x, auto w, auto b) const {
        return etta::grad<0, 1, 2>([](auto x, auto w, auto b) { return sum(square(etta::conv2d<2, 2, 1>(tanh(x), w, b))); })(x, w, b);
    }
};

template <class T, std::size_t N, std::size_t C, std::size_t H, std::size_t W, std::size_t O, std::size_t K = 3>
struct data {
    Tensor<T, N, C, H, W> x = filled(Tensor<T, N, C, H, W>{}, 0.1);
    Tensor<T, O, C, K, K> w = filled(Tensor<T, O, C, K, K>{}, 0.5);
    Tensor<T, O> b = filled(Tensor<T, O>{}, 0.9);
};
template <class T, std::size_t W>
double worst_of_width() {
    const data<T, 2, 3, 3, W, 5> d;
    return std::fmax(program_error(dense{}, d.x, d.w, d.b), program_error(gradients{}, d.x, d.w, d.b));
}
template <class T>
constexpr double bound = sizeof(T) == 8 ? 1e-12 : 1e-4;

}  // namespace

TEMPLATE_TEST_CASE("lines of every length around a register", "", float, double) {
    using T = TestType;
    CHECK(worst_of_width<T, 1>() < bound<T>);
    CHECK(worst_of_width<T, 2>() < bound<T>);
    CHECK(worst_of_width<T, 7>() < bound<T>);
    CHECK(worst_of_width<T, 8>() < bound<T>);
    CHECK(worst_of_width<T, 9>() < bound<T>);
    CHECK(worst_of_width<T, 16>() < bound<T>);
    CHECK(worst_of_width<T, 17>() < bound<T>);
    CHECK(worst_of_width<T, 33>() < bound<T>);
}

TEMPLATE_TEST_CASE("channels that are added in several turns, and a window that fits no block", "", float, double) {
    using T = TestType;
    const data<T, 3, 37, 6, 11, 21> many;
    CHECK(program_error(dense{}, many.x, many.w, many.b) < bound<T>);
    CHECK(program_error(strided{}, many.x, many.w, many.b) < bound<T>);
    CHECK(program_error(gradients{}, many.x, many.w, many.b) < 10 * bound<T>);
    CHECK(program_error(strided_gradients{}, many.x, many.w, many.b) < 10 * bound<T>);
    const data<T, 2, 2, 24, 25, 3, 23> wide;  // 529 taps
    CHECK(program_error(dense{}, wide.x, wide.w, wide.b) < bound<T>);
    CHECK(program_error(gradients{}, wide.x, wide.w, wide.b) < 100 * bound<T>);
    CHECK(program_error(strided_gradients{}, wide.x, wide.w, wide.b) < 100 * bound<T>);
}

TEST_CASE("followers: residuals, several results, other types, the product itself, positions") {
    const data<float, 2, 19, 5, 18, 6> d;
    const auto r = filled(Tensor<float, 2, 6, 5, 18>{}, 0.3);
    const auto residual = [](auto x, auto w, auto b, auto r) { return relu(etta::conv2d<1, 1, 1>(x, w, b) + r); };
    CHECK(program_error(residual, d.x, d.w, d.b, r) < 1e-4);
    const auto several = [](auto x, auto w, auto r) {
        const auto y = etta::conv2d<1, 1, 1>(x, w);
        return std::pair{y, tanh(y + r)};
    };
    CHECK(program_error(several, d.x, d.w, r) < 1e-4);
    const auto boolean = [](auto x, auto w, auto b) { return etta::conv2d<1, 1, 1>(x, w, b) > 0.25f; };
    CHECK(program_error(boolean, d.x, d.w, d.b) == 0);
    const auto wider = [](auto x, auto w, auto b) { return etta::cast<double>(etta::conv2d<1, 1, 1>(x, w, b)) * 2.0; };
    CHECK(program_error(wider, d.x, d.w, d.b) < 1e-4);
    const auto reversed = [](auto x, auto w, auto r) { return etta::conv2d<1, 1, 1>(x, w) * etta::flip<3>(r); };
    CHECK(program_error(reversed, d.x, d.w, r) < 1e-4);
}

TEMPLATE_TEST_CASE("the scalar back end finishes a convolution likewise", "", float, double) {
    using T = TestType;
    using scalar = etta::target<etta::this_target::flags | 1u << 19>;
    static_assert(scalar::scalar);
    const data<T, 2, 5, 6, 11, 4> d;
    const auto on_scalar = [&]<class F>(const F&) {
        return etta::_::run_call<F, scalar, etta::View<const T, etta::extents<2, 5, 6, 11>>, etta::View<const T, etta::extents<4, 5, 3, 3>>, etta::View<const T, etta::extents<4>>>(d.x.view(), d.w.view(), d.b.view());
    };
    const auto far = [](const auto& a, const auto& b) {
        double worst = 0;
        for (etta::index i = 0; i < a.size(); ++i) worst = std::fmax(worst, std::fabs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i])));
        return worst;
    };
    CHECK(far(on_scalar(dense{}), etta::call(dense{}, d.x, d.w, d.b)) < bound<T>);
    CHECK(far(on_scalar(strided{}), etta::call(strided{}, d.x, d.w, d.b)) < bound<T>);
    const auto [sx, sw, sb] = on_scalar(gradients{});
    const auto [x, w, b] = etta::call(gradients{}, d.x, d.w, d.b);
    CHECK(far(sx, x) < 10 * bound<T>);
    CHECK(far(sw, w) < 10 * bound<T>);
    CHECK(far(sb, b) < 10 * bound<T>);
    const auto [tx, tw, tb] = on_scalar(strided_gradients{});
    const auto [ux, uw, ub] = etta::call(strided_gradients{}, d.x, d.w, d.b);
    CHECK(far(tx, ux) < 10 * bound<T>);
    CHECK(far(tw, uw) < 10 * bound<T>);
    CHECK(far(tb, ub) < 10 * bound<T>);
}

TEST_CASE("a result that is an operand of its own is read before it is written") {
    const data<float, 2, 19, 5, 18, 6> d;
    auto y = filled(Tensor<float, 2, 6, 5, 18>{}, 0.3);
    const Tensor<float, 2, 6, 5, 18> before = y;
    Tensor<float, 2, 6, 5, 18> expected;
    expected = etta::conv2d<1, 1, 1>(d.x, d.w, d.b) + 2 * before;
    y = etta::conv2d<1, 1, 1>(d.x, d.w, d.b) + 2 * y;
    CHECK(std::equal(y.data(), y.data() + y.size(), expected.data()));
    y = before;
    y += relu(etta::conv2d<1, 1, 1>(d.x, d.w, d.b));
    expected = before + relu(etta::conv2d<1, 1, 1>(d.x, d.w, d.b));
    CHECK(std::equal(y.data(), y.data() + y.size(), expected.data()));
}

#if defined(_OPENMP)
TEST_CASE("a convolution and its followers give equal bits for one thread and more") {
    const data<float, 3, 37, 16, 21, 21> d;
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const auto one = etta::call(dense{}, d.x, d.w, d.b);
    const auto [dx, dw, db] = etta::call(gradients{}, d.x, d.w, d.b);
    for (const int threads : {2, 3}) {
        omp_set_num_threads(threads);
        const auto more = etta::call(dense{}, d.x, d.w, d.b);
        CHECK(std::equal(one.data(), one.data() + one.size(), more.data()));
        const auto [ex, ew, eb] = etta::call(gradients{}, d.x, d.w, d.b);
        CHECK(std::equal(dx.data(), dx.data() + dx.size(), ex.data()));
        CHECK(std::equal(dw.data(), dw.data() + dw.size(), ew.data()));
        CHECK(std::equal(db.data(), db.data() + db.size(), eb.data()));
    }
    omp_set_num_threads(before);
}
#endif
