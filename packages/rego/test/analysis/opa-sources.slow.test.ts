import { join } from 'node:path';
import { isOracleFailure, isSkip, type OracleError, opaSources, startOracle } from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { compilePolicy, type Diagnostic } from '../../src/index.ts';
import { modulesInGo } from '../support/go-sources.ts';

const started = await startOracle();
const oracle = isSkip(started) ? undefined : started;
afterAll(async () => {
  await oracle?.stop();
});

/** Tests of OPA's compiler, whose modules are read from the pinned Go module. */
const SOURCES = ['compile_test.go', 'check_test.go', 'schema_test.go', 'annotations_test.go', 'env_test.go'];

/**
 * Differences that are known, by what only one side says. Each has its reason; what is in none of them breaks the
 * build.
 */
const KNOWN: readonly { readonly about: string; readonly sees: RegExp }[] = [
  {
    about: 'a module with a call through a variable is refused by the parser, with that error alone',
    sees: /undefined function (?:data\.(?:deadbeef|test2)|deadbeef)|assigned var x unused/,
  },
  {
    about: 'OPA names no function where `input` or `data` is called',
    sees: /undefined function (?:input|data)?$/,
  },
  {
    about: 'a target of `with` that varies is refused here',
    sees: /with keyword target must reference existing input, data, or a function/,
  },
  {
    about: 'OPA gives variables in arguments that it refuses anyway another turn as unused',
    sees: /unused argument|assigned var (?:input|data|bar) unused/,
  },
  {
    about: 'a local named as a document is looked for by what stands in the text',
    sees: /variables must not shadow (?:input|data)/,
  },
  {
    about: 'a head is looked up at the end of the body, where its variables have values',
    sees: /rule data\.p\.r (?:may be|is) recursive/,
  },
  {
    about: 'template strings in arguments are patterns here, and closures in them computed late',
    sees: /var x (?:referenced above|is unsafe)|var a assigned above/,
  },
  {
    about: 'OPA gives no place',
    sees: /^undefined:undefined: |print\(42\) used as value|illegal call to relation/,
  },
  { about: 'only a whole name is looked for', sees: /var j assigned before/ },
  { about: 'a `$ref` to another document is never fetched', sees: /invalid URL escape/ },
  {
    about: 'the key of a generated step is named by its number',
    sees: /conflicting rules data\.pkg\.index|undefined ref: (?:\{\}|\[\]|set\(\))\[__local__\]/,
  },
  {
    about: 'a step into metadata: what the call stands for is shown, not the call',
    sees: /undefined ref: (?:rego\.metadata\.|\[?\{)/,
  },
  {
    about: 'a function used as a collection: the caret counts the generated variable',
    sees: /used as reference, not called/,
  },
];

/** Passes of each run that must not be lost. */
const SAME_MIN = 500;

function theirs({ row, col, code, message, details = [] }: OracleError): string {
  return [`${row}:${col}: ${code}: ${message}`, ...details].join('\n\t');
}

function ours({ location, code, message, details }: Diagnostic): string {
  return [`${location.row}:${location.column}: ${code}: ${message}`, ...(details?.lines ?? [])].join('\n\t');
}

/** Names of generated variables have other numbers here. */
function comparable(errors: readonly string[]): readonly string[] {
  return [...new Set(errors.map((error) => error.replace(/__local\d+__/g, '__local__')))].sort();
}

async function compare(text: string, version: 0 | 1, strict: boolean) {
  const answer = await oracle!.check({
    modules: { 'm.rego': text },
    regoVersion: version,
    strict,
    printStatements: true,
  });
  const found = isOracleFailure(answer) ? answer.errors : [];
  if (found.some(({ code }) => code === 'rego_parse_error')) return undefined;
  const { diagnostics } = compilePolicy([{ file: 'm.rego', text, version }], { strict });
  if (diagnostics.some(({ code }) => code === 'rego_unsupported_error')) return undefined;
  const [opa, own] = [comparable(found.map(theirs)), comparable(diagnostics.map(ours))];
  const missing = opa.filter((error) => !own.includes(error));
  const surplus = own.filter((error) => !opa.includes(error));
  return { text, version, strict, missing, surplus };
}

describe.skipIf(isSkip(started))(
  `the modules of OPA’s own compiler tests${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test.each([
      [0, false],
      [1, false],
      [0, true],
      [1, true],
    ] as const)('[P-REGO-LOCATED-ERRORS] version %d, strict %s: the same errors', async (version, strict) => {
      const folder = await opaSources();
      const modules = new Set(
        (await Promise.all(SOURCES.map((name) => modulesInGo(join(folder, 'v1/ast', name))))).flat(),
      );
      const compared = [];
      for (const text of modules) {
        const outcome = await compare(text, version, strict);
        if (outcome !== undefined) compared.push(outcome);
      }
      const different = compared.filter(({ missing, surplus }) => missing.length + surplus.length > 0);
      const unknown = different.filter(({ missing, surplus }) =>
        [...missing, ...surplus].some((error) => !KNOWN.some(({ sees }) => sees.test(error))),
      );
      console.log(
        `version ${version}${strict ? ', strict' : ''}: ${compared.length} modules, ${compared.length - different.length} the same, ${different.length} known to differ`,
      );
      expect(unknown).toEqual([]);
      expect(compared.length - different.length).toBeGreaterThanOrEqual(SAME_MIN);
    });
  },
);
