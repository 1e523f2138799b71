import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPython, type RunningWrit, startWrit } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAgent } from '../agents/find-agent.ts';
import { startScriptedModel, type Wish } from '../agents/scripted-model.ts';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, 'node_modules/.cache/writ');
const resolve = createRequire(import.meta.url).resolve;
const serverOf = (name: string) => resolve(`@modelcontextprotocol/server-${name}/dist/index.js`);
const home = mkdtempSync(join(tmpdir(), 'writ-real-'));
const files = join(home, 'files');

/** Reading is free, writing only of drafts, what is remembered is not deleted, and no addition of large numbers. */
const POLICY = `package agent

default decision := {"allow": false, "reason": "not_allowed_here"}

decision := {"allow": true, "reason": "fine"} if fine

fine if {
	input.action.server == "files"
	input.action.tool in {"read_text_file", "list_directory"}
}

fine if {
	input.action.tool == "write_file"
	contains(input.action.args.path, "/draft-")
}

fine if {
	input.action.server == "memory"
	input.action.tool != "delete_entities"
}

fine if input.action.tool in {"echo", "trigger-long-running-operation"}
`;

const UPSTREAMS = {
  files: { command: process.execPath, args: [serverOf('filesystem'), files] },
  memory: {
    command: process.execPath,
    args: [serverOf('memory')],
    env: { MEMORY_FILE_PATH: join(home, 'memory.jsonl') },
  },
  everything: { command: process.execPath, args: [serverOf('everything'), 'stdio'] },
};

let writ: RunningWrit;
/** What an attempt wrote stays: another one writes under other names. */
let attempts = 0;

beforeAll(async () => {
  mkdirSync(join(home, 'policy'));
  mkdirSync(files);
  writeFileSync(join(files, 'plan.txt'), 'Ship on Monday.');
  writeFileSync(join(home, 'policy/policy.rego'), POLICY);
  writeFileSync(
    join(home, 'policy/.manifest'),
    JSON.stringify({
      roots: ['agent'],
      rego_version: 1,
      metadata: { writ: { entrypoints: [{ path: 'agent/decision', kind: 'grant', layer: 'resource' }] } },
    }),
  );
  const config = {
    bundles: [{ name: 'agent', directory: join(home, 'policy') }],
    upstreams: UPSTREAMS,
    anonymous: { principal: { id: 'user:ana', kind: 'user' }, actor: { id: 'agent:real' } },
  };
  writeFileSync(join(home, 'writ.yaml'), JSON.stringify(config));
  writ = await startWrit(['serve', '--config', join(home, 'writ.yaml')], join(home, 'data'));
}, 120_000);

