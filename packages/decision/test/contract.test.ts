import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as decision from '../src/index.ts';
import {
  denyReasonFrom,
  httpStatusOf,
  isApprovalId,
  isDecisionId,
  jsonRpcCodeOf,
  nearestName,
  newApprovalId,
  newDecisionId,
  publishedSchemas,
  REASON_CODES,
  REASON_TABLE,
  validateDecideCall,
  validateDecision,
  validateReportCall,
  validateRequest,
  WritError,
} from '../src/index.ts';

const request = {
  principal: { id: 'user:1' },
  actor: { id: 'agent:1' },
  action: { type: 'tool_call', phase: 'call', tool: 't', args: { a: [1, { b: null }] } },
};

describe('validators', () => {
  test('accept what the contract says', () => {
    expect(validateRequest(request)).toMatchObject({ ok: true, value: request });
    expect(validateDecideCall({ request, idempotency_key: 'k' }).ok).toBe(true);
    expect(validateReportCall({ kind: 'note', code: 'c', request: { actor: { id: 'a' } } }).ok).toBe(true);
  });

  test.each(['list', 'result'])('[P-NO-GRANT-NO-ALLOW] decide nothing that calls itself a %s', (phase) => {
    const asked = { ...request, action: { ...request.action, phase } };
    expect(validateRequest(asked).ok).toBe(true);
    expect(validateDecideCall({ request: asked })).toMatchObject({
      ok: false,
      problems: [{ path: '/request/action/phase', code: 'wrong_value' }],
    });
  });

  test.each<[unknown, string, string, RegExp]>([
    [null, '', 'wrong_type', /expected object/],
    [{ ...request, actr: {} }, '/actr', 'unknown_key', /did you mean `actor`/],
    [
      { ...request, principal: { id: 'u', tennant: 'x' } },
      '/principal/tennant',
      'unknown_key',
      /did you mean `tenant`/,
    ],
    [
      { ...request, delegation: [{ id: 'x', knd: 'y' }] },
      '/delegation/0/knd',
      'unknown_key',
      /did you mean `kind`/,
    ],
    [
      { ...request, context: { budgets: { b: { usd: 1, used: 1, limit: 2 } } } },
      '/context/budgets/b/usd',
      'unknown_key',
      /did you mean `used`/,
    ],
    [{ ...request, actor: {} }, '/actor/id', 'missing', /`id` is missing/],
    [{ ...request, actor: { id: 7 } }, '/actor/id', 'wrong_type', /expected string/],
    [
      { ...request, action: { ...request.action, type: 'toolcall' } },
      '/action/type',
      'wrong_value',
      /`tool_call`/,
    ],
    [{ ...request, action: { ...request.action, arg_hash: 'abc' } }, '/action/arg_hash', 'wrong_value', /./],
    [{ ...request, context: { risk_score: 2 } }, '/context/risk_score', 'wrong_value', /./],
    [
      { ...request, action: { ...request.action, args: { at: new Date() } } },
      '/action/args',
      'wrong_value',
      /object of JSON/,
    ],
    [
      { ...request, action: { ...request.action, args: [1] } },
      '/action/args',
      'wrong_value',
      /object of JSON/,
    ],
    [
      { ...request, result: { content: { deep: [undefined] } } },
      '/result/content',
      'wrong_value',
      /expected JSON/,
    ],
    [
      { ...request, result: { structured: Number.NaN } },
      '/result/structured',
      'wrong_value',
      /expected JSON/,
    ],
    [{ ...request, environment: { time: 'noon' } }, '/environment/time', 'wrong_value', /./],
    [{ ...request, actor: { id: undefined } }, '/actor/id', 'missing', /./],
  ])('%j is refused at %s', (value, path, code, message) => {
    const checked = validateRequest(value);
    expect(checked.ok).toBe(false);
    if (!checked.ok) {
      expect(checked.problems[0]).toMatchObject({ path, code });
      expect(checked.problems[0]?.message).toMatch(message);
    }
  });

  test('an answer with an outcome that is not known is no decision', () => {
    const decided = {
      decision_id: 'd',
      outcome: 'perhaps',
      allow: true,
      effect: 'proceed',
      reason: 'r',
      reasons: [],
      obligations: [],
      metadata: {},
    };
    expect(validateDecision(decided).ok).toBe(false);
    expect(validateDecision({ ...decided, outcome: 'allow' }).ok).toBe(true);
    expect(
      validateDecision({
        ...decided,
        outcome: 'allow',
        obligations: [{ id: 'x', type: 'shred', properties: {} }],
      }).ok,
    ).toBe(false);
  });
});

