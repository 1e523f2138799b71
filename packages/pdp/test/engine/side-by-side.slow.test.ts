import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { combine } from '@writ/decision';
import { expect, it, onTestFinished } from 'vitest';
import { createEmbeddedEngines } from '../../src/engine/embedded-engines.ts';
import { consult } from '../../src/layers/consult.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import type { PolicySet } from '../../src/layers/policy-set.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { OPTIONS, requestOf } from '../layers/policy-fixture.ts';

const engine = createEmbeddedEngines();

/** A bundle in Rego and one in Cedar that both refuse, each naming the revision that it is of. */
async function revision(name: string): Promise<PolicySet> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-side-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, text: string): void => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const manifest = (writ: object): string =>
    JSON.stringify({ revision: name, metadata: { writ }, roots: ['a'] });
  write('rego/.manifest', manifest({ entrypoints: [{ path: 'a/x', kind: 'grant' }] }));
  write('rego/p.rego', `package a\n\nx := {"allow": false, "reason": "${name}_rego"}\n`);
  const entrypoints = [{ path: 'b/x', kind: 'guard', layer: 'compliance' }];
  write(
    'cedar/.manifest',
    JSON.stringify({ revision: name, metadata: { writ: { engine: 'cedar', entrypoints } } }),
  );
  write('cedar/p.cedar', `@id("${name}_cedar")\nforbid(principal, action, resource);\n`);
  const loaded = await loadPolicies(
    ['rego', 'cedar'].map((each) => ({ kind: 'path', path: join(folder, each) })),
    engine,
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded));
  return loaded.set;
}

async function codesOf(set: PolicySet): Promise<string> {
  const { opinions } = await consult(set, requestOf(), { ...OPTIONS, deadlineMs: 20_000 });
  const { reasons } = combine(opinions, { phase: 'call', subject: { principal: 'p', actor: 'a' }, nowMs: 0 });
  return reasons
    .map(({ code }) => code)
    .sort()
    .join(' ');
}

it('[P-ONE-REVISION] several engines are swapped under load, and each decision is of one revision', async () => {
  const source = createPolicySource(await revision('r0'));
  expect(source.current()?.engine).toBe('rego+cedar');
  const decide = async (): Promise<string> => {
    const hold = source.hold()!;
    try {
      return await codesOf(hold.set);
    } finally {
      hold.release();
    }
  };
  const decided: Promise<string>[] = [];
  for (let turn = 1; turn <= 4; turn += 1) {
    // Decisions go on while the next revision loads, and while it is swapped in.
    const loading = revision(`r${turn}`);
    let isLoaded = false;
    void loading.finally(() => {
      isLoaded = true;
    });
    while (!isLoaded) {
      decided.push(decide());
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    source.swap(await loading);
    for (let more = 0; more < 20; more += 1) decided.push(decide());
  }
  const codes = await Promise.all(decided);
  const whole = [0, 1, 2, 3, 4].map((turn) => `r${turn}_cedar r${turn}_rego`);
  for (const each of codes) expect(whole).toContain(each);
  expect(new Set(codes)).toEqual(new Set(whole));
  expect(codes.at(-1)).toBe('r4_cedar r4_rego');
  await source.close();
  await engine.close();
});
