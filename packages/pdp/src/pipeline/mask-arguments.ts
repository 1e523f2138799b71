import { type DecisionRequest, formatPointer, type Json, type JsonObject } from '@writ/decision';
import type { Core } from './core.ts';
import { applyLogPolicy, mayMask } from './log-policy.ts';

/** What stands in the place of a value that is not shown. */
export const MASKED = '[masked]';

/** Names of arguments whose values people need not see to judge a call, whatever policies say. */
const SENSITIVE =
  /^(.*[_-])?(password|passwd|passphrase|secret|token|api[_-]?key|apikey|authorization|credentials?|private[_-]?key|cvv|cvc|pin|ssn)$/i;

/** Arguments as people are shown them, and where something is not. */
export interface MaskedArguments {
  readonly args: JsonObject;
  /** RFC 6901 pointers into `args`. */
  readonly masked: readonly string[];
}

/**
 * Masks what the record does not hold either (`record.mask`, `data.system.log.mask`; all where the log's policy drops
 * the event), and arguments with names of secrets.
 */
export async function maskArguments(
  core: Core,
  decisionId: string,
  request: DecisionRequest,
  args: JsonObject,
): Promise<MaskedArguments> {
  const found: string[] = [];
  const kept = mayMask(core) ? await keptArguments(core, decisionId, request, args) : args;
  const shown = kept === undefined ? coverAll(args, found) : cover(args, kept, [], found);
  return { args: shown as JsonObject, masked: found };
}

async function keptArguments(
  core: Core,
  decisionId: string,
  request: DecisionRequest,
  args: JsonObject,
): Promise<JsonObject | undefined> {
  const input = JSON.parse(JSON.stringify({ ...request, action: { ...request.action, args } }));
  const logged = await applyLogPolicy(core, { decision_id: decisionId, input, result: {} });
  if (logged.dropped) return undefined;
  const { action } = logged.event.input as unknown as Partial<DecisionRequest>;
  return action?.args;
}

function coverAll(args: JsonObject, found: string[]): JsonObject {
  return Object.fromEntries(
    Object.keys(args).map((name) => {
      found.push(formatPointer([name]));
      return [name, MASKED];
    }),
  );
}

/** `value` with what is not in `kept`, or has the name of a secret, masked. Its shape stays. */
function cover(value: Json, kept: Json | undefined, path: readonly string[], found: string[]): Json {
  const name = path.at(-1);
  if (kept === undefined || (name !== undefined && SENSITIVE.test(name) && value !== null)) {
    found.push(formatPointer([...path]));
    return MASKED;
  }
  if (typeof value !== 'object' || value === null) return kept === value ? value : hide(path, found);
  if (typeof kept !== 'object' || kept === null) return hide(path, found);
  if (Array.isArray(value)) {
    const others = Array.isArray(kept) ? (kept as readonly Json[]) : [];
    // A list that lost an item does not say which.
    if (others.length !== value.length) return hide(path, found);
    return (value as readonly Json[]).map((each, index) =>
      cover(each, others[index], [...path, String(index)], found),
    );
  }
  const other = kept as JsonObject;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, each]) => [
      key,
      cover(each, Object.hasOwn(other, key) ? other[key] : undefined, [...path, key], found),
    ]),
  );
}

function hide(path: readonly string[], found: string[]): Json {
  found.push(formatPointer([...path]));
  return MASKED;
}
