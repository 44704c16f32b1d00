// shared.hpp: shared ownership, as small as data sets need it: std::shared_ptr's header costs every file that includes it
// 0.1 s.
#pragma once

namespace etta::_ {

// Points to a T that all its copies own together; the last one deletes it. Counting is atomic, as in std::shared_ptr. The
// T's are not changed once they are shared.
template <class T>
class shared {
    struct block {
        T value;
        long owners = 1;
    };

  public:
    shared() = default;
    static shared of(T&& value) {
        shared s;
        s.block_ = new block{static_cast<T&&>(value)};
        return s;
    }
    shared(const shared& other) : block_(other.block_) {
        if (block_ != nullptr) __atomic_add_fetch(&block_->owners, 1, __ATOMIC_RELAXED);
    }
    shared(shared&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
    shared& operator=(shared other) noexcept {
        block* kept = block_;
        block_ = other.block_;
        other.block_ = kept;
        return *this;
    }
    ~shared() {
        if (block_ != nullptr && __atomic_sub_fetch(&block_->owners, 1, __ATOMIC_ACQ_REL) == 0) delete block_;
    }

    explicit operator bool() const { return block_ != nullptr; }
    const T& operator*() const { return block_->value; }
    const T* operator->() const { return &block_->value; }

  private:
    block* block_ = nullptr;
};

// An object of whatever type, owned like that: what holders of any callable, or of any memory, are made of.
class shared_object {
    struct owned {
        void* object;
        void (*destroy)(void*);
        owned(void* o, void (*d)(void*)) : object(o), destroy(d) {}
        owned(owned&& o) noexcept : object(o.object), destroy(o.destroy) { o.object = nullptr; }
        ~owned() {
            if (object != nullptr) destroy(object);
        }
    };

  public:
    shared_object() = default;
    template <class X>
    static shared_object of(X&& x) {
        shared_object s;
        s.owner_ = shared<owned>::of(owned(new X(static_cast<X&&>(x)), [](void* o) { delete static_cast<X*>(o); }));
        return s;
    }
    explicit operator bool() const { return static_cast<bool>(owner_); }
    void* get() const { return owner_->object; }

  private:
    shared<owned> owner_;
};

}  // namespace etta::_