describe('published schemas', () => {
  const folder = new URL('../schemas/', import.meta.url);
  const published = publishedSchemas();
  test('are the files in `schemas/`', () => {
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(published)
        .map((name) => `${name}.schema.json`)
        .sort(),
    );
    for (const [name, schema] of Object.entries(published)) {
      expect(JSON.parse(readFileSync(new URL(`${name}.schema.json`, folder), 'utf8'))).toEqual(schema);
    }
  });
  test('are of 2020-12 and closed', () => {
    expect(published['request']).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
      required: ['principal', 'actor', 'action'],
    });
  });
});

describe('codes', () => {
  test('each has its entry, in snake_case, with a sentence that starts in lower case', () => {
    expect(Object.keys(REASON_TABLE).sort()).toEqual([...REASON_CODES].sort());
    for (const code of REASON_CODES) {
      expect(code).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
      expect(REASON_TABLE[code].sentence).toMatch(/^[a-z].*[^.]$/);
    }
  });

  test("map to HTTP and JSON-RPC; a policy's own code is a refusal", () => {
    expect([
      httpStatusOf('amount_over_limit'),
      httpStatusOf('budget_exhausted'),
      httpStatusOf('policy_timeout'),
      httpStatusOf('json_size'),
    ]).toEqual([403, 429, 503, 413]);
    expect([
      jsonRpcCodeOf('x', '2025-11-25'),
      jsonRpcCodeOf('x', '2026-07-28'),
      jsonRpcCodeOf('json_bom', '2026-07-28'),
    ]).toEqual([-32001, 1403, -32700]);
    // The newest era keeps -32768..-32000 for codes of the specifications.
    const standard = new Set([-32700, -32600, -32602, -32603]);
    for (const code of REASON_CODES) {
      const mapped = jsonRpcCodeOf(code, '2026-07-28');
      expect(mapped > -32000 || mapped < -32768 || standard.has(mapped)).toBe(true);
    }
  });

  test('[P-UNKNOWN-FAULT-DENIES] whatever is thrown becomes a reason to deny, without its text', () => {
    for (const thrown of [
      new Error('secret'),
      'secret',
      undefined,
      null,
      { code: 'granted' },
      new WritError('granted', 'x'),
    ]) {
      const reason = denyReasonFrom(thrown, 'policy_error');
      expect(reason).toMatchObject({ code: 'policy_error', outcome: 'deny' });
      expect(JSON.stringify(reason)).not.toContain('secret');
    }
    expect(denyReasonFrom(new WritError('state_conflict', 'cell x changed'))).toMatchObject({
      code: 'state_conflict',
    });
    expect(denyReasonFrom(new WritError('mine', 'x')).code).toBe('internal_error');
  });
});

test('ids are UUIDs of version 7 that sort by time', () => {
  let fill = 0;
  const random = (length: number) => new Uint8Array(length).fill(fill++ % 2 === 0 ? 0xff : 0);
  const ids = [0, 1, 1_763_700_000_000, 1_763_700_000_001, 2 ** 48 - 1].map((now) =>
    newDecisionId(now, random),
  );
  expect(ids[0]).toBe('dec-00000000-0000-7fff-bfff-ffffffffffff');
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) expect(isDecisionId(id)).toBe(true);
  expect(isApprovalId(newApprovalId(1, random))).toBe(true);
  expect(isDecisionId(newApprovalId(1, random))).toBe(false);
  expect(isDecisionId('dec-1')).toBe(false);
});

