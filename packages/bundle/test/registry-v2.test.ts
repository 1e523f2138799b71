import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { JsonObject } from '@writ/decision';
import { describe, expect, it } from 'vitest';
import {
  buildRegistry,
  checkSet,
  type Registry,
  type ResolveCall,
  readDirectory,
  renderProblem,
  resolveCapability,
  tightenCall,
} from '../src/index.ts';
import { bundleOf, makeFolder, problemsOf } from './bundle-fixture.ts';

const SEEDS = new URL('../../../../shared/seeds/', import.meta.url);
const ELSEWHERE = new URL('../../../../../shared/seeds/', import.meta.url);
const seeds = [SEEDS, ELSEWHERE].find((folder) => existsSync(folder));

const PLACE = 'writ/registry/data.yaml';
const MANIFEST = JSON.stringify({ roots: ['writ/registry'] });

const folderWith = (text: string): string => makeFolder({ [PLACE]: text, '.manifest': MANIFEST });

async function bundleWith(text: string, options = {}) {
  return bundleOf(await readDirectory(folderWith(text), { name: 'b', ...options }));
}

async function registryWith(text: string): Promise<Registry> {
  const { registry, problems } = buildRegistry([await bundleWith(text)]);
  expect(problems).toEqual([]);
  return registry;
}

async function refused(text: string): Promise<string> {
  return problemsOf(await readDirectory(folderWith(text), { name: 'b' }))
    .map(renderProblem)
    .join('\n');
}

const resolved = (registry: Registry, call: ResolveCall) => {
  const found = resolveCapability(registry, call);
  return found.kind === 'resolved' ? found.value : found;
};

const REGISTRY = `
capabilities:
  - id: tool.search
    adapter: mcp
    servers: [search]
    tools:
      allow: [web_search, fetch]
      describe:
        fetch: { destination: { url: /url }, data_classes: [public] }
    authorization: { action: "tools/call", resource: "mcp/*" }
    data_classes: [query]
    labels: [untrusted]
  - id: tool.pay
    adapter: mcp
    tools: { allow: [refund] }
    amount: /amount
    cost: /fee
    operation: write
    observed: [destination]
    step_up: true
    step_up_method: passkey
  - id: http.search
    adapter: http
    endpoint: https://api.search.example/v1
    tools: { allow: [http_request] }
    methods: [get]
    paths: [/search, /suggest/*]
    authorization: { action: "tools/call", resource: "http/*" }
  - id: http.admin
    adapter: http
    endpoint: https://api.search.example/v1
    tools: { allow: [http_request] }
    methods: [POST]
    authorization: { action: "http/request" }
  - id: model.groq
    adapter: openai_compat
    endpoint: https://api.groq.com/openai/v1
    authorization: { action: "model/inference", resource: "groq/*" }
    rate_limit: { requests_per_minute: 30, tokens_per_minute: 100000, tokens_reserved: /max_tokens }
  - id: model.groq.big
    adapter: openai_compat
    authorization: { resource: "groq/big-*" }
`;

describe.skipIf(seeds === undefined)(
  `the registry as document 004 prints it${seeds === undefined ? ' (skipped: ../shared/seeds is not here)' : ''}`,
  () => {
    const name = seeds === undefined ? '' : readdirSync(seeds).find((each) => each.startsWith('004_'));
    const text = seeds === undefined ? '' : readFileSync(new URL(name as string, seeds), 'utf8');
    const printed = text.slice(text.indexOf('capabilities:\n'), text.indexOf('Abstraction Layer\n'));

    it('loads byte for byte, and says what each of its calls is', async () => {
      const registry = await registryWith(printed);
      expect([...registry.capabilities.keys()]).toEqual([
        'tool.default.mcp',
        'tool.highrisk.cli',
        'model.groq.openai_compat',
      ]);
      expect(resolved(registry, { server: 'any', tool: 'web_search' })).toMatchObject({
        capability: 'tool.default.mcp',
        adapter: 'mcp',
        authorization: { action: 'tools/call', resource: 'mcp/web_search' },
        step_up: false,
        objections: [],
      });
      expect(resolved(registry, { tool: 'execute_shell', args: { command: 'rm -rf /srv' } })).toMatchObject({
        capability: 'tool.highrisk.cli',
        authorization: { action: 'tools/call', resource: 'cli/execute_shell' },
        step_up: true,
        step_up_method: 'human_approval',
        operation: 'write',
        resources: [
          { type: 'program', id: 'rm' },
          { type: 'file', id: '/srv', attributes: { operation: 'write' } },
        ],
      });
      expect(resolved(registry, { type: 'model_inference', provider: 'groq', model: 'llama' })).toMatchObject(
        {
          capability: 'model.groq.openai_compat',
          authorization: { action: 'model/inference', resource: 'groq/llama' },
          destination: { scheme: 'https', host: 'api.groq.com', port: 443 },
          rate: { per: 'tenant', requests_per_minute: 30, tokens_per_minute: 100_000, tokens_reserved: 0 },
        },
      );
      expect(resolveCapability(registry, { tool: 'send_email' })).toEqual({ kind: 'undescribed' });
      expect(resolveCapability(registry, { type: 'model_inference', provider: 'openai' })).toEqual({
        kind: 'undescribed',
      });
    });
  },
);

