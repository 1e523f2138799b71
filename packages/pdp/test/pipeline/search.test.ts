import type { Decision, DecisionRequest, JsonObject } from '@writ/decision';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { SearchQuestion } from '../../src/pipeline/search.ts';
import { asRequest, type Fixture, openFixture, type RuleAt, tenantNow } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const USERS = ['ann', 'ben', 'cy', 'di'];
const ENTITIES = {
  writ: {
    entities: {
      subjects: [
        { type: 'user', from: '/people' },
        { type: 'bot', id: 'b' },
      ],
      actions: ['read'],
    },
    budgets: [{ name: 'few', per: 'principal', unit: 'requests', limit: 2 }],
  },
  people: Object.fromEntries(USERS.map((id) => [id, {}])),
};

function requestFor(id: string): DecisionRequest {
  return {
    principal: { id, tenant: tenantNow() },
    actor: { id: 'agent:a' },
    action: { type: 'tool_call', phase: 'call', operation: 'read', resources: [{ type: 'doc', id: 'd' }] },
  };
}

const permits = ({ outcome, effect }: Decision) => outcome === 'allow' && effect === 'proceed';

function question(more: Partial<SearchQuestion> = {}): SearchQuestion {
  return {
    kind: 'subject',
    type: 'user',
    requestOf: ({ id }: JsonObject) => requestFor(`${id}`),
    permits,
    limit: 100,
    asked: { about: 'doc' },
    ...more,
  };
}

async function found(more: Partial<SearchQuestion> = {}): Promise<readonly unknown[]> {
  const answer = await fixture.point.search(question(more));
  if (!answer.ok) throw new Error(answer.message);
  return answer.results.map(({ id }) => id);
}

const OUTCOMES = ['allow', 'deny', 'escalate', 'step_up', 'sanitize', 'nothing'] as const;

describe('search', () => {
  it('[P-AUTHZEN-SEARCH] finds exactly whom a decision permits, whatever policies, halts and budgets say', async () => {
    let opinions: Readonly<Record<string, (typeof OUTCOMES)[number]>> = {};
    const rule: RuleAt = {
      path: 'test/decision',
      kind: 'grant',
      reads: [['principal']],
      rule: (input) => {
        const outcome = opinions[asRequest(input).principal.id];
        return outcome === undefined || outcome === 'nothing' ? undefined : { outcome };
      },
    };
    fixture = await openFixture([rule], { data: ENTITIES });
    const byUser = fc.record(
      Object.fromEntries(USERS.map((id) => [id, fc.constantFrom(...OUTCOMES)])),
    ) as fc.Arbitrary<Record<string, (typeof OUTCOMES)[number]>>;
    await fc.assert(
      fc.asyncProperty(
        byUser,
        fc.option(fc.constantFrom(...USERS)),
        fc.boolean(),
        async (chosen, revoked, undone) => {
          opinions = chosen;
          const target = { kind: 'principal', id: revoked ?? '', tenant: tenantNow() } as const;
          if (revoked !== null) await fixture.point.administration.revoke(target, 'op');
          const results = await found();
          const decided = await Promise.all(
            USERS.map(async (id) => {
              const decision = await fixture.point.decide({ request: requestFor(id) });
              // What was allowed did not happen, so that the budget is what it was.
              if (decision.effect === 'proceed' && undone)
                await fixture.point.complete({ decision_id: decision.decision_id, status: 'not_sent' });
              return permits(decision) ? [id] : [];
            }),
          );
          if (revoked !== null) await fixture.point.administration.restore(target, 'op');
          expect(results).toEqual(decided.flat());
        },
      ),
      { numRuns: 25 },
    );
  });

  it('[P-AUTHZEN-SEARCH] [P-CLOCK] finds nobody whose right ends with time while the clock stands behind', async () => {
    const lift = {
      bundle: 'test',
      code: 'closed',
      outcome: 'allow',
      justification: 'inventory',
      approved_by: 'olga',
      principals: ['ann'],
      expires: '2099-01-01T00:00:00Z',
    };
    const rules: readonly RuleAt[] = [
      { path: 'test/decision', kind: 'grant', rule: () => true, reads: [] },
      {
        path: 'test/closed',
        kind: 'guard',
        rule: (input) => asRequest(input).principal.id !== 'ann' || { allow: false, reason: 'closed' },
        reads: [['principal']],
      },
      { path: 'test/lift', kind: 'overrides', rule: () => ({ lift: [lift] }), reads: [] },
    ];
    let nowMs = Date.now();
    fixture = await openFixture(rules, { data: ENTITIES, clock: { nowMs: () => nowMs } });
    expect(await found()).toEqual(USERS);
    nowMs -= 4_000;
    expect(await found()).toEqual(USERS);
    nowMs -= 2_000;
    expect(await found()).toEqual(['ben', 'cy', 'di']);
  });

  it('[P-AUTHZEN-SEARCH] reserves nothing, asks nobody, and is one entry of the record', async () => {
    const rule: RuleAt = {
      path: 'test/decision',
      kind: 'grant',
      reads: [['principal']],
      rule: (input) => (asRequest(input).principal.id === 'ann' ? { outcome: 'escalate' } : true),
    };
    fixture = await openFixture([rule], { data: ENTITIES });
    for (let round = 0; round < 4; round++) expect(await found()).toEqual(['ben', 'cy', 'di']);
    const entries = await fixture.entries();
    expect(entries).toHaveLength(4);
    expect(entries[0]).toMatchObject({
      core: { kind: 'decision', event: 'search', phase: 'list' },
      fields: { note: { search: 'subject', asked: { about: 'doc' } } },
    });
    const waiting = await fixture.point.administration.approvals.pending();
    expect(waiting.filter(({ tenant }) => tenant === tenantNow())).toEqual([]);
    const subject = { principal: 'ben', actor: 'agent:a', tenant: tenantNow() };
    expect(await fixture.point.administration.state.budgets(subject)).toMatchObject([{ used: 0 }]);
  });

  it('goes on where a page ended, and leaves out whom the credential may not name', async () => {
    fixture = await openFixture([{ path: 'test/decision', kind: 'grant', rule: () => true, reads: [] }], {
      data: ENTITIES,
    });
    const first = await fixture.point.search(question({ limit: 3 }));
    expect(first).toMatchObject({
      ok: true,
      results: [{ id: 'ann' }, { id: 'ben' }, { id: 'cy' }],
      next: 'cy',
    });
    const last = await fixture.point.search(question({ limit: 3, after: 'cy' }));
    expect(last).toMatchObject({ ok: true, results: [{ id: 'di' }] });
    expect(last).not.toHaveProperty('next');
    const point = fixture.point.as({ pointId: 'p', mayAssert: { principals: ['b*'] }, mode: 'enforce' });
    expect(await point.search(question())).toMatchObject({ results: [{ id: 'ben' }] });
  });

  it('says what is wrong with the entities', async () => {
    fixture = await openFixture([], { data: { writ: { entities: { people: [] } } } });
    const message =
      '`data.writ.entities` of bundle `test`: it has no `people`: known are subjects, resources, actions';
    expect(await fixture.point.search(question())).toEqual({ ok: false, code: 'policy_error', message });
  });
});
