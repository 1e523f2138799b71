import { canonicalJson } from './canonical-json.ts';
import {
  type ActionResult,
  type Json,
  type JsonObject,
  OBLIGATION_TYPES,
  type Obligation,
  type Phase,
} from './contract.ts';
import { arrayIndex, parsePointer } from './pointer.ts';
import { type PatternStep, patternsFault, redactPatterns } from './redact-patterns.ts';

/** What stands in place of a redacted part, unless the policy says otherwise. */
export const REDACTED = '[REDACTED]';

export type Redaction<T> =
  | { readonly ok: true; readonly value: T; readonly changed: boolean }
  | { readonly ok: false; readonly code: 'obligation_unknown'; readonly message: string };

/**
 * The arguments with every `redact` obligation carried out: each pointed-at part is replaced, and each match of a pattern in
 * a text, what is not there is passed over, and the given value is left alone. The order of obligations does not matter, and
 * redacting twice is redacting once, unless a replacement matches a pattern. An obligation that is not known fails the whole: the caller must deny.
 */
export function redactArguments(args: JsonObject, obligations: readonly Obligation[]): Redaction<JsonObject> {
  const plan = planOf(obligations, (properties) => properties['target'] !== 'result');
  if (typeof plan === 'string') return { ok: false, code: 'obligation_unknown', message: plan };
  const placed = plan.places.reduce<Json>((now, step) => replace(now, step.steps, 0, step.replacement), args);
  const value = redactPatterns(placed, plan.patterns) as JsonObject;
  return { ok: true, value, changed: value !== args };
}

/**
 * A result with its redactions carried out. Pointers start at the result's own names (`/structured/ssn`,
 * `/content/0/text`). In phase `result` every redaction is meant for it; of a call's decision only those with
 * `target: "result"`. Servers repeat their structured result as text
 * (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#structured-content): such a text is redacted
 * alike.
 */
export function redactResult(
  result: ActionResult,
  obligations: readonly Obligation[],
  phase: Phase = 'result',
): Redaction<ActionResult> {
  const plan = planOf(obligations, (properties) => phase === 'result' || properties['target'] === 'result');
  if (typeof plan === 'string') return { ok: false, code: 'obligation_unknown', message: plan };
  const inside = plan.places.filter(({ steps }) => steps[0] === 'content' || steps[0] === 'structured');
  const document = result as unknown as JsonObject;
  const placed = inside.reduce<Json>((now, step) => replace(now, step.steps, 0, step.replacement), document);
  const alike = placed === document ? result : withTextAlike(placed as unknown as ActionResult, result);
  const value = redactPatterns(alike as unknown as JsonObject, plan.patterns) as unknown as ActionResult;
  return { ok: true, value, changed: value !== result };
}

/** Puts the redacted structure in place of every text that says what it said before. */
function withTextAlike(redacted: ActionResult, before: ActionResult): ActionResult {
  const { content, structured } = redacted;
  if (before.structured === undefined || structured === before.structured || !Array.isArray(content))
    return redacted;
  const said = canonicalJson(before.structured);
  const blocks = (content as readonly Json[]).map((block) =>
    saysTheSame(block, said) ? { ...(block as JsonObject), text: JSON.stringify(structured) } : block,
  );
  return { ...redacted, content: blocks };
}

function saysTheSame(block: Json, said: string): boolean {
  if (typeof block !== 'object' || block === null || Array.isArray(block)) return false;
  const { text } = block as JsonObject;
  if (typeof text !== 'string') return false;
  try {
    return canonicalJson(JSON.parse(text)) === said;
  } catch {
    // Not JSON, or JSON that has no canonical form: it cannot be the structure.
    return false;
  }
}

/** The first obligation that an enforcement point does not understand; it must then deny. */
export function firstUnknownObligation(
  obligations: readonly Obligation[],
  understood: readonly string[] = OBLIGATION_TYPES,
): Obligation | undefined {
  return obligations.find((obligation) => !understood.includes(obligation.type));
}

interface Step {
  readonly steps: readonly string[];
  readonly replacement: Json;
}

interface Plan {
  readonly places: readonly Step[];
  readonly patterns: readonly PatternStep[];
}

/** Deepest pointers first, then by text, then patterns by text: the same for every order of the obligations. */
function planOf(
  obligations: readonly Obligation[],
  applies: (properties: JsonObject) => boolean,
): Plan | string {
  const unknown = firstUnknownObligation(obligations);
  if (unknown !== undefined) return `unknown obligation \`${unknown.type}\``;
  const plan: Step[] = [];
  const patterns: PatternStep[] = [];
  for (const { type, properties } of obligations) {
    if (type !== 'redact' || !applies(properties)) continue;
    const { pointers = [], patterns: given, replacement = REDACTED } = properties;
    const fault = patternsFault(given, properties['replacement']);
    if (fault !== undefined) return fault;
    if (!Array.isArray(pointers) || (pointers.length === 0 && given === undefined))
      return 'a redaction names neither pointers nor patterns';
    for (const pattern of (given ?? []) as readonly string[])
      patterns.push({ pattern, replacement: replacement as string });
    for (const pointer of pointers as readonly Json[]) {
      const steps = typeof pointer === 'string' ? parsePointer(pointer) : undefined;
      if (steps === undefined || steps.length === 0) return 'a redaction holds what is no pointer to a part';
      plan.push({ steps, replacement });
    }
  }
  const places = plan.sort(
    (left, right) => right.steps.length - left.steps.length || (sortKey(left) < sortKey(right) ? -1 : 1),
  );
  const key = ({ pattern, replacement }: PatternStep) => JSON.stringify([pattern, replacement]);
  return { places, patterns: patterns.sort((left, right) => (key(left) < key(right) ? -1 : 1)) };
}

function sortKey(step: Step): string {
  return canonicalJson([step.steps as Json, step.replacement]);
}

function replace(value: Json, steps: readonly string[], depth: number, replacement: Json): Json {
  if (depth === steps.length) return sameJson(value, replacement) ? value : replacement;
  if (typeof value !== 'object' || value === null) return value;
  const step = steps[depth] as string;
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    const index = arrayIndex(step, list.length);
    if (index === undefined) return value;
    const member = replace(list[index] as Json, steps, depth + 1, replacement);
    return member === list[index] ? value : list.with(index, member);
  }
  const object = value as JsonObject;
  if (!Object.hasOwn(object, step)) return value;
  const member = replace(object[step] as Json, steps, depth + 1, replacement);
  return member === object[step] ? value : { ...object, [step]: member };
}

function sameJson(left: Json, right: Json): boolean {
  return left === right || canonicalJson(left) === canonicalJson(right);
}
