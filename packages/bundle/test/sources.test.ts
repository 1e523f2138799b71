import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  BUILT_IN_BUNDLES,
  describeChange,
  lineDiff,
  readDirectory,
  readSources,
  renderChange,
  watchPaths,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf, writeFiles } from './bundle-fixture.ts';

describe('several bundles', () => {
  it('come from folders, archives and Writ itself', async () => {
    const folder = makeFolder({ 'p.rego': POLICY });
    writeFileSync(
      join(folder, '../packed.tar.gz'),
      writeArchive([{ path: 'p.rego', text: 'package other\n' }]),
    );
    onTestFinished(() => rmSync(join(folder, '../packed.tar.gz')));
    const read = await readSources([
      { kind: 'path', path: folder, name: 'tools' },
      { kind: 'path', path: join(folder, '../packed.tar.gz') },
      { kind: 'built-in', bundle: BUILT_IN_BUNDLES.get('writ/grant-all')! },
    ]);
    expect(read.ok && read.bundles.map(({ name }) => name)).toEqual(['tools', 'packed', 'writ/grant-all']);
  });

  it('[P-ROOTS-APART] do not activate with overlapping roots or one name', async () => {
    const all = makeFolder({ 'p.rego': POLICY, '.manifest': '{}' });
    const some = makeFolder({ 'p.rego': POLICY });
    const both = (names: [string, string]) =>
      readSources([
        { kind: 'path', path: all, name: names[0] },
        { kind: 'path', path: some, name: names[1] },
      ]);
    expect(problemsOf(await both(['one', 'two']))).toMatchObject([{ code: 'roots_overlap', bundle: 'two' }]);
    expect(problemsOf(await both(['one', 'one']))[0]).toMatchObject({ code: 'bundle_name_taken' });
  });

  it('list the problems of all', async () => {
    const paths = [makeFolder({ 'data.json': '{' }), makeFolder({ '.manifest': '[]' }), '/nowhere'];
    const problems = problemsOf(await readSources(paths.map((path) => ({ kind: 'path', path }))));
    expect(problems.map(({ code }) => code)).toEqual([
      'data_invalid',
      'manifest_invalid',
      'bundle_unreadable',
    ]);
  });
});

