#include "origin/http/mail.h"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "origin/store/uuid.h"

namespace footlight::origin {

MailHook::MailHook(MailOptions options) : options_(std::move(options)), thread_([this] { loop(); }) {
  if (!options_.outbox.empty()) std::filesystem::create_directories(options_.outbox);
}

MailHook::~MailHook() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void MailHook::send(MailMessage message) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) return;  // somebody tries addresses; the mail server is not ours to flood
    waiting_.push_back(std::move(message));
  }
  wake_.notify_one();
}

void MailHook::loop() {
  for (;;) {
    MailMessage message;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      message = std::move(waiting_.front());
      waiting_.pop_front();
    }
    deliver(message);
  }
}

void MailHook::deliver(const MailMessage& message) {
  const std::string text = nlohmann::ordered_json{{"to", message.to},
                                                  {"kind", "claim"},
                                                  {"claim", message.claim},
                                                  {"url", options_.claim_url + "#" + message.claim}}
                               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                           "\n";
  if (!options_.outbox.empty()) {
    const std::string file = options_.outbox + "/" + to_string(random_uuid()) + ".json";
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (fd >= 0) ::close(fd);
    if (!written) fmt::print(stderr, "mail: cannot write into the outbox\n");
  }
  if (!options_.command.empty()) {
    // The command is the owner's own, from the command line; the message reaches it by standard
    // input only.
    FILE* pipe = ::popen(options_.command.c_str(), "w");
    const bool sent = pipe != nullptr && std::fwrite(text.data(), 1, text.size(), pipe) == text.size();
    if (pipe == nullptr || ::pclose(pipe) != 0 || !sent) fmt::print(stderr, "mail: the command failed\n");
  }
}

}  // namespace footlight::origin