test('the nearest name', () => {
  expect(nearestName('toolName', ['tool', 'tool_name'])).toBe('tool_name');
  expect(nearestName('xyz', ['tool'])).toBeUndefined();
  expect(nearestName('a'.repeat(100_000), ['tool'])).toBeUndefined();
});

test('the surface is what is listed here', () => {
  expect(Object.keys(decision).sort()).toMatchInlineSnapshot(`
    [
      "ACCESS_REQUEST",
      "ACTION_TYPES",
      "APPROVAL_STATUSES",
      "CanonicalWriter",
      "ENTRYPOINT_KINDS",
      "HUMAN_APPROVAL_METHOD",
      "LAYERS",
      "OBLIGATION_TYPES",
      "OUTCOMES",
      "OUTCOME_NAMES",
      "PHASES",
      "PROFILES",
      "PROFILE_NAMES",
      "REASON_CATEGORIES",
      "REASON_CODES",
      "REASON_TABLE",
      "REDACTED",
      "STANDING_SECONDS_MAX",
      "STANDING_USES_MAX",
      "STRICTNESS",
      "STRICT_JSON_CODES",
      "STRICT_JSON_DEPTH_MAX",
      "STRICT_JSON_SIZE_BYTES_MAX",
      "WritError",
      "acceptsDecideCall",
      "arrayIndex",
      "canonicalJson",
      "checkStrictValue",
      "combine",
      "dataAnswer",
      "denyReasonFrom",
      "describeProblems",
      "faultOpinion",
      "firstUnknownObligation",
      "formatPointer",
      "hashJson",
      "hashToolDefinition",
      "httpStatusOf",
      "intersectCapabilities",
      "isApprovalId",
      "isDecisionId",
      "isExactNumber",
      "isOutcome",
      "isOverridable",
      "isReasonCodeOfWrit",
      "jsonRpcCodeOf",
      "nearestName",
      "newApprovalId",
      "newDecisionId",
      "outcomeNamed",
      "parentAgentId",
      "parsePointer",
      "permits",
      "profileNamed",
      "publishedSchemas",
      "readAnswer",
      "readApprovers",
      "readStrict",
      "readStrictBytes",
      "reasonIdentity",
      "redactArguments",
      "redactResult",
      "standingGrantProblem",
      "standingTermsProblem",
      "stricter",
      "strictest",
      "uuidV7",
      "validateApproval",
      "validateCompleteCall",
      "validateCompletion",
      "validateDecideCall",
      "validateDecision",
      "validateListAnswer",
      "validateListCall",
      "validateReportCall",
      "validateRequest",
      "writReason",
    ]
  `);
});

test('the codes are what is listed here: callers branch on them', () => {
  expect([...REASON_CODES].sort().join(' ')).toMatchInlineSnapshot(
    `"actor_revoked actor_unknown appeal_not_needed approval_arguments_changed approval_cancelled approval_expired approval_form_changed approval_mismatch approval_not_needed approval_pending approval_required approval_unknown approval_used approval_voted approval_wrong_caller approver_not_permitted assertion_not_permitted audit_unavailable batch_refused budget_exhausted capability_not_authorized capability_not_held circuit_open clock_stepped_back command_not_understood granted halted human_rejected idempotency_mismatch internal_error json_bom json_depth json_duplicate_key json_forbidden_key json_lone_surrogate json_not_json json_not_utf8 json_size json_syntax json_trailing no_grant no_objection not_found not_permitted not_visible number_not_exact objection obligation_unknown operator_required outcome_not_expressible overloaded override_expired override_invalid override_revoked parent_revoked policy_engine_unavailable policy_engines_disagree policy_error policy_timeout policy_undefined policy_unknown_shape principal_revoked program_not_allowed rate_limited redaction_required release_mismatch request_invalid request_too_large sanitize_unstable self_approval standing_permission state_conflict state_unavailable step_up_method_unknown step_up_required tool_changed tool_unknown unauthenticated"`,
  );
});
