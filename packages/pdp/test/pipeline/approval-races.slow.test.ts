import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DecideCall } from '@writ/decision';
import { LEDGER_PROCEDURES } from '@writ/ledger';
import { openStore, type Store } from '@writ/store';
import { type PostgresServer, postgresMissing, startPostgres } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { createDecisionPoint } from '../../src/pipeline/create-decision-point.ts';
import { DECISION_PROCEDURES } from '../../src/pipeline/procedures.ts';
import type { DecisionService } from '../../src/pipeline/service.ts';

const PROCESSES = 3;
const TIMES = 8;
const USES = 7;

/** `pay` needs a person, `burn` is refused unless a person hears an appeal. */
const POLICY = `package race

decision := {"outcome": "escalate", "reason": "needs_a_person"} if input.action.tool == "pay"

else := {
	"allow": false,
	"reason": "forbidden",
	"metadata": {"appeal_path": "access_request"},
} if {
	input.action.tool == "burn"
}
`;

interface Line {
  readonly effect: string;
  readonly outcome: string;
  readonly reason: string;
}

function callOf(tool: string, more: object = {}): DecideCall {
  return {
    ...more,
    request: {
      principal: { id: 'user:alice', tenant: 'acme' },
      actor: { id: 'agent:helper' },
      action: { type: 'tool_call', phase: 'call', tool, server: 'files', args: { cents: 5 } },
    },
  };
}

let bundle: string;
beforeAll(() => {
  bundle = mkdtempSync(join(tmpdir(), 'writ-race-'));
  writeFileSync(join(bundle, 'policy.rego'), POLICY);
  const entrypoint = { path: 'race/decision', kind: 'grant', layer: 'resource' };
  const manifest = {
    revision: '1',
    roots: ['race'],
    rego_version: 1,
    metadata: { writ: { entrypoints: [entrypoint] } },
  };
  writeFileSync(join(bundle, '.manifest'), JSON.stringify(manifest));
});
afterAll(() => rmSync(bundle, { recursive: true }));

/** The same call by several processes at once; what came of each. */
async function race(place: string, call: DecideCall): Promise<Line[]> {
  const module = fileURLToPath(new URL('./fixtures/cluster-child.ts', import.meta.url));
  const texts = Array.from({ length: PROCESSES }, async () => {
    const told = JSON.stringify({ call, times: TIMES });
    const child = spawn(process.execPath, [module, place, bundle, told], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await once(child, 'close');
    return text;
  });
  const lines = (await Promise.all(texts)).join('').split('\n').filter(Boolean);
  return lines.map((line): Line => JSON.parse(line));
}

interface Place {
  readonly of: (name: string) => string;
  readonly open: (place: string) => Promise<Store>;
}

/** The races, on one kind of place that several processes share. */
function races(placeOf: () => Place): void {
  async function withPoint<Result>(
    name: string,
    work: (point: DecisionService, place: string) => Promise<Result>,
  ): Promise<Result> {
    const { of, open } = placeOf();
    const place = of(name);
    const store = await open(place);
    const loaded = await loadPolicies([{ kind: 'path', path: bundle }], createRegoEngine());
    if (!loaded.ok) throw new Error('the policies do not load');
    const point = createDecisionPoint({ store, policies: createPolicySource(loaded.set) });
    try {
      return await work(point, place);
    } finally {
      await point.close();
      await store.close();
    }
  }
  const passed = (lines: readonly Line[]) => lines.filter(({ effect }) => effect === 'proceed').length;

  it.each([
    ['pay', {}],
    ['burn', { appeal: {} }],
  ])('[P-APPROVAL-ONCE] an approval of `%s` is used once, by id or by token', async (tool, appeal) => {
    await withPoint(`once-${tool}`, async (point, place) => {
      const asked = await point.decide(callOf(tool, appeal));
      const id = asked.approval?.id ?? '';
      const approved = await point.administration.approvals.approve(id, 'olga');
      expect(approved).toMatchObject({ ok: true });
      const override_token = (await point.approval.get(id))?.override_token ?? '';
      const [byId, byToken] = await Promise.all([
        race(place, callOf(tool, { approval_id: id })),
        race(place, callOf(tool, { override_token })),
      ]);
      const lines = [...byId, ...byToken];
      expect(lines).toHaveLength(2 * PROCESSES * TIMES);
      expect(passed(lines)).toBe(1);
      const others = lines.filter(({ effect }) => effect !== 'proceed').map(({ reason }) => reason);
      // Who is refused the same too often is told to stop.
      expect(others.filter((reason) => !['approval_used', 'circuit_open'].includes(reason))).toEqual([]);
    });
  });

  it('[P-STANDING-COUNTED] a standing permission never covers one call more than it says', async () => {
    await withPoint('standing', async (point, place) => {
      const { standing } = point.administration;
      const grant = {
        tenant: 'acme',
        principal: 'user:alice',
        actor: 'agent:helper',
        type: 'tool_call',
        tool: 'pay',
        server: 'files',
        codes: ['needs_a_person'],
        arguments: [{ at: '/cents', equals: 5 }],
        uses: USES,
        expires_at: new Date(Date.now() + 600_000).toISOString(),
      };
      expect(await standing.grant(grant, 'olga')).toMatchObject({ ok: true });
      const lines = await race(place, callOf('pay'));
      expect(passed(lines)).toBe(USES);
      const others = lines.filter(({ effect }) => effect !== 'proceed');
      expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(['escalate']));
      expect(await standing.list({ ended: true })).toMatchObject([{ used: USES, status: 'used_up' }]);
      // All who had to wait wait for one and the same question.
      expect(await point.administration.approvals.pending()).toHaveLength(1);
    });
  });
}

const procedures = [...DECISION_PROCEDURES, ...LEDGER_PROCEDURES];

describe('several processes on one data directory', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-races-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  races(() => ({
    of: (name) => {
      const directory = join(folder, name);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return directory;
    },
    open: (directory) => openStore({ directory, procedures, timeoutMs: 30_000 }),
  }));
});

const missing = postgresMissing();
const why = missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(`several processes on one PostgreSQL${why}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  races(() => ({
    of: (name) => server.url(name.replaceAll('-', '_')),
    open: (url) => openStore({ directory: '/nonexistent', postgres: url, procedures, timeoutMs: 30_000 }),
  }));
});
