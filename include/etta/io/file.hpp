// file.hpp: whole files in and out. Reading gives the bytes; writing is atomic: the new file appears under its name
// complete and on disk, or the old one stays as it was and nothing else is left behind. All file formats go through here,
// so that every error names the file and the reason.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "../core/error.hpp"

namespace etta {

namespace _ {

// Functions here depend on the target and on whether zlib is there: both belong to their symbols (see core/target.hpp).
template <class Target, bool Zlib>
struct host {
    static constexpr bool zlib = Zlib;
};
#if defined(ETTA_HAS_ZLIB)
using this_host = host<this_target, true>;
#else
using this_host = host<this_target, false>;
#endif

template <class Host>
[[noreturn]] ETTA_NOINLINE void fail_in_file(const std::string& path, const std::string& what) {
    fail("'" + path + "': " + what);
}
template <class Host>
[[noreturn]] ETTA_NOINLINE void fail_by_system(const char* doing, const std::string& path, int error) {
    fail(std::string("cannot ") + doing + " '" + path + "': " + std::strerror(error));
}

}  // namespace _

// Bytes that own their memory, aligned for any element type and not cleared first: a file may be large.
class file_bytes {
  public:
    file_bytes() = default;
    file_bytes(file_bytes&& other) noexcept : begin_(other.begin_), size_(other.size_), room_(other.room_) {
        other.begin_ = nullptr;
        other.size_ = other.room_ = 0;
    }
    file_bytes& operator=(file_bytes&& other) noexcept {
        if (this != &other) {
            std::free(begin_);
            begin_ = other.begin_, size_ = other.size_, room_ = other.room_;
            other.begin_ = nullptr;
            other.size_ = other.room_ = 0;
        }
        return *this;
    }
    ~file_bytes() { std::free(begin_); }

    std::byte* data() { return begin_; }
    const std::byte* data() const { return begin_; }
    std::size_t size() const { return size_; }
    operator std::span<const std::byte>() const { return {begin_, size_}; }

    std::size_t capacity() const { return room_; }
    // Makes room; false where there is no memory.
    bool reserve(std::size_t room) {
        if (room <= room_) return true;
        void* moved = std::realloc(begin_, room);
        if (moved == nullptr) return false;
        begin_ = static_cast<std::byte*>(moved);
        room_ = room;
        return true;
    }
    void set_size(std::size_t size) { size_ = size; }  // at most capacity()

  private:
    std::byte* begin_ = nullptr;
    std::size_t size_ = 0, room_ = 0;
};

// The whole file, also from a pipe or a device. Fails if it cannot be opened or read.
template <class Host = _::this_host>
file_bytes read_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) _::fail_by_system<Host>("open", path, errno);
    struct stat status;
    std::size_t expected = 0;  // a hint only: /proc says 0, and files grow
    if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode)) expected = static_cast<std::size_t>(status.st_size);

    file_bytes bytes;
    for (;;) {
        if (bytes.size() == bytes.capacity()) {
            // One byte more than expected, so that the end is seen without growing.
            const std::size_t room = bytes.size() <= expected ? expected + 1 : bytes.size() * 2;
            if (!bytes.reserve(room < 4096 ? 4096 : room)) {
                ::close(file);
                _::fail_in_file<Host>(path, "no memory for " + std::to_string(room) + " bytes");
            }
        }
        const ssize_t n = ::read(file, bytes.data() + bytes.size(), bytes.capacity() - bytes.size());
        if (n == 0) break;
        if (n > 0) {
            bytes.set_size(bytes.size() + static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            const int error = errno;
            ::close(file);
            _::fail_by_system<Host>("read", path, error);
        }
    }
    ::close(file);
    return bytes;
}

namespace _ {

// A file in the making: a temporary one beside the target, that commit() puts in the target's place. Without commit()
// it is removed.
template <class Host>
class file_writer {
  public:
    explicit file_writer(const std::string& path) : path_(path), target_(path) {
        struct stat status;
        if (::stat(path.c_str(), &status) == 0) {
            if (!S_ISREG(status.st_mode)) fail_in_file<Host>(path, "cannot be replaced: it is not a regular file");
            mode_ = static_cast<int>(status.st_mode & 07777);
            if (char* real = ::realpath(path.c_str(), nullptr)) {  // through a link, the file that it points to
                target_ = real;
                std::free(real);
            }
        }
        const std::size_t slash = target_.rfind('/');
        folder_ = slash == std::string::npos ? "." : slash == 0 ? "/" : target_.substr(0, slash);
        for (int attempt = 0; file_ < 0; ++attempt) {
            temporary_ = folder_ + "/.etta-" + std::to_string(::getpid()) + "-" + std::to_string(attempt) + ".tmp";
            file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (file_ < 0 && (errno != EEXIST || attempt == 1000)) fail_by_system<Host>("write", path, errno);
        }
    }
    file_writer(const file_writer&) = delete;
    file_writer& operator=(const file_writer&) = delete;
    ~file_writer() { discard(); }

    void write(const void* data, std::size_t size) {
        const char* from = static_cast<const char*>(data);
        while (size > 0) {
            const ssize_t n = ::write(file_, from, size < max_write ? size : max_write);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) give_up(errno);
            from += n;
            size -= static_cast<std::size_t>(n);
        }
    }

    void commit() {
        if (mode_ >= 0 && ::fchmod(file_, static_cast<mode_t>(mode_)) != 0) give_up(errno);
        // Some file systems cannot sync and say so: not an error.
        if (::fsync(file_) != 0 && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS) give_up(errno);
        const int file = file_;
        file_ = -1;
        if (::close(file) != 0) give_up(errno);
        if (::rename(temporary_.c_str(), target_.c_str()) != 0) give_up(errno);
        temporary_.clear();
        // The new name survives a power cut once its folder is on disk too. Best effort: the file itself is complete.
        const int folder = ::open(folder_.c_str(), O_RDONLY | O_CLOEXEC);
        if (folder >= 0) {
            (void)::fsync(folder);
            ::close(folder);
        }
    }

  private:
    static constexpr std::size_t max_write = std::size_t{1} << 30;  // Linux writes at most 2 GiB at a time

    void discard() {
        if (file_ >= 0) ::close(file_);
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
        file_ = -1;
        temporary_.clear();
    }
    [[noreturn]] void give_up(int error) {
        discard();  // here, and not only in the destructor: without exceptions that never runs
        fail_by_system<Host>("write", path_, error);
    }

    std::string path_, target_, folder_, temporary_;
    int file_ = -1;
    int mode_ = -1;  // of the file that is replaced
};

// Fails if the file could not be written: before hours of work, and not behind them.
template <class Host>
void check_writable(const std::string& path) {
    file_writer<Host>{path};
}

}  // namespace _

// Writes a file, or replaces one, atomically. The permissions of a replaced file are kept.
template <class Host = _::this_host>
void write_file(const std::string& path, std::span<const std::byte> bytes) {
    _::file_writer<Host> file(path);
    file.write(bytes.data(), bytes.size());
    file.commit();
}

}  // namespace etta
