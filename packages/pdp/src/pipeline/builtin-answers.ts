import type { Json, JsonObject } from '@writ/decision';
import { NondeterministicCache, RegoNumber, RegoSet, toParsed, type Value } from '@writ/rego';

/**
 * What the record keeps of builtins whose answers do not follow from their operands, in the form of OPA's decision log
 * (`nd_builtin_cache`): builtin, JSON text of its operands, answer.
 */

/** Answers that a replay needs to have again. */
const DRAWN: readonly string[] = ['rand.intn', 'uuid.rfc4122', 'net.lookup_ip_addr'];
/** Their operands or answers hold keys, tokens and passwords: that they were asked is kept, and nothing else. */
const SECRET: readonly string[] = ['http.send', 'io.jwt.encode_sign', 'io.jwt.encode_sign_raw'];
// `time.now_ns` is the decision's own time, which the entry has; `io.jwt.decode_verify` and the JSON schemas follow
// from their operands and that time; `opa.runtime` is empty here.

/** Stands in place of operands and answers that are kept out of the record. */
const MASKED: JsonObject = Object.freeze({ masked: true });

/** What is to be recorded; undefined where nothing was drawn. */
export function recordedAnswers(cache: NondeterministicCache): JsonObject | undefined {
  if (cache.isEmpty) return undefined;
  const asked = cache.toValue();
  const kept: Record<string, Json> = {};
  for (const name of DRAWN) {
    const answers = asked[name];
    if (answers !== undefined) kept[name] = jsonOf(answers) ?? MASKED;
  }
  for (const name of SECRET) if (asked[name] !== undefined) kept[name] = MASKED;
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** The answers for a replay, and the builtins whose answers the record does not hold. */
export function answersRecorded(field: Json | undefined): {
  readonly cache: NondeterministicCache;
  readonly masked: readonly string[];
} {
  const kept: Record<string, Json> = {};
  const masked: string[] = [];
  for (const [name, answers] of Object.entries(isObject(field) ? field : {})) {
    if (isObject(answers) && answers['masked'] !== true) kept[name] = answers;
    else masked.push(name);
  }
  return {
    cache: NondeterministicCache.fromValue(kept as Value) ?? new NondeterministicCache(),
    masked,
  };
}

/** Answers by operands as JSON; undefined where one is a number that JSON cannot carry exactly. */
function jsonOf(answers: Value): JsonObject | undefined {
  if (!isObject(answers)) return undefined;
  const exact = Object.values(answers).every((answer: unknown) => !(answer instanceof RegoNumber));
  return exact ? (toParsed(answers as Value) as JsonObject) : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RegoSet);
}
