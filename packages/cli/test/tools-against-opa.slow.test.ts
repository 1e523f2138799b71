import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { findOpa } from '@writ/testing';
import { describe, expect, it } from 'vitest';
import { runWrit, temporaryFolder } from './support/run-writ.ts';

const found = await findOpa();
const opa = typeof found === 'string' ? found : undefined;
const run = promisify(execFile);

const POLICY = `package policy

allow if is_admin

is_admin if "admin" in input.user.roles

is_admin if data.admins[input.user.name]

named contains name if name := data.users[_].name
`;

const TESTS = `package policy_test

import data.policy

test_admin if policy.allow with input.user.roles as ["admin"]

test_cases[case.note] if {
	some case in [
		{"note": "empty", "a": [], "b": [], "exp": []},
		{"note": "bad", "a": [1], "b": [], "exp": []},
		{"note": "full", "a": [1], "b": [2], "exp": [1, 2]},
	]
	array.concat(case.a, case.b) == case.exp
}

test_nested[k][v] if {
	some k in ["x", "y"]
	some v in [1, 2]
	v < 2
}

test_fixed.one if 1 == 2

inner.test_named if 1 == 2

inner["test quoted"] if false

inner["test_quoted name"] if 1 == 1

test_none[x] if some x in input.none

test_number := 1

todo_test_later if false
`;

/** What OPA's compiler takes out of an expression has a range of its own there: no such expressions stand here. */
const COVERED = `package c

# comment
default allow := false

allow if { input.x == 1; not blocked }

allow := true if {
	m := input.m
	every k, v in m {
		v > k
	}
} else := false if {
	input["ü"] == "€"; input.z == [y | y := 2]
}

blocked if input.a.b.c
	with input.a as {"b": {"c": true}}

f(x) := x if x > 1

names contains n if some n in input.names

obj[k] := v if { some k, v in input.m; v != 2 }

const := 5

some_declared if { some i; input.names[i] == "x" }

deep.er.rule contains 1 if { input.names == 100 }

l if { x := 1
  x == 1  ; y := [z | z := x
    z > 0]; y == [1] }
`;

/** The `m` that `every` goes through: an expression that OPA's compiler made. */
const EVERY_DOMAIN = { start: { row: 10, col: 16 }, end: { row: 10, col: 17 } };

function folder(): string {
  const path = temporaryFolder();
  writeFileSync(join(path, 'policy.rego'), POLICY);
  writeFileSync(join(path, 'policy_test.rego'), TESTS);
  return path;
}

/** What OPA prints; tests that fail give it a status of their own. */
async function opaJson(...words: readonly string[]): Promise<unknown> {
  const { stdout } = await run(opa!, [...words]).catch((error: { readonly stdout: string }) => error);
  return JSON.parse(stdout);
}

interface Result {
  readonly name: string;
  readonly duration?: number;
  readonly location?: object;
}

const FAILING = `package v_test

level := {"a": {"b": 3}}

f(x) := x * 2

test_one if {
	tc := {"in": 1, "out": [1, 2]}
	f(tc.in) == tc.out[1] + 1
}

test_two if level.a.b == input.x + 1 with input.x as 4

test_three if {
	some x in [1, 2]
	x == 5
}

test_four if {
	every x in [1, 2] {
		x < 2
	}
}

test_five if { x := "a"; level[x].b in [1, 2] }

test_six if f(2) == f(3)

test_seven if {
	trace("here")
	data.v_test.level.a.b == 4
}

test_eight[name] if {
	some name, x in {"a": 1, "b": 2}
	helper(x)
}

helper(x) if {
	y := x + 1
	y < 3
}
`;

/** The part of a report on failures, by test, without times and the blanks that OPA puts at the ends of rows. */
function failuresIn(stdout: string): readonly string[] {
  const [, , text = ''] = stdout.split(/^-{80}$/m).slice(stdout.indexOf('FAILURES') < 0 ? 3 : 0);
  return text
    .replace(/ \([\d.]+[nµm]?s\)$/gm, '')
    .split(/\n(?=data\.)/)
    .map((one) =>
      one
        .replace(/[ \t]+$/gm, '')
        .replace(/\n+/g, '\n')
        .trim(),
    )
    .filter((one) => one !== '')
    .sort();
}

