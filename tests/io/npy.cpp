// NPY and NPZ files: those that NumPy wrote (data/from_numpy.py), those that we write, and what is refused.
#include <etta/core/tensor.hpp>
#include <etta/data/files.hpp>

#include <cstring>

#include "catch.hpp"
#include "scratch.hpp"

namespace {
using Numbers = std::vector<double>;
using namespace std::string_literals;
const std::string data = ETTA_TEST_DIR "/io/data/";

// An NPY file of version 1 with this header and these bytes.
std::string npy(const std::string& header, const std::string& bytes) {
    return "\x93NUMPY\x01\x00"s + char(header.size() & 255) + char(header.size() >> 8) + header + bytes;
}
template <class T>
etta::named_tensor array(const char* name, std::vector<etta::index> shape, const std::vector<T>& v) {
    return {name, etta::dtype_of<T>, std::move(shape), reinterpret_cast<const std::byte*>(v.data()), v.size() * sizeof(T)};
}
}  // namespace

TEST_CASE("NumPy's arrays are read, in any order of elements and bytes") {
    Numbers cube;
    for (int i = 0; i < 24; ++i) cube.push_back(i / 4.0);
    for (const char* name : {"fortran.npy", "big_endian.npy"}) {
        const etta::npy_array a = etta::read_npy(data + name);
        CHECK(a.tensor.shape == std::vector<etta::index>{2, 3, 4});
        CHECK(a.values<double>() == cube);
    }
}

TEST_CASE("NumPy's NPZ files are read, of all types") {
#if defined(ETTA_HAS_ZLIB)
    const auto names = {"plain.npz", "compressed.npz"};
#else
    const auto names = {"plain.npz"};
    CHECK_THROWS_WITH(etta::read_npz(data + "compressed.npz"), says("without zlib"));
#endif
    for (const char* name : names) {
        const etta::npz_file f = etta::read_npz(data + name);
        CHECK(f.arrays.size() == 18);
        for (const char* kind : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
            CAPTURE(kind);
            CHECK(f.find(kind)->values<double>() == Numbers{0, 1, 2, 100});
        }
        CHECK(f.find("?")->values<int>() == std::vector<int>{0, 1, 1, 1});
        CHECK(f.find("big")->values<int>() == std::vector<int>{1, -2});
        CHECK(f.find("scalar")->tensor.shape.empty());
        CHECK(f.find("scalar")->values<double>() == Numbers{2.5});
        CHECK(f.find("empty")->tensor.shape == std::vector<etta::index>{0, 3});
        CHECK(f.find("empty")->values<float>().empty());
        CHECK(f.find("nothing") == nullptr);
        CHECK_THROWS_WITH(f.find("f8")->values<int>(), says("does not convert"));
    }
}

TEST_CASE("what is written is read again") {
    const Scratch scratch;
    const std::vector<float> f = {1, 2, 3, 4, 5, 6};
    const std::vector<std::int64_t> n = {-7};
    const std::vector<std::uint8_t> none;
    const auto a = array("weights/1", {2, 3}, f);
    etta::write_npy(scratch.path("a.npy"), a);
    CHECK(etta::read_npy(scratch.path("a.npy")).values<float>() == f);
    CHECK(etta::read_npy(scratch.path("a.npy")).tensor.shape == a.shape);
    const etta::named_tensor all[] = {a, array("n", {}, n), array("none", {4, 0}, none)};
    etta::write_npz(scratch.path("a.npz"), all);
    const etta::npz_file file = etta::read_npz(scratch.path("a.npz"));
    CHECK(file.arrays.size() == 3);
    CHECK(file.find("weights/1")->values<float>() == f);
    CHECK(file.find("n")->values<std::int64_t>() == n);
    CHECK(file.find("none")->tensor.shape == std::vector<etta::index>{4, 0});
    // The same bytes wherever it is written: no time, no name of a machine.
    etta::write_npz(scratch.path("b.npz"), all);
    CHECK(as_text(etta::read_file(scratch.path("a.npz"))) == as_text(etta::read_file(scratch.path("b.npz"))));
    // Of tensors, views and vectors.
    const etta::Tensor<double, 2, 1> t = {1.5, -2};
    const std::vector<std::int32_t> v = {4, 5, 6};
    const etta::named_tensor ours[] = {etta::named("t", t), etta::named("view", t.view()), etta::named("v", v)};
    etta::write_npz(scratch.path("t.npz"), ours);
    const etta::npz_file tensors = etta::read_npz(scratch.path("t.npz"));
    CHECK(tensors.find("t")->tensor.shape == std::vector<etta::index>{2, 1});
    CHECK(tensors.find("view")->values<double>() == Numbers{1.5, -2});
    CHECK(tensors.find("v")->values<std::int32_t>() == v);
    // float16 as it was.
    const etta::npz_file half = etta::read_npz(data + "plain.npz");
    etta::write_npy(scratch.path("half.npy"), half.find("f2")->tensor);
    CHECK(etta::read_npy(scratch.path("half.npy")).tensor.stored == "F16");

    auto wrong = a;
    wrong.shape = {7};
    CHECK_THROWS_WITH(etta::write_npy(scratch.path("c.npy"), wrong), says("has 24 bytes, its shape 28"));
    const etta::named_tensor twice[] = {a, a};
    CHECK_THROWS_WITH(etta::write_npz(scratch.path("c.npz"), twice), says("two arrays are named 'weights/1'"));
    const etta::named_tensor unnamed[] = {array("", {1}, n)};
    CHECK_THROWS_WITH(etta::write_npz(scratch.path("c.npz"), unnamed), says("needs a name"));
    etta::write_npz(scratch.path("empty.npz"), {});
    CHECK(etta::read_npz(scratch.path("empty.npz")).arrays.empty());
}

