// Progress of long work on stderr: one line that is rewritten on a terminal, a line every five seconds elsewhere.
//
//     Progress progress("train");
//     progress("reading interactions", -1);    // share not known
//     progress("fitting", 0.4);                // "train: fitting 40 %"
//
// One thread at a time. The destructor clears the line on a terminal, so that what is printed next starts clean.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace footlight::cli {

class Progress {
 public:
  explicit Progress(std::string_view command);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void operator()(std::string_view stage, double share);
  // For counts: "import: 12,000 of 98,654 rows".
  void count(std::string_view stage, std::size_t done, std::size_t all);

 private:
  void show(const std::string& text);

  std::string command_;
  bool terminal_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace footlight::cli
