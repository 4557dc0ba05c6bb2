// What a reader refuses: a good snapshot with one field changed, truncated, flipped, or with other sections.
#include "core/snapshot/reader.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <ostream>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/visitor/record.h"
#include "tests/unit/core/site.h"

namespace {

using namespace footlight;
namespace data = boost::unit_test::data;
using snapshot::Section;
using snapshot::SnapshotView;

// A copy of a snapshot to be spoiled.
class Patch {
 public:
  Patch(const Site& site) : view(site.view), bytes(site.bytes), original_(site.bytes.data()) {}

  // Changes a field that a const reference into the original names.
  template <typename T>
  void set(const T& field, std::type_identity_t<T> value) {
    std::memcpy(bytes.data() + (reinterpret_cast<const std::byte*>(&field) - original_), &value, sizeof value);
  }

  [[nodiscard]] const snapshot::SectionRow& section(Section number) const {
    const auto* row = reinterpret_cast<const snapshot::SectionRow*>(original_ + sizeof(snapshot::Header));
    while (row->section != number) ++row;
    return *row;
  }

  template <typename T>
  [[nodiscard]] const T* table(Section number) const {
    return reinterpret_cast<const T*>(original_ + section(number).offset);
  }

  const SnapshotView& view;
  std::vector<std::byte> bytes;

