import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningWrit, startWrit } from '@writ/testing';
import { afterEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folders: string[] = [];
const running: RunningWrit[] = [];
afterEach(async () => {
  for (const writ of running.splice(0)) {
    writ.child.kill('SIGCONT');
    await writ.stop();
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const call = (tool: string, more: object = {}): object => ({
  request: {
    principal: { id: 'user:42', scopes: ['read', 'write:destructive'] },
    actor: { id: 'agent:ops' },
    action: { type: 'tool_call', phase: 'call', tool, args: more },
  },
});

async function serve(yaml: string, data = 'data'): Promise<{ folder: string; writ: RunningWrit }> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-access-'));
  folders.push(folder);
  return { folder, writ: await serveIn(folder, yaml, data) };
}

async function serveIn(folder: string, yaml: string, data = 'data'): Promise<RunningWrit> {
  const config = join(folder, 'writ.yaml');
  const bundle = `bundles:\n  - name: tutorial\n    directory: ${join(root, 'examples/tutorial/bundle')}\n`;
  writeFileSync(config, `${bundle}${yaml}`);
  const writ = await startWrit(['serve', '--config', config], join(folder, data), folder);
  running.push(writ);
  return writ;
}

/** One request over a Unix socket; `fetch` has none. */
function over(
  socketPath: string,
  path: string,
  options: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const { body, headers = {} } = options;
    const sent = httpRequest(
      { socketPath, path, method: body === undefined ? 'GET' : 'POST', headers },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: JSON.parse(text) as unknown }));
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('Unix sockets', () => {
  const yaml = 'listen: {socket: writ.sock, operator_socket: operator.sock}\napi: {authorization: basic}\n';

  it("[P-API-AUTHORIZATION] the operator's own works where no policy permits anything; the other asks as the port does", async () => {
    const { folder, writ } = await serve(yaml);
    const [socket, own] = [join(folder, 'writ.sock'), join(folder, 'operator.sock')];
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect(statSync(own).mode & 0o777).toBe(0o600);
    expect((await over(socket, '/health')).status).toBe(200);
    expect((await over(socket, '/v1/decide', { body: call('db.read') })).status).toBe(403);
    expect((await over(socket, '/v1/log')).status).toBe(403);
    const headers = { authorization: `Bearer ${writ.operatorToken()}` };
    expect((await over(socket, '/v1/log', { headers })).status).toBe(403);
    expect((await over(own, '/v1/log')).status).toBe(200);
    expect((await over(own, '/v1/halt', { body: { all: true } })).status).toBe(200);
    expect(await over(own, '/v1/decide', { body: call('db.read') })).toMatchObject({
      body: { reason: 'halted' },
    });
    await running.pop()?.stop();
    expect(existsSync(own)).toBe(false);
  });

  it('takes the place of one that a killed process left, and of nothing else', async () => {
    const { folder, writ } = await serve(yaml);
    await writ.stop('SIGKILL');
    running.pop();
    const again = await serveIn(folder, yaml);
    expect((await over(join(folder, 'operator.sock'), '/v1/log')).status).toBe(200);
    await expect(serveIn(folder, yaml, 'other')).rejects.toThrow(/another process listens/);
    expect((await fetch(`${again.api}/health`)).status).toBe(200);
  });
});

describe("[P-AGENT-USER-REFUSED] the agent's own operating-system user", () => {
  const isRoot = process.getuid?.() === 0;

  it.skipIf(!isRoot)(
    'cannot approve, administer or read the record: no token, no socket, no file (skipped without root: it becomes another user)',
    async () => {
      const { folder, writ } = await serve('listen: {operator_socket: operator.sock}\n');
      // What the agent may reach anyway: the way to the folder, not what is in it.
      chmodSync(folder, 0o755);
      const asked = await fetch(`${writ.api}/v1/decide`, {
        method: 'POST',
        body: JSON.stringify(call('db.delete')),
      });
      const { approval } = (await asked.json()) as { approval: { id: string } };
      const found = await asNobody(
        `const { readFileSync, readdirSync } = require('node:fs');
         const { request } = require('node:http');
         const [api, data, socketPath, id] = process.argv.slice(1);
         const code = (work) => { try { work(); return 'read'; } catch (error) { return error.code; } };
         const status = async (path, method) => (await fetch(api + path, { method, ...(method === 'POST' ? { body: '{}' } : {}) })).status;
         const socket = () => new Promise((resolve) => request({ socketPath, path: '/v1/log' }, (reply) => resolve(reply.statusCode)).on('error', (error) => resolve(error.code)).end());
         (async () => console.log(JSON.stringify({
           token: code(() => readFileSync(data + '/credentials/operator.token')),
           folder: code(() => readdirSync(data + '/credentials')),
           socket: await socket(),
           approve: await status('/v1/approvals/' + id + '/approve', 'POST'),
           halt: await status('/v1/halt', 'POST'),
           log: await status('/v1/log', 'GET'),
           stream: await status('/v1/log/stream', 'GET'),
           decide: await status('/v1/active', 'GET'),
         })))();`,
        [writ.api, writ.data, join(folder, 'operator.sock'), approval.id],
      );
      expect(found).toEqual({
        token: 'EACCES',
        folder: 'EACCES',
        socket: 'EACCES',
        approve: 401,
        halt: 401,
        log: 401,
        stream: 401,
        decide: 200,
      });
    },
  );

  /** Runs a script as the user `nobody`. */
  function asNobody(script: string, args: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const child = spawn('node', ['-e', script, ...args], {
        uid: 65534,
        gid: 65534,
        cwd: '/',
        stdio: 'pipe',
      });
      let [out, errors] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => {
        out += String(chunk);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        errors += String(chunk);
      });
      child.once('error', reject);
      child.once('close', () => {
        try {
          resolve(JSON.parse(out));
        } catch {
          reject(new Error(errors));
        }
      });
    });
  }
});

