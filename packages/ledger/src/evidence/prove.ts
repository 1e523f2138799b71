import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, type Json } from '@writ/decision';
import { openStoreReader, type StoredEntry, type StoreReader } from '@writ/store';
import { LATEST_CHECKPOINT_CELL, LATEST_COSIGNED_CELL, ROTATION_PREFIX } from '../cells.ts';
import { type Checkpoint, parseCheckpoint } from '../checkpoint.ts';
import { parseNote } from '../note.ts';
import { consistencyProof, inclusionProof, type NodeReader } from '../proof.ts';
import { readDetail } from '../read-entry.ts';
import { checkpointFrom, checkpointUpTo } from '../stored-checkpoints.ts';
import { storedTree } from '../tiles.ts';
import { leafHash } from '../tree-hash.ts';
import { EvidenceWalk } from './evidence-walk.ts';
import { verdictText } from './judge-entry.ts';
import {
  type EarlierCheckpoint,
  type EvidenceAnswer,
  type EvidenceLine,
  type EvidenceManifest,
  PACK_FILES,
  PACK_FORMAT,
  type RelatedEntry,
  type ShownFields,
  type ShownRotation,
} from './pack.ts';
import { EvidenceFault, entryAt, leafAt, leafOf, positionAt } from './period.ts';
import type { EvidenceQuestion } from './question.ts';
import { rangeProof } from './range-proof.ts';
import { findRelated, type RelatedPositions } from './related.ts';
import { allFields, showFields, valuesOf } from './show-fields.ts';
import { renderMarkdown, renderPage, summarise } from './summary.ts';

/** What evidence is made of, and where it goes. */
export interface ProveOptions {
  /** The data directory, or a copy of one; read only, beside a running owner or without one. */
  readonly directory: string;
  /** Directory of the pack, which must not exist yet. */
  readonly out: string;
  readonly question: EvidenceQuestion;
  /** Arranges the summary by the controls of this framework. */
  readonly framework?: string;
  /** Checkpoints that whoever asks holds already, to be shown to be continued. */
  readonly since?: readonly string[];
}

export type ProveResult =
  | { readonly ok: true; readonly answer: EvidenceAnswer; readonly origin: string }
  | { readonly ok: false; readonly message: string };

/** Writes a pack of evidence. Faults of the log, and a pack that cannot be written, are answers. */
export function proveEvidence(options: ProveOptions): ProveResult {
  let reader: StoreReader;
  try {
    reader = openStoreReader(options.directory);
  } catch (cause) {
    return failed(cause);
  }
  try {
    return prove(reader, options);
  } catch (cause) {
    return failed(cause);
  } finally {
    reader.close();
  }
}

function failed(cause: unknown): ProveResult {
  return { ok: false, message: cause instanceof Error ? cause.message : String(cause) };
}

interface Ground {
  readonly reader: StoreReader;
  readonly question: EvidenceQuestion;
  readonly checkpoint: Checkpoint;
  readonly node: NodeReader;
  /** Positions of the period, and of the lines: one entry more on each side, where there is one. */
  readonly first: number;
  readonly end: number;
  readonly lineFirst: number;
  readonly lineEnd: number;
}

