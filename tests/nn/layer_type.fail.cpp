// expect: etta: an operand has the wrong rank
// expect: name_<
// expect: layer_type_<'M', 'a', 'x', 'P', 'o', 'o', 'l', '2', 'd'>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::MaxPool2d<2> first;
    etta::MaxPool2d<3> second;
    etta::Linear<2> fc;
#ifdef TWIN
    constexpr auto operator()(auto x) const { return fc(flatten(second(first(x)))); }
#else
    constexpr auto operator()(auto x) const { return fc(second(flatten(first(x)))); }
#endif
};
etta::Model<Net, etta::Input<float, 1, 9, 9>, etta::max_batch<2>> model{etta::seed(1)};
