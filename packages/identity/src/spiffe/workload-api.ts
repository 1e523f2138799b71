import { X509Certificate } from 'node:crypto';
import {
  type Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { JWK } from 'jose';
import { splitDer } from './der.ts';
import { parseSpiffeId } from './spiffe-id.ts';
import { type BundleSource, type TrustBundle, TrustBundleError } from './trust-bundle.ts';
import { WORKLOAD_API } from './workload-proto.ts';

/** Certificate and key, PEM. */
export interface KeyPair {
  /** Leaf first. */
  readonly cert: string;
  readonly key: string;
}

export interface WorkloadApiOptions {
  /** Path of the Unix socket, with or without `unix:`. */
  readonly socket: string;
  /** Longest wait for the first answer, ms. Default 10,000. */
  readonly waitMs?: number;
  readonly onFault?: (message: string) => void;
}

/** What the SPIFFE Workload API of this machine tells this process, followed as it changes. */
export interface WorkloadApi extends BundleSource {
  /** The gateway's own X.509-SVID, for its listener. */
  keyPair(): KeyPair;
}

/** Thrown where the Workload API gives nothing in time; the message says what to look at. */
export class WorkloadApiError extends Error {}

const WAIT_MS = 10_000;
const RETRY_MS = [100, 500, 2_000, 5_000];

interface X509Answer {
  readonly svids: readonly {
    readonly spiffe_id: string;
    readonly x509_svid: Uint8Array;
    readonly x509_svid_key: Uint8Array;
    readonly bundle: Uint8Array;
  }[];
  readonly federated_bundles: Readonly<Record<string, Uint8Array>>;
}
interface JwtAnswer {
  readonly bundles: Readonly<Record<string, Uint8Array>>;
}

/**
 * Connects to a SPIFFE Workload API, such as a SPIRE agent's. Resolves with the first identity; later ones, and bundles
 * of other domains, arrive over the same streams, which are opened again whenever they end.
 */
export async function openWorkloadApi(options: WorkloadApiOptions): Promise<WorkloadApi> {
  const client = connect(options.socket);
  const listeners: (() => void)[] = [];
  let bundles: ReadonlyMap<string, TrustBundle> = new Map();
  let x509: ReadonlyMap<string, readonly X509Certificate[]> = new Map();
  let jwt: ReadonlyMap<string, readonly JWK[]> = new Map();
  let keyPair: KeyPair | undefined;
  const first = Promise.withResolvers<void>();

  const changed = (): void => {
    bundles = new Map(
      [...new Set([...x509.keys(), ...jwt.keys()])].map((trustDomain) => [
        trustDomain,
        {
          trustDomain,
          authorities: x509.get(trustDomain) ?? [],
          jwtKeys: { keys: [...(jwt.get(trustDomain) ?? [])] },
        },
      ]),
    );
    for (const listener of listeners) listener();
  };
  const fault = (what: string) => (error: unknown) =>
    options.onFault?.(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  const streams = [
    follow<X509Answer>(client, 'FetchX509SVID', fault('X.509-SVID'), (answer) => {
      const read = readX509(answer);
      ({ keyPair, bundles: x509 } = read);
      changed();
      first.resolve();
    }),
    follow<JwtAnswer>(client, 'FetchJWTBundles', fault('JWT bundles'), (answer) => {
      jwt = readJwt(answer);
      changed();
    }),
  ];
  const close = (): void => {
    for (const stop of streams) stop();
    client.close();
  };
  const late = setTimeout(
    () =>
      first.reject(
        new WorkloadApiError(
          `the Workload API at ${options.socket} gave no identity in time: is the agent running, and this process registered?`,
        ),
      ),
    options.waitMs ?? WAIT_MS,
  );
  try {
    await first.promise;
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return {
    current: () => bundles,
    keyPair: () => keyPair as KeyPair,
    onChange: (listener) => void listeners.push(listener),
    close,
  };
}

/** A client with its methods by name: their types come from the description only at run time. */
function connect(socket: string): Client {
  const definition = fromJSON(WORKLOAD_API as never, {
    keepCase: true,
    defaults: true,
    arrays: true,
    objects: true,
  });
  const service = definition['SpiffeWorkloadAPI'] as ServiceDefinition;
  const Constructor = makeGenericClientConstructor(service, 'SpiffeWorkloadAPI');
  return new Constructor(`unix:${socket.replace(/^unix:(\/\/)?/, '')}`, credentials.createInsecure());
}

type Open<Answer> = (request: object, metadata: Metadata) => ClientReadableStream<Answer>;

/** Reads a stream, and opens it again whenever it ends; gives the function that stops it. */
function follow<Answer>(
  client: Client,
  method: string,
  onFault: (error: unknown) => void,
  take: (answer: Answer) => void,
): () => void {
  let stopped = false;
  let failures = 0;
  let stream: ClientReadableStream<Answer> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const open = (): void => {
    const metadata = new Metadata();
    // Without it the agent refuses: a browser that is lured into a request cannot set it.
    metadata.set('workload.spiffe.io', 'true');
    const call = (client as unknown as Readonly<Record<string, Open<Answer>>>)[method]?.bind(client);
    stream = call?.({}, metadata);
    let ended = false;
    const again = (error?: unknown): void => {
      if (ended || stopped) return;
      ended = true;
      if (error !== undefined) onFault(error);
      const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
      failures += 1;
      timer = setTimeout(open, wait);
      timer.unref();
    };
    stream?.on('data', (answer: Answer) => {
      try {
        take(answer);
        failures = 0;
      } catch (error) {
        // What was told before stays in force.
        onFault(error);
      }
    });
    stream?.on('error', again);
    stream?.on('end', () => again());
  };
  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    stream?.cancel();
  };
}

/** The first identity is the default one (Workload API section 5.1). */
function readX509({ svids, federated_bundles }: X509Answer) {
  const [own] = svids;
  if (own === undefined) throw new TrustBundleError('no identity was given');
  const bundles = new Map<string, readonly X509Certificate[]>();
  for (const [domain, bytes] of Object.entries(federated_bundles))
    bundles.set(domainOf(domain), certificates(bytes));
  for (const { spiffe_id, bundle } of svids) bundles.set(domainOf(spiffe_id), certificates(bundle));
  const cert = certificates(own.x509_svid)
    .map((each) => each.toString())
    .join('');
  const key = pem('PRIVATE KEY', own.x509_svid_key);
  return { keyPair: { cert, key }, bundles };
}

function readJwt({ bundles }: JwtAnswer): ReadonlyMap<string, readonly JWK[]> {
  return new Map(
    Object.entries(bundles).map(([domain, bytes]) => {
      const { keys = [] } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { keys?: readonly JWK[] };
      const usable = keys.filter(
        ({ kid, use }) => kid !== undefined && (use === undefined || use === 'jwt-svid'),
      );
      return [domainOf(domain), usable.map(({ use: _use, ...key }) => key)];
    }),
  );
}

function domainOf(id: string): string {
  const parsed = parseSpiffeId(id);
  if (parsed === undefined) throw new TrustBundleError(`\`${id}\` is no SPIFFE ID`);
  return parsed.trustDomain;
}

function certificates(bytes: Uint8Array): readonly X509Certificate[] {
  return splitDer(bytes).map((der) => new X509Certificate(der));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
