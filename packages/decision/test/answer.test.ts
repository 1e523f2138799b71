import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ENTRYPOINT_KINDS,
  type EntrypointKind,
  intersectCapabilities,
  type Json,
  type Opinion,
  OUTCOME_NAMES,
  outcomeNamed,
  readAnswer,
  STRICTNESS,
  strictest,
} from '../src/index.ts';

/** An opinion in few words: `allow`, `deny amount_over_limit`, `none`, `undefined`, `lifts 2`. */
function brief(opinion: Opinion): string {
  switch (opinion.kind) {
    case 'none':
      return opinion.undefined ? 'undefined' : ['none', ...opinion.notes.map((note) => note.code)].join(' ');
    case 'verdict':
      return opinion.parts
        .map((part) => [part.outcome, ...part.reasons.map((reason) => reason.code)].join(' '))
        .join(' | ');
    case 'identity':
      return `identity ${opinion.facts.capabilities?.join(',') ?? '*'}`;
    case 'lifts':
      return `lifts ${opinion.lifts.length}`;
  }
}

const ask = (kind: EntrypointKind, value?: Json, form: 'rule' | 'package' = 'rule') =>
  brief(readAnswer(kind, value, { form }));

const SHAPE = 'deny policy_unknown_shape';

describe('kind `grant`', () => {
  test.each<[Json | undefined, string]>([
    [true, 'allow'],
    [false, 'none'],
    [undefined, 'undefined'],
    [[], 'none'],
    [[false], 'none'],
    [[true], 'allow'],
    [[false, true], 'allow'],
    ['allow', 'allow'],
    ['deny', 'deny'],
    ['step_up', 'step_up'],
    ['challenge', 'step_up'],
    ['approval_needed', 'escalate'],
    ['require_approval', 'escalate'],
    ['sanitize', SHAPE],
    ['yes', SHAPE],
    ['ALLOW', SHAPE],
    [null, SHAPE],
    [1, SHAPE],
    [{}, SHAPE],
    [[[true]], SHAPE],
    [[null, true], `${SHAPE} | allow`],
    [{ allow: true }, 'allow'],
    [{ allow: false }, 'deny'],
    [{ allow: 'yes' }, SHAPE],
    [{ allow: 1 }, SHAPE],
    [{ outcome: 'deny', reason: 'amount_over_limit', policy: 'agent.tools' }, 'deny amount_over_limit'],
    [{ outcome: 'escalate', reason: 'human_approval_required' }, 'escalate human_approval_required'],
    [{ outcome: 'maybe' }, SHAPE],
    [{ outcome: 7 }, SHAPE],
    [{ decision: 'allow' }, 'allow'],
    [
      { allow: true, reasons: ['agent_in_scope', 'data_class_authorized'] },
      'allow agent_in_scope data_class_authorized',
    ],
    [{ allow: false, reason: 'approval_needed', action: 'approval_needed' }, 'escalate approval_needed'],
    [[{ allow: true, reason: 'within_limit' }], 'allow within_limit'],
    [
      [
        { allow: false, action: 'approval_needed' },
        { allow: false, reason: 'blocked_over_hard_limit' },
      ],
      'escalate | deny blocked_over_hard_limit',
    ],
    [{ allow: true, reason: 'Only on weekdays.' }, 'allow objection'],
    [{ outcome: 'step_up', step_up_method: 'human_approval' }, 'escalate'],
    [{ outcome: 'step_up', step_up_method: 'mfa' }, 'step_up'],
    [{ outcome: 'step_up', step_up_method: 7 }, SHAPE],
    [{ outcome: 'allow', decision: 'deny' }, 'deny'],
    [{ allow: true, metadata: 'x' }, 'allow'],
    [{ deny: ['no'] }, 'deny no'],
    [{ allow: true, deny: ['Not today.'] }, 'deny objection'],
    [{ allow: true, deny: [] }, 'allow'],
  ])('%j -> %s', (value, expected) => {
    expect(ask('grant', value)).toBe(expected);
  });

  test.each<Json>([
    { allow: true, outcome: 'deny' },
    { allow: true, action: 'approval_needed' },
    { allow: true, decision: 'step_up' },
    { allow: true, step_up_method: 'mfa' },
    { allow: false, outcome: 'allow' },
    { allow: true, deny_reason: 'destination_not_approved' },
  ])('[P-CONTRADICTION-DENIES] %j denies', (value) => {
    expect(ask('grant', value)).toBe(SHAPE);
    expect(ask('guard', value)).toBe(SHAPE);
  });
});

