import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DecideCall } from '@writ/decision';
import { LEDGER_PROCEDURES, readEntry } from '@writ/ledger';
import { openStore, type Store } from '@writ/store';
import { type PostgresServer, postgresMissing, startPostgres } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { DECISION_PROCEDURES } from '../../src/pipeline/procedures.ts';

const missing = postgresMissing();
const why = missing === undefined ? '' : ` (skipped: ${missing})`;
const PROCESSES = 3;
const LIMIT = 15;

/** At most `LIMIT` calls of a session, `pay` only with a person's word. */
const POLICY = `package race

default decision := {"allow": false, "reason": "too_many"}

decision := {"outcome": "escalate", "reason": "human_approval_required"} if input.action.tool == "pay"

else := {"allow": true} if input.action.tool in {"free", "rated", "thinks"}

else := {"allow": true} if input.context.request_count < ${LIMIT}
`;

const TOKENS = 1_000;
const RESERVED = 70;

/** Two tools with a rate: one by its requests, one by the tokens that it may use. */
const REGISTRY = {
  capabilities: [
    {
      id: 'rated',
      adapter: 'mcp',
      tools: { allow: ['rated'] },
      rate_limit: { requests_per_minute: LIMIT },
    },
    {
      id: 'thinks',
      adapter: 'mcp',
      tools: { allow: ['thinks'] },
      rate_limit: { tokens_per_minute: TOKENS, tokens_reserved: RESERVED },
    },
  ],
};

interface Line {
  readonly decision_id: string;
  readonly effect: string;
  readonly reason: string;
}

let server: PostgresServer;
let bundle: string;

function callOf(tool: string, more: object = {}): DecideCall {
  return {
    ...more,
    request: {
      principal: { id: 'user:alice', tenant: 'acme', scopes: ['read'] },
      actor: { id: 'agent:helper' },
      action: { type: 'tool_call', phase: 'call', tool, server: 'files', args: { cents: 5 } },
      context: { session_id: 'one' },
    },
  };
}

/** Asks in several processes at once; what came of every call. */
async function race(
  url: string,
  told: { call: DecideCall; times: number; limit?: number; tokens?: number },
): Promise<Line[]> {
  const module = fileURLToPath(new URL('./fixtures/cluster-child.ts', import.meta.url));
  const texts = Array.from({ length: PROCESSES }, async () => {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const child = spawn(process.execPath, [module, url, bundle, JSON.stringify(told)], { stdio: [...stdio] });
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    await once(child, 'close');
    return text;
  });
  const lines = (await Promise.all(texts)).join('').split('\n').filter(Boolean);
  return lines.map((line): Line => JSON.parse(line));
}

function openNode(url: string): Promise<Store> {
  const procedures = [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES];
  return openStore({ directory: '/nonexistent', postgres: url, procedures });
}

