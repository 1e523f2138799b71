import type { RefusedLoad } from '../pipeline/service.ts';

/** How long refusals are counted before they go on record, ms. */
const RECORD_EVERY_MS = 1_000;
/** Credentials that one entry counts by name. */
const CALLERS_MAX = 16;
/** Of callers without a credential. */
const NOBODY = 'anonymous';

type Why = RefusedLoad['why'];
type Count = { -readonly [Key in keyof RefusedLoad]: RefusedLoad[Key] } & { callers: Record<string, number> };

/**
 * Counts what is refused unread, and puts the counts on record: one entry a second for each reason, however much is refused,
 * so that the record costs nothing of what refusing saves. What cannot be recorded is counted on.
 */
export class RefusalRecord {
  readonly #record: (refused: RefusedLoad) => Promise<{ readonly ok: boolean }>;
  readonly #everyMs: number;
  #counts = new Map<Why, Count>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    record: (refused: RefusedLoad) => Promise<{ readonly ok: boolean }>,
    everyMs: number = RECORD_EVERY_MS,
  ) {
    this.#record = record;
    this.#everyMs = everyMs;
  }

  /** Counts one. */
  note(code: RefusedLoad['code'], why: Why, caller: string): void {
    const at = new Date().toISOString();
    const known = this.#counts.get(why);
    const count = known ?? { code, why, count: 0, from: at, until: at, callers: {} };
    if (known === undefined) this.#counts.set(why, count);
    count.count += 1;
    count.until = at;
    const name = caller === '' ? NOBODY : caller;
    const before = Object.hasOwn(count.callers, name) ? count.callers[name] : undefined;
    if (before !== undefined || Object.keys(count.callers).length < CALLERS_MAX)
      count.callers[name] = (before ?? 0) + 1;
    this.#timer ??= setTimeout(() => void this.flush(), this.#everyMs).unref();
  }

  /** Puts on record what was counted until now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counts = this.#counts;
    this.#counts = new Map();
    for (const count of counts.values()) {
      const recorded = await this.#record(count).catch(() => ({ ok: false }));
      if (!recorded.ok) this.#keep(count);
    }
  }

  /** Goes into the next entry of its reason; when that comes, with the next refusal or at the end, the store may answer. */
  #keep(count: Count): void {
    const later = this.#counts.get(count.why);
    if (later === undefined) {
      this.#counts.set(count.why, count);
      return;
    }
    later.count += count.count;
    later.from = count.from;
    for (const [name, more] of Object.entries(count.callers)) {
      if (Object.hasOwn(later.callers, name)) later.callers[name] = (later.callers[name] ?? 0) + more;
      else if (Object.keys(later.callers).length < CALLERS_MAX) later.callers[name] = more;
    }
  }
}
