import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import { listOverrides } from '../../src/layers/overrides.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { createPolicyWrites, writtenSource } from '../../src/layers/policy-writes.ts';
import { writeBundles } from './policy-fixture.ts';

const LIFT = {
  bundle: 'all',
  code: 'too_much',
  outcome: 'allow',
  justification: 'closing of the books',
  approved_by: 'cfo@example.com',
  approved_at: '2026-11-20',
  expires: '2027-01-15T00:00:00Z',
};

it('[P-OVERRIDES-LISTED] what is written over the API states no more overrides than may be, and no half ones', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'writ-written-')), 'written');
  onTestFinished(() => rmSync(join(directory, '..'), { recursive: true, force: true }));
  const stating = {
    rego: 'package lasting.rules\n\nstated := {"lift": data.exceptions.lifts}\n',
    entrypoints: [{ path: 'lasting/rules/stated', kind: 'overrides' }],
    roots: ['lasting'],
  };
  const sources = [...writeBundles({ lasting: stating }), writtenSource(directory)];
  const engine = createRegoEngine();
  const terms = { overrides: { max: 1 } };
  const loaded = await loadPolicies(sources, engine, terms);
  if (!loaded.ok) throw new Error('the bundles do not activate');
  const policies = createPolicySource(loaded.set);
  onTestFinished(() => policies.close());
  const notes: unknown[] = [];
  const warnings: string[] = [];
  const writes = createPolicyWrites({
    directory,
    sources,
    engine,
    policies,
    terms,
    onWarning: (message) => warnings.push(message),
    administration: {
      recordWrite: async (note) => {
        notes.push(note);
        return { ok: true };
      },
      recordActivation: async (note) => notes.push(note),
    },
  });
  const write = (lifts: readonly object[]) =>
    writes.changeData(
      [{ op: 'add', path: ['exceptions'], value: JSON.parse(JSON.stringify({ lifts })) }],
      'operator',
    );

  const { expires: _expires, ...endless } = LIFT;
  for (const [lifts, code] of [
    [[LIFT, { ...LIFT, code: 'too_late' }], 'overrides_too_many'],
    [[endless], 'overrides_invalid'],
  ] as const) {
    expect(await write(lifts)).toMatchObject({ ok: false, status: 400, errors: [{ code }] });
    expect(policies.current()).toBe(loaded.set);
  }
  expect(notes).toEqual([]);

  expect(await write([{ ...LIFT, approved_at: '2020-01-01' }])).toEqual({ ok: true });
  const active = policies.current();
  if (active === undefined) throw new Error('nothing is active');
  expect((await listOverrides(active, Date.now())).overrides).toHaveLength(1);
  expect(warnings).toContainEqual(expect.stringMatching(/days old$/));
  expect(notes).toHaveLength(2);
  expect(notes[1]).toMatchObject({ facts: { lasting: { layers: ['override'] } } });
});
