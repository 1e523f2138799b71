import { canonicalJson, type Json } from '@writ/decision';
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import type { PersonalField } from '../entry.ts';
import { committedFields } from '../field-groups.ts';
import { verifyConsistency, verifyInclusion } from '../proof.ts';
import { type Leaf, readLeaf } from '../read-entry.ts';
import { opensCommitment } from '../seal.ts';
import { equalHashes, leafHash } from '../tree-hash.ts';
import { EvidenceWalk } from './evidence-walk.ts';
import { type Disclosed, verdictText } from './judge-entry.ts';
import type { EvidenceAnswer, EvidenceLine, EvidenceManifest, ShownFields } from './pack.ts';
import { hashesOf } from './pack-hashes.ts';
import { readPackKeys } from './pack-keys.ts';
import { PackProblems } from './pack-problem.ts';
import type { PackReport, VerifyPackOptions } from './pack-report.ts';
import { followPackRotations, isOfUnknownKey, type PackKeys, verifyContinued } from './pack-rotations.ts';
import { coveredTo, OUTSIDE } from './prove.ts';
import { rangeRoot } from './range-proof.ts';
import { PackFault, readLines, readManifest } from './read-pack.ts';
import { addErasure } from './related.ts';
import { valuesOf } from './show-fields.ts';
import { verifySummaries } from './verify-summaries.ts';
import { verifyWitnesses } from './verify-witnesses.ts';

/** An entry may be a little older than a checkpoint that does not cover it: clocks of processes differ. */
const CLOCK_TOLERANCE_MS = 5_000;

/**
 * Verifies a pack with nothing but the log's public key: signature, positions, hashes, commitments, times, and the
 * answer and summaries, which are derived anew. Never throws for what is in the files.
 */
export function verifyPack(options: VerifyPackOptions): PackReport {
  const problems = new PackProblems();
  try {
    return new PackVerifier(options, problems).run();
  } catch (cause) {
    if (!(cause instanceof PackFault) && !isFileFault(cause)) throw cause;
    problems.add('pack_unreadable', cause.message);
    return { ok: false, seen: 'nothing', problems: problems.list, problem_count: problems.count };
  }
}

function isFileFault(cause: unknown): cause is Error {
  return cause instanceof Error && 'code' in cause && 'syscall' in cause;
}

interface ReadLine {
  readonly line: EvidenceLine;
  readonly leaf: Leaf;
}

class PackVerifier {
  readonly #options: VerifyPackOptions;
  readonly #problems: PackProblems;
  readonly #manifest: EvidenceManifest;
  readonly #keys: PackKeys;
  readonly #actual: Uint8Array[] = [];
  readonly #stated: Uint8Array[] = [];
  /** Checkpoints of before with their times, by size. */
  readonly #bounds: { readonly size: number; readonly timeMs: number }[] = [];
  readonly #erased = new Map<number, Set<string>>();
  readonly #walk: EvidenceWalk;
  #expected: number;
  #lastTime = '';
  #beforePeriod = false;
  #afterPeriod = false;

  constructor(options: VerifyPackOptions, problems: PackProblems) {
    this.#options = options;
    this.#problems = problems;
    this.#manifest = readManifest(options.directory);
    this.#keys = followPackRotations(this.#manifest, readPackKeys(options.verifierKeys, problems), problems);
    this.#walk = new EvidenceWalk(this.#manifest.question, this.#erased);
    this.#expected = this.#manifest.range.first;
  }

