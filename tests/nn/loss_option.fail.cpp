// expect: etta: an option has a value that it cannot have
// expect: name_<'d', 'e', 'l', 't', 'a', ' ', 'o', 'f', ' ', 'h', 'u', 'b', 'e', 'r', '_', 'l', 'o', 's', 's'
// expect: value_<'-', '1', '.', '5'>
// errors: 1
#include <etta/etta.hpp>

#ifdef TWIN
constexpr double delta = 1.5;
#else
constexpr double delta = -1.5;
#endif
etta::Tensor<float, 4> y, t;
void f() {
    etta::call([](auto y, auto t) { return huber_loss(y, t, delta); }, y, t);
}