/** Every decision is in the one log once, and the log says of it what its caller was told. */
async function expectRecorded(url: string, lines: readonly Line[]): Promise<void> {
  const store = await openNode(url);
  const recorded = async (): Promise<Map<string, string | undefined>> => {
    const decisions = (await store.entries(0, 10_000)).flatMap((stored) => {
      const reading = readEntry(stored);
      return reading.ok && reading.value.core.kind === 'decision' ? [reading.value.core] : [];
    });
    expect(new Set(decisions.map(({ decision_id }) => decision_id)).size).toBe(decisions.length);
    return new Map(decisions.map(({ decision_id = '', effect }) => [decision_id, effect]));
  };
  try {
    await expect
      .poll(async () => (await recorded()).size, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(lines.length);
    const effects = await recorded();
    for (const { decision_id, effect } of lines) expect(effects.get(decision_id)).toBe(effect);
  } finally {
    await store.close();
  }
}

describe.skipIf(missing !== undefined)(`several processes on one PostgreSQL${why}`, () => {
  beforeAll(async () => {
    server = await startPostgres();
    bundle = mkdtempSync(join(tmpdir(), 'writ-race-'));
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, 'policy.rego'), POLICY);
    const entrypoint = { path: 'race/decision', kind: 'grant', layer: 'resource' };
    const manifest = {
      revision: '1',
      roots: ['race', 'writ/registry'],
      rego_version: 1,
      metadata: { writ: { entrypoints: [entrypoint] } },
    };
    writeFileSync(join(bundle, '.manifest'), JSON.stringify(manifest));
    writeFileSync(join(bundle, 'data.json'), JSON.stringify({ writ: { registry: REGISTRY } }));
  });
  afterAll(() => {
    server?.stop();
    if (bundle !== undefined) rmSync(bundle, { recursive: true });
  });

  it('[P-CLUSTER-RACES] never overspend a budget by one', async () => {
    const url = server.url('budget');
    const lines = await race(url, { call: callOf('free'), times: 10, limit: LIMIT });
    expect(lines).toHaveLength(10 * PROCESSES);
    expect(lines.filter(({ effect }) => effect === 'proceed')).toHaveLength(LIMIT);
    expect(new Set(lines.map(({ reason }) => reason))).toContain('budget_exhausted');
    await expectRecorded(url, lines);
  });

  it('[P-RATE-NEVER-EXCEEDED] never let one request more pass than the rate of a capability', async () => {
    const url = server.url('rate');
    const lines = await race(url, { call: callOf('rated'), times: 10 });
    expect(lines).toHaveLength(10 * PROCESSES);
    expect(lines.filter(({ effect }) => effect === 'proceed')).toHaveLength(LIMIT);
    expect(new Set(lines.map(({ reason }) => reason))).toContain('rate_limited');
    await expectRecorded(url, lines);
  });

  it('[P-RATE-NEVER-EXCEEDED] never hold one token more than the rate of a capability', async () => {
    const url = server.url('tokens');
    const lines = await race(url, { call: callOf('thinks'), times: 10 });
    const passed = lines.filter(({ effect }) => effect === 'proceed');
    expect(passed).toHaveLength(Math.floor(TOKENS / RESERVED));
    await expectRecorded(url, lines);
  });

  it('[P-RATE-NEVER-EXCEEDED] never use one token more while calls give back what they did not use', async () => {
    const url = server.url('settled');
    const used = 30;
    const lines = await race(url, { call: callOf('thinks'), times: 20, tokens: used });
    const passed = lines.filter(({ effect }) => effect === 'proceed');
    expect(passed.length).toBeGreaterThanOrEqual(Math.floor(TOKENS / RESERVED));
    expect(passed.length * used).toBeLessThanOrEqual(TOKENS);
    await expectRecorded(url, lines);
  });

  it('[P-CLUSTER-RACES] never exceed a limit that is written in Rego', async () => {
    const url = server.url('rego');
    const lines = await race(url, { call: callOf('read'), times: 10 });
    expect(lines.filter(({ effect }) => effect === 'proceed')).toHaveLength(LIMIT);
    await expectRecorded(url, lines);
  });

  it('[P-CLUSTER-RACES] never use an approval twice', async () => {
    const url = server.url('approval');
    const store = await openNode(url);
    const loaded = await loadPolicies([{ kind: 'path', path: bundle }], createRegoEngine());
    if (!loaded.ok) throw new Error('the policies do not load');
    const point = createDecisionPoint({ store, policies: createPolicySource(loaded.set) });
    const asked = await point.decide(callOf('pay'));
    const id = asked.approval?.id ?? '';
    expect(await point.administration.approvals.approve(id, 'olga')).toMatchObject({ ok: true });
    // Half of the processes' calls bring the override token, in the name of the same enforcement point.
    const override_token = (await point.approval.get(id))?.override_token ?? '';
    const [byId, byToken] = await Promise.all([
      race(url, { call: callOf('pay', { approval_id: id }), times: 5 }),
      race(url, { call: callOf('pay', { override_token }), times: 5 }),
    ]);
    const lines = [...byId, ...byToken];
    expect(lines.filter(({ effect }) => effect === 'proceed')).toHaveLength(1);
    await point.close();
    await store.close();
    await expectRecorded(url, lines);
  });
});
