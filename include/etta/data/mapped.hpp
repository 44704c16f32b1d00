// mapped.hpp: data that do not fit into memory: IDX and NPY files that the system reads where a sample is copied, and forgets where
// room is needed. Elements stay as they are stored, bytes as bytes; scaling and transforms come with the copy, as always.
//
//     #include <etta/data/mapped.hpp>
//     const auto train = etta::map_npy("images.npy", "labels.npy").scaled(1 / 255.0);
//
// On its own, and not in etta.hpp: it needs POSIX' mmap, and few programs have such data. The file must stay as it is: where it is cut
// off while it is mapped, the system ends the program (SIGBUS).
#pragma once

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

#include "files.hpp"
#include "load.hpp"

namespace etta {

// A file's bytes, read when they are first looked at.
template <class Host>
class mapped_file {
  public:
    explicit mapped_file(const std::string& path) {
#if __has_include(<sys/mman.h>)
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) _::fail_by_system<Host>("open", path, errno);
        struct stat status;
        const int found = ::fstat(file, &status);
        const int error = errno;
        if (found == 0 && S_ISREG(status.st_mode)) size_ = static_cast<std::size_t>(status.st_size);
        void* const memory = size_ > 0 ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0) : nullptr;
        const int mapping_error = errno;
        ::close(file);
        if (found != 0) _::fail_by_system<Host>("open", path, error);
        if (!S_ISREG(status.st_mode)) _::fail_in_file<Host>(path, "cannot be mapped: it is not a regular file");
        if (memory == MAP_FAILED) _::fail_by_system<Host>("map", path, mapping_error);
        begin_ = static_cast<const std::byte*>(memory);
        if (is_gzip(*this)) stop_gzip(path);
#else
        _::fail_in_file<Host>(path, "cannot be mapped: this system has no mmap; load_idx and load_npy read it into memory");
#endif
    }
    mapped_file(mapped_file&& other) noexcept : begin_(other.begin_), size_(other.size_) { other.begin_ = nullptr, other.size_ = 0; }
    mapped_file& operator=(mapped_file&&) = delete;
    ~mapped_file() { unmap(); }

    const std::byte* data() const { return begin_; }
    std::size_t size() const { return size_; }
    operator std::span<const std::byte>() const { return {begin_, size_}; }

  private:
    void unmap() {
#if __has_include(<sys/mman.h>)
        if (begin_ != nullptr) ::munmap(const_cast<std::byte*>(begin_), size_);
#endif
        begin_ = nullptr;
    }
    [[noreturn]] void stop_gzip(const std::string& path) {
        unmap();  // a constructor that throws has no destructor
        _::fail_in_file<Host>(path, "is compressed: only plain files can be mapped (gunzip it, or read it with load_idx or load_npy)");
    }
    const std::byte* begin_ = nullptr;
    std::size_t size_ = 0;
};

namespace _ {

template <class Host>
samples mapped_samples(mapped_file<Host>&& file, dtype type, std::size_t begin, std::size_t count) {
    const std::byte* const data = file.data() + begin;
    return samples(type, data, static_cast<index>(count), shared_object::of(static_cast<mapped_file<Host>&&>(file)));
}
template <class Host>
dims mapped_shape(const std::vector<index>& extents, const std::string& path) {
    if (extents.empty() || extents.size() > dims::max + 1)
        fail_in_file<Host>(path, "samples have rank 1 to " + std::to_string(dims::max + 1) + ", these have " + std::to_string(extents.size()));
    const dims shape(std::span<const index>(extents).subspan(1));
    if (!shape.valid()) fail_in_file<Host>(path, "no sample has shape " + shape.text());
    return shape;
}
template <class Host>
samples map_idx_samples(const std::string& path, dims& shape, index& n) {
    mapped_file<Host> file(path);
    const idx_array a = idx_header<Host>(file, path);
    shape = mapped_shape<Host>(a.extents, path), n = a.extents[0];
    if (a.type != dtype::u8) fail_in_file<Host>(path, "elements of " + std::string(name_of(a.type)) + " are big-endian in IDX files: only bytes can be mapped (load_idx reads all)");
    return mapped_samples<Host>(static_cast<mapped_file<Host>&&>(file), a.type, a.offset, static_cast<std::size_t>(a.count));
}
template <class Host>
samples map_npy_samples(const std::string& path, dims& shape, index& n) {
    mapped_file<Host> file(path);
    const npy_layout h = parse_npy_header<Host>(file, path);
    shape = mapped_shape<Host>(h.shape, path), n = h.shape[0];
    if (h.swapped || (h.type->type != dtype::u8 && h.type->type != dtype::f32 && h.type->type != dtype::f64))
        fail_in_file<Host>(path, "elements of type '" + std::string(h.swapped ? ">" : "") + std::string(h.type->code) + "' cannot be mapped: u1, <f4 and <f8 can (load_npy reads others)");
    if (h.fortran && h.shape.size() > 1) fail_in_file<Host>(path, "is in Fortran's order, and cannot be mapped: write numpy.ascontiguousarray(x)");
    if (h.begin % h.type->bytes != 0) fail_in_file<Host>(path, "elements begin at byte " + std::to_string(h.begin) + ", which is not aligned: numpy.save of today aligns them");
    return mapped_samples<Host>(static_cast<mapped_file<Host>&&>(file), h.type->type, h.begin, h.count);
}

}  // namespace _

// load_idx and load_npy for files that stay where they are: x is mapped, labels and targets are read. IDX: bytes; NPY: bytes, float and
// double, little-endian, C's order; neither compressed. A file that is shorter than its header says is an error that names it.
template <class Host = _::this_host>
Dataset map_idx(const std::string& path) {
    dims shape;
    index n = 0;
    samples x = _::map_idx_samples<Host>(path, shape, n);
    return Dataset::from<Host>(static_cast<samples&&>(x), shape);
}
template <class Host = _::this_host>
Dataset map_idx(const std::string& path, const std::string& labels_path, int classes = 0) {
    dims shape;
    index n = 0;
    samples x = _::map_idx_samples<Host>(path, shape, n);
    std::vector<std::int32_t> labels = _::idx_labels<Host>(read_idx<Host>(labels_path), labels_path, classes);
    if (n != static_cast<index>(labels.size()))
        _::fail_in_file<Host>(path, std::to_string(n) + " samples, and " + std::to_string(labels.size()) + " labels in '" + labels_path + "'");
    return Dataset::from<Host>(static_cast<samples&&>(x), shape, static_cast<std::vector<std::int32_t>&&>(labels), classes);
}
template <class Host = _::this_host>
Dataset map_npy(const std::string& x_path) {
    dims shape;
    index n = 0;
    samples x = _::map_npy_samples<Host>(x_path, shape, n);
    return Dataset::from<Host>(static_cast<samples&&>(x), shape);
}
template <class Host = _::this_host>
Dataset map_npy(const std::string& x_path, const std::string& y_path, int classes = 0) {
    dims shape;
    index n = 0;
    samples x = _::map_npy_samples<Host>(x_path, shape, n);
    return _::npy_labelled<Host>(static_cast<samples&&>(x), shape, n, x_path, read_npy<Host>(y_path), y_path, classes);
}

}  // namespace etta
