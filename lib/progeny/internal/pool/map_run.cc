// The calling thread's side of a Map. Chunks start with one element and grow with the time that
// elements are measured to take; towards the end of a range whose size is known they shrink, so that
// no worker is left with the last large one.
#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "progeny/detail/pool_map.h"
#include "progeny/internal/callbacks.h"
#include "progeny/internal/pool/map_outcomes.h"
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
      outcomes_(std::make_shared<MapOutcomes>()),
      awaited_(request.awaited) {
  request.sink = outcomes_;
  request.measured = chunk_size_ == 0 || request.patient;
  work_ = core_->Begin(std::move(request));
}

MapRun::~MapRun() {
  if (work_ == nullptr || !core_->IsOurs()) return;
  if (drives_) core_->Help([] { return true; });
  if (outstanding() > 0) core_->DropQueued(work_);
  MapLot lot;  // only an exception leaves elements behind; whoever has their results may be writing these to their places
  while (grow_ && outstanding() > 0) Await(outstanding(), lot);
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

void MapRun::PlaceInto(FlatPlaces places) {
  grow_ = places.grow;
  outcomes_->PlaceInto(std::move(places));
}

void MapRun::Feed(Elements elements) {
  if (grow_) grow_(elements.first_index + elements.count);
  fed_ += elements.count;
  fed_bytes_ += elements.bytes.size();
  elements.divisible = chunk_size_ == 0;
  core_->Enqueue(work_, std::move(elements));
}

void MapRun::FeedFlat(Elements elements, size_t size, absl::FunctionRef<void(std::byte*)> write) {
  const uint32_t count = elements.count;
  if (grow_) grow_(elements.first_index + count);
  elements.divisible = chunk_size_ == 0;
  elements.awaited = drives_ = awaited_;
  core_->EnqueueInPlace(work_, std::move(elements), size, write);  // if it throws, nothing was fed
  fed_ += count;
  fed_bytes_ += size;
}

void MapRun::FeedStatus(int64_t index, absl::Status status) {
  ++fed_;
  outcomes_->OnStatus(index, std::move(status));
}

void MapRun::Await(int64_t count, MapLot& lot) {
  count = std::min(count, outstanding());
  core_->Help([&] { return outcomes_->Has(count); });
  drives_ = false;
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
