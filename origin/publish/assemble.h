// Store, site and trained model -> the plain description that core's builder turns into a snapshot.
//
// Defaults, where the site or the training says nothing:
//   completeness   what the questions' explicit shares leave of 1, in equal parts for the others; all sum to 1, so that
//                  a whole questionnaire is worth the whole of its part of personalizationScore
//   noun           the option's label
//   reasons        English ones when the site gives none at all; the default reason stays without words
//   bias           item_item * intercept of the item-item model + prior * popularity log-odds; 0 for what has not been
//                  learned, so a new item starts in the middle and the questionnaire alone decides; and `preferred`
//   preferred      of an item that a rule prefers, what the page shows by itself, say: 1.2 log-odds, fading as visitors
//                  see it (half after 100), so that day 0 starts from the page as it is and the numbers take over
//   prior          0 where fewer than the model's min_visitors stand behind it
//   weights        those that training has learned (origin/learn/stack.h), else the site's; the site's item_item is for
//                  a closed-form model, whose natural weight is 4, and scales with that of the model at hand
//   temperature    the learned one, at most the site's
//   blend          the site's objective
// Segments: the owner's first, then the learned ones, which get their names from the labels of their options today; one
// whose question or option is gone, or whose id the owner has given away, is left out and reported.
// Drafts stay out. A rule about content that is not published is left out and reported: taking an item offline must not
// stop the site from publishing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/snapshot/builder.h"
#include "origin/learn/model.h"
#include "origin/store/site.h"
#include "origin/store/store.h"

namespace footlight::publish {

struct Assembled {
  snapshot::SnapshotInput input;  // version and created_at_s are the publisher's to set
  std::vector<std::string> warnings;
  std::uint32_t drafts = 0;
  std::uint32_t learned_items = 0;  // published with a row or bias of their own
};

// The weights that stand while nothing has been learned of them: match, engagement, item_item, prior.
[[nodiscard]] learn::StackWeights day0_weights(const origin::Site& site, const std::optional<learn::Model>& model);

// Flags and running experiments, compiled; empty without any.
[[nodiscard]] std::vector<std::byte> flags_program(origin::Store& store, std::int64_t now_ms);

// `model` may be empty: then the content matcher alone decides. `now_ms`: experiments are what they are at that time.
[[nodiscard]] Assembled assemble(origin::Store& store, const origin::Site& site,
                                 const std::optional<learn::Model>& model, std::int64_t now_ms = origin::now_ms());

}  // namespace footlight::publish
