import { expect, test } from 'vitest';
import { compilePolicy, compilePolicyAsync } from '../../src/index.ts';

const RULES = 300;
const TEXT = `package a

default allow := false

${Array.from({ length: RULES }, (_none, index) => `allow if { input.tool == "${index}"; input.x > ${index}; not input.no_${index} }`).join('\n\n')}
`;

test('a policy compiled in slices is the same, and others had their turn meanwhile', async () => {
  let pauses = 0;
  const sources = [{ file: 'a.rego', text: TEXT }];
  const pause = async (): Promise<void> => {
    pauses += 1;
  };
  const { policy, diagnostics } = await compilePolicyAsync(sources, { sliceMs: 0, pause });
  expect(diagnostics).toEqual([]);
  // Parser, analysis and planner each pause every few rules.
  expect(pauses).toBeGreaterThan(RULES);
  const plain = compilePolicy(sources).policy!;
  for (const input of [{ tool: '7', x: 8 }, { tool: '7', x: 7 }, {}]) {
    expect(policy!.prepare('a/allow').evaluate(input)).toEqual(plain.prepare('a/allow').evaluate(input));
  }
  expect(policy!.modules).toEqual(plain.modules);
});

test('faults are found as without pauses', async () => {
  for (const text of ['package a\n\np := ', 'package a\n\np := x\n', 'package a\n\np if p\n']) {
    const sources = [{ file: 'a.rego', text }];
    expect(await compilePolicyAsync(sources)).toEqual(compilePolicy(sources));
  }
});

test('nothing of it waits longer than it must: without a pause of the caller’s own the event loop goes on', async () => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await compilePolicyAsync([{ file: 'a.rego', text: TEXT }], { sliceMs: 1 });
  isDone = true;
  expect(turns).toBeGreaterThan(1);
});
