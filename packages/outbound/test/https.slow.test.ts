import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createOutbound, OutboundError } from '../src/index.ts';

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'resolved';
  } catch (cause) {
    return cause instanceof OutboundError ? cause.code : cause;
  }
}

it('[P-OUTBOUND-REDIRECT] checks certificates, and does not go from https to http', async (context) => {
  if (spawnSync('openssl', ['version']).status !== 0) return context.skip('openssl is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'writ-outbound-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=api.example', '-addext', 'subjectAltName=DNS:api.example'];
  const how = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync('openssl', [...how, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const ca = readFileSync(cert, 'utf8');
  const server = createServer({ key: readFileSync(key), cert: ca }, (request, response) => {
    if (request.url === '/down') response.writeHead(302, { location: `http://api.example:${port}/` });
    response.end('safe');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const resolve = async (): Promise<readonly string[]> => ['127.0.0.1'];
  const trusting = createOutbound({ allowLoopback: true, resolve, ca });
  const strict = createOutbound({ allowLoopback: true, resolve });
  const refusing = createOutbound({ resolve, ca });
  try {
    const response = await trusting.fetch(`https://api.example:${port}/`);
    expect(Buffer.from(response.body).toString()).toBe('safe');
    expect(await codeOf(trusting.fetch(`https://api.example:${port}/down`))).toBe(
      'outbound_redirect_refused',
    );
    expect(await codeOf(trusting.fetch(`https://other.example:${port}/`))).toBe('outbound_connection_failed');
    expect(await codeOf(strict.fetch(`https://api.example:${port}/`))).toBe('outbound_connection_failed');
    expect(await codeOf(refusing.fetch(`https://api.example:${port}/`))).toBe('outbound_address_refused');
  } finally {
    await Promise.all([trusting, strict, refusing].map((outbound) => outbound.close()));
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true, force: true });
  }
});
