import type { PersonalField, Trust } from '../entry.ts';
import { committedFields } from '../field-groups.ts';
import type { Leaf } from '../read-entry.ts';
import { type Disclosed, type EntryVerdict, judgeEntry } from './judge-entry.ts';
import { type BundleInForce, type EvidenceAnswer, NAMED_MAX } from './pack.ts';
import type { EvidenceQuestion } from './question.ts';

/** Fields that entries record as erased, by the position of the entry that lost them. */
export type Erasures = ReadonlyMap<number, ReadonlySet<string>>;

/** An entry that the summary tells about in words. */
export interface NotedEntry {
  readonly index: number;
  readonly leaf: Leaf;
  readonly disclosed: Disclosed;
  readonly erased: readonly PersonalField[];
  readonly verdict: EntryVerdict;
}

/** What is shown of an entry. */
export interface ShownEntry {
  readonly index: number;
  readonly leaf: Leaf;
  readonly disclosed: Disclosed;
}

/**
 * Goes over the entries of a pack in order and finds the answer. Who makes a pack and who verifies it run the same
 * walk, each over what the pack shows; memory grows with the decisions of the period, not with what they hold.
 */
export class EvidenceWalk {
  readonly #question: EvidenceQuestion;
  readonly #erasures: Erasures;
  readonly #decisions = new Map<string, EntryVerdict>();
  readonly #proceeding = new Set<string>();
  readonly #excluded = new Map<string, number>();
  readonly #bundles = new Map<string, BundleInForce>();
  readonly #matches: number[] = [];
  readonly #open: EvidenceAnswer['open']['entries'][number][] = [];
  readonly #erased: EvidenceAnswer['erased']['entries'][number][] = [];
  readonly noted: NotedEntry[] = [];
  #counts = { entries: 0, matches: 0, proceeded: 0, refused: 0, open: 0, erased: 0 };
  #trust: Trust = 'enforced';

  constructor(question: EvidenceQuestion, erasures: Erasures) {
    this.#question = question;
    this.#erasures = erasures;
  }

  /** Whether an entry of this time belongs to the period. */
  isInPeriod(time: string): boolean {
    return time >= this.#question.from && time < this.#question.to;
  }

  /** A decision from before the period, of which a result in it tells. */
  addDecision(entry: ShownEntry): void {
    const { decision_id } = entry.leaf.core;
    if (decision_id !== undefined) this.#decisions.set(decision_id, this.judge(entry));
  }

  /** The verdict on an entry by what is shown of it. */
  judge({ index, leaf, disclosed }: ShownEntry): EntryVerdict {
    const { decision_id } = leaf.core;
    return judgeEntry(this.#question, {
      leaf,
      disclosed,
      isErased: (field) => this.#erasures.get(index)?.has(field) === true,
      decision: decision_id === undefined ? undefined : this.#decisions.get(decision_id),
    });
  }

  /** An entry of the period, the next one. */
  add(entry: ShownEntry): EntryVerdict {
    const verdict = this.judge(entry);
    const { core } = entry.leaf;
    if (core.kind === 'decision' && core.decision_id !== undefined)
      this.#decisions.set(core.decision_id, verdict);
    this.#counts.entries += 1;
    this.addTrust(entry.leaf.trust);
    this.#count(entry, verdict);
    this.#noteBundles(entry);
    this.#note(entry, verdict);
    return verdict;
  }

  addTrust(trust: Trust | undefined): void {
    if (trust === 'cooperative') this.#trust = trust;
  }

  answer(coveredTo: string): EvidenceAnswer {
    const { entries, matches, proceeded, refused, open, erased } = this.#counts;
    return {
      verdict: proceeded > 0 ? 'acted' : open > 0 ? 'not_shown' : 'did_not_act',
      entries,
      covered_to: coveredTo,
      matches: { total: matches, proceeded, refused, indices: this.#matches },
      open: { total: open, entries: this.#open },
      excluded: Object.fromEntries([...this.#excluded].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      bundles: [...this.#bundles.values()],
      erased: { total: erased, entries: this.#erased },
      trust: this.#trust,
    };
  }

  #count({ index, leaf }: ShownEntry, verdict: EntryVerdict): void {
    const { kind, effect } = leaf.core;
    if (verdict.kind === 'excluded') {
      this.#excluded.set(verdict.by, (this.#excluded.get(verdict.by) ?? 0) + 1);
      return;
    }
    if (verdict.kind === 'open') {
      this.#counts.open += 1;
      if (this.#open.length < NAMED_MAX) this.#open.push({ index, because: verdict.because });
      return;
    }
    this.#counts.matches += 1;
    if (this.#matches.length < NAMED_MAX) this.#matches.push(index);
    if (this.#tellsOfEffect(leaf)) this.#counts.proceeded += 1;
    else if (kind === 'decision' && effect === 'refuse') this.#counts.refused += 1;
  }

  /** A call that proceeded, or a result whose decision came before the period; a call and its result are one. */
  #tellsOfEffect({ core }: Leaf): boolean {
    const { kind, effect, phase, decision_id = '' } = core;
    if (kind === 'result') return !this.#proceeding.has(decision_id);
    if (kind !== 'decision' || effect !== 'proceed' || phase === 'list') return false;
    this.#proceeding.add(decision_id);
    return true;
  }

  #noteBundles({ index, leaf }: ShownEntry): void {
    for (const [name, { revision, digest }] of Object.entries(leaf.core.bundles ?? {})) {
      const key = `${name} ${revision} ${digest}`;
      const first = this.#bundles.get(key)?.first ?? index;
      this.#bundles.set(key, { name, revision, digest, first, last: index });
    }
  }

  #note({ index, leaf, disclosed }: ShownEntry, verdict: EntryVerdict): void {
    const gone = this.#erasures.get(index);
    const erased = committedFields(leaf.commitments).filter(
      (name) => gone?.has(name) === true && disclosed[name] === undefined,
    );
    if (erased.length > 0) {
      this.#counts.erased += erased.length;
      if (this.#erased.length < NAMED_MAX) this.#erased.push({ index, fields: erased });
    }
    if (verdict.kind !== 'excluded' && this.noted.length < NAMED_MAX)
      this.noted.push({ index, leaf, disclosed, erased, verdict });
  }
}
