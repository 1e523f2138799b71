import { type LimitRule, largestOf } from '@writ/gateway';
import { z } from 'zod';

/** The name of a limit as configurations write it: `messageBytes` is `message_bytes`. */
export function configName(limit: string): string {
  return limit.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The shape of limits in `writ.yaml`, made from the table that the code runs by. */
export function limitsSchema<Limit extends string>(
  rules: Readonly<Record<Limit, LimitRule>>,
): z.ZodType<Readonly<Record<string, number>>, Readonly<Record<string, number>>> {
  const shape = Object.entries<LimitRule>(rules).map(([limit, { about, least = 1, default: usual }]) => [
    configName(limit),
    z
      .number()
      .int()
      .min(least)
      .max(largestOf(limit))
      .optional()
      .describe(`${sentence(about)} Default: ${usual}`),
  ]);
  return z.strictObject(Object.fromEntries(shape)) as unknown as z.ZodType<
    Readonly<Record<string, number>>,
    Readonly<Record<string, number>>
  >;
}

/** Configured limits under the names that the gateway knows. */
export function limitsOf<Limit extends string>(
  rules: Readonly<Record<Limit, LimitRule>>,
  configured: Readonly<Record<string, number>>,
): Partial<Record<Limit, number>> {
  const names = Object.keys(rules) as Limit[];
  const given = names.flatMap((name) => {
    const value = configured[configName(name)];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given) as Partial<Record<Limit, number>>;
}

function sentence(about: string): string {
  return `${about.charAt(0).toUpperCase()}${about.slice(1)}.`;
}
