// How often does each word occur in a big text? Counted by a pool, piece by piece, and once more by
// one loop in this process: both must find the same.
//
//     word_count [--file TEXT] [--mebibytes 256] [--start fork] [--workers N] [--piece 4194304]
//     [--json]
//
// Without --file it makes a text of that size itself.
#include <algorithm>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "corpus.h"
#include "count.h"
#include "flags.h"
#include "progeny/progeny.h"

namespace {

using word_count::Counts;
using word_count::Piece;

struct Options {
  std::string file;
  int64_t mebibytes = 0;
  progeny::StartMethod start = {};
  int64_t workers = 0;
  int64_t piece = 0;
  bool json = false;
};

struct Result {
  int64_t bytes = 0;
  int64_t words = 0;
  size_t different = 0;
  absl::Duration by_pool;
  absl::Duration by_loop;
  std::vector<std::pair<std::string, int64_t>> top;
};

std::vector<Piece> Cut(const std::string& file, int64_t bytes, int64_t piece) {
  std::vector<Piece> pieces;
  for (int64_t at = 0; at < bytes; at += piece) {
    pieces.push_back({file, at, std::min(at + piece, bytes)});
  }
  return pieces;
}

absl::StatusOr<Counts> CountInPool(const Options& options, const std::vector<Piece>& pieces) {
  absl::StatusOr<progeny::Pool> pool = progeny::Pool::Create(
      {.workers = static_cast<int>(options.workers), .process = {.start_method = options.start}});
  if (!pool.ok()) return pool.status();
  Counts sum;
  for (const absl::StatusOr<Counts>& counts : pool->IMapUnordered(
           progeny::fn<&word_count::CountWords>, pieces,
           {.chunk_size = 1, .on_progress = progeny::ProgressBar({.label = "counting"})})) {
    if (!counts.ok()) return counts.status();
    word_count::Add(*counts, sum);
  }
  return sum;
}

absl::StatusOr<Result> CountTwice(const Options& options) {
  std::error_code error;
  Result result;
  result.bytes = static_cast<int64_t>(std::filesystem::file_size(options.file, error));
  if (error) return absl::NotFoundError(options.file + ": " + error.message());
  const absl::Time begin = absl::Now();
  absl::StatusOr<Counts> by_pool =
      CountInPool(options, Cut(options.file, result.bytes, options.piece));
  if (!by_pool.ok()) return by_pool.status();
  const absl::Time between = absl::Now();
  absl::StatusOr<Counts> by_loop = word_count::CountWords({options.file, 0, result.bytes});
  if (!by_loop.ok()) return by_loop.status();
  result.by_pool = between - begin;
  result.by_loop = absl::Now() - between;
  if (*by_pool != *by_loop)
    return absl::InternalError("the pool and the loop have counted differently");
  for (const auto& entry : *by_loop) {
    result.words += entry.second;
    result.top.push_back(entry);
  }
  result.different = result.top.size();
  std::sort(result.top.begin(), result.top.end(), [](const auto& a, const auto& b) {
    return std::pair(-a.second, a.first) < std::pair(-b.second, b.first);
  });
  result.top.resize(std::min<size_t>(result.top.size(), 5));
  return result;
}

void Print(const Options& options, const Result& result) {
  const double ratio = absl::FDivDuration(result.by_loop, result.by_pool);
  std::printf(options.json
                  ? "{\"bytes\": %lld, \"words\": %lld, \"different\": %zu, "
                    "\"pool_ms\": %.1f, \"loop_ms\": %.1f, \"ratio\": %.2f, \"top\": {"
                  : "%lld bytes, %lld words, %zu different\n"
                    "pool %.1f ms, one loop %.1f ms (%.2f times as long), the same counts\n",
              static_cast<long long>(result.bytes), static_cast<long long>(result.words),
              result.different, absl::ToDoubleMilliseconds(result.by_pool),
              absl::ToDoubleMilliseconds(result.by_loop), ratio);
  const char* between = "";
  for (const auto& [word, count] : result.top) {
    std::printf(options.json ? "%s\"%s\": %lld" : "%s%s %lld", between, word.c_str(),
                static_cast<long long>(count));
    between = options.json ? ", " : "\n";
  }
  std::printf(options.json ? "}}\n" : "\n");
}

int Run(const Options& options) {
  const absl::StatusOr<Result> result = CountTwice(options);
  if (result.ok())
    Print(options, *result);
  else
    std::fprintf(stderr, "word_count: %s\n", result.status().ToString().c_str());
  return result.ok() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  examples::Flags flags(argc, argv);
  Options options{.file = flags.Text("--file", ""),
                  .mebibytes = flags.Number("--mebibytes", 256),
                  .start = flags.Start(),
                  .workers = flags.Number("--workers", progeny::UsableCpus()),
                  .piece = flags.Number("--piece", int64_t{4} << 20),
                  .json = flags.Switch("--json")};
  if (const absl::Status status = flags.Finish(); !status.ok()) {
    std::fprintf(stderr, "word_count: %s\n", std::string(status.message()).c_str());
    return 2;
  }
  if (!options.file.empty()) return Run(options);
  const word_count::TemporaryFile made;
  options.file = made.path().string();
  const absl::Status written = word_count::WriteCorpus(made.path(), options.mebibytes << 20);
  if (!written.ok()) {
    std::fprintf(stderr, "word_count: %s\n", written.ToString().c_str());
    return 1;
  }
  return Run(options);
}
