// safetensors.hpp: writes and reads safetensors files, the format in which PyTorch, JAX and others exchange weights: a JSON
// header of names, types and shapes, then the bytes. Works on named views, knows no tensor type, and trusts nothing in a
// file: names, sizes, holes and overlaps are checked before any view is handed out.
// Format: https://huggingface.co/docs/safetensors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert.hpp"
#include "json.hpp"
#include "named_tensor.hpp"
#include "sort.hpp"

namespace etta {

// Free text that goes into the header: who made it, with what.
using safetensors_metadata = std::vector<std::pair<std::string, std::string>>;

namespace _ {

struct safetensors_type {
    std::string_view name;
    dtype type;
    std::size_t bytes;
};
inline constexpr safetensors_type safetensors_types[] = {
    {"F32", dtype::f32, 4},     {"F64", dtype::f64, 8},     {"I64", dtype::i64, 8},   {"I32", dtype::i32, 4},
    {"I16", dtype::i16, 2},     {"I8", dtype::i8, 1},       {"U8", dtype::u8, 1},     {"BOOL", dtype::boolean, 1},
    {"F16", dtype::none, 2},    {"BF16", dtype::none, 2},   {"U16", dtype::none, 2},  {"U32", dtype::none, 4},
    {"U64", dtype::none, 8},    {"F8_E4M3", dtype::none, 1}, {"F8_E5M2", dtype::none, 1}, {"F8_E8M0", dtype::none, 1},
    {"C64", dtype::none, 8},
};

inline constexpr std::size_t safetensors_max_header = 100'000'000;  // the reference implementation's limit

inline std::string shape_text(const std::vector<index>& shape) {
    std::string s = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) s += (i ? ", " : "") + std::to_string(shape[i]);
    return s + "]";
}

// How a tensor is stored: by its dtype, or, where that is none, as `stored` says. nullptr: not at all.
inline const safetensors_type* safetensors_type_of(const named_tensor& t) {
    for (const safetensors_type& known : safetensors_types)
        if (t.type != dtype::none ? known.type == t.type : known.name == t.stored) return &known;
    return nullptr;
}

// element bytes * the extents' product; false if that is negative or too large to count.
inline bool safetensors_size(std::size_t element, const std::vector<index>& shape, std::size_t& bytes) {
    constexpr std::size_t most = ~std::size_t{0} / 2;
    bytes = element;
    for (const index e : shape)
        if (e < 0) return false;
        else if (e == 0) return bytes = 0, true;
    for (const index e : shape) {
        if (bytes > most / static_cast<std::size_t>(e)) return false;
        bytes *= static_cast<std::size_t>(e);
    }
    return true;
}

}  // namespace _

// Writes all tensors into one file, atomically (see write_file). In the file, tensors with larger elements come first,
// otherwise in the order given, so that every tensor is aligned to its element. A tensor that was read with a type etta
// does not compute with is written as it was. Fails if a name is empty, used twice or not UTF-8, or if a tensor's bytes do
// not agree with its shape.
template <class Host = _::this_host>
void write_safetensors(const std::string& path, std::span<const named_tensor> tensors,
                       const safetensors_metadata& metadata = {}) {
    using namespace _;
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "etta: safetensors files are little-endian");
    const auto refuse = [&](const named_tensor& t, const std::string& what) {
        fail_in_file<Host>(path, "tensor '" + t.name + "': " + what);
    };
    std::vector<std::string_view> names;
    for (const named_tensor& t : tensors) {
        if (t.name.empty() || t.name == "__metadata__") refuse(t, "a tensor cannot have this name");
        if (!is_utf8(t.name)) refuse(t, "the name is not UTF-8");
        names.push_back(t.name);
        std::size_t bytes = 0;
        const safetensors_type* type = safetensors_type_of(t);
        if (type == nullptr) refuse(t, "no element type");
        else if (!safetensors_size(type->bytes, t.shape, bytes) || bytes != t.bytes)
            refuse(t, std::string(type->name) + shape_text(t.shape) + " is " + std::to_string(bytes) + " bytes, given are " +
                          std::to_string(t.bytes));
    }
    sort(names.data(), names.size(), [](std::string_view a, std::string_view b) { return a < b; });
    for (std::size_t i = 1; i < names.size(); ++i)
        if (names[i] == names[i - 1]) fail_in_file<Host>(path, "two tensors are named '" + std::string(names[i]) + "'");

    std::string header = "{";
    if (!metadata.empty()) {
        header += "\"__metadata__\":{";
        for (std::size_t i = 0; i < metadata.size(); ++i) {
            if (!is_utf8(metadata[i].first) || !is_utf8(metadata[i].second))
                fail_in_file<Host>(path, "the metadata are not UTF-8");
            for (std::size_t k = 0; k < i; ++k)
                if (metadata[k].first == metadata[i].first)
                    fail_in_file<Host>(path, "two metadata are named '" + metadata[i].first + "'");
            header += i ? "," : "";
            json_append(header, metadata[i].first);
            header += ':';
            json_append(header, metadata[i].second);
        }
        header += '}';
    }
    std::vector<std::size_t> order;
    for (const std::size_t element : {8, 4, 2, 1})
        for (std::size_t i = 0; i < tensors.size(); ++i)
            if (safetensors_type_of(tensors[i])->bytes == element) order.push_back(i);
    std::size_t offset = 0;
    for (const std::size_t i : order) {
        const named_tensor& t = tensors[i];
        header += header.size() > 1 ? "," : "";
        json_append(header, t.name);
        header += ":{\"dtype\":\"" + std::string(safetensors_type_of(t)->name) + "\",\"shape\":[";
        for (std::size_t k = 0; k < t.shape.size(); ++k) header += (k ? "," : "") + std::to_string(t.shape[k]);
        header += "],\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(offset + t.bytes) + "]}";
        offset += t.bytes;
    }
    header += '}';
    while (header.size() % 8 != 0) header += ' ';  // so that the bytes begin at a multiple of 8
    if (header.size() > safetensors_max_header)
        fail_in_file<Host>(path, "the header would be " + std::to_string(header.size()) + " bytes, at most " +
                                     std::to_string(safetensors_max_header) + " are allowed");

    file_writer<Host> file(path);
    const std::uint64_t length = header.size();
    file.write(&length, 8);
    file.write(header.data(), header.size());
    for (const std::size_t i : order) file.write(tensors[i].data, tensors[i].bytes);
    file.commit();
}

