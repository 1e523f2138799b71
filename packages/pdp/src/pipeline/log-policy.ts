import { isDeepStrictEqual } from 'node:util';
import { modeOf } from '@writ/bundle';
import type { Json, JsonObject } from '@writ/decision';
import type { EntryCore, PersonalField, PersonalFields } from '@writ/ledger';
import type { PolicySet } from '../layers/policy-set.ts';
import type { Core } from './core.ts';
import { evaluateIn } from './evaluate-rule.ts';
import { applyMasks, type MaskRule, readMasks } from './mask.ts';

/** Rules by which policies keep parts of events out of the record, as OPA's decision log has them. */
const MASK_PATH = 'system/log/mask';
const DROP_PATH = 'system/log/drop';

/** What is to be recorded, as the rules of the log see it. */
export interface LogEvent {
  readonly decision_id: string;
  /** The request, profile `writ/v1`. */
  readonly input: Json;
  /** The decision, or the verdict about a result. */
  readonly result: Json;
  /** What builtins that draw or ask answered, as the record keeps it. */
  readonly nd_builtin_cache?: JsonObject;
}

/** An event as it may be recorded. */
export interface LoggedEvent {
  readonly event: LogEvent;
  /** Nothing is kept beside the entry. */
  readonly dropped: boolean;
  readonly isMasked: boolean;
}

/**
 * Asks `data.system.log.drop` and `data.system.log.mask` about an event, and applies the configured list. The entry
 * itself is written in any case: a decision without a record does not take effect. Where a rule fails, nothing is kept
 * beside the entry: what somebody meant to keep out does not get in by a fault.
 */
export async function applyLogPolicy(core: Core, event: LogEvent): Promise<LoggedEvent> {
  const hold = core.source.hold();
  try {
    const fixed: readonly MaskRule[] = core.maskedPaths.map((path) => ({ op: 'remove', path }));
    const asked = hold === undefined || !hasLogRules(hold.set) ? [] : await askRules(core, hold.set, event);
    if (asked === 'drop') return { event, dropped: true, isMasked: false };
    const rules = [...fixed, ...asked];
    if (rules.length === 0) return { event, dropped: false, isMasked: false };
    const masked = applyMasks(event as unknown as JsonObject, rules) as unknown as LogEvent;
    return { event: masked, dropped: false, isMasked: true };
  } finally {
    hold?.release();
  }
}

/** Whether anything could be kept out of the record under these policies. */
export function mayMask(core: Core): boolean {
  const set = core.source.current();
  return core.maskedPaths.length > 0 || (set !== undefined && hasLogRules(set));
}

const known = new WeakMap<PolicySet, boolean>();

/** Rules of third parties, and of bundles that only observe, say nothing about the record. */
function hasLogRules(set: PolicySet): boolean {
  const before = known.get(set);
  if (before !== undefined) return before;
  const found = set.bundles.some(
    (bundle) =>
      !bundle.thirdParty &&
      modeOf(bundle) === 'enforce' &&
      bundle.modules.some((module) => module.package === 'system/log'),
  );
  known.set(set, found);
  return found;
}

async function askRules(core: Core, set: PolicySet, event: LogEvent): Promise<readonly MaskRule[] | 'drop'> {
  const nowMs = core.clock.nowMs();
  const ask = (path: string) =>
    evaluateIn(set, { path, input: event as unknown as Json }, nowMs, core.limits.decisionMs);
  const drop = await ask(DROP_PATH);
  if (drop.kind === 'error' || (drop.kind === 'value' && drop.value !== false)) return 'drop';
  const mask = await ask(MASK_PATH);
  if (mask.kind === 'undefined') return [];
  return (mask.kind === 'value' ? readMasks(mask.value) : undefined) ?? 'drop';
}

/** The core and fields of an entry after the log's policy: what was masked is named, what was dropped is not kept. */
export function recordedAs(
  core: EntryCore,
  whole: PersonalFields,
  kept: PersonalFields,
  dropped: boolean,
): { readonly core: EntryCore; readonly fields: PersonalFields } {
  if (dropped) return { core: { ...core, dropped: true }, fields: {} };
  const names = Object.keys(whole) as PersonalField[];
  const masked = names.filter((name) => !isDeepStrictEqual(whole[name], kept[name])).sort();
  return { core: masked.length === 0 ? core : { ...core, masked }, fields: kept };
}
