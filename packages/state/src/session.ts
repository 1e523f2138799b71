import type { Transaction } from '@writ/store';
import { type CellReader, readCell, readerOf, type Versioned, writeCell } from './cell.ts';
import { shardedKey, subKey } from './cell-key.ts';
import { countDenial, type DeniedCall } from './circuit.ts';
import { type RiskState, riskAfter } from './risk.ts';
import { oncePerSubject, type StateSubject } from './subject.ts';

/** A session without an id of its own ends after this time without a call. */
export const SESSION_IDLE_MS = 30 * 60_000;
/** A session with an id ends after this time without a call. */
export const NAMED_SESSION_IDLE_MS = 24 * 60 * 60_000;
/** Distinct tools remembered; beyond it `prior_tools` becomes unknown, so that no policy takes the rest for all. */
export const PRIOR_TOOLS_MAX = 256;
/** Labels of a session; one more throws, because a forgotten label would loosen. */
export const LABELS_MAX = 256;

/** What is known of a session. Counts include denied calls except where it says otherwise. */
export interface SessionState extends Versioned {
  /** Counts writes of this cell. */
  readonly version: number;
  readonly started_ms: number;
  readonly last_ms: number;
  readonly request_count: number;
  /** Calls that proceeded since the last turn (since the start where no turn is known). */
  readonly calls_in_row: number;
  /** Distinct tools whose calls proceeded, the latest last; absent when there were more than are remembered. */
  readonly prior_tools?: readonly string[];
  readonly labels: readonly string[];
  /** Absent until somebody reports them. */
  readonly turn_count?: number;
  readonly cumulative_tokens?: number;
  readonly risk_score?: number;
  readonly denied: readonly DeniedCall[];
  /** Absent before the first call that was counted. */
  readonly risk?: RiskState;
}

/** What one decided call adds to its session. */
export interface CallFacts {
  readonly proceeds: boolean;
  readonly tool?: string;
  /** Attached only when the call proceeds. */
  readonly labels?: readonly string[];
  /** Digest of what the call asks, for the circuit breaker. */
  readonly call?: string;
  /** Code of the first reason of a denial. */
  readonly denied_for?: string;
  /** The outcome was a denial, whatever became of it. */
  readonly denied?: boolean;
}

/** What is reported of a session beside calls. */
export interface SessionReport {
  /** A turn of the model began. */
  readonly turn?: boolean;
  readonly tokens?: number;
  /** 0 to 1. */
  readonly risk_score?: number;
  readonly labels?: readonly string[];
}

/** The cell of what accrues whatever session id a client chose. */
export const rootSessionKey: (subject: StateSubject) => string = oncePerSubject(
  ({ tenant, principal, actor }) => shardedKey('session', tenant, principal, actor),
);

/**
 * The cell of the session itself. Its shard is that of the cell above it, so that the two stand side by side and one
 * page holds both.
 */
export const sessionKey: (subject: StateSubject) => string = oncePerSubject((subject) => {
  const { session_id } = subject;
  const root = rootSessionKey(subject);
  return session_id === undefined ? root : subKey(root, session_id);
});

/** The cells that a call of this subject reads and writes. */
export const sessionKeys: (subject: StateSubject) => readonly string[] = oncePerSubject((subject) => [
  ...new Set([sessionKey(subject), rootSessionKey(subject)]),
]);

/** The session as of `nowMs`; undefined where none began or it has ended by idleness. */
export function readSession(
  read: CellReader,
  subject: StateSubject,
  nowMs: number,
): SessionState | undefined {
  const idleMs = subject.session_id === undefined ? SESSION_IDLE_MS : NAMED_SESSION_IDLE_MS;
  return liveSession(readCell<SessionState>(read, sessionKey(subject)), idleMs, nowMs);
}

/** What accrues above the session; the session itself where it has no id. */
export function readRootSession(
  read: CellReader,
  subject: StateSubject,
  nowMs: number,
): SessionState | undefined {
  return liveSession(readCell<SessionState>(read, rootSessionKey(subject)), SESSION_IDLE_MS, nowMs);
}

