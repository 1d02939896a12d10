// expect: progeny: a type here cannot travel between processes: it is a pointer to a polymorphic class
#include <memory>

#include "progeny/codec.h"

struct Shape {
  virtual ~Shape() = default;
  template <class Archive>
  void serialize(Archive&) {}
};

int main() { return progeny::Encode(std::unique_ptr<Shape>()).ok(); }
