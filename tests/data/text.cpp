// Text as ids, windows of ids as samples, and loaders that draw batches at random or are taken up in the middle.
#include <etta/data/loader.hpp>
#include <etta/data/text.hpp>

#include <vector>

#include "catch.hpp"
#include "scratch.hpp"

using etta::Dataset;
using etta::seed;
using etta::Vocabulary;

namespace {

std::vector<std::int32_t> counting(int n) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) ids[static_cast<std::size_t>(i)] = i;
    return ids;
}
// Every x of the loop that comes next, `most` batches at most.
std::vector<std::int32_t> first_ids(etta::Batches& loader, int most = 1000000) {
    std::vector<std::int32_t> r;
    for (auto&& [x, y] : loader) {
        for (etta::index i = 0; i < x.extents[0]; ++i) r.push_back(x[i].as<std::int32_t>()[0]);
        if (--most == 0) break;
    }
    return r;
}

}  // namespace

TEST_CASE("a vocabulary numbers a text's bytes in order, and gives the text back") {
    const auto v = Vocabulary::of("hello, world");
    CHECK(v.size() == 9);
    CHECK(v.characters() == " ,dehlorw");
    CHECK(v.id('h') == 4);
    CHECK(v.id('z') == -1);
    const auto ids = v.encode("low hero");
    CHECK(ids == std::vector<std::int32_t>{5, 6, 8, 0, 4, 3, 7, 6});
    CHECK(v.decode(ids) == "low hero");
    CHECK(Vocabulary::of(v.characters()).characters() == v.characters());
    const std::string odd("\xff\x00\x80", 3);
    CHECK(Vocabulary::of(odd).decode(Vocabulary::of(odd).encode(odd)) == odd);
    CHECK_THROWS_WITH(v.encode("hez"), says("byte 2") && says("value 122") && says("vocabulary of 9"));
    CHECK_THROWS_WITH(v.decode(std::vector<std::int32_t>{0, 9}), says("id 9 at place 1") && says("0 .. 8"));
    Scratch scratch;
    CHECK(etta::load_text(scratch.file("t.txt", "a\nb")) == "a\nb");
}

TEST_CASE("a text's lines end in a line feed, with or without a carriage return") {
    Scratch scratch;
    using lines = std::vector<std::string>;
    CHECK(etta::load_lines(scratch.file("t.txt", "one\n\ntwo \r\n\r\nlast")) == lines{"one", "", "two ", "", "last"});
    CHECK(etta::load_lines(scratch.file("u.txt", "one\n")) == lines{"one"});
    CHECK(etta::load_lines(scratch.file("v.txt", "")).empty());
    CHECK_THROWS_WITH(etta::load_lines(scratch.path("none.txt")), says("none.txt"));
}

TEST_CASE("windows of ids have the ids that follow as labels") {
    for (const int n : {100, 1000}) {  // ids that fit a byte, and others
        const auto every = Dataset::windows(counting(n), 8);
        CHECK(every.size() == n - 8);
        CHECK(every.classes() == n);
        CHECK(every.has_ids());
        CHECK(every.x_type() == (n == 100 ? etta::dtype::u8 : etta::dtype::i32));
        std::int32_t x[8], y[8];
        every.copy_ids(n - 9, x), every.copy_labels(n - 9, y);
        for (int k = 0; k < 8; ++k) CHECK((x[k] == n - 9 + k && y[k] == n - 8 + k));
        const auto apart = Dataset::windows(counting(n), 8, 8);
        CHECK(apart.size() == (n - 1) / 8);
        apart.copy_ids(3, x), apart.copy_labels(3, y);
        for (int k = 0; k < 8; ++k) CHECK((x[k] == 24 + k && y[k] == 25 + k));
        apart.slice(2, 5).copy_ids(1, x);
        CHECK(x[0] == 24);
    }
    CHECK(Dataset::windows(counting(9), 8).size() == 1);
    CHECK(Dataset::windows(counting(9), 8, 1, 65).classes() == 65);
    CHECK_THROWS_WITH(Dataset::windows(counting(8), 8), says("8 ids") && says("window of 8"));
    CHECK_THROWS_WITH(Dataset::windows(counting(9), 4, 1, 5), says("id 5 at place 5") && says("0 .. 4"));
    CHECK_THROWS_WITH(Dataset::windows(counting(9), 4).scaled(2), says("ids cannot be scaled"));
    CHECK_THROWS_WITH(Dataset::windows(counting(9), 4).label(0), says("4 labels for each sample"));
    float x[4];
    CHECK_THROWS_WITH(Dataset::windows(counting(9), 4).copy_x(0, x), says("ids, not numbers"));
}

