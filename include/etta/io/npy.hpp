// npy.hpp: NumPy's files: one array (NPY), or several by name in a ZIP file (NPZ, plain or compressed). Trusts nothing in a file:
// header, sizes and checksums are checked before an array is handed out.
// Formats: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, PKWARE's APPNOTE.TXT 6.3.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "convert.hpp"
#include "gzip.hpp"

namespace etta {

// An array that was read, with the memory that its view points to: row-major and in this machine's byte order, however it was
// stored. float16 and unsigned integers of more than a byte have dtype none, and convert (io/convert.hpp).
struct npy_array {
    named_tensor tensor;  // named as in an NPZ file; "" of an NPY file
    file_bytes memory;

    // All elements as T; fails if T cannot hold them.
    template <class T, class Host = _::this_host>
    std::vector<T> values() const {
        std::vector<T> v(static_cast<std::size_t>(tensor.count()));
        copy_elements<T, Host>(tensor, v.data());
        return v;
    }
};

namespace _ {

struct npy_type {
    std::string_view code;  // without byte order
    dtype type;
    std::size_t bytes;
    std::string_view stored = {};
};
inline constexpr npy_type npy_types[] = {
    {"f4", dtype::f32, 4}, {"f8", dtype::f64, 8}, {"i8", dtype::i64, 8}, {"i4", dtype::i32, 4}, {"i2", dtype::i16, 2}, {"i1", dtype::i8, 1},
    {"u1", dtype::u8, 1}, {"b1", dtype::boolean, 1}, {"f2", dtype::none, 2, "F16"}, {"u2", dtype::none, 2, "U16"}, {"u4", dtype::none, 4, "U32"},
    {"u8", dtype::none, 8, "U64"},
};

// The header is a Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
template <class Host>
struct npy_header {
    const std::string& path;
    std::string_view text;
    std::size_t at = 0;
    std::string descr = {};
    bool fortran = false;
    std::vector<index> shape = {};

