import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** An acknowledgement that a child told before it ended. */
export interface Acknowledged {
  readonly index: number;
  readonly mark: string;
}

/** One process of `fixtures/child.ts`. */
export class Child {
  readonly acknowledged: Acknowledged[] = [];
  role: string | undefined;
  done = false;
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  #waiting: (() => void)[] = [];

  constructor(directory: string, label: string, writers: number, calls = 0) {
    const module = fileURLToPath(new URL('./fixtures/child.ts', import.meta.url));
    const args = [module, directory, label, String(writers), String(calls)];
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: this.#process.stdout! });
    lines.on('line', (line) => this.#onLine(line));
    this.ended = new Promise((resolve) => {
      lines.once('close', () => {
        this.#wake();
        resolve();
      });
    });
  }

  /** Waits until the child has told that many acknowledgements, or has ended. */
  async until(count: number): Promise<void> {
    let ended = false;
    void this.ended.then(() => {
      ended = true;
    });
    while (this.acknowledged.length < count && !ended) {
      await Promise.race([this.ended, new Promise<void>((resolve) => this.#waiting.push(resolve))]);
    }
  }

  async ready(): Promise<void> {
    while (this.role === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Ends the process as a power cut would end it, and reads what it had told until then. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  /** Stops the process where it stands, with everything that it has not synced, and reads what it had told until then. */
  async freeze(): Promise<void> {
    this.#process.kill('SIGSTOP');
    // What it told before lies in the pipe.
    for (let told = -1; told !== this.acknowledged.length; ) {
      told = this.acknowledged.length;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  #onLine(line: string): void {
    const [kind, first = '', second = ''] = line.split(' ');
    if (kind === 'ready') this.role = first;
    if (kind === 'done') this.done = true;
    // A last line cut short by the kill has no mark; what it would have told is not counted as acknowledged.
    if (kind === 'ack' && second !== '') this.acknowledged.push({ index: Number(first), mark: second });
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
