import { describe, expect, test } from 'vitest';
import type { NetworkHost, NetworkRequest, NetworkResponse, Value } from '../../src/index.ts';
import {
  capabilities,
  compilePolicy,
  evaluateAsync,
  fetchNetwork,
  fromJson,
  HttpCache,
  NondeterministicCache,
  TraceObserver,
  toJson,
  traceText,
} from '../../src/index.ts';
import { loadModuleText } from '../support/load-module-text.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const timeNs = BigInt(NOW_MS) * 1_000_000n;

type Headers = Readonly<Record<string, string>>;

/** A network in memory that notes what it was asked. */
function network(
  answer: (request: NetworkRequest) => { status?: number; headers?: Headers; body?: string },
): NetworkHost & { readonly asked: NetworkRequest[] } {
  const asked: NetworkRequest[] = [];
  return {
    asked,
    send: async (request): Promise<NetworkResponse> => {
      asked.push(request);
      const { status = 200, headers = {}, body = '{}' } = answer(request);
      const all = { date: new Date(NOW_MS).toUTCString(), 'content-type': 'application/json', ...headers };
      return {
        kind: 'response',
        statusCode: status,
        status: `${status} ?`,
        headers: new Map(Object.entries(all).map(([name, value]) => [name, [value]])),
        body: new TextEncoder().encode(body),
      };
    },
    lookup: async (name) =>
      name === 'two.test'
        ? ['192.0.2.2', '192.0.2.1']
        : { kind: 'failure', cause: 'network', message: `lookup ${name}: no such host` },
  };
}

function query(body: string) {
  const { policy, diagnostics } = compilePolicy([{ file: 'a.rego', text: `package a\n\n${body}\n` }]);
  expect(diagnostics).toEqual([]);
  return { policy: policy!, p: policy!.prepare('a/p') };
}

const CHAIN = `p := [rand.intn("x", 1000000), time.now_ns(), uuid.rfc4122("u"), last.body] if {
	print("asked")
	first := http.send({"method": "GET", "url": "http://h.test/1"})
	last := http.send({"method": "GET", "url": sprintf("http://h.test/%d", [first.body.next])})
}`;

