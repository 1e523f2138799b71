import type { DecideCall, Decision } from '@writ/decision';
import {
  activeHalt,
  budgetKeys,
  checkRates,
  haltKeys,
  rateKeys,
  reserveBudgets,
  revocationKeys,
  revokedParty,
} from '@writ/state';
import type { Transaction } from '@writ/store';
import type { PolicySet } from '../layers/policy-set.ts';
import { type Attempt, frameOf, type Prepared } from './attempt.ts';
import { budgetRequests } from './budgets.ts';
import type { CallerIdentity } from './caller.ts';
import type { Core } from './core.ts';
import { denial } from './draft-decision.ts';
import { readFault } from './faults.ts';
import { judge } from './judge.ts';
import { prepare } from './prepare-decision.ts';
import { rateLimited, rateRequests } from './rate-limits.ts';
import { withHalt, withReason } from './settle-decision.ts';

/**
 * What `decide` would answer now, by the same steps up to its commit, and with the commit's own checks on cells as they
 * are: halts, revocations, rates and budgets. Nothing is reserved, asked of people, counted or recorded.
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
  const { draft, request, subject, counted, facts } = prepared;
  const chain = request.delegation?.map(({ id }) => id) ?? [];
  const budgets = budgetRequests(facts?.budgets ?? [], request);
  const rates = rateRequests(prepared.rates ?? []);
  const keys = [
    ...haltKeys(subject),
    ...revocationKeys(subject, chain),
    ...budgetKeys(
      budgets.map(({ definition }) => definition),
      subject,
    ),
    ...rateKeys(rates, subject),
  ];
  const cells = new Map<string, string | undefined>();
  await Promise.all([...new Set(keys)].map(async (key) => cells.set(key, await core.store.read(key))));
  const transaction = scratch(cells, core.clock.nowMs());
  const read = (key: string) => transaction.get(key);
  const halt = activeHalt(read, subject);
  if (halt !== undefined) return withHalt(draft, halt.reason);
  const revoked = revokedParty(read, subject, chain);
  if (revoked !== undefined)
    return withReason(draft, { code: revoked.code, message: revoked.revocation.reason });
  if (draft.effect !== 'proceed' || !counted) return draft;
  const rated = checkRates(transaction, subject, rates);
  if (!rated.ok) {
    const { reason, found } = rateLimited(rated.limited, transaction.nowMs);
    return withReason(draft, reason, found);
  }
  const reserved = reserveBudgets(transaction, subject, budgets);
  if (reserved.ok) return draft;
  return withReason(draft, { code: 'budget_exhausted', message: `budget \`${reserved.exhausted.name}\`` });
}

/** A transaction that ends nowhere. */
function scratch(cells: Map<string, string | undefined>, nowMs: number): Transaction {
  const nothing = (): never => {
    throw new Error('what is only foreseen is not recorded');
  };
  return {
    nowMs,
    get: (key) => cells.get(key),
    put: (key, value) => void cells.set(key, value),
    remove: (key) => void cells.delete(key),
    append: nothing,
    replaceDetail: nothing,
    logSize: 0,
  };
}