describe('a capability', () => {
  it('[P-REGISTRY-ALLOWLIST] is of the tools that it allows, on the servers that it names', async () => {
    const registry = await registryWith(REGISTRY);
    const tool = (name: string, server?: string) => resolved(registry, { server, tool: name });
    expect(tool('web_search', 'search')).toMatchObject({
      capability: 'tool.search',
      data_classes: ['query'],
    });
    for (const call of [tool('web_search'), tool('web_search', 'other'), tool('image_search', 'search')])
      expect(call).toEqual({ kind: 'undescribed' });
  });

  it('describes single tools beside what is so for all', async () => {
    const registry = await registryWith(REGISTRY);
    const args = { url: 'https://a.example/x' };
    expect(resolved(registry, { server: 'search', tool: 'fetch', args })).toMatchObject({
      data_classes: ['public'],
      labels: ['untrusted'],
      destination: { host: 'a.example' },
    });
  });

  it('[P-REGISTRY-COMPUTED] reads amount and cost as numbers or not at all', async () => {
    const registry = await registryWith(REGISTRY);
    const pay = (args: JsonObject) => resolved(registry, { tool: 'refund', args });
    expect(pay({ amount: 12.5, fee: 1 })).toMatchObject({ amount: 12.5, cost: 1, observed: ['destination'] });
    expect(pay({})).not.toHaveProperty('amount');
    for (const amount of ['12', -1, null, [1], {}])
      expect(pay({ amount })).toMatchObject({ kind: 'unresolvable', pointer: '/amount' });
  });

  it('of requests is told by method and URL, whoever sends them', async () => {
    const registry = await registryWith(REGISTRY);
    const sent = (method: string, path: string, host = 'api.search.example', scheme = 'https') =>
      resolved(registry, { type: 'http_request', destination: { scheme, host }, args: { method, path } });
    expect(sent('GET', '/v1/search?q=x')).toMatchObject({
      capability: 'http.search',
      authorization: { action: 'tools/call', resource: 'http/api.search.example/v1/search' },
      resources: [{ type: 'url', id: 'https://api.search.example/v1/search' }],
      destination: { scheme: 'https', host: 'api.search.example', port: 443 },
      objections: [],
    });
    expect(sent('POST', '/v1/anything')).toMatchObject({ capability: 'http.admin', objections: [] });
    for (const call of [
      sent('GET', '/v1/admin'),
      sent('GET', '/v2/search'),
      sent('GET', '/v1search'),
      sent('GET', '/v1/suggest/../admin'),
      sent('GET', '/v1/%2e%2e/search'),
      sent('GET', '/v1/search', 'api.search.example.evil'),
      sent('GET', '/v1/search', 'api.search.example', 'http'),
      sent('DELETE', '/v1/search'),
    ])
      expect(call).toEqual({ kind: 'undescribed' });
    for (const call of [
      sent('GET', '/v1/suggest/..%2fadmin'),
      sent('GET', '/v1/suggest/..\\admin'),
      sent('GET', '/v1/search', 'api.search.example/@evil'),
      sent('GET', '/v1/search', 'evil@api.search.example'),
    ])
      expect(call).toMatchObject({ kind: 'unresolvable' });
  });

  it('of a tool that sends requests is told by the URL among its arguments', async () => {
    const registry = await registryWith(REGISTRY);
    const call = (args: JsonObject) => resolved(registry, { tool: 'http_request', args });
    expect(call({ url: 'https://api.search.example/v1/search?q=1' })).toMatchObject({
      capability: 'http.search',
      authorization: { action: 'tools/call' },
      destination: { host: 'api.search.example' },
      objections: [],
    });
    expect(call({ method: 'POST', url: 'https://api.search.example/v1/x' })).toMatchObject({
      capability: 'http.admin',
    });
    expect(call({ url: 'https://evil.example/' })).toMatchObject({
      destination: { host: 'evil.example' },
      objections: [{ code: 'capability_not_authorized' }],
    });
    expect(call({})).toMatchObject({ objections: [{ code: 'capability_not_authorized' }] });
    expect(call({ url: 7 })).toMatchObject({ kind: 'unresolvable', pointer: '/url' });
    expect(call({ url: 'https://u:p@api.search.example/v1/search' })).toMatchObject({ kind: 'unresolvable' });
  });

  it('of models is told by provider and model, the longest pattern first', async () => {
    const registry = await registryWith(REGISTRY);
    const model = (name?: string, args: JsonObject = {}) =>
      resolved(registry, {
        type: 'model_inference',
        provider: 'groq',
        ...(name === undefined ? {} : { model: name }),
        args,
      });
    expect(model('small', { max_tokens: 9 })).toMatchObject({
      capability: 'model.groq',
      rate: { tokens_reserved: 9 },
    });
    expect(model('big-1')).toMatchObject({ capability: 'model.groq.big' });
    expect(model()).toMatchObject({ capability: 'model.groq' });
    expect(model('small', { max_tokens: 'all' })).toMatchObject({ kind: 'unresolvable' });
  });

  it('[P-REGISTRY-AUTHORIZATION] says no to an action that it is not for', async () => {
    const registry = await registryWith(REGISTRY);
    expect(resolved(registry, { type: 'resource_read', server: 'search', tool: 'web_search' })).toMatchObject(
      { objections: [{ code: 'capability_not_authorized' }] },
    );
  });

  it('gives its settings to tools that are listed by server under its id', async () => {
    const registry = await registryWith(`${REGISTRY}
servers:
  crm: { tools: { charge: { capability: tool.pay, amount: /cents } } }
`);
    expect(resolved(registry, { server: 'crm', tool: 'charge', args: { cents: 5 } })).toMatchObject({
      capability: 'tool.pay',
      step_up: true,
      step_up_method: 'passkey',
      operation: 'write',
      amount: 5,
    });
  });

  it('may be written by id, so that several bundles each hold their own', async () => {
    const one = `capabilities: { a: { adapter: mcp, tools: { allow: [x] } } }`;
    const two = `capabilities: { b: { adapter: mcp, tools: { allow: [y] } } }`;
    const named = async (name: string, text: string, id: string) =>
      bundleOf(
        await readDirectory(
          makeFolder({
            [PLACE]: text,
            '.manifest': JSON.stringify({ roots: [`writ/registry/capabilities/${id}`] }),
          }),
          { name },
        ),
      );
    const set = checkSet([await named('one', one, 'a'), await named('two', two, 'b')]);
    expect(set.ok && resolved(set.registry, { tool: 'y' })).toMatchObject({ capability: 'b', bundle: 'two' });
    const both = checkSet([await named('one', one, 'a'), await named('two', one.replace('a:', 'c:'), 'c')]);
    expect(problemsOf(both)).toMatchObject([{ code: 'registry_conflict', bundle: 'two' }]);
  });
});

