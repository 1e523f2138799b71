import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest, readRegistryFile, registrySchema } from '@writ/bundle';
import { configJsonSchema, parseConfig } from '@writ/cli';
import { OUTCOME_NAMES, publishedSchemas, readAnswer } from '@writ/decision';
import { PACK_PROBLEMS, PERSONAL_FIELDS, VERIFY_PROBLEMS } from '@writ/ledger';
import { DIAGNOSTIC_CODES } from '@writ/rego';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../reference/code-blocks.ts';
import { errorPagePath, findingsOf } from '../reference/error-pages.ts';
import { httpExamples } from '../reference/http-examples.ts';
import { HTTP_PAGE, shownExamples } from '../reference/http-page.ts';
import { referencePages } from '../reference/reference-pages.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const REWRITE = 'write them anew: node tools/run.mjs tools/write-reference.ts';

/** The text without what the formatter may choose: widths of columns, indentation, breaks of lines. */
function unformatted(text: string): string {
  return text.replace(/-{3,}/g, '---').replace(/\s+/g, '');
}

/** Names of every property of a JSON Schema, at any depth. */
function propertyNames(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, ...rest } = schema as { properties?: Record<string, unknown> };
  const below = [...Object.values(properties ?? {}), ...Object.values(rest)].flatMap(propertyNames);
  return [...Object.keys(properties ?? {}), ...below];
}

function missingFrom(path: string, names: readonly string[]): readonly string[] {
  const words = new Set(read(path).match(/[A-Za-z_][A-Za-z0-9_]*/g));
  return [...new Set(names)].filter((name) => !words.has(name));
}

describe('reference', () => {
  it('is as the code is', () => {
    const stale = [...referencePages(root)].filter(
      ([path, text]) => unformatted(read(path)) !== unformatted(text),
    );
    expect(
      stale.map(([path]) => path),
      REWRITE,
    ).toEqual([]);
  });

  it('shows every exchange of the HTTP API', () => {
    const all = httpExamples(root).map(({ name }) => name);
    expect([...shownExamples(read(HTTP_PAGE))].sort()).toEqual(all);
  });

  it('names every field of the contract', () => {
    expect(missingFrom('docs/reference/contract.md', propertyNames(publishedSchemas()))).toEqual([]);
  });

  it('names every key of the configuration', () => {
    expect(missingFrom('docs/reference/configuration.md', propertyNames(configJsonSchema()))).toEqual([]);
  });

  it('shows a configuration that is read', () => {
    const [yaml] = codeBlocks(read('docs/reference/configuration.md')).filter(
      ({ language }) => language === 'yaml',
    );
    expect(Object.keys(parseConfig(yaml?.text ?? '', 'writ.yaml')).sort()).toEqual(
      Object.keys((configJsonSchema() as { properties: object }).properties).sort(),
    );
  });

  it('shows a manifest, an override and a registry that are read', () => {
    const blocks = codeBlocks(read('docs/reference/entrypoints.md')).filter(
      ({ language }) => language === 'json',
    );
    const under = (heading: string): unknown =>
      JSON.parse(blocks.find((block) => block.heading === heading)?.text ?? 'null');
    expect(readManifest(under('Where they are named'))).toMatchObject({ ok: true });
    expect(readAnswer('overrides', under('Overrides') as never)).toMatchObject({ kind: 'lifts' });
    expect(registrySchema.safeParse(under('The capability registry')).success).toBe(true);
  });

  it('names every word for an outcome', () => {
    expect(missingFrom('docs/reference/entrypoints.md', Object.keys(OUTCOME_NAMES))).toEqual([]);
  });

  it('names every field of an entry that is committed to, and everything that verification finds', () => {
    const names = [...PERSONAL_FIELDS, ...Object.keys(VERIFY_PROBLEMS)];
    expect(missingFrom('docs/reference/record.md', names)).toEqual([]);
    const ofPacks = Object.keys(PACK_PROBLEMS);
    expect(missingFrom('docs/reference/evidence-pack.md', ofPacks)).toEqual([]);
  });
});

describe('how-to', () => {
  const folder = 'docs/how-to';
  const configurations = readdirSync(join(root, folder)).flatMap((file) =>
    codeBlocks(read(`${folder}/${file}`))
      .filter(({ language }) => language === 'yaml')
      .map(({ text, heading }): [string, string] => [`${file}: ${heading}`, text]),
  );

  it.each(configurations)('%s: the configuration that it shows is read', (_where, text) => {
    if (text.includes('\ncapabilities:') || text.startsWith('capabilities:')) {
      expect(readRegistryFile(text, 'data.yaml', 'shown')).toMatchObject({ ok: true });
      return;
    }
    const whole = text.replaceAll('sha256:…', `sha256:${'0'.repeat(64)}`);
    expect(Object.keys(parseConfig(whole, 'writ.yaml')).length).toBeGreaterThan(0);
  });

  it('shows some', () => {
    expect(configurations.length).toBeGreaterThan(1);
  });
});

describe.each(DIAGNOSTIC_CODES)('the page of %s', (code) => {
  const blocks = codeBlocks(read(errorPagePath(code)));

  it('has an example that gives it, and nothing else', () => {
    const example = blocks.find(({ language, heading }) => language === 'rego' && heading === 'An example');
    const codes = findingsOf(example?.text ?? '').map((each) => each.code);
    expect(new Set(codes)).toEqual(new Set([code]));
  });

  it('has a mend that compiles', () => {
    const mends = blocks.filter(({ language, heading }) => language === 'rego' && heading === 'The mend');
    expect(mends.length).toBeGreaterThan(0);
    for (const { text } of mends) expect(findingsOf(text)).toEqual([]);
  });
});
