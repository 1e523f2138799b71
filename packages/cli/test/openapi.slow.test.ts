import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validate } from '@readme/openapi-parser';
import { parseTlogProof, parseVerifierKey, verifyTlogProof } from '@writ/ledger';
import { type RunningWrit, startWrit } from '@writ/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** One exchange: `METHOD /path/as/in/the/document`, what fills its path, query and body, and the status. */
interface Exchange {
  readonly operation: string;
  readonly url?: string;
  readonly body?: unknown;
  readonly accept?: string;
  readonly status?: number;
}

const call = (tool: string, args: object = {}): { request: object } => ({
  request: {
    principal: { id: 'user:42', scopes: ['read', 'write:refund', 'write:destructive'] },
    actor: { id: 'agent:ops' },
    action: { type: 'tool_call', phase: 'call', tool, args },
  },
});
const evaluation = {
  subject: { type: 'user', id: 'user:42', properties: { scopes: ['read'] } },
  action: { name: 'tools/call', properties: { arguments: { table: 'orders' } } },
  resource: { type: 'tool', id: 'db.read' },
  context: { agent: 'agent:ops' },
};
const input = { tool: 'db.read', arguments: {}, identity: { sub: 'user:42', scopes: ['read'] } };
const path = 'agent/tools/decision';

