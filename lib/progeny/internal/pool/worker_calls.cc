#include "progeny/internal/pool/worker_calls.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "progeny/codec.h"

namespace progeny::internal {
namespace {

// Loads when it is first called: if the state kills the worker, some task must be to blame.
class LateCall final : public detail::LoadedCall {
 public:
  LateCall(WorkerCalls& calls, uint32_t entry, std::vector<std::byte> state, detail::IncomingHandles handles)
      : calls_(calls), entry_(entry), state_(std::move(state)), handles_(std::move(handles)) {}

  void Run(detail::ByteReader& arguments, detail::IncomingHandles& handles,
           detail::EntryOutcome& outcome) override {
    Load();
    if (loaded_->ok()) return (**loaded_)->Run(arguments, handles, outcome);
    outcome.status = loaded_->status();
  }
  void RunFlat(detail::FlatRun& run) override {
    Load();
    if (loaded_->ok()) return (**loaded_)->RunFlat(run);
    run.failure = loaded_->status();
  }

 private:
  void Load() {
    if (loaded_) return;
    detail::ByteReader reader(state_);
    loaded_.emplace(calls_.Load(entry_, reader, handles_));
    handles_.CloseRest();
    state_ = {};
  }

  WorkerCalls& calls_;
  const uint32_t entry_;
  std::vector<std::byte> state_;
  detail::IncomingHandles handles_;
  std::optional<absl::StatusOr<std::unique_ptr<detail::LoadedCall>>> loaded_;
};

}  // namespace

void WorkerCalls::AddEntry(uint32_t id, absl::Span<const std::byte> address) {
  Entry entry;
  detail::ByteReader reader(address);
  entry.status = detail::DecodeFrom(reader, entry.address);
  entries_[id] = std::move(entry);
}

absl::StatusOr<const detail::PoolEntryNode*> WorkerCalls::Find(uint32_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return absl::InternalError("a pool's entry was not told");
  Entry& entry = found->second;
  if (!entry.status.ok()) return entry.status;
  if (entry.node == nullptr) {
    absl::StatusOr<const void*> place =
        platform::ResolveImage(entry.address, sizeof(detail::PoolEntryNode));
    if (!place.ok()) return entry.status = place.status();
    const auto* node = static_cast<const detail::PoolEntryNode*>(*place);
    const bool aligned = reinterpret_cast<uintptr_t>(node) % alignof(detail::PoolEntryNode) == 0;
    if (!aligned || node->magic != detail::PoolEntryNode::kMagic) {
      return entry.status = absl::FailedPreconditionError(absl::StrCat(
                 "find a pool's entry in image '", entry.address.path, "' (build ",
                 entry.address.build_id, "): there is none at offset ", entry.address.offset,
                 "; start parent and worker from the same build"));
    }
    entry.node = node;
  }
  return entry.node;
}

absl::StatusOr<std::unique_ptr<detail::LoadedCall>> WorkerCalls::Load(uint32_t entry,
                                                                     detail::ByteReader& state,
                                                                     detail::IncomingHandles& handles) {
  absl::StatusOr<const detail::PoolEntryNode*> node = Find(entry);
  if (!node.ok()) return node.status();
  return (*node)->load(state, handles);
}

void WorkerCalls::AddJob(const WorkHeader& header, absl::StatusOr<absl::Span<const std::byte>> state,
                         detail::IncomingHandles handles) {
  if (!state.ok()) {
    jobs_.insert_or_assign(header.job, state.status());
    return;
  }
  jobs_.insert_or_assign(
      header.job, std::make_unique<LateCall>(*this, header.entry,
                                             std::vector<std::byte>(state->begin(), state->end()),
                                             std::move(handles)));
}

absl::StatusOr<detail::LoadedCall*> WorkerCalls::For(const WorkHeader& header) {
  if (header.job != 0) {
    const auto job = jobs_.find(header.job);
    if (job == jobs_.end()) return absl::InternalError("a pool's call was not told");
    if (!job->second.ok()) return job->second.status();
    return job->second->get();
  }
  const auto entry = entries_.find(header.entry);
  if (entry == entries_.end()) return absl::InternalError("a pool's entry was not told");
  std::unique_ptr<detail::LoadedCall>& stateless = entry->second.stateless;
  if (stateless == nullptr) {
    detail::ByteReader nothing(absl::Span<const std::byte>{});
    detail::IncomingHandles none;
    absl::StatusOr<std::unique_ptr<detail::LoadedCall>> loaded = Load(header.entry, nothing, none);
    if (!loaded.ok()) return loaded.status();
    stateless = *std::move(loaded);
  }
  return stateless.get();
}

}  // namespace progeny::internal
