import { isSkip, type Oracle, startOracle } from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { isKnownBuiltin } from '../../src/builtins/index.ts';
import { moduleToAst, parseModule } from '../../src/syntax/index.ts';
import { ANNOTATION_TEXTS, LOGICAL_TEXTS } from './tricky-texts.ts';

/** Texts that are hard to read right: every error with its place and words as OPA's, and every tree. */

const started = await startOracle();

describe.skipIf(isSkip(started))(
  `tricky texts beside OPA${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    const oracle = started as Oracle;
    afterAll(() => oracle.stop());

    test.each([
      ['operands of `and`, `or` and `not`', LOGICAL_TEXTS],
      ['annotations', ANNOTATION_TEXTS],
    ])('[P-POLICY-PARSE-AS-OPA] %s', async (_about, texts) => {
      const modules = Object.fromEntries(texts.map((text, index) => [`m${index}.rego`, text]));
      const theirs = await oracle.parse({ modules, regoVersion: 1, ast: true });
      for (const [index, text] of texts.entries()) {
        const file = `m${index}.rego`;
        const { module, diagnostics } = parseModule(text, { file, version: 1, isBuiltin: isKnownBuiltin });
        const answer = theirs[file]!;
        const errors = (answer.errors ?? []).map(({ row, col, message }) => `${row}:${col} ${message}`);
        const ours = diagnostics.map(
          ({ location: { row, column }, message }) => `${row}:${column} ${message}`,
        );
        expect(ours, text).toEqual(errors);
        if (module) expect(JSON.parse(JSON.stringify(moduleToAst(module))), text).toEqual(answer.ast);
      }
    });
  },
);
