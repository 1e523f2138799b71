import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';

/** The code blocks of a how-to page. */
function blocksOf(page: string, language: string): readonly string[] {
  const text = readFileSync(join(REPOSITORY, 'docs/how-to', page), 'utf8');
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map((found) => found[1]!);
}

const OLD = 'package p\n\nallow[x] { x = input.roles[_] }\n';

describe('the how-to pages', () => {
  it('test-policies: the tutorial’s tests pass, in every format', async () => {
    const [command] = blocksOf('test-policies.md', 'sh');
    const plain = await runWrit(command!.trim().split(' ').slice(2));
    expect(plain.status).toBe(EXIT.ok);
    const junit = await runWrit(['test', 'examples/tutorial', '--format', 'junit']);
    expect(junit.stdout).toContain('<testsuites');
    expect(junit.status).toBe(EXIT.ok);
  });

  it('format-and-migrate: flags do what the table says', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'old.rego');
    writeFileSync(file, OLD);
    const format = async (...flags: string[]) => (await runWrit(['fmt', ...flags, file])).stdout;
    const both = 'package p\n\nimport rego.v1\n\nallow contains x if x = input.roles[_]\n';
    expect(await format('--v0-v1')).toBe(both);
    expect((await runWrit(['fmt', file])).status).toBe(EXIT.badInput);
    expect((await runWrit(['fmt', '--v0-v1', '--list', '--fail', file])).status).toBe(EXIT.no);
    expect((await runWrit(['fmt', '--v0-v1', '--write', file])).status).toBe(EXIT.ok);
    expect(readFileSync(file, 'utf8')).toBe(both);
    expect(await format('--drop-v0-imports')).toBe('package p\n\nallow contains x if x = input.roles[_]\n');
    expect(await format('--rego-v2')).toContain('import rego.v2');
  });

  it('evaluate-in-batches: the question of the page has the answer of the page', async () => {
    const [question, answers] = blocksOf('evaluate-in-batches.md', 'ndjson');
    const ran = await runWrit(['eval', '--batch', '--time', '2026-01-31T12:00:00Z'], {
      input: `${question!.trim()}\nno question\n{"id":2,"query":"data.nothing"}\n`,
    });
    const [first, , third] = ran.stdout.split('\n');
    expect([first, third]).toEqual(answers!.trim().split('\n').slice(0, 2));
    expect(ran.status).toBe(EXIT.ok);
  });
});

describe('commands around policies', () => {
  it('parse, inspect, bench and capabilities answer', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'p.rego');
    writeFileSync(file, 'package p\n\nallow if input.x > 1\n');
    const tree = JSON.parse((await runWrit(['parse', file])).stdout) as { readonly rules: unknown[] };
    expect(tree.rules).toHaveLength(1);
    const inspected = JSON.parse((await runWrit(['inspect', file, '--format', 'json'])).stdout) as object;
    expect(inspected).toMatchObject({ namespaces: { 'data.p': [file] } });
    const known = JSON.parse((await runWrit(['capabilities'])).stdout) as { readonly builtins: object[] };
    expect(known.builtins.length).toBeGreaterThan(180);
    const bench = await runWrit(['bench', '1 + 1', '--format', 'json']);
    expect((JSON.parse(bench.stdout) as { readonly N: number }).N).toBeGreaterThan(1);
  });
});
