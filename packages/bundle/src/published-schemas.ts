import { manifestJsonSchema } from './manifest.ts';
import { registryJsonSchema } from './registry/registry-schema.ts';
import { yamlPolicyJsonSchema } from './yaml-policy/schema.ts';

/** The published JSON Schemas with their file names, each made from its validator. */
export const PUBLISHED_SCHEMAS: Readonly<Record<string, () => object>> = Object.freeze({
  'manifest.schema.json': manifestJsonSchema,
  'policy.schema.json': yamlPolicyJsonSchema,
  'registry.schema.json': registryJsonSchema,
});

/** The text of a published schema's file. */
export function schemaText(schema: () => object): string {
  return `${JSON.stringify(schema(), null, 2)}\n`;
}
