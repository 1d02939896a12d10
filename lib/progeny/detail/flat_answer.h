// The outcome of one element whose result is flat, on the stack of who waits for it.
#ifndef PROGENY_DETAIL_FLAT_ANSWER_H_
#define PROGENY_DETAIL_FLAT_ANSWER_H_

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "progeny/detail/flat.h"
#include "progeny/detail/pool_core.h"
#include "progeny/detail/signature.h"

namespace progeny::detail {

// Under the pool's lock until it is told: so whoever tells it has left it when the other finds it told.
class FlatAnswer final : public OutcomeSink {
 public:
  void OnValues(int64_t, uint32_t, absl::Span<const std::byte> bytes, std::vector<std::byte>&) override {
    size_ = bytes.size();
    if (size_ <= sizeof bytes_ && size_ > 0) std::memcpy(bytes_, bytes.data(), size_);
    Tell();
  }
  void OnStatus(int64_t, absl::Status status) override {
    status_ = std::move(status);
    Tell();
  }
  void OnMeasured(int64_t, int64_t) override {}

  bool told() const { return told_; }
  void Await(std::unique_lock<std::mutex>& lock) {
    waits_ = true;
    changed_.wait(lock, [this] { return told_; });
  }

  // Once it is told, without the lock.
  template <class T>
  OutcomeOf<T> Take() {
    if (!status_.ok()) return std::move(status_);
    if constexpr (std::is_void_v<T>) {
      return absl::OkStatus();
    } else {
      static_assert(kFlatSize<T> <= sizeof bytes_);
      if (size_ != kFlatSize<T>) return absl::DataLossError("a pool's result has another size than its type");
      T value;
      GetFlat(bytes_, value);
      return value;
    }
  }

 private:
  void Tell() {
    told_ = true;
    if (waits_) changed_.notify_one();
  }

  bool told_ = false;
  bool waits_ = false;
  absl::Status status_;
  size_t size_ = 0;
  std::byte bytes_[kLargestFlat];
  std::condition_variable changed_;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_FLAT_ANSWER_H_
