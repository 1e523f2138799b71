import type { Transaction } from '@writ/store';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { shardedKey } from './cell-key.ts';
import type { StateSubject } from './subject.ts';

/** A way by which the person behind a session proved who they are, until it no longer counts. */
export interface ProvenStep {
  readonly method: string;
  readonly at_ms: number;
  readonly expires_ms: number;
}

interface StepUpState extends Versioned {
  readonly proven: readonly ProvenStep[];
  /** The latest end: from then on the cell says nothing. */
  readonly expires_ms: number;
}

interface ProofState extends Versioned {
  /** The cell of the session that the proof belongs to. */
  readonly session: string;
  readonly expires_ms: number;
}

/** A proof that an enforcement point checked. */
export interface StepUpProof extends ProvenStep {
  /** What names this very proof (a token's id), so that it counts in one session only. */
  readonly proof?: string;
}

/** Ways that one session remembers. */
const METHODS_MAX = 16;

/** The cell of what was proven in a session: of this person, this agent, and the session that the point names. */
export function stepUpKey({ tenant, principal, actor, session_id }: StateSubject): string {
  return shardedKey('step-up', tenant, principal, actor, session_id);
}

export function stepUpProofKey(tenant: string | undefined, proof: string): string {
  return shardedKey('step-up-proof', tenant, proof);
}

/** What is proven in the session at `nowMs`. */
export function provenSteps(read: CellReader, subject: StateSubject, nowMs: number): readonly ProvenStep[] {
  const state = readCell<StepUpState>(read, stepUpKey(subject));
  return (state?.proven ?? []).filter(({ expires_ms }) => expires_ms > nowMs);
}

/** Whether a proof may count in this session: it was not brought to another one, and its time has not passed. */
export function mayProve(
  read: CellReader,
  subject: StateSubject,
  { proof, expires_ms }: StepUpProof,
  nowMs: number,
): boolean {
  if (!(expires_ms > nowMs)) return false;
  if (proof === undefined) return true;
  const known = readCell<ProofState>(read, stepUpProofKey(subject.tenant, proof));
  return known === undefined || known.session === stepUpKey(subject);
}

/** Binds a proof to the session; false where it is another session's, or too old. */
export function bindStepUp(transaction: Transaction, subject: StateSubject, given: StepUpProof): boolean {
  const read = readerOf(transaction);
  if (!mayProve(read, subject, given, transaction.nowMs)) return false;
  const { proof, ...step } = given;
  const key = stepUpKey(subject);
  const others = provenSteps(read, subject, transaction.nowMs).filter(({ method }) => method !== step.method);
  const before = provenSteps(read, subject, transaction.nowMs).find(({ method }) => method === step.method);
  const latest = before !== undefined && before.expires_ms > step.expires_ms ? before : step;
  const proven = [...others, latest].slice(-METHODS_MAX);
  const expires_ms = Math.max(...proven.map((each) => each.expires_ms));
  writeCell<StepUpState>(transaction, key, { v: 1, proven, expires_ms });
  if (proof !== undefined)
    writeCell<ProofState>(transaction, stepUpProofKey(subject.tenant, proof), {
      v: 1,
      session: key,
      expires_ms: step.expires_ms,
    });
  return true;
}

/** A method that names no way: any that was proven will do. */
export const ANY_METHOD = 'step_up';

/** Whether every way that is asked for was proven. */
export function isProven(asked: readonly string[], proven: readonly ProvenStep[]): boolean {
  const methods = new Set(proven.map(({ method }) => method));
  return (
    asked.length > 0 && asked.every((each) => (each === ANY_METHOD ? methods.size > 0 : methods.has(each)))
  );
}
