import { groupOf } from '../syntax/groups.ts';
import type { ElseBranch, Import, Location, Module, Package, Rule, RuleHead, Term } from '../syntax/index.ts';
import type {
  FormatBody,
  FormatExpression,
  FormatHead,
  FormatImport,
  FormatModule,
  FormatPackage,
  FormatRule,
  FormatTerm,
} from './nodes.ts';
import { madeUpPlace, type Place } from './place.ts';
import { relocate } from './relocate.ts';
import { TermReader } from './terms-of.ts';
import { isConstantTerm } from './write-rule.ts';
import { writtenSteps } from './written-steps.ts';

/** The tree that is laid out, from a parsed module. */
export function formatModuleOf(module: Module): FormatModule {
  return new ModuleReader(module).read();
}

class ModuleReader {
  readonly #module: Module;
  readonly #source: string;
  readonly #terms: TermReader;

  constructor(module: Module) {
    this.#module = module;
    this.#source = module.text;
    this.#terms = new TermReader(module.text);
  }

  read(): FormatModule {
    const { comments, imports } = this.#module;
    return {
      package: this.#package(this.#module.package),
      imports: imports.map((each) => this.#import(each)),
      rules: this.#rules(),
      comments: comments.map(({ text, location }) => ({
        text: `#${text}`.trimEnd(),
        row: location.row,
        column: location.column,
      })),
    };
  }

  #path(path: readonly string[], location: Location, word: string): readonly FormatTerm[] {
    const start = location.start + word.length;
    const steps = writtenSteps(this.#source, { ...location, start });
    const whole = this.#terms.place(location);
    return path.map((name, index): FormatTerm => {
      const place = steps[index] === undefined ? whole : this.#terms.place(steps[index]);
      return index === 0 ? { kind: 'var', name, place } : { kind: 'string', value: name, place };
    });
  }

  #package({ path, location }: Package): FormatPackage {
    return { path: this.#path(path, location, 'package'), place: this.#terms.place(location) };
  }

  #import({ path, alias, location }: Import): FormatImport {
    return {
      kind: 'import',
      path: this.#path(path, location, 'import'),
      ...(alias !== undefined && { alias }),
      place: this.#terms.place(location),
    };
  }

