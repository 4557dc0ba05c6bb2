#include "origin/http/obeyed_flags.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/experiment/evaluate.h"
#include "core/experiment/hash.h"
#include "core/visitor/engagement.h"
#include "origin/experiment/answer.h"
#include "origin/experiment/page_flags.h"
#include "origin/experiment/request.h"
#include "origin/store/uuid.h"

namespace footlight::origin {
namespace {

using experiment::Json;

constexpr std::string_view kSlot = "slot:";

// What the record remembers, by the evaluator's names: {"experiment__version": variant}.
Json sticky_of(const Visitor& visitor, const experiment::Program& program) {
  Json known = Json::object();
  for (const experiment::ExperimentRow& row : program.experiments) {
    if ((row.flags & experiment::kExperimentDoesNotStick) != 0) continue;
    const std::string_view key = program.text(row.key);
    for (std::uint32_t i = 0; i < visitor.sticky_count; ++i) {
      const StickyAssignment& kept = visitor.sticky[i];
      if (kept.experiment_id != experiment::hash_state(key) || kept.bucket_version != row.bucket_version ||
          kept.variant >= row.variants.count) {
        continue;
      }
      const std::string_view variant = program.text(program.variants[row.variants.first + kept.variant].key);
      known[fmt::format("{}__{}", key, row.bucket_version)] =
          variant.empty() ? std::to_string(kept.variant) : std::string(variant);
    }
  }
  return known;
}

Json root_of(const publish::LiveSnapshot& live, const Visitor& visitor, const Context& context) {
  Json attributes = Json::object();
  Json root = Json::object();
  if (context.personalize) {
    attributes["segment"] = live.view().segment_name(segment_of(visitor, live.view()), 0);
    attributes["engagementLevel"] = engagement_level(visitor);
    if (visitor.unit_id != 0) {
      const std::string id = fmt::format("{:016x}", visitor.unit_id);
      attributes["id"] = id;
      root["sticky"] = {{"id||" + id, sticky_of(visitor, live.flags())}};
    }
  } else {
    root["disabled"] = true;
  }
  root["attributes"] = std::move(attributes);
  return root;
}

float number_in(const Json& object, const char* name, float otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<float>() : otherwise;
}

// The bytes of core/rank/adjust.h, as wasm/binding/adjust.ts makes them.
class AdjustmentBytes {
 public:
  explicit AdjustmentBytes(const snapshot::SnapshotView& view) : view_(view) {}

  void weigh(const Json& factors) {
    if (!factors.is_object()) return;
    head_ = {number_in(factors, "match", 1),
             number_in(factors, "engagement", 1),
             number_in(factors, "item_item", 1),
             number_in(factors, "prior", 1),
             0,
             0};
    changes_ = true;
  }

  void change_slot(std::string_view name, const Json& value) {
    const std::uint32_t slot = value.is_object() ? view_.find_slot(name) : snapshot::kNone;
    if (slot == snapshot::kNone) return;
    slots_.push_back({slot, static_cast<std::uint32_t>(number_in(value, "limit", 0)), number_in(value, "diversity", -1),
                      number_in(value, "temperature", -1)});
    place(slot, value, "pin", true);
    place(slot, value, "exclude", false);
    changes_ = true;
  }

  [[nodiscard]] bool changes() const noexcept { return changes_; }

  [[nodiscard]] std::vector<std::byte> bytes() const {
    AdjustmentHead head = head_;
    head.slots = static_cast<std::uint32_t>(slots_.size());
    head.placements = static_cast<std::uint32_t>(placements_.size());
    std::vector<std::byte> out;
    append(out, std::as_bytes(std::span(&head, 1)));
    append(out, std::as_bytes(std::span(slots_)));
    append(out, std::as_bytes(std::span(placements_)));
    return out;
  }

 private:
  static void append(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
  }

  void place(std::uint32_t slot, const Json& value, const char* name, bool pins) {
    const auto list = value.find(name);
    if (list == value.end() || !list->is_array()) return;
    for (std::uint32_t position = 0; position < list->size(); ++position) {
      const Json& id = (*list)[position];
      const auto uuid = id.is_string() ? parse_uuid(id.get<std::string>()) : std::nullopt;
      const std::uint32_t item =
          uuid ? view_.find_item_by_uuid(std::span<const std::uint8_t, 16>(*uuid)) : snapshot::kNone;
      if (item != snapshot::kNone) placements_.push_back({slot, item, pins ? position : snapshot::kNone, 0});
    }
  }

  const snapshot::SnapshotView& view_;
  AdjustmentHead head_{1, 1, 1, 1, 0, 0};
  std::vector<SlotAdjustment> slots_;
  std::vector<Placement> placements_;
  bool changes_ = false;
};

}  // namespace

bool acts_on_pages(const publish::LiveSnapshot& live) {
  const auto& features = live.flags().features;
  return std::any_of(features.begin(), features.end(),
                     [&](const auto& row) { return experiment::acts_on_pages(live.flags().text(row.key)); });
}

ObeyedFlags::ObeyedFlags(const publish::LiveSnapshot& live, const Visitor& visitor, Context& context) : live_(live) {
  if (!acts_on_pages(live)) return;
  const experiment::Program& program = live.flags();
  const auto words = experiment::request_bytes(root_of(live, visitor, context));
  const auto table = experiment::read_request(std::as_bytes(std::span(words)));
  if (!table) return;
  const auto request = experiment::Request::of(*table, context.now_s);
  experiment::Evaluator evaluator(program, request);
  AdjustmentBytes adjustment(live.view());
  for (std::uint32_t f = 0; f < program.features.size(); ++f) {
    const std::string_view key = program.text(program.features[f].key);
    if (!experiment::acts_on_pages(key)) continue;
    const Json value = experiment::json_of(evaluator.feature(f).value);
    if (key == "weights") {
      adjustment.weigh(value);
    } else if (key.starts_with(kSlot)) {
      adjustment.change_slot(key.substr(kSlot.size()), value);
    } else if (value.is_boolean() && !value.get<bool>()) {
      context.personalize = false;
    }
  }
  if (!adjustment.changes()) return;
  const std::vector<std::byte> bytes = adjustment.bytes();
  const auto read = read_adjustment(bytes);
  if (!read) return;  // publishing has checked the values: too many slots or contents are left
  room_.resize(adjusted_bytes(live.view()));
  adjusted_.emplace(live.view(), *read, room_);
}

}  // namespace footlight::origin
