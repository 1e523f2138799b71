import { isOracleFailure, isSkip, startOracle } from '@writ/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { compilePolicy, pathText } from '../../src/index.ts';
import { moduleTexts, ProgramSource } from '../differential/program.ts';

const started = await startOracle();
const oracle = isSkip(started) ? undefined : started;
afterAll(async () => {
  await oracle?.stop();
});

const POLICY = `package policy

allow if is_admin

is_admin if "admin" in input.user.roles

named contains name if {
	user := data.users[_]
	name := user.names.first
	user.age > limit(input.country)
}

limit(country) := data.limits[country]

else := 18

other := {x: y | some x, y in data.pairs; not input.banned[x]}

nested[k].v := w if w := data.tree[k].leaf

unused if {
	x := input.a.b
	y := x
	z := data.settings
}

replaced := 1 if allow with input.user as data.mock
`;

const QUERIES = [
  'data.policy.allow',
  'x := data.policy.named[_]; input.z[x]',
  'data.policy.other',
  'data.policy.nested.a.v',
  'data.policy',
  'data.policy.unused',
  'data.policy.replaced',
  'data.policy.limit("x") > 3',
  'data.nothing[x].a; x = input.b',
  'not data.policy.allow',
  '1 == 1',
];

describe('what a query depends on', () => {
  test.skipIf(oracle === undefined).each(QUERIES)('%s: as opa deps says', async (query) => {
    await compare({ 'p.rego': POLICY }, query, 1);
  });

  test.skipIf(oracle === undefined)(
    'generated programs: as opa deps says',
    { timeout: 120_000 },
    async () => {
      const source = new ProgramSource(20_261_129);
      let compared = 0;
      for (let index = 0; index < 300; index++) {
        const program = source.next();
        const texts = moduleTexts(program);
        for (const { path } of program.questions) {
          if (path === undefined) continue;
          compared += await compare(texts, ['data', ...path].join('.'), program.regoVersion);
          break;
        }
      }
      expect(compared).toBeGreaterThan(100);
    },
  );
});

async function compare(
  texts: Readonly<Record<string, string>>,
  query: string,
  version: 0 | 1,
): Promise<number> {
  const theirs = await oracle!.dependencies({ modules: texts, query, regoVersion: version });
  const sources = Object.entries(texts).map(([file, text]) => ({ file, text, version }));
  const { policy } = compilePolicy(sources);
  if (isOracleFailure(theirs) || policy === undefined) return 0;
  const { dependencies } = policy.dependencies(query, { version });
  const ours = {
    base: dependencies?.base.map(pathText),
    virtual: dependencies?.virtual.map(pathText),
  };
  expect({ query, texts, ...ours }).toEqual({ query, texts, base: theirs.base, virtual: theirs.virtual });
  return 1;
}