describe('a registry that is wrong', () => {
  const listed = (fields: string): string => `capabilities:\n  - id: a\n${fields}`;
  it.each([
    ['    adaptor: mcp', 'unknown key `adaptor`', 'did you mean `adapter`?', ':3:5'],
    ['    adapter: mcpp\n    tools: { allow: [x] }', 'expected one of', 'did you mean `mcp`?', ':3:14'],
    ['    adapter: mcp', 'needs `tools.allow`', 'name the tools', ':2:5'],
    ['    adapter: http', 'needs an `endpoint`', 'endpoint:', ':2:5'],
    ['    adapter: openai_compat', '`authorization.resource`', 'groq/*', ':2:5'],
    [
      '    adapter: mcp\n    tools: { allow: [x] }\n    programs: { allow: [ls] }',
      'means nothing to adapter `mcp`',
      'it is for `cli`',
      ':5:15',
    ],
    [
      '    adapter: mcp\n    tools:\n      allow: [search]\n      describe: { serach: { cost: 1 } }',
      'not in `tools.allow`',
      'did you mean `search`?',
      ':6:27',
    ],
    [
      '    adapter: mcp\n    tools: { allow: [x] }\n    authorization: { action: tools/cal }',
      'expected one of',
      'did you mean `tools/call`?',
      ':5:30',
    ],
    [
      '    adapter: cli\n    tools: { allow: [x] }\n    authorization: { action: model/inference }',
      'cannot carry `model/inference`',
      'one of `tools/call`',
      ':5:30',
    ],
    [
      '    adapter: cli\n    tools: { allow: [x] }\n    authorization: { resource: "mcp/*" }',
      'does not cover `cli/x`',
      'such as `cli/*`',
      ':5:32',
    ],
    [
      '    adapter: mcp\n    tools: { allow: [x] }\n    rate_limit: { per: tenant }',
      'needs `requests_per_minute`',
      '',
      ':5:17',
    ],
    [
      '    adapter: mcp\n    tools: { allow: [x] }\n    rate_limit: { requests_per_minute: 0 }',
      'too small',
      '',
      ':5:40',
    ],
    ['    adapter: mcp\n    tools: { allow: [x] }\n    amount: amount', 'JSON Pointer', '', ':5:13'],
    [
      '    adapter: mcp\n    tools: { allow: [x] }\n  - id: a\n    adapter: mcp\n    tools: { allow: [y] }',
      'described twice',
      'put both together',
      ':5:9',
    ],
    [
      '    adapter: mcp\n    tools: { allow: [x] }\n  - id: b\n    adapter: mcp\n    tools: { allow: [x] }',
      'described by `a` too',
      'leave it in one',
      ':7:22',
    ],
  ])('says what, where, and the way out: %s', async (fields, message, help, place) => {
    const text = await refused(listed(fields));
    expect(text).toContain('registry_invalid');
    expect(text).toContain(message);
    expect(text).toContain(help);
    expect(text).toContain(`${PLACE}${place}`);
  });

  it('[P-REGISTRY-ONE-VOICE] does not activate where two capabilities share requests or models', async () => {
    const http = (id: string, path: string) =>
      `  - { id: ${id}, adapter: http, endpoint: "https://a.example${path}" }\n`;
    const model = (id: string) =>
      `  - { id: ${id}, adapter: openai_compat, authorization: { resource: "groq/*" } }\n`;
    for (const text of [http('a', '') + http('b', '/v1'), model('a') + model('b')]) {
      const { problems } = buildRegistry([await bundleWith(`capabilities:\n${text}`)]);
      expect(problems).toMatchObject([{ code: 'registry_conflict' }]);
    }
    const apart = `capabilities:\n${http('a', '/v1')}${http('b', '/v2')}`;
    expect(buildRegistry([await bundleWith(apart)]).problems).toEqual([]);
  });
});

