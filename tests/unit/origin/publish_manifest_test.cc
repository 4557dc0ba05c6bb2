#include <fstream>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "origin/publish/file_write.h"
#include "origin/publish/manifest.h"
#include "origin/publish/sha256.h"
#include "tests/unit/origin/small_site.h"

namespace {

using namespace footlight;
using namespace footlight::publish;
using small_site::TemporaryFolder;
using Json = nlohmann::json;

struct Signed {
  TemporaryFolder folder;
  SigningKey key = SigningKey::load_or_create(folder.path() / "keys/signing.key");
  Manifest manifest{.site = "Small",
                    .version = 7,
                    .created_at_s = 1000,
                    .expires_at_s = 2000,
                    .snapshot = {std::string(64, 'a'), 10},
                    .packs = {{{std::string(64, 'b'), 5}, 0}, {{std::string(64, 'c'), 6}, 1}}};
  std::string envelope = seal_manifest(manifest, key);
  Trust trust{key.public_key(), 7, 1999};
};

std::string refusal(std::string_view envelope, const Trust& trust) {
  try {
    (void)verify_manifest(envelope, trust);
    return "";
  } catch (const ManifestRefused& refused) {
    return refused.what();
  }
}

// Signs any payload, so that what lies behind a good signature can be tested.
std::string sealed(const std::string& payload, const SigningKey& key) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(payload.data());
  return Json{{"payload", to_base64({bytes, payload.size()})},
              {"signature", to_base64(key.sign(payload))},
              {"keyId", key_id(key.public_key())}}
      .dump();
}

// What the binding's test reads as well (tests/edge/manifest.test.mjs).
Json shared_cases() {
  std::ifstream file(std::string(FOOTLIGHT_SOURCE_DIR) + "/tests/golden/manifest_cases.json");
  return Json::parse(file);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(publish_manifest)

BOOST_FIXTURE_TEST_CASE(what_is_sealed_verifies, Signed) {
  BOOST_TEST((verify_manifest(envelope, trust) == manifest));
  BOOST_TEST((read_manifest(envelope) == manifest));
  const Json json = Json::parse(envelope);
  BOOST_TEST(json.at("keyId").get<std::string>() == key_id(key.public_key()));
  const Json payload = Json::parse(from_base64(json.at("payload").get<std::string>()));
  BOOST_TEST(payload.at("format") == 1);
  BOOST_TEST(payload.at("createdAt") == 1000);
  BOOST_TEST(payload.at("packs").at(1).at("segment") == 1);
}

BOOST_FIXTURE_TEST_CASE(another_key_does_not_verify, Signed) {
  const auto other = SigningKey::load_or_create(folder.path() / "other.key");
  BOOST_TEST(refusal(envelope, {other.public_key(), 7, 1999}) == "forged");
  BOOST_TEST(refusal(seal_manifest(manifest, other), trust) == "forged");
}

BOOST_FIXTURE_TEST_CASE(the_last_second_counts, Signed) {
  BOOST_TEST(refusal(envelope, {key.public_key(), 7, 2000}) == "expired");
  BOOST_TEST(refusal(envelope, {key.public_key(), 8, 1999}) == "stale");
  BOOST_TEST(refusal(envelope, {key.public_key(), 0, 0}).empty());
}

BOOST_FIXTURE_TEST_CASE(every_changed_character_is_refused_or_means_the_same, Signed) {
  for (std::size_t at = 0; at < envelope.size(); ++at) {
    for (const char c : {'A', '0', '"', '{', '\0', '=', '\x80'}) {
      std::string changed = envelope;
      changed[at] = c;
      try {
        BOOST_REQUIRE((verify_manifest(changed, trust) == manifest));  // spare bits of base64, letters of keyId
      } catch (const ManifestRefused&) {
      }
    }
  }
}

BOOST_FIXTURE_TEST_CASE(every_truncation_is_refused, Signed) {
  for (std::size_t n = 0; n < envelope.size(); ++n) BOOST_TEST(!refusal(envelope.substr(0, n), trust).empty());
}

BOOST_FIXTURE_TEST_CASE(behind_a_good_signature, Signed) {
  const Json shared = shared_cases();
  trust.min_version = shared.at("minVersion");
  trust.now_s = shared.at("now");
  const Json& good = shared.at("payload");
  BOOST_TEST(refusal(sealed(good.dump(), key), trust).empty());
  for (const Json& bad : shared.at("cases")) {
    BOOST_TEST_CONTEXT(bad.at("name")) {
      Json payload = good;
      const std::string field = bad.at("field");
      if (bad.contains("value")) {
        payload[field] = bad.at("value");
      } else {
        payload.erase(field);
      }
      BOOST_TEST(refusal(sealed(payload.dump(), key), trust) == bad.at("code").get<std::string>());
    }
  }
  for (const std::string text : shared.at("payloads")) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(refusal(sealed(text, key), trust) == "malformed"); }
  }
}

