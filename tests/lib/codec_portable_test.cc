// What the concept Portable says yes and no to. The words of a refusal: tests/compile_fail.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cereal/types/vector.hpp"
#include "gtest/gtest.h"
#include "progeny/codec.h"

namespace progeny {
namespace {

struct Point {
  int x = 1, y = 2;
};
struct Tree {
  int value = 0;
  std::vector<Tree> children;
};
struct Node {
  int value = 0;
  std::unique_ptr<Node> next;
};
struct WithView {
  std::string_view view;
};
struct WithPointer {
  int count;
  const char* text;
};
struct WithPointerDeep {
  std::vector<std::map<int, WithPointer>> deep;
};
struct WithReference {
  int& number;
};
struct WithUnion {
  union {
    int number;
    float real;
  } either;
};
struct WithConst {
  const int number = 3;
};
struct Derived : Point {
  int z;
};
struct Opaque {
  Opaque() {}

 private:
  [[maybe_unused]] int hidden_ = 0;
};
struct Virtual {
  virtual ~Virtual() = default;
  template <class A>
  void serialize(A&) {}
};
struct NoDefault {
  explicit NoDefault(int) {}
  template <class A>
  void serialize(A&) {}
};
struct Large {
  char bytes[4096];
  int number;
};
class Labelled : public std::vector<int> {
  std::string label_;
};
struct Wrapped : std::vector<int> {
  using vector::vector;
};

static_assert(Portable<int> && Portable<std::string> && Portable<Tree>);
static_assert(Portable<std::unique_ptr<int>> && Portable<Node>);
static_assert(Portable<absl::Status> && Portable<absl::StatusOr<Tree>>);
static_assert(!Portable<int*> && !Portable<int&> && !Portable<const int> && !Portable<void>);
static_assert(!Portable<void (*)()> && !Portable<std::nullptr_t> && !Portable<int Point::*>);
static_assert(!Portable<std::string_view> && !Portable<std::span<int>>);
static_assert(!Portable<absl::Span<const int>> && !Portable<std::vector<std::string_view>>);
static_assert(!Portable<WithView> && !Portable<WithPointer> && !Portable<WithPointerDeep>);
static_assert(!Portable<WithReference> && !Portable<WithUnion> && !Portable<WithConst>);
static_assert(!Portable<Derived> && !Portable<Opaque> && !Portable<std::unique_ptr<Virtual>>);
static_assert(!Portable<NoDefault> && !Portable<std::vector<NoDefault>> && !Portable<Large>);
static_assert(!Portable<std::unique_ptr<int[]>> && !Portable<std::shared_ptr<int>>);
static_assert(!Portable<std::map<int, int, bool (*)(int, int)>>);
static_assert(!Portable<std::set<int, std::function<bool(int, int)>>>);
static_assert(!Portable<std::mutex> && !Portable<std::atomic<int>> &&
              !Portable<std::function<int()>>);
static_assert(!Portable<Labelled>, "its label would be lost");
static_assert(Portable<Wrapped>, "a container by another name");
static_assert(!Portable<std::tuple<int, int*>> && !Portable<std::variant<int, int*>>);

TEST(CodecPortableTest, LambdasWithCaptures_AreNotPortable) {
  int number = 0;
  auto by_value = [number] { return number; };
  auto by_reference = [&number] { return number; };
  EXPECT_FALSE(Portable<decltype(by_value)>);
  EXPECT_FALSE(Portable<decltype(by_reference)>);
}

}  // namespace
}  // namespace progeny
