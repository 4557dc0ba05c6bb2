#include "origin/experiment/compile_pattern.h"

#include <algorithm>
#include <bitset>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <unicode/uchar.h>

#include "core/experiment/text.h"

namespace footlight::experiment {
namespace {

constexpr std::size_t kUnits = 65536;
constexpr std::uint32_t kUnlimited = 0xFFFFFFFFU;
using Set = std::bitset<kUnits>;

struct Refused {
  CompiledPattern::Verdict verdict;
  std::string detail;
};

struct Node {
  enum class Type { kEmpty, kSet, kSequence, kChoice, kRepeat, kAssert } type = Type::kEmpty;
  Set set;
  PatternOp op = PatternOp::kStart;  // of kAssert
  std::uint32_t least = 0;           // of kRepeat
  std::uint32_t most = 0;
  std::vector<std::unique_ptr<Node>> children;
};
using Owned = std::unique_ptr<Node>;

Owned make(Node::Type type) {
  auto node = std::make_unique<Node>();
  node->type = type;
  return node;
}

void add_range(Set& set, std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t u = first; u <= last; ++u) set.set(u);
}

// CharacterClassEscape: d, s and w, and their opposites.
Set class_escape(char16_t letter) {
  Set set;
  switch (letter | 0x20) {
    case 'd':
      add_range(set, '0', '9');
      break;
    case 'w':
      add_range(set, '0', '9');
      add_range(set, 'A', 'Z');
      add_range(set, 'a', 'z');
      set.set('_');
      break;
    default:
      for (const std::uint32_t u : {0x20U, 0xA0U, 0x1680U, 0x2028U, 0x2029U, 0x202FU, 0x205FU, 0x3000U, 0xFEFFU}) {
        set.set(u);
      }
      add_range(set, 0x09, 0x0D);
      add_range(set, 0x2000, 0x200A);
  }
  return letter < 'a' ? ~set : set;
}

Set any_but_line_ends() {
  Set set;
  set.set();
  for (const std::uint32_t u : {0x0AU, 0x0DU, 0x2028U, 0x2029U}) set.reset(u);
  return set;
}

// Canonicalize of ECMA-262, 22.2.2.7.3, without u: one unit in upper case, unless that would leave ASCII for it.
std::uint32_t canonical(std::uint32_t unit) {
  const auto upper = static_cast<std::uint32_t>(u_toupper(static_cast<UChar32>(unit)));
  if (upper >= kUnits || (unit >= 128 && upper < 128)) return unit;
  return upper;
}

Set with_all_cases(const Set& set) {
  static const std::vector<std::uint16_t>& of = *[] {
    auto* all = new std::vector<std::uint16_t>(kUnits);
    for (std::uint32_t u = 0; u < kUnits; ++u) (*all)[u] = static_cast<std::uint16_t>(canonical(u));
    return all;
  }();
  Set upper;
  for (std::uint32_t u = 0; u < kUnits; ++u) {
    if (set[u]) upper.set(of[u]);
  }
  Set closed;
  for (std::uint32_t u = 0; u < kUnits; ++u) {
    if (upper[of[u]]) closed.set(u);
  }
  return closed;
}

class Parser {
 public:
  Parser(std::string_view pattern, bool ignore_case) : ignore_case_(ignore_case) {
    Units units(pattern);
    for (int unit = units.next(); unit >= 0; unit = units.next()) text_ += static_cast<char16_t>(unit);
    count_groups();
  }

  Owned parse() {
    Owned node = choice();
    if (at_ < text_.size()) refuse("unmatched ')'");
    return node;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    throw Refused{CompiledPattern::Verdict::kInvalid, fmt::format("{} at {}", what, at_)};
  }
  [[noreturn]] void cannot(std::string_view what) const {
    throw Refused{CompiledPattern::Verdict::kUnsupported, fmt::format("{} at {} cannot be bounded", what, at_)};
  }
  [[nodiscard]] bool sees(std::u16string_view text) const {
    return std::u16string_view(text_).substr(at_).starts_with(text);
  }
  bool takes(std::u16string_view text) {
    if (!sees(text)) return false;
    at_ += text.size();
    return true;
  }

