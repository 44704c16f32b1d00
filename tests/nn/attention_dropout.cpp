// Dropout of attention's weights: the kernels against softmax and Dropout written out, which meet the same random numbers; causal, masked,
// grouped, wide heads.
#include "attention_dropout.hpp"

#include "catch.hpp"

TEST_CASE("attention with dropout is softmax with dropout") {
    CHECK(difference<false, false, 70, 2, 2, 5>() < 1e-12);
    CHECK(difference<true, true, 37, 4, 2, 8>() < 1e-12);
    CHECK(difference<false, true, 5, 1, 1, 300>() < 1e-12);  // too wide for the blocks
    CHECK(difference<true, false, 70, 2, 2, 5, float>() < 1e-5);
}
