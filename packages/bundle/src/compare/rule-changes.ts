import { type Module, moduleToAst, parseModule } from '@writ/rego';
import type { BundleModule } from '../bundle.ts';

/** A rule (all its definitions together) that one bundle has and the other has not, or has otherwise. */
export interface RuleChange {
  readonly change: 'added' | 'removed' | 'changed';
  /** `data.agent.tools.allow` */
  readonly rule: string;
  /** Where it stands now; where it stood, if it was removed. */
  readonly file: string;
  /** Of the first definition that differs, from 1. */
  readonly row: number;
  /** What can be said of the change in a few words: `was 5, is 10`. */
  readonly detail?: string;
}

/** One `p := … if …` of a rule, without anything that only says where or how it was written. */
interface Definition {
  /** Equal where two definitions mean the same: the syntax tree without places, comments and annotations. */
  readonly print: string;
  /** The annotations alone. */
  readonly notes: string;
  readonly file: string;
  readonly row: number;
  readonly isDefault: boolean;
  /** What it is, where that is written down: the source of the value of a definition without conditions. */
  readonly constant?: string;
}

type Definitions = ReadonlyMap<string, readonly Definition[]>;

/**
 * Compares rules by what they mean: layout, comments, the order of definitions and the file that a rule stands in do
 * not count. A module that does not parse is one rule of its own text, so that a change in it is never passed over.
 */
export function compareRules(
  before: readonly BundleModule[],
  after: readonly BundleModule[],
): { readonly rules: readonly RuleChange[]; readonly annotations: readonly RuleChange[] } {
  const [old, now] = [definitionsOf(before), definitionsOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return {
    rules: names.flatMap((name) => ruleChange(name, old.get(name), now.get(name))),
    annotations: names.flatMap((name) => annotationChange(name, old.get(name), now.get(name))),
  };
}

function ruleChange(
  rule: string,
  old: readonly Definition[] | undefined,
  now: readonly Definition[] | undefined,
): RuleChange[] {
  if (old === undefined) return [{ change: 'added', rule, ...placeOf(now![0]!) }];
  if (now === undefined) return [{ change: 'removed', rule, ...placeOf(old[0]!) }];
  const [gone, come] = [without(old, now), without(now, old)];
  if (gone.length === 0 && come.length === 0) return [];
  const detail = detailOf(gone, come);
  const place = placeOf(come[0] ?? now[0]!);
  return [{ change: 'changed', rule, ...place, ...(detail === undefined ? {} : { detail }) }];
}

function annotationChange(
  rule: string,
  old: readonly Definition[] | undefined,
  now: readonly Definition[] | undefined,
): RuleChange[] {
  if (old === undefined || now === undefined) return [];
  const notes = (definitions: readonly Definition[]): string =>
    definitions
      .map((definition) => definition.notes)
      .filter((text) => text !== '')
      .sort()
      .join('\n');
  const changed = now.find(({ notes: own }) => own !== '' && !old.some((each) => each.notes === own));
  return notes(old) === notes(now) ? [] : [{ change: 'changed', rule, ...placeOf(changed ?? now[0]!) }];
}

function placeOf({ file, row }: Definition): { file: string; row: number } {
  return { file, row };
}

/** The definitions that `others` has no equal of; each equal one is used up once. */
function without(definitions: readonly Definition[], others: readonly Definition[]): Definition[] {
  const left = new Map<string, number>();
  for (const { print } of others) left.set(print, (left.get(print) ?? 0) + 1);
  return definitions.filter(({ print }) => {
    const count = left.get(print) ?? 0;
    left.set(print, count - 1);
    return count <= 0;
  });
}

function detailOf(gone: readonly Definition[], come: readonly Definition[]): string | undefined {
  const [one, other] = [gone[0], come[0]];
  if (gone.length === 1 && come.length === 1 && one!.isDefault === other!.isDefault) {
    if (one!.constant === undefined || other!.constant === undefined) return undefined;
    const name = one!.isDefault ? 'its default ' : '';
    return `${name}was ${one!.constant}, is ${other!.constant}`;
  }
  const parts = [
    ...(come.length > 0 && gone.length === 0 ? [`${definitions(come.length)} more`] : []),
    ...(gone.length > 0 && come.length === 0 ? [`${definitions(gone.length)} fewer`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function definitions(count: number): string {
  return count === 1 ? '1 definition' : `${count} definitions`;
}

function definitionsOf(modules: readonly BundleModule[]): Definitions {
  const found = new Map<string, Definition[]>();
  for (const module of modules) {
    const { module: parsed } = parseModule(module.text, { file: module.file, version: module.version });
    const own = parsed === undefined ? [unparsed(module)] : rulesOf(parsed);
    for (const [name, definition] of own) found.set(name, [...(found.get(name) ?? []), definition]);
  }
  return found;
}

function unparsed({ file, text }: BundleModule): readonly [string, Definition] {
  return [`the module ${file}`, { print: text, notes: '', file, row: 1, isDefault: false }];
}

function rulesOf(module: Module): (readonly [string, Definition])[] {
  const trees = (moduleToAst(module, { comments: false })['rules'] ?? []) as readonly object[];
  return module.rules.map((rule, index) => {
    const { annotations = [], ...tree } = trees[index] as { readonly annotations?: unknown };
    const print = renumbered(JSON.stringify(tree));
    const constant = constantOf(module, rule);
    return [
      ruleName(module, rule),
      {
        print: [print, ...importsIn(module, print)].join('\n'),
        notes: rule.annotations.length === 0 ? '' : JSON.stringify(annotations),
        file: module.file,
        row: rule.location.row,
        isDefault: rule.isDefault,
        ...(constant === undefined ? {} : { constant }),
      },
    ];
  });
}

/** Each `_` has a number of its own in its module: counted anew, a rule does not depend on those before it. */
function renumbered(print: string): string {
  const known = new Map<string, number>();
  return print.replace(/("type":"var","value":"\$)(\d+)"/g, (_all, start: string, number: string) => {
    if (!known.has(number)) known.set(number, known.size);
    return `${start}${known.get(number)}"`;
  });
}

/** A rule is called by its package and by what of its head is written down: `deny contains message` is `…deny`. */
function ruleName(module: Module, rule: Module['rules'][number]): string {
  const steps = ['data', ...module.package.path];
  for (const term of rule.head.ref) {
    if (term.kind !== 'string') break;
    steps.push(term.value);
  }
  return steps.reduce((name, step) => name + pathStep(step));
}

/** A step of a path as Rego writes it: `.limits`, `["a b"]`. */
export function pathStep(step: string): string {
  return /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** The imports that a rule's names mean: with another one under the same name it is another rule. */
function importsIn(module: Module, print: string): string[] {
  return module.imports.flatMap(({ path, alias }) => {
    const name = alias ?? path.at(-1) ?? '';
    const isLanguage = path[0] === 'rego' || path[0] === 'future';
    return isLanguage || !print.includes(`"value":${JSON.stringify(name)}`)
      ? []
      : [`${name} = ${path.join('.')}`];
  });
}

const CONSTANT_LENGTH_MAX = 60;

function constantOf(module: Module, rule: Module['rules'][number]): string | undefined {
  const { value, args, generatedValue } = rule.head;
  if (value === undefined || generatedValue || args.length > 0) return undefined;
  if (rule.body.length > 0 || rule.elses.length > 0) return undefined;
  const text = module.text.slice(value.location.start, value.location.end).replace(/\s+/g, ' ');
  return text.length > CONSTANT_LENGTH_MAX ? undefined : text;
}
