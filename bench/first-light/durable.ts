import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DecideCall } from '@writ/decision';
import { LEDGER_PROCEDURES, openFileSigner, startCheckpointer } from '@writ/ledger';
import {
  createDecisionPoint,
  createPolicySource,
  createRegoEngine,
  DECISION_PROCEDURES,
  type DecisionService,
  loadPolicies,
} from '@writ/pdp';
import { STATE_PROCEDURES } from '@writ/state';
import { openStore, type Store } from '@writ/store';
import { compare, inMilliseconds, spreadOf } from '../measure.ts';
import { GroupCommitFile } from './group-commit-file.ts';
import { type Ground, type Section, TUTORIAL } from './section.ts';

const ALONE = 400;
const IN_FLIGHT = 256;
const ROUNDS = 5;
const ROUND_MS = 1_200;
const PRINCIPALS = 64;
/** At least this share of the bare file's rate. */
const SHARE_MIN = 0.5;

/** The whole decision in process (policy, state, record, synced), beside a bare append-only file on the same disk. */
export const durable: Section = async (ground) => {
  const { service, store } = await openPoint(ground);
  const file = await GroupCommitFile.open(join(ground.folder, 'append-only'));
  ground.cleanup.push(() => file.close());
  let next = 0;
  const decide = async (): Promise<void> => {
    next += 1;
    const decision = await service.decide(callOf(next));
    if (decision.outcome !== 'allow') throw new Error(`${decision.outcome} ${decision.reason}`);
  };
  await decide();
  const bytes = await recordBytes(store);
  const record = randomBytes(bytes);
  const append = (): Promise<void> => file.append(record);

  const alone = await compare(
    [
      { name: 'decision', run: decide },
      { name: 'file', run: append },
    ],
    { rounds: ALONE, perRound: 1, warmUp: 100 },
  );
  const rates = { decision: [] as number[], file: [] as number[] };
  for (let round = -1; round < ROUNDS; round++) {
    const file = await rateOf(append);
    const decision = await rateOf(decide);
    if (round < 0) continue;
    rates.file.push(file);
    rates.decision.push(decision);
  }
  const [decision, bare] = [spreadOf(rates.decision), spreadOf(rates.file)];
  return {
    figures: [
      {
        name: `append of ${bytes} bytes to a file, fdatasync, 1 in flight`,
        ...inMilliseconds(alone.get('file')),
      },
      { name: 'durable decision in process, 1 in flight', ...inMilliseconds(alone.get('decision')) },
      {
        name: `file with group commit, ${IN_FLIGHT} in flight`,
        value: bare.median,
        unit: '/s',
        spread: bare,
      },
      {
        name: `durable decisions in process, ${IN_FLIGHT} in flight`,
        value: decision.median,
        unit: '/s',
        spread: decision,
      },
      {
        name: 'durable decisions / file with group commit',
        value: decision.median / bare.median,
        unit: 'x',
        goal: { atLeast: SHARE_MIN },
      },
    ],
    leftOut: [],
  };
};

async function openPoint(ground: Ground): Promise<{ service: DecisionService; store: Store }> {
  const directory = join(ground.folder, 'in-process');
  const store = await openStore({
    directory,
    procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES, ...STATE_PROCEDURES],
  });
  ground.cleanup.push(() => store.close());
  const signer = openFileSigner(join(directory, 'credentials'));
  const checkpointer = startCheckpointer({ store, signer, directory, trust: 'cooperative' });
  ground.cleanup.push(() => checkpointer.close());
  const loaded = await loadPolicies([{ kind: 'path', path: TUTORIAL, name: 'tutorial' }], createRegoEngine());
  if (!loaded.ok) throw new Error('the policies do not load');
  const policies = createPolicySource(loaded.set);
  const service = createDecisionPoint({
    store,
    policies,
    budgets: [{ name: 'calls', per: 'principal', unit: 'requests', limit: 1e9 }],
  });
  ground.cleanup.push(() => service.close());
  return { service, store };
}

function callOf(index: number): DecideCall {
  return {
    idempotency_key: `bench-${index}`,
    request: {
      principal: { id: `user:${index % PRINCIPALS}`, kind: 'user', scopes: ['read'] },
      actor: { id: 'agent:ops' },
      action: { type: 'tool_call', phase: 'call', tool: 'db.read', args: { table: 'orders', row: index } },
    },
  };
}

/** Bytes of the last entry: its leaf and what lies beside it. */
async function recordBytes(store: Store): Promise<number> {
  const size = await store.logSize();
  const [entry] = await store.entries(size - 1, size);
  return (entry?.leaf.byteLength ?? 0) + Buffer.byteLength(entry?.detail ?? '');
}

/** Operations a second with so many in flight. */
async function rateOf(operation: () => Promise<void>): Promise<number> {
  const start = performance.now();
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - start < ROUND_MS) {
      await operation();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (count * 1000) / (performance.now() - start);
}
