import type { Decision, DecisionRequest, Json, JsonObject } from '../contract.ts';
import { nearestName } from '../nearest-name.ts';
import { describeProblems, validateRequest } from '../validate.ts';
import type { FromInput } from './profile.ts';

/** Why a document does not have a profile's shape; thrown while reading, a value outside. */
class ShapeProblem {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Runs a reader and checks what it made as a request. */
export function reading(
  read: () => { readonly request: unknown; readonly claimed?: JsonObject | undefined },
): FromInput {
  try {
    const { request, claimed } = read();
    const checked = validateRequest(request);
    if (!checked.ok) return { ok: false, problem: describeProblems(checked.problems) };
    return { ok: true, request: checked.value, ...(claimed === undefined ? {} : { claimed }) };
  } catch (fault) {
    if (fault instanceof ShapeProblem) return { ok: false, problem: fault.message };
    throw fault;
  }
}

/** An object that holds none but these keys. */
export function objectWith(value: Json | undefined, where: string, keys: readonly string[]): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ShapeProblem(`${where}: expected an object`);
  }
  const object = value as JsonObject;
  for (const key of Object.keys(object)) {
    if (keys.includes(key)) continue;
    const near = nearestName(key, keys);
    throw new ShapeProblem(
      `${where}: unknown key \`${key}\`${near === undefined ? '' : `; did you mean \`${near}\`?`}`,
    );
  }
  return object;
}

/** An object, whatever its keys. */
export function anyObject(value: Json | undefined, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new ShapeProblem(`${where}: expected an object`);
}

/** A text, which has to be there. */
export function textAt(object: JsonObject, key: string, where: string): string {
  const value = object[key];
  if (typeof value !== 'string' || value === '') throw new ShapeProblem(`${where}: \`${key}\` is not a text`);
  return value;
}

/** A text that may be missing. */
export function optionalTextAt(object: JsonObject, key: string, where: string): string | undefined {
  return object[key] === undefined ? undefined : textAt(object, key, where);
}

/** Refuses the document. */
export function refuse(message: string): never {
  throw new ShapeProblem(message);
}

/** The object without what is undefined: what is unknown is absent. */
export function present<T extends object>(object: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

/** `present`, or undefined where nothing is left. */
export function presentOrNothing<T extends object>(
  object: T,
): { [Key in keyof T]: Exclude<T[Key], undefined> } | undefined {
  const left = present(object);
  return Object.keys(left).length === 0 ? undefined : left;
}

/** The one who delegated to the actor: the last of the chain that is not the actor. */
export function parentAgentId(request: DecisionRequest): string | undefined {
  return request.delegation?.findLast((link) => link.id !== request.actor.id)?.id;
}

/** May the caller go on with exactly the arguments that it sent: the outcome `allow` and nothing else. */
export function goesOnUnchanged(decision: Decision): boolean {
  return (
    decision.effect === 'proceed' && (decision.outcome === 'allow' || decision.metadata.mode === 'observe')
  );
}

/** The reason a caller is told: where it would have to redact and cannot be told so, that. */
export function reasonFor(decision: Decision): string {
  return decision.outcome === 'sanitize' && decision.effect === 'proceed'
    ? 'outcome_not_expressible'
    : decision.reason;
}
