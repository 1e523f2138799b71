import { createRequire } from 'node:module';
import { Client, ProtocolError } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DECISION_META_KEY } from '../src/index.ts';
import { ALICE, MODERN, post, type StartedGateway, startGateway } from './start-gateway.ts';
import { type PointOptions, startPoint } from './start-point.ts';
import { StreamsTransport } from './streams-transport.ts';

const EVERYTHING = {
  command: process.execPath,
  args: [
    createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js'),
    'stdio',
  ],
};

/** Text resources and one prompt; architecture's document is hidden, secret arguments are denied. */
const POLICY = `package agent

id := input.action.resources[0].id

named := {"mcp_resource", "mcp_resource_template", "mcp_prompt"}

decision := {"outcome": "deny", "reason": "secret_document"} if endswith(id, "architecture.md")

else := {"outcome": "deny", "reason": "secret_prompt"} if id == "resource-prompt"

else := {"outcome": "sanitize", "reason": "state_removed", "redact": ["/arguments/state"]} if {
	input.action.type == "prompt_get"
	input.action.args.arguments.state
	input.action.args.arguments.city == "Springfield"
}

else := {"outcome": "sanitize", "reason": "name_removed", "redact": ["/uri"]} if {
	input.action.type == "resource_read"
	contains(id, "features.md")
}

else := {"outcome": "escalate", "reason": "needs_a_person"} if {
	input.action.phase == "call"
	contains(id, "startup.md")
}

else := {"outcome": "allow", "reason": "ok"} if input.action.resources[0].type in named

output := {"outcome": "deny", "reason": "leak"} if contains(json.marshal(input.result), "weather in Leak")

else := {"outcome": "sanitize", "reason": "masked", "redact": ["/content/0/text"]} if {
	input.action.type == "resource_read"
	contains(json.marshal(input.result), "Extension")
}

else := {"outcome": "allow", "reason": "fine"}
`;
const ENTRYPOINTS = [
  { path: 'agent/decision', kind: 'grant', when: { phases: ['call', 'list'] } },
  { path: 'agent/output', kind: 'guard', when: { phases: ['result'] } },
];

async function open(ids: readonly string[] = ['every'], more: Partial<PointOptions> = {}) {
  const point = await startPoint({ rego: POLICY, entrypoints: ENTRYPOINTS, ...more });
  const started = await startGateway(
    point.service,
    ids.map((id) => ({ id, ...EVERYTHING })),
  );
  return { ...started, ...point };
}

/** The official client on a pair of streams. */
async function connectStdio({ gateway }: StartedGateway): Promise<Client> {
  const transport = new StreamsTransport();
  const session = gateway.serveStdio(ALICE, transport.toServer, transport.fromServer);
  onTestFinished(() => session.close());
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  return client;
}

async function refusal(asked: Promise<unknown>): Promise<ProtocolError> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProtocolError);
  return error as ProtocolError;
}

const CLIENTS: readonly (readonly [string, (started: StartedGateway) => Promise<Client>])[] = [
  ['2025-11-25 over HTTP', ({ connect }) => connect('legacy')],
  ['2026-07-28 over HTTP', ({ connect }) => connect(MODERN)],
  ['stdio', connectStdio],
];

const DOCUMENTS = 'demo://resource/static/document';

