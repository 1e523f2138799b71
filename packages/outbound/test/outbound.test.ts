import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createOutbound,
  OUTBOUND_ERROR_CODES,
  type Outbound,
  OutboundError,
  type OutboundOptions,
} from '../src/index.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server on this machine; gives its port and counts what reached it. */
async function serve(
  handler: Handler,
): Promise<{ readonly port: number; readonly seen: readonly IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

function client(options: OutboundOptions = {}): Outbound {
  const outbound = createOutbound(options);
  ends.push(() => outbound.close());
  return outbound;
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'resolved';
  } catch (cause) {
    return cause instanceof OutboundError ? cause.code : cause;
  }
}

const hello: Handler = (_request, response) => response.end('hello');

describe('what may be reached', () => {
  it('[P-OUTBOUND-ADDRESS] refuses this machine unless it is allowed, by name, number and disguise', async () => {
    const { port, seen } = await serve(hello);
    const hosts = [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
      '127.1',
      '0.0.0.0',
      '[::]',
    ];
    for (const outbound of [client(), client({ allowPrivate: true })]) {
      for (const host of hosts) {
        expect([host, await codeOf(outbound.fetch(`http://${host}:${port}/`))]).toEqual([
          host,
          'outbound_address_refused',
        ]);
      }
    }
    expect(seen).toEqual([]);
    const response = await client({ allowLoopback: true }).fetch(`http://127.0.0.1:${port}/`);
    expect([response.status, Buffer.from(response.body).toString()]).toEqual([200, 'hello']);
  });

  it.each([
    '169.254.169.254',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '169.254.1.1',
    '[fe80::1]',
    '100.100.100.200',
    '224.0.0.1',
  ])('[P-OUTBOUND-METADATA] refuses %s whatever is allowed', async (host) => {
    const outbound = client({ allowPrivate: true, allowLoopback: true, timeoutMs: 2_000 });
    expect(await codeOf(outbound.fetch(`http://${host}/latest/meta-data/`))).toBe('outbound_address_refused');
  });

  it('[P-OUTBOUND-ADDRESS] connects to the address that it checked, though the name changes its mind', async () => {
    const { port, seen } = await serve(hello);
    let asked = 0;
    const resolve = async (): Promise<readonly string[]> => {
      asked += 1;
      return asked === 1 ? ['127.0.0.1'] : ['169.254.169.254'];
    };
    const outbound = client({ allowLoopback: true, resolve });
    expect((await outbound.fetch(`http://rebinding.example:${port}/`)).status).toBe(200);
    expect([asked, seen.length]).toEqual([1, 1]);
  });

  it('refuses a name with one refused address among good ones, and one without address', async () => {
    const answers: Readonly<Record<string, readonly string[]>> = {
      mixed: ['127.0.0.1', '10.0.0.1'],
      empty: [],
    };
    const resolve = async (name: string): Promise<readonly string[]> => {
      const found = answers[name];
      if (found === undefined) throw new Error('no such name');
      return found;
    };
    const outbound = client({ allowLoopback: true, resolve });
    expect(await codeOf(outbound.fetch('http://mixed/'))).toBe('outbound_address_refused');
    expect(await codeOf(outbound.fetch('http://empty/'))).toBe('outbound_name_not_found');
    expect(await codeOf(outbound.fetch('http://unknown/'))).toBe('outbound_name_not_found');
  });

  it('[P-OUTBOUND-HOSTS] reaches listed hosts alone', async () => {
    const { port, seen } = await serve(hello);
    const resolve = async (): Promise<readonly string[]> => ['127.0.0.1'];
    const allowHosts = [`api.example:${port}`, `*.tools.example:${port}`, 'other.example'];
    const outbound = client({ allowLoopback: true, allowHosts, resolve });
    const outcomes: Readonly<Record<string, string>> = {
      [`api.example:${port}`]: 'resolved',
      [`API.example.:${port}`]: 'resolved',
      [`a.tools.example:${port}`]: 'resolved',
      [`tools.example:${port}`]: 'outbound_host_refused',
      [`eviltools.example:${port}`]: 'outbound_host_refused',
      [`api.example.evil.example:${port}`]: 'outbound_host_refused',
      [`other.example:${port}`]: 'outbound_host_refused',
      'api.example': 'outbound_host_refused',
    };
    for (const [host, outcome] of Object.entries(outcomes)) {
      expect([host, await codeOf(outbound.fetch(`http://${host}/`))]).toEqual([host, outcome]);
    }
    expect(seen.length).toBe(3);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.org/',
    'data:text/plain,hello',
    'http://name:word@example.org/',
    'no url',
  ])('refuses the URL %s', async (url) => {
    expect(await codeOf(client().fetch(url))).toBe('outbound_url_refused');
  });

  it('refuses a host header', async () => {
    expect(await codeOf(client().fetch('http://example.org/', { headers: { Host: 'other' } }))).toBe(
      'outbound_url_refused',
    );
  });
});