    [[noreturn]] void stop(const std::string& what) const { fail_in_file<Host>(path, "the header, byte " + std::to_string(at) + ": " + what); }
    void blanks() {
        while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t')) ++at;
    }
    bool take(std::string_view word) {
        blanks();
        if (text.substr(at < text.size() ? at : text.size()).substr(0, word.size()) != word) return false;
        at += word.size();
        return true;
    }
    void expect(std::string_view word) {
        if (!take(word)) stop("expected " + std::string(word));
    }
    std::string string() {
        const char quote = take("'") ? '\'' : take("\"") ? '"' : '\0';
        if (quote == '\0') stop("expected a string (arrays of records are not read)");
        std::string s;
        for (; at < text.size() && text[at] != quote; ++at) s += text[at];
        expect(std::string_view(&quote, 1));
        return s;
    }
    void read() {
        bool has[3] = {};
        const auto once = [&](int i, const std::string& key) {
            if (has[i]) stop("'" + key + "' stands twice");
            has[i] = true;
        };
        expect("{");
        while (!take("}")) {
            const std::string key = string();
            expect(":");
            if (key == "descr") {
                once(0, key);
                descr = string();
            } else if (key == "fortran_order") {
                once(1, key);
                fortran = take("True");
                if (!fortran) expect("False");
            } else if (key == "shape") {
                once(2, key);
                expect("(");
                while (!take(")")) {
                    blanks();
                    const std::size_t begin = at;
                    std::uint64_t e = 0;
                    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 18; ++at)
                        e = e * 10 + static_cast<std::uint64_t>(text[at] - '0');
                    if (at == begin || shape.size() == 64) stop("expected a shape: up to 64 integers");
                    shape.push_back(static_cast<index>(e));
                    if (!take(",") && !(take(")") && (--at, true))) stop("expected , or )");
                }
            } else {
                stop("unknown key '" + key + "'");
            }
            if (!take(",")) {
                expect("}");
                break;
            }
        }
        blanks();
        if (at != text.size()) stop("expected its end");
        if (!has[0] || !has[1] || !has[2]) stop("one of descr, fortran_order and shape is missing");
    }
};

// What a file's header says, once it agrees with the file's size.
struct npy_layout {
    const npy_type* type;
    bool swapped, fortran;
    std::vector<index> shape;
    std::size_t begin, count;  // of the elements
};
template <class Host>
npy_layout parse_npy_header(std::span<const std::byte> bytes, const std::string& path) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "etta: NPY files are read on little-endian machines");
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(bytes[i]); };
    const std::size_t size = bytes.size();
    if (size < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0) fail_in_file<Host>(path, "not an NPY file");
    const std::size_t version = byte(6), begin = version == 1 ? 10 : 12;
    if (version < 1 || version > 3) fail_in_file<Host>(path, "NPY version " + std::to_string(version) + ", 1 to 3 are known");
    std::size_t length = byte(8) | byte(9) << 8;
    if (version > 1) length = size < begin ? size : length | byte(10) << 16 | byte(11) << 24;
    if (size < begin || length > size - begin) fail_in_file<Host>(path, "the file ends inside the header");
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + begin, length);
    npy_header<Host> h{path, text};
    h.read();

    const npy_type* type = nullptr;
    const char order = h.descr.empty() ? ' ' : h.descr[0];
    for (const npy_type& t : npy_types)
        if (h.descr.size() == 3 && std::string_view(h.descr).substr(1) == t.code &&
            (order == '<' || order == '>' || order == '=' || (order == '|' && t.bytes == 1)))
            type = &t;
    if (type == nullptr)
        fail_in_file<Host>(path, "elements of type '" + h.descr + "' are not read" +
                                     (h.descr.find('O') != std::string::npos ? ": they are Python's objects" : ""));
    std::size_t count = 1;
    bool empty = false, fits = true;
    const std::size_t room = (size - begin - length) / type->bytes;
    for (const index e : h.shape) {
        if (e == 0) empty = true;
        else if (count > room / static_cast<std::size_t>(e)) fits = false;
        else count *= static_cast<std::size_t>(e);
    }
    if (empty) count = 0, fits = true;
    if (!fits || count * type->bytes != size - begin - length)
        fail_in_file<Host>(path, "the header's shape does not go with " + std::to_string(size - begin - length) + " bytes of '" + h.descr + "'");
    return {type, order == '>', h.fortran, static_cast<std::vector<index>&&>(h.shape), begin + length, count};
}

template <class Host>
npy_array parse_npy(file_bytes&& bytes, const std::string& path) {
    npy_layout h = parse_npy_header<Host>(bytes, path);
    npy_array a;
    std::byte* data = bytes.data() + h.begin;
    const std::size_t element = h.type->bytes, count = h.count;
    if (h.swapped)
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t p = 0, q = element - 1; p < q; ++p, --q) {
                const std::byte kept = data[i * element + p];
                data[i * element + p] = data[i * element + q], data[i * element + q] = kept;
            }
    if (h.fortran && h.shape.size() > 1 && count > 0) {  // the first extent runs fastest: copied into the other order
        if (!a.memory.reserve(count * element)) fail_in_file<Host>(path, "no memory for " + std::to_string(count * element) + " bytes");
        a.memory.set_size(count * element);
        std::vector<std::size_t> at(h.shape.size()), stride(h.shape.size(), 1);
        for (std::size_t k = 1; k < stride.size(); ++k) stride[k] = stride[k - 1] * static_cast<std::size_t>(h.shape[k - 1]);
        for (std::size_t i = 0, from = 0; i < count; ++i) {
            std::memcpy(a.memory.data() + i * element, data + from * element, element);
            for (std::size_t k = at.size(); k-- > 0;) {
                from += stride[k];
                if (++at[k] < static_cast<std::size_t>(h.shape[k])) break;
                from -= stride[k] * at[k], at[k] = 0;
            }
        }
        data = a.memory.data();
    } else {
        a.memory = static_cast<file_bytes&&>(bytes);
    }
    a.tensor = {"", h.type->type, static_cast<std::vector<index>&&>(h.shape), data, count * element, std::string(h.type->stored)};
    return a;
}

