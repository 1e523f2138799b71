import { OperandSource } from './builtin-calls.ts';
import { anyJson, documentFields, scalarText } from './documents.ts';
import { addFault } from './faults.ts';
import type { Piece } from './piece.ts';
import { list, piece, textOf } from './piece.ts';
import { Random } from './random.ts';
import { writeRule } from './rules.ts';
import type { Dialect, KnownRule, Scope } from './scope.ts';
import { Held, Names } from './scope.ts';
import { writeBody } from './statements.ts';

/** A module as a tree, so that it can be made smaller. */
export interface GeneratedModule {
  readonly file: string;
  readonly rules: Piece;
}

export interface GeneratedQuestion {
  readonly query: Piece;
  /** JSON text; absent: the input is undefined. */
  readonly input: string | undefined;
  /** The document that the query asks for, where it asks for no more: steps below `data`. */
  readonly path?: readonly string[];
}

/** A policy, base data, and what is asked. */
export interface GeneratedProgram {
  readonly modules: readonly GeneratedModule[];
  readonly regoVersion: 0 | 1;
  /** JSON text. */
  readonly data: string;
  readonly strict: boolean;
  readonly questions: readonly GeneratedQuestion[];
}

const DEPTH = 2;

/** Makes programs, the same ones for the same seed and number. */
export class ProgramSource {
  readonly #seed: number;
  readonly #operands: OperandSource;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#operands = new OperandSource(seed);
  }

  next(): GeneratedProgram {
    this.#count += 1;
    return writeProgram(new Random(this.#seed, this.#count), this.#operands);
  }
}

function writeProgram(random: Random, operands: OperandSource): GeneratedProgram {
  const dialect = random.weighted<Dialect>([
    [5, () => 'v1'],
    [2.5, () => 'v2'],
    [1, () => 'v0'],
    [1, () => 'v0-future'],
  ]);
  const held = new Held();
  const shared = { random, dialect, names: new Names(), held, operands, body: writeBody };
  const rules: KnownRule[] = [];
  const modules: GeneratedModule[] = [];
  if (random.chance(0.35)) modules.push(writeModule(shared, 'lib.u', rules, []));
  modules.push(writeModule(shared, 't', rules, importsFor(random, modules.length > 0)));
  return {
    modules,
    regoVersion: dialect === 'v1' || dialect === 'v2' ? 1 : 0,
    strict: random.chance(0.15),
    ...documents(random, held, rules, { ...shared, packagePath: 't', rules }),
  };
}

type Shared = Pick<Scope, 'random' | 'dialect' | 'names' | 'held' | 'operands' | 'body'>;

const IMPORTABLE = ['input.g', 'input.u', 'input.n', 'input.x'];

function importsFor(random: Random, hasLibrary: boolean): Scope['imports'] {
  const imports = IMPORTABLE.filter(() => random.chance(0.06)).map((path) => ({
    alias: `i_${path.slice(6)}`,
    path,
  }));
  if (hasLibrary && random.chance(0.6)) imports.push({ alias: 'lib', path: 'data.lib.u' });
  return imports;
}

function writeModule(
  shared: Shared,
  packagePath: string,
  rules: KnownRule[],
  imports: Scope['imports'],
): GeneratedModule {
  const { random, dialect } = shared;
  const pieces: Piece[] = [];
  const count = random.between(2, packagePath === 't' ? 6 : 3);
  for (let index = 0; index < count; index++) {
    const scope: Scope = {
      ...shared,
      packagePath,
      imports,
      rules: [...rules],
      variables: [],
      unused: [],
      iterates: true,
      depth: random.chance(0.3) ? DEPTH + 1 : DEPTH,
    };
    const written = writeRule(scope, `r${rules.length}`);
    pieces.push(...written.pieces.map((one) => annotated(random, one)));
    rules.push(written.known);
  }
  if (random.chance(0.08)) addFault(random, pieces, rules, dialect === 'v0');
  const header = [
    piece('part', 'package', `package ${packagePath}`),
    ...(dialect === 'v0-future'
      ? [piece('part', 'import of keywords', random.pick(['import rego.v1', 'import future.keywords']))]
      : []),
    ...(dialect === 'v2' ? [piece('part', 'import of rego.v2', 'import rego.v2')] : []),
    ...imports.map(({ alias, path }) => piece('part', 'import', `import ${path} as ${alias}`)),
  ];
  const text = piece('part', '', list(header, '\n', 1), '\n\n', list(pieces, '\n\n'), '\n');
  return { file: `${packagePath.replaceAll('.', '-')}.rego`, rules: text };
}

/** Now and then a block of metadata before a rule, which `rego.metadata.*` tells of. */
function annotated(random: Random, rule: Piece): Piece {
  if (!random.chance(0.06)) return rule;
  const lines = [
    'title: some title',
    'scope: document',
    'scope: rule',
    'description: |\n#   two\n#   lines',
    'custom:\n#   level: 3\n#   list: [a, 1, {b: null}]',
    'entrypoint: true',
    'organizations:\n# - ACME',
    'related_resources:\n# - https://example.com',
    'authors:\n# - Ann <ann@example.com>',
  ];
  const chosen = lines.filter(() => random.chance(0.3));
  const scopes = chosen.filter((line) => line.startsWith('scope')).slice(1);
  const kept = chosen.filter((line) => !scopes.includes(line));
  if (kept.length === 0) kept.push('title: alone');
  const text = `# METADATA\n${kept.map((line) => `# ${line}\n`).join('')}`;
  const { name, ...others } = piece('rule', 'rule with metadata', text, rule);
  return { ...others, ...(rule.name !== undefined && { name: rule.name }) };
}

function documents(
  random: Random,
  held: Held,
  rules: readonly KnownRule[],
  shared: Omit<Scope, 'variables' | 'unused' | 'iterates' | 'depth' | 'imports'>,
): Pick<GeneratedProgram, 'data' | 'questions'> {
  const heldFields = (): string[] => held.values.map(({ field, json }) => `"${field}":${json}`);
  const inputs: (string | undefined)[] = [`{${[...documentFields(random), ...heldFields()].join(',')}}`];
  if (random.chance(0.5)) inputs.push(`{${[...documentFields(random), ...heldFields()].join(',')}}`);
  if (random.chance(0.2)) inputs.push(random.pick([undefined, scalarText(random), anyJson(random)]));
  const beside = random.chance(0.3)
    ? `,"lib":{"u":{"base":${anyJson(random)}},"w":{"a":${scalarText(random)}}}`
    : '';
  const data = `{"d":{${documentFields(random).join(',')}}${beside}}`;
  const asked = rules.filter(({ shape }) => shape !== 'function');
  const questions: GeneratedQuestion[] = [];
  for (const [index, input] of inputs.entries()) {
    for (const { packagePath, name } of index === 0 ? asked : [])
      questions.push(whole([...packagePath.split('.'), name], input));
    questions.push(whole(['t'], input));
    if (random.chance(0.15)) questions.push(whole(['lib'], input));
    questions.push({ query: writeQuery(random, shared, asked), input });
  }
  return { data, questions };
}

function whole(path: readonly string[], input: string | undefined): GeneratedQuestion {
  return { query: piece('term', 'whole document', ['data', ...path].join('.')), path, input };
}

const PLAIN_DIALECTS: Readonly<Record<Dialect, Dialect>> = {
  v0: 'v0',
  'v0-future': 'v0',
  v1: 'v1',
  v2: 'v1',
};

/** A query of its own, with variables to be bound. */
function writeQuery(
  random: Random,
  shared: Omit<Scope, 'variables' | 'unused' | 'iterates' | 'depth' | 'imports'>,
  asked: readonly KnownRule[],
): Piece {
  if (random.chance(0.4) && asked.length > 0) {
    const rule = random.pick(asked);
    const steps = random.pick(['', '[x]', '[x]', '[x][y]', '.a', '[_]', '.a[x]', '["b"]']);
    return piece('body', 'query for part of a rule', `data.${rule.packagePath}.${rule.name}${steps}`);
  }
  if (random.chance(0.1)) return piece('body', 'query for any rule', 'data.t[x]');
  // The shared scope writes rules of other packages whole; a query stands in none.
  const scope: Scope = {
    ...shared,
    packagePath: '',
    imports: [],
    variables: [],
    unused: [],
    iterates: true,
    depth: 1,
  };
  // A query stands in no module: what a module imports is not known in it.
  const dialect = PLAIN_DIALECTS[scope.dialect];
  return piece('body', 'query', { ...writeBody({ ...scope, dialect }), joined: '; ' });
}

/** The text of a program's modules by file. */
export function moduleTexts(program: GeneratedProgram): Record<string, string> {
  return Object.fromEntries(program.modules.map(({ file, rules }) => [file, textOf(rules)]));
}
