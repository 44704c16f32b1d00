// expect: etta: a struct of a model has more than 40 members: put some of them into a struct of their own
// errors: 1
#include <etta/etta.hpp>

struct Net {
    etta::ReLU fc0, fc1, fc2, fc3, fc4, fc5, fc6, fc7, fc8, fc9, fc10, fc11, fc12, fc13, fc14, fc15, fc16, fc17, fc18, fc19, fc20, fc21, fc22, fc23, fc24, fc25, fc26, fc27, fc28, fc29, fc30, fc31, fc32, fc33, fc34, fc35, fc36, fc37, fc38, fc39;
#ifndef TWIN
    etta::ReLU one_more;
#endif
    constexpr auto operator()(auto x) const { return fc0(x); }
};

void f(float* x, float* y) {
    etta::Model<Net, etta::Input<float, 3>> model;
    model.run(x, y, 1);
}
