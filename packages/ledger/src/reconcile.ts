import { isDecisionId } from '@writ/decision';
import type { StoredEntry, StoreReader } from '@writ/store';
import { isJsonObject, type LedgerEntry } from './entry.ts';
import { type NoteVerifier, parseVerifierKey } from './note.ts';
import { readEntry } from './read-entry.ts';
import { openReceipt } from './receipt.ts';
import { leafHash } from './tree-hash.ts';

/** What comparing receipts with the record can find, each with what it means. */
export const RECONCILE_FINDINGS = {
  receipt_unreadable: 'a line is no receipt',
  receipt_repeated: 'two different receipts are of one decision',
  entry_missing: 'a decision that the point acted on is not in the record',
  entry_different: 'the record says something else than the point was told',
  receipt_forged: 'a signed receipt is not signed by the key of this log, or is of another decision',
  receipt_missing: 'the record has a decision of this point of which it kept no receipt',
} as const;
export type ReconcileCode = keyof typeof RECONCILE_FINDINGS;

export interface ReconcileFinding {
  readonly code: ReconcileCode;
  readonly message: string;
  readonly decision_id?: string;
  readonly index?: number;
}

export interface ReconcileReport {
  readonly receipts: number;
  /** Receipts whose entry says the same. */
  readonly matched: number;
  readonly findings: readonly ReconcileFinding[];
}

interface Kept {
  readonly decision_id: string;
  readonly time: string;
  readonly text: string;
  readonly outcome: string;
  readonly effect: string;
  readonly arg_hash: string | undefined;
  readonly forwarded_hash: string | undefined;
  /** The node's signed receipt, where it gave one. */
  readonly receipt: string | undefined;
}

/**
 * Compares the receipts that an enforcement point kept with the record. `point` names the point whose receipts these
 * are: then decisions from between its first and its last receipt that it has none of are found too. Signed receipts
 * are held against `verifierKeys`, the log's public keys in their text form, where any are given.
 */
export function reconcile(
  reader: StoreReader,
  lines: Iterable<string>,
  point?: string,
  verifierKeys: readonly string[] = [],
): ReconcileReport {
  const findings: ReconcileFinding[] = [];
  const kept = readReceipts(lines, findings);
  const verifiers = verifierKeys.flatMap((key) => parseVerifierKey(key) ?? []);
  for (const receipt of kept.values()) {
    const message = forgery(receipt, verifiers);
    if (message !== undefined)
      findings.push({ code: 'receipt_forged', message, decision_id: receipt.decision_id });
  }
  const times = [...kept.values()].map(({ time }) => Date.parse(time));
  const span = {
    from: times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY),
    to: times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY),
  };
  const open = new Map(kept);
  let matched = 0;
  for (const stored of reader.entries(0, reader.logSize())) {
    const reading = readEntry(stored);
    if (!reading.ok || reading.value.core.kind === 'result') continue;
    const entry = reading.value;
    const { decision_id = '', kind } = entry.core;
    if (kind !== 'decision' && kind !== 'malformed') continue;
    const receipt = open.get(decision_id);
    if (receipt !== undefined) {
      open.delete(decision_id);
      const message = differenceOf(receipt, entry) ?? brokenPromise(receipt, stored);
      if (message === undefined) matched += 1;
      else findings.push({ code: 'entry_different', message, decision_id, index: entry.index });
    } else if (kept.get(decision_id) === undefined && isOf(entry, point, span)) {
      findings.push({
        code: 'receipt_missing',
        message: `the record has ${decision_id} of ${point}, which kept no receipt of it`,
        decision_id,
        index: entry.index,
      });
    }
  }
  for (const { decision_id, outcome, effect, receipt } of open.values()) {
    const signed = receipt === undefined ? '' : '; a node signed that it would be';
    const message = `the point was told ${outcome} (${effect}) as ${decision_id}, which is not in the record${signed}`;
    findings.push({ code: 'entry_missing', message, decision_id });
  }
  return { receipts: kept.size, matched, findings };
}