// The bytes in front of the elements; a multiple of 64 of them, so that arrays are aligned.
template <class Host>
std::string npy_head(const named_tensor& t, const std::string& path) {
    const npy_type* type = nullptr;
    for (const npy_type& known : npy_types)
        if (t.type != dtype::none ? known.type == t.type : !t.stored.empty() && known.stored == t.stored) type = &known;
    if (type == nullptr) fail_in_file<Host>(path, "array '" + t.name + "' has a type that NumPy does not know");
    std::size_t bytes = type->bytes;
    for (const index e : t.shape) bytes *= static_cast<std::size_t>(e < 0 ? 0 : e);
    if (bytes != t.bytes || t.shape.size() > 64)
        fail_in_file<Host>(path, "array '" + t.name + "' has " + std::to_string(t.bytes) + " bytes, its shape " + std::to_string(bytes));
    std::string s = std::string("{'descr': '") + (type->bytes == 1 ? "|" : "<") + std::string(type->code) + "', 'fortran_order': False, 'shape': (";
    for (std::size_t i = 0; i < t.shape.size(); ++i) s += (i ? ", " : "") + std::to_string(t.shape[i]);
    s += t.shape.size() == 1 ? ",), }" : "), }";
    while ((10 + s.size() + 1) % 64 != 0) s += ' ';
    s += '\n';
    std::string head("\x93NUMPY\1\0", 8);
    head += static_cast<char>(s.size() & 255);
    head += static_cast<char>(s.size() >> 8);
    return head + s;
}

// CRC-32 as ZIP files have it (ISO 3309).
template <class Host>
std::uint32_t crc32(const std::byte* p, std::size_t n, std::uint32_t crc = 0) {
    static constexpr auto table = [] {
        struct {
            std::uint32_t at[256];
        } t{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t c = i;
            for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ c >> 1 : c >> 1;
            t.at[i] = c;
        }
        return t;
    }();
    crc = ~crc;
    for (std::size_t i = 0; i < n; ++i) crc = table.at[(crc ^ static_cast<std::uint32_t>(p[i])) & 255] ^ crc >> 8;
    return ~crc;
}

}  // namespace _

// Reads an NPY file, also gzip.
template <class Host = _::this_host>
npy_array read_npy(const std::string& path) {
    return _::parse_npy<Host>(read_file_or_gzip<Host>(path), path);
}

// Writes one array, atomically.
template <class Host = _::this_host>
void write_npy(const std::string& path, const named_tensor& t) {
    const std::string head = _::npy_head<Host>(t, path);
    _::file_writer<Host> file(path);
    file.write(head.data(), head.size());
    file.write(t.data, t.bytes);
    file.commit();
}

// Several arrays, in the file's order.
struct npz_file {
    std::vector<npy_array> arrays;
    // nullptr if there is none.
    const npy_array* find(std::string_view name) const {
        for (const npy_array& a : arrays)
            if (a.tensor.name == name) return &a;
        return nullptr;
    }
};