describe("[P-THIRD-PARTY-TIGHTENS] a third party's registry", () => {
  const theirs = `capabilities:
  - id: theirs
    adapter: mcp
    servers: [shop]
    tools: { allow: [refund] }
    data_classes: [payment]
    operation: read
    step_up: true
    rate_limit: { requests_per_minute: 5 }
  - id: greedy
    adapter: mcp
    tools: { allow: [refund] }
    step_up: true
`;
  it('adds what is asked of calls of servers that it names, and describes none', async () => {
    const third = await bundleWith(theirs, { thirdParty: true });
    const { registry } = buildRegistry([third]);
    const call = { server: 'shop', tool: 'refund' };
    expect(resolveCapability(registry, call)).toEqual({ kind: 'undescribed' });
    expect(tightenCall(registry, call)).toEqual([
      {
        bundle: 'b',
        capability: 'theirs',
        data_classes: ['payment'],
        step_up: true,
        rate: { name: 'b:theirs', per: 'tenant', requests_per_minute: 5, tokens_reserved: 0 },
      },
    ]);
    expect(tightenCall(registry, { server: 'other', tool: 'refund' })).toEqual([]);
    expect(tightenCall(registry, { tool: 'refund' })).toEqual([]);
  });
});

describe('a pattern that nothing comes to', () => {
  const cli = (allow: string) =>
    `    adapter: cli\n    tools: { allow: [x] }\n    programs: { allow: [${allow}] }`;
  const http = (more: string) => `    adapter: http\n    endpoint: https://a.example/v1\n${more}`;
  it.each([
    [cli('git, "git log"'), '`git log` changes nothing: `git` means all of it', ':5:30'],
    [cli('"git l*", "git log"'), '`git log` changes nothing', ':5:35'],
    [cli('ls, ls'), '`ls` changes nothing: `ls` means all of it before', ':5:29'],
    [http('    paths: [/a/b, /a/*]'), '`/a/b` changes nothing: `/a/*` means all of it', ':5:13'],
    [http('    methods: [get, GET]'), '`GET` changes nothing', ':5:20'],
    [http('    authorization: { resource: "http/b.example/*" }'), 'nothing comes to it', ':5:32'],
  ])('is refused: %s', async (fields, message, place) => {
    const text = await refused(`capabilities:\n  - id: a\n${fields}`);
    expect(text).toContain(message);
    expect(text).toContain(`${PLACE}${place}`);
  });

  it('is none where each takes something', async () => {
    for (const fields of [
      cli('"git log", "git status", ls*'),
      http('    authorization: { resource: "http/a.example/v1/*" }'),
      http('    authorization: { resource: "http/*" }\n    paths: [/a/*, /b]'),
      http('    authorization: { resource: "http/fetch" }\n    tools: { allow: [fetch] }'),
    ])
      await registryWith(`capabilities:\n  - id: a\n${fields}`);
  });
});
