import type { StoreReader } from '@writ/store';
import { verifyEntry } from '../verify-entry.ts';
import type { Erasures } from './evidence-walk.ts';
import { entryAt, leafOf } from './period.ts';

/** Entries read at a time, backwards. */
const PAGE = 1_000;
const decoder = new TextDecoder();

/** Positions of entries outside the period that the answer needs. */
export interface RelatedPositions {
  /** Decisions from before the period of which a result in it tells. */
  readonly decisions: readonly number[];
  /** The activation of policies that was in force when the period began. */
  readonly activation: number | undefined;
  /** Entries that record erasures of entries in the period. */
  readonly erasures: readonly number[];
  readonly erased: Erasures;
}

/** Looks through what lies before and after the period `first` to `end` of a log of `size` entries. */
export function findRelated(reader: StoreReader, first: number, end: number, size: number): RelatedPositions {
  const { wanted, anyMissing } = lookThrough(reader, first, end);
  const before = lookBack(reader, first, wanted);
  const range = [...before.decisions, ...(before.activation === undefined ? [] : [before.activation])];
  const missing = anyMissing || range.some((index) => verifyEntry(entryAt(reader, index)).missing.length > 0);
  const from = Math.min(first, ...range);
  const { positions, erased } = missing
    ? findErasures(reader, from, size)
    : { positions: [], erased: new Map<number, Set<string>>() };
  return { ...before, erasures: positions, erased };
}

/** Decisions that results of the period belong to and that do not stand in it, and whether any field is gone. */
function lookThrough(
  reader: StoreReader,
  first: number,
  end: number,
): { readonly wanted: Set<string>; readonly anyMissing: boolean } {
  const known = new Set<string>();
  const wanted = new Set<string>();
  let anyMissing = false;
  for (const entry of reader.entries(first, end)) {
    const { core } = leafOf(entry);
    if (core.decision_id !== undefined) {
      if (core.kind === 'decision') known.add(core.decision_id);
      else if (core.kind === 'result' && !known.has(core.decision_id)) wanted.add(core.decision_id);
    }
    anyMissing ||= verifyEntry(entry).missing.length > 0;
  }
  return { wanted, anyMissing };
}

function lookBack(
  reader: StoreReader,
  first: number,
  wanted: ReadonlySet<string>,
): { readonly decisions: readonly number[]; readonly activation: number | undefined } {
  const left = new Set(wanted);
  const decisions: number[] = [];
  let activation: number | undefined;
  for (let end = first; end > 0 && (left.size > 0 || activation === undefined); end -= PAGE) {
    const page = [...reader.entries(Math.max(0, end - PAGE), end)].reverse();
    for (const entry of page) {
      const text = decoder.decode(entry.leaf);
      // A leaf is canonical JSON, so its kind is found by its text; only what may matter is parsed.
      if (activation === undefined && text.includes('"kind":"policy_activation"')) activation = entry.index;
      if (left.size === 0 || !text.includes('"kind":"decision"')) continue;
      const id = leafOf(entry).core.decision_id;
      if (id !== undefined && left.delete(id)) decisions.push(entry.index);
    }
  }
  return { decisions: decisions.reverse(), activation };
}

function findErasures(
  reader: StoreReader,
  from: number,
  size: number,
): { readonly positions: readonly number[]; readonly erased: Map<number, Set<string>> } {
  const positions: number[] = [];
  const erased = new Map<number, Set<string>>();
  for (const entry of reader.entries(from, size)) {
    if (!decoder.decode(entry.leaf).includes('"event":"erasure"')) continue;
    if (addErasure(erased, entry.index, leafOf(entry).core)) positions.push(entry.index);
  }
  return { positions, erased };
}

/** Takes what an entry says was erased; tells whether it says anything. Only what lies before it counts. */
export function addErasure(
  erased: Map<number, Set<string>>,
  index: number,
  core: ReturnType<typeof leafOf>['core'],
): boolean {
  if (core.kind !== 'administrative' || core.event !== 'erasure') return false;
  const before = (core.erases ?? []).filter((each) => each.index < index);
  for (const each of before) {
    const fields = erased.get(each.index) ?? new Set();
    for (const field of each.fields) fields.add(field);
    erased.set(each.index, fields);
  }
  return before.length > 0;
}
