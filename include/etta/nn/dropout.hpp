// dropout.hpp: layers that are noise while training and nothing else afterwards. What a step draws is a function of the
// Trainer's seed and of the step's number: the backward pass computes it again, nothing is stored for it.
#pragma once

#include "../op/random.hpp"
#include "real.hpp"
#include "state.hpp"

namespace etta {

namespace _ {
// x with whole slices dropped, the rest scaled to keep the mean: one number for the first `Kept` axes, the same along the
// others (-1: one for each element).
template <int Kept>
constexpr var dropped(const var& x, double p) {
    if (p <= 0) return x;
    if (p >= 1) return {x.g, expand_to(*x.g, x.g->literal(0, x.type()), x.extents())};
    shape s = x.extents();
    for (int i = Kept; Kept >= 0 && i < s.rank; ++i) s.at[i] = extent(1);
    return drop(x, next_random<std::int32_t>(x, s), 1 - p) * (1 / (1 - p));
}
}  // namespace _

// Each element becomes 0 with probability P, else x / (1 - P). Srivastava et al. 2014; PyTorch's Dropout(p).
template <real P = 0.5>
struct Dropout {
    static_assert(P >= 0 && P <= 1, "etta: Dropout<P>: P is a probability, 0 to 1");
    constexpr var operator()(const var& x) const {
        const _::in_layer here(x, this);
        return training(x) ? _::dropped<-1>(x, P) : x;
    }
};

// [N, C, …]: whole channels become 0. PyTorch's Dropout1d, 2d and 3d.
template <real P = 0.5>
struct Dropout2d {
    static_assert(P >= 0 && P <= 1, "etta: Dropout2d<P>: P is a probability, 0 to 1");
    constexpr var operator()(const var& x) const {
        const _::in_layer here(x, this);
        return training(x) ? _::dropped<2>(x, P) : x;
    }
};

// [N, …]: whole samples become 0; around a branch that is added to its input, a network of random depth. Huang et al. 2016;
// timm's DropPath.
template <real P = 0.1>
struct DropPath {
    static_assert(P >= 0 && P <= 1, "etta: DropPath<P>: P is a probability, 0 to 1");
    constexpr var operator()(const var& x) const {
        const _::in_layer here(x, this);
        return training(x) ? _::dropped<1>(x, P) : x;
    }
};

// Dropout for SELU networks: elements go to SELU's lower limit, and all are scaled so that mean 0 and variance 1 stay what
// they are. Klambauer et al. 2017; PyTorch's AlphaDropout(p).
template <real P = 0.5>
struct AlphaDropout {
    static_assert(P >= 0 && P < 1, "etta: AlphaDropout<P>: P is a probability, below 1");
    constexpr var operator()(const var& x) const {
        const _::in_layer here(x, this);
        if (!training(x) || P <= 0) return x;
        constexpr double low = -1.7580993408473766, p = P;
        const double scale = 1 / init::root((1 - p) * (1 + p * low * low));
        return (_::drop(x - low, _::next_random<std::int32_t>(x, x.extents()), 1 - p) + low * (1 - p)) * scale;
    }
};

// x plus normal noise of this standard deviation. Keras' GaussianNoise.
template <real Deviation = 0.1>
struct GaussianNoise {
    static_assert(Deviation >= 0, "etta: GaussianNoise<Deviation>: Deviation is 0 or more");
    constexpr var operator()(const var& x) const {
        const _::in_layer here(x, this);
        return training(x) ? x + static_cast<double>(Deviation) * normal_like(x) : x;
    }
};

}  // namespace etta
