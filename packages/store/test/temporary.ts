import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store, type StoreOptions } from '../src/index.ts';

/** Folders and stores of one test, taken away at its end. */
export class Temporary implements AsyncDisposable {
  readonly #folders: string[] = [];
  readonly #stores: Store[] = [];

  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'writ-store-test-'));
    this.#folders.push(folder);
    return folder;
  }

  /** Opens a store with the named fixtures as procedures. */
  async store(
    directory: string,
    procedures: readonly string[],
    options: Partial<StoreOptions> = {},
  ): Promise<Store> {
    const store = await openStore({ directory, procedures: procedures.map(fixture), ...options });
    this.#stores.push(store);
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores.reverse()) await store.close().catch(() => undefined);
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** The module of a procedure in `fixtures/`. */
export function fixture(name: string): URL {
  return new URL(`./fixtures/${name}.ts`, import.meta.url);
}

/** The code with which a promise is rejected, `resolved` where it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'resolved';
  } catch (cause) {
    return cause instanceof Error && 'code' in cause ? cause.code : cause;
  }
}
