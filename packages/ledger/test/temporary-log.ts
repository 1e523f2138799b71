import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore, type Store } from '@writ/store';
import {
  type AppendRequest,
  type AppendResult,
  type Checkpointer,
  type CheckpointSigner,
  type EntryCore,
  LEDGER_PROCEDURES,
  openFileSigner,
  type PersonalFields,
  randomSalts,
  sealFields,
  startCheckpointer,
} from '../src/index.ts';

/** Never reached: checkpoints of a test are made when the test asks. */
const NEVER_MS = 2_000_000_000;

/** A log on the real store, with its key apart from it; all taken away at the end. */
export class TemporaryLog implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'writ-ledger-test-'));
  readonly directory = join(this.root, 'data');
  readonly keys = join(this.root, 'keys');
  readonly signer: CheckpointSigner = openFileSigner(this.keys, { name: 'log.test/one' });
  readonly #salts = randomSalts();
  #store: Store | undefined;
  #checkpointer: Checkpointer | undefined;
  #copies = 0;

  get store(): Store {
    if (this.#store === undefined) throw new Error('the log is closed');
    return this.#store;
  }

  async open(): Promise<this> {
    this.#store = await openStore({ directory: this.directory, procedures: LEDGER_PROCEDURES });
    this.#checkpointer = startCheckpointer({
      store: this.#store,
      // The key may have been changed since.
      signer: openFileSigner(this.keys),
      directory: this.directory,
      trust: 'enforced',
      intervalMs: NEVER_MS,
    });
    return this;
  }

  async append(core: EntryCore, fields: PersonalFields): Promise<number> {
    const entries = [{ core, sealed: sealFields(fields, this.#salts) }];
    const request: AppendRequest = { entries, trust: 'enforced' };
    return (await this.store.call<AppendRequest, AppendResult>('ledger.append', request)).index;
  }

  /** Appends decisions numbered from `from`, in one batch or more. */
  async decide(from: number, to: number): Promise<void> {
    const entries = Array.from({ length: to - from }, (_, each) => decisionOf(from + each)).map(
      ([core, fields]) => ({
        core,
        sealed: sealFields(fields, this.#salts),
      }),
    );
    await this.store.call<AppendRequest, AppendResult>('ledger.append', { entries, trust: 'enforced' });
  }

  publish(): Promise<string | undefined> {
    if (this.#checkpointer === undefined) throw new Error('the log is closed');
    return this.#checkpointer.publish();
  }

  async close(): Promise<void> {
    await this.#checkpointer?.close();
    await this.#store?.close();
    this.#store = undefined;
    this.#checkpointer = undefined;
  }

  /** A copy of the closed log's directory, to be tampered with. */
  copy(): string {
    this.#copies += 1;
    const copy = join(this.root, `copy-${this.#copies}`);
    cpSync(this.directory, copy, {
      recursive: true,
      filter: (path) => !path.endsWith('.sock'),
    });
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The decision with this number. */
export function decisionOf(number: number): readonly [EntryCore, PersonalFields] {
  const denied = number % 3 === 0;
  const core: EntryCore = {
    kind: 'decision',
    decision_id: `dec-${number}`,
    action_type: 'tool_call',
    phase: 'call',
    outcome: denied ? 'deny' : 'allow',
    effect: denied ? 'refuse' : 'proceed',
    codes: [denied ? 'amount_over_limit' : 'granted'],
    rules_evaluated: 2,
    engine: 'rego',
    bundles: { tutorial: { revision: '1', digest: 'sha256:00' } },
  };
  const fields: PersonalFields = {
    tenant: 'acme',
    principal: `user-${number % 5}`,
    actor: 'agent-1',
    tool: 'refund',
    server: 'payments',
    args: { amount: number * 1.5, note: 'für Anna' },
    arg_hash: `sha256:${number}`,
  };
  return [core, fields];
}

/** Runs statements on the database of a copy, as whoever can write the files could. */
export function tamper(directory: string, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(directory, 'store.sqlite'));
  try {
    work(database);
  } finally {
    database.close();
  }
}
