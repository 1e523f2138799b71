import { z } from 'zod';
import { type Json, type JsonObject, LAYERS, OUTCOMES } from './contract.ts';
import { isJson, isJsonObject } from './is-json.ts';

/** What the schemas of the contract are built of. */

export const text = z.string();
export const name = z.string().min(1).max(2048);
export const names = z.array(name).readonly();
export const count = z.number().int().nonnegative();
export const amount = z.number();
export const port = z.number().int().min(1).max(65535);

/** Checked by hand: arguments and results are most of a request, and a schema for them is several times slower. */
export const json = z.custom<Json>(isJson, 'expected JSON');
export const jsonObject = z.custom<JsonObject>(isJsonObject, 'expected an object of JSON');
export const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const resourceSchema = z
  .strictObject({
    type: name,
    id: text,
    tenant: name.exactOptional(),
    classes: names.exactOptional(),
    attributes: jsonObject.exactOptional(),
  })
  .readonly();

export const destinationSchema = z
  .strictObject({ scheme: name.exactOptional(), host: name, port: port.exactOptional() })
  .readonly();

export const delegationSchema = z
  .array(z.strictObject({ id: name, kind: name.exactOptional() }).readonly())
  .readonly();

export const outcomeSchema = z.enum(OUTCOMES);

export const reasonSchema = z
  .strictObject({
    code: name,
    layer: z.enum(LAYERS).exactOptional(),
    bundle: text.exactOptional(),
    rule: text.exactOptional(),
    file: text.exactOptional(),
    row: count.exactOptional(),
    message: text.exactOptional(),
    remediation: text.exactOptional(),
    outcome: outcomeSchema.exactOptional(),
  })
  .readonly();
