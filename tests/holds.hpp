// holds.hpp: are a tensor's elements these numbers, in order and no others?
#pragma once

#include <initializer_list>

namespace {

template <class X>
bool holds(const X& x, std::initializer_list<double> want) {
    long i = 0;
    for (const double w : want)
        if (double(x[i++]) != w) return false;
    return i == x.size();
}

}  // namespace