function prove(reader: StoreReader, options: ProveOptions): ProveResult {
  const { question, out } = options;
  const note = checkpointFor(reader, question);
  const checkpoint = note === undefined ? undefined : readNote(note);
  if (note === undefined || checkpoint === undefined || checkpoint.size === 0)
    throw new EvidenceFault('nothing of this log is signed yet');
  const { size, origin } = checkpoint;
  const first = positionAt(reader, size, question.from);
  const end = positionAt(reader, size, question.to);
  const { node } = storedTree((cell) => reader.read(cell));
  const lines = { lineFirst: Math.max(0, first - 1), lineEnd: Math.min(size, Math.max(end, first) + 1) };
  const ground: Ground = { reader, question, checkpoint, node, first, end, ...lines };
  const related = findRelated(reader, first, end, size);
  mkdirSync(out, { mode: 0o700 });
  const { walk, lastTime, proven } = writeEntries(ground, related, join(out, PACK_FILES.entries));
  const manifest: EvidenceManifest = {
    format: PACK_FORMAT,
    origin,
    question,
    ...(options.framework === undefined ? {} : { framework: options.framework }),
    checkpoint: note,
    earlier: earlierCheckpoints(ground, options.since ?? []),
    ...rotationsOf(ground),
    range: {
      first: ground.lineFirst,
      end: ground.lineEnd,
      proof: rangeProof(node, ground.lineFirst, ground.lineEnd, size).map(base64),
    },
    related: proven,
    answer: walk.answer(coveredTo(question, checkpoint, end, lastTime)),
  };
  writeFileSync(join(out, PACK_FILES.manifest), `${JSON.stringify(manifest, null, 2)}\n`, NEW_FILE);
  const summary = summarise(manifest, walk.noted);
  writeFileSync(join(out, PACK_FILES.markdown), renderMarkdown(summary), NEW_FILE);
  writeFileSync(join(out, PACK_FILES.page), renderPage(summary), NEW_FILE);
  return { ok: true, answer: manifest.answer, origin };
}

/** The newest checkpoint that witnesses cosigned where it covers the time asked about, else the newest. */
function checkpointFor(reader: StoreReader, question: EvidenceQuestion): string | undefined {
  const latest = reader.read(LATEST_CHECKPOINT_CELL);
  const cosigned = reader.read(LATEST_COSIGNED_CELL);
  const size = cosigned === undefined ? undefined : readNote(cosigned)?.size;
  if (cosigned === undefined || size === undefined || size === 0 || size > reader.logSize()) return latest;
  const covers = leafAt(reader, size - 1).time >= question.to || cosigned.startsWith(signedText(latest));
  return covers ? cosigned : latest;
}

function signedText(note: string | undefined): string {
  return parseNote(note ?? '')?.text ?? '\n';
}

const NEW_FILE = { flag: 'wx', mode: 0o600 } as const;
const decoder = new TextDecoder();

/**
 * Until when the log is shown to be whole. An entry after the period bounds it; without one, the checkpoint does: its
 * time was taken before the tree was read, so every earlier entry is in it.
 */
export function coveredTo(
  { to }: EvidenceQuestion,
  { size, time }: Checkpoint,
  end: number,
  lastTime: string,
): string {
  if (end < size) return to;
  const bound = time ?? lastTime;
  return bound < to ? bound : to;
}

