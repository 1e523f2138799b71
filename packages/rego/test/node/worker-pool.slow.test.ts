import { afterEach, describe, expect, test } from 'vitest';
import type { EvaluationResult, JsonObject } from '../../src/index.ts';
import { capabilities, compilePolicy, fromJson, toJson } from '../../src/index.ts';
import { nodeCrypto, PolicyWorkers } from '../../src/node.ts';

const open: PolicyWorkers[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((workers) => workers.close()));
});

function workersWith(options: ConstructorParameters<typeof PolicyWorkers>[0] = {}): PolicyWorkers {
  const workers = new PolicyWorkers(options);
  open.push(workers);
  return workers;
}

async function policyOf(workers: PolicyWorkers, text: string, data: JsonObject = {}) {
  const compiled = await workers.compile([{ file: 'a.rego', text: `package a\n\n${text}\n` }], { data });
  if (compiled.policy === undefined) throw new Error(JSON.stringify(compiled));
  return compiled.policy;
}

/** Copying a value that is a small graph and a huge tree: no budget in the same process sees that. */
const BLOWN_UP = [
  'x0 := [1, 1]',
  ...Array.from({ length: 40 }, (_none, index) => `x${index + 1} := [x${index}, x${index}]`),
].join('\n\n');

describe('a policy in a worker', () => {
  test('answers as it does in this process, every kind of value', async () => {
    const text = `p := [{1, {"a": {[2]}}}, 0.1 + 0.2, 1e400, {[1]: null}, input, data.x, time.now_ns()]

q if input == 1

r := 1 if input

r := 2 if input

s := crypto.x509.parse_rsa_private_key("")`;
    const data = { x: ['y'] };
    const workers = workersWith();
    const policy = await policyOf(workers, text, data);
    const { policy: here } = compilePolicy([{ file: 'a.rego', text: `package a\n\n${text}\n` }], { data });
    for (const path of ['a/p', 'a/q', 'a/r', 'a/s', 'a', 'nothing']) {
      for (const input of [1, { deep: [{ x: fromJson('9007199254740993')! }] }]) {
        const own = here!.prepare(path).evaluate(input, { timeNs: 5n, host: { crypto: nodeCrypto } });
        const theirs = await policy.evaluate(path, input, { timeNs: 5n });
        expect(shown(theirs)).toEqual(shown(own));
      }
    }
  });

  test('[P-UNTRUSTED-KILLED] is killed at its deadline, and others go on', async () => {
    const workers = workersWith({ graceMs: 50 });
    const [bad, good] = [
      await policyOf(workers, `${BLOWN_UP}\n\np if json.marshal(x40) == "x"`),
      await policyOf(workers, 'p := 1'),
    ];
    const start = performance.now();
    const ended = await bad.evaluate('a/p', undefined, { deadlineMs: 200 });
    expect(ended).toMatchObject({ kind: 'error', code: 'eval_cancel_error' });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(await good.evaluate('a/p', undefined)).toMatchObject({ kind: 'value', value: 1 });
    expect(await bad.evaluate('a/x0', undefined)).toMatchObject({ kind: 'value', value: [1, 1] });
  });

  test('[P-UNTRUSTED-KILLED] does not take the memory of the process', async () => {
    const workers = workersWith({ heapMebibytesMax: 32 });
    const policy = await policyOf(
      workers,
      'p := count([[i, j, [i, j]] | some i in numbers.range(1, 5000); some j in numbers.range(1, 5000)])\n\nq := 1',
    );
    const unlimited = { memoryBytesMax: Number.MAX_SAFE_INTEGER, operationsMax: Number.MAX_SAFE_INTEGER };
    const ended = await policy.evaluate('a/p', undefined, { ...unlimited, deadlineMs: 30_000 });
    expect(ended).toMatchObject({ kind: 'error', message: expect.stringContaining('memory') });
    expect(await policy.evaluate('a/q', undefined)).toMatchObject({ value: 1 });
  });

  test('while another one runs waits for no longer than its own deadline', async () => {
    const workers = workersWith({ graceMs: 0 });
    const slow = await policyOf(workers, `${BLOWN_UP}\n\np if json.marshal(x40) == "x"`);
    const quick = await policyOf(workers, 'p := 1');
    const first = slow.evaluate('a/p', undefined, { deadlineMs: 600 });
    const second = await quick.evaluate('a/p', undefined, { deadlineMs: 50 });
    expect(second).toMatchObject({ kind: 'error', message: expect.stringContaining('waited') });
    const third = quick.evaluate('a/p', undefined, { deadlineMs: 10_000 });
    expect(await first).toMatchObject({ kind: 'error' });
    expect(await third).toMatchObject({ kind: 'value' });
  });

  test('does not compile where it is wrong, or calls what does not exist for it', async () => {
    const workers = workersWith();
    const broken = await workers.compile([{ file: 'a.rego', text: 'package a\n\np if {' }]);
    expect(broken.policy).toBeUndefined();
    expect(broken.diagnostics[0]).toMatchObject({ code: 'rego_parse_error' });
    const builtins = capabilities().builtins!.map(({ name }) => name);
    const limited = await workers.compile(
      [{ file: 'a.rego', text: 'package a\n\np := http.send({"method": "GET", "url": "http://x"})' }],
      { builtins: builtins.filter((name) => name !== 'http.send') },
    );
    expect(limited.diagnostics).toMatchObject([{ message: 'undefined function http.send' }]);
  });

  test('has no network and learns nothing of the process', async () => {
    const policy = await policyOf(
      workersWith(),
      'p := [opa.runtime(), http.send({"method": "GET", "url": "http://127.0.0.1:1/"})]\n\nq := opa.runtime()',
    );
    expect((await policy.evaluate('a/p', undefined)).kind).toBe('undefined');
    expect(await policy.evaluate('a/q', undefined)).toMatchObject({ value: {} });
  });

  test('is gone when it was closed', async () => {
    const workers = workersWith();
    const policy = await policyOf(workers, 'p := 1');
    policy.close();
    expect(await policy.evaluate('a/p', undefined)).toMatchObject({ kind: 'error' });
    const other = await policyOf(workers, 'p := 1');
    await workers.close();
    expect(await other.evaluate('a/p', undefined)).toMatchObject({ kind: 'error' });
    expect(await workers.compile([])).toMatchObject({ failure: expect.any(String) });
  });
});

function shown(result: EvaluationResult): unknown {
  return result.kind === 'value' ? { ...result, value: toJson(result.value) } : result;
}
