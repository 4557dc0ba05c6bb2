// The mail hook: Footlight sends no mail itself. It hands each message to a command, or puts it
// into a folder.
//
//     {"to": "a@example.com", "kind": "claim", "claim": "flc_…", "url": "https://site/claim#flc_…"}
//
// A command gets the JSON on its standard input. Messages wait in a bounded queue for one thread,
// so the request that caused one is never late, and its timing says nothing.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace footlight::origin {

struct MailOptions {
  std::string command;    // run with /bin/sh -c; empty: none
  std::string outbox;     // folder for one JSON file a message (mode 0600); empty: none
  std::string claim_url;  // where the site redeems a claim; the claim follows as the fragment,
                          // which no server logs
};

struct MailMessage {
  std::string to;
  std::string claim;
};

class MailHook {
 public:
  explicit MailHook(MailOptions options);
  ~MailHook();  // sends what waits
  MailHook(const MailHook&) = delete;
  MailHook& operator=(const MailHook&) = delete;

  void send(MailMessage message);

 private:
  void loop();
  void deliver(const MailMessage& message);

  static constexpr std::size_t kMaxWaiting = 1000;
  MailOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<MailMessage> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace footlight::origin
