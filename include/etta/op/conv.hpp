// conv.hpp: 2-D convolution (cross-correlation, as everywhere in deep learning), with or without a bias: the public face of
// the op in convolve.hpp.
#pragma once

#include "convolve.hpp"
#include "view.hpp"

namespace etta {
namespace _ {

// Attributes: stride h, w; padding h, w; dilation h, w; groups.
struct Convolution : CompositeOp<Convolution> {
    static constexpr int operands = 2;
    static constexpr var body(auto x, auto w, const std::int64_t* a, int) { return of(x, w, var{}, a); }

    static constexpr var of(var x, var w, var bias, const std::int64_t* a) {
        const var y = Convolve::body(x, w, a, conv_attributes);
        if (!bias.exists() || y.rank() != 4) return y;
        return y + var{x.g, reshape_to(*x.g, bias.id, shape(y.extents().at[1], extent(1), extent(1)))};
    }
};

// With a bias [O] added before the result takes its shape, so that it joins the product.
struct ConvolutionBias : CompositeOp<ConvolutionBias> {
    static constexpr int operands = 3;
    static constexpr var body(auto x, auto w, auto b, const std::int64_t* a, int) { return Convolution::of(x, w, b, a); }
};

}  // namespace _

// x [N, C, H, W], w [O, C / Groups, KH, KW] -> [N, O, OH, OW], OH = (H + 2 PadH - DilationH (KH - 1) - 1) / StrideH + 1.
template <int StrideH = 1, int StrideW = StrideH, int PadH = 0, int PadW = PadH, int DilationH = 1, int DilationW = DilationH, int Groups = 1, class X, class W>
    requires operand<X> && operand<W>
constexpr _::applied<_::Convolution, _::attr<StrideH, StrideW, PadH, PadW, DilationH, DilationW, Groups>, X, W> conv2d(X&& x, W&& w) {
    return _::apply<_::Convolution, _::attr<StrideH, StrideW, PadH, PadW, DilationH, DilationW, Groups>>(static_cast<X&&>(x), static_cast<W&&>(w));
}
// The same plus a bias [O].
template <int StrideH = 1, int StrideW = StrideH, int PadH = 0, int PadW = PadH, int DilationH = 1, int DilationW = DilationH, int Groups = 1, class X, class W, class B>
    requires operand<X> && operand<W> && operand<B>
constexpr _::applied<_::ConvolutionBias, _::attr<StrideH, StrideW, PadH, PadW, DilationH, DilationW, Groups>, X, W, B> conv2d(X&& x, W&& w, B&& b) {
    return _::apply<_::ConvolutionBias, _::attr<StrideH, StrideW, PadH, PadW, DilationH, DilationW, Groups>>(static_cast<X&&>(x), static_cast<W&&>(w), static_cast<B&&>(b));
}

}  // namespace etta
