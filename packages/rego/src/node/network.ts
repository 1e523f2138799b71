import { lookup as lookUp } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import type { HttpTlsOptions } from '../builtins/index.ts';
import type { NetworkFailure, NetworkHost, NetworkRequest, NetworkResponse } from '../host/network.ts';

/** What policies may use of this machine beside its network. */
export interface NodeNetworkOptions {
  /** Gives what `tls_*_file` names; refused without it. `readFile` of `node:fs/promises` gives any file. */
  readonly file?: (path: string) => Promise<string>;
  /** Gives what `tls_*_env_variable` names; refused without it. */
  readonly environment?: (name: string) => string | undefined;
  /** Whether `unix://` addresses may be asked. */
  readonly sockets?: boolean;
  /** Largest body of an answer; 10 MiB by default. */
  readonly bodyBytesMax?: number;
}

const BODY_BYTES_MAX_DEFAULT = 10 * 1024 * 1024;

/** Reads any file, for callers that trust their policies with that. */
export const anyFile = (path: string): Promise<string> => readFile(path, 'utf8');

class Refused extends Error {}

function failure(cause: NetworkFailure['cause'], message: string): NetworkFailure {
  return { kind: 'failure', cause, message };
}

interface Certificates {
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** A text that is given, lies in a file, or stands in a variable of the environment. */
async function material(
  options: NodeNetworkOptions,
  text: string | undefined,
  file: string | undefined,
  variable: string | undefined,
): Promise<string | undefined> {
  if (text !== undefined) return text;
  if (file !== undefined) {
    if (options.file === undefined) throw new Refused(`open ${file}: files are out of reach`);
    return options.file(file);
  }
  if (variable === undefined) return undefined;
  if (options.environment === undefined) throw new Refused(`${variable}: the environment is out of reach`);
  return options.environment(variable) ?? '';
}

async function certificates(tls: HttpTlsOptions, options: NodeNetworkOptions): Promise<Certificates> {
  const ca = await material(options, tls.caCert, tls.caCertFile, tls.caCertEnvVariable);
  const cert = await material(options, tls.clientCert, tls.clientCertFile, tls.clientCertEnvVariable);
  const key = await material(options, tls.clientKey, tls.clientKeyFile, tls.clientKeyEnvVariable);
  const roots = tls.useSystemCerts ? rootCertificates : [];
  return {
    ...(ca !== undefined && { ca: [...roots, ca] }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
  };
}

/** Where a request goes, as Node wants it said. `unix://host/path?socket=/a/b` goes to a socket. */
function target(
  url: string,
  options: NodeNetworkOptions,
): { readonly url: URL; readonly socketPath?: string } {
  if (!URL.canParse(url)) throw new Refused(`parse ${JSON.stringify(url)}: invalid URL`);
  const parsed = new URL(url);
  if (parsed.protocol !== 'unix:') {
    const scheme = parsed.protocol.slice(0, -1);
    if (scheme !== 'http' && scheme !== 'https') throw new Error(`unsupported protocol scheme "${scheme}"`);
    return { url: parsed };
  }
  const socketPath = parsed.searchParams.get('socket');
  if (socketPath === null) throw new Error('unsupported protocol scheme "unix"');
  if (options.sockets !== true) throw new Refused('sockets are out of reach');
  parsed.searchParams.delete('socket');
  return {
    url: new URL(`http://${parsed.host || 'localhost'}${parsed.pathname}${parsed.search}`),
    socketPath,
  };
}

function headersOf(message: IncomingMessage): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    const name = message.rawHeaders[index]!.toLowerCase();
    // Go takes this one out: it says how the answer came, not what it is.
    if (name === 'transfer-encoding') continue;
    // And this one, which Go reads itself.
    if (name === 'connection' && message.rawHeaders[index + 1] === 'close') continue;
    headers.set(name, [...(headers.get(name) ?? []), message.rawHeaders[index + 1]!]);
  }
  return headers;
}

