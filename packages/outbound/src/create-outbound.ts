import { Agent, type Dispatcher, request } from 'undici';
import type { AddressKind } from './address.ts';
import { hostAllowed } from './allowed-hosts.ts';
import type { Hop, Outbound, OutboundInit, OutboundOptions, OutboundResponse } from './contract.ts';
import { guardedConnector, resolveBySystem } from './guarded-connector.ts';
import { OutboundError } from './outbound-error.ts';
import { nextHop } from './redirect.ts';

/**
 * The one way out: the address is checked in the connection that is used, again at every redirect; metadata services,
 * link-local and reserved addresses are refused always, private ones and this machine unless allowed.
 */
export function createOutbound(options: OutboundOptions = {}): Outbound {
  const settings = {
    timeoutMs: options.timeoutMs ?? 10_000,
    responseBytesMax: options.responseBytesMax ?? 10 * 1_024 * 1_024,
    redirectsMax: options.redirectsMax ?? 3,
  };
  const agent = agentFor(options, settings.timeoutMs);
  const check = (url: URL): void => checkUrl(url, options.allowHosts);
  return {
    fetch: async (url, init = {}) => {
      const limit = AbortSignal.timeout(settings.timeoutMs);
      const signal = init.signal === undefined ? limit : AbortSignal.any([limit, init.signal]);
      let hop: Hop = firstHop(url, init);
      try {
        for (let redirects = 0; ; redirects += 1) {
          check(hop.url);
          const response = await exchange(agent, hop, signal, settings.responseBytesMax);
          const next = nextHop(hop, response, options.socketPath !== undefined);
          if (next === undefined) return response;
          if (redirects === settings.redirectsMax) {
            throw new OutboundError('outbound_redirect_refused', `more than ${redirects} redirects`);
          }
          hop = next;
        }
      } catch (cause) {
        throw outboundErrorFrom(cause, limit, init.signal);
      }
    },
    close: () => agent.destroy(),
  };
}

function agentFor(options: OutboundOptions, timeoutMs: number): Agent {
  if (options.socketPath !== undefined) {
    return new Agent({ connect: { socketPath: options.socketPath, timeout: timeoutMs } });
  }
  const allowedKinds = new Set<AddressKind>(['public']);
  if (options.allowPrivate === true) allowedKinds.add('private');
  if (options.allowLoopback === true) allowedKinds.add('loopback');
  const resolve = options.resolve ?? resolveBySystem;
  const { ca, tls } = options;
  return new Agent({ connect: guardedConnector({ allowedKinds, resolve, timeoutMs, ca, tls }) });
}

function firstHop(url: string | URL, init: OutboundInit): Hop {
  const parsed = URL.parse(String(url));
  if (parsed === null) throw new OutboundError('outbound_url_refused', `\`${url}\` is not a URL`);
  const headers = Object.fromEntries(
    Object.entries(init.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  if (headers['host'] !== undefined) {
    throw new OutboundError('outbound_url_refused', 'the host is named by the URL, not by a header');
  }
  return { url: parsed, method: (init.method ?? 'GET').toUpperCase(), headers, body: init.body };
}

function checkUrl(url: URL, allowHosts: readonly string[] | undefined): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new OutboundError('outbound_url_refused', `\`${url.protocol}\` is neither http nor https`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('outbound_url_refused', 'a URL with a name or password in it');
  }
  const usualPort = url.protocol === 'https:' ? '443' : '80';
  const port = url.port === '' ? usualPort : url.port;
  // A trailing dot names the same host and would pass by a list.
  const host = url.hostname.replace(/\.$/, '');
  if (allowHosts !== undefined && !hostAllowed(allowHosts, host, port, usualPort)) {
    throw new OutboundError('outbound_host_refused', `\`${url.host}\` is not allowed`);
  }
}

async function exchange(
  agent: Agent,
  hop: Hop,
  signal: AbortSignal,
  bytesMax: number,
): Promise<OutboundResponse> {
  const { statusCode, headers, body } = await request(hop.url, {
    dispatcher: agent,
    method: hop.method,
    headers: { ...hop.headers },
    body: hop.body ?? null,
    signal,
  });
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bytesMax) {
      body.destroy();
      throw new OutboundError('outbound_response_too_large', `the answer has more than ${bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return {
    status: statusCode,
    headers: flat(headers),
    url: hop.url.href,
    body: new Uint8Array(Buffer.concat(chunks)),
  };
}

function flat(headers: Dispatcher.ResponseData['headers']): Readonly<Record<string, string>> {
  const pairs = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(pairs);
}

function outboundErrorFrom(
  cause: unknown,
  limit: AbortSignal,
  cancel: AbortSignal | undefined,
): OutboundError {
  if (cause instanceof OutboundError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cancel?.aborted === true) return new OutboundError('outbound_cancelled', message, { cause });
  if (limit.aborted || codeOf(cause).endsWith('_TIMEOUT'))
    return new OutboundError('outbound_timeout', message, { cause });
  return new OutboundError('outbound_connection_failed', message, { cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