describe('packages', () => {
  test.each<[EntrypointKind, Json, string]>([
    ['grant', { allow: false, helper: [1] }, 'none'],
    ['grant', { allow: false, deny_reason: 'destination_not_approved' }, 'none destination_not_approved'],
    ['grant', { allow: true, helper: { x: 1 } }, 'allow'],
    ['grant', { allow: [true] }, 'allow'],
    ['grant', { helper: 1 }, SHAPE],
    [
      'grant',
      { decision: { outcome: 'deny', reason: 'insufficient_scope' }, tool_scope: {} },
      'deny insufficient_scope',
    ],
    ['grant', { decision: { outcome: 'escalate', reason: 'r' }, allow: false }, 'escalate r'],
    ['grant', { decision: { outcome: 'allow' }, allow: false }, SHAPE],
    ['grant', { decision: [], allow: true }, SHAPE],
    ['grant', { decision: 'allow', high_risk_tools: [] }, 'allow'],
    ['grant', true, SHAPE],
    ['guard', { allow: false, deny_reason: 'session_budget_exhausted' }, 'deny session_budget_exhausted'],
    ['guard', { allow: false }, 'deny not_permitted'],
    ['guard', { allow: true, approved_destinations: ['a'] }, 'allow'],
    ['violations', { deny: ['one', 'Two words.'], x: 1 }, 'deny one | deny objection'],
    ['violations', { deny: [], violation: [] }, 'none'],
    ['violations', { allow: true }, SHAPE],
  ])('%s %j -> %s', (kind, value, expected) => {
    expect(ask(kind, value, 'package')).toBe(expected);
  });
});

describe('kind `guard`', () => {
  test.each<[Json | undefined, string]>([
    [true, 'allow'],
    ['allow', 'allow'],
    [undefined, 'deny policy_undefined'],
    [false, 'deny not_permitted'],
    [[], 'deny not_permitted'],
    [[true, false], 'allow | deny not_permitted'],
    ['escalate', 'escalate'],
    [{ allow: false, reason: 'x' }, 'deny x'],
    [{ allow: true }, 'allow'],
    [null, SHAPE],
  ])('%j -> %s', (value, expected) => {
    expect(ask('guard', value)).toBe(expected);
  });
});

describe('kind `violations`', () => {
  test.each<[Json | undefined, string]>([
    [[], 'none'],
    [undefined, 'deny policy_undefined'],
    [['Tool is not allowed.'], 'deny objection'],
    [['not_allowed'], 'deny not_allowed'],
    [[{ msg: 'No.', details: {} }], 'deny objection'],
    [[{ code: 'c1', msg: 'No.' }, { code: 'c2' }], 'deny c1 | deny c2'],
    [[{ outcome: 'escalate', reason: 'r' }], 'deny r'],
    [[{ allow: true, reason: 'r' }], 'deny r'],
    [[true], 'deny not_permitted'],
    [true, 'deny not_permitted'],
    [false, SHAPE],
    [[1], SHAPE],
    [{}, SHAPE],
    [null, SHAPE],
  ])('%j -> %s', (value, expected) => {
    expect(ask('violations', value)).toBe(expected);
  });
});

