import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BudgetDefinition } from '@writ/state';
import type { Store } from '@writ/store';
import type { Told } from './calls.ts';

/** What a guarding process writes, line by line. */
export type WorkerLine =
  | { readonly kind: 'ready'; readonly role: Store['role'] }
  | ({ readonly kind: 'told'; readonly onRecord: boolean; readonly role: Store['role'] } & Told)
  /** A tool ran. */
  | { readonly kind: 'ran'; readonly index: number };

const SCRIPT = join(import.meta.dirname, 'guard-worker.ts');

/** A process that works through `guard()` on a shared data directory. */
export class GuardWorker {
  readonly acknowledged: Told[] = [];
  /** Answers that say that they are not on record. */
  unrecorded = 0;
  /** Tools that ran. */
  ran = 0;
  role: Store['role'] | undefined;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #stderr = '';

  constructor(directory: string, mark: string, inFlight: number, budget: BudgetDefinition) {
    const args = [SCRIPT, directory, mark, String(inFlight), JSON.stringify(budget)];
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
    });
    this.#child.stdin?.on('error', () => undefined);
    const lines = createInterface({ input: this.#child.stdout! });
    lines.on('line', (line) => this.#read(JSON.parse(line) as WorkerLine));
    const closed = new Promise<number | null>((resolve) => this.#child.once('close', resolve));
    const read = new Promise<void>((resolve) => lines.once('close', resolve));
    this.#ended = Promise.all([closed, read]).then(([code]) => code);
  }

  /** Lets what is in flight end; rejects where the process did not end well. */
  async stop(): Promise<void> {
    this.#child.stdin?.end('stop\n');
    const code = await this.#ended;
    if (code !== 0) throw new Error(`a guarding process ended with ${code}: ${this.#stderr}`);
  }

  /** For leaving nothing behind when something else failed. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #read(line: WorkerLine): void {
    if (line.kind === 'ran') {
      this.ran += 1;
      return;
    }
    this.role = line.role;
    if (line.kind === 'ready') return;
    if (line.onRecord) this.acknowledged.push({ id: line.id, effect: line.effect, reason: line.reason });
    else this.unrecorded += 1;
  }
}
