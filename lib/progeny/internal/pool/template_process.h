// The process from which a kFork pool's replacements are forked: a copy of the pool's process as it was
// when the pool was created, with one thread, which does nothing but wait for requests.
//
// Replacements are never forked from the process that the pool lives in: by the time that they are
// needed that one has threads, whose locks a forked child would find locked for ever, and memory that
// has moved on. So the thread that calls Pool::Create forks the template before it forks the first
// workers, and what is forked from the template later is as if it had been forked then too.
#ifndef PROGENY_INTERNAL_POOL_TEMPLATE_PROCESS_H_
#define PROGENY_INTERNAL_POOL_TEMPLATE_PROCESS_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/fork_server.h"
#include "progeny/internal/slot.h"
#include "progeny/internal/start_strategy.h"
#include "progeny/process_options.h"

namespace progeny::internal {

// Used by one thread at a time.
class TemplateProcess final : public StartStrategy {
 public:
  // Of the workers' options the environment and the working directory become the template's: a request
  // need not name them again. What is wrong with the options is told as StartChild would.
  static absl::StatusOr<std::unique_ptr<TemplateProcess>> Fork(const ProcessOptions& workers);
  // Ends it, and waits for that.
  ~TemplateProcess() override;

  // Unavailable once the template has ended, FailedPrecondition when this process has become another
  // user: the template is still the former one. No other child will be made then.
  absl::StatusOr<platform::ChildHandle> Start(const StartRequest& request) const override;

  bool made_any() const { return made_any_; }
  // Ready once it has ended; kNoHandle after LookForEnd has seen that.
  NativeHandle sentinel() const;
  // Tells through Log, once, when it has ended and wasn't to.
  void LookForEnd();
  // Doesn't wait. No child is asked for any more.
  void BeginEnd();

 private:
  explicit TemplateProcess(Slot slot) : slot_(std::move(slot)) {}
  absl::Status Ended() const;

  Slot slot_;
  mutable std::optional<platform::ForkServer> server_;  // after Fork
  mutable bool made_any_ = false;
  bool told_ = false;  // of its end
  bool to_end_ = false;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_TEMPLATE_PROCESS_H_
