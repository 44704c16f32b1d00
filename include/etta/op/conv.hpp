// conv.hpp: 2-D convolution (cross-correlation, as everywhere in deep learning) as a product over windows: the windows are
// gathered into memory once per sample, the product takes bias and activation as epilogue. Derivatives of any order follow
// from those of its parts.
#pragma once

#include "matmul.hpp"
#include "window.hpp"

namespace etta {
namespace _ {

// Attributes: stride h, w; padding h, w; dilation h, w; groups.
struct Convolution : CompositeOp<Convolution> {
    static constexpr int operands = 2;
    static constexpr var body(var x, var w, const std::int64_t* a, int) { return of(x, w, var{}, a); }

    static constexpr var of(var x, var w, var bias, const std::int64_t* a) {
        builder& g = *x.g;
        const index groups = a[6];
        if (x.rank() != 4 || w.rank() != 4) {
            g.blame(mistake::rank, "conv2d", w.extents(), x.extents());
            return x;
        }
        const index in = x.extent(1), out = w.extent(0);
        if (in != w.extent(1) * groups || out % groups != 0) {
            g.blame(mistake::channels, "conv2d", w.extents(), x.extents());
            return x;
        }
        const std::int64_t t[window_attributes] = {w.extent(2), w.extent(3), a[0], a[1], a[4], a[5]};
        const var v = Windows::of(pad_image(x, a[2], a[3]), t, "conv2d");
        const shape s = v.extents();
        if (s.rank != 6) return x;
        const index depth = in / groups * t[0] * t[1], positions = static_cast<index>(s.at[4].code * s.at[5].code);
        // [N, G, C/G KH KW, OH OW] and [G, O/G, C/G KH KW]
        const var columns{&g, reshape_to(g, v.id, shape(s.at[0], extent(groups), extent(depth), extent(positions)))};
        const var weights{&g, reshape_to(g, w.id, shape(extent(groups), extent(out / groups), extent(depth)))};
        var y = matmul(weights, columns);
        if (bias.exists()) y = y + var{&g, reshape_to(g, bias.id, shape(extent(groups), extent(out / groups), extent(1)))};
        return {&g, reshape_to(g, y.id, shape(s.at[0], extent(out), s.at[4], s.at[5]))};
    }
};

// With a bias [O] added before the result takes its shape, so that it joins the product.
struct ConvolutionBias : CompositeOp<ConvolutionBias> {
    static constexpr int operands = 3;
    static constexpr var body(var x, var w, var b, const std::int64_t* a, int) { return Convolution::of(x, w, b, a); }
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