describe('a change', () => {
  it('is described by bundle, file and line', async () => {
    const folder = makeFolder({ 'p.rego': POLICY, 'data.json': '{"limit": 1}' });
    const before = bundleOf(await readDirectory(folder, { name: 'tools' }));
    expect(describeChange([before], [before])).toEqual({ added: [], removed: [], changed: [], files: [] });
    writeFiles(folder, {
      'p.rego': POLICY.replace('"read"', '"write"'),
      'data.json': '{"limit": 2}',
      'q.rego': 'package agent.more\n',
    });
    const after = bundleOf(await readDirectory(folder, { name: 'tools' }));
    const change = describeChange([before], [after]);
    expect(change.changed).toEqual([{ name: 'tools', from: before.revision, to: after.revision }]);
    const text = renderChange(change);
    expect(text).toContain(
      'tools/p.rego changed\n  -    3 allow if input.action.tool == "read"\n  +    3 allow if input.action.tool == "write"',
    );
    expect(text).toContain('tools/q.rego added');
    expect(text).toContain('"limit": 2');
    expect(renderChange(change, 3).split('\n').at(-1)).toMatch(/^… and \d+ more lines$/);
    expect(describeChange([before], [])).toMatchObject({ removed: ['tools'] });
    expect(describeChange([], [after])).toMatchObject({ added: ['tools'] });
  });

  it('turns the old text into the new one', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = lineDiff(before, after);
        const lines = before.split('\n').slice(0, -1);
        const removed = new Set(diff.filter(({ sign }) => sign === '-').map(({ row }) => row - 1));
        const kept = lines.filter((_, index) => !removed.has(index));
        for (const { sign, row, text: line } of diff) if (sign === '+') kept.splice(row - 1, 0, line);
        expect(kept.map((line) => `${line}\n`).join('')).toBe(after);
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});

describe('a watch', () => {
  it('sees files written, replaced, removed, and in new folders', async () => {
    const folder = makeFolder({ 'p.rego': POLICY });
    let calls = 0;
    const watch = watchPaths([folder], {
      debounceMs: 2,
      onChange: () => {
        calls += 1;
      },
    });
    onTestFinished(() => watch.close());
    const seen = async (change: () => void): Promise<void> => {
      const before = calls;
      change();
      await expect.poll(() => calls, { timeout: 10_000 }).toBeGreaterThan(before);
    };
    await seen(() => writeFiles(folder, { 'p.rego': `${POLICY}\n` }));
    await seen(() => {
      writeFiles(folder, { 'p.rego.tmp': POLICY });
      renameSync(join(folder, 'p.rego.tmp'), join(folder, 'p.rego'));
    });
    await seen(() => mkdirSync(join(folder, 'deep')));
    await seen(() => writeFiles(folder, { 'deep/er/data.json': '{}' }));
    await seen(() => writeFiles(folder, { 'deep/er/data.json': '{"a": 1}' }));
    await seen(() => rmSync(join(folder, 'deep'), { recursive: true }));
  });

  it('sees an archive that is replaced by another', async () => {
    const folder = makeFolder({ 'b.tar.gz': 'one', 'other.txt': '' });
    let calls = 0;
    const watch = watchPaths([join(folder, 'b.tar.gz')], {
      debounceMs: 2,
      onChange: () => {
        calls += 1;
      },
    });
    onTestFinished(() => watch.close());
    for (const text of ['two', 'three']) {
      const before = calls;
      writeFiles(folder, { next: text });
      renameSync(join(folder, 'next'), join(folder, 'b.tar.gz'));
      await expect.poll(() => calls, { timeout: 10_000 }).toBeGreaterThan(before);
    }
  });

  it('never calls twice at once, and misses nothing that comes during a call', async () => {
    const folder = makeFolder({ 'p.rego': POLICY });
    let running = 0;
    let most = 0;
    let last = '';
    const watch = watchPaths([folder], {
      debounceMs: 2,
      async onChange() {
        running += 1;
        most = Math.max(most, running);
        const read = await readDirectory(folder);
        await new Promise((resolve) => setTimeout(resolve, 20));
        last = read.ok ? read.bundle.revision : '';
        running -= 1;
      },
    });
    onTestFinished(() => watch.close());
    for (let turn = 0; turn < 10; turn += 1) {
      writeFiles(folder, { 'data.json': `{"turn": ${turn}}` });
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
    const wanted = bundleOf(await readDirectory(folder)).revision;
    await expect.poll(() => last, { timeout: 10_000 }).toBe(wanted);
    expect(most).toBe(1);
  });

  it('reports what its callback throws and goes on', async () => {
    const folder = makeFolder({ 'p.rego': POLICY });
    const errors: string[] = [];
    const watch = watchPaths([folder], {
      debounceMs: 2,
      onChange: () => Promise.reject(new Error(`broken ${errors.length}`)),
      onError: (error) => void errors.push(error.message),
    });
    onTestFinished(() => watch.close());
    writeFiles(folder, { 'p.rego': `${POLICY}\n` });
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    const before = errors.length;
    writeFiles(folder, { 'p.rego': `${POLICY}\n\n` });
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(before);
  });

  it('stops when it is closed', async () => {
    const folder = makeFolder({ 'p.rego': POLICY });
    let calls = 0;
    const watch = watchPaths([folder], {
      debounceMs: 2,
      onChange: () => {
        calls += 1;
      },
    });
    await watch.close();
    writeFiles(folder, { 'p.rego': `${POLICY}\n` });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(calls).toBe(0);
  });
});
