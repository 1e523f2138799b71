import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** Where keys come from and how long they are good for. */
export interface KeySetOptions {
  /** Fetches the keys anew; rejects where it cannot. */
  load(): Promise<JSONWebKeySet>;
  /** From this age on keys are fetched again in the background, ms. */
  readonly refreshMs: number;
  /** Older keys verify nothing, ms. */
  readonly ageMsMax: number;
  /** Time between two fetches for key ids that are not known, ms: tokens with made-up ids must not flood the issuer. */
  readonly cooldownMs: number;
  readonly now: () => number;
}

/** Keys that signatures are checked with, kept over an outage of the issuer until they are too old. */
export interface KeySet {
  /** Throws `KeySetUnavailable` where no keys can be had, jose's errors where none fits. */
  readonly getKey: JWTVerifyGetKey;
}

/** The issuer gives no keys, and what was kept of it is too old. */
export class KeySetUnavailable extends Error {}

interface Loaded {
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  readonly atMs: number;
}

/** A set of keys that follows its source: fetched on first use, refreshed before it is old, at once for an unknown id. */
export function createKeySet(options: KeySetOptions): KeySet {
  const { load, refreshMs, ageMsMax, cooldownMs, now } = options;
  let loaded: Loaded | undefined;
  let loading: Promise<Loaded> | undefined;
  let triedAtMs = Number.NEGATIVE_INFINITY;

  const reload = (): Promise<Loaded> => {
    loading ??= (async () => {
      triedAtMs = now();
      try {
        loaded = { keys: createLocalJWKSet(await load()), atMs: now() };
        return loaded;
      } catch (cause) {
        throw new KeySetUnavailable('the keys cannot be fetched', { cause });
      } finally {
        loading = undefined;
      }
    })();
    return loading;
  };
  const mayTry = (): boolean => now() - triedAtMs >= cooldownMs;

  const current = async (): Promise<Loaded> => {
    const kept = loaded;
    if (kept === undefined || now() - kept.atMs >= ageMsMax) {
      // While an issuer is down each request would wait for its time-out: one of them asks, now and then.
      if (loading === undefined && !mayTry()) throw new KeySetUnavailable('the keys could not be fetched');
      return reload();
    }
    if (now() - kept.atMs >= refreshMs && mayTry()) reload().catch(() => undefined);
    return kept;
  };

  return {
    async getKey(header, token) {
      const { keys } = await current();
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !mayTry()) throw error;
        // A key that was rotated in since: fetched once, and looked for again.
        const again = await reload().catch(() => undefined);
        if (again === undefined) throw error;
        return again.keys(header, token);
      }
    },
  };
}
