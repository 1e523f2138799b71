import { z } from 'zod';
import type { JsonObject } from './contract.ts';
import { HAND_CHECKED, PUBLISHED_SCHEMAS } from './schemas.ts';

/**
 * The contract as JSON Schemas (2020-12), by file name: `request`, `decision`, `decide-call` and so on. The files in
 * `schemas/` are these, written out.
 */
export function publishedSchemas(): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(
    Object.entries(PUBLISHED_SCHEMAS).map(([name, schema]) => {
      const body = z.toJSONSchema(schema, {
        target: 'draft-2020-12',
        io: 'input',
        unrepresentable: 'any',
        // `readOnly` means "set by the server" in JSON Schema; here it only mirrors TypeScript's modifier.
        override: ({ zodSchema, jsonSchema }) => {
          Object.assign(jsonSchema, HAND_CHECKED.get(zodSchema));
          delete jsonSchema.readOnly;
        },
      }) as unknown as JsonObject;
      const { $schema, ...rest } = body;
      return [name, { $schema: $schema as string, $id: `urn:writ:schema:${name}:v1`, title: name, ...rest }];
    }),
  );
}
