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

struct Signals {
    constexpr auto operator()(auto x) const {
        return side_by_side(Upsample<3>{}(x), Upsample<2, upsampling::linear>{}(x), Resize<11, upsampling::linear, true>{}(x), ReflectionPad<3, 2>{}(x), ReplicationPad<1, 4>{}(x),
                            CircularPad<2, 5>{}(x));
    }
};
struct Volumes {
    constexpr auto operator()(auto x) const {
        return side_by_side(Upsample<2>{}(x), Resize<per_axis{4, 6, 2}, upsampling::linear>{}(x), ReflectionPad<per_axis{2, 0, 1}, per_axis{1, 1, 2}>{}(x),
                            ReplicationPad<per_axis{1, 2, 0}, per_axis{0, 1, 1}>{}(x));
    }
};

}  // namespace

TEST_CASE("upsampling, pixel shuffling and padding are PyTorch's; unshuffling and cropping take them back") { compare_layers<Resized, 4, 3, 5>("resize"); }
TEST_CASE("so are those of signals and of volumes") {
    compare_layers<Signals, 3, 7>("resize1d");
    compare_layers<Volumes, 2, 3, 4, 3>("resize3d");
}
