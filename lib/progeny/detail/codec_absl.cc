#include "progeny/detail/codec_absl.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "progeny/detail/codec_bytes.h"

namespace progeny::detail {
namespace {

enum DurationKind : uint8_t { kFinite = 0, kForever = 1, kMinusForever = 2 };

// The finest an absl::Duration can tell.
constexpr int64_t kTicksPerSecond = 4'000'000'000;
absl::Duration Tick() { return absl::Nanoseconds(1) / 4; }

// Codes are not checked against Abseil's list, which grows; only against what its Status can hold.
constexpr uint64_t kMaxStatusCode = 0xffff;

void PutText(ByteWriter& writer, absl::string_view text) {
  writer.WriteLength(text.size());
  writer.Write(text.data(), text.size());
}

absl::string_view GetText(ByteReader& reader) {
  const size_t size = reader.ReadCount();
  return absl::string_view(reinterpret_cast<const char*>(reader.Take(size)), size);
}

}  // namespace

// Seconds and quarters of a nanosecond, through Abseil's arithmetic: its own layout has padding and
// is not the same in every version.
void PutDuration(ByteWriter& writer, absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return writer.WriteByte(kForever);
  if (duration == -absl::InfiniteDuration()) return writer.WriteByte(kMinusForever);
  absl::Duration rest;
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &rest);
  const int64_t ticks = absl::IDivDuration(rest, Tick(), &rest);
  writer.WriteByte(kFinite);
  writer.Write(&seconds, sizeof(seconds));
  writer.Write(&ticks, sizeof(ticks));
}

absl::Duration GetDuration(ByteReader& reader) {
  switch (reader.ReadByte()) {
    case kFinite:
      break;
    case kForever:
      return absl::InfiniteDuration();
    case kMinusForever:
      return -absl::InfiniteDuration();
    default:
      reader.Fail("an absl::Duration of no known kind");
  }
  int64_t seconds = 0;
  int64_t ticks = 0;
  reader.Read(&seconds, sizeof(seconds));
  reader.Read(&ticks, sizeof(ticks));
  if (ticks <= -kTicksPerSecond || ticks >= kTicksPerSecond) {
    reader.Fail("an absl::Duration with a fraction of more than a second");
  }
  return absl::Seconds(seconds) + Tick() * ticks;
}

void PutCord(ByteWriter& writer, const absl::Cord& cord) {
  writer.WriteLength(cord.size());
  for (absl::string_view chunk : cord.Chunks()) writer.Write(chunk.data(), chunk.size());
}

absl::Cord GetCord(ByteReader& reader) { return absl::Cord(GetText(reader)); }

void PutStatus(ByteWriter& writer, const absl::Status& status) {
  writer.WriteLength(static_cast<uint64_t>(status.raw_code()));
  if (status.ok()) return;
  PutText(writer, status.message());
  uint64_t payloads = 0;
  status.ForEachPayload([&](absl::string_view, const absl::Cord&) { ++payloads; });
  writer.WriteLength(payloads);
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    PutText(writer, type);
    PutCord(writer, payload);
  });
}

absl::Status GetStatus(ByteReader& reader) {
  const uint64_t code = reader.ReadLength();
  if (code == 0) return absl::OkStatus();
  if (code > kMaxStatusCode) reader.Fail("an absl::Status with an impossible code");
  absl::Status status(static_cast<absl::StatusCode>(code), GetText(reader));
  const size_t payloads = reader.ReadCount();
  for (size_t i = 0; i < payloads; ++i) {
    const absl::string_view type = GetText(reader);
    status.SetPayload(type, GetCord(reader));
  }
  return status;
}

}  // namespace progeny::detail