describe('an evaluation that asks the network', () => {
  test('is begun again with each answer, at one time, and can be repeated exactly', async () => {
    const { p } = query(CHAIN);
    const net = network(({ url }) => ({ body: url.endsWith('/1') ? '{"next":2}' : '"end"' }));
    const printed: string[] = [];
    const host = { printed: (message: string) => printed.push(message) };
    const { result, nondeterministic } = await evaluateAsync(p, undefined, { network: net, host });
    expect(result).toMatchObject({ kind: 'value' });
    expect(net.asked.map(({ url }) => url)).toEqual(['http://h.test/1', 'http://h.test/2']);
    expect(printed).toEqual(['asked']);

    const logged = toJson(nondeterministic.toValue());
    expect(Object.keys(JSON.parse(logged)).sort()).toEqual([
      'http.send',
      'rand.intn',
      'time.now_ns',
      'uuid.rfc4122',
    ]);
    const known = NondeterministicCache.fromValue(fromJson(logged)!)!;
    const again = p.evaluate(undefined, { nondeterministic: known });
    expect(again).toEqual(result);
  });

  test('without evaluateAsync stops with the request, or fails where there is no network', () => {
    const { p } = query('p := http.send({"method": "post", "url": "http://h.test/", "body": 1}).body');
    expect(p.evaluate(undefined, { answers: { get: () => undefined } })).toMatchObject({
      kind: 'error',
      code: 'eval_suspended',
      location: { row: 3 },
      request: { builtin: 'http.send', http: { method: 'POST', url: 'http://h.test/' } },
    });
    expect(p.evaluate(undefined).kind).toBe('undefined');
    expect(p.evaluate(undefined, { strict: true })).toMatchObject({
      code: 'eval_builtin_error',
      message: 'http.send: this evaluation has no network',
    });
  });

  test('asks only so often', async () => {
    const { p } = query(
      'p := [r | some i in numbers.range(1, 20); r := http.send({"method": "GET", "url": sprintf("http://h/%d", [i])}).body]',
    );
    const net = network(() => ({}));
    const { result } = await evaluateAsync(p, undefined, { network: net, roundsMax: 3 });
    expect(result).toMatchObject({ code: 'eval_cancel_error' });
    expect(net.asked).toHaveLength(3);
  });

  test('[P-REGO-BUDGET] ends at its deadline, while the network is silent', async () => {
    const { p } = query('p := http.send({"method": "GET", "url": "http://h/"}).body');
    const silent: NetworkHost = {
      send: (_request, signal) =>
        new Promise((settle) => {
          signal.addEventListener('abort', () =>
            settle({ kind: 'failure', cause: 'network', message: 'context canceled' }),
          );
        }),
      lookup: async () => [],
    };
    const { result } = await evaluateAsync(p, undefined, { network: silent, deadlineMs: 30 });
    expect(result).toMatchObject({ kind: 'error', code: 'eval_cancel_error' });
  });

  test('shows an observer one evaluation, not its beginnings', async () => {
    const { policy, p } = query('p := http.send({"method": "GET", "url": "http://h/"}).status_code');
    const trace = new TraceObserver({ modules: policy.modules });
    const { result } = await evaluateAsync(p, undefined, { network: network(() => ({})), observer: trace });
    expect(result).toMatchObject({ value: 200 });
    expect(traceText(trace.events).match(/Enter data\.a\.p/g)).toHaveLength(2);
  });

  test('names are looked up; addresses need no network', async () => {
    const { p } = query('p := [net.lookup_ip_addr("10.0.0.1"), net.lookup_ip_addr(input)]');
    const net = network(() => ({}));
    const found = await evaluateAsync(p, 'two.test', { network: net });
    expect(toJson((found.result as unknown as { value: Value }).value)).toBe(
      '[["10.0.0.1"],["192.0.2.1","192.0.2.2"]]',
    );
    const logged = NondeterministicCache.fromValue(fromJson(toJson(found.nondeterministic.toValue()))!)!;
    expect(p.evaluate('two.test', { nondeterministic: logged })).toEqual(found.result);
    const missing = await evaluateAsync(p, 'no.test', { network: net, strict: true });
    expect(missing.result).toMatchObject({ message: 'net.lookup_ip_addr: lookup no.test: no such host' });
  });
});

describe('[P-REGO-ALLOW-NET] allow_net', () => {
  const allowNet = ['good.test'];

  test('keeps requests from hosts that it does not name', async () => {
    const { p } = query('p := http.send({"method": "GET", "url": input}).status_code');
    const net = network(() => ({}));
    const ask = async (url: string) =>
      (await evaluateAsync(p, url, { network: net, allowNet, strict: true })).result;
    expect(await ask('http://good.test:8080/x')).toMatchObject({ value: 200 });
    for (const url of [
      'http://bad.test/',
      'http://good.test.bad.test/',
      'http://good.test@bad.test/',
      'http://[::1]/',
      'http:///good.test',
      'HTTP://GOOD.test/',
      'unix://x/?socket=/tmp/s',
    ]) {
      expect(await ask(url), url).toMatchObject({ code: 'eval_builtin_error' });
    }
    expect(net.asked).toHaveLength(1);
  });

  test('holds for redirects and for names', async () => {
    const net = network(() => ({ status: 302, headers: { location: 'http://bad.test/' } }));
    const { p } = query(
      'p := http.send({"method": "GET", "url": "http://good.test/", "enable_redirect": true}).status_code',
    );
    const { result } = await evaluateAsync(p, undefined, { network: net, allowNet, strict: true });
    expect(result).toMatchObject({ message: 'http.send: Get "http://bad.test/": disallowed host: bad.test' });
    expect(net.asked).toHaveLength(1);
    const names = query('p := net.lookup_ip_addr("two.test")');
    const looked = await evaluateAsync(names.p, undefined, { network: net, allowNet, strict: true });
    expect(looked.result).toMatchObject({ message: 'net.lookup_ip_addr: disallowed host: two.test' });
  });

  test('of the capabilities holds, and an evaluation can only take from it', async () => {
    const text = 'package a\n\np := http.send({"method": "GET", "url": input}).status_code\n';
    const limited = { ...capabilities(), allow_net: ['good.test', 'other.test'] };
    const { policy } = compilePolicy([{ file: 'a.rego', text }], { capabilities: limited });
    const p = policy!.prepare('a/p');
    const net = network(() => ({}));
    const kinds: string[] = [];
    for (const [host, list] of [
      ['good.test', undefined],
      ['bad.test', undefined],
      ['good.test', ['good.test', 'bad.test']],
      ['bad.test', ['good.test', 'bad.test']],
      ['other.test', ['good.test']],
    ] as const) {
      const options = { network: net, ...(list !== undefined && { allowNet: list }) };
      kinds.push((await evaluateAsync(p, `http://${host}/`, options)).result.kind);
    }
    expect(kinds).toEqual(['value', 'undefined', 'value', 'undefined', 'undefined']);
    // A module carries the list with it.
    const written = loadModuleText(policy!.writeModule().text!).prepare('a/p');
    const answers: string[] = [];
    for (const host of ['good.test', 'bad.test'])
      answers.push((await evaluateAsync(written, `http://${host}/`, { network: net })).result.kind);
    expect(answers).toEqual(['value', 'undefined']);
  });

  test('an empty list lets nothing through', async () => {
    const { p } = query('p := http.send({"method": "GET", "url": "http://good.test/"}).status_code');
    const net = network(() => ({}));
    await evaluateAsync(p, undefined, { network: net, allowNet: [] });
    expect(net.asked).toEqual([]);
  });
});

