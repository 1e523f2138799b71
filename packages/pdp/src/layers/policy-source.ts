import type { PolicySet } from './policy-set.ts';

/** A policy set that stays open until it is released, whatever is activated meanwhile. */
export interface PolicyHold {
  readonly set: PolicySet;
  release(): void;
}

/** The active policies, swapped in whole. A decision holds one set from its first question to its last. */
export interface PolicySource {
  /** Undefined before the first activation: then nothing can be allowed. */
  current(): PolicySet | undefined;
  /** Undefined where nothing is active, or what is active may no longer be decided by. */
  hold(): PolicyHold | undefined;
  /** Makes `next` active at once; the set before it is closed when its last hold is released. */
  swap(next: PolicySet): void;
  /**
   * Runs what reads policies and then swaps them in, one after another: what was read first can never replace what was
   * read, or written, after it.
   */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** When each active bundle's content became active, ms since 1970, by the bundle's name. */
  activeSince(): ReadonlyMap<string, number>;
  /** Closes all sets; resolves when the ones still held are released and closed. */
  close(): Promise<void>;
}

class Held {
  readonly set: PolicySet;
  #holds = 0;
  #retired = false;
  #closing: Promise<void> | undefined;
  readonly #onClosed: (held: Held) => void;

  constructor(set: PolicySet, onClosed: (held: Held) => void) {
    this.set = set;
    this.#onClosed = onClosed;
  }

  hold(): PolicyHold {
    this.#holds += 1;
    let released = false;
    return {
      set: this.set,
      release: () => {
        if (released) return;
        released = true;
        this.#holds -= 1;
        this.#closeWhenUnused();
      },
    };
  }

  retire(): void {
    this.#retired = true;
    this.#closeWhenUnused();
  }

  #closeWhenUnused(): void {
    if (!this.#retired || this.#holds > 0 || this.#closing !== undefined) return;
    this.#closing = this.set.policies.close().finally(() => this.#onClosed(this));
  }
}

/**
 * @param unusable says why the active policies may not be decided by any more, such as for their age; asked for each decision
 */
export function createPolicySource(
  initial?: PolicySet,
  unusable: () => string | undefined = () => undefined,
): PolicySource {
  const open = new Set<Held>();
  let waiting: (() => void)[] = [];
  const onClosed = (held: Held): void => {
    open.delete(held);
    if (open.size > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  const add = (set: PolicySet): Held => {
    const held = new Held(set, onClosed);
    open.add(held);
    return held;
  };
  let active = initial === undefined ? undefined : add(initial);
  let last: Promise<unknown> = Promise.resolve();
  let since = sinceOf(initial, undefined, new Map());
  return {
    current: () => active?.set,
    hold: () => (unusable() === undefined ? active?.hold() : undefined),
    swap(next) {
      const before = active;
      active = add(next);
      since = sinceOf(next, before?.set, since);
      before?.retire();
    },
    inTurn(work) {
      const result = last.then(work);
      last = result.catch(() => undefined);
      return result;
    },
    activeSince: () => since,
    close() {
      active?.retire();
      active = undefined;
      return open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

/** What was active before with the same content has been since then; everything else is from now on. */
function sinceOf(
  next: PolicySet | undefined,
  before: PolicySet | undefined,
  since: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const nowMs = Date.now();
  const digests = new Map(before?.bundles.map(({ name, digest }) => [name, digest]));
  return new Map(
    next?.bundles.map(({ name, digest }) => [
      name,
      digests.get(name) === digest ? (since.get(name) ?? nowMs) : nowMs,
    ]),
  );
}