describe('kind `capabilities`', () => {
  test.each<[Json | undefined, string]>([
    [{ known: true, capabilities: ['b', 'a', 'a'] }, 'identity a,b'],
    [{ known: true }, 'identity *'],
    [{ known: false }, 'deny actor_unknown'],
    [{ known: false, reason: 'revoked' }, 'deny revoked'],
    [{ capabilities: ['a'] }, SHAPE],
    [{ known: 'yes' }, SHAPE],
    [{ known: true, capabilities: 'a' }, SHAPE],
    [{ known: true, capabilities: [1] }, SHAPE],
    [undefined, 'deny policy_undefined'],
    [true, SHAPE],
    [[], SHAPE],
  ])('%j -> %s', (value, expected) => {
    expect(ask('capabilities', value)).toBe(expected);
  });

  test('several intersect', () => {
    const facts = (capabilities?: readonly string[]) =>
      capabilities ? { capabilities, actor: {} } : { actor: {} };
    expect(intersectCapabilities([facts(['a', 'b']), facts(), facts(['b', 'c'])])).toEqual(['b']);
    expect(intersectCapabilities([facts()])).toBeUndefined();
    expect(intersectCapabilities([facts([]), facts(['a'])])).toEqual([]);
  });
});

describe('kind `overrides`', () => {
  const lift = {
    bundle: 'b',
    code: 'c',
    outcome: 'allow',
    justification: 'j',
    approved_by: 'user:1',
    expires: '2027-01-01T00:00:00Z',
  };
  test.each<[Json | undefined, string]>([
    [undefined, 'undefined'],
    [{ lift: [] }, 'none'],
    [{ lift: [lift] }, 'lifts 1'],
    [[{ lift: [lift] }, { lift: [lift] }], 'lifts 2'],
    [{ lift: [{ ...lift, justification: '' }] }, SHAPE],
    [{ lift: [{ ...lift, approved_by: null }] }, SHAPE],
    [{ lift: [{ ...lift, expires: 'never' }] }, SHAPE],
    [{ lift: [{ ...lift, outcome: 'perhaps' }] }, SHAPE],
    [{ lift: [{ ...lift, outcome: 'sanitize' }] }, SHAPE],
    [{ lift: [{ ...lift, tools: 'all' }] }, SHAPE],
    [{ lift: lift }, SHAPE],
    [{}, SHAPE],
    [true, SHAPE],
  ])('%j -> %s', (value, expected) => {
    expect(ask('overrides', value)).toBe(expected);
  });
});

test('kind `visible`', () => {
  expect(ask('visible', true)).toBe('allow');
  expect(ask('visible', { visible: true })).toBe('allow');
  expect(ask('visible', { visible: false })).toBe('deny');
  expect(ask('visible', false)).toBe('deny not_visible');
  expect(ask('visible')).toBe('deny not_visible');
});

describe('obligations', () => {
  const first = (value: Json) => {
    const opinion = readAnswer('grant', value);
    if (opinion.kind !== 'verdict') throw new Error(opinion.kind);
    return opinion.parts[0];
  };

  test('redactions are normalised, and an allow that redacts arguments is a sanitize', () => {
    expect(
      first({ outcome: 'sanitize', obligations: [{ type: 'redact', pointers: ['/ssn'] }] }),
    ).toMatchObject({
      outcome: 'sanitize',
      obligations: [{ type: 'redact', properties: { pointers: ['/ssn'] } }],
    });
    expect(first({ allow: true, redact: ['/args/ssn', 'card'] })).toMatchObject({
      outcome: 'sanitize',
      obligations: [{ type: 'redact', properties: { pointers: ['/args/ssn', '/card', '/ssn'] } }],
    });
    expect(first({ allow: true, redact: ['/result/structured/ssn'] })).toMatchObject({
      outcome: 'allow',
      obligations: [{ type: 'redact', properties: { pointers: ['/structured/ssn'], target: 'result' } }],
    });
    expect(first({ outcome: 'escalate', redact: ['/args/a'] })).toMatchObject({ outcome: 'escalate' });
  });

  test.each<Json>([
    { allow: true, obligations: [{ type: 'shred' }] },
    { allow: true, obligations: ['encrypt'] },
    { allow: true, obligations: { type: 'audit' } },
    { allow: true, obligations: [{}] },
    { allow: true, obligations: [7] },
    { allow: true, obligations: [{ type: 'redact' }] },
    { allow: true, obligations: [{ type: 'redact', pointers: ['ssn'] }] },
    { allow: true, obligations: [{ type: 'redact', pointers: [''] }] },
    { allow: true, obligations: [{ type: 'redact', pointers: ['/a~2'] }] },
    { allow: true, obligations: [{ type: 'redact', pointers: ['/a'], target: 'elsewhere' }] },
    { allow: true, redact: [] },
    { outcome: 'sanitize', redact: [7] },
  ])('[P-OBLIGATION-UNKNOWN-DENIES] %j denies', (value) => {
    const part = first(value);
    expect(part?.outcome).toBe('deny');
    expect(part?.reasons.map((reason) => reason.code)).toContain('obligation_unknown');
  });

  test('a policy sets only its own metadata', () => {
    const part = first({
      allow: true,
      metadata: {
        rate_limit_remaining: 3,
        audit_required: true,
        halt: true,
        engine: 'mine',
        decision_id: 'x',
      },
    });
    expect(part?.advice).toEqual({ rate_limit_remaining: 3, audit_required: true });
    expect(part?.obligations).toEqual([{ type: 'halt', properties: {} }]);
  });
});