function writeEntries(ground: Ground, positions: RelatedPositions, path: string) {
  const { reader, lineFirst, lineEnd, checkpoint } = ground;
  const walk = new EvidenceWalk(ground.question, positions.erased);
  walk.addTrust(checkpoint.trust);
  const proven = proveRelated(ground, positions, walk);
  const file = openSync(path, 'wx', 0o600);
  let lastTime = '';
  try {
    let text = '';
    for (const entry of reader.entries(lineFirst, lineEnd)) {
      const line = lineOf(ground, entry, walk);
      lastTime = leafOf(entry).time;
      text += `${canonicalJson(line as unknown as Json)}\n`;
      if (text.length > CHUNK_LENGTH) {
        writeSync(file, text);
        text = '';
      }
    }
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
  return { walk, lastTime, proven };
}

const CHUNK_LENGTH = 1 << 20;

function lineOf({ question }: Ground, entry: StoredEntry, walk: EvidenceWalk): EvidenceLine {
  const { index } = entry;
  const leaf = leafOf(entry);
  const groups = groupsOf(entry);
  const head = { index, hash: base64(leafHash(entry.leaf)), leaf: decoder.decode(entry.leaf) };
  if (!walk.isInPeriod(leaf.time)) return { ...head, fields: [], verdict: OUTSIDE };
  const shown = showFields(
    question,
    groups,
    walk.judge({ index, leaf, disclosed: valuesOf(allFields(groups)) }),
  );
  const verdict = walk.add({ index, leaf, disclosed: valuesOf(shown) });
  return { ...head, fields: shown, verdict: verdictText(verdict) };
}

/** Verdict of the entries just before and after the period. */
export const OUTSIDE = 'outside';

function groupsOf(entry: StoredEntry) {
  const detail = readDetail(entry.detail);
  if (!detail.ok)
    throw new EvidenceFault(`what lies beside entry ${entry.index} cannot be read: ${detail.message}`);
  return detail.value.groups;
}

function proveRelated(
  { reader, question, node, checkpoint }: Ground,
  { decisions, activation, erasures }: RelatedPositions,
  walk: EvidenceWalk,
): readonly RelatedEntry[] {
  const prove = (role: RelatedEntry['role'], index: number): RelatedEntry => {
    const entry = entryAt(reader, index);
    const leaf = leafOf(entry);
    let shown: ShownFields = [];
    if (role === 'decision') {
      const groups = groupsOf(entry);
      const verdict = walk.judge({ index, leaf, disclosed: valuesOf(allFields(groups)) });
      shown = showFields(question, groups, verdict);
      walk.addDecision({ index, leaf, disclosed: valuesOf(shown) });
    }
    const proof = inclusionProof(node, index, checkpoint.size).map(base64);
    return { role, index, leaf: decoder.decode(entry.leaf), fields: shown, proof };
  };
  return [
    ...erasures.map((index) => prove('erasure', index)),
    ...(activation === undefined ? [] : [prove('activation', activation)]),
    ...decisions.map((index) => prove('decision', index)),
  ];
}

/** Checkpoints signed before the period, soon after it, and held by whoever asks, each with its continuation. */
function earlierCheckpoints(
  { reader, checkpoint, node, first, end }: Ground,
  since: readonly string[],
): readonly EarlierCheckpoint[] {
  const near = [checkpointUpTo(reader, first), checkpointFrom(reader, end)];
  const notes = new Map<string, EarlierCheckpoint>();
  for (const note of [...near, ...since]) {
    if (note === undefined) continue;
    const signed = readNote(note);
    if (signed === undefined) throw new EvidenceFault('a checkpoint that was given cannot be read');
    if (signed.size > checkpoint.size)
      throw new EvidenceFault(
        `a checkpoint that was given covers ${signed.size} entries, the log ${checkpoint.size}`,
      );
    const proof = consistencyProof(node, signed.size, checkpoint.size).map(base64);
    notes.set(note, { note, proof });
  }
  return [...notes.values()];
}

/** So that whoever knows the log by an earlier key can follow it to the one that signed the pack's checkpoint. */
function rotationsOf({ reader, checkpoint, node }: Ground): Pick<EvidenceManifest, 'rotations'> {
  const rotations: ShownRotation[] = [];
  for (const [cell, note] of reader.scan(ROTATION_PREFIX)) {
    const index = Number(cell.slice(ROTATION_PREFIX.length));
    const signed = readNote(note);
    if (signed === undefined || index >= signed.size)
      throw new EvidenceFault(`what is kept of the change of the key at entry ${index} cannot be read`);
    if (signed.size > checkpoint.size) break;
    rotations.push({
      note,
      index,
      leaf: decoder.decode(entryAt(reader, index).leaf),
      inclusion: inclusionProof(node, index, signed.size).map(base64),
      proof: consistencyProof(node, signed.size, checkpoint.size).map(base64),
    });
  }
  return rotations.length === 0 ? {} : { rotations };
}

function readNote(note: string): Checkpoint | undefined {
  const signed = parseNote(note);
  return signed === undefined ? undefined : parseCheckpoint(signed.text);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