  // Capturing groups, to tell \1 as a reference from \1 as an octal escape.
  void count_groups() {
    bool in_class = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (in_class) {
        in_class = text_[i] != ']';
      } else if (text_[i] == '[') {
        in_class = true;
      } else if (text_[i] == '(') {
        const bool named =
            text_.compare(i, 3, u"(?<") == 0 && i + 3 < text_.size() && text_[i + 3] != '=' && text_[i + 3] != '!';
        groups_ += named || i + 1 >= text_.size() || text_[i + 1] != '?' ? 1 : 0;
        has_names_ = has_names_ || named;
      }
    }
  }

  Owned choice() {
    if (++depth_ > 100) cannot("a group so deep");
    Owned node = make(Node::Type::kChoice);
    do {
      node->children.push_back(sequence());
    } while (takes(u"|"));
    --depth_;
    return node;
  }

  Owned sequence() {
    Owned node = make(Node::Type::kSequence);
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') node->children.push_back(term());
    return node;
  }

  Owned term() {
    if (takes(u"^")) return assertion(PatternOp::kStart);
    if (takes(u"$")) return assertion(PatternOp::kEnd);
    if (takes(u"\\b")) return assertion(PatternOp::kBoundary);
    if (takes(u"\\B")) return assertion(PatternOp::kNoBoundary);
    if (sees(u"(?=") || sees(u"(?!") || sees(u"(?<=") || sees(u"(?<!")) cannot("look-around");
    return repeated(atom());
  }

  static Owned assertion(PatternOp op) {
    Owned node = make(Node::Type::kAssert);
    node->op = op;
    return node;
  }

  Owned repeated(Owned inner) {
    std::uint32_t least = 0;
    std::uint32_t most = kUnlimited;
    if (takes(u"*")) {
    } else if (takes(u"+")) {
      least = 1;
    } else if (takes(u"?")) {
      most = 1;
    } else if (const auto braces = read_braces()) {
      std::tie(least, most) = *braces;
      if (least > most) refuse("numbers out of order in {}");
    } else {
      return inner;
    }
    takes(u"?");
    Owned node = make(Node::Type::kRepeat);
    node->least = least;
    node->most = most;
    node->children.push_back(std::move(inner));
    return node;
  }

