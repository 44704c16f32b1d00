// moments.hpp: the mean and the spread of weighted numbers, one after another: what Dataset::moments, scalers and R² are made of.
#pragma once

namespace etta::_ {

// Welford's recurrence with weights (West 1979), in an arrangement in which numbers that are all equal have exactly that mean and
// exactly no spread, whatever their weights.
struct running_moments {
    double weight = 0, mean = 0, squares = 0;  // squares: Σ w (x - mean)²

    void add(double x, double w) {  // w > 0
        const double step = x - mean;
        mean += weight > 0 ? step * w / (weight + w) : step;
        weight += w;
        const double more = w * step * (x - mean);
        squares += more < 0 ? 0 : more;  // by rounding alone, of a weight beside which all before are nothing
    }
    double variance() const { return squares / weight; }
};

}  // namespace etta::_
