import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/client';
import type { DecisionPoint } from '@writ/decision';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMcpGateway } from '../src/index.ts';
import {
  ALICE,
  callText,
  type Era,
  fixtureUpstream,
  MODERN,
  post,
  startGateway,
  TOKENS,
  textOf,
  until,
} from './start-gateway.ts';
import { startPoint } from './start-point.ts';
import { StreamsTransport } from './streams-transport.ts';

const ALLOW = 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n';

async function stdioGateway(point: DecisionPoint, env: Record<string, string> = {}) {
  const gateway = createMcpGateway({
    point,
    upstreams: [fixtureUpstream('fixture', env)],
  });
  onTestFinished(() => gateway.close());
  return gateway;
}

describe('stdio in front', () => {
  it.each<[Era]>([['legacy'], ['auto'], [MODERN]])(
    'serves a client of era %j, and ends with it',
    async (era) => {
      const { service } = await startPoint({ rego: ALLOW });
      const gateway = await stdioGateway(service);
      const transport = new StreamsTransport();
      const session = gateway.serveStdio(ALICE, transport.toServer, transport.fromServer);
      const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: era } });
      await client.connect(transport);
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      const results = await Promise.all(
        [1, 2, 3].map((n) => client.callTool({ name: 'echo', arguments: { n } })),
      );
      expect(results.map(textOf)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
      await client.close();
      await session.ended;
    },
  );

  it('[P-GATEWAY-STRICT-READING] refuses what two readers could read differently, and goes on', async () => {
    const { service, entries } = await startPoint({ rego: ALLOW });
    const gateway = await stdioGateway(service);
    const input = new PassThrough();
    const output = new PassThrough();
    gateway.serveStdio(ALICE, input, output);
    let written = '';
    output.on('data', (chunk: Buffer) => {
      written += chunk.toString();
    });
    const bad: [string | Buffer, string][] = [
      [`[${callText('echo', '{}')}]`, 'batch_refused'],
      [callText('echo', '{"a":1,"a":2}'), 'json_duplicate_key'],
      [callText('echo', '{}', ',"Name":"env"'), 'key_case_variant'],
      [`\ufeff${callText('echo', '{}')}`, 'json_bom'],
      [Buffer.from(callText('echo', '{"s":"\xff"}'), 'latin1'), 'json_not_utf8'],
    ];
    for (const [line] of bad) {
      input.write(line);
      input.write('\r\n\n');
    }
    input.write(`${callText('echo', '{"last":true}')}\n`);
    await until(() => written.split('\n').length > bad.length + 1);
    const answers = written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const [index, [, code]] of bad.entries()) {
      expect(answers[index]).toMatchObject({ id: null, error: { message: expect.stringContaining(code) } });
    }
    expect(JSON.stringify(answers.at(-1))).toContain('last');
    const malformed = async () => (await entries()).filter(({ core }) => core.kind === 'malformed');
    await until(async () => (await malformed()).length === bad.length);
  });

  it('ends the connection at a message without end', async () => {
    const { service } = await startPoint({ rego: ALLOW });
    const gateway = await stdioGateway(service);
    const input = new PassThrough();
    const session = gateway.serveStdio(ALICE, input, new PassThrough().resume());
    const megabyte = Buffer.alloc(1024 * 1024, 0x20);
    for (let written = 0; written < 5; written++) input.write(megabyte);
    await session.ended;
  });

  it('a client that goes away ends its call at the server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-clients-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { service, entries } = await startPoint({ rego: ALLOW });
    const gateway = await stdioGateway(service, { LOG: join(folder, 'log') });
    const input = new PassThrough();
    const session = gateway.serveStdio(ALICE, input, new PassThrough().resume());
    input.write(`${callText('hang', '{}')}\n`);
    await until(async () => (await entries()).some(({ core }) => core.outcome === 'allow'));
    input.end();
    await session.ended;
    await until(async () =>
      (await entries()).some(({ core }) => core.event === 'unknown' || core.event === 'not_sent'),
    );
  });
});

