import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createCrosscheckEngine } from '../../src/engine/crosscheck-engine.ts';
import type { EngineAnswer, LoadedPolicies } from '../../src/engine/engine.ts';
import { createOpaClient } from '../../src/engine/opa-client.ts';
import {
  createManagedOpaEngine,
  createRemoteOpaEngine,
  type ManagedOpaEngine,
} from '../../src/engine/opa-engine.ts';
import type { OpaProcess, OpaProcessOptions } from '../../src/engine/opa-process.ts';
import { createOpaWorkspace } from '../../src/engine/opa-workspace.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { engineBundle, engineContract, engineLoadContract } from './engine-contract.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

describe.skipIf(opa.binary === '')(`a real OPA${opa.note}`, () => {
  const { binary } = opa;
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const item of opened.splice(0).reverse()) await item.close();
  });

  engineContract('opa, managed, by Unix socket', {
    create: async () => createManagedOpaEngine({ binary, transport: 'unix' }),
  });
  engineContract('opa, managed, by TCP', {
    create: async () => createManagedOpaEngine({ binary, transport: 'tcp' }),
  });
  engineContract('crosscheck of rego and opa', {
    create: async () =>
      createCrosscheckEngine(createRegoEngine(), createManagedOpaEngine({ binary, transport: 'unix' })),
  });
  engineLoadContract('opa, managed', () => createManagedOpaEngine({ binary }));

  const WAITS = `package agent.tools

allow if input.x == 1

slow if {
	count([1 | some i in numbers.range(1, 30000); some j in numbers.range(1, 30000); i * j == -1]) > 0
}
`;
  const BUNDLE = engineBundle('tools', { 'p.rego': WAITS }, { roots: ['agent'] });

  async function managed(
    more: Partial<OpaProcessOptions> = {},
  ): Promise<{ engine: ManagedOpaEngine; policies: LoadedPolicies; process: OpaProcess }> {
    const engine = createManagedOpaEngine({ binary, restartDelayMs: 20, healthIntervalMs: 100, ...more });
    opened.push(engine);
    const loaded = await engine.load([BUNDLE]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    return { engine, policies: loaded.policies, process: engine.processes()[0]! };
  }

  function ask(
    policies: LoadedPolicies,
    path: string,
    deadlineMs = 20_000,
  ): EngineAnswer | Promise<EngineAnswer> {
    return policies.evaluate({ bundle: 'tools', path, input: { x: 1 }, deadlineMs, timeNs: 0n });
  }

  async function untilAnswers(policies: LoadedPolicies): Promise<void> {
    await expect
      .poll(async () => (await ask(policies, 'agent/tools/allow', 1_000)).kind, { timeout: 20_000 })
      .toBe('value');
  }

  it('[P-ENGINE-FAULT-DENIES] a child killed in mid-request is unavailable, then replaced', async () => {
    const { engine, policies, process: child } = await managed({ restartDelayMs: 400 });
    const before = child.pid()!;
    const pending = ask(policies, 'agent/tools/slow');
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(before, 'SIGKILL');
    expect(await pending).toMatchObject({ kind: 'error', code: 'policy_engine_unavailable' });
    expect(await ask(policies, 'agent/tools/allow')).toMatchObject({
      kind: 'error',
      code: 'policy_engine_unavailable',
    });
    await expect.poll(async () => (await engine.health()).ok, { interval: 5 }).toBe(false);
    await untilAnswers(policies);
    expect(child.pid()).not.toBe(before);
    expect(child.restarts()).toBeGreaterThan(0);
    expect((await engine.health()).ok).toBe(true);
  });

  it('[P-ENGINE-DEADLINE] a child that is stopped answers with a timeout, then is replaced', async () => {
    const { policies, process: child } = await managed();
    const before = child.pid()!;
    process.kill(before, 'SIGSTOP');
    expect(await ask(policies, 'agent/tools/allow', 150)).toMatchObject({
      kind: 'error',
      code: 'policy_timeout',
    });
    await untilAnswers(policies);
    expect(child.pid()).not.toBe(before);
  });

  it('leaves no child and no file when it is closed, even while a child starts', async () => {
    const { engine, process: child } = await managed();
    const first = child.pid()!;
    process.kill(first, 'SIGKILL');
    await expect.poll(() => child.pid() !== first, { timeout: 20_000 }).toBe(true);
    const second = child.pid()!;
    await engine.close();
    expect(isAlive(second)).toBe(false);
  });

  it('[P-ENGINE-PRIVATE] answers nobody but Writ, even on a port', async () => {
    const { process: child } = await managed({ transport: 'tcp' });
    const client = child.client()!;
    expect(await client.health(1_000)).toBeUndefined();
    const port = Number(new URL(child.address()!).port);
    const stranger = createOpaClient({ url: `http://127.0.0.1:${port}` });
    opened.push(stranger);
    const answer = await stranger.evaluate('agent/tools/allow', { x: 1 }, 2_000, {
      opaName: 'b0',
      revision: BUNDLE.digest,
    });
    expect(answer).toMatchObject({ kind: 'error', code: 'policy_engine_unavailable' });
    const put = await fetch(`http://127.0.0.1:${port}/v1/policies/x`, {
      method: 'PUT',
      body: 'package x\n',
    });
    expect(put.status).toBe(401);
  });

  it('says why OPA does not start', async () => {
    const engine = createManagedOpaEngine({ binary: '/nowhere/opa' });
    opened.push(engine);
    const loaded = await engine.load([BUNDLE]);
    expect(loaded).toMatchObject({ ok: false, diagnostics: [{ code: 'policy_engine_unavailable' }] });
  });

  it("keeps a third party's bundle apart, with a child of its own", async () => {
    const engine = createManagedOpaEngine({ binary });
    opened.push(engine);
    const third = engineBundle(
      'third',
      { 'p.rego': 'package other\n\nsees := data.agent\n\nown := data.other_data\n' },
      {
        roots: ['other', 'other_data'],
        data: { other_data: 7 },
        thirdParty: true,
      },
    );
    const loaded = await engine.load([
      engineBundle('tools', { 'p.rego': WAITS }, { roots: ['agent'], data: {} }),
      third,
    ]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    expect(engine.processes()).toHaveLength(2);
    const question = { bundle: 'third', input: {}, deadlineMs: 5_000, timeNs: 0n };
    expect(await loaded.policies.evaluate({ ...question, path: 'other/sees' })).toMatchObject({
      kind: 'undefined',
    });
    expect(await loaded.policies.evaluate({ ...question, path: 'other/own' })).toMatchObject({ value: 7 });
  });

  it('[P-ENGINE-REVISION] a remote OPA must run the revision that was activated', async () => {
    const workspace = await createOpaWorkspace([BUNDLE]);
    const folder = mkdtempSync(join(tmpdir(), 'writ-remote-'));
    const socketPath = join(folder, 'opa.sock');
    const child = spawn(
      binary,
      ['run', '--server', '--addr', `unix://${socketPath}`, '--skip-version-check', '--bundle', 'b0'],
      {
        cwd: workspace.folder,
        stdio: 'ignore',
      },
    );
    try {
      const options = { url: 'http://localhost', socketPath, bundleNames: { tools: 'b0' } };
      const engine = createRemoteOpaEngine(options);
      opened.push(engine);
      await expect.poll(async () => (await engine.health()).ok, { timeout: 20_000 }).toBe(true);
      // The workspace names its revision by the digest.
      const activated = { ...BUNDLE, revision: BUNDLE.digest };
      const loaded = await engine.load([activated]);
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
      expect(await ask(loaded.policies, 'agent/tools/allow')).toMatchObject({ kind: 'value', value: true });
      expect(await engine.load([{ ...BUNDLE, revision: 'newer' }])).toMatchObject({
        ok: false,
        diagnostics: [{ code: 'policy_error', bundle: 'tools' }],
      });
      child.kill('SIGKILL');
      expect(await ask(loaded.policies, 'agent/tools/allow')).toMatchObject({
        kind: 'error',
        code: 'policy_engine_unavailable',
      });
    } finally {
      child.kill('SIGKILL');
      await workspace.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