BOOST_AUTO_TEST_CASE(not_even_an_envelope) {
  for (const char* text : {"", "null", "[]", "{}", R"({"payload":1,"signature":"AA=="})",
                           R"({"payload":"!!","signature":"AA=="})", R"({"payload":"AA=="})"}) {
    BOOST_TEST(refusal(text, {}) == "malformed");
  }
}

BOOST_FIXTURE_TEST_CASE(the_key_file_is_for_its_owner, Signed) {
  const auto file = folder.path() / "keys/signing.key";
  struct stat status {};
  BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777U) == 0600U);
  BOOST_REQUIRE(::stat(file.parent_path().c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777U) == 0700U);
  BOOST_TEST((SigningKey::load(file).public_key() == key.public_key()));
  BOOST_TEST((SigningKey::load_or_create(file).public_key() == key.public_key()));
  BOOST_REQUIRE(::chmod(file.c_str(), 0640) == 0);
  BOOST_CHECK_THROW((void)SigningKey::load(file), std::runtime_error);
}

BOOST_FIXTURE_TEST_CASE(a_broken_key_file_is_an_error_and_stays, Signed) {
  const auto file = folder.path() / "keys/signing.key";
  for (const std::string text : {"", "AAAA", "not base64 at all"}) {
    replace_file(file, std::as_bytes(std::span(text)), 0600);
    BOOST_CHECK_THROW((void)SigningKey::load_or_create(file), std::runtime_error);
    BOOST_TEST(read_file(file) == text);
  }
  BOOST_CHECK_THROW((void)SigningKey::load(folder.path() / "none"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(base64_in_both_alphabets) {
  const std::string bytes{'\xfb', '\xff', '\x01'};
  BOOST_TEST(from_base64("+/8B") == bytes);
  BOOST_TEST(from_base64("-_8B") == bytes);
  BOOST_TEST(from_base64("AA==") == std::string(1, '\0'));
  BOOST_TEST(from_base64("AA") == std::string(1, '\0'));
  BOOST_CHECK_THROW((void)from_base64("A"), std::invalid_argument);
  BOOST_CHECK_THROW((void)from_base64("A A="), std::invalid_argument);
  BOOST_CHECK_THROW((void)public_key_from_base64("AAAA"), std::invalid_argument);
}

// NIST FIPS 180-2, appendix B.1
BOOST_AUTO_TEST_CASE(sha256_of_abc) {
  const std::string abc = "abc";
  const std::string expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  BOOST_TEST(sha256_hex(std::as_bytes(std::span(abc))) == expected);
  BOOST_CHECK_NO_THROW(check_file({expected, 3}, std::as_bytes(std::span(abc))));
  BOOST_CHECK_THROW(check_file({expected, 4}, std::as_bytes(std::span(abc))), ManifestRefused);
  BOOST_CHECK_THROW(check_file({std::string(64, '0'), 3}, std::as_bytes(std::span(abc))), ManifestRefused);
}

BOOST_AUTO_TEST_CASE(files_are_whole_and_leave_nothing_behind) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "f";
  const std::string one = "one";
  const std::string two = "second";
  BOOST_TEST(create_file(file, std::as_bytes(std::span(one))));
  BOOST_TEST(!create_file(file, std::as_bytes(std::span(two))));
  BOOST_TEST(read_file(file) == one);
  replace_file(file, std::as_bytes(std::span(two)), 0640);
  BOOST_TEST(read_file(file) == two);
  struct stat status {};
  BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777U) == 0640U);
  BOOST_CHECK_THROW(replace_file(folder.path() / "no/such", std::as_bytes(std::span(one))), std::system_error);
  const auto left = std::distance(std::filesystem::directory_iterator(folder.path()), {});
  BOOST_TEST(left == 1);
}

BOOST_AUTO_TEST_SUITE_END()
