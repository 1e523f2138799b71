import { isSkip, type Oracle, startOracle } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackend } from '../../src/compile/create-backend.ts';
import { planOfText, planText } from '../../src/compile/plan-text.ts';
import { compilePlan } from '../../src/compile-plan.ts';
import { Engine } from '../../src/eval/engine.ts';
import { fromParsed, type JsonObject, toJson, type Value } from '../../src/index.ts';
import { nodeCrypto } from '../../src/node.ts';
import { planDocumentPath } from '../../src/plan/document-path.ts';
import type { PolicyPlan } from '../../src/plan/plan.ts';
import { finish } from '../../src/syntax/steps.ts';

const started = await startOracle();
let oracle: Oracle | undefined;
beforeAll(() => {
  if (!isSkip(started)) oracle = started;
});
afterAll(async () => {
  await oracle?.stop();
});

/** What each package and each rule of a plan gives, as text. */
function answers(plan: PolicyPlan, data: JsonObject, input: Value | undefined): readonly string[] {
  const engine = new Engine(plan, createBackend(plan, undefined), { data });
  const paths = [[], ...plan.groups.map(({ path }) => path)];
  return paths.map((path) => {
    const evaluate = engine.prepareValue(planDocumentPath(plan.root, path), path.join('.'));
    const result = evaluate(input, { timeNs: 1n, host: { crypto: nodeCrypto }, operationsMax: 100_000 });
    if (result.kind === 'value') return toJson(result.value);
    return result.kind === 'error' ? `${result.code} ${result.message}` : 'undefined';
  });
}

const SELDOM_SAME = /rand\.|uuid\.|time\.now|opa\.runtime|test\.sleep|http\.send|net\.lookup/;

describe.skipIf(isSkip(started))(
  `a plan as text${isSkip(started) ? ` (skipped: ${started.skip})` : ''}`,
  () => {
    test.each(['v0', 'v1'] as const)(
      '%s: every policy of OPA’s corpus decides the same by it',
      async (name) => {
        const version = name === 'v0' ? 0 : 1;
        let compared = 0;
        for (const { case: one } of await oracle!.cases(name)) {
          const modules = one.modules ?? [];
          if (modules.some((text) => SELDOM_SAME.test(text))) continue;
          const sources = modules.map(
            (text, index) => ({ file: `test-${index}.rego`, text, version }) as const,
          );
          const { plan } = compilePlan(sources, {});
          if (plan === undefined) continue;
          const text = planText(plan);
          const again = finish(planOfText(text));
          const data = (fromParsed(one.data ?? {}) ?? {}) as JsonObject;
          const input = one.input === undefined ? undefined : fromParsed(one.input);
          expect(answers(again, data, input), one.note).toEqual(answers(plan, data, input));
          const second = planText(again);
          // Rules that are like others are written by what makes them other; read, they are as any.
          const each = planText(compilePlan(sources, {}, false).plan!);
          expect({ ...second, rules: new TextDecoder().decode(second.rules) }, one.note).toEqual({
            ...each,
            rules: new TextDecoder().decode(each.rules),
          });
          compared += 1;
        }
        expect(compared).toBeGreaterThan(1_500);
      },
    );
  },
);
