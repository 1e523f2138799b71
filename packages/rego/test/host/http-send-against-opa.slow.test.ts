import type { Oracle } from '@writ/testing';
import { isOracleFailure, isSkip, startOracle } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilePolicy, evaluateAsync, fromJson, HttpCache, toJson } from '../../src/index.ts';
import { nodeNetwork } from '../../src/node.ts';
import { lookup } from '../../src/value/index.ts';
import type { TestServer } from './test-server.ts';
import { startTestServer } from './test-server.ts';

const started = await startOracle();
let oracle: Oracle | undefined;
let server: TestServer;
beforeAll(async () => {
  if (!isSkip(started)) oracle = started;
  server = await startTestServer();
});
afterAll(async () => {
  await server.stop();
  await oracle?.stop();
});

/** Requests by name; `URL` stands for the server. */
const REQUESTS: Readonly<Record<string, string>> = {
  json: '{"method": "get", "url": "URL/json"}',
  problem: '{"method": "GET", "url": "URL/problem"}',
  broken: '{"method": "GET", "url": "URL/broken"}',
  text: '{"method": "GET", "url": "URL/text"}',
  'forced json': '{"method": "GET", "url": "URL/text", "force_json_decode": true}',
  yaml: '{"method": "GET", "url": "URL/yaml"}',
  'forced yaml': '{"method": "GET", "url": "URL/text", "force_yaml_decode": true}',
  bytes: '{"method": "GET", "url": "URL/bytes"}',
  empty: '{"method": "DELETE", "url": "URL/empty"}',
  missing: '{"method": "GET", "url": "URL/missing"}',
  fails: '{"method": "GET", "url": "URL/fails"}',
  teapot: '{"method": "GET", "url": "URL/teapot"}',
  gzip: '{"method": "GET", "url": "URL/gzip"}',
  head: '{"method": "HEAD", "url": "URL/json"}',
  'echo of a body': '{"method": "POST", "url": "URL/echo", "body": {"b": "<&>", "a": {1, 2}, "n": 1.5}}',
  'echo of a raw body':
    '{"method": "put", "url": "URL/echo", "raw_body": "text", "body": 1, "headers": {"content-type": "text/x", "x-custom": "1"}}',
  'echo of nothing': '{"method": "POST", "url": "URL/echo"}',
  'quotes around': '{"method": "\\"get\\"", "url": "URL/echo"}',
  'redirect not followed': '{"method": "GET", "url": "URL/redirect/302"}',
  'redirect 302': '{"method": "POST", "url": "URL/redirect/302", "body": 1, "enable_redirect": true}',
  'redirect 303': '{"method": "POST", "url": "URL/redirect/303", "raw_body": "x", "enable_redirect": true}',
  'redirect 307': '{"method": "POST", "url": "URL/redirect/307", "raw_body": "x", "enable_redirect": true}',
  'redirect nowhere': '{"method": "GET", "url": "URL/redirect/nowhere", "enable_redirect": true}',
  'redirect with secrets':
    '{"method": "GET", "url": "URL/redirect/302", "enable_redirect": true, "headers": {"Authorization": "a", "Cookie": "c"}}',
  'unknown field': '{"method": "GET", "url": "URL/json", "hdrs": {}}',
  'missing field': '{"url": "URL/json"}',
  'wrong type': '{"method": 1, "url": "URL/json"}',
  'wrong headers': '{"method": "GET", "url": "URL/json", "headers": 1}',
  'wrong header': '{"method": "GET", "url": "URL/json", "headers": {"a": 1}}',
  'wrong redirect': '{"method": "GET", "url": "URL/json", "enable_redirect": "yes"}',
  'wrong timeout': '{"method": "GET", "url": "URL/json", "timeout": "soon"}',
  'wrong timeout type': '{"method": "GET", "url": "URL/json", "timeout": [1]}',
  'wrong cache': '{"method": "GET", "url": "URL/json", "cache": 1}',
  'wrong force_cache': '{"method": "GET", "url": "URL/json", "force_cache": true}',
  'wrong force_json_decode': '{"method": "GET", "url": "URL/json", "force_json_decode": "a"}',
  'wrong retries': '{"method": "GET", "url": "URL/json", "max_retry_attempts": -1}',
  'wrong raise_error': '{"method": "GET", "url": "URL/json", "raise_error": "no"}',
  'wrong ignored headers':
    '{"method": "GET", "url": "URL/json", "headers": {}, "cache_ignored_headers": [1]}',
  'wrong scheme': '{"method": "GET", "url": "ftp://127.0.0.1/"}',
  refused: '{"method": "GET", "url": "http://127.0.0.1:1/"}',
  'refused, as a value': '{"method": "GET", "url": "http://127.0.0.1:1/", "raise_error": false}',
  cut: '{"method": "POST", "url": "URL/cut", "raw_body": "x", "raise_error": false}',
  slow: '{"method": "GET", "url": "URL/slow", "timeout": "200ms"}',
  'slow, in nanoseconds': '{"method": "GET", "url": "URL/slow", "timeout": 200000000}',
  kept: '{"method": "GET", "url": "URL/kept", "cache": true}',
  'kept by force':
    '{"method": "GET", "url": "URL/unkept", "force_cache": true, "force_cache_duration_seconds": 60}',
  'caching mode': '{"method": "GET", "url": "URL/kept", "cache": true, "caching_mode": "deserialized"}',
  'wrong caching mode': '{"method": "GET", "url": "URL/kept", "cache": true, "caching_mode": "x"}',
};

/** OPA finds these fields wrong only when the answer is there, and throws it away. */
const SENT_IN_VAIN: ReadonlySet<string> = new Set(['wrong force_json_decode']);

/** What the two say of themselves differs. */
function comparable(text: string): string {
  return text.replace(/eval_\w+: m?[^ ]*: /g, '');
}

describe.skipIf(isSkip(started))(`http.send${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`, () => {
  test.for(Object.entries(REQUESTS))('answers as OPA does: %s', async ([name, template]) => {
    const call = `http.send(${template.replaceAll('URL', server.url)})`;
    const text = `package a\n\np := ${call}\n`;
    const theirs = await oracle!.evaluate({ modules: { 'm.rego': text }, query: 'data.a.p', strict: true });
    const theirAsked = server.asked.splice(0);
    const { policy } = compilePolicy([{ file: 'm.rego', text }]);
    const { result } = await evaluateAsync(policy!.prepare('a/p'), undefined, {
      network: nodeNetwork(),
      httpCache: new HttpCache(),
      strict: true,
    });
    const ourAsked = server.asked.splice(0);
    const own =
      result.kind === 'value'
        ? toJson(result.value)
        : result.kind === 'error'
          ? `${result.code}: ${result.message}`
          : 'undefined';
    const other = isOracleFailure(theirs)
      ? `${theirs.error.code}: ${theirs.error.message}`
      : theirs.defined
        ? toJson(lookup(fromJson(theirs.line), 'value')!)
        : 'undefined';
    expect(comparable(own)).toBe(comparable(other));
    if (!SENT_IN_VAIN.has(name)) expect(ourAsked).toEqual(theirAsked);
  });
});
