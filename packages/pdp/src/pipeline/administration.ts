import {
  type EntryCore,
  eraseEntries,
  type LedgerEntry,
  latestCheckpoint,
  type PersonalFields,
  proveStoredEntry,
  readEntry,
  sealFields,
} from '@writ/ledger';
import type { HaltTarget as StateHaltTarget } from '@writ/state';
import { createAdministrativeQueries } from './administrative-queries.ts';
import { countPending, createApprovalDesk } from './approval-desk.ts';
import { authorizeRequest } from './authorize-request.ts';
import { createChannelDesk } from './channel-desk.ts';
import type { Core } from './core.ts';
import { evaluateRule } from './evaluate-rule.ts';
import { commitFault } from './faults.ts';
import type { HaltRequest } from './halt-procedure.ts';
import { budgetStates, sessionFacts } from './look-at-state.ts';
import { changeRevocation } from './revocations.ts';
import type { ActOutcome, Administration, HaltTarget } from './service.ts';
import { createStandingDesk } from './standing-desk.ts';

/** Entries that are read at once while looking for a decision. */
const SEARCH_WINDOW = 1024;
/** What the operator does. Whoever calls these has checked the operator's credential. */
export function createAdministration(core: Core): Administration {
  return {
    approvals: createApprovalDesk(core),
    standing: createStandingDesk(core),
    channels: createChannelDesk(core),
    halt: (target, by, reason) => setHalt(core, target, 'halted', by, reason),
    resume: (target, by, reason) => setHalt(core, target, 'resumed', by, reason),
    revoke: (target, by, reason) => changeRevocation(core, target, 'revoked', by, reason),
    restore: (target, by, reason) => changeRevocation(core, target, 'restored', by, reason),
    log: {
      size: () => core.store.logSize(),
      checkpoint: () => latestCheckpoint(core.store),
      prove: (index) => proveStoredEntry(core.store, index),
      tail: async (count) => {
        const size = await core.store.logSize();
        return readEntries(core, Math.max(0, size - count), size);
      },
      from: (index, count) => readEntries(core, index, index + count),
      show: (decisionId) => entriesOf(core, decisionId),
      erase: (target, by, reason) => erase(core, target, by, reason),
    },
    state: {
      session: (subject) => sessionFacts(core, subject),
      budgets: (subject) => budgetStates(core, subject),
    },
    recordLife: (event, message) => record(core, { kind: event }, message === undefined ? {} : { message }),
    recordWrite: (note) => record(core, { kind: 'administrative', event: 'policy_write' }, { note }),
    recordRefusedLoad: ({ code, ...note }) =>
      record(core, { kind: 'administrative', event: 'load_refused', codes: [code] }, { note }),
    recordActivation: (note) => {
      const kind = note.ok ? 'policy_activation' : 'policy_refusal';
      const { facts, refused, message } = note;
      const told = {
        ...(facts === undefined ? {} : { bundles: facts }),
        ...(refused === undefined ? {} : { refused }),
      };
      return record(
        core,
        { kind, event: note.ok ? 'activated' : 'refused', bundles: note.bundles },
        {
          ...(message === undefined ? {} : { message }),
          ...(Object.keys(told).length === 0 ? {} : { note: told }),
        },
      );
    },
    recordRollback: (rollback, by) =>
      record(core, { kind: 'administrative', event: 'bundle_rollback' }, { note: { ...rollback, by } }),
    measure: async () => ({
      // Before this asks the store for something itself.
      storeWaiting: core.store.waiting(),
      meters: core.meters.read(),
      approvalsPending: await countPending(core),
      sessionsBusy: core.queue.size,
      logSize: await core.store.logSize(),
      store: await core.store.statistics(),
    }),
    health: (path) =>
      evaluateRule(core, {
        path: `system/health/${path}`,
        // As OPA tells it; without policies no rule is asked at all.
        input: { plugins_ready: true, plugin_state: { bundle: 'OK' } },
      }),
    authorize: (input) => authorizeRequest(core, input),
    queries: createAdministrativeQueries(core, (event, note, args) =>
      record(core, { kind: 'administrative', event }, { note, ...(args === undefined ? {} : { args }) }),
    ),
    evaluate: async (question, by) => {
      const noted = await record(
        core,
        { kind: 'administrative', event: 'evaluate' },
        {
          note: { by, path: question.path },
          ...(question.input === undefined ? {} : { args: question.input }),
        },
      );
      if (noted.ok) return evaluateRule(core, question);
      return { kind: 'error', code: 'policy_engine_unavailable', message: noted.message };
    },
  };
}

async function erase(
  core: Core,
  target: Parameters<Administration['log']['erase']>[0],
  by: string,
  reason: string | undefined,
): ReturnType<Administration['log']['erase']> {
  const { trust, salts } = core;
  try {
    const noted = { by, trust, salts, ...(reason === undefined ? {} : { reason }) };
    return { ok: true, report: await eraseEntries(core.store, target, noted) };
  } catch (thrown) {
    return { ok: false, ...commitFault(thrown) };
  }
}

async function record(core: Core, entry: EntryCore, fields: PersonalFields): Promise<ActOutcome> {
  try {
    await core.store.call('pdp.note', {
      core: entry,
      sealed: sealFields(fields, core.salts),
      trust: core.trust,
    });
    return { ok: true };
  } catch (thrown) {
    return { ok: false, ...commitFault(thrown) };
  }
}

async function setHalt(
  core: Core,
  target: HaltTarget,
  event: HaltRequest['event'],
  by: string,
  reason: string | undefined,
): Promise<ActOutcome> {
  const request: HaltRequest = {
    target: stateTarget(target),
    event,
    by,
    reason: reason ?? (event === 'halted' ? `halted by ${by}` : `resumed by ${by}`),
    saltSeed: core.saltSeed(),
    trust: core.trust,
  };
  try {
    await core.store.call('pdp.halt', request);
    return { ok: true };
  } catch (thrown) {
    return { ok: false, ...commitFault(thrown) };
  }
}

function stateTarget(target: HaltTarget): StateHaltTarget {
  switch (target.kind) {
    case 'all':
      return { scope: 'all' };
    case 'tenant':
      return { scope: 'tenant', tenant: target.tenant };
    case 'actor':
      return { scope: 'actor', actor: target.actor };
  }
}

async function readEntries(core: Core, from: number, to: number): Promise<readonly LedgerEntry[]> {
  const stored = await core.store.entries(from, to);
  return stored.flatMap((each) => {
    const read = readEntry(each);
    return read.ok ? [read.value] : [];
  });
}

/** Every entry about a decision, looking back from the end: what is asked about is mostly recent. */
async function entriesOf(core: Core, decisionId: string): Promise<readonly LedgerEntry[]> {
  const found: LedgerEntry[] = [];
  for (let to = await core.store.logSize(); to > 0; to -= SEARCH_WINDOW) {
    const window = await readEntries(core, Math.max(0, to - SEARCH_WINDOW), to);
    found.unshift(...window.filter(({ core: entry }) => entry.decision_id === decisionId));
    // A decision's own entry is its first: nothing about it can stand before.
    if (found.some(({ core: entry }) => entry.kind === 'decision')) break;
  }
  return found;
}
