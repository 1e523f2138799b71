import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BudgetDefinition,
  type CallFacts,
  CIRCUIT_OPEN_MS,
  CONTEXT_FACTS,
  type ContextFact,
  cellKey,
  changedFacts,
  circuitOpen,
  DENIALS_BEFORE_OPEN,
  factKeys,
  factsRead,
  type Gathered,
  gatherFacts,
  NAMED_SESSION_IDLE_MS,
  PRIOR_TOOLS_MAX,
  recordCall,
  reportToSession,
  SESSION_IDLE_MS,
  type SessionReport,
  type SessionState,
  type StateSubject,
  sessionKeys,
} from '../src/index.ts';
import { MemoryState } from './memory-transaction.ts';

const subject: StateSubject = { tenant: 'acme', principal: 'alice', actor: 'agent-1' };
const named: StateSubject = { ...subject, session_id: 's1' };
const budget: BudgetDefinition = { name: 'calls', per: 'session', unit: 'requests', limit: 5 };

const call = (state: MemoryState, facts: CallFacts, who = subject): SessionState =>
  state.run(sessionKeys(who), (transaction) => recordCall(transaction, who, facts));
const report = (state: MemoryState, facts: SessionReport, who = subject): SessionState =>
  state.run(sessionKeys(who), (transaction) => reportToSession(transaction, who, facts));
const gather = (state: MemoryState, facts: readonly ContextFact[] = CONTEXT_FACTS, who = subject): Gathered =>
  gatherFacts(facts, who, [budget], (key) => state.cells.get(key), state.nowMs);
const changed = (state: MemoryState, gathered: Gathered, who = subject): readonly ContextFact[] =>
  state.run(factKeys(gathered.facts, who, [budget]), (transaction) =>
    changedFacts(transaction, gathered, who, [budget]),
  );

describe('what policies read of a session', () => {
  it('is known to be nothing at the start, and absent where it is unknown', () => {
    expect(gather(new MemoryState()).context).toEqual({
      request_count: 0,
      calls_in_row: 0,
      prior_tools: [],
      labels: [],
      session_age_seconds: 0,
      risk_score: 0,
      budgets: { calls: { used: 0, limit: 5 } },
    });
  });

  it('counts denied calls too, and remembers tools and labels only of calls that proceeded', () => {
    const state = new MemoryState();
    call(state, { proceeds: true, tool: 'read', labels: ['pii'] });
    call(state, { proceeds: false, tool: 'delete', labels: ['secret'] });
    call(state, { proceeds: true, tool: 'write' });
    call(state, { proceeds: true, tool: 'read' });
    state.nowMs += 90_500;
    expect(gather(state).context).toMatchObject({
      request_count: 4,
      calls_in_row: 3,
      prior_tools: ['write', 'read'],
      labels: ['pii'],
      session_age_seconds: 90,
    });
    report(state, { turn: true, tokens: 120, risk_score: 0.4 });
    report(state, { turn: true, tokens: 30 });
    expect(gather(state).context).toMatchObject({
      turn_count: 2,
      cumulative_tokens: 150,
      risk_score: 0.4,
      calls_in_row: 0,
    });
    expect(() => report(state, { tokens: -1 })).toThrow(RangeError);
    expect(() => report(state, { risk_score: 1.1 })).toThrow(RangeError);
  });

  it('ends by idleness, later for a session with an id', () => {
    const state = new MemoryState();
    call(state, { proceeds: true });
    call(state, { proceeds: true }, named);
    state.nowMs += SESSION_IDLE_MS + 1;
    expect(gather(state).context.request_count).toBe(0);
    expect(gather(state, CONTEXT_FACTS, named).context.request_count).toBe(1);
    state.nowMs += NAMED_SESSION_IDLE_MS;
    expect(gather(state, CONTEXT_FACTS, named).context.request_count).toBe(0);
  });

  it('[P-LABELS-STAY] keeps labels and risk when a client chooses another session id', () => {
    const state = new MemoryState();
    call(state, { proceeds: true, labels: ['pii'] }, named);
    report(state, { risk_score: 0.9 }, named);
    const other = { ...subject, session_id: 's2' };
    expect(gather(state, CONTEXT_FACTS, other).context).toMatchObject({
      request_count: 0,
      labels: ['pii'],
      risk_score: 0.9,
    });
  });

  it('[P-STATE-UNKNOWN-ABSENT] makes the tools unknown rather than forget one', () => {
    const state = new MemoryState();
    for (let tool = 0; tool < PRIOR_TOOLS_MAX; tool++) call(state, { proceeds: true, tool: `t${tool}` });
    expect(gather(state).context.prior_tools).toHaveLength(PRIOR_TOOLS_MAX);
    call(state, { proceeds: true, tool: 'one more' });
    expect(gather(state).context).not.toHaveProperty('prior_tools');
    call(state, { proceeds: true, tool: 't0' });
    expect(gather(state).context).not.toHaveProperty('prior_tools');
  });

  it('gathers only what is read', () => {
    expect(
      factsRead([
        ['context', 'request_count'],
        ['action', 'tool'],
      ]),
    ).toEqual(['request_count']);
    expect(factsRead([['context', 'budgets', 'calls', 'used']])).toEqual(['budgets']);
    expect(factsRead([['context']])).toEqual(CONTEXT_FACTS);
    expect(factsRead([[]])).toEqual(CONTEXT_FACTS);
    expect(factsRead([['contexts'], ['action', 'context']])).toEqual([]);
    expect(factKeys([], subject, [budget])).toEqual([]);
    expect(gather(new MemoryState(), ['labels']).context).toEqual({ labels: [] });
  });
});

