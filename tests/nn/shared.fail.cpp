// expect: etta: a layer does not fit what comes before it
// expect: layer<'b', 'l', 'o', 'c', 'k', 's', '.', '1', '.', 'u', 'p'>
// expect: shape_<6, 5>
// expect: shape_<6, 6>
// errors: 1
#include <etta/etta.hpp>

struct Block {
    etta::Linear<6> up;
    constexpr auto operator()(auto x) const { return up(x); }
};
struct Net {
    std::array<Block, 2> blocks;
    etta::Linear<5> down;
    constexpr auto operator()(auto x) const {
        x = down(blocks[0](x));
        x = blocks[1](x);  // [N, 5] -> [N, 6]
#ifdef TWIN
        return x;
#else
        return blocks[1](x);
#endif
    }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 7>> model;
    model.run(x, y, 1);
}
