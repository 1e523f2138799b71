import { annotationsToAst } from './annotations-to-ast.ts';
import type { Annotations, Body, ElseBranch, Import, Location, Module, Package, Rule, Term } from './ast.ts';
import type { AstJson, AstObject, AstOptions, AstTerm } from './ast-json.ts';
import { AstLocations } from './ast-json.ts';
import { isGround } from './nodes.ts';
import { bodyToAst, termToAst } from './term-to-ast.ts';

/**
 * A module in the shape of OPA's JSON, member for member in the order in which `opa parse --format json` writes it:
 * `JSON.stringify(moduleToAst(module), null, 2)` is its output, but that Go escapes `<`, `>` and `&`.
 */
export function moduleToAst(module: Module, options: AstOptions = {}): AstObject {
  const at = new AstLocations(module.text, options.locations === true);
  const lists: Readonly<Record<string, readonly AstJson[]>> = {
    imports: module.imports.map((one) => importToAst(one, at)),
    annotations: module.annotations.map((one) => annotationsToAst(one, at)),
    rules: module.rules.map((rule) => ruleToAst(rule, at)),
    comments: options.comments === false ? [] : commentsToAst(module, at),
  };
  return {
    package: packageToAst(module.package, at),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  };
}

/** A query's body in the same shape, as `POST /v1/compile` answers it. */
export function queryToAst(body: Body): readonly AstObject[] {
  return bodyToAst(body, new AstLocations('', false));
}

/** A rule, or its `else` at a position (1 is the first), in the same shape, without places. */
export function branchToAst(rule: Rule, position: number): AstObject {
  let branch = ruleToAst(rule, new AstLocations('', false));
  for (let left = position; left > 0; left--) branch = branch['else'] as AstObject;
  return branch;
}

function commentsToAst({ comments, annotations }: Module, at: AstLocations): readonly AstObject[] {
  const blocks = new Map(annotations.map(({ location }) => [location.start, location]));
  return comments.map((comment) => at.comment(comment, blocks.get(comment.location.start)));
}

function pathToAst(path: readonly string[], locations: readonly Location[], at: AstLocations): AstTerm[] {
  return path.map((value, index) => ({
    ...at.of(locations[Math.min(index, locations.length - 1)]!),
    type: index === 0 ? 'var' : 'string',
    value,
  }));
}

function packageToAst({ path, stepLocations, location }: Package, at: AstLocations): AstObject {
  // The document `data` stands where the first name does.
  const locations = [stepLocations[0] ?? location, ...stepLocations];
  return { ...at.word(location, 'package'.length), path: pathToAst(['data', ...path], locations, at) };
}

function importToAst(one: Import, at: AstLocations): AstObject {
  const { path, stepLocations, pathLocation, alias, aliasLocation, location } = one;
  const steps = pathToAst(path, stepLocations, at);
  return {
    ...(alias !== undefined && { alias }),
    ...(aliasLocation && renamed('alias_location', at.of(aliasLocation))),
    ...at.word(location, 'import'.length),
    path: { ...at.of(pathLocation), type: 'ref', value: steps },
  };
}

function renamed(name: string, { location }: { readonly location?: AstObject }): AstObject {
  return location === undefined ? {} : { [name]: location };
}

function annotationList(annotations: readonly Annotations[], at: AstLocations): AstObject {
  if (annotations.length === 0) return {};
  return { annotations: annotations.map((one) => annotationsToAst(one, at)) };
}

function ruleToAst(rule: Rule, at: AstLocations): AstObject {
  const { isDefault, elses, location } = rule;
  return {
    ...annotationList(rule.annotations, at),
    body: ruleBodyToAst(rule.body, rule.trueLocation, at),
    ...(isDefault && { default: true }),
    ...elseToAst(rule, elses, at),
    head: headToAst(rule, rule.head, rule.head.location, at),
    ...(isDefault ? at.word(location, 'default'.length) : at.of(location)),
  };
}

function elseToAst(rule: Rule, elses: readonly ElseBranch[], at: AstLocations): AstObject {
  const [branch, ...others] = elses;
  if (branch === undefined) return {};
  return {
    else: {
      body: ruleBodyToAst(branch.body, branch.location, at),
      ...elseToAst(rule, others, at),
      head: headToAst(rule, branch, branch.headLocation, at),
      ...at.of({ ...branch.location, end: elses.at(-1)!.location.end }),
    },
  };
}

function ruleBodyToAst(body: Body, location: Location, at: AstLocations): readonly AstObject[] {
  if (body.length > 0) return bodyToAst(body, at);
  const always = { ...at.of(location), type: 'boolean', value: true };
  return [{ generated: true, index: 0, ...at.of(location), terms: always }];
}

/** A value that is not written has a place only where the head alone does not show that it is none. */
function valueToAst(rule: Rule, { value, generatedValue }: HeadParts, at: AstLocations): AstTerm {
  const printed = termToAst(value!, at);
  if (!generatedValue) return printed;
  const isPlaced = rule.hasIf && rule.head.ref.length === 2 && rule.head.args.length === 0;
  if (isPlaced) return { ...at.of(rule.head.location), type: 'boolean', value: true };
  if (rule.body.length === 0) return { ...at.of(rule.trueLocation), type: 'boolean', value: true };
  return { type: 'boolean', value: true };
}

interface HeadParts {
  readonly generatedValue: boolean;
  readonly value?: Term;
  readonly args: readonly Term[];
  readonly assigned: boolean;
}

function headToAst(rule: Rule, parts: HeadParts, location: Location, at: AstLocations): AstObject {
  const { ref } = rule.head;
  const [first, second] = ref;
  const name = first?.kind === 'string' ? first.value : '';
  const variable = { ...at.of(first!.location), type: 'var', value: name };
  const key = rule.head.key ?? (isKeyed(rule) ? second : undefined);
  return {
    ...(isNamed(rule) && { name }),
    ...(parts.args.length > 0 && { args: parts.args.map((term) => termToAst(term, at)) }),
    ...(key && { key: termToAst(key, at) }),
    ...(parts.value && { value: valueToAst(rule, parts, at) }),
    ...(parts.assigned && { assign: true }),
    ref: [variable, ...ref.slice(1).map((part) => termToAst(part, at))],
    ...at.of(location),
  };
}

/** A head `p[x]` with a value: there OPA keeps the step as the key as well, where it is no constant after `if`. */
function isTwoStep({ head, isDefault }: Rule): boolean {
  return !isDefault && head.form !== 'partial-set' && head.ref.length === 2;
}

function isKeyed(rule: Rule): boolean {
  if (!isTwoStep(rule) || rule.head.args.length > 0) return false;
  const [, second] = rule.head.ref;
  return !rule.hasIf || second!.kind === 'ref' || !isGround(second!);
}

function isNamed(rule: Rule): boolean {
  if (rule.head.ref.length === 1) return true;
  if (!isTwoStep(rule)) return false;
  const isFunction = rule.head.args.length > 0;
  return rule.hasIf ? isFunction || !rule.head.generatedValue : !isFunction;
}