test('secrets do not follow a redirect to another site', async () => {
  const net = network(({ url }) =>
    url === 'http://a.test/' ? { status: 307, headers: { location: 'http://b.test/' } } : {},
  );
  const { p } = query(
    'p := http.send({"method": "GET", "url": "http://a.test/", "enable_redirect": true, "headers": {"Authorization": "secret", "X-Other": "1"}}).status_code',
  );
  await evaluateAsync(p, undefined, { network: net });
  expect(net.asked.map(({ headers }) => headers.map(([name]) => name))).toEqual([
    ['Authorization', 'X-Other'],
    ['X-Other', 'Referer'],
  ]);
});

describe('caching', () => {
  const ask = async (
    options: string,
    answer: (request: NetworkRequest) => { status?: number; headers?: Headers; body?: string },
    times: readonly number[],
  ): Promise<{ readonly asked: number; readonly values: readonly unknown[] }> => {
    const { p } = query(
      `p := http.send(object.union({"method": "GET", "url": "http://h.test/"}, ${options})).body`,
    );
    const net = network(answer);
    const httpCache = new HttpCache();
    const values: unknown[] = [];
    for (const seconds of times) {
      const at = timeNs + BigInt(seconds) * 1_000_000_000n;
      const { result } = await evaluateAsync(p, undefined, { network: net, httpCache, timeNs: at });
      values.push(result.kind === 'value' ? (result as { value: unknown }).value : result.kind);
    }
    return { asked: net.asked.length, values };
  };

  test('only where the call asks for it', async () => {
    const answer = () => ({ headers: { 'cache-control': 'max-age=60' } });
    expect((await ask('{}', answer, [0, 1])).asked).toBe(2);
    expect((await ask('{"cache": true}', answer, [0, 59])).asked).toBe(1);
    expect((await ask('{"cache": true}', answer, [0, 61])).asked).toBe(2);
    expect((await ask('{"cache": true}', () => ({}), [0, 1])).asked).toBe(2);
    expect((await ask('{"cache": true, "caching_mode": "x"}', answer, [0, 1])).asked).toBe(2);
  });

  test('expires, no-store and statuses that are not kept', async () => {
    const expires = { expires: new Date(NOW_MS + 30_000).toUTCString() };
    expect((await ask('{"cache": true}', () => ({ headers: expires }), [0, 29])).asked).toBe(1);
    expect((await ask('{"cache": true}', () => ({ headers: expires }), [0, 31])).asked).toBe(2);
    const noStore = { 'cache-control': 'no-store, max-age=60' };
    expect((await ask('{"cache": true}', () => ({ headers: noStore }), [0, 1])).asked).toBe(2);
    const broken = () => ({ status: 500, headers: { 'cache-control': 'max-age=60' } });
    expect((await ask('{"cache": true}', broken, [0, 1])).asked).toBe(2);
  });

  test('by force, whatever the answer says', async () => {
    const force = '{"force_cache": true, "force_cache_duration_seconds": 10}';
    const answer = () => ({ headers: { 'cache-control': 'no-store' } });
    expect((await ask(force, answer, [0, 9])).asked).toBe(1);
    expect((await ask(force, answer, [0, 11])).asked).toBe(2);
  });

  test('asks whether an old answer still holds', async () => {
    let version = 0;
    const answer = ({ headers }: NetworkRequest) => {
      const known = headers.find(([name]) => name === 'If-None-Match')?.[1];
      const common = { etag: '"v"', 'cache-control': 'max-age=10' };
      if (known === '"v"') return { status: 304, headers: common, body: '' };
      version += 1;
      return { headers: common, body: String(version) };
    };
    expect(await ask('{"cache": true}', answer, [0, 5, 11, 12])).toEqual({ asked: 3, values: [1, 1, 1, 1] });
  });

  test('within one evaluation headers that are ignored make no difference', async () => {
    const { p } = query(`p := count({r |
	some i in [1, 2]
	r := http.send({"method": "GET", "url": "http://h.test/", "headers": {"x": sprintf("%d", [i])}, "cache_ignored_headers": ["x"]}).body
})`);
    const net = network(() => ({}));
    await evaluateAsync(p, undefined, { network: net });
    expect(net.asked).toHaveLength(1);
  });

  test('a cache holds only so many bytes', async () => {
    const httpCache = new HttpCache({ bytesMax: 1_000 });
    const response = { kind: 'response', statusCode: 200, status: '200 OK', headers: new Map() } as const;
    const entry = (size: number) => ({
      response: { ...response, body: new Uint8Array(size) },
      expiresAtMs: 1,
    });
    httpCache.put('a', entry(600));
    httpCache.put('b', entry(600));
    httpCache.put('c', entry(2_000));
    expect(
      [httpCache.get('a'), httpCache.get('b'), httpCache.get('c')].map((one) => one !== undefined),
    ).toEqual([false, true, false]);
  });
});

