// One call, on its way to a pool. If its arguments are numbers, strings, and vectors of numbers, and large, they needn't be
// encoded anywhere but where their worker reads them.
#ifndef PROGENY_DETAIL_POOL_CALL_H_
#define PROGENY_DETAIL_POOL_CALL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/detail/call_sink.h"
#include "progeny/detail/flat.h"
#include "progeny/detail/pool_core.h"
#include "progeny/detail/pool_entry.h"

namespace progeny::detail {

// Of one block, and a class of the standard library's: to encode it runs no code of the user's.
template <class T>
inline constexpr bool kIsPlainBlock = false;
template <class Element, class Allocator>
inline constexpr bool kIsPlainBlock<std::vector<Element, Allocator>> = !std::is_same_v<Element, bool> && IsFlatBlock<Element>();
template <class Char, class Traits, class Allocator>
inline constexpr bool kIsPlainBlock<std::basic_string<Char, Traits, Allocator>> = IsFlatBlock<Char>();

template <class T>
size_t PlainBytes(const T& value) {
  if constexpr (kIsPlainBlock<T>) {
    return value.size() * sizeof *value.data();
  } else {
    return sizeof value;
  }
}
// Below, the ordinary way is as good.
template <class... T>
bool IsLargeCall(const T&... values) {
  constexpr size_t kLarge = 16 << 10;
  return (PlainBytes(values) + ... + 0) > kLarge;
}

template <class F, class Parameters, class... A>
struct PlainCallFor;
template <class F, class... P, class... A>
struct PlainCallFor<F, ParameterList<P...>, A...> {
  // Not where an argument is converted, as that may be the user's code.
  static constexpr bool kPossible = kIsStateless<F> && !kShapeFor<F, A...>.flat() &&
                                    (std::is_same_v<std::remove_cvref_t<A>, WireOf<P>> && ...) &&
                                    ((kFlatSize<WireOf<P>> > 0 || kIsPlainBlock<WireOf<P>>) && ...);

  static std::unique_ptr<FutureCore> Submit(const std::shared_ptr<PoolCore>& core, const PoolEntryNode* node,
                                            Submission submission, const WireOf<P>&... arguments) {
    const auto encode = [&](CallSink& sink, uint64_t size) {  // as one element, behind its size
      sink.Append(&size, sizeof size);
      absl::Status status;
      (status.Update(EncodeTo(sink, arguments)), ...);
    };
    CallSink counted;
    encode(counted, 0);
    const auto write = [&](std::byte* to) {
      CallSink sink(to);
      encode(sink, counted.size() - sizeof(uint64_t));
    };
    return SubmitToPool(core, node, PlainCall{counted.size(), counted.block_at(), write}, submission);
  }
};
template <class F, class... A>
using PlainCallOf = PlainCallFor<F, typename CallSignature<F, A...>::Parameters, A...>;

template <class F, class... A>
const PoolEntryNode* NodeOf() {
  return &PoolEntry<F, typename CallSignature<F, A...>::Parameters>::node;
}

// State, then arguments.
template <class F, class... A>
absl::StatusOr<EncodedCall> EncodedCallOf(const F& f, A... args) {
  EncodedCall call;
  absl::Status status = EncodeCall<F, A...>(call, f, std::forward<A>(args)...);
  if (!status.ok()) return status;
  return call;
}

// The same behind its size; or arguments alone, where they are flat and there is no state.
template <class F, class... A>
absl::StatusOr<EncodedCall> ElementOf([[maybe_unused]] const F& f, A... args) {
  EncodedCall call;
  if constexpr (kIsStateless<F> && kShapeFor<F, A...>.flat()) {
    call.flat = true;
    call.bytes.resize(kShapeFor<F, A...>.argument_bytes);
    ArgumentEncoder<typename CallSignature<F, A...>::Parameters, A...>::EncodeFlat(call.bytes.data(), std::forward<A>(args)...);
  } else {
    BeginElement(call.bytes);
    absl::Status status = EncodeCall<F, A...>(call, f, std::forward<A>(args)...);
    if (!status.ok()) return status;
    EndElement(call.bytes, 0);
  }
  return call;
}

template <class F, class... A>
std::unique_ptr<FutureCore> SubmitCall(const std::shared_ptr<PoolCore>& core, const F& f, Submission submission, A... args) {
  using Plain = PlainCallOf<F, A...>;
  if constexpr (Plain::kPossible) {
    if (IsLargeCall(args...)) return Plain::Submit(core, NodeOf<F, A...>(), submission, args...);
  }
  return SubmitToPool(core, NodeOf<F, A...>(), ElementOf<F, A...>(f, std::forward<A>(args)...), submission);
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_CALL_H_
