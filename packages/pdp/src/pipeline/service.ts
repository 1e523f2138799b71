import type {
  DecideCall,
  Decision,
  DecisionContext,
  DecisionPoint,
  DecisionRequest,
  Json,
  JsonObject,
  Layer,
  Obligation,
  Outcome,
  Reason,
} from '@writ/decision';
import type { EntryProof, EraseReport, ErasureTarget, LedgerEntry } from '@writ/ledger';
import type { BudgetDefinition, ContextFact, RevocationTarget, StateSubject } from '@writ/state';
import type { StoreStatistics } from '@writ/store';
import type { EngineAnswer } from '../engine/engine.ts';
import type { AdministrativeQueries } from './administrative-queries.ts';
import type { ApprovalDesk } from './approval-service.ts';
import type { ApiVerdict } from './authorize-request.ts';
import type { CallerIdentity } from './caller.ts';
import type { ChannelDesk } from './channel-desk.ts';
import type { DenialBindings } from './denial-binding.ts';
import type { MeterReading } from './meters.ts';
import type { SearchAnswer, SearchQuestion } from './search.ts';
import type { StandingDesk } from './standing-desk.ts';

/** One entrypoint's opinion, as `writ decide --explain` shows it. */
export interface ExplainedOpinion {
  readonly layer: Layer;
  readonly bundle: string;
  /** `data.agent.tools.decision`. */
  readonly rule: string;
  readonly kind: string;
  readonly file?: string;
  readonly row?: number;
  /** `none`: consulted, without an opinion. `identity` and `lifts` are what those kinds give in place of a verdict. */
  readonly opinion: Outcome | 'none' | 'identity' | 'lifts';
  readonly reasons: readonly Reason[];
  /** It only observes, and does not count. */
  readonly observed?: true;
}

/** An override that took effect. */
export interface ExplainedOverride {
  readonly bundle: string;
  readonly code: string;
  readonly outcome: Outcome;
  readonly approved_by: string;
  readonly expires: string;
  readonly stated_in: string;
}

/** What a decision would be and why, without effect on state, budgets or approvals; not on record. */
export interface Explanation {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  /** In the order of layers: identity, resource, workflow, compliance, override. */
  readonly opinions: readonly ExplainedOpinion[];
  /** Did any grant say yes, outright or on a condition. */
  readonly granted: boolean;
  readonly overridden: readonly ExplainedOverride[];
  readonly obligations: readonly Obligation[];
  /** What the outcome would be if the entrypoints that only observe counted; absent where none was asked. */
  readonly outcome_if_counted?: Outcome;
  /** The request as policies saw it, with what was gathered and resolved. */
  readonly request?: DecisionRequest;
}

/** A question to one rule alone: the data API in development, for a directory without a manifest. */
export interface RawQuestion {
  /** Slash path below `data`. */
  readonly path: string;
  readonly input: Json | undefined;
  /** What the question is about, for the record and for halts and budgets. */
  readonly request: DecisionRequest;
}

/** A raw question's decision with the rule's own answer; `value` is absent where the rule is undefined. */
export interface RawDecision {
  readonly decision: Decision;
  readonly value?: Json;
  /** Present where the rule could not be evaluated. */
  readonly fault?: { readonly code: string; readonly message: string };
}

/** The decision point as one enforcement point holds it. */
export interface PointHandle extends DecisionPoint {
  /** `decide`, with what the caller claims of things that Writ works out itself: for the record only. */
  decideClaimed(call: DecideCall, claimed?: JsonObject): Promise<Decision>;
  /** Each entrypoint's opinion about a call; decides nothing. */
  explain(call: DecideCall): Promise<Explanation>;
  /** Ties access requests to the denials that they answer. */
  readonly denials: DenialBindings;
  /** Which of the entities that are known by name an evaluation would permit; reserves nothing, one entry of the record. */
  search(question: SearchQuestion): Promise<SearchAnswer>;
  /** Asks one rule as kind `grant` with the input as it is; recorded like any decision. */
  decideRaw(question: RawQuestion): Promise<RawDecision>;
}

/** Whom a halt stops. */
export type HaltTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'actor'; readonly actor: string };

/** An act of the operator that could not be made durable did not happen. */
export type ActOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What a change of policies was: for the record. */
export interface ActivationNote {
  readonly ok: boolean;
  readonly bundles: { readonly [name: string]: { readonly revision: string; readonly digest: string } };
  readonly message?: string;
  /** Of each bundle: who answers for it, how it counts, whose signatures were checked: what `activationFacts` gives. */
  readonly facts?: JsonObject;
  /** Names of the bundles that do not activate, where they are known. */
  readonly refused?: readonly string[];
}

