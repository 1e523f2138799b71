import type { Annotations, Location, Module, Rule } from '../syntax/ast.ts';
import type { Value } from '../value/index.ts';
import { fromParsed, isObject, objectEntries } from '../value/index.ts';
import type { CoreTerm } from './core.ts';
import { groundHead } from './names.ts';

/** What `rego.metadata.chain()` and `rego.metadata.rule()` are inside of one rule. */
export interface RuleMetadata {
  readonly chain: () => Value;
  readonly rule: () => Value;
}

type Link = { readonly path: readonly string[]; readonly annotations: Annotations | undefined };

/** `Name Surname <mail@example.org>` */
function authorValue(author: unknown): Value {
  if (typeof author !== 'string') return fromParsed(author) ?? null;
  const found = /^(.*?)\s*<([^<>]*)>$/.exec(author.trim());
  if (found === null) return { name: author.trim().split(/\s+/).join(' ') };
  const [, name = '', email = ''] = found;
  return { ...(name !== '' && { name }), email };
}

function resourceValue(resource: unknown): Value {
  return typeof resource === 'string' ? { ref: resource } : (fromParsed(resource) ?? null);
}

/** `input.a: schema.b` or `input.a: {type: string}` */
function schemaValue(schema: unknown): Value {
  const [path, target] = Object.entries((schema ?? {}) as Record<string, unknown>)[0] ?? ['', ''];
  const steps = path.split('.');
  return typeof target === 'string'
    ? { path: steps, schema: target.split('.') }
    : { path: steps, definition: fromParsed(target) ?? null };
}

function listOf(raw: unknown, shown: (item: unknown) => Value): Value | undefined {
  return Array.isArray(raw) && raw.length > 0 ? raw.map(shown) : undefined;
}

function annotationsValue({ scope, entrypoint, title, description, custom, raw }: Annotations): Value {
  const fields: Readonly<Record<string, Value | undefined>> = {
    scope,
    title: title === '' ? undefined : title,
    entrypoint: entrypoint ? true : undefined,
    description: description === '' ? undefined : description,
    organizations: listOf(raw['organizations'], (one) => fromParsed(one) ?? null),
    related_resources: listOf(raw['related_resources'], resourceValue),
    authors: listOf(raw['authors'], authorValue),
    schemas: listOf(raw['schemas'], schemaValue),
    custom: custom === undefined ? undefined : fromParsed(custom),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Value;
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

/** Of the rule, of its document, of its package, of the packages around it: from the nearest outwards. */
function chainOf(rule: Rule, module: Module, modules: readonly Module[]): readonly Link[] {
  const path = [...module.package.path, ...groundHead(rule)];
  const own = rule.annotations.filter(({ scope }) => scope === 'rule');
  const links: Link[] =
    own.length === 0
      ? [{ path, annotations: undefined }]
      : own
          .toSorted((a, b) => b.location.start - a.location.start)
          .map((annotations) => ({ path, annotations }));
  const documents = modules.flatMap((other) =>
    other.rules
      .filter((one) => samePath([...other.package.path, ...groundHead(one)], path))
      .flatMap(({ annotations }) => annotations.filter(({ scope }) => scope === 'document')),
  );
  links.push(...documents.slice(0, 1).map((annotations) => ({ path, annotations })));
  const packages = (scope: Annotations['scope']): readonly Link[] =>
    modules.flatMap(({ package: { path: at }, annotations }) =>
      annotations.filter((one) => one.scope === scope).map((one) => ({ path: at, annotations: one })),
    );
  links.push(
    ...packages('package')
      .filter(({ path: at }) => samePath(at, module.package.path))
      .slice(0, 1),
  );
  const around = packages('subpackages').filter(({ path: at }) =>
    samePath(at, module.package.path.slice(0, at.length)),
  );
  return [...links, ...around.toSorted((a, b) => b.path.length - a.path.length)];
}

/** Source: OPA's `ast/annotations.go`. */
export function ruleMetadata(rule: Rule, module: Module, modules: readonly Module[]): RuleMetadata {
  return {
    chain: () =>
      chainOf(rule, module, modules).map(({ path, annotations }) => ({
        path: [...path],
        ...(annotations !== undefined && { annotations: annotationsValue(annotations) }),
      })),
    rule: () => {
      const [first] = chainOf(rule, module, modules);
      return first?.annotations === undefined ? {} : annotationsValue(first.annotations);
    },
  };
}

/** A value as a term that makes it. */
export function termOfValue(value: Value, location: Location): CoreTerm {
  if (Array.isArray(value)) {
    const items = (value as readonly Value[]).map((item) => termOfValue(item, location));
    return { kind: 'array', items, location };
  }
  if (!isObject(value)) return { kind: 'constant', value: value as never, location };
  const entries = objectEntries(value).map(
    ([key, member]) => [termOfValue(key, location), termOfValue(member, location)] as [CoreTerm, CoreTerm],
  );
  return { kind: 'object', entries, location };
}
