import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { createOutbound, OutboundError } from '../src/index.ts';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

/** A certificate with its key in files of this name; its own authority, or signed by `issuer`. */
function certificate(folder: string, name: string, issuer?: string): void {
  const signed = issuer === undefined ? [] : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  execFileSync('openssl', ['req', '-x509', ...KEY, ...subject, ...signed, ...files], {
    cwd: folder,
    stdio: 'ignore',
  });
}

it('[P-OUTBOUND-CLIENT-CERTIFICATE] shows its certificate to its own host, renewed as the files are, and to no other', async (context) => {
  if (spawnSync('openssl', ['version']).status !== 0) return context.skip('openssl is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'writ-outbound-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['authority', 'stranger']) certificate(folder, name);
  for (const name of ['bundles.example', 'first', 'second']) certificate(folder, name, 'authority');
  certificate(folder, 'third', 'stranger');
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const shown: (string | undefined)[] = [];
  const server = createServer(
    {
      cert: read('bundles.example.pem'),
      key: read('bundles.example.key'),
      ca: read('authority.pem'),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const { authorized, getPeerCertificate } = request.socket as TLSSocket;
      const name = getPeerCertificate.call(request.socket).subject?.CN;
      shown.push(name === undefined ? undefined : `${String(name)}${authorized ? '' : ' (not trusted)'}`);
      response.setHeader('connection', 'close');
      if (request.url === '/away') response.writeHead(302, { location: `https://other.example:${port}/` });
      else if (!authorized) response.writeHead(401);
      response.end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const use = (name: string): void => {
    for (const part of ['pem', 'key'])
      copyFileSync(join(folder, `${name}.${part}`), join(folder, `client.${part}`));
  };
  const outbound = createOutbound({
    allowLoopback: true,
    resolve: async () => ['127.0.0.1'],
    tls: (host) => ({
      ca: read('authority.pem'),
      ...(host === 'bundles.example' ? { cert: read('client.pem'), key: read('client.key') } : {}),
    }),
  });
  onTestFinished(() => outbound.close());
  const fetch = async (path = '/') => (await outbound.fetch(`https://bundles.example:${port}${path}`)).status;
  for (const [name, status] of [
    ['first', 200],
    ['second', 200],
    ['third', 401],
    ['first', 200],
  ] as const) {
    use(name);
    expect(await fetch()).toBe(status);
  }
  expect(shown).toEqual(['first', 'second', 'third (not trusted)', 'first']);
  // The certificate of the other host does not carry its name; the redirect reaches it and is broken off.
  await expect(fetch('/away')).rejects.toMatchObject({ code: 'outbound_connection_failed' });
  expect(shown.slice(4)).toEqual(['first']);

  rmSync(join(folder, 'client.key'));
  const failed = await fetch().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(OutboundError);
  expect(failed).toMatchObject({ code: 'outbound_connection_failed' });
  writeFileSync(join(folder, 'client.key'), 'no key');
  await expect(fetch()).rejects.toMatchObject({ code: 'outbound_connection_failed' });
});
