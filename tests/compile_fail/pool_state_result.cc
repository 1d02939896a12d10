// expect: progeny: WithState<S> takes a callable that returns S or absl::StatusOr<S>
#include "progeny/pool.h"
#include "progeny/worker_state.h"

struct Model {};
int Load();

auto Refused() { return progeny::Pool::Create({}, progeny::WithState<Model>(progeny::fn<&Load>)); }
