import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  createAuthenticator,
  createListener,
  type IdentityProvider,
  type ListenerOptions,
} from '@writ/identity';
import { onTestFinished } from 'vitest';
import { createMcpGateway, type UpstreamConfig } from '../../src/index.ts';
import { callText, fixtureUpstream } from '../start-gateway.ts';
import { startPoint } from '../start-point.ts';
import { ALLOW } from './ask-gateway.ts';
import type { Issued } from './authority.ts';

export interface TlsAnswer {
  readonly status: number;
  /** Code of a refusal; undefined where the call was decided. */
  readonly code: string | undefined;
  readonly text: string;
  /** Fingerprint of the certificate that the gateway showed. */
  readonly fingerprint: string;
  /** Port of the client's end: equal for calls on one connection. */
  readonly localPort: number;
}

/** A gateway that ends TLS itself; calls of a tool by clients with and without certificates. */
export async function openTls(
  providers: readonly IdentityProvider[],
  tls: NonNullable<ListenerOptions['tls']>,
  { rego = ALLOW, upstream = fixtureUpstream() }: { rego?: string; upstream?: UpstreamConfig } = {},
) {
  const { service, entries } = await startPoint({ rego });
  const gateway = createMcpGateway({
    point: service,
    upstreams: [upstream],
    authenticator: createAuthenticator({ providers }),
  });
  onTestFinished(() => gateway.close());
  const server = createListener({
    handle: (request, response) => void gateway.handle(request, response),
    tls,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const client = (own?: Issued) => {
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      // Whether clients trust the gateway is their side; here it is looked at by its fingerprint.
      rejectUnauthorized: false,
      ...(own === undefined ? {} : own),
    });
    onTestFinished(() => agent.destroy());
    return (headers: Readonly<Record<string, string>> = {}, tool = 'echo', args = '{}') =>
      new Promise<TlsAnswer>((resolve, reject) => {
        const request = httpsRequest({
          agent,
          port,
          host: '127.0.0.1',
          path: '/mcp',
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...headers,
          },
        });
        request.on('response', (response) => {
          const socket = response.socket as TLSSocket;
          const { localPort = 0 } = socket;
          const fingerprint = socket.getPeerCertificate().fingerprint256;
          let text = '';
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            const code = status === 200 ? undefined : /"message":"([a-z_]+): /.exec(text)?.[1];
            resolve({ status, code, text, fingerprint, localPort });
          });
          response.on('error', reject);
        });
        request.on('error', reject);
        request.end(callText(tool, args));
      });
  };
  return { client, entries };
}

/** A key pair that never changes. */
export function fixedKeyPair(pair: Issued): NonNullable<ListenerOptions['tls']>['keyPair'] {
  return { current: () => pair, onChange: () => undefined, close: () => undefined };
}
