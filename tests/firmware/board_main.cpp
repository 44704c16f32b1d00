// board_main.cpp: runs the network on the board for every sample: the host's class, and its logits within 1e-5 of their
// size. The exit status is the verdict.
#include <etta/micro.hpp>

#include "net.hpp"
#include "samples.hpp"

extern "C" void board_print(const char*);

using Net = etta::Compiled<DigitsMlp, etta::Input<float, 64>>;
static_assert(etta::fits<Net>(etta::flash<16 * etta::KiB>, etta::ram<1 * etta::KiB>));
static Net::Memory memory;

int main() {
    int wrong_class = 0, far = 0;
    for (int i = 0; i < samples; ++i) {
        float x[64], y[10];
        for (int k = 0; k < 64; ++k) x[k] = static_cast<float>(pixels[i][k]) * (1 / 16.0f);
        if (!Net::run(weights, memory, x, y)) return 2;
        int mine = 0, host = 0;
        for (int k = 0; k < 10; ++k) {
            if (y[k] > y[mine]) mine = k;
            if (expected[i][k] > expected[i][host]) host = k;
            float error = y[k] - expected[i][k], size = expected[i][k];
            error = error < 0 ? -error : error, size = size < 0 ? -size : size;
            far += !(error <= 1e-5f * (size > 1 ? size : 1));
        }
        wrong_class += mine != host;
    }
    board_print(wrong_class == 0 && far == 0 ? "board: every class and logit as on the host\n" : "board: differs from the host\n");
    return wrong_class != 0 ? 3 : far != 0 ? 4 : 0;
}
