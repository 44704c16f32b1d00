// The same expression in two files of one program that are compiled for different processors.
#include <etta/etta.hpp>

struct Report {
    unsigned long flags;         // of the target that the file is compiled for
    const void* kernel;          // that computes the expression
    float value;
};

namespace {
using E = decltype(etta::relu(std::declval<etta::Tensor<float, 8>&>() * 2.0f + 1.0f));
using Source = etta::_::assignment_source<E, etta::View<float, etta::extents<8>>>;
}  // namespace

#define ETTA_TEST_REPORT(name)                                                                                        \
    Report name() {                                                                                                   \
        etta::Tensor<float, 8> x = {1, 2, 3, 4, 5, 6, 7, 8}, y;                                                       \
        y = relu(x * 2.0f + 1.0f);                                                                                    \
        using P = etta::_::program<Source, etta::this_target>;                                                        \
        return {static_cast<unsigned long>(etta::this_target::flags), reinterpret_cast<const void*>(P::functions.at[0]), y[7]}; \
    }