/** Requests that were refused before anything of them was read, for one reason, in some second. */
export interface RefusedLoad {
  readonly code: 'overloaded' | 'rate_limited';
  readonly why: 'too many at once' | 'too many of one credential' | 'closing';
  readonly count: number;
  /** Of the first and of the last. */
  readonly from: string;
  readonly until: string;
  /** How many of which credential; some of them, where they are many. */
  readonly callers: Readonly<Record<string, number>>;
}

/** An operator puts an earlier content of a bundle in force: for the record. */
export interface RollbackRecord {
  readonly bundle: string;
  readonly revision: string;
  readonly digest: string;
  readonly sequence?: number;
  readonly reason?: string;
}

/** What a process measures of itself, for whoever watches it. */
export interface Measured {
  readonly meters: MeterReading;
  readonly approvalsPending: number;
  /** Sessions whose decisions are under way, one after another. */
  readonly sessionsBusy: number;
  /** Calls of the store that this process waits for. */
  readonly storeWaiting: number;
  /** Entries of the record. */
  readonly logSize: number;
  /** Of the store's owner, which may be another process. */
  readonly store: StoreStatistics;
}

/** The facts of a session that policies can read; unknown ones are absent. */
export type SessionFacts = Pick<DecisionContext, ContextFact>;

/** A budget in force and, of one subject, how much of it is used. */
export type BudgetState = BudgetDefinition & { readonly used?: number };

/** What only the operator may do. Whoever calls these has checked the operator's credential. */
export interface Administration {
  readonly approvals: ApprovalDesk;
  readonly standing: StandingDesk;
  /** What tells channels needs. */
  readonly channels: ChannelDesk;
  halt(target: HaltTarget, by: string, reason?: string): Promise<ActOutcome>;
  resume(target: HaltTarget, by: string, reason?: string): Promise<ActOutcome>;
  /** Nothing counts any more that this agent or principal asks, is asked for, or has delegated; checked in the commit. */
  revoke(target: RevocationTarget, by: string, reason?: string): Promise<ActOutcome>;
  restore(target: RevocationTarget, by: string, reason?: string): Promise<ActOutcome>;
  readonly log: {
    tail(count: number): Promise<readonly LedgerEntry[]>;
    /** Entries from a position on, at most `count`. */
    from(index: number, count: number): Promise<readonly LedgerEntry[]>;
    show(decisionId: string): Promise<readonly LedgerEntry[]>;
    size(): Promise<number>;
    /** The newest signed checkpoint, a C2SP signed note; undefined where nothing is signed yet. */
    checkpoint(): Promise<string | undefined>;
    /** One entry with its inclusion in the newest signed tree. */
    prove(index: number): Promise<EntryProof>;
    /** Erases what belongs to somebody, and records it; every proof stays. */
    erase(
      target: ErasureTarget,
      by: string,
      reason?: string,
    ): Promise<{ readonly ok: true; readonly report: EraseReport } | Extract<ActOutcome, { ok: false }>>;
  };
  /** What accrues to somebody, as policies would read it now. Rejects with the store's error. */
  readonly state: {
    session(subject: StateSubject): Promise<SessionFacts>;
    /** The budgets in force; with whose use, where a subject is named. */
    budgets(subject?: StateSubject): Promise<readonly BudgetState[]>;
  };
  /** Puts on record that the decision point started or stopped, and what a crash left. */
  recordLife(event: 'start' | 'stop', message?: string): Promise<ActOutcome>;
  /** Puts on record that somebody writes policy or data over the API; before it takes effect. */
  recordWrite(note: JsonObject): Promise<ActOutcome>;
  /** Puts on record that requests were refused unread, many as one entry. */
  recordRefusedLoad(refused: RefusedLoad): Promise<ActOutcome>;
  /** Puts an activation or a refused one on record. */
  recordActivation(note: ActivationNote): Promise<ActOutcome>;
  /** Puts on record that an operator asked for a rollback, before it is tried. */
  recordRollback(rollback: RollbackRecord, by: string): Promise<ActOutcome>;
  measure(): Promise<Measured>;
  /** Evaluates any path below `data`, outside of the decision pipeline; on record as an administrative act. */
  evaluate(question: Pick<RawQuestion, 'path' | 'input'>, by: string): Promise<EngineAnswer>;
  /** What the rule at this slash path below `data.system.health` says; not on record, since it decides nothing. */
  health(path: string): Promise<EngineAnswer>;
  /** Asks `data.system.authz.allow` whether a request to the API may go on; whatever is no yes refuses. */
  authorize(input: JsonObject): Promise<ApiVerdict>;
  /** Queries, partial evaluation and traces, where the engine has them. */
  readonly queries: AdministrativeQueries;
}

/** The decision point whole: in process for its default caller, for others by `as`, and for the operator. */
export interface DecisionService extends PointHandle {
  as(caller: CallerIdentity): PointHandle;
  readonly administration: Administration;
}
