// Objects that each worker of a pool has for itself.
#include "progeny/worker_state.h"

#include <cstdlib>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/status.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {

// Neither copyable nor portable; leaves a mark where it is told to when it ends.
struct Model {
  Model(int factor, std::string mark) : factor(std::make_unique<int>(factor)), mark(std::move(mark)) {}
  Model(Model&&) = default;
  ~Model() {
    if (factor != nullptr && !mark.empty()) tests::WriteFile(mark, std::to_string(uses));
  }

  std::unique_ptr<int> factor;
  std::string mark;
  int uses = 0;
};

namespace {

using ::testing::HasSubstr;
using tests::IsError;
using tests::kPatience;

class WorkerStateTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(WorkerStateTest);

Model Load(int factor, const std::string& mark) { return Model(factor, mark); }
int Score(Model& model, int x) {
  ++model.uses;
  return *model.factor * x;
}
int Sum(Model& model, int a, int b) { return *model.factor * (a + b); }
std::pair<int64_t, int> Use(Model& model) { return {this_process::id(), ++model.uses}; }
int Look(const Model& model, int x) { return *model.factor + x; }

TEST_P(WorkerStateTest, ATaskWhoseFirstParameterIsAReference_GetsItsWorkersObject) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2), WithState<Model>(fn<&Load>), 3, "");
  ASSERT_OK(pool);
  std::vector<int> xs(50);
  std::iota(xs.begin(), xs.end(), 0);
  const auto scores = pool->Map(fn<&Score>, xs);
  ASSERT_OK(scores);
  for (int x : xs) EXPECT_EQ((*scores)[static_cast<size_t>(x)], 3 * x);
  EXPECT_EQ(*pool->Submit(fn<&Score>, 5).Get(kPatience), 15);
  EXPECT_EQ(*pool->Apply(fn<&Sum>, 1, 2), 9);
  EXPECT_EQ(*pool->StarMap(fn<&Sum>, {std::tuple(1, 1), std::tuple(2, 2)}), (std::vector{6, 12}));
  EXPECT_EQ(*pool->MapAsync(fn<&Score>, xs).Get(kPatience), *scores);
  const auto each = pool->MapEach(fn<&Score>, {1, 2});
  ASSERT_OK(each);
  EXPECT_EQ(*each->at(1), 6);
  int expected = 0;
  for (const absl::StatusOr<int>& score : pool->IMap(fn<&Score>, xs)) EXPECT_EQ(*score, 3 * expected++);
  EXPECT_EQ(expected, 50);
}

TEST_P(WorkerStateTest, Lambdas_AndFunctionObjectsWithState_GetItToo) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(fn<&Load>), 3, "");
  ASSERT_OK(pool);
  struct AddOffset {
    int offset = 0;
    int operator()(Model& model, int x) const { return *model.factor * x + offset; }
  };
  EXPECT_EQ(*pool->Map(AddOffset{7}, {1, 2}), (std::vector{10, 13}));
  EXPECT_EQ(*pool->Apply([](Model& model) { return *model.factor; }), 3);
  EXPECT_OK(pool->Apply([](Model& model) { ++*model.factor; }));
  EXPECT_EQ(*pool->Apply(OnState<Model>(fn<&Look>), 1), 5);
  EXPECT_EQ(*pool->Map(OnState<Model>(fn<&Look>), {1, 2}), (std::vector{5, 6}));
  EXPECT_THAT(pool->Apply([](Model&) { return absl::NotFoundError("no such word"); }),
              IsError(absl::StatusCode::kNotFound, "no such word"));
}

TEST_P(WorkerStateTest, EachWorker_HasOneObjectForAllItsTasks) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(3), WithState<Model>(fn<&Load>), 3, "");
  ASSERT_OK(pool);
  std::set<std::pair<int64_t, int>> uses;
  std::vector<Future<std::pair<int64_t, int>>> futures;
  for (int i = 0; i < 60; ++i) futures.push_back(pool->Submit(fn<&Use>));
  for (auto& future : futures) {
    const auto use = future.Get(kPatience);
    ASSERT_OK(use);
    uses.insert(*use);
  }
  EXPECT_EQ(uses.size(), 60u) << "a process never counts to the same number twice";
  for (const auto& [id, count] : uses) {
    EXPECT_TRUE(count == 1 || uses.contains({id, count - 1}));
  }
}

TEST_P(WorkerStateTest, AWorkerThatReplacesAnother_HasANewObject) {
  PoolOptions options = Workers(1);
  options.max_tasks_per_worker = 2;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options), WithState<Model>(fn<&Load>), 3, "");
  ASSERT_OK(pool);
  for (int count : {1, 2, 1, 2, 1}) EXPECT_EQ(pool->Apply(fn<&Use>)->second, count);
}