describe.each(CLIENTS)(
  'resources, prompts and completion of a real server, client of %s',
  (_name, connect) => {
    it('[P-GATEWAY-EVERY-REQUEST] are listed by what could be granted, and each request is decided', async () => {
      const started = await open();
      const client = await connect(started);
      const { resources, ...rest } = await client.listResources();
      const uris = resources.map(({ uri }) => uri);
      expect(uris).toContain(`${DOCUMENTS}/instructions.md`);
      expect(uris).not.toContain(`${DOCUMENTS}/architecture.md`);
      expect(rest.nextCursor).toBeUndefined();
      expect((await client.listResourceTemplates()).resourceTemplates.length).toBe(2);
      const prompts = (await client.listPrompts()).prompts.map(({ name }) => name);
      expect(prompts).toEqual(['simple-prompt', 'args-prompt', 'completable-prompt']);

      const read = await client.readResource({ uri: `${DOCUMENTS}/instructions.md` });
      expect(JSON.stringify(read.contents)).toContain('Everything Server');
      expect(read._meta?.[DECISION_META_KEY]).toMatchObject({ outcome: 'allow', reason: 'ok' });
      expect((await client.getPrompt({ name: 'simple-prompt' })).messages).toHaveLength(1);
      const completed = await client.complete({
        ref: { type: 'ref/prompt', name: 'completable-prompt' },
        argument: { name: 'department', value: 'S' },
      });
      expect(completed.completion.values).toEqual(['Sales', 'Support']);
      const decided = (await started.entries()).filter(({ core }) => core.kind === 'decision');
      expect(decided.map(({ core }) => `${core.action_type} ${core.phase} ${core.outcome}`)).toEqual([
        'resource_read list allow',
        'resource_read list allow',
        'prompt_get list allow',
        'resource_read call allow',
        'prompt_get call allow',
        'completion call allow',
      ]);
    });

    it('[P-GATEWAY-HIDDEN-DENIED] what is hidden is denied, and on record apart from what does not exist', async () => {
      const started = await open();
      const client = await connect(started);
      const hidden = await refusal(client.readResource({ uri: `${DOCUMENTS}/architecture.md` }));
      expect([hidden.code, hidden.message]).toEqual([
        -31_403,
        'REQUEST_DENIED: secret_document. Choose a different action.',
      ]);
      expect(hidden.data).toMatchObject({
        [DECISION_META_KEY]: { outcome: 'deny', reason: 'secret_document' },
      });
      const prompt = await refusal(client.getPrompt({ name: 'resource-prompt' }));
      expect(prompt.message).toContain('secret_prompt');
      const reference = { ref: { type: 'ref/prompt', name: 'resource-prompt' } as const };
      await refusal(client.complete({ ...reference, argument: { name: 'resourceType', value: '' } }));
      expect((await refusal(client.readResource({ uri: `${DOCUMENTS}/none.md` }))).code).toBe(-32_602);
      expect((await refusal(client.getPrompt({ name: 'none' }))).code).toBe(-32_602);
      const seen = (await started.entries()).map(({ core }) =>
        [core.kind, core.outcome, core.codes?.[0]].join(' '),
      );
      expect(seen).toEqual([
        'decision deny secret_document',
        'decision deny secret_prompt',
        'decision deny secret_prompt',
        'decision allow ok',
        'result allow fine',
        'administrative  prompt_unknown',
      ]);
    });

    it('[P-GATEWAY-OUTPUT-COMPLETE] results pass the output policy before any of them is released', async () => {
      const started = await open();
      const client = await connect(started);
      const masked = await client.readResource({ uri: `${DOCUMENTS}/extension.md` });
      expect(masked.contents).toMatchObject([{ uri: `${DOCUMENTS}/extension.md`, text: '[REDACTED]' }]);
      const asked = client.getPrompt({ name: 'args-prompt', arguments: { city: 'Gotham', state: 'NJ' } });
      expect((await asked).messages[0]?.content).toMatchObject({ text: "What's weather in Gotham, NJ?" });
      const leaking = client.getPrompt({ name: 'args-prompt', arguments: { city: 'Leak' } });
      expect((await refusal(leaking)).message).toBe('REQUEST_DENIED: leak. The result is withheld.');
    });

    it('[P-GATEWAY-REQUEST-REDACTED] redaction reaches arguments, never the name of what was decided about', async () => {
      const started = await open();
      const client = await connect(started);
      const asked = await client.getPrompt({
        name: 'args-prompt',
        arguments: { city: 'Springfield', state: 'Ohio' },
      });
      expect(JSON.stringify(asked.messages)).not.toContain('Ohio');
      const renamed = await refusal(client.readResource({ uri: `${DOCUMENTS}/features.md` }));
      expect(renamed.message).toContain('outcome_not_expressible');
      const last = (await started.entries()).at(-1)?.core;
      expect([last?.kind, last?.event]).toEqual(['result', 'not_sent']);
    });

    it('[P-GATEWAY-APPROVAL-ONCE] an approval lets one read of one resource through', async () => {
      const started = await open();
      const client = await connect(started);
      const read = (name: string) => client.readResource({ uri: `${DOCUMENTS}/${name}` });
      expect((await refusal(read('startup.md'))).message).toMatch(/^APPROVAL_PENDING: needs_a_person\./);
      const { approvals } = started.service.administration;
      const [pending] = await approvals.list({ status: 'pending' });
      await approvals.approve(pending?.id ?? '', 'operator');
      expect((await read('startup.md')).contents).toHaveLength(1);
      expect((await refusal(read('startup.md'))).message).toMatch(/^APPROVAL_PENDING/);
    });
  },
);

describe('several servers behind one endpoint', () => {
  it('[P-GATEWAY-NAMES-INJECTIVE] equal names and URIs stay apart, and links lead back', async () => {
    const started = await open(['one', 'two']);
    const client = await started.connect(MODERN);
    const uris = (await client.listResources()).resources.map(({ uri }) => uri);
    expect(new Set(uris).size).toBe(uris.length);
    expect(uris).toContain(`writ:two:${DOCUMENTS}/instructions.md`);
    const templates = (await client.listResourceTemplates()).resourceTemplates;
    expect(templates.map(({ uriTemplate }) => uriTemplate)).toContain(
      'writ:one:demo://resource/dynamic/text/{resourceId}',
    );
    const uri = `writ:two:${DOCUMENTS}/instructions.md`;
    expect((await client.readResource({ uri })).contents).toMatchObject([{ uri }]);
    expect((await client.getPrompt({ name: 'two__simple-prompt' })).messages).toHaveLength(1);
    for (const wrong of [
      `${DOCUMENTS}/instructions.md`,
      `writ:three:${DOCUMENTS}/x`,
      'writ:two:',
      'writ:tw',
    ]) {
      const refused = await refusal(client.readResource({ uri: wrong }));
      expect(refused.message).toContain('resource_unknown');
    }
    const servers = (await started.entries()).flatMap(({ core, fields }) =>
      core.kind === 'decision' && core.phase === 'call' ? [fields['server']] : [],
    );
    expect(servers).toEqual(['two', 'two']);
  });
});

describe('headers of the newer era', () => {
  it('[P-GATEWAY-HEADER-MATCH] a resource named in a header is the one in the body', async () => {
    const { url, entries } = await open();
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { uri: `${DOCUMENTS}/architecture.md`, _meta: meta };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'resources/read', params });
    const headers = {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'resources/read',
      'mcp-name': `${DOCUMENTS}/instructions.md`,
    };
    const refused = await post(url, body, headers);
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('-32020')]);
    expect((await entries()).filter(({ core }) => core.kind === 'decision')).toEqual([]);
  });
});
