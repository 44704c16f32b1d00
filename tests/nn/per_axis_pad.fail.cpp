// expect: etta: per_axis has a number for each spatial axis
// expect: name_<'p', 'a', 'd'>
// expect: shape_<3>
// expect: shape_<2>
// errors: 1
#include <etta/etta.hpp>

struct Net {
#ifdef TWIN
    etta::ZeroPad<etta::per_axis{1, 2, 1}> pad;
#else
    etta::ZeroPad<etta::per_axis{1, 2}> pad;
#endif
    constexpr auto operator()(auto x) const { return pad(x); }
};
etta::Model<Net, etta::Input<float, 1, 2, 2, 2>, etta::max_batch<2>> model{etta::seed(1)};