async function readBody(message: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Undoes the compression that was asked for here and not by the policy, as Go's client does. */
function decompressed(headers: Map<string, string[]>, body: Buffer, bytesMax: number): Buffer {
  if (headers.get('content-encoding')?.[0] !== 'gzip' || body.length === 0) return body;
  headers.delete('content-encoding');
  headers.delete('content-length');
  return gunzipSync(body, { maxOutputLength: bytesMax });
}

function sendOnce(url: URL, options: RequestOptions, body: Uint8Array): Promise<IncomingMessage> {
  return new Promise((settle, fail) => {
    const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
    request.once('response', settle);
    request.once('error', fail);
    request.end(body);
  });
}

function outgoingHeaders(request: NetworkRequest): [Record<string, string>, asksForGzip: boolean] {
  const headers: Record<string, string> = Object.fromEntries(request.headers);
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const asksForGzip = !names.has('accept-encoding') && !names.has('range') && request.method !== 'HEAD';
  if (asksForGzip) headers['Accept-Encoding'] = 'gzip';
  if (!names.has('user-agent')) headers['User-Agent'] = 'writ-rego';
  if (request.body.length > 0 || /^(?:POST|PUT|PATCH)$/.test(request.method)) {
    headers['Content-Length'] = String(request.body.length);
  }
  return [headers, asksForGzip];
}

async function send(
  request: NetworkRequest,
  options: NodeNetworkOptions,
  signal: AbortSignal,
): Promise<NetworkResponse> {
  const bytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX_DEFAULT;
  const { url, socketPath } = target(request.url, options);
  const [headers, asksForGzip] = outgoingHeaders(request);
  const { tls } = request;
  const host = request.headers.find(([name]) => name === 'Host')?.[1];
  const servername = tls.serverName ?? host;
  const message = await sendOnce(
    url,
    {
      method: request.method,
      headers,
      agent: false,
      signal,
      ...(socketPath !== undefined && { socketPath }),
      ...(await certificates(tls, options)),
      ...(servername !== undefined && { servername }),
      ...(tls.insecureSkipVerify && { rejectUnauthorized: false }),
    } as RequestOptions,
    request.body,
  );
  const answered = headersOf(message);
  const raw = await readBody(message, bytesMax);
  const body = asksForGzip ? decompressed(answered, raw, bytesMax) : raw;
  const statusCode = message.statusCode ?? 0;
  return {
    kind: 'response',
    statusCode,
    status: `${statusCode} ${message.statusMessage ?? ''}`.trimEnd(),
    headers: answered,
    body: new Uint8Array(body),
  };
}

/** Node's failures in Go's words. */
function worded(caught: unknown): string {
  const { code, address, port, hostname, message } = caught as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
    readonly hostname?: string;
  };
  if (caught instanceof AggregateError && caught.errors.length > 0) return worded(caught.errors.at(-1));
  const place = address?.includes(':') ? `[${address}]` : address;
  if (code === 'ECONNREFUSED' && port !== undefined) {
    return `dial tcp ${place}:${port}: connect: connection refused`;
  }
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return `dial unix ${address}: connect: ${message}`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`;
  if (code === 'ECONNRESET') return message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer';
  if (code === 'ABORT_ERR') return 'context canceled';
  return message;
}

/**
 * The network of this machine, unguarded: whatever `allow_net` lets through is reached, loopback and metadata services
 * included. Policies that are not trusted get `fetchNetwork` over a guarded client instead.
 */
export function nodeNetwork(options: NodeNetworkOptions = {}): NetworkHost {
  return {
    async send(request, signal) {
      try {
        return await send(request, options, signal);
      } catch (caught) {
        if (caught instanceof Refused) return failure('internal', caught.message);
        return failure('network', worded(caught));
      }
    },
    async lookup(name) {
      try {
        const found = await lookUp(name, { all: true });
        return found.map(({ address }) => address);
      } catch {
        return failure('network', `lookup ${name}: no such host`);
      }
    },
  };
}
