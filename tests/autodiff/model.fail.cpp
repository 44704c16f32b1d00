// expect: etta: a model has a gradient (grad, value_and_grad); the other transformations are of tensors, numbers, and structs, arrays and tuples of these
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<2> fc;
    constexpr auto operator()(auto x) const { return fc(x); }
};

void f(const etta::Model<Net, etta::Input<float, 3>, etta::max_batch<4>>& model, const etta::Tensor<float, 4, 3>& x) {
#ifdef TWIN
    etta::grad<0>([](auto net, auto x) { return sum(net(x)); })(model, x);
    etta::jacobian<1>([](auto net, auto x) { return net(x); })(model, x);
#else
    etta::jacobian<0>([](auto net, auto x) { return net(x); })(model, x);
#endif
}
