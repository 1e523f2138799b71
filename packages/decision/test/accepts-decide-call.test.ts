import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptsDecideCall, checkStrictValue, validateDecideCall } from '../src/index.ts';

const USUAL = {
  idempotency_key: 'k',
  tool_digest: `sha256:${'a'.repeat(64)}`,
  approval_id: 'apr-1',
  request: {
    principal: {
      id: 'user:alice',
      kind: 'user',
      tenant: 'acme',
      groups: ['g'],
      scopes: ['read'],
      data_classifications_authorized: ['public'],
      attributes: { department: { name: 'x' } },
    },
    actor: {
      id: 'agent:1',
      class: 'support',
      scope: 'team',
      owner_team: 'ops',
      version: '1',
      attested: true,
      capabilities: ['c'],
    },
    action: {
      type: 'tool_call',
      phase: 'call',
      tool: 'db.read',
      server: 'orders',
      args: { table: 'orders', rows: [1, { deep: null }] },
      data_classes_referenced: ['pii'],
    },
    context: {
      session_id: 's',
      conversation_id: 'c',
      task_id: 't',
      step_up_verified: false,
      trace_id: '00',
    },
    environment: { region: 'eu', is_production: false },
  },
};

/** Values that could stand anywhere, many of them wrong. */
const odd = fc.oneof(
  fc.constantFrom(
    '',
    'user',
    'call',
    'list',
    'tool_call',
    'x'.repeat(2049),
    'sha256:ab',
    null,
    true,
    0,
    -1,
    [],
    {},
  ),
  fc.constantFrom(['a', 1], [''], { id: '' }, { id: 'a', more: 1 }, ['a'.repeat(300)], 'constructor'),
  fc.jsonValue(),
);

/** The usual call with one member replaced, taken away, or added, at any depth. */
const changed = fc
  .tuple(
    fc.constantFrom([], ['request'], ...Object.keys(USUAL.request).map((name) => ['request', name])),
    fc.nat(40),
    fc.constantFrom('replace', 'remove', 'add'),
    fc.oneof(
      fc.constantFrom('toString', 'hasOwnProperty', 'id', 'amount', 'risk_score', 'time'),
      fc.string(),
    ),
    odd,
  )
  .map(([path, at, how, name, value]) => {
    const copy = structuredClone(USUAL) as unknown as Record<string, unknown>;
    let holder = copy;
    for (const step of path) holder = holder[step] as Record<string, unknown>;
    const keys = Object.keys(holder);
    const key = keys[at % keys.length] as string;
    if (how === 'replace') holder[key] = value;
    if (how === 'remove') delete holder[key];
    if (how === 'add')
      Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
    return copy;
  });

describe('the quick check of calls', () => {
  test('accepts the usual call, with every member it knows and with none', () => {
    expect(acceptsDecideCall(USUAL)).toBe(true);
    const least = {
      request: { principal: { id: 'p' }, actor: { id: 'a' }, action: { type: 'tool_call', phase: 'call' } },
    };
    expect(acceptsDecideCall(least)).toBe(true);
  });

  test('accepts nothing that the schema does not accept as it is', () => {
    fc.assert(
      fc.property(changed, (call) => {
        const read = checkStrictValue(call);
        if (!read.ok || !acceptsDecideCall(read.value)) return;
        const checked = validateDecideCall(read.value);
        expect(checked).toEqual({ ok: true, value: read.value });
      }),
      { numRuns: 2_000 },
    );
  });

  test('says no to what is no call at all', () => {
    for (const value of [null, undefined, 1, 'call', [], {}, { request: [] }]) {
      expect(acceptsDecideCall(value)).toBe(false);
    }
  });
});
