import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DecideCall } from '@writ/decision';
import { openLocal } from '@writ/sdk/local';
import { openStoreReader } from '@writ/store';
import { compare, inMilliseconds, spreadOf } from '../measure.ts';
import { GroupCommitFile } from './group-commit-file.ts';
import { type Section, TUTORIAL } from './section.ts';

const ALONE = 400;
const IN_FLIGHT = 256;
const ROUNDS = 5;
const ROUND_MS = 1_200;
const PRINCIPALS = 64;
/** At least this share of the bare file's rate. */
const SHARE_MIN = 0.5;

/** The whole decision in process (policy, state, record, synced), beside a bare append-only file on the same disk. */
export const durable: Section = async (ground) => {
  const directory = join(ground.folder, 'in-process');
  const budget = { name: 'calls', per: 'principal', unit: 'requests', limit: 1e9 } as const;
  const local = await openLocal({ bundles: [TUTORIAL], dataDirectory: directory, budgets: [budget] });
  ground.cleanup.push(() => local.close());
  const file = await GroupCommitFile.open(join(ground.folder, 'append-only'));
  ground.cleanup.push(() => file.close());
  let next = 0;
  const decide = async (): Promise<void> => {
    next += 1;
    const decision = await local.point.decide(callOf(next));
    if (decision.outcome !== 'allow') throw new Error(`${decision.outcome} ${decision.reason}`);
  };
  await decide();
  const bytes = recordBytes(directory);
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
function recordBytes(directory: string): number {
  const reader = openStoreReader(directory);
  try {
    const size = reader.logSize();
    const [entry] = [...reader.entries(size - 1, size)];
    return (entry?.leaf.byteLength ?? 0) + Buffer.byteLength(entry?.detail ?? '');
  } finally {
    reader.close();
  }
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