test('every alias names one of the five outcomes and nothing else does', () => {
  for (const [name, outcome] of Object.entries(OUTCOME_NAMES)) expect(outcomeNamed(name)).toBe(outcome);
  for (const name of ['', 'Allow', 'constructor', '__proto__', 'toString', 'permit']) {
    expect(outcomeNamed(name)).toBeUndefined();
  }
  expect(strictest([])).toBe('allow');
  expect(Object.keys(STRICTNESS)).toHaveLength(5);
});

describe('[P-UNKNOWN-SHAPE-DENIES] whatever an answer looks like', () => {
  const word = fc.constantFrom('allow', 'deny', 'escalate', 'step_up', 'sanitize', 'x', '', 'true');
  const answers = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Json>(true, false, null, 0, 1),
      word,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'allow',
          'outcome',
          'decision',
          'action',
          'reason',
          'deny',
          'deny_reason',
          'redact',
          'known',
          'lift',
          'obligations',
          'step_up_method',
          'metadata',
        ),
        tie('value'),
        { maxKeys: 4 },
      ),
    ),
  })).value;

  test('reading never throws, and only a clear yes in a known shape grants', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ENTRYPOINT_KINDS),
        answers,
        fc.constantFrom('rule', 'package'),
        (kind, value, form) => {
          const opinion = readAnswer(kind, value, { form });
          if (opinion.kind !== 'verdict') return;
          expect(opinion.parts.length).toBeGreaterThan(0);
          for (const part of opinion.parts) {
            if (part.outcome === 'allow') expect(/true|"allow"/.test(JSON.stringify(value))).toBe(true);
            if (part.outcome === 'sanitize')
              expect(part.obligations.some((duty) => duty.type === 'redact')).toBe(true);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('numbers, null and nested lists never allow under any kind', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ENTRYPOINT_KINDS),
        fc.oneof(fc.integer(), fc.constant(null), fc.constant([[true]]), fc.constant([{ allow: 1 }])),
        (kind, value) => {
          const opinion = readAnswer(kind, value as Json);
          expect(opinion.kind === 'verdict' && opinion.parts.every((part) => part.outcome === 'deny')).toBe(
            true,
          );
        },
      ),
    );
  });
});

describe('texts of policies', () => {
  test('[P-TEXT-SEEN] hold nothing that a person would not see and a model or a terminal would obey', () => {
    const hidden = [
      '\u001b[2J',
      '\u009b31m',
      '\r',
      '\u0000',
      '\u202e',
      '\u2066',
      '\u2028',
      '\u{e0041}',
      '\u007f',
    ];
    for (const text of hidden) {
      const opinion = readAnswer('guard', { allow: false, reason: `no${text}!`, remediation: `ask${text}` });
      const written = JSON.stringify(opinion).replaceAll('\u{fffd}', '');
      expect(written).toContain('no');
      expect(/\\u00|[\u007f-\u009f\u202e\u2066\u2028\u{e0041}]|\\r/u.test(written)).toBe(false);
    }
    const plain = readAnswer('violations', ['two\nlines\twith é, 漢字 and 👩‍💻']);
    expect(JSON.stringify(plain)).toContain(JSON.stringify('two\nlines\twith é, 漢字 and 👩‍💻'));
  });
});
