// tensor.hpp: Tensor (owns its elements) and View (points at somebody's). Row-major, 64-byte aligned; extents static or
// etta::dyn. What a tensor can be assigned from is not decided here: execute(), defined in run/, evaluates expressions.
#pragma once

#include <initializer_list>
#include <new>
#include <span>
#include <type_traits>

#include "any_view.hpp"
#include "error.hpp"
#include "extents.hpp"
#include "iterator.hpp"
#include "range.hpp"

namespace etta {

struct row_major {};  // no strides stored: they follow from the extents
struct strided {};    // strides stored, in elements

struct inline_storage {};  // inside the object: no heap, known size
struct heap_storage {};    // one allocation, at construction

namespace _ {

template <class T>
struct is_tensor_like : std::false_type {};

// Run-time extents, stored only where some are dyn.
template <class Extents>
struct extent_store;
template <std::size_t... E>
struct extent_store<extents<E...>> {
    static constexpr int rank = sizeof...(E);
    index dynamic[extents<E...>::dynamic_rank > 0 ? extents<E...>::dynamic_rank : 1] = {};

    constexpr index extent(int i) const {
        if (i < 0) i += rank;
        if (extents<E...>::value[i] != dyn) return static_cast<index>(extents<E...>::value[i]);
        int d = 0;
        for (int k = 0; k < i; ++k) d += extents<E...>::value[k] == dyn ? 1 : 0;
        return dynamic[d];
    }
    constexpr index size() const {
        index n = 1;
        for (int i = 0; i < rank; ++i) n *= extent(i);
        return n;
    }
};
template <std::size_t... E>
    requires(extents<E...>::dynamic_rank == 0)
struct extent_store<extents<E...>> {
    static constexpr int rank = sizeof...(E);
    static constexpr index extent(int i) { return static_cast<index>(extents<E...>::value[i < 0 ? i + rank : i]); }
    static constexpr index size() { return extents<E...>::static_size; }
};

template <class Extents, std::size_t... Drop>
struct tail_extents;

// What is left of the extents after indexing: axes given by a number vanish.
template <class Kept, class Extents, class... Index>
struct sliced_extents {
    using type = Kept;
};
template <std::size_t... K, std::size_t E0, std::size_t... E, class I0, class... I>
struct sliced_extents<extents<K...>, extents<E0, E...>, I0, I...> : sliced_extents<extents<K..., kept_extent<E0, I0>::value>, extents<E...>, I...> {};
template <std::size_t... K, std::size_t E0, std::size_t... E, class I0, class... I>
    requires std::is_integral_v<I0>
struct sliced_extents<extents<K...>, extents<E0, E...>, I0, I...> : sliced_extents<extents<K...>, extents<E...>, I...> {};
template <std::size_t... K, std::size_t... E>
struct sliced_extents<extents<K...>, extents<E...>> {
    using type = extents<K..., E...>;
};

}  // namespace _

template <class T, class Extents, class Layout = row_major>
struct View;

template <class Dst, class E>
ETTA_INLINE void assign(const Dst& to, const E& e);  // run/assign: evaluates e into a view
template <class Dst, class E>
ETTA_INLINE void assign_noalias(const Dst& to, const E& e);

namespace _ {
// run/assign: what an expression's value has where Extents has dyn.
template <class Extents, class X>
struct taken_extents;
// What noalias() gives: the next assignment does not look whether operands overlap the destination.
template <class V>
struct unaliased {
    V to;
    template <class X>
    void operator=(const X& x) const { assign_noalias(to, x); }
};
}  // namespace _

// Points at elements that somebody else owns. Copying it copies the pointer; assigning *through* it is assign() or the
// element access. The constness of T is the constness of the elements.
template <class T, std::size_t... E, class Layout>
struct View<T, extents<E...>, Layout> : _::extent_store<extents<E...>> {
    using element_type = T;
    using value_type = std::remove_const_t<T>;
    using extents_type = extents<E...>;
    using layout_type = Layout;
    static constexpr int rank = sizeof...(E);
    static constexpr bool contiguous = std::is_same_v<Layout, row_major>;

