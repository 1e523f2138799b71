import type { Value } from '../value/index.ts';
import { memberKey } from '../value/index.ts';
import type { NetworkResponse } from './network.ts';

/** An answer that is kept. */
export interface CachedResponse {
  readonly response: NetworkResponse;
  /** Milliseconds since 1970; from then on the server is asked whether it still holds. */
  readonly expiresAtMs: number;
}

/** Bytes of bodies and headers that a cache keeps, where no other number is given. */
export const HTTP_CACHE_BYTES_MAX_DEFAULT = 16 * 1024 * 1024;

function sizeBytes({ response }: CachedResponse): number {
  let size = response.body.length + response.status.length;
  for (const [name, values] of response.headers) size += name.length + values.join().length;
  return size;
}

/**
 * Answers of `http.send` that outlive an evaluation (`cache`, `force_cache`): OPA's inter-query cache. Give one to all
 * evaluations that are to share it. What was put in first goes first where it is full.
 */
export class HttpCache {
  readonly #entries = new Map<unknown, CachedResponse>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(options: { readonly bytesMax?: number } = {}) {
    this.#bytesMax = options.bytesMax ?? HTTP_CACHE_BYTES_MAX_DEFAULT;
  }

  get(key: Value): CachedResponse | undefined {
    return this.#entries.get(memberKey(key));
  }

  put(key: Value, entry: CachedResponse): void {
    this.delete(key);
    const size = sizeBytes(entry);
    if (size > this.#bytesMax) return;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes + size <= this.#bytesMax) break;
      this.#remove(oldest);
    }
    this.#entries.set(memberKey(key), entry);
    this.#bytes += size;
  }

  delete(key: Value): void {
    this.#remove(memberKey(key));
  }

  #remove(key: unknown): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    this.#bytes -= sizeBytes(known);
    this.#entries.delete(key);
  }
}