TEST_P(WorkerStateTest, TheObject_IsDestroyedWhenItsWorkerLeaves) {
  const tests::TempDir folder;
  {
    absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(fn<&Load>), 3, folder.File("mark"));
    ASSERT_OK(pool);
    EXPECT_OK(pool->Apply(fn<&Score>, 1));
    EXPECT_OK(pool->Apply(fn<&Score>, 2));
    EXPECT_EQ(tests::ReadFile(folder.File("mark")), "");
  }
  EXPECT_EQ(tests::ReadFile(folder.File("mark")), "2");
}

absl::StatusOr<Model> FailToLoad() { return absl::NotFoundError("no such model"); }
Model ThrowInstead() { throw std::runtime_error("no such weights"); }
Model DieInstead() { std::_Exit(6); }
absl::StatusOr<Model> LoadOrFail(int factor) { return Model(factor, ""); }

TEST_P(WorkerStateTest, AnInitThatFailsTwice_ClosesThePoolWithItsStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(fn<&FailToLoad>));
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Submit(fn<&Score>, 1).Get(kPatience), IsError(absl::StatusCode::kNotFound, "no such model"));
  absl::StatusOr<Pool> other = Pool::Create(Workers(1), WithState<Model>(fn<&ThrowInstead>));
  ASSERT_OK(other);
  const absl::Status thrown = other->Submit(fn<&Score>, 1).Get(kPatience).status();
  EXPECT_THAT(thrown, IsError(absl::StatusCode::kUnknown, "no such weights"));
  EXPECT_TRUE(RemoteErrorOf(thrown).has_value());
}

TEST_P(WorkerStateTest, AnInitThatDiesTwice_ClosesThePoolWithAnExitStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(fn<&DieInstead>));
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Submit(fn<&Score>, 1).Get(kPatience), IsError(absl::StatusCode::kAborted, "exit code 6"));
}

TEST_P(WorkerStateTest, AnInitThatReturnsAStatusOr_MakesTheValue) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(fn<&LoadOrFail>), 4);
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&Score>, 2), 8);
}

// Can be neither copied nor moved.
struct Pinned {
  explicit Pinned(int value) : value(value) {}
  Pinned(const Pinned&) = delete;
  int value;
};
Pinned MakePinned(int value) { return Pinned(value); }

TEST_P(WorkerStateTest, AnObject_NeedNotEvenBeMovable) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Pinned>(fn<&MakePinned>), 4);
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply([](Pinned& pinned) { return ++pinned.value; }), 5);
}

int FactorByTheWay() {
  absl::StatusOr<Model*> model = WorkerState<Model>();
  return model.ok() ? *(*model)->factor : -1;
}
absl::Status AskForIt() { return WorkerState<Model>().status(); }

TEST_P(WorkerStateTest, WorkerState_GivesIt_WhereNoParameterDoes) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(fn<&Load>), 3, "");
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&FactorByTheWay>), 3);
}

TEST_P(WorkerStateTest, WhereThereIsNone_TheErrorSaysSo) {
  EXPECT_THAT(AskForIt(), IsError(absl::StatusCode::kFailedPrecondition, "Model': this process is no pool's worker"));
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Apply(fn<&AskForIt>), IsError(absl::StatusCode::kFailedPrecondition, "progeny::WithState<"));
  EXPECT_THAT(pool->Apply(fn<&Score>, 1), IsError(absl::StatusCode::kFailedPrecondition, "this pool has none"));
}

TEST_P(WorkerStateTest, OfAnotherType_TheErrorNamesBoth) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Pinned>(fn<&MakePinned>), 4);
  ASSERT_OK(pool);
  const absl::Status status = pool->Apply(fn<&Score>, 1).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition, "this pool's is a '"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Pinned"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Model"));
}

absl::Status AskInANestedPool(bool with_state) {
  PoolOptions options;
  options.workers = 1;
  options.process.start_method = *this_process::start_method();
  absl::StatusOr<Pool> pool = with_state ? Pool::Create(std::move(options), WithState<Model>(fn<&Load>), 7, "")
                                         : Pool::Create(std::move(options));
  if (!pool.ok()) return pool.status();
  if (!with_state) return pool->Apply(fn<&AskForIt>);
  const absl::StatusOr<int> factor = pool->Apply(fn<&FactorByTheWay>);
  if (!factor.ok()) return factor.status();
  const bool own = *factor == 7 && FactorByTheWay() == 3;
  return own ? absl::OkStatus() : absl::InternalError("not its own");
}

TEST_P(WorkerStateTest, ANestedPool_HasItsOwnOrNone) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(fn<&Load>), 3, "");
  ASSERT_OK(pool);
  EXPECT_OK(pool->Apply(fn<&AskInANestedPool>, true));
  EXPECT_THAT(pool->Apply(fn<&AskInANestedPool>, false),
              IsError(absl::StatusCode::kFailedPrecondition, "this pool has none"));
}

struct Doubler {
  int extra = 0;
  Model operator()(int factor) const { return Model(2 * factor + extra, ""); }
};

TEST_P(WorkerStateTest, AnInitWithStateOfItsOwn_TakesItAlong) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), WithState<Model>(Doubler{1}), 4);
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&FactorByTheWay>), 9);
}

}  // namespace
}  // namespace progeny