afterAll(async () => {
  await writ?.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Step {
  /** Server and tool. */
  readonly does: readonly [string, string];
  readonly input: object;
  /** Words of what the client is told. */
  readonly told: RegExp;
}

/** A day's work, of which some is not allowed. `who` keeps what several clients write apart. */
function work(who: string): readonly Step[] {
  const draft = join(files, `draft-${who}.txt`);
  const entity = { name: who, entityType: 'person', observations: ['likes tea'] };
  return [
    { does: ['files', 'read_text_file'], input: { path: join(files, 'plan.txt') }, told: /Ship on Monday/ },
    {
      does: ['files', 'write_file'],
      input: { path: draft, content: 'A draft.' },
      told: /Successfully wrote/,
    },
    {
      does: ['files', 'write_file'],
      input: { path: join(files, 'plan.txt'), content: 'Ship never.' },
      told: /TOOL_DENIED: not_allowed_here/,
    },
    { does: ['memory', 'create_entities'], input: { entities: [entity] }, told: /likes tea/ },
    {
      does: ['memory', 'delete_entities'],
      input: { entityNames: [who] },
      told: /TOOL_DENIED: not_allowed_here/,
    },
    { does: ['memory', 'open_nodes'], input: { names: [who] }, told: /likes tea/ },
    { does: ['everything', 'echo'], input: { message: `I am ${who}` }, told: new RegExp(`I am ${who}`) },
    { does: ['everything', 'get-sum'], input: { a: 1, b: 2 }, told: /TOOL_DENIED: not_allowed_here/ },
    { does: ['everything', 'get-env'], input: {}, told: /TOOL_DENIED: not_allowed_here/ },
  ];
}

/** What must have happened at the servers, whoever worked. */
function expectDone(who: string): void {
  expect(readFileSync(join(files, `draft-${who}.txt`), 'utf8')).toBe('A draft.');
  expect(readFileSync(join(files, 'plan.txt'), 'utf8')).toBe('Ship on Monday.');
  expect(readFileSync(join(home, 'memory.jsonl'), 'utf8')).toContain(who);
}

describe('the Python SDK', () => {
  it.for(['auto', 'legacy'])(
    '[P-GATEWAY-REAL-CLIENTS] works through the gateway over HTTP, mode %s: what is allowed is done, what is not is not',
    { timeout: 180_000 },
    async (mode, context) => {
      const found = await findPython(['mcp==2.3.0'], CACHE);
      if ('skip' in found) return context.skip(found.skip);
      const who = `python-${mode}-${attempts++}`;
      const long = { tool: 'everything__trigger-long-running-operation', input: { duration: 1, steps: 4 } };
      const script = [...work(who).map(({ does, input }) => ({ tool: does.join('__'), input })), long];
      const [about, ...told] = await python(found.python, { url: writ.mcp, mode, script });
      expect(about?.['version']).toBe(mode === 'legacy' ? '2025-11-25' : '2026-07-28');
      for (const [index, { told: words }] of work(who).entries()) {
        expect(told[index]?.['text']).toMatch(words);
        expect(told[index]?.['failed']).toBe(String(words).includes('TOOL_DENIED'));
      }
      // The last sign of progress comes together with the answer, and then clients pass over it.
      const long_ = told.at(-1) ?? {};
      expect([long_['failed'], Number(long_['progress']) >= 3]).toEqual([false, true]);
      expectDone(who);
    },
  );

  it('[P-GATEWAY-REAL-CLIENTS] works through `writ mcp run` on stdio', async (context) => {
    const found = await findPython(['mcp==2.3.0'], CACHE);
    if ('skip' in found) return context.skip(found.skip);
    const { command, args } = UPSTREAMS.files;
    const words = [join(ROOT, 'tools/run.mjs'), join(ROOT, 'packages/cli/src/main.ts'), 'mcp', 'run'];
    const options = ['--bundle', join(home, 'policy'), '--data', join(home, 'stdio'), '--id', 'files', '--'];
    const process_ = { command: process.execPath, args: [...words, ...options, command, ...args], cwd: home };
    const [read, , denied] = work('stdio').map(({ does, input }) => ({ tool: does[1], input }));
    const script = [read, denied];
    const [, ...told] = await python(found.python, { process: process_, mode: 'legacy', script });
    expect(told[0]?.['text']).toMatch(/Ship on Monday/);
    expect(told[1]).toMatchObject({
      failed: true,
      text: expect.stringMatching(/^TOOL_DENIED: not_allowed_here/),
    });
  }, 180_000);
});

/** Runs the driver; gives its lines. */
function python(program: string, asked: object): Promise<Readonly<Record<string, unknown>>[]> {
  return new Promise((settle, reject) => {
    const child = spawn(program, [join(ROOT, 'conformance/python/mcp_client.py')]);
    const [texts, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => texts.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(Buffer.concat(errors).toString()));
      settle(
        Buffer.concat(texts)
          .toString()
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
    });
    child.stdin.end(JSON.stringify(asked));
  });
}

describe('a real coding agent with a scripted model', () => {
  it('[P-GATEWAY-REAL-CLIENTS] works on real servers through the gateway: what is denied has no effect, and the model reads why', async (context) => {
    const found = await findAgent('@anthropic-ai/claude-code', '2.1.197', 'claude');
    if ('skip' in found) return context.skip(found.skip);
    const who = `claude-${attempts++}`;
    const steps = work(who);
    const wishes = steps.map(({ does, input }): Wish => ({ tool: `mcp__writ__${does.join('__')}`, input }));
    const model = await startScriptedModel(wishes);
    const own = mkdtempSync(join(home, 'claude-'));
    try {
      writeFileSync(
        join(own, 'mcp.json'),
        JSON.stringify({ mcpServers: { writ: { type: 'http', url: writ.mcp } } }),
      );
      const said = await claude(found.command, own, model.url);
      expect(said).toContain('"subtype":"success"');
      expect(model.offered).toContain('mcp__writ__files__read_text_file');
      expect(model.told).toHaveLength(steps.length);
      for (const [index, { told }] of steps.entries()) expect(model.told[index]).toMatch(told);
      expectDone(who);
      expect(existsSync(join(own, '.writ'))).toBe(false);
    } finally {
      await model.close();
    }
  }, 240_000);
});

const AGENT_MS = 200_000;

function claude(command: string, own: string, model: string): Promise<string> {
  const words = ['-p', 'do it', '--model', 'claude-sonnet-4-5', '--output-format', 'json'];
  const servers = [
    '--mcp-config',
    join(own, 'mcp.json'),
    '--strict-mcp-config',
    '--allowedTools',
    'mcp__writ',
  ];
  return new Promise((settle, reject) => {
    const child = spawn(command, [...words, ...servers], {
      cwd: own,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: AGENT_MS,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: own,
        ANTHROPIC_BASE_URL: model,
        ANTHROPIC_API_KEY: 'sk-scripted',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        // Tools would be looked up one by one in place of being offered.
        ENABLE_TOOL_SEARCH: 'false',
      },
    });
    const texts: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => texts.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => texts.push(chunk));
    child.on('error', reject);
    child.on('close', () => settle(Buffer.concat(texts).toString()));
  });
}
