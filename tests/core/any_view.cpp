// any_view: extents, elements and a wrong type.
#include <etta/core/any_view.hpp>

#include "catch.hpp"

TEST_CASE("a view of unknown type says its size, and gives its elements only as what they are") {
    const float data[6] = {0, 1, 2, 3, 4, 5};
    const etta::any_view v{data, etta::dtype::f32, 2, {2, 3}};
    CHECK(v.count() == 6);
    CHECK(v.bytes() == 24);
    CHECK(v.as<float>()[4] == 4);
    CHECK(v[1].rank == 1);
    CHECK(v[1].extents[0] == 3);
    CHECK(v[1].as<float>()[0] == 3);
    CHECK(v[1][2].count() == 1);
    CHECK(*v[1][2].as<float>() == 5);
    CHECK_THROWS_WITH(v.as<double>(), says("expected elements of double, found float"));
    CHECK(etta::any_view{}.data == nullptr);
}
