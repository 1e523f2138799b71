import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Metadata, Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';
import { WORKLOAD_API } from '../../../identity/src/spiffe/workload-proto.ts';
import type { Authority, Issued } from './authority.ts';

const der = (pem: string): Buffer =>
  Buffer.concat(
    (pem.match(/-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g) ?? []).map((block) =>
      Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64'),
    ),
  );

export interface WorkloadServer {
  readonly socket: string;
  /** Tells every stream another identity and other bundles. */
  give(own: Issued, id: string, authorities: readonly Authority[]): void;
  /** Ends every stream, as an agent that restarts does. */
  cut(): void;
}

/** A SPIFFE Workload API on a Unix socket, with real keys: what a SPIRE agent would be. */
export async function startWorkloadServer(): Promise<WorkloadServer> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-spiffe-'));
  const socket = join(folder, 'agent.sock');
  type Stream = ServerWritableStream<object, object>;
  const open = { x509: new Set<Stream>(), jwt: new Set<Stream>() };
  let x509: object | undefined;
  let jwt: object | undefined;
  const keep = (kind: 'x509' | 'jwt', answer: () => object | undefined) => (stream: Stream) => {
    if ((stream.metadata as Metadata).get('workload.spiffe.io')[0] !== 'true') {
      stream.emit('error', { code: 3, details: 'security header missing from request' });
      return;
    }
    open[kind].add(stream);
    stream.on('cancelled', () => open[kind].delete(stream));
    const first = answer();
    if (first !== undefined) stream.write(first);
  };
  const server = new Server();
  const definition = fromJSON(WORKLOAD_API as never, { keepCase: true });
  server.addService(definition['SpiffeWorkloadAPI'] as never, {
    FetchX509SVID: keep('x509', () => x509),
    FetchJWTBundles: keep('jwt', () => jwt),
  });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  onTestFinished(async () => {
    server.forceShutdown();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    socket,
    give(own, id, authorities) {
      const [home, ...others] = authorities;
      x509 = {
        svids: [
          {
            spiffe_id: id,
            x509_svid: der(own.cert),
            x509_svid_key: der(own.key),
            bundle: der(home?.pem ?? ''),
          },
        ],
        federated_bundles: Object.fromEntries(
          others.map(({ trustDomain, pem }) => [`spiffe://${trustDomain}`, der(pem)]),
        ),
      };
      jwt = {
        bundles: Object.fromEntries(
          authorities.map((each) => [`spiffe://${each.trustDomain}`, Buffer.from(each.bundleJson())]),
        ),
      };
      for (const stream of open.x509) stream.write(x509);
      for (const stream of open.jwt) stream.write(jwt);
    },
    cut() {
      for (const stream of [...open.x509, ...open.jwt])
        stream.emit('error', { code: 14, details: 'agent restarts' });
      open.x509.clear();
      open.jwt.clear();
    },
  };
}

/** Does a private key belong to the certificate. */
export function belongs({ cert, key }: Issued): boolean {
  return new X509Certificate(cert).publicKey.equals(createPublicKey(key));
}
