// Everything that can be named as an entry, found again in a child by its place in its image.
#include "progeny/callable.h"

#include "children/shared_entries.h"
#include "children/static_entries.h"
#include "progeny/call.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {

int Free(int x) { return x + 1; }

template <class T>
T Twice(T x) {
  return x + x;
}

struct Holder {
  static int Member(int x) { return x + 3; }
  template <int kStep>
  static int Stepped(int x) {
    return x + kStep;
  }
};

inline int Overloaded(int x) { return x + 10; }
inline std::string Overloaded(const std::string& x) { return x + "!"; }

namespace {

// The same names as in tests/children/*_entries.cc, which have other bodies.
int Hidden(int x) { return x + 100; }
static int Internal(int x) { return x + 101; }

class CallableTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(CallableTest);

TEST_P(CallableTest, Functions_OfEveryLinkage) {
  EXPECT_EQ(*Call(Options(), fn<&Free>, 1), 2);
  EXPECT_EQ(*Call(Options(), fn<&Hidden>, 1), 101);
  EXPECT_EQ(*Call(Options(), fn<&Internal>, 1), 102);
  EXPECT_EQ(*Call(Options(), fn<&Holder::Member>, 1), 4);
  EXPECT_EQ(*Call(Options(), fn<static_cast<int (*)(int)>(&Overloaded)>, 1), 11);
  EXPECT_EQ(*Call(Options(), fn<static_cast<std::string (*)(const std::string&)>(&Overloaded)>, "a"),
            "a!");
}

TEST_P(CallableTest, TemplateInstances_AreToldApart) {
  EXPECT_EQ(*Call(Options(), fn<&Twice<int>>, 4), 8);
  EXPECT_EQ(*Call(Options(), fn<&Twice<std::string>>, "ab"), "abab");
  EXPECT_EQ(*Call(Options(), fn<&Holder::Stepped<5>>, 1), 6);
  EXPECT_EQ(*Call(Options(), fn<&Holder::Stepped<6>>, 1), 7);
}

TEST_P(CallableTest, Lambdas_AreToldApartEvenOnOneLine) {
  const auto [plus, minus] = std::pair{[](int x) { return x + 1; }, [](int x) { return x - 1; }};
  EXPECT_EQ(*Call(Options(), plus, 5), 6);
  EXPECT_EQ(*Call(Options(), minus, 5), 4);
  EXPECT_EQ(*Call(Options(), [](std::string_view text) { return text.size(); }, "four"), 4u);
}

TEST_P(CallableTest, GenericCallables_TakeDecayedCopies) {
  const auto sum = [](auto a, auto b) { return a + b; };
  EXPECT_EQ(*Call(Options(), sum, 1, 2), 3);
  EXPECT_EQ(*Call(Options(), sum, std::string("a"), std::string("b")), "ab");
}

struct Scale {
  int factor = 1;
  std::vector<int> operator()(std::vector<int> values) const {
    for (int& value : values) value *= factor;
    return values;
  }
};

struct Counter {
  int start = 0;
  int operator()(int steps) { return start += steps; }  // not const: the child's own copy
};

class Account {
 public:
  Account() = default;
  explicit Account(int balance) : balance_(balance) {}
  int operator()(int withdraw) const { return balance_ - withdraw; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(balance_);
  }

 private:
  int balance_ = 0;
};

TEST_P(CallableTest, FunctionObjects_TravelWithTheirState) {
  EXPECT_EQ(*Call(Options(), Scale{.factor = 3}, std::vector{1, 2}), (std::vector{3, 6}));
  const Counter counter{.start = 40};
  EXPECT_EQ(*Call(Options(), counter, 2), 42);
  EXPECT_EQ(counter.start, 40);
  EXPECT_EQ(*Call(Options(), Account(100), 30), 70);
}

TEST_P(CallableTest, EntriesOfAStaticLibrary_AreFound) {
  EXPECT_EQ(*Call(Options(), fn<&children::StaticFunction>, 1), 1001);
  EXPECT_EQ(*children::CallHiddenOfStaticLibrary(Options(), 1), 1002) << "its own Hidden, not ours";
}

TEST_P(CallableTest, EntriesOfASharedLibrary_AreFound) {
  EXPECT_EQ(*Call(Options(), fn<&children::SharedFunction>, 1), 2001);
  EXPECT_EQ(*children::CallHiddenOfSharedLibrary(Options(), 1), 2002) << "its own Hidden, not ours";
  EXPECT_EQ(*children::CallLambdaOfSharedLibrary(Options(), 1), 2003);
}

TEST(PortableCallable, SaysWhatTravels) {
  int captured = 1;
  const auto capturing = [captured] { return captured; };
  EXPECT_TRUE(PortableCallable<decltype(fn<&Free>)>);
  EXPECT_TRUE(PortableCallable<Scale>);
  EXPECT_FALSE(PortableCallable<decltype(capturing)>);
  EXPECT_FALSE(PortableCallable<int (*)(int)>);
}

}  // namespace
}  // namespace progeny
