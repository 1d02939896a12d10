// A callable and its arguments, ready to run in a child: as a node and bytes, or on the spot in a
// forked copy of this process.
#ifndef PROGENY_DETAIL_BOUND_TASK_H_
#define PROGENY_DETAIL_BOUND_TASK_H_

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "progeny/codec.h"
#include "progeny/detail/call_check.h"
#include "progeny/detail/entry.h"
#include "progeny/detail/signature.h"

namespace progeny::detail {

// What a returned value means for the child. `Answer` entries send it, `Exit` entries end with it.
struct Exit {
  static constexpr bool kAnswers = false;
  static void Store(int code, EntryOutcome& outcome) { outcome.exit_code = code; }
  static void Store(absl::Status status, EntryOutcome& outcome) {
    outcome.exit_code = status.ok() ? 0 : 1;
    outcome.status = std::move(status);
  }
};

struct Answer {
  static constexpr bool kAnswers = true;
  static void Store(absl::Status status, EntryOutcome& outcome) {
    outcome.status = std::move(status);
  }
  template <class T>
  static void Store(const absl::StatusOr<T>& result, EntryOutcome& outcome) {
    if (!result.ok()) {
      outcome.status = result.status();
    } else {
      StoreValue(*result, outcome);
    }
  }
  template <class T>
  static void Store(const T& result, EntryOutcome& outcome) {
    StoreValue(result, outcome);
  }

 private:
  template <class T>
  static void StoreValue(const T& value, EntryOutcome& outcome) {
    outcome.status = outcome.sink != nullptr ? EncodeTo(*outcome.sink, value) : EncodeTo(outcome.value, value);
  }
};

template <class Mode, class Call>
void StoreResultOf(Call&& call, EntryOutcome& outcome) {
  outcome.exits = !Mode::kAnswers;
  if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
    std::forward<Call>(call)();
  } else {
    Mode::Store(std::forward<Call>(call)(), outcome);
  }
}

template <class Mode, class F, class Parameters>
struct Entry;

template <class Mode, class F, class... P>
struct Entry<Mode, F, ParameterList<P...>> {
  template <class Stored>
  static void Invoke(F& callable, Stored& stored, EntryOutcome& outcome) {
    std::apply(
        [&](auto&... values) {
          StoreResultOf<Mode>(
              [&]() -> decltype(auto) { return std::invoke(callable, PassAs<P>(values)...); },
              outcome);
        },
        stored);
  }

  static void Run(EntryInput& input, EntryOutcome& outcome) {
    if constexpr (kIsStateless<F>) {
      F callable{};
      RunWith(callable, input, outcome);
    } else {
      absl::StatusOr<F> callable = DecodeOne<F>(input.reader, input.handles);
      if (callable.ok()) return RunWith(*callable, input, outcome);
      outcome.status = callable.status();
    }
  }

  static constexpr EntryNode node{EntryNode::kMagic, &Entry::Run};

 private:
  static void RunWith(F& callable, EntryInput& input, EntryOutcome& outcome) {
    // Braces: decoded from left to right.
    std::tuple<absl::StatusOr<WireOf<P>>...> decoded{
        DecodeOne<WireOf<P>>(input.reader, input.handles)...};
    std::apply([&](const auto&... part) { (outcome.status.Update(part.status()), ...); }, decoded);
    outcome.status.Update(input.reader.ExpectEnd());
    input.release();
    if (!outcome.status.ok()) return;
    std::apply(
        [&](auto&... part) {
          std::tuple<WireOf<P>&...> arguments(*part...);
          Invoke(callable, arguments, outcome);
        },
        decoded);
  }
};

// An lvalue of just the type that travels is referred to: it is read before the start returns, and
// a forked child reads its own copy-on-write copy. Everything else is converted in the parent.
template <class P, class A>
using Held = std::conditional_t<
    std::is_lvalue_reference_v<A> && std::is_same_v<std::remove_cvref_t<A>, WireOf<P>>,
    const WireOf<P>&, WireOf<P>>;

template <class P, class A>
Held<P, A> Hold(A&& argument) {
  if constexpr (std::is_reference_v<Held<P, A>>) {
    return argument;
  } else if constexpr (Parameter<P>::kIsView) {
    const std::remove_cvref_t<P> view(argument);
    return WireOf<P>(view.begin(), view.end());
  } else {
    return std::forward<A>(argument);
  }
}

template <class Mode, class F, class Parameters, class... A>
class BoundTask;

template <class Mode, class F, class... P, class... A>
class BoundTask<Mode, F, ParameterList<P...>, A...> final : public Task {
 public:
  explicit BoundTask(F&& callable, A&&... arguments)
      : callable_(std::move(callable)), arguments_(Hold<P, A>(std::forward<A>(arguments))...) {}

  const EntryNode* node() const override { return &Entry<Mode, F, ParameterList<P...>>::node; }

  absl::Status Encode(std::vector<std::byte>& out, OutgoingHandles& handles) const override {
    if constexpr (!kIsStateless<F>) {
      if (absl::Status status = EncodeTo(out, callable_, &handles); !status.ok()) return status;
    }
    absl::Status status;
    std::apply(
        [&](const auto&... values) { ((status.Update(EncodeTo(out, values, &handles))), ...); },
        arguments_);
    return status;
  }

  void Run(EntryOutcome& outcome) override {
    Entry<Mode, F, ParameterList<P...>>::Invoke(callable_, arguments_, outcome);
  }

 private:
  F callable_;
  std::tuple<Held<P, A>...> arguments_;
};

template <class Mode, class F, class... A>
using BoundTaskFor = BoundTask<Mode, F, typename CallSignature<F, A...>::Parameters, A...>;

// Any callable, captures and all: for a copy of this process only.
template <class Call>
class ForkTask final : public Task {
 public:
  explicit ForkTask(Call& call) : call_(call) {}
  const EntryNode* node() const override { return nullptr; }
  absl::Status Encode(std::vector<std::byte>&, OutgoingHandles&) const override {
    return absl::UnimplementedError("Process::Fork takes callables that can't be encoded");
  }
  void Run(EntryOutcome& outcome) override { StoreResultOf<Exit>(call_, outcome); }

 private:
  Call& call_;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_BOUND_TASK_H_
