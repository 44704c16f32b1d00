// expect: etta: an output of a model begins with the batch's axis
// expect: Net
// expect: etta::output_number<1>
// expect: gets<etta::shape_<4>
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::Linear<4> fc;
    constexpr auto operator()(auto x) const {
        const auto y = fc(x);
#ifdef TWIN
        return std::pair(y, y - mean(y, etta::axis<0>));
#else
        return std::pair(y, mean(y, etta::axis<0>));
#endif
    }
};

void f() {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.reserve();
}
