import { isKnownBuiltin } from './builtins/index.ts';
import type { CompileOptions, ModuleSource } from './policy-types.ts';
import type { Module } from './syntax/ast.ts';
import type { Diagnostic } from './syntax/diagnostic.ts';
import { type ParseOptions, parseModuleSteps } from './syntax/parse-module.ts';
import type { RuleTwin } from './syntax/rule-template.ts';
import { RuleTwins } from './syntax/rule-twins.ts';
import type { Steps } from './syntax/steps.ts';

/** The modules of a policy. */
export interface ReadModules {
  /** Absent where one has errors, or where rules that are like others must not be left out of them. */
  readonly modules?: readonly Module[];
  /** Of each module, the rules that are like others in it and not among its own; empty where no module has any. */
  readonly twins: readonly (readonly RuleTwin[])[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses the modules; with twins, rules that are like others are only found. */
export function* readModules(
  sources: readonly ModuleSource[],
  options: CompileOptions,
  withTwins: boolean,
): Steps<ReadModules> {
  const modules: Module[] = [];
  const found: (readonly RuleTwin[])[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const source of sources) {
    const twins = withTwins ? new RuleTwins() : undefined;
    const parsed = yield* parseModuleSteps(source.text, parseOptions(source, options), twins);
    diagnostics.push(...parsed.diagnostics);
    if (parsed.module !== undefined) modules.push(parsed.module);
    found.push(twins?.found ?? []);
  }
  const twins = found.some(({ length }) => length > 0) ? found : [];
  if (modules.length < sources.length) return { twins, diagnostics };
  // Schemas of annotations hold for single rules.
  const hasSchemas = modules.some(({ annotations }) => annotations.some(({ schemas }) => schemas));
  return hasSchemas && twins.length > 0 ? { twins, diagnostics } : { modules, twins, diagnostics };
}

/** Modules that may be compiled. */
export type WholeModules = ReadModules & Required<Pick<ReadModules, 'modules'>>;

/**
 * Reads modules and compiles them. Rules that are like others are not looked at one by one, until there is something to
 * say of a module: then, and without twins, each is.
 */
export function* compileRead<Result extends { readonly diagnostics: readonly Diagnostic[] }>(
  sources: readonly ModuleSource[],
  options: CompileOptions,
  withTwins: boolean,
  compile: (read: WholeModules) => Steps<Result>,
): Steps<Result | Pick<Result, 'diagnostics'>> {
  const { modules, twins, diagnostics } = yield* readModules(sources, options, withTwins);
  const hasTwins = twins.length > 0;
  const result = modules === undefined ? { diagnostics } : yield* compile({ modules, twins, diagnostics });
  if (modules !== undefined && (!hasTwins || result.diagnostics.length === 0)) return result;
  return hasTwins ? yield* compileRead(sources, options, false, compile) : result;
}

function parseOptions({ file, version }: ModuleSource, { builtins = [] }: CompileOptions): ParseOptions {
  const isBuiltin = (name: string): boolean =>
    isKnownBuiltin(name) || builtins.some((one) => one.name === name);
  return { file, isBuiltin, ...(version !== undefined && { version }) };
}