describe('redirects', () => {
  function redirectTo(location: (path: string) => string, status = 302): Handler {
    return (request, response) => {
      const to = location(request.url ?? '');
      if (to === '') response.end(JSON.stringify({ method: request.method, headers: request.headers }));
      else response.writeHead(status, { location: to }).end();
    };
  }

  it('[P-OUTBOUND-REDIRECT] are checked as the first address was', async () => {
    const { port } = await serve(redirectTo(() => 'http://169.254.169.254/latest/meta-data/'));
    const outbound = client({ allowLoopback: true, timeoutMs: 2_000 });
    expect(await codeOf(outbound.fetch(`http://127.0.0.1:${port}/`))).toBe('outbound_address_refused');
    const other = await serve(redirectTo(() => 'file:///etc/passwd'));
    expect(await codeOf(outbound.fetch(`http://127.0.0.1:${other.port}/`))).toBe('outbound_url_refused');
    const listed = client({ allowLoopback: true, allowHosts: [`127.0.0.1:${port}`] });
    expect(await codeOf(listed.fetch(`http://127.0.0.1:${port}/`))).toBe('outbound_host_refused');
  });

  it('end at their limit', async () => {
    const { port, seen } = await serve(redirectTo((path) => `${path}x`));
    const outbound = client({ allowLoopback: true, redirectsMax: 2 });
    expect(await codeOf(outbound.fetch(`http://127.0.0.1:${port}/`))).toBe('outbound_redirect_refused');
    expect(seen.length).toBe(3);
  });

  it('carry no secret and no body to another origin', async () => {
    const target = await serve(redirectTo(() => ''));
    const { port } = await serve(redirectTo(() => `http://127.0.0.1:${target.port}/`));
    const kept = await serve(redirectTo(() => `http://127.0.0.1:${target.port}/`, 307));
    const outbound = client({ allowLoopback: true });
    const headers = { Authorization: 'Bearer s', 'X-Vault-Token': 's', Accept: 'text/plain' };
    const response = await outbound.fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: 'secret',
      headers,
    });
    const seen = JSON.parse(Buffer.from(response.body).toString());
    expect(seen.method).toBe('GET');
    expect([seen.headers.authorization, seen.headers['x-vault-token'], seen.headers.accept]).toEqual([
      undefined,
      undefined,
      'text/plain',
    ]);
    const carried = outbound.fetch(`http://127.0.0.1:${kept.port}/`, { method: 'POST', body: 'secret' });
    expect(await codeOf(carried)).toBe('outbound_redirect_refused');
  });

  it('keep method, body and headers within one origin', async () => {
    const bodies: string[] = [];
    const { port } = await serve((request, response) => {
      request.setEncoding('utf8');
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(`${request.method} ${request.headers.authorization} ${body}`);
        if (request.url === '/') response.writeHead(308, { location: '/next' });
        response.end();
      });
    });
    const init = { method: 'PUT', body: 'text', headers: { authorization: 'a' } };
    const response = await client({ allowLoopback: true }).fetch(`http://127.0.0.1:${port}/`, init);
    expect(response.url).toBe(`http://127.0.0.1:${port}/next`);
    expect(bodies).toEqual(['PUT a text', 'PUT a text']);
  });
});

describe('limits', () => {
  it('an answer that is too large is not taken', async () => {
    const { port } = await serve((_request, response) => {
      response.write('x'.repeat(600));
      setImmediate(() => response.end('x'.repeat(600)));
    });
    const address = `http://127.0.0.1:${port}/`;
    expect(await codeOf(client({ allowLoopback: true, responseBytesMax: 1_000 }).fetch(address))).toBe(
      'outbound_response_too_large',
    );
    expect(
      (await client({ allowLoopback: true, responseBytesMax: 1_200 }).fetch(address)).body.byteLength,
    ).toBe(1_200);
  });

  it('an answer that does not come, or does not end, is a timeout', async () => {
    const silent = await serve(() => undefined);
    const endless = await serve((_request, response) => response.write('x'));
    const outbound = client({ allowLoopback: true, timeoutMs: 100 });
    for (const { port } of [silent, endless]) {
      expect(await codeOf(outbound.fetch(`http://127.0.0.1:${port}/`))).toBe('outbound_timeout');
    }
  });

  it('the caller can cancel', async () => {
    const { port } = await serve(() => undefined);
    const controller = new AbortController();
    const fetched = codeOf(
      client({ allowLoopback: true }).fetch(`http://127.0.0.1:${port}/`, { signal: controller.signal }),
    );
    controller.abort();
    expect(await fetched).toBe('outbound_cancelled');
  });

  it('a refused connection says so', async () => {
    const { port } = await serve(hello);
    await ends.pop()?.();
    expect(await codeOf(client({ allowLoopback: true }).fetch(`http://127.0.0.1:${port}/`))).toBe(
      'outbound_connection_failed',
    );
  });
});

it('speaks to a Unix socket, whatever the host of the URL', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-outbound-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 's');
  const server = createServer((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/' });
    response.end('by socket');
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const outbound = client({ socketPath });
  const response = await outbound.fetch('http://opa/v1/data', { method: 'POST', body: '{}' });
  expect(Buffer.from(response.body).toString()).toBe('by socket');
  expect(await codeOf(outbound.fetch('http://opa/away'))).toBe('outbound_redirect_refused');
});

it('has these error codes', () => {
  expect(OUTBOUND_ERROR_CODES).toEqual([
    'outbound_url_refused',
    'outbound_host_refused',
    'outbound_address_refused',
    'outbound_redirect_refused',
    'outbound_response_too_large',
    'outbound_name_not_found',
    'outbound_connection_failed',
    'outbound_timeout',
    'outbound_cancelled',
  ]);
});
