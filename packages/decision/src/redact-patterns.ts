import { RE2JS } from 're2js';
import type { Json, JsonObject } from './contract.ts';

/** Patterns of one redaction, and the length of each. */
const PATTERNS_MAX = 32;
const PATTERN_LENGTH_MAX = 512;
/** Compiled patterns that are kept: policies repeat themselves. */
const KEPT_MAX = 256;

/** What a text that matches is replaced by. */
export interface PatternStep {
  readonly pattern: string;
  readonly replacement: string;
}

const kept = new Map<string, RE2JS | undefined>();

/** In linear time, whatever is written; undefined for what is no RE2 pattern, or matches nothing as well as something. */
function compiled(pattern: string): RE2JS | undefined {
  if (kept.has(pattern)) return kept.get(pattern);
  const made = compile(pattern);
  const [oldest] = kept.keys();
  if (kept.size >= KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  kept.set(pattern, made);
  return made;
}

function compile(pattern: string): RE2JS | undefined {
  try {
    const made = RE2JS.compile(pattern);
    return made.matches('') || made.matcher('').find() ? undefined : made;
  } catch {
    return undefined;
  }
}

/** What is wrong with the patterns of a redaction; undefined where nothing is. */
export function patternsFault(patterns: Json | undefined, replacement: Json | undefined): string | undefined {
  if (patterns === undefined) return undefined;
  if (!Array.isArray(patterns) || patterns.length === 0 || patterns.length > PATTERNS_MAX)
    return `a redaction holds 1 to ${PATTERNS_MAX} patterns`;
  if (replacement !== undefined && typeof replacement !== 'string')
    return 'what stands in place of a pattern is a text';
  for (const pattern of patterns as readonly Json[]) {
    if (typeof pattern !== 'string' || pattern.length > PATTERN_LENGTH_MAX || compiled(pattern) === undefined)
      return 'a redaction holds what is no pattern (RE2) that matches some text';
  }
  return undefined;
}

/** The value with every match in its texts replaced; keys of objects stay. The same value where nothing matches. */
export function redactPatterns(value: Json, steps: readonly PatternStep[]): Json {
  if (steps.length === 0) return value;
  if (typeof value === 'string') return steps.reduce(replaceIn, value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    const redacted = list.map((each) => redactPatterns(each, steps));
    return redacted.some((each, index) => each !== list[index]) ? redacted : value;
  }
  const object = value as JsonObject;
  const members = Object.entries(object).map(([key, each]) => [key, redactPatterns(each, steps)] as const);
  return members.some(([key, each]) => each !== object[key]) ? Object.fromEntries(members) : value;
}

function replaceIn(text: string, { pattern, replacement }: PatternStep): string {
  const matcher = compiled(pattern)?.matcher(text);
  if (matcher === undefined) return text;
  let redacted = '';
  let from = 0;
  while (matcher.find()) {
    redacted += text.slice(from, matcher.start()) + replacement;
    from = matcher.end();
  }
  return from === 0 ? text : redacted + text.slice(from);
}
