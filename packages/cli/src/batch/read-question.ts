import { fromJson, isPlainObject, type JsonObject, type ModuleSource, type Value } from '@writ/rego';

/** One line of a batch: a query with all that it needs. */
export interface Question {
  /** Echoed as it is; null where the line has none. */
  readonly id: Value;
  readonly modules: readonly ModuleSource[];
  readonly data: JsonObject;
  /** Undefined: the query sees no `input`. */
  readonly input: Value | undefined;
  readonly query: string;
  readonly version: 0 | 1;
  readonly strict: boolean;
}

export type ReadQuestion = Question | { readonly id: Value; readonly problem: string };

const MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'modules',
  'data',
  'input',
  'input_absent',
  'query',
  'rego_version',
  'strict_builtin_errors',
]);

/** Reads a line strictly: a member with a wrong name or type is named in `problem`. */
export function readQuestion(line: string): ReadQuestion {
  const read = fromJson(line);
  if (read === undefined) return { id: null, problem: 'the line is not JSON' };
  if (!isPlainObject(read)) return { id: null, problem: 'the line is no JSON object' };
  const members = new Map(Object.entries(read as JsonObject));
  const id = members.get('id') ?? null;
  const problem = problemOf(members);
  if (problem !== undefined) return { id, problem };
  const version = members.get('rego_version') === 0 ? 0 : 1;
  const modules = Object.entries((members.get('modules') ?? {}) as Record<string, string>);
  return {
    id,
    modules: modules.map(([file, text]) => ({ file, text, version })),
    data: (members.get('data') ?? {}) as JsonObject,
    input: members.get('input_absent') === true ? undefined : members.get('input'),
    query: members.get('query') as string,
    version,
    strict: members.get('strict_builtin_errors') === true,
  };
}

function problemOf(members: ReadonlyMap<string, Value>): string | undefined {
  const unknown = [...members.keys()].find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) return `\`${unknown}\` is no member of a question`;
  const has = (name: string, fits: (value: Value) => boolean): boolean => {
    const value = members.get(name);
    return value === undefined || fits(value);
  };
  const isBoolean = (value: Value): boolean => typeof value === 'boolean';
  if (typeof members.get('query') !== 'string') return '`query` must be a string';
  if (!has('modules', isTexts)) return '`modules` must be an object of files and their sources';
  if (!has('data', isPlainObject)) return '`data` must be an object';
  if (!has('rego_version', (value) => value === 0 || value === 1)) return '`rego_version` must be 0 or 1';
  if (!has('input_absent', isBoolean)) return '`input_absent` must be true or false';
  if (!has('strict_builtin_errors', isBoolean)) return '`strict_builtin_errors` must be true or false';
  return undefined;
}

function isTexts(value: Value): boolean {
  return isPlainObject(value) && Object.values(value as JsonObject).every((text) => typeof text === 'string');
}
