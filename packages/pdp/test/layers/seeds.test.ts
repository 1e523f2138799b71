import { combine, type DecisionRequest } from '@writ/decision';
import { loadSeedPolicies, mendTutorial, type SeedPolicies } from '@writ/testing';
import { describe, expect, it } from 'vitest';
import { consult } from '../../src/layers/consult.ts';
import { OPTIONS, policiesOf, type WrittenBundle } from './policy-fixture.ts';

const seeds = await loadSeedPolicies();
const skip = 'skip' in seeds ? ` (skipped: ${seeds.skip})` : '';
const given = seeds as SeedPolicies;

/** Outcome and code of the first reason, through all layers. */
async function decide(
  bundle: WrittenBundle,
  request: Partial<DecisionRequest> & Pick<DecisionRequest, 'action'>,
) {
  const whole: DecisionRequest = { principal: { id: 'user:ann' }, actor: { id: 'agent' }, ...request };
  const { opinions } = await consult(await policiesOf({ seed: bundle }), whole, OPTIONS);
  const subject = { principal: whole.principal.id, actor: whole.actor.id };
  const { outcome, reasons } = combine(opinions, { phase: 'call', subject, nowMs: 0 });
  return [outcome, reasons[0]?.code];
}

describe.skipIf('skip' in seeds)(`policies as others print them${skip}`, () => {
  describe('payments in the older language', () => {
    const bundle = (): WrittenBundle => ({
      regoVersion: 0,
      rego: given.aegis.decisions.text,
      roots: ['aegis', 'agents'],
      entrypoints: [{ path: 'aegis/decisions/allow_payment', kind: 'grant', profile: 'params/v1' }],
      data: { agents: { 'agent-1': { id: 'agent-1', max_amount: 5000 } } },
    });
    it.each([
      [50, 'allow', 'within_limit'],
      [5_000, 'allow', 'within_limit'],
      [5_001, 'escalate', 'approval_needed'],
      [50_000, 'escalate', 'approval_needed'],
      [50_001, 'deny', 'blocked_over_hard_limit'],
      ['50', 'deny', undefined],
    ])('an amount of %j: %s, %s', async (amount, outcome, code) => {
      const action = { type: 'tool_call', phase: 'call', tool: 'stripe-payments', args: { amount } } as const;
      const found = await decide(bundle(), { actor: { id: 'agent-1' }, action });
      expect(found[0]).toBe(outcome);
      if (code !== undefined) expect(found[1]).toBe(code);
    });
  });

  describe('one grant and four guards, each with its `when`', () => {
    const ADMIN = 'spiffe://poc.local/gateways/mcp-security-gateway/dev';
    const RESEARCHER = 'spiffe://poc.local/agents/mcp-client/one/dev';
    const bundle = (): WrittenBundle => ({
      rego: given.precinct[0]!.text,
      files: Object.fromEntries(given.precinct.slice(1).map(({ file, text }) => [file, text])),
      roots: ['precinct'],
      entrypoints: [
        { path: 'precinct/authz/allow', kind: 'grant', profile: 'spiffe/v1' },
        {
          path: 'precinct/authz/destination',
          kind: 'guard',
          layer: 'compliance',
          profile: 'spiffe/v1',
          when: { tools: ['fetch'] },
        },
        {
          path: 'precinct/authz/stepup/decision',
          kind: 'guard',
          profile: 'spiffe/v1',
          when: { types: ['tool_call'] },
        },
        {
          path: 'precinct/authz/models',
          kind: 'guard',
          layer: 'compliance',
          profile: 'spiffe/v1',
          when: { types: ['model_inference'] },
        },
        {
          path: 'precinct/authz/ratelimit/allow',
          kind: 'guard',
          layer: 'workflow',
          profile: 'spiffe/v1',
          when: { tools: ['limited'] },
        },
      ],
    });
    const call = (tool: string, more: object = {}) =>
      ({ type: 'tool_call', phase: 'call', tool, ...more }) as DecisionRequest['action'];

    it.each([
      ['a listed tool', RESEARCHER, call('web_search'), {}, 'allow', 'granted'],
      ['another tool', RESEARCHER, call('execute_shell'), { step_up_verified: true }, 'deny', 'no_grant'],
      ['any tool for the gateway', ADMIN, call('list_files'), {}, 'allow', 'granted'],
      ['a dangerous tool', ADMIN, call('execute_shell'), {}, 'step_up', 'step_up_required'],
      [
        'a dangerous tool, verified',
        ADMIN,
        call('execute_shell'),
        { step_up_verified: true },
        'allow',
        'granted',
      ],
      [
        'an approved host',
        ADMIN,
        call('fetch', { destination: { host: 'api.groq.com' } }),
        {},
        'allow',
        'granted',
      ],
      [
        'another host',
        ADMIN,
        call('fetch', { destination: { host: 'evil.example' } }),
        {},
        'deny',
        undefined,
      ],
      ['no class that a budget names', ADMIN, call('limited'), { request_count: 1 }, 'deny', 'not_permitted'],
      [
        'a provider for no known class',
        ADMIN,
        { type: 'model_inference', phase: 'call', provider: 'groq' },
        {},
        'deny',
        undefined,
      ],
    ] as const)('%s', async (_name, id, action, context, outcome, code) => {
      const found = await decide(bundle(), { actor: { id }, action, context });
      expect(found[0]).toBe(outcome);
      if (code !== undefined) expect(found[1]).toBe(code);
    });
  });

  describe("the tutorial's refunds and deletes", () => {
    it('are refused as printed and decided as mended', async () => {
      const entrypoints = [{ path: 'agent/tools/decision', kind: 'grant', profile: 'tools/v1' }];
      const { text } = given.tutorial.policy;
      await expect(policiesOf({ seed: { rego: text, entrypoints } })).rejects.toThrow('rego_parse_error');
      const bundle = { rego: mendTutorial(text), entrypoints };
      const call = (tool: string, args: object, scopes: string[]) =>
        decide(bundle, {
          principal: { id: 'user:ann', scopes },
          action: { type: 'tool_call', phase: 'call', tool, args } as DecisionRequest['action'],
        });
      const both = ['write:refund', 'write:destructive'];
      expect(await call('refund.issue', { amount_cents: 50_000 }, both)).toEqual(['allow', 'ok']);
      expect(await call('refund.issue', { amount_cents: 50_001 }, both)).toEqual([
        'deny',
        'amount_over_limit',
      ]);
      expect(await call('refund.issue', { amount_cents: 1 }, ['read'])).toEqual([
        'deny',
        'insufficient_scope',
      ]);
      expect(await call('db.delete', {}, both)).toEqual(['escalate', 'human_approval_required']);
      expect(await call('rm', {}, both)).toEqual(['deny', 'tool_not_allowlisted']);
    });
  });
});
