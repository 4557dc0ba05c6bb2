// Content like other content.
#include "core/model/similarity.h"

#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/unit/core/site.h"

namespace {

using namespace footlight;

constexpr std::uint32_t kProject = 1U << static_cast<std::uint32_t>(snapshot::ContentType::kProject);

// Items 1, 4, 7, 10, 13, 16 by id: the first three alike, the fourth half, the fifth with nothing, the sixth unlike.
snapshot::SnapshotInput varied_site() {
  snapshot::SnapshotInput site = plain_site(6);
  const auto option = [&](std::size_t i) { return site.questions[0].options[i].id; };
  for (const std::size_t i : {0U, 1U, 2U}) site.items[i].affinities = {{option(0), 1}};
  site.items[3].affinities = {{option(0), 1}, {option(1), 1}};
  site.items[5].affinities = {{option(1), 1}};
  return site;
}

std::vector<std::uint32_t> similar(const Site& site, std::uint32_t id, std::size_t limit,
                                   std::uint32_t types = kProject) {
  std::vector<SimilarItem> found(limit);
  found.resize(recommend_similar_content(site.view, site.view.find_item(id), types, kNow, found));
  std::vector<std::uint32_t> ids;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ids.push_back(site.view.items()[found[i].item].id);
    BOOST_TEST(found[i].similarity == content_similarity(site.view, site.view.find_item(id), found[i].item));
    if (i > 0) BOOST_TEST(found[i].similarity <= found[i - 1].similarity);
  }
  return ids;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(similarity)

BOOST_AUTO_TEST_CASE(most_similar_first_ties_at_the_lower_id_nothing_that_shares_nothing) {
  const Site site(varied_site());
  BOOST_TEST(similar(site, 4, 10) == (std::vector<std::uint32_t>{1, 7, 10}));
  BOOST_TEST(similar(site, 4, 2) == (std::vector<std::uint32_t>{1, 7}));
  BOOST_TEST(similar(site, 4, 1) == (std::vector<std::uint32_t>{1}));
  BOOST_TEST(similar(site, 4, 0).empty());
  BOOST_TEST(similar(site, 13, 10).empty());
}

BOOST_AUTO_TEST_CASE(what_may_not_be_shown_is_not_recommended) {
  auto input = varied_site();
  input.items[0].active_until_s = kNow;
  input.items[2].active_from_s = kNow + 1;
  BOOST_TEST(similar(Site(input), 4, 10) == (std::vector<std::uint32_t>{10}));
  input = varied_site();
  snapshot::RuleInput rule{.id = 9, .kind = snapshot::RuleKind::kExclude, .item_id = 1};
  input.rules = {rule};
  BOOST_TEST(similar(Site(input), 4, 10) == (std::vector<std::uint32_t>{7, 10}));
  input.rules[0].slot_id = input.slots[kProjects].id;  // out of one slot is not out of all
  BOOST_TEST(similar(Site(input), 4, 10) == (std::vector<std::uint32_t>{1, 7, 10}));
  input = varied_site();
  input.items[0].type = snapshot::ContentType::kService;
  BOOST_TEST(similar(Site(input), 4, 10) == (std::vector<std::uint32_t>{7, 10}));
  BOOST_TEST(similar(Site(input), 4, 10, ~kProject) == (std::vector<std::uint32_t>{1}));
}

BOOST_AUTO_TEST_SUITE_END()
