import type { DecideCall, Decision } from '@writ/decision';
import { budgetKeys, haltKeys, rateKeys, revocationKeys } from '@writ/state';
import type { Transaction } from '@writ/store';
import type { PolicySet } from '../layers/policy-set.ts';
import { type Attempt, frameOf, type Prepared } from './attempt.ts';
import type { CallerIdentity } from './caller.ts';
import { NOBODY } from './commit-keys.ts';
import { admit, stoppedBy } from './commit-order.ts';
import type { ClampedClock, Core } from './core.ts';
import { denial } from './draft-decision.ts';
import { readFault } from './faults.ts';
import { judge } from './judge.ts';
import { orderedCall } from './ordered-call.ts';
import { prepare } from './prepare-decision.ts';

/**
 * What `decide` would answer now, by the same steps up to its commit, and with the commit's own order on cells as they
 * are: halts, revocations, the clock as far as this process saw it, rates and budgets. Nothing is reserved, asked of people, counted or recorded.
 */
export async function foresee(
  core: Core,
  caller: CallerIdentity,
  set: PolicySet,
  call: DecideCall,
  deadlineAt: number,
): Promise<Decision> {
  const attempt: Attempt = { core, caller, call, startedNs: process.hrtime.bigint(), deadlineAt, judge };
  try {
    const prepared = await prepare(attempt, set);
    return await afterCommit(core, prepared);
  } catch (thrown) {
    const fault = readFault(thrown);
    return denial(fault.code, fault.message, frameOf(attempt, undefined));
  }
}

async function afterCommit(core: Core, prepared: Prepared): Promise<Decision> {
  const { draft } = prepared;
  const call = orderedCall(prepared, false);
  const { subject, chain = NOBODY, budgets, rates } = call;
  const definitions = budgets.map(({ definition }) => definition);
  const keys = [
    ...haltKeys(subject),
    ...revocationKeys(subject, chain),
    ...budgetKeys(definitions, subject),
    ...rateKeys(rates, subject),
  ];
  const cells = new Map<string, string | undefined>();
  await Promise.all([...new Set(keys)].map(async (key) => cells.set(key, await core.store.read(key))));
  const transaction = scratch(cells, core.clock);
  const stopped = stoppedBy(transaction, call);
  if (stopped !== undefined) return stopped(draft);
  if (draft.effect !== 'proceed') return draft;
  const admitted = admit(transaction, call);
  return admitted.ok ? draft : admitted.refused(draft);
}

/** A transaction that ends nowhere. */
function scratch(cells: Map<string, string | undefined>, clock: ClampedClock): Transaction {
  const nothing = (): never => {
    throw new Error('what is only foreseen is not recorded');
  };
  return {
    nowMs: clock.nowMs(),
    clockSteppedBackMs: clock.steppedBackMs(),
    get: (key) => cells.get(key),
    put: (key, value) => void cells.set(key, value),
    remove: (key) => void cells.delete(key),
    append: nothing,
    replaceDetail: nothing,
    logSize: 0,
  };
}
