// expect: etta: a layer does not fit what comes before it
// expect: layer<'b', 'l', 'o', 'c', 'k', '.', 'c', 'o', 'n', 'v'>
// expect: etta::shape_<etta::extent_known::at_run_time, 4, etta::extent_known::at_run_time>
// errors: 1
#include <etta/etta.hpp>

struct Block {
#ifdef TWIN
    etta::Conv1d<8, 3, 1, etta::same, 1, 2> conv;
#else
    etta::Conv1d<8, 3, 1, etta::same, 1, 4> conv;  // six channels are not four groups
#endif
    constexpr auto operator()(auto x) const { return conv(x); }
};
struct Net {
    Block block;
    constexpr auto operator()(auto x) const { return block(x); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 6, 10>> model;
    model.run(x, y, 1);
}
