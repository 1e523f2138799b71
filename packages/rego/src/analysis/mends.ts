import { KNOWN_BUILTINS } from '../builtins/index.ts';
import type { Module } from '../syntax/ast.ts';
import type { Callee } from './core.ts';
import type { PolicyNames } from './names.ts';
import type { DiagnosticExtra } from './report.ts';
import { nearestName } from './suggest.ts';
import { dataPath } from './term-text.ts';
import type { TypeFault } from './types/type-errors.ts';

/** Names by which other languages call what Rego calls otherwise. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  len: 'count',
  length: 'count',
  size: 'count',
  includes: 'contains',
  has_prefix: 'startswith',
  has_suffix: 'endswith',
  tolower: 'lower',
  toupper: 'upper',
  join: 'concat',
  format: 'sprintf',
  printf: 'sprintf',
  now: 'time.now_ns',
  match: 'regex.match',
  regex_match: 'regex.match',
  glob_match: 'glob.match',
  parse_json: 'json.unmarshal',
  json_parse: 'json.unmarshal',
  keys: 'object.keys',
  merge: 'object.union',
  int: 'to_number',
  number: 'to_number',
};

/** For a call of what does not exist: which function was probably meant. */
export function undefinedFunctionMend(
  callee: Callee,
  packagePath: readonly string[],
  names: PolicyNames,
): DiagnosticExtra {
  if (callee.kind === 'function') {
    const functions = [...names.functions.keys()].map((key) => dataPath(stepsOf(key)));
    const given = dataPath(callee.path);
    const meant = nearestName(given, functions);
    if (meant !== undefined) return { help: `did you mean \`${meant}\`?` };
    return {
      cause: `no module that was read defines \`${given}\``,
    };
  }
  if (callee.kind === 'builtin') return {};
  const other = OTHER_NAMES[callee.name.toLowerCase()];
  if (other !== undefined) return { help: `Rego calls it \`${other}\`` };
  const own = [...names.functions.keys()].flatMap((key) => {
    const path = stepsOf(key);
    const isOwn =
      path.length === packagePath.length + 1 && packagePath.every((step, at) => path[at] === step);
    return isOwn ? [path.at(-1)!] : [];
  });
  const meant = nearestName(callee.name, [...own, ...Object.keys(KNOWN_BUILTINS)]);
  if (meant !== undefined) return { help: `did you mean \`${meant}\`?` };
  return { cause: 'neither a builtin nor a function of this package has that name' };
}

function stepsOf(key: string): string[] {
  return key.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** For a finding of the type checker: why, and what was probably meant. */
export function typeMend({ message, candidates, details }: TypeFault): DiagnosticExtra {
  const extra: DiagnosticExtra = details === undefined ? {} : { details };
  if (candidates !== undefined) {
    const meant = nearestName(candidates.given, candidates.names);
    if (meant !== undefined) return { ...extra, help: `did you mean \`${meant}\`?` };
  }
  if (message === 'match error') {
    return { ...extra, cause: 'values of these two types are never equal, so this is never true' };
  }
  if (message.endsWith('invalid argument(s)')) {
    return { ...extra, cause: 'the function never takes values of these types, so this is never true' };
  }
  if (message.startsWith('undefined ref: ')) {
    return { ...extra, cause: 'nothing can stand at this place, so this is never true' };
  }
  return extra;
}

/** For a name that is no variable with a value: a rule, an import or a keyword that was probably meant. */
export function unsafeNameHelp(name: string, module: Module | undefined): string | undefined {
  if (module === undefined) return undefined;
  const rules = module.rules.flatMap(({ head }) =>
    head.ref[0]?.kind === 'string' ? [head.ref[0].value] : [],
  );
  const imports = module.imports.map(({ path, alias }) => alias ?? path.at(-1) ?? '');
  const meant = nearestName(name, [...rules, ...imports, 'input', 'data']);
  return meant === undefined ? undefined : `did you mean \`${meant}\`?`;
}
