import { isSkip, loadSeedPolicies, mendTutorial, type SeedPolicies, type SeedPolicy } from '@writ/testing';
import { describe, expect, test } from 'vitest';
import { type Diagnostic, parseModule, renderDiagnostic } from '../src/syntax/index.ts';

/** The policies that the seed documents print, read from beside the checkout: none of their text stands here. */
const loaded = await loadSeedPolicies();
const why = isSkip(loaded) ? ` (skipped: ${loaded.skip})` : '';

const parse = ({ file, text, regoVersion }: SeedPolicy): ReturnType<typeof parseModule> =>
  parseModule(text, { file, version: regoVersion });

/** A text after all mends that its diagnostics show. */
function mended(text: string, diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .flatMap(({ replacement }) => replacement ?? [])
    .sort((a, b) => b.start - a.start)
    .reduce((source, { start, end, text: part }) => source.slice(0, start) + part + source.slice(end), text);
}

describe.skipIf(isSkip(loaded))(`the seed documents${why}`, () => {
  const { tutorial, aegis, precinct } = loaded as SeedPolicies;

  test.each([aegis?.decisions, aegis?.egress, ...(precinct ?? [])].filter((policy) => policy !== undefined))(
    '$file parses as printed',
    (policy) => {
      const { module, diagnostics } = parse(policy);
      expect(diagnostics).toEqual([]);
      expect(module?.rules.length).toBeGreaterThan(0);
    },
  );

  test('the version 0 policies of document 003 are refused in version 1, with the keywords that are missing', () => {
    const { diagnostics } = parseModule(aegis.decisions.text, { file: aegis.decisions.file });
    expect(new Set(diagnostics.map(({ message }) => message))).toEqual(
      new Set([
        '`if` keyword is required before rule body',
        '`contains` keyword is required for partial set rules',
      ]),
    );
    const text = mended(aegis.decisions.text, diagnostics);
    expect(parseModule(text, { file: aegis.decisions.file }).diagnostics).toEqual([]);
  });

  test('the policy of document 000 is refused once, for the braces that it lacks', () => {
    const { module, diagnostics } = parse(tutorial.policy);
    expect(module).toBeUndefined();
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ['rego_parse_error', 'unexpected ; token'],
    ]);
    expect(diagnostics[0]?.help).toMatch(/^write `if \{ .+; .+ \}`$/);
    expect(renderDiagnostic(diagnostics[0]!, tutorial.policy.text)).toContain('= help: write `if {');
  });

  test('its tests are refused, each for its `with` behind the body', () => {
    const { module, diagnostics } = parse(tutorial.tests);
    expect(module).toBeUndefined();
    expect(diagnostics.map(({ message }) => message)).toEqual(Array(5).fill('unexpected with keyword'));
  });

  test.each(['policy', 'tests'] as const)('the mends shown for its %s make it parse', (name) => {
    const policy = tutorial[name];
    const text = mended(policy.text, parse(policy).diagnostics);
    expect(parse({ ...policy, text }).diagnostics).toEqual([]);
    expect(parse({ ...policy, text: mendTutorial(policy.text) }).diagnostics).toEqual([]);
  });

  test('the mends shown mean what the mends by hand mean', () => {
    const shape = (text: string): unknown =>
      JSON.parse(
        JSON.stringify(parse({ ...tutorial.tests, text }).module?.rules, (key, value) =>
          /[lL]ocations?$/.test(key) ? undefined : value,
        ),
      );
    const shown = mended(tutorial.tests.text, parse(tutorial.tests).diagnostics);
    expect(shape(shown)).toEqual(shape(mendTutorial(tutorial.tests.text)));
  });
});
