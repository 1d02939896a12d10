// Futures in the order in which they become ready.
//
//     for (progeny::Future<int>& future : progeny::AsCompleted(futures)) Use(future.Get());
#ifndef PROGENY_AS_COMPLETED_H_
#define PROGENY_AS_COMPLETED_H_

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "progeny/future.h"

namespace progeny {
namespace detail {

// Places of futures, in the order in which they were noted. Thread-safe.
class CompletionQueue {
 public:
  static std::shared_ptr<CompletionQueue> Create();
  virtual ~CompletionQueue() = default;
  virtual void Note(size_t place) = 0;
  // Nothing past the deadline.
  virtual std::optional<size_t> Next(absl::Time deadline) = 0;
};

}  // namespace detail

// An input range over `futures`, which must live as long: each once. It ends after the last one, or at
// the timeout; nothing is cancelled then. For one thread.
template <class T>
class CompletedFutures {
 public:
  class Iterator {
   public:
    using value_type = Future<T>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    Iterator() = default;
    explicit Iterator(CompletedFutures* all) : all_(all) { ++*this; }
    Future<T>& operator*() const { return all_->futures_[*place_]; }
    Future<T>* operator->() const { return &**this; }
    Iterator& operator++() {
      place_ = all_->Next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) { return !at.place_.has_value(); }

   private:
    CompletedFutures* all_ = nullptr;
    std::optional<size_t> place_;
  };

  CompletedFutures(absl::Span<Future<T>> futures, absl::Duration timeout)
      : futures_(futures), left_(futures.size()), deadline_(absl::Now() + timeout) {
    for (size_t place = 0; place < futures.size(); ++place) {
      futures[place].WhenReady([ready = ready_, place] { ready->Note(place); });
    }
  }

  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::optional<size_t> Next() {
    if (left_ == 0) return std::nullopt;
    --left_;
    return ready_->Next(deadline_);
  }

  const absl::Span<Future<T>> futures_;
  size_t left_;
  const absl::Time deadline_;
  const std::shared_ptr<detail::CompletionQueue> ready_ = detail::CompletionQueue::Create();
};

template <class T>
CompletedFutures<T> AsCompleted(absl::Span<Future<T>> futures,
                                absl::Duration timeout = absl::InfiniteDuration()) {
  return CompletedFutures<T>(futures, timeout);
}
template <class T>
CompletedFutures<T> AsCompleted(std::vector<Future<T>>& futures,
                                absl::Duration timeout = absl::InfiniteDuration()) {
  return CompletedFutures<T>(absl::MakeSpan(futures), timeout);
}

}  // namespace progeny

#endif  // PROGENY_AS_COMPLETED_H_
