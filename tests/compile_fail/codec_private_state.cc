// expect: progeny: a type here cannot travel between processes: it has private state and says nothing about it; give it a public `template <class Archive> void serialize
#include "progeny/codec.h"

class Account {
 public:
  Account() = default;
  int balance() const { return balance_; }

 private:
  int balance_ = 0;
};

int main() { return progeny::Encode(Account()).ok(); }
