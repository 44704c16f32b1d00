// expect: etta: per_axis has a number for each spatial axis
// expect: name_<'c', 'o', 'n', 'v', '1', 'd'>
// expect: shape_<1>
// expect: shape_<2>
// errors: 1
#include <etta/etta.hpp>

struct Net {
#ifdef TWIN
    etta::Conv1d<2, 3> conv;
#else
    etta::Conv1d<2, etta::per_axis{3, 5}> conv;
#endif
    constexpr auto operator()(auto x) const { return conv(x); }
};
etta::Model<Net, etta::Input<float, 2, 9>, etta::max_batch<2>> model{etta::seed(1)};
