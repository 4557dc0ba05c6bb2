// Any bytes as the envelope of a manifest, and any JSON as the manifest in one that is well signed.
#include "origin/publish/manifest.h"

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <sodium.h>
#include <string>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "origin/publish/file_write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace footlight::publish;
  static const SigningKey key = [] {
    char folder[] = "/tmp/footlight-fuzz-XXXXXX";
    const std::filesystem::path path = ::mkdtemp(folder);
    SigningKey made = SigningKey::load_or_create(path / "signing.key");
    std::filesystem::remove_all(path);
    return made;
  }();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const PublicKey keys[] = {key.public_key()};
  const auto read = [&](const std::string& envelope, bool is_ours) {
    try {
      const Trust trust{signed_with(envelope, keys), 3, 1000};
      const Manifest manifest = verify_manifest(envelope, trust);
      if (!is_ours || manifest.version < 3 || manifest.expires_at_s <= 1000) __builtin_trap();
    } catch (const ManifestRefused&) {
    }
  };
  read(text, false);
  const Signature signature = key.sign(text);
  read(nlohmann::json{{"payload", to_base64({data, size})},
                      {"signature", to_base64(signature)},
                      {"keyId", key_id(key.public_key())}}
           .dump(),
       true);
  return 0;
}
