#include "platform/seam_program.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "platform/hide_features.h"
#include "platform/wait_set.h"

namespace progeny::tests {

std::byte TailByte(size_t index) { return static_cast<std::byte>(index * 31 % 251); }

volatile Report& ReportIn(const platform::SharedRegion& slot) {
  return *reinterpret_cast<volatile Report*>(slot.head() + platform::kSlotReserved);
}

absl::StatusOr<platform::ChildHandle> LaunchRole(const std::string& role,
                                                 const platform::SharedRegion& slot,
                                                 const platform::ProcessSetup& setup) {
  platform::ImageRequest request;
  request.payload = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(role.data()), role.size());
  request.slot = &slot;
  request.setup = setup;
  return platform::LaunchImage(request);
}

absl::StatusOr<platform::ChildHandle> LaunchWithAttached(
    const platform::SharedRegion& slot, absl::Span<const platform::NativeHandle> attached) {
  const absl::string_view role = kAttached;
  platform::ImageRequest request;
  request.payload = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(role.data()), role.size());
  request.slot = &slot;
  request.attached = attached;
  return platform::LaunchImage(request);
}

namespace {

constexpr int kBadRole = 99;
constexpr int kBadHandOver = 98;

int CopyStdin() {
  char buffer[4096];
  for (size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) {
    std::fwrite(buffer, 1, got, stdout);
  }
  return std::fflush(stdout);
}

int WriteTail(platform::SharedRegion& slot) {
  std::vector<std::byte> bytes(kTailBytes);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = TailByte(i);
  return slot.WriteTail(bytes).ok() ? 0 : 1;
}

int WeighAttached(std::vector<platform::Handle>& attached, volatile Report& report) {
  uint64_t place = 0;
  for (platform::Handle& handle : attached) {
    absl::StatusOr<platform::SharedRegion> region =
        platform::SharedRegion::Open(std::move(handle), kSlotBytes);
    if (!region.ok()) return 1;
    report.value = report.value + ++place * ReportIn(*region).value;
  }
  return static_cast<int>(place);
}

int Play(absl::string_view role, platform::HandOver& hand_over, int argument_count) {
  platform::SharedRegion& slot = hand_over.slot;
  volatile Report& report = ReportIn(slot);
  report.ready = 1;
  if (role == kExitSeven) return 7;
  if (role == kCopy) return CopyStdin();
  if (role == kWriteTail) return WriteTail(slot);
  if (role == kAttached) return WeighAttached(hand_over.attached, report);
  if (role == kCountArguments) return argument_count;
  if (role == kDirectory) {
    std::printf("%s", std::filesystem::current_path().filename().string().c_str());
    return 0;
  }
  if (role == kVariable) {
    const char* value = std::getenv("PROGENY_SEAM_TEST");
    std::printf("%s", value == nullptr ? "(unset)" : value);
    return 0;
  }
  if (absl::StartsWith(role, kSumPayload)) {
    role.remove_prefix(std::strlen(kSumPayload));
    report.value = std::accumulate(role.begin(), role.end(), uint64_t{0}, [](uint64_t sum, char c) {
      return sum + static_cast<unsigned char>(c);
    });
    return 0;
  }
  if (role != kWaitForever) return kBadRole;
  const platform::NativeHandle parent = platform::ParentSentinel();
  return platform::WaitForAny({&parent, 1}, platform::Deadline::Infinite()).ok() ? 1 : 2;
}

int RunAsChild(int argc, char** argv) {
  absl::StatusOr<platform::HandOver> hand_over = platform::TakeHandOver(&argc, argv, kSlotBytes);
  if (!hand_over.ok()) return kBadHandOver;
  const auto bytes = hand_over->payload.span();
  const int code = Play(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                        *hand_over, argc);
  platform::BeforeLaunchedChildEnds();
  return code;
}

// As a program that knows nothing of hand-overs: tells its arguments, one line each, in a file.
int TellArguments(int argc, char** argv) {
  std::ofstream file(argv[2], std::ios::binary);
  for (int i = 3; i < argc; ++i) file << argv[i] << '\n';
  return 0;
}

}  // namespace
}  // namespace progeny::tests

int main(int argc, char** argv) {
  using namespace progeny;
  if (platform::HasHandOver()) return tests::RunAsChild(argc, argv);
  if (argc > 2 && absl::string_view(argv[1]) == "--tell-arguments") {
    return tests::TellArguments(argc, argv);
  }
  if (argc > 1 && absl::string_view(argv[1]) == "--without-process-handles") {
    if (!tests::HideProcessHandles()) return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
