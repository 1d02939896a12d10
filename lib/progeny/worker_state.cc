#include "progeny/worker_state.h"

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace progeny::detail {
namespace {

std::atomic<StateBox*> current_box{nullptr};

// A compiler's word for what other files may have under the same name.
bool IsLocal(std::string_view signature) {
  return absl::StrContains(signature, "anonymous") || absl::StrContains(signature, "lambda") ||
         absl::StrContains(signature, "unnamed");
}

}  // namespace

// "... SignatureWith() [with T = Model]", "... SignatureWith() [T = Model]", "... SignatureWith<struct Model>(void)".
std::string TypeIdentity::name() const {
  constexpr std::string_view kGnu = "T = ";
  constexpr std::string_view kMsvc = "SignatureWith<";
  std::string_view name = signature_;
  if (const size_t at = name.find(kGnu); at != name.npos) {
    name.remove_prefix(at + kGnu.size());
    absl::ConsumeSuffix(&name, "]");
  } else if (const size_t begin = name.find(kMsvc); begin != name.npos) {
    name.remove_prefix(begin + kMsvc.size());
    absl::ConsumeSuffix(&name, ">(void)");
  }
  return std::string(name);
}

bool TypeIdentity::Matches(const TypeIdentity& other) const {
  if (tag_ == other.tag_) return true;
  return size_ == other.size_ && signature_ == other.signature_ && !IsLocal(signature_);
}

StateBox* CurrentStateBox() { return current_box.load(std::memory_order_acquire); }
void SetStateBox(StateBox* box) { current_box.store(box, std::memory_order_release); }

absl::StatusOr<void*> FindState(const TypeIdentity& type) {
  StateBox* const box = CurrentStateBox();
  if (box != nullptr && box->object() != nullptr && box->type().Matches(type)) return box->object();
  const std::string wanted = absl::StrCat("find the worker's state '", type.name(), "': ");
  if (box == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(wanted, "this process is no pool's worker"));
  }
  if (box->object() == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        wanted, "this pool has none; create it with progeny::WithState<", type.name(), ">(init)"));
  }
  return absl::FailedPreconditionError(absl::StrCat(wanted, "this pool's is a '", box->type().name(), "'"));
}

}  // namespace progeny::detail