    T* pointer = nullptr;
    index stride_of[std::is_same_v<Layout, strided> && rank > 0 ? rank : 1] = {};

    constexpr T* data() const { return pointer; }
    constexpr index stride(int i) const {
        if constexpr (!contiguous) return stride_of[i];
        index s = 1;
        for (int k = rank - 1; k > i; --k) s *= this->extent(k);
        return s;
    }
    template <class... I>
        requires(sizeof...(I) == rank && (std::is_integral_v<I> && ...))
    constexpr T& operator()(I... i) const {
        const index at[] = {static_cast<index>(i)..., 0};
        index offset = 0;
        for (int k = 0; k < rank; ++k) offset += at[k] * stride(k);
        return pointer[offset];
    }
    // A part: numbers pick along an axis, `all` keeps it, range() keeps some of it; axes not mentioned are kept.
    template <class... I>
        requires(sizeof...(I) >= 1 && sizeof...(I) <= rank && !(std::is_integral_v<I> && ... && (sizeof...(I) == rank)))
    constexpr auto operator()(I... i) const {
        using Kept = typename _::sliced_extents<extents<>, extents<E...>, I...>::type;
        View<T, Kept, strided> v;
        const _::axis_choice of[] = {_::chosen(i)...};
        index offset = 0;
        int axis = 0, d = 0;
        for (int k = 0; k < rank; ++k) {
            const _::axis_choice c = k < static_cast<int>(sizeof...(I)) ? of[k] : _::chosen(all);
            const index n = this->extent(k);
            if (c.number) {
                if (c.part.begin < 0 || c.part.begin >= n) fail<>("a view's index lies outside of its axis");
                offset += c.part.begin * stride(k);
                continue;
            }
            const _::axis_part part = _::part_of_axis(n, c.part);
            if (!part.fits) _::refuse_range<>(n, c.part);
            offset += part.start * stride(k);
            v.stride_of[axis] = part.step * stride(k);
            if constexpr (Kept::dynamic_rank > 0) {
                if (Kept::value[axis] == dyn) v.dynamic[d++] = part.count;
            }
            ++axis;
        }
        (void)d;
        v.pointer = pointer + offset;
        return v;
    }
    // The elements in row-major order.
    constexpr auto begin() const {
        if constexpr (contiguous) return pointer;
        else return _::strided_iterator<T, rank>::begin_of(*this);
    }
    constexpr auto end() const {
        if constexpr (contiguous) return pointer + this->size();
        else return _::strided_iterator<T, rank>::end_of(*this);
    }
    // Transposed: the last two axes. An expression, so it costs nothing until it is read.
    constexpr auto t() const { return transpose(*this); }
    // Assigns to the elements, whatever the expression reads (see assign()).
    template <class X>
        requires(!std::is_same_v<std::remove_cvref_t<X>, View>)
    const View& operator=(const X& x) const& {
        assign(*this, x);
        return *this;
    }
    // Of a view without a name also where x is one of its type: t(0, all) = t(1, all) copies a row. One with a name then points
    // elsewhere.
    template <class X>
    const View& operator=(const X& x) const&& {
        assign(*this, x);
        return *this;
    }
    template <class X>
    const View& operator+=(const X& x) const { return assign(*this, *this + x), *this; }
    template <class X>
    const View& operator-=(const X& x) const { return assign(*this, *this - x), *this; }
    template <class X>
    const View& operator*=(const X& x) const { return assign(*this, *this * x), *this; }
    template <class X>
    const View& operator/=(const X& x) const { return assign(*this, *this / x), *this; }
    // v.noalias() = matmul(a, b): promises that no operand overlaps v, which saves the test.
    constexpr _::unaliased<View> noalias() const { return {*this}; }
    View(const View&) = default;
    View& operator=(const View&) & = default;
    constexpr View() = default;
    template <class... N>
        requires(sizeof...(N) == static_cast<std::size_t>(extents<E...>::dynamic_rank) && (std::is_convertible_v<N, index> && ...))
    constexpr explicit View(T* p, N... n) : pointer(p) {
        if constexpr (sizeof...(N) > 0) {
            const index at[] = {static_cast<index>(n)...};
            for (int i = 0; i < extents<E...>::dynamic_rank; ++i) this->dynamic[i] = at[i];
        }
    }
};

// Owns its elements, zero at the start.
template <class T, class Extents, class Storage>
struct basic_tensor;

namespace _ {
template <class T, class Extents>
struct inline_elements {
    alignas(64) T at[Extents::static_size > 0 ? Extents::static_size : 1] = {};
    constexpr T* data() { return at; }
    constexpr const T* data() const { return at; }
};
struct unfilled {};
// 64-byte aligned memory, zero at the start unless `unfilled`; padded to whole registers so that reading the last one stays
// inside.
template <class T>
struct heap_elements {
    T* at = nullptr;
    index size = 0;
    heap_elements() = default;
    ETTA_NOINLINE explicit heap_elements(index n) : heap_elements(n, unfilled{}) { __builtin_memset(static_cast<void*>(at), 0, bytes_for(n)); }
    // For what is written before it is read. To fill it would not only take time: it would put all of it into the cache of
    // one core, where the others' threads must fetch it.
    ETTA_NOINLINE heap_elements(index n, unfilled) : size(n) {
        if (n < 0) fail<>("a tensor's extent is negative");
        at = static_cast<T*>(::operator new(bytes_for(n), std::align_val_t{64}));
    }
    static std::size_t bytes_for(index n) { return (static_cast<std::size_t>(n) * sizeof(T) + 127) / 64 * 64; }
    heap_elements(const heap_elements& o) {
        if (o.at == nullptr) return;  // whoever allocates when it is first needed still does
        *this = heap_elements(o.size);
        __builtin_memcpy(static_cast<void*>(at), o.at, static_cast<std::size_t>(size) * sizeof(T));
    }
    heap_elements(heap_elements&& o) noexcept : at(o.at), size(o.size) { o.at = nullptr, o.size = 0; }
    heap_elements& operator=(const heap_elements& o) {
        if (size == o.size && at != nullptr && o.at != nullptr) __builtin_memmove(static_cast<void*>(at), o.at, static_cast<std::size_t>(size) * sizeof(T));
        else *this = heap_elements(o);
        return *this;
    }
    heap_elements& operator=(heap_elements&& o) noexcept {
        T* const p = at;
        const index n = size;
        at = o.at, size = o.size;
        o.at = p, o.size = n;
        return *this;
    }
    ~heap_elements() { ::operator delete(static_cast<void*>(at), std::align_val_t{64}); }
    T* data() { return at; }
    const T* data() const { return at; }
};
}  // namespace _

template <class T, std::size_t... E, class Storage>
struct basic_tensor<T, extents<E...>, Storage> : _::extent_store<extents<E...>> {
    using element_type = T;
    using value_type = T;
    using extents_type = extents<E...>;
    using storage_type = Storage;
    static constexpr int rank = sizeof...(E);
    static constexpr bool is_static = extents<E...>::dynamic_rank == 0;
    static_assert(element<T>, "etta: a tensor's element type is float, double, int8..64, uint8 or bool");
    static_assert(is_static || std::is_same_v<Storage, heap_storage>, "etta: run-time extents need heap storage");