  #rules(): readonly FormatRule[] {
    let hasIf = false;
    return this.#module.rules.map((rule) => {
      if (rule.body.length > 0 && rule.location === rule.head.location) return this.#chained(rule, hasIf);
      hasIf = rule.body.length > 0 && this.#hasIf(rule.head);
      return this.#rule(rule, hasIf);
    });
  }

  /** A body chained to a rule has the rule's head, at the place of the body. */
  #chained(rule: Rule, hasIf: boolean): FormatRule {
    const place = this.#terms.place(rule.location);
    const head = this.#head(rule, place, hasIf);
    const { args, key, value } = head;
    for (const term of [...args, key, value]) if (term !== undefined) relocate(term, place);
    return { kind: 'rule', isDefault: false, head, body: this.#terms.body(rule.body), place };
  }

  #rule(rule: Rule, hasIf: boolean): FormatRule {
    const place = this.#rulePlace(rule);
    const headPlace = rule.location === rule.head.location ? place : this.#terms.place(rule.head.location);
    const head = this.#head(rule, headPlace, hasIf);
    const body = rule.body.length === 0 ? alwaysTrue(place) : this.#terms.body(rule.body);
    const otherwise = this.#else(rule.elses, head);
    const common = { kind: 'rule', isDefault: rule.isDefault, head, body, place } as const;
    return otherwise === undefined ? common : { ...common, else: otherwise };
  }

  /** A statement `f(x)` has the place of its name alone. */
  #rulePlace({ head, location, body, isDefault }: Rule): Place {
    const place = this.#terms.place(location);
    const isBareCall =
      body.length === 0 && !isDefault && head.args.length > 0 && head.value?.location === head.location;
    if (!isBareCall) return place;
    return place.with({ end: place.start + place.text.indexOf('(') });
  }

  #head({ head, body, isDefault }: Rule, place: Place, hasIf: boolean): FormatHead {
    const ref = head.ref.map((part, index): FormatTerm => {
      const at = this.#refPart(head, part, index);
      return index === 0 && part.kind === 'string' ? { kind: 'var', name: part.value, place: at.place } : at;
    });
    const isKeyed = head.key === undefined && !isDefault && isKeyedRef(head, ref, body.length > 0 && hasIf);
    const key = head.key === undefined ? (isKeyed ? ref[1] : undefined) : this.#terms.term(head.key);
    const value = this.#valueOf(head, place, body.length > 0, hasIf);
    return {
      isElse: false,
      ref,
      args: head.args.map((arg) => this.#terms.term(arg)),
      ...(key !== undefined && { key }),
      ...(value !== undefined && { value }),
      assigned: head.assigned,
      place,
    };
  }

  /** The parts of a function's name lie together in the parsed tree: each has its own place. */
  #refPart({ ref, args }: RuleHead, part: Term, index: number): FormatTerm {
    const read = this.#terms.term(part);
    if (args.length === 0 || ref.length === 1) return read;
    const step = writtenSteps(this.#source, part.location)[index];
    if (part.location === ref[0]!.location && step !== undefined) read.place = this.#terms.place(step);
    return read;
  }

  /** The head is followed by `if`. */
  #hasIf({ location }: RuleHead): boolean {
    return /^(?:\s|#[^\n]*\n)*if\b/.test(this.#source.slice(location.end));
  }

  /** The value `true` that is not written stands where the head does, or nowhere. */
  #valueOf(head: RuleHead, place: Place, hasBody: boolean, hasIf: boolean): FormatTerm | undefined {
    const { value } = head;
    if (value === undefined) return undefined;
    if (value.location !== head.location) return this.#terms.term(value);
    const isImplied = !hasBody || (hasIf && head.args.length === 0 && head.ref.length === 2);
    return { kind: 'boolean', value: true, place: isImplied ? place : madeUpPlace('true') };
  }

  #else(branches: readonly ElseBranch[], head: FormatHead): FormatRule | undefined {
    const [branch, ...rest] = branches;
    if (branch === undefined) return undefined;
    const end = branches.at(-1)!.location.end;
    const place = this.#terms.place(branch.location, { end });
    const written = /^else(?:\s|#[^\n]*\n)*(:=|=)/.exec(this.#source.slice(branch.location.start));
    const headEnd = written === null ? branch.location.start + 4 : endOf(branch.value);
    const headPlace = place.with({ end: headEnd });
    const elseHead: FormatHead = {
      isElse: true,
      ref: [{ kind: 'var', name: 'else', place: headPlace }],
      args: [],
      value:
        written === null
          ? { kind: 'boolean', value: true, place: headPlace }
          : this.#terms.term(branch.value),
      assigned: written === null ? head.assigned : written[1] === ':=',
      place: headPlace,
    };
    const otherwise = this.#else(rest, head);
    return {
      kind: 'rule',
      isDefault: false,
      head: elseHead,
      body: this.#elseBody(branch, headEnd, place),
      ...(otherwise !== undefined && { else: otherwise }),
      place,
    };
  }

  /** The single literal of an `else` without braces stands, with all that it holds, where the `else` does. */
  #elseBody({ body }: ElseBranch, headEnd: number, place: Place): FormatBody {
    if (body.length === 0) return alwaysTrue(place);
    const read = this.#terms.body(body);
    const between = this.#source.slice(headEnd, body[0]!.location.start).replace(/#[^\n]*/g, '');
    return between.includes('{')
      ? read
      : read.map((expression) => relocate(expression, place) as FormatExpression);
  }
}

/** `p[x] = y { … }` and `p[x] if …` have the part in brackets as their key too. */
function isKeyedRef({ args }: RuleHead, ref: readonly FormatTerm[], hasIf: boolean): boolean {
  const part = ref[1];
  if (ref.length !== 2 || part === undefined || args.length > 0) return false;
  return !hasIf || !isConstantTerm(part) || part.kind === 'ref';
}

function endOf(term: Term): number {
  return groupOf(term)?.end ?? term.location.end;
}

function alwaysTrue(place: Place): FormatBody {
  const content = { kind: 'term', term: { kind: 'boolean', value: true, place } } as const;
  return [{ kind: 'expression', negated: false, content, with: [], place }];
}
