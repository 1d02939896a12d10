// The calling thread's side of a Map. Chunks start with one element and grow with the time that
// elements are measured to take; towards the end of a range whose size is known they shrink, so that
// no worker is left with the last large one.
#include <algorithm>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "progeny/detail/pool_map.h"
#include "progeny/internal/callbacks.h"
#include "progeny/internal/pool/readiness.h"
#include "progeny/internal/pool/wire.h"

namespace progeny::detail {
namespace {

// A chunk is to take about so long: its overhead then disappears, and a cancelled call stops soon.
constexpr absl::Duration kChunkTime = absl::Microseconds(500);
constexpr int64_t kLargestChunk = 1 << 16;
constexpr int64_t kDefaultWindow = 1024;  // elements per worker
constexpr uint64_t kMostBytes = 64 << 20;  // on their way at once, if it's more than one element

// What MapAsync asks for: all at once.
bool IsUnbounded(int64_t window) { return window == std::numeric_limits<int64_t>::max(); }

int64_t WindowOf(const MapOptions& options, int workers) {
  if (options.window > 0) return options.window;
  return std::max(kDefaultWindow, 2 * options.chunk_size) * workers;
}

}  // namespace

class MapOutcomes final : public OutcomeSink {
 public:
  void OnValue(int64_t index, absl::Span<const std::byte> bytes) override {
    std::lock_guard<std::mutex> lock(mu_);
    lot_.outcomes.push_back({index, absl::OkStatus(), lot_.bytes.size(), bytes.size()});
    lot_.bytes.insert(lot_.bytes.end(), bytes.begin(), bytes.end());
    NoteOne();
  }
  void OnStatus(int64_t index, absl::Status status) override {
    std::lock_guard<std::mutex> lock(mu_);
    if (!std::exchange(any_error_, true) && on_error_) internal::RunLater(std::move(on_error_));
    lot_.outcomes.push_back({index, std::move(status), 0, 0});
    NoteOne();
  }
  void OnMeasured(int64_t elements, absl::Duration time) override {
    if (elements <= 0) return;
    std::lock_guard<std::mutex> lock(mu_);
    const absl::Duration each = time / elements;
    each_ = each_ == absl::InfiniteDuration() ? each : (each_ * 3 + each) / 4;
  }

  MapLot Await(int64_t count) {
    std::unique_lock<std::mutex> lock(mu_);
    wanted_ = count;
    enough_.wait(lock, [this] { return Enough(); });
    return std::exchange(lot_, MapLot{});
  }

  // Infinite before the first chunk has been measured.
  absl::Duration each() {
    std::lock_guard<std::mutex> lock(mu_);
    return each_;
  }

  // No more than `total` outcomes will come: ready when they have. `on_error`: at the first error.
  void Finish(int64_t total, std::function<void()> on_error) {
    std::lock_guard<std::mutex> lock(mu_);
    if (any_error_) internal::RunLater(std::move(on_error));
    on_error_ = std::move(on_error);
    total_ = total;
    NoteOne();
  }
  internal::Readiness& ready() { return ready_; }
  MapLot Take() {
    std::lock_guard<std::mutex> lock(mu_);
    return std::exchange(lot_, MapLot{});
  }

 private:
  int64_t Count() const {
    return static_cast<int64_t>(lot_.outcomes.size());
  }
  bool Enough() const { return Count() >= wanted_ || (any_error_ && Count() > 0); }
  void NoteOne() {
    if (Enough()) enough_.notify_one();
    if (Count() != total_) return;
    on_error_ = nullptr;  // it holds the call, which holds this
    ready_.Set();
  }

  std::mutex mu_;
  std::condition_variable enough_;
  MapLot lot_;  // from here on under mu_
  int64_t wanted_ = 0;
  int64_t total_ = -1;
  bool any_error_ = false;
  std::function<void()> on_error_;
  absl::Duration each_ = absl::InfiniteDuration();
  internal::Readiness ready_;
};

namespace {

class MapFuture final : public FutureCore {
 public:
  using Assemble = std::function<absl::StatusOr<std::vector<std::byte>>(MapLot)>;
  MapFuture(std::shared_ptr<PoolCore> core, std::shared_ptr<PoolWork> work,
            std::shared_ptr<MapOutcomes> outcomes, Assemble assemble)
      : core_(std::move(core)),
        work_(std::move(work)),
        outcomes_(std::move(outcomes)),
        assemble_(std::move(assemble)) {}
  ~MapFuture() override {
    if (core_->IsOurs()) core_->End(work_);
  }

