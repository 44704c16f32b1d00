// Resizing and padding against PyTorch's (make_layers.py wrote the file).
#include "layers.hpp"

namespace {

struct Resized {
    Upsample<2> nearest;
    Resize<per_axis{7, 4}> odd;
    Upsample<2, upsampling::linear> linear;
    Resize<per_axis{5, 9}, upsampling::linear, true> aligned;
    Resize<per_axis{2, 3}, upsampling::linear> smaller;
    PixelShuffle<2> shuffle;
    ReflectionPad<per_axis{2, 3}, per_axis{1, 1}> reflect;
    ReplicationPad<per_axis{2, 1}, per_axis{3, 4}> replicate;
    CircularPad<per_axis{1, 2}, per_axis{3, 5}> circular;
    ZeroPad<per_axis{3, 1}, per_axis{0, 2}> zero;
    constexpr auto operator()(auto x) const {
        return side_by_side(nearest(x), odd(x), linear(x), aligned(x), smaller(x), shuffle(PixelUnshuffle<2>{}(shuffle(x))), reflect(x), replicate(x), circular(x),
                            Crop<per_axis{1, 2}, per_axis{0, 1}>{}(ZeroPad<per_axis{1, 2}, per_axis{0, 1}>{}(zero(x))), ConstantPad<per_axis{2, 0}, per_axis{1, 1}, -0.5>{}(x));
    }
};

}  // namespace

TEST_CASE("upsampling, pixel shuffling and padding are PyTorch's; unshuffling and cropping take them back") { compare_layers<Resized, 4, 3, 5>("resize"); }
