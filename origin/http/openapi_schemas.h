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
  "NewExperiment": {"type": "object", "required": ["id", "metrics"], "additionalProperties": false, "properties": {
    "id": {"type": "string", "maxLength": 100}, "name": {"type": "string"}, "hypothesis": {"type": "string"},
    "kind": {"enum": ["experiment", "rollout", "redirect", "holdout", "canary"]}, "flag": {"type": "string"},
    "variants": {"type": "array", "minItems": 2, "items": {"type": "object", "required": ["key"], "properties": {
      "key": {"type": "string"}, "name": {"type": "string"}, "value": {}, "weight": {"type": "number"}, "url": {"type": "string"}}}},
    "trafficAllocation": {"type": "number", "minimum": 0, "maximum": 1}, "startDate": {"type": "string", "format": "date-time"},
    "endDate": {"type": "string", "format": "date-time"}, "condition": {"type": "object"}, "page": {"type": "string"},
    "persistQueryString": {"type": "boolean"}, "namespace": {"type": "object"}, "schedule": {"type": "array"},
    "allocation": {"enum": ["fixed", "bandit"]}, "sticky": {"type": "boolean"}, "share": {"type": "number"},
    "metrics": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["name", "events"]}},
    "attributionHours": {"type": "number"}, "beforeDays": {"type": "number"}, "analysis": {"type": "object"},
    "autoRollback": {"type": "boolean"}}, "description": "origin/IMPORT.md says what each member means."},
  "Experiment": {"type": "object", "required": ["id", "status", "winner"], "description": "A NewExperiment, and what became of it.", "properties": {
    "id": {"type": "string"}, "status": {"enum": ["draft", "running", "stopped", "concluded"]},
    "winner": {"type": ["string", "null"]}, "note": {"type": "string"}, "shares": {"type": "object"},
    "createdAt": {"type": "string"}, "updatedAt": {"type": "string"}, "startedAt": {"type": "string"}, "stoppedAt": {"type": "string"},
    "publish": {"type": "object", "properties": {"job": {"type": "string"}}}}},
  "Experiments": {"type": "object", "properties": {"experiments": {"type": "array", "items": {"$ref": "#/components/schemas/Experiment"}}}},
  "ExperimentNote": {"type": "object", "additionalProperties": false, "properties": {"note": {"type": "string", "maxLength": 500}}},
  "ExperimentConclusion": {"type": "object", "additionalProperties": false, "properties": {
    "winner": {"type": "string"}, "note": {"type": "string", "maxLength": 500}}},
  "ExperimentResults": {"type": "object", "required": ["experiment", "results", "units", "leftOut", "days"], "properties": {
    "experiment": {"$ref": "#/components/schemas/Experiment"}, "asOf": {"type": "string"}, "results": {"type": "object"},
    "units": {"type": "object"}, "leftOut": {"type": "object"}, "detectableEffect": {"type": ["number", "null"]},
    "days": {"type": "array"}, "segments": {"type": "array"}, "segmentsWarning": {"type": "string"}}},
  "Audit": {"type": "object", "properties": {"audit": {"type": "array", "items": {"type": "object", "properties": {
    "seq": {"type": "integer"}, "at": {"type": "string"}, "actor": {"type": "string"}, "action": {"type": "string"},
    "subject": {"type": "string"}, "person": {"type": "string", "format": "uuid", "description": "behind a commitment, while the profile exists"},
    "detail": {}}}}}},
  "OfrepRequest": {"type": "object", "required": ["context"], "properties": {"context": {"type": "object",
    "description": "Attributes by name; targetingKey is the unit's id, url the page's address.",
    "properties": {"targetingKey": {"type": "string"}, "url": {"type": "string"}}}}},
  "OfrepFlag": {"type": "object", "anyOf": [{"required": ["key", "reason"]}, {"required": ["errorCode"]}], "properties": {"key": {"type": "string"},
    "value": {"description": "Any JSON; missing where the caller's own default stands."},
    "reason": {"enum": ["TARGETING_MATCH", "SPLIT", "STATIC", "DISABLED", "DEFAULT"]}, "variant": {"type": "string"},
    "metadata": {"type": "object"},
    "errorCode": {"enum": ["PARSE_ERROR", "INVALID_CONTEXT", "FLAG_NOT_FOUND", "GENERAL"]}, "errorDetails": {"type": "string"}}},
  "OfrepFlags": {"type": "object", "properties": {"flags": {"type": "array", "items": {"$ref": "#/components/schemas/OfrepFlag"}}}},
  "ClaimRequest": {"type": "object", "required": ["claim"], "additionalProperties": false, "properties": {"claim": {"type": "string"}}},
  "ConsentRequest": {"type": "object", "additionalProperties": false, "properties": {
    "personalization": {"enum": ["granted", "denied", "unset", true, false]},
    "measurement": {"enum": ["granted", "denied", "unset", true, false]},
    "training": {"enum": ["granted", "denied", "unset", true, false], "description": "Whether the model may learn from what was counted."},
    "optedOut": {"type": "boolean"}}},
  "Choices": {"type": "object", "additionalProperties": false, "required": ["personalization", "measurement", "training", "optedOut"], "properties": {
    "personalization": {"enum": ["granted", "denied", "unset"]}, "measurement": {"enum": ["granted", "denied", "unset"]},
    "training": {"enum": ["granted", "denied"]}, "optedOut": {"type": "boolean"}}},
  "ConsentHistory": {"type": "object", "required": ["consent", "history"], "properties": {
    "consent": {"$ref": "#/components/schemas/Choices"},
    "history": {"type": "array", "items": {"type": "object", "required": ["purpose", "choice", "source", "at"], "properties": {
      "purpose": {"enum": ["personalization", "measurement", "training", "optedOut"]}, "choice": {"enum": ["granted", "denied", "unset"]},
      "source": {"enum": ["person", "admin"]}, "at": {"type": "string", "format": "date-time"}}}}}},
  "PrivacySettings": {"type": "object", "required": ["settings", "retention"], "properties": {
    "settings": {"$ref": "#/components/schemas/Choices"}, "record": {"type": "string"},
    "retention": {"type": "object", "properties": {"interactionDays": {"type": "integer"}, "profileDays": {"type": "integer"}}}}},
  "PrivacyExport": {"type": "object", "required": ["format", "formatVersion", "exportedAt", "profile", "answers", "consent",
    "consentHistory", "interactions", "recommendations", "personalizedContent", "experiments", "conversions", "wouldShow", "tokens"],
    "description": "origin/privacy/EXPORT.md says what each member means.", "properties": {
    "format": {"const": "footlight-export"}, "formatVersion": {"const": 1}, "exportedAt": {"type": "string", "format": "date-time"},
    "profile": {"type": "object"}, "answers": {"type": "object"}, "consent": {"$ref": "#/components/schemas/Choices"},
    "consentHistory": {"type": "array"}, "interactions": {"type": "array"}, "recommendations": {"type": "array"},
    "personalizedContent": {"type": "array"}, "experiments": {"type": "array"}, "conversions": {"type": "array"},
    "wouldShow": {"type": "array"}, "tokens": {"type": "array"}}},
  "Erasure": {"type": "object", "required": ["success", "erasure", "erasedAt", "removedRows", "receipt", "publicKey"], "properties": {
    "success": {"const": true}, "erasure": {"type": "string", "format": "uuid"}, "erasedAt": {"type": "string", "format": "date-time"},
    "removedRows": {"type": "integer"}, "publicKey": {"type": "string"},
    "receipt": {"type": "object", "required": ["payload", "signature", "keyId"], "description": "Ed25519 over the decoded payload."}}},
  "FindProfile": {"type": "object", "required": ["email"], "additionalProperties": false, "properties": {
    "email": {"type": "string", "format": "email", "maxLength": 254}}},
  "FoundProfile": {"type": "object", "required": ["profileId"], "properties": {"profileId": {"type": "string", "format": "uuid"}}},
  "AdminConsent": {"type": "object", "required": ["success", "consent"], "properties": {
    "success": {"const": true}, "consent": {"$ref": "#/components/schemas/Choices"}}},
  "Erasures": {"type": "object", "required": ["erasures"], "properties": {"erasures": {"type": "array", "items": {"type": "object",
    "required": ["id", "profile", "reason", "erasedAt", "keyDestroyed"]}}}},
  "PrivateReport": {"type": "object", "required": ["contentId", "action", "bit", "epsilon"], "additionalProperties": false, "properties": {
    "contentId": {"type": "string", "maxLength": 255}, "action": {"enum": ["view", "click", "engage", "convert"]},
    "bit": {"type": "boolean"}, "epsilon": {"type": "number", "minimum": 0.1, "maximum": 8}}},
  "PrivateEstimates": {"type": "object", "required": ["estimates"], "properties": {"estimates": {"type": "array", "items": {"type": "object",
    "required": ["contentId", "action", "reports", "share", "standardError"]}}}},
  "Success": {"type": "object", "required": ["success"], "properties": {"success": {"const": true}}},
  "Gpc": {"type": "object", "required": ["gpc", "lastUpdate"], "properties": {"gpc": {"const": true}, "lastUpdate": {"type": "string", "format": "date"}}},
  "ConsentResponse": {"type": "object", "properties": {"success": {"type": "boolean"},
    "consent": {"type": "object"}, "record": {"type": "string"}}},
  "Item": {"type": "object", "required": ["id", "type", "matchReason", "confidence", "engagementRate"], "properties": {
    "id": {"type": "string", "format": "uuid"}, "type": {"type": "string"}, "matchReason": {"type": "string"},
    "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    "engagementRate": {"type": ["number", "null"], "minimum": 0, "maximum": 1}}},
  "Homepage": {"type": "object", "required": ["hero", "featuredProjects", "testimonials", "services"], "properties": {
    "apprentice": {"const": true, "description": "Apprentice mode: what would be shown; the page keeps its own content."},
    "hero": {"oneOf": [{"$ref": "#/components/schemas/Item"}, {"type": "null"}]},
    "featuredProjects": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
    "testimonials": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
    "services": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}},
  "Recommendations": {"type": "object", "properties": {"recommendations": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}},
  "Interaction": {"type": "object", "required": ["action"], "additionalProperties": false, "anyOf": [
    {"required": ["contentId"]}, {"required": ["experiment", "variant"]}, {"required": ["goal"]}], "properties": {
    "experiment": {"type": "string", "maxLength": 255, "description": "With the action exposure and a variant: the visitor has seen it. Counts once a visitor and variant."},
    "variant": {"type": "string", "maxLength": 255},
    "goal": {"type": "string", "maxLength": 100, "description": "With the action convert: a goal of the site's own was reached."},
    "value": {"type": "number", "description": "of the goal, such as an order's"},
    "eventId": {"type": "string", "maxLength": 255, "description": "Counts once. Without one, a repetition counts again."},
    "contentId": {"type": "string", "maxLength": 255}, "contentType": {"type": "string"},
    "action": {"enum": ["view", "click", "engage", "convert", "exposure", "would_show"]},
    "duration": {"type": "number", "minimum": 0, "description": "milliseconds"},
    "feedback": {"enum": ["positive", "negative", "neutral"]}, "occurredAt": {"type": "string", "format": "date-time"},
    "visitorId": {"type": "string", "maxLength": 255}, "slot": {"type": "string"}, "position": {"type": "integer"},
    "propensity": {"type": "number"}, "confidence": {"type": "number"}, "snapshotVersion": {"type": "integer"},
    "reason": {"type": "string", "maxLength": 500}, "context": {"oneOf": [{"$ref": "#/components/schemas/InteractionContext"},
    {"type": "integer", "minimum": 0, "maximum": 65535, "description": "the same as one word, as a decision has it"}]}}},
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
  "Published": {"type": "object", "required": ["version", "sha256", "bytes", "packs", "items", "drafts", "learnedItems", "expiresAt", "gate", "warnings"],
    "additionalProperties": false, "properties": {
    "version": {"type": "integer"}, "sha256": {"type": "string"}, "bytes": {"type": "integer"},
    "packs": {"type": "integer"}, "items": {"type": "integer"}, "drafts": {"type": "integer"}, "learnedItems": {"type": "integer"},
    "expiresAt": {"type": "string", "format": "date-time"}, "gate": {"$ref": "#/components/schemas/Gate"},
    "warnings": {"type": "array", "items": {"type": "string"}}}},
  "Gate": {"type": "object", "description": "How the new model compared with the live one before it was published.",
    "required": ["verdict", "forced", "why"], "properties": {
    "verdict": {"enum": ["passes", "cannot_judge", "worse"]}, "forced": {"type": "boolean"}, "why": {"type": "string"},
    "liveVersion": {"type": "integer"}, "judgedFrom": {"type": "integer"}, "fittedUntil": {"type": "integer"}, "model": {"type": "string"},
    "heldOut": {"$ref": "#/components/schemas/GateFinding"}, "offPolicy": {"$ref": "#/components/schemas/GateFinding"}}},
  "GateFinding": {"type": "object", "required": ["verdict", "cases", "why"], "properties": {
    "verdict": {"enum": ["passes", "cannot_judge", "worse"]}, "cases": {"type": "integer"}, "live": {"type": "number"},
    "candidate": {"type": "number"}, "difference": {"type": "number"}, "low": {"type": "number"}, "high": {"type": "number"},
    "p": {"type": "number"}, "why": {"type": "string"}}},
  "Trained": {"type": "object", "description": "What a job of kind train reports.",
    "required": ["visitors", "learnedFrom", "itemsLearned", "itemsTooFew", "modelBytes", "seconds"], "properties": {
    "visitors": {"type": "integer"}, "learnedFrom": {"type": "integer", "description": "visitors who chose something"},
    "itemsLearned": {"type": "integer"}, "itemsTooFew": {"type": "integer", "description": "left out: too few visitors stand behind them"},
    "impressions": {"type": "integer"}, "heldOut": {"type": "integer", "description": "of the impressions, the latest: what weights and calibration are learned on"},
    "learnedSegments": {"type": "integer"}, "engagementModel": {"type": "boolean"}, "calibrated": {"type": "boolean"},
    "modelBytes": {"type": "integer"}, "seconds": {"type": "number"}}},
  "Refused": {"type": "object", "description": "A publish that did not happen: what is live stays.", "required": ["refused"],
    "additionalProperties": false, "properties": {"refused": {"type": "string", "description": "why"}}},
  "Retained": {"type": "object", "additionalProperties": false, "description": "How many of each were removed, because their time was over.",
    "required": ["interactions", "recommendations", "wouldShow", "exposures", "conversions", "visitors", "profiles", "tokens", "personalizedContent", "complete"],
    "properties": {"interactions": {"type": "integer"}, "recommendations": {"type": "integer"}, "wouldShow": {"type": "integer"},
    "exposures": {"type": "integer"}, "conversions": {"type": "integer"}, "visitors": {"type": "integer"}, "profiles": {"type": "integer"},
    "tokens": {"type": "integer"}, "personalizedContent": {"type": "integer"}, "complete": {"type": "boolean"}}},
  "PrecomputedAll": {"type": "object", "required": ["snapshotVersion", "active", "computed", "leftOut", "seconds"],
    "additionalProperties": false, "properties": {
    "snapshotVersion": {"type": "integer"}, "active": {"type": "integer"}, "computed": {"type": "integer"},
    "leftOut": {"type": "integer", "description": "refuse to be measured or personalised for, or have gone"}, "seconds": {"type": "number"}}},
  "Nightly": {"type": "object", "required": ["train", "publish"], "additionalProperties": false, "properties": {
    "train": {"$ref": "#/components/schemas/Trained"},
    "publish": {"oneOf": [{"$ref": "#/components/schemas/Published"}, {"$ref": "#/components/schemas/Refused"}]},
    "precompute": {"$ref": "#/components/schemas/PrecomputedAll"}}},
  "Job": {"type": "object", "required": ["id", "kind", "state", "stage", "progress", "queuedAt", "dueAt", "startedAt", "finishedAt", "report", "error"],
    "additionalProperties": false, "properties": {
    "id": {"type": "string", "format": "uuid"}, "kind": {"enum": ["train", "publish", "precompute", "nightly", "publish_flags", "experiments", "retention"]},
    "state": {"enum": ["queued", "running", "done", "failed"]}, "stage": {"type": "string"},
    "progress": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "of the stage"},
    "queuedAt": {"type": "string", "format": "date-time"}, "dueAt": {"type": "string", "format": "date-time"},
    "startedAt": {"type": ["string", "null"], "format": "date-time"}, "finishedAt": {"type": ["string", "null"], "format": "date-time"},
    "report": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Trained"}, {"$ref": "#/components/schemas/Published"},
      {"$ref": "#/components/schemas/Refused"}, {"$ref": "#/components/schemas/PrecomputedAll"}, {"$ref": "#/components/schemas/Nightly"},
      {"$ref": "#/components/schemas/Retained"}]},
    "error": {"type": ["string", "null"]}}},
  "Jobs": {"type": "object", "required": ["jobs"], "additionalProperties": false, "properties": {
    "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}}},
  "PrecomputeRequest": {"type": "object", "additionalProperties": false, "properties": {
    "userId": {"type": "string", "description": "one profile, now"},
    "segmentId": {"type": "integer", "minimum": 0, "maximum": 65535, "description": "the slates of a segment; 0: everyone"},
    "activeDays": {"type": "number", "description": "all profiles that did anything since"},
    "maxProfiles": {"type": "integer", "minimum": 1}, "when": {"enum": ["now", "off-peak"], "description": "of the job"}}},
  "Precomputed": {"type": "object", "required": ["snapshotVersion"], "additionalProperties": false, "properties": {
    "snapshotVersion": {"type": "integer"}, "userId": {"type": "string", "format": "uuid"},
    "computed": {"type": "boolean", "description": "false: this person is not to have anything precomputed"},
    "segmentId": {"type": "integer"}, "name": {"type": "string"},
    "slates": {"type": "array", "items": {"type": "object", "required": ["slot", "items"], "properties": {
      "slot": {"type": "string"}, "items": {"type": "array", "items": {"type": "object", "required": ["id", "type", "name"], "properties": {
        "id": {"type": "string", "format": "uuid"}, "type": {"type": "string"}, "name": {"type": "string"}}}}}}}}},
  "SimilarContent": {"type": "object", "required": ["contentId", "similar"], "additionalProperties": false, "properties": {
    "contentId": {"type": "string", "format": "uuid"},
    "similar": {"type": "array", "items": {"type": "object", "required": ["id", "type", "similarity"], "properties": {
      "id": {"type": "string", "format": "uuid"}, "type": {"type": "string"}, "similarity": {"type": "number", "minimum": 0, "maximum": 1}}}}}},
  "SimilarUsers": {"type": "object", "required": ["profileId", "similarUsers", "compared", "gatheredAt"], "additionalProperties": false, "properties": {
    "profileId": {"type": "string", "format": "uuid"},
    "similarUsers": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "required": ["id", "similarity", "answers", "items", "sharedAnswers", "sharedItems", "engagementLevel"], "properties": {
      "id": {"type": "string", "format": "uuid"}, "similarity": {"type": "number", "minimum": 0, "maximum": 1},
      "answers": {"type": "number", "minimum": 0, "description": "part of it: answers alone"},
      "items": {"type": "number", "minimum": 0, "description": "part of it: chosen items alone"},
      "sharedAnswers": {"type": "integer"}, "sharedItems": {"type": "integer"},
      "engagementLevel": {"type": "integer", "minimum": 1, "maximum": 5}}}},
    "compared": {"type": "integer", "description": "profiles in the index"},
    "gatheredAt": {"type": "string", "format": "date-time", "description": "when the index was built"}}},
  "ProfileRecommendations": {"type": "object", "required": ["profileId", "method", "recommendations"], "additionalProperties": false, "properties": {
    "profileId": {"type": "string", "format": "uuid"}, "method": {"enum": ["engine", "collaborative", "content"]},
    "recommendations": {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/Item"}, {"type": "object",
      "required": ["score"], "properties": {"score": {"type": "number"},
      "supporters": {"type": "integer", "description": "similar visitors who chose it"}}}]}}}},
  "Prediction": {"type": "object", "required": ["profileId", "contentId", "snapshotVersion", "model", "click", "engage", "convert", "probability"],
    "additionalProperties": false, "properties": {
    "profileId": {"type": "string", "format": "uuid"}, "contentId": {"type": "string", "format": "uuid"},
    "snapshotVersion": {"type": "integer"}, "model": {"type": "boolean", "description": "whether the snapshot has an engagement model"},
    "click": {"type": ["number", "null"], "minimum": 0, "maximum": 1}, "engage": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "convert": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "probability": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "that it is chosen, by the whole score; null while that is not calibrated"}}},
  "Features": {"type": "object", "required": ["profileId", "snapshotVersion", "model", "features"], "additionalProperties": false, "properties": {
    "profileId": {"type": "string", "format": "uuid"}, "snapshotVersion": {"type": "integer"}, "model": {"type": "boolean"},
    "features": {"type": "array", "items": {"type": "object", "required": ["field", "bins", "indexes"], "additionalProperties": false, "properties": {
      "field": {"type": "string"}, "bins": {"type": "array", "items": {"type": "string"}},
      "indexes": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 63}},
      "logOdds": {"type": "number", "description": "what the field adds for the item that was asked about"}}}}}},
  "Snapshot": {"type": "object", "required": ["version", "createdAt", "sha256", "state", "note"], "properties": {
    "version": {"type": "integer"}, "createdAt": {"type": "string", "format": "date-time"}, "sha256": {"type": "string"},
    "state": {"enum": ["pending", "live", "superseded", "canary"]}, "note": {"type": "string"},
    "gate": {"type": ["object", "null"], "description": "As Gate; null: published before there was one."},
    "manifest": {"type": "object", "description": "Of one version: the signed envelope."},
    "contents": {"type": "object", "description": "Of one version whose file is still there.", "properties": {
      "items": {"type": "integer"}, "questions": {"type": "integer"}, "segments": {"type": "integer"}, "rules": {"type": "integer"},
      "locales": {"type": "integer"}, "bytes": {"type": "integer"}, "slots": {"type": "array", "items": {"type": "string"}}}}}},
  "Snapshots": {"type": "object", "required": ["snapshots"], "additionalProperties": false, "properties": {
    "snapshots": {"type": "array", "items": {"$ref": "#/components/schemas/Snapshot"}}}},
  "Stats": {"type": "object", "additionalProperties": false, "required": ["profiles", "visitors", "interactions", "exposures",
    "recommendations", "recommendationsClicked", "recommendationsConverted", "sections", "items", "retrainingWantedSince"], "properties": {
    "retrainingWantedSince": {"type": ["string", "null"], "description": "Somebody was erased whom the live model has learned from."},
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
