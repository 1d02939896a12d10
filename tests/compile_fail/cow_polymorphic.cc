// expect: a Cow cannot hold a class with virtual functions: its table of functions lies elsewhere in every process
#include "progeny/cow.h"

struct Shape {
  virtual ~Shape() = default;
};

absl::StatusOr<progeny::Cow<Shape>> MakeShape() {
  return progeny::MakeCow<Shape>([](Shape&) {});
}
