// expect: etta: a metric is a callable of const Predictions& that gives a number, or has update(const Predictions&)
// errors: 1
#include <etta/train/metric.hpp>

struct Mine {
    void update(const etta::Predictions&) {}
#ifdef TWIN
    void reset() {}
#endif
    double value() const { return 0; }
};

void f() {
    etta::Metric m("mine", Mine{});
}
