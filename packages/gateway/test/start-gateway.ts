import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { DecisionPoint } from '@writ/decision';
import { type Caller, createAuthenticator, hashToken, staticKeys } from '@writ/identity';
import { onTestFinished } from 'vitest';
import {
  createMcpGateway,
  type McpGateway,
  type McpGatewayOptions,
  type UpstreamConfig,
} from '../src/index.ts';

export type Era = 'legacy' | 'auto' | { readonly pin: string };
export const MODERN: Era = { pin: '2026-07-28' };

export const ALICE: Caller = {
  principal: { id: 'user:alice', kind: 'user', tenant: 'acme', scopes: ['read'] },
  actor: { id: 'agent:helper' },
};
export const BOB: Caller = {
  principal: { id: 'user:bob', kind: 'user', tenant: 'acme', scopes: [] },
  actor: { id: 'agent:other' },
};
export const TOKENS = { alice: 'alice-token', bob: 'bob-token' };

/** The fixture server as a child on stdio. */
export function fixtureUpstream(
  id = 'fixture',
  env: Record<string, string> = {},
  limits: UpstreamConfig['limits'] = {},
): UpstreamConfig {
  const script = fileURLToPath(new URL('./fixtures/raw-server.ts', import.meta.url));
  return { id, command: process.execPath, args: [script], env, limits };
}

/** Serves on a free port until the test ends. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

export interface StartedGateway {
  readonly gateway: McpGateway;
  readonly url: string;
  /** A client of the official SDK. */
  connect(era?: Era, token?: string): Promise<Client>;
}

export async function startGateway(
  point: DecisionPoint,
  upstreams: readonly UpstreamConfig[],
  more: Partial<McpGatewayOptions> = {},
): Promise<StartedGateway> {
  const gateway = createMcpGateway({
    point,
    upstreams,
    authenticator: createAuthenticator({
      providers: [
        staticKeys([
          { ...ALICE, tokenHash: hashToken(TOKENS.alice) },
          { ...BOB, tokenHash: hashToken(TOKENS.bob) },
        ]),
      ],
    }),
    ...more,
  });
  onTestFinished(() => gateway.close());
  const url = await listen((request, response) => void gateway.handle(request, response));
  const connect = async (era: Era = 'auto', token: string = TOKENS.alice): Promise<Client> => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: era } });
    const headers = { Authorization: `Bearer ${token}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    onTestFinished(() => client.close());
    return client;
  };
  return { gateway, url, connect };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export const LEGACY_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: `Bearer ${TOKENS.alice}`,
};

/** One HTTP request byte for byte; a header that is undefined is left out. */
export function post(
  url: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string | undefined>> = {},
  method = 'POST',
): Promise<RawAnswer> {
  const merged = Object.entries({ ...LEGACY_HEADERS, ...headers }).filter(([, value]) => value !== undefined);
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      method,
      headers: Object.fromEntries(merged) as Record<string, string>,
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** A legacy `tools/call` as text; `args` is JSON written as it shall be sent. */
export function callText(name: string, args: string, more = ''): string {
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(name)},"arguments":${args}${more}}}`;
}

/** Text of a result's first block. */
export function textOf(result: { readonly content?: unknown }): string {
  const [first] = (result.content ?? []) as readonly { readonly text?: string }[];
  return first?.text ?? '';
}

/** Asks until the condition holds; the test's own time limit ends it. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
