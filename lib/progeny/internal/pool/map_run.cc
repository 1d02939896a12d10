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
constexpr double kChunkNanoseconds = 500'000;
constexpr int64_t kLargestChunk = 1 << 16;  // of those that the pool finds
constexpr int64_t kMostInAChunk = int64_t{1} << 30;
constexpr int64_t kDefaultWindow = 1024;  // elements per worker
constexpr int64_t kDefaultWindowBytes = 128 << 10;  // or more elements, if they are tiny
constexpr uint64_t kPortionBytes = 64 << 10;  // encoded before the pool hears of them
constexpr uint64_t kMostChunks = 4096;        // the same
constexpr int64_t kWorthTaking = 16384;       // outcomes, before more of them come
constexpr uint64_t kMostBytes = 64 << 20;  // on their way at once, if it's more than one element

// What MapAsync asks for: all at once.
bool IsUnbounded(int64_t window) { return window == std::numeric_limits<int64_t>::max(); }

int64_t WindowOf(const MapOptions& options, int workers, const FlatShape& shape) {
  if (options.window > 0) return options.window;
  const int64_t tiny = shape.flat() ? kDefaultWindowBytes / std::max(shape.argument_bytes, shape.result_bytes) : 0;
  return std::max({kDefaultWindow, tiny, 2 * std::min(options.chunk_size, kMostInAChunk)}) * workers;
}

}  // namespace

class MapOutcomes final : public OutcomeSink {
 public:
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
    return last.status.ok() && last.lent < 0 && last.size == size && last.index + last.count == first;
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

  bool Wait(absl::Duration timeout) override {
    internal::HelpUntilReady(*core_, outcomes_->ready(), timeout);
    return outcomes_->ready().Wait(timeout);
  }
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
      chunk_size_(std::min(options.chunk_size, kMostInAChunk)),
      window_(WindowOf(options, core_->workers(), request.node->shape)),
      outcomes_(std::make_shared<MapOutcomes>()) {
  request.sink = outcomes_;
  request.measured = chunk_size_ == 0 || request.patient;
  work_ = core_->Begin(std::move(request));
}

MapRun::~MapRun() {
  if (work_ == nullptr || !core_->IsOurs()) return;
  if (outstanding() > 0) core_->DropQueued(work_);
  core_->End(work_);
}

int64_t MapRun::Chunk(std::optional<int64_t> left, size_t flat_bytes) const {
  const int64_t workers = core_->workers();
  const int64_t fits = flat_bytes > 0 ? static_cast<int64_t>(internal::kLargestInline / flat_bytes) : kLargestChunk;
  if (IsUnbounded(window_)) {  // nothing can be measured before all is fed
    return std::clamp<int64_t>(left.value_or(0) / (4 * workers), 1, flat_bytes > 0 ? fits : window_);
  }
  const double each = outcomes_->each();
  if (each < 0) return 1;
  int64_t chunk = each > 0 ? static_cast<int64_t>(std::min(kChunkNanoseconds / each, 1e9)) : kLargestChunk;
  // Doubling from chunk to chunk would outrun the measurement: only as many as have come back.
  chunk = std::min({chunk, std::max<int64_t>(taken_ / (2 * workers), 1), kLargestChunk, fits,
                    std::max<int64_t>(window_ / (4 * workers), 1)});
  if (left) chunk = std::min(chunk, std::max<int64_t>(*left / (2 * workers), 1));
  return std::max<int64_t>(chunk, 1);
}

MapRun::Portion MapRun::NextPortion(int64_t held, std::optional<int64_t> left, size_t flat_bytes) const {
  const int64_t under_way = outstanding() + held;
  const int64_t room = window_ - under_way;
  const uint64_t each_bytes = flat_bytes > 0 ? flat_bytes : fed_ > 0 ? fed_bytes_ / static_cast<uint64_t>(fed_) : kPortionBytes;
  if (room <= 0) return {};
  if (!IsUnbounded(window_) && under_way > 0 && each_bytes * static_cast<uint64_t>(under_way) > kMostBytes) return {};
  const int64_t chunk = chunk_size_ > 0 ? std::min(chunk_size_, window_) : std::min(Chunk(left, flat_bytes), room);
  if (chunk > room) return {};
  const bool grows = chunk_size_ == 0 && outcomes_->each() < 0;
  const uint64_t bytes = std::max<uint64_t>(each_bytes, 1) * static_cast<uint64_t>(chunk);
  const auto chunks = static_cast<int64_t>(std::clamp<uint64_t>(kPortionBytes / bytes, 1, kMostChunks));
  return {grows ? chunk : chunk * std::min(chunks, room / chunk), chunk};
}

bool MapRun::IsFull(size_t bytes) const {
  return chunk_size_ == 0 && bytes > internal::kLargestInline / 2;
}

void MapRun::Feed(Elements elements) {
  fed_ += elements.count;
  fed_bytes_ += elements.bytes.size();
  elements.divisible = chunk_size_ == 0;
  core_->Enqueue(work_, std::move(elements));
}

void MapRun::FeedStatus(int64_t index, absl::Status status) {
  ++fed_;
  outcomes_->OnStatus(index, std::move(status));
}

void MapRun::Await(int64_t count, MapLot& lot) {
  count = std::min(count, outstanding());
  core_->Help([&] { return outcomes_->Has(count); });
  outcomes_->Await(count, lot);
  taken_ += lot.elements;
}

int64_t MapRun::EnoughToRefill(bool more_to_come) const {
  if (!more_to_come) return std::min(outstanding(), kWorthTaking);
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
