import type { DecisionRequest } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cedarCall } from '../../../src/engine/cedar/cedar-request.ts';
import { CedarSchema } from '../../../src/engine/cedar/cedar-schema.ts';
import { NotCedarError, toCedar } from '../../../src/engine/cedar/cedar-values.ts';

const REQUEST: DecisionRequest = {
  principal: { id: 'alice', groups: ['finance'], tenant: 'acme', scopes: ['refund'] },
  actor: { id: 'agent-1', class: 'support', attested: true },
  delegation: [{ id: 'alice' }, { id: 'agent-1' }],
  action: {
    type: 'tool_call',
    phase: 'call',
    server: 'payments',
    tool: 'refund',
    operation: 'write',
    args: { amount: 500, rate: 1.25, note: null, tags: ['a', null, 1] },
  },
  context: { turn_count: 3, labels: ['pii'] },
  environment: { region: 'eu', is_production: true },
};

const withArgs = (args: object): DecisionRequest => ({
  ...REQUEST,
  action: { ...REQUEST.action, args: args as never },
});

describe('a request in the terms of Cedar', () => {
  it('has the principal with its groups, the action by its type, and the tool on its server', () => {
    const call = cedarCall(REQUEST, [], undefined);
    expect(call.principal).toEqual({ type: 'User', id: 'alice' });
    expect(call.action).toEqual({ type: 'Action', id: 'tool_call' });
    expect(call.resource).toEqual({ type: 'Tool', id: 'payments/refund' });
    expect(call.entities).toContainEqual({
      uid: { type: 'User', id: 'alice' },
      attrs: { tenant: 'acme', scopes: ['refund'] },
      parents: [
        { type: 'Group', id: 'finance' },
        { type: 'Tenant', id: 'acme' },
      ],
    });
    expect(call.entities).toContainEqual({
      uid: { type: 'Tool', id: 'payments/refund' },
      attrs: { server: 'payments', operation: 'write', name: 'refund' },
      parents: [{ type: 'Server', id: 'payments' }],
    });
    expect(call.context).toMatchObject({
      actor: { __entity: { type: 'Actor', id: 'agent-1' } },
      delegation: ['alice', 'agent-1'],
      args: { amount: 500, rate: { __extn: { fn: 'decimal', arg: '1.25' } }, tags: ['a', 1] },
      phase: 'call',
      session: { turn_count: 3, labels: ['pii'] },
      environment: { region: 'eu', is_production: true },
    });
    expect(call.context['args']).not.toHaveProperty('note');
  });

  it.each([
    [
      'resource_read',
      { resources: [{ type: 'file', id: 'file:///a' }] },
      { type: 'Resource', id: 'file:///a' },
    ],
    ['prompt_get', { server: 's', tool: 'summary' }, { type: 'Prompt', id: 's/summary' }],
    ['model_inference', { provider: 'p', model: 'm' }, { type: 'Model', id: 'p/m' }],
    ['http_request', { destination: { host: 'h.example' } }, { type: 'Host', id: 'h.example' }],
    ['sampling', { server: 's' }, { type: 'Server', id: 's' }],
  ] as const)('%s is about its own kind of resource', (type, more, resource) => {
    const action = { type, phase: 'call', ...more } as DecisionRequest['action'];
    expect(cedarCall({ ...REQUEST, action }, [], undefined).resource).toEqual(resource);
  });

  it('[P-CEDAR-NO-FORGED-ENTITY] takes no entity, extension or expression out of what a caller sent', () => {
    for (const name of ['__entity', '__extn', '__expr'])
      for (const args of [{ [name]: { type: 'Group', id: 'admins' } }, { deep: [{ [name]: 1 }] }])
        expect(() => cedarCall(withArgs(args), [], undefined), name).toThrow(NotCedarError);
    const principal = {
      ...REQUEST.principal,
      attributes: { manager: { __entity: { type: 'User', id: 'x' } } },
    };
    expect(() => cedarCall({ ...REQUEST, principal }, [], undefined)).toThrow(NotCedarError);
  });

  it('keeps every number what it is, or makes it something that no comparison of numbers takes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const made = toCedar(value);
        if (typeof made === 'number') return Object.is(made + 0, value + 0);
        if (typeof made === 'string') return Number(made) === value;
        const { __extn } = made as { __extn: { fn: string; arg: string } };
        return __extn.fn === 'decimal' && Number(__extn.arg) === value && /^-?\d+\.\d{1,4}$/.test(__extn.arg);
      }),
      { numRuns: 500 },
    );
    expect(toCedar(2 ** 60)).toBe('1152921504606847000');
    expect(toCedar(0.123456)).toBe('0.123456');
  });

  it("unites the bundle's entities with the request's, whose facts stand", () => {
    const own = [
      {
        uid: { type: 'User', id: 'alice' },
        attrs: { tenant: 'other', level: 3 },
        parents: [{ type: 'Role', id: 'approver' }],
      },
      { uid: { type: 'Role', id: 'approver' }, attrs: {}, parents: [] },
    ];
    const alice = cedarCall(REQUEST, own, undefined).entities.find(({ uid }) => uid.id === 'alice');
    expect(alice?.attrs).toMatchObject({ tenant: 'acme', level: 3 });
    expect(alice?.parents.map(({ id }) => id)).toEqual(['approver', 'finance', 'acme']);
  });
});

describe('a schema cuts the request to what it declares', () => {
  const schema = new CedarSchema({
    '': {
      commonTypes: {
        Args: { type: 'Record', attributes: { amount: { type: 'decimal' }, id: { type: 'Long' } } },
      },
      entityTypes: {
        User: {
          memberOfTypes: ['Group'],
          shape: { type: 'Record', attributes: { tenant: { type: 'String' } } },
        },
        Group: {},
        Tool: {},
      },
      actions: {
        tool_call: { appliesTo: { context: { type: 'Record', attributes: { args: { type: 'Args' } } } } },
      },
    },
  });

  it('keeps declared members and parents, and turns integers into decimals where these are declared', () => {
    const call = cedarCall(withArgs({ amount: 12, other: 1 }), [], schema);
    expect(call.context).toEqual({ args: { amount: '12.0' } });
    expect(call.entities).toEqual([
      {
        uid: { type: 'User', id: 'alice' },
        attrs: { tenant: 'acme' },
        parents: [{ type: 'Group', id: 'finance' }],
      },
      { uid: { type: 'Tool', id: 'payments/refund' }, attrs: {}, parents: [] },
      { uid: { type: 'Group', id: 'finance' }, attrs: {}, parents: [] },
    ]);
  });

  it('leaves a member of another type as it is, for Cedar to refuse', () => {
    expect(cedarCall(withArgs({ id: 'text' }), [], schema).context).toEqual({ args: { id: 'text' } });
  });
});
