// What came of one Map's elements, until its caller takes it.
#ifndef PROGENY_INTERNAL_POOL_MAP_OUTCOMES_H_
#define PROGENY_INTERNAL_POOL_MAP_OUTCOMES_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "progeny/detail/pool_map.h"
#include "progeny/internal/callbacks.h"
#include "progeny/internal/pool/readiness.h"

namespace progeny::detail {

class MapOutcomes final : public OutcomeSink {
 public:
  bool Place(int64_t first, uint32_t count, absl::Span<const std::byte> bytes) override {
    if (bytes.size() != count * places_.value_bytes || first < 0 || first + count > places_.count) return false;
    places_.put(bytes.data(), first, count);
    return true;
  }
  void OnPlaced(int64_t first, uint32_t count) override {
    std::lock_guard<std::mutex> lock(mu_);
    MapOutcome* const last = lot_.outcomes.empty() ? nullptr : &lot_.outcomes.back();
    if (last != nullptr && last->placed && last->index + last->count == first) {
      last->count += count;
    } else {
      lot_.outcomes.push_back({first, absl::OkStatus(), 0, 0, count, -1, true});
    }
    Note(count);
  }
  void OnValues(int64_t first, uint32_t count, absl::Span<const std::byte> bytes, std::vector<std::byte>&) override {
    std::lock_guard<std::mutex> lock(mu_);
    const size_t size = bytes.size() / count;
    if (!lot_.outcomes.empty() && Continues(lot_.outcomes.back(), first, size)) {
      lot_.outcomes.back().count += count;
    } else {
      lot_.outcomes.push_back({first, absl::OkStatus(), lot_.bytes.size(), size, count});
    }
    lot_.bytes.insert(lot_.bytes.end(), bytes.begin(), bytes.end());
    Note(count);
  }
  bool OnLent(int64_t first, uint32_t count, const LentBytes& lent) override {
    std::lock_guard<std::mutex> lock(mu_);
    if (!awaited_) return false;
    lot_.outcomes.push_back({first, absl::OkStatus(), 0, lent.bytes.size() / count, count, static_cast<int32_t>(lot_.lent.size())});
    lot_.lent.push_back(lent);
    Note(count);
    return true;
  }
  void OnStatus(int64_t index, absl::Status status) override {
    std::lock_guard<std::mutex> lock(mu_);
    if (!std::exchange(any_error_, true) && on_error_) internal::RunLater(std::move(on_error_));
    lot_.outcomes.push_back({index, std::move(status), 0, 0});
    Note(1);
  }
  void OnMeasured(int64_t elements, int64_t nanoseconds) override {
    if (elements <= 0) return;
    std::lock_guard<std::mutex> lock(mu_);
    const double each = static_cast<double>(nanoseconds) / static_cast<double>(elements);
    each_ = each_ == kNotMeasured ? each : (each_ * 3 + each) / 4;
  }

  // Before anything is fed.
  void PlaceInto(FlatPlaces places) { places_ = std::move(places); }

  // Enough for Await not to block.
  bool Has(int64_t count) {
    std::lock_guard<std::mutex> lock(mu_);
    wanted_ = count;
    awaited_ = true;
    return Enough();
  }
  void Await(int64_t count, MapLot& lot) {
    lot.Clear();
    std::unique_lock<std::mutex> lock(mu_);
    wanted_ = count;
    awaited_ = true;
    enough_.wait(lock, [this] { return Enough(); });
    awaited_ = false;
    std::swap(lot, lot_);
  }

  // Nanoseconds that an element takes.
  static constexpr double kNotMeasured = -1;
  double each() {
    std::lock_guard<std::mutex> lock(mu_);
    return each_;
  }

  // No more than `total` outcomes will come: ready when they have. `on_error`: at the first error.
  void Finish(int64_t total, std::function<void()> on_error) {
    std::lock_guard<std::mutex> lock(mu_);
    if (any_error_) internal::RunLater(std::move(on_error));
    on_error_ = std::move(on_error);
    total_ = total;
    Note(0);
  }
  internal::Readiness& ready() { return ready_; }
  MapLot Take() {
    std::lock_guard<std::mutex> lock(mu_);
    return std::exchange(lot_, MapLot{});
  }

 private:
  // Of the same kind, and behind it in the input as in the bytes, which only ever grow at their end.
  static bool Continues(const MapOutcome& last, int64_t first, size_t size) {
    return last.status.ok() && last.lent < 0 && !last.placed && last.size == size && last.index + last.count == first;
  }
  // What is lent is given back before more is waited for.
  bool Enough() const {
    return lot_.elements >= wanted_ || (any_error_ && lot_.elements > 0) || !lot_.lent.empty();
  }
  void Note(int64_t elements) {
    lot_.elements += elements;
    if (Enough()) enough_.notify_one();
    if (lot_.elements != total_) return;
    on_error_ = nullptr;  // it holds the call, which holds this
    ready_.Set();
  }

  FlatPlaces places_;
  std::mutex mu_;
  std::condition_variable enough_;
  MapLot lot_;  // from here on under mu_
  int64_t wanted_ = 0;
  bool awaited_ = false;  // somebody is in Await, or just before it
  int64_t total_ = -1;
  bool any_error_ = false;
  std::function<void()> on_error_;
  double each_ = kNotMeasured;
  internal::Readiness ready_;
};

}  // namespace progeny::detail

#endif  // PROGENY_INTERNAL_POOL_MAP_OUTCOMES_H_