    // Where elements of any type and shape are taken: trainer.step(x, y).
    operator any_view() const {
        any_view v{data(), dtype_of<T>, rank, {}};
        for (int i = 0; i < rank; ++i) v.extents[i] = this->extent(i);
        return v;
    }

    basic_tensor()
        requires(is_static)
    {
        if constexpr (std::is_same_v<Storage, heap_storage>) elements = _::heap_elements<T>(this->size());
    }
    // Run-time extents, one number per dyn, in order.
    template <class... N>
        requires(!is_static && sizeof...(N) == static_cast<std::size_t>(extents<E...>::dynamic_rank) && (std::is_integral_v<N> && ...))
    explicit basic_tensor(N... n) {
        const index at[] = {static_cast<index>(n)...};
        for (int i = 0; i < extents<E...>::dynamic_rank; ++i) this->dynamic[i] = at[i];
        elements = _::heap_elements<T>(this->size());
    }
    // Elements in row-major order; their number must be the tensor's. One axis of run-time extent takes the list's length:
    // as with std::vector, braces list elements and parentheses give extents.
    basic_tensor(std::initializer_list<T> list)
        requires(is_static)
        : basic_tensor() {
        copy_from(list.begin(), static_cast<index>(list.size()));
    }
    basic_tensor(std::initializer_list<T> list)
        requires(!is_static && rank == 1)
        : basic_tensor(list.size()) {
        copy_from(list.begin(), static_cast<index>(list.size()));
    }
    // {{1, 2, 3}, {4, 5, 6}}: rows, and rows of rows.
    template <std::size_t... N>
        requires(is_static && rank == 2 && sizeof...(N) > 0)
    basic_tensor(const T (&... row)[N]) : basic_tensor() {
        constexpr bool fits = sizeof...(N) == extents_type::value[0] && ((N == extents_type::value[1]) && ...);
        static_assert(fits, "etta: a tensor's initial rows: their number or their length is not the tensor's");
        if constexpr (fits) copy_rows(row...);
    }
    template <std::size_t... N, std::size_t... M>
        requires(is_static && rank == 3 && sizeof...(N) > 0)
    basic_tensor(const T (&... plane)[N][M]) : basic_tensor() {
        constexpr bool fits = sizeof...(N) == extents_type::value[0] && ((N == extents_type::value[1] && M == extents_type::value[2]) && ...);
        static_assert(fits, "etta: a tensor's initial planes: their number or their extents are not the tensor's");
        if constexpr (fits) copy_rows(plane...);
    }
    explicit basic_tensor(std::span<const T> s)
        requires(is_static)
        : basic_tensor() {
        copy_from(s.data(), static_cast<index>(s.size()));
    }
    // One number per dyn behind it; a single one follows from the span's size.
    template <class... N>
        requires(!is_static && sizeof...(N) == static_cast<std::size_t>(extents<E...>::dynamic_rank) && (std::is_integral_v<N> && ...))
    basic_tensor(std::span<const T> s, N... n) : basic_tensor(n...) {
        copy_from(s.data(), static_cast<index>(s.size()));
    }
    explicit basic_tensor(std::span<const T> s)
        requires(extents<E...>::dynamic_rank == 1)
        : basic_tensor(static_cast<index>(s.size()) / (extents<E...>::static_size > 0 ? extents<E...>::static_size : 1)) {
        copy_from(s.data(), static_cast<index>(s.size()));
    }
    // From an expression or a view. Run-time extents are what that has.
    template <class X>
        requires(requires(const X& x) { x.etta_expression(); } || (_::is_tensor_like<X>::value && !std::is_same_v<X, basic_tensor>))
    basic_tensor(const X& x)
        requires(is_static)
        : basic_tensor() {
        assign(view(), x);
    }
    template <class X>
        requires(requires(const X& x) { x.etta_expression(); } || (_::is_tensor_like<X>::value && !std::is_same_v<X, basic_tensor>))
    basic_tensor(const X& x)
        requires(!is_static)
    {
        using taken = _::taken_extents<extents_type, X>;
        static_assert(taken::known, "etta: a new tensor takes its run-time extents from the expression, which has fewer axes");
        if constexpr (taken::known) {
            taken::read(x, this->dynamic);
            elements = _::heap_elements<T>(this->size(), _::unfilled{});
            assign_noalias(view(), x);
        }
    }

