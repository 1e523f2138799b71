import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEDGER_PROCEDURES, type LedgerEntry, readEntry } from '@writ/ledger';
import {
  createDecisionPoint,
  createPolicySource,
  createRegoEngine,
  DECISION_PROCEDURES,
  type DecisionPointOptions,
  type DecisionService,
  loadPolicies,
  renderLoadFailure,
} from '@writ/pdp';
import { openStore, type Store } from '@writ/store';
import { onTestFinished } from 'vitest';

export interface PointOptions extends Partial<DecisionPointOptions> {
  /** A module of package `agent`; or `bundle`. */
  readonly rego?: string;
  /** Folder of a bundle, in place of the module. */
  readonly bundle?: string;
  /** Entrypoints as a manifest writes them. Default: `agent/decision`, kind `grant`. */
  readonly entrypoints?: readonly object[];
  /** Size that the record may grow to: beyond it, the disk is full. */
  readonly storeBytesMax?: number;
}

export interface StartedPoint {
  readonly service: DecisionService;
  readonly store: Store;
  /** Everything on record. */
  entries(): Promise<readonly LedgerEntry[]>;
}

/** A real decision point on a real store in a folder of its own, with policies in Rego; gone when the test ends. */
export async function startPoint({
  rego = '',
  bundle,
  entrypoints,
  storeBytesMax,
  ...options
}: PointOptions): Promise<StartedPoint> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-gateway-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const listed = entrypoints ?? [{ path: 'agent/decision', kind: 'grant' }];
  await writeFile(join(folder, 'policy.rego'), rego);
  await writeFile(
    join(folder, '.manifest'),
    JSON.stringify({ roots: ['agent'], rego_version: 1, metadata: { writ: { entrypoints: listed } } }),
  );
  const engine = createRegoEngine();
  const loaded = await loadPolicies([{ kind: 'path', path: bundle ?? folder, name: 'agent' }], engine);
  if (!loaded.ok) throw new Error(renderLoadFailure(loaded));
  const store = await openStore({
    directory: join(folder, 'data'),
    procedures: [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES],
    ...(storeBytesMax === undefined ? {} : { sizeBytesMax: storeBytesMax }),
  });
  const service = createDecisionPoint({
    store,
    policies: createPolicySource(loaded.set),
    // The machine may be busy: no test here is about how fast a decision is.
    limits: { decisionMs: 30_000 },
    ...options,
  });
  onTestFinished(async () => {
    await service.close();
    await store.close().catch(() => undefined);
    await engine.close();
  });
  return {
    service,
    store,
    entries: async () => {
      const stored = await store.entries(0, await store.logSize());
      return stored.map((each) => {
        const read = readEntry(each);
        if (!read.ok) throw new Error(read.message);
        return read.value;
      });
    },
  };
}