describe('clients beside each other', () => {
  it('[P-GATEWAY-NO-CROSS-CLIENT] equal request ids never mix answers or callers', async () => {
    const { service } = await startPoint({
      rego: `package agent

decision := {"outcome": "deny", "reason": "only_own"} if input.action.args.owner != input.principal.id

else := {"outcome": "allow", "reason": "ok"}
`,
    });
    const { url } = await startGateway(service, [fixtureUpstream()]);
    const asks = Array.from({ length: 24 }, (_, n) => {
      const who = n % 2 === 0 ? 'alice' : 'bob';
      const owner = n % 3 === 0 ? 'user:alice' : `user:${who}`;
      const authorization = `Bearer ${TOKENS[who]}`;
      const args = JSON.stringify({ owner, n });
      return post(url, callText('echo', args), { authorization }).then(({ text }) => ({
        who,
        owner,
        n,
        text,
      }));
    });
    for (const { who, owner, n, text } of await Promise.all(asks)) {
      if (owner === `user:${who}`) expect(text).toContain(`\\"n\\":${n}}`);
      else expect(text).toContain('only_own');
    }
  });
});

describe('a decision point that fails', () => {
  const never = () => new Promise<never>(() => {});
  const reject = () => Promise.reject(new Error('broken inside'));
  const throws = () => {
    throw new Error('broken inside');
  };

  it.each([
    ['throws', throws, 'policy_engine_unavailable'],
    ['rejects', reject, 'policy_engine_unavailable'],
    ['hangs', never, 'policy_timeout'],
    ['answers nonsense', async () => ({ effect: 'proceed' }) as never, 'policy_engine_unavailable'],
  ])(
    '[P-GATEWAY-FAIL-CLOSED] one that %s: nothing reaches a server, no tool is shown',
    async (_title, fault, code) => {
      const { service } = await startPoint({ rego: ALLOW });
      const broken: DecisionPoint = { ...service, decide: fault, list: fault as never, report: fault };
      const { connect, url } = await startGateway(broken, [fixtureUpstream()], {
        limits: { decisionWaitMs: 1_000 },
      });
      const client = await connect(MODERN);
      const denied = await client.callTool({ name: 'echo', arguments: {} });
      expect(textOf(denied)).toMatch(new RegExp(`^TOOL_DENIED: ${code}`));
      expect(JSON.stringify(denied)).not.toContain('broken inside');
      expect(
        await client.listTools().then(
          ({ tools }) => tools,
          () => [],
        ),
      ).toEqual([]);
      expect((await post(url, '[]')).status).toBe(400);
    },
  );

  it('[P-GATEWAY-FAIL-CLOSED] one that cannot record a result withholds it', async () => {
    const { service } = await startPoint({ rego: ALLOW });
    const { connect } = await startGateway({ ...service, complete: reject }, [fixtureUpstream()]);
    const client = await connect(MODERN);
    const withheld = await client.callTool({ name: 'echo', arguments: { secret: 1 } });
    expect(textOf(withheld)).toMatch(/^TOOL_DENIED: audit_unavailable/);
    expect(JSON.stringify(withheld)).not.toContain('secret');
  });

  it('an allow that comes too late is given back, not carried out', async () => {
    const { service, entries } = await startPoint({ rego: ALLOW });
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: DecisionPoint = {
      ...service,
      decide: async (call) => {
        const decision = await service.decide(call);
        await held;
        return decision;
      },
    };
    const { connect } = await startGateway(slow, [fixtureUpstream()], { limits: { decisionWaitMs: 500 } });
    const denied = await (await connect(MODERN)).callTool({ name: 'echo', arguments: {} });
    expect(textOf(denied)).toMatch(/^TOOL_DENIED: policy_timeout/);
    release();
    await until(async () => (await entries()).some(({ core }) => core.event === 'not_sent'));
  });
});