TEST_CASE("NPY headers that lie are refused") {
    const Scratch scratch;
    const auto refuse = [&](const std::string& bytes, const char* why) {
        CAPTURE(why);
        CHECK_THROWS_WITH(etta::read_npy(scratch.file("x.npy", bytes)), says(why));
    };
    const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
    CHECK(etta::read_npy(scratch.file("x.npy", npy(good, std::string(8, '\0')))).values<float>() == std::vector<float>{0, 0});
    CHECK(etta::read_npy(scratch.file("x.npy", npy("{\"shape\":(1,2),\"descr\":\"|u1\",\"fortran_order\":True}", "ab"))).values<int>() ==
          std::vector<int>{97, 98});
    CHECK(
        etta::read_npy(scratch.file("x.npy", npy("{'descr':'<f4','fortran_order':True,'shape':(1000000000000000,1000000000000000,0)}", "")))
            .tensor.count() == 0);
    refuse("", "not an NPY file");
    refuse("\x93NUMPX\x01\x00\x00\x00\x00", "not an NPY file");
    refuse(npy(good, "1234567"), "does not go with 7 bytes");
    refuse(npy(good, "123456789"), "does not go with 9 bytes");
    refuse("\x93NUMPY\x01\x00\xff\xff{}"s, "ends inside the header");
    refuse("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"s, "ends inside the header");
    refuse("\x93NUMPY\x02\x00\xff\xff"s, "ends inside the header");
    refuse("\x93NUMPY\x09\x00\x02\x00{}"s, "version 9");
    refuse(npy("{}", ""), "is missing");
    refuse(npy("", ""), "expected {");
    refuse(npy("{'descr': '<f4'", ""), "expected }");
    refuse(npy("{'descr': '<f4", ""), "expected '");
    refuse(npy("{'descr': '<f4', 'descr': '<f4'}", ""), "'descr' stands twice");
    refuse(npy("{'what': 1}", ""), "unknown key 'what'");
    refuse(npy("{'descr': [('a', '<f4')]}", ""), "arrays of records");
    refuse(npy("{'descr':'|O','fortran_order':False,'shape':(1,)}", "12345678"), "Python's objects");
    refuse(npy("{'descr':'<U4','fortran_order':False,'shape':(1,)}", "12345678"), "'<U4' are not read");
    refuse(npy("{'descr':'|f4','fortran_order':False,'shape':(1,)}", "1234"), "are not read");
    refuse(npy("{'descr':'<f4','fortran_order':None,'shape':(1,)}", "1234"), "expected False");
    refuse(npy("{'descr':'<f4','fortran_order':False,'shape':(-1,)}", "1234"), "expected a shape");
    refuse(npy("{'descr':'<f4','fortran_order':False,'shape':(1 1)}", "1234"), "expected , or )");
    refuse(npy("{'descr':'<f4','fortran_order':False,'shape':(99999999999999999999,)}", "1234"), "expected");
    refuse(npy("{'descr':'<f4','fortran_order':False,'shape':(4611686018427387904,4)}", "1234"), "expected");
    refuse(npy("{'descr':'<f4','fortran_order':False,'shape':(461168601842738790,40)}", "1234"), "does not go with 4 bytes");
    refuse(npy(good + "x", "12345678"), "expected its end");
}

