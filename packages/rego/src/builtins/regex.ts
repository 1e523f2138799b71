import { RE2JS, RE2JSException } from 're2js';
import type { NumberValue, Value } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { CompileCache } from './cache.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';
import { integerOperand } from './operand.ts';

const CACHED_PATTERNS_MAX = 256;

type Compiled = RE2JS | BuiltinError;

function compile(pattern: string): Compiled {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) return fault(error.message);
    throw error;
  }
}

const patterns = new CompileCache<Compiled>(CACHED_PATTERNS_MAX, compile);

/** Start and end of each group of one match; -1 where a group took no part. */
type Match = readonly (readonly [number, number])[];

/** All matches, left to right, without an empty one directly behind another: the way of Go's `regexp`. */
function allMatches(pattern: RE2JS, text: string, limit: number): Match[] {
  const matcher = pattern.matcher(text);
  const groups = pattern.groupCount();
  const matches: Match[] = [];
  let position = 0;
  let previousEnd = -1;
  while (matches.length < limit && position <= text.length && matcher.find(position)) {
    const start = matcher.start();
    const end = matcher.end();
    const isAccepted = end !== position || start !== previousEnd;
    position = end === position ? position + ((text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1) : end;
    previousEnd = end;
    if (!isAccepted) continue;
    const match: [number, number][] = [[start, end]];
    for (let group = 1; group <= groups; group++) match.push([matcher.start(group), matcher.end(group)]);
    matches.push(match);
  }
  return matches;
}

function groupText(text: string, range: readonly [number, number] | undefined): string {
  return range === undefined || range[0] < 0 ? '' : text.slice(range[0], range[1]);
}

function withPattern(pattern: string, use: (compiled: RE2JS) => BuiltinOutcome): BuiltinOutcome {
  const compiled = patterns.get(pattern);
  return compiled instanceof BuiltinError ? compiled : use(compiled);
}

function match(_context: BuiltinContext, pattern: string, text: string): BuiltinOutcome {
  return withPattern(pattern, (compiled) => compiled.test(text));
}

function split(_context: BuiltinContext, pattern: string, text: string): BuiltinOutcome {
  return withPattern(pattern, (compiled) => {
    if (pattern !== '' && text === '') return [''];
    const parts: string[] = [];
    let begin = 0;
    let end = 0;
    for (const [range] of allMatches(compiled, text, Number.POSITIVE_INFINITY)) {
      end = range![0];
      if (range![1] !== 0) parts.push(text.slice(begin, end));
      begin = range![1];
    }
    if (end !== text.length) parts.push(text.slice(begin));
    return parts;
  });
}

/** Runs over the first `count` matches; all of them for a negative count. */
function withMatches(
  pattern: string,
  text: string,
  count: NumberValue,
  use: (match: Match) => string | readonly string[],
): BuiltinOutcome {
  const limit = integerOperand(count, 3);
  if (limit instanceof BuiltinError) return limit;
  return withPattern(pattern, (compiled) =>
    allMatches(compiled, text, limit < 0 ? Number.POSITIVE_INFINITY : limit).map(use),
  );
}

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/** The replacement with `$1`, `${name}` and `$$` put in, as Go's `Expand` reads them. */
function expand(template: string, text: string, found: Match, names: Record<string, number>): string {
  return template.replace(REFERENCE, (whole, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    const isIndex = /^(?:0|[1-9]\d{0,8})$/.test(name);
    const group = isIndex ? Number(name) : Object.hasOwn(names, name) ? names[name] : undefined;
    return group === undefined ? '' : groupText(text, found[group]);
  });
}

function replace(_context: BuiltinContext, text: string, pattern: string, template: string): BuiltinOutcome {
  return withPattern(pattern, (compiled) => {
    const names = compiled.namedGroups();
    let output = '';
    let end = 0;
    for (const found of allMatches(compiled, text, Number.POSITIVE_INFINITY)) {
      const [start, stop] = found[0]!;
      output += text.slice(end, start) + expand(template, text, found, names);
      end = stop;
    }
    return output + text.slice(end);
  });
}

/** The outermost delimited stretches of a template: start and end, delimiters included. */
function delimited(template: string, open: string, close: string): [number, number][] | undefined {
  const found: [number, number][] = [];
  let level = 0;
  let start = 0;
  for (let index = 0; index < template.length; index++) {
    if (template[index] === open) {
      level++;
      if (level === 1) start = index;
    } else if (template[index] === close) {
      level--;
      if (level === 0) found.push([start, index + 1]);
      if (level < 0) return undefined;
    }
  }
  return level === 0 ? found : undefined;
}

function templateMatch(
  context: BuiltinContext,
  template: string,
  text: string,
  open: string,
  close: string,
): BuiltinOutcome {
  const size = new TextEncoder().encode(open).length;
  if (size !== 1) return fault(`start delimiter has to be exactly one character long but is ${size} long`);
  if (new TextEncoder().encode(close).length !== 1) {
    return fault(`end delimiter has to be exactly one character long but is ${size} long`);
  }
  const stretches = delimited(template, open, close);
  if (stretches === undefined) return fault(`unbalanced braces in ${JSON.stringify(template)}`);
  let pattern = '^';
  let end = 0;
  for (const [start, stop] of stretches) {
    const inner = template.slice(start + 1, stop - 1);
    const compiled = patterns.get(`^${inner}$`);
    if (compiled instanceof BuiltinError) return compiled;
    pattern += `${RE2JS.quote(template.slice(end, start))}(${inner})`;
    end = stop;
  }
  return match(context, `${pattern}${RE2JS.quote(template.slice(end))}$`, text);
}

/** Regular expressions of RE2. Source: OPA's `topdown/regex.go`. */
export const REGEX: Family = {
  'regex.match': match,
  re_match: match,
  'regex.is_valid': {
    call: (_context: BuiltinContext, pattern: Value) =>
      typeof pattern === 'string' && !(patterns.get(pattern) instanceof BuiltinError),
    checked: 0,
  },
  'regex.split': split,
  'regex.find_n': (_context, pattern: string, text: string, count: NumberValue) =>
    withMatches(pattern, text, count, (found) => groupText(text, found[0])),
  'regex.find_all_string_submatch_n': (_context, pattern: string, text: string, count: NumberValue) =>
    withMatches(pattern, text, count, (found) => found.map((range) => groupText(text, range))),
  'regex.replace': replace,
  'regex.template_match': templateMatch,
};
