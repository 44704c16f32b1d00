// picture.hpp: what readers of picture files give: netpbm.hpp, bmp.hpp, stb.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "../core/dtype.hpp"

namespace etta {

// Values 0 .. maximum, one channel after another: [channels, height, width], as convolutions take them.
struct picture {
    index channels = 0, height = 0, width = 0;
    int maximum = 255;  // up to 65535
    std::vector<float> values;
};

}  // namespace etta
