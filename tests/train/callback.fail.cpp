// expect: etta: a callback is a callable of FitEvent&, or has on_train_begin
// errors: 1
#include <etta/train/fit.hpp>

struct Mine {
#ifdef TWIN
    void on_epoch_end(etta::FitEvent&) {}
#else
    void on_epoch_finished(etta::FitEvent&) {}
#endif
};

void f() {
    etta::FitOptions o{.callbacks = {Mine{}}};
}
