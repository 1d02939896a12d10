// One object per process, whose type only the code that made it and the code that asks for it know.
#ifndef PROGENY_DETAIL_STATE_BOX_H_
#define PROGENY_DETAIL_STATE_BOX_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace progeny::detail {

// One address per type, in each image: not constant, so that no linker folds two into one.
template <class T>
inline char type_tag = 0;

template <class T>
constexpr const char* SignatureWith() {
#if defined(__GNUC__)
  return __PRETTY_FUNCTION__;
#else
  return __FUNCSIG__;
#endif
}

// A type as several images know it: the same address, or the same name and shape. What has no name that
// other files can't have too (anonymous namespaces, lambdas) is known by its address alone.
class TypeIdentity {
 public:
  TypeIdentity() = default;
  template <class T>
  static TypeIdentity Of() {
    TypeIdentity identity;
    identity.tag_ = &type_tag<T>;
    identity.signature_ = SignatureWith<T>();
    identity.size_ = sizeof(T);
    return identity;
  }
  // For people: "Model".
  std::string name() const;
  bool Matches(const TypeIdentity& other) const;

 private:
  const char* tag_ = nullptr;
  std::string_view signature_;
  size_t size_ = 0;
};

// Not thread-safe; what lies in it is for whoever asks.
class StateBox {
 public:
  StateBox() = default;
  StateBox(const StateBox&) = delete;
  StateBox& operator=(const StateBox&) = delete;

  // `make` returns an S; it need not even be movable.
  template <class S, class Make>
  void Fill(Make make) {
    object_ = Object(new S(make()), [](void* object) { delete static_cast<S*>(object); });
    type_ = TypeIdentity::Of<S>();
  }
  void* object() const { return object_.get(); }
  const TypeIdentity& type() const { return type_; }

 private:
  using Object = std::unique_ptr<void, void (*)(void*)>;
  TypeIdentity type_;
  Object object_{nullptr, [](void*) {}};
};

// The box of this process's pool; nullptr where there is none. Each image that has progeny inside knows
// it for itself: it is told before its code runs.
StateBox* CurrentStateBox();
void SetStateBox(StateBox* box);

// FailedPrecondition: no pool, no object, or one of another type.
absl::StatusOr<void*> FindState(const TypeIdentity& type);

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_STATE_BOX_H_
