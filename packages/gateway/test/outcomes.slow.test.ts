import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { APPROVAL_META_KEY, DECISION_META_KEY } from '../src/index.ts';
import { fixtureUpstream, MODERN, startGateway, TOKENS, textOf } from './start-gateway.ts';
import { startPoint } from './start-point.ts';

const FILES = `package agent

tool := input.action.tool

path := input.action.args.path

decision := {"outcome": "deny", "reason": "secret_file", "remediation": "read another file"} if {
	tool == "read_text_file"
	endswith(path, "secret.txt")
}

else := {"outcome": "sanitize", "reason": "card_removed", "redact": ["/content"]} if {
	tool == "write_file"
	contains(input.action.args.content, "4111")
}

else := {"outcome": "escalate", "reason": "needs_a_person"} if {
	tool == "write_file"
	endswith(path, "published.txt")
}

else := {"outcome": "step_up", "reason": "stronger", "step_up_method": "passkey"} if {
	tool == "read_text_file"
	endswith(path, "private.txt")
}

else := {"outcome": "allow", "reason": "listing"} if input.action.phase == "list"

else := {"outcome": "allow", "reason": "ok"} if tool in {"write_file", "read_text_file"}
`;

const CALL_AND_LIST = [{ path: 'agent/decision', kind: 'grant', when: { phases: ['call', 'list'] } }];

async function folderWithServer() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'writ-files-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const script = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-filesystem/dist/index.js',
  );
  return { folder, upstream: { id: 'files', command: process.execPath, args: [script, folder] } };
}

describe.each([
  ['legacy', 'legacy' as const],
  ['auto', 'auto' as const],
  ['2026-07-28', MODERN],
])('outcomes of a real file server for a client of era %s', (_name, era) => {
  it('[P-GATEWAY-REFUSAL-NO-EFFECT] allow, deny, sanitize, step up, undefined: only what is allowed takes effect', async () => {
    const { folder, upstream } = await folderWithServer();
    const { service, entries } = await startPoint({ rego: FILES });
    const told = { refusals: { stepUp: 'result' as const } };
    const client = await (await startGateway(service, [upstream], told)).connect(era);
    const at = (name: string) => join(folder, name);
    await writeFile(at('secret.txt'), 'hidden');
    await writeFile(at('private.txt'), 'hidden');
    const call = (name: string, args: Record<string, unknown>) => client.callTool({ name, arguments: args });

    const written = await call('write_file', { path: at('a.txt'), content: 'hello' });
    expect(written.isError).toBeFalsy();
    expect(written._meta?.[DECISION_META_KEY]).toMatchObject({ outcome: 'allow', reason: 'ok' });
    expect(await readFile(at('a.txt'), 'utf8')).toBe('hello');

    const denied = await call('read_text_file', { path: at('secret.txt') });
    expect(denied.isError).toBe(true);
    expect(textOf(denied)).toBe('TOOL_DENIED: secret_file. read another file. Choose a different action.');
    expect(JSON.stringify(denied)).not.toContain('hidden');

    const redacted = await call('write_file', { path: at('b.txt'), content: 'card 4111' });
    expect(redacted._meta?.[DECISION_META_KEY]).toMatchObject({ outcome: 'sanitize' });
    expect(await readFile(at('b.txt'), 'utf8')).not.toContain('4111');

    const stepUp = await call('read_text_file', { path: at('private.txt') });
    expect(textOf(stepUp)).toMatch(/^STEP_UP_REQUIRED: stronger\. .*passkey/);

    const undefinedToPolicy = await call('create_directory', { path: at('dir') });
    expect(textOf(undefinedToPolicy)).toMatch(/^TOOL_DENIED: policy_undefined\./);
    expect(existsSync(at('dir'))).toBe(false);

    const decided = (await entries()).filter(({ core }) => core.kind === 'decision' && core.phase === 'call');
    expect(decided.map(({ core }) => core.outcome)).toEqual(['allow', 'deny', 'sanitize', 'step_up', 'deny']);
  });
});

describe('escalation', () => {
  it('[P-GATEWAY-APPROVAL-ONCE] a repeated call goes through once after its approval, then escalates anew', async () => {
    const { folder, upstream } = await folderWithServer();
    const { service } = await startPoint({ rego: FILES });
    const client = await (await startGateway(service, [upstream])).connect();
    const path = join(folder, 'published.txt');
    const publish = (meta?: Record<string, unknown>) =>
      client.callTool({
        name: 'write_file',
        arguments: { path, content: 'news' },
        ...(meta === undefined ? {} : { _meta: meta }),
      });
    const paused = await publish();
    expect(textOf(paused)).toMatch(/^APPROVAL_PENDING: needs_a_person\./);
    expect(existsSync(path)).toBe(false);
    const [pending] = await service.administration.approvals.list({ status: 'pending' });
    const id = pending?.id ?? '';
    expect(await service.administration.approvals.approve(id, 'operator')).toMatchObject({ ok: true });
    expect((await publish()).isError).toBeFalsy();
    expect(await readFile(path, 'utf8')).toBe('news');
    await rm(path);
    expect(textOf(await publish({ [APPROVAL_META_KEY]: id }))).toMatch(/^TOOL_DENIED: approval_used\./);
    expect(textOf(await publish())).toMatch(/^APPROVAL_PENDING: needs_a_person\./);
    expect(existsSync(path)).toBe(false);
  });
});

describe('policies that fail', () => {
  it('deny on an error, and hide every tool', async () => {
    const { service } = await startPoint({
      entrypoints: CALL_AND_LIST,
      rego: `package agent

decision := {"outcome": "allow", "reason": "one"} if input.action.tool

decision := {"outcome": "allow", "reason": "two"} if input.action.tool
`,
    });
    const client = await (await startGateway(service, [fixtureUpstream()])).connect();
    expect((await client.listTools()).tools).toEqual([]);
    expect(textOf(await client.callTool({ name: 'echo', arguments: {} }))).toMatch(
      /^TOOL_DENIED: policy_error/,
    );
  });

  it('a budget that runs out denies', async () => {
    const { service } = await startPoint({
      rego: 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n',
      budgets: [{ name: 'calls', per: 'principal', unit: 'requests', limit: 2 }],
    });
    const client = await (await startGateway(service, [fixtureUpstream()])).connect();
    const texts: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      texts.push(textOf(await client.callTool({ name: 'echo', arguments: { turn } })));
    }
    expect(texts.slice(0, 2)).toEqual(['{"turn":0}', '{"turn":1}']);
    expect(texts[2]).toMatch(/^TOOL_DENIED: budget_exhausted\./);
  });
});

describe('tools/list', () => {
  it('[P-GATEWAY-LIST-FILTERED] shows each caller what could be granted to it, for its own cache only', async () => {
    const { service } = await startPoint({
      entrypoints: CALL_AND_LIST,
      rego: `package agent

decision := {"outcome": "allow", "reason": "ok"} if {
	input.action.tool == "echo"
	"read" in input.principal.scopes
}
`,
    });
    const { connect } = await startGateway(service, [fixtureUpstream()]);
    const seen = await (await connect(MODERN)).listTools();
    expect(seen.tools.map(({ name }) => name)).toEqual(['echo']);
    expect(seen).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    expect((await (await connect(MODERN, TOKENS.bob)).listTools()).tools).toEqual([]);
  });
});
