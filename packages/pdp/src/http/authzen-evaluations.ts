import type { Json, JsonObject } from '@writ/decision';
import { BATCH_MAX } from './decision-routes.ts';

export const EVALUATIONS_SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
/** When the answers of one request end: after all, at the first no, at the first yes. */
export type EvaluationsSemantic = (typeof EVALUATIONS_SEMANTICS)[number];

export type EvaluationsAsked =
  | { readonly ok: true; readonly items: readonly Json[]; readonly semantic: EvaluationsSemantic }
  | { readonly ok: false; readonly problem: string };

/** What a request for several evaluations asks; no `evaluations`, or none in it, is one about the body itself. */
export function evaluationsOf(body: JsonObject): EvaluationsAsked {
  const { evaluations: items = [], options = {} } = body;
  if (!Array.isArray(items)) return problem('`evaluations` is not a list');
  if (items.length > BATCH_MAX) return problem(`more than ${BATCH_MAX} evaluations`);
  if (!isObject(options)) return problem('`options` is not an object');
  const { evaluations_semantic: named = 'execute_all' } = options;
  const semantic = EVALUATIONS_SEMANTICS.find((each) => each === named);
  if (semantic === undefined)
    return problem(`\`options.evaluations_semantic\` is none of ${EVALUATIONS_SEMANTICS.join(', ')}`);
  return { ok: true, items, semantic };
}

function problem(text: string): EvaluationsAsked {
  return { ok: false, problem: text };
}

/** Is this answer the last one. */
export function isStopped(semantic: EvaluationsSemantic, decision: Json | undefined): boolean {
  const last = { execute_all: undefined, deny_on_first_deny: false, permit_on_first_permit: true } as const;
  return decision === last[semantic];
}

const REQUIRED = { subject: ['type', 'id'], action: ['name'], resource: ['type', 'id'] } as const;

/**
 * One evaluation with the defaults that the request names once. What the item has of its own replaces the default as
 * a whole, but for names that it leaves out: a list of ids may share one `type`.
 */
export function mergedItem(body: JsonObject, item: Json): JsonObject {
  if (!isObject(item)) return {};
  const merged: Record<string, Json> = {};
  for (const [entity, names] of Object.entries(REQUIRED)) {
    const [own, shared] = [item[entity], body[entity]];
    const value =
      isObject(own) && isObject(shared) ? withNames(own, shared, names) : own === undefined ? shared : own;
    if (value !== undefined) merged[entity] = value;
  }
  const context = item['context'] === undefined ? body['context'] : item['context'];
  return context === undefined ? merged : { ...merged, context };
}

function withNames(own: JsonObject, shared: JsonObject, names: readonly string[]): JsonObject {
  const missing = names.flatMap((name) => {
    const value = shared[name];
    return own[name] === undefined && value !== undefined ? [[name, value] as const] : [];
  });
  return { ...own, ...Object.fromEntries(missing) };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