  bool Wait(absl::Duration timeout) override { return outcomes_->ready().Wait(timeout); }
  absl::StatusOr<std::vector<std::byte>> Take() override { return assemble_(outcomes_->Take()); }
  bool Cancel() override { return core_->IsOurs() && core_->Cancel(work_); }
  void WhenReady(std::function<void()> ready) override {
    outcomes_->ready().WhenReady(std::move(ready));
  }
  void EndOfOwner() override {}
  NativeHandle sentinel() const override { return outcomes_->ready().Sentinel(); }

 private:
  const std::shared_ptr<PoolCore> core_;
  const std::shared_ptr<PoolWork> work_;
  const std::shared_ptr<MapOutcomes> outcomes_;
  const Assemble assemble_;
};

}  // namespace

absl::Status MapRun::Check(const PoolCore& core, const MapOptions& options) {
  if (!core.IsOurs()) {
    return absl::FailedPreconditionError("this pool belongs to this process's parent");
  }
  if (options.chunk_size < 0) {
    return absl::InvalidArgumentError(absl::StrCat("chunk_size: ", options.chunk_size, " is negative"));
  }
  if (options.window < 0) {
    return absl::InvalidArgumentError(absl::StrCat("window: ", options.window, " is negative"));
  }
  return absl::OkStatus();
}

MapRun::MapRun(std::shared_ptr<PoolCore> core, const MapOptions& options, CallRequest request)
    : core_(std::move(core)),
      chunk_size_(std::min<int64_t>(options.chunk_size, int64_t{1} << 30)),
      window_(WindowOf(options, core_->workers())),
      outcomes_(std::make_shared<MapOutcomes>()) {
  request.sink = outcomes_;
  work_ = core_->Begin(std::move(request));
}

MapRun::~MapRun() {
  if (work_ == nullptr || !core_->IsOurs()) return;
  if (outstanding() > 0) core_->DropQueued(work_);
  core_->End(work_);
}

int64_t MapRun::NextChunk(int64_t held, std::optional<int64_t> left) const {
  const int64_t under_way = outstanding() + held;
  int64_t room = window_ - under_way;
  if (under_way > 0 && fed_ > 0 && !IsUnbounded(window_)) {
    const uint64_t bytes_under_way = fed_bytes_ / static_cast<uint64_t>(fed_) * static_cast<uint64_t>(under_way);
    if (bytes_under_way > kMostBytes) return 0;
  }
  if (room <= 0) return 0;
  if (IsUnbounded(window_) && chunk_size_ == 0) {  // nothing can be measured before all is fed
    return std::max<int64_t>(left.value_or(0) / (4 * core_->workers()), 1);
  }
  if (chunk_size_ > 0) {
    const int64_t whole = std::min(chunk_size_, window_);
    return room >= whole ? whole : 0;
  }
  const absl::Duration each = std::max(outcomes_->each(), absl::Nanoseconds(1));
  const int64_t workers = core_->workers();
  int64_t chunk = each == absl::InfiniteDuration() ? 1 : kChunkTime / each;
  // Doubling from chunk to chunk would outrun the measurement: only as many as have come back.
  chunk = std::min({chunk, std::max<int64_t>(taken_ / (2 * workers), 1), kLargestChunk,
                    std::max<int64_t>(window_ / (4 * workers), 1)});
  if (left) chunk = std::min(chunk, std::max<int64_t>(*left / (2 * workers), 1));
  return std::min(std::max<int64_t>(chunk, 1), room);
}

bool MapRun::IsFull(size_t bytes) const {
  return chunk_size_ == 0 && bytes > internal::kLargestInline / 2;
}

void MapRun::Feed(Elements elements) {
  fed_ += elements.count;
  fed_bytes_ += elements.bytes.size();
  core_->Enqueue(work_, std::move(elements));
}

void MapRun::FeedStatus(int64_t index, absl::Status status) {
  ++fed_;
  outcomes_->OnStatus(index, std::move(status));
}

MapLot MapRun::Await(int64_t count) {
  MapLot lot = outcomes_->Await(std::min(count, outstanding()));
  taken_ += static_cast<int64_t>(lot.outcomes.size());
  return lot;
}

int64_t MapRun::EnoughToRefill(bool more_to_come) const {
  if (!more_to_come) return outstanding();
  // Early on little is under way for want of measurements: come back soon.
  return std::clamp<int64_t>(outstanding() / 2, 1, std::max<int64_t>(taken_, 1));
}

void MapRun::DropQueued() { core_->DropQueued(work_); }

std::unique_ptr<FutureCore> MapRun::IntoFuture(
    std::function<absl::StatusOr<std::vector<std::byte>>(MapLot)> assemble) {
  outcomes_->Finish(fed_, [core = core_, work = work_] { core->DropQueued(work); });
  return std::make_unique<MapFuture>(core_, std::exchange(work_, nullptr), outcomes_,
                                     std::move(assemble));
}

}  // namespace progeny::detail
