// What Pool::IMap gives: an input range whose elements come as workers finish them.
//
//     for (absl::StatusOr<int>& n : pool.IMap(progeny::fn<&Count>, paths)) ...
#ifndef PROGENY_MAPPED_RANGE_H_
#define PROGENY_MAPPED_RANGE_H_

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "progeny/detail/signature.h"

namespace progeny {
namespace detail {

template <class R>
class OutcomeSource {
 public:
  virtual ~OutcomeSource() = default;
  // The next one; nothing at the end, also when asked again.
  virtual std::optional<OutcomeOf<R>> Next() = 0;
};

}  // namespace detail

// Elements are absl::StatusOr<R>, or absl::Status where R is void. Move-only, single pass, for one
// thread; the input is pulled on that thread, as far as the window allows. Destroying it drops what
// has not started; what runs is finished and forgotten.
template <class R>
class MappedRange {
 public:
  using Outcome = detail::OutcomeOf<R>;

  class Iterator {
   public:
    using value_type = Outcome;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    Iterator() = default;
    explicit Iterator(MappedRange* range) : range_(range) {}
    // May be moved from.
    Outcome& operator*() const { return *range_->current_; }
    Outcome* operator->() const { return &*range_->current_; }
    Iterator& operator++() {
      range_->current_ = range_->source_->Next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) {
      return at.AtEnd();
    }

   private:
    bool AtEnd() const { return !range_->current_.has_value(); }

    MappedRange* range_ = nullptr;
  };

  explicit MappedRange(std::unique_ptr<detail::OutcomeSource<R>> source)
      : source_(std::move(source)) {}

  // Continues where the last iteration stopped.
  Iterator begin() {
    if (!current_) current_ = source_->Next();
    return Iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::unique_ptr<detail::OutcomeSource<R>> source_;
  std::optional<Outcome> current_;
};

}  // namespace progeny

#endif  // PROGENY_MAPPED_RANGE_H_