TEST_CASE("batches of windows are integers with labels in two axes") {
    auto loader = etta::batches(Dataset::windows(counting(33), 8, 8), 3);
    CHECK(loader.size() == 2);
    int at = 0;
    for (auto&& [x, y] : loader) {
        CHECK((x.type == etta::dtype::i32 && y.type == etta::dtype::i32));
        CHECK((x.rank == 2 && y.rank == 2 && x.extents[1] == 8 && y.extents[1] == 8));
        CHECK(x.extents[0] == (at == 0 ? 3 : 1));
        for (etta::index i = 0; i < x.count(); ++i, ++at) CHECK((x.as<std::int32_t>()[i] == at && y.as<std::int32_t>()[i] == at + 1));
    }
    CHECK(at == 32);
}

TEST_CASE("batches drawn at random are full, follow from seed and epoch, and reach everything") {
    const auto data = Dataset::windows(counting(21), 1);
    auto one = etta::batches(data, 32, {.shuffle = seed(3), .steps = 7}), two = etta::batches(data, 32, {.shuffle = seed(3), .steps = 7});
    CHECK(one.size() == 7);
    const auto first = first_ids(one), second = first_ids(one);
    CHECK(first.size() == 7 * 32);
    CHECK(first != second);
    CHECK(first_ids(two) == first);
    CHECK(first_ids(two) == second);
    int count[20] = {};
    for (const std::int32_t i : first) ++count[i];
    for (const int n : count) CHECK((n > 0 && n < 32));
    CHECK_THROWS_WITH(etta::batches(data, 32, {.steps = 7}), says("need a seed"));
}

TEST_CASE("a loader goes on where another one stood") {
    const auto data = Dataset::windows(counting(101), 1);
    for (const etta::index steps : {0, 9}) {
        const etta::BatchOptions o{.shuffle = seed(5), .steps = steps};
        auto whole = etta::batches(data, 12, o), first = etta::batches(data, 12, o), rest = etta::batches(data, 12, o);
        const auto one = first_ids(whole), two = first_ids(whole), three = first_ids(whole);
        first_ids(first);
        CHECK(first.position().epoch == 1);
        CHECK(first.position().batch == 0);
        const auto begun = first_ids(first, 4);
        const auto p = first.position();
        CHECK((p.epoch == 1 && p.batch == 4 && p.samples == 100 && p.batch_size == 12));
        rest.resume(p);
        CHECK((rest.position().epoch == 1 && rest.position().batch == 4));
        auto all = begun;
        for (const std::int32_t i : first_ids(rest)) all.push_back(i);
        CHECK(all == two);
        CHECK(first_ids(rest) == three);
        CHECK(one != two);
    }
    auto loader = etta::batches(data, 12, {.shuffle = seed(5)});
    const auto p = loader.position();
    auto other = etta::batches(data, 10, {.shuffle = seed(5)}), seeded = etta::batches(data, 12, {.shuffle = seed(6)});
    CHECK_THROWS_WITH(other.resume(p), says("the batch was 12, here it is 10"));
    CHECK_THROWS_WITH(seeded.resume(p), says("the shuffles' seed was 5, here it is 6"));
}
