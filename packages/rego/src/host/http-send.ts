import type { HostAnswer, HttpSendRequest } from '../builtins/index.ts';
import type { Value } from '../value/index.ts';
import type { HttpCache } from './http-cache.ts';
import { exchange } from './http-exchange.ts';
import { expiryOf, headerOf, isCacheableStatus, mayStore } from './http-expiry.ts';
import { httpResult } from './http-result.ts';
import type { NetworkFailure, NetworkHost, NetworkResponse } from './network.ts';

/** An answer, and whether other calls of the evaluation that have the same cache key get it too. */
export interface SentAnswer {
  readonly answer: HostAnswer;
  readonly isShared: boolean;
}

export interface HttpSendSurroundings {
  readonly network: NetworkHost;
  readonly cache: HttpCache | undefined;
  /** The evaluation's time, milliseconds since 1970. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

function resultOf(http: HttpSendRequest, response: NetworkResponse): HostAnswer & { readonly value: Value } {
  const force = { json: http.forceJsonDecode, yaml: http.forceYamlDecode };
  return { kind: 'value', value: httpResult(response, force) };
}

function failureOf({ message, cause }: NetworkFailure): SentAnswer {
  return { answer: { kind: 'failure', message, isNetwork: cause === 'network' }, isShared: true };
}

/** Until when an answer is kept; undefined where it is not. */
function keptUntil(http: HttpSendRequest, response: NetworkResponse, nowMs: number): number | undefined {
  if (!isCacheableStatus(response.statusCode)) return undefined;
  if (http.forceCacheSeconds > 0) return nowMs + http.forceCacheSeconds * 1000;
  return mayStore(response.headers) ? expiryOf(response.headers) : undefined;
}

function keep(
  http: HttpSendRequest,
  response: NetworkResponse,
  { cache, nowMs }: HttpSendSurroundings,
): void {
  const expiresAtMs = keptUntil(http, response, nowMs);
  if (expiresAtMs !== undefined) cache?.put(http.cacheKey, { response, expiresAtMs });
}

/** The request that asks whether a kept answer still holds goes without the headers that the cache ignores. */
async function revalidated(
  http: HttpSendRequest,
  old: NetworkResponse,
  around: HttpSendSurroundings,
): Promise<SentAnswer | undefined> {
  const tag = headerOf(old.headers, 'etag');
  const modified = headerOf(old.headers, 'last-modified');
  const conditions: (readonly [string, string])[] = [];
  if (tag !== '') conditions.push(['If-None-Match', tag]);
  if (modified !== '') conditions.push(['If-Modified-Since', modified]);
  if (conditions.length === 0) return undefined;
  const reply = await exchange(around.network, http, conditions, around.signal);
  if (reply.kind === 'failure') return failureOf(reply);
  if (reply.statusCode === 304) {
    const response = { ...old, headers: new Map([...old.headers, ...reply.headers]) };
    const expiresAtMs =
      http.forceCacheSeconds > 0 ? around.nowMs + http.forceCacheSeconds * 1000 : expiryOf(reply.headers);
    if (expiresAtMs === undefined) {
      return failureOf({ kind: 'failure', cause: 'internal', message: 'no date header' });
    }
    around.cache?.put(http.cacheKey, { response, expiresAtMs });
    return { answer: resultOf(http, response), isShared: true };
  }
  if (reply.statusCode !== 200) return undefined;
  keep(http, reply, around);
  return { answer: resultOf(http, reply), isShared: true };
}

/** Answers an `http.send`, from the cache where that holds. Source: OPA's `topdown/http.go`. */
export async function sendHttp(http: HttpSendRequest, around: HttpSendSurroundings): Promise<SentAnswer> {
  const cache = http.useCache ? around.cache : undefined;
  const known = cache?.get(http.cacheKey);
  if (known !== undefined) {
    if (around.nowMs < known.expiresAtMs) return { answer: resultOf(http, known.response), isShared: true };
    cache!.delete(http.cacheKey);
    const fresh = await revalidated(http, known.response, around);
    if (fresh !== undefined) return fresh;
  }
  const reply = await exchange(around.network, http, [], around.signal);
  if (reply.kind === 'failure') return failureOf(reply);
  if (cache !== undefined) keep(http, reply, around);
  return {
    answer: resultOf(http, reply),
    isShared: cache !== undefined || isCacheableStatus(reply.statusCode),
  };
}