function readReceipts(lines: Iterable<string>, findings: ReconcileFinding[]): ReadonlyMap<string, Kept> {
  const kept = new Map<string, Kept>();
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const receipt = receiptOf(line);
    if (receipt === undefined) {
      findings.push({ code: 'receipt_unreadable', message: `line ${number} is no receipt` });
      continue;
    }
    const before = kept.get(receipt.decision_id);
    // An answer that was given again by its idempotency key has a receipt of its own; it must say the same.
    if (before !== undefined && before.text !== receipt.text) {
      const { decision_id } = receipt;
      findings.push({
        code: 'receipt_repeated',
        message: `line ${number} is another receipt of ${decision_id}`,
        decision_id,
      });
    }
    if (before === undefined) kept.set(receipt.decision_id, receipt);
  }
  return kept;
}

function receiptOf(line: string): Kept | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { decision_id, time, outcome, effect, arg_hash, forwarded_hash, receipt } = value;
  if (typeof decision_id !== 'string' || !isDecisionId(decision_id)) return undefined;
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) return undefined;
  if (typeof outcome !== 'string' || typeof effect !== 'string') return undefined;
  return {
    ...{ decision_id, time, outcome, effect },
    text: JSON.stringify([outcome, effect, arg_hash ?? null, forwarded_hash ?? null]),
    arg_hash: typeof arg_hash === 'string' ? arg_hash : undefined,
    forwarded_hash: typeof forwarded_hash === 'string' ? forwarded_hash : undefined,
    receipt: typeof receipt === 'string' ? receipt : undefined,
  };
}

function differenceOf(receipt: Kept, { core, fields }: LedgerEntry): string | undefined {
  const { decision_id } = receipt;
  // What was refused before policy has no outcome of its own in its entry: it is a denial.
  const outcome = core.outcome ?? (core.kind === 'malformed' ? 'deny' : undefined);
  if (outcome !== receipt.outcome)
    return `${decision_id}: the point was told ${receipt.outcome}, the record says ${outcome}`;
  if (core.effect !== undefined && core.effect !== receipt.effect)
    return `${decision_id}: the point was told to ${receipt.effect}, the record says ${core.effect}`;
  // Hashes that were masked or erased are not there to be compared.
  const forwarded = fields.forwarded_hash ?? fields.arg_hash;
  if (fields.arg_hash !== undefined && receipt.arg_hash !== undefined && fields.arg_hash !== receipt.arg_hash)
    return `${decision_id}: the arguments that the point asked about are not the recorded ones`;
  if (forwarded !== undefined && receipt.forwarded_hash !== undefined && forwarded !== receipt.forwarded_hash)
    return `${decision_id}: the arguments that the point was given are not the recorded ones`;
  return undefined;
}

/** What is wrong with a signed receipt by itself. */
function forgery({ decision_id, receipt }: Kept, verifiers: readonly NoteVerifier[]): string | undefined {
  if (receipt === undefined) return undefined;
  const read = openReceipt(receipt, verifiers);
  if (read === undefined) return `${decision_id}: its signed receipt cannot be read`;
  if (read.decisionId !== decision_id) return `${decision_id}: its signed receipt is of ${read.decisionId}`;
  return verifiers.length > 0 && !read.signed
    ? `${decision_id}: its receipt is not signed by the key of this log`
    : undefined;
}

function brokenPromise({ decision_id, receipt }: Kept, stored: StoredEntry): string | undefined {
  const promised = receipt === undefined ? undefined : openReceipt(receipt, [])?.leafHash;
  if (promised === undefined || promised === Buffer.from(leafHash(stored.leaf)).toString('base64'))
    return undefined;
  return `${decision_id}: the entry is not the one that the node signed a receipt for`;
}

function isOf(
  { time, core, fields }: LedgerEntry,
  point: string | undefined,
  span: { readonly from: number; readonly to: number },
): boolean {
  if (point === undefined || fields.point !== point || core.phase === 'list') return false;
  const at = Date.parse(time);
  return at >= span.from && at <= span.to;
}
