import type { Expression, Term, With } from '../syntax/ast.ts';
import type { BuiltinCallee, CoreWith, WithReplacement, WithTarget } from './core.ts';
import { pathKey } from './names.ts';
import type { Resolving } from './resolve-terms.ts';
import { builtinCallee, globalPath, resolveTerm } from './resolve-terms.ts';

const NOT_REPLACEABLE = new Set(['eq', 'rego.metadata.chain', 'rego.metadata.rule']);

/** The modifiers of an expression, without those that are no good. */
export function resolveModifiers(context: Resolving, expression: Expression): CoreWith[] {
  const modifiers = expression.with.map((modifier) => resolveWith(context, modifier));
  return modifiers.filter((modifier) => modifier !== undefined);
}

/** Resolves a `with` modifier; undefined where its target is no good (noted). */
export function resolveWith(context: Resolving, modifier: With): CoreWith | undefined {
  const target = resolveTarget(context, modifier.target);
  if (target === undefined) {
    // What stands in it is used nevertheless.
    resolveTerm(context, modifier.target);
    resolveTerm(context, modifier.value);
    return undefined;
  }
  const replacement = resolveReplacement(context, target, modifier.value);
  const [targetLocation, replacementLocation] = [modifier.target.location, modifier.value.location];
  return { target, replacement, targetLocation, replacementLocation, location: modifier.location };
}

function resolveTarget(context: Resolving, term: Term): WithTarget | undefined {
  const path = staticPath(context, term);
  if (path === undefined) {
    const message = 'with keyword target must reference existing input, data, or a function';
    context.withFaults.add({ code: 'rego_type_error', message, location: term.location });
    return undefined;
  }
  if (path.kind === 'builtin') return builtinTarget(context, path.name, term);
  const [root, ...steps] = path.path;
  if (root === 'input') return { kind: 'input', path: steps };
  for (let length = 1; length < steps.length; length++) {
    if (context.names.rules.has(pathKey(steps.slice(0, length)))) {
      const message = 'with keyword cannot partially replace virtual document(s)';
      context.withFaults.add({ code: 'rego_compile_error', message, location: term.location });
      return undefined;
    }
  }
  return { kind: 'data', path: steps };
}

function builtinTarget(context: Resolving, name: string, term: Term): WithTarget | undefined {
  const prefix = 'with keyword replacing built-in function:';
  let refusal: string | undefined;
  if (NOT_REPLACEABLE.has(name)) refusal = `${prefix} replacement of "${name}" invalid`;
  else if (name.startsWith('internal.')) {
    refusal = `${prefix} replacement of internal function "${name}" invalid`;
  } else if (name === 'walk') refusal = `${prefix} target must not be a relation`;
  else if (name === 'print') refusal = `${prefix} target must not be a void function`;
  if (refusal === undefined) return builtinCallee(context, name);
  context.withFaults.add({ code: 'rego_compile_error', message: refusal, location: term.location });
  return undefined;
}

type StaticPath = { readonly kind: 'document'; readonly path: readonly string[] } | BuiltinCallee;

/** A variable or reference made of names only, as the document or builtin that it names. */
function staticPath(context: Resolving, term: Term): StaticPath | undefined {
  const names: string[] = [];
  if (term.kind === 'var') names.push(term.name);
  else if (term.kind === 'ref' && term.head.kind === 'var') {
    names.push(term.head.name);
    for (const part of term.parts) {
      if (part.kind !== 'string') return undefined;
      names.push(part.value);
    }
  } else return undefined;
  const head = names[0]!;
  // A local named `input` or `data` does not hide the document here: `with input as input` reads the local.
  const global = head === 'input' || head === 'data' ? [head] : globalPath(context, head);
  if (global !== undefined) return { kind: 'document', path: [...global, ...names.slice(1)] };
  const name = names.join('.');
  return context.isBuiltin(name) ? builtinCallee(context, name) : undefined;
}

function resolveReplacement(context: Resolving, target: WithTarget, term: Term): WithReplacement {
  const named = staticPathOfValue(context, term);
  if (named !== undefined) {
    const replacesFunction =
      target.kind === 'builtin' ||
      (target.kind === 'data' && context.names.functions.has(pathKey(target.path)));
    if (named.kind === 'builtin' && replacesFunction) return named;
    if (named.kind === 'document' && named.path[0] === 'data') {
      const path = named.path.slice(1);
      const isFunction = context.names.functions.has(pathKey(path));
      const isRule = context.names.virtual.has(pathKey(path));
      if (isFunction || (replacesFunction && isRule)) return { kind: 'function', path };
    }
  }
  return { kind: 'term', term: resolveTerm(context, term) };
}

function staticPathOfValue(context: Resolving, term: Term): StaticPath | undefined {
  if (term.kind === 'var' && context.scope.hides(term.name)) return undefined;
  if (term.kind === 'ref' && term.head.kind === 'var' && context.scope.hides(term.head.name))
    return undefined;
  return staticPath(context, term);
}
