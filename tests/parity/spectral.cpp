// eigh, svd, pinv, cond, matrix_rank and their gradients against torch.linalg (make_spectral.py wrote the file). Vectors are compared by
// their squares, gradients are of functions that no sign changes.
#include <etta/io/safetensors.hpp>
#include <etta/linalg/linalg.hpp>
#include <etta/run/call.hpp>

#include <cmath>

#include "catch.hpp"

using namespace etta;

namespace {

struct recorded {
    safetensors_file file = safetensors_file::open(ETTA_TEST_DIR "/parity/spectral.st");
    template <class T>
    void compare(const std::string& name, const T& got) const {
        const named_tensor* const t = file.find(name);
        REQUIRE(t != nullptr);
        REQUIRE(static_cast<long>(t->count()) == static_cast<long>(got.size()));
        std::vector<double> want(got.size());
        copy_elements<double>(*t, want.data());
        double worst = 0, largest = 0;
        for (std::size_t i = 0; i < want.size(); ++i) {
            const double e = std::abs(want[i] - got.data()[i]);
            worst = e <= worst ? worst : std::isnan(e) ? HUGE_VAL : e, largest = std::max(largest, std::abs(want[i]));
        }
        CAPTURE(name, worst, largest);
        CHECK(worst <= 1e-11 * largest);
    }
    template <class X>
    X get(const std::string& name) const {
        X x;
        copy_elements<double>(*file.find(name), x.data());
        return x;
    }
};
constexpr auto weights = [](auto y) {
    const auto i = cast<double>(iota_like<0>(flatten<0>(y)));
    return 1 + 0.7 * sin(1.3 * i + 0.5);
};
constexpr auto weighed = [](auto y) { return sum(flatten<0>(y) * weights(y)); };

constexpr auto eigen_loss = [](auto x) {
    auto [w, v] = eigh(x);
    return weighed(square(v)) + weighed(sin(w)) + sum(matmul(v * cos(w), transpose(v)));
};
constexpr auto svd_loss = [](auto x) {
    auto [u, s, vt] = svd(x);
    return weighed(square(u)) + weighed(sin(s)) + weighed(square(vt)) + sum(matmul(u * cos(s), vt));
};
constexpr auto pinv_loss = [](auto x) { return weighed(pinv(x)); };

template <std::size_t M, std::size_t N>
void check(const recorded& r, const std::string& name) {
    using X = Tensor<double, M, N>;
    const X a = r.get<X>("svd." + name), b = r.get<X>("pinv." + name);
    const auto [values, u2, s, vt2, p, c, rank] = call([](auto a, auto b) {
        auto [u, s, vt] = svd(a);
        return etta::_::make_results(svd_loss(a) + pinv_loss(b), square(u), s, square(vt), pinv(b), cond(b), matrix_rank(b));
    }, a, b);
    const auto [ga, gb] = grad<0, 1>([](auto a, auto b) { return svd_loss(a) + pinv_loss(b); })(a, b);
    CHECK(values == Approx(r.get<Tensor<double, 1>>("svd." + name + ".loss")[0] + r.get<Tensor<double, 1>>("pinv." + name + ".loss")[0]).epsilon(1e-12));
    CHECK(c == Approx(r.get<Tensor<double, 1>>("pinv." + name + ".cond")[0]).epsilon(1e-12));
    CHECK(static_cast<double>(rank) == r.get<Tensor<double, 1>>("pinv." + name + ".rank")[0]);
    r.compare("svd." + name + ".u", u2), r.compare("svd." + name + ".s", s), r.compare("svd." + name + ".vt", vt2);
    r.compare("svd." + name + ".grad", ga), r.compare("pinv." + name + ".p", p), r.compare("pinv." + name + ".grad", gb);
}

}  // namespace

TEST_CASE("eigh and its gradient are torch.linalg's") {
    const recorded r;
    const auto x = r.get<Tensor<double, 5, 5>>("eigen");
    auto [w, v] = eigh(x);
    r.compare("eigen.w", eval(w)), r.compare("eigen.v", eval(square(v)));
    const auto [value, g] = value_and_grad(eigen_loss)(x);
    CHECK(value == Approx(r.get<Tensor<double, 1>>("eigen.loss")[0]).epsilon(1e-12));
    r.compare("eigen.grad", g);
}

TEST_CASE("svd, pinv, cond, matrix_rank and their gradients are torch.linalg's") {
    const recorded r;
    check<4, 4>(r, "square"), check<6, 3>(r, "tall"), check<3, 5>(r, "wide");
    const auto x = r.get<Tensor<double, 4, 3>>("rank");
    r.compare("rank.p", eval(pinv(x)));
    CHECK(eval(matrix_rank(x))() == 2);
}
