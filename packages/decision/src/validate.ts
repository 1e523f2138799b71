import type { z } from 'zod';
import { approvalSchema } from './approval-schema.ts';
import type {
  Approval,
  CompleteCall,
  Completion,
  DecideCall,
  Decision,
  DecisionRequest,
  ListAnswer,
  ListCall,
  ReportCall,
} from './contract.ts';
import { nearestName } from './nearest-name.ts';
import { formatPointer } from './pointer.ts';
import {
  completeCallSchema,
  completionSchema,
  decideCallSchema,
  decisionSchema,
  listAnswerSchema,
  listCallSchema,
  reportCallSchema,
  requestSchema,
} from './schemas.ts';

/** One thing that is wrong with a document: where (RFC 6901 pointer), a code, a sentence. */
export interface ValidationProblem {
  readonly path: string;
  readonly code: 'unknown_key' | 'missing' | 'wrong_type' | 'wrong_value';
  readonly message: string;
}
export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly ValidationProblem[] };

/** Is this a request; unknown keys are problems that name the nearest right one. Never throws. */
export function validateRequest(value: unknown): Validation<DecisionRequest> {
  return validate(requestSchema, value);
}
/** Is this a call of `decide`. */
export function validateDecideCall(value: unknown): Validation<DecideCall> {
  return validate(decideCallSchema, value);
}
/** Is this a call of `complete`. */
export function validateCompleteCall(value: unknown): Validation<CompleteCall> {
  return validate(completeCallSchema, value);
}
/** Is this a call of `list`. */
export function validateListCall(value: unknown): Validation<ListCall> {
  return validate(listCallSchema, value);
}
/** Is this a call of `report`. */
export function validateReportCall(value: unknown): Validation<ReportCall> {
  return validate(reportCallSchema, value);
}
/** Is this a decision: what a client checks before it believes an answer. */
export function validateDecision(value: unknown): Validation<Decision> {
  return validate(decisionSchema, value);
}
/** Is this the answer of `complete`. */
export function validateCompletion(value: unknown): Validation<Completion> {
  return validate(completionSchema, value);
}
/** Is this the answer of `list`. */
export function validateListAnswer(value: unknown): Validation<ListAnswer> {
  return validate(listAnswerSchema, value);
}
/** Is this an approval. */
export function validateApproval(value: unknown): Validation<Approval> {
  return validate(approvalSchema, value);
}

/** One line for a person: the first problem with its place. */
export function describeProblems(problems: readonly ValidationProblem[]): string {
  const first = problems[0];
  if (first === undefined) return 'no problem';
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return `${first.path === '' ? 'document' : first.path}: ${first.message}${more}`;
}

function validate<T>(schema: z.ZodType<T>, value: unknown): Validation<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, schema)) };
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType): readonly ValidationProblem[] {
  const steps = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const near = nearestName(key, keysAt(schema, steps));
        const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
        return {
          path: formatPointer([...steps, key]),
          code: 'unknown_key',
          message: `unknown key \`${key}\`${hint}`,
        };
      });
    case 'invalid_type':
      return [typeProblem(issue, steps)];
    case 'invalid_value': {
      const allowed = issue.values.map((allowedValue) => `\`${String(allowedValue)}\``).join(', ');
      return [{ path: formatPointer(steps), code: 'wrong_value', message: `expected one of ${allowed}` }];
    }
    default:
      return [{ path: formatPointer(steps), code: 'wrong_value', message: lowerFirst(issue.message) }];
  }
}

function typeProblem(
  issue: Extract<z.core.$ZodIssue, { code: 'invalid_type' }>,
  steps: readonly (string | number)[],
): ValidationProblem {
  const path = formatPointer(steps);
  if (issue.input === undefined && /undefined/.test(issue.message)) {
    return { path, code: 'missing', message: `\`${String(steps.at(-1) ?? 'document')}\` is missing` };
  }
  return { path, code: 'wrong_type', message: `expected ${issue.expected}` };
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** The keys that a schema knows at a path. */
function keysAt(schema: z.ZodType, steps: readonly (string | number)[]): readonly string[] {
  let at: unknown = schema;
  for (const step of steps) at = inside(at, step);
  const shape = definitionOf(unwrapped(at))?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}

interface SchemaDefinition {
  readonly type?: string;
  readonly innerType?: unknown;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
}

function definitionOf(schema: unknown): SchemaDefinition | undefined {
  if (typeof schema !== 'object' || schema === null || !('def' in schema)) return undefined;
  return schema.def as SchemaDefinition;
}

/** Leaves `readonly` and `optional` wrappers behind. */
function unwrapped(schema: unknown): unknown {
  let at = schema;
  for (let inner = definitionOf(at)?.innerType; inner !== undefined; inner = definitionOf(at)?.innerType)
    at = inner;
  return at;
}

function inside(schema: unknown, step: string | number): unknown {
  const definition = definitionOf(unwrapped(schema));
  if (definition?.shape !== undefined) return definition.shape[String(step)];
  return definition?.element ?? definition?.valueType;
}
