import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a soak has done so far, as a file in its folder: one that was interrupted goes on with the same `--in`. Without
 * a folder nothing is kept.
 */
export class SoakState<State extends object> {
  readonly #path: string | undefined;
  state: State;

  constructor(folder: string | undefined, fresh: State) {
    this.state = structuredClone(fresh);
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, 'soak.json');
    Object.assign(this.state, readIfThere<State>(this.#path));
  }

  save(): void {
    if (this.#path === undefined) return;
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.state));
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function readIfThere<State>(path: string): Partial<State> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<State>;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw cause;
  }
}
