// The rows of a snapshot as they lie in the file. FORMAT.md draws the whole; this is the one place that fixes the
// bytes.
//
// Little-endian, every section starts at a multiple of 16, every row is a trivially copyable struct without padding.
// Section and flag numbers are permanent: a retired one stays listed and is never given again.
#pragma once

#include <cstdint>
#include <type_traits>

namespace footlight::snapshot {

inline constexpr std::uint32_t kMagic = 0x4C544F46;  // "FOTL"
inline constexpr std::uint16_t kMajor = 1;
inline constexpr std::uint16_t kMinor = 0;
inline constexpr std::uint32_t kAlignment = 16;
inline constexpr std::uint32_t kNone = 0xFFFFFFFFU;

// Bounds that keep every sum in its type and every loop short.
inline constexpr std::uint32_t kMaxBytes = 256U << 20U;
inline constexpr std::uint32_t kMaxItems = 1U << 20U;
inline constexpr std::uint32_t kMaxQuestions = 32;
inline constexpr std::uint32_t kMaxOptionsPerQuestion = 64;
inline constexpr std::uint32_t kMaxColumns = 256;  // options of all questions, rounded up to a multiple of 16
inline constexpr std::uint32_t kMaxSegments = 1024;
inline constexpr std::uint32_t kMaxSlots = 32;
inline constexpr std::uint32_t kMaxSlotLimit = 64;
inline constexpr std::uint32_t kMaxLocales = 64;
inline constexpr std::uint32_t kMaxRules = 4096;
inline constexpr std::uint32_t kMaxNeighbours = 128;
inline constexpr std::uint32_t kMaxFields = 64;
inline constexpr std::uint32_t kMaxBins = 64;  // of one field; a set of bins is one 64-bit mask
inline constexpr std::uint32_t kMaxDimensions = 128;
inline constexpr std::uint32_t kMaxTrees = 1024;
inline constexpr std::uint32_t kMaxTreeDepth = 8;
inline constexpr std::uint32_t kHeads = 3;  // click, engage, convert

enum class Section : std::uint32_t {
  kStrings = 1,            // bytes: UTF-8, referred to by StringRef
  kLocales = 2,            // StringRef[locales], the first is the default
  kQuestions = 3,          // QuestionRow[questions]
  kQuestionTexts = 4,      // StringRef[questions * locales]: reason template
  kOptions = 5,            // OptionRow[columns], grouped by question
  kOptionTexts = 6,        // StringRef[columns * locales]: noun for reasons
  kItems = 7,              // ItemRow[items], sorted by (type, id)
  kItemBodies = 8,         // StringRef[items * locales]: a JSON object, what callers get
  kItemNames = 9,          // StringRef[items * locales]: the name a reason uses
  kItemFeatures = 10,      // int8[items * stride]: affinity to each option, 0 to 127
  kItemsById = 11,         // uint32[items]: item indexes in order of id
  kItemsByUuid = 12,       // uint32[items]: item indexes in order of uuid bytes
  kNeighbourOffsets = 13,  // uint32[items + 1]: row i is [offset i, offset i + 1)
  kNeighbourItems = 14,    // uint32[neighbours]: item indexes, ascending in a row
  kNeighbourWeights = 15,  // int8[neighbours]: weight = value * scale of the row
  kNeighbourScales = 16,   // float[items]
  kSegments = 17,          // SegmentRow[segments], row 0 is everyone
  kSegmentTexts = 18,      // StringRef[segments * locales]: name
  kConditions = 19,        // ConditionRow[conditions], grouped by segment
  kSegmentPriors = 20,     // int8[segments * items]: log-odds in 1/32
  kSlots = 21,             // SlotRow[slots]
  kSlateOffsets = 22,      // uint32[segments * slots + 1]
  kSlateItems = 23,        // uint32[…]: item indexes, best first
  kRules = 24,             // RuleRow[rules]
  kReasons = 25,           // StringRef[kReasonKinds * locales]: templates by ReasonKind
  kWeights = 26,           // WeightsRow[1]
  kProgram = 27,           // bytes: flags and experiments (core/experiment/program.h); may be missing
  // The engagement model (core/model/engagement.h): all or none. H heads, B bins of all fields, D dimensions, T trees
  // of depth L.
  kEngagement = 29,   // EngagementRow[1]
  kFields = 30,       // FieldRow[fields]
  kThresholds = 31,   // float[…]: inclusive upper bounds of the numeric fields' bins, ascending within a field
  kBinTexts = 32,     // StringRef[B]: what a bin is called, for people
  kBinWeights = 33,   // float[B * H]: log-odds of a bin by itself
  kBinVectors = 34,   // int16[B * D]: value * EngagementRow::unit
  kTreeSplits = 35,   // TreeSplitRow[T * L]
  kLeafValues = 36,   // int16[T * 2^L * H]: value * EngagementRow::leaf_scale
  kItemBiases = 37,   // float[items * H]: log-odds of an item by itself
  kItemScales = 38,   // float[items]
  kItemVectors = 39,  // int8[items * D]: value * scale
};

// A content type's number is its bit in SlotRow::type_mask. SPEC.md's names; "featured_project" is another word for
// project.
enum class ContentType : std::uint16_t {
  kHero = 0,
  kProject = 1,
  kTestimonial = 2,
  kService = 3,
  kResource = 4,
  kDeck = 5,
  kCaseStudy = 6,
};
inline constexpr std::uint32_t kContentTypes = 7;

struct Header {
  std::uint32_t magic;
  std::uint16_t major;
  std::uint16_t minor;
  std::uint32_t total_bytes;
  std::uint32_t section_count;
  std::uint64_t version;       // the publish that made it; monotonic per site
  std::uint32_t created_at_s;  // Unix time
  std::uint32_t segment;       // kNone: everything; else the index of the segment this pack was cut for
};

struct SectionRow {
  Section section;
  std::uint32_t offset;  // from the start of the file
  std::uint32_t bytes;
  std::uint32_t rows;
};

struct StringRef {
  std::uint32_t offset;  // into kStrings
  std::uint32_t length;  // bytes; 0 for "not there"
};

enum class QuestionKind : std::uint16_t { kSingle = 0, kMultiple = 1, kText = 2, kBoolean = 3 };

struct QuestionRow {
  std::uint32_t id;  // stable, unique
  QuestionKind kind;
  std::uint16_t flags;  // kPerAnswer, kFromHistory
  StringRef name;       // "format"
  StringRef factor;     // "format_match"
  std::uint32_t first_option;
  std::uint32_t option_count;  // at most 64; 0 for text
  float weight;                // what one full match adds to the match, 0 to 1
  float completeness;          // share of personalizationScore this answer is worth, 0 to 1; all sum to at most 1
};
inline constexpr std::uint16_t kPerAnswer = 1;    // each matching answer adds the whole weight (genres)
inline constexpr std::uint16_t kFromHistory = 2;  // unanswered: taken from the items the visitor liked

struct OptionRow {
  std::uint32_t id;        // 1 to 65535, stable, unique over all questions
  std::uint32_t question;  // index
  StringRef key;           // "feature_film"
  StringRef label;         // "Feature Film", default locale: what POST /api/profile sends
};

struct ItemRow {
  std::uint32_t id;  // stable, never 0
  ContentType type;
  std::uint16_t flags;  // kHistoryOnly
  std::uint8_t uuid[16];
  std::uint32_t active_from_s;   // 0: always was
  std::uint32_t active_until_s;  // exclusive; kNone: no end
  float bias;                    // log-odds, the item's own part of the score, `preferred` included
  float engagement_rate;         // 0 to 1; negative: not known (too few visitors)
  float norm;                    // length of the feature row, sqrt of the sum of squares
  float preferred;               // log-odds, at least 0: the part of bias that the site's team gives
};
inline constexpr std::uint16_t kHistoryOnly = 1;  // has neighbours, is never a candidate (segment packs)

struct SegmentRow {
  std::uint32_t id;  // stable, unique, to 65535; 0 is everyone
  std::uint32_t first_condition;
  std::uint32_t condition_count;
  std::uint32_t reserved;
};

struct ConditionRow {  // true when the visitor gave one of the options in the mask
  std::uint32_t question;
  std::uint32_t reserved;
  std::uint64_t mask;  // bit b: option first_option + b
};

struct SlotRow {
  std::uint32_t id;  // stable, unique
  std::uint32_t type_mask;
  StringRef name;           // "projects"
  std::uint16_t limit;      // cards when the page does not say
  std::uint16_t max_limit;  // most a caller may ask for
  std::uint16_t flags;      // kHideSeen
  std::uint16_t reserved;
  float temperature;  // of exploration, in log-odds; 0: greedy
  float diversity;    // log-odds taken off for a card that equals one above it; 0: none
};
inline constexpr std::uint16_t kHideSeen =
    1;  // items the visitor chose before (click, engage, convert) are not candidates

enum class RuleKind : std::uint32_t { kPin = 0, kExclude = 1 };

struct RuleRow {
  RuleKind kind;
  std::uint32_t slot;      // index; kNone: every slot
  std::uint32_t segment;   // index; kNone: every segment
  std::uint32_t item;      // index
  std::uint32_t position;  // of a pin, from 0
  std::uint32_t id;
  std::uint32_t reserved[2];
};

// Why an item is there: the part that contributed most.
enum class ReasonKind : std::uint16_t {
  kDefault = 0,   // nothing spoke for it: a default order
  kQuestion = 1,  // argument: option index; the template is the question's
  kHistory = 2,   // argument: item index of the history item
  kSegment = 3,   // popular in the visitor's segment
  kPopular = 4,   // popular on the site
  kPinned = 5,    // put there, or preferred, by a rule
  kVisit = 6,     // suits the visit: device, time, how active the visitor is
};
inline constexpr std::uint32_t kReasonKinds = 7;

struct WeightsRow {
  float match;             // log-odds for a match of 1
  float engagement;        // factor on the blended log-odds of the engagement model; 0: it does not rank
  float item_item;         // log-odds for an item-item sum of 1
  float prior;             // factor on the segment prior
  float confidence_slope;  // confidence = 1 - exp(-slope * sum of factors); a factor's unit is 3 log-odds (decide.h)
  float half_life_days;    // after which an interaction counts half; 0: for ever
  float history_match;     // share of a question's weight that an inferred answer carries, 0 to 1
  float history_exponent;  // an item-item sum is divided by (number of items in it)^this, 0 to 1 (item_item.h)
  float calibrate_scale;   // p = sigmoid(calibrate_scale * z + calibrate_shift): that a shown item is chosen
  float calibrate_shift;
  std::uint32_t calibrated;  // 1: learned, and p may be told; 0: nothing is known of p
  std::uint32_t flags;       // kApprentice
};
inline constexpr std::uint32_t kApprentice = 1;  // decide and log, and let the page's own content stand

// Where the bins of a field come from. Bin 0 of every field is "not known".
enum class FieldSource : std::uint16_t {
  kExternal = 0,         // given by the caller (evaluation of foreign data)
  kAnswers = 1,          // argument: question index. Bin 1 + o: option o of it was given; the 64th option has no bin
  kSegment = 2,          // bin 1 + segment index, at most 63
  kLiked = 3,            // argument: question index. Bin 1 + o: a liked item of the history has option o
  kChosenCount = 4,      // numeric: items chosen (interaction_strength() above 0)
  kSeenCount = 5,        // numeric: items of the history
  kEngagementLevel = 6,  // numeric: 1 to 5
  kIdleDays = 7,         // numeric: days since the latest history entry; not known without one
  kDevice = 8,           // Context::device
  kDayPart = 9,          // Context::day_part
  kWeekday = 10,         // Context::weekday
  kReferrer = 11,        // Context::referrer
  kLocale = 12,          // bin 1 + locale index
};
inline constexpr std::uint16_t kFieldSources = 13;

struct FieldRow {
  StringRef name;  // "format", "device"
  FieldSource source;
  std::uint16_t bins;             // 1 to 64
  std::uint32_t argument;         // question index of kAnswers and kLiked, else 0
  std::uint32_t first_bin;        // of B
  std::uint32_t first_threshold;  // numeric fields; the value v has bin 1 + (number of thresholds below v)
  std::uint32_t thresholds;       // bins - 2 of a numeric field, else 0
  std::uint32_t reserved;
};

// One level of an oblivious tree: goes to the right when the visitor has one of the bins.
struct TreeSplitRow {
  std::uint64_t mask;
  std::uint32_t field;  // index
  std::uint32_t reserved;
};

struct EngagementRow {
  std::uint32_t dimensions;  // D, a multiple of 16, at most kMaxDimensions; 0: no interaction
  std::uint32_t trees;
  std::uint32_t depth;  // of every tree
  float unit;           // of the bins' vectors
  float base[kHeads];   // log-odds
  float blend[kHeads];  // of the heads' log-odds to the ranking objective: 0 to 1
  float gain[kHeads];   // of the interaction in each head: 0 to 100
  float leaf_scale[kHeads];
};

static_assert(sizeof(Header) == 32 && sizeof(SectionRow) == 16 && sizeof(StringRef) == 8);
static_assert(sizeof(QuestionRow) == 40 && sizeof(OptionRow) == 24 && sizeof(ItemRow) == 48);
static_assert(sizeof(SegmentRow) == 16 && sizeof(ConditionRow) == 16 && sizeof(SlotRow) == 32);
static_assert(sizeof(RuleRow) == 32 && sizeof(WeightsRow) == 48);
static_assert(sizeof(FieldRow) == 32 && sizeof(TreeSplitRow) == 16 && sizeof(EngagementRow) == 64);
static_assert(std::is_trivially_copyable_v<ItemRow> && std::is_trivially_copyable_v<QuestionRow>);

}  // namespace footlight::snapshot