describe('[P-LOAD-REFUSES] [P-RECORD-BEFORE-RELEASE] load while the store stands still', () => {
  it('allows nothing that is not on record', { timeout: 120_000 }, async () => {
    const { folder, writ: owner } = await serve('evaluation_timeout_ms: 1500\n');
    const client = await serveIn(folder, 'evaluation_timeout_ms: 1500\napi: {requests_in_flight: 32}\n');
    const allowed = new Set<string>();
    const codes = new Map<string, number>();
    let isOver = false;
    const worker = async (): Promise<void> => {
      while (!isOver) {
        const response = await fetch(`${client.api}/v1/decide`, {
          method: 'POST',
          body: JSON.stringify(call('db.read', { n: Math.random() })),
        });
        const body = (await response.json()) as Record<string, string>;
        if (response.status === 200 && body['effect'] === 'proceed') allowed.add(body['decision_id'] ?? '');
        const code = response.status === 200 ? body['reason'] : body['code'];
        codes.set(code ?? '', (codes.get(code ?? '') ?? 0) + 1);
      }
    };
    const workers = Array.from({ length: 64 }, worker);
    const until = async (seen: () => boolean): Promise<void> => {
      while (!seen()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const refused = (): number =>
      (codes.get('audit_unavailable') ?? 0) + (codes.get('state_unavailable') ?? 0);
    await until(() => allowed.size > 50);
    owner.child.kill('SIGSTOP');
    await until(() => refused() > 20);
    owner.child.kill('SIGCONT');
    const before = allowed.size;
    await until(() => allowed.size > before + 20);
    isOver = true;
    await Promise.all(workers);
    expect(codes.get('overloaded')).toBeGreaterThan(0);
    const headers = { authorization: `Bearer ${owner.operatorToken()}` };
    const recorded = new Set<string>();
    for (let from = 0; ; from += 1000) {
      const response = await fetch(`${owner.api}/v1/log?from=${from}&count=1000`, { headers });
      const { entries } = (await response.json()) as {
        entries: { core: { decision_id?: string; outcome?: string } }[];
      };
      for (const { core } of entries) if (core.outcome === 'allow') recorded.add(core.decision_id ?? '');
      if (entries.length === 0) break;
    }
    expect([...allowed].filter((id) => !recorded.has(id))).toEqual([]);
  });
});
