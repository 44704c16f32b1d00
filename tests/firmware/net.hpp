// net.hpp: the network that host and board share.
#pragma once

struct DigitsMlp {
    etta::Linear<24> fc1;
    etta::Linear<10> fc2;

    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};
