// expect: progeny: a type here cannot travel between processes: it is a pointer
#include "progeny/codec.h"

class Buffer {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(size_, data_);
  }

 private:
  int size_ = 0;
  char* data_ = nullptr;
};

int main() { return progeny::Encode(Buffer()).ok(); }