    T* data() { return elements.data(); }
    const T* data() const { return elements.data(); }
    T* begin() { return data(); }
    T* end() { return data() + this->size(); }
    const T* begin() const { return data(); }
    const T* end() const { return data() + this->size(); }

    View<T, extents<E...>> view() { return make_view<T>(data()); }
    View<const T, extents<E...>> view() const { return make_view<const T>(data()); }

    // Transposed: the last two axes. An expression, so it costs nothing until it is read.
    auto t() const& { return transpose(*this); }
    template <class... I>
    decltype(auto) operator()(I... i) { return view()(i...); }
    template <class... I>
    decltype(auto) operator()(I... i) const { return view()(i...); }
    T& operator[](index i) { return data()[i]; }
    const T& operator[](index i) const { return data()[i]; }

    template <class X>
        requires(!std::is_same_v<std::remove_cvref_t<X>, basic_tensor>)
    basic_tensor& operator=(const X& x) {
        assign(view(), x);
        return *this;
    }

    template <class X>
    basic_tensor& operator+=(const X& x) { return view() += x, *this; }
    template <class X>
    basic_tensor& operator-=(const X& x) { return view() -= x, *this; }
    template <class X>
    basic_tensor& operator*=(const X& x) { return view() *= x, *this; }
    template <class X>
    basic_tensor& operator/=(const X& x) { return view() /= x, *this; }
    // t.noalias() = matmul(a, b): promises that no operand overlaps t, which saves the test.
    auto noalias() { return view().noalias(); }

private:
    void copy_from(const T* p, index n) {
        if (n != this->size()) fail_with<>("a tensor's initial values: %lld are given, it has %lld elements", static_cast<long long>(n), static_cast<long long>(this->size()));
        for (index i = 0; i < n; ++i) data()[i] = p[i];
    }
    template <class... Rows>
    void copy_rows(const Rows&... rows) {
        T* to = data();
        ((__builtin_memcpy(static_cast<void*>(to), &rows, sizeof rows), to += sizeof rows / sizeof(T)), ...);
    }
    template <class U>
    View<U, extents<E...>> make_view(U* p) const {
        View<U, extents<E...>> v;
        v.pointer = p;
        if constexpr (!is_static)
            for (int i = 0; i < extents<E...>::dynamic_rank; ++i) v.dynamic[i] = this->dynamic[i];
        return v;
    }
    std::conditional_t<std::is_same_v<Storage, heap_storage>, _::heap_elements<T>, _::inline_elements<T, extents<E...>>> elements;
};

namespace _ {
template <class T, class Extents>
struct default_storage {
    using type = heap_storage;
};
template <class T, class Extents>
    requires(Extents::dynamic_rank == 0 && Extents::static_size * static_cast<index>(sizeof(T)) <= 4096)
struct default_storage<T, Extents> {
    using type = inline_storage;
};
template <class T, class E, class S>
struct is_tensor_like<basic_tensor<T, E, S>> : std::true_type {};
template <class T, class E, class L>
struct is_tensor_like<View<T, E, L>> : std::true_type {};
}  // namespace _

// Tensor<float, 64, 784>: up to 4 KiB inside the object, larger or with dyn extents on the heap (one allocation, at
// construction). Zero at the start.
template <class T, std::size_t... E>
using Tensor = basic_tensor<T, extents<E...>, typename _::default_storage<T, extents<E...>>::type>;
// The same, always inside the object: for firmware and for members of one's own structs.
template <class T, std::size_t... E>
using InlineTensor = basic_tensor<T, extents<E...>, inline_storage>;

// A view of memory that is not ours: view(pointer, extents<3, 4>{}), view(pointer, extents<dyn, 4>{}, n), view(span).
template <class T, std::size_t... E, class... N>
constexpr View<T, extents<E...>> view(T* pointer, extents<E...>, N... n) { return View<T, extents<E...>>(pointer, n...); }
template <class T>
constexpr View<T, extents<dyn>> view(std::span<T> s) { return View<T, extents<dyn>>(s.data(), static_cast<index>(s.size())); }

}  // namespace etta