  // {2}, {2,}, {2,5}; anything else is text.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> read_braces() {
    if (!sees(u"{")) return std::nullopt;
    std::size_t at = at_ + 1;
    const auto number = [&]() -> std::optional<std::uint32_t> {
      std::uint32_t value = 0;
      const std::size_t first = at;
      for (; at < text_.size() && text_[at] >= '0' && text_[at] <= '9'; ++at) {
        value = std::min(value * 10 + static_cast<std::uint32_t>(text_[at] - '0'), 100'000U);
      }
      return at > first ? std::optional(value) : std::nullopt;
    };
    const auto least = number();
    if (!least) return std::nullopt;
    std::uint32_t most = *least;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      most = number().value_or(kUnlimited);
    }
    if (at >= text_.size() || text_[at] != '}') return std::nullopt;
    at_ = at + 1;
    return std::pair(*least, most);
  }

  Owned atom() {
    if (takes(u"(")) return group();
    if (takes(u"[")) return set_node(char_class(), false);
    if (takes(u".")) return set_node(any_but_line_ends(), false);
    if (takes(u"\\")) return escape();
    if (sees(u"*") || sees(u"+") || sees(u"?")) refuse("nothing to repeat");
    if (sees(u"{")) {
      const std::size_t before = at_;
      if (read_braces()) {
        at_ = before;
        refuse("nothing to repeat");
      }
    }
    Set one;
    one.set(text_[at_++]);
    return set_node(one, true);
  }

  Owned set_node(const Set& set, bool close) const {
    Owned node = make(Node::Type::kSet);
    node->set = close && ignore_case_ ? with_all_cases(set) : set;
    return node;
  }

  Owned group() {
    if (takes(u"?<")) {
      const std::size_t end = text_.find(u'>', at_);
      if (end == std::u16string::npos || end == at_) refuse("a group without a name");
      at_ = end + 1;
    } else if (sees(u"?")) {
      if (!takes(u"?:")) refuse("not a group");
    }
    Owned node = choice();
    if (!takes(u")")) refuse("unterminated group");
    return node;
  }

  Owned escape() {
    if (at_ >= text_.size()) refuse("a backslash at the end");
    const char16_t letter = text_[at_];
    if (std::u16string_view(u"dDsSwW").find(letter) != std::u16string_view::npos) {
      ++at_;
      return set_node(class_escape(letter), true);
    }
    if (letter >= '1' && letter <= '9') {
      std::uint32_t number = 0;
      for (std::size_t i = at_; i < text_.size() && text_[i] >= '0' && text_[i] <= '9' && number < 1000; ++i) {
        number = number * 10 + static_cast<std::uint32_t>(text_[i] - '0');
      }
      if (number <= groups_) cannot("a back reference");
    }
    if (letter == 'k' && has_names_) cannot("a back reference");
    Set one;
    one.set(character_escape());
    return set_node(one, true);
  }

  // The unit that an escape stands for; `at_` is on its letter.
  char16_t character_escape() {
    const char16_t letter = text_[at_++];
    switch (letter) {
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'v':
        return '\v';
      case 'x':
        return hex(2).value_or('x');
      case 'u':
        return hex(4).value_or('u');
      case 'c': {
        const char16_t next = at_ < text_.size() ? text_[at_] : u'\0';
        if ((next | 0x20) >= 'a' && (next | 0x20) <= 'z') {
          ++at_;
          return next % 32;
        }
        --at_;  // a backslash, and the c for itself
        return '\\';
      }
      default:
        break;
    }
    if (letter < '0' || letter > '7') return letter;
    std::uint32_t octal = static_cast<std::uint32_t>(letter - '0');
    for (int more = 0; more < 2 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++more) {
      const std::uint32_t next = octal * 8 + static_cast<std::uint32_t>(text_[at_] - '0');
      if (next > 255) break;
      octal = next;
      ++at_;
    }
    return static_cast<char16_t>(octal);
  }

  std::optional<char16_t> hex(std::size_t digits) {
    if (at_ + digits > text_.size()) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char16_t c = text_[at_ + i];
      const auto lower = static_cast<char16_t>(c | 0x20);
      if (c >= '0' && c <= '9') {
        value = value * 16 + static_cast<std::uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    at_ += digits;
    return static_cast<char16_t>(value);
  }

  // After "[".
  Set char_class() {
    const bool opposite = takes(u"^");
    Set set;
    while (!takes(u"]")) {
      if (at_ >= text_.size()) refuse("unterminated class");
      const auto [first, first_single] = class_atom();
      const bool range = sees(u"-") && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!range) {
        set |= first;
        continue;
      }
      ++at_;
      const auto [last, last_single] = class_atom();
      if (!first_single || !last_single) {  // [\w-z]: three things
        set |= first | last;
        set.set('-');
      } else if (*first_single > *last_single) {
        refuse("range out of order");
      } else {
        add_range(set, *first_single, *last_single);
      }
    }
    if (ignore_case_) set = with_all_cases(set);
    return opposite ? ~set : set;
  }

  std::pair<Set, std::optional<char16_t>> class_atom() {
    Set set;
    char16_t unit = text_[at_];
    if (takes(u"\\")) {
      if (at_ >= text_.size()) refuse("unterminated class");
      const char16_t letter = text_[at_];
      if (std::u16string_view(u"dDsSwW").find(letter) != std::u16string_view::npos) {
        ++at_;
        return {class_escape(letter), std::nullopt};
      }
      if (takes(u"b")) {
        unit = '\b';
      } else {
        unit = character_escape();
      }
    } else {
      ++at_;
    }
    set.set(unit);
    return {set, unit};
  }

  std::u16string text_;
  bool ignore_case_;
  std::size_t at_ = 0;
  std::uint32_t groups_ = 0;
  bool has_names_ = false;
  int depth_ = 0;
};