// Reads all arrays of an NPZ file; other files in it are left alone. Compressed ones (numpy.savez_compressed) need zlib.
template <class Host = _::this_host>
npz_file read_npz(const std::string& path) {
    using namespace _;
    const file_bytes file = read_file<Host>(path);
    const std::size_t size = file.size();
    const auto number = [&](std::size_t at, int bytes) {
        if (at > size || size - at < static_cast<std::size_t>(bytes))
            fail_in_file<Host>(path, "the file ends inside its table, at byte " + std::to_string(size));
        std::uint64_t v = 0;
        for (int i = bytes; i-- > 0;) v = v << 8 | static_cast<std::uint64_t>(file.data()[at + static_cast<std::size_t>(i)]);
        return v;
    };
    const auto signature = [&](std::uint64_t at, std::uint32_t expected, const char* what) {
        if (at > size || number(static_cast<std::size_t>(at), 4) != expected)
            fail_in_file<Host>(path, std::string("not an NPZ file: expected ") + what + " at byte " + std::to_string(at));
    };
    std::size_t end = size >= 22 ? size - 22 : 0;  // the last record, behind which there may be a comment
    while (size >= 22 && end > 0 && size - end < 22 + 65535 && number(end, 4) != 0x06054b50) --end;
    if (size < 22) fail_in_file<Host>(path, "not an NPZ file: " + std::to_string(size) + " bytes");
    signature(end, 0x06054b50, "the table's end");
    std::uint64_t entries = number(end + 10, 2), at = number(end + 16, 4);
    if ((entries == 0xFFFF || at == 0xFFFFFFFF) && end >= 20 && number(end - 20, 4) == 0x07064b50) {
        const std::uint64_t big = number(end - 12, 8);
        signature(big, 0x06064b50, "the table's end (ZIP64)");
        entries = number(static_cast<std::size_t>(big) + 32, 8), at = number(static_cast<std::size_t>(big) + 48, 8);
    }
    npz_file npz;
    std::uint64_t taken = 0;  // of all entries: those that overlap would multiply a small file
    for (std::uint64_t i = 0; i < entries; ++i) {
        signature(at, 0x02014b50, "a table's entry");
        const auto p = static_cast<std::size_t>(at);
        const std::uint64_t flags = number(p + 8, 2), method = number(p + 10, 2), crc = number(p + 16, 4);
        std::uint64_t packed = number(p + 20, 4), whole = number(p + 24, 4), local = number(p + 42, 4);
        const std::size_t name_size = number(p + 28, 2), extra = number(p + 30, 2), comment = number(p + 32, 2);
        if (size - p - 46 < name_size + extra + comment) fail_in_file<Host>(path, "the file ends inside its table");
        std::string name(reinterpret_cast<const char*>(file.data()) + p + 46, name_size);
        for (std::size_t e = p + 46 + name_size, last = e + extra; e + 4 <= last;) {
            const std::size_t id = number(e, 2), length = number(e + 2, 2);
            std::size_t field = e + 4;
            if (id == 1)  // ZIP64: what did not fit, in this order
                for (std::uint64_t* v : {&whole, &packed, &local})
                    if (*v == 0xFFFFFFFF && field + 8 <= e + 4 + length) *v = number(field, 8), field += 8;
            e += 4 + length;
        }
        at = p + 46 + name_size + extra + comment;
        if (name.size() < 5 || name.compare(name.size() - 4, 4, ".npy") != 0) continue;
        name.resize(name.size() - 4);
        const std::string where = path + ": " + name;
        if (npz.arrays.size() == 65534) fail_in_file<Host>(path, "more than 65534 arrays");  // their names are compared pairwise
        if (npz.find(name) != nullptr) fail_in_file<Host>(path, "two arrays are named '" + name + "'");
        if (flags & 1) fail_in_file<Host>(where, "is encrypted");
        if (method != 0 && method != 8) fail_in_file<Host>(where, "is compressed by method " + std::to_string(method) + "; 0 and 8 are known");
        signature(local, 0x04034b50, "an entry");
        const std::uint64_t data = local + 30 + number(static_cast<std::size_t>(local) + 26, 2) + number(static_cast<std::size_t>(local) + 28, 2);
        if (data > size || packed > size - data || packed > size - taken || (method == 0 && packed != whole))
            fail_in_file<Host>(where, "is not in the file as its table says");
        taken += packed;
        const std::span<const std::byte> stored(file.data() + data, static_cast<std::size_t>(packed));
        file_bytes bytes;
        if (method == 8) {
            bytes = inflate_raw<Host>(stored, static_cast<std::size_t>(whole), where);
        } else {
            if (!bytes.reserve(stored.size() + 1)) fail_in_file<Host>(where, "no memory for " + std::to_string(stored.size()) + " bytes");
            if (!stored.empty()) std::memcpy(bytes.data(), stored.data(), stored.size());
            bytes.set_size(stored.size());
        }
        if (crc32<Host>(bytes.data(), bytes.size()) != crc) fail_in_file<Host>(where, "its checksum is wrong");
        npz.arrays.push_back(parse_npy<Host>(static_cast<file_bytes&&>(bytes), where));
        npz.arrays.back().tensor.name = static_cast<std::string&&>(name);
    }
    return npz;
}