  run(): PackReport {
    const { origin, question } = this.#manifest;
    const checkpoint = this.#open(this.#manifest.checkpoint, 'the checkpoint');
    const seen = checkpoint === undefined ? 'nothing' : this.#verifyEarlier(checkpoint);
    if (checkpoint !== undefined) {
      this.#walk.addTrust(checkpoint.trust);
      verifyContinued(this.#manifest, this.#keys, checkpoint, this.#problems);
    }
    const cosignatures = verifyWitnesses(this.#options, this.#manifest.checkpoint, this.#problems);
    this.#verifyRelated(checkpoint);
    this.#verifyLines(checkpoint);
    if (checkpoint !== undefined) this.#verifyRoot(checkpoint);
    const answer = this.#verifyAnswer(checkpoint);
    verifySummaries(this.#options.directory, { ...this.#manifest, answer }, this.#walk.noted, this.#problems);
    return {
      ok: this.#problems.count === 0,
      origin,
      question,
      answer,
      ...(checkpoint === undefined ? {} : { checkpoint: described(checkpoint) }),
      seen,
      ...(this.#keys.followed.length === 0 ? {} : { followed: this.#keys.followed }),
      ...(cosignatures === undefined ? {} : { cosignatures }),
      problems: this.#problems.list,
      problem_count: this.#problems.count,
    };
  }

  #open(note: string, what: string): Checkpoint | undefined {
    const { verifiers } = this.#keys;
    const reading = openCheckpoint(note, verifiers);
    if (!reading.ok) {
      const fault =
        reading.code === 'checkpoint_signature' ? 'is not signed by the given key' : 'cannot be read';
      this.#problems.add(reading.code, `${what} ${fault}`);
      return undefined;
    }
    const { checkpoint } = reading;
    const { origin } = this.#manifest;
    if (checkpoint.origin !== origin || !verifiers.some(({ name }) => name === origin)) {
      this.#problems.add('checkpoint_origin', `${what} is of the log \`${checkpoint.origin}\``);
      return undefined;
    }
    return checkpoint;
  }

  /** Earlier checkpoints must be continued; one of them may be what this verifier remembers. */
  #verifyEarlier(latest: Checkpoint): PackReport['seen'] {
    const { seen } = this.#options;
    const remembered =
      seen === undefined ? undefined : this.#open(seen, 'the checkpoint remembered from before');
    let standing: PackReport['seen'] = seen === undefined ? 'nothing' : 'not_compared';
    for (const { note, proof } of this.#manifest.earlier) {
      if (isOfUnknownKey(this.#manifest, note, this.#keys.verifiers)) continue;
      const earlier = this.#open(note, 'an earlier checkpoint');
      if (earlier === undefined) continue;
      const { size, root, time } = earlier;
      if (!verifyConsistency(size, root, latest.size, latest.root, hashesOf(proof))) {
        this.#problems.add(
          'consistency',
          `the checkpoint does not continue the one signed for ${size} entries`,
        );
        continue;
      }
      if (time !== undefined) this.#bounds.push({ size, timeMs: Date.parse(time) });
      if (remembered?.size === size) standing = this.#compareSeen(remembered, earlier, standing);
    }
    if (remembered !== undefined && remembered.size === latest.size)
      standing = this.#compareSeen(remembered, latest, standing);
    return standing;
  }

  #compareSeen(remembered: Checkpoint, shown: Checkpoint, standing: PackReport['seen']): PackReport['seen'] {
    if (equalHashes(remembered.root, shown.root)) return 'continued';
    this.#problems.add(
      'log_rewritten',
      `the log had another root at ${remembered.size} entries when it was seen before`,
    );
    return standing;
  }

  #verifyRelated(checkpoint: Checkpoint | undefined): void {
    for (const { role, index, leaf: text, fields, proof } of this.#manifest.related) {
      const bytes = Buffer.from(text);
      const isIn =
        checkpoint !== undefined &&
        verifyInclusion(leafHash(bytes), index, checkpoint.size, hashesOf(proof), checkpoint.root);
      if (!isIn) {
        this.#problems.add('related_unproven', `entry ${index}, shown as ${role}, is not in the tree`, index);
        continue;
      }
      const leaf = readLeaf(bytes);
      if (!leaf.ok) {
        this.#problems.add('entry_unreadable', `entry ${index} cannot be read: ${leaf.message}`, index);
        continue;
      }
      if (!this.#verifyFields(index, leaf.value, fields)) continue;
      if (role === 'erasure') addErasure(this.#erased, index, leaf.value.core);
      if (role === 'decision' && leaf.value.core.kind === 'decision' && index < this.#manifest.range.end)
        this.#walk.addDecision({ index, leaf: leaf.value, disclosed: valuesOf(fields) });
    }
  }

  #verifyLines(checkpoint: Checkpoint | undefined): void {
    for (const line of readLines(this.#options.directory)) {
      this.#verifyPosition(line.index);
      const bytes = Buffer.from(line.leaf);
      const hash = leafHash(bytes);
      this.#actual.push(hash);
      const stated = hashesOf([line.hash])[0] ?? new Uint8Array(0);
      this.#stated.push(equalHashes(stated, hash) ? hash : stated);
      const leaf = readLeaf(bytes);
      if (leaf.ok) this.#verifyLine({ line, leaf: leaf.value }, checkpoint);
      else
        this.#problems.add(
          'entry_unreadable',
          `entry ${line.index} cannot be read: ${leaf.message}`,
          line.index,
        );
    }
    const { first, end } = this.#manifest.range;
    if (this.#expected < end) this.#missing(this.#expected, end);
    if (this.#expected > end)
      this.#problems.add('entry_repeated', `entry ${end} and later ones stand beyond the stated end`, end);
    if (first > 0 && !this.#beforePeriod)
      this.#problems.add(
        'period_open',
        `the entry before the period is not shown: entry ${first - 1}`,
        first - 1,
      );
    if (checkpoint !== undefined && !this.#afterPeriod && end < checkpoint.size)
      this.#problems.add('period_open', `the entry after the period is not shown: entry ${end}`, end);
  }

  #verifyPosition(index: number): void {
    if (index > this.#expected) this.#missing(this.#expected, index);
    else if (index < this.#expected)
      this.#problems.add(
        'entry_repeated',
        `entry ${index} stands where entry ${this.#expected} should`,
        index,
      );
    this.#expected = Math.max(this.#expected, index) + 1;
  }

  #missing(from: number, to: number): void {
    const what = to - from === 1 ? `entry ${from} is` : `entries ${from} to ${to - 1} are`;
    this.#problems.add('entry_missing', `${what} not there`, from);
  }

  #verifyLine(read: ReadLine, checkpoint: Checkpoint | undefined): void {
    const { line, leaf } = read;
    const { index } = line;
    const { time } = leaf;
    if (time < this.#lastTime)
      this.#problems.add(
        'time_backwards',
        `entry ${index} is of ${time}, one before it of ${this.#lastTime}`,
        index,
      );
    this.#lastTime = time;
    this.#verifyTime(index, leaf);
    const isSound = this.#verifyFields(index, leaf, line.fields);
    if (!this.#walk.isInPeriod(time)) this.#verifyBoundary(line, time, checkpoint);
    else this.#judge(read, isSound);
  }

  /** Outside the period stand at most the entry just before it and the one just after it. */
  #verifyBoundary({ index, verdict }: EvidenceLine, time: string, checkpoint: Checkpoint | undefined): void {
    const { first, end } = this.#manifest.range;
    const isBefore = time < this.#manifest.question.from;
    const isPlace = isBefore ? index === first : index === end - 1;
    if (isBefore) this.#beforePeriod = true;
    else this.#afterPeriod = true;
    if (!isPlace && checkpoint !== undefined)
      this.#problems.add(
        'period_open',
        `entry ${index} of ${time} lies outside the period and is not next to it`,
        index,
      );
    if (verdict !== OUTSIDE)
      this.#problems.add(
        'verdict_changed',
        `entry ${index} lies outside the period, not \`${verdict}\``,
        index,
      );
  }

  #judge({ line, leaf }: ReadLine, isSound: boolean): void {
    const { index, fields } = line;
    // A field that was changed excludes nothing.
    const disclosed: Disclosed = isSound ? valuesOf(fields) : {};
    const verdict = this.#walk.add({ index, leaf, disclosed });
    if (verdictText(verdict) !== line.verdict) {
      const message = `entry ${index} is \`${verdictText(verdict)}\` by what is shown, not \`${line.verdict}\``;
      this.#problems.add('verdict_changed', message, index);
    }
    if (verdict.kind !== 'match') return;
    const withheld = committedFields(leaf.commitments).filter(
      (name) => disclosed[name] === undefined && this.#erased.get(index)?.has(name) !== true,
    );
    if (withheld.length > 0)
      this.#problems.add(
        'field_withheld',
        `entry ${index} does not show ${withheld.map(quoted).join(', ')}`,
        index,
      );
  }

  /** An entry that an earlier checkpoint does not cover was written after it; one that it covers, before. */
  #verifyTime(index: number, { time, core }: Leaf): void {
    const timeMs = Date.parse(time);
    for (const bound of this.#bounds) {
      const late = index >= bound.size && timeMs < bound.timeMs - CLOCK_TOLERANCE_MS;
      const early =
        index < bound.size &&
        timeMs > bound.timeMs + CLOCK_TOLERANCE_MS &&
        core.clock_stepped_back_ms === undefined;
      if (!late && !early) continue;
      const signed = new Date(bound.timeMs).toISOString();
      const message = late
        ? `entry ${index} says ${time}, and was not there when ${bound.size} entries were signed at ${signed}`
        : `entry ${index} says ${time}, and was signed before that, at ${signed}`;
      this.#problems.add('time_contradicted', message, index);
      return;
    }
  }

  #verifyFields(index: number, { commitments }: Leaf, fields: ShownFields): boolean {
    for (const [salt, values] of fields) {
      const key = Object.keys(values).sort().join(',');
      const commitment = commitments[key];
      if (commitment !== undefined && opensCommitment(commitment, salt, values)) continue;
      this.#problems.add(
        'field_changed',
        `${quoted(key)} of entry ${index} is not what it committed to`,
        index,
      );
      return false;
    }
    return true;
  }

  /** The tree with the signed root tells whether entries were changed or the hashes beside them. */
  #verifyRoot({ size, root }: Checkpoint): void {
    const { first, proof } = this.#manifest.range;
    const hashes = hashesOf(proof);
    const differ = this.#actual.flatMap((hash, offset) =>
      equalHashes(hash, this.#stated[offset] ?? hash) ? [] : [first + offset],
    );
    const gives = (leaves: readonly Uint8Array[]): boolean => {
      const found = rangeRoot(leaves, first, size, hashes);
      return found !== undefined && equalHashes(found, root);
    };
    const isActual = gives(this.#actual);
    for (const index of differ) {
      if (isActual)
        this.#problems.add('hash_changed', `the hash beside entry ${index} is not its hash`, index);
      else this.#problems.add('entry_changed', `entry ${index} is not the one in the tree`, index);
    }
    if (isActual || (differ.length > 0 && gives(this.#stated))) return;
    const last = first + this.#actual.length - 1;
    this.#problems.add(
      'root_mismatch',
      `entries ${first} to ${last} do not give the root signed for ${size} entries`,
    );
  }

  #verifyAnswer(checkpoint: Checkpoint | undefined): EvidenceAnswer {
    const { question, range, answer: stated } = this.#manifest;
    // Without an entry after the period the checkpoint bounds it.
    const end = this.#afterPeriod ? range.end - 1 : range.end;
    const bound = checkpoint ?? { size: range.end, origin: '', root: new Uint8Array(0) };
    const answer = this.#walk.answer(coveredTo(question, bound, end, this.#lastTime));
    for (const name of Object.keys({ ...stated, ...answer }) as (keyof EvidenceAnswer)[]) {
      if (sameJson(stated[name], answer[name])) continue;
      this.#problems.add('answer_changed', `${quoted(name)} of the answer is not what the entries give`);
    }
    return answer;
  }
}

function sameJson(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return left === right;
  return canonicalJson(left as Json) === canonicalJson(right as Json);
}

function quoted(name: string | PersonalField): string {
  return `\`${name}\``;
}

function described({ size, time, trust }: Checkpoint): NonNullable<PackReport['checkpoint']> {
  return { size, ...(time === undefined ? {} : { time }), ...(trust === undefined ? {} : { trust }) };
}