TEST_CASE("NPZ files that are cut off or changed are refused, whatever the byte") {
    const Scratch scratch;
    const std::vector<float> f = {1, 2, 3};
    const etta::named_tensor all[] = {array("a", {3}, f), array("b", {3, 1}, f)};
    etta::write_npz(scratch.path("good.npz"), all);
    const std::string good = as_text(etta::read_file(scratch.path("good.npz")));
    int refused = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        CHECK_THROWS_AS(etta::read_npz(scratch.file("bad.npz", good.substr(0, i))), etta::Error);
        std::string changed = good;
        changed[i] = static_cast<char>(changed[i] ^ 0x10);
        try {
            const etta::npz_file file = etta::read_npz(scratch.file("bad.npz", changed));
            // What remains of it has the right elements: times, versions and the like do not matter, and names may be others.
            for (const etta::npy_array& a : file.arrays) CHECK(a.values<float>() == f);
        } catch (const etta::Error&) {
            ++refused;
        }
    }
    CHECK(refused > 350);
    CHECK_THROWS_WITH(etta::read_npz(scratch.file("bad.npz", std::string(100, 'x'))), says("not an NPZ file"));
    // The same table by way of ZIP64's records, as files of more than 4 GiB or 65535 arrays have them.
    const auto number = [](std::uint64_t v, int bytes) {
        std::string b;
        for (int i = 0; i < bytes; ++i) b += char(v >> 8 * i & 255);
        return b;
    };
    std::uint32_t table = 0;
    std::memcpy(&table, good.data() + good.size() - 6, 4);
    const std::uint64_t at = good.size() - 22;
    std::string big = good.substr(0, at) + number(0x06064b50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8) + number(2, 8) + number(2, 8) +
                      number(at - table, 8) + number(table, 8);
    big += number(0x07064b50, 4) + number(0, 4) + number(at, 8) + number(1, 4);
    big += number(0x06054b50, 4) + number(0, 4) + number(0xFFFF, 2) + number(0xFFFF, 2) + number(0xFFFFFFFF, 4) + number(0xFFFFFFFF, 4) + number(0, 2);
    CHECK(etta::read_npz(scratch.file("big.npz", big)).arrays.size() == 2);
    // Entries that lie over each other would multiply a file.
    const std::vector<float> many(1000, 1.0f);
    const etta::named_tensor one[] = {array("a", {1000}, many)};
    etta::write_npz(scratch.path("one.npz"), one);
    const std::string single = as_text(etta::read_file(scratch.path("one.npz")));
    std::memcpy(&table, single.data() + single.size() - 6, 4);
    const std::string entry = single.substr(table, single.size() - 22 - table);
    std::string again = entry;
    again[46] = 'b';
    const std::string over = single.substr(0, table) + entry + again + number(0x06054b50, 4) + number(0, 4) + number(2, 2) + number(2, 2) +
                             number(2 * entry.size(), 4) + number(table, 4) + number(0, 2);
    CHECK_THROWS_WITH(etta::read_npz(scratch.file("over.npz", over)), says("b': is not in the file as its table says"));
    std::string comment = good;  // behind the table's end
    comment[good.size() - 2] = 5;
    CHECK(etta::read_npz(scratch.file("comment.npz", comment + "hello")).arrays.size() == 2);
    std::string damaged = good;
    damaged[good.find("\x40\x40")] ^= 1;  // the bytes of 3.0f
    CHECK_THROWS_WITH(etta::read_npz(scratch.file("bad.npz", damaged)), says("checksum"));
}

TEST_CASE("arrays become data sets") {
    const etta::Dataset d = etta::load_npz(data + "plain.npz", "x", "label"), t = etta::load_npz(data + "plain.npz", "x", "target");
    CHECK(d.size() == 3);
    CHECK(d.x_shape() == etta::dims{2, 2});
    CHECK(d.x_type() == etta::dtype::u8);
    CHECK(d.label(1) == 2);
    CHECK(d.classes() == 3);
    double y[2];
    t.copy_y(2, y);
    CHECK((y[0] == 4 && y[1] == 5));
    CHECK(etta::load_npy(data + "fortran.npy").x_shape() == etta::dims{3, 4});
    CHECK_THROWS_WITH(etta::load_npz(data + "plain.npz", "x", "y"), says("there is no array 'y'; there are 'f2'"));
    CHECK_THROWS_WITH(etta::load_npz(data + "plain.npz", "x", "f8"), says("3 samples, and 4 in"));
    CHECK_THROWS_WITH(etta::load_npz(data + "plain.npz", "x", "x"), says("labels have rank 1"));
    CHECK_THROWS_WITH(etta::load_npz(data + "plain.npz", "scalar", "label"), says("samples have rank 1 to 7"));
    CHECK_THROWS_WITH(etta::load_npz(data + "plain.npz", "big", "big"), says("-2 is none"));
    const Scratch scratch;
    const std::vector<float> f = {0, 1};
    const std::vector<std::int64_t> ids = {3, 4}, wrong = {0, -1};
    etta::write_npy(scratch.path("ids.npy"), array("", {1, 2}, ids));
    etta::write_npy(scratch.path("x.npy"), array("", {2}, f));
    etta::write_npy(scratch.path("y.npy"), array("", {2}, wrong));
    CHECK(etta::load_npy(scratch.path("ids.npy")).has_ids());
    // A column of labels, as of Keras' CIFAR; a row of them is not one each.
    etta::write_npy(scratch.path("column.npy"), array("", {2, 1}, ids));
    const etta::Dataset column = etta::load_npy(scratch.path("x.npy"), scratch.path("column.npy"));
    CHECK((column.has_labels() && column.label(0) == 3 && column.label(1) == 4 && column.y_shape().rank == 0));
    etta::write_npy(scratch.path("two.npy"), array("", {1, 2}, f));
    CHECK_THROWS_WITH(etta::load_npy(scratch.path("two.npy"), scratch.path("ids.npy")), says("labels have rank 1, these have 2"));
    CHECK_THROWS_WITH(etta::load_npy(scratch.path("x.npy"), scratch.path("y.npy")), says("-1.000000 at place 1 is no class"));
}
