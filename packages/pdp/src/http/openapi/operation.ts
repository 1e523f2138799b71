import { z } from 'zod';

/** Whose credential an operation needs; `anybody`: none. */
export type Audience = 'anybody' | 'point' | 'approver' | 'operator';

/** One operation of the HTTP API as the published document shows it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As in OpenAPI: `/v1/approvals/{id}`; `{path}` at the end stands for any number of steps. */
  readonly path: string;
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly audience: Audience;
  readonly query?: Readonly<Record<string, z.ZodType>>;
  readonly body?: { readonly schema: z.ZodType; readonly isOptional?: boolean; readonly type?: string };
  /** By status; without a schema there is no body. */
  readonly answers: Readonly<Record<number, Answer>>;
}

export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** `application/json` by default. */
  readonly type?: string;
  /** Media types that `Accept` chooses among, in place of one. */
  readonly types?: readonly string[];
}

export const TAGS = {
  decisions: 'What an enforcement point asks.',
  approvals: 'Calls that wait for a person.',
  record: 'The tamper-evident record of decisions.',
  policies: 'What is in force, and where it comes from.',
  operation: 'Health, metrics, halts, state.',
  opa: "OPA's REST API.",
  authzen: 'OpenID AuthZEN Authorization API 1.0.',
} as const;
export type Tag = keyof typeof TAGS;

export const text = z.string();
export const flagText = z.enum(['', 'true', 'false']);
export const anyJson = z.unknown();
export const anyObject = z.looseObject({});

/** One of the contract's published schemas, as `components` names it. */
export function contract(name: string): z.ZodType {
  return z.unknown().meta({ $ref: `#/components/schemas/${componentName(name)}` });
}

/** `decide-call` → `DecideCall`. */
export function componentName(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function ok(description: string, schema?: z.ZodType): Readonly<Record<number, Answer>> {
  return { 200: schema === undefined ? { description } : { description, schema } };
}
