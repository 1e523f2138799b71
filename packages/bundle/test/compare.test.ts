import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArchiveFile,
  compareBundles,
  compareValues,
  readTarballBytes,
  writeArchive,
} from '../src/index.ts';
import { bundleOf } from './bundle-fixture.ts';

const MANIFEST = { revision: 'r1', roots: ['agent', 'limits'] };
const RULES = `package agent

default allow := false

max := 5

allow if {
	input.amount < max
	some _, x in input.list
	x > 1
}

deny contains "late" if input.late
`;

async function compare(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) {
  const [old, now] = await Promise.all([before, after].map(read));
  return compareBundles([old!], [now!])[0]!;
}

async function read(files: Readonly<Record<string, string>>) {
  const all: ArchiveFile[] = Object.entries({ '.manifest': JSON.stringify(MANIFEST), ...files }).map(
    ([path, text]) => ({ path, text }),
  );
  return bundleOf(await readTarballBytes(writeArchive(all), { name: 'b' }));
}

describe('what differs between two bundles', () => {
  it('says nothing of layout, comments, order, files and what only names the publication', async () => {
    const other = `# A comment.
package agent
deny contains "late" if { input.late }

import rego.v1

allow if { input.amount < max; some _, x in input.list; x > 1 }
max := 5
`;
    const comparison = await compare(
      { 'p.rego': RULES, 'limits/data.json': '{"a": 1}' },
      {
        'q.rego': other.replace('deny contains "late" if { input.late }\n', ''),
        'r.rego': 'package agent\n\ndefault allow := false\n\ndeny contains "late" if input.late\n',
        'limits/data.yaml': 'a: 1 # one',
        '.manifest': JSON.stringify({ ...MANIFEST, revision: 'r2', metadata: { writ: { sequence: 2 } } }),
      },
    );
    expect(comparison).toMatchObject({ change: 'same', rules: [], data: [], manifest: [], entrypoints: [] });
    expect([comparison.before, comparison.after]).toMatchObject([
      { revision: 'r1' },
      { revision: 'r2', sequence: 2 },
    ]);
  });

  it('names rules with their place and, where it is short, what they were and are', async () => {
    const after = RULES.replace(':= 5', ':= 10')
      .replace('x > 1', 'x >= 1')
      .replace('default allow := false', 'default allow := true')
      .replace('deny contains "late" if input.late', 'warn contains "late" if input.late');
    const { rules, change } = await compare({ 'p.rego': RULES }, { 'p.rego': after });
    expect(change).toBe('changed');
    expect(rules).toEqual([
      { change: 'changed', rule: 'data.agent.allow', file: 'p.rego', row: 3 },
      { change: 'removed', rule: 'data.agent.deny', file: 'p.rego', row: 13 },
      { change: 'changed', rule: 'data.agent.max', file: 'p.rego', row: 5, detail: 'was 5, is 10' },
      { change: 'added', rule: 'data.agent.warn', file: 'p.rego', row: 13 },
    ]);
    const more = `${RULES}\nallow if input.root\n`;
    expect((await compare({ 'p.rego': RULES }, { 'p.rego': more })).rules).toMatchObject([
      { rule: 'data.agent.allow', row: 15, detail: '1 definition more' },
    ]);
    const only = RULES.replace('default allow := false', 'default allow := true');
    expect((await compare({ 'p.rego': RULES }, { 'p.rego': only })).rules).toMatchObject([
      { rule: 'data.agent.allow', detail: 'its default was false, is true' },
    ]);
  });

  it('an import that means something else changes the rules that use its name', async () => {
    const rule = (path: string) =>
      `package agent\n\nimport data.${path} as known\n\nallow if known.x\n\nfree := 1\n`;
    const { rules } = await compare({ 'p.rego': rule('limits') }, { 'p.rego': rule('limits.b') });
    expect(rules.map(({ rule: name }) => name)).toEqual(['data.agent.allow']);
  });

  it('tells data, entrypoints, manifest and annotations place by place', async () => {
    const entry = (when: object) => ({
      ...MANIFEST,
      metadata: { owner: 'team', writ: { entrypoints: [{ path: 'agent/allow', kind: 'grant', when }] } },
    });
    const before = {
      'p.rego': `${RULES}`,
      'limits/data.json': '{"max": 5, "roles": ["a", "b"], "gone": null, "rows": [{"x": 1}]}',
      '.manifest': JSON.stringify(entry({ tools: ['read'] })),
    };
    const after = {
      'p.rego': RULES.replace('max := 5', '# METADATA\n# title: most\nmax := 5'),
      'limits/data.json': '{"max": 6, "roles": ["b", "c"], "new \\"x": true, "rows": [{"x": 2}]}',
      '.manifest': JSON.stringify({
        ...entry({ tools: ['read', 'write'] }),
        roots: ['agent', 'limits', 'x'],
      }),
    };
    const comparison = await compare(before, after);
    expect(comparison.rules).toEqual([]);
    expect(comparison.annotations).toMatchObject([{ rule: 'data.agent.max' }]);
    expect(comparison.data).toEqual([
      { change: 'removed', path: 'data.limits.gone', before: null },
      { change: 'changed', path: 'data.limits.max', before: 5, after: 6 },
      { change: 'added', path: 'data.limits["new \\"x"]', after: true },
      { change: 'removed', path: 'data.limits.roles[_]', before: 'a' },
      { change: 'added', path: 'data.limits.roles[_]', after: 'c' },
      { change: 'changed', path: 'data.limits.rows[0].x', before: 1, after: 2 },
    ]);
    expect(comparison.entrypoints).toEqual([
      {
        change: 'changed',
        path: 'agent/allow',
        kind: 'grant',
        fields: [{ change: 'added', path: 'when.tools[_]', after: 'write' }],
      },
    ]);
    expect(comparison.manifest).toEqual([{ change: 'added', path: 'roots[_]', after: 'x' }]);
  });

  it('tells sets of bundles by name, and what came and went', async () => {
    const bundle = await read({ 'p.rego': RULES });
    const named = (name: string) => ({ ...bundle, name });
    const both = compareBundles([named('a'), named('b')], [named('b'), named('c')]);
    expect(both.map(({ name, change }) => [name, change])).toEqual([
      ['a', 'removed'],
      ['b', 'same'],
      ['c', 'added'],
    ]);
    expect(compareBundles([], [bundle])[0]?.rules).toHaveLength(3);
  });

  it('finds no change in equal documents, and one in unequal ones', () => {
    const json = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(json, json, (left, right) => {
        const [one, other] = [left, right].map((value) => JSON.parse(JSON.stringify(value)));
        expect(compareValues(one, one, 'data')).toEqual([]);
        expect(compareValues(one, other, 'data').length === 0).toBe(
          JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)),
        );
      }),
      { numRuns: 50 },
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return { list: value.map(sorted) };
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, sorted(member)] as const);
  return { members: members.sort(([left], [right]) => (left < right ? -1 : 1)) };
}