test('a failing server is asked again as often as the call says', async () => {
  let tries = 0;
  const failing: NetworkHost = {
    send: async () => {
      tries += 1;
      return { kind: 'failure', cause: 'network', message: 'EOF' };
    },
    lookup: async () => [],
  };
  const { p } = query(
    'p := http.send({"method": "GET", "url": "http://h/", "max_retry_attempts": 1, "raise_error": false})',
  );
  const { result } = await evaluateAsync(p, undefined, { network: failing });
  expect(tries).toBe(2);
  expect(result).toMatchObject({
    value: {
      status_code: 0,
      error: { code: 'eval_http_send_network_error', message: 'Get "http://h/": EOF' },
    },
  });
});

test('a function like fetch is a network', async () => {
  const asked: unknown[] = [];
  const net = fetchNetwork(async (url, init) => {
    asked.push([url, init.method, init.headers]);
    if (url.includes('bad')) throw new Error('address is not allowed');
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: new TextEncoder().encode('7'),
    };
  });
  const { p } = query('p := http.send({"method": "GET", "url": input, "headers": {"x-a": "b"}})');
  const good = await evaluateAsync(p, 'http://good/', { network: net });
  expect(good.result).toMatchObject({ value: { body: 7, status: '200 OK' } });
  expect(asked).toEqual([['http://good/', 'GET', { 'X-A': 'b' }]]);
  const bad = await evaluateAsync(p, 'http://bad/', { network: net, strict: true });
  expect(bad.result).toMatchObject({ message: 'http.send: Get "http://bad/": address is not allowed' });
  const tls = query(
    'p := http.send({"method": "GET", "url": "https://x/", "tls_insecure_skip_verify": true})',
  );
  const refused = await evaluateAsync(tls.p, undefined, { network: net, strict: true });
  expect(refused.result).toMatchObject({
    message: 'http.send: tls options are not supported by this network',
  });
});