describe('comparison in the commit', () => {
  it('[P-STATE-COMPARED] finds exactly the facts that changed since they were read', () => {
    const state = new MemoryState();
    call(state, { proceeds: true, tool: 'read' });
    const all = gather(state);
    const labels = gather(state, ['labels']);
    expect(changed(state, all)).toEqual([]);
    call(state, { proceeds: false });
    expect(changed(state, all)).toEqual(['request_count', 'risk_score']);
    expect(changed(state, labels)).toEqual([]);
    call(state, { proceeds: true, labels: ['pii'] });
    expect(changed(state, labels)).toEqual(['labels']);
    state.nowMs += 10_000;
    expect(changed(state, gather(state, ['session_age_seconds']))).toEqual([]);
  });

  it('sees a fact become known', () => {
    const state = new MemoryState();
    const before = gather(state);
    report(state, { tokens: 0 });
    expect(changed(state, before)).toEqual(['cumulative_tokens']);
  });
});

describe('the circuit breaker', () => {
  it('[P-CIRCUIT] opens after repeated identical denials, for that call, for a while', () => {
    const state = new MemoryState();
    const denied: CallFacts = { proceeds: false, call: 'sha256:c', denied_for: 'no_grant' };
    let session = call(state, denied);
    for (let count = 2; count <= DENIALS_BEFORE_OPEN; count++) {
      expect(circuitOpen(session.denied, 'sha256:c', state.nowMs)).toBe(false);
      session = call(state, denied);
    }
    expect(circuitOpen(session.denied, 'sha256:c', state.nowMs)).toBe(true);
    expect(circuitOpen(session.denied, 'sha256:d', state.nowMs)).toBe(false);
    expect(circuitOpen(session.denied, 'sha256:c', state.nowMs + CIRCUIT_OPEN_MS)).toBe(false);
    session = call(state, { ...denied, denied_for: 'budget_exhausted' });
    expect(circuitOpen(session.denied, 'sha256:c', state.nowMs)).toBe(false);
    session = call(state, { proceeds: true, call: 'sha256:c' });
    expect(session.denied).toEqual([]);
  });
});

describe('keys of cells', () => {
  it('[P-TENANT-APART] never meet for different parts', () => {
    const part = fc.option(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.constantFrom('', '~', '%', '/', 'a/b', '..', '\ud800', '\udfff'),
      ),
      { nil: undefined },
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }), (first, second) => {
        const same = first.length === second.length && first.every((each, index) => each === second[index]);
        expect(cellKey('k', ...first) === cellKey('k', ...second)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  it('stay within what the store takes', () => {
    const long = '\u{1F600}'.repeat(5_000);
    expect(cellKey('session', long, long, long, long).length).toBeLessThan(700);
    expect(cellKey('k', 'a')).not.toBe(cellKey('k', undefined));
  });
});