function comparable(results: unknown): readonly object[] {
  return (results as readonly Result[])
    .map(({ duration: _duration, location: _location, ...rest }) => rest)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

describe.skipIf(opa === undefined)('the tools print what those of OPA print', () => {
  it.each(['data.policy.allow', 'x := data.policy.named[_]', 'data.policy', '1 == 1'])(
    'deps %s',
    async (query) => {
      const path = join(folder(), 'policy.rego');
      const ours = await runWrit(['deps', '-d', path, '-f', 'json', query]);
      expect(JSON.parse(ours.stdout)).toEqual(await opaJson('deps', '-d', path, '-f', 'json', query));
    },
  );

  it('inspect lists what policies ask of the engine', async () => {
    const texts = [
      POLICY,
      'package p\n\nimport rego.v1\n\nimport future.keywords.not\n\nt := $"{input.x}" if {\n\tx := input.user\n\tstartswith(x.name, "a")\n\tcount(x.roles) > 1\n}\n\nv := input.a == 1\n\nw := [y | some y in input.l; upper(y) == y]\n',
    ];
    for (const text of texts) {
      const file = join(temporaryFolder(), 'p.rego');
      writeFileSync(file, text);
      const ours = await runWrit(['inspect', '--format', 'json', file]);
      const theirs = (await opaJson('inspect', '-f', 'json', file)) as { readonly capabilities: object };
      expect(JSON.parse(ours.stdout).capabilities).toEqual(theirs.capabilities);
    }
  });

  it('eval says what of --target and --optimize it has', async () => {
    const plain = await runWrit(['eval', '--target', 'rego', '-O', '0', '-f', 'raw', '1 + 1']);
    expect(plain.stdout).toBe('2\n');
    const wasm = await runWrit(['eval', '--target', 'wasm', '1 + 1']);
    expect(wasm.status).toBe(64);
    expect(wasm.stderr).toContain('`wasm` is not there');
    const optimised = await runWrit(['eval', '-O', '2', '-f', 'raw', '1 + 1']);
    expect(optimised.stdout).toBe('2\n');
    expect((await runWrit(['eval', '-O', '3', '1 + 1'])).status).toBe(64);
  });

  it.each(['{}', '{"x": 1}', '{"m": [1, 2, 3], "names": ["x", "y"], "q": [1, 2], "z": [2]}'])(
    'eval --coverage: the same ranges for %s',
    async (input) => {
      const cwd = temporaryFolder();
      writeFileSync(join(cwd, 'c.rego'), COVERED);
      writeFileSync(join(cwd, 'input.json'), input);
      const words = (place: string): string[] => [
        ...['eval', '--coverage', '--format', 'json', '-d', `${place}c.rego`],
        ...['-i', `${place}input.json`, 'data.c'],
      ];
      const ours = (await runWrit(words(`${cwd}/`))).stdout.replace(`${cwd}/`, '');
      // OPA takes the first slash from paths of what it did not reach.
      const { stdout } = await run(opa!, [...words(''), '--coverage-runs', '', '--disable-indexing'], {
        cwd,
      });
      const theirs = JSON.parse(stdout).coverage;
      const file = theirs.files['c.rego'];
      file.covered = file.covered.filter((range: object) => !isDeepStrictEqual(range, EVERY_DOMAIN));
      expect(JSON.parse(ours).coverage).toEqual(theirs);
    },
  );

  it('test: the same tests and cases pass and fail', async () => {
    const path = folder();
    const files = [join(path, 'policy.rego'), join(path, 'policy_test.rego')];
    const ours = await runWrit(['test', '-f', 'json', ...files]);
    expect(comparable(JSON.parse(ours.stdout))).toEqual(
      comparable(await opaJson('test', '-f', 'json', ...files)),
    );
  });

  it('test --var-values shows what was where a test stopped', async () => {
    const file = join(temporaryFolder(), 'v_test.rego');
    writeFileSync(file, FAILING);
    const words = ['test', '--var-values', file];
    const { stdout } = await run(opa!, words).catch((error: { readonly stdout: string }) => error);
    const ours = failuresIn((await runWrit(words)).stdout);
    expect(ours).toHaveLength(8);
    expect(ours).toEqual(failuresIn(stdout));
  });

  it('eval --show-builtin-errors lists the errors beside the result', async () => {
    const words = ['eval', '--show-builtin-errors', '-f', 'json', 'x := [0, 1, 0][_]; y = 1 / x'];
    const ours = JSON.parse((await runWrit(words)).stdout);
    const theirs = (await opaJson(...words)) as { readonly errors: readonly Record<string, unknown>[] };
    const withoutStack = theirs.errors.map(({ stack_trace: _stack, ...rest }) => rest);
    expect(ours).toEqual({ ...theirs, errors: withoutStack });
    expect(ours.errors).toHaveLength(2);
  });

  it('eval --partial leaves calls of non-deterministic builtins, or evaluates them', async () => {
    const words = ['eval', '--partial', '-f', 'source', 'time.now_ns() > 5; input.x'];
    const { stdout } = await run(opa!, [...words, '--nondeterminstic-builtins']);
    const evaluated = (await runWrit([...words, '--nondeterminstic-builtins'])).stdout;
    expect(evaluated.trim()).toBe(stdout.trim());
    expect(evaluated).not.toContain('time.now_ns');
    expect((await runWrit(words)).stdout).toContain('time.now_ns');
  });

  it('check --v0-v1 takes what both versions take', async () => {
    const file = join(temporaryFolder(), 'p.rego');
    const both = 'package p\n\nimport rego.v1\n\nallow if input.x\n';
    for (const text of [both, 'package p\n\nallow { input.x }\n', 'package p\n\nallow if input.x\n']) {
      writeFileSync(file, text);
      const theirs = await run(opa!, ['check', '--v0-v1', file]).then(
        () => true,
        () => false,
      );
      expect([text, (await runWrit(['check', '--v0-v1', file])).status === 0]).toEqual([text, theirs]);
      expect(theirs).toBe(text === both);
    }
  });

  it('test: traces of failures, as JSON', async () => {
    const file = join(temporaryFolder(), 'v_test.rego');
    writeFileSync(file, FAILING);
    const words = ['test', '-v', '-f', 'json', '--run', 'test_seven', file];
    const shape = (results: unknown) =>
      (results as readonly { readonly trace: readonly Record<string, unknown>[] }[]).map(({ trace }) =>
        trace.map(({ Op, Location, QueryID, ParentID, Message }) => [
          Op,
          Location,
          QueryID,
          ParentID,
          Message,
        ]),
      );
    const ours = JSON.parse((await runWrit(words)).stdout);
    expect(shape(ours)).toEqual(shape(await opaJson(...words)));
    expect(ours[0].trace.map(({ Node }: { readonly Node: unknown }) => Node)).not.toContain(null);
  });
});
