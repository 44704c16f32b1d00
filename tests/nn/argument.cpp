// Models as arguments of traced functions, and their parameters by name.
#include <etta/etta.hpp>

#include "../catch.hpp"

using namespace etta;

namespace {
struct Net {
    Linear<4> a;
    Linear<2> b;
    constexpr auto operator()(auto x) const { return b(tanh(a(x))); }
};
using Small = Model<Net, Input<double, 3>, max_batch<8>>;
Tensor<double, 5, 3> inputs() {
    Tensor<double, 5, 3> x;
    for (int i = 0; i < 15; ++i) x[i] = std::sin(0.7 * i);
    return x;
}
}  // namespace

TEST_CASE("the gradient with respect to a model and to its input agrees with differences") {
    Small model{seed(1)};
    Tensor<double, 5, 3> x = inputs();
    const auto f = [](auto net, auto x) { return sum(square(net(x))); };
    auto [value, gm, gx] = value_and_grad<0, 1>(f)(model, x);
    CHECK(value == Approx(call(f, model, x)));
    const auto difference = [&](double& w) {
        const double was = w, h = 1e-5;
        w = was + h;
        const double up = call(f, model, x);
        w = was - h;
        const double down = call(f, model, x);
        w = was;
        return (up - down) / (2 * h);
    };
    double worst = 0;
    for (int i = 0; i < Small::n_parameters; ++i)
        for (etta::index k = 0; k < model.parameter(i).size; ++k)
            worst = std::max(worst, std::abs(difference(model.parameter(i).data[k]) - gm.parameter(i).data[k]));
    for (etta::index k = 0; k < x.size(); ++k) worst = std::max(worst, std::abs(difference(x[k]) - gx[k]));
    CHECK(worst < 1e-8);
}

TEST_CASE("a model inside a function gives what the model gives by itself, and a Trainer's gradient is the same") {
    Small model{seed(2)};
    const auto x = inputs();
    const auto y = model(x), z = call([](auto net, auto x) { return net(x); }, model, x);
    CHECK(allclose(y, z));
    Tensor<double, 5, 2> target;
    auto trainer = Trainer(model, MSE{}, SGD{});
    trainer.gradients(x.data(), target.data(), 5);
    auto g = grad([](auto net, auto x, auto y) { return mean(square(net(x) - y)); })(model, x, target);
    for (etta::index i = 0; i < Small::facts::layout.elements; ++i) REQUIRE(g.data()[i] == Approx(trainer.gradient_data()[i]).margin(1e-15));
}

TEST_CASE("two models in one function, one of them trained") {
    Small generator{seed(1)}, critic{seed(2)};
    const auto x = inputs();
    auto [ga, gb] = grad<0, 1>([](auto f, auto g, auto x) { return mean(square(f(x) - g(x))); })(generator, critic, x);
    for (int i = 0; i < 2; ++i) CHECK(ga.parameter<"b.bias">()(i) == Approx(-gb.parameter<"b.bias">()(i)));
}

TEST_CASE("parameters by name, checked while compiling or at run time") {
    Small model{seed(1)};
    auto w = model.parameter<"a.weight">();
    static_assert(decltype(w)::extents_type::value[0] == 4 && decltype(w)::extents_type::value[1] == 3);
    w(1, 2) = 7;
    CHECK(model.parameter("a.weight").data[5] == 7);
    CHECK_THROWS_WITH(model.parameter("fc"), Catch::Contains("no parameter 'fc'") && Catch::Contains("a.weight, a.bias, b.weight, b.bias"));
}
