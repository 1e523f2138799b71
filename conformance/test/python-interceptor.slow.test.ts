import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython, loadSeedPolicies, loadSeedPython, mendTutorial, startWrit } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'writ-python-'));
const CALLS = [
  {
    tool: 'db.read',
    scopes: ['read'],
    arguments: { table: 'orders' },
    result: 'ran db.read',
    ran: ['db.read'],
  },
  {
    tool: 'shell.exec',
    scopes: ['read'],
    arguments: { command: 'ls' },
    result: 'TOOL_DENIED: tool_not_allowlisted. Choose a different action.',
    ran: [],
  },
  {
    tool: 'refund.issue',
    scopes: ['write:refund'],
    arguments: { amount_cents: 90000 },
    result: 'TOOL_DENIED: amount_over_limit. Choose a different action.',
    ran: [],
  },
  {
    tool: 'refund.issue',
    scopes: ['write:refund'],
    arguments: { amount_cents: 100 },
    result: 'ran refund.issue',
    ran: ['refund.issue'],
  },
  {
    tool: 'refund.issue',
    scopes: ['read'],
    arguments: { amount_cents: 100 },
    result: 'TOOL_DENIED: insufficient_scope. Choose a different action.',
    ran: [],
  },
  {
    tool: 'db.delete',
    scopes: ['write:destructive'],
    arguments: { id: 7 },
    approve: false,
    result: 'TOOL_DENIED: human_rejected (human_approval_required).',
    ran: [],
    asked: ['human_approval_required'],
  },
  {
    tool: 'db.delete',
    scopes: ['write:destructive'],
    arguments: { id: 8 },
    approve: true,
    result: 'ran db.delete',
    ran: ['db.delete'],
    asked: ['human_approval_required'],
  },
];

interface Answer {
  readonly result: string;
  readonly ran: readonly string[];
  readonly asked: readonly string[];
}

/** Sends every call through the interceptor, in one Python process, and gives its answers in order. */
function drive(python: string, url: string): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(folder, 'drive.py'), url], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', () =>
      resolve(
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Answer),
      ),
    );
    for (const { tool, scopes, arguments: args, approve } of CALLS) {
      const identity = { sub: 'agent:ops', scopes, delegated_by: 'user:42' };
      child.stdin.write(`${JSON.stringify({ tool, arguments: args, identity, approve })}\n`);
    }
    child.stdin.end();
  });
}

describe('the tutorial client, written for OPA, unchanged but for its address', () => {
  let skip: string | undefined;
  let python = '';
  const services: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    const sources = loadSeedPython(join(root, '../shared/seeds'));
    const found =
      'skip' in sources
        ? sources
        : await findPython(['httpx==0.28.1'], join(root, 'node_modules/.cache/writ'));
    if ('skip' in found) {
      skip = found.skip;
      return;
    }
    if ('skip' in sources) return;
    python = found.python;
    writeFileSync(join(folder, 'authz.py'), sources.authz);
    writeFileSync(join(folder, 'loop.py'), sources.loop);
    cpSync(join(root, 'conformance/python/drive.py'), join(folder, 'drive.py'));
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  const expectAll = (answers: readonly Answer[]): void => {
    expect(answers).toEqual(CALLS.map(({ result, ran, asked }) => ({ result, ran, asked: asked ?? [] })));
  };

  it('[P-OPA-DATA-API] gets the documented outcomes from a bundle with a manifest', async (context) => {
    if (skip !== undefined) return context.skip(skip);
    const service = await startWrit(
      ['serve', '--bundle', join(root, 'examples/tutorial/bundle')],
      join(folder, 'data-1'),
    );
    services.push(service);
    expectAll(await drive(python, `${service.api}/v1/data/agent/tools/decision`));
  });

  it('gets them from the tutorial policy itself, in a folder without a manifest', async (context) => {
    if (skip !== undefined) return context.skip(skip);
    const policies = await loadSeedPolicies();
    if ('skip' in policies) return context.skip(policies.skip);
    mkdirSync(join(folder, 'bundle/agent/tools'), { recursive: true });
    writeFileSync(
      join(folder, 'bundle/agent/tools/policy.rego'),
      mendTutorial(policies.tutorial.policy.text),
    );
    const service = await startWrit(['serve', '--bundle', join(folder, 'bundle')], join(folder, 'data-2'));
    services.push(service);
    expectAll(await drive(python, `${service.api}/v1/data/agent/tools/decision`));
  });

  it('[P-FAIL-CLOSED-CLIENT] denies when the service is gone', async (context) => {
    if (skip !== undefined) return context.skip(skip);
    const service = await startWrit(
      ['serve', '--bundle', join(root, 'examples/tutorial/bundle')],
      join(folder, 'data-3'),
    );
    await service.stop();
    const answers = await drive(python, `${service.api}/v1/data/agent/tools/decision`);
    expect(
      answers.every(
        ({ result, ran }) => result.startsWith('TOOL_DENIED: policy_engine_unavailable') && ran.length === 0,
      ),
    ).toBe(true);
  });
});
