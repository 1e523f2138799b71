import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findOpa } from '@writ/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createCrosscheckEngine } from '../../src/engine/crosscheck-engine.ts';
import type { EngineAnswer, EngineBundle, LoadedPolicies, LoadResult } from '../../src/engine/engine.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { createWasmEngine, type WasmEngineOptions } from '../../src/engine/wasm/wasm-engine.ts';
import { engineBundle, engineContract, entrypointAt } from './engine-contract.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

/** The bundle with a module that the real OPA built of it, with all of its entrypoints. */
async function withModule(bundle: EngineBundle): Promise<EngineBundle> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-wasm-'));
  try {
    for (const { file, text } of bundle.modules) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const asked = bundle.entrypoints.flatMap(({ path }) => ['-e', path]);
    const version = bundle.regoVersion === 0 ? ['--v0-compatible'] : [];
    execFileSync(
      opa.binary,
      [
        'build',
        '-t',
        'wasm',
        ...version,
        ...asked,
        '-o',
        'built.tar.gz',
        ...bundle.modules.map(({ file }) => file),
      ],
      { cwd: folder },
    );
    execFileSync('tar', ['-xzf', 'built.tar.gz', '/policy.wasm'], { cwd: folder, stdio: 'ignore' });
    const bytes = readFileSync(join(folder, 'policy.wasm'));
    return {
      ...bundle,
      engine: 'wasm',
      engineContent: { files: [{ path: 'policy.wasm', bytes }], wasm: [] },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(opa.binary === '')(`modules of the real OPA${opa.note}`, () => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const item of opened.splice(0).reverse()) await item.close();
  });

  engineContract('wasm', { create: async () => createWasmEngine(), prepare: withModule, isApart: true });
  engineContract('crosscheck of rego and wasm', {
    create: async () => createCrosscheckEngine(createRegoEngine(), createWasmEngine()),
    prepare: async (bundle) => ({ ...(await withModule(bundle)), engine: 'crosscheck' }),
    isApart: true,
  });

  async function tryLoad(options: WasmEngineOptions, ...bundles: EngineBundle[]): Promise<LoadResult> {
    const engine = createWasmEngine(options);
    opened.push(engine);
    const loaded = await engine.load(bundles);
    if (loaded.ok) opened.push(loaded.policies);
    return loaded;
  }

  async function load(...bundles: EngineBundle[]): Promise<LoadedPolicies> {
    const loaded = await tryLoad({}, ...bundles);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    return loaded.policies;
  }

  const policy = (text: string, ...rules: string[]): EngineBundle =>
    engineBundle(
      'tools',
      { 'p.rego': `package a\n\n${text}` },
      {
        roots: ['a'],
        entrypoints: rules.map((rule) => entrypointAt(`a/${rule}`)),
      },
    );

  const ask = async (
    policies: LoadedPolicies,
    path: string,
    input: unknown,
    deadlineMs = 10_000,
  ): Promise<EngineAnswer> =>
    policies.evaluate({
      bundle: 'tools',
      path,
      input: input as null,
      deadlineMs,
      timeNs: 1_700_000_000_000_000_000n,
    });

  const RUNAWAY = `allow if input.ok

runaway if count([1 | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i * j == -1]) > 0

hungry := count([x | some i in numbers.range(1, 3000); x := numbers.range(i, 30000)])
`;

  it('[P-ENGINE-DEADLINE] a module that does not end is killed with its thread, and the loop goes on meanwhile', async () => {
    const policies = await load(await withModule(policy(RUNAWAY, 'allow', 'runaway')));
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 5);
    expect(await ask(policies, 'a/runaway', {}, 200)).toMatchObject({ code: 'policy_timeout' });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    // What waits behind it is answered by the thread that takes its place.
    expect(await ask(policies, 'a/allow', { ok: true })).toMatchObject({ kind: 'value', value: true });
    const runaway = ask(policies, 'a/runaway', {}, 500);
    const waiting = Array.from({ length: 5 }, (_, n) =>
      ask(policies, 'a/allow', { ok: n % 2 === 0 }, 20_000),
    );
    expect(await runaway).toMatchObject({ code: 'policy_timeout' });
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(
      [0, 1, 2, 3, 4].map((n) => (n % 2 === 0 ? 'value' : 'undefined')),
    );
  });

  it('[P-ENGINE-FAULT-DENIES] a module that needs more memory than it may have is an error, and answers the next one', async () => {
    const loaded = await tryLoad(
      { memoryMebibytesMax: 4 },
      await withModule(policy(RUNAWAY, 'allow', 'hungry')),
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    expect(await ask(loaded.policies, 'a/hungry', {})).toMatchObject({ code: 'policy_error' });
    expect(await ask(loaded.policies, 'a/allow', { ok: true })).toMatchObject({ kind: 'value', value: true });
    const huge = { ok: true, filler: 'x'.repeat(8 * 1024 * 1024) };
    expect(await ask(loaded.policies, 'a/allow', huge)).toMatchObject({ code: 'policy_error' });
    expect(await ask(loaded.policies, 'a/allow', { ok: true })).toMatchObject({ kind: 'value', value: true });
  });

  it('[P-POLICY-NO-NETWORK] a module that calls what does not exist here is refused by its name', async () => {
    const bundle = await withModule(
      policy(
        'allow if http.send({"url": "http://127.0.0.1", "method": "GET"}).status_code == 200\n',
        'allow',
      ),
    );
    expect(await tryLoad({}, bundle)).toMatchObject({
      ok: false,
      diagnostics: [
        { code: 'wasm_module_error', bundle: 'tools', message: expect.stringContaining('`http.send`') },
      ],
    });
  });

  it('a missing module, one that is none, and an entrypoint without a module are refused', async () => {
    const bundle = await withModule(policy('allow if input.ok\n', 'allow'));
    const { engineContent: _, ...none } = bundle;
    expect(await tryLoad({}, none)).toMatchObject({ ok: false });
    const broken = { files: [{ path: 'policy.wasm', bytes: Buffer.from('no wasm') }], wasm: [] };
    expect(await tryLoad({}, { ...bundle, engineContent: broken })).toMatchObject({
      ok: false,
      diagnostics: [{ file: 'policy.wasm', message: expect.stringContaining('no Wasm module') }],
    });
    const asked = { ...bundle, entrypoints: [entrypointAt('a/allow'), entrypointAt('a/other')] };
    expect(await tryLoad({}, asked)).toMatchObject({
      ok: false,
      diagnostics: [{ message: expect.stringContaining('`a/other`') }],
    });
  });

  it("builtins give OPA's answers, sets stay sets, and one query has one time", async () => {
    const policies = await load(
      await withModule(
        policy(
          `answers := {
	"text": sprintf("%05.1f|%v|%s", [input.n, {1, 2}, "x"]),
	"split": regex.split(\`a+\`, "1aa2"),
	"same": time.now_ns() == time.now_ns(),
	"day": time.date(time.now_ns()),
	"union": count(union({{1}, {2}})),
	"hash": crypto.sha256("x"),
	"failed": object.get({"a": 1}, "b", [x | x := time.parse_rfc3339_ns("never")]),
}
`,
          'answers',
        ),
      ),
    );
    expect(await ask(policies, 'a/answers', { n: 2.55 })).toMatchObject({
      kind: 'value',
      value: {
        text: '002.5|{1, 2}|x',
        split: ['1', '2'],
        same: true,
        day: [2023, 11, 14],
        union: 2,
        hash: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
        failed: [],
      },
    });
  });

  it('each bundle sees its own data, a third party in a thread of its own', async () => {
    const one = await withModule({
      ...policy('limit := data.limits.most\n', 'limit'),
      data: { limits: { most: 3 } },
    });
    const other = { ...one, name: 'other', data: { limits: { most: 4 } }, thirdParty: true, roots: ['b'] };
    const policies = await load(one, other);
    expect(await ask(policies, 'a/limit', {})).toMatchObject({ value: 3 });
    const question = { bundle: 'other', path: 'a/limit', input: {}, deadlineMs: 5_000, timeNs: 0n };
    expect(await policies.evaluate(question)).toMatchObject({ value: 4 });
  });
});
