#include "progeny/internal/pool/worker_start.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "progeny/codec.h"
#include "progeny/detail/attachments.h"
#include "progeny/detail/entry.h"
#include "progeny/process.h"

namespace progeny::internal {
namespace {

constexpr size_t kBellBytes = 4096;
constexpr int kMostHandles = 5;

platform::SharedWordStorage* BellStorage(const platform::SharedRegion& region) {
  return reinterpret_cast<platform::SharedWordStorage*>(region.head());
}

// In a re-executed worker: the handles come in the order in which WorkerTask::Encode adds them.
void RunReexecuted(detail::EntryInput& input, detail::EntryOutcome& outcome) {
  outcome.exits = true;
  absl::StatusOr<WorkerSetup> setup = detail::DecodeOne<WorkerSetup>(input.reader);
  outcome.status.Update(setup.status());
  platform::Handle handles[kMostHandles];
  outcome.status.Update(detail::RunCodec(detail::Direction::kDecode, [&] {
    for (int i = 0; setup.ok() && i < std::min(setup->handles, kMostHandles); ++i) {
      handles[i] = platform::Handle(input.handles->Take(static_cast<uint32_t>(i)));
    }
  }));
  input.release();
  if (!outcome.status.ok()) return;
  absl::StatusOr<WorkerMemory> memory = WorkerMemory::Open(std::move(handles[0]));
  absl::StatusOr<platform::SharedRegion> bell_page =
      platform::SharedRegion::Open(std::move(handles[1]), kBellBytes);
  outcome.status.Update(memory.status());
  outcome.status.Update(bell_page.status());
  if (!outcome.status.ok()) return;
  platform::HandleCourier courier;
  if (setup->has_courier) courier = platform::HandleCourier::Open(std::move(handles[setup->handles - 1]));
  WorkerLoop loop(*memory,
                  {platform::SharedWord::Open(&memory->words().bell, std::move(handles[2])),
                   platform::SharedWord::Open(BellStorage(*bell_page), std::move(handles[3]))},
                  std::move(courier), *setup);
  outcome.exit_code = loop.Run();
}

constexpr detail::EntryNode kWorkerNode{detail::EntryNode::kMagic, &RunReexecuted};

class WorkerTask final : public detail::Task {
 public:
  WorkerTask(const WorkerPlaces& places, const WorkerSetup& setup)
      : places_(places), setup_(setup) {}

  const detail::EntryNode* node() const override { return &kWorkerNode; }

  absl::Status Encode(std::vector<std::byte>& out, detail::OutgoingHandles& handles) const override {
    handles.Add(places_.memory->handle());
    handles.Add(places_.pool_bell->region().handle());
    // Both are there, or, where memory is enough, neither.
    if (places_.bell->handle() != platform::kNoHandle) {
      handles.Add(places_.bell->handle());
      handles.Add(places_.pool_bell->word().handle());
    }
    WorkerSetup setup = setup_;
    setup.has_courier = places_.courier->far_end() != platform::kNoHandle;
    if (setup.has_courier) handles.Add(places_.courier->far_end());
    setup.handles = static_cast<int>(handles.handles().size());
    return detail::EncodeTo(out, setup);
  }

  // A forked worker has inherited the mappings, its fellows' among them.
  void Run(detail::EntryOutcome& outcome) override {
    outcome.exits = true;
    places_.leave_others();
    const platform::NativeHandle far_end = places_.courier->far_end();  // this process's own copy
    WorkerLoop loop(*places_.memory,
                    {platform::SharedWord::Open(&places_.memory->words().bell, platform::Handle()),
                     platform::SharedWord::Open(BellStorage(places_.pool_bell->region()),
                                                platform::Handle())},
                    platform::HandleCourier::Open(platform::Handle(far_end)), setup_);
    outcome.exit_code = loop.Run();
  }

 private:
  const WorkerPlaces places_;
  const WorkerSetup setup_;
};

}  // namespace

absl::StatusOr<PoolBell> PoolBell::Create() {
  PoolBell bell;
  absl::StatusOr<platform::SharedRegion> region = platform::SharedRegion::Create(kBellBytes);
  if (!region.ok()) return region.status();
  bell.region_ = *std::move(region);
  absl::StatusOr<platform::SharedWord> word =
      platform::SharedWord::Create(BellStorage(bell.region_));
  if (!word.ok()) return word.status();
  bell.word_ = *std::move(word);
  return bell;
}

absl::StatusOr<std::shared_ptr<detail::Child>> StartWorker(const ProcessOptions& options,
                                                           const WorkerPlaces& places,
                                                           const WorkerSetup& setup) {
  WorkerTask task(places, setup);
  if (places.forker != nullptr) return StartChildBy(*places.forker, options, task);
  return detail::StartChild(options, task);
}

}  // namespace progeny::internal