// Writes arrays without compression, atomically; numpy.load reads it. Names must not be empty or used twice. For less than 4 GiB in
// all: larger ones belong into NPY or safetensors files.
template <class Host = _::this_host>
void write_npz(const std::string& path, std::span<const named_tensor> tensors) {
    using namespace _;
    std::string table;
    std::vector<std::string> heads;
    std::uint64_t at = 0;
    const auto put = [](std::string& s, std::uint64_t v, int bytes) {
        for (int i = 0; i < bytes; ++i) s += static_cast<char>(v >> 8 * i & 255);
    };
    if (tensors.size() > 65534) fail_in_file<Host>(path, std::to_string(tensors.size()) + " arrays, at most 65534 go into one file");
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const named_tensor& t = tensors[i];
        if (t.name.empty() || t.name.size() > 60000) fail_in_file<Host>(path, "an array needs a name of 1 to 60000 bytes");
        for (std::size_t k = 0; k < i; ++k)
            if (tensors[k].name == t.name) fail_in_file<Host>(path, "two arrays are named '" + t.name + "'");
        const std::string npy = npy_head<Host>(t, path), name = t.name + ".npy";
        const std::uint64_t size = npy.size() + t.bytes;
        if (at + size > 0xFFFF0000u) fail_in_file<Host>(path, "would be larger than 4 GiB: write NPY or safetensors files");
        const std::uint32_t crc = crc32<Host>(t.data, t.bytes, crc32<Host>(reinterpret_cast<const std::byte*>(npy.data()), npy.size()));
        std::string common;
        for (const auto& [v, n] : {std::pair<std::uint64_t, int>{20, 2},
                                   {0x800, 2},
                                   {0, 2},
                                   {0, 2},
                                   {0x21, 2},
                                   {crc, 4},
                                   {size, 4},
                                   {size, 4},
                                   {name.size(), 2},
                                   {0, 2}})
            put(common, v, n);
        std::string head;
        put(head, 0x04034b50, 4);
        head += common + name + npy;
        put(table, 0x02014b50, 4), put(table, 20, 2);
        table += common;
        put(table, 0, 2), put(table, 0, 2), put(table, 0, 2), put(table, 0, 4), put(table, at, 4);
        table += name;
        at += head.size() + t.bytes;
        heads.push_back(static_cast<std::string&&>(head));
    }
    std::string end;
    put(end, 0x06054b50, 4), put(end, 0, 4), put(end, tensors.size(), 2), put(end, tensors.size(), 2), put(end, table.size(), 4),
        put(end, at, 4), put(end, 0, 2);
    if (at + table.size() > 0xFFFF0000u) fail_in_file<Host>(path, "would be larger than 4 GiB: write NPY or safetensors files");
    file_writer<Host> file(path);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        file.write(heads[i].data(), heads[i].size());
        file.write(tensors[i].data, tensors[i].bytes);
    }
    file.write(table.data(), table.size());
    file.write(end.data(), end.size());
    file.commit();
}

}  // namespace etta