// A file that was read: all of it is in memory, and the tensors are views of it.
class safetensors_file {
  public:
    // Reads and checks the whole file. Fails, naming the place, on anything that the format does not allow.
    template <class Host = _::this_host>
    static safetensors_file open(const std::string& path) {
        safetensors_file file;
        file.path_ = path;
        file.bytes_ = read_file<Host>(path);
        file.read<Host>();
        return file;
    }

    const std::string& path() const { return path_; }
    std::span<const named_tensor> tensors() const { return {tensors_.data(), tensors_.size()}; }  // in the file's order
    const safetensors_metadata& metadata() const { return metadata_; }

    // nullptr if there is none.
    const named_tensor* find(std::string_view name) const {
        const std::size_t i = lower(name);
        return i < by_name_.size() && tensors_[by_name_[i]].name == name ? &tensors_[by_name_[i]] : nullptr;
    }

  private:
    std::size_t lower(std::string_view name) const {
        return _::lower_bound(by_name_.data(), by_name_.size(), name,
                              [&](std::uint32_t i, std::string_view key) { return tensors_[i].name < key; });
    }

    template <class Host>
    void read() {
        using namespace _;
        static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "etta: safetensors files are little-endian");
        const std::size_t size = bytes_.size();
        if (size < 8)
            fail_in_file<Host>(path_, "not a safetensors file: " + std::to_string(size) + " bytes, expected at least 8");
        std::uint64_t length = 0;
        std::memcpy(&length, bytes_.data(), 8);
        if (length > safetensors_max_header || length > size - 8)
            fail_in_file<Host>(path_, "byte 0: the header is said to have " + std::to_string(length) + " bytes; the file has " +
                                          std::to_string(size - 8) + " after this number, and " +
                                          std::to_string(safetensors_max_header) + " are allowed");
        const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + 8, static_cast<std::size_t>(length));
        json_reader<Host> json{path_, text, 8};
        if (text.empty() || text[0] != '{') json.stop("the header does not begin with '{'");
        std::vector<range> ranges;
        json.expect('{');
        bool has_metadata = false;
        if (!json.take('}')) {
            do {
                std::string name = json.string();
                json.expect(':');
                if (name != "__metadata__") {
                    read_tensor(json, static_cast<std::string&&>(name), ranges);
                } else if (has_metadata) {
                    json.stop("'__metadata__' stands twice");
                } else {
                    has_metadata = true;
                    read_metadata(json);
                }
            } while (json.take(','));
            json.expect('}');
        }
        for (; json.at < text.size(); ++json.at)
            if (text[json.at] != ' ') json.stop("expected only spaces after the header, found " + json.found());
        check<Host>(ranges, static_cast<std::size_t>(length));
        index_names<Host>();
    }

    struct range {
        std::size_t begin, end;
        std::uint32_t tensor;
    };

    template <class Host>
    void read_metadata(_::json_reader<Host>& json) {
        json.expect('{');
        if (json.take('}')) return;
        do {
            std::string key = json.string();
            for (const auto& entry : metadata_)
                if (entry.first == key) json.stop("the metadata have '" + key + "' twice");
            if (metadata_.size() == max_metadata) json.stop("more than " + std::to_string(max_metadata) + " metadata");
            json.expect(':');
            metadata_.emplace_back(static_cast<std::string&&>(key), json.string());
        } while (json.take(','));
        json.expect('}');
    }

    template <class Host>
    void read_tensor(_::json_reader<Host>& json, std::string&& name, std::vector<range>& ranges) {
        using namespace _;
        named_tensor t;
        t.name = static_cast<std::string&&>(name);
        const safetensors_type* type = nullptr;
        std::uint64_t begin = 0, end = 0;
        bool has_type = false, has_shape = false, has_offsets = false;
        const auto once = [&](bool& has, const std::string& key) {
            if (has) json.stop("tensor '" + t.name + "' has '" + key + "' twice");
            has = true;
        };
        json.expect('{');
        do {
            const std::string key = json.string();
            json.expect(':');
            if (key == "dtype") {
                once(has_type, key);
                t.stored = json.string();
                for (const safetensors_type& known : safetensors_types)
                    if (known.name == t.stored) type = &known;
                if (type == nullptr) json.stop("tensor '" + t.name + "': unknown dtype '" + t.stored + "'");
                t.type = type->type;
            } else if (key == "shape") {
                once(has_shape, key);
                json.expect('[');
                if (json.take(']')) continue;
                do {
                    const std::uint64_t e = json.unsigned_integer();
                    if (e > ~std::uint64_t{0} / 2) json.stop("tensor '" + t.name + "': an extent of " + std::to_string(e));
                    t.shape.push_back(static_cast<index>(e));
                } while (json.take(','));
                json.expect(']');
            } else if (key == "data_offsets") {
                once(has_offsets, key);
                json.expect('[');
                begin = json.unsigned_integer();
                json.expect(',');
                end = json.unsigned_integer();
                json.expect(']');
            } else {
                json.stop("tensor '" + t.name + "': unknown key '" + key + "'");
            }
        } while (json.take(','));
        json.expect('}');
        if (!has_type || !has_shape || !has_offsets)
            json.stop("tensor '" + t.name + "' has no '" + (!has_type ? "dtype" : !has_shape ? "shape" : "data_offsets") + "'");

        const std::size_t data = 8 + json.text.size(), room = bytes_.size() - data;
        if (begin > end || end > room)
            json.stop("tensor '" + t.name + "': data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) +
                      "] are not in the file, which has " + std::to_string(room) + " bytes of data");
        std::size_t expected = 0;
        if (!safetensors_size(type->bytes, t.shape, expected) || expected != end - begin)
            json.stop("tensor '" + t.name + "': " + t.stored + shape_text(t.shape) +
                      (expected <= room ? " is " + std::to_string(expected) + " bytes" : " is more than the file has") +
                      ", its data_offsets say " + std::to_string(end - begin));
        t.data = bytes_.data() + data + begin;
        t.bytes = static_cast<std::size_t>(end - begin);
        ranges.push_back({static_cast<std::size_t>(begin), static_cast<std::size_t>(end),
                          static_cast<std::uint32_t>(tensors_.size())});
        tensors_.push_back(static_cast<named_tensor&&>(t));
    }

    // The tensors must cover the data from the first byte to the last, once.
    template <class Host>
    void check(std::vector<range>& ranges, std::size_t header) {
        _::sort(ranges.data(), ranges.size(),
                [](const range& a, const range& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });
        std::size_t at = 0;
        for (const range& r : ranges) {
            if (r.begin != at)
                _::fail_in_file<Host>(path_, "tensor '" + tensors_[r.tensor].name + "' begins at byte " +
                                                 std::to_string(r.begin) + " of the data, " +
                                                 (r.begin < at ? "inside the one before it, which ends at "
                                                               : "after a hole that begins at ") + std::to_string(at));
            at = r.end;
        }
        const std::size_t room = bytes_.size() - 8 - header;
        if (at != room)
            _::fail_in_file<Host>(path_, "the tensors end at byte " + std::to_string(at) + " of the data; the file has " +
                                             std::to_string(room));
    }

    template <class Host>
    void index_names() {
        by_name_.resize(tensors_.size());
        for (std::size_t i = 0; i < by_name_.size(); ++i) by_name_[i] = static_cast<std::uint32_t>(i);
        _::sort(by_name_.data(), by_name_.size(),
                [&](std::uint32_t a, std::uint32_t b) { return tensors_[a].name < tensors_[b].name; });
        for (std::size_t i = 1; i < by_name_.size(); ++i)
            if (tensors_[by_name_[i]].name == tensors_[by_name_[i - 1]].name)
                _::fail_in_file<Host>(path_, "two tensors are named '" + tensors_[by_name_[i]].name + "'");
    }

    static constexpr std::size_t max_metadata = 10000;  // they are compared pairwise

    std::string path_;
    file_bytes bytes_;
    std::vector<named_tensor> tensors_;
    std::vector<std::uint32_t> by_name_;
    safetensors_metadata metadata_;
};

}  // namespace etta