function liveSession(
  state: SessionState | undefined,
  idleMs: number,
  nowMs: number,
): SessionState | undefined {
  return state !== undefined && nowMs - state.last_ms <= idleMs ? state : undefined;
}

/** Counts a decided call in its session and in what stands above it. */
export function recordCall(transaction: Transaction, subject: StateSubject, facts: CallFacts): SessionState {
  return update(transaction, subject, (state, nowMs) => afterCall(state, facts, nowMs));
}

/** Adds what an enforcement point or an operator reports. Numbers that are not finite or negative throw. */
export function reportToSession(
  transaction: Transaction,
  subject: StateSubject,
  report: SessionReport,
): SessionState {
  return update(transaction, subject, (state) => afterReport(state, report));
}

function update(
  transaction: Transaction,
  subject: StateSubject,
  change: (state: SessionState, nowMs: number) => SessionState,
): SessionState {
  const read = readerOf(transaction);
  const nowMs = transaction.nowMs;
  const next = (state: SessionState | undefined): SessionState => {
    const before = state ?? newSession(nowMs);
    return { ...change(before, nowMs), version: before.version + 1, last_ms: nowMs };
  };
  const session = next(readSession(read, subject, nowMs));
  if (subject.session_id !== undefined) {
    writeCell(transaction, rootSessionKey(subject), next(readRootSession(read, subject, nowMs)));
  }
  writeCell(transaction, sessionKey(subject), session);
  return session;
}

function newSession(nowMs: number): SessionState {
  return {
    v: 1,
    version: 0,
    started_ms: nowMs,
    last_ms: nowMs,
    request_count: 0,
    calls_in_row: 0,
    prior_tools: [],
    labels: [],
    denied: [],
  };
}

function afterCall(state: SessionState, facts: CallFacts, nowMs: number): SessionState {
  const { prior_tools: _, ...rest } = state;
  const tools = facts.proceeds ? toolsAfter(state.prior_tools, facts.tool) : state.prior_tools;
  const labels = facts.proceeds ? joinLabels(state.labels, facts.labels ?? []) : state.labels;
  const known = facts.tool === undefined || state.prior_tools?.includes(facts.tool) !== false;
  const risk = riskAfter(
    state.risk,
    {
      denied: facts.denied === true || facts.denied_for !== undefined,
      newTool: facts.proceeds && !known,
      labels: labels.length,
    },
    nowMs - state.last_ms,
  );
  return {
    ...rest,
    request_count: state.request_count + 1,
    calls_in_row: state.calls_in_row + (facts.proceeds ? 1 : 0),
    labels,
    risk,
    denied:
      facts.call === undefined
        ? state.denied
        : countDenial(state.denied, facts.call, facts.denied_for, nowMs),
    ...(tools === undefined ? {} : { prior_tools: tools }),
  };
}

function toolsAfter(
  tools: readonly string[] | undefined,
  tool: string | undefined,
): readonly string[] | undefined {
  if (tools === undefined || tool === undefined) return tools;
  const next = [...tools.filter((each) => each !== tool), tool];
  return next.length > PRIOR_TOOLS_MAX ? undefined : next;
}

function afterReport(state: SessionState, report: SessionReport): SessionState {
  const { turn, tokens, risk_score } = report;
  if (tokens !== undefined && !(Number.isFinite(tokens) && tokens >= 0))
    throw new RangeError('tokens are not a count');
  if (risk_score !== undefined && !(risk_score >= 0 && risk_score <= 1))
    throw new RangeError('risk is not in 0 to 1');
  return {
    ...state,
    labels: joinLabels(state.labels, report.labels ?? []),
    ...(turn === true ? { turn_count: (state.turn_count ?? 0) + 1, calls_in_row: 0 } : {}),
    ...(tokens === undefined ? {} : { cumulative_tokens: (state.cumulative_tokens ?? 0) + tokens }),
    ...(risk_score === undefined ? {} : { risk_score }),
  };
}

/** Union of labels, in order. */
export function joinLabels(first: readonly string[], second: readonly string[]): readonly string[] {
  if (second.length === 0) return first;
  const labels = [...new Set([...first, ...second])].sort();
  if (labels.length > LABELS_MAX) throw new RangeError(`a session has at most ${LABELS_MAX} labels`);
  return labels;
}
