// tensorboard.hpp: figures of a run as TensorBoard reads them: an event file, which is a list of records (length, data, and the
// masked CRC-32C of each), each a protocol-buffer message "Event". Written here by hand: two messages and four kinds of field.
#pragma once

#include <ctime>

#include "fit.hpp"

namespace etta {
namespace _ {

// CRC-32C (Castagnoli) as TFRecord has it: rotated, plus a constant.
inline std::uint32_t masked_crc32c(std::string_view bytes) {
    std::uint32_t c = ~std::uint32_t{0};
    for (const char b : bytes) {
        c ^= static_cast<unsigned char>(b);
        for (int i = 0; i < 8; ++i) c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0);
    }
    c = ~c;
    return (c >> 15 | c << 17) + 0xa282ead8u;
}
template <class T>
void append_bytes(std::string& s, const T& v) {  // little-endian, as the files are
    s.append(reinterpret_cast<const char*>(&v), sizeof v);
}
inline std::string tf_record(const std::string& data) {
    std::string s;
    append_bytes(s, static_cast<std::uint64_t>(data.size()));
    append_bytes(s, masked_crc32c(s));
    s += data;
    append_bytes(s, masked_crc32c(data));
    return s;
}
inline void append_varint(std::string& s, std::uint64_t v) {
    for (; v >= 128; v >>= 7) s += static_cast<char>(v | 128);
    s += static_cast<char>(v);
}
inline void append_field(std::string& s, int number, std::string_view bytes) {
    s += static_cast<char>(number << 3 | 2);
    append_varint(s, bytes.size());
    s += bytes;
}
// Event{wall_time, file_version}: the first of a file.
inline std::string version_event(double time) {
    std::string s = "\x09";
    append_bytes(s, time);
    append_field(s, 3, "brain.Event:2");
    return tf_record(s);
}
// Event{wall_time, step, summary{value{tag, simple_value}}}.
inline std::string scalar_event(double time, std::int64_t step, std::string_view tag, double value) {
    std::string v, summary, s = "\x09";
    append_field(v, 1, tag);
    v += '\x15';
    append_bytes(v, static_cast<float>(value));
    append_field(summary, 1, v);
    append_bytes(s, time);
    s += '\x10';
    append_varint(s, static_cast<std::uint64_t>(step));
    append_field(s, 5, summary);
    return tf_record(s);
}

// A callback, and a writer of figures of one's own: TensorBoard board("runs/first"); board.scalar("gradient", norm, step).
//     tensorboard --logdir runs
// fit() writes loss, accuracy, validation_loss, validation_accuracy, metrics and rate, by epoch; with `steps`, also batch_loss and batch_rate
// after so many batches each, by step. The folder is made if there is none; every object writes a file of its own in it, so a run
// that goes on adds a file. What was written is in the file at once.
template <class Host>
class tensor_board {
  public:
    explicit tensor_board(const std::string& folder, long steps = 0) : steps_(steps) {
        for (std::size_t at = folder.find('/', 1);; at = folder.find('/', at + 1)) {
            const std::string part = folder.substr(0, at);
            if (!part.empty() && ::mkdir(part.c_str(), 0777) != 0)
                if (const int error = errno; ::access(part.c_str(), F_OK) != 0) fail_by_system<Host>("make the folder", part, error);
            if (at == std::string::npos) break;
        }
        const std::string begin = (folder.empty() ? std::string(".") : folder) + "/events.out.tfevents.";
        const std::string name = begin + std::to_string(std::time(nullptr)) + ".etta." + std::to_string(::getpid()) + ".";
        for (int k = 0; file_ < 0; ++k) {
            path_ = name + std::to_string(k);
            file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
            if (file_ < 0 && errno != EEXIST) fail_by_system<Host>("write", path_, errno);
        }
        write(version_event(seconds()));
    }
    tensor_board(tensor_board&& other) noexcept : steps_(other.steps_), file_(other.file_), whole_(other.whole_), path_(static_cast<std::string&&>(other.path_)) { other.file_ = -1; }
    tensor_board& operator=(tensor_board&&) = delete;
    ~tensor_board() {
        if (file_ >= 0) ::close(file_);
    }

    void scalar(std::string_view tag, double value, std::int64_t step) {
        write(scalar_event(seconds(), step, tag, value));
    }
    const std::string& path() const { return path_; }

    void on_train_begin(FitEvent& e) { last_ = e.step; }
    void on_batch_end(FitEvent& e) {
        if (e.step == last_) return;  // more batches make the step
        last_ = e.step;
        if (steps_ > 0 && e.step % steps_ == 0) scalar("batch_loss", e.loss, e.step), scalar("batch_rate", e.rate, e.step);
    }
    void on_epoch_end(FitEvent& e) {
        const EpochRecord& r = e.history.epochs.back();
        scalar("loss", r.loss, r.epoch);
        if (e.history.classification) scalar("accuracy", r.accuracy, r.epoch);
        if (e.history.validated) scalar("validation_loss", r.validation_loss, r.epoch);
        if (e.history.validated && e.history.classification) scalar("validation_accuracy", r.validation_accuracy, r.epoch);
        const std::size_t metrics = e.history.template n_metrics<Host>(), last = e.history.epochs.size() - 1;
        for (std::size_t k = 0; k < metrics; ++k) scalar(part_of_list<Host>(e.history.template metric_names<Host>(), k), e.history.template metric<Host>(last, k), r.epoch);
        scalar("rate", r.rate, r.epoch);
    }

  private:
    static double seconds() { return seconds_now(); }
    void write(const std::string& record) {
        for (std::size_t done = 0; done < record.size();) {
            const ssize_t n = ::write(file_, record.data() + done, record.size() - done);
            if (n > 0) done += static_cast<std::size_t>(n);
            else if (n < 0 && errno != EINTR) give_up(errno);
        }
        whole_ += static_cast<off_t>(record.size());
    }
    // Readers stop at half a record: what is written later, when the disk has room again, must stand behind a whole one.
    [[noreturn]] void give_up(int error) {
        (void)!::ftruncate(file_, whole_);
        if (whole_ == 0) ::close(file_), ::unlink(path_.c_str()), file_ = -1;  // in the constructor
        fail_by_system<Host>("write", path_, error);
    }
    long steps_ = 0, last_ = 0;
    int file_ = -1;
    off_t whole_ = 0;  // where the last record ends
    std::string path_;
};
}  // namespace _
using TensorBoard = _::tensor_board<_::this_host>;

}  // namespace etta
