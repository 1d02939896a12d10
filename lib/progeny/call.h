// One function in one child, and its result.
//
//     absl::StatusOr<Index> index = progeny::Call(progeny::fn<&Parse>, path);   // isolated
//     progeny::Future<int> n = progeny::Async(progeny::fn<&Count>, path);       // meanwhile
//
// A crash in the function is a status that carries the exit status, never a crash of the caller:
// what it returned as an error is that status, payloads too; what it threw is Unknown with a
// RemoteError; the death of its process Aborted with an ExitStatus.
#ifndef PROGENY_CALL_H_
#define PROGENY_CALL_H_

#include <memory>
#include <utility>

#include "progeny/detail/bound_task.h"
#include "progeny/future.h"
#include "progeny/process_options.h"

namespace progeny {
namespace detail {

// A start that fails is the future's result.
std::unique_ptr<FutureCore> StartAnswer(ProcessOptions options, Task& task);

// What can't be called or can't travel is told by CheckCall; a Future of void adds no error to that.
template <class R>
inline constexpr bool kCanTravel = Portable<R>;
template <>
inline constexpr bool kCanTravel<void> = true;

template <class F, class... Args>
struct AnswerOfCall {
  using Type = void;
};
template <class F, class... Args>
  requires kCanTravel<
      ValueOf<typename ResultOfCall<F, typename CallSignature<F, Args...>::Parameters>::Type>>
struct AnswerOfCall<F, Args...> {
  using Type =
      ValueOf<typename ResultOfCall<F, typename CallSignature<F, Args...>::Parameters>::Type>;
};
template <class F, class... Args>
using AnswerOf = typename AnswerOfCall<F, Args...>::Type;

}  // namespace detail

// Arguments as for Process::Start; `f` may return anything that travels, void, absl::Status or
// absl::StatusOr. ~Future joins like ~Process.
template <class F, class... Args>
Future<detail::AnswerOf<F, Args&&...>> Async(ProcessOptions options, F f, Args&&... args) {
  using Result = Future<detail::AnswerOf<F, Args&&...>>;
  if constexpr (detail::CheckCall<true, F, Args&&...>()) {
    detail::BoundTaskFor<detail::Answer, F, Args&&...> task(std::move(f), std::forward<Args>(args)...);
    return Result(detail::StartAnswer(std::move(options), task));
  } else {
    return Result(nullptr);
  }
}
template <class F, class... Args>
auto Async(F f, Args&&... args) {
  return Async(ProcessOptions{}, std::move(f), std::forward<Args>(args)...);
}

// Async and Get in one: the isolation primitive.
template <class F, class... Args>
detail::OutcomeOf<detail::AnswerOf<F, Args&&...>> Call(ProcessOptions options, F f, Args&&... args) {
  return Async(std::move(options), std::move(f), std::forward<Args>(args)...).Get();
}
template <class F, class... Args>
auto Call(F f, Args&&... args) {
  return Call(ProcessOptions{}, std::move(f), std::forward<Args>(args)...);
}

}  // namespace progeny

#endif  // PROGENY_CALL_H_
