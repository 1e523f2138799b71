import type { LedgerEntry, LogQueries } from '@writ/ledger';
import type { Administration } from '../pipeline/service.ts';

/** What happened to bundles, from the record. */
export interface BundleEvent {
  /** RFC 3339. */
  readonly time: string;
  /** Place in the record. */
  readonly entry: number;
  /** `activated`: in force from here on; `refused`: did not activate; `rollback`: an operator asked for one. */
  readonly event: 'activated' | 'refused' | 'rollback';
  /** Absent for a refusal that names no single bundle. */
  readonly bundle?: string;
  readonly revision?: string;
  readonly digest?: string;
  readonly sequence?: number;
  readonly rollback_to?: string;
  /** Whose signatures were checked. */
  readonly signed_by?: readonly string[];
  /** Who asked, for rollbacks. */
  readonly by?: string;
  /** Why: an operator's reason, or what was wrong. */
  readonly message?: string;
}

/** Entries looked at where no index answers. */
const LOOKED_AT_MAX = 50_000;
const WINDOW = 1000;

/** Most events of bundles, the newest first; of one bundle where it is named. */
export async function bundleHistory(
  administration: Administration,
  queries: LogQueries | undefined,
  options: { readonly bundle?: string; readonly count: number },
): Promise<{ readonly events: readonly BundleEvent[]; readonly complete: boolean }> {
  const found =
    queries === undefined ? await walkBack(administration) : await askIndex(queries, options.count * 4);
  const events = eventsOf(found.entries).filter(
    ({ bundle }) => options.bundle === undefined || bundle === undefined || bundle === options.bundle,
  );
  const shown = events.toReversed().slice(0, options.count);
  return { events: shown, complete: found.complete && shown.length === events.length };
}

interface Found {
  readonly entries: readonly LedgerEntry[];
  readonly complete: boolean;
}

async function askIndex(queries: LogQueries, limit: number): Promise<Found> {
  const pages = await Promise.all([
    queries.query({ kind: 'policy_activation' }, { limit }),
    queries.query({ kind: 'policy_refusal' }, { limit }),
    queries.query({ kind: 'administrative', text: 'bundle_rollback' }, { limit }),
  ]);
  return {
    entries: pages.flatMap(({ entries }) => entries).filter(isOfBundles),
    complete: pages.every(({ cursor }) => cursor === undefined),
  };
}

async function walkBack({ log }: Administration): Promise<Found> {
  const size = await log.size();
  const end = Math.max(0, size - LOOKED_AT_MAX);
  const entries: LedgerEntry[] = [];
  for (let to = size; to > end; to -= WINDOW) {
    const from = Math.max(end, to - WINDOW);
    entries.push(...(await log.from(from, to - from)).filter(isOfBundles));
  }
  return { entries, complete: end === 0 };
}

function isOfBundles({ core }: LedgerEntry): boolean {
  return (
    core.kind === 'policy_activation' ||
    core.kind === 'policy_refusal' ||
    (core.kind === 'administrative' && core.event === 'bundle_rollback')
  );
}

/** In the order in which they happened; an activation is one event for each bundle that it changed. */
function eventsOf(entries: readonly LedgerEntry[]): BundleEvent[] {
  const active = new Map<string, string>();
  return entries
    .toSorted((left, right) => left.index - right.index)
    .flatMap((entry): BundleEvent[] => {
      const at = { time: entry.time, entry: entry.index };
      const note = objectOf(entry.fields.note);
      if (entry.core.kind === 'administrative') return [{ ...at, event: 'rollback', ...rollbackOf(note) }];
      if (entry.core.kind === 'policy_refusal') return refusalsOf(entry, at, note);
      return Object.entries(entry.core.bundles ?? {}).flatMap(([bundle, { revision, digest }]) => {
        if (active.get(bundle) === digest) return [];
        active.set(bundle, digest);
        return [
          {
            ...at,
            event: 'activated',
            bundle,
            revision,
            digest,
            ...publicationOf(objectOf(objectOf(note['bundles'])[bundle])),
          },
        ];
      });
    });
}

function refusalsOf(
  entry: LedgerEntry,
  at: Pick<BundleEvent, 'time' | 'entry'>,
  note: Readonly<Record<string, unknown>>,
): BundleEvent[] {
  const { message } = entry.fields;
  const why = typeof message === 'string' ? { message } : {};
  const named = textsOf(note['refused']);
  if (named.length === 0) return [{ ...at, event: 'refused', ...why }];
  return named.map((bundle) => ({ ...at, event: 'refused', bundle, ...why }));
}

function rollbackOf(note: Readonly<Record<string, unknown>>): Partial<BundleEvent> {
  const { bundle, revision, digest, by, reason } = note;
  return {
    ...(typeof bundle === 'string' ? { bundle } : {}),
    ...(typeof revision === 'string' ? { revision } : {}),
    ...(typeof digest === 'string' ? { digest } : {}),
    ...publicationOf(note),
    ...(typeof by === 'string' ? { by } : {}),
    ...(typeof reason === 'string' ? { message: reason } : {}),
  };
}

function publicationOf(note: Readonly<Record<string, unknown>>): Partial<BundleEvent> {
  const { sequence, rollback_to: rollbackTo } = note;
  const signedBy = textsOf(note['signed_by']);
  return {
    ...(typeof sequence === 'number' ? { sequence } : {}),
    ...(typeof rollbackTo === 'string' ? { rollback_to: rollbackTo } : {}),
    ...(signedBy.length === 0 ? {} : { signed_by: signedBy }),
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
