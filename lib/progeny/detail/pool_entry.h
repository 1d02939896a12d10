// What a pool's worker finds and runs: like entry.h's node, but a callable is loaded once and called
// for many elements.
#ifndef PROGENY_DETAIL_POOL_ENTRY_H_
#define PROGENY_DETAIL_POOL_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/detail/bound_task.h"
#include "progeny/detail/entry.h"
#include "progeny/detail/flat.h"
#include "progeny/detail/borrowed.h"
#include "progeny/detail/call_sink.h"
#include "progeny/detail/flat_run.h"
#include "progeny/detail/kept_handles.h"
#include "progeny/detail/signature.h"
#include "progeny/detail/state_box.h"

namespace progeny::detail {

// A callable in a worker, with its state.
class LoadedCall {
 public:
  virtual ~LoadedCall() = default;
  // Decodes one element's arguments, to the end, calls, and stores what was returned.
  virtual void Run(ByteReader& arguments, IncomingHandles& handles, EntryOutcome& outcome) = 0;
  // Of a node whose shape is flat.
  virtual void RunFlat(FlatRun& run) = 0;
};

// Found like an EntryNode: by its place in the image. The magic differs, so that neither is taken for
// the other.
struct PoolEntryNode {
  static constexpr uint64_t kMagic = 0x6c6f6f7065677270ULL;  // "prgepool"
  uint64_t magic;
  absl::StatusOr<std::unique_ptr<LoadedCall>> (*load)(ByteReader& state, IncomingHandles& handles);
  FlatShape shape;
};

// One element this large or larger is better encoded by itself.
inline constexpr size_t kLargestFlat = 512;

template <class F, class... P>
consteval FlatShape ShapeOf() {
  using Result = std::invoke_result_t<F&, decltype(PassAs<P>(std::declval<WireOf<P>&>()))...>;
  using Value = ValueOf<Result>;
  constexpr auto arguments = static_cast<uint32_t>(kFlatSizeOf<WireOf<P>...>);
  if constexpr (arguments == 0 || arguments > kLargestFlat) {
    return {};
  } else if constexpr (std::is_void_v<Value>) {
    return {arguments, 0};
  } else if constexpr (kFlatSizeOf<Value> == 0 || kFlatSizeOf<Value> > kLargestFlat) {
    return {};
  } else {
    return {arguments, static_cast<uint32_t>(kFlatSizeOf<Value>)};
  }
}

// Of what a function returned: into place.
inline absl::Status PutFlatResult(std::byte*, absl::Status status) { return status; }
template <class T>
absl::Status PutFlatResult(std::byte* to, const absl::StatusOr<T>& result) {
  if (!result.ok()) return result.status();
  PutFlat(to, *result);
  return absl::OkStatus();
}
template <class T>
absl::Status PutFlatResult(std::byte* to, const T& result) {
  PutFlat(to, result);
  return absl::OkStatus();
}

template <class F, class Parameters>
struct PoolEntry;

template <class F, class... P>
struct PoolEntry<F, ParameterList<P...>> {
  class Call final : public LoadedCall {
   public:
    explicit Call(F callable) : callable_(std::move(callable)) {}
    void Run(ByteReader& arguments, [[maybe_unused]] IncomingHandles& handles,
             EntryOutcome& outcome) override {
      SetStateBox(outcome.state_box);  // this image may not have been told yet
      // Braces: decoded from left to right.
      std::tuple<absl::StatusOr<typename Received<P>::Type>...> decoded{Received<P>::From(arguments, &handles)...};
      std::apply([&](const auto&... part) { (outcome.status.Update(part.status()), ...); }, decoded);
      outcome.status.Update(arguments.ExpectEnd());
      if (!outcome.status.ok()) return;
      std::apply(
          [&](auto&... part) {
            StoreResultOf<Answer>(
                [&]() -> decltype(auto) { return std::invoke(callable_, PassAs<P>(*part)...); }, outcome);
          },
          decoded);
    }