interface Document {
  readonly openapi: string;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
}
interface DocumentOperation {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

describe('the published OpenAPI document', () => {
  let folder: string;
  let writ: RunningWrit;
  let document: Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const asked = new Set<string>();
  // The server outlives an attempt: what has to be new to it is drawn.
  const unseen = (): string => randomUUID();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'writ-openapi-'));
    const config = join(folder, 'writ.yaml');
    writeFileSync(
      config,
      `bundles:\n  - name: tutorial\n    directory: ${join(root, 'examples/tutorial/bundle')}\napi:\n  policy_writes: true\nbudgets:\n  - {name: calls, per: principal, unit: requests, limit: 100, window: day}\n`,
    );
    writ = await startWrit(['serve', '--config', config], join(folder, 'data'), folder);
    document = (await (await fetch(`${writ.api}/openapi.json`)).json()) as Document;
    ajv.addSchema({ $id: 'writ:openapi', components: document.components });
  });

  afterAll(async () => {
    await writ?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Asks the server, and holds request and answer against the document; gives the answer. */
  async function ask({ operation, url, body, accept, status = 200 }: Exchange): Promise<unknown> {
    const [method = '', template = ''] = operation.split(' ');
    const described = document.paths[template]?.[method.toLowerCase()];
    if (described === undefined) throw new Error(`${operation} is not in the document`);
    if (body !== undefined && status === 200 && typeof body !== 'string')
      expect(problems(Object.values(described.requestBody?.content ?? {})[0]?.schema, body)).toEqual([]);
    const response = await fetch(`${writ.api}${url ?? template}`, {
      method,
      headers: {
        authorization: `Bearer ${writ.operatorToken()}`,
        'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
        ...(accept === undefined ? {} : { accept }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(`${operation} ${response.status} ${status === response.status ? '' : text}`.trim()).toBe(
      `${operation} ${status}`,
    );
    asked.add(operation);
    const answer = described.responses[String(status)] ?? described.responses['default'];
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    if (answer?.content === undefined) {
      expect(text).toBe('');
      return undefined;
    }
    const content = answer.content[type];
    if (content === undefined) throw new Error(`${operation} answered ${type}`);
    const value: unknown = /\bjson$/.test(type) ? JSON.parse(text) : text;
    expect(problems(content.schema, value), operation).toEqual([]);
    return value;
  }

  function problems(schema: object | undefined, value: unknown): readonly string[] {
    if (schema === undefined) return ['no schema'];
    const text = JSON.stringify(schema).replaceAll('"#/components', '"writ:openapi#/components');
    const check = ajv.compile(JSON.parse(text) as object);
    return check(value)
      ? []
      : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  it('is a valid OpenAPI 3.1 document', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const result = await validate(structuredClone(document) as never);
    expect(result).toMatchObject({ valid: true });
  });

  it('says what every route answers', { timeout: 120_000 }, async () => {
    asked.clear();
    const allowed = (await ask({
      operation: 'POST /v1/decide',
      body: { ...call('db.read'), idempotency_key: unseen() },
    })) as { decision_id: string };
    await ask({ operation: 'POST /v1/decide', body: { requests: [call('db.read'), call('shell.exec')] } });
    const { request } = call('db.read') as { request: { action: object } };
    const resources = [{ type: 'table', id: 'orders' }];
    await ask({
      operation: 'POST /v1/decide',
      body: { each_resource: true, request: { ...request, action: { ...request.action, resources } } },
    });
    await ask({ operation: 'POST /v1/decide', body: [], status: 400 });
    await ask({ operation: 'POST /v1/explain', body: call('db.read') });
    await ask({
      operation: 'POST /v1/complete',
      body: { decision_id: allowed.decision_id, status: 'succeeded', result: { content: 'x' } },
    });
    await ask({
      operation: 'POST /v1/list',
      body: {
        request: { ...request, action: { type: 'tool_call', phase: 'list' } },
        items: [{ tool: 'db.read' }],
      },
    });
    await ask({ operation: 'POST /v1/report', body: { kind: 'note', code: 'seen' }, status: 202 });
    const escalated = async (): Promise<string> => {
      const decision = await ask({
        operation: 'POST /v1/decide',
        body: call('db.delete', { n: unseen() }),
      });
      return (decision as { approval: { id: string } }).approval.id;
    };
    const one = await escalated();
    await ask({ operation: 'GET /v1/approvals', url: '/v1/approvals?status=pending' });
    await ask({ operation: 'GET /v1/approvals/{id}', url: `/v1/approvals/${one}` });
    await ask({ operation: 'GET /v1/approvals/{id}/wait', url: `/v1/approvals/${one}/wait?timeout_ms=1` });
    await ask({
      operation: 'POST /v1/approvals/{id}/approve',
      url: `/v1/approvals/${one}/approve`,
      body: {},
    });
    const two = await escalated();
    await ask({
      operation: 'POST /v1/approvals/{id}/deny',
      url: `/v1/approvals/${two}/deny`,
      body: { comment: 'no' },
    });
    await ask({ operation: 'POST /v1/approvals/{id}/revoke', url: `/v1/approvals/${one}/revoke`, body: {} });
    await ask({ operation: 'GET /v1/approvals/pending' });
    await ask({ operation: 'POST /v1/approvals/batch', body: { ids: [two], verdict: 'deny' } });
    await ask({ operation: 'GET /v1/approvers/away' });
    await ask({ operation: 'POST /v1/approvers/away', body: {} });
    await ask({ operation: 'POST /v1/approvals/{id}/cancel', url: `/v1/approvals/${two}/cancel` });

    for (const operation of [
      'GET /v1/log',
      'GET /v1/log/query',
      'GET /v1/active',
      'GET /v1/layers',
      'GET /v1/bundles',
    ])
      await ask({ operation });
    await ask({ operation: 'GET /v1/log/stats', url: '/v1/log/stats?from=2026-01-01&to=2099-01-01' });
    const { decision_id } = allowed;
    await ask({ operation: 'GET /v1/log/{id}', url: `/v1/log/${decision_id}` });
    await until(() => ask({ operation: 'GET /v1/log/checkpoint' }));
    const { proofs } = (await until(() =>
      ask({ operation: 'GET /v1/log/{id}/proof', url: `/v1/log/${decision_id}/proof` }),
    )) as { proofs: { index: number; proof: string }[] };
    const key = parseVerifierKey(readFileSync(join(writ.data, 'ledger.vkey'), 'utf8').trim());
    const read = proofs.map(({ proof }) => parseTlogProof(proof));
    expect(read).toHaveLength(2);
    for (const proof of read) expect(verifyTlogProof(proof!, [key!])).toBe(true);
    expect(verifyTlogProof({ ...read[0]!, leaf: read[1]!.leaf }, [key!])).toBe(false);
    await ask({ operation: 'POST /v1/log/erase', body: { principal: 'user:nobody' } });

    await ask({ operation: 'GET /v1/bundles/history' });
    await ask({ operation: 'GET /v1/bundles/{name}/history', url: '/v1/bundles/tutorial/history' });
    await ask({
      operation: 'GET /v1/bundles/{name}/kept/{digest}',
      url: '/v1/bundles/tutorial/kept/x',
      status: 404,
    });
    await ask({
      operation: 'POST /v1/bundles/{name}/rollback',
      url: '/v1/bundles/tutorial/rollback',
      body: { archive: 'H4sIAAAAAAAAAwMAAAAAAAAAAAA=' },
      status: 409,
    });
    const subject = 'principal=user:42&actor=agent:ops';
    expect(await ask({ operation: 'GET /v1/sessions', url: `/v1/sessions?${subject}` })).toMatchObject({
      context: { request_count: expect.any(Number), prior_tools: ['db.read'] },
    });
    await ask({ operation: 'GET /v1/sessions', status: 400 });
    expect(await ask({ operation: 'GET /v1/budgets' })).toMatchObject({
      budgets: [{ name: 'calls', limit: 100 }],
    });
    expect(await ask({ operation: 'GET /v1/budgets', url: `/v1/budgets?${subject}` })).toMatchObject({
      budgets: [{ used: expect.any(Number) }],
    });
    await ask({ operation: 'POST /v1/halt', body: { actor: 'agent:other' } });
    await ask({ operation: 'POST /v1/revoke', body: { actor: 'agent:other' } });
    await ask({ operation: 'POST /v1/restore', body: { actor: 'agent:other' } });
    await ask({ operation: 'POST /v1/resume', body: { actor: 'agent:other' } });
    await ask({
      operation: 'GET /v1/operator-proof/{nonce}',
      url: `/v1/operator-proof/${'0'.repeat(32)}`,
    });
    await ask({ operation: 'GET /health/{path}', url: '/health/live', status: 500 });
    for (const operation of ['GET /health', 'GET /readyz', 'GET /metrics', 'GET /openapi.json'])
      await ask({ operation });

    await ask({
      operation: 'POST /v1/data/{path}',
      url: `/v1/data/${path}?provenance&metrics`,
      body: { input },
    });
    await ask({ operation: 'POST /v1/data', body: {} });
    const query = `?input=${encodeURIComponent(JSON.stringify(input))}`;
    await ask({ operation: 'GET /v1/data/{path}', url: `/v1/data/${path}${query}` });
    await ask({ operation: 'GET /v1/data' });
    await ask({ operation: 'PUT /v1/data/{path}', url: '/v1/data/lists/blocked', body: ['a'], status: 204 });
    const patch = [{ op: 'add', path: '/-', value: 'b' }];
    await ask({
      operation: 'PATCH /v1/data/{path}',
      url: '/v1/data/lists/blocked',
      body: patch,
      status: 204,
    });
    await ask({ operation: 'DELETE /v1/data/{path}', url: '/v1/data/lists/blocked', status: 204 });
    await ask({ operation: 'PATCH /v1/data', body: [], status: 204 });
    await ask({ operation: 'PUT /v1/data', body: {}, status: 204 });
    await ask({ operation: 'DELETE /v1/data', status: 204 });
    await ask({ operation: 'POST /v0/data/{path}', url: `/v0/data/${path}`, body: input });
    await ask({ operation: 'POST /', body: input, status: 404 });
    await ask({
      operation: 'POST /v1/batch/data/{path}',
      url: `/v1/batch/data/${path}`,
      body: { inputs: { a: input } },
    });
    await ask({ operation: 'POST /v1/batch/data', body: { inputs: { a: {} } } });
    await ask({ operation: 'GET /v1/query', url: '/v1/query?q=x%3D1' });
    await ask({ operation: 'POST /v1/query', body: { query: 'x = 1' } });
    await ask({ operation: 'POST /v1/compile', body: { query: 'input.x = 1', unknowns: ['input'] } });
    for (const form of ['ucast.all', 'sql.postgresql'])
      await ask({
        operation: 'POST /v1/compile/{path}',
        url: '/v1/compile/agent/tools/catalogue',
        body: { input: {}, unknowns: ['input.rows'] },
        accept: `application/vnd.opa.${form}+json`,
      });
    await ask({ operation: 'GET /v1/policies' });
    await ask({ operation: 'GET /v1/policies/{path}', url: '/v1/policies/tutorial/policy.rego' });
    await ask({
      operation: 'PUT /v1/policies/{path}',
      url: '/v1/policies/mine',
      body: 'package mine\n\nx := 1\n',
    });
    await ask({ operation: 'DELETE /v1/policies/{path}', url: '/v1/policies/mine' });
    await ask({ operation: 'GET /v1/config' });
    await ask({ operation: 'GET /v1/status' });

    await ask({ operation: 'GET /.well-known/authzen-configuration' });
    await ask({ operation: 'POST /access/v1/evaluation', body: evaluation });
    await ask({
      operation: 'POST /access/v1/evaluations',
      body: { ...evaluation, evaluations: [{ resource: { type: 'tool', id: 'shell.exec' } }] },
    });
    const grant = {
      type: 'tool_call',
      principal: 'user:42',
      actor: 'agent:x',
      tool: 'db.delete',
      codes: ['human_approval_required'],
      arguments: [{ at: '/table', equals: 'tmp' }],
      uses: 1,
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    };
    const made = (await ask({ operation: 'POST /v1/standing', body: { grant } })) as { id: string };
    await ask({ operation: 'GET /v1/standing' });
    await ask({
      operation: 'POST /v1/standing/{id}/revoke',
      url: `/v1/standing/${made.id}/revoke`,
      body: {},
    });
    await ask({ operation: 'GET /access/v1/jwks' });
    const guarded = {
      subject: {
        type: 'user',
        id: 'user:42',
        properties: { scopes: ['read', 'write:refund', 'write:destructive'] },
      },
      action: { name: 'tools/call', properties: { arguments: { table: unseen() } } },
      resource: { type: 'tool', id: 'db.delete' },
    };
    const { context } = (await ask({ operation: 'POST /access/v1/evaluation', body: guarded })) as {
      context: { access_request: { binding_token: string } };
    };
    const { task } = (await ask({
      operation: 'POST /access/v1/requests',
      body: { ...guarded, denial: { binding_token: context.access_request.binding_token } },
      status: 202,
    })) as { task: { id: string } };
    await ask({ operation: 'GET /access/v1/requests/{id}', url: `/access/v1/requests/${task.id}` });
    await ask({
      operation: 'POST /access/v1/requests/{id}/cancel',
      url: `/access/v1/requests/${task.id}/cancel`,
    });
    for (const kind of ['subject', 'resource', 'action'])
      await ask({ operation: `POST /access/v1/search/${kind}`, body: { ...evaluation, page: { limit: 1 } } });

    const described = Object.entries(document.paths).flatMap(([at, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${at}`),
    );
    const silent = described.filter(
      (operation) => !asked.has(operation) && !/\/(?:stream|changes)$/.test(operation),
    );
    expect(silent).toEqual([]);
  });

  it('streams the record and approvals, and goes on where a client was', { timeout: 60_000 }, async () => {
    const headers = { authorization: `Bearer ${writ.operatorToken()}` };
    const entries = await follow('/v1/log/stream', headers);
    const approvals = await follow('/v1/approvals/changes', headers);
    await ask({ operation: 'POST /v1/decide', body: call('db.read', { seen: unseen() }) });
    const first = await entries.next();
    const entry = document.components.schemas['LogEntry'];
    expect(first).toMatchObject({ event: 'entry', data: { core: { kind: 'decision' } } });
    expect(problems(entry, first.data)).toEqual([]);
    const decision = (await ask({
      operation: 'POST /v1/decide',
      body: call('db.delete', { seen: unseen() }),
    })) as { approval: { id: string } };
    const id = decision.approval.id;
    expect(await approvals.next()).toMatchObject({ event: 'approval', data: { id, status: 'pending' } });
    entries.close();
    await ask({ operation: 'POST /v1/approvals/{id}/deny', url: `/v1/approvals/${id}/deny`, body: {} });
    // The first event may be the same approval once more: its entry and its decision both name it.
    let latest = await approvals.next();
    while ((latest.data as { status: string }).status === 'pending') latest = await approvals.next();
    expect(latest.data).toMatchObject({ id, status: 'denied' });
    approvals.close();
    const again = await follow('/v1/log/stream', { ...headers, 'last-event-id': String(first.id) });
    expect((await again.next()).id).toBe(first.id + 1);
    again.close();
    expect((await fetch(`${writ.api}/v1/log/stream`)).status).toBe(401);
    const wrong = await fetch(`${writ.api}/v1/log/stream`, { headers: { ...headers, 'last-event-id': 'x' } });
    expect(wrong.status).toBe(400);
  });

  interface Received {
    readonly event: string;
    readonly id: number;
    readonly data: unknown;
  }

  async function follow(
    at: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ next(): Promise<Received>; close(): void }> {
    const gone = new AbortController();
    const response = await fetch(`${writ.api}${at}`, { headers, signal: gone.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let buffered = '';
    return {
      close: () => gone.abort(),
      next: async () => {
        for (;;) {
          const end = buffered.indexOf('\n\n');
          const block = end < 0 ? undefined : buffered.slice(0, end);
          if (block !== undefined) buffered = buffered.slice(end + 2);
          const found = /^event: (.*)\nid: (\d+)\ndata: (.*)$/.exec(block ?? '');
          if (found !== null)
            return { event: found[1]!, id: Number(found[2]), data: JSON.parse(found[3]!) as unknown };
          if (block === undefined) {
            const { value, done } = await reader.read();
            if (done) throw new Error('the stream ended');
            buffered += value;
          }
        }
      },
    };
  }

  /** Checkpoints are made once a second. */
  async function until(work: () => Promise<unknown>): Promise<unknown> {
    for (let left = 20; ; left--) {
      try {
        return await work();
      } catch (error) {
        if (left === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }
});
