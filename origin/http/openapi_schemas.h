// The schemas of bodies and answers, as OpenAPI names them.
#pragma once

#include <string_view>

namespace footlight::origin {

inline constexpr std::string_view kOpenapiSchemas = R"json({
  "Problem": {"type": "object", "required": ["type", "title", "status", "code"], "properties": {
    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "code": {"type": "string"},
    "detail": {"type": "string"}, "pointer": {"type": "string"}, "requestId": {"type": "string"},
    "errors": {"type": "array", "items": {"type": "object", "properties": {
      "code": {"type": "string"}, "detail": {"type": "string"}, "pointer": {"type": "string"}}}}}},
  "ProfileRequest": {"type": "object", "additionalProperties": false, "properties": {
    "email": {"type": "string", "format": "email"},
    "questionnaireData": {"type": "object", "description": "By the names of the site's questions; values are labels or keys of options.",
      "additionalProperties": {"type": ["string", "boolean", "array", "null"]}},
    "visitorId": {"type": "string", "maxLength": 255}, "next": {"type": "string"},
    "lenient": {"type": "boolean", "description": "Store what is valid and name the rest in `refused`, instead of refusing all."},
    "consent": {"$ref": "#/components/schemas/ConsentRequest"}}},
  "ProfileResponse": {"type": "object", "required": ["success", "profileId", "personalization", "token", "record"], "properties": {
    "success": {"type": "boolean"}, "profileId": {"type": "string", "format": "uuid"},
    "personalization": {"type": "object", "properties": {
      "enabled": {"type": "boolean"}, "score": {"type": "integer", "minimum": 0, "maximum": 100},
      "recommendations": {"type": "array", "items": {"type": "object", "properties": {
        "type": {"type": "string"}, "id": {"type": "string", "format": "uuid"}, "reason": {"type": "string"},
        "confidence": {"type": "number"}}}}}},
    "token": {"type": "string"}, "record": {"type": "string", "description": "The visitor record, base64url."},
    "refused": {"type": "array", "items": {"type": "object", "properties": {
      "code": {"type": "string"}, "detail": {"type": "string"}, "pointer": {"type": "string"}}}}}},
  "ClaimRequest": {"type": "object", "required": ["claim"], "additionalProperties": false, "properties": {"claim": {"type": "string"}}},
  "ConsentRequest": {"type": "object", "additionalProperties": false, "properties": {
    "personalization": {"enum": ["granted", "denied", "unset", true, false]},
    "measurement": {"enum": ["granted", "denied", "unset", true, false]}, "optedOut": {"type": "boolean"}}},
  "ConsentResponse": {"type": "object", "properties": {"success": {"type": "boolean"},
    "consent": {"type": "object"}, "record": {"type": "string"}}},
  "Item": {"type": "object", "required": ["id", "type", "matchReason", "confidence", "engagementRate"], "properties": {
    "id": {"type": "string", "format": "uuid"}, "type": {"type": "string"}, "matchReason": {"type": "string"},
    "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    "engagementRate": {"type": ["number", "null"], "minimum": 0, "maximum": 1}}},
  "Homepage": {"type": "object", "required": ["hero", "featuredProjects", "testimonials", "services"], "properties": {
    "hero": {"oneOf": [{"$ref": "#/components/schemas/Item"}, {"type": "null"}]},
    "featuredProjects": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
    "testimonials": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
    "services": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}},
  "Recommendations": {"type": "object", "properties": {"recommendations": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}},
  "Interaction": {"type": "object", "required": ["contentId", "action"], "additionalProperties": false, "properties": {
    "eventId": {"type": "string", "maxLength": 255, "description": "Counts once. Without one, a repetition counts again."},
    "contentId": {"type": "string", "maxLength": 255}, "contentType": {"type": "string"},
    "action": {"enum": ["view", "click", "engage", "convert", "exposure"]},
    "duration": {"type": "number", "minimum": 0, "description": "milliseconds"},
    "feedback": {"enum": ["positive", "negative", "neutral"]}, "occurredAt": {"type": "string", "format": "date-time"},
    "visitorId": {"type": "string", "maxLength": 255}, "slot": {"type": "string"}, "position": {"type": "integer"},
    "propensity": {"type": "number"}, "confidence": {"type": "number"}, "snapshotVersion": {"type": "integer"},
    "reason": {"type": "string", "maxLength": 500}, "context": {"$ref": "#/components/schemas/InteractionContext"}}},
  "InteractionContext": {"type": "object", "additionalProperties": false, "description": "What the page view was like; kept with exposures and with interactions that name a slot.", "properties": {
    "device": {"enum": ["desktop", "phone", "tablet"]}, "dayPart": {"enum": ["night", "morning", "afternoon", "evening"]},
    "weekday": {"type": "integer", "minimum": 1, "maximum": 7, "description": "1 is Monday; like dayPart by the visitor's own clock"},
    "referrer": {"enum": ["none", "site", "search", "social", "other"]}}},
  "InteractionResponse": {"type": "object", "properties": {"success": {"type": "boolean"}, "updatedProfile": {"$ref": "#/components/schemas/UpdatedProfile"}}},
  "UpdatedProfile": {"type": "object", "properties": {"engagementLevel": {"type": "integer", "minimum": 1, "maximum": 5},
    "personalizationScore": {"type": "integer", "minimum": 0, "maximum": 100}}},
  "InteractionBatch": {"type": "object", "oneOf": [{"required": ["interactions"]}, {"required": ["events"]}], "additionalProperties": false, "properties": {
    "interactions": {"type": "array", "maxItems": 500, "items": {"$ref": "#/components/schemas/Interaction"}},
    "events": {"type": "array", "maxItems": 500, "items": {"$ref": "#/components/schemas/Interaction"}, "description": "Another word for interactions."},
    "record": {"type": "string", "description": "The visitor record of a visitor without a token."}}},
  "InteractionReceipts": {"type": "object", "properties": {"success": {"type": "boolean"},
    "receipts": {"type": "array", "items": {"type": "string"}, "description": "Event ids that need not be sent again."},
    "counted": {"type": "integer"}, "duplicates": {"type": "integer"},
    "refused": {"type": "array", "items": {"type": "object"}}, "updatedProfile": {"$ref": "#/components/schemas/UpdatedProfile"}}},
  "Health": {"type": "object", "properties": {"status": {"enum": ["ok", "no_snapshot"]}, "snapshotVersion": {"type": ["integer", "null"]},
    "snapshotRefused": {"type": "string"}}},
  "ManifestEnvelope": {"type": "object", "properties": {"payload": {"type": "string"}, "signature": {"type": "string"}, "keyId": {"type": "string"}}},
  "NewContent": {"type": "object", "required": ["id", "type", "body"], "additionalProperties": false, "properties": {
    "id": {"type": "string", "maxLength": 255}, "type": {"type": "string"}, "status": {"enum": ["live", "draft"]},
    "attributes": {"type": "object"}, "body": {"type": "object"}, "locales": {"type": "object"},
    "active_from": {"type": ["string", "null"], "format": "date-time"}, "active_until": {"type": ["string", "null"], "format": "date-time"},
    "uuid": {}, "itemId": {}, "created_at": {}, "updated_at": {}}},
  "ReplacedContent": {"type": "object", "required": ["type", "body"], "additionalProperties": false, "properties": {
    "id": {"type": "string", "maxLength": 255}, "type": {"type": "string"}, "status": {"enum": ["live", "draft"]},
    "attributes": {"type": "object"}, "body": {"type": "object"}, "locales": {"type": "object"},
    "active_from": {"type": ["string", "null"], "format": "date-time"}, "active_until": {"type": ["string", "null"], "format": "date-time"},
    "uuid": {}, "itemId": {}, "created_at": {}, "updated_at": {}}},
  "Content": {"type": "object", "required": ["id", "uuid", "itemId", "type", "status", "body"], "additionalProperties": false, "properties": {
    "id": {"type": "string", "maxLength": 255}, "type": {"type": "string"}, "status": {"enum": ["live", "draft"]},
    "attributes": {"type": "object"}, "body": {"type": "object"}, "locales": {"type": "object"},
    "active_from": {"type": ["string", "null"], "format": "date-time"}, "active_until": {"type": ["string", "null"], "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"}, "itemId": {"type": "integer"},
    "created_at": {"type": "string", "format": "date-time"}, "updated_at": {"type": "string", "format": "date-time"}}},
  "ContentPage": {"type": "object", "properties": {"content": {"type": "array", "items": {"$ref": "#/components/schemas/Content"}},
    "total": {"type": "integer"}, "next": {"type": ["integer", "null"]}}},
  "Rows": {"type": "string"},
  "ImportReport": {"type": "object", "properties": {"rows": {"type": "integer"}, "created": {"type": "integer"},
    "updated": {"type": "integer"}, "refused": {"type": "integer"}, "errors": {"type": "array", "items": {"type": "object", "properties": {
      "line": {"type": "integer"}, "code": {"type": "string"}, "detail": {"type": "string"}, "pointer": {"type": "string"}}}}}},
  "SiteDocument": {"type": "object", "properties": {"version": {"type": "integer"}, "updatedAt": {"type": "string"}, "site": {"type": "object"}}},
  "SiteVersion": {"type": "object", "properties": {"version": {"type": "integer"}}},
  "Published": {"type": "object", "required": ["version", "sha256", "bytes", "packs", "items", "drafts", "learnedItems", "expiresAt", "warnings"],
    "additionalProperties": false, "properties": {
    "version": {"type": "integer"}, "sha256": {"type": "string"}, "bytes": {"type": "integer"},
    "packs": {"type": "integer"}, "items": {"type": "integer"}, "drafts": {"type": "integer"}, "learnedItems": {"type": "integer"},
    "expiresAt": {"type": "string", "format": "date-time"}, "warnings": {"type": "array", "items": {"type": "string"}}}},
  "Trained": {"type": "object", "required": ["visitors", "learnedFrom", "itemsLearned", "itemsTooFew", "modelBytes", "seconds"],
    "additionalProperties": false, "properties": {
    "visitors": {"type": "integer"}, "learnedFrom": {"type": "integer", "description": "visitors who chose something"},
    "itemsLearned": {"type": "integer"}, "itemsTooFew": {"type": "integer", "description": "left out: too few visitors stand behind them"},
    "impressions": {"type": "integer"}, "heldOut": {"type": "integer", "description": "of the impressions, the latest: what weights and calibration are learned on"},
    "learnedSegments": {"type": "integer"}, "engagementModel": {"type": "boolean"}, "calibrated": {"type": "boolean"},
    "modelBytes": {"type": "integer"}, "seconds": {"type": "number"}}},
  "Snapshot": {"type": "object", "required": ["version", "createdAt", "sha256", "state", "note"], "properties": {
    "version": {"type": "integer"}, "createdAt": {"type": "string", "format": "date-time"}, "sha256": {"type": "string"},
    "state": {"enum": ["pending", "live", "superseded"]}, "note": {"type": "string"},
    "manifest": {"type": "object", "description": "Of one version: the signed envelope."},
    "contents": {"type": "object", "description": "Of one version whose file is still there.", "properties": {
      "items": {"type": "integer"}, "questions": {"type": "integer"}, "segments": {"type": "integer"}, "rules": {"type": "integer"},
      "locales": {"type": "integer"}, "bytes": {"type": "integer"}, "slots": {"type": "array", "items": {"type": "string"}}}}}},
  "Snapshots": {"type": "object", "required": ["snapshots"], "additionalProperties": false, "properties": {
    "snapshots": {"type": "array", "items": {"$ref": "#/components/schemas/Snapshot"}}}},
  "Stats": {"type": "object", "additionalProperties": false, "required": ["profiles", "visitors", "interactions", "exposures",
    "recommendations", "recommendationsClicked", "recommendationsConverted", "sections", "items"], "properties": {
    "profiles": {"type": "integer"}, "visitors": {"type": "integer"}, "interactions": {"type": "integer"}, "exposures": {"type": "integer"},
    "recommendations": {"type": "integer"}, "recommendationsClicked": {"type": "integer"}, "recommendationsConverted": {"type": "integer"},
    "sections": {"type": "array", "description": "How well what was shown did, by section of the homepage.", "items": {"type": "object",
      "required": ["section", "contents", "visitors", "engagementScore"], "properties": {
      "section": {"type": "string"}, "contents": {"type": "integer"}, "visitors": {"type": "integer"},
      "engagementScore": {"type": "number", "description": "engagement points that one content earned, in the mean"}}}},
    "items": {"type": "array", "items": {"type": "object", "required": ["itemId"], "properties": {
      "itemId": {"type": "integer"}, "exposures": {"type": "integer"}, "views": {"type": "integer"}, "clicks": {"type": "integer"},
      "engagements": {"type": "integer"}, "conversions": {"type": "integer"}, "visitors": {"type": "integer"}}}}}},
  "Document": {"type": "object"}
})json";

}  // namespace footlight::origin
