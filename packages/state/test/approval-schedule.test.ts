import type { ApprovalRule } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ApprovalState,
  approvalKey,
  approvalKeys,
  createApproval,
  PENDING_PREFIX,
  readApproval,
  readPending,
  toApproval,
  upkeepApproval,
  upkeepDue,
} from '../src/index.ts';
import { MemoryState } from './memory-transaction.ts';

const id = 'apr-1';
const LIFE_S = 1_000;

class Question {
  readonly #state = new MemoryState();
  readonly #startMs = this.#state.nowMs;

  constructor(rules: readonly ApprovalRule[]) {
    this.#state.run(approvalKeys(id), (transaction) =>
      createApproval(transaction, {
        id,
        decision_id: 'dec-1',
        expires_ms: this.#startMs + LIFE_S * 1000,
        binding: { arg_hash: 'a', forwarded_hash: 'f', principal: 'alice', actor: 'agent-1' },
        action: { type: 'tool_call', tool: 'pay', args: {} },
        reasons: [{ code: 'large' }],
        rules,
      }),
    );
  }

  get kept(): ApprovalState {
    return readApproval((key) => this.#state.cells.get(key), id, this.#state.nowMs) as ApprovalState;
  }

  get nextAtS(): number {
    const text = this.#state.cells.get(`${PENDING_PREFIX}${id}`) as string;
    return ((readPending(text)?.upkeep_ms as number) - this.#startMs) / 1000;
  }

  /** Does what is due at this age, one event after another, as looking after it does. */
  at(ageS: number): readonly string[] {
    this.#state.nowMs = this.#startMs + ageS * 1000;
    const told: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const raw = JSON.parse(this.#state.cells.get(approvalKey(id)) as string) as ApprovalState;
      const event = raw.status === 'pending' ? upkeepDue(raw, this.#state.nowMs) : undefined;
      if (event === undefined) return told;
      this.#state.run(approvalKeys(id), (transaction) => upkeepApproval(transaction, id, event));
      told.push(event);
    }
    throw new Error('what is due never ends');
  }
}

const step = (after_seconds: number, ...groups: string[]) => ({ after_seconds, groups });

describe('escalation of a question', () => {
  it('takes each step of each rule, whichever rule has more of them', () => {
    const question = new Question([
      { groups: ['a'], escalate: [step(60, 'a-lead')] },
      { groups: ['b'], escalate: [step(120, 'b-lead'), step(300, 'b-head')] },
    ]);
    expect(question.nextAtS).toBe(60);
    expect([question.at(59), question.at(60)]).toEqual([[], ['escalated']]);
    expect(toApproval(question.kept).asked).toEqual(['a', 'a-lead', 'b']);
    expect(question.nextAtS).toBe(120);
    expect([question.at(119), question.at(120)]).toEqual([[], ['escalated']]);
    expect(toApproval(question.kept).asked).toEqual(['a', 'a-lead', 'b', 'b-lead']);
    expect(question.at(300)).toEqual(['escalated']);
    expect(toApproval(question.kept).asked).toEqual(['a', 'a-lead', 'b', 'b-lead', 'b-head']);
    expect([question.at(999), question.at(1_001)]).toEqual([[], ['expired']]);
  });

  it('tells a step of several rules at one age once, and steps that are late together', () => {
    const question = new Question([
      { groups: ['a'], escalate: [step(60, 'x'), step(90, 'y')] },
      { groups: ['b'], escalate: [step(60, 'z')] },
    ]);
    expect(question.at(60)).toEqual(['escalated']);
    expect(toApproval(question.kept).asked).toEqual(['a', 'x', 'b', 'z']);
    expect(question.at(95)).toEqual(['escalated']);
    const late = new Question([{ escalate: [step(60, 'x'), step(90, 'y')] }, { escalate: [step(10, 'z')] }]);
    expect(late.at(500)).toEqual(['escalated']);
    expect(toApproval(late.kept).asked).toEqual(['x', 'y', 'z']);
  });

  it('is looked after just when something is due, whatever the rules are', () => {
    const rule = fc.record(
      {
        escalate: fc.array(
          fc.integer({ min: 1, max: 50 }).map((after) => step(after, `g${after}`)),
          { maxLength: 4 },
        ),
        remind_after_seconds: fc.integer({ min: 5, max: 60 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), (rules) => {
        const question = new Question(rules as readonly ApprovalRule[]);
        for (let ageS = 0; ageS <= 60; ageS += 1) {
          const due = question.nextAtS <= ageS;
          expect(question.at(ageS).length > 0).toBe(due);
          const asked = rules.flatMap(({ escalate = [] }) =>
            escalate.flatMap(({ after_seconds, groups }) => (after_seconds <= ageS ? groups : [])),
          );
          expect(new Set(toApproval(question.kept).asked ?? [])).toEqual(new Set(asked));
        }
      }),
    );
  });
});
