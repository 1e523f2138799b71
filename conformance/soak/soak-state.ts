import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a soak has done so far, as a file in its folder: one that was interrupted goes on with the same `--in`. */
export class SoakState<State extends object> {
  readonly #path: string;
  state: State;

  constructor(folder: string, fresh: State) {
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, 'soak.json');
    this.state = { ...structuredClone(fresh), ...readIfThere<State>(this.#path) };
  }

  save(): void {
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
