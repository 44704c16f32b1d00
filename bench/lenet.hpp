// lenet.hpp: the LeNet that benches train.
#pragma once

#include <etta/etta.hpp>

struct LeNet {
    etta::Conv2d<8, 5> conv1;
    etta::Conv2d<16, 5> conv2;
    etta::Linear<120> fc1;
    etta::Linear<84> fc2;
    etta::Linear<10> fc3;
    constexpr auto operator()(auto x) const {
        x = max_pool<2>(relu(conv1(x)));
        x = max_pool<2>(relu(conv2(x)));
        return fc3(relu(fc2(relu(fc1(flatten(x))))));
    }
};