 private:
  const std::byte* original_;
};

struct PatchCase {
  const char* name;
  std::function<void(Patch&)> change;
  Status want;
};
std::ostream& operator<<(std::ostream& out, const PatchCase& c) { return out << c.name; }

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const std::vector<PatchCase> kPatches = {
    // Header and section table.
    {"magic", [](Patch& p) { p.set(p.view.header().magic, 0x4B4E554AU); }, Status::kBadMagic},
    {"major", [](Patch& p) { p.set(p.view.header().major, 2); }, Status::kUnsupportedMajor},
    {"total bytes too few", [](Patch& p) { p.set(p.view.header().total_bytes, p.view.header().total_bytes - 16); },
     Status::kBadSection},
    {"total bytes too many", [](Patch& p) { p.set(p.view.header().total_bytes, p.view.header().total_bytes + 16); },
     Status::kTruncated},
    {"section count beyond the file", [](Patch& p) { p.set(p.view.header().section_count, 0xFFFFFFFFU); },
     Status::kTruncated},
    {"segment of a pack", [](Patch& p) { p.set(p.view.header().segment, 7); }, Status::kBadReference},
    {"a section off its 16 bytes",
     [](Patch& p) { p.set(p.section(Section::kLocales).offset, p.section(Section::kLocales).offset + 4); },
     Status::kBadSection},
    {"a section over another",
     [](Patch& p) { p.set(p.section(Section::kLocales).offset, p.section(Section::kStrings).offset); },
     Status::kBadSection},
    {"a section beyond the file", [](Patch& p) { p.set(p.section(Section::kWeights).bytes, 0xFFFFFFF0U); },
     Status::kTruncated},
    {"a section missing", [](Patch& p) { p.set(p.section(Section::kReasons).section, Section{99}); },
     Status::kMissingSection},
    {"a section twice", [](Patch& p) { p.set(p.section(Section::kWeights).section, Section::kReasons); },
     Status::kBadSection},
    {"rows that do not fill their bytes",
     [](Patch& p) { p.set(p.section(Section::kSlots).rows, p.section(Section::kSlots).rows - 1); },
     Status::kBadSection},
    {"more rows than the format has", [](Patch& p) { p.set(p.section(Section::kSlots).rows, 33); }, Status::kTooLarge},
    // Vocabulary.
    {"locale tag", [](Patch& p) { p.set(p.table<snapshot::StringRef>(Section::kLocales)->length, 0x7FFFFFFFU); },
     Status::kBadReference},
    {"question name", [](Patch& p) { p.set(p.view.questions()[1].name.offset, 0x7FFFFFFFU); }, Status::kBadReference},
    {"question factor", [](Patch& p) { p.set(p.view.questions()[1].factor.length, 0x7FFFFFFFU); },
     Status::kBadReference},
    {"question kind", [](Patch& p) { p.set(p.view.questions()[1].kind, snapshot::QuestionKind{4}); },
     Status::kBadValue},
    {"question id twice", [](Patch& p) { p.set(p.view.questions()[11].id, 1); }, Status::kBadValue},
    {"question weight above 1", [](Patch& p) { p.set(p.view.questions()[3].weight, 1.01F); }, Status::kBadValue},
    {"question weight NaN", [](Patch& p) { p.set(p.view.questions()[3].weight, kNan); }, Status::kBadValue},
    {"completeness below 0", [](Patch& p) { p.set(p.view.questions()[3].completeness, -0.1F); }, Status::kBadValue},
    {"first option", [](Patch& p) { p.set(p.view.questions()[3].first_option, 0); }, Status::kBadReference},
    {"option count", [](Patch& p) { p.set(p.view.questions()[3].option_count, 65); }, Status::kTooLarge},
    {"options left over", [](Patch& p) { p.set(p.view.questions()[9].option_count, 13); }, Status::kBadReference},
    {"question of an option", [](Patch& p) { p.set(p.view.options()[0].question, 1); }, Status::kBadReference},
    {"question of an option beyond all", [](Patch& p) { p.set(p.view.options()[0].question, 0xFFFFFFFFU); },
     Status::kBadReference},
    {"option id 0", [](Patch& p) { p.set(p.view.options()[0].id, 0); }, Status::kBadValue},
    {"option id above 65535", [](Patch& p) { p.set(p.view.options()[0].id, 65536); }, Status::kBadValue},
    {"option id twice", [](Patch& p) { p.set(p.view.options()[0].id, 1001); }, Status::kBadValue},
    {"option label", [](Patch& p) { p.set(p.view.options()[0].label.offset, 0xFFFFFFFFU); }, Status::kBadReference},
    {"option noun", [](Patch& p) { p.set(p.table<snapshot::StringRef>(Section::kOptionTexts)[3].offset, 0xFFFFFFFFU); },
     Status::kBadReference},
    {"match weight infinite", [](Patch& p) { p.set(p.view.weights().match, kInfinity); }, Status::kBadValue},
    {"history match above 1", [](Patch& p) { p.set(p.view.weights().history_match, 1.5F); }, Status::kBadValue},
    {"history exponent above 1", [](Patch& p) { p.set(p.view.weights().history_exponent, 1.01F); }, Status::kBadValue},
    {"history exponent below 0", [](Patch& p) { p.set(p.view.weights().history_exponent, -0.1F); }, Status::kBadValue},
    {"half-life NaN", [](Patch& p) { p.set(p.view.weights().half_life_days, kNan); }, Status::kBadValue},
    {"slope below 0", [](Patch& p) { p.set(p.view.weights().confidence_slope, -1.0F); }, Status::kBadValue},
    {"engagement weight below 0", [](Patch& p) { p.set(p.view.weights().engagement, -1.0F); }, Status::kBadValue},
    {"history exponent above 1", [](Patch& p) { p.set(p.view.weights().history_exponent, 1.5F); }, Status::kBadValue},
    // Engagement model.
    {"a table of the model missing", [](Patch& p) { p.set(p.section(Section::kBinTexts).section, Section{99}); },
     Status::kMissingSection},
    {"dimensions no multiple of 16", [](Patch& p) { p.set(p.view.engagement()->dimensions, 31); }, Status::kBadValue},
    {"too many dimensions", [](Patch& p) { p.set(p.view.engagement()->dimensions, 144); }, Status::kTooLarge},
    {"other dimensions", [](Patch& p) { p.set(p.view.engagement()->dimensions, 16); }, Status::kBadSection},
    {"too many trees", [](Patch& p) { p.set(p.view.engagement()->trees, 1025); }, Status::kTooLarge},
    {"another number of trees", [](Patch& p) { p.set(p.view.engagement()->trees, 11); }, Status::kBadSection},
    {"trees too deep", [](Patch& p) { p.set(p.view.engagement()->depth, 9); }, Status::kTooLarge},
    {"deeper trees", [](Patch& p) { p.set(p.view.engagement()->depth, 4); }, Status::kBadSection},
    {"unit NaN", [](Patch& p) { p.set(p.view.engagement()->unit, kNan); }, Status::kBadValue},
    {"base infinite", [](Patch& p) { p.set(p.view.engagement()->base[2], kInfinity); }, Status::kBadValue},
    {"blend below 0", [](Patch& p) { p.set(p.view.engagement()->blend[0], -0.1F); }, Status::kBadValue},
    {"gain below 0", [](Patch& p) { p.set(p.view.engagement()->gain[1], -0.1F); }, Status::kBadValue},
    {"leaf scale above 1", [](Patch& p) { p.set(p.view.engagement()->leaf_scale[0], 1.1F); }, Status::kBadValue},
    {"field name", [](Patch& p) { p.set(p.view.fields()[1].name.length, 0x7FFFFFFFU); }, Status::kBadReference},
    {"field source", [](Patch& p) { p.set(p.view.fields()[1].source, snapshot::FieldSource{13}); }, Status::kBadValue},
    {"question of a field", [](Patch& p) { p.set(p.view.fields()[0].argument, 12); }, Status::kBadReference},
    {"argument of a field without", [](Patch& p) { p.set(p.view.fields().back().argument, 1); }, Status::kBadReference},
    {"a field with no bin", [](Patch& p) { p.set(p.view.fields()[1].bins, 0); }, Status::kTooLarge},
    {"a field with too many bins", [](Patch& p) { p.set(p.view.fields()[1].bins, 65); }, Status::kTooLarge},
    {"a field that begins elsewhere", [](Patch& p) { p.set(p.view.fields()[1].first_bin, 0); }, Status::kBadReference},
    {"thresholds that begin elsewhere", [](Patch& p) { p.set(p.view.fields()[14].first_threshold, 0); },
     Status::kBadReference},
    {"thresholds that are not there", [](Patch& p) { p.set(p.view.fields().back().thresholds, 1); },
     Status::kBadSection},
    {"thresholds out of order", [](Patch& p) { p.set(*p.table<float>(Section::kThresholds), 1.0F); },
     Status::kBadValue},
    {"threshold NaN", [](Patch& p) { p.set(*p.table<float>(Section::kThresholds), kNan); }, Status::kBadValue},
    {"bin text", [](Patch& p) { p.set(p.table<snapshot::StringRef>(Section::kBinTexts)[3].offset, 0xFFFFFFFFU); },
     Status::kBadReference},
    {"bin weight infinite", [](Patch& p) { p.set(p.table<float>(Section::kBinWeights)[7], kInfinity); },
     Status::kBadValue},
    {"field of a split", [](Patch& p) { p.set(p.view.tree(2)[1].field, 0x40000000U); }, Status::kBadReference},
    {"item bias NaN", [](Patch& p) { p.set(p.table<float>(Section::kItemBiases)[4], kNan); }, Status::kBadValue},
    {"item scale below 0", [](Patch& p) { p.set(p.table<float>(Section::kItemScales)[1], -1.0F); }, Status::kBadValue},
    // Items.
    {"item id 0", [](Patch& p) { p.set(p.view.items()[0].id, 0); }, Status::kBadValue},
    {"items out of order", [](Patch& p) { p.set(p.view.items()[0].id, 0x7FFFFFFFU); }, Status::kBadValue},
    {"an unknown type", [](Patch& p) { p.set(p.view.items()[0].type, snapshot::ContentType{7}); }, Status::kBadValue},
    {"bias NaN", [](Patch& p) { p.set(p.view.items()[2].bias, kNan); }, Status::kBadValue},
    {"bias infinite", [](Patch& p) { p.set(p.view.items()[2].bias, -kInfinity); }, Status::kBadValue},
    {"preferred negative", [](Patch& p) { p.set(p.view.items()[2].preferred, -0.5F); }, Status::kBadValue},
    {"preferred NaN", [](Patch& p) { p.set(p.view.items()[2].preferred, kNan); }, Status::kBadValue},
    {"bias too large", [](Patch& p) { p.set(p.view.items()[2].bias, 1001.0F); }, Status::kBadValue},
    {"rate above 1", [](Patch& p) { p.set(p.view.items()[2].engagement_rate, 1.5F); }, Status::kBadValue},
    {"norm NaN", [](Patch& p) { p.set(p.view.items()[2].norm, kNan); }, Status::kBadValue},
    {"a negative affinity", [](Patch& p) { p.set(*p.view.features(1), -1); }, Status::kBadValue},
    {"item body", [](Patch& p) { p.set(p.table<snapshot::StringRef>(Section::kItemBodies)[2].length, 0x7FFFFFFFU); },
     Status::kBadReference},
    {"an index by id beyond the items",
     [](Patch& p) { p.set(p.table<std::uint32_t>(Section::kItemsById)[1], 0xFFFFFFFFU); }, Status::kBadReference},
    {"an index by id out of order",
     [](Patch& p) {
       const auto* index = p.table<std::uint32_t>(Section::kItemsById);
       p.set(index[0], index[1]);
       p.set(index[1], index[0]);
     },
     Status::kBadValue},
    {"an index by id with one item twice",
     [](Patch& p) {
       const auto* index = p.table<std::uint32_t>(Section::kItemsById);
       p.set(index[1], index[0]);
     },
     Status::kBadValue},
    {"an index by uuid out of order",
     [](Patch& p) {
       const auto* index = p.table<std::uint32_t>(Section::kItemsByUuid);
       p.set(index[0], index[1]);
       p.set(index[1], index[0]);
     },
     Status::kBadValue},
    // Neighbours.
    {"offsets that do not start at 0",
     [](Patch& p) { p.set(p.table<std::uint32_t>(Section::kNeighbourOffsets)[0], 1); }, Status::kBadReference},
    {"offsets that fall",
     [](Patch& p) {
       const auto* offsets = p.table<std::uint32_t>(Section::kNeighbourOffsets);
       p.set(offsets[2], offsets[1] - 1);
     },
     Status::kBadReference},
    {"offsets beyond the rows",
     [](Patch& p) { p.set(p.table<std::uint32_t>(Section::kNeighbourOffsets)[1], 0x7FFFFFFFU); },
     Status::kBadReference},
    {"a neighbour beyond the items", [](Patch& p) { p.set(p.view.neighbours(0).items.back(), 30); },
     Status::kBadReference},
    {"neighbours out of order", [](Patch& p) { p.set(p.view.neighbours(0).items[1], p.view.neighbours(0).items[0]); },
     Status::kBadValue},
    {"scale NaN", [](Patch& p) { p.set(*p.table<float>(Section::kNeighbourScales), kNan); }, Status::kBadValue},
    {"scale below 0", [](Patch& p) { p.set(*p.table<float>(Section::kNeighbourScales), -0.5F); }, Status::kBadValue},
    // Segments, slots, slates, rules.
    {"everyone's id", [](Patch& p) { p.set(p.view.segments()[0].id, 9); }, Status::kBadValue},
    {"segment id twice", [](Patch& p) { p.set(p.view.segments()[2].id, 1); }, Status::kBadValue},
    {"segment id that no record can hold", [](Patch& p) { p.set(p.view.segments()[2].id, 65536); }, Status::kBadValue},
    {"conditions of a segment", [](Patch& p) { p.set(p.view.segments()[2].first_condition, 0); },
     Status::kBadReference},
    {"more conditions than there are", [](Patch& p) { p.set(p.view.segments()[6].condition_count, 0xFFFFFFFFU); },
     Status::kBadReference},
    {"question of a condition", [](Patch& p) { p.set(p.view.conditions()[0].question, 12); }, Status::kBadReference},
    {"slot name", [](Patch& p) { p.set(p.view.slots()[1].name.length, 0x7FFFFFFFU); }, Status::kBadReference},
    {"slot id twice", [](Patch& p) { p.set(p.view.slots()[1].id, 5); }, Status::kBadValue},
    {"limit 0", [](Patch& p) { p.set(p.view.slots()[1].limit, 0); }, Status::kBadValue},
    {"limit above the most", [](Patch& p) { p.set(p.view.slots()[1].limit, 25); }, Status::kBadValue},
    {"most above 64", [](Patch& p) { p.set(p.view.slots()[1].max_limit, 65); }, Status::kBadValue},
    {"temperature NaN", [](Patch& p) { p.set(p.view.slots()[1].temperature, kNan); }, Status::kBadValue},
    {"temperature below 0", [](Patch& p) { p.set(p.view.slots()[1].temperature, -0.1F); }, Status::kBadValue},
    {"diversity NaN", [](Patch& p) { p.set(p.view.slots()[1].diversity, kNan); }, Status::kBadValue},
    {"diversity infinite", [](Patch& p) { p.set(p.view.slots()[1].diversity, kInfinity); }, Status::kBadValue},
    {"an item of a slate", [](Patch& p) { p.set(p.view.slate(0, 1)[0], 30); }, Status::kBadReference},
    {"slates that overlap", [](Patch& p) { p.set(p.table<std::uint32_t>(Section::kSlateOffsets)[2], 0); },
     Status::kBadReference},
    {"item of a rule", [](Patch& p) { p.set(p.view.rules()[0].item, 30); }, Status::kBadReference},
    {"slot of a rule", [](Patch& p) { p.set(p.view.rules()[0].slot, 5); }, Status::kBadReference},
    {"segment of a rule", [](Patch& p) { p.set(p.view.rules()[0].segment, 7); }, Status::kBadReference},
    {"kind of a rule", [](Patch& p) { p.set(p.view.rules()[0].kind, snapshot::RuleKind{2}); }, Status::kBadValue},
    // What may be anything.
    {"position of a rule", [](Patch& p) { p.set(p.view.rules()[0].position, 0xFFFFFFFFU); }, Status::kOk},
    {"window", [](Patch& p) { p.set(p.view.items()[0].active_from_s, 0xFFFFFFFFU); }, Status::kOk},
    {"a later minor", [](Patch& p) { p.set(p.view.header().minor, 9); }, Status::kOk},
};

// Walks everything a view can give and decides pages on it: with the address sanitizer on, any wrong offset shows.
void use(const SnapshotView& view) {
  std::size_t seen = 0;
  for (std::uint32_t i = 0; i < view.items().size(); ++i) {
    for (std::uint32_t l = 0; l < view.locale_count(); ++l) {
      for (const char c : view.item_body(i, l)) seen += static_cast<unsigned char>(c);
      for (const char c : view.item_name(i, l)) seen += static_cast<unsigned char>(c);
    }
    for (const auto n : view.neighbours(i).items) seen += view.items()[n].id;
    for (std::uint32_t c = 0; c < view.stride(); ++c) seen += static_cast<std::size_t>(view.features(i)[c]);
    seen += view.find_item_by_uuid(std::span<const std::uint8_t, 16>(view.items()[i].uuid));
    seen += view.find_item(view.items()[i].id + 1);
  }
  for (std::uint32_t s = 0; s < view.segments().size(); ++s) {
    seen += view.segment_name(s, 1).size();
    for (std::uint32_t slot = 0; slot < view.slots().size(); ++slot) {
      for (const auto item : view.slate(s, slot)) seen += view.items()[item].id;
    }
  }
  for (std::uint32_t o = 0; o < view.options().size(); ++o) seen += view.option_noun(o, 1).size();
  seen += view.find_question("no such question") + view.find_slot("no such slot") + view.find_locale("fr");
  static const auto site = world::make_site({.items = 20});
  Random random(9);
  std::vector<std::byte> scratch(decide_scratch_bytes(view));
  const auto decision = std::make_unique<Decision>();
  for (int round = 0; round < 3; ++round) {
    const Visitor visitor = world::make_visitor(random, site, {.items = 20});
    std::vector<SlotRequest> requests;
    for (std::uint32_t s = 0; s < view.slots().size() && s < kMaxSlotRequests; ++s) requests.push_back({s, 3});
    const Status status = decide(view, visitor, {kNow, true, true}, requests, scratch, *decision);
    BOOST_REQUIRE(status == Status::kOk || status == Status::kTooLarge);
    for (std::uint32_t e = 0; e < decision->entry_count; ++e) {
      char words[256];
      seen += write_reason(view, decision->entries[e], 1, words);
    }
  }
  BOOST_TEST(seen != std::size_t{1});
}

// The original with one section more at the end of the table and of the file.
std::vector<std::byte> with_section(const std::vector<std::byte>& bytes, std::uint32_t number) {
  snapshot::Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::size_t table_end = sizeof header + header.section_count * sizeof(snapshot::SectionRow);
  const auto at = static_cast<std::ptrdiff_t>(table_end);
  std::vector<std::byte> out(bytes.begin(), bytes.begin() + at);
  out.resize(table_end + sizeof(snapshot::SectionRow));
  out.insert(out.end(), bytes.begin() + at, bytes.end());
  for (std::uint32_t s = 0; s < header.section_count; ++s) {
    snapshot::SectionRow row;
    std::byte* place = out.data() + sizeof header + s * sizeof row;
    std::memcpy(&row, place, sizeof row);
    row.offset += sizeof row;
    std::memcpy(place, &row, sizeof row);
  }
  const snapshot::SectionRow row{Section{number}, static_cast<std::uint32_t>(out.size()), 32, 1};
  std::memcpy(out.data() + table_end, &row, sizeof row);
  out.resize(out.size() + 32);
  ++header.section_count;
  header.total_bytes = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

BOOST_AUTO_TEST_SUITE(readers)

BOOST_DATA_TEST_CASE(one_field_out_of_its_range_gives_its_status, data::make(kPatches), c) {
  static const Site site(world::make_site({.items = 30}));
  Patch patch(site);
  c.change(patch);
  BOOST_REQUIRE(patch.bytes != site.bytes);
  const auto view = SnapshotView::open(patch.bytes);
  BOOST_CHECK_EQUAL(status_name(view ? Status::kOk : view.error()), status_name(c.want));
  if (view) use(*view);
}

BOOST_AUTO_TEST_CASE(an_unknown_section_is_skipped) {
  const Site site(world::make_site({.items = 12}));
  for (const std::uint32_t number : {40U, 1000U, 0xFFFFFFFFU}) {
    const auto later = with_section(site.bytes, number);
    const auto view = SnapshotView::open(later);
    BOOST_REQUIRE(view.has_value());
    BOOST_CHECK_EQUAL(view->items().size(), 12U);
    use(*view);
  }
  BOOST_CHECK(SnapshotView::open(with_section(site.bytes, 26)).error() == Status::kBadSection);  // there already
}

BOOST_AUTO_TEST_CASE(bytes_off_their_alignment_are_refused) {
  const Site site(world::make_site({.items = 12}));
  std::vector<std::byte> moved(site.bytes.size() + 8);
  std::copy(site.bytes.begin(), site.bytes.end(), moved.begin() + 8);
  BOOST_CHECK(SnapshotView::open({moved.data() + 8, site.bytes.size()}).error() == Status::kBadSection);
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  const Site site(world::make_site({.items = 12}));
  for (std::size_t size = 0; size < site.bytes.size(); ++size) {
    const std::vector<std::byte> cut(site.bytes.begin(), site.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    BOOST_REQUIRE_MESSAGE(!SnapshotView::open(cut).has_value(), "cut at " << size);
  }
  auto longer = site.bytes;
  longer.push_back(std::byte{0});
  BOOST_CHECK(!SnapshotView::open(longer).has_value());
}

BOOST_AUTO_TEST_CASE(every_flipped_byte_gives_a_status_or_a_usable_view) {
  const Site site(world::make_site({.items = 8, .neighbours = 4}));
  std::size_t refused = 0;
  std::size_t usable = 0;
  for (std::size_t at = 0; at < site.bytes.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      auto broken = site.bytes;
      broken[at] ^= static_cast<std::byte>(flip);
      const auto view = SnapshotView::open(broken);
      if (!view) {
        ++refused;
        continue;
      }
      ++usable;
      use(*view);
    }
  }
  BOOST_TEST_MESSAGE(refused << " refused, " << usable << " usable");
  BOOST_CHECK_GT(refused, 1000U);
  BOOST_CHECK_GT(usable, 1000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