class Emitter {
 public:
  explicit Emitter(CompiledPattern& out) : out_(out) {}

  void emit(const Node& node) {
    switch (node.type) {
      case Node::Type::kEmpty:
        break;
      case Node::Type::kSet:
        emit_set(node.set);
        break;
      case Node::Type::kAssert:
        push({node.op, 0, 0});
        break;
      case Node::Type::kSequence:
        for (const Owned& child : node.children) emit(*child);
        break;
      case Node::Type::kChoice:
        emit_choice(node);
        break;
      case Node::Type::kRepeat:
        emit_repeat(node);
        break;
    }
  }

  void finish() { push({PatternOp::kMatch, 0, 0}); }

 private:
  std::uint32_t push(PatternRow row) {
    if (out_.rows.size() == kMaxInstructions) {
      throw Refused{CompiledPattern::Verdict::kUnsupported,
                    fmt::format("it takes more than {} instructions", kMaxInstructions)};
    }
    out_.rows.push_back(row);
    return static_cast<std::uint32_t>(out_.rows.size() - 1);
  }
  [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(out_.rows.size()); }

  void emit_set(const Set& set) {
    const auto first = static_cast<std::uint32_t>(out_.ranges.size());
    for (std::uint32_t u = 0; u < kUnits; ++u) {
      if (!set[u]) continue;
      std::uint32_t last = u;
      while (last + 1 < kUnits && set[last + 1]) ++last;
      out_.ranges.push_back({static_cast<std::uint16_t>(u), static_cast<std::uint16_t>(last)});
      u = last;
    }
    push({PatternOp::kSet, first, static_cast<std::uint32_t>(out_.ranges.size()) - first});
  }

  void emit_choice(const Node& node) {
    std::vector<std::uint32_t> to_end;
    for (std::size_t c = 0; c + 1 < node.children.size(); ++c) {
      const std::uint32_t split = push({PatternOp::kSplit, 0, 0});
      out_.rows[split].a = here();
      emit(*node.children[c]);
      to_end.push_back(push({PatternOp::kJump, 0, 0}));
      out_.rows[split].b = here();
    }
    emit(*node.children.back());
    for (const std::uint32_t jump : to_end) out_.rows[jump].a = here();
  }

  void emit_repeat(const Node& node) {
    const Node& inner = *node.children[0];
    for (std::uint32_t i = 0; i < node.least; ++i) emit(inner);
    if (node.most == kUnlimited) {
      const std::uint32_t split = push({PatternOp::kSplit, 0, 0});
      out_.rows[split].a = here();
      emit(inner);
      push({PatternOp::kJump, split, 0});
      out_.rows[split].b = here();
      return;
    }
    std::vector<std::uint32_t> splits;
    for (std::uint32_t i = node.least; i < node.most; ++i) {
      splits.push_back(push({PatternOp::kSplit, 0, 0}));
      out_.rows[splits.back()].a = here();
      emit(inner);
    }
    for (const std::uint32_t split : splits) out_.rows[split].b = here();
  }

  CompiledPattern& out_;
};

}  // namespace

CompiledPattern compile_pattern(std::string_view pattern, bool ignore_case) {
  CompiledPattern out;
  try {
    const Owned tree = Parser(pattern, ignore_case).parse();
    Emitter emitter(out);
    emitter.emit(*tree);
    emitter.finish();
  } catch (const Refused& refused) {
    out = {refused.verdict, refused.detail, {}, {}};
  }
  return out;
}

CompiledPattern compile_wildcard(const std::vector<std::string>& pieces, bool optional_slashes) {
  std::string pattern = optional_slashes ? "^\\/?" : "^";
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    if (p > 0) pattern += ".*";
    for (const char c : pieces[p]) {
      if (std::string_view("*.+?^${}()|[]\\/").find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
  }
  return compile_pattern(pattern + (optional_slashes ? "\\/?$" : "$"), true);
}

}  // namespace footlight::experiment
