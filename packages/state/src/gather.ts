import { canonicalJson, type DecisionContext, type Json } from '@writ/decision';
import type { Transaction } from '@writ/store';
import { type BudgetDefinition, budgetKeys, budgetUse } from './budget.ts';
import { type CellReader, readerOf } from './cell.ts';
import {
  joinLabels,
  readRootSession,
  readSession,
  rootSessionKey,
  type SessionState,
  sessionKey,
} from './session.ts';
import type { StateSubject } from './subject.ts';

/** What a policy can read of the state, by its name in `context`. */
export const CONTEXT_FACTS = [
  'request_count',
  'calls_in_row',
  'prior_tools',
  'labels',
  'turn_count',
  'cumulative_tokens',
  'session_age_seconds',
  'risk_score',
  'budgets',
] as const;
export type ContextFact = (typeof CONTEXT_FACTS)[number];

/** A fact that was given to policies, as canonical JSON; absent where it was unknown. */
export type Expectation = { readonly [Fact in ContextFact]?: string };

export interface Gathered {
  /** The facts that are known, and no others. */
  readonly context: Pick<DecisionContext, ContextFact>;
  /** To be handed to `changedFacts` in the commit. */
  readonly expected: Expectation;
  readonly facts: readonly ContextFact[];
}

interface Source {
  readonly session: SessionState | undefined;
  readonly root: SessionState | undefined;
  readonly budgets: () => Json;
  readonly nowMs: number;
}

/**
 * Which facts the paths into a request can reach; a path that stops at `context` or above reaches all. Paths are those
 * that the compiler reports, e.g. `['context', 'request_count']`.
 */
export function factsRead(paths: readonly (readonly string[])[]): readonly ContextFact[] {
  return CONTEXT_FACTS.filter((fact) =>
    paths.some(
      (path) => path.length === 0 || (path[0] === 'context' && (path.length === 1 || path[1] === fact)),
    ),
  );
}

/** The cells that these facts come from. */
export function factKeys(
  facts: readonly ContextFact[],
  subject: StateSubject,
  budgets: readonly BudgetDefinition[],
): readonly string[] {
  if (facts.length === 0) return [];
  const session = facts.some((fact) => fact !== 'budgets')
    ? [sessionKey(subject), rootSessionKey(subject)]
    : [];
  return [...new Set([...session, ...(facts.includes('budgets') ? budgetKeys(budgets, subject) : [])])];
}

/** Produces the facts from their cells. A new session has made 0 calls and that is known; tokens nobody reported are not. */
export function gatherFacts(
  facts: readonly ContextFact[],
  subject: StateSubject,
  budgets: readonly BudgetDefinition[],
  read: CellReader,
  nowMs: number,
): Gathered {
  const source = sourceOf(facts, subject, budgets, read, nowMs);
  const context: Partial<Record<ContextFact, Json>> = {};
  const expected: { [Fact in ContextFact]?: string } = {};
  for (const fact of facts) {
    const value = FACTS[fact](source);
    if (value === undefined) continue;
    context[fact] = value;
    expected[fact] = canonicalJson(value);
  }
  return { context: context as Gathered['context'], expected, facts };
}

/**
 * The facts that are no longer what the policies were told (`state_conflict`): to be asked in the commit before
 * anything is written. Only what was read is compared, so calls that read nothing of each other do not conflict. Age
 * moves with the clock and is not compared.
 */
export function changedFacts(
  transaction: Transaction,
  gathered: Pick<Gathered, 'facts' | 'expected'>,
  subject: StateSubject,
  budgets: readonly BudgetDefinition[],
): readonly ContextFact[] {
  const facts = gathered.facts.filter((fact) => fact !== 'session_age_seconds');
  const now = gatherFacts(facts, subject, budgets, readerOf(transaction), transaction.nowMs);
  return facts.filter((fact) => now.expected[fact] !== gathered.expected[fact]);
}

function sourceOf(
  facts: readonly ContextFact[],
  subject: StateSubject,
  budgets: readonly BudgetDefinition[],
  read: CellReader,
  nowMs: number,
): Source {
  const session = facts.some((fact) => fact !== 'budgets');
  return {
    session: session ? readSession(read, subject, nowMs) : undefined,
    root: session ? readRootSession(read, subject, nowMs) : undefined,
    budgets: () =>
      Object.fromEntries(budgets.map((each) => [each.name, budgetUse(read, each, subject, nowMs)])),
    nowMs,
  };
}

const FACTS: Readonly<Record<ContextFact, (source: Source) => Json | undefined>> = {
  request_count: ({ session }) => session?.request_count ?? 0,
  calls_in_row: ({ session }) => session?.calls_in_row ?? 0,
  prior_tools: ({ session }) => (session === undefined ? [] : session.prior_tools),
  labels: ({ session, root }) => joinLabels(session?.labels ?? [], root?.labels ?? []),
  turn_count: ({ session }) => session?.turn_count,
  cumulative_tokens: ({ session }) => session?.cumulative_tokens,
  session_age_seconds: ({ session, nowMs }) =>
    session === undefined ? 0 : Math.max(0, Math.floor((nowMs - session.started_ms) / 1_000)),
  risk_score: ({ session, root }) =>
    Math.max(0, ...[session, root].flatMap((each) => [each?.risk_score ?? 0, each?.risk?.score ?? 0])),
  budgets: ({ budgets }) => budgets(),
};
