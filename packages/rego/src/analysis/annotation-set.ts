import type { Annotations, Module, Rule, Term } from '../syntax/ast.ts';
import { fromParsed, numberFromText, numberText } from '../value/index.ts';
import type { JsonObject, Value } from '../value/value.ts';
import { pathKey } from './names.ts';

/** An annotation with the path of what it describes. */
interface Entry {
  readonly annotations: Annotations;
  readonly path: readonly string[];
}

/**
 * All annotations of a policy by what they describe (OPA `AnnotationSet`): what `rego.metadata.chain()` and
 * `rego.metadata.rule()` answer.
 */
export class AnnotationSet {
  readonly #byRule = new Map<Rule, Entry[]>();
  readonly #byPackage = new Map<string, Entry>();
  /** Of scope `document` and `subpackages`, which share their paths. */
  readonly #byPath = new Map<string, Entry>();

  constructor(modules: readonly Module[]) {
    for (const module of modules) {
      for (const annotations of module.annotations) this.#add(module, annotations);
    }
  }

  #add(module: Module, annotations: Annotations): void {
    const { scope, target } = annotations;
    const rule = target.kind === 'rule' ? module.rules[target.rule] : undefined;
    const path = rule === undefined ? module.package.path : rulePath(module, rule);
    const entry = { annotations, path };
    if (scope === 'rule') {
      if (rule !== undefined) this.#byRule.set(rule, [...(this.#byRule.get(rule) ?? []), entry]);
      return;
    }
    const map = scope === 'package' ? this.#byPackage : this.#byPath;
    // A second one has been refused.
    if (!map.has(pathKey(path))) map.set(pathKey(path), entry);
  }

  /** What `rego.metadata.rule()` answers in a rule; one of its `else` branches has no annotations. */
  rule(rule: Rule | undefined): Value {
    const [first] = [...this.#ofRule(rule)].sort((a, b) => compareLocations(a, b));
    return first === undefined ? {} : annotationsValue(first.annotations);
  }

  /** What `rego.metadata.chain()` answers: from the rule's own annotations outward. */
  chain(module: Module, rule: Rule, isElse: boolean): Value {
    const path = rulePath(module, rule);
    const own = [...this.#ofRule(isElse ? undefined : rule)].sort((a, b) => compareLocations(b, a));
    const links: { path: readonly string[]; annotations?: Annotations }[] = own.length > 0 ? own : [{ path }];
    const packagePath = module.package.path;
    const outer: (Entry | undefined)[] = [
      this.#byPath.get(pathKey(path)),
      this.#byPackage.get(pathKey(packagePath)),
    ];
    for (let length = packagePath.length; length >= 0; length--) {
      outer.push(this.#byPath.get(pathKey(packagePath.slice(0, length))));
    }
    for (const entry of outer) if (entry !== undefined) links.push(entry);
    return links.map((link) => ({
      ...(link.annotations && { annotations: annotationsValue(link.annotations) }),
      path: link.path,
    }));
  }

  #ofRule(rule: Rule | undefined): readonly Entry[] {
    return rule === undefined ? [] : (this.#byRule.get(rule) ?? []);
  }
}

function compareLocations({ annotations: a }: Entry, { annotations: b }: Entry): number {
  return a.location.row - b.location.row;
}

/** The package's path and the constant beginning of the head: what annotations of a rule describe. */
export function rulePath(module: Module, { head }: Rule): readonly string[] {
  const steps: string[] = [];
  for (const part of head.ref) {
    const step = stepText(part);
    if (step === undefined) break;
    steps.push(step);
  }
  return [...module.package.path, ...steps];
}

function stepText(term: Term): string | undefined {
  switch (term.kind) {
    case 'string':
      return term.value;
    case 'boolean':
      return String(term.value);
    case 'null':
      return 'null';
    case 'number':
      return numberText(numberFromText(term.text) ?? 0);
    default:
      return undefined;
  }
}

/** Annotations as a value of the language; what partial evaluation reads is left out, as in OPA. */
function annotationsValue(annotations: Annotations): JsonObject {
  const { scope, title, description, entrypoint, organizations, authors, schemas } = annotations;
  const { relatedResources, custom, labels } = annotations;
  const value = {
    scope,
    ...(title !== undefined && { title }),
    ...(entrypoint && { entrypoint }),
    ...(description !== undefined && { description }),
    ...(organizations && { organizations }),
    ...(relatedResources && { related_resources: relatedResources }),
    ...(authors && {
      authors: authors.map(({ name, email }) => ({
        ...(name !== '' && { name }),
        ...(email !== undefined && { email }),
      })),
    }),
    ...(schemas && {
      schemas: schemas.map(({ path, schema, definition }) => ({
        path: path.map(pathStep),
        ...(schema && { schema: schema.map(pathStep) }),
        ...(definition !== undefined && { definition }),
      })),
    }),
    ...(custom && Object.keys(custom).length > 0 && { custom }),
    ...(labels && Object.keys(labels).length > 0 && { labels }),
  };
  return fromParsed(value) as JsonObject;
}

function pathStep(term: Term): string {
  return term.kind === 'var' ? term.name : (stepText(term) ?? '');
}