    void RunFlat(FlatRun& run) override {
      constexpr FlatShape kShape = ShapeOf<F, P...>();
      if constexpr (kShape.flat()) {
        SetStateBox(run.state_box);
        run.Go<kShape.argument_bytes, kShape.result_bytes>([this](const std::byte* from, std::byte* to) -> absl::Status {
          std::tuple<WireOf<P>...> arguments;
          std::apply([&](auto&... parts) { GetFlat(from, parts...); }, arguments);
          const auto call = [&]() -> decltype(auto) {
            return std::apply(
                [&](auto&... parts) -> decltype(auto) { return std::invoke(callable_, PassAs<P>(parts)...); },
                arguments);
          };
          if constexpr (std::is_void_v<decltype(call())>) {
            call();
            return absl::OkStatus();
          } else {
            return PutFlatResult(to, call());
          }
        });
      } else {
        run.failure = absl::InternalError("a pool's chunk came packed, and its function takes none");
      }
    }

   private:
    F callable_;
  };

  static absl::StatusOr<std::unique_ptr<LoadedCall>> Load(ByteReader& state,
                                                          IncomingHandles& handles) {
    if constexpr (kIsStateless<F>) {
      return std::make_unique<Call>(F{});
    } else {
      absl::StatusOr<F> callable = DecodeOne<F>(state, &handles);
      if (!callable.ok()) return callable.status();
      return std::make_unique<Call>(*std::move(callable));
    }
  }

  static constexpr PoolEntryNode node{PoolEntryNode::kMagic, &PoolEntry::Load, ShapeOf<F, P...>()};
};

// Appends the arguments, converted to the parameters' types, as LoadedCall::Run decodes them.
template <class Parameters, class... A>
struct ArgumentEncoder;
template <class... P, class... A>
struct ArgumentEncoder<ParameterList<P...>, A...> {
  // Out: a vector or a sink.
  template <class Out>
  static absl::Status Encode(Out& out, [[maybe_unused]] OutgoingHandles& handles, A... arguments) {
    absl::Status status;
    ((status.Update(EncodeTo(out, static_cast<const WireOf<P>&>(Hold<P, A>(std::forward<A>(arguments))),
                             &handles))),
     ...);
    return status;
  }
  // To encode them runs no code of the user's, where they are flat: no conversion but between numbers.
  static constexpr bool kConvertsNothing =
      ((std::is_same_v<std::remove_cvref_t<A>, std::remove_cvref_t<WireOf<P>>> ||
        (std::is_arithmetic_v<std::remove_cvref_t<A>> && std::is_arithmetic_v<std::remove_cvref_t<WireOf<P>>>)) && ...);
  static constexpr bool kTakesAsIs = (std::is_same_v<std::remove_cvref_t<A>, std::remove_cvref_t<WireOf<P>>> && ...);
  // Where they are flat.
  static void EncodeFlat(std::byte* to, A... arguments) {
    PutFlat(to, static_cast<const WireOf<P>&>(Hold<P, A>(std::forward<A>(arguments)))...);
  }
};

template <class F, class Parameters>
struct ShapeOfList;
template <class F, class... P>
struct ShapeOfList<F, ParameterList<P...>> {
  static constexpr FlatShape kShape = ShapeOf<F, P...>();
};
template <class F, class... A>
inline constexpr FlatShape kShapeFor = ShapeOfList<F, typename CallSignature<F, A...>::Parameters>::kShape;

template <class Out, class F>
absl::Status EncodeState([[maybe_unused]] Out& out, [[maybe_unused]] OutgoingHandles& handles, const F& callable) {
  if constexpr (kIsStateless<F>) {
    return absl::OkStatus();
  } else {
    return EncodeTo(out, callable, &handles);
  }
}

// State, then arguments, as PoolEntry's Load and Run take them.
template <class F, class... A>
absl::Status EncodeCall(EncodedCall& out, const F& callable, A... arguments) {
  CallSink sink(out.bytes);
  absl::Status status = EncodeState(sink, out.kept, callable);
  status.Update(ArgumentEncoder<typename CallSignature<F, A...>::Parameters, A...>::Encode(
      sink, out.kept, std::forward<A>(arguments)...));
  out.block_at = sink.block_at();
  return status;
}

// An element stands behind its size, which is known last.
inline size_t BeginElement(std::vector<std::byte>& out) {
  out.resize(out.size() + sizeof(uint64_t));
  return out.size() - sizeof(uint64_t);
}
inline void EndElement(std::vector<std::byte>& out, size_t begin) {
  const uint64_t size = out.size() - begin - sizeof size;
  std::memcpy(out.data() + begin, &size, sizeof size);
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_ENTRY_H_
